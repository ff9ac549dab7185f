"""Where an answer was learned: how likely it is from each memory on the way, and the stretch of text that raised that most."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from app.curve import steepest
from app.library.memories import AT_ONCE, Memories, ShouldStop
from app.turns import Turns
from app.views import MemoryPoint, Origin, ReadProgress
from storage import DocumentRow, SectionRow, Store

if TYPE_CHECKING:
    # The engine brings torch along; `shelf` and `--help` must not wait for that.
    from engine.engine import Engine
    from engine.reader import ReadStep, TokenizedDocument
    from engine.state import MemoryState

PARTS = 16  # a stretch is read again in so many parts
FINEST = 512  # tokens; a stretch this short is shown
AROUND = 96  # tokens shown before and behind it


class Asked(NamedTuple):
    """A question with the answer that was given, and the talk before it that the model saw."""

    question: str
    answer: str
    history: tuple[tuple[str, str], ...] = ()


Marks = list[tuple[int, Callable[[], "MemoryState"]]]


class Origins:
    """Looks for the place in a document that an answer comes from, with its memory's own history and no index."""

    def __init__(self, engine: Engine, store: Store, turns: Turns, memories: Memories) -> None:
        self._engine = engine
        self._store = store
        self._turns = turns
        self._memories = memories

    def find(
        self, row: DocumentRow, asked: Asked, page: int | None, should_stop: ShouldStop
    ) -> Iterator[ReadProgress | Origin]:
        """How the looking goes, then where the answer, given as of `page`, was learned; ends early when stopped.

        Asks the memory of nothing, every waypoint's and the newest. The stretch between two of them where the answer's
        likelihood rises most is read again in PARTS parts, and so on until it is no longer than FINEST tokens.
        """
        with self._turns.take():
            tokens = self._engine.tokenize(self._store.documents.pages(row.id))
        marks = self._memories.marks(row, page, should_stop)
        curve: set[MemoryPoint] = set()
        while points := self._likely(marks, asked, tokens, should_stop):
            curve.update(points)
            begin, end = steepest(points)
            if end.n_tokens - begin.n_tokens <= FINEST or end.log_prob <= begin.log_prob:
                yield self._found(row, asked.question, curve, begin, end, tokens)
                return
            start = next(load for n_tokens, load in marks if n_tokens == begin.n_tokens)
            marks = yield from self._read_again(row, start(), end.n_tokens, tokens, should_stop)

    def _likely(
        self, marks: Marks, asked: Asked, tokens: TokenizedDocument, should_stop: ShouldStop
    ) -> list[MemoryPoint]:
        """How likely the answer is at each mark; nothing when stopped."""
        points: list[MemoryPoint] = []
        for start in range(0, len(marks), AT_ONCE):
            if should_stop():
                return []
            some = marks[start : start + AT_ONCE]
            states = [load() for _, load in some]
            with self._turns.take():
                likely = self._engine.likelihoods(states, asked.question, asked.answer, history=asked.history)
            points += [
                MemoryPoint(n_tokens, page_of(tokens.page_starts, n_tokens), log_prob)
                for (n_tokens, _), log_prob in zip(some, likely, strict=True)
            ]
        return points

    def _read_again(
        self, row: DocumentRow, state: MemoryState, end: int, tokens: TokenizedDocument, should_stop: ShouldStop
    ) -> Generator[ReadProgress, None, Marks]:
        """The memories on the way from `state` to `end` tokens, PARTS of them or fewer; none when stopped."""
        begin, segment = state.n_tokens, self._engine.info.segment_len
        part = segment * max(1, -(-(end - begin) // (PARTS * segment)))
        marks: Marks = [(begin, lambda: state)]
        steps = self._engine.read(tokens.ids[begin:end], state, group_tokens=part)
        while not should_stop():
            with self._turns.take():
                step = next(steps, None)
            if step is None:
                return marks
            marks.append((step.n_tokens, lambda read=step.state: read))
            yield _progress(row, step, begin, page_of(tokens.page_starts, step.n_tokens))
        return []

    def _found(
        self,
        row: DocumentRow,
        question: str,
        curve: set[MemoryPoint],
        begin: MemoryPoint,
        end: MemoryPoint,
        tokens: TokenizedDocument,
    ) -> Origin:
        first = page_of(tokens.page_starts, begin.n_tokens)
        last = page_of(tokens.page_starts, max(end.n_tokens - 1, begin.n_tokens))
        section = section_at(self._store.documents.sections(row.id), first, last)
        near = tokens.ids[max(0, begin.n_tokens - AROUND) : end.n_tokens + AROUND]
        passage = self._engine.text(near[: FINEST + 2 * AROUND])
        with self._turns.take():
            again = self._engine.answer_from_text(passage, question)
        return Origin(
            tuple(sorted(curve, key=lambda point: point.n_tokens)),
            end.log_prob - begin.log_prob,
            first,
            last,
            section,
            passage,
            again,
        )


def _progress(row: DocumentRow, step: ReadStep, begin: int, page: int) -> ReadProgress:
    done, total = step.n_tokens - begin, step.total - begin
    rate, left = step.tokens_per_second, step.eta_seconds
    return ReadProgress(row.id, done, total, rate, left, page, row.n_pages, saved=False)


def page_of(page_starts: Sequence[int], n_tokens: int) -> int:
    """The page, from 1, on which the token behind the first `n_tokens` stands."""
    return max(1, min(len(page_starts), bisect_right(page_starts, n_tokens)))


def section_at(sections: Sequence[SectionRow], first: int, last: int) -> str | None:
    """The title of the innermost section that holds both pages, or None."""
    holding = [section for section in sections if section.page <= first and last <= section.last_page]
    return max(holding, key=lambda section: (section.level, section.page)).title if holding else None
