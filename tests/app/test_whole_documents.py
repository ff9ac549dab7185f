"""A document and its file, and what an import holds, are kept together: a process killed at any statement leaves all of it or nothing."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from app.library import Library
from app.reading import SavePolicy
from storage import DiskFull, Store
from tests.app.small_engine import SmallEngine, shelf
from tests.documents.makers import pdf

# One process forks a child for each statement, and kills that child just before it. The file was opened before: opening changes nothing.
KILLS = """
import os, pathlib, shutil, signal, sys
from types import SimpleNamespace
from app.reading import SavePolicy
from documents import Sandbox
from storage import Store
from tests.app.small_engine import SmallEngine, shelf

what, file, empty, folder = sys.argv[1], *map(pathlib.Path, sys.argv[2:])
opened = Sandbox().open_file(file.read_bytes(), file.name) if what == "add" else None
killed = True
number = 0
while killed:
    number += 1
    path = folder / f"{number}.db"
    shutil.copy(empty, path)
    child = os.fork()
    if child == 0:
        store = Store.open(path)
        library = shelf(SmallEngine(), store, SavePolicy(groups=2))
        library._sandbox = SimpleNamespace(open_file=lambda *given, **more: opened)
        left = [number]

        def count(statement):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        store._connection._db.conn.set_trace_callback(count)
        library.add(b"", file.name) if what == "add" else library.import_snapshot(file)
        os._exit(0)
    killed = os.waitpid(child, 0)[1] == signal.SIGKILL
print(number)
"""
TABLES = ("documents", "pages", "sections", "originals", "snapshots", "checkpoints", "worths")


@pytest.fixture
def printed(tmp_path: Path) -> Path:
    path = tmp_path / "print.pdf"
    path.write_bytes(pdf(["The tide comes at six.", "The moon is called Oru."], title="In print"))
    return path


@pytest.fixture
def carried(tmp_path: Path) -> Path:
    path = tmp_path / "tides.snapshot"
    with Store.open(tmp_path / "elsewhere.db") as store:
        library = shelf(SmallEngine(), store, SavePolicy(groups=9, first_checkpoint=180))
        document_id = library.add(b"# Tides\n\n" + b"The tide comes at 6. " * 10, "tides.md").id
        library.reader.read(document_id)
        assert library.reader.report(document_id).complete and store.checkpoints.last(document_id, "f1")
        library.export_snapshot(document_id, path)
    return path


def _held(path: Path) -> dict[str, int]:
    connection = sqlite3.connect(path)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in TABLES}
    finally:
        connection.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system can't fork a process")
@pytest.mark.parametrize("what", ["add", "import"])
def test_a_kill_at_any_statement_leaves_all_or_nothing(what: str, tmp_path: Path, request: pytest.FixtureRequest):
    file = request.getfixturevalue("printed" if what == "add" else "carried")
    empty, folder = tmp_path / "empty.db", tmp_path / "killed"
    Store.open(empty).close()
    folder.mkdir()
    command = [sys.executable, "-c", KILLS, what, str(file), str(empty), str(folder)]
    number = int(subprocess.run(command, check=True, capture_output=True, timeout=300).stdout)
    found = [_held(folder / f"{kill}.db") for kill in range(1, number + 1)]
    nothing, whole = dict.fromkeys(TABLES, 0), found[-1]
    kept = ("originals",) if what == "add" else ("snapshots", "checkpoints", "worths")
    assert all(whole[name] for name in ("documents", "pages", *kept)), "the last one was left alone"
    assert [one for one in found if one not in (nothing, whole)] == []
    assert found.count(nothing) > 3, "it was killed before several statements"


def test_a_document_whose_file_could_not_be_kept_is_not_there_at_all(library: Library, store: Store, printed: Path):
    full = "CREATE TRIGGER broken BEFORE INSERT ON originals BEGIN SELECT RAISE(ABORT, 'no'); END"
    with store._connection.transaction() as db:
        db.execute(full)
    with pytest.raises(sqlite3.IntegrityError):
        library.add_file(printed)
    assert library.shelf() == []
    with store._connection.transaction() as db:
        db.execute("DROP TRIGGER broken")
    assert library.add_file(printed).title == "In print"


def test_an_import_on_a_full_disk_leaves_nothing(library: Library, store: Store, carried: Path):
    pages = store._connection.rows("PRAGMA page_count")[0]["page_count"]
    store._connection.rows(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DiskFull):
        library.import_snapshot(carried)
    assert library.shelf() == [] and store.snapshots.of_documents() == []
    store._connection.rows("PRAGMA max_page_count = 1000000")
    assert library.import_snapshot(carried).whole
