"""A program that works on a library until it is killed, and prints what was promised to be kept as soon as it was.

`python -m tests.reliability.workload LIBRARY SEED [STATEMENT]` kills itself before that SQL statement. The books are made from the seed.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import sys
from pathlib import Path
from typing import Any

from app.reading import SavePolicy
from storage import Store
from tests.app.small_engine import SmallEngine, shelf

WORDS = "tide lamp rock keeper boat rope gull stone bell salt harbour wind".split()
BOOKS = 3


def book(seed: int, number: int) -> bytes:
    """A book of a few hundred letters in two chapters, always the same for the same numbers."""
    chance = random.Random(f"{seed}/{number}")

    def sentence() -> str:
        return f"The {chance.choice(WORDS)} has {chance.randrange(1000)} {chance.choice(WORDS)}s."

    chapters = (f"# Part {part} of {number}\n\n" + " ".join(sentence() for _ in range(8)) for part in (1, 2))
    return "\n\n".join(chapters).encode()


def work(path: Path, seed: int) -> None:
    """Adds books, reads them, asks, renames, removes, restores and exports; a line on standard output for each thing that is done,
    and before each that takes something away."""
    chance = random.Random(seed)
    with Store.open(path) as store:
        library = shelf(SmallEngine(group=17), store, SavePolicy(groups=2))
        ids = []
        for number in range(BOOKS):
            item = library.add(book(seed, number), f"book{number}.md")
            ids.append(item.id)
            _say("added", item.id, number=number)
            library.reader.read(item.id)
            _say("read", item.id, number=number)
            question = f"What has the {chance.choice(WORDS)}?"
            for _ in library.answering.ask(item.id, question):
                pass
            _say("asked", item.id, question=question)
            library.describe(item.id, title=f"Title {number}", author=item.author, tags=())
            _say("named", item.id, title=f"Title {number}")
        out = path.with_name("out.palimpsest")
        library.export_snapshot(ids[0], out)
        _say("exported", ids[0])
        _say("removing", ids[1])
        library.remove(ids[1])
        library.restore(ids[1])
        _say("restored", ids[1])
        _say("forgetting", ids[0])
        library.remove(ids[0])
        library.sweep(days=0.0)
        library.import_snapshot(out)
        _say("imported", ids[0], number=0)


def _say(what: str, document: str, **more: Any) -> None:
    print(json.dumps({"did": what, "id": document, **more}), flush=True)


def main(path: Path, seed: int, statement: int | None) -> None:
    """Work until the statement of that number, if there is one; then say how many statements there were."""
    connect, number = sqlite3.connect, 0

    def before(sql: str) -> None:
        nonlocal number
        number += 1
        if number == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    def traced(*args: Any, **more: Any) -> sqlite3.Connection:
        made = connect(*args, **more)
        made.set_trace_callback(before)
        return made

    sqlite3.connect = traced  # type: ignore[assignment]
    work(path, seed)
    _say("ended", "", statements=number)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else None)
