"""Facts that are planted in texts, so that a memory can be made for any model without data sets (`facts.toml`)."""

from __future__ import annotations

import random
import re
import tomllib
from pathlib import Path

from training.corpora import Passage, Question

FILE = Path(__file__).with_name("facts.toml")
NAME = re.compile(r"\{([a-z]+)\}")
NUMBERS = range(3, 100)


def facts(chance: random.Random, count: int) -> list[Passage]:
    """`count` passages of one fact each with its question, in which no two have the same subject: at most as many as there are
    facts in the file."""
    read = tomllib.loads(FILE.read_text(encoding="utf-8"))
    tables = {name: chance.sample(words, len(words)) for name, words in read["words"].items()}
    found = []
    for number, fact in enumerate(chance.sample(read["fact"], count)):
        words = {name: table[number % len(table)] for name, table in tables.items()}
        words["number"] = str(chance.choice(NUMBERS))
        text, question, answer = (
            NAME.sub(lambda name, words=words: words[name[1]], fact[part]) for part in ("text", "question", "answer")
        )
        at = text.index(answer)
        asked = Question(question, (answer,), (at, at + len(answer)))
        found.append(Passage(text, "facts", (asked,)))
    return found
