"""The front door: which settings come from where, and what the commands without a model do in a real process."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest

import launch
from app.arguments import build_parser
from app.errors import AddressTaken, FileUnreadable, PasswordMissing
from app.password import password_from
from app.reading import SavePolicy
from app.settings import Settings
from bench.browser import free_port
from storage import DatabaseBusy, Store
from tests.app.small_engine import SmallEngine, shelf
from tests.app.waiting import until
from tests.storage.meant import change, sql

ROOT = Path(launch.__file__).parent


def settings(*words: str, **environment: str) -> Settings:
    return launch.settings_from(build_parser().parse_args(words), environment)


def start(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "launch.py"), *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_line_comes_before_the_environment_before_the_defaults(tmp_path: Path):
    plain = settings()
    assert (plain.home, plain.database) == (Path.home() / ".palimpsest", Path.home() / ".palimpsest" / "library.db")
    assert (plain.host, plain.port, plain.model, plain.json) == ("127.0.0.1", 7860, "standard", False)
    there = settings(PALIMPSEST_HOME=str(tmp_path), PALIMPSEST_MODEL="m1")
    assert (there.database, there.models, there.model) == (tmp_path / "library.db", tmp_path / "models", "m1")
    assert settings("shelf", "--db", "a.db", PALIMPSEST_DB="b.db").database == Path("a.db")
    assert settings("shelf", PALIMPSEST_DB="b.db", PALIMPSEST_HOME=str(tmp_path)).database == Path("b.db")
    assert settings("--port", "8123", "--open") == Settings(
        plain.home, plain.database, plain.database.with_suffix(".log"), port=8123, open_browser=True
    )
    assert settings("--log-file", "none").log is None and settings("--log-file", "a.log").log == Path("a.log")


def test_options_stand_before_or_after_the_command():
    for words in (("--db", "a.db", "--json", "shelf"), ("shelf", "--db", "a.db", "--json")):
        found = settings(*words)
        assert (found.database, found.json) == (Path("a.db"), True)


@pytest.mark.parametrize(
    "words",
    [
        ("ask", "ab"),
        ("summarize", "ab", "--section", "2", "--page", "3"),
        ("snapshot",),
        ("summarize", "ab", "--words", "9", "--passages", "3"),
        ("ask", "ab", "Who?", "--from", "elsewhere"),
        ("shelf", "--memory-size", "vast"),
        ("--threads", "0"),
    ],
)
def test_wrong_words_are_refused(words: tuple[str, ...], capsys):
    with pytest.raises(SystemExit, match="2"):
        build_parser().parse_args(words)
    assert "usage:" in capsys.readouterr().err


def test_help_and_shelf_wait_for_no_torch_and_no_page(tmp_path: Path):
    line = (
        "import sys, launch; code = launch.main(['shelf', '--json', '--db', sys.argv[1]]);"
        "print(sorted({'torch', 'transformers', 'gradio', 'structlog', 'documents.pdf'} & set(sys.modules)), code)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", line, str(tmp_path / "new.db")], cwd=ROOT, capture_output=True, text=True, check=True
    )
    told, loaded = ended.stdout.splitlines()
    assert json.loads(told)["documents"] == [] and loaded == "[] 0"


def test_a_named_error_on_stderr_and_exit_code_1(tmp_path: Path):
    diary = tmp_path / "diary.db"
    diary.write_bytes(b"Dear diary, " * 100)
    ended = start("shelf", "--json", "--db", str(diary), cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("NotADatabase: ")
    assert ended.stderr.count("\n") == 1


def test_a_reading_of_nothing_is_named_before_a_model_is_loaded(tmp_path: Path):
    ended = start("read", "--home", str(tmp_path), cwd=tmp_path)
    assert (ended.returncode, ended.stdout, list(tmp_path.iterdir())) == (1, "", [])
    assert ended.stderr.startswith("NothingNamed: ") and "--all" in ended.stderr


@pytest.mark.parametrize(("verb", "package"), [("eval", "evaluation"), ("train", "training")])
def test_a_tool_gets_the_rest_of_the_line(verb: str, package: str, monkeypatch: pytest.MonkeyPatch):
    heard: list[list[str]] = []
    tool = ModuleType(package)
    tool.main = lambda words: heard.append(words) or 7
    monkeypatch.setitem(sys.modules, f"{package}.__main__", tool)
    monkeypatch.setitem(sys.modules, package, ModuleType(package))
    assert launch.main([verb, "people", "--file", "x", "--json"]) == 7 == launch.main(["--json", verb, "people"])
    assert heard == [["people", "--file", "x", "--json"], ["people"]]


def test_export_and_import_in_real_processes(tmp_path: Path):
    with Store.open(tmp_path / "here.db") as store:
        library = shelf(SmallEngine(), store)
        document_id = library.add(b"# \xc3\x9cber\n\nText.\n", "a.md").id
        library.reader.read(document_id)
    file = str(tmp_path / "file")
    assert start("snapshot", "export", document_id[:6], file, "--db", str(tmp_path / "here.db")).returncode == 0
    arrived = start("snapshot", "import", file, "--json", "--db", str(tmp_path / "there.db"))
    assert json.loads(arrived.stdout)["document"]["title"] == "Über"
    listed = start("shelf", "--json", "--db", str(tmp_path / "there.db"))
    assert [item["id"] for item in json.loads(listed.stdout)["documents"]] == [document_id]


def test_the_whole_library_is_copied_and_put_back_in_real_processes(tmp_path: Path):
    database, file = str(tmp_path / "library.db"), str(tmp_path / "all.db")
    with Store.open(Path(database)) as store:
        document_id = shelf(SmallEngine(), store).add(b"# Tides\n\nThe tide.\n", "a.md").id
        copied = start("library", "backup", file, "--json", "--db", database)
        assert json.loads(copied.stdout)["bytes"] == Path(file).stat().st_size
        held = start("library", "restore", file, "--db", database)
        assert held.returncode == 1 and "in use by another program" in held.stderr
    start("remove", document_id, "--db", database)
    told = json.loads(start("library", "restore", file, "--json", "--db", database).stdout)
    assert Path(told["before"]).is_file()
    listed = start("shelf", "--json", "--db", database)
    assert [item["id"] for item in json.loads(listed.stdout)["documents"]] == [document_id]


def test_what_is_to_be_done_now_and_then_is_done_so(caplog: pytest.LogCaptureFixture):
    done = []

    def step() -> None:
        done.append(time.monotonic())
        if len(done) == 2:
            raise DatabaseBusy(Path("library.db"))

    begun, look = time.monotonic(), launch.now_and_then(step, 0.2)
    while len(done) < 3:
        look()
        time.sleep(0.01)
    assert done[0] - begun >= 0.2 and all(later - before >= 0.2 for before, later in pairwise(done))
    assert [record.message for record in caplog.records] == ["left for the next time"]


def test_what_was_removed_a_day_ago_goes_while_the_app_is_open_and_nothing_else(tmp_path: Path):
    """An app that looks every fifth of a second; the day has passed, as seen from the file."""
    database = tmp_path / "library.db"
    line = "import sys, launch; launch.SWEEP_SECONDS = 0.2; sys.exit(launch.main())"
    with Store.open(database, busy_seconds=60) as store:
        library = shelf(SmallEngine(), store)
        ids = [library.add(f"# Tides {number}\n\nThe tide.\n".encode(), "a.md").id for number in range(3)]
        words = ["--db", str(database), "--home", str(tmp_path), "--model", str(tmp_path / "none")]
        app = subprocess.Popen(
            [sys.executable, "-c", line, *words, "--port", str(free_port())], cwd=ROOT, stderr=subprocess.DEVNULL
        )
        log = tmp_path / "library.log"
        try:
            until(lambda: log.exists() and '"started"' in log.read_text(), process=app)
            for document_id in ids[:2]:
                library.remove(document_id)
            time.sleep(1.0)
            assert library.restore(ids[1]) and library.restore(ids[0]), "within the day nothing goes"
            library.remove(ids[0])
            library.remove(ids[1])
            change(database, "UPDATE documents SET removed_for = 86399.9 WHERE id = ?", ids[0])
            until(lambda: sql(database, "SELECT id FROM documents ORDER BY added_at") == [(ids[1],), (ids[2],)])
            assert library.restore(ids[1])
        finally:
            app.terminate()
            app.wait(60)
    assert app.returncode == 0


def test_a_taken_address_is_named(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AddressTaken, match=f"127.0.0.1:{port}"):
            launch.check_address(Settings(tmp_path, tmp_path / "library.db", port=port))
    launch.check_address(Settings(tmp_path, tmp_path / "library.db", port=port))


def test_an_address_of_the_newer_kind_is_looked_at_as_one(tmp_path: Path):
    assert (launch.in_address("::1"), launch.in_address("127.0.0.1")) == ("[::1]", "127.0.0.1")
    try:
        taken = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with taken:
        there = Settings(tmp_path, tmp_path / "library.db", host="::1", port=taken.getsockname()[1])
        with pytest.raises(AddressTaken):
            launch.check_address(there)
    launch.check_address(there)


def test_the_sample_is_on_a_new_shelf_once(tmp_path: Path):
    with Store.open(tmp_path / "library.db") as store:
        library = shelf(SmallEngine(group=997), store, SavePolicy(seconds=60.0))
        launch.shelve_samples(library)
        assert [item.status for item in library.shelf()] == ["queued"]
        for item in library.shelf():
            library.remove(item.id)
        launch.shelve_samples(library)
        assert library.shelf() == []


def test_no_sample_comes_to_a_shelf_in_use(tmp_path: Path):
    with Store.open(tmp_path / "library.db") as store:
        library = shelf(SmallEngine(), store)
        mine = library.add(b"# Mine\n\nText.\n", "mine.md")
        launch.shelve_samples(library)
        assert [item.id for item in library.shelf()] == [mine.id]


@pytest.mark.parametrize(
    "words", [("--share-on-lan",), ("--host", "0.0.0.0"), ("--host", "192.168.1.9"), ("--host", "::")]
)
def test_other_machines_are_let_in_only_with_a_password(words: tuple[str, ...]):
    given = build_parser().parse_args(words)
    there = launch.settings_from(given, {})
    with pytest.raises(PasswordMissing, match="--password-file"):
        there.check()
    replace(there, password="mellon and friends").check()
    assert there.host == (words[-1] if len(words) > 1 else "0.0.0.0")
    for here in ("127.0.0.1", "localhost", "::1", "127.0.0.9"):
        alone = launch.settings_from(build_parser().parse_args(["--host", here]), {})
        alone.check()
        assert alone.password is None


def test_a_password_comes_from_a_file_a_prompt_or_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    environment = {"PALIMPSEST_PASSWORD": "from the environment"}
    asked = build_parser().parse_args
    assert password_from(asked([]), environment) == "from the environment" and password_from(asked([]), {}) is None
    file = tmp_path / "password"
    file.write_bytes("mellön and friends\r\nanother line".encode())
    assert password_from(asked(["--password-file", str(file)]), environment) == "mellön and friends"
    assert password_from(asked(["read", "a.pdf", "--password-file", str(file)]), {}) == "mellön and friends"
    monkeypatch.setattr("app.password.getpass", lambda prompt: "typed")
    assert password_from(asked(["--ask-password"]), environment) == "typed"
    assert password_from(asked(["text", "a.pdf", "--ask-password"]), {}) == "typed"
    file.write_bytes(b"\xff\xfe")
    for wrong in (file, tmp_path / "none", tmp_path):
        with pytest.raises(FileUnreadable):
            password_from(asked(["--password-file", str(wrong)]), {})


@pytest.mark.parametrize(
    "words", [("--password", "mellon"), ("--password=mellon",), ("read", "a.pdf", "--password", "x")]
)
def test_a_password_on_the_command_line_is_refused_and_says_what_to_do(words: tuple[str, ...], capsys):
    with pytest.raises(SystemExit, match="2"):
        build_parser().parse_args(words)
    said = capsys.readouterr().err
    assert "--password-file FILE" in said and "--ask-password" in said and "mellon" not in said


def test_a_short_password_is_refused_before_anything_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setenv("PALIMPSEST_PASSWORD", "x")
    assert launch.main(["--share-on-lan", "--home", str(tmp_path)]) == 1
    assert "PasswordShort" in capsys.readouterr().err
