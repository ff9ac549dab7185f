"""Page text made fit for reading: running headers, page numbers, hyphens and ligatures."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

_LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
_SPACES = {
    "\u00a0": " ",
    "\u2007": " ",
    "\u202f": " ",
    "\u2009": " ",
    "\u200a": " ",
    "\t": " ",
    "\u200b": "",
    "\ufeff": "",
}
_UNWANTED = dict.fromkeys((*range(9), *range(11, 32), 127))
_TRANSLATION = str.maketrans({**_LIGATURES, **_SPACES}) | _UNWANTED
_LINE_END_HYPHEN = re.compile(r"(\w+)(?:[\ufffe\u00ad]\n?|-\n)(\w+)")
_LEADERS = re.compile(r"(?:(?: ?[.·…]){5,}|(?: [.·…]){3,}) *")
_ROMAN = re.compile(r"[ivxlc]{1,7}$", re.I)
_EDGE = 2  # lines at the top and at the bottom of a page that may be running headers
_MIN_REPEATS = 3
_MAX_RUNNING = 120  # characters; a longer line is text
_CHAPTER_WORD = re.compile(r"(chapter|part|appendix|book|section)$", re.I)  # above a chapter's number, not a header


def clean_pages(raw: Sequence[str]) -> tuple[str, ...]:
    """The pages' text without running headers and page numbers, words whole again. Each page ends with a newline."""
    lines = [_lines(text) for text in raw]
    for strip in (_strip_numbered, _strip_repeated, _strip_numbered):
        lines = strip(lines)
    joined = ["\n".join(page) for page in lines]
    join = _hyphen_joiner(joined)
    tidy = [_LINE_END_HYPHEN.sub(join, page) for page in joined]
    tidy = [_LEADERS.sub(" ... ", page.replace("\ufffe", "-").replace("\u00ad", "")) for page in tidy]
    return tuple(_across_pages(tidy, join))


def is_readable(text: str) -> bool:
    """Whether `text` holds words: at least one letter or digit, and not mostly characters that no font explains."""
    visible = [char for char in text if not char.isspace()]
    unknown = sum(char == "\ufffd" or "\ue000" <= char <= "\uf8ff" for char in visible)
    return any(char.isalnum() for char in visible) and 2 * unknown <= len(visible)


def _lines(text: str) -> list[str]:
    plain = text.replace("\r\n", "\n").translate(_TRANSLATION)
    return [re.sub(r" {2,}", " ", line).strip() for line in plain.strip("\n").split("\n")]


def _strip_numbered(pages: list[list[str]]) -> list[list[str]]:
    """Drops top and bottom lines that carry the page's number, where the numbers count up with the pages."""
    votes: Counter[tuple[bool, int]] = Counter()
    for index, page in enumerate(pages):
        votes.update({(roman, index - number) for _, roman, number in _numbered(page)})
    offsets = {key for key, count in votes.items() if count >= _MIN_REPEATS}
    # Of rival countings only those that hold for a good part of the pages are believed.
    arabic = max((votes[key] for key in offsets if not key[0]), default=0)
    offsets = {key for key in offsets if key[0] or votes[key] * 4 >= arabic}
    kept = []
    for index, page in enumerate(pages):
        drop = {place for place, roman, number in _numbered(page) if (roman, index - number) in offsets}
        kept.append([line for place, line in enumerate(page) if place not in drop])
    return kept


def _numbered(page: list[str]) -> list[tuple[int, bool, int]]:
    """(line, whether roman, number) for each outermost line that starts or ends with a number, or is a roman one."""
    found = []
    for place in {0, len(page) - 1}:
        line = page[place] if page else ""
        if not line or len(line) > _MAX_RUNNING or _LEADERS.search(line):
            continue
        words = line.strip("-–— |[]").split()
        if not words:
            continue
        if len(words) == 1 and _ROMAN.match(words[0]):
            found.append((place, True, _roman_value(words[0].lower())))
            continue
        found += [(place, False, int(word)) for word in {words[0], words[-1]} if word.isascii() and word.isdigit()]
    return found


def _strip_repeated(pages: list[list[str]]) -> list[list[str]]:
    """Drops lines that stand at the same edge of many pages, but for the first time that each is seen."""
    counts: Counter[tuple[bool, str]] = Counter()
    for page in pages:
        counts.update({(top, key) for _, top, key in _edges(page)})
    needed = max(_MIN_REPEATS, len(pages) // 50)
    seen: set[str] = set()
    kept = []
    for page in pages:
        drop = set()
        for place, top, key in _edges(page):
            if counts[top, key] >= needed:
                if key in seen:
                    drop.add(place)
                seen.add(key)
        kept.append([line for place, line in enumerate(page) if place not in drop])
    return kept


def _edges(page: list[str]) -> list[tuple[int, bool, str]]:
    """(line, whether at the top, the line without numbers) for the outer lines of a page."""
    count = len(page)
    places = [(i, True) for i in range(min(_EDGE, count))] + [
        (i, False) for i in range(max(_EDGE, count - _EDGE), count)
    ]
    found = []
    for place, top in places:
        key = re.sub(r"\d+", "#", page[place].casefold())
        if _CHAPTER_WORD.match(key):
            continue
        if len(page[place]) <= _MAX_RUNNING and sum(char.isalpha() for char in key) >= 4:
            found.append((place, top, key))
    return found


def _hyphen_joiner(pages: Sequence[str]) -> Callable[[re.Match[str]], str]:
    """Decides by the document's own words whether a hyphen at a line's end belongs to the word."""
    words: Counter[str] = Counter()
    for page in pages:
        words.update(re.findall(r"\w+(?:-\w+)*", page.casefold()))

    def join(match: re.Match[str]) -> str:
        first, second = match[1], match[2]
        whole, hyphened = (first + second).casefold(), f"{first}-{second}".casefold()
        if first[-1].isdigit() or second[0].isdigit() or words[hyphened] > words[whole]:
            return f"{first}-{second}"
        if words[whole] or (second[0].islower() and not _two_words(first, second)):
            return first + second
        return f"{first}-{second}"

    def _two_words(first: str, second: str) -> bool:
        return min(len(first), len(second)) >= 4 and words[first.casefold()] > 1 and words[second.casefold()] > 1

    return join


def _across_pages(pages: Sequence[str], join: Callable[[re.Match[str]], str]) -> list[str]:
    """Ends every page: with a blank line after a full stop, else with one newline; a word cut in two is made whole."""
    ended = [page.strip() for page in pages]
    for index in range(len(ended) - 1):
        head, tail = re.search(r"\w+-$", ended[index]), re.match(r"[^\W\d_]+", ended[index + 1])
        if head and tail and tail[0][0].islower():
            cut = re.fullmatch(r"(\w+)-\n(\w+)", f"{head[0]}\n{tail[0]}")
            if cut:
                ended[index] = ended[index][: head.start()] + join(cut)
                ended[index + 1] = ended[index + 1][tail.end() :].lstrip(" ")
    return [
        page + ("\n\n" if page.endswith((".", "!", "?", ":", "”", '"')) else "\n") if page else "" for page in ended
    ]


def _roman_value(numeral: str) -> int:
    digits = [{"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}[char] for char in numeral]
    pairs = zip(digits, [*digits[1:], 0], strict=True)
    return sum(-digit if digit < following else digit for digit, following in pairs)
