"""Snapshots: memories at rest, checked by their digest whenever they are loaded."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from sqlite_utils import Database

from storage import digests
from storage.connection import Connection, now
from storage.errors import DocumentGone, SnapshotDamaged, StorageError
from storage.rows import NewSnapshot, SnapshotRow, made

COLUMNS = (
    "id, document_id, fingerprint, n_tokens, total_tokens, page, complete, group_tokens, seconds,"
    " created_at, sha256, n_bytes, damaged"
)


def write(db: Database, snapshot: NewSnapshot) -> str:
    """Stores a memory inside the caller's transaction, in place of the one before, and returns its SHA-256. Its digest is the caller's."""
    digest = hashlib.sha256(snapshot.blob).hexdigest()
    values = {**asdict(snapshot), "created_at": now(), "sha256": digest, "n_bytes": len(snapshot.blob), "damaged": 0}
    kept = ("document_id", "fingerprint")
    changes = ", ".join(f"{name} = excluded.{name}" for name in values if name not in kept)
    db.execute(
        f"INSERT INTO snapshots ({', '.join(values)}) VALUES ({', '.join(f':{name}' for name in values)})"
        f" ON CONFLICT (document_id, fingerprint, section) DO UPDATE SET {changes}",
        values,
    )
    return digest


def mark_damaged(connection: Connection, document_id: str, fingerprint: str) -> None:
    """Keeps that a memory was found damaged, if that can be written: whoever looks for it then knows before it is loaded."""
    with suppress(StorageError), connection.transaction() as db:
        db.execute(
            "UPDATE snapshots SET damaged = 1 WHERE document_id = ? AND fingerprint = ?", [document_id, fingerprint]
        )


class SnapshotTable:
    """Memories by document and fingerprint. The column `section` of earlier versions is 0 in every row."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, snapshot: NewSnapshot) -> str:
        """Stores a memory in place of the one before and returns its SHA-256."""
        with (
            self._connection.transaction() as db,
            digests.changing_large(db, snapshot.document_id, snapshot.fingerprint),
        ):
            return write(db, snapshot)

    def get(self, document_id: str, fingerprint: str) -> SnapshotRow | None:
        """The memory that a model with this fingerprint can use, or None."""
        sql = f"SELECT {COLUMNS} FROM snapshots WHERE document_id = ? AND fingerprint = ?"
        row = self._connection.row(sql, [document_id, fingerprint])
        return _snapshot(row) if row else None

    def of_document(self, document_id: str) -> list[SnapshotRow]:
        """Every memory of the document, one a model, the newest first."""
        sql = f"SELECT {COLUMNS} FROM snapshots WHERE document_id = ? ORDER BY created_at DESC, id DESC"
        return [_snapshot(row) for row in self._connection.rows(sql, [document_id])]

    def of_documents(self) -> list[SnapshotRow]:
        """Every memory of every document, the newest first."""
        sql = f"SELECT {COLUMNS} FROM snapshots ORDER BY created_at DESC, id DESC"
        return [_snapshot(row) for row in self._connection.rows(sql)]

    def load(self, snapshot: SnapshotRow) -> tuple[SnapshotRow, bytes]:
        """The memory's bytes and the row they belong to, which may be newer by now.

        Raises DocumentGone and, once it is marked so, SnapshotDamaged.
        """
        with self._connection.moment() as db:
            row = self._connection.row(f"SELECT {COLUMNS}, blob FROM snapshots WHERE id = ?", [snapshot.id])
            sound = digests.large_is_sound(db, snapshot.document_id, snapshot.fingerprint)
        if row is None:
            raise DocumentGone
        blob = row.pop("blob")
        if not sound or not isinstance(blob, bytes) or hashlib.sha256(blob).hexdigest() != row["sha256"]:
            mark_damaged(self._connection, snapshot.document_id, snapshot.fingerprint)
            raise SnapshotDamaged(snapshot.document_id)
        return _snapshot(row), blob

    def page_starts(self, snapshot: SnapshotRow) -> bytes:
        """At which token each page begins of what was read into this memory (int32); nothing where that was never kept."""
        row = self._connection.row("SELECT page_starts FROM snapshots WHERE id = ?", [snapshot.id])
        return row["page_starts"] if row else b""

    def set_page_starts(self, snapshot: SnapshotRow, page_starts: bytes) -> None:
        """Keeps at which token each page begins."""
        with (
            self._connection.transaction() as db,
            digests.changing_large(db, snapshot.document_id, snapshot.fingerprint),
        ):
            db.execute("UPDATE snapshots SET page_starts = ? WHERE id = ?", [page_starts, snapshot.id])

    def mark_damaged(self, snapshot: SnapshotRow) -> None:
        """Keeps that a memory can't be used, though its digest is right; if that can be written."""
        mark_damaged(self._connection, snapshot.document_id, snapshot.fingerprint)

    def remove(self, document_id: str, fingerprint: str) -> None:
        """Deletes one memory, and what left it, so that its document is read anew."""
        with self._connection.transaction() as db:
            digests.forget_memories(db, document_id, fingerprint)


def _snapshot(row: dict[str, Any]) -> SnapshotRow:
    return made(SnapshotRow, {**row, "complete": bool(row["complete"]), "damaged": bool(row["damaged"])})
