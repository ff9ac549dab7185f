"""The store: one file, its tables, and the writes that touch several of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from storage import checkpoints, digests, snapshots
from storage.chats import ChatTable
from storage.checkpoints import CheckpointTable
from storage.connection import Connection
from storage.documents import DocumentTable
from storage.errors import DocumentGone, NoteDamaged, SnapshotDamaged
from storage.jobs import JobTable
from storage.pictures import PictureTable
from storage.rows import Checkpoint, JobRow, NewSnapshot, SnapshotRow
from storage.snapshots import SnapshotTable
from storage.worths import WorthTable
from storage.worths import write as write_worths


class Store:
    """An open library file, usable from every thread. Every method of it and its tables raises StorageError."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.documents = DocumentTable(connection)
        self.snapshots = SnapshotTable(connection)
        self.pictures = PictureTable(connection)
        self.checkpoints = CheckpointTable(connection)
        self.worths = WorthTable(connection)
        self.chats = ChatTable(connection)
        self.jobs = JobTable(connection)

    @staticmethod
    def open(path: Path, *, busy_seconds: float = 10.0) -> Store:
        """Opens or makes the file and migrates it. Waits up to `busy_seconds` for another process that writes.

        Raises DatabaseUnopened, NotADatabase, NewerSchema, DatabaseBusy, DatabaseReadOnly, DiskFull, DatabaseDamaged.
        """
        return Store(Connection.open(path, busy_seconds))

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._connection.path

    @contextmanager
    def transaction(self, n_bytes: int = 0) -> Iterator[None]:
        """All that is written inside is kept together, or nothing of it; `n_bytes` are how many that is about."""
        with self._connection.transaction(n_bytes):
            yield

    def disk_use(self) -> tuple[int, int]:
        """Bytes that the library takes on disk, and how many of them hold nothing any more."""
        return self._connection.disk_use()

    def record_progress(
        self,
        snapshot: NewSnapshot,
        *,
        job: JobRow | None = None,
        tokens_per_second: float | None = None,
        eta_seconds: float | None = None,
        worths: bytes = b"",
        left: Sequence[Checkpoint] = (),
    ) -> str:
        """Saves a reading's memory and its job's progress in one transaction; a complete memory makes the job 'done'.

        `worths` are those of the tokens since the last time, `left` is what left the memory since its last checkpoint, and with it those
        before that one where they change. Returns the memory's SHA-256. After a crash either all of it is there or nothing. Raises
        DocumentGone, JobTaken.
        """
        departed = sum(len(one.departed) for one in left)
        with self._connection.transaction(len(snapshot.blob) + len(worths) + departed) as db:
            there = "SELECT 1 FROM documents WHERE id = ? AND removed_at IS NULL"
            if db.execute(there, [snapshot.document_id]).fetchone() is None:
                raise DocumentGone
            if job is not None:
                self.jobs.progress(job, snapshot, tokens_per_second, eta_seconds)
            with digests.changing_large(db, snapshot.document_id, snapshot.fingerprint):
                digest = snapshots.write(db, snapshot)
                if worths:
                    write_worths(db, snapshot, worths)
                checkpoints.write(db, snapshot, left)
        return digest

    def memory(self, snapshot: SnapshotRow) -> tuple[SnapshotRow, bytes, tuple[Checkpoint, ...], bytes]:
        """A memory as it is now, with what left it at its checkpoints and what its tokens were worth (nothing where that was not kept for
        each of them), all of one moment: a reading may go on meanwhile. Raises SnapshotDamaged, DocumentGone."""
        try:
            with self._connection.moment():
                kept, blob = self.snapshots.load(snapshot)
                left = self.checkpoints.after(kept.document_id, kept.fingerprint, 0)
                worths = self.worths.of(kept.document_id, kept.fingerprint)
        except SnapshotDamaged:
            self.snapshots.mark_damaged(snapshot)  # what was marked inside is not kept
            raise
        return kept, blob, left, worths if len(worths) == kept.n_tokens else b""

    def put_memory(self, snapshot: NewSnapshot, left: Sequence[Checkpoint], worths: bytes) -> None:
        """Stores a memory that was read elsewhere, with what left it at its checkpoints and what its tokens were worth, in place of the
        one that is there."""
        with self._connection.transaction() as db:
            digests.forget_memories(db, snapshot.document_id, snapshot.fingerprint)
            snapshots.write(db, snapshot)
            checkpoints.write(db, snapshot, left)
            write_worths(db, snapshot, worths)
            digests.seal_large(db, snapshot.document_id, snapshot.fingerprint)

    def note(self, name: str) -> str | None:
        """A fact about the library kept by set_note, or None. Raises NoteDamaged."""
        row = self._connection.row(f"SELECT value, {digests.sound('notes')} AS sound FROM notes WHERE name = ?", [name])
        if row and not row["sound"]:
            raise NoteDamaged(name)
        return row["value"] if row else None

    def set_note(self, name: str, value: str) -> None:
        """Keeps one fact about the library."""
        with self._connection.transaction() as db:
            db.table("notes").upsert({"name": name, "value": value}, pk="name")
            digests.seal(db, "notes", "name = ?", [name])

    def close(self) -> None:
        """Closes the file; calling it twice does no harm."""
        self._connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
