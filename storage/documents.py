"""Documents: what they are, their text and their sections."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlite_utils import Database

from storage import digests
from storage.connection import Connection, now
from storage.errors import TextDamaged
from storage.rows import DocumentRow, SectionRow, made, notes_from

# Kept as JSON, and so are the notes, in a column that is called warnings.
LISTS = ("missing_pages", "tags", "page_labels")
RESTORE = "UPDATE documents SET removed_at = NULL WHERE id = ? AND removed_at IS NOT NULL"
KEPT = tuple(field.name for field in fields(DocumentRow) if field.name not in (*LISTS, "notes", "damaged"))
SELECT = f"SELECT {', '.join((*KEPT, *LISTS))}, warnings, {digests.sound('documents')} AS sound FROM documents"
SECTION = 'number, title, level, page, last_page, start, "end"'


class DocumentTable:
    """Documents by id, which is the first 16 hex digits of the file's SHA-256.

    One that was removed is as good as gone, but for `restore`, until `sweep` deletes it.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, row: DocumentRow, pages: Sequence[str], sections: Sequence[SectionRow]) -> bool:
        """Stores a document with text and sections at once. False, and nothing stored, when it is there already; one that was
        removed is put back as it was."""
        values = {name: getattr(row, name) for name in KEPT} | {name: json.dumps(getattr(row, name)) for name in LISTS}
        values |= {"warnings": json.dumps(row.notes), "n_sections": len(sections)}
        with self._connection.transaction() as db:
            columns = ", ".join(values)
            marks = ", ".join(f":{name}" for name in values)
            added = db.execute(f"INSERT INTO documents ({columns}) VALUES ({marks}) ON CONFLICT DO NOTHING", values)
            if added.rowcount == 0:
                with digests.changing(db, "documents", "id = ?", [row.id]):
                    db.execute(RESTORE, [row.id])
                return False
            digests.seal(db, "documents", "id = ?", [row.id])
            write_text(db, row.id, pages, sections)
        return True

    def get(self, document_id: str) -> DocumentRow | None:
        """One document, or None."""
        row = self._connection.row(f"{SELECT} WHERE id = ? AND removed_at IS NULL", [document_id])
        return _document(row) if row else None

    def all(self) -> list[DocumentRow]:
        """Every document, the last added first."""
        rows = self._connection.rows(f"{SELECT} WHERE removed_at IS NULL ORDER BY added_at DESC, rowid DESC")
        return [_document(row) for row in rows]

    def ids_starting(self, beginning: str) -> list[str]:
        """The ids that start with `beginning`, in order."""
        sql = "SELECT id FROM documents WHERE substr(id, 1, length(:it)) = :it AND removed_at IS NULL ORDER BY id"
        return [row["id"] for row in self._connection.rows(sql, {"it": beginning})]

    def pages(self, document_id: str) -> list[str]:
        """The text, page by page. Raises TextDamaged."""
        sql = f"SELECT text, {digests.sound('pages')} AS sound FROM pages WHERE document_id = ? ORDER BY number"
        with self._connection.moment():
            rows, n_pages = self._connection.rows(sql, [document_id]), self._number_of("n_pages", document_id)
        if len(rows) != n_pages or not all(row["sound"] for row in rows):
            raise TextDamaged(document_id)
        return [row["text"] for row in rows]

    def page(self, document_id: str, number: int) -> str:
        """The text of one page, nothing where there is none. Raises TextDamaged."""
        sql = f"SELECT text, {digests.sound('pages')} AS sound FROM pages WHERE document_id = ? AND number = ?"
        with self._connection.moment():
            row, n_pages = self._connection.row(sql, [document_id, number]), self._number_of("n_pages", document_id)
        if not (row["sound"] if row else number > n_pages):
            raise TextDamaged(document_id)
        return row["text"] if row else ""

    def sections(self, document_id: str) -> tuple[SectionRow, ...]:
        """The document's sections in order. Raises TextDamaged."""
        sql = f"SELECT {SECTION}, {digests.sound('sections')} AS sound FROM sections WHERE document_id = ? ORDER BY number"
        with self._connection.moment():
            rows, n_sections = self._connection.rows(sql, [document_id]), self._number_of("n_sections", document_id)
        sound = [row.pop("sound") for row in rows]
        if len(rows) != n_sections or not all(sound):
            raise TextDamaged(document_id)
        return tuple(SectionRow(**row) for row in rows)

    def listed_sections(self, document_id: str) -> tuple[SectionRow, ...]:
        """The same as a shelf lists them: without a look at their digests."""
        sql = f"SELECT {SECTION} FROM sections WHERE document_id = ? ORDER BY number"
        return tuple(made(SectionRow, row) for row in self._connection.rows(sql, [document_id]))

    def all_sections(self) -> dict[str, tuple[SectionRow, ...]]:
        """The sections of every document, by document id, as `listed_sections` has them."""
        sql = f"SELECT document_id, {SECTION} FROM sections ORDER BY number"
        found: dict[str, list[SectionRow]] = {}
        for row in self._connection.rows(sql):
            found.setdefault(row.pop("document_id"), []).append(made(SectionRow, row))
        return {document_id: tuple(sections) for document_id, sections in found.items()}

    def set_tokens(self, document_id: str, n_tokens: int) -> None:
        """Keeps how many tokens the document has."""
        self._set(document_id, n_tokens=n_tokens)

    def touch(self, document_id: str) -> None:
        """Keeps that the document was asked just now."""
        self._set(document_id, last_asked_at=now())

    def describe(self, document_id: str, title: str, author: str | None, tags: Sequence[str]) -> None:
        """Keeps another title, author and tags."""
        self._set(document_id, title=title, author=author, tags=json.dumps(list(tags)))

    def remove(self, document_id: str) -> bool:
        """Takes the document off the shelf and ends its readings; all of it stays till it is swept. False when there was none."""
        with self._connection.transaction() as db:
            sql = (
                "UPDATE documents SET removed_at = :now, removed_for = 0, counted_at = :now"
                " WHERE id = :id AND removed_at IS NULL"
            )
            with digests.changing(db, "documents", "id = ?", [document_id]):
                removed = db.execute(sql, {"now": now(), "id": document_id}).rowcount
            if removed == 0:
                return False
            active = "document_id = ? AND status IN ('queued', 'reading')"
            with digests.changing(db, "jobs", active, [document_id]):
                db.execute(f"UPDATE jobs SET status = 'cancelled' WHERE {active}", [document_id])
        return True

    def restore(self, document_id: str) -> bool:
        """Puts a removed document back just as it was. False when there is none."""
        with self._connection.transaction() as db, digests.changing(db, "documents", "id = ?", [document_id]):
            return db.execute(RESTORE, [document_id]).rowcount > 0

    def sweep(self, keep_seconds: float) -> int:
        """Deletes with everything about them the documents that were removed more than so long ago; returns how many.

        Since the time of day may be set, forward or back, the time between two sweeps is added up, and counts for no more than half of
        `keep_seconds`: what was removed just now is there after any one jump of the clock. One that is damaged stays: it may never have
        been removed.
        """
        with self._connection.transaction() as db:
            passed = "(julianday(:now) - julianday(counted_at)) * 86400"
            removed = f"removed_at IS NOT NULL AND {digests.sound('documents')}"
            with digests.changing(db, "documents", removed, []):
                db.execute(
                    f"UPDATE documents SET removed_for = removed_for + max(0, min({passed}, :most)), counted_at = :now"
                    f" WHERE {removed}",
                    {"now": now(), "most": keep_seconds / 2},
                )
            sql = f"DELETE FROM documents WHERE removed_for >= ? AND {removed}"
            return db.execute(sql, [keep_seconds]).rowcount

    def mend_text(self, document_id: str, pages: Sequence[str], sections: Sequence[SectionRow]) -> bool:
        """Puts a text that was read again in the place of a damaged one, and leaves the memories; where all that is not damaged is the
        same in both, so that it is the same text. False, and nothing changed, where it is not."""
        fresh = {"pages": dict(enumerate(pages, 1)), "sections": {section.number: section for section in sections}}
        with self._connection.transaction() as db:
            for table, columns in (("pages", "number, text"), ("sections", SECTION)):
                sql = f"SELECT {columns} FROM {table} WHERE document_id = ? AND {digests.sound(table)}"
                for row in self._connection.rows(sql, [document_id]):
                    kept = row["text"] if table == "pages" else SectionRow(**row)
                    if fresh[table].get(row["number"]) != kept:
                        return False
            if [len(pages), len(sections)] != [self._number_of(f"n_{table}", document_id) for table in fresh]:
                return False
            write_text(db, document_id, pages, sections)
        return True

    def _set(self, document_id: str, **values: Any) -> None:
        with self._connection.transaction() as db, digests.changing(db, "documents", "id = ?", [document_id]):
            changes = ", ".join(f"{name} = :{name}" for name in values)
            db.execute(f"UPDATE documents SET {changes} WHERE id = :id", values | {"id": document_id})

    def _number_of(self, column: str, document_id: str) -> int:
        """How many pages or sections the document should have, 0 where there is none."""
        row = self._connection.row(f"SELECT {column} AS n FROM documents WHERE id = ?", [document_id])
        return row["n"] if row and isinstance(row["n"], int) else 0


def write_text(db: Database, document_id: str, pages: Sequence[str], sections: Sequence[SectionRow]) -> None:
    """Gives a document its text, in place of the one it has, inside the caller's transaction; how many sections that has stands with the
    document."""
    for table in ("pages", "sections"):
        db.execute(f"DELETE FROM {table} WHERE document_id = ?", [document_id])
    db.table("pages").insert_all(
        {"document_id": document_id, "number": number, "text": text} for number, text in enumerate(pages, 1)
    )
    db.table("sections").insert_all({"document_id": document_id, **asdict(section)} for section in sections)
    for table in ("pages", "sections"):
        digests.seal(db, table, "document_id = ?", [document_id])


def _document(row: dict[str, Any]) -> DocumentRow:
    damaged = not row.pop("sound")
    lists = {name: _list(row.pop(name), damaged) for name in (*LISTS, "warnings")}
    try:
        notes = notes_from(lists.pop("warnings"))
    except ValueError:
        if not damaged:
            raise
        notes = ()
    return made(DocumentRow, row | lists | {"notes": notes, "damaged": damaged})


def _list(stored: Any, damaged: bool) -> tuple[Any, ...]:
    """A list kept as JSON; of a damaged row nothing where that is none any more."""
    try:
        return tuple(json.loads(stored))
    except (ValueError, TypeError):
        if not damaged:
            raise
        return ()
