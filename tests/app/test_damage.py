"""A memory that is damaged on the disk: it is named, the page offers to read the document again, and that mends it."""

from __future__ import annotations

import sqlite3
from types import SimpleNamespace

import pytest

from app.handlers import Handlers
from app.library import Library
from app.reading import ReadingQueue
from engine.errors import StateCorrupt
from storage import SnapshotDamaged, Store
from tests.app.small_engine import said
from tests.app.waiting import LONG


def request(language: str = "en") -> SimpleNamespace:
    """What a handler looks at of a request."""
    return SimpleNamespace(headers={"accept-language": language}, session_hash="a tab")


def change(store: Store, sql: str, *values: object) -> None:
    connection = sqlite3.connect(store.path)
    with connection:
        connection.execute(sql, values)
    connection.close()


def flip(store: Store, table: str, column: str) -> None:
    """Changes one byte on the disk."""
    connection = sqlite3.connect(store.path)
    with connection:
        (blob,) = connection.execute(f"SELECT {column} FROM {table} LIMIT 1").fetchone()
        at = len(blob) // 2
        changed = blob[:at] + bytes([blob[at] ^ 1]) + blob[at + 1 :]
        connection.execute(f"UPDATE {table} SET {column} = ?", [changed])
    connection.close()


def read(queue: ReadingQueue, document_id: str) -> None:
    queue.enqueue(document_id)
    queue.start()
    job = queue.wait(document_id, LONG)
    assert job is not None and job.status == "done" and queue.stop()


@pytest.mark.parametrize(("language", "offer"), [("en", "Read it again"), ("nl", "Opnieuw lezen")])
def test_the_page_offers_to_read_it_again(library: Library, store: Store, tides: str, language: str, offer: str):
    handlers, tab = Handlers(library), request(language)
    read(library.queue, tides)
    before = said(library.answering.ask(tides, "Who?"))
    shown = handlers.reopen(tides, tab)
    assert not shown.read.visible
    flip(store, "snapshots", "blob")
    asked, *_ = handlers.begin_answer(tides, "Who?", "", None, tab)
    *_, told = handlers.answer(tides, asked, 0.0, tab)
    assert ("damaged" if language == "en" else "beschadigd") in told.notice and told.question.value == "Who?"
    now = handlers.tick(tides, told.mark, tab)
    assert (now.read.visible, now.read.value) == (True, offer)
    assert library.get(tides).status == "damaged"
    assert not handlers.read(tides, tab).read.visible
    read(library.queue, tides)
    assert library.get(tides).status == "read" and said(library.answering.ask(tides, "Who?")) == before


def test_looking_at_a_damaged_memory_says_so_and_the_page_goes_on(library: Library, store: Store, tides: str):
    handlers = Handlers(library)
    library.reader.read(tides)
    flip(store, "snapshots", "blob")
    told = handlers.look(tides, request())
    assert "damaged" in told.notice
    assert handlers.tick(tides, told.mark, request()).read.visible


def test_bytes_that_are_no_memory_are_offered_to_be_read_again(library: Library, store: Store, tides: str):
    library.reader.read(tides)
    digest = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"  # of "a"
    change(store, "UPDATE snapshots SET blob = ?, sha256 = ?", b"a", digest)
    with pytest.raises(StateCorrupt):
        list(library.answering.ask(tides, "Who?"))
    assert library.get(tides).status == "damaged"
    assert library.reader.read(tides).complete and library.get(tides).status == "read"


def test_a_damaged_checkpoint_is_mended_by_reading_again(library: Library, store: Store, tides: str):
    library.reader._policy = library.reader._policy.__class__(groups=2, first_checkpoint=30)
    library.reader.read(tides)
    before = said(library.answering.ask(tides, "Who?", page=1))
    flip(store, "checkpoints", "departed")
    with pytest.raises(SnapshotDamaged):
        list(library.answering.ask(tides, "Who?", page=1))
    item = library.get(tides)
    assert (item.status, item.can_ask) == ("damaged", True)
    assert said(library.answering.ask(tides, "Who?")), "the whole is there"
    assert library.reader.read(tides).complete
    assert library.get(tides).status == "read" and said(library.answering.ask(tides, "Who?", page=1)) == before


@pytest.mark.parametrize("days", [400, -400])
def test_a_clock_that_jumps_forgets_nothing_that_was_just_removed(library: Library, store: Store, days: int):
    document_id = library.add(b"# Dam\n\nThe dam is old.\n", "dam.md").id
    library.remove(document_id)
    # the clock is set forward by so many days, as seen from the file: all that was written is older by as much
    change(store, "UPDATE documents SET removed_at = datetime(removed_at, ?), counted_at = datetime(counted_at, ?)",
           f"{-days} days", f"{-days} days")  # fmt: skip
    assert library.sweep() == library.sweep() == 0
    assert library.restore(document_id).title == "Dam"
    library.remove(document_id)
    passed = "UPDATE documents SET counted_at = datetime(counted_at, '-11 hours')"
    swept = []
    for _ in range(3):  # two sweeps after eleven hours each are not yet a day
        change(store, passed)
        swept.append(library.sweep())
    assert swept == [0, 0, 1]
