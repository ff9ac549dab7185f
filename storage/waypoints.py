"""Waypoints: memories as they were on the way through a document, so that it can be asked as of an earlier page."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sqlite_utils import Database

from storage.connection import Connection
from storage.errors import SnapshotDamaged
from storage.rows import NewSnapshot, WaypointRow


def write(db: Database, snapshot: NewSnapshot, digest: str) -> None:
    """Keeps a memory with its SHA-256 as a waypoint, inside the caller's transaction; one that is there already stays."""
    db.execute(
        "INSERT INTO waypoints (document_id, fingerprint, n_tokens, group_tokens, sha256, blob)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        [
            snapshot.document_id,
            snapshot.fingerprint,
            snapshot.n_tokens,
            snapshot.group_tokens,
            digest,
            snapshot.blob,
        ],
    )


def drop(db: Database, document_id: str, fingerprint: str, tokens: Sequence[int]) -> None:
    """Forgets the waypoints at these token counts, inside the caller's transaction."""
    for n_tokens in tokens:
        db.execute(
            "DELETE FROM waypoints WHERE document_id = ? AND fingerprint = ? AND n_tokens = ?",
            [document_id, fingerprint, n_tokens],
        )


class WaypointTable:
    """Waypoints by document, fingerprint and how many tokens had been read."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def tokens(self, document_id: str, fingerprint: str) -> list[int]:
        """After how many tokens there is one, in order."""
        sql = "SELECT n_tokens FROM waypoints WHERE document_id = ? AND fingerprint = ? ORDER BY n_tokens"
        return [row["n_tokens"] for row in self._connection.rows(sql, [document_id, fingerprint])]

    def before(self, document_id: str, fingerprint: str, n_tokens: int) -> WaypointRow | None:
        """The last one that holds no more than the first `n_tokens` tokens, or None. Raises SnapshotDamaged."""
        sql = (
            "SELECT n_tokens, group_tokens, sha256, blob FROM waypoints"
            " WHERE document_id = ? AND fingerprint = ? AND n_tokens <= ? ORDER BY n_tokens DESC LIMIT 1"
        )
        row = self._connection.row(sql, [document_id, fingerprint, n_tokens])
        if row is None:
            return None
        if not isinstance(row["blob"], bytes) or hashlib.sha256(row["blob"]).hexdigest() != row["sha256"]:
            raise SnapshotDamaged(document_id)
        return WaypointRow(row["n_tokens"], row["group_tokens"], row["blob"])
