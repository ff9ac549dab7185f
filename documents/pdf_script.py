"""Letters as they stand beside one another on a page into the order in which they are read and stored.

Arabic and Hebrew run to the left, with numbers and Latin words in them that run to the right; a page knows only what stands where.
The rules are those of the Unicode bidirectional algorithm (UAX 9) turned around, as far as that is possible: levels are found on the
line as it is seen, then stretches are reversed from the outermost in. Vowel signs of Indian scripts that stand before their
consonant and are read after it are moved behind it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from unicodedata import bidirectional, category, normalize

_LATIN_LIGATURES = range(0xFB00, 0xFB07)
_HEBREW_FORMS, _ARABIC_FORMS = range(0xFB1D, 0xFE00), range(0xFE70, 0xFEFD)
_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
_ENDS_LEFT = re.compile(r"[.,;:!?…]\s?\w")  # a line that ends at its left edge
_PAIRS = {"(": ")", "[": "]", "{": "}", "<": ">", "«": "»", "‹": "›"}
_MIRRORED = _PAIRS | {close: opening for opening, close in _PAIRS.items()}
# Vowel signs that are seen before the consonant they are read after, of nine Indian scripts.
_BEFORE = "\u093f\u094e\u09bf\u09c7\u09c8\u0a3f\u0abf\u0b47\u0bc6\u0bc7\u0bc8\u0d46\u0d47\u0d48\u0dd9\u0dda\u0ddb"
_CONSONANT = (
    "[\u0915-\u0939\u0958-\u095f\u0995-\u09b9\u09dc-\u09df\u0a15-\u0a39\u0a95-\u0ab9\u0b15-\u0b39\u0b95-\u0bb9\u0d15-\u0d3a"
    "\u0d9a-\u0dc6][\u093c\u09bc\u0a3c\u0abc\u0b3c]?"
)
_VIRAMA = "[\u094d\u09cd\u0a4d\u0acd\u0b4d\u0d4d\u0dca]"
_CLUSTER = f"{_CONSONANT}(?:{_VIRAMA}\u200d?{_CONSONANT}){{0,4}}"
_SEEN_FIRST = re.compile(f"([{_BEFORE}])({_CLUSTER})")
_STARTS = re.compile(rf"(?<!\S)[{_BEFORE}]")
_ENDS = re.compile(rf"[{_BEFORE}](?!\S)")


def spelled_out(text: str) -> str:
    """The text without ligatures and the shapes that Arabic and Hebrew letters take in a word."""
    if text.isascii():
        return text
    forms = (_LATIN_LIGATURES, _HEBREW_FORMS, _ARABIC_FORMS)
    return "".join(normalize("NFKC", char) if any(ord(char) in form for form in forms) else char for char in text)


def runs_to_left(text: str) -> bool:
    """Whether most of the letters are Arabic, Hebrew or another script that runs to the left."""
    if not _TO_LEFT.search(text):
        return False
    kinds = [bidirectional(char) for char in text]
    return sum(kind in ("R", "AL") for kind in kinds) > sum(kind == "L" for kind in kinds)


def in_logical_order(glyphs: Sequence[str], to_left: bool | None = None) -> str:
    """One line's text from its glyphs as they are seen from left to right, each with what it stands for, marks included.

    `to_left`: whether the line belongs to text that runs to the left; by its own letters when None.
    """
    seen = "".join(glyphs)
    if not _TO_LEFT.search(seen) and not (to_left and _ENDS_LEFT.match(seen)):
        return seen
    base = int(runs_to_left(seen) if to_left is None else to_left)
    levels = _levels([_kind(glyph) for glyph in glyphs], base)
    order = list(range(len(glyphs)))
    for level in range(1, max(levels) + 1):  # what was reversed last when the line was set is reversed first
        order = _reversed_at(order, levels, level)
    return _with_brackets([glyphs[place] for place in order], [levels[place] for place in order])


def consonants_first(text: str) -> str:
    """Indian vowel signs behind their consonants, where the text has them as they are seen."""
    if len(_STARTS.findall(text)) <= len(_ENDS.findall(text)):
        return text
    return _SEEN_FIRST.sub(r"\2\1", text)


def _kind(glyph: str) -> str:
    """L, R, AL, EN, AN, a separator between digits (CS), a sign beside them (ET), or N for all else."""
    for char in glyph:
        kind = bidirectional(char)
        if kind in ("L", "R", "AL", "EN", "AN"):
            return kind
        if kind in ("CS", "ES"):
            return "CS"
        if kind == "ET":
            return "ET"
        if kind != "NSM":
            return "N"
    return "N"


def _levels(kinds: list[str], base: int) -> list[int]:
    """The embedding level of each glyph."""
    resolved = list(kinds)
    for place, kind in enumerate(kinds):
        around = (kinds[place - 1] if place else "", kinds[place + 1] if place + 1 < len(kinds) else "")
        if kind == "CS" and around[0] == around[1] and around[0] in ("EN", "AN"):
            resolved[place] = around[0]
    if "AL" not in kinds:  # among Arabic letters a sign such as % stands alone, to the left of its number
        _spread_signs(resolved)
    resolved = ["R" if kind == "AL" else kind for kind in resolved]
    _join_latin(resolved)
    strong = {"EN": "R", "AN": "R", "R": "R", "L": "L"}
    levels = []
    sides = _sides([strong.get(kind, "") for kind in resolved], "R" if base else "L")
    for kind, (before, after) in zip(resolved, sides, strict=True):
        if kind in ("EN", "AN"):
            levels.append(2)
        elif kind == "R":
            levels.append(1)
        elif kind == "L":
            levels.append(2 if base else 0)
        elif before == after:
            levels.append(1 if before == "R" else 2 if base else 0)
        else:
            levels.append(base)
    if not base:  # a number that no word to the left is beside runs as the line does
        levels = _free_numbers(levels, resolved)
    return levels


def _spread_signs(kinds: list[str]) -> None:
    """A sign such as % or € right beside a number is part of it."""
    for places in (range(len(kinds)), range(len(kinds) - 1, -1, -1)):
        before = ""
        for place in places:
            if kinds[place] == "ET" and before == "EN":
                kinds[place] = "EN"
            before = kinds[place]


def _join_latin(kinds: list[str]) -> None:
    """A number in or beside a Latin phrase belongs to that phrase: "PDF 1.7"."""
    last = ""
    for place, kind in enumerate(kinds):
        if kind in ("L", "R", "AN"):
            last = kind
        elif kind == "EN" and last == "L":
            kinds[place] = "L"


def _sides(strong: list[str], edge: str) -> list[tuple[str, str]]:
    before, known = [], edge
    for kind in strong:
        before.append(known)
        known = kind or known
    after, known = [], edge
    for kind in reversed(strong):
        after.append(known)
        known = kind or known
    return list(zip(before, reversed(after), strict=True))


def _free_numbers(levels: list[int], kinds: list[str]) -> list[int]:
    freed = list(levels)
    start = 0
    while start < len(levels):
        end = start
        while end < len(levels) and levels[end] >= 1:
            end += 1
        if end > start and "R" not in kinds[start:end]:
            freed[start:end] = [0] * (end - start)
        start = end + 1
    return freed


def _reversed_at(order: list[int], levels: list[int], level: int) -> list[int]:
    """Reverses each stretch whose levels reach `level`."""
    result: list[int] = []
    stretch: list[int] = []
    for place in order:
        if levels[place] >= level:
            stretch.append(place)
        else:
            result += [*reversed(stretch), place]
            stretch = []
    return [*result, *reversed(stretch)]


def _with_brackets(glyphs: list[str], levels: list[int]) -> str:
    """Brackets of what runs to the left, turned where that makes pairs of them: files have them by meaning or by shape."""
    said = list(glyphs)
    for opening, close in _PAIRS.items():
        if opening not in said and close not in said:
            continue
        turned = [
            _MIRRORED[glyph] if glyph in (opening, close) and level % 2 else glyph
            for glyph, level in zip(said, levels, strict=True)
        ]
        if _misplaced(turned, opening, close) < _misplaced(said, opening, close):
            said = turned
    return "".join(said)


def _misplaced(glyphs: Sequence[str], opening: str, close: str) -> int:
    """How many brackets have no partner, or stand with their back to the word that they are at."""
    waiting = wrong = 0
    for place, glyph in enumerate(glyphs):
        before = place > 0 and not glyphs[place - 1].isspace()
        after = place + 1 < len(glyphs) and not glyphs[place + 1].isspace()
        if glyph == opening:
            waiting += 1
            wrong += before and not after
        elif glyph == close:
            wrong += (after and not before) + (not waiting)
            waiting = max(0, waiting - 1)
    return wrong + waiting


def is_mark(text: str) -> bool:
    """Whether a glyph is a mark without a place of its own, on or under another letter."""
    return not text.isascii() and all(category(char) in ("Mn", "Me") for char in text)
