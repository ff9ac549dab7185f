"""Headings into sections: tidy levels, no gaps, and pages for formats that have none."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from documents.model import Heading, Section

FRONT_MATTER = "Front matter"
_MIN_FRONT = 80  # non-blank characters before the first heading that are worth a section of their own
_MAX_TITLE = 200
_NAMED_RANGES = 12  # spelled out before it breaks off
_ROOT_SHARE = 0.9  # of the text, under one heading that is then taken for the document's title


def build_sections(headings: Sequence[Heading], text: str, title: str) -> tuple[Section, ...]:
    """Sections in reading order, without pages yet (page = 1). Never empty; level-1 sections cover all of `text`."""
    kept = [replace(h, title=_short(h.title)) for h in sorted(headings, key=lambda h: h.start) if h.title.strip()]
    kept = _open_root([h for h in kept if h.start < len(text)], text)
    if not kept:
        return (Section(title, 1, 1, 0, len(text)),)
    if _weight(text[: kept[0].start]) >= _MIN_FRONT:
        kept.insert(0, Heading(FRONT_MATTER, min(h.level for h in kept), 0))
    else:
        kept[0] = replace(kept[0], start=0)
    levels = _tidy_levels([h.level for h in kept])
    ends = _ends([h.start for h in kept], levels, len(text))
    return tuple(
        Section(heading.title, level, 1, heading.start, end)
        for heading, level, end in zip(kept, levels, ends, strict=True)
        if end > heading.start
    )


def cut_pages(
    sections: Sequence[Section], text: str, gaps: Sequence[int], longest: int | None = None
) -> tuple[tuple[str, ...], tuple[Section, ...], tuple[int, ...]]:
    """One page a section, or several of about one length where it has more than `longest` characters; an empty page for every gap.

    Returns pages, sections with their page, missing pages.
    """
    cuts = sorted({0, *(s.start for s in sections)} | {g for g in gaps if 0 < g < len(text)})
    if longest is not None:
        cuts = [
            place
            for a, b in zip(cuts, [*cuts[1:], len(text)], strict=True)
            for place in (a, *_divided(text, a, b, longest))
        ]
    pages: list[str] = []
    missing: list[int] = []
    page_of: dict[int, int] = {}
    for start, end in zip(cuts, [*cuts[1:], len(text)], strict=True):
        for _ in range(sum(1 for gap in gaps if gap == start)):
            pages.append("")
            missing.append(len(pages))
        pages.append(text[start:end])
        page_of[start] = len(pages)
    for _ in range(sum(1 for gap in gaps if gap >= len(text) > 0)):
        pages.append("")
        missing.append(len(pages))
    return tuple(pages), tuple(replace(s, page=page_of[s.start]) for s in sections), tuple(missing)


def _divided(text: str, start: int, end: int, longest: int) -> list[int]:
    """Where to part a long stretch: between paragraphs if it can be, else between lines, sentences or words."""
    count = -(-(end - start) // longest)
    places: list[int] = []
    for number in range(1, count):
        middle = start + (end - start) * number // count
        low, high = max(start + 1, middle - longest // 4), min(end, middle + longest // 4)
        for mark in ("\n\n", "\n", ". ", " "):
            after, before = text.find(mark, middle, high), text.rfind(mark, low, middle)
            found = [place + len(mark) for place in (before, after) if place >= 0 and place + len(mark) < end]
            if found:
                middle = min(found, key=lambda place: abs(place - middle))
                break
        if middle > (places[-1] if places else start):
            places.append(middle)
    return places


def number_pages(sections: Sequence[Section], page_starts: Sequence[int], text: str) -> tuple[Section, ...]:
    """The sections with the 1-based page on which each starts; blank pages before a section's first word are passed."""
    placed = []
    for section in sections:
        skipped = len(text[section.start : section.end]) - len(text[section.start : section.end].lstrip())
        placed.append(replace(section, page=max(1, bisect_right(page_starts, section.start + skipped)) if text else 1))
    return tuple(placed)


def page_ranges(pages: Sequence[int]) -> str:
    """Ascending page numbers, stretches of them drawn together: ``3, 5–8, 11``."""
    ranges: list[list[int]] = []
    for page in pages:
        if ranges and ranges[-1][1] == page - 1:
            ranges[-1][1] = page
        else:
            ranges.append([page, page])
    named = ", ".join(str(a) if a == b else f"{a}–{b}" for a, b in ranges[:_NAMED_RANGES])
    return named + (", …" if len(ranges) > _NAMED_RANGES else "")


def _open_root(headings: list[Heading], text: str) -> list[Heading]:
    """Where one heading holds nearly the whole text, it is the title: the headings inside it become the chapters."""
    levels = [h.level for h in headings]
    ends = _ends([h.start for h in headings], levels, len(text))
    for index, (root, end) in enumerate(zip(headings, ends, strict=True)):
        inside = [h for h in headings[index + 1 :] if h.start < end and h.level > root.level]
        if root.level != min(levels) or len(inside) < 2 or end - root.start < _ROOT_SHARE * len(text):
            continue
        lift = min(h.level for h in inside) - root.level
        if sum(1 for h in inside if h.level == root.level + lift) < 2:
            continue
        own = text[root.start : inside[0].start].replace(root.title, "", 1)
        kept = [root] if _weight(own) >= _MIN_FRONT else []
        lifted = [replace(h, level=h.level - lift) for h in inside]
        return headings[:index] + kept + lifted + headings[index + 1 + len(inside) :]
    return headings


def _tidy_levels(levels: Sequence[int]) -> list[int]:
    """Levels as depths: the outermost is 1 and no depth is skipped on the way in."""
    stack: list[int] = []
    depths = []
    for level in levels:
        while stack and stack[-1] >= level:
            stack.pop()
        stack.append(level)
        depths.append(len(stack))
    return depths


def _ends(starts: Sequence[int], levels: Sequence[int], length: int) -> list[int]:
    """Where each section ends: at the next one that is not inside it."""
    ends = [length] * len(starts)
    open_sections: list[int] = []
    for index, level in enumerate(levels):
        while open_sections and levels[open_sections[-1]] >= level:
            ends[open_sections.pop()] = starts[index]
        open_sections.append(index)
    return ends


def _weight(text: str) -> int:
    return sum(len(word) for word in text.split())


def _short(title: str) -> str:
    words = " ".join(title.split())
    return words if len(words) <= _MAX_TITLE else words[: _MAX_TITLE - 1].rstrip() + "…"
