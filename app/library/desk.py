"""The use cases: documents in, memory kept, answers out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from app import rows
from app.answering.text_search import recognise
from app.errors import LibraryError, UnknownSection
from app.library.highlights import Highlights
from app.library.memories import WHOLE, Memories, OnProgress, ShouldStop, Text
from app.library.origins import Asked, Origins
from app.library.several import Several
from app.pictures import ReadPicture
from app.reading import SavePolicy
from app.shelf import Shelf
from app.turns import Turns
from app.views import GatesView, MemoryView, Origin, ReadProgress, ReadReport, SeveralAnswers, TextAnswer
from app.waypoints import Spacing
from app.words import ENGLISH
from storage import DocumentRow, StorageError, Store

if TYPE_CHECKING:
    # The engine brings torch along; `shelf` and `--help` must not wait for that.
    from engine.answer import Answer, AnswerOptions
    from engine.engine import Engine, EngineInfo
    from engine.state import MemoryState


def named_errors() -> tuple[type[Exception], ...]:
    """The base classes of every error whose text is a sentence for the user: `except named_errors() as error`."""
    from documents.errors import DocumentError
    from engine.errors import EngineError

    return (LibraryError, StorageError, DocumentError, EngineError)


class Library(Shelf):
    """A shelf of documents with one memory each, and the engine that reads and answers.

    Safe to call from several threads. Reading and answering take turns on the engine; a reading steps aside between
    groups. Every method lets the errors of documents, engine and storage through: see `named_errors`.
    """

    def __init__(
        self,
        engine: Engine,
        store: Store,
        policy: SavePolicy | None = None,
        spacing: Spacing | None = None,
        read_picture: ReadPicture | None = None,
    ) -> None:
        """`policy` says how often a reading is saved, `spacing` how far apart the waypoints on its way are kept: as it was chosen
        (see `choices`), where it isn't given. `read_picture` reads pages without text (OCR), where there is one."""
        super().__init__(store, engine.fingerprint, read_picture)
        self._turns = Turns()
        self._policy, self._spacing = policy or SavePolicy(), spacing
        self.use(engine)

    def use(self, engine: Engine) -> None:
        """Reads and answers with `engine` from now on; an answer that is under way ends with the one it began with. Readings must
        have stopped (`ReadingQueue.stop`)."""
        self._engine, self._fingerprint = engine, engine.fingerprint
        self._memories = Memories(engine, self._store, self._turns, self._policy, self._kept_apart)
        self._origins = Origins(engine, self._store, self._turns, self._memories)
        self._several = Several(engine, self._turns, self._memories)
        self._highlights = Highlights(engine, self._store, self._turns, self._memories)

    def _kept_apart(self) -> Spacing:
        return self._spacing or self.choices().spacing()

    @property
    def engine_info(self) -> EngineInfo:
        """What runs: model, device, dtype, rule, segment_len, state_bytes, weights_hash."""
        return self._engine.info

    @staticmethod
    def named_errors() -> tuple[type[Exception], ...]:
        """The base classes of every error whose text is a sentence for the user."""
        return named_errors()

    # Reading

    def read(
        self,
        document_id: str,
        *,
        job_id: int | None = None,
        on_progress: OnProgress = lambda progress: None,
        should_stop: ShouldStop = lambda: False,
    ) -> ReadReport:
        """Reads to the end, or until should_stop() is True, asked between groups.

        Goes on from the newest memory that fits. A document that is read already returns at once. Pages don't call
        this: they use ReadingQueue.enqueue. Raises UnknownDocument, NothingToRead.
        """
        row = self._row(document_id)
        text = Text(row.id, WHOLE, row.title, self._store.documents.pages(row.id))
        kept, total_tokens = self._memories.read(text, job_id, on_progress, should_stop)
        return rows.report(row, kept, total_tokens)

    # Asking

    def options(self, *, max_new_tokens: int = 128, temperature: float = 0.0, seed: int = 0) -> AnswerOptions:
        """The engine's options for ask and summarize."""
        from engine.answer import AnswerOptions

        return AnswerOptions(max_new_tokens=max_new_tokens, temperature=temperature, seed=seed)

    def ask(
        self,
        document_id: str,
        question: str,
        *,
        history: Sequence[tuple[str, str]] = (),
        options: AnswerOptions | None = None,
        should_stop: ShouldStop = lambda: False,
        keep: bool = True,
        instead: bool = False,
        page: int | None = None,
        on_progress: OnProgress = lambda progress: None,
    ) -> Iterator[str | Answer | TextAnswer]:
        """Text pieces (str), then one Answer (text, grounding, grounded, seconds, first_token_seconds, stopped).

        A half-read document answers from what was read so far: get(document_id).read_pages says up to which page.
        A question about the text itself (how often, where, in which words: see `text_search`) is answered from the stored
        text instead, without the model and whether or not it was read; then the last piece is a TextAnswer.
        With `page` the memory is the one at the end of that page, of nothing that follows; what lies between it and the
        waypoint before is read again at the first piece, which `on_progress` is told of.
        `history` is what the model sees of the talk so far, as (question, answer); `keep` stores the turn in the chat, `instead`
        in the place of the chat's last one, which stays until the new answer is there.
        Raises UnknownDocument, NotReadYet, StaleSnapshot, UnknownPage, NotReadThatFar when called, not at the first piece;
        EmptyQuestion and QuestionTooLong (engine) at the first piece.
        """
        engine, row = self._engine, self._row(document_id)
        wanted = recognise(question)
        if wanted is not None:
            told = self.look_up(row.id, question.strip(), wanted, page=page, keep=keep, instead=instead)
            return (piece for piece in (told.text, told))  # a generator, for callers close what they were given
        chosen = {} if options is None else {"options": options}

        def answer(state: MemoryState) -> Iterator[str | Answer]:
            def pieces() -> Iterator[str | Answer]:
                return engine.answer(state, question, history=history, should_stop=should_stop, **chosen)

            return self._answering(row.id, question.strip(), pieces, keep, page, instead)

        return self._from_memory(row, page, answer, on_progress, should_stop)

    def ask_several(
        self, question: str, document_ids: Sequence[str] | None = None, *, should_stop: ShouldStop = lambda: False
    ) -> SeveralAnswers:
        """One question to these documents, or to the whole shelf: answered from all memories in one batch, the best first.

        Nothing is kept in the documents' chats. A question about the text itself is answered from the texts, as `ask` does.
        Raises UnknownDocument, NothingToAsk, EmptyQuestion and QuestionTooLong.
        """
        chosen = None if document_ids is None else {self._row(document_id).id for document_id in document_ids}
        items = [item for item in self.shelf() if chosen is None or item.id in chosen]
        wanted = recognise(question)
        if wanted is not None:
            found = self._several.look_up(
                items, lambda item: self.look_up(item.id, question.strip(), wanted, keep=False)
            )
            # how such a question must be put is the same for every book
            return found if wanted.kind != "help" else replace(found, text=found.told[0].answer, told=found.told[:1])
        return self._several.ask(items, self._row, question, should_stop)

    def where(
        self,
        document_id: str,
        question: str,
        answer: str,
        *,
        history: Sequence[tuple[str, str]] = (),
        page: int | None = None,
        should_stop: ShouldStop = lambda: False,
    ) -> Iterator[ReadProgress | Origin]:
        """How the looking goes, then where in the document `answer` to `question` was learned, as of `page` if it was given so
        and after the talk `history`, as in `ask`.

        The stretch that taught it is read again, which is the progress. Ends without an Origin when stopped. Raises at
        the first piece what ask raises, SnapshotDamaged, EmptyQuestion and QuestionTooLong.
        """
        return self._origins.find(self._row(document_id), Asked(question, answer, tuple(history)), page, should_stop)

    def memory(self, document_id: str) -> MemoryView:
        """What the document's newest memory looks like. Raises UnknownDocument, NotReadYet, StaleSnapshot."""
        row, info = self._row(document_id), self._engine.info
        kept = self._memories.newest_row(row)
        return MemoryView(
            title=row.title,
            pages=row.n_pages,
            read_tokens=kept.n_tokens,
            state_bytes=kept.n_bytes,
            cache_bytes_per_token=info.cache_bytes_per_token,
            written=tuple(self._store.strengths.of(row.id, self._engine.fingerprint)),
            gates=tuple(GatesView(*gates) for gates in self._engine.gates()),
        )

    def summarize(
        self,
        document_id: str,
        *,
        section: int | None = None,
        options: AnswerOptions | None = None,
        should_stop: ShouldStop = lambda: False,
        on_progress: OnProgress = lambda progress: None,
        keep: bool = True,
        page: int | None = None,
        sentences: int | None = None,
        language: str = ENGLISH,
    ) -> Iterator[str | Answer | TextAnswer]:
        """What a document, what it says up to the end of `page`, or a section of it (its number, from 1) comes to.

        That is the `sentences` which the memory found most worth keeping, quoted, and then the last piece is a TextAnswer. Where
        the memory doesn't tell (see `Highlights.find`), the model writes it: from the memory, or from one of the section alone,
        which is read by itself, once; that can be done before the document is read, happens at the first piece and tells
        `on_progress`. When it is stopped there, the iterator ends without an Answer. What is said
        around it is in `language`. Raises UnknownSection besides what ask raises.
        """
        engine, row, words = self._engine, self._row(document_id), self.languages.words(language)
        quoted = self._highlights.summary(words, row, section, page, sentences, keep)
        if quoted is not None:
            return (piece for piece in (quoted.text, quoted))
        chosen = {} if options is None else {"options": options}

        def summary(state: MemoryState, title: str, asked: str) -> Iterator[str | Answer]:
            def pieces() -> Iterator[str | Answer]:
                return engine.summarize(state, title=title, should_stop=should_stop, **chosen)

            return self._answering(row.id, asked, pieces, keep, page if section is None else None, summary=True)

        if section is None:
            asked = words("summary.of_document", title=row.title)
            return self._from_memory(row, page, lambda s: summary(s, row.title, asked), on_progress, should_stop)
        text = self._section_text(row, section)

        def from_section() -> Iterator[str | Answer]:
            kept, _ = self._memories.read(text, None, on_progress, should_stop)
            if kept and kept.complete:
                asked = words("summary.of_section", number=section, title=text.title)
                yield from summary(self._memories.load(kept)[1], text.title, asked)

        return from_section()

    def _from_memory(
        self,
        row: DocumentRow,
        page: int | None,
        answer: Callable[[MemoryState], Iterator[str | Answer]],
        on_progress: OnProgress,
        should_stop: ShouldStop,
    ) -> Iterator[str | Answer]:
        """What `answer` makes of the newest memory, or of the one as of `page`; ends early when stopped before there is one."""
        if page is None:
            return answer(self._memories.newest(row))
        self._memories.check_page(row, page)

        def as_of() -> Iterator[str | Answer]:
            state = self._memories.as_of(row, page, on_progress, should_stop)
            if state is not None:
                yield from answer(state)

        return as_of()

    def _answering(
        self,
        document_id: str,
        question: str,
        pieces: Callable[[], Iterator[str | Answer]],
        keep: bool,
        page: int | None = None,
        instead: bool = False,
        summary: bool = False,
    ) -> Iterator[str | Answer]:
        with self._turns.take(), closing(pieces()) as stream:  # type: ignore[type-var]  # a generator, so it can be closed
            for piece in stream:
                if keep and not isinstance(piece, str):
                    self._store.chats.add_turn(
                        document_id,
                        question,
                        piece.text,
                        grounding=piece.grounding,
                        grounded=piece.grounded,
                        page=page,
                        summary=summary,
                        instead=instead,
                    )
                    self._store.documents.touch(document_id)
                yield piece

    def _section_text(self, row: DocumentRow, number: int) -> Text:
        sections = self._store.documents.sections(row.id)
        if not 1 <= number <= len(sections):
            raise UnknownSection(number, row.title, len(sections))
        section = sections[number - 1]
        pages = rows.cut(self._store.documents.pages(row.id), section.start, section.end)
        return Text(row.id, number, section.title, pages)
