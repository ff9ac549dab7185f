"""Long texts with questions whose place is known: passages of a few sources scattered in a book."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.corpora import Passage, Question, book_text

Tokenize = Callable[[str], Sequence[int]]


@dataclass(frozen=True)
class Asked:
    """A question on a text, and the tokens `begin` to `end` (exclusive) that hold its answer: of the answer itself, or of the
    whole passage where the answer does not stand there word for word."""

    question: Question
    begin: int
    end: int


@dataclass(frozen=True)
class Text:
    """Token ids with what may be asked of them."""

    ids: list[int]
    asked: list[Asked]


def scattered(
    tokenize: Tokenize, passages: Sequence[Passage], books: Sequence[Path], tokens: int, chance: random.Random
) -> Text:
    """`passages` in order with stretches of one book between them, about `tokens` tokens long in all."""
    parts = [list(tokenize("\n" + passage.text + "\n")) for passage in passages]
    room = max(tokens - sum(map(len, parts)), 0)
    filler = list(tokenize(book_text(books, 6 * room + 1000, chance)))[:room] if room else []
    cuts = sorted(chance.randrange(len(filler) + 1) for _ in parts)
    ids: list[int] = []
    asked: list[Asked] = []
    before = 0
    for passage, part, cut in zip(passages, parts, cuts, strict=True):
        ids += filler[before:cut]
        before = cut
        asked += [located(tokenize, passage, question, len(ids), len(part)) for question in passage.questions]
        ids += part
    return Text(ids + filler[before:], asked)


def located(tokenize: Tokenize, passage: Passage, question: Question, start: int, length: int) -> Asked:
    """Where the answer to `question` stands, when the passage's tokens begin at `start`."""
    if question.span is None:
        return Asked(question, start, start + length)
    before, through = (len(tokenize("\n" + passage.text[:at])) for at in question.span)
    return Asked(question, start + min(before, length - 1), start + max(min(through, length), before + 1))


def page_of(starts: Sequence[int], token: int) -> int:
    """The page (from 0) that holds a token, given where each page starts."""
    return max(bisect_right(starts, token) - 1, 0)
