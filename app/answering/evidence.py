"""From tokens to pages: the text of a document by its tokens, and the sentences that an answer rests on with their pages.

A memory knows its tokens by their position in the text. What is kept beside it is at which token each page begins, so
only the pages that are asked for are cut into tokens again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from app.views import Evidence
from storage import Store

if TYPE_CHECKING:
    from app.reading import Memory

BEGINNING = 40  # letters by which a quote is known
SHORTEST_CUT = 8  # so many of them before the end of a page tell that it begins there


class DocumentText:
    """The text of a document as far as one memory of it reaches. Not for several threads at once."""

    def __init__(self, store: Store, document_id: str, memory: Memory) -> None:
        self._store = store
        self._document_id = document_id
        self._engine = memory.engine
        self._starts = memory.page_starts
        self._n_tokens = memory.n_tokens
        self._pages: dict[int, tuple[str, list[int]]] = {}

    def __call__(self, begin: int, end: int) -> str:
        """The text of the tokens from `begin` up to `end`; nothing of what lies beyond the memory."""
        begin, end = max(begin, 0), min(end, self._n_tokens)
        if begin >= end:
            return ""
        parts = []
        for number in range(self.page_at(begin), self.page_at(end - 1) + 1):
            text, starts = self._page(number)
            first, behind = begin - self._starts[number - 1], end - self._starts[number - 1]
            start = starts[first] if 0 < first < len(starts) else 0
            stop = starts[behind] if behind < len(starts) else len(text)
            parts.append(text[start:stop])
        return "".join(parts)

    def page_at(self, token: int) -> int:
        """The page, from 1, on which a token stands."""
        return max(1, bisect_right(self._starts, token))

    def token_at(self, page: int, character: int) -> int:
        """The first token of a page that begins at that character or behind it."""
        _, starts = self._page(page)
        before = sum(start < character for start in starts)
        return self._starts[page - 1] + before

    def evidence(self, found: Iterable[Any]) -> tuple[Evidence, ...]:
        """What the engine found, with its pages; nothing of what lies beyond the memory."""
        return tuple(
            Evidence(
                self._page_of(one.quote, one.begin, one.end),
                one.quote,
                one.score,
                one.begin,
                min(one.end, self._n_tokens),
            )
            for one in found
            if one.begin < self._n_tokens
        )

    def _page_of(self, quote: str, begin: int, end: int) -> int:
        """The page on which a quote begins that stands somewhere between two tokens: these may lie on two pages."""
        first, last = self.page_at(begin), self.page_at(max(begin, min(end, self._n_tokens) - 1))
        beginning = quote[:BEGINNING]
        for page in range(first, last):
            # a quote that begins on this page may run over its end
            so_far = " ".join(self(begin, self._starts[page]).split())
            cut = next((n for n in range(min(len(beginning), len(so_far)), 0, -1) if so_far.endswith(beginning[:n])), 0)
            if beginning in so_far or cut >= SHORTEST_CUT:
                return page
        return last

    def _page(self, number: int) -> tuple[str, list[int]]:
        if number not in self._pages:
            text = self._store.documents.page(self._document_id, number)
            self._pages[number] = (text, self._engine.token_starts(text))
        return self._pages[number]
