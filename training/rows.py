"""One row of an episode: a document, and what is asked about it."""

from typing import NamedTuple

from training.facts import Fact

READING_ON = "book"  # nothing is asked: the words behind the text are foretold
ALONE = "passkey"  # a question of this kind fits every document of the kind


class Asked(NamedTuple):
    """A question with its answer, and the fact that it asks for where there is just one. A long answer `holds` some words that
    stand in the text, in their order, between others of its own."""

    question: str
    answer: str
    fact: Fact | None = None
    holds: tuple[str, ...] = ()


class Row(NamedTuple):
    """One document of an episode, and what is asked about it or, where it is only read on, the tokens behind it."""

    ids: list[int]
    asked: list[Asked]
    behind: list[int] | None = None
