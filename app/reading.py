"""How a reading goes: group after group, saved now and then, stopped between groups. Knows no database."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from app.turns import Turns

if TYPE_CHECKING:
    from engine.engine import Engine, ReadStep, TokenizedDocument
    from engine.state import MemoryState

T = TypeVar("T")


@dataclass(frozen=True)
class SavePolicy:
    """A reading is saved after `seconds` of reading or `groups` groups, whichever comes first, and at its end."""

    seconds: float = 2.0
    groups: int = 16


@dataclass(frozen=True)
class Start:
    """Where a reading begins or goes on: the memory so far, how many tokens are in it, and the seconds they took.

    `group_tokens` stays the same over all sittings of one reading: only then is the memory the same bit for bit.
    """

    state: MemoryState
    n_tokens: int
    seconds: float
    group_tokens: int


@dataclass(frozen=True)
class Point:
    """A point that a reading reached, at the end of a group, and what was written since the last one that was saved: the token
    that each segment ends before, its strength, and what its tokens were worth."""

    step: ReadStep
    page: int
    seconds: float
    complete: bool
    written: tuple[tuple[int, float, bytes], ...]


class _Sitting:
    """The clock of one sitting: time spent reading (waiting for a turn not counted), and whether it is time to save."""

    def __init__(self, policy: SavePolicy, seconds_before: float) -> None:
        self._policy = policy
        self._unsaved_seconds = 0.0
        self._unsaved_groups = 0
        self.seconds = seconds_before

    def timed(self, step: Callable[[], T]) -> T:
        began = time.monotonic()
        result = step()
        spent = time.monotonic() - began
        self.seconds += spent
        self._unsaved_seconds += spent
        self._unsaved_groups += 1
        return result

    @property
    def due(self) -> bool:
        return self._unsaved_groups >= self._policy.groups or self._unsaved_seconds >= self._policy.seconds

    def saved(self) -> None:
        self._unsaved_seconds = 0.0
        self._unsaved_groups = 0


def read_on(
    engine: Engine,
    tokens: TokenizedDocument,
    start: Start,
    *,
    turns: Turns,
    policy: SavePolicy,
    save: Callable[[Point], None],
    on_progress: Callable[[Point, bool], None],
    should_stop: Callable[[], bool],
) -> None:
    """Reads from `start` to the end of `tokens` or until should_stop() is True, asked before each group.

    Takes one turn on the engine a group. `save` gets every point that must outlive the process, the last one always;
    `on_progress` gets every point and whether it was saved.
    """
    total = len(tokens.ids)
    sitting = _Sitting(policy, start.seconds)
    steps = engine.read(tokens.ids[start.n_tokens :], start.state, group_tokens=start.group_tokens)
    n_tokens, unsaved = start.n_tokens, None
    written: tuple[tuple[int, float, bytes], ...] = ()
    while n_tokens < total:
        with turns.take():
            if should_stop():
                break
            step = sitting.timed(lambda: next(steps))
        ends = segment_ends(n_tokens, step.n_tokens, engine.info.segment_len, len(step.strengths))
        written += tuple(zip(ends, step.strengths, step.worths, strict=True))
        n_tokens = step.n_tokens
        page = pages_read(tokens.page_starts, n_tokens, total)
        point = Point(step, page, sitting.seconds, n_tokens >= total, written)
        saved = point.complete or sitting.due
        if saved:
            save(point)
            sitting.saved()
            written = ()
        unsaved = None if saved else point
        on_progress(point, saved)
    if unsaved:
        save(unsaved)


def segment_ends(before: int, after: int, segment_len: int, count: int) -> tuple[int, ...]:
    """The token that each of `count` segments between two points of a reading ends before."""
    return tuple(min(before + number * segment_len, after) for number in range(1, count + 1))


def pages_read(page_starts: Sequence[int], n_tokens: int, total_tokens: int) -> int:
    """How many pages the first `n_tokens` tokens cover to their end; `page_starts` are token offsets."""
    if n_tokens >= total_tokens:
        return len(page_starts)
    return max(0, bisect_right(page_starts, n_tokens) - 1)
