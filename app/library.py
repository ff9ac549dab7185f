"""The use cases: documents in, memory kept, answers out. The only file that knows engine and storage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app import rows
from app.errors import LibraryError, NothingToRead, NotReadYet, StaleSnapshot, UnknownSection
from app.exact import recognise
from app.reading import Point, SavePolicy, Start, read_on
from app.shelf import Shelf
from app.turns import Turns
from app.views import ReadProgress, ReadReport, TextAnswer
from storage import DocumentGone, DocumentRow, JobRow, NewSnapshot, SnapshotDamaged, SnapshotRow, StorageError, Store

if TYPE_CHECKING:
    # The engine brings torch along; `shelf` and `--help` must not wait for that.
    from engine.answer import Answer, AnswerOptions
    from engine.engine import Engine, EngineInfo
    from engine.state import MemoryState

__all__ = ["DocumentGone", "JobRow", "Library", "StorageError", "named_errors"]  # the first two for app.jobs

OnProgress = Callable[[ReadProgress], None]
ShouldStop = Callable[[], bool]
WHOLE = 0  # the section number under which the memory of a whole document is kept


def named_errors() -> tuple[type[Exception], ...]:
    """The base classes of every error whose text is a sentence for the user: `except named_errors() as error`."""
    from documents.errors import DocumentError
    from engine.errors import EngineError

    return (LibraryError, StorageError, DocumentError, EngineError)


@dataclass(frozen=True)
class _Text:
    """What is read into one memory: a whole document (section 0) or one section."""

    document_id: str
    section: int
    title: str
    pages: list[str]


class Library(Shelf):
    """A shelf of documents with one memory each, and the engine that reads and answers.

    Safe to call from several threads. Reading and answering take turns on the engine; a reading steps aside between
    groups. Every method lets the errors of documents, engine and storage through: see `named_errors`.
    """

    def __init__(self, engine: Engine, store: Store, policy: SavePolicy | None = None) -> None:
        super().__init__(store, engine.fingerprint)
        self._engine = engine
        self._policy = policy or SavePolicy()
        self._turns = Turns()

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
        text = _Text(row.id, WHOLE, row.title, self._store.documents.pages(row.id))
        kept, total_tokens = self._read(text, job_id, on_progress, should_stop)
        return rows.report(row, kept, total_tokens)

    def _read(
        self, text: _Text, job_id: int | None, on_progress: OnProgress, should_stop: ShouldStop
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

    def _usable(self, text: _Text) -> tuple[SnapshotRow | None, MemoryState | None]:
        """The newest memory to go on from; a damaged one is dropped, since reading again is the cure for it."""
        from engine.errors import FingerprintMismatch, StateCorrupt

        fingerprint = self._engine.fingerprint
        kept = self._store.snapshots.get(text.document_id, fingerprint, text.section)
        if kept is None:
            return None, None
        try:
            return self._load(kept)
        except (SnapshotDamaged, StateCorrupt, FingerprintMismatch):
            self._store.snapshots.remove(text.document_id, fingerprint, text.section)
            return None, None

    def _load(self, kept: SnapshotRow) -> tuple[SnapshotRow, MemoryState]:
        kept, blob = self._store.snapshots.load(kept)
        return kept, self._engine.state_from_bytes(blob)

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

    def _save(self, text: _Text, group_tokens: int, point: Point, job_id: int | None) -> None:
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
        self._store.record_progress(
            snapshot, job_id=job_id, tokens_per_second=step.tokens_per_second, eta_seconds=step.eta_seconds
        )

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
    ) -> Iterator[str | Answer | TextAnswer]:
        """Text pieces (str), then one Answer (text, grounding, grounded, seconds, first_token_seconds, stopped).

        A half-read document answers from what was read so far: get(document_id).read_pages says up to which page.
        A question about the text itself (how often, where, in which words: see app.exact) is answered from the stored
        text instead, without the model and whether or not it was read; then the last piece is a TextAnswer.
        `history` is what the model sees of the talk so far, as (question, answer); `keep` stores the turn in the chat.
        Raises UnknownDocument, NotReadYet, StaleSnapshot when called, not at the first piece;
        EmptyQuestion and QuestionTooLong (engine) at the first piece.
        """
        engine, row = self._engine, self._row(document_id)
        wanted = recognise(question)
        if wanted is not None:
            told = self.look_up(row.id, question.strip(), wanted, keep=keep)
            return iter((told.text, told))
        state, chosen = self._memory(row), {} if options is None else {"options": options}

        def pieces() -> Iterator[str | Answer]:
            return engine.answer(state, question, history=history, should_stop=should_stop, **chosen)

        return self._answering(row.id, question.strip(), pieces, keep)

    def summarize(
        self,
        document_id: str,
        *,
        section: int | None = None,
        options: AnswerOptions | None = None,
        should_stop: ShouldStop = lambda: False,
        on_progress: OnProgress = lambda progress: None,
        keep: bool = True,
    ) -> Iterator[str | Answer]:
        """Like ask. With `section` (its number, from 1) that section is read by itself, once, and its memory kept.

        A section can be summarised before the document is read; its reading happens at the first piece and tells
        `on_progress`. When it is stopped there, the iterator ends without an Answer. Raises UnknownSection besides
        what ask raises.
        """
        engine, row = self._engine, self._row(document_id)
        chosen = {} if options is None else {"options": options}

        def summary(state: MemoryState, title: str, what: str) -> Iterator[str | Answer]:
            def pieces() -> Iterator[str | Answer]:
                return engine.summarize(state, title=title, should_stop=should_stop, **chosen)

            return self._answering(row.id, f"Summarise {what}.", pieces, keep)

        if section is None:
            return summary(self._memory(row), row.title, f"“{row.title}”")
        text = self._section_text(row, section)

        def from_section() -> Iterator[str | Answer]:
            kept, _ = self._read(text, None, on_progress, should_stop)
            if kept and kept.complete:
                yield from summary(self._load(kept)[1], text.title, f"section {section}, “{text.title}”")

        return from_section()

    def _answering(
        self, document_id: str, question: str, pieces: Callable[[], Iterator[str | Answer]], keep: bool
    ) -> Iterator[str | Answer]:
        with self._turns.take(), closing(pieces()) as stream:  # type: ignore[type-var]  # a generator, so it can be closed
            for piece in stream:
                if keep and not isinstance(piece, str):
                    self._store.chats.add_turn(
                        document_id, question, piece.text, grounding=piece.grounding, grounded=piece.grounded
                    )
                    self._store.documents.touch(document_id)
                yield piece

    def _memory(self, row: DocumentRow) -> MemoryState:
        fingerprint = self._engine.fingerprint
        kept = self._store.snapshots.get(row.id, fingerprint)
        if kept:
            return self._load(kept)[1]
        others = self._store.snapshots.of_document(row.id)
        if others:
            raise StaleSnapshot(row.title, others[0].fingerprint, fingerprint)
        raise NotReadYet(row.title)

    def _section_text(self, row: DocumentRow, number: int) -> _Text:
        sections = self._store.documents.sections(row.id)
        if not 1 <= number <= len(sections):
            raise UnknownSection(number, row.title, len(sections))
        section = sections[number - 1]
        pages = rows.cut(self._store.documents.pages(row.id), section.start, section.end)
        return _Text(row.id, number, section.title, pages)
