"""A library changed from outside as by a program that keeps its digests: what is tested then is something else than damage."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlite_utils import Database

from storage import digests


def change(path: Path, sql: str, *values: object) -> None:
    """Runs one statement on the library file and gives everything in it its digest anew."""
    connection = sqlite3.connect(path)
    digests.register(connection)
    with connection:
        db = Database(connection)
        db.execute(sql, values)
        for table in digests.COLUMNS:
            digests.seal(db, table)
        for document_id, key in db.execute("SELECT document_id, of FROM digests").fetchall():
            digests.seal_large(db, document_id, key)
    connection.close()
