"""A library looked through from end to end, and what of it can be mended without losing anything.

What is mended is proven by its digest: of a row that differs from what was stored in one bit, that bit is found by trying each; and a
digest that differs from its row's in one bit was itself what changed. Nothing else is ever taken to be right because it is there.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import struct
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from sqlite_utils import Database

from storage import digests
from storage.connection import KNOWN, alone, refuse_foreign
from storage.errors import DatabaseDamaged, DatabaseUnopened, named
from storage.migrations import migrations, steps

Kind = Literal[
    "unreadable", "structure", "schema", "hanging", "entry", "page", "section", "lost", "chat", "picture", "note", "job", "memory",
    "file",
]  # fmt: skip
KINDS: dict[str, Kind] = {
    "documents": "entry",
    "pages": "page",
    "sections": "section",
    "chats": "chat",
    "messages": "chat",
    "pictures": "picture",
    "notes": "note",
    "jobs": "job",
}
OF_DOCUMENT = {
    "documents": "id",
    "messages": "(SELECT document_id FROM chats WHERE chats.id = chat_id)",
    "notes": "NULL",
}
NAMED = {"pages": "number", "sections": "number", "pictures": "number", "notes": "name"}
RAISED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOTADB)
LONGEST = 2**14  # bytes of a value in which a changed bit is looked for: a second or two of trying
MOST_ROWS = 64  # in which one is looked for at a time


@dataclass(frozen=True)
class Damage:
    """One thing that is not as it was stored. `where` is the page, section or note, or what SQLite says."""

    kind: Kind
    document_id: str | None = None
    where: str = ""
    title: str = ""


def examine(path: Path) -> list[Damage]:
    """All that is damaged in a library, which may be in use. Of one that an earlier version wrote only its structure is looked at: it has
    no digests yet. Raises DatabaseUnopened, NotADatabase, NewerSchema, DatabaseBusy."""
    if not path.is_file():
        raise DatabaseUnopened(path, "there is no such file")
    found: list[Damage] = []
    with named(path), closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        digests.register(connection)
        db = Database(connection, execute_plugins=False)
        try:
            refuse_foreign(db, path)
            connection.execute("BEGIN")
            for look in (_structure, _schema, _hanging, *((_rows, _lost, _large) if is_current(db) else ())):
                found += _seen(look, db)
        except (DatabaseDamaged, UnicodeDecodeError):
            found.append(Damage("unreadable", where="the schema has changed"))
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in RAISED:
                raise
            found.append(Damage("unreadable", where=str(error)))
        found = list(dict.fromkeys(found))
        return [replace(one, title=_title(db, one.document_id)) for one in found]


def _title(db: Database, document_id: str | None) -> str:
    """The title of a document; nothing where that can't be found."""
    with suppress(sqlite3.DatabaseError):
        for (title,) in db.execute("SELECT title FROM documents WHERE id = ?", [document_id]).fetchall():
            return str(title)
    return ""


def is_current(db: Database) -> bool:
    """Whether the library has the schema of this version."""
    return {one.name for one in migrations().applied(db)} == {step.__name__ for step in steps()}


def repair(path: Path) -> Path | None:
    """Mends what can be mended; returns where a copy of the library as it was is, which is made before its indexes are built anew.
    Raises DatabaseBusy while another program has it open, and what `examine` raises."""
    aside = None
    with alone(path) as connection:
        digests.register(connection)
        db = Database(connection, execute_plugins=False)
        _mend_rows(db)
        if _seen(_structure, db):
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            aside = path.with_name(f"{path.stem}-damaged-{datetime.now():%Y%m%d-%H%M%S}{path.suffix}")
            shutil.copyfile(path, aside)
            with suppress(sqlite3.DatabaseError):  # it is found again when all is looked through once more
                connection.execute("REINDEX")
            _mend_rows(db)
        for damage in _seen(_large, db):
            if damage.kind == "memory":
                with suppress(sqlite3.DatabaseError):
                    db.execute(
                        "UPDATE snapshots SET damaged = 1 WHERE document_id = ? AND fingerprint = ?",
                        [damage.document_id, damage.where],
                    )
    return aside


def _seen(look: Any, db: Database) -> list[Damage]:
    """What a look finds, and whether it was broken off."""
    found: list[Damage] = []
    try:
        found.extend(look(db))
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
        found.append(Damage("unreadable", where=str(error)))
    return found


def _structure(db: Database) -> Iterator[Damage]:
    for (said,) in db.execute("PRAGMA integrity_check").fetchall():
        if said != "ok":
            yield from (Damage("structure", where=line) for line in str(said).split("\n") if not line.startswith("***"))


def _schema(db: Database) -> Iterator[Damage]:
    if not is_current(db):
        return
    sql = "SELECT type, name, tbl_name, sql FROM sqlite_master"
    with closing(sqlite3.connect(":memory:")) as bare:
        fresh = Database(bare)
        migrations().apply(fresh)
        meant = {(row[0], row[1]): row for row in fresh.execute(sql).fetchall()}
    there = {(row[0], row[1]): row for row in db.execute(sql).fetchall()}
    for key in sorted(meant.keys() | there.keys(), key=str):
        name = str(key[1])
        if meant.get(key) != there.get(key) and KNOWN not in name and not name.startswith("sqlite_stat"):
            yield Damage("schema", where=name)


def _hanging(db: Database) -> Iterator[Damage]:
    for table, *_ in db.execute("PRAGMA foreign_key_check").fetchall():
        yield Damage("hanging", where=table)


def _rows(db: Database) -> Iterator[Damage]:
    for table, kind in KINDS.items():
        of, name = OF_DOCUMENT.get(table, "document_id"), NAMED.get(table, "''")
        sql = f"SELECT {of}, {name} FROM {table} NOT INDEXED WHERE NOT {digests.sound(table)}"
        for document_id, where in db.execute(sql).fetchall():
            yield Damage(kind, None if document_id is None else str(document_id), str(where))


def _lost(db: Database) -> Iterator[Damage]:
    for table in ("pages", "sections"):
        sql = f"SELECT id FROM documents WHERE n_{table} <> (SELECT count(*) FROM {table} WHERE document_id = documents.id)"
        for (document_id,) in db.execute(sql).fetchall():
            yield Damage("lost", str(document_id), table)
    sql = "SELECT document_id FROM chats WHERE n_messages <> (SELECT count(*) FROM messages WHERE chat_id = chats.id)"
    for (document_id,) in db.execute(sql).fetchall():
        yield Damage("chat", str(document_id))


def _large(db: Database) -> Iterator[Damage]:
    """Memories, with what left them, and kept files; and those that should be there by their digest."""
    sql = (
        "SELECT document_id, of FROM digests UNION SELECT document_id, fingerprint FROM snapshots NOT INDEXED"
        f" UNION SELECT document_id, '{digests.FILE}' FROM originals NOT INDEXED"
    )
    for document_id, key in db.execute(sql).fetchall():
        sound = digests.large_is_sound(db, document_id, key)
        if key == digests.FILE:
            if not sound:
                yield Damage("file", str(document_id))
        elif not (sound and all(_blobs(db, document_id, key))):
            yield Damage("memory", str(document_id), str(key))


def _blobs(db: Database, document_id: str, fingerprint: str) -> Iterator[bool]:
    """Whether each has its SHA-256."""
    for table, column in (("snapshots", "blob"), ("checkpoints", "departed")):
        sql = f"SELECT sha256, {column} FROM {table} WHERE document_id = ? AND fingerprint = ?"
        for sha256, blob in db.execute(sql, [document_id, fingerprint]):
            yield isinstance(blob, bytes) and hashlib.sha256(blob).hexdigest() == sha256


def _mend_rows(db: Database) -> None:
    looked = 0
    for table, columns in digests.COLUMNS.items():
        sql = (
            f"SELECT rowid, digest, {digests.typed(columns)} FROM {table} NOT INDEXED WHERE NOT {digests.sound(table)}"
        )
        with suppress(sqlite3.DatabaseError):
            for rowid, digest, *values in db.execute(sql).fetchall():
                looked += 1
                if not isinstance(digest, bytes) or len(digest) != digests.SIZE or looked > MOST_ROWS:
                    continue
                with suppress(sqlite3.DatabaseError):
                    if _bits_apart(digest, digests.digest(*values)) == 1:
                        digests.seal(db, table, "rowid = ?", [rowid])
                        continue
                    found = one_bit(values, digest)
                    if found is not None:
                        at, value, kind = found
                        put = "CAST(? AS TEXT)" if kind == "text" else "?"
                        db.execute(f'UPDATE {table} SET "{columns[at]}" = {put} WHERE rowid = ?', [value, rowid])


def _bits_apart(one: bytes, other: bytes) -> int:
    return (int.from_bytes(one, "little") ^ int.from_bytes(other, "little")).bit_count()


def one_bit(values: Sequence[Any], digest: bytes) -> tuple[int, Any, str] | None:
    """Which of a row's values, as `typed` gives them, had which value before one bit of it changed, and of which kind that is; None where
    it was not one bit, or in a value of more than LONGEST bytes."""
    for at in range(0, len(values), 2):
        kind, value = values[at : at + 2]
        before, behind = digests.hashed(values[:at]), digests.framed(values[at + 2 :])
        for was_kind, was in _neighbours(kind, value):
            made = before.copy()
            made.update(digests.framed([was_kind, was]))
            made.update(behind)
            if made.digest() == digest:
                return at // 2, was, was_kind
    return None


def _neighbours(kind: str, value: Any) -> Iterator[tuple[str, Any]]:
    """What a value may have been before one bit of it changed."""
    match value:
        case bytes() if len(value) <= LONGEST:
            yield ("blob" if kind == "text" else "text"), value
            changed = bytearray(value)
            for at in range(len(value)):
                for bit in range(8):
                    changed[at] ^= 1 << bit
                    yield kind, bytes(changed)
                    changed[at] ^= 1 << bit
        case int():
            for bit in range(63):
                yield from (
                    (kind, value + sign * (1 << bit))
                    for sign in (1, -1)
                    if -(2**63) <= value + sign * (1 << bit) < 2**63
                )
        case float():
            bits = int.from_bytes(struct.pack("<d", value), "little")
            yield from ((kind, struct.unpack("<d", (bits ^ (1 << bit)).to_bytes(8, "little"))[0]) for bit in range(64))
