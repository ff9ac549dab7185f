"""A PDF's metadata and outline (its bookmarks), and where in the text each bookmark leads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pypdf import PdfReader

from documents.model import Heading
from documents.pdf_pages import FAULTS

_MAX_ENTRIES = 20_000
_CHAPTER_MARK = re.compile(r"\s*((chapter|part|appendix|section|book)\b\s*)?\S{0,8}\s*$", re.I)
_NUMBERING = r"(?:(?:chapter|part|appendix|section)\s+)?(?:[\dA-Z]{1,4}(?:\.\d{1,3})*[.:)]?\s+)?"


@dataclass(frozen=True)
class Bookmark:
    """One line of the outline; `page` counts from 0."""

    title: str
    level: int
    page: int


def read_metadata(reader: PdfReader | None) -> tuple[str | None, str | None]:
    """Title and author from the document information, else from XMP."""
    title = author = None
    try:
        info = reader.metadata if reader is not None else None
        if info is not None:
            title, author = info.title, info.author
        if reader is not None and not title:
            xmp = reader.xmp_metadata
            titles = (xmp.dc_title or {}) if xmp is not None else {}
            title = next(iter(titles.values()), None)
            author = author or (", ".join(xmp.dc_creator or []) if xmp is not None else None)
    except FAULTS:
        pass  # metadata is a help, never a need
    return (str(title) if title else None), (str(author) if author else None)


def read_outline(reader: PdfReader | None) -> tuple[Bookmark, ...]:
    """The bookmarks that lead to a page, in their order; empty when there are none or they are broken."""
    if reader is None:
        return ()
    found: list[Bookmark] = []
    try:
        numbers = {page.indirect_reference.idnum: i for i, page in enumerate(reader.pages) if page.indirect_reference}
        for item, level in _flat(reader.outline):
            title = " ".join(str(item.title or "").split())
            page = _page_index(item, numbers)
            if title and page is not None:
                found.append(Bookmark(title, level, page))
            if len(found) >= _MAX_ENTRIES:
                break
    except FAULTS:
        pass  # what was found until then still holds
    return tuple(found)


def place_bookmarks(bookmarks: Sequence[Bookmark], pages: Sequence[str]) -> tuple[Heading, ...]:
    """Bookmarks as headings at the line on their page that carries their title, else at the page's start."""
    starts = [0]
    for page in pages:
        starts.append(starts[-1] + len(page))
    headings = []
    used: dict[int, int] = {}  # page -> where on it the last heading ended
    for bookmark in bookmarks:
        if bookmark.page >= len(pages):
            continue
        after = used.get(bookmark.page, 0)
        offset, end = _find_title(bookmark.title, pages[bookmark.page], after)
        if end:
            used[bookmark.page] = end
        headings.append(Heading(bookmark.title, bookmark.level, starts[bookmark.page] + offset))
    return tuple(headings)


def _flat(outline: Any) -> Iterator[tuple[Any, int]]:
    """The nested outline in order, with levels from 1, without recursion."""
    pending = [(iter(outline), 1)]
    while pending:
        entries, level = pending[-1]
        entry = next(entries, None)
        if entry is None:
            pending.pop()
        elif isinstance(entry, list):
            pending.append((iter(entry), level + 1))
        else:
            yield entry, level


def _page_index(item: Any, numbers: dict[int, int]) -> int | None:
    page = item.page
    if isinstance(page, int):
        return page
    return numbers.get(getattr(page, "idnum", -1))


def _find_title(title: str, page: str, after: int) -> tuple[int, int]:
    """Start and end of the title on the page, numbering before it included; (after, 0) when it is not there."""
    bare = re.sub(r"^(\d+(\.\d+)*|[A-Z])[.:)]?\s+(?=\S)", "", title)
    for wording in dict.fromkeys((title, bare)):
        spelled = r"\s+".join(re.escape(word) for word in wording.split())
        for ending in (r"[ \t]*$", r"(?!\w)"):
            match = re.compile(rf"^[ \t]*{_NUMBERING}{spelled}{ending}", re.I | re.M).search(page, after)
            if match:
                opens_page = not after and _CHAPTER_MARK.match(page[: match.start()])
                return (0 if opens_page else match.start()), match.end()
    return after, 0
