"""Further kinds of rows: stories told in a book, several passages after one another, questions without an answer, plain reading on."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from training.corpora import sentences
from training.facts import Fact, retell
from training.rows import Asked

if TYPE_CHECKING:
    from training.writer import Writer

NOT_SAID = "The document does not say."
BABI_TASKS = (1, 2, 3, 4, 5)
SUMMARISE = (
    'Summarize "{title}" in a few sentences: who and what it is about, and what happens.',
    "Summarize the document.",
    "What does the document say?",
    "Tell me in a few sentences what this text is about.",
    "Give me an overview of {title}.",
    "What should I know from this document?",
)
SUMMARIES, SENTENCES = 6, 3  # summaries of a document, and facts in each
NEXT = 192  # tokens that are to be foretold from what was read before


def babi(writer: Writer, rng: random.Random, length: int) -> tuple[list[int], list[Asked]]:
    """A bAbI story's sentences strewn in a book, in their order, and its question."""
    story = rng.choice(writer.corpora.passages["babi"])
    told = sentences(story)
    if sum(len(writer.ids(sentence)) for sentence in told) > length:
        return babi(writer, rng, length)
    return writer.weave(rng, told, length), [Asked(*qa) for qa in story.qas]


def stories(writer: Writer, rng: random.Random, length: int) -> tuple[list[int], list[Asked]]:
    """Sections of several fairy tales one after the other, as many as find room, with the questions on all of them."""
    ids: list[int] = []
    asked: list[Asked] = []
    for passage in rng.sample(writer.corpora.passages["fairytale"], 24):
        more = writer.ids("\n\n" + passage.text)
        if len(ids) + len(more) <= length:
            ids += more
            asked += [Asked(*qa) for qa in passage.qas]
    return ids + writer.filler(rng, length - len(ids)), asked


def unanswerable(writer: Writer, rng: random.Random, length: int) -> tuple[list[int], list[Asked]]:
    """A paragraph in a book, asked about with its own questions and with those of another, which it does not answer."""
    told, other = rng.sample(writer.corpora.passages["squad"], 2)
    text = " ".join(told.text.split())
    foreign = [Asked(question, NOT_SAID) for question, answer in other.qas if answer.lower() not in text.lower()]
    ids = writer.weave(rng, ["\n\n" + text + "\n\n"], length)
    return ids, [*(Asked(*qa) for qa in told.qas), *foreign]


def summary(writer: Writer, rng: random.Random, length: int) -> tuple[list[int], list[Asked]]:
    """A generated handbook in a book's text, and short summaries of it: its title, and some of its facts in their order in other words."""
    text, ids, told = writer.handbook(rng, length, max(6, length // 64))
    title = text.partition("\n")[0].lstrip("# ")
    asked = [_summary(rng, title, told) for _ in range(SUMMARIES)] if len(told) >= SENTENCES else []
    return ids + writer.filler(rng, length - len(ids)), asked


def _summary(rng: random.Random, title: str, told: list[Fact]) -> Asked:
    chosen = sorted(rng.sample(range(len(told)), SENTENCES))
    parts = [(retell(rng, told[i]), told[i]) for i in chosen]
    said = ["".join(words).strip() if words else fact.statement for words, fact in parts]
    return Asked(
        rng.choice(SUMMARISE).format(title=title),
        " ".join([f"{title}.", *said]),
        holds=tuple(fact.answer for _, fact in parts),
    )


def reading_on(writer: Writer, rng: random.Random, length: int) -> tuple[list[int], list[int]]:
    """A stretch of a book of `length` tokens, and the NEXT tokens behind it."""
    ids = writer.filler(rng, length + NEXT)
    return ids[:length], ids[length:]
