"""Asking: one question to one document, or to many.

A question about the text itself (how often, where, in which words) is recognised by its wording and looked up in the stored text,
without a model and whether or not the document was read. Everything else is answered by the model: from its memory at once,
then from the pages that the memory points to.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, Literal

from app import rows
from app.answering import text_search
from app.answering.conversations import Conversations
from app.answering.evidence import DocumentText
from app.answering.text_search import TextQuestion, recognise
from app.answering.worker import AnswerWorker
from app.errors import NothingToAsk, UnknownPage
from app.models import Models
from app.reading import Memory, Reader, ShouldStop
from app.views import Evidence, FromBook, ModelAnswer, Recalled, SeveralAnswers, ShelfItem, TextAnswer, unit_of
from app.words import Words
from storage import Store

if TYPE_CHECKING:
    # The engine brings torch along; `shelf` and `--help` must not wait for that.
    from engine.engine import AnswerOptions

AT_ONCE = 8  # documents that are asked together
NAMED = 3  # documents whose answers the combined text gives
Source = Literal["both", "memory", "page"]


class Answering:
    """Answers questions about the documents in one library file. Safe to call from several threads."""

    def __init__(
        self,
        store: Store,
        models: Models,
        reader: Reader,
        conversations: Conversations,
        words: Callable[[str], Words],
        worker: AnswerWorker,
    ) -> None:
        """`words` gives the words of a language; `worker` makes what is answered piece by piece."""
        self._store = store
        self._models = models
        self._reader = reader
        self._conversations = conversations
        self._words = words
        self._worker = worker

    def options(
        self, *, max_new_tokens: int = 160, temperature: float = 0.0, seed: int = 0, brief: bool = False
    ) -> AnswerOptions:
        """The engine's options for asking and summarising. Raises ConfigInvalid."""
        from engine.engine import AnswerOptions

        return AnswerOptions(max_new_tokens=max_new_tokens, temperature=temperature, seed=seed, brief=brief)

    def ask(
        self,
        document_id: str,
        question: str,
        *,
        history: Sequence[tuple[str, str]] = (),
        options: AnswerOptions | None = None,
        source: Source = "both",
        page: int | None = None,
        keep: bool = True,
        instead_of: str | None = None,
        owner: str | None = None,
        should_stop: ShouldStop = lambda: False,
    ) -> Iterator[str | Recalled | ModelAnswer | TextAnswer]:
        """Pieces of the memory's answer (str), Recalled, pieces of the page's answer, then one ModelAnswer; with another `source` the
        pieces of one of them alone. For what is looked up in the text one piece and a TextAnswer.

        A half-read document answers from what was read so far. With `page` nothing that follows that page is known, at once and with
        nothing read again. `history` is what the model sees of the talk so far, as (question, answer). `keep` stores the turn in the
        conversation of that `owner`; in the place of the turn that was asked at `instead_of`, as long as that is the last, and no sooner
        than the new answer is there.
        Raises UnknownDocument, NotReadYet, StaleSnapshot, UnknownPage, NotReadThatFar, EarlierPagesGone, ModelNotReady, ModelMissing when
        called, not at the first piece; EmptyQuestion and QuestionTooLong at the first piece.
        """
        row = rows.known(self._store, document_id)
        wanted = recognise(question)
        if wanted is not None:
            told = self.look_up(
                row.id, question.strip(), wanted, page=page, keep=keep, instead_of=instead_of, owner=owner
            )
            return (piece for piece in (told.text, told))  # a generator, for callers close what they were given
        memory = self._reader.memory(row, page)

        def pieces() -> Iterator[str | Recalled | ModelAnswer]:
            for piece in self._asked(row.id, memory, question, history, options, source, should_stop):
                if keep and isinstance(piece, ModelAnswer):
                    self._conversations.keep(
                        row.id, question.strip(), piece, page=page, instead_of=instead_of, owner=owner
                    )
                yield piece

        return pieces()

    def where(
        self,
        document_id: str,
        question: str,
        *,
        history: Sequence[tuple[str, str]] = (),
        page: int | None = None,
        should_stop: ShouldStop = lambda: False,
    ) -> tuple[Evidence, ...]:
        """The sentences that the memory points to for a question, the best first: for an answer that was kept without them. Nothing
        is kept. Raises what `ask` raises."""
        row = rows.known(self._store, document_id)
        memory = self._reader.memory(row, page)
        *_, last = self._asked(row.id, memory, question, history, None, "page", should_stop)
        assert isinstance(last, ModelAnswer)
        return last.evidence

    def ask_all(
        self, items: Sequence[ShelfItem], question: str, *, should_stop: ShouldStop = lambda: False
    ) -> SeveralAnswers:
        """One question to many documents, AT_ONCE in a batch, the best answer first. Nothing is kept in their conversations.

        Raises NothingToAsk, EmptyQuestion, QuestionTooLong, ModelNotReady and ModelMissing.
        """
        begun, stopped, told = time.monotonic(), False, []
        wanted = recognise(question)
        can = [item for item in items if wanted is not None or item.can_ask]
        if not can:
            raise NothingToAsk
        if wanted is not None:
            for item in can:
                said = self.look_up(item.id, question.strip(), wanted, keep=False)
                told.append(FromBook(item.id, item.title, said.text, None, declined=not said.total, total=said.total))
        else:
            for start in range(0, len(can), AT_ONCE):
                told += self._ask_some(can[start : start + AT_ONCE], question, should_stop)
                stopped = should_stop()
                if stopped:
                    break
        order, asked = ranked(told), {one.document_id for one in told}
        left_out = tuple(item.title for item in items if item.id not in asked)
        if wanted is not None and wanted.kind == "help":  # how such a question must be put is the same for every book
            return SeveralAnswers(order[0].answer, order[:1], (), time.monotonic() - begun, stopped)
        return SeveralAnswers(combined(order), order, left_out, time.monotonic() - begun, stopped)

    def look_up(
        self,
        document_id: str,
        question: str,
        wanted: TextQuestion,
        *,
        page: int | None = None,
        keep: bool = True,
        instead_of: str | None = None,
        owner: str | None = None,
    ) -> TextAnswer:
        """Answers from the stored text what no memory can: how often, where, in which words; in the language of the question. With `page`
        only from the text up to the end of that page. Raises UnknownDocument, UnknownPage."""
        row = rows.known(self._store, document_id)
        if page is not None and not 1 <= page <= row.n_pages:
            raise UnknownPage(page, row.title, row.n_pages, unit_of(row.format))
        pages, sections = self._store.documents.pages(row.id)[:page], self._store.documents.sections(row.id)
        words = self._words(wanted.language).about(unit_of(row.format), row.page_labels)
        told = text_search.answer(words, wanted, pages, sections, row.title)
        if keep:
            self._conversations.keep(row.id, question, told, page=page, instead_of=instead_of, owner=owner)
        return told

    def _asked(
        self,
        document_id: str,
        memory: Memory,
        question: str,
        history: Sequence[tuple[str, str]],
        options: AnswerOptions | None,
        source: Source,
        should_stop: ShouldStop,
    ) -> Iterator[str | Recalled | ModelAnswer]:
        text, chosen = DocumentText(self._store, document_id, memory), {} if options is None else {"options": options}

        def made(should_stop: ShouldStop) -> Generator[str | Recalled | ModelAnswer, None, None]:
            with self._models.turns.take():
                stream = memory.engine.ask(
                    memory.state, question, text=text, source=source, history=history, should_stop=should_stop, **chosen
                )
                with closing(stream):  # type: ignore[type-var]  # a generator, so it can be closed
                    for piece in stream:
                        yield piece if isinstance(piece, str) else told(piece, text)

        return self._worker.stream(made, should_stop)

    def _ask_some(self, items: Sequence[ShelfItem], question: str, should_stop: ShouldStop) -> list[FromBook]:
        memories = [self._reader.memory(rows.known(self._store, item.id)) for item in items]
        texts = [DocumentText(self._store, item.id, memory) for item, memory in zip(items, memories, strict=True)]
        with self._models.turns.take():
            answers = memories[0].engine.ask_each(
                [memory.state for memory in memories], question, texts=texts, should_stop=should_stop
            )
        return [
            FromBook(
                item.id,
                item.title,
                answer.text,
                answer.confidence,
                answer.declined,
                text.evidence(answer.evidence),
                summary=answer.summary,
            )
            for item, answer, text in zip(items, answers, texts, strict=True)
        ]


def told(piece: Any, text: DocumentText) -> Recalled | ModelAnswer:
    """What the engine says at the end of an answer, with the pages of the document."""
    if not hasattr(piece, "evidence"):
        return Recalled(piece.text)
    return ModelAnswer(
        text=piece.text,
        from_memory=piece.from_memory,
        from_page=piece.from_page,
        confidence=piece.confidence,
        declined=piece.declined,
        evidence=text.evidence(piece.evidence),
        seconds=piece.seconds,
        first_token_seconds=piece.first_token_seconds,
        stopped=piece.stopped,
        summary=piece.summary,
        cut=piece.cut,
    )


def ranked(told: Sequence[FromBook]) -> tuple[FromBook, ...]:
    """The answers, those that come from their book first, by confidence or by number of places, the highest first."""

    def weight(one: FromBook) -> float:
        return float(one.total or 0) if one.confidence is None else one.confidence

    return tuple(sorted(told, key=lambda one: (one.declined, -weight(one), one.title)))


def combined(told: Sequence[FromBook]) -> str:
    """One text out of ranked answers, each with the name of its book; it says how many books don't seem to say."""
    found = [one for one in told if not one.declined]
    silent = len(told) - len(found)
    if not found:
        return "None of these books seems to say." if len(told) > 1 else f"“{told[0].title}” doesn’t seem to say."
    said = [f"“{one.title}”: {one.answer}" for one in found[:NAMED]]
    more = len(found) - len(said)
    if more:
        said.append(f"{more} more {'book answers' if more == 1 else 'books answer'} as well.")
    if silent:
        said.append(f"{silent} other {'book doesn’t' if silent == 1 else 'books don’t'} seem to say.")
    return "\n".join(said)
