"""The terminal: what each command prints, for people and for programs, and its exit code."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from pathlib import Path

import pytest

import launch
from app import cli
from app.arguments import build_parser
from app.errors import HistoryUnreadable, NothingNamed, UnknownDocument, UnknownPage
from app.library import Library
from app.terminal import Output, duration, error_line
from app.views import ReadProgress
from storage import DatabaseBusy, Store
from tests.app.conftest import SOURCE, TEXT
from tests.app.small_engine import SmallEngine, shelf, state_of
from tests.storage.meant import change

PLAIN, JSON = Output(json=False), Output(json=True)
RINGS = "It has no ring."


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "tides.md"
    path.write_bytes(SOURCE)
    return path


def last(capsys: pytest.CaptureFixture[str]) -> dict:
    """The object on the last line of stdout, which is all that --json prints."""
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    return json.loads(printed)


def test_read_tells_what_was_read(library: Library, book: Path, capsys):
    assert cli.read_files(library, [book], None, JSON) == 0
    told = last(capsys)
    report = library.reader.read(library.shelf()[0].id)
    assert told["errors"] == []
    assert told["documents"] == [{name: getattr(report, name) for name in cli.REPORTED}]
    assert list(told["documents"][0]) == [
        "id",
        "title",
        "tokens",
        "seconds",
        "tokens_per_second",
        "state_bytes",
        "state_sha256",
    ]
    assert cli.read_files(library, [book], None, PLAIN) == 0
    assert f"{report.id}  Tides: {len(TEXT)} tokens in 0 s" in capsys.readouterr().out


def test_text_shows_what_would_be_read_without_a_model(book: Path, tmp_path: Path, capsys):
    assert launch.main(["text", str(book), "--json"]) == 0
    told = last(capsys)
    assert (told["title"], told["author"], told["format"], told["unit"], told["notes"]) == (
        "Tides",
        None,
        "markdown",
        "section",
        [],
    )
    assert [(s["title"], s["level"], s["page"]) for s in told["sections"]] == [
        ("Tides", 1, 1),
        ("Moons", 1, 2),
        ("Rings", 2, 3),
    ]
    assert "".join(section["text"] for section in told["sections"]) == TEXT
    page = tmp_path / "café.html"
    page.write_bytes("<html><body><p>Één lamp</p><p hidden>unseen</p></body></html>".encode("cp1252"))
    assert launch.main(["text", str(page)]) == 0
    shown = capsys.readouterr().out
    assert "--- Café (section 1)\n\nÉén lamp\n" in shown and "unseen" not in shown
    assert "It was read as Windows-1252" in shown and "Hidden text, in 1 place, was not read." in shown
    for bad, error in (
        (tmp_path / "absent.md", "FileUnreadable"),
        (tmp_path, "FileUnreadable"),
        (Path("/dev/null"), "EmptyFile"),
    ):
        assert launch.main(["text", str(bad), "--json"]) == 1
        out, err = capsys.readouterr()
        assert out == "" and err.startswith(f"{error}: ")


@pytest.mark.skipif(os.name != "posix" or sys.platform == "darwin", reason="this system has no such names")
def test_odd_names_are_read_and_keep_no_other_from_being_read(library: Library, book: Path, tmp_path: Path, capsys):
    names = [
        b"caf\xe9.txt",
        b"<b>bold<b>.txt",
        b"odd #1?&.txt",
        b"-dash.txt",
        b"a\nb.txt",
        "\U0001f600.txt".encode(),
        b"x" * 240 + b".txt",
    ]
    files = [Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)) for name in names]
    for number, file in enumerate(files):
        file.write_bytes(f"the tide of day {number},\nand the moon.\n".encode())
    empty = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xe9mpty.txt"))
    empty.touch()
    twin = tmp_path / "twin.txt"
    twin.write_bytes(files[0].read_bytes())
    assert cli.read_files(library, [files[0], empty, *files[1:], twin, book], None, JSON) == 1
    told = last(capsys)
    assert [error["error"] for error in told["errors"]] == ["EmptyFile"]
    assert [document["title"] for document in told["documents"]][:2] == ["Café", "<b>bold<b>"]
    assert len(told["documents"]) == 9 and len({document["id"] for document in told["documents"]}) == 8
    assert len(library.shelf()) == 8


def test_one_bad_file_keeps_no_other_from_being_read(library: Library, book: Path, tmp_path: Path, capsys):
    empty, absent = tmp_path / "empty.pdf", tmp_path / "absent.md"
    empty.touch()
    assert cli.read_files(library, [empty, absent, book], None, JSON) == 1
    printed = capsys.readouterr()
    told = json.loads(printed.out)
    assert [document["title"] for document in told["documents"]] == ["Tides"]
    assert [Path(error["file"]).name for error in told["errors"]] == ["empty.pdf", "absent.md"]
    assert told["errors"][1]["error"] == "FileUnreadable"
    for error in told["errors"]:
        assert f"{error['error']}: {error['message']}" in printed.err
        assert Path(error["file"]).name in printed.err


def test_an_interrupted_reading_is_kept_and_goes_on(library: Library, engine: SmallEngine, book: Path, capsys):
    before = signal.getsignal(signal.SIGINT)

    def interrupt_once() -> None:
        if engine.tokens_read == 35:
            os.kill(os.getpid(), signal.SIGINT)

    engine.before_group = interrupt_once
    assert cli.read_files(library, [book, book], None, JSON) == 1
    told = last(capsys)
    assert (told["documents"], [error["error"] for error in told["errors"]]) == ([], ["ReadingStopped"])
    assert f"read to {4200 // len(TEXT)}%" in told["errors"][0]["message"]
    assert signal.getsignal(signal.SIGINT) == before
    engine.before_group = lambda: None
    assert cli.read_files(library, [book], None, JSON) == 0
    assert engine.tokens_read == len(TEXT)


def ask(library: Library, *words: str, out: Output = JSON) -> int:
    """`launch.py ask` with those words."""
    return launch.run_library(build_parser().parse_args(["ask", *words]), library, out)


def summarize(library: Library, *words: str, out: Output = JSON) -> int:
    return launch.run_library(build_parser().parse_args(["summarize", *words]), library, out)


def test_ask_and_summarize_as_of_a_page(library: Library, tides: str, capsys):
    library.reader.read(tides)
    held = library.get(tides).sections[0].characters
    assert ask(library, tides, "Who?", "--page", "1") == 0
    assert last(capsys)["answer"].endswith(state_of(TEXT[:held]))
    assert summarize(library, tides, "--page", "1") == 0
    assert {one["page"] for one in last(capsys)["pages"]} == {1}
    with pytest.raises(UnknownPage):
        ask(library, tides, "Who?", "--page", "4")


def test_ask_looks_up_in_the_text_what_a_memory_cannot_count(library: Library, tides: str, capsys):
    question = "How many times is the tide mentioned?"
    assert ask(library, tides, question) == 0
    told = last(capsys)
    assert told["answer"] == "“tide” stands in the text once, in section 1. Including plurals (“tides”): twice."
    assert (told["confidence"], told["declined"], told["total"]) == (1.0, False, 1)
    (place,) = told["places"]
    assert (place["page"], place["words"], told["pages"][0]["page"]) == (1, "tide", 1)
    assert ask(library, tides, question, out=PLAIN) == 0
    heard = capsys.readouterr()
    assert heard.err == ""
    assert f"section     1  …{place['before']}[tide]{place['after']}…" in heard.out
    assert "not recalled" in heard.out


def test_ask_streams_memory_and_page_and_ends_with_the_pages(library: Library, tides: str, capsys):
    library.reader.read(tides)
    assert ask(library, tides[:9], "Has it a ring?", out=PLAIN) == 0
    heard = capsys.readouterr()
    memory = f"Has it a ring? 0 {state_of(TEXT)}"
    assert heard.err == "" and heard.out.splitlines() == [
        memory,
        "Looked up on the page: ring",
        "  section     3  “It has no ring.”",
        "(Sure, 90%)",
    ]
    assert ask(library, tides, "What is this about?", out=PLAIN) == 0
    assert "%" not in capsys.readouterr().out  # a summary has no likelihood of being right
    assert ask(library, tides, "Has it a ring?") == 0
    assert last(capsys) == {
        "answer": "ring",
        "from_memory": memory,
        "from_page": "ring",
        "confidence": 0.9,
        "declined": False,
        "pages": [{"page": 3, "label": "3", "quote": "It has no ring.", "score": 0.9}],
        "seconds": 0.2,
        "first_token_seconds": 0.1,
    }
    assert ask(library, tides, "Has it a ring?", "--from", "memory") == 0
    told = last(capsys)
    assert (told["answer"], told["from_page"]) == (memory, None)


def test_a_few_words_are_asked_for_only_where_the_user_wants_them(library: Library, engine: SmallEngine, tides: str):
    library.reader.read(tides)
    for more, brief in (((), False), (("--brief",), True)):
        assert ask(library, tides, "Has it a ring?", *more) == 0
        assert engine.options_seen.brief is brief


def test_ask_knows_the_talk_before(library: Library, engine: SmallEngine, tides: str, tmp_path: Path, capsys):
    library.reader.read(tides)
    talk = tmp_path / "talk.json"
    talk.write_text('[["What is the moon called?", "Oru"]]')
    assert ask(library, tides, "Has it a ring?", "--history", str(talk)) == 0
    assert engine.talk_seen == [("What is the moon called?", "Oru")]
    for wrong in ("{", "[1]", '[["a"]]', '[["a", 1]]'):
        talk.write_text(wrong)
        with pytest.raises(HistoryUnreadable, match=r"talk\.json"):
            ask(library, tides, "Has it a ring?", "--history", str(talk))
    with pytest.raises(HistoryUnreadable):
        ask(library, tides, "Has it a ring?", "--history", str(tmp_path / "absent.json"))


def test_ask_says_when_the_document_does_not(library: Library, tides: str, capsys):
    library.reader.read(tides)
    ask(library, tides, "Strange tide?", out=PLAIN)
    assert "The document does not seem to say this.\n  section     1  “The tide comes at six" in capsys.readouterr().out
    ask(library, tides, "Strange tide?")
    told = last(capsys)
    assert told["answer"] == "The document does not seem to say this." and told["declined"] and told["from_page"]


def test_ask_says_up_to_which_page_it_knows(library: Library, engine: SmallEngine, tides: str, capsys):
    library.reader.read(tides, should_stop=lambda: engine.tokens_read >= 60)
    assert ask(library, tides, "Who?", out=PLAIN) == 0
    assert "Read so far: section 1 of 3" in capsys.readouterr().err


def test_an_unknown_id_is_named(library: Library):
    with pytest.raises(UnknownDocument):
        ask(library, "0123", "Who?")


def test_the_whole_shelf_or_some_of_it_is_asked(library: Library, tides: str, capsys):
    library.reader.read(tides)
    library.add(b"# Unread\n\nNobody knows.\n", "unread.md")
    ask_all = lambda *words: build_parser().parse_args(["ask-all", "What is the moon?", *words])  # noqa: E731
    assert launch.run_library(ask_all(), library, PLAIN) == 0
    heard = capsys.readouterr()
    assert heard.out == "Tides: Oru (section 2)\n" and "Unread" in heard.err
    assert launch.run_library(ask_all("--among", tides[:6]), library, JSON) == 0
    told = last(capsys)
    assert [one["confidence"] > 0.8 for one in told["answers"]] == [True] and told["left_out"] == []


def test_summaries_of_the_whole_of_a_section_and_key_passages(library: Library, tides: str, capsys):
    library.reader.read(tides)
    assert summarize(library, tides) == 0
    told = last(capsys)
    assert "The tide comes at six and goes at noon." in told["summary"] and {one["page"] for one in told["pages"]} == {
        1,
        2,
        3,
    }
    assert summarize(library, tides, "--section", "3", "--words", "9") == 0
    assert last(capsys)["summary"].endswith(RINGS)
    assert summarize(library, tides, "--passages", "1", out=PLAIN) == 0
    assert "“The tide comes at six and goes at noon.” (section 1)" in capsys.readouterr().out


def test_what_an_older_memory_read_is_read_again(library: Library, store: Store, tides: str, capsys):
    library.reader.read(tides)
    newer = shelf(SmallEngine("f2"), store)
    again = build_parser().parse_args(["read", "--all"])
    assert launch.run_library(again, newer, JSON) == 0
    assert [one["id"] for one in last(capsys)["documents"]] == [tides] and newer.get(tides).status == "read"
    assert launch.run_library(again, newer, PLAIN) == 0
    assert "Nothing on the shelf needs reading again." in capsys.readouterr().out
    with pytest.raises(NothingNamed, match="--all"):
        launch.run(build_parser().parse_args(["read"]), None, JSON)


def test_the_shelf_lists_documents_and_sections(library: Library, engine: SmallEngine, tides: str, capsys):
    library.reader.read(tides, should_stop=lambda: engine.tokens_read >= 60)
    assert cli.shelf(library, True, PLAIN) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{tides}  cancelled {6300 // len(TEXT)}%       3 sections  Tides"
    assert lines[1:-1] == ["     1  Tides (section 1)", "     2  Moons (section 2)", "     3    Rings (section 3)"]
    cli.shelf(library, False, JSON)
    (told,) = last(capsys)["documents"]
    assert (told["id"], told["title"], told["pages"], told["tokens"], told["read_tokens"]) == (
        tides,
        "Tides",
        3,
        len(TEXT),
        63,
    )
    assert [section["title"] for section in told["sections"]] == ["Tides", "Moons", "Rings"]


def test_an_empty_shelf_says_how_to_fill_it(library: Library, capsys):
    cli.shelf(library, False, PLAIN)
    assert "launch.py read FILE" in capsys.readouterr().out


def test_a_snapshot_goes_out_and_in(library: Library, tides: str, tmp_path: Path, capsys):
    library.reader.read(tides)
    file = tmp_path / "tides.snapshot"
    assert cli.export_snapshot(library, tides, file, JSON) == 0
    assert last(capsys) == {"id": tides, "file": str(file), "bytes": file.stat().st_size}
    with Store.open(tmp_path / "other.db") as store:
        assert cli.import_snapshot(shelf(SmallEngine(), store), file, JSON) == 0
    told = last(capsys)["document"]
    assert (told["id"], told["status"]) == (tides, "read")


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "0 s"), (89.0, "89 s"), (90.0, "2 min"), (3599.0, "1 h 0 min"), (7500.0, "2 h 5 min")]
)
def test_durations_in_words(seconds: float, said: str):
    assert duration(seconds) == said


def told(capsys, *words: str, store: Store) -> dict:
    """What a command of the shelf tells a program."""
    given = build_parser().parse_args([*words, "--json"])
    assert launch.run_shelf(given, Library(store), JSON) == 0
    return last(capsys)


def test_a_document_is_renamed_removed_and_brought_back(library: Library, store: Store, tides: str, capsys):
    named = told(capsys, "describe", tides[:6], "--title", "Low Water", "--tags", "sea, sea ,old", store=store)
    assert (named["document"]["title"], named["document"]["tags"]) == ("Low Water", ["sea", "old"])
    assert told(capsys, "describe", tides, "--tags", "", store=store)["document"]["tags"] == []
    assert told(capsys, "remove", tides[:6], store=store) == {"id": tides}
    assert library.shelf() == []
    assert told(capsys, "restore", tides, store=store)["document"]["title"] == "Low Water"
    cli.remove(library, tides, PLAIN)
    assert f"launch.py restore {tides}" in capsys.readouterr().out


HOSTILE = "Tides\x1b]0;owned\x07\x1b[2J\x9b31m\u202edesrever\rover"


@pytest.mark.parametrize("out", [PLAIN, JSON], ids=["plain", "json"])
def test_nothing_in_a_title_or_a_text_reaches_the_terminal_as_a_command(
    library: Library, tides: str, store: Store, book: Path, tmp_path: Path, out: Output, capsys, monkeypatch
):
    store.documents.describe(tides, HOSTILE, HOSTILE, [HOSTILE])
    change(store.path, "UPDATE sections SET title = ?", HOSTILE)  # as from a memory file
    change(store.path, "UPDATE pages SET text = ? || text", HOSTILE)
    library.reader.read(tides)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    parsed = build_parser().parse_args
    cli.shelf(library, True, out)
    cli.ask(library, parsed(["ask", tides, HOSTILE]), out)
    cli.ask_all(library, "ring?", None, out)
    cli.summarize(library, parsed(["summarize", tides]), out)
    cli.chat(library, tides, None, out)
    cli.chats(library, parsed(["chats", tides]), out)
    cli.describe(library, parsed(["describe", tides]), out)
    cli.export_snapshot(library, tides, tmp_path / "file", out)
    cli.import_snapshot(library, tmp_path / "file", out)
    cli.remove(library, tides, out)
    cli.restore(library, tides, out)
    cli.ProgressLine(HOSTILE, out)(ReadProgress(tides, 9, 9, 1.0, 0.0, 1, 1, True))
    out.note(error_line(UnknownDocument(HOSTILE)))
    printed = capsys.readouterr()
    said = printed.out + printed.err.replace("\r\x1b[K", "")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", said)
    assert "\ufffd[2J" in said or out.json


def test_the_library_shrinks_and_says_what_it_takes(library: Library, store: Store, capsys):
    for number in range(3):
        library.add(f"{number} word ".encode() * 300_000, f"{number}.txt")
    assert cli.shelf(library, False, PLAIN) == 0
    assert re.search(r"The library takes \d+\.\d MB on disk\.\n$", capsys.readouterr().out)
    for item in library.shelf():
        library.remove(item.id)
    library.sweep(days=-1)
    cli.shelf(library, False, PLAIN)
    assert "vacuum gives that back" in capsys.readouterr().out
    with pytest.raises(DatabaseBusy):
        cli.vacuum(store.path, JSON)
    store.close()
    before = store.path.stat().st_size
    assert cli.vacuum(store.path, JSON) == 0
    told = last(capsys)
    assert told["bytes_on_disk"] < told["bytes_before"] / 5 and store.path.stat().st_size < before / 5
    with Store.open(store.path) as again:
        library = shelf(SmallEngine(), again)
        assert library.disk_use().free == 0 and not library.disk_use().much_free
        cli.shelf(library, False, JSON)
        assert last(capsys)["bytes_on_disk"] == library.disk_use().total
