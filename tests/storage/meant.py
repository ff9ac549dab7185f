"""A library changed from outside: as by a program that keeps its digests, so that something else than damage is tested, or by one that
knows nothing of them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from storage import digests


def change(path: Path, statement: str, *values: object) -> None:
    """Runs one statement on the library file and gives everything in it its digest anew."""
    connection = sqlite3.connect(path)
    digests.register(connection)
    with connection:
        db = Database(connection)
        db.execute(statement, values)
        for table in digests.COLUMNS:
            digests.seal(db, table)
        for document_id, key in db.execute("SELECT document_id, of FROM digests").fetchall():
            digests.seal_large(db, document_id, key)
    connection.close()


def sql(path: Path, statement: str, *values: object) -> list[tuple]:
    """Runs one statement by a program that knows nothing of digests, and returns its rows."""
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement, values).fetchall()
