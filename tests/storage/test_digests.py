"""Whatever changes in a row from outside is noticed, named, and stays so; what nobody changed is never called damaged."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils import Database

from storage import (
    Checkpoint,
    DatabaseDamaged,
    FileDamaged,
    NewerSchema,
    OriginalRow,
    StorageError,
    Store,
    TextDamaged,
    digests,
)
from storage.migrations import migrations
from tests.storage.meant import sql
from tests.storage.test_store import DOCUMENT, EVIDENCE, PAGES, SECTIONS, SNAPSHOT

ID = DOCUMENT.id


def fill(store: Store) -> None:
    """One of everything."""
    store.documents.add(DOCUMENT, PAGES, SECTIONS)
    store.pictures.keep(ID, OriginalRow("a.pdf", b"%PDF", True), (2,))
    store.record_progress(
        replace(SNAPSHOT, n_tokens=20, page_starts=b"\0\0\0\0"), worths=bytes(20), left=[Checkpoint(5, 20, b"a")]
    )
    store.record_progress(replace(SNAPSHOT, page_starts=b"\0\0\0\0"), worths=bytes(20), left=[Checkpoint(20, 40, b"b")])
    store.chats.add_turn(ID, "Who?", "Ada.", confidence=0.9, from_memory="Eda.", evidence=EVIDENCE)
    store.chats.add_turn(ID, "Where?", "There.", places=((1, "", "There", ""),))
    store.set_note("settings", "{}")
    store.jobs.enqueue(ID)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("filled") / "library.db"
    with Store.open(path) as store:
        fill(store)
    return path.read_bytes()


@pytest.fixture
def path(filled: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "library.db"
    path.write_bytes(filled)
    return path


@pytest.fixture
def store(path: Path):
    with Store.open(path) as store:
        yield store


def use(store: Store) -> list[str]:
    """Everything that is kept, as it is asked for; returns what is said to be damaged."""
    said = []
    steps: dict[str, Callable[[], object]] = {
        "pages": lambda: store.documents.pages(ID),
        "page": lambda: [store.documents.page(ID, number) for number in (1, 2, 3)],
        "sections": lambda: store.documents.sections(ID),
        "file": lambda: store.pictures.original(ID),
        "memory": lambda: [store.memory(kept) for kept in store.snapshots.of_documents()],
        "note": lambda: store.note("settings"),
    }
    for name, step in steps.items():
        try:
            step()
        except StorageError as error:
            said.append(f"{name}: {type(error).__name__}")
    said += ["document" for row in store.documents.all() if row.damaged]
    said += ["turn" for turn in store.chats.turns(ID) if turn.damaged]
    said += ["chat" for chat in store.chats.all(ID) if chat.damaged]
    said += ["job" for job in store.jobs.latest_of_all().values() if job.damaged]
    return said


def test_columns_are_those_of_the_tables(path: Path) -> None:
    def there(table: str) -> list[str]:
        return [row[1] for row in sql(path, f"PRAGMA table_info({table})")]

    for table, columns in digests.COLUMNS.items():
        assert list(columns) == [name for name in there(table) if name != "digest"] and "digest" in there(table)
    apart = {"snapshots": {"blob", "damaged"}, "checkpoints": {"departed"}, "worths": set()}
    for table, (columns, _) in digests.MEMORY.items():
        assert set(columns) == set(there(table)) - apart[table]
    assert set(digests.FILE_COLUMNS) == set(there("originals")) - {"document_id"}


def test_nothing_is_called_damaged_that_was_only_used(store: Store) -> None:
    assert use(store) == []
    documents, chats = store.documents, store.chats
    documents.describe(ID, "Other", "Ünï", ("a",))
    documents.set_tokens(ID, 90)
    documents.touch(ID)
    documents.remove(ID)
    documents.sweep(1000.0)
    documents.restore(ID)
    documents.remove(ID)
    assert not documents.add(DOCUMENT, PAGES, SECTIONS)
    chats.add_turn(ID, "Who else?", "Nobody.", instead_of=chats.turns(ID)[-1].asked_at)
    first = chats.all(ID)[0].id
    chats.start(ID)
    chats.add_turn(ID, "When?", "Now.", summary=True)
    chats.open(ID, first)
    chats.rename(ID, first, "People")
    chats.add_turn(ID, "Where?", "Here.", owner="somebody")
    copied = chats.turns(ID, owner="somebody")
    assert copied[-1].question == "Where?" and len(copied) > 1 and not any(turn.damaged for turn in copied)
    store.set_note("settings", "[]")
    jobs = store.jobs
    jobs.enqueue(ID, "ocr")
    assert jobs.first(ID)
    for way in ("taken from the silent", "cancelled", "failed", "removed"):
        jobs.enqueue(ID)
        job = jobs.claim("one")
        assert job and jobs.beat(job) and jobs.wish(job) is None and use(store) == []
        jobs.begin(job, fingerprint="a", group_tokens=1, n_tokens=0, total_tokens=2)
        jobs.looked(job, 1, 2)
        if way == "cancelled":
            assert jobs.cancel(ID)
            jobs.finish(job, "cancelled")
        elif way == "failed":
            jobs.finish(job, "failed", "The disk is full.")
        elif way == "removed":
            documents.remove(ID)
            documents.restore(ID)
        else:
            assert jobs.release(jobs.get(job.id))
        assert use(store) == []
    (kept,) = store.snapshots.of_documents()
    store.snapshots.set_page_starts(kept, b"\1\0\0\0")
    assert use(store) == []
    store.pictures.put(ID, 2, "Read off.")
    assert store.pictures.texts(ID) == {2: "Read off."}
    store.pictures.settle(ID, ("One page.",), (), (), ())
    assert use(store) == [] and store.documents.pages(ID) == ["One page."]
    store.put_memory(SNAPSHOT, [Checkpoint(0, 40, b"left")], bytes(40))
    assert use(store) == []
    (kept,) = store.snapshots.of_documents()
    store.snapshots.remove(ID, kept.fingerprint)
    store.put_memory(SNAPSHOT, [], bytes(40))
    assert use(store) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE pages SET text = replace(text, 'tide', 'tidf')", ["pages: TextDamaged", "page: TextDamaged"]),
        ("UPDATE pages SET text = CAST(x'C328' AS TEXT) WHERE number = 1", ["pages: TextDamaged", "page: TextDamaged"]),
        ("UPDATE pages SET digest = x'00' WHERE number = 3", ["pages: TextDamaged", "page: TextDamaged"]),
        ("DELETE FROM pages WHERE number = 2", ["pages: TextDamaged", "page: TextDamaged"]),
        ("UPDATE sections SET title = 'Tidet' WHERE number = 1", ["sections: TextDamaged"]),
        ("UPDATE sections SET \"end\" = x'00'", ["sections: TextDamaged"]),
        ("DELETE FROM sections WHERE number = 2", ["sections: TextDamaged"]),
        ("UPDATE originals SET data = x'25504447'", ["file: FileDamaged"]),
        ("UPDATE snapshots SET page = 2", ["memory: SnapshotDamaged"]),
        ("UPDATE snapshots SET n_tokens = 'many'", ["memory: SnapshotDamaged"]),
        ("UPDATE snapshots SET page_starts = x'01000000'", ["memory: SnapshotDamaged"]),
        ("UPDATE checkpoints SET since = 6 WHERE since = 5", ["memory: SnapshotDamaged"]),
        ("DELETE FROM checkpoints WHERE since = 5", ["memory: SnapshotDamaged"]),
        ("UPDATE worths SET worths = zeroblob(19) || x'01' WHERE n_tokens = 20", ["memory: SnapshotDamaged"]),
        ("UPDATE notes SET value = '[]'", ["note: NoteDamaged"]),
        ("UPDATE documents SET title = 'Of Rides'", ["document"]),
        ("UPDATE documents SET tags = '[', warnings = x'00', n_pages = 3.0", ["document"]),
        ("UPDATE messages SET text = 'Ida.' WHERE text = 'Ada.'", ["turn", "chat"]),
        ("UPDATE messages SET evidence = '[{]' WHERE text = 'Ada.'", ["turn", "chat"]),
        ("UPDATE chats SET title = 'What?'", ["chat"]),
        ("DELETE FROM messages WHERE text = 'Who?'", ["turn", "turn", "chat"]),
        ("DELETE FROM messages", ["chat"]),
        ("UPDATE jobs SET kind = 'sead'", ["job"]),
        ("UPDATE jobs SET error = 'x', digest = x'00'", ["job"]),
        ("UPDATE jobs SET created_at = CAST(x'C328' AS TEXT)", ["job"]),
    ],
)  # fmt: skip
def test_what_changed_is_noticed_and_the_rest_goes_on(path: Path, change: str, said: list[str]) -> None:
    sql(path, change)
    with Store.open(path) as store:
        assert use(store) == said


def test_what_is_damaged_stays_so_when_something_else_changes(path: Path) -> None:
    sql(path, "UPDATE documents SET title = 'Of Rides'")
    sql(path, "UPDATE chats SET title = 'What?'")
    sql(path, "UPDATE checkpoints SET since = 6 WHERE since = 5")
    with Store.open(path) as store:
        store.documents.touch(ID)
        store.documents.remove(ID)
        store.documents.restore(ID)
        store.chats.add_turn(ID, "When?", "Now.")
        store.record_progress(replace(SNAPSHOT, n_tokens=60))
        assert use(store) == ["memory: SnapshotDamaged", "document", "chat"]
        assert store.snapshots.of_documents()[0].damaged, "it is offered to be read again"


def test_a_document_that_a_flip_took_off_the_shelf_is_not_swept(path: Path) -> None:
    sql(path, "UPDATE documents SET removed_at = '', removed_for = 1e9")
    with Store.open(path) as store:
        assert store.documents.all() == [] and store.documents.sweep(0.0) == 0
        assert store.documents.restore(ID) and [row.damaged for row in store.documents.all()] == [True]


def test_a_text_that_is_read_again_mends_a_damaged_one_and_no_other(path: Path) -> None:
    sql(path, "UPDATE pages SET text = 'x' WHERE number = 1")
    sql(path, "DELETE FROM sections WHERE number = 2")
    with Store.open(path) as store:
        assert not store.documents.mend_text(ID, (PAGES[0], "", "Another."), SECTIONS)
        assert not store.documents.mend_text(ID, PAGES, SECTIONS[:1])
        with pytest.raises(TextDamaged, match="Add its file again"):
            store.documents.pages(ID)
        assert store.documents.mend_text(ID, PAGES, SECTIONS)
        assert use(store) == [] and tuple(store.documents.pages(ID)) == PAGES
        assert store.documents.sections(ID) == SECTIONS and store.snapshots.of_documents() != []


def test_a_damaged_file_is_kept_anew_and_a_damaged_picture_read_once_more(path: Path) -> None:
    sql(path, "UPDATE originals SET data = x'00'")
    sql(path, "UPDATE pictures SET text = 'not what was read'")
    with Store.open(path) as store:
        with pytest.raises(FileDamaged, match="Add the file again"):
            store.pictures.original(ID)
        assert store.pictures.texts(ID) == {} and store.pictures.unread(ID) == [2]
        again = OriginalRow("b.pdf", b"%PDF", True)
        store.pictures.keep(ID, again, (2,))
        assert store.pictures.original(ID) == again
        store.pictures.keep(ID, OriginalRow("c.pdf", b"%PDF", True), (2,))
        assert store.pictures.original(ID) == again, "a whole one stays"


def test_an_older_library_has_its_digests_from_now_on(path: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    with closing(sqlite3.connect(old)) as bare:
        migrations().apply(Database(bare), stop_before="m021_digests")
        bare.execute("ATTACH ? AS new", [str(path)])
        for table in (*digests.COLUMNS, *digests.MEMORY, "originals"):
            names = ", ".join(f'"{row[1]}"' for row in bare.execute(f"PRAGMA main.table_info({table})"))
            bare.execute(f"INSERT INTO main.{table} ({names}) SELECT {names} FROM new.{table}")
        bare.commit()
    with Store.open(old) as store, Store.open(path) as new:
        assert use(store) == [] and store.documents.all() == new.documents.all()
        assert store.chats.turns(ID) == new.chats.turns(ID)
    digests_of = (
        "SELECT digest FROM documents UNION ALL SELECT digest FROM messages UNION ALL SELECT digest FROM digests"
    )
    assert sql(old, digests_of) == sql(path, digests_of)


def test_a_migration_that_fails_leaves_the_old_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = tmp_path / "old.db"
    with closing(sqlite3.connect(old)) as bare:
        migrations().apply(Database(bare), stop_before="m021_digests")
    before = sql(old, "SELECT name, sql FROM sqlite_master ORDER BY name")
    monkeypatch.setattr(digests, "typed", lambda columns: "no_such_column")
    with pytest.raises(StorageError):
        Store.open(old)
    assert sql(old, "SELECT name, sql FROM sqlite_master ORDER BY name") == before


@pytest.mark.parametrize("whole", [True, False])
def test_a_damaged_index_is_noticed_at_the_start(path: Path, whole: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not whole:
        monkeypatch.setattr("storage.connection.CHECKED_WHOLE", 0)
    Store.open(path).close()
    ((root,),) = sql(path, "SELECT rootpage FROM sqlite_master WHERE name = 'messages_chat'")
    ((size,),) = sql(path, "PRAGMA page_size")
    data = bytearray(path.read_bytes())
    data[root * size - 1] ^= 1
    path.write_bytes(data)
    with pytest.raises(DatabaseDamaged, match="doctor"):
        Store.open(path)


@pytest.mark.parametrize("table", ["jobs", "pages", "snapshots"])
def test_a_column_whose_name_changed_is_noticed_at_the_start(path: Path, table: str) -> None:
    last = sql(path, f"PRAGMA table_info({table})")[-1][1]
    data = path.read_bytes()
    sql(path, f'ALTER TABLE {table} RENAME COLUMN "{last}" TO "{last[:-1]}{last[-1].upper()}"')
    assert path.read_bytes() != data
    with pytest.raises(DatabaseDamaged):
        Store.open(path)


@pytest.mark.parametrize(
    "changed",
    [
        "ALTER TABLE _sqlite_migrations RENAME COLUMN applied_at TO applied_aT",
        "UPDATE _sqlite_migrations SET name = CAST(name AS BLOB) WHERE name LIKE 'm003%'",
        "UPDATE _sqlite_migrations SET name = replace(name, 'm003', 'm007')",
    ],
)
def test_a_list_of_steps_that_changed_is_named(path: Path, changed: str) -> None:
    sql(path, changed)
    with pytest.raises((DatabaseDamaged, NewerSchema)):
        Store.open(path)
