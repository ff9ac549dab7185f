"""Checkpoints: what left a memory on the way through a document, so that it can be asked as of an earlier page."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sqlite_utils import Database

from storage import digests
from storage.connection import Connection
from storage.errors import SnapshotDamaged
from storage.rows import Checkpoint, NewSnapshot
from storage.snapshots import mark_damaged


def write(db: Database, snapshot: NewSnapshot, left: Sequence[Checkpoint]) -> None:
    """Keeps what left the memory since each of those checkpoints, inside the caller's transaction. They take the place of all that was
    written for the first of them and for later ones."""
    for one in left[:1]:
        db.execute(
            "DELETE FROM checkpoints WHERE document_id = ? AND fingerprint = ? AND since >= ?",
            [snapshot.document_id, snapshot.fingerprint, one.since],
        )
    for one in left:
        _insert(db, snapshot.document_id, snapshot.fingerprint, one)


def _insert(db: Database, document_id: str, fingerprint: str, one: Checkpoint) -> None:
    db.execute(
        "INSERT INTO checkpoints (document_id, fingerprint, since, n_tokens, sha256, departed) VALUES (?, ?, ?, ?, ?, ?)",
        [document_id, fingerprint, one.since, one.n_tokens, hashlib.sha256(one.departed).hexdigest(), one.departed],
    )


class CheckpointTable:
    """Checkpoints by document, fingerprint and the number of tokens that had been read."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def n_bytes(self, document_id: str, fingerprint: str, before: int) -> int:
        """How many bytes are kept for the checkpoints that stand before the first `before` tokens were read."""
        sql = (
            "SELECT sum(length(departed)) AS n FROM checkpoints WHERE document_id = ? AND fingerprint = ? AND since < ?"
        )
        row = self._connection.row(sql, [document_id, fingerprint, before])
        return row["n"] or 0 if row else 0

    def of_documents(self) -> dict[str, int]:
        """How many bytes are kept for earlier pages, by document id; of documents that have any."""
        sql = (
            "SELECT document_id, sum(length(departed)) AS n FROM checkpoints"
            " WHERE document_id IN (SELECT id FROM documents WHERE removed_at IS NULL) GROUP BY document_id HAVING n > 0"
        )
        return {row["document_id"]: row["n"] for row in self._connection.rows(sql)}

    def remove(self, document_id: str) -> None:
        """Lets go of what is kept for earlier pages of all of a document's memories, and keeps that this was done: as what left, of which
        nothing is known, before the end of what is read by now."""
        sql = (
            "SELECT fingerprint, n_tokens FROM snapshots WHERE document_id = ? AND fingerprint IN"
            " (SELECT fingerprint FROM checkpoints WHERE document_id = snapshots.document_id AND length(departed) > 0)"
        )
        with self._connection.transaction() as db:
            for fingerprint, n_tokens in db.execute(sql, [document_id]).fetchall():
                with digests.changing_large(db, document_id, fingerprint):
                    db.execute(
                        "DELETE FROM checkpoints WHERE document_id = ? AND fingerprint = ?", [document_id, fingerprint]
                    )
                    _insert(db, document_id, fingerprint, Checkpoint(0, n_tokens, b""))

    def last(self, document_id: str, fingerprint: str) -> int:
        """After how many tokens the last one stands, 0 where there is none."""
        sql = "SELECT max(since) AS since FROM checkpoints WHERE document_id = ? AND fingerprint = ?"
        row = self._connection.row(sql, [document_id, fingerprint])
        return row["since"] or 0 if row else 0

    def after(self, document_id: str, fingerprint: str, n_tokens: int) -> tuple[Checkpoint, ...]:
        """All in which something may have left that was there after the first `n_tokens` tokens, in their order.

        Raises SnapshotDamaged, once the memory is marked so.
        """
        sql = (
            "SELECT since, n_tokens, sha256, departed FROM checkpoints"
            " WHERE document_id = ? AND fingerprint = ? AND n_tokens > ? ORDER BY since"
        )
        found = []
        for row in self._connection.rows(sql, [document_id, fingerprint, n_tokens]):
            blob = row["departed"]
            if not isinstance(blob, bytes) or hashlib.sha256(blob).hexdigest() != row["sha256"]:
                mark_damaged(self._connection, document_id, fingerprint)
                raise SnapshotDamaged(document_id)
            found.append(Checkpoint(row["since"], row["n_tokens"], blob))
        return tuple(found)
