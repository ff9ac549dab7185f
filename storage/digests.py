"""Digests, by which a byte that changed on the disk is noticed.

Each row of the small tables carries one over all of its columns. A memory and a kept file are large: SQLite writes a row as a whole, so
theirs stand beside them in a table of their own. That of a memory is over everything about it but the bytes that its rows have a SHA-256
of: a row that is lost changes it as well. How many sections a document has, and how many messages a conversation, is kept with these,
for the same reason.

A digest is written by whatever writes its row, in the same transaction. A row that is found damaged keeps its old digest when something
else in it is changed, and so stays damaged.
"""

from __future__ import annotations

import hashlib
import sqlite3
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlite_utils import Database

Parameters = Sequence[Any] | Mapping[str, Any]  # what stands in the blanks of a statement
SIZE = 16  # bytes
COLUMNS: dict[str, tuple[str, ...]] = {
    "documents": (
        "id", "sha256", "title", "author", "format", "n_pages", "n_tokens", "missing_pages", "warnings", "added_at",
        "last_asked_at", "tags", "removed_at", "page_labels", "removed_for", "counted_at", "n_sections",
    ),
    "pages": ("document_id", "number", "text"),
    "sections": ("document_id", "number", "title", "level", "page", "last_page", "start", "end"),
    "chats": ("id", "document_id", "title", "created_at", "opened", "n_messages", "owner", "copy_of"),
    "messages": (
        "id", "chat_id", "role", "text", "created_at", "places", "page", "summary", "confidence", "declined", "from_memory",
        "evidence",
    ),
    "pictures": ("document_id", "number", "text"),
    "notes": ("name", "value"),
    "jobs": (
        "id", "document_id", "kind", "status", "fingerprint", "group_tokens", "n_tokens", "total_tokens", "tokens_per_second",
        "eta_seconds", "error", "created_at", "updated_at", "rank", "pictures", "of_pictures", "owner", "beat", "wish",
    ),
}  # fmt: skip
# what a memory is made of, in the order in which it is digested; the bytes of `blob` and `departed` have their SHA-256 there. The step
# m021 reads these: where a later one adds a column, that step needs the lists of before.
MEMORY: dict[str, tuple[tuple[str, ...], str]] = {
    "snapshots": (
        (
            "id", "document_id", "fingerprint", "section", "n_tokens", "total_tokens", "page", "complete", "group_tokens",
            "seconds", "created_at", "sha256", "n_bytes", "page_starts",
        ),
        "id",
    ),
    "checkpoints": (("document_id", "fingerprint", "since", "n_tokens", "sha256"), "since"),
    "worths": (("document_id", "fingerprint", "n_tokens", "worths"), "n_tokens"),
}  # fmt: skip
FILE = ""  # the key of a document's kept file, in the place of a fingerprint
FILE_COLUMNS = ("name", "scan", "data")


def register(connection: sqlite3.Connection) -> None:
    """Teaches a connection the SQL function `digest`, and to show bytes that are no letters any more instead of failing on them."""
    connection.create_function("digest", -1, digest, deterministic=True)
    connection.text_factory = lambda data: data.decode("utf-8", "replace")


def digest(*values: object) -> bytes:
    """SIZE bytes over values as `typed` gives them: the kind of each, then the value."""
    return hashed(values).digest()


def hashed(values: Iterable[object]) -> hashlib.blake2b:
    """What a digest is taken of, so far as these values go."""
    made = hashlib.blake2b(digest_size=SIZE)
    for value in values:
        data = _bytes(value)
        made.update(len(data).to_bytes(8, "little"))
        made.update(data)
    return made


def framed(values: Iterable[object]) -> bytes:
    """The same bytes by themselves."""
    return b"".join(len(data).to_bytes(8, "little") + data for data in map(_bytes, values))


def _bytes(value: object) -> bytes:
    match value:
        case None:
            return b""
        case bytes():
            return value
        case float():
            return struct.pack("<d", value)
        case _:
            return str(value).encode()


def typed(columns: Sequence[str]) -> str:
    """SQL for the kind of each column and its value; text as its bytes, whether or not these are letters still."""
    return ", ".join(
        f"""typeof("{name}"), iif(typeof("{name}") = 'text', CAST("{name}" AS BLOB), "{name}")""" for name in columns
    )


def sound(table: str) -> str:
    """SQL for whether a row has the digest that it should have."""
    return f"{table}.digest IS digest({typed(COLUMNS[table])})"


def seal(db: Database, table: str, where: str = "1", values: Parameters = ()) -> None:
    """Gives rows that were just written their digests, inside the caller's transaction."""
    db.execute(f"UPDATE {table} SET digest = digest({typed(COLUMNS[table])}) WHERE {where}", values)


@contextmanager
def changing(db: Database, table: str, where: str, values: Parameters) -> Iterator[None]:
    """Gives the rows that are changed inside new digests, but for those that were damaged before."""
    rows = db.execute(f"SELECT rowid FROM {table} WHERE ({where}) AND {sound(table)}", values).fetchall()
    yield
    for row in rows:
        seal(db, table, "rowid = ?", row)


def of_large(db: Database, document_id: str, key: str) -> bytes | None:
    """The digest that a memory, by its fingerprint, or the kept file of a document should have; None where there is none."""
    if key == FILE:
        row = db.execute(f"SELECT {typed(FILE_COLUMNS)} FROM originals WHERE document_id = ?", [document_id]).fetchone()
        return None if row is None else digest(*row)
    values: list[object] = []
    for table, (columns, order) in MEMORY.items():
        sql = f"SELECT {typed(columns)} FROM {table} WHERE document_id = ? AND fingerprint = ? ORDER BY {order}"
        for row in db.execute(sql, [document_id, key]).fetchall():
            values += row
    return digest(*values) if values else None


def stored(db: Database, document_id: str, key: str) -> bytes | None:
    """The digest that it was given."""
    row = db.execute("SELECT digest FROM digests WHERE document_id = ? AND of = ?", [document_id, key]).fetchone()
    return row[0] if row else None


def large_is_sound(db: Database, document_id: str, key: str) -> bool:
    """Whether it has the digest that it should have, or is not there at all."""
    return stored(db, document_id, key) == of_large(db, document_id, key)


def seal_large(db: Database, document_id: str, key: str) -> None:
    """Gives it its digest, inside the caller's transaction."""
    made = of_large(db, document_id, key)
    db.execute("DELETE FROM digests WHERE document_id = ? AND of = ?", [document_id, key])
    if made is not None:
        db.execute("INSERT INTO digests (document_id, of, digest) VALUES (?, ?, ?)", [document_id, key, made])


@contextmanager
def changing_large(db: Database, document_id: str, key: str) -> Iterator[None]:
    """Gives what is changed inside a new digest, unless it was damaged before."""
    fits = large_is_sound(db, document_id, key)
    yield
    if fits:
        seal_large(db, document_id, key)


def forget_memories(db: Database, document_id: str, fingerprint: str | None = None) -> None:
    """Deletes one memory of a document with what left it, or all, inside the caller's transaction."""
    for table in (*MEMORY, "digests"):
        key = "of" if table == "digests" else "fingerprint"
        db.execute(
            f"DELETE FROM {table} WHERE document_id = ? AND {key} = coalesce(?, {key}) AND {key} <> ?",
            [document_id, fingerprint, FILE],
        )
