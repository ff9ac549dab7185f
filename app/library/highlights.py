"""Which sentences of a document its memory found most worth keeping, by what each token was worth when it was read."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.highlights import OF_A_SECTION, OF_ALL, Quote, best, sentence_spans, told
from app.library.memories import Memories
from app.turns import Turns
from app.views import TextAnswer
from app.words import Words
from storage import DocumentRow, Store

if TYPE_CHECKING:
    from engine.engine import Engine


class Highlights:
    """Finds them in the stored text; nothing is read again."""

    def __init__(self, engine: Engine, store: Store, turns: Turns, memories: Memories) -> None:
        self._engine, self._store, self._turns, self._memories = engine, store, turns, memories

    def summary(
        self, words: Words, row: DocumentRow, section: int | None, page: int | None, count: int | None, keep: bool
    ) -> TextAnswer | None:
        """The best sentences of a document, of its pages up to `page` or of a section, as an answer in these words, kept with `keep`.

        None where `find` gives none, or there is no such section. Raises NotReadYet, StaleSnapshot, UnknownPage, NotReadThatFar.
        """
        begun, begin, end = time.monotonic(), 0, None
        asked, sections = words("summary.of_document", title=row.title), self._store.documents.sections(row.id)
        pages = self._store.documents.pages(row.id)
        if section is not None and 1 <= section <= len(sections):
            chosen = sections[section - 1]
            begin, end = chosen.start, chosen.end
            asked = words("summary.of_section", number=section, title=chosen.title)
        elif section is not None:
            return None
        elif page is not None:
            self._memories.check_page(row, page)
            end = sum(map(len, pages[:page]))
        else:
            self._memories.newest_row(row)
        quotes = self.find(row, pages, begin, end, count or (OF_ALL if section is None else OF_A_SECTION))
        if quotes is None:
            return None
        said = told(words, quotes)
        if keep:
            as_of = page if section is None else None
            self._store.chats.add_turn(row.id, asked, said, places=[], page=as_of, summary=True)
            self._store.documents.touch(row.id)
        return TextAnswer(said, len(quotes), (), time.monotonic() - begun)

    def find(
        self, row: DocumentRow, pages: Sequence[str], begin: int, end: int | None, count: int
    ) -> list[Quote] | None:
        """The `count` best sentences of its `pages`, between two characters of the text, in their order; with `end` None, of all that
        was read.

        None where it isn't known what they were worth: not read so far, read before that was kept, or by a model whose layers
        have no exact cache.
        """
        worths = self._store.strengths.worths(row.id, self._engine.fingerprint)
        quotes: list[Quote] = []
        at, token = 0, 0  # where the page begins
        for number, page in enumerate(pages, start=1):
            if end is not None and at >= end:
                break
            with self._turns.take():
                starts = self._engine.token_starts(page)
            if token + len(starts) > len(worths):
                if end is not None or not quotes:
                    return None
                break
            for first, last in sentence_spans(page):
                if begin <= at + first and (end is None or at + last <= end):
                    tokens = slice(token + bisect_left(starts, first), token + bisect_left(starts, last))
                    quotes.append(Quote(number, " ".join(page[first:last].split()), self._engine.worth(worths[tokens])))
            at, token = at + len(page), token + len(starts)
        return best(quotes, count)
