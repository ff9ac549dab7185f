"""Single bits of a library file that flip on the disk: what is then shown is the truth, or it is said that something is damaged.

Each flip is made in a copy. That is opened, all that it holds is asked for, the doctor looks through it, and then mends it. A flip that
changes something and is noticed by none of these breaks the promise, and so does one that is said to be mended and is not. One in bytes
that hold nothing is harmless.
"""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from app.doctor import look_through, mend
from app.errors import named_errors
from app.library import Library
from app.reading import SavePolicy
from app.settings import Choices
from storage import Store
from tests.app.small_engine import SmallEngine, said, shelf
from tests.documents.makers import pdf
from tests.reliability.outcome import Outcome
from tests.reliability.workload import book

QUESTION = "What has the lamp?"
NOTICED, GONE = "damaged", "gone"  # in the place of what is said to be so, or is not there


def flipped(tries: int, seed: int, folder: Path) -> Outcome:
    """So many flips, one at a time."""
    chance, whole = random.Random(seed), folder / "whole.db"
    make(whole, seed)
    truth, data = told(whole), whole.read_bytes()
    count, broken = Counter[str](), list[str]()
    for number in range(tries):
        at, bit = chance.randrange(len(data)), chance.randrange(8)
        flip = f"flip {number}, seed {seed}, bit {bit} of byte {at}"
        try:
            noticed, faults = after(folder / "flipped.db", data, at, bit, truth)
        except Exception as error:
            error.add_note(flip)
            raise
        count[noticed] += 1
        broken += [f"{flip}: {fault}" for fault in faults]
    effective = tries - count["harmless"]
    by = ", ".join(f"{count[who]} {who}" for who in ("noticed in use", "by the doctor alone", "by nobody"))
    return Outcome(tries, tuple(broken), f"{effective} had an effect, of which {by}")


def library_of(store: Store) -> Library:
    """A library that keeps checkpoints on the way through its small books."""
    return shelf(SmallEngine(group=17, slots=40), store, SavePolicy(groups=2, first_checkpoint=100))


def make(path: Path, seed: int) -> None:
    """A library with something of everything, and little room between it."""
    with Store.open(path) as store:
        library = library_of(store)
        files = [
            (book(seed, 0), "0.md"),
            (book(seed, 1), "1.md"),
            (pdf(["The tide has 5 ropes.", "The lamp."]), "a.pdf"),
        ]
        for data, name in files:
            item = library.add(data, name)
            library.reader.read(item.id)
            for question in (QUESTION, "How often is “lamp” mentioned?"):
                said(library.answering.ask(item.id, question))
            library.describe(item.id, title=f"Title of {name}", author="Ünï", tags=("sea",))
        library.conversations.new(item.id)
        said(library.answering.ask(item.id, "What has the tide?"))
        library.keep_choices(Choices(memory_size="small"))
        first, second, third = library.shelf()
        for one in (first, second):
            library.queue.enqueue(one.id)
            job = store.jobs.claim("another program", one.id)
            store.jobs.begin(job, fingerprint="f1", group_tokens=17, n_tokens=17, total_tokens=one.tokens)
            if one is second:
                store.jobs.finish(job, "failed", "The disk is full.")
        library.queue.enqueue(third.id)
        library.queue.cancel(third.id)
    with closing(sqlite3.connect(path)) as bare:
        bare.execute("PRAGMA journal_mode = DELETE")
        bare.execute("PRAGMA page_size = 512")  # the smallest: little of the file is empty
        bare.execute("VACUUM")
    Store.open(path).close()


def after(path: Path, data: bytes, at: int, bit: int, truth: dict[str, Any]) -> tuple[str, list[str]]:
    """Who notices the flip, and what is wrong with that."""
    for end in ("", "-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    path.write_bytes(data[:at] + bytes([data[at] ^ (1 << bit)]) + data[at + 1 :])
    seen, faults = told(path), list[str]()
    differs = [] if "opened" in seen else unlike(seen, truth)
    in_use = any(value == NOTICED or (isinstance(value, list) and NOTICED in value) for value in seen.values())
    by_doctor = noticed(lambda: look_through(path))
    if differs and not (in_use or by_doctor):
        faults.append(f"nobody noticed that {', '.join(differs)} changed")
    if by_doctor and not noticed(lambda: [one for one in mend(path)[0] if not one.mended]):
        healed = told(path)
        if healed != truth:
            faults.append(f"it is said to be mended, and {', '.join(unlike(healed, truth)) or 'something is damaged'}")
    if in_use:
        return "noticed in use", faults
    if by_doctor:
        return "by the doctor alone", faults
    return ("by nobody" if differs else "harmless"), faults


def noticed(look: Callable[[], object]) -> bool:
    """Whether a look finds something, or ends with a named error."""
    try:
        return bool(look())
    except named_errors():
        return True


def unlike(seen: dict[str, Any], truth: dict[str, Any]) -> list[str]:
    """The names of what differs from the truth and does not say so."""

    def differs(now: Any, then: Any) -> bool:
        if isinstance(now, list) and isinstance(then, list) and len(now) == len(then):
            return any(map(differs, now, then))
        return now not in (then, NOTICED)

    return [name for name in sorted(seen.keys() | truth.keys()) if differs(seen.get(name, GONE), truth.get(name, GONE))]


def told(path: Path) -> dict[str, Any]:
    """All that a library tells, by name; NOTICED for what it says is damaged."""
    found: dict[str, Any] = {}

    def ask(name: str, step: Callable[[], Any]) -> Any:
        try:
            found[name] = step()
        except named_errors():
            found[name] = NOTICED
        return found[name]

    try:
        with Store.open(path) as store:
            library = library_of(store)
            ask("choices", library.choices)
            items = ask("shelf", library.shelf)
            if items != NOTICED:
                found["shelf"] = [item.id for item in items]
                for item in items:
                    _tell(ask, library, store, item)
    except named_errors():
        return {"opened": NOTICED}
    return found


def _tell(ask: Callable[[str, Callable[[], Any]], Any], library: Library, store: Store, item: Any) -> None:
    row = item.id
    damaged = ("entry_damaged", {}) in item.notes
    entry = (item.title, item.author, item.format, item.pages, item.tokens, item.tags, item.notes, item.page_labels)
    ask(f"{row} entry", lambda: NOTICED if damaged else (*entry, item.missing_pages, item.added_at, item.last_asked_at))
    read = (item.status, item.read_tokens, item.read_pages, item.state_bytes)
    ask(f"{row} reading", lambda: NOTICED if item.status == "damaged" else read)
    job = store.jobs.latest(row)
    ask(f"{row} job", lambda: NOTICED if job and job.damaged else job)
    ask(f"{row} text", lambda: store.documents.pages(row))
    ask(f"{row} first page", lambda: store.documents.page(row, 1))
    ask(f"{row} sections", lambda: store.documents.sections(row))
    ask(f"{row} file", lambda: store.pictures.original(row))
    ask(f"{row} memory", lambda: [store.memory(kept)[1:] for kept in store.snapshots.of_document(row)])
    ask(f"{row} answer", lambda: said(library.answering.ask(row, QUESTION, keep=False)))
    for number, turn in enumerate(library.conversations.history(row)):
        ask(f"{row} turn {number}", lambda turn=turn: NOTICED if turn.damaged else turn)
    ask(f"{row} chats", lambda: [NOTICED if chat.damaged else chat for chat in library.conversations.all(row)])
