"""Strengths: how strongly each segment of a document was written to its memory."""

from __future__ import annotations

from collections.abc import Sequence

from sqlite_utils import Database

from storage.connection import Connection
from storage.rows import NewSnapshot

Strength = tuple[int, float]  # the token that a segment ends before, and the mean strength of its tokens, 0 to 1


def write(db: Database, snapshot: NewSnapshot, strengths: Sequence[Strength]) -> None:
    """Keeps them inside the caller's transaction, in place of those of an earlier reading."""
    for n_tokens, strength in strengths:
        db.execute(
            "INSERT INTO strengths (document_id, fingerprint, n_tokens, strength) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (document_id, fingerprint, n_tokens) DO UPDATE SET strength = excluded.strength",
            [snapshot.document_id, snapshot.fingerprint, n_tokens, strength],
        )


class StrengthTable:
    """Strengths by document and fingerprint."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, document_id: str, fingerprint: str) -> list[Strength]:
        """Those of a document as one model read it, in its order."""
        sql = "SELECT n_tokens, strength FROM strengths WHERE document_id = ? AND fingerprint = ? ORDER BY n_tokens"
        return [(row["n_tokens"], row["strength"]) for row in self._connection.rows(sql, [document_id, fingerprint])]
