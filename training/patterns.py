"""Patterns: 'the bridge at <town>|<int 3 90> metres' -> one of the alternatives with its <parts> drawn.

Pure, seeded by the caller.
"""

import random
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from training import names
from training.lexicon import LISTS

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
WORDS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
)  # fmt: skip
_PART = re.compile(r"<([^<>]+)>")
_ARTICLE = re.compile(r"\ban? (?=(\w+))")
_AN_DESPITE_CONSONANT = ("hour", "honest", "heir", "honour")
_A_DESPITE_VOWEL = ("uni", "use", "usu", "eu", "one", "once", "ute")


def _whole(rng: random.Random, low: str, high: str) -> str:
    """A whole number, thousands with a comma half of the time."""
    n = rng.randint(int(low), int(high))
    return f"{n:,}" if rng.random() < 0.5 else str(n)


def _count(rng: random.Random, low: str, high: str) -> str:
    """A small count, in words where there is a short word and half of the time digits."""
    n = rng.randint(int(low), int(high))
    return WORDS[n] if n < len(WORDS) and rng.random() < 0.6 else str(n)


def _decimal(rng: random.Random, low: str, high: str) -> str:
    """A number with one or two decimals."""
    return f"{rng.uniform(float(low), float(high)):.{rng.choice((1, 1, 2))}f}"


def _clock(rng: random.Random) -> str:
    """A time of day: 'nine in the evening', '7:45', 'half past six'."""
    roll = rng.random()
    if roll < 0.35:
        hour = rng.randint(1, 11)
        part = rng.choice(("in the morning",) if hour < 12 and rng.random() < 0.5 else ("in the evening",))
        part = "in the afternoon" if part == "in the evening" and hour < 5 else part
        return f"{WORDS[hour]} {part}"
    if roll < 0.6:
        return f"{rng.choice(('half past', 'a quarter past', 'a quarter to'))} {WORDS[rng.randint(1, 12)]}"
    return f"{rng.randint(5, 22)}:{rng.choice((0, 5, 10, 15, 20, 30, 40, 45, 50)):02d}"


def _date(rng: random.Random) -> str:
    """A day of the year in one of the usual forms, with no year."""
    day, month = rng.randint(1, 28), rng.choice(MONTHS)
    tail = "th" if 4 <= day <= 20 or 24 <= day <= 28 else ("st", "nd", "rd")[day % 10 - 1]
    return rng.choice((f"{day} {month}", f"{month} {day}", f"the {day}{tail} of {month}"))


def _price(rng: random.Random) -> str:
    """A sum of money with its unit."""
    unit = rng.choice(
        ("pounds", "dollars", "euros", "crowns", "shillings", "florins", "marks", "pence", "francs", "guineas")
    )
    small = rng.randint(2, 99)
    roll = rng.random()
    if roll < 0.2:
        return f"{rng.choice('$£€')}{rng.randint(2, 4000):,}"
    if roll < 0.6:
        return f"{_count(rng, '2', '90')} {unit}"
    return f"{small * rng.choice((1, 10, 100, 1000)):,} {unit}"


FUNCTIONS: Mapping[str, Callable[..., str]] = MappingProxyType(
    {
        "person": names.person,
        "first": names.first_name,
        "last": names.last_name,
        "invented": names.invented,
        "town": names.town,
        "ship": names.ship,
        "title": names.title,
        "label": names.label,
        "code": lambda rng, low="2", high="7": names.code(rng, int(low), int(high)),
        "int": _whole,
        "plain": lambda rng, low, high: str(rng.randint(int(low), int(high))),
        "count": _count,
        "decimal": _decimal,
        "year": lambda rng, low="1402", high="2024": str(rng.randint(int(low), int(high))),
        "date": _date,
        "clock": _clock,
        "price": _price,
        "month": lambda rng: rng.choice(MONTHS),
    }
)


def expand(rng: random.Random, pattern: str, *, town: str | None = None) -> str:
    """One alternative of a pattern with every <part> drawn: a function above or a word list of the lexicon.

    With `town`, two in three <town> parts are that town. Raises KeyError on an unknown part.
    """
    text = rng.choice(pattern.split("|")) if "|" in pattern else pattern

    def part(match: re.Match[str]) -> str:
        name, *args = match.group(1).split()
        if name == "town" and town is not None and rng.random() < 2 / 3:
            return town
        if name in FUNCTIONS:
            return FUNCTIONS[name](rng, *args)
        return expand(rng, rng.choice(LISTS[name]), town=town)

    return _PART.sub(part, text)


def articles(text: str) -> str:
    """The text with every small 'a' or 'an' put right for the word after it."""

    def right(match: re.Match[str]) -> str:
        word = match.group(1).lower()
        if word[0].isdigit():
            vowel = word[0] == "8" or word in ("11", "18")
        elif word.startswith(_AN_DESPITE_CONSONANT):
            vowel = True
        else:
            vowel = word[0] in "aeiou" and not word.startswith(_A_DESPITE_VOWEL)
        return "an " if vowel else "a "

    return _ARTICLE.sub(right, text)


def sentences(text: str) -> str:
    """The text with a capital letter at the start of every sentence (a stop, then a space)."""
    text = re.sub(r"([.!?][\"']? )([a-z])", lambda m: m.group(1) + m.group(2).upper(), text)
    for i, letter in enumerate(text):
        if letter.isalpha():
            return text[:i] + letter.upper() + text[i + 1 :]
        if letter.isdigit():
            return text
    return text


def fill(template: str, values: Mapping[str, str]) -> str:
    """A template's text with {slots} filled, articles and capitals put right."""
    return sentences(articles(template.format_map(values)))
