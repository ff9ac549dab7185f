"""A library that may not be written, is held by another program, or has no room left: a named error, and nothing is lost."""

from __future__ import annotations

import random
import sqlite3
from functools import partial
from pathlib import Path

from app.errors import LibraryError
from app.library import Library
from app.reading import SavePolicy
from storage import DatabaseBusy, DiskFull, StorageError, Store
from tests.app.small_engine import SmallEngine, shelf
from tests.reliability.outcome import Outcome
from tests.reliability.workload import book


def full(tries: int, seed: int, folder: Path) -> Outcome:
    """The disk fills at a random size of the library; with more room all goes on."""
    chance, broken = random.Random(seed), []
    for number in range(tries):
        path = folder / f"{number}.db"
        with Store.open(path) as store:
            first = shelf(SmallEngine(group=17), store, SavePolicy(groups=2)).add(book(seed, 0), "0.md")
            connection = store.documents._connection._db.conn
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            connection.execute(f"PRAGMA max_page_count = {pages + chance.randrange(12)}")
            library = shelf(SmallEngine(group=17), store, SavePolicy(groups=2))
            refused = ""
            try:
                _work(library, seed, first.id)
            except DiskFull as error:
                refused = str(error)
            except (StorageError, LibraryError) as error:
                broken.append(f"try {number}, seed {seed}: {type(error).__name__} instead of DiskFull")
            connection.execute("PRAGMA max_page_count = 1073741823")
            if refused and "room" not in refused and "space" not in refused and "full" not in refused:
                broken.append(f"try {number}, seed {seed}: {refused!r} does not say what is wrong")
            _work(library, seed, first.id)
            broken += [f"try {number}, seed {seed}: {fault}" for fault in _halves(library, store)]
    return Outcome(tries, tuple(broken))


def locked(tries: int, seed: int, folder: Path) -> Outcome:
    """Another program holds the library; the error has a name, and when it lets go all goes on."""
    broken = []
    for number in range(tries):
        path = folder / f"{number}.db"
        with Store.open(path, busy_seconds=0.05) as store:
            library = shelf(SmallEngine(group=17), store)
            item = library.add(book(seed, number), "a.md")
            other = sqlite3.connect(path, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            more = book(seed, number + 1)
            for name, step in (
                ("add", partial(library.add, more, "b.md")),
                ("describe", partial(library.describe, item.id, title="B")),
                ("read", partial(library.reader.read, item.id)),
            ):
                try:
                    step()
                    broken.append(f"try {number}: {name} wrote into a library that another program held")
                except DatabaseBusy:
                    pass
            if library.get(item.id).id != item.id:
                broken.append(f"try {number}: what is there could not be seen")
            other.execute("ROLLBACK")
            other.close()
            _work(library, seed, item.id)
            broken += [f"try {number}: {fault}" for fault in _halves(library, store)]
    return Outcome(tries, tuple(broken))


def _work(library: Library, seed: int, first: str) -> None:
    library.reader.read(first)
    second = library.add(book(seed, 1), "1.md")
    library.reader.read(second.id)
    for _ in library.answering.ask(second.id, "What has the lamp?"):
        pass
    library.describe(first, title="Another title")


def _halves(library: Library, store: Store) -> list[str]:
    """What is only half there."""
    found = []
    for item in library.shelf():
        if len(store.documents.pages(item.id)) != item.pages:
            found.append(f"{item.id} lacks pages")
        if not item.whole:
            found.append(f"{item.id} is not read")
    return found
