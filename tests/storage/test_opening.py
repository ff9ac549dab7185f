"""Opening a library file: new, old, newer, foreign, broken, locked, full. Every failure has a name."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import (
    DatabaseBusy,
    DatabaseDamaged,
    DatabaseReadOnly,
    DatabaseUnopened,
    DiskFull,
    NewerSchema,
    NotADatabase,
    Store,
)
from storage.migrations import migrations, steps
from tests.storage.test_store import DOCUMENT, PAGES, SECTIONS, SNAPSHOT


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "library.db"


def _schema(path: Path) -> list[tuple]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY name").fetchall()
    finally:
        connection.close()


def test_what_was_stored_is_there_after_closing(path: Path):
    with Store.open(path) as store:
        store.documents.add(DOCUMENT, PAGES, SECTIONS)
        store.snapshots.put(SNAPSHOT)
    with Store.open(path) as store:
        assert store.documents.all() == [DOCUMENT]
        kept = store.snapshots.get(DOCUMENT.id, SNAPSHOT.fingerprint)
        assert kept is not None and store.snapshots.load(kept)[1] == SNAPSHOT.blob


def test_write_ahead_log_and_foreign_keys_are_on(path: Path):
    Store.open(path).close()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_opening_twice_changes_nothing(path: Path):
    Store.open(path).close()
    schema = _schema(path)
    with Store.open(path), Store.open(path):
        pass
    assert _schema(path) == schema


@pytest.mark.parametrize("stop_before", [step.__name__ for step in steps()][1:])
def test_every_older_schema_is_brought_up_to_date(tmp_path: Path, stop_before: str):
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    db = Database(old)
    migrations().apply(db, stop_before=stop_before)
    db["documents"].insert(
        {"id": "ab" * 8, "sha256": "ab" * 32, "title": "Old", "format": "text", "n_pages": 1, "missing_pages": "[]"}
        | {"warnings": "[]", "added_at": "2031-02-03T04:05:06.007+00:00"}
    )
    db.close()
    with Store.open(old) as store:
        assert [row.title for row in store.documents.all()] == ["Old"]
        store.jobs.enqueue("ab" * 8)
    Store.open(new).close()
    assert _schema(old) == _schema(new)


def test_of_an_older_library_chats_and_memories_stay_and_what_no_model_can_use_goes(path: Path):
    db, id_ = Database(path), "ab" * 8
    migrations().apply(db, stop_before="m015_checkpoints")
    db["documents"].insert(
        {"id": id_, "sha256": "ab" * 32, "title": "Old", "format": "text", "n_pages": 1, "missing_pages": "[]"}
        | {"warnings": "[]", "added_at": "2031-02-03T04:05:06.007+00:00"}
    )
    db["chats"].insert({"id": 1, "document_id": id_, "title": "", "created_at": "a"})
    for role, text, grounding in (("user", "Who?", None), ("assistant", "Ada.", 1.5)):
        db["messages"].insert({"chat_id": 1, "role": role, "text": text, "grounding": grounding, "created_at": "a"})
    snapshot = {"document_id": id_, "fingerprint": "old", "n_tokens": 9, "total_tokens": 9, "page": 1, "complete": 1}
    for section in (0, 2):
        db["snapshots"].insert(
            snapshot
            | {"section": section, "group_tokens": 9, "seconds": 1.0, "created_at": "a", "sha256": "a", "n_bytes": 1}
            | {"blob": b"x"}
        )
    db["waypoints"].insert(
        {"document_id": id_, "fingerprint": "old", "n_tokens": 5, "group_tokens": 9, "sha256": "a", "blob": b"x"}
    )
    for end, worths in ((5, b"abcde"), (9, b"fghi")):
        db["strengths"].insert(
            {"document_id": id_, "fingerprint": "old", "n_tokens": end, "strength": 0.5, "worths": worths}
        )
    db.close()
    with Store.open(path) as store:
        (turn,) = store.chats.turns(id_)
        assert (turn.question, turn.answer, turn.confidence, turn.evidence) == ("Who?", "Ada.", None, None)
        (kept,) = store.snapshots.of_document(id_)
        assert (kept.fingerprint, kept.n_tokens) == ("old", 9) and store.snapshots.page_starts(kept) == b""
        assert store.worths.of(id_, "old") == b"abcdefghi" and store.checkpoints.after(id_, "old", 0) == ()


def test_a_newer_schema_is_refused_and_left_alone(path: Path):
    Store.open(path).close()
    db = Database(path)
    later = migrations()

    @later()
    def m999_from_the_future(db: Database) -> None:
        db["marvels"].create({"id": int}, pk="id")

    later.apply(db)
    db.close()
    before = path.read_bytes()
    with pytest.raises(NewerSchema, match=r"m999_from_the_future.*update the program"):
        Store.open(path)
    assert path.read_bytes() == before


def test_a_file_of_another_kind_is_refused_and_left_alone(path: Path):
    path.write_bytes(b"Dear diary, " * 100)
    with pytest.raises(NotADatabase, match="left untouched"):
        Store.open(path)
    assert path.read_bytes() == b"Dear diary, " * 100


def test_the_database_of_another_program_is_refused_and_left_alone(path: Path):
    db = Database(path)
    db["bookmarks"].insert({"address": "somewhere"})
    db.close()
    before = path.read_bytes()
    with pytest.raises(NotADatabase, match="another program"):
        Store.open(path)
    assert path.read_bytes() == before


def test_a_damaged_file_is_named(path: Path):
    with Store.open(path) as store:
        store.documents.add(DOCUMENT, ("word " * 20_000,), SECTIONS)
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(data)
    with pytest.raises(DatabaseDamaged, match="backup"), Store.open(path) as store:
        store.documents.all()


def test_a_folder_or_a_path_through_a_file_can_not_be_opened(tmp_path: Path, path: Path):
    with pytest.raises(DatabaseUnopened, match="can't be opened"):
        Store.open(tmp_path)
    path.write_text("a file")
    with pytest.raises(DatabaseUnopened):
        Store.open(path / "library.db")


def test_a_locked_database_is_named_and_works_again_afterwards(path: Path):
    with Store.open(path, busy_seconds=0.05) as store:
        other = sqlite3.connect(path)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(DatabaseBusy, match="in use"):
            store.documents.add(DOCUMENT, PAGES, SECTIONS)
        with pytest.raises(DatabaseBusy):
            Store.open(path, busy_seconds=0.05)
        other.rollback()
        other.close()
        assert store.documents.add(DOCUMENT, PAGES, SECTIONS)


def test_opening_waits_for_a_process_that_is_just_making_the_file(path: Path):
    Store.open(path).close()
    other = sqlite3.connect(path, check_same_thread=False)
    other.execute("PRAGMA journal_mode = delete")
    other.execute("BEGIN EXCLUSIVE")
    release = threading.Timer(0.2, other.rollback)
    release.start()
    with Store.open(path, busy_seconds=60.0) as store:
        assert store.documents.all() == []
    release.join()
    other.close()


def test_a_full_disk_is_named_and_keeps_what_was_saved(path: Path):
    with Store.open(path) as store:
        store.documents.add(DOCUMENT, PAGES, SECTIONS)
        store.snapshots.put(SNAPSHOT)
        kept = store.snapshots.get(DOCUMENT.id, SNAPSHOT.fingerprint)
        store.jobs.enqueue(DOCUMENT.id)
        job = store.jobs.claim("one")
        assert job is not None
        # SQLite's own limit on the file's size fails in the same way as a disk without space.
        store.snapshots._connection.rows("PRAGMA max_page_count = 1")
        big = SNAPSHOT.__class__(**{**SNAPSHOT.__dict__, "n_tokens": 60, "blob": bytes(300_000)})
        with pytest.raises(DiskFull, match="saved before is safe"):
            store.record_progress(big, job=job)
        assert kept is not None and store.snapshots.load(kept) == (kept, SNAPSHOT.blob)
        assert store.jobs.get(job.id) == job and job.n_tokens == 0


def test_a_file_that_may_not_be_written_is_named(path: Path):
    with Store.open(path) as store:
        with store.snapshots._connection.transaction() as db:
            db.execute("PRAGMA query_only = 1")
        with pytest.raises(DatabaseReadOnly, match="may not be written"):
            store.documents.add(DOCUMENT, PAGES, SECTIONS)


def test_processes_that_start_together_make_one_schema(tmp_path: Path):
    path = tmp_path / "library.db"
    line = "import sys, pathlib, storage; storage.Store.open(pathlib.Path(sys.argv[1]), busy_seconds=120).close()"
    started = [subprocess.Popen([sys.executable, "-c", line, str(path)]) for _ in range(3)]
    assert [process.wait(600) for process in started] == [0, 0, 0]
    with Store.open(path) as store:
        assert store.documents.all() == []
