"""One question to many documents: all their memories in one batch, or all their texts where it asks about the text itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from app.errors import NothingToAsk
from app.library.memories import AT_ONCE, Memories, ShouldStop
from app.several import combined, ranked
from app.turns import Turns
from app.views import FromBook, SeveralAnswers, ShelfItem, TextAnswer
from storage import DocumentRow

if TYPE_CHECKING:
    # The engine brings torch along; `shelf` and `--help` must not wait for that.
    from engine.engine import Engine


class Several:
    """Asks several documents at once."""

    def __init__(self, engine: Engine, turns: Turns, memories: Memories) -> None:
        self._engine = engine
        self._turns = turns
        self._memories = memories

    def ask(
        self, items: Sequence[ShelfItem], row: Callable[[str], DocumentRow], question: str, should_stop: ShouldStop
    ) -> SeveralAnswers:
        """Answers from the memories of `items`, AT_ONCE in a batch. Raises NothingToAsk, EmptyQuestion and QuestionTooLong."""
        begun, can = time.monotonic(), [item for item in items if item.can_ask]
        if not can:
            raise NothingToAsk
        told: list[FromBook] = []
        stopped = False
        for start in range(0, len(can), AT_ONCE):
            some = can[start : start + AT_ONCE]
            states = [self._memories.newest(row(item.id)) for item in some]
            with self._turns.take():
                answers = self._engine.answer_each(states, question, should_stop=should_stop)
            told += [
                FromBook(item.id, item.title, answer.text, answer.grounding, answer.grounded)
                for item, answer in zip(some, answers, strict=True)
            ]
            stopped = should_stop()
            if stopped:
                break
        return _together(told, items, begun, stopped)

    def look_up(self, items: Sequence[ShelfItem], ask: Callable[[ShelfItem], TextAnswer]) -> SeveralAnswers:
        """What the texts of `items` say word for word, read or not. Raises NothingToAsk."""
        begun = time.monotonic()
        if not items:
            raise NothingToAsk
        found = [(item, ask(item)) for item in items]
        told = [FromBook(item.id, item.title, said.text, None, said.total > 0, said.total) for item, said in found]
        return _together(told, items, begun, stopped=False)


def _together(told: list[FromBook], items: Sequence[ShelfItem], begun: float, stopped: bool) -> SeveralAnswers:
    order, asked = ranked(told), {one.document_id for one in told}
    left_out = tuple(item.title for item in items if item.id not in asked)
    return SeveralAnswers(combined(order), order, left_out, time.monotonic() - begun, stopped)
