"""A library is copied while it is written, and put back."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from storage import DatabaseBusy, NewerSchema, NotADatabase, StorageError, Store
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
    program = subprocess.Popen(
        [sys.executable, "-c", _HOLDS, str(database)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert program.stdout and program.stdout.readline() == "open\n"
    try:
        with pytest.raises(DatabaseBusy):
            put_back(file, database)
    finally:
        program.communicate("\n")
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
