"""The front door: which settings come from where, and what the commands without a model do in a real process."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import launch
from app.arguments import build_parser
from app.errors import AddressTaken, McpUnguarded, PasswordMissing
from app.password import doorkeeper, lock
from app.reading import SavePolicy
from app.settings import Settings
from storage import Store
from tests.app.small_engine import SmallEngine, shelf

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
    assert settings("--port", "8123", "--open") == Settings(plain.home, plain.database, port=8123, open_browser=True)


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
        "print(sorted({'torch', 'transformers', 'gradio', 'documents.pdf'} & set(sys.modules)), code)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", line, str(tmp_path / "new.db")], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ended.stdout.splitlines() == ['{"documents": []}', "[] 0"]


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


def test_a_taken_address_is_named(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AddressTaken, match=f"127.0.0.1:{port}"):
            launch.check_address(Settings(tmp_path, tmp_path / "library.db", port=port))
    launch.check_address(Settings(tmp_path, tmp_path / "library.db", port=port))


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
    with pytest.raises(PasswordMissing, match="--password"):
        launch.settings_from(given, {}).check()
    host = words[-1] if len(words) > 1 else "0.0.0.0"
    from_environment = launch.settings_from(given, {"PALIMPSEST_PASSWORD": "mellon"})
    from_environment.check()
    assert from_environment.host == host
    named = launch.settings_from(build_parser().parse_args([*words, "--password", "mellon"]), {})
    assert (named.host, named.password) == (host, "mellon")
    for here in ("127.0.0.1", "localhost", "::1", "127.0.0.9"):
        alone = launch.settings_from(build_parser().parse_args(["--host", here]), {})
        alone.check()
        assert alone.password is None


def test_agents_have_no_password_so_there_is_only_one_of_the_two():
    given = build_parser().parse_args(["--mcp", "--password", "mellon"])
    with pytest.raises(McpUnguarded):
        launch.settings_from(given, {}).check()
    alone = launch.settings_from(build_parser().parse_args(["--mcp"]), {})
    alone.check()
    assert alone.mcp


def test_the_door_opens_to_the_password_alone():
    assert doorkeeper(None) is None
    door = doorkeeper(lock("mellön", None))
    assert door("anybody", "mellön") and not door("anybody", "mellon") and not door("mellön", "")
