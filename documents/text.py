"""Plain text: chapters are found by the way their headings look."""

from __future__ import annotations

import re
from collections.abc import Collection

from documents.decode import decode
from documents.model import Heading, Parsed

_NUMBER = (
    r"(?:\d{1,4}|[IVXLCDM]{1,9}|the\s+\w+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|"
    r"fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|first|second|third|fourth|fifth|"
    r"sixth|last)(?:[\s-](?:one|two|three|four|five|six|seven|eight|nine))?"
)
_PART = re.compile(rf"(?:part|book|volume|act)\s+{_NUMBER}\b(?P<rest>.*)$", re.I)
_CHAPTER = re.compile(rf"(?:chapter|chap\.|canto|scene|letter|stave|section)\s+{_NUMBER}\b(?P<rest>.*)$", re.I)
_ALONE = re.compile(
    r"(?:prologue|epilogue|preface|foreword|introduction|afterword|conclusion|appendix(?:\s+\w{1,5})?|etymology|"
    r"contents|table of contents|acknowledge?ments|glossary|bibliography|index)\s*[.:]?$",
    re.I,
)
_BARE_NUMBER = re.compile(r"(?:[IVXLCDM]{1,9}|\d{1,3})\.?$")
_REST = re.compile(r"\s*(?:[.:,)\]—–-]+\s*(?P<after>.*)|(?P<spaced>\s[A-Z“\"'(].*))?$")
_LICENCE = re.compile(r"\*{3}\s*END OF (?:THE|THIS) PROJECT GUTENBERG", re.I)
_GUTENBERG = re.compile(r"\*{3}\s*START OF (?:THE|THIS) PROJECT GUTENBERG", re.I)
_FIELD = re.compile(r"^(Title|Author):[ \t]*(\S.*?)[ \t]*$", re.M)
_WORD = re.compile(r"(?:part|book|volume|act|chapter|canto|scene)$", re.I)
_MAX_LINE = 100
_LISTED = 200  # a heading that comes again later, with less than this below it, stood in a table of contents


def parse_text(data: bytes, name: str) -> Parsed:
    """The text, with the chapters that its headings mark."""
    text = decode(data).replace("\f", "\n")
    start = _GUTENBERG.search(text[:100_000])
    fields = {key.lower(): value for key, value in _FIELD.findall(text[: start.start()])} if start else {}
    return Parsed(
        pages=(text,),
        headings=find_headings(text),
        title=fields.get("title"),
        heading_title=_first_line(text) if start is None else None,
        author=fields.get("author"),
    )


def find_headings(text: str, page_starts: Collection[int] = ()) -> tuple[Heading, ...]:
    """Headings such as ``CHAPTER I`` or ``Chapter 12. Title``, each on a line of its own after a blank line.

    The first line of a page counts as one after a blank line: `page_starts` are the pages' offsets.
    """
    lines = _lines(text)
    tops = frozenset(page_starts)
    found: list[Heading] = []
    for index, (start, line) in enumerate(lines):
        on_top = start in tops
        if not line or len(line) > _MAX_LINE or (index and lines[index - 1][1] and not on_top):
            continue
        kind, title = _split_heading(lines, index) if _WORD.match(line) else _heading(line, lines, index, on_top)
        if kind:
            found.append(Heading(title, {"part": 1, "alone": 2, "chapter": 2, "licence": 1}[kind], start))
    headings = _without_contents(found, text)
    if len(headings) < 2:
        headings = headings + _numbered(lines)
    has_parts = any(_PART.match(h.title) for h in headings)
    level = {1: 1, 2: 2 if has_parts else 1}
    return tuple(
        Heading(h.title, 1 if _ALONE.match(h.title) else level[h.level], h.start)
        for h in sorted(headings, key=lambda h: h.start)
    )


def _lines(text: str) -> list[tuple[int, str]]:
    lines, start = [], 0
    for line in text.split("\n"):
        lines.append((start + len(line) - len(line.lstrip()), line.strip()))
        start += len(line) + 1
    return lines


def _split_heading(lines: list[tuple[int, str]], index: int) -> tuple[str, str]:
    """A heading set on three lines, as in ``CHAPTER``, ``TWO``, ``The Lamp``."""
    following = [line for _, line in lines[index + 1 : index + 5] if line]
    if not following or not re.fullmatch(_NUMBER, following[0], re.I):
        return "", ""
    word = f"{lines[index][1]} {following[0]}"
    kind = "part" if _PART.match(word) else "chapter"
    return kind, f"{word}. {following[1]}" if len(following) > 1 and _like_title(following[1]) else word


def _heading(line: str, lines: list[tuple[int, str]], index: int, on_top: bool) -> tuple[str, str]:
    """The kind of heading that `line` is ("" for none), and its whole title."""
    if _LICENCE.match(line):
        return "licence", "About this e-book"
    if _ALONE.match(line):
        return "alone", line.rstrip(".:")
    for kind, pattern in (("part", _PART), ("chapter", _CHAPTER)):
        match = pattern.match(line)
        rest = _REST.match(match["rest"]) if match else None
        if match is None or rest is None:
            continue
        title = (rest["after"] or rest["spaced"] or "").strip()
        if not title:
            following = _title_below(lines, index, on_top)
            return kind, f"{line.rstrip('.:')}. {following}" if following else line.rstrip(".:")
        if not (title[0].islower() or title.endswith((",", ";"))):
            return kind, line
    return "", ""


def _title_below(lines: list[tuple[int, str]], index: int, on_top: bool) -> str:
    """The title under a bare ``CHAPTER I``: a short line directly below or after one blank line.

    It stands alone, but for the top of a page, where the text may follow without a blank line.
    """
    for place in (index + 1, index + 2):
        if place >= len(lines) or not lines[place][1]:
            continue
        line = lines[place][1]
        alone = place + 1 >= len(lines) or not lines[place + 1][1]
        fits = _like_title(line) and (alone or (on_top and not line.endswith(".")))
        return line.rstrip(".") if fits else ""
    return ""


def _like_title(line: str) -> bool:
    short = len(line) <= 70 and len(line.split()) <= 10
    prose = line[0] in "“\"'‘—" or line[0].islower() or line.endswith((",", ";", "?”", ".”"))
    return short and not prose and not any(p.match(line) for p in (_CHAPTER, _PART, _BARE_NUMBER))


def _without_contents(headings: list[Heading], text: str) -> list[Heading]:
    """Drops the entries of a table of contents: they come again later and have next to nothing below them."""
    last = {_key(h): h.start for h in headings}
    ends = [*(h.start for h in headings), len(text)][1:]
    return [
        heading
        for heading, end in zip(headings, ends, strict=True)
        if last[_key(heading)] == heading.start or end - heading.start - len(heading.title) > _LISTED
    ]


def _key(heading: Heading) -> str:
    return " ".join(re.findall(r"\w+", heading.title.casefold())[:2])


def _numbered(lines: list[tuple[int, str]]) -> list[Heading]:
    """Bare ``I``, ``II``, ``III`` … or ``1``, ``2``, ``3`` … between blank lines, when they count up from one."""
    found: list[Heading] = []
    for index, (start, line) in enumerate(lines):
        alone = (index == 0 or not lines[index - 1][1]) and (index + 1 >= len(lines) or not lines[index + 1][1])
        if alone and _BARE_NUMBER.match(line) and _value(line.rstrip(".")) == len(found) + 1:
            found.append(Heading(line.rstrip("."), 2, start))
    return found if len(found) >= 3 else []


def _value(numeral: str) -> int:
    if numeral.isdigit():
        return int(numeral)
    digits = [{"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}[char] for char in numeral]
    pairs = zip(digits, [*digits[1:], 0], strict=True)
    return sum(-digit if digit < following else digit for digit, following in pairs)


def _first_line(text: str) -> str | None:
    """The first line, if it stands alone like a title."""
    lines = [line.strip() for line in text.lstrip().split("\n", 2)[:2]]
    is_title = len(lines[0]) <= 80 and (len(lines) == 1 or not lines[1]) and not lines[0].endswith((".", ",", ";", ":"))
    return lines[0] if is_title else None
