"""A summary in a document's own words: the sentences that its memory found most worth keeping. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from app.answering.text_search import ABBREVIATED, SENTENCE_END
from app.words import Words

FEWEST_WORDS, LONGEST = 4, 420
OF_ALL, OF_A_SECTION = 10, 5


class Quote(NamedTuple):
    """A sentence, the page that it stands on, and what it was worth."""

    page: int
    text: str
    worth: float


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


def best(quotes: Sequence[Quote], count: int) -> list[Quote]:
    """The `count` quotes worth most, none of them twice, in the order in which they stand."""
    first = {quote.text: number for number, quote in reversed(list(enumerate(quotes)))}
    numbers = sorted(first.values(), key=lambda number: -quotes[number].worth)[:count]
    return [quotes[number] for number in sorted(numbers)]


def told(words: Words, quotes: Sequence[Quote]) -> str:
    """The quotes with their pages, one below the other."""
    if not quotes:
        return words("summary.nothing")
    quoted = [words("lookup.quote", text=quote.text, page=quote.page) for quote in quotes]
    return "\n\n".join([words("summary.introduction"), *quoted])
