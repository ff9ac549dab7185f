"""The terminal: what each command prints, for people and for programs, and its exit code."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

import launch
from app import cli, cli_shelf
from app.arguments import build_parser
from app.errors import UnknownDocument, UnknownPage
from app.library import Library
from app.shelf import Shelf
from app.terminal import Output, duration
from storage import Store
from tests.app.conftest import SOURCE, TEXT
from tests.app.small_engine import SmallEngine, state_of

PLAIN, JSON = Output(json=False), Output(json=True)
OPTIONS = {"max_new_tokens": 9, "temperature": 0.0, "seed": 3}


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
    report = library.read(library.shelf()[0].id)
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


def test_ask_and_summarize_as_of_a_page(library: Library, tides: str, capsys):
    library.read(tides)
    held = library.get(tides).sections[0].characters
    assert cli.ask(library, tides, "Who?", OPTIONS, JSON, 1) == 0
    assert last(capsys)["answer"].endswith(state_of(TEXT[:held], group=7))
    assert cli.summarize(library, tides, None, OPTIONS, JSON, 1) == 0
    assert last(capsys)["summary"].endswith(state_of(TEXT[:held], group=7))
    with pytest.raises(UnknownPage):
        cli.ask(library, tides, "Who?", OPTIONS, JSON, 4)


def test_ask_looks_up_in_the_text_what_a_memory_cannot_count(library: Library, tides: str, capsys):
    question = "How many times is the tide mentioned?"
    assert cli.ask(library, tides, question, OPTIONS, JSON) == 0
    told = last(capsys)
    assert told["answer"] == "“tide” stands in the text once, on page 1."
    assert (told["grounding"], told["grounded"], told["total"]) == (None, True, 1)
    (place,) = told["places"]
    assert (place["page"], place["words"]) == (1, "tide")
    assert cli.ask(library, tides, question, OPTIONS, PLAIN) == 0
    heard = capsys.readouterr()
    assert heard.err == ""
    assert f"page     1  …{place['before']}[tide]{place['after']}…" in heard.out
    assert "not recalled" in heard.out


def test_ask_streams_and_ends_with_the_answer(library: Library, tides: str, capsys):
    library.read(tides)
    assert cli.ask(library, tides[:9], "Who?", OPTIONS, PLAIN) == 0
    heard = capsys.readouterr()
    assert heard.out.startswith("Who? 0 ") and heard.err == ""
    assert cli.ask(library, tides, "Who?", OPTIONS, JSON) == 0
    assert last(capsys) == {
        "answer": heard.out.rstrip("\n"),
        "grounding": 1.5,
        "grounded": True,
        "seconds": 0.2,
        "first_token_seconds": 0.1,
    }


def test_ask_says_when_the_document_does_not(library: Library, tides: str, capsys):
    library.read(tides)
    cli.ask(library, tides, "Strange?", OPTIONS, PLAIN)
    assert capsys.readouterr().out.endswith("\n(The document does not seem to say.)\n")


def test_ask_says_up_to_which_page_it_knows(library: Library, engine: SmallEngine, tides: str, capsys):
    library.read(tides, should_stop=lambda: engine.tokens_read >= 60)
    assert cli.ask(library, tides, "Who?", OPTIONS, PLAIN) == 0
    assert "Only sections 1 to 1 of 3 are read" in capsys.readouterr().err


def test_an_unknown_id_is_named(library: Library):
    with pytest.raises(UnknownDocument):
        cli.ask(library, "0123", "Who?", OPTIONS, JSON)


def test_summaries_of_the_whole_and_of_a_section(library: Library, tides: str, capsys):
    library.read(tides)
    assert cli.summarize(library, tides, None, OPTIONS, JSON) == 0
    assert last(capsys)["summary"].startswith("Tides 0 ")
    assert cli.summarize(library, tides, 3, OPTIONS, JSON) == 0
    assert last(capsys)["summary"].startswith("Rings 0 ")


def test_the_shelf_lists_documents_and_sections(library: Library, engine: SmallEngine, tides: str, capsys):
    library.read(tides, should_stop=lambda: engine.tokens_read >= 60)
    assert cli_shelf.shelf(library, True, PLAIN) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{tides}  cancelled {6300 // len(TEXT)}%       3 sections  Tides"
    assert lines[1:] == ["     1  Tides (section 1)", "     2  Moons (section 2)", "     3    Rings (section 3)"]
    cli_shelf.shelf(library, False, JSON)
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
    cli_shelf.shelf(library, False, PLAIN)
    assert "launch.py read FILE" in capsys.readouterr().out


def test_a_snapshot_goes_out_and_in(library: Library, tides: str, tmp_path: Path, capsys):
    library.read(tides)
    file = tmp_path / "tides.snapshot"
    assert cli_shelf.export_snapshot(library, tides, file, JSON) == 0
    assert last(capsys) == {"id": tides, "file": str(file), "bytes": file.stat().st_size}
    with Store.open(tmp_path / "other.db") as store:
        assert cli_shelf.import_snapshot(Library(SmallEngine(), store), file, JSON) == 0
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
    assert launch.run_shelf(given, Shelf(store), JSON) == 0
    return last(capsys)


def test_a_document_is_renamed_removed_and_brought_back(library: Library, store: Store, tides: str, capsys):
    named = told(capsys, "describe", tides[:6], "--title", "Low Water", "--tags", "sea, sea ,old", store=store)
    assert (named["document"]["title"], named["document"]["tags"]) == ("Low Water", ["sea", "old"])
    assert told(capsys, "describe", tides, "--tags", "", store=store)["document"]["tags"] == []
    assert told(capsys, "remove", tides[:6], store=store) == {"id": tides}
    assert library.shelf() == []
    assert told(capsys, "restore", tides, store=store)["document"]["title"] == "Low Water"
    cli_shelf.remove(library, tides, PLAIN)
    assert f"launch.py restore {tides}" in capsys.readouterr().out
