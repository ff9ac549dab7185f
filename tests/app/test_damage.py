"""What is damaged on the disk is named, all else goes on, and what can be read again is: a memory on the page, a text from its file."""

from __future__ import annotations

import sqlite3
from types import SimpleNamespace

import gradio as gr
import pytest

from app.answering.conversations import as_markdown, seen_by_model
from app.doctor import look_through
from app.handlers import Handlers
from app.library import Library
from app.markup.conversations import conversations
from app.reading import ReadingQueue
from engine.errors import StateCorrupt
from storage import DocumentDamaged, JobDamaged, JobTaken, SnapshotDamaged, Store, TextDamaged
from tests.app.conftest import SOURCE, TEXT
from tests.app.small_engine import SmallEngine, said
from tests.app.waiting import LONG
from tests.storage.meant import change


def request(language: str = "en") -> SimpleNamespace:
    """What a handler looks at of a request."""
    return SimpleNamespace(headers={"accept-language": language}, session_hash="a tab")


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
    change(store.path, "UPDATE snapshots SET blob = ?, sha256 = ?", b"a", digest)
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
    change(store.path, "UPDATE documents SET removed_at = datetime(removed_at, ?), counted_at = datetime(counted_at, ?)",
           f"{-days} days", f"{-days} days")  # fmt: skip
    assert library.sweep() == library.sweep() == 0
    assert library.restore(document_id).title == "Dam"
    library.remove(document_id)
    passed = "UPDATE documents SET counted_at = datetime(counted_at, '-11 hours')"
    swept = []
    for _ in range(3):  # two sweeps after eleven hours each are not yet a day
        change(store.path, passed)
        swept.append(library.sweep())
    assert swept == [0, 0, 1]


def foreign(store: Store, sql: str, *values: object) -> None:
    """A statement by a program that knows nothing of digests."""
    connection = sqlite3.connect(store.path)
    with connection:
        connection.execute(sql, values)
    connection.close()


def test_a_damaged_text_is_named_and_its_file_mends_it(library: Library, store: Store, tides: str):
    library.reader.read(tides)
    other = library.add(b"# Dam\n\nThe dam is old.\n", "dam.md").id
    before = said(library.answering.ask(tides, "What has the moon called Oru?"))
    foreign(store, "UPDATE pages SET text = replace(text, 'Oru', 'Orv') WHERE document_id = ?", tides)
    foreign(store, "UPDATE sections SET title = 'Noons' WHERE title = 'Moons'")
    for step in (
        lambda: list(library.answering.ask(tides, "How often is “tide” mentioned?")),
        lambda: list(library.answering.ask(tides, "What has the moon called Oru?")),
        lambda: library.page(tides, 2),
        lambda: library.stretch_read(tides),
        lambda: library.export_snapshot(tides, store.path.with_name("out")),
    ):
        with pytest.raises(TextDamaged, match="Add its file again"):
            step()
    assert library.page(tides, 1).text, "a page that is whole goes on"
    assert library.reader.read(other).complete and said(library.answering.ask(other, "Who?"))
    assert library.add(SOURCE, "tides.md").status == "read", "its memory is of the same text"
    assert said(library.answering.ask(tides, "What has the moon called Oru?")) == before
    assert [section.title for section in store.documents.sections(tides)] == ["Tides", "Moons", "Rings"]


@pytest.mark.parametrize(("language", "word"), [("en", "Damaged on the disk"), ("nl", "Op de schijf beschadigd")])
def test_a_damaged_answer_says_so(library: Library, store: Store, tides: str, language: str, word: str):
    library.reader.read(tides)
    said(library.answering.ask(tides, "Who?"))
    said(library.answering.ask(tides, "Where?"))
    foreign(store, "UPDATE messages SET text = 'Whp?', evidence = '[' WHERE text = 'Who?'")
    handlers = Handlers(library)
    shown = handlers.reopen(tides, request(language))
    assert shown.talk.count(word) == 1 and "Whp?" in shown.talk
    words = library.words(language)
    assert word in conversations(words, "Tides", library.conversations.all(tides))
    first, second = library.conversations.history(tides)
    assert first.damaged and not second.damaged
    assert as_markdown(words, "Tides", (first, second)).count(word) == 1
    assert [question for question, _ in seen_by_model((first, second), None)] == ["Where?"]
    foreign(store, "DELETE FROM messages WHERE text = 'Where?'")
    assert handlers.reopen(tides, request(language)).talk.count(word) == 2


def test_a_damaged_entry_is_listed_with_a_note_and_refused_by_name(library: Library, store: Store, tides: str):
    other = library.add(b"# Dam\n\nThe dam is old.\n", "dam.md").id
    foreign(store, "UPDATE documents SET title = 'Tidet', page_labels = '[', n_pages = 'x' WHERE id = ?", tides)
    handlers = Handlers(library)
    dam, damaged = sorted(library.shelf(), key=lambda item: item.title)
    assert (damaged.title, damaged.pages, dam.id, dam.notes) == ("Tidet", 0, other, ())
    assert damaged.notes == (("entry_damaged", {}),)
    assert "was damaged on the disk" in handlers.reopen(tides, request()).notice
    with pytest.raises(DocumentDamaged, match="doctor --repair"):
        library.describe(tides, title="Tides")
    assert library.reader.read(other).complete and handlers.reopen(other, request()).notice in ("", None, gr.skip())


def test_what_a_shelf_shows_survives_any_type_of_value(library: Library, store: Store, tides: str):
    library.reader.read(tides)
    library.queue.enqueue(tides)
    said(library.answering.ask(tides, "Who?"))
    for table, columns in (
        ("snapshots", ("n_tokens", "total_tokens", "page", "n_bytes", "seconds", "created_at", "fingerprint")),
        ("jobs", ("n_tokens", "pictures", "total_tokens", "error", "updated_at")),
        ("sections", ("title", "level", "page", "last_page", "start", "end")),
        ("documents", ("title", "author", "format", "n_pages", "n_tokens", "missing_pages", "tags", "added_at")),
        ("messages", ("text", "created_at", "confidence", "places", "page")),
    ):
        for column in columns:
            foreign(store, f"UPDATE {table} SET \"{column}\" = x'C0'")
            tick = Handlers(library).tick(tides, "", request())
            assert library.shelf() and tick.shelf


def test_a_damaged_text_that_is_read_otherwise_now_is_replaced_with_its_memory(
    library: Library, store: Store, tides: str
):
    library.reader.read(tides)
    change(store.path, "UPDATE pages SET text = replace(text, 'Oru', 'Uro')")  # as an earlier version read it
    assert library.add(SOURCE, "tides.md").status == "read", "what is whole stays as it was read"
    foreign(store, "UPDATE pages SET text = 'x' WHERE number = 1")
    assert library.add(SOURCE, "tides.md").status == "new"
    assert "Oru" in "".join(store.documents.pages(tides))
    assert library.reader.read(tides).complete


def test_a_damaged_waiting_reading_has_failed_and_goes_on_where_it_stood(
    library: Library, store: Store, tides: str, engine: SmallEngine
):
    library.queue.enqueue(tides)
    job = store.jobs.claim("before", tides)
    library.reader.read(tides, job=job, should_stop=lambda: engine.tokens_read >= 40)
    store.jobs.finish(job, "queued")
    foreign(store, "UPDATE jobs SET wish = 'cancelled', error = 'Nothing is wrong.', n_tokens = 'many'")
    item = library.get(tides)
    assert item.status == "failed" and item.error == str(JobDamaged(tides))
    assert "op de schijf beschadigd" in library.words("nl").told(item.error)
    assert library.queue.active() == [] and store.jobs.claim("other") is None, "it is nobody's turn"
    assert library.queue.progress(tides).status == "failed"
    library.queue.enqueue(tides)
    assert library.get(tides).status == "queued" and look_through(store.path) == []
    before = engine.tokens_read
    assert library.queue.read_now(tides).complete and engine.tokens_read - before < len(TEXT) - 30


def test_a_reading_whose_job_is_damaged_ends_and_the_memory_stays(
    library: Library, store: Store, tides: str, engine: SmallEngine
):
    library.queue.enqueue(tides)
    job = store.jobs.claim("this", tides)
    with pytest.raises(JobTaken):
        library.reader.read(
            tides,
            job=job,
            on_progress=lambda progress: progress.saved and foreign(store, "UPDATE jobs SET fingerprint = 'f2'"),
        )
    assert not store.jobs.beat(job) and 0 < library.get(tides).read_tokens < len(TEXT)
    assert library.get(tides).status == "failed"
    assert library.queue.read_now(tides).complete
    assert library.get(tides).status == "read" and look_through(store.path) == []
