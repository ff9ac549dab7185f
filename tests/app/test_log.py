"""What the log tells: that something was done, refused or failed, and never in whose words."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.errors import FileNotWritten, LibraryError, NotReadYet, PasswordWrong, TooManyGuesses
from app.handlers.screen import safely
from app.library import Library
from app.log import BYTES, FILES, LEFT_OUT, LOGGER, kept_log
from app.models import Models
from app.password import FREE_GUESSES, Gate
from app.reading import LeasePolicy
from app.settings import Choices
from app.uploads import own_folder
from documents import DocumentError
from storage import Store
from tests.app.conftest import QUICK
from tests.app.small_engine import SmallEngine, said, shelf
from tests.app.waiting import until
from tests.pages.test_door import FOREIGN, sent

TEXT, TITLE, FILE, TAG = "Quicksilverword", "Zebrafinchtitle", "Larkspurfile", "Kestreltag"
QUESTION, ANSWER, SECRET, ELSEWHERE = "Marzipanquestion", "Obsidiananswer", "Turmericpassword", "evil.example"
BOOK = f"# {TITLE}\n\nThe {TEXT} of the lamp is {ANSWER}.\n".encode()


class Clumsy(SmallEngine):
    """Breaks over a book, or over a question, in their very words."""

    broken = False

    def read(self, ids, state, *, group_tokens):
        if self.broken:
            raise ValueError(self.text(ids))
        yield from super().read(ids, state, group_tokens=group_tokens)

    def ask(self, state, question, **how):
        if "break" in question:
            raise ValueError(f"{question} {state.text}")
        yield from super().ask(state, question, **how)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "library.log"


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_no_words_of_a_document_a_question_or_a_password_are_in_the_log(store: Store, path: Path, tmp_path: Path):
    engine = Clumsy()
    with kept_log(path), own_folder(tmp_path / "uploads"):
        library = shelf(engine, store, lease=QUICK)
        book = library.add(BOOK, f"{FILE}.md").id
        with pytest.raises(NotReadYet, match=TITLE):
            said(library.answering.ask(book, f"Where is {QUESTION}?"))
        with pytest.raises(DocumentError, match=FILE):
            library.add(b"", f"{FILE}.txt", password=SECRET)
        engine.broken = True
        with pytest.raises(ValueError, match=TEXT):
            library.queue.read_now(book)
        engine.broken = False
        library.queue.read_now(book)
        assert ANSWER in said(library.answering.ask(book, f"{QUESTION}: what is the {TEXT} of the lamp?"))
        with pytest.raises(ValueError, match=QUESTION):
            said(library.answering.ask(book, f"Does {QUESTION} break?"))
        library.describe(book, title=f"{TITLE} II", tags=[TAG])
        library.remove(book)
        library.restore(book)
        library.sweep()
        _page_that_breaks(library)
        _guesses()
        for headers in FOREIGN:
            assert sent("GET", "/", **headers)[0].status_code == 403
        _model_that_is_none()
    told = lines(path)
    assert {one["event"] for one in told} == {
        "uploads swept", "added", "a file was refused", "no answer", "reading begins", "reading ended unexpectedly", "reading ends",
        "removed", "restored", "library swept", "an event of the page failed", "wrong password", "refused", "no model",
    }  # fmt: skip
    words = (TEXT, TITLE, FILE, TAG, QUESTION, ANSWER, SECRET, ELSEWHERE, str(tmp_path), str(Path.home()))
    whole = path.read_text(encoding="utf-8").lower()
    assert [word for word in words if word.lower() in whole] == []
    _what_is_told_of_each(told, book)


def _what_is_told_of_each(told: list[dict], book: str) -> None:
    def of(event: str) -> list[dict]:
        return [one for one in told if one["event"] == event]

    assert all(re.match(r"\d{4}-\d\d-\d\dT[\d:.]+Z$", one["timestamp"]) and one["level"] for one in told)
    assert LEFT_OUT not in json.dumps(told)
    assert of("added")[0]["document"] == book and of("added")[0]["bytes"] == len(BOOK)
    begun, again = of("reading begins")
    assert begun["document"] == again["document"] == book and begun["owner"] == again["owner"]
    (ended,) = of("reading ends")
    assert ended["complete"] is True and ended["tokens"] > 0 and ended["job"] == again["job"]
    (failed,) = of("reading ended unexpectedly")
    assert failed["error"] == ["ValueError"] and failed["level"] == "error"
    assert any(place.startswith("app.reading:") for place in failed["at"][0])
    assert failed["at"][0][-1].startswith("tests.app.test_log:")
    assert [one["error"] for one in of("no answer")] == [["ValueError"]]
    assert {one["reason"] for one in of("refused")} == {"HostRefused", "PageRefused"}
    assert (
        of("wrong password")[-1] | {"address": "192.168.1.7", "in_a_row": FREE_GUESSES + 1} == of("wrong password")[-1]
    )


def _page_that_breaks(library: Library) -> None:
    def action(words: object) -> None:
        raise KeyError(SECRET)

    with pytest.raises(KeyError):
        safely(library, SimpleNamespace(headers={}, session_hash=""), action)


def _guesses() -> None:
    gate = Gate(given=f"{SECRET} and more")
    for _ in range(FREE_GUESSES + 1):
        with pytest.raises(PasswordWrong):
            gate.log_in("192.168.1.7", SECRET)
    with pytest.raises(TooManyGuesses):
        gate.log_in("192.168.1.7", SECRET)


def _model_that_is_none() -> None:
    def load(wanted: Choices, say: object) -> SmallEngine:
        raise LibraryError(f"There is no model {SECRET}.")

    models = Models(load, Choices(model=SECRET))
    models.start().join()


def test_a_reading_that_changes_hands_is_told(store: Store, path: Path, tmp_path: Path):
    with kept_log(path):
        library = shelf(SmallEngine(), store, lease=LeasePolicy(beat_seconds=0.02, silent_seconds=0.1))
        book = library.add(BOOK, "a.md").id
        library.queue.enqueue(book)
        assert store.jobs.claim("another")
        library.queue.start()
        until(lambda: library.get(book).whole, 30)
        library.queue.stop()
    (taken,) = [one for one in lines(path) if one["event"] == "taken from a silent process"]
    assert (taken["document"], taken["owner"], taken["level"]) == (book, "another", "warning")


@pytest.fixture
def log(path: Path) -> Iterator[logging.Logger]:
    with kept_log(path):
        yield logging.getLogger(f"{LOGGER}.test")


def test_what_is_no_number_and_no_single_plain_word_is_left_out(log: logging.Logger, path: Path):
    values = {"a": "The lamp", "b": [TEXT], "c": "x" * 81, "d": "ü", "e": "[::1]", "f": 2, "g": None, "h": "line\nline"}
    log.info("tried %s", TEXT, extra=values)
    (one,) = lines(path)
    assert one["event"] == "tried %s", "what is put into a sentence is not written"
    assert {name: one[name] for name in values} == dict.fromkeys("abcdh", LEFT_OUT) | {"e": "[::1]", "f": 2, "g": None}


def test_an_error_names_those_that_led_to_it_and_has_an_end(log: logging.Logger, path: Path):
    def fall(depth: int) -> None:
        if depth == 0:
            raise KeyError(TEXT)
        fall(depth - 1)

    try:
        try:
            fall(100)
        except KeyError as error:
            raise OSError(TEXT) from error
    except OSError as error:
        error.__cause__.__cause__ = error  # in a circle
        log.exception("failed")
    (one,) = lines(path)
    assert one["error"] == ["OSError", "KeyError"] and [len(places) for places in one["at"]] == [1, 20]


def test_it_takes_no_more_room_than_it_may(log: logging.Logger, path: Path, monkeypatch: pytest.MonkeyPatch):
    (handler,) = (one for one in logging.getLogger(LOGGER).handlers if isinstance(one, RotatingFileHandler))
    assert (handler.maxBytes, handler.backupCount + 1) == (BYTES, FILES)
    monkeypatch.setattr(handler, "maxBytes", 1000)
    for number in range(200):
        log.info("again", extra={"number": number})
    files = sorted(path.parent.iterdir())
    assert len(files) == FILES and all(file.stat().st_size <= 1000 for file in files)
    assert lines(path)[-1]["number"] == 199


def test_a_place_that_can_not_be_written_is_named_and_a_full_disk_stops_nothing(tmp_path: Path, capfd):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(FileNotWritten, match=r"library\.log"), kept_log(tmp_path / "file" / "library.log"):
        pass
    if not Path("/dev/full").exists():
        pytest.skip("this system has no device that is always full")
    with kept_log(Path("/dev/full")):
        logging.getLogger(LOGGER).warning("something")
    assert capfd.readouterr() == ("", "")


def test_without_a_file_nothing_is_written_anywhere_and_afterwards_all_is_as_before(tmp_path: Path, capfd):
    log = logging.getLogger(LOGGER)
    before = log.level, log.propagate, list(log.handlers)
    with kept_log(None):
        log.warning("something")
    assert capfd.readouterr() == ("", "") and (log.level, log.propagate, log.handlers) == before
    assert list(tmp_path.iterdir()) == []
