"""Sentences that arrive in English, from errors and the database, found again in the catalogue.

Engine, storage and documents know nothing of languages: they say what happened in English, and so it is stored and printed in the
terminal. The catalogue has the same sentence in both languages, with the same blanks; what stood in a blank is put into the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from string import Formatter

PARTS = ("errors.", "said.")
AS_GIVEN = frozenset({"name", "title", "path", "model", "document_id"})
NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+")
PAGES = re.compile(r"\d+(?: to \d+)?(?:, \d+(?: to \d+)?)*")


@dataclass(frozen=True)
class Sentences:
    """Each sentence as a pattern of its English form, with its form in the other language; the most particular first. Blanks in
    AS_GIVEN hold what people named, which is never put into another language."""

    known: tuple[tuple[re.Pattern[str], str], ...]

    @classmethod
    def between(cls, english: Mapping[str, str], other: Mapping[str, str]) -> Sentences:
        """Those of two catalogues, by key, that other parts of the program say."""
        keys = [key for key in english if key.startswith(PARTS) and fixed(english[key])]
        keys.sort(key=lambda key: -len(fixed(english[key])))
        return cls(tuple((pattern(english[key]), other[key]) for key in keys))

    def told(self, sentence: str, number: Callable[[float, int], str]) -> str:
        """The sentence in the other language, and so whatever stands in its blanks; as it is when nothing fits."""
        for form, other in self.known:
            found = form.fullmatch(sentence)
            if found:
                said = {
                    name: value if name in AS_GIVEN else self.told(value, number)
                    for name, value in found.groupdict().items()
                }
                return other.format(**said)
        if NUMBER.fullmatch(sentence):
            return number(float(sentence.replace(",", "")), len(sentence.partition(".")[2]))
        return sentence.replace(" to ", "–") if PAGES.fullmatch(sentence) else sentence


def fixed(text: str) -> str:
    """What of a text does not stand in blanks."""
    return "".join(literal for literal, *_ in Formatter().parse(text))


def pattern(text: str) -> re.Pattern[str]:
    """A pattern that what was made of `text` fits, each blank a group of its name; {n} is a number."""
    blank = lambda name: f"(?P<{name}>{'[0-9.,]+' if name == 'n' else '.+?'})" if name else ""  # noqa: E731
    parts = [re.escape(literal) + blank(name) for literal, name, *_ in Formatter().parse(text)]
    return re.compile("".join(parts), re.DOTALL)
