"""Documents: what they are, their text and their sections."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from storage.connection import Connection, now
from storage.rows import DocumentRow, SectionRow, notes_from

# Kept as JSON, and so are the notes, in a column that is called warnings.
LISTS = ("missing_pages", "tags", "page_labels")
RESTORE = "UPDATE documents SET removed_at = NULL WHERE id = ? AND removed_at IS NOT NULL"
OFF_THE_SHELF = ("removed_at", "removed_for", "counted_at")


class DocumentTable:
    """Documents by id, which is the first 16 hex digits of the file's SHA-256.

    One that was removed is as good as gone, but for `restore`, until `sweep` deletes it.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, row: DocumentRow, pages: Sequence[str], sections: Sequence[SectionRow]) -> bool:
        """Stores a document with text and sections at once. False, and nothing stored, when it is there already; one that was
        removed is put back as it was."""
        values = asdict(row) | {name: json.dumps(getattr(row, name)) for name in LISTS}
        values["warnings"] = json.dumps(values.pop("notes"))
        with self._connection.transaction() as db:
            columns = ", ".join(values)
            marks = ", ".join(f":{name}" for name in values)
            added = db.execute(f"INSERT INTO documents ({columns}) VALUES ({marks}) ON CONFLICT DO NOTHING", values)
            if added.rowcount == 0:
                db.execute(RESTORE, [row.id])
                return False
            db.table("pages").insert_all(
                {"document_id": row.id, "number": number, "text": text} for number, text in enumerate(pages, 1)
            )
            db.table("sections").insert_all({"document_id": row.id, **asdict(section)} for section in sections)
        return True

    def get(self, document_id: str) -> DocumentRow | None:
        """One document, or None."""
        row = self._connection.row("SELECT * FROM documents WHERE id = ? AND removed_at IS NULL", [document_id])
        return _document(row) if row else None

    def all(self) -> list[DocumentRow]:
        """Every document, the last added first."""
        rows = self._connection.rows(
            "SELECT * FROM documents WHERE removed_at IS NULL ORDER BY added_at DESC, rowid DESC"
        )
        return [_document(row) for row in rows]

    def ids_starting(self, beginning: str) -> list[str]:
        """The ids that start with `beginning`, in order."""
        sql = "SELECT id FROM documents WHERE substr(id, 1, length(:it)) = :it AND removed_at IS NULL ORDER BY id"
        return [row["id"] for row in self._connection.rows(sql, {"it": beginning})]

    def pages(self, document_id: str) -> list[str]:
        """The text, page by page."""
        sql = "SELECT text FROM pages WHERE document_id = ? ORDER BY number"
        return [row["text"] for row in self._connection.rows(sql, [document_id])]

    def page(self, document_id: str, number: int) -> str:
        """The text of one page, nothing where there is none."""
        sql = "SELECT text FROM pages WHERE document_id = ? AND number = ?"
        row = self._connection.row(sql, [document_id, number])
        return row["text"] if row else ""

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

    def describe(self, document_id: str, title: str, author: str | None, tags: Sequence[str]) -> None:
        """Keeps another title, author and tags."""
        with self._connection.transaction() as db:
            values = [title, author, json.dumps(list(tags)), document_id]
            db.execute("UPDATE documents SET title = ?, author = ?, tags = ? WHERE id = ?", values)

    def remove(self, document_id: str) -> bool:
        """Takes the document off the shelf and ends its readings; all of it stays till it is swept. False when there was none."""
        with self._connection.transaction() as db:
            sql = (
                "UPDATE documents SET removed_at = :now, removed_for = 0, counted_at = :now"
                " WHERE id = :id AND removed_at IS NULL"
            )
            if db.execute(sql, {"now": now(), "id": document_id}).rowcount == 0:
                return False
            db.execute(
                "UPDATE jobs SET status = 'cancelled' WHERE document_id = ? AND status IN ('queued', 'reading')",
                [document_id],
            )
        return True

    def restore(self, document_id: str) -> bool:
        """Puts a removed document back just as it was. False when there is none."""
        with self._connection.transaction() as db:
            return db.execute(RESTORE, [document_id]).rowcount > 0

    def sweep(self, keep_seconds: float) -> int:
        """Deletes with everything about them the documents that were removed more than so long ago; returns how many.

        Since the time of day may be set, forward or back, the time between two sweeps is added up, and counts for no more than half of
        `keep_seconds`: what was removed just now is there after any one jump of the clock.
        """
        with self._connection.transaction() as db:
            passed = "(julianday(:now) - julianday(counted_at)) * 86400"
            db.execute(
                f"UPDATE documents SET removed_for = removed_for + max(0, min({passed}, :most)), counted_at = :now"
                " WHERE removed_at IS NOT NULL",
                {"now": now(), "most": keep_seconds / 2},
            )
            sql = "DELETE FROM documents WHERE removed_at IS NOT NULL AND removed_for >= ?"
            return db.execute(sql, [keep_seconds]).rowcount


def _document(row: dict[str, Any]) -> DocumentRow:
    kept = {name: value for name, value in row.items() if name not in (*OFF_THE_SHELF, "warnings")}
    lists = {name: tuple(json.loads(row[name])) for name in LISTS}
    return DocumentRow(**kept | lists, notes=notes_from(json.loads(row["warnings"])))
