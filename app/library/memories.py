"""Memories: read from texts, saved on the way, loaded again, and as they were at an earlier page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from app import rows
from app.errors import NothingToRead, NotReadThatFar, NotReadYet, StaleSnapshot, UnknownPage
from app.reading import Point, SavePolicy, Start, read_on
from app.turns import Turns
from app.views import ReadProgress
from app.waypoints import Spacing
from storage import DocumentRow, NewSnapshot, SnapshotDamaged, SnapshotRow, Store

if TYPE_CHECKING:
    # The engine brings torch along; `shelf` and `--help` must not wait for that.
    from engine.engine import Engine
    from engine.state import MemoryState

OnProgress = Callable[[ReadProgress], None]
ShouldStop = Callable[[], bool]
AT_ONCE = 8  # memories that are asked together
WHOLE = 0  # the section number under which the memory of a whole document is kept


@dataclass(frozen=True)
class Text:
    """What is read into one memory: a whole document (section 0) or one section."""

    document_id: str
    section: int
    title: str
    pages: list[str]


class Memories:
    """The memories that one engine makes and one store keeps. Readings take turns on the engine, a group at a time."""

    def __init__(
        self, engine: Engine, store: Store, turns: Turns, policy: SavePolicy, spacing: Callable[[], Spacing]
    ) -> None:
        self._engine = engine
        self._store = store
        self._turns = turns
        self._policy = policy
        self._spacing = spacing
        self._last_as_of: tuple[tuple[str, list[str]], MemoryState] | None = None

    def read(
        self, text: Text, job_id: int | None, on_progress: OnProgress, should_stop: ShouldStop
    ) -> tuple[SnapshotRow | None, int]:
        """Reads a text into its memory; returns what is stored of it now, and how many tokens the text has."""
        engine = self._engine
        kept, state = self._usable(text)
        if kept and kept.complete:
            if job_id is not None:
                self._begin(job_id, kept.group_tokens, kept.n_tokens, kept.total_tokens)
                self._store.jobs.finish(job_id, "done")
            return kept, kept.total_tokens
        if not any(page.strip() for page in text.pages):
            raise NothingToRead(text.title)
        with self._turns.take():
            tokens = engine.tokenize(text.pages)
        total = len(tokens.ids)
        if text.section == WHOLE:
            self._store.documents.set_tokens(text.document_id, total)
        if kept is not None and state is not None:
            start = Start(state, kept.n_tokens, kept.seconds, kept.group_tokens)
        else:
            start = Start(engine.empty_state(), 0, 0.0, self._group_tokens(job_id))
        if job_id is not None:
            self._begin(job_id, start.group_tokens, start.n_tokens, total)

        def save(point: Point) -> None:
            self._save(text, start.group_tokens, point, job_id)

        def show(point: Point, saved: bool) -> None:
            on_progress(rows.progress(text.document_id, len(text.pages), point, saved=saved))

        read_on(
            engine,
            tokens,
            start,
            turns=self._turns,
            policy=self._policy,
            save=save,
            on_progress=show,
            should_stop=should_stop,
        )
        return self._store.snapshots.get(text.document_id, engine.fingerprint, text.section), total

    def newest(self, row: DocumentRow) -> MemoryState:
        """The newest memory of the whole document. Raises NotReadYet, StaleSnapshot."""
        return self.load(self.newest_row(row))[1]

    def load(self, kept: SnapshotRow) -> tuple[SnapshotRow, MemoryState]:
        """A stored memory, and the row that it belongs to by now."""
        kept, blob = self._store.snapshots.load(kept)
        return kept, self._engine.state_from_bytes(blob)

    def check_page(self, row: DocumentRow, page: int) -> None:
        """Raises UnknownPage, NotReadThatFar, and what `newest` raises, where there can be no memory as of `page`."""
        if not 1 <= page <= row.n_pages:
            raise UnknownPage(page, row.title, row.n_pages)
        read_pages = self.newest_row(row).page
        if page > read_pages:
            raise NotReadThatFar(page, row.title, read_pages)

    def as_of(
        self, row: DocumentRow, page: int, on_progress: OnProgress, should_stop: ShouldStop
    ) -> MemoryState | None:
        """The memory of the pages up to `page` and of nothing else, None when stopped before it was there.

        What lies between the waypoint before and the end of the page is read again; the last such memory stays at hand.
        """
        at_hand, pages = self._last_as_of, self._store.documents.pages(row.id)[:page]
        if at_hand and at_hand[0] == (row.id, pages):  # not of a text from before its pictures were read
            return at_hand[1]
        with self._turns.take():
            tokens = self._engine.tokenize(pages)
        total = len(tokens.ids)
        state, group_tokens = self._waypoint_before(row.id, total)
        reached = [state]

        def keep(point: Point) -> None:
            reached[0] = point.step.state

        def show(point: Point, saved: bool) -> None:
            keep(point)
            on_progress(rows.progress(row.id, page, point, saved=False))

        read_on(
            self._engine,
            tokens,
            Start(state, state.n_tokens, 0.0, group_tokens),
            turns=self._turns,
            policy=self._policy,
            save=keep,
            on_progress=show,
            should_stop=should_stop,
        )
        if reached[0].n_tokens < total:
            return None
        self._last_as_of = ((row.id, pages), reached[0])
        return reached[0]

    def marks(
        self, row: DocumentRow, page: int | None, should_stop: ShouldStop
    ) -> list[tuple[int, Callable[[], MemoryState]]]:
        """The kept memories of a document in order, each by how many tokens it holds and loaded when called: that of nothing,
        every waypoint's, and the newest or, with `page`, the one as of it. None of them when stopped before that was there.
        Loading raises SnapshotDamaged.
        """
        if page is not None:
            self.check_page(row, page)
        last = self.newest(row) if page is None else self.as_of(row, page, lambda progress: None, should_stop)
        if last is None:
            return []
        waypoints, fingerprint = self._store.waypoints, self._engine.fingerprint

        def load(n_tokens: int) -> MemoryState:
            kept = waypoints.before(row.id, fingerprint, n_tokens)
            return self._engine.state_from_bytes(kept.blob) if kept else self._engine.empty_state()

        kept = [n for n in waypoints.tokens(row.id, fingerprint) if n < last.n_tokens]
        return [(0, self._engine.empty_state), *((n, partial(load, n)) for n in kept), (last.n_tokens, lambda: last)]

    def _waypoint_before(self, document_id: str, n_tokens: int) -> tuple[MemoryState, int]:
        from engine.errors import FingerprintMismatch, StateCorrupt

        # Without a usable one: reading from the beginning is slower and always right.
        with suppress(SnapshotDamaged, StateCorrupt, FingerprintMismatch):
            kept = self._store.waypoints.before(document_id, self._engine.fingerprint, n_tokens)
            if kept is not None:
                return self._engine.state_from_bytes(kept.blob), kept.group_tokens
        return self._engine.empty_state(), self._engine.group_tokens()

    def newest_row(self, row: DocumentRow) -> SnapshotRow:
        """The newest memory of the whole document, without its bytes. Raises NotReadYet, StaleSnapshot."""
        fingerprint = self._engine.fingerprint
        kept = self._store.snapshots.get(row.id, fingerprint)
        if kept:
            return kept
        others = self._store.snapshots.of_document(row.id)
        if others:
            raise StaleSnapshot(row.title, others[0].fingerprint, fingerprint)
        raise NotReadYet(row.title)

    def _usable(self, text: Text) -> tuple[SnapshotRow | None, MemoryState | None]:
        """The newest memory to go on from; a damaged one is dropped, since reading again is the cure for it."""
        from engine.errors import FingerprintMismatch, StateCorrupt

        fingerprint = self._engine.fingerprint
        kept = self._store.snapshots.get(text.document_id, fingerprint, text.section)
        if kept is None:
            return None, None
        try:
            return self.load(kept)
        except (SnapshotDamaged, StateCorrupt, FingerprintMismatch):
            self._store.snapshots.remove(text.document_id, fingerprint, text.section)
            return None, None

    def _group_tokens(self, job_id: int | None) -> int:
        """The group size that an earlier start of the job chose, else one that fits the memory that is free now."""
        engine = self._engine
        job = self._store.jobs.get(job_id) if job_id is not None else None
        if job and job.group_tokens and job.fingerprint == engine.fingerprint:
            return job.group_tokens
        return engine.group_tokens()

    def _begin(self, job_id: int, group_tokens: int, n_tokens: int, total_tokens: int) -> None:
        self._store.jobs.begin(
            job_id,
            fingerprint=self._engine.fingerprint,
            group_tokens=group_tokens,
            n_tokens=n_tokens,
            total_tokens=total_tokens,
        )

    def _save(self, text: Text, group_tokens: int, point: Point, job_id: int | None) -> None:
        step = point.step
        snapshot = NewSnapshot(
            document_id=text.document_id,
            fingerprint=self._engine.fingerprint,
            section=text.section,
            n_tokens=step.n_tokens,
            total_tokens=step.total,
            page=point.page,
            complete=point.complete,
            group_tokens=group_tokens,
            seconds=point.seconds,
            blob=self._engine.state_to_bytes(step.state),
        )
        waypoint, drop = self._waypoints(text, point)
        self._store.record_progress(
            snapshot,
            job_id=job_id,
            tokens_per_second=step.tokens_per_second,
            eta_seconds=step.eta_seconds,
            waypoint=waypoint,
            drop=drop,
            written=point.written if text.section == WHOLE else (),
        )

    def _waypoints(self, text: Text, point: Point) -> tuple[bool, Sequence[int]]:
        """Whether the memory at `point` is to be kept as a waypoint, and which ones make room for it."""
        if text.section != WHOLE or point.complete:
            return False, ()
        kept = self._store.waypoints.tokens(text.document_id, self._engine.fingerprint)
        spacing = self._spacing()
        if not spacing.due(kept, point.step.n_tokens):
            return False, ()
        return True, spacing.surplus([*kept, point.step.n_tokens])
