"""Strengths: how strongly each segment of a document was written to its memory, and what its tokens were worth keeping."""

from __future__ import annotations

from collections.abc import Sequence

from sqlite_utils import Database

from storage.connection import Connection
from storage.rows import NewSnapshot

Strength = tuple[int, float]  # the token that a segment ends before, and the mean strength of its tokens, 0 to 1
Written = tuple[int, float, bytes]  # that, and one byte a token


def write(db: Database, snapshot: NewSnapshot, written: Sequence[Written]) -> None:
    """Keeps them inside the caller's transaction, in place of those of an earlier reading."""
    for n_tokens, strength, worths in written:
        db.execute(
            "INSERT INTO strengths (document_id, fingerprint, n_tokens, strength, worths) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (document_id, fingerprint, n_tokens)"
            " DO UPDATE SET strength = excluded.strength, worths = excluded.worths",
            [snapshot.document_id, snapshot.fingerprint, n_tokens, strength, worths],
        )


class StrengthTable:
    """Strengths by document and fingerprint."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, document_id: str, fingerprint: str) -> list[Strength]:
        """Those of a document as one model read it, in its order."""
        sql = "SELECT n_tokens, strength FROM strengths WHERE document_id = ? AND fingerprint = ? ORDER BY n_tokens"
        return [(row["n_tokens"], row["strength"]) for row in self._connection.rows(sql, [document_id, fingerprint])]

    def worths(self, document_id: str, fingerprint: str) -> bytes:
        """What the tokens of a document were worth keeping, one byte each, from its first one on as far as that is known."""
        sql = "SELECT n_tokens, worths FROM strengths WHERE document_id = ? AND fingerprint = ? ORDER BY n_tokens"
        found = bytearray()
        for row in self._connection.rows(sql, [document_id, fingerprint]):
            if len(found) + len(row["worths"]) != row["n_tokens"]:
                break  # read before this was kept
            found += row["worths"]
        return bytes(found)
