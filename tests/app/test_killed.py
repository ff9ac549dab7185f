"""A process killed in the middle of a reading: the next one goes on and ends in the same memory, bit for bit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.reading import SavePolicy
from storage import Store
from tests.app.conftest import QUICK
from tests.app.small_engine import SmallEngine, shelf

BOOK = "# One\n\n" + "It rained on the hill. " * 100 + "\n\n# Two\n\n" + "It snowed in the vale. " * 100
READER = """
import sys, pathlib, time
from app.reading import LeasePolicy, SavePolicy
from storage import Store
from tests.app.small_engine import SmallEngine, shelf

lease = LeasePolicy(beat_seconds=0.05, silent_seconds=0.3)
store = Store.open(pathlib.Path(sys.argv[1]))
library = shelf(SmallEngine(group=13, pause=0.004), store, SavePolicy(groups=2), lease=lease)
queue = library.queue
queue.enqueue(library.add_file(pathlib.Path(sys.argv[2])).id)
queue.start()
time.sleep(600)
"""


def _read_in_one_go(path: Path, book: Path) -> bytes:
    with Store.open(path) as store:
        library = shelf(SmallEngine(group=13), store)
        document_id = library.add_file(book).id
        assert library.reader.read(document_id).complete
        return _memory(store, document_id)


def _memory(store: Store, document_id: str) -> bytes:
    kept = store.snapshots.get(document_id, "f1")
    assert kept is not None and kept.complete
    return store.snapshots.load(kept)[1]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_killed_reading_ends_in_the_same_memory(tmp_path: Path):
    book = tmp_path / "book.md"
    book.write_text(BOOK)
    path = tmp_path / "killed.db"
    reached = [0]
    with Store.open(path) as store:
        for kills in (1, 2):  # killed twice, each time further on
            reader = subprocess.Popen([sys.executable, "-c", READER, str(path), str(book)], cwd=Path.cwd())
            reached.append(_wait_for_progress(store, reached[-1] + 200, reader))
            os.kill(reader.pid, signal.SIGKILL)
            assert reader.wait(60) == -signal.SIGKILL, kills
        (row,) = store.documents.all()
        before = store.snapshots.get(row.id, "f1")
        job = store.jobs.latest(row.id)
        assert before is not None and job is not None and not before.complete
        assert (job.status, job.n_tokens) == ("reading", before.n_tokens)  # never one without the other

        engine = SmallEngine(group=5)  # another group size would be chosen now: the reading keeps its own
        library = shelf(engine, store, SavePolicy(groups=2), lease=QUICK)
        queue = library.queue
        queue.start()
        done = queue.wait(row.id, 300)
        assert queue.stop()
        assert done is not None and done.status == "done"
        assert engine.tokens_read == before.total_tokens - before.n_tokens  # nothing was read twice
        assert _memory(store, row.id) == _read_in_one_go(tmp_path / "whole.db", book)


def _wait_for_progress(store: Store, n_tokens: int, reader: subprocess.Popen) -> int:
    deadline = time.monotonic() + 300  # a busy machine takes its time to start a process
    while time.monotonic() < deadline:
        assert reader.poll() is None, "the reader ended by itself"
        for row in store.documents.all():
            kept = store.snapshots.get(row.id, "f1")
            if kept and kept.n_tokens >= n_tokens:
                return kept.n_tokens
        time.sleep(0.01)
    raise AssertionError("the reading got nowhere")
