"""Tags as people type them: a line of words with commas between."""

from __future__ import annotations

from collections.abc import Iterable

LONGEST, MOST = 40, 24


def tidy(tags: Iterable[str]) -> tuple[str, ...]:
    """The tags without white space around them, empty ones and those that are there already in other letters."""
    found: dict[str, str] = {}
    for tag in tags:
        words = " ".join(tag.split())[:LONGEST].strip()
        if words:
            found.setdefault(words.casefold(), words)
    return tuple(found.values())[:MOST]


def parse(line: str) -> tuple[str, ...]:
    """The tags in a line, tidied."""
    return tidy(line.split(","))
