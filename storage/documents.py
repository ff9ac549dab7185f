"""Documents: what they are, their text and their sections."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from storage.connection import Connection, now
from storage.rows import DocumentRow, SectionRow


class DocumentTable:
    """Documents by id, which is the first 16 hex digits of the file's SHA-256."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, row: DocumentRow, pages: Sequence[str], sections: Sequence[SectionRow]) -> bool:
        """Stores a document with text and sections at once. False, and nothing changed, when it is there already."""
        values = {**asdict(row), "missing_pages": json.dumps(row.missing_pages), "warnings": json.dumps(row.warnings)}
        with self._connection.transaction() as db:
            columns = ", ".join(values)
            marks = ", ".join(f":{name}" for name in values)
            added = db.execute(f"INSERT INTO documents ({columns}) VALUES ({marks}) ON CONFLICT DO NOTHING", values)
            if added.rowcount == 0:
                return False
            db.table("pages").insert_all(
                {"document_id": row.id, "number": number, "text": text} for number, text in enumerate(pages, 1)
            )
            db.table("sections").insert_all({"document_id": row.id, **asdict(section)} for section in sections)
        return True

    def get(self, document_id: str) -> DocumentRow | None:
        """One document, or None."""
        row = self._connection.row("SELECT * FROM documents WHERE id = ?", [document_id])
        return _document(row) if row else None

    def all(self) -> list[DocumentRow]:
        """Every document, the last added first."""
        rows = self._connection.rows("SELECT * FROM documents ORDER BY added_at DESC, rowid DESC")
        return [_document(row) for row in rows]

    def ids_starting(self, beginning: str) -> list[str]:
        """The ids that start with `beginning`, in order."""
        sql = "SELECT id FROM documents WHERE substr(id, 1, length(:it)) = :it ORDER BY id"
        return [row["id"] for row in self._connection.rows(sql, {"it": beginning})]

    def pages(self, document_id: str) -> list[str]:
        """The text, page by page."""
        sql = "SELECT text FROM pages WHERE document_id = ? ORDER BY number"
        return [row["text"] for row in self._connection.rows(sql, [document_id])]

    def sections(self, document_id: str) -> tuple[SectionRow, ...]:
        """The document's sections in order."""
        sql = (
            'SELECT number, title, level, page, last_page, start, "end" FROM sections'
            " WHERE document_id = ? ORDER BY number"
        )
        return tuple(SectionRow(**row) for row in self._connection.rows(sql, [document_id]))

    def all_sections(self) -> dict[str, tuple[SectionRow, ...]]:
        """The sections of every document, by document id."""
        sql = 'SELECT document_id, number, title, level, page, last_page, start, "end" FROM sections ORDER BY number'
        found: dict[str, list[SectionRow]] = {}
        for row in self._connection.rows(sql):
            found.setdefault(row.pop("document_id"), []).append(SectionRow(**row))
        return {document_id: tuple(sections) for document_id, sections in found.items()}

    def set_tokens(self, document_id: str, n_tokens: int) -> None:
        """Keeps how many tokens the document has."""
        with self._connection.transaction() as db:
            db.execute("UPDATE documents SET n_tokens = ? WHERE id = ?", [n_tokens, document_id])

    def touch(self, document_id: str) -> None:
        """Keeps that the document was asked just now."""
        with self._connection.transaction() as db:
            db.execute("UPDATE documents SET last_asked_at = ? WHERE id = ?", [now(), document_id])

    def remove(self, document_id: str) -> bool:
        """Deletes the document with everything about it. False when there was none."""
        with self._connection.transaction() as db:
            return db.execute("DELETE FROM documents WHERE id = ?", [document_id]).rowcount > 0


def _document(row: dict[str, Any]) -> DocumentRow:
    missing, warnings = json.loads(row["missing_pages"]), json.loads(row["warnings"])
    return DocumentRow(**{**row, "missing_pages": tuple(missing), "warnings": tuple(warnings)})
