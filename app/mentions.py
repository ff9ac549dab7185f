"""Where a phrase stands in a text, and the answer in words. Pure functions over pages; the count is that of `grep -iow`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from app.exact import Exact
from app.views import Place
from app.words import Words

AROUND = 60
MOST_PLACES = 1000
MOST_QUOTES = 5
SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]*(?=\s)|\n\s*\n")


@dataclass(frozen=True)
class Found:
    """The answer in words, how many places there are, and the first MOST_PLACES of them."""

    text: str
    total: int
    places: tuple[Place, ...]


def answer(words: Words, wanted: Exact, pages: Sequence[str]) -> Found:
    """What `wanted` asks of the text, in these words. Pages count from 1; a phrase may run over the end of a page, where it starts
    counts."""
    text, starts = "".join(pages), list(accumulate(map(len, pages), initial=0))
    spans = [match.span() for match in _matcher(wanted.phrase).finditer(text)]
    numbers = list(_page_numbers(spans, starts))
    if wanted.kind == "quote" and spans:
        said = _quoted(words, wanted.phrase, text, spans, numbers)
    else:
        said = _counted(words, wanted.phrase, numbers, len(pages))
    places = tuple(_place(text, span, page) for span, page in zip(spans[:MOST_PLACES], numbers, strict=False))
    return Found(said, len(spans), places)


def _matcher(phrase: str) -> re.Pattern[str]:
    """Whole words, whatever their capitals, whichever white space and apostrophes stand between and in them."""
    parts = [re.sub(r"['’]", "['’]", re.escape(word)) for word in phrase.split()]
    return re.compile(r"(?<!\w)" + r"\s+".join(parts) + r"(?!\w)", re.IGNORECASE)


def _page_numbers(spans: Sequence[tuple[int, int]], starts: Sequence[int]) -> Iterator[int]:
    page = 1
    for begin, _ in spans:
        while page < len(starts) - 1 and starts[page] <= begin:
            page += 1
        yield page


def _place(text: str, span: tuple[int, int], page: int) -> Place:
    begin, end = span
    before, after = text[max(0, begin - AROUND) : begin], text[end : end + AROUND]
    # whole words only, unless the text itself begins or ends there
    before = before if begin <= AROUND else before.partition(" ")[2] or before
    after = after if end + AROUND >= len(text) else after.rpartition(" ")[0] or after
    return Place(page, _line(before), _line(text[begin:end]), _line(after))


def _line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _counted(words: Words, phrase: str, numbers: Sequence[int], n_pages: int) -> str:
    if not numbers:
        return words("lookup.nowhere", phrase=phrase)
    often = {1: words("lookup.once"), 2: words("lookup.twice")}
    times = often.get(len(numbers)) or words("lookup.times", n=len(numbers))
    named = len(set(numbers))
    if named == 1:
        return words("lookup.on_page", phrase=phrase, times=times, page=numbers[0])
    return words("lookup.on_pages", phrase=phrase, times=times, named=named, all=n_pages)


def _quoted(words: Words, phrase: str, text: str, spans: Sequence[tuple[int, int]], numbers: Sequence[int]) -> str:
    sentences: dict[tuple[int, int], int] = {}  # each with the page where it first names the phrase
    for span, page in zip(spans, numbers, strict=True):
        sentences.setdefault(_sentence(text, span), page)
    shown = list(sentences.items())[:MOST_QUOTES]
    quoted = [words("lookup.quote", text=_line(text[a:b]).strip(), page=page) for (a, b), page in shown]
    left = len(sentences) - len(shown)
    more = [words("lookup.more", n=left, phrase=phrase)] if left else []
    return "\n\n".join([*quoted, *more])


def _sentence(text: str, span: tuple[int, int]) -> tuple[int, int]:
    """Where the sentence around `span` begins and ends; a blank line ends one too."""
    reach = 1500
    from_, to = max(0, span[0] - reach), min(len(text), span[1] + reach)
    before = [match.end() for match in SENTENCE_END.finditer(text, from_, span[0] + 1) if match.end() <= span[0]]
    after = SENTENCE_END.search(text, span[1] - 1, to)
    return (before[-1] if before else from_), (after.end() if after else to)
