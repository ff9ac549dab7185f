"""Originals: the files whose pages are shown as printed; and their pages without text, until that has been read off them (OCR)."""

from __future__ import annotations

import json
from collections.abc import Sequence

from storage import digests
from storage.connection import Connection
from storage.documents import write_text
from storage.errors import DocumentGone, FileDamaged
from storage.rows import Notes, OriginalRow, SectionRow

READ = f"(text IS NOT NULL AND {digests.sound('pictures')})"


class PictureTable:
    """One file a document to take pages' pictures from, and pages without text by document and number."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, document_id: str, original: OriginalRow, numbers: Sequence[int]) -> None:
        """Keeps the file and which of its pages, if any, gave no text; what is there already stays, unless it is damaged."""
        with self._connection.transaction() as db:
            if not digests.large_is_sound(db, document_id, digests.FILE) or not digests.stored(
                db, document_id, digests.FILE
            ):
                db.execute(
                    "INSERT OR REPLACE INTO originals (document_id, name, data, scan) VALUES (?, ?, ?, ?)",
                    [document_id, original.name, original.data, original.scan],
                )
                digests.seal_large(db, document_id, digests.FILE)
            for number in numbers:
                sql = "INSERT INTO pictures (document_id, number) VALUES (?, ?) ON CONFLICT DO NOTHING"
                if db.execute(sql, [document_id, number]).rowcount:
                    digests.seal(db, "pictures", "document_id = ? AND number = ?", [document_id, number])

    def original(self, document_id: str) -> OriginalRow | None:
        """The file, or None where none was kept. Raises FileDamaged."""
        with self._connection.moment() as db:
            row = self._connection.row("SELECT name, data, scan FROM originals WHERE document_id = ?", [document_id])
            if not digests.large_is_sound(db, document_id, digests.FILE):
                raise FileDamaged(document_id)
        return OriginalRow(row["name"], row["data"], bool(row["scan"])) if row else None

    def unread(self, document_id: str) -> list[int]:
        """The pages whose text is still to be read off them, in order; one whose text was damaged is read once more."""
        sql = f"SELECT number FROM pictures WHERE document_id = ? AND NOT {READ} ORDER BY number"
        return [row["number"] for row in self._connection.rows(sql, [document_id])]

    def texts(self, document_id: str) -> dict[int, str]:
        """What was read off the pages so far, by page."""
        sql = f"SELECT number, text FROM pictures WHERE document_id = ? AND {READ}"
        return {row["number"]: row["text"] for row in self._connection.rows(sql, [document_id])}

    def counts(self) -> dict[str, tuple[int, bool]]:
        """For each document whose text lacks pages that could be read off: how many of them, and whether it can't be read without.

        At least 1, for a process may have died just before what was read became text.
        """
        sql = (
            "SELECT document_id, max(1, sum(text IS NULL)) AS unread, scan FROM originals JOIN pictures USING (document_id)"
            " GROUP BY document_id"
        )
        return {row["document_id"]: (row["unread"], bool(row["scan"])) for row in self._connection.rows(sql)}

    def put(self, document_id: str, number: int, text: str) -> None:
        """Keeps what was read off one page. Raises DocumentGone."""
        with self._connection.transaction() as db:
            sql = (
                "UPDATE pictures SET text = ? WHERE document_id = ? AND number = ?"
                " AND EXISTS (SELECT 1 FROM documents WHERE id = document_id AND removed_at IS NULL)"
            )
            if db.execute(sql, [text, document_id, number]).rowcount == 0:
                raise DocumentGone
            digests.seal(db, "pictures", "document_id = ? AND number = ?", [document_id, number])

    def settle(
        self,
        document_id: str,
        pages: Sequence[str],
        sections: Sequence[SectionRow],
        missing_pages: Sequence[int],
        notes: Notes,
    ) -> None:
        """Gives the document the text with what was read off its pages, at once. Where that changes the text, every memory of the
        old one is forgotten."""
        with self._connection.transaction() as db, digests.changing(db, "documents", "id = ?", [document_id]):
            db.execute(
                "UPDATE documents SET missing_pages = ?, warnings = ? WHERE id = ?",
                [json.dumps(list(missing_pages)), json.dumps(notes), document_id],
            )
            kept = "SELECT text FROM pages WHERE document_id = ? ORDER BY number"
            if [text for (text,) in db.execute(kept, [document_id]).fetchall()] != list(pages):
                sql = "UPDATE documents SET n_tokens = NULL, n_pages = ?, n_sections = ? WHERE id = ?"
                db.execute(sql, [len(pages), len(sections), document_id])
                digests.forget_memories(db, document_id)
                write_text(db, document_id, pages, sections)
            if any(page.strip() for page in pages):
                with digests.changing_large(db, document_id, digests.FILE):
                    db.execute("UPDATE originals SET scan = 0 WHERE document_id = ? AND scan = 1", [document_id])
            left = f"SELECT 1 FROM pictures WHERE document_id = ? AND NOT {READ} LIMIT 1"
            if db.execute(left, [document_id]).fetchone() is None:
                db.execute("DELETE FROM pictures WHERE document_id = ?", [document_id])
