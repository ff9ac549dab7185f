"""Pages without text: what was read off them is kept one by one, becomes the text at once, and goes with the document."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import Checkpoint, DocumentGone, OriginalRow, SectionRow, Store
from storage.migrations import migrations
from tests.storage.test_store import DOCUMENT, PAGES, SECTIONS, SNAPSHOT, _sql

ORIGINAL = OriginalRow("tides.pdf", b"%PDF \x00 bytes", False)
READ = ("The tide comes.\n", "It stays.\n", "The moon goes. \x00 ünï")


@pytest.fixture
def store(tmp_path: Path):
    with Store.open(tmp_path / "library.db") as store:
        assert store.documents.add(DOCUMENT, PAGES, SECTIONS)
        store.pictures.keep(DOCUMENT.id, ORIGINAL, DOCUMENT.missing_pages)
        yield store


def settle(store: Store, pages: tuple[str, ...] = READ, missing: tuple[int, ...] = ()) -> None:
    store.pictures.settle(
        DOCUMENT.id, pages, (SectionRow(1, "All", 1, 1, 3, 0, 47),), missing, (("pages_read_off", {"n": 1}),)
    )


def test_a_file_is_kept_once_and_its_pages_are_counted(store: Store):
    store.pictures.keep(DOCUMENT.id, replace(ORIGINAL, data=b"other"), (2, 3))
    assert store.pictures.original(DOCUMENT.id) == ORIGINAL
    assert store.pictures.unread(DOCUMENT.id) == [2, 3]
    assert store.pictures.counts() == {DOCUMENT.id: (2, False)}
    store.pictures.put(DOCUMENT.id, 2, "It stays.")
    assert store.pictures.texts(DOCUMENT.id) == {2: "It stays."}
    assert (store.pictures.unread(DOCUMENT.id), store.pictures.counts()) == ([3], {DOCUMENT.id: (1, False)})
    store.pictures.put(DOCUMENT.id, 3, "")
    assert store.pictures.counts() == {DOCUMENT.id: (1, False)}, "read off, and not yet in the text"


def test_what_was_read_becomes_the_text_and_memories_of_the_old_one_are_gone(store: Store):
    for snapshot in (SNAPSHOT, replace(SNAPSHOT, fingerprint="model-b")):
        store.record_progress(snapshot, worths=bytes(40), left=[Checkpoint(0, 40, b"left")])
    store.documents.set_tokens(DOCUMENT.id, 90)
    store.pictures.put(DOCUMENT.id, 2, "It stays.")
    settle(store)
    row = store.documents.get(DOCUMENT.id)
    assert row == replace(DOCUMENT, missing_pages=(), notes=(("pages_read_off", {"n": 1}),), n_tokens=None)
    assert tuple(store.documents.pages(DOCUMENT.id)) == READ
    assert [section.title for section in store.documents.sections(DOCUMENT.id)] == ["All"]
    for table in ("snapshots", "checkpoints", "worths", "pictures"):
        assert _sql(store, f"SELECT count(*) FROM {table}") == [(0,)], table
    assert store.pictures.original(DOCUMENT.id) == ORIGINAL and store.pictures.counts() == {}


def test_the_file_stays_as_long_as_a_page_is_unread_and_a_text_that_is_the_same_keeps_its_memory(store: Store):
    store.snapshots.put(SNAPSHOT)
    settle(store, PAGES, (2,))
    assert store.pictures.original(DOCUMENT.id) == ORIGINAL and store.pictures.unread(DOCUMENT.id) == [2]
    assert store.snapshots.get(DOCUMENT.id, SNAPSHOT.fingerprint) is not None
    assert store.documents.sections(DOCUMENT.id) == SECTIONS


def test_a_scan_is_none_any_more_when_it_has_text(store: Store):
    scan = replace(DOCUMENT, id="cd" * 8, sha256="cd" * 32, missing_pages=(1, 2))
    store.documents.add(scan, ("", ""), ())
    store.pictures.keep(scan.id, replace(ORIGINAL, scan=True), (1, 2))
    store.pictures.settle(scan.id, ("", ""), (), (1, 2), ())
    assert store.pictures.counts()[scan.id] == (2, True)
    store.pictures.put(scan.id, 1, "Words.")
    store.pictures.settle(scan.id, ("Words.\n", ""), (), (2,), ())
    assert store.pictures.counts()[scan.id] == (1, False)


def test_a_removed_document_takes_no_more_and_what_was_kept_goes_with_it(store: Store):
    store.documents.remove(DOCUMENT.id)
    with pytest.raises(DocumentGone):
        store.pictures.put(DOCUMENT.id, 2, "It stays.")
    store.documents.restore(DOCUMENT.id)
    store.pictures.put(DOCUMENT.id, 2, "It stays.")
    store.documents.remove(DOCUMENT.id)
    assert store.documents.sweep(0.0) == 1
    assert _sql(store, "SELECT (SELECT count(*) FROM originals) + (SELECT count(*) FROM pictures)") == [(0,)]


def test_a_job_becomes_one_that_reads_pictures_first(store: Store):
    job_id = store.jobs.enqueue(DOCUMENT.id)
    assert store.jobs.enqueue(DOCUMENT.id, "ocr") == job_id == store.jobs.enqueue(DOCUMENT.id)
    job = store.jobs.claim("one")
    assert job is not None
    store.jobs.looked(job, 1, 4)
    job = store.jobs.get(job_id)
    assert job is not None and (job.kind, job.pictures, job.of_pictures) == ("ocr", 1, 4)


def test_a_document_and_a_job_of_the_oldest_schema_come_along(tmp_path: Path):
    path = tmp_path / "old.db"
    db = Database(path)
    migrations().apply(db, stop_before="m005_notes")
    db["documents"].insert(
        {"id": DOCUMENT.id, "sha256": DOCUMENT.sha256, "title": "Old", "format": "pdf", "n_pages": 3}
        | {"missing_pages": "[2]", "warnings": "[]", "added_at": DOCUMENT.added_at}
    )
    db["jobs"].insert({"document_id": DOCUMENT.id, "status": "reading", "created_at": "a", "updated_at": "a"})
    db.close()
    with Store.open(path) as store:
        job = store.jobs.latest(DOCUMENT.id)
        assert job is not None and (job.kind, job.pictures, job.of_pictures) == ("read", 0, None)
        assert store.pictures.counts() == {}
        store.pictures.keep(DOCUMENT.id, ORIGINAL, (2,))
        assert store.pictures.counts() == {DOCUMENT.id: (1, False)}
