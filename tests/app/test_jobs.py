"""The reading queue: durable, in order, one bad document never in the way of the next."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import pytest

from app.errors import UnknownDocument
from app.handlers import Handlers, Screen
from app.library import Library
from app.reading import ReadingQueue, SavePolicy
from storage import Store
from tests.app.conftest import SOURCE, TEXT
from tests.app.small_engine import SmallEngine, shelf
from tests.app.waiting import LONG


class Gate:
    """Holds the engine before its n-th group until the test lets it go on."""

    def __init__(self, engine: SmallEngine, group: int) -> None:
        self._left = group
        self._reached, self._open = threading.Event(), threading.Event()
        engine.before_group = self._before

    def _before(self) -> None:
        self._left -= 1
        if self._left == 0:
            self._reached.set()
            assert self._open.wait(LONG)

    def reached(self) -> None:
        assert self._reached.wait(LONG)

    def let_go(self) -> None:
        self._open.set()


@pytest.fixture
def queue(library: Library) -> Iterator[ReadingQueue]:
    queue = library.queue
    queue._retry_seconds = 0.02
    yield queue
    assert queue.stop()


def add(library: Library, number: int) -> str:
    return library.add(f"# Book {number}\n\nIt has number {number}.\n".encode(), f"{number}.md").id


def status(queue: ReadingQueue, document_id: str) -> str:
    job = queue.wait(document_id, LONG)
    assert job is not None
    return job.status


def test_a_queued_document_is_read(library: Library, queue: ReadingQueue, tides: str):
    assert queue.progress(tides) is None
    job_id = queue.enqueue(tides)
    waiting = queue.progress(tides)
    assert waiting is not None and (waiting.status, waiting.active, waiting.fraction) == ("queued", True, 0.0)
    assert library.get(tides).status == "queued"
    queue.start()
    done = queue.wait(tides, LONG)
    assert done is not None
    assert (done.id, done.status, done.n_tokens, done.fraction, done.error) == (job_id, "done", len(TEXT), 1.0, None)
    assert library.get(tides).status == "read"
    assert queue.active() == []


def test_documents_are_read_in_the_order_of_asking(library: Library, queue: ReadingQueue, engine: SmallEngine):
    ids = [add(library, number) for number in (3, 1, 2)]
    for document_id in ids:
        queue.enqueue(document_id)
    gate = Gate(engine, 1)
    queue.start()
    gate.reached()
    assert [(job.document_id, job.status) for job in queue.active()] == list(
        zip(ids, ("reading", "queued", "queued"), strict=True)
    )
    gate.let_go()
    assert [status(queue, document_id) for document_id in ids] == ["done"] * 3


def test_one_that_waits_is_read_first_and_the_one_at_hand_steps_aside(
    library: Library, queue: ReadingQueue, tides: str, engine: SmallEngine
):
    waiting = [add(library, number) for number in (1, 2)]
    for document_id in (tides, *waiting):
        queue.enqueue(document_id)
    gate, ended = Gate(engine, 3), []
    queue.start()
    gate.reached()
    assert queue.first(waiting[1]) and not queue.first(tides), "what is being read does not wait"
    assert [job.document_id for job in queue.active()] == [tides, waiting[1], waiting[0]]
    threads = [threading.Thread(target=lambda id=id: (status(queue, id), ended.append(id))) for id in (tides, *waiting)]
    for thread in threads:
        thread.start()
    gate.let_go()
    for thread in threads:
        thread.join(LONG)
    done = {job.document_id: job.updated_at for job in (library.jobs.latest(id) for id in (tides, *waiting))}
    assert len(ended) == 3 and done[waiting[1]] <= done[tides] <= done[waiting[0]]
    assert all(library.get(document_id).whole for document_id in done)
    assert engine.tokens_read == sum(library.get(document_id).tokens for document_id in done), "nothing was read twice"
    assert not queue.first(tides)


def test_progress_is_live_between_two_saves(library: Library, queue: ReadingQueue, tides: str, engine: SmallEngine):
    gate = Gate(engine, 6)  # 3 groups are saved, 5 are read
    queue.enqueue(tides)
    queue.start()
    gate.reached()
    live, saved = queue.progress(tides), library.job(tides)
    assert live is not None and saved is not None
    assert (live.status, live.n_tokens, live.total_tokens, live.tokens_per_second) == (
        "reading",
        5 * 7,
        len(TEXT),
        1000.0,
    )
    assert live.eta_seconds == pytest.approx((len(TEXT) - 35) / 1000)
    assert saved.n_tokens == 3 * 7
    assert library.get(tides).status == "reading"
    gate.let_go()


def test_a_cancelled_reading_keeps_its_pages_and_goes_on_later(
    library: Library, queue: ReadingQueue, tides: str, engine: SmallEngine
):
    gate = Gate(engine, 5)
    queue.enqueue(tides)
    queue.start()
    gate.reached()
    assert queue.cancel(tides)
    gate.let_go()
    assert status(queue, tides) == "cancelled"
    item = library.get(tides)
    assert (item.status, item.read_tokens) == ("cancelled", 5 * 7)
    queue.enqueue(tides)
    assert status(queue, tides) == "done"
    assert engine.tokens_read == len(TEXT)


def test_a_waiting_job_is_cancelled_at_once(library: Library, queue: ReadingQueue, tides: str):
    assert not queue.cancel(tides)
    queue.enqueue(tides)
    assert queue.cancel(tides)
    assert status(queue, tides) == "cancelled"
    assert library.get(tides).status == "new"  # nothing was read


def test_a_stopped_queue_goes_on_at_the_next_start(
    library: Library, queue: ReadingQueue, tides: str, engine: SmallEngine
):
    gate = Gate(engine, 5)
    queue.enqueue(tides)
    queue.start()
    gate.reached()
    threading.Timer(0.05, gate.let_go).start()
    assert queue.stop()
    job = queue.progress(tides)
    assert job is not None and (job.status, job.n_tokens) == ("queued", 5 * 7)
    queue.start()
    assert status(queue, tides) == "done"
    assert engine.tokens_read == len(TEXT)


def test_a_job_that_a_dead_process_left_is_taken_up(library: Library, store: Store, queue: ReadingQueue, tides: str):
    store.jobs.enqueue(tides)
    left = store.jobs.claim("dead")
    assert left is not None
    store.jobs.begin(left, fingerprint="f1", group_tokens=11, n_tokens=0, total_tokens=len(TEXT))
    queue.start()
    assert status(queue, tides) == "done"
    assert library.models.engine.group_sizes == {11}  # the group size that the dead process chose


def test_a_document_that_fails_says_why_and_the_next_is_read(
    library: Library, queue: ReadingQueue, tides: str, engine: SmallEngine
):
    engine.fails_at = 50
    other = add(library, 4)
    queue.enqueue(tides)
    queue.enqueue(other)
    queue.start()
    failed = queue.wait(tides, LONG)
    assert failed is not None
    assert (failed.status, failed.error) == ("failed", "The device has no memory left. Close other programs.")
    assert (library.get(tides).status, library.get(tides).error) == ("failed", failed.error)
    assert library.get(tides).can_ask
    assert status(queue, other) == "done"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_mistake_of_ours_is_shown_and_does_not_end_the_queue(
    library: Library, queue: ReadingQueue, tides: str, engine: SmallEngine
):
    other = add(library, 5)

    def fall_once() -> None:
        engine.before_group = lambda: None
        raise ZeroDivisionError("a mistake")

    engine.before_group = fall_once
    queue.enqueue(tides)
    queue.enqueue(other)
    queue.start()
    failed = queue.wait(tides, LONG)
    assert failed is not None and failed.status == "failed"
    assert "ZeroDivisionError('a mistake')" in (failed.error or "")
    assert status(queue, other) == "done"


def test_a_document_removed_while_it_is_read_harms_nobody(
    library: Library, queue: ReadingQueue, tides: str, engine: SmallEngine
):
    other = add(library, 6)
    gate = Gate(engine, 2)
    queue.enqueue(tides)
    queue.enqueue(other)
    queue.start()
    gate.reached()
    library.remove(tides)
    gate.let_go()
    assert status(queue, other) == "done"
    assert queue.progress(tides).status == "cancelled"
    with pytest.raises(UnknownDocument):
        queue.enqueue(tides)
    library.restore(tides)
    queue.enqueue(tides)
    assert status(queue, tides) == "done" and library.get(tides).status == "read"


def test_a_locked_database_is_waited_for(tmp_path, engine: SmallEngine):
    with Store.open(tmp_path / "library.db", busy_seconds=0.01) as store:
        library = shelf(engine, store, SavePolicy(groups=1))
        tides = library.add(SOURCE, "tides.md").id
        queue = library.queue
        queue._retry_seconds = 0.02
        other = sqlite3.connect(store.path)
        gate = Gate(engine, 3)
        queue.enqueue(tides)
        queue.start()
        gate.reached()
        other.execute("BEGIN IMMEDIATE")
        gate.let_go()
        _until(lambda: not queue._live)  # the reading found the lock and ended, and could not even say so
        other.rollback()
        other.close()
        job = queue.wait(tides, LONG)
        assert job is not None
        assert queue.stop()
        assert job.status == "done"
        assert engine.tokens_read == len(TEXT) + 7  # one group more: it went on from the last save


def _until(holds: Callable[[], bool]) -> None:
    waiter = threading.Event()
    for _ in range(3000):
        if holds():
            return
        waiter.wait(0.01)
    raise AssertionError("it never came true")


def test_a_reading_that_ends_while_the_shelf_is_looked_at_is_looked_at_again(
    library: Library, queue: ReadingQueue, tides: str, monkeypatch: pytest.MonkeyPatch
):
    handlers = Handlers(library)
    queue.enqueue(tides)
    look = library.shelf

    def slow() -> list:
        items = look()
        queue.start()
        queue.wait(tides, 30)
        return items

    monkeypatch.setattr(library, "shelf", slow)
    nobody = SimpleNamespace(headers={}, session_hash="")  # what a handler looks at of a request
    shown = handlers.tick(tides, "", nobody)
    assert "queued" in shown.shelf and not shown.mark.endswith("|")
    monkeypatch.setattr(library, "shelf", look)
    assert 'class="read' in handlers.tick(tides, shown.mark, nobody).shelf


def test_a_page_that_is_not_filled_yet_is_left_alone(library: Library, queue: ReadingQueue, tides: str):
    queue.enqueue(tides)
    assert Handlers(library).tick("", "", SimpleNamespace(headers={}, session_hash="")) == Screen()
