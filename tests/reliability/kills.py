"""A program killed at random moments and before random SQL statements: the library opens, and has all that was said to be kept."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from app.errors import LibraryError
from app.reading import SavePolicy
from storage import StorageError, Store
from tests.app.small_engine import SmallEngine, shelf, state_of
from tests.reliability.outcome import Outcome
from tests.reliability.workload import BOOKS, book

PATIENCE = 120.0  # seconds for a program that is not killed
ROOT = Path(__file__).parents[2]


def at_moments(tries: int, seed: int, folder: Path) -> Outcome:
    """Killed from outside, at a random moment of its work."""
    chance, begun = random.Random(seed), time.monotonic()
    _said(folder / "whole", seed, None, None)
    whole = time.monotonic() - begun
    return _killed(
        tries, seed, folder, lambda path, number: _said(path, seed + number, chance.uniform(0.3, whole), None)
    )


def at_statements(tries: int, seed: int, folder: Path) -> Outcome:
    """Killed by itself, before a random SQL statement."""
    chance = random.Random(seed)
    most = _said(folder / "whole", seed, None, None)[-1]["statements"]
    return _killed(tries, seed, folder, lambda path, number: _said(path, seed + number, None, chance.randint(1, most)))


def _killed(tries: int, seed: int, folder: Path, work: Callable[[Path, int], list[dict[str, Any]]]) -> Outcome:
    broken: list[str] = []
    for number in range(1, tries + 1):
        path = folder / f"{number}"
        said = work(path, number)
        broken += [f"kill {number}, seed {seed}: {fault}" for fault in faults(path / "l.db", seed + number, said)]
    return Outcome(tries, tuple(broken))


def _said(path: Path, seed: int, seconds: float | None, statement: int | None) -> list[dict[str, Any]]:
    """What the program promised before it was killed, or ended."""
    path.mkdir(parents=True)
    words = [sys.executable, "-m", "tests.reliability.workload", str(path / "l.db"), str(seed)]
    words += [] if statement is None else [str(statement)]
    program = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=ROOT)
    try:
        out, _ = program.communicate(timeout=PATIENCE if seconds is None else seconds)
    except subprocess.TimeoutExpired:
        program.kill()
        out, _ = program.communicate()
    return promised(out.decode())


def promised(out: str) -> list[dict[str, Any]]:
    """What a program said on standard output; a last line without its end was not said."""
    return [json.loads(line) for line in out.split("\n")[:-1]]


def faults(path: Path, seed: int, said: list[dict[str, Any]]) -> list[str]:
    """What a library that was left behind lacks of what was `said`, or has that does not hang together."""
    try:
        return _faults(path, seed, said)
    except (StorageError, LibraryError) as error:
        return [f"{type(error).__name__}: {error}"]


def _faults(path: Path, seed: int, said: list[dict[str, Any]]) -> list[str]:
    found: list[str] = []
    texts = dict(_texts(path.parent, seed))
    with sqlite3.connect(path) as bare:
        found += [f"SQLite says {said}" for (said,) in bare.execute("PRAGMA integrity_check") if said != "ok"]
        found += [f"a row hangs in the air: {row}" for row in bare.execute("PRAGMA foreign_key_check")]
    bare.close()
    with Store.open(path) as store:
        library = shelf(SmallEngine(group=17), store, SavePolicy(groups=2))
        there = {item.id for item in library.shelf()}
        for document in _there_after(said) - there:
            found.append(f"{document} is gone")
        for document in there:
            row = store.documents.get(document)
            pages = store.documents.pages(document)
            if len(pages) != row.n_pages or "".join(pages) != texts.get(document):
                found.append(f"{document} is only half there")
            library.conversations.history(document)
        for one in said:
            document = one["id"]
            if document not in there:
                continue
            kept = store.snapshots.get(document, library.models.fingerprint)
            if one["did"] == "read" and _lasts(said, one) and not (kept and kept.complete):
                found.append(f"{document} was read and is not any more")
            turns = [turn.question for turn in library.conversations.history(document)]
            if one["did"] == "asked" and _lasts(said, one) and one["question"] not in turns:
                found.append(f"{document} has lost its conversation")
            if one["did"] == "named" and _lasts(said, one) and library.get(document).title != one["title"]:
                found.append(f"{document} has lost its title")
        for document in there:  # and all can be gone on with
            library.reader.read(document)
            kept = store.snapshots.get(document, library.models.fingerprint)
            assert kept is not None
            state = library.models.engine.state_from_bytes(store.snapshots.load(kept)[1])
            if state.digest != state_of(texts[document]):
                found.append(f"{document} ends in another memory")
    return found


def _texts(folder: Path, seed: int) -> Iterator[tuple[str, str]]:
    """Each book's id and text as a library has them that nobody killed."""
    with Store.open(folder / "other.db") as store:
        library = shelf(SmallEngine(), store)
        for number in range(BOOKS):
            item = library.add(book(seed, number), f"book{number}.md")
            yield item.id, "".join(store.documents.pages(item.id))


def _there_after(said: list[dict[str, Any]]) -> set[str]:
    """The documents that must be on the shelf."""
    there = set()
    for one in said:
        if one["did"] in ("added", "restored", "imported"):
            there.add(one["id"])
        elif one["did"] in ("removing", "forgetting"):
            there.discard(one["id"])
    return there


def _lasts(said: list[dict[str, Any]], one: dict[str, Any]) -> bool:
    """Whether the document was not to be forgotten for good after that."""
    later = said[said.index(one) + 1 :]
    return not any(other["id"] == one["id"] and other["did"] == "forgetting" for other in later)
