"""What is kept for questions as of an earlier page: how much that is, seen, let go of, and had again."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from app import cli, portable
from app.doctor import look_through
from app.errors import EarlierPagesGone, NotASnapshotFile
from app.library import Library
from app.models import Models
from app.reading import SavePolicy
from app.terminal import Output
from storage import Checkpoint, Store
from tests.app.small_engine import SmallEngine, said, shelf, state_of
from tests.engine.tiny import PROSE, make_engine, make_tokenizer

PAGES = [f"# Watch {number}\n\n" + f"The lamp burned {number} hours. " * (3 * number) for number in range(1, 8)]
LOG = "\n\n".join(PAGES).encode()
EVERY = SavePolicy(seconds=3600.0, groups=2, first_checkpoint=100)
MANY = SavePolicy(seconds=3600.0, groups=4, first_checkpoint=100)


# One process forks a child for each statement, and kills that child just before it.
KILLS = """
import os, pathlib, shutil, signal, sys
from storage import Checkpoint, Store

whole, document_id = pathlib.Path(sys.argv[1]), sys.argv[2]
killed, number = True, 0
while killed:
    number += 1
    path = whole.with_name(f"{number}.db")
    shutil.copy(whole, path)
    child = os.fork()
    if child == 0:
        store = Store.open(path)
        left = [number]

        def count(statement):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        store._connection._db.conn.set_trace_callback(count)
        store.checkpoints.remove(document_id)
        os._exit(0)
    killed = os.waitpid(child, 0)[1] == signal.SIGKILL
print(number)
"""


class Restless(SmallEngine):
    """Keeps what it read last, so that all of it leaves again and again: no memory has more to keep for earlier pages."""

    def _best(self, held):
        return held[-self.slots :]


class Fickle(SmallEngine):
    """Keeps letters by chance, as a text that is alike from end to end has them kept: ever fewer leave the further it is read."""

    def _best(self, held):
        return tuple(sorted(sorted(held, key=lambda one: one[0] * 2654435761 % 2**32)[: self.slots]))


@pytest.fixture
def library(store: Store) -> Library:
    return shelf(SmallEngine(slots=60), store, EVERY)


@pytest.fixture
def log(library: Library) -> str:
    document_id = library.add(LOG, "log.md").id
    library.reader.read(document_id)
    return document_id


def kept(path: Path, document_id: str) -> int:
    """The bytes that are kept for earlier pages, by the table itself."""
    with closing(sqlite3.connect(path)) as bare:
        sql = "SELECT coalesce(sum(length(departed)), 0) FROM checkpoints WHERE document_id = ?"
        return bare.execute(sql, [document_id]).fetchone()[0]


@pytest.mark.parametrize("kind", [Restless, Fickle])
def test_what_is_kept_is_bounded_whatever_the_length(kind: type[SmallEngine], store: Store):
    engine = kind(group=500, slots=60)
    library = shelf(engine, store, MANY)
    book = library.add(b"# Sea\n\n" + b"The tide comes and goes. " * 6000, "sea.md").id
    most = 0

    def look(progress) -> None:
        nonlocal most
        if progress.saved:
            most = max(most, kept(store.path, book))
            assert most <= 5 * engine.info.state_bytes

    library.reader.read(book, on_progress=look)
    n_tokens = library.get(book).tokens
    assert n_tokens > 140_000 and most > 4 * engine.info.state_bytes, "there was more to keep than fits"
    found = store.checkpoints.after(book, "f1", 0)
    assert 2 <= len(found) < 30 and found[-1].n_tokens == n_tokens
    assert all(one.n_tokens == other.since for one, other in pairwise(found)), "without a gap"
    assert found[0].since <= 700, "the first pages can be asked as well as before"
    # and at each that is left it is still just the memory of then
    last = engine.state_from_bytes(store.snapshots.load(store.snapshots.get(book, "f1"))[1])
    ids = engine.tokenize(store.documents.pages(book)).ids
    then = {step.n_tokens: step.state.digest for step in engine.read(ids, engine.empty_state(), group_tokens=500)}
    for one in found:
        left = [other.departed for other in store.checkpoints.after(book, "f1", one.since)]
        assert engine.as_of(last, left, one.since).digest == then[one.since]


def test_the_bound_holds_for_a_real_memory(tmp_path: Path):
    engine = make_engine(make_tokenizer(), bits=4)
    with Store.open(tmp_path / "l.db") as store:
        library = Library(store, Models(engine=engine), policy=SavePolicy(groups=1, first_checkpoint=40, states=2))
        book = library.add((PROSE * 30).encode(), "book.txt").id
        sizes = []
        library.reader.read(book, on_progress=lambda progress: sizes.append(kept(store.path, book)))
        assert engine.info.state_bytes < max(sizes) <= 2 * engine.info.state_bytes
        found = store.checkpoints.after(book, engine.fingerprint, 0)
        state = engine.state_from_bytes(store.snapshots.load(store.snapshots.get(book, engine.fingerprint))[1])
        for one in found:
            left = [other.departed for other in found if other.n_tokens > one.since]
            then = engine.as_of(state, left, one.since)
            assert then.slots[0].position.shape[2] == min(one.since, engine.memory.config.slots)
            assert int(then.slots[0].position.max()) < one.since


def test_it_is_seen_and_let_go_of(library: Library, store: Store, log: str, capsys):
    other = library.add(b"# Short\n\nIt says 5.", "short.md").id
    library.reader.read(other)
    before = library.disk_use().checkpoints
    assert before == kept(store.path, log) > 0
    assert cli.checkpoints(library, [], False, Output(json=False)) == 0
    shown = capsys.readouterr().out
    assert (
        f"{log} " in shown and other not in shown and "--remove" in shown and library.disk_use().checkpoints == before
    )
    assert cli.checkpoints(library, [log[:6]], True, Output(json=False)) == 0
    assert "only once they were read again: launch.py read FILE --again" in capsys.readouterr().out
    assert library.disk_use().checkpoints == kept(store.path, log) == 0
    cli.checkpoints(library, [], True, Output(json=False))
    assert "Nothing is kept" in capsys.readouterr().out
    text = "".join(store.documents.pages(other))
    assert library.reader.memory(store.documents.get(other), 1).state.text == text, "it needs none"


def test_without_it_a_question_is_refused_by_name_and_all_else_goes_on(library: Library, store: Store, log: str):
    whole, last = said(library.answering.ask(log, "Who?")), said(library.answering.ask(log, "Who?", page=7))
    library.remove_checkpoints(log)
    for page in (1, 3, 6):
        with pytest.raises(EarlierPagesGone, match=f"'{library.get(log).title}'.*read it again in a terminal"):
            said(library.answering.ask(log, "Who?", page=page))
        with pytest.raises(EarlierPagesGone):
            said(library.summaries.summarize(log, page=page))
    assert said(library.answering.ask(log, "Who?")) == whole
    assert said(library.answering.ask(log, "Who?", page=7)) == last, "as of the last page it is the memory as it is"
    assert library.get(log).status == "read" and look_through(store.path) == []
    assert cli.checkpoints(library, [], False, Output(json=True)) == 0


def test_reading_again_gives_it_back(library: Library, store: Store, log: str, tmp_path: Path):
    before = [library.reader.memory(store.documents.get(log), page).state.digest for page in range(1, 8)]
    digest = library.reader.report(log).state_sha256
    library.remove_checkpoints(log)
    assert library.reader.read(log).complete, "which is read already"
    with pytest.raises(EarlierPagesGone):
        library.reader.memory(store.documents.get(log), 2)
    file = tmp_path / "log.md"
    file.write_bytes(LOG)
    assert cli.read_files(library, [file], None, Output(json=True), again=True) == 0
    assert library.reader.report(log).state_sha256 == digest
    assert [library.reader.memory(store.documents.get(log), page).state.digest for page in range(1, 8)] == before


def test_a_reading_that_goes_on_keeps_it_for_the_pages_to_come(store: Store):
    engine = SmallEngine(slots=60)
    library = shelf(engine, store, EVERY)
    log = library.add(LOG, "log.md").id
    library.reader.read(log, should_stop=lambda: engine.tokens_read >= 700)
    read_pages = library.get(log).read_pages
    library.remove_checkpoints(log)
    library.reader.read(log, should_stop=lambda: engine.tokens_read >= 1400)
    assert engine.tokens_read < 1500 and library.get(log).read_tokens >= 1400, "it went on where it stood"
    library.reader.read(log)
    text = "".join(store.documents.pages(log))
    for page in range(1, read_pages + 1):
        with pytest.raises(EarlierPagesGone):
            library.reader.memory(store.documents.get(log), page)
    one = [one for one in store.checkpoints.after(log, "f1", 0) if one.since][-1]
    state = engine.state_from_bytes(store.snapshots.load(store.snapshots.get(log, "f1"))[1])
    assert engine.as_of(state, [one.departed], one.since).digest == state_of(text[: one.since], 60)
    library.reader.memory(store.documents.get(log), 6)


def test_while_it_is_read_no_page_is_answered_from_less_than_all(store: Store):
    engine = SmallEngine(slots=60)
    library = shelf(engine, store, EVERY)
    log = library.add(LOG, "log.md").id
    gone = []

    def let_go(progress) -> None:
        if progress.n_tokens >= 700 and not gone:
            gone.append(library.get(log).read_tokens)
            library.remove_checkpoints(log)

    library.reader.read(log, on_progress=let_go, should_stop=lambda: engine.tokens_read >= 1000)
    library.reader.read(log)
    whole = state_of("".join(store.documents.pages(log)), 60)
    assert engine.state_from_bytes(store.snapshots.load(store.snapshots.get(log, "f1"))[1]).digest == whole
    starts = library.reader.memory(store.documents.get(log)).page_starts
    for page in range(1, 7):
        if starts[page] < gone[0]:
            with pytest.raises(EarlierPagesGone):
                library.reader.memory(store.documents.get(log), page)
        else:
            library.reader.memory(store.documents.get(log), page)


def test_a_memory_file_says_so_too(library: Library, store: Store, log: str, tmp_path: Path):
    library.remove_checkpoints(log)
    library.export_snapshot(log, tmp_path / "file")
    with Store.open(tmp_path / "other.db") as other:
        there = shelf(SmallEngine(slots=60), other)
        there.import_snapshot(tmp_path / "file")
        with pytest.raises(EarlierPagesGone):
            there.reader.memory(other.documents.get(log), 2)
        said(there.answering.ask(log, "Who?"))
    bundle = portable.read(tmp_path / "file")
    for since, departed in ((0, b"x"), (5, b"")):
        one = Checkpoint(since, bundle.snapshot.n_tokens, departed)
        portable.write(tmp_path / "wrong", replace(bundle, checkpoints=(one,)))
        with pytest.raises(NotASnapshotFile, match="checkpoints"):
            portable.read(tmp_path / "wrong")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system can't fork a process")
def test_a_kill_at_any_statement_leaves_all_of_it_or_nothing(library: Library, store: Store, log: str, tmp_path: Path):
    before = kept(store.path, log)
    store.close()
    command = [sys.executable, "-c", KILLS, str(store.path), log]
    number = int(subprocess.run(command, check=True, capture_output=True, timeout=300).stdout)
    seen = []
    for killed in range(1, number + 1):
        with Store.open(tmp_path / f"{killed}.db") as again:
            there = shelf(SmallEngine(slots=60), again)
            seen.append(there.disk_use().checkpoints)
            if seen[-1]:
                there.reader.memory(again.documents.get(log), 3)
            else:
                with pytest.raises(EarlierPagesGone):
                    there.reader.memory(again.documents.get(log), 3)
            assert there.reader.memory(again.documents.get(log)).n_tokens == there.get(log).tokens
    assert set(seen) == {before, 0} and seen[-1] == 0 and seen.count(before) > 3
