"""Reading: documents into memories, one after another in the background, saved on the way and gone on with where they stood.

A reading takes one turn on the engine a group of windows. What it has read is saved every few seconds, in one transaction: the memory,
what its tokens were worth, the job's progress, and what has left the memory since its last checkpoint. From that and a later memory
the engine gives the memory as it was at an earlier page, at once and with nothing read again; what is kept for that is bounded, and can be
let go.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Literal

from app import rows
from app.errors import (
    EarlierPagesGone,
    NothingToRead,
    NotReadThatFar,
    NotReadYet,
    StaleSnapshot,
    UnknownDocument,
    UnknownPage,
    named_errors,
)
from app.log import LOGGER
from app.models import Models
from app.pictures import OnPicture, Pictures
from app.views import JobView, MemoryView, ReadProgress, ReadReport, Stretch, unit_of
from storage import (
    Checkpoint,
    DocumentGone,
    DocumentRow,
    JobRow,
    JobTaken,
    NewSnapshot,
    SnapshotDamaged,
    SnapshotRow,
    StorageError,
    Store,
)

if TYPE_CHECKING:
    # The engine brings torch along; `shelf` and `--help` must not wait for that.
    from engine.engine import Engine
    from engine.read import ReadStep, TokenizedDocument
    from engine.state import State

OnProgress = Callable[[ReadProgress], None]
ShouldStop = Callable[[], bool]
JobEnd = Literal["queued", "cancelled"]
RETRY_SECONDS = 5.0  # how long the worker waits after the database failed under it
MOST_STRETCHES = 80
log = logging.getLogger(f"{LOGGER}.reading")


@dataclass(frozen=True)
class SavePolicy:
    """A reading is saved after `seconds` of reading or `groups` groups, whichever comes first, at every checkpoint and at its end.

    The first checkpoint stands after `first_checkpoint` tokens, each later one `growth` times as far as the one before. What is kept for
    earlier pages takes `states` times the memory at most: where it would be more, two checkpoints become one, so that they stand further
    apart the longer the text is.
    """

    seconds: float = 2.0
    groups: int = 16
    first_checkpoint: int = 8192
    growth: float = 1.25
    states: int = 5

    def next_checkpoint(self, last: int) -> int:
        """After how many tokens the checkpoint behind the one at `last` stands."""
        return max(self.first_checkpoint, int(self.growth * last) + 1)


@dataclass(frozen=True)
class LeasePolicy:
    """A process that reads shows every `beat_seconds` that it lives, and looks as often for what others have left. From one that has not
    shown it for `silent_seconds`, by the clock of the one that looks, its reading is taken over; from one that is known to have ended, at
    once."""

    beat_seconds: float = 2.0
    silent_seconds: float = 15.0


def own_name() -> str:
    """A name for this process that no other has. It tells those that may know, whether the process still runs."""
    return f"{token_hex(8)}_{_place()}_{os.getpid()}"


def ended(owner: str | None) -> bool:
    """Whether the process of that name is known to have ended: it ran where this one runs, and none there has its number any more. Of one
    whose number another process has by now that is not known."""
    _, place, number = [*(owner or "").split("_"), "", "", ""][:3]
    if not place or place != _place() or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False  # it may not be asked, or is none
    return False


def _place() -> str:
    """Where processes are that know each other by their numbers: this machine since it was started, and of its containers this one; nothing
    where the system does not tell, which is everywhere but on Linux."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}.{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


@dataclass(frozen=True)
class Memory:
    """A document's memory of its first `n_tokens` tokens, the engine that made it, and at which token each page begins."""

    engine: Engine
    state: State
    n_tokens: int
    page_starts: Sequence[int]


class _Sitting:
    """One document being read: where it stands, what of that is not saved yet, and the time spent (waiting for a turn not counted)."""

    def __init__(
        self,
        store: Store,
        policy: SavePolicy,
        row: DocumentRow,
        tokens: TokenizedDocument,
        start: _Start,
        job: JobRow | None,
    ) -> None:
        self._store = store
        self._policy = policy
        self._row = row
        self._tokens = tokens
        self._start = start
        self._job = job
        self._since, self._before = start.since, start.before
        self._worths = bytearray()
        self._unsaved_seconds, self._unsaved_groups = 0.0, 0
        self._step: ReadStep | None = None
        self._seconds = start.seconds
        self.n_tokens, self.total = start.n_tokens, len(tokens.ids)

    def advance(self, step: ReadStep, seconds: float) -> ReadProgress:
        """Takes in what a group gave, after so many seconds, and saves it where that is due."""
        self._step, self.n_tokens = step, step.n_tokens
        self._worths += step.worths
        self._seconds += seconds
        self._unsaved_seconds += seconds
        self._unsaved_groups += 1
        checkpoint = self.n_tokens >= self._policy.next_checkpoint(self._since)
        policy = self._policy
        saved = checkpoint or self._complete or self._unsaved_groups >= policy.groups
        saved = saved or self._unsaved_seconds >= policy.seconds
        if saved:
            self.save()
        if checkpoint:
            self._since, self._before = self.n_tokens, step.state
        return ReadProgress(
            document_id=self._row.id,
            n_tokens=self.n_tokens,
            total_tokens=self.total,
            tokens_per_second=step.tokens_per_second,
            eta_seconds=step.eta_seconds,
            page=self._page,
            pages=self._row.n_pages,
            saved=saved,
        )

    def save(self) -> None:
        """Saves where the reading stands, unless that is saved. Raises DocumentGone, JobTaken."""
        step, engine = self._step, self._start.engine
        if step is None or not self._unsaved_groups:
            return
        snapshot = NewSnapshot(
            document_id=self._row.id,
            fingerprint=engine.fingerprint,
            n_tokens=self.n_tokens,
            total_tokens=self.total,
            page=self._page,
            complete=self._complete,
            group_tokens=self._start.group_tokens,
            seconds=self._seconds,
            blob=engine.state_to_bytes(engine.finished(step.state) if self._complete else step.state),
            page_starts=array("i", self._tokens.page_starts).tobytes(),
        )
        left: list[Checkpoint] = []
        if self._since:  # of what was empty nothing can leave
            newest = Checkpoint(self._since, self.n_tokens, engine.departed(self._before, step.state))
            left = self._within_bounds(newest)
        self._store.record_progress(
            snapshot,
            job=self._job,
            tokens_per_second=step.tokens_per_second,
            eta_seconds=step.eta_seconds,
            worths=bytes(self._worths),
            left=left,
        )
        self._worths.clear()
        self._unsaved_seconds, self._unsaved_groups = 0.0, 0

    def _within_bounds(self, newest: Checkpoint) -> list[Checkpoint]:
        """The checkpoints to write: that one, and all before it where it leaves these too little room. Of those two become one that
        are nearest to each other for how far into the text they stand."""
        engine, kept = self._start.engine, self._store.checkpoints
        most = self._policy.states * engine.info.state_bytes - len(newest.departed)
        if kept.n_bytes(self._row.id, engine.fingerprint, newest.since) <= most:
            return [newest]
        known = [one for one in kept.after(self._row.id, engine.fingerprint, 0) if not one.unknown]
        before = [one for one in known if one.since < newest.since]
        while len(before) > 1 and sum(len(one.departed) for one in before) > most:
            at = min(range(len(before) - 1), key=lambda at: before[at + 1].n_tokens / before[at].since)
            one, other = before[at : at + 2]
            departed = engine.merged(one.departed, other.departed, one.since, other.n_tokens)
            before[at : at + 2] = [Checkpoint(one.since, other.n_tokens, departed)]
        return [*before, newest]

    @property
    def _complete(self) -> bool:
        return self.n_tokens >= self.total

    @property
    def _page(self) -> int:
        """The last page read to its end."""
        starts = self._tokens.page_starts
        return len(starts) if self._complete else max(0, bisect_right(starts, self.n_tokens) - 1)


@dataclass(frozen=True)
class _Start:
    """Where a reading begins or goes on: the memory so far, how many tokens are in it and the seconds they took; and the memory as it was
    at the last checkpoint, after `since` tokens. `group_tokens` stays the same over all sittings of one reading."""

    engine: Engine
    state: State
    n_tokens: int
    seconds: float
    group_tokens: int
    since: int
    before: State


class Reader:
    """Reads documents into memories and gives these back. Safe to call from several threads."""

    def __init__(self, store: Store, models: Models, policy: SavePolicy) -> None:
        self._store = store
        self._models = models
        self._policy = policy

    def read(
        self,
        document_id: str,
        *,
        job: JobRow | None = None,
        again: bool = False,
        on_progress: OnProgress = lambda progress: None,
        should_stop: ShouldStop = lambda: False,
    ) -> ReadReport:
        """Reads to the end, or until should_stop() is True or another model takes over, asked between groups.

        Goes on from the newest memory that fits, unless `again` gives that up. A document that is read already returns at once. Pages
        don't call this: they use ReadingQueue.enqueue. Under a claimed `job` nothing is written once another process has that.
        Raises UnknownDocument, NothingToRead, ModelNotReady, ModelMissing, JobTaken.
        """
        engine, row = self._models.engine, rows.known(self._store, document_id)
        if again:
            with self._store.jobs.held(job):
                self._store.snapshots.remove(row.id, engine.fingerprint)
        kept = self._store.snapshots.get(row.id, engine.fingerprint)
        start = self._start(engine, row, kept, job)
        if kept and kept.complete and start.n_tokens:
            if job is not None:
                self._begin(job, start, kept.total_tokens)
                self._store.jobs.finish(job, "done")
            return rows.report(row, kept, kept.total_tokens)
        pages = self._store.documents.pages(row.id)
        if not any(page.strip() for page in pages):
            raise NothingToRead(row.title)
        with self._models.turns.take():
            tokens = engine.tokenize(pages)
        with self._store.jobs.held(job):
            self._store.documents.set_tokens(row.id, len(tokens.ids))
            if job is not None:
                self._begin(job, start, len(tokens.ids))
        sitting = _Sitting(self._store, self._policy, row, tokens, start, job)
        steps = engine.read(tokens.ids[start.n_tokens :], start.state, group_tokens=start.group_tokens)
        while sitting.n_tokens < sitting.total:
            with self._models.turns.take():
                if should_stop() or self._models.engine is not engine:
                    break
                began = time.monotonic()
                step = next(steps)
                seconds = time.monotonic() - began
            on_progress(sitting.advance(step, seconds))
        sitting.save()
        return rows.report(row, self._store.snapshots.get(row.id, engine.fingerprint), sitting.total)

    def report(self, document_id: str) -> ReadReport:
        """How far the document has been read by the running model. Raises UnknownDocument, ModelNotReady, ModelMissing."""
        row = rows.known(self._store, document_id)
        kept = self._store.snapshots.get(row.id, self._models.engine.fingerprint)
        return rows.report(row, kept, kept.total_tokens if kept else row.n_tokens or 0)

    def progress(self, job: JobRow) -> ReadProgress:
        """How far another process is, as it last saved it. Raises UnknownDocument, ModelNotReady, ModelMissing."""
        row = rows.known(self._store, job.document_id)
        kept = self._store.snapshots.get(row.id, self._models.engine.fingerprint)
        return ReadProgress(
            document_id=row.id,
            n_tokens=job.n_tokens,
            total_tokens=job.total_tokens or 0,
            tokens_per_second=job.tokens_per_second or 0.0,
            eta_seconds=job.eta_seconds or 0.0,
            page=kept.page if kept else 0,
            pages=row.n_pages,
            saved=True,
        )

    def newest(self, row: DocumentRow) -> SnapshotRow:
        """The document's newest memory that the running model can use, without its bytes. Raises NotReadYet, StaleSnapshot,
        ModelNotReady, ModelMissing."""
        fingerprint = self._models.engine.fingerprint
        kept = self._store.snapshots.get(row.id, fingerprint)
        if kept:
            return kept
        others = self._store.snapshots.of_document(row.id)
        if others:
            raise StaleSnapshot(row.title, others[0].fingerprint, fingerprint)
        raise NotReadYet(row.title)

    def check_page(self, row: DocumentRow, page: int) -> SnapshotRow:
        """The newest memory, where it reaches to the end of `page`. Raises UnknownPage, NotReadThatFar, and what `newest` raises."""
        if not 1 <= page <= row.n_pages:
            raise UnknownPage(page, row.title, row.n_pages, unit_of(row.format))
        kept = self.newest(row)
        if page > kept.page:
            raise NotReadThatFar(page, row.title, kept.page, unit_of(row.format))
        return kept

    def memory(self, row: DocumentRow, page: int | None = None) -> Memory:
        """The document's newest memory, or the one at the end of `page`, which holds nothing of what follows.

        Raises SnapshotDamaged, StateCorrupt, UnknownPage, NotReadThatFar, EarlierPagesGone, and what `newest` raises.
        """
        from engine.errors import StateCorrupt

        engine = self._models.engine
        kept = self.newest(row) if page is None else self.check_page(row, page)
        kept, blob = self._store.snapshots.load(kept)
        try:
            state = engine.state_from_bytes(blob)
        except StateCorrupt:
            self._store.snapshots.mark_damaged(kept)
            raise
        starts, n_tokens = self._page_starts(engine, row, kept), kept.n_tokens
        if page is not None and page < len(starts) and starts[page] < n_tokens:
            n_tokens = starts[page]
            left = self._store.checkpoints.after(row.id, engine.fingerprint, n_tokens)
            if any(one.unknown for one in left):
                raise EarlierPagesGone(row.title)
            state = engine.as_of(state, [one.departed for one in left], n_tokens)
        return Memory(engine, state, n_tokens, starts)

    def look(self, document_id: str) -> MemoryView:
        """What the document's newest memory looks like. Raises UnknownDocument, and what `memory` raises."""
        row = rows.known(self._store, document_id)
        kept, memory = self.newest(row), self.memory(row)
        return MemoryView(
            title=row.title,
            pages=row.n_pages,
            read_tokens=memory.n_tokens,
            state_bytes=kept.n_bytes,
            cache_bytes_per_token=memory.engine.info.cache_bytes_per_token,
            stretches=stretches(memory.engine.slot_positions(memory.state), memory.n_tokens, memory.page_starts),
        )

    def _page_starts(self, engine: Engine, row: DocumentRow, kept: SnapshotRow) -> Sequence[int]:
        """At which token each page begins; found anew where that was not kept, as in a memory from another machine."""
        blob = self._store.snapshots.page_starts(kept)
        if not blob:
            with self._models.turns.take():
                blob = array("i", engine.tokenize(self._store.documents.pages(row.id)).page_starts).tobytes()
            self._store.snapshots.set_page_starts(kept, blob)
        starts = array("i")
        starts.frombytes(blob)
        return starts

    def _start(self, engine: Engine, row: DocumentRow, kept: SnapshotRow | None, job: JobRow | None) -> _Start:
        """Where to go on from: the newest memory; a damaged one is dropped, since reading again is the cure for it."""
        from engine.errors import FingerprintMismatch, StateCorrupt

        if kept is not None:
            try:
                if kept.damaged:
                    raise SnapshotDamaged(row.id)
                kept, blob = self._store.snapshots.load(kept)
                state, before = engine.state_from_bytes(blob), engine.empty_state()
                since = self._store.checkpoints.last(row.id, engine.fingerprint)
                if since and not kept.complete:
                    left = self._store.checkpoints.after(row.id, engine.fingerprint, since)
                    before = engine.as_of(state, [one.departed for one in left if not one.unknown], since)
                return _Start(engine, state, kept.n_tokens, kept.seconds, kept.group_tokens, since, before)
            except (SnapshotDamaged, StateCorrupt, FingerprintMismatch):
                with self._store.jobs.held(job):
                    self._store.snapshots.remove(row.id, engine.fingerprint)
        # the group size that an earlier start of the job chose, else one that fits the memory that is free now
        chosen = job.group_tokens if job and job.fingerprint == engine.fingerprint else None
        empty = engine.empty_state()
        return _Start(engine, empty, 0, 0.0, chosen or engine.group_tokens(), 0, empty)

    def _begin(self, job: JobRow, start: _Start, total_tokens: int) -> None:
        self._store.jobs.begin(
            job,
            fingerprint=start.engine.fingerprint,
            group_tokens=start.group_tokens,
            n_tokens=start.n_tokens,
            total_tokens=total_tokens,
        )


def stretches(positions: Sequence[int], n_tokens: int, page_starts: Sequence[int]) -> tuple[Stretch, ...]:
    """The first `n_tokens` tokens in at most MOST_STRETCHES stretches of one length, each with how many of `positions` (in order) lie
    in it."""
    length = max(1, -(-n_tokens // MOST_STRETCHES))
    ends = [*range(length, n_tokens, length), n_tokens]
    return tuple(
        Stretch(
            page=max(1, bisect_right(page_starts, end - 1)),
            tokens=end - begin,
            kept=bisect_left(positions, end) - bisect_left(positions, begin),
        )
        for begin, end in pairwise([0, *ends])
    )


class ReadingQueue:
    """Reads documents one after another in a thread of its own. Every method may be called from any thread.

    Other processes may have queues over the same library: each document is read by one of them. `owner` is this one's name.
    """

    def __init__(
        self,
        store: Store,
        models: Models,
        reader: Reader,
        pictures: Pictures,
        owner: str,
        lease: LeasePolicy,
        *,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._store = store
        self._jobs = store.jobs
        self._models = models
        self._reader = reader
        self._pictures = pictures
        self._owner = owner
        self._lease = lease
        self._retry_seconds = retry_seconds
        self._changed = threading.Condition()
        self._wakes = 0
        self._stopping = threading.Event()
        self._seen: dict[tuple[int, str | None, int | None], float] = {}  # job, owner and beat: since when
        self._live: dict[int, ReadProgress] = {}
        self._worker: threading.Thread | None = None

    def start(self) -> None:
        """Starts the worker. Jobs that a dead process left half done go on where they stood: at once where it is known to have ended, else
        once it was silent for long enough."""
        self._stopping.clear()
        if self._worker is None or not self._worker.is_alive():
            self._spawn()

    def stop(self, timeout: float = 60.0) -> bool:
        """Stops after the group at hand, with its memory saved; the job goes on at the next start.

        False when the worker was still busy after `timeout` seconds.
        """
        self._stopping.set()
        self._notify()
        worker = self._worker
        if worker is None or worker is threading.current_thread():
            return True
        worker.join(timeout)
        return not worker.is_alive()

    def enqueue(self, document_id: str) -> int:
        """Queues a reading and returns its job id; a document that waits or is being read keeps its job.

        One that can't be read without its pictures has them read first. Raises UnknownDocument.
        """
        row = rows.known(self._store, document_id)
        _, scan = self._store.pictures.counts().get(row.id, (0, False))
        job_id = self._jobs.enqueue(row.id, "ocr" if scan else "read")
        self._notify()
        return job_id

    def read_pictures(self, document_id: str) -> int:
        """Queues a reading that begins with the document's pictures (OCR) and returns its job id; one that waits or is going on
        becomes such a reading. Raises UnknownDocument."""
        rows.known(self._store, document_id)
        job_id = self._jobs.enqueue(document_id, "ocr")
        self._notify()
        return job_id

    def read_now(
        self,
        document_id: str,
        *,
        ocr: bool = False,
        again: bool = False,
        on_picture: OnPicture = lambda done, total: None,
        on_progress: OnProgress = lambda progress: None,
        should_stop: ShouldStop = lambda: False,
    ) -> ReadReport:
        """Reads that document in the caller's thread, whatever else waits, with `ocr` its pictures first, with `again` all of it even if it
        is read. Where another process reads it already, that is waited for and its progress told. Not for a queue that was started. Raises
        what Reader.read and Pictures.read raise."""
        while not should_stop():
            job_id = self.read_pictures(document_id) if ocr else self.enqueue(document_id)
            job = self._jobs.claim(self._owner, document_id)
            if job:
                return self._read(
                    job,
                    again=again,
                    on_picture=on_picture,
                    on_progress=on_progress,
                    ending=lambda: "cancelled" if should_stop() else None,
                )
            self._release_abandoned()
            elsewhere = self._jobs.get(job_id)
            if elsewhere and elsewhere.total_tokens:
                on_progress(self._reader.progress(elsewhere))
            time.sleep(self._lease.beat_seconds)
        return self._reader.report(document_id)

    def cancel(self, document_id: str) -> bool:
        """Ends the document's reading after the group at hand; what was read stays. False when there is none."""
        cancelled = self._jobs.cancel(document_id)
        self._notify()
        return cancelled

    def first(self, document_id: str) -> bool:
        """Reads that document before all others: one that is being read steps aside after the group at hand, and goes on from
        there in its turn. False when it does not wait."""
        found = self._jobs.first(document_id)
        self._notify()
        return found

    def progress(self, document_id: str) -> JobView | None:
        """The document's newest job, live, or None when it never had one."""
        job = self._jobs.latest(document_id)
        return self._view(job) if job else None

    def active(self) -> list[JobView]:
        """Jobs that are being read or wait, in the order in which they are read."""
        return [self._view(job) for job in self._jobs.active()]

    def wait(self, document_id: str, timeout: float) -> JobView | None:
        """Waits until the document's job has ended, at most `timeout` seconds, and returns it as it is then."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                job = self.progress(document_id)
                left = deadline - time.monotonic()
                if job is None or not job.active or left <= 0:
                    return job
                self._changed.wait(min(left, 0.5))

    def _view(self, job: JobRow) -> JobView:
        view, live = rows.job_view(job), self._live.get(job.id)
        if live is None or job.status != "reading":
            return view
        return replace(
            view,
            n_tokens=live.n_tokens,
            total_tokens=live.total_tokens,
            tokens_per_second=live.tokens_per_second,
            eta_seconds=live.eta_seconds,
        )

    def _notify(self) -> None:
        with self._changed:
            self._wakes += 1
            self._changed.notify_all()

    def _spawn(self) -> None:
        self._worker = threading.Thread(target=self._work, name="reading", daemon=True)
        self._worker.start()

    def _work(self) -> None:
        while not self._stopping.is_set():
            if not self._models.wait(0.5):
                continue
            wakes = self._wakes
            try:
                self._release_abandoned()
                job = self._jobs.claim(self._owner)
                if job:
                    self._read(
                        job,
                        on_picture=lambda done, total: self._notify(),
                        on_progress=lambda progress, id=job.id: self._show(id, progress),
                        ending=lambda: "queued" if self._stopping.is_set() else None,
                    )
            except (DocumentGone, UnknownDocument, JobTaken):
                continue  # removed while it was read, or another process has it by now: nothing of it is ours any more
            except StorageError:
                # It may be that not even the job's end could be written: the disk is full or the file locked. Either may pass.
                self._stopping.wait(self._retry_seconds)
                continue
            except named_errors():
                continue  # kept with the job
            except BaseException:
                # A mistake of ours in one document must be seen, and must not keep the others from being read.
                if not self._stopping.is_set():
                    self._spawn()
                raise
            if job is None:
                # Now and then it looks by itself, for jobs that another process queued or left.
                with self._changed:
                    self._changed.wait_for(lambda seen=wakes: self._wakes != seen, self._lease.beat_seconds)

    def _release_abandoned(self) -> None:
        """Puts jobs back in the queue whose owner has ended, or has been silent for too long. That is timed from when its beat was first
        seen here: what the clocks of two processes say is never compared."""
        before, self._seen = self._seen, {}
        for job in self._jobs.active():
            if job.status != "reading" or job.owner == self._owner:
                continue
            seen = (job.id, job.owner, job.beat)
            since, gone = before.get(seen, time.monotonic()), ended(job.owner)
            if not gone and time.monotonic() - since < self._lease.silent_seconds:
                self._seen[seen] = since
            elif self._jobs.release(job):
                what = "taken from a process that has ended" if gone else "taken from a silent process"
                log.warning(what, extra={**_names(job), "owner": job.owner})
                self._notify()

    @contextmanager
    def _beating(self, job: JobRow) -> Iterator[None]:
        """Shows inside the `with` that whoever reads the job's document lives, however long a group of windows takes."""
        over = threading.Event()

        def beat() -> None:
            while not over.wait(self._lease.beat_seconds):
                with suppress(StorageError):  # locked for a while, or full: the next beat may come through
                    if not self._jobs.beat(job):
                        return

        beating = threading.Thread(target=beat, name="beating", daemon=True)
        beating.start()
        try:
            yield
        finally:
            over.set()
            beating.join()

    def _read(
        self,
        job: JobRow,
        *,
        again: bool = False,
        on_picture: OnPicture,
        on_progress: OnProgress,
        ending: Callable[[], JobEnd | None],
    ) -> ReadReport:
        """Reads the document of a claimed job, until `ending` says how the job is to end, or somebody wished for it. How it ended is kept
        with the job, and errors are raised besides."""
        end: str | None = None

        def should_stop() -> bool:
            nonlocal end
            end = ending() or self._jobs.wish(job)
            return end is not None

        log.info("reading begins", extra={**_names(job), "owner": self._owner})
        with self._beating(job):
            try:
                report = self._reader.report(job.document_id)
                if job.kind != "ocr" or self._pictures.read(
                    job.document_id, job=job, on_picture=on_picture, should_stop=should_stop
                ):
                    report = self._reader.read(
                        job.document_id, job=job, again=again, on_progress=on_progress, should_stop=should_stop
                    )
                if not report.complete:
                    self._jobs.finish(job, end or "queued")  # the latter for another model, which then takes over
                log.info("reading ends", extra={**_names(job), "tokens": report.tokens, "complete": report.complete})
                return report
            except (DocumentGone, UnknownDocument, JobTaken):
                log.info("reading is not ours any more", extra=_names(job), exc_info=True)
                raise  # its job has ended, or goes on elsewhere
            except named_errors() as error:
                log.warning("reading failed", extra=_names(job), exc_info=True)
                self._jobs.finish(job, "failed", str(error))
                raise
            except BaseException as error:
                log.exception("reading ended unexpectedly", extra=_names(job))
                self._jobs.finish(job, "failed", f"Reading ended unexpectedly: {error!r}. Please report this.")
                raise
            finally:
                self._live.pop(job.id, None)
                self._notify()

    def _show(self, job_id: int, progress: ReadProgress) -> None:
        self._live[job_id] = progress
        self._notify()


def _names(job: JobRow) -> dict[str, object]:
    return {"job": job.id, "document": job.document_id}
