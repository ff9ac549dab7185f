"""Two processes on one library: each waits for the other where it must, and neither fails."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

from storage import NewSnapshot, Store, digests
from tests.storage.test_store import DOCUMENT, PAGES, SECTIONS

ROOT = Path(__file__).parents[2]
WRITES = 150
WRITER = f"""
import pathlib, sys
from storage import Store
with Store.open(pathlib.Path(sys.argv[1]), busy_seconds=120) as store:
    print("open", flush=True)
    for number in range({WRITES}):
        store.set_note("other", str(number))
"""


def test_progress_is_kept_while_another_process_writes(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    with Store.open(path, busy_seconds=120) as store:
        store.documents.add(DOCUMENT, PAGES, SECTIONS)
        other = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], cwd=ROOT, stdout=subprocess.PIPE)
        assert other.stdout is not None and other.stdout.readline() == b"open\n"
        kept = 0
        while other.poll() is None or kept < 20:  # each begins with a question, and then writes
            kept += 1
            store.record_progress(NewSnapshot(DOCUMENT.id, "f1", kept, 10**6, 0, False, 1, 1.0, b"memory %d" % kept))
        assert other.wait() == 0
        other.stdout.close()
        assert store.note("other") == str(WRITES - 1)
        found = store.snapshots.get(DOCUMENT.id, "f1")
        assert found is not None and found.n_tokens == kept


def test_a_transaction_waits_at_its_beginning_and_not_in_the_middle(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    with Store.open(path) as one, Store.open(path) as two:
        order: list[str] = []

        def write() -> None:
            with two._connection.transaction():
                order.append("two")

        with one._connection.transaction() as db:
            db.execute("SELECT count(*) FROM notes").fetchone()
            waiting = threading.Thread(target=write)
            waiting.start()
            waiting.join(0.3)
            order.append("one")
            db.execute("INSERT INTO notes (name, value) VALUES ('a', 'b')")
            digests.seal(db, "notes")
        waiting.join()
        assert order == ["one", "two"] and two.note("a") == "b"
