"""Many at once: streams that are served in turn and left, readers and askers beside each other, two programs on one library."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from app.library import Library
from app.reading import SavePolicy
from storage import Store
from tests.app.small_engine import SmallEngine, said, shelf
from tests.reliability.outcome import Outcome
from tests.reliability.workload import book

PATIENCE = 240.0  # seconds for all of them, on a busy machine
READERS = 3  # books that are read while people ask


def streams(tries: int, seed: int, folder: Path) -> Outcome:
    """So many answers at once, of which every third is left after its first piece; all the others are whole."""
    with Store.open(folder / "l.db") as store:
        library = shelf(SmallEngine(), store)
        item = library.add(b"# Tides\n\nThe tide comes at six.\n", "tides.md")
        library.reader.read(item.id)
        broken: list[str] = []

        def one(number: int) -> None:
            asked = library.answering.ask(item.id, f"Question {number}: when does the tide come?", keep=False)
            if number % 3 == 0:
                next(asked)
                asked.close()
            elif not said(asked):
                broken.append(f"stream {number} has no answer")

        broken += _all_end(one, tries)
    return Outcome(tries, tuple(broken))


def users(tries: int, seed: int, folder: Path) -> Outcome:
    """So many people who ask, rename and search, while READERS books are read; every book is read once and whole."""
    with Store.open(folder / "l.db") as store:
        engine = SmallEngine(group=13, pause=0.002)
        library = shelf(engine, store, SavePolicy(groups=2))
        known = library.add(book(seed, 99), "known.md")
        library.reader.read(known.id)
        read, broken = engine.tokens_read, []
        library.queue.start()
        waiting = [library.add(book(seed, number), f"{number}.md").id for number in range(READERS)]
        for document in waiting:
            library.queue.enqueue(document)

        def one(number: int) -> None:
            chance = random.Random(f"{seed}/{number}")
            for _ in range(4):
                match chance.randrange(4):
                    case 0:
                        if not said(library.answering.ask(known.id, f"What has the lamp of {number}?")):
                            broken.append(f"user {number} has no answer")
                    case 1:
                        library.describe(known.id, title=f"Known to {number}")
                    case 2:
                        library.shelf()
                    case _:
                        said(library.answering.ask(known.id, "How often is “lamp” mentioned?"))

        broken += _all_end(one, tries)
        broken += _read_once(library, waiting, engine, read)
        library.queue.stop()
    return Outcome(tries, tuple(broken), f"beside {READERS} readings")


def programs(tries: int, seed: int, folder: Path) -> Outcome:
    """Two programs add and read the same books in one library; so many books, each read once."""
    path = folder / "l.db"
    Store.open(path).close()
    words = [sys.executable, "-c", _PROGRAM, str(path), str(seed), str(tries)]
    both = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) for _ in range(2)]
    told = [program.communicate(timeout=PATIENCE)[0].split() for program in both]
    broken = [f"program {i} ended with {program.returncode}" for i, program in enumerate(both) if program.returncode]
    with Store.open(path) as store:
        library = shelf(SmallEngine(), store)
        whole = [item for item in library.shelf() if item.whole]
        if len(whole) != tries:
            broken.append(f"{len(whole)} of {tries} books are read")
        tokens = sum(item.tokens or 0 for item in whole)
    if not broken and sum(int(one[0]) for one in told) != tokens:
        broken.append(f"{' and '.join(one[0] for one in told)} tokens were read, and the books have {tokens}")
    return Outcome(tries, tuple(broken))


_PROGRAM = """
import sys
from pathlib import Path
from app.reading import SavePolicy
from storage import Store
from tests.app.small_engine import SmallEngine, shelf
from tests.reliability.workload import book

if __name__ == "__main__":
    path, seed, books = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    with Store.open(path) as store:
        engine = SmallEngine(group=13, pause=0.001)
        library = shelf(engine, store, SavePolicy(groups=3))
        ids = [library.add(book(seed, number), f"{number}.md").id for number in range(books)]
        library.queue.start()
        for document in ids:
            library.queue.enqueue(document)
        for document in ids:
            library.queue.wait(document, 200)
        library.queue.stop()
        print(engine.tokens_read)
"""


def _all_end(one, many: int) -> list[str]:
    """What goes wrong when `one` is called with every number below `many`, each in a thread of its own, at once."""
    gate, begun, broken = threading.Event(), time.monotonic(), []

    def run(number: int) -> None:
        gate.wait()
        one(number)

    pool = ThreadPoolExecutor(many)
    waiting = [pool.submit(run, number) for number in range(many)]
    gate.set()
    for number, future in enumerate(waiting):
        try:
            future.result(max(PATIENCE - (time.monotonic() - begun), 0.1))
        except TimeoutError:
            broken.append(f"{number} waits for ever")
    pool.shutdown(wait=not broken, cancel_futures=True)
    return broken


def _read_once(library: Library, documents: list[str], engine: SmallEngine, before: int) -> list[str]:
    broken = []
    for document in documents:
        job = library.queue.wait(document, PATIENCE)
        if job is None or job.status != "done":
            broken.append(f"{document} is not read: {job}")
    tokens = sum(library.get(document).tokens or 0 for document in documents)
    if not broken and engine.tokens_read - before != tokens:
        broken.append(f"{engine.tokens_read - before} tokens were read, and the books have {tokens}")
    return broken
