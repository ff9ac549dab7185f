"""Errors of the database, each a sentence in plain words: what happened and what to do."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# What is written lies twice on the disk for a while, in the write-ahead log and in its place, with some pages around it.
TIMES, AROUND = 2, 2**20
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})  # what the system says where there is no room


def megabytes(n_bytes: int) -> str:
    """An amount as a sentence has it: "1,234.5"."""
    return f"{n_bytes / 1e6:,.1f}"


def free_bytes(path: Path) -> int:
    """How many bytes are free where that file is, 0 where that can't be told."""
    try:
        return shutil.disk_usage(path.parent).free
    except OSError:
        return 0


class StorageError(Exception):
    """Base of every storage error."""


class DatabaseBusy(StorageError):
    """Another process held the database for longer than we wait."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"The database {path} is in use by another program. Close that one, or try again in a moment.")


class DiskFull(StorageError):
    """Too little space left, for about `needed` bytes, in the library or in a copy of it. What was saved before is whole."""

    def __init__(self, path: Path, needed: int) -> None:
        super().__init__(
            f"The disk is full: about {megabytes(needed)} MB are needed, and {megabytes(free_bytes(path))} MB are free, so nothing "
            f"more could be saved in {path}. Free some space and go on: what was saved before is safe."
        )


class NotADatabase(StorageError):
    """The file is something else, or another program's database."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} is not a library ({reason}). It was left untouched; give another path with --db.")


class DatabaseDamaged(StorageError):
    """SQLite found the file's structure broken."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"The database {path} is damaged. In a terminal, “python launch.py doctor” says what is wrong, and with --repair mends what it "
            "can; otherwise put a backup in its place, or move it away to start anew."
        )


class BackupFailed(StorageError):
    """A copy of the library could not be written or put back."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} could not be written or put back ({reason}). Nothing was changed.")


class NewerSchema(StorageError):
    """A newer version of this program made the database."""

    def __init__(self, path: Path, unknown: list[str]) -> None:
        super().__init__(
            f"The database {path} was made by a newer version of this program (it has {', '.join(unknown)}). "
            "It was left untouched; update the program, or give another path with --db."
        )


class DatabaseUnopened(StorageError):
    """The file or its folder can't be opened or made."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"The database {path} can't be opened ({reason}). Is the path right, may you write there?")


class DatabaseReadOnly(StorageError):
    """The file may be read, not written."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"The database {path} may not be written. Change its permissions, or give another path by --db."
        )


class DatabaseFailed(StorageError):
    """Any other failure of the database, such as a disk that fails."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"The database {path} failed: {reason}. Check the disk and try again; what was saved is safe.")


class DocumentGone(StorageError):
    """The document was deleted while something of it was about to be saved."""

    def __init__(self) -> None:
        super().__init__("The document was removed from the shelf meanwhile, so nothing more was saved.")


class JobTaken(StorageError):
    """Another process reads the document by now, since this one had seemed to be dead."""

    def __init__(self) -> None:
        super().__init__("Another window on this library reads the document now, so nothing more was saved here.")


class DocumentDamaged(StorageError):
    """What is kept about a document no longer has the digest it was saved with."""

    def __init__(self, document_id: str) -> None:
        super().__init__(
            f"What is kept about document {document_id} was damaged on the disk. In a terminal, “python launch.py doctor --repair” mends "
            "what it can."
        )


class TextDamaged(StorageError):
    """A page or a section of a document's text no longer has the digest it was saved with, or is lost."""

    def __init__(self, document_id: str) -> None:
        super().__init__(
            f"Some of the text of document {document_id} was damaged on the disk. Add its file again: that mends it; or, in a terminal, "
            "“python launch.py doctor --repair” mends what it can."
        )


class JobDamaged(StorageError):
    """What is kept about a reading no longer has the digest it was saved with."""

    def __init__(self, document_id: str) -> None:
        super().__init__(
            f"What was kept about the reading of document {document_id} was damaged on the disk. Read the document again: that goes on "
            "where it stood."
        )


class FileDamaged(StorageError):
    """The kept file of a document no longer has the digest it was saved with."""

    def __init__(self, document_id: str) -> None:
        super().__init__(
            f"The file that was kept of document {document_id} was damaged on the disk. Add the file again: that mends it."
        )


class NoteDamaged(StorageError):
    """Something that the library keeps about itself no longer has the digest it was saved with."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"What the library keeps under the name “{name}” was damaged on the disk. In a terminal, “python launch.py doctor --repair” "
            "mends what it can."
        )


class SnapshotDamaged(StorageError):
    """A stored memory no longer has the digest it was saved with."""

    def __init__(self, document_id: str) -> None:
        super().__init__(f"The stored memory of document {document_id} is damaged. Read the document again.")


@contextmanager
def named(path: Path, n_bytes: int = 0) -> Iterator[None]:
    """Turns SQLite's errors into the ones above; `n_bytes` are to be written. A broken constraint is our own mistake and passes through
    as it is."""
    try:
        yield
    except sqlite3.IntegrityError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
            raise DocumentGone from error
        raise
    except sqlite3.DatabaseError as error:
        raise _named(error, path, TIMES * n_bytes + AROUND) from error
    except (
        UnicodeDecodeError
    ) as error:  # values are decoded whatever they hold: it is a name in the schema, or SQLite speaks of one
        raise DatabaseDamaged(path) from error


def _named(error: sqlite3.DatabaseError, path: Path, needed: int) -> StorageError:
    code = getattr(error, "sqlite_errorcode", None)
    match None if code is None else code & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return DatabaseBusy(path)
        case sqlite3.SQLITE_FULL:
            return DiskFull(path, needed)
        case sqlite3.SQLITE_IOERR if free_bytes(path) < AROUND:
            return DiskFull(path, needed)  # such as when the log's index can't grow
        case sqlite3.SQLITE_NOTADB:
            return NotADatabase(path, "the file is of another kind")
        case sqlite3.SQLITE_CORRUPT:
            return DatabaseDamaged(path)
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return DatabaseUnopened(path, str(error))
        case sqlite3.SQLITE_READONLY:
            return DatabaseReadOnly(path)
        case _:
            return DatabaseFailed(path, str(error))
