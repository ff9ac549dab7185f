"""Summaries: written by the model from its memory and the best pages, or the sentences that the memory found most worth keeping."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from app import rows
from app.answering.ask import told
from app.answering.conversations import Conversations
from app.answering.evidence import DocumentText
from app.answering.text_search import ABBREVIATED, SENTENCE_END
from app.answering.worker import AnswerWorker
from app.errors import NotReadThatFar, UnknownSection
from app.models import Models
from app.reading import Memory, Reader, ShouldStop
from app.views import ModelAnswer, Recalled, TextAnswer, unit_of
from app.words import ENGLISH, Words
from storage import DocumentRow, SectionRow, Store

if TYPE_CHECKING:
    # The engine brings torch along; `shelf` and `--help` must not wait for that.
    from engine.engine import AnswerOptions

WORDS = 150  # how long a summary is where nothing else is said
PASSAGES = 10
FEWEST_WORDS, LONGEST = 4, 420  # of a sentence that is quoted: words, characters


class Quote(NamedTuple):
    """A sentence, the page that it stands on, and what it was worth."""

    page: int
    text: str
    worth: float


class Summaries:
    """Summarises the documents in one library file. Safe to call from several threads."""

    def __init__(
        self,
        store: Store,
        models: Models,
        reader: Reader,
        conversations: Conversations,
        words: Callable[[str], Words],
        worker: AnswerWorker,
    ) -> None:
        """`words` gives the words of a language; `worker` makes what is written piece by piece."""
        self._store = store
        self._models = models
        self._reader = reader
        self._conversations = conversations
        self._words = words
        self._worker = worker

    def summarize(
        self,
        document_id: str,
        *,
        section: int | None = None,
        page: int | None = None,
        words: int = WORDS,
        options: AnswerOptions | None = None,
        keep: bool = True,
        should_stop: ShouldStop = lambda: False,
        language: str = ENGLISH,
        owner: str | None = None,
    ) -> Iterator[str | Recalled | ModelAnswer]:
        """A summary of about so many words: of a document, of what it says up to the end of `page`, or of a section (its number, from 1).

        Pieces (str), then one ModelAnswer whose evidence has a place for each sentence. What is asked is kept in `language`, for that
        `owner`. Raises UnknownDocument, UnknownSection, NotReadYet, StaleSnapshot, UnknownPage, NotReadThatFar, EarlierPagesGone,
        ModelNotReady, ModelMissing when called.
        """
        row = rows.known(self._store, document_id)
        chosen = None if section is None else self._section(row, section)
        memory = self._reader.memory(row, page if chosen is None else None)
        text, given = DocumentText(self._store, row.id, memory), {} if options is None else {"options": options}
        span = None if chosen is None else self._span(row, chosen, memory, text)
        asked, title = self._asked(row, chosen, language), row.title if chosen is None else chosen.title

        def made(should_stop: ShouldStop) -> Generator[str | Recalled | ModelAnswer, None, None]:
            with self._models.turns.take():
                stream = memory.engine.summarize(
                    memory.state, title=title, text=text, span=span, words=words, should_stop=should_stop, **given
                )
                with closing(stream):  # type: ignore[type-var]  # a generator, so it can be closed
                    for piece in stream:
                        yield piece if isinstance(piece, str) else told(piece, text)

        def pieces() -> Iterator[str | Recalled | ModelAnswer]:
            for piece in self._worker.stream(made, should_stop):
                if keep and isinstance(piece, ModelAnswer):
                    as_of = page if chosen is None else None
                    self._conversations.keep(row.id, asked, piece, page=as_of, summary=True, owner=owner)
                yield piece

        return pieces()

    def key_passages(
        self,
        document_id: str,
        *,
        section: int | None = None,
        page: int | None = None,
        count: int = PASSAGES,
        keep: bool = True,
        language: str = ENGLISH,
        owner: str | None = None,
    ) -> TextAnswer:
        """The `count` sentences that were most worth keeping when they were read, quoted in their order with their pages.

        Raises what `summarize` raises.
        """
        begun, row = time.monotonic(), rows.known(self._store, document_id)
        words = self._words(language).about(unit_of(row.format), row.page_labels)
        chosen = None if section is None else self._section(row, section)
        memory = self._reader.memory(row, page if chosen is None else None)
        begin, end = 0, memory.n_tokens
        if chosen is not None:
            begin, end = self._span(row, chosen, memory, DocumentText(self._store, row.id, memory))
        quotes = best(self._quotes(row, memory, begin, end), count)
        said = words("summary.nothing")
        if quotes:
            quoted = [words("lookup.quote", text=quote.text, page=words.page(quote.page)) for quote in quotes]
            said = "\n\n".join([words("summary.introduction"), *quoted])
        answer = TextAnswer(said, len(quotes), (), time.monotonic() - begun)
        if keep:
            as_of = page if chosen is None else None
            asked = self._asked(row, chosen, language)
            self._conversations.keep(row.id, asked, answer, page=as_of, summary=True, owner=owner)
        return answer

    def _quotes(self, row: DocumentRow, memory: Memory, begin: int, end: int) -> Iterator[Quote]:
        """The sentences between two tokens with what each was worth."""
        worths = self._store.worths.of(row.id, memory.engine.fingerprint)
        for number, page in enumerate(self._store.documents.pages(row.id), start=1):
            at = memory.page_starts[number - 1]
            if at >= end:
                return
            if number < len(memory.page_starts) and memory.page_starts[number] <= begin:
                continue
            with self._models.turns.take():
                starts = memory.engine.token_starts(page)
            for first, last in sentence_spans(page):
                a, b = at + bisect_left(starts, first), at + bisect_left(starts, last)
                if begin <= a and b <= min(end, len(worths)):
                    yield Quote(number, " ".join(page[first:last].split()), memory.engine.worth(worths[a:b]))

    def _section(self, row: DocumentRow, number: int) -> SectionRow:
        sections = self._store.documents.sections(row.id)
        if not 1 <= number <= len(sections):
            raise UnknownSection(number, row.title, len(sections))
        return sections[number - 1]

    def _span(self, row: DocumentRow, section: SectionRow, memory: Memory, text: DocumentText) -> tuple[int, int]:
        """The tokens of a section, as far as it was read. Raises NotReadThatFar where none of it was."""
        with self._models.turns.take():
            begin, end = (self._token(row, text, at, memory) for at in (section.start, section.end))
        if begin >= memory.n_tokens:
            raise NotReadThatFar(
                section.page, row.title, max(0, text.page_at(memory.n_tokens) - 1), unit_of(row.format)
            )
        return begin, min(end, memory.n_tokens)

    def _token(self, row: DocumentRow, text: DocumentText, character: int, memory: Memory) -> int:
        """The token at a character of the whole document."""
        for number, page in enumerate(self._store.documents.pages(row.id), start=1):
            if character < len(page):
                return text.token_at(number, character)
            character -= len(page)
        return memory.n_tokens

    def _asked(self, row: DocumentRow, section: SectionRow | None, language: str) -> str:
        words = self._words(language)
        if section is None:
            return words("summary.of_document", title=row.title)
        return words("summary.of_section", number=section.number, title=section.title)


def sentence_spans(page: str) -> Iterator[tuple[int, int]]:
    """Where the sentences of a page begin and end, those that are neither headings nor too long to quote."""
    begin = 0
    for match in SENTENCE_END.finditer(f"{page}\n\n"):
        end, said = min(match.end(), len(page)), match.group().strip()
        if said and ABBREVIATED.search(page[begin:end]):
            continue
        text = page[begin:end].strip()
        if said and len(text.split()) >= FEWEST_WORDS and len(text) <= LONGEST:
            start = begin + len(page[begin:end]) - len(page[begin:end].lstrip())
            yield start, end
        begin = end


def best(quotes: Iterator[Quote] | Sequence[Quote], count: int) -> list[Quote]:
    """The `count` quotes worth most, ties to the earlier, none of them twice, in the order in which they stand."""
    found = list(quotes)
    first = {quote.text: number for number, quote in reversed(list(enumerate(found)))}
    numbers = sorted(first.values(), key=lambda number: (-found[number].worth, number))[:count]
    return [found[number] for number in sorted(numbers)]
