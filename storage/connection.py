"""One connection for all threads of the process, behind one lock; other processes wait on SQLite's own."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from storage import digests
from storage.digests import Parameters
from storage.errors import DatabaseDamaged, DatabaseUnopened, NewerSchema, NotADatabase, named
from storage.migrations import columns, migrations, names_of, steps

# A file of so many bytes is checked as a whole when it is opened, which takes a hundredth of a second; of a larger one the tables that
# hold neither texts nor memories, for all of it would take seconds.
CHECKED_WHOLE = 2**25
KNOWN = "_sqlite_migrations"  # which steps a library has been through
CHECKED_ALWAYS = ("documents", "sections", "chats", "messages", "jobs", "notes", "digests", KNOWN)


def now() -> str:
    """The time as it is stored: ISO 8601, UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


class Connection:
    """An open, migrated database."""

    def __init__(self, db: Database, path: Path) -> None:
        self._db = db
        self._lock = threading.RLock()
        self._n_bytes = 0
        self.path = path

    @staticmethod
    def open(path: Path, busy_seconds: float) -> Connection:
        """Opens or makes the database and brings its schema up to date. Raises StorageError."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise DatabaseUnopened(path, error.strerror or str(error)) from error
        with named(path):
            # isolation_level stays the default: sqlite-utils' atomic() needs the driver's own transaction handling.
            db = Database(sqlite3.connect(path, timeout=busy_seconds, check_same_thread=False), execute_plugins=False)
            digests.register(db.conn)
        try:
            with named(path):
                refuse_foreign(db, path)
                _refuse_damaged(db, path)
                _enable_wal(db, busy_seconds)
                db.execute("PRAGMA foreign_keys = ON")
                _migrate(db, path)
                _refuse_renamed(db, path)
        except BaseException:
            db.close()
            raise
        return Connection(db, path)

    def close(self) -> None:
        """Closes the file; calling it twice does no harm."""
        with self._lock:
            self._db.close()

    def disk_use(self) -> tuple[int, int]:
        """Bytes that the file takes on disk, with what SQLite keeps beside it, and how many of them hold nothing any more."""
        with self._lock, named(self.path):
            free, page = (self._db.execute(f"PRAGMA {what}").fetchone()[0] for what in ("freelist_count", "page_size"))
        beside = (self.path.with_name(f"{self.path.name}{end}") for end in ("", "-wal", "-shm"))
        return sum(path.stat().st_size for path in beside if path.exists()), free * page

    @contextmanager
    def transaction(self, n_bytes: int = 0) -> Iterator[Database]:
        """All or nothing; within another one a part of that. The right to write is waited for at its beginning: a transaction that only
        read so far could not get it any more once another process has written. `n_bytes` are how many it is about to write, where they are
        many: a full disk then says how much room is needed. Raises StorageError."""
        with self._lock, self._about_to_write(n_bytes), named(self.path, self._n_bytes):
            if self._db.conn.in_transaction:
                with self._db.atomic() as db:
                    yield db
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                self._db.rollback()
                raise

    @contextmanager
    def _about_to_write(self, n_bytes: int) -> Iterator[None]:
        self._n_bytes += n_bytes
        try:
            yield
        finally:
            self._n_bytes -= n_bytes

    @contextmanager
    def moment(self) -> Iterator[Database]:
        """All that is read inside is of one moment, whatever other processes write. Raises StorageError."""
        with self._lock, named(self.path):
            if self._db.conn.in_transaction:
                yield self._db
                return
            self._db.execute("BEGIN")
            try:
                yield self._db
            finally:
                self._db.rollback()

    def rows(self, sql: str, parameters: Parameters = ()) -> list[dict[str, Any]]:
        """All rows of a SELECT. Raises StorageError."""
        with self._lock, named(self.path):
            return list(self._db.query(sql, parameters))

    def row(self, sql: str, parameters: Parameters = ()) -> dict[str, Any] | None:
        """The first row of a SELECT, or None."""
        found = self.rows(sql, parameters)
        return found[0] if found else None


@contextmanager
def alone(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection of a program that has the library for itself, each statement a transaction. Raises DatabaseBusy, StorageError."""
    with named(path), closing(sqlite3.connect(path, timeout=0.0, isolation_level=None)) as connection:
        # with a write-ahead log the file is locked alone only where nobody else is connected
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
        connection.execute("COMMIT")
        yield connection


def vacuum(path: Path) -> None:
    """Gives the disk back what holds nothing any more in a library that no program has open, not even to copy it: it would be written while
    that reads, and be no smaller before that ends. Needs room for a copy meanwhile. Raises DatabaseBusy, DiskFull, StorageError."""
    with alone(path) as connection, named(path, path.stat().st_size):
        connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def refuse_foreign(db: Database, path: Path) -> None:
    """Raises NotADatabase for the database of another program, NewerSchema for one of a later version, DatabaseDamaged where it can't be
    told."""
    tables = set(db.table_names())
    if KNOWN in tables and not {"migration_set", "name", "applied_at"}.issubset(names_of(db, KNOWN)):
        raise DatabaseDamaged(path)
    if tables and not migrations().applied(db):
        raise NotADatabase(path, "it is the database of another program")
    known = {step.__name__ for step in steps()}
    unknown = [str(migration.name) for migration in migrations().applied(db) if migration.name not in known]
    if unknown:
        raise NewerSchema(path, unknown)


def _refuse_renamed(db: Database, path: Path) -> None:
    """A column whose name changed on the disk is found by nobody who asks for it."""
    if any(names_of(db, table) != names for table, names in columns().items()):
        raise DatabaseDamaged(path)


def _refuse_damaged(db: Database, path: Path) -> None:
    there = set(db.table_names())
    tables = [name for name in CHECKED_ALWAYS if name in there] if path.stat().st_size > CHECKED_WHOLE else [""]
    for table in tables:
        of = f"({table})" if table else ""
        if db.execute(f"PRAGMA integrity_check{of}").fetchone() != ("ok",):
            raise DatabaseDamaged(path)


def _enable_wal(db: Database, busy_seconds: float) -> None:
    # Alone of all statements this one doesn't wait for a lock by itself, in a file that another process is just making.
    deadline = time.monotonic() + busy_seconds
    while True:
        try:
            return db.enable_wal()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
        time.sleep(0.02)


def _migrate(db: Database, path: Path) -> None:
    # The write lock is taken first: two processes that start together must not both make the tables.
    db.execute("BEGIN IMMEDIATE")
    try:
        migrations().apply(db)
    except BaseException:
        db.rollback()
        raise
    db.commit()
