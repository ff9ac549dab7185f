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
DIGITS = frozenset("0123456789.,")
Form = tuple[tuple[str, str], ...]
NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d+")
PAGES = re.compile(r"\d+(?: to \d+)?(?:, \d+(?: to \d+)?)*")


@dataclass(frozen=True)
class Sentences:
    """Each sentence in its English form, cut at its blanks, with its form in the other language; the most particular first. Blanks in
    AS_GIVEN hold what people named, which is never put into another language."""

    known: tuple[tuple[Form, str], ...]

    @classmethod
    def between(cls, english: Mapping[str, str], other: Mapping[str, str]) -> Sentences:
        """Those of two catalogues, by key, that other parts of the program say."""
        keys = [key for key in english if key.startswith(PARTS) and fixed(english[key])]
        keys.sort(key=lambda key: -len(fixed(english[key])))
        return cls(tuple((form(english[key]), other[key]) for key in keys))

    def told(self, sentence: str, number: Callable[[float, int], str]) -> str:
        """The sentence in the other language, and so whatever stands in its blanks; as it is when nothing fits."""
        for known, other in self.known:
            found = blanks(known, sentence)
            if found is not None:
                said = {name: value if name in AS_GIVEN else self.told(value, number) for name, value in found.items()}
                return other.format(**said)
        if NUMBER.fullmatch(sentence):
            return number(float(sentence.replace(",", "")), len(sentence.partition(".")[2]))
        return sentence.replace(" to ", "–") if PAGES.fullmatch(sentence) else sentence


def fixed(text: str) -> str:
    """What of a text does not stand in blanks."""
    return "".join(literal for literal, *_ in Formatter().parse(text))


def form(text: str) -> Form:
    """A sentence cut at its blanks: each piece of it with the name of the blank behind it, which is empty at the end."""
    return tuple((literal, name or "") for literal, name, *_ in Formatter().parse(text))


def blanks(known: Form, sentence: str) -> dict[str, str] | None:
    """What stands in the blanks of a sentence of that form, by name; None where it has another form. A blank holds a letter at least, {n}
    a number. Each piece is looked for once, from left to right: what people named may hold any piece of a sentence."""
    found: dict[str, str] = {}
    at, name = 0, ""
    for number, (literal, following) in enumerate(known):
        last = number == len(known) - 1 and not following
        if name:
            begin = sentence.rfind(literal, at + 1) if last else sentence.find(literal, at + 1)
            if begin < 0 or (last and begin + len(literal) != len(sentence)):
                return None
            found[name] = sentence[at:begin]
        elif not sentence.startswith(literal, at):
            return None
        else:
            begin = at
        at, name = begin + len(literal), following
    if name:
        found[name] = sentence[at:]
    elif at != len(sentence):
        return None
    fits = all(found.values()) and ("n" not in found or set(found["n"]) <= DIGITS)
    return found if fits else None
