"""Worths: what each token of a document was worth keeping, one byte a token, in the pieces in which it was read."""

from __future__ import annotations

from sqlite_utils import Database

from storage.connection import Connection
from storage.rows import NewSnapshot


def write(db: Database, snapshot: NewSnapshot, worths: bytes) -> None:
    """Keeps those of the last tokens of a memory inside the caller's transaction, in place of those of an earlier reading."""
    begin = snapshot.n_tokens - len(worths)
    db.execute(
        "DELETE FROM worths WHERE document_id = ? AND fingerprint = ? AND n_tokens > ?",
        [snapshot.document_id, snapshot.fingerprint, begin],
    )
    db.execute(
        "INSERT INTO worths (document_id, fingerprint, n_tokens, worths) VALUES (?, ?, ?, ?)",
        [snapshot.document_id, snapshot.fingerprint, snapshot.n_tokens, worths],
    )


class WorthTable:
    """Worths by document and fingerprint."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, document_id: str, fingerprint: str) -> bytes:
        """Those of a document, one byte a token, from its first one on as far as they are known."""
        sql = "SELECT n_tokens, worths FROM worths WHERE document_id = ? AND fingerprint = ? ORDER BY n_tokens"
        found = bytearray()
        for row in self._connection.rows(sql, [document_id, fingerprint]):
            if len(found) + len(row["worths"]) != row["n_tokens"]:
                break  # some of an older memory were never kept
            found += row["worths"]
        return bytes(found)
