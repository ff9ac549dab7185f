"""Two apps on one library: each document is read once, and what a dead one leaves is gone on with by the other."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.reading import LeasePolicy, ended, own_name
from storage import JobRow, Store
from tests.app.small_engine import SmallEngine, shelf
from tests.app.waiting import LONG, until
from tests.storage.test_store import DOCUMENT

SILENT = 2.0
APP = """
import sys, pathlib
from app.reading import LeasePolicy, SavePolicy
from storage import Store
from tests.app.small_engine import SmallEngine, shelf

path, pause, silent = sys.argv[1:]
engine = SmallEngine(group=13, pause=float(pause), slots=200)
lease = LeasePolicy(beat_seconds=0.1, silent_seconds=float(silent))
with Store.open(pathlib.Path(path), busy_seconds=120) as store:
    queue = shelf(engine, store, SavePolicy(groups=2, first_checkpoint=500), lease=lease).queue
    queue.start()
    print("open", flush=True)
    sys.stdin.readline()
    assert queue.stop()
print(engine.tokens_read)
"""
Start = Callable[..., "App"]
needs_signals = pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="this system can't stop a process")


class App:
    """An app in a process of its own, which reads in the background."""

    def __init__(self, path: Path, pause: float, silent: float = SILENT) -> None:
        words = [sys.executable, "-c", APP, str(path), str(pause), str(silent)]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None and self.process.stdout.readline() == "open\n"

    def tell(self, signal_number: int) -> None:
        os.kill(self.process.pid, signal_number)

    def kill(self) -> int:
        """Ends it at once, whatever it does, and gives its exit status."""
        self.process.kill()
        self.process.communicate()
        return self.process.returncode

    def die(self) -> None:
        """Ends it at once and leaves it in the list of processes, where the system can: then nobody knows that it has ended."""
        self.process.kill()
        if hasattr(os, "waitid"):
            os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT)
        else:
            self.process.wait()

    def end(self) -> int:
        """Ends it and gives how many tokens it has read."""
        said, _ = self.process.communicate("\n", timeout=LONG)
        assert self.process.returncode == 0
        return int(said)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "library.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path, busy_seconds=120) as store:
        yield store


@pytest.fixture
def start(path: Path) -> Iterator[Start]:
    """Starts an app on the library, for as long as the test takes."""
    apps: list[App] = []

    def start(pause: float, silent: float = SILENT) -> App:
        apps.append(App(path, pause, silent))
        return apps[-1]

    yield start
    for app in apps:
        if app.process.poll() is None:
            app.kill()


def shelved(store: Store, number: int, sentences: int) -> str:
    """A document on the shelf, unread."""
    text = f"Book {number}. " + f"It rained {number} times on the hill. " * sentences
    row = replace(DOCUMENT, id=f"{number:016d}", sha256=f"{number:064d}", n_pages=1, missing_pages=(), notes=())
    assert store.documents.add(row, (text,), ())
    return row.id


def queued(store: Store, number: int, sentences: int) -> str:
    """A document that waits to be read."""
    document_id = shelved(store, number, sentences)
    store.jobs.enqueue(document_id)
    return document_id


def job_of(store: Store, document_id: str) -> JobRow:
    job = store.jobs.latest(document_id)
    assert job is not None
    return job


def memory(store: Store, document_id: str) -> bytes:
    kept = store.snapshots.get(document_id, "f1")
    assert kept is not None and kept.complete
    return store.snapshots.load(kept)[1]


def memory_of_one_reading(store: Store, tmp_path: Path, document_id: str) -> bytes:
    row = store.documents.get(document_id)
    assert row is not None
    with Store.open(tmp_path / "alone.db") as alone:
        alone.documents.add(row, store.documents.pages(document_id), store.documents.sections(document_id))
        assert shelf(SmallEngine(group=13, slots=200), alone).reader.read(document_id).complete
        return memory(alone, document_id)


def everything(path: Path) -> list[list[tuple]]:
    connection = sqlite3.connect(path)
    try:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return [connection.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall() for name in sorted(tables)]
    finally:
        connection.close()


def test_each_book_is_read_once(store: Store, start: Start):
    apps = start(0.01, silent=60.0), start(0.01, silent=60.0)
    ids = [queued(store, number, 15) for number in range(6)]
    until(lambda: all(job_of(store, document_id).status == "done" for document_id in ids))
    read = [app.end() for app in apps]
    assert sum(read) == sum(len("".join(store.documents.pages(document_id))) for document_id in ids)
    assert all(read), "both have read some"


def test_only_of_a_process_that_ran_here_is_it_known_that_it_has_ended():
    said = subprocess.run(
        [sys.executable, "-c", "from app.reading import own_name; print(own_name())"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    name = said.stdout.strip()
    token, place, number = name.split("_")
    assert ended(name) == (sys.platform == "linux") and own_name() != own_name()
    assert not ended(own_name()), "this one runs"
    assert not ended(f"{token}_{place}_1"), "and so does that, which we may not ask, or may"
    boot, _, container = place.partition(".")
    for other in (f"{boot[::-1]}.{container}", f"{boot}.{container}7", "", boot):
        assert not ended(f"{token}_{other}_{number}"), "it may run there"
    for no_name in (None, "", token, f"{token}_{place}", f"{token}_{place}_", f"{token}_{place}_x"):
        assert not ended(no_name)
    assert not ended(f"{token}_{place}_{'9' * 40}")


@needs_signals
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells which processes have ended")
def test_what_a_killed_app_of_this_machine_was_reading_goes_on_at_once(store: Store, start: Start, tmp_path: Path):
    """The other has an hour's patience with those that are silent: one that stands still keeps its reading."""
    document_id = queued(store, 1, 100)
    first = start(0.02)
    until(lambda: job_of(store, document_id).n_tokens > 500, process=first.process)
    second = start(0.0, silent=3600.0)
    first.tell(signal.SIGSTOP)
    time.sleep(0.5)  # a system takes a while to stop it
    stopped = job_of(store, document_id)
    time.sleep(1.0)
    assert job_of(store, document_id) == stopped
    assert first.kill() == -signal.SIGKILL
    until(lambda: job_of(store, document_id).status == "done", process=second.process)
    assert second.end() == len("".join(store.documents.pages(document_id))) - stopped.n_tokens
    assert memory(store, document_id) == memory_of_one_reading(store, tmp_path, document_id)


@needs_signals
def test_what_a_killed_app_was_reading_goes_on_in_the_other(store: Store, start: Start, tmp_path: Path):
    document_id = queued(store, 1, 100)
    first = start(0.02)
    until(lambda: job_of(store, document_id).n_tokens > 0, process=first.process)
    second = start(0.0)
    # which takes longer than a dead one may be silent
    until(lambda: job_of(store, document_id).n_tokens > 1500, process=first.process)
    owner = job_of(store, document_id).owner
    first.die()
    left = job_of(store, document_id)
    assert (left.status, left.owner) == ("reading", owner), "the other left it alone while it was read"
    until(lambda: job_of(store, document_id).status == "done", process=second.process)
    assert job_of(store, document_id).owner != owner
    total = len("".join(store.documents.pages(document_id)))
    assert second.end() == total - left.n_tokens, "nothing that was saved was read again"
    assert first.kill() == -signal.SIGKILL
    assert memory(store, document_id) == memory_of_one_reading(store, tmp_path, document_id)


@needs_signals
@pytest.mark.parametrize("pause", [0.0, 0.01], ids=["when all is read", "while the other reads"])
def test_an_app_that_wakes_too_late_writes_nothing_more(store: Store, start: Start, tmp_path: Path, pause: float):
    document_id = queued(store, 1, 120)
    first = start(0.02)
    until(lambda: job_of(store, document_id).n_tokens > 500, process=first.process)
    first.tell(signal.SIGSTOP)
    stopped = job_of(store, document_id)
    second = start(pause)
    until(lambda: job_of(store, document_id).n_tokens > stopped.n_tokens, process=second.process)
    taken = job_of(store, document_id)
    assert taken.owner != stopped.owner
    if not pause:
        until(lambda: job_of(store, document_id).status == "done", process=second.process)
        stands = everything(store.path)
    first.tell(signal.SIGCONT)
    assert first.end() < stopped.n_tokens + 5 * 13, "it soon found that the reading was not its own any more"
    if not pause:
        assert everything(store.path) == stands
    until(lambda: job_of(store, document_id).status == "done", process=second.process)
    assert job_of(store, document_id).owner == taken.owner
    total = len("".join(store.documents.pages(document_id)))
    assert second.end() == total - stopped.n_tokens
    assert memory(store, document_id) == memory_of_one_reading(store, tmp_path, document_id)


def test_a_reading_is_cancelled_from_the_other_app(store: Store, start: Start):
    document_id = queued(store, 1, 120)
    app = start(0.01)
    until(lambda: job_of(store, document_id).n_tokens > 100, process=app.process)
    library = shelf(SmallEngine(), store)
    assert library.queue.cancel(document_id)
    until(lambda: job_of(store, document_id).status == "cancelled", process=app.process)
    kept = library.get(document_id)
    assert kept.status == "cancelled" and app.end() == kept.read_tokens


def test_the_terminal_waits_for_what_an_app_reads(store: Store, start: Start):
    document_id = queued(store, 1, 60)
    app = start(0.01)
    until(lambda: job_of(store, document_id).n_tokens > 0, process=app.process)
    engine, told = SmallEngine(slots=200), []
    library = shelf(engine, store, lease=LeasePolicy(beat_seconds=0.1, silent_seconds=60.0))
    report = library.queue.read_now(document_id, on_progress=told.append)
    assert report.complete and engine.tokens_read == 0 and app.end() == report.tokens
    assert told and all(0 < progress.n_tokens <= report.tokens == progress.total_tokens for progress in told)
