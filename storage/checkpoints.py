"""Checkpoints: what left a memory on the way through a document, so that it can be asked as of an earlier page."""

from __future__ import annotations

import hashlib

from sqlite_utils import Database

from storage.connection import Connection
from storage.errors import SnapshotDamaged
from storage.rows import Checkpoint, NewSnapshot
from storage.snapshots import mark_damaged


def write(db: Database, snapshot: NewSnapshot, checkpoint: Checkpoint) -> None:
    """Keeps what left the memory since that checkpoint, inside the caller's transaction. It takes the place of what was written
    for the same checkpoint before, and of all later ones, which belong to an earlier reading."""
    db.execute(
        "DELETE FROM checkpoints WHERE document_id = ? AND fingerprint = ? AND since >= ?",
        [snapshot.document_id, snapshot.fingerprint, checkpoint.since],
    )
    db.execute(
        "INSERT INTO checkpoints (document_id, fingerprint, since, n_tokens, sha256, departed) VALUES (?, ?, ?, ?, ?, ?)",
        [
            snapshot.document_id,
            snapshot.fingerprint,
            checkpoint.since,
            checkpoint.n_tokens,
            hashlib.sha256(checkpoint.departed).hexdigest(),
            checkpoint.departed,
        ],
    )


class CheckpointTable:
    """Checkpoints by document, fingerprint and the number of tokens that had been read."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

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
