"""A library is copied while it is written, and put back."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from storage import DatabaseBusy, NewerSchema, NotADatabase, StorageError, Store, vacuum
from storage.backup import back_up, put_back
from storage.errors import BackupFailed
from tests.app.small_engine import SmallEngine, shelf
from tests.reliability.workload import book


def filled(path: Path, number: int = 0) -> str:
    """A library with one book, read; returns the book's id."""
    with Store.open(path) as store:
        library = shelf(SmallEngine(), store)
        item = library.add(book(1, number), f"{number}.md")
        library.reader.read(item.id)
        return item.id


def held(path: Path) -> dict[str, str]:
    """What is on the shelf, with the whole text of each."""
    with Store.open(path) as store:
        assert all(item.whole for item in shelf(SmallEngine(), store).shelf())
        return {row.id: "".join(store.documents.pages(row.id)) for row in store.documents.all()}


def test_a_copy_holds_all_and_can_be_put_back(tmp_path: Path) -> None:
    database, file = tmp_path / "library.db", tmp_path / "copy.db"
    filled(database)
    before = held(database)
    back_up(database, file)
    assert held(file) == before and not (tmp_path / "copy.db.part").exists()
    filled(database, 1)
    assert len(held(database)) == 2
    aside = put_back(file, database)
    assert held(database) == before and aside is not None and len(held(aside)) == 2
    assert put_back(file, tmp_path / "new" / "library.db") is None and held(tmp_path / "new" / "library.db") == before


def test_a_copy_is_of_one_moment_while_others_write(tmp_path: Path) -> None:
    database = tmp_path / "library.db"
    document = filled(database)
    stop = threading.Event()
    with Store.open(database) as store:

        def write() -> None:
            number = 0
            while not stop.is_set():
                number += 1
                store.documents.describe(document, f"Title {number}", f"Author {number}", [f"tag {number}"])

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for number in range(8):
                back_up(database, tmp_path / f"{number}.db")
        finally:
            stop.set()
            writer.join()
    for number in range(8):
        with Store.open(tmp_path / f"{number}.db") as copy:
            row = copy.documents.get(document)
            assert row.title.removeprefix("Title ") == str(row.author).removeprefix("Author ") or row.author is None


def test_a_library_that_a_program_has_open_is_not_replaced(tmp_path: Path) -> None:
    database, file = tmp_path / "library.db", tmp_path / "copy.db"
    filled(database)
    back_up(database, file)
    with beside(_HOLDS, database), pytest.raises(DatabaseBusy):
        put_back(file, database)
    assert len(held(database)) == 1 and [one.name for one in tmp_path.glob("library-*")] == []
    put_back(file, database)


_HOLDS = """
import sys
from pathlib import Path
from storage import Store

with Store.open(Path(sys.argv[1])) as store:
    store.documents.all()
    print("open", flush=True)
    sys.stdin.readline()
"""
# copies the library, and waits in the middle of that
_COPIES = """
import sys
from pathlib import Path
from storage import backup

class Slow:
    def __init__(self, source):
        self.source, self.close, self.execute = source, source.close, source.execute

    def backup(self, copy):
        def wait(status, left, total):
            if left == total - 1:
                print("open", flush=True)
                sys.stdin.readline()

        self.source.backup(copy, pages=1, progress=wait)

opened = backup._read_only
backup._read_only = lambda path: Slow(opened(path)) if path == Path(sys.argv[1]) else opened(path)
backup.back_up(Path(sys.argv[1]), Path(sys.argv[1]).with_name("copy.db"))
"""
# has the library for itself, as while it is vacuumed or put back
_ALONE = """
import sys
from pathlib import Path
from storage.connection import alone

with alone(Path(sys.argv[1])):
    print("open", flush=True)
    sys.stdin.readline()
"""


@contextmanager
def beside(program: str, database: Path) -> Iterator[None]:
    """Another process that does so with the library, until the `with` ends; it must end well."""
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout and process.stdout.readline() == "open\n"
    try:
        yield
    finally:
        process.communicate("\n", timeout=60)
    assert process.returncode == 0


@pytest.mark.parametrize("program", [_HOLDS, _COPIES, _ALONE], ids=["the app", "a backup", "a restore"])
def test_a_library_that_another_program_uses_is_not_vacuumed(program: str, tmp_path: Path) -> None:
    database = tmp_path / "library.db"
    ids = [filled(database, number) for number in range(3)]
    with Store.open(database) as store:
        store.documents.remove(ids[0])
        assert store.documents.sweep(0.0) == 1
        everything = {row.id: "".join(store.documents.pages(row.id)) for row in store.documents.all()}
    before = database.stat().st_size
    with beside(program, database), pytest.raises(DatabaseBusy, match="in use by another program"):
        vacuum(database)
    assert held(database) == everything and database.stat().st_size == before
    if program is _COPIES:
        assert held(tmp_path / "copy.db") == everything, "and the copy is whole"
    vacuum(database)
    assert held(database) == everything and database.stat().st_size < before


def test_while_a_library_is_vacuumed_others_wait_and_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database, file = tmp_path / "library.db", tmp_path / "copy.db"
    filled(database)
    back_up(database, file)
    before = file.read_bytes()
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *given, **more: connect(*given, **{**more, "timeout": 0.1}))
    with beside(_ALONE, database):
        for use in (
            lambda: back_up(database, file),
            lambda: put_back(file, database),
            lambda: Store.open(database, busy_seconds=0.1),
        ):
            with pytest.raises(DatabaseBusy):
                use()
    assert file.read_bytes() == before and sorted(tmp_path.glob("*.part*")) == []
    assert held(database) == held(file)


@pytest.mark.parametrize("kind", ["none", "text", "another program's", "damaged", "newer"])
def test_what_is_no_copy_of_a_library_is_refused_and_changes_nothing(kind: str, tmp_path: Path) -> None:
    database, file = tmp_path / "library.db", tmp_path / "copy.db"
    filled(database)
    before = held(database)
    if kind == "text":
        file.write_text("A letter to my aunt. " * 100)
    elif kind == "another program's":
        with sqlite3.connect(file) as other:
            other.execute("CREATE TABLE songs (title TEXT)")
        other.close()
    elif kind in ("damaged", "newer"):
        back_up(database, file)
        if kind == "damaged":
            data = bytearray(file.read_bytes())
            data[4096 : 4096 * 6] = b"\x5a" * (4096 * 5)
            file.write_bytes(data)
        else:
            with sqlite3.connect(file) as newer:
                newer.execute(
                    "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) "
                    "SELECT migration_set, 'm999_later', applied_at FROM _sqlite_migrations LIMIT 1"
                )
            newer.close()
    with pytest.raises(StorageError) as refused:
        put_back(file, database)
    expected = {"none": BackupFailed, "text": NotADatabase, "another program's": NotADatabase, "newer": NewerSchema}
    assert isinstance(refused.value, expected.get(kind, StorageError))
    assert held(database) == before
    assert sorted(one.name for one in tmp_path.glob("*.part*")) == []


def test_a_place_that_can_not_be_written_is_named_and_the_library_itself_is_refused(tmp_path: Path) -> None:
    database = tmp_path / "library.db"
    filled(database)
    with pytest.raises(BackupFailed, match="itself"):
        back_up(database, database)
    with pytest.raises(StorageError):
        back_up(database, tmp_path / "no such folder" / "copy.db")
    with pytest.raises(StorageError):
        back_up(tmp_path / "none.db", tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists() and not (tmp_path / "none.db").exists()
