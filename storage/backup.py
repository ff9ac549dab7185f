"""A copy of the whole library while it is in use, and such a copy put back in its place."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

from storage.connection import Connection, alone
from storage.errors import AROUND, FULL, BackupFailed, DatabaseBusy, DatabaseDamaged, DiskFull, NotADatabase, named


def back_up(database: Path, file: Path) -> None:
    """Writes a copy of the library in `database` as it is at one moment; whoever reads and writes it meanwhile goes on. A file that is
    there is replaced when the copy is whole. Raises BackupFailed, DiskFull, StorageError."""
    if file.exists() and database.exists() and file.samefile(database):
        raise BackupFailed(file, "it is the library itself")
    with _part_of(file, database) as part:
        with named(database), closing(_read_only(database)) as source:
            part.unlink(missing_ok=True)
            with closing(sqlite3.connect(part)) as copy:
                _copy(source, copy)
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, with no log beside it
        _check(part)
        _settle(part, file)


def put_back(file: Path, database: Path) -> Path | None:
    """Puts a copy that `back_up` wrote in the place of the library; returns where the one that was there is now. Refused while a program
    has the library open. Raises BackupFailed, DiskFull, DatabaseBusy, NotADatabase, NewerSchema, StorageError."""
    if not file.is_file():
        raise BackupFailed(file, "there is no such file")
    with _part_of(database, file) as part:
        database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with named(file), closing(_read_only(file)) as source, closing(sqlite3.connect(part)) as copy:
            _copy(source, copy)
        Connection.open(part, busy_seconds=1.0).close()  # a library, and not of a newer version
        _check(part)
        aside = _move_aside(database) if database.exists() else None
        _settle(part, database)
        return aside


@contextmanager
def _part_of(file: Path, source: Path) -> Iterator[Path]:
    """What a copy of `source` is called until it is whole; whatever happens then, nothing of that name stays. Raises BackupFailed, and
    DiskFull with the room that it needs."""
    part = file.with_name(f"{file.name}.part")
    try:
        try:
            yield part
        finally:
            for end in ("", "-wal", "-shm", "-journal"):
                part.with_name(part.name + end).unlink(missing_ok=True)
    except DiskFull as error:  # once the part is gone, so that its room counts as free
        raise DiskFull(file, _n_bytes(source)) from error
    except OSError as error:
        if error.errno in FULL:
            raise DiskFull(file, _n_bytes(source)) from error
        raise BackupFailed(file, error.strerror or str(error)) from error


def _n_bytes(library: Path) -> int:
    """How large a copy may be."""
    parts = (library.with_name(library.name + end) for end in ("", "-wal"))
    return sum(part.stat().st_size for part in parts if part.exists()) + AROUND


def _copy(source: sqlite3.Connection, copy: sqlite3.Connection) -> None:
    """Copies all of it as it is at one moment."""
    # backup() itself would wait for ever for a program that has the library for itself; a read waits as long as it may and then fails
    source.execute("BEGIN")
    source.execute("SELECT count(*) FROM sqlite_master").fetchone()
    source.backup(copy)


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def _check(path: Path) -> None:
    with named(path), closing(_read_only(path)) as copy:
        if copy.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise DatabaseDamaged(path)
        if not copy.execute("SELECT 1 FROM sqlite_master WHERE name = 'documents'").fetchone():
            raise NotADatabase(path, "it holds no documents")


def _move_aside(database: Path) -> Path:
    """Renames the library, of which no other program has a part open; what stood in its log is written into it first."""
    with alone(database) as connection:
        if connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            raise DatabaseBusy(database)
        aside = database.with_name(f"{database.stem}-{datetime.now():%Y%m%d-%H%M%S}{database.suffix}")
        database.replace(aside)
    for end in ("-wal", "-shm"):
        database.with_name(database.name + end).unlink(missing_ok=True)
    return aside


def _settle(part: Path, file: Path) -> None:
    """Gives the finished file its name; after a power cut it is the old one or the new one."""
    with part.open("rb") as written:
        os.fsync(written.fileno())
    part.replace(file)
