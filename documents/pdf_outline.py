"""A PDF's metadata and outline (its bookmarks), and where in the text each bookmark leads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

from pypdf import PdfReader

from documents.model import Heading
from documents.pdf_letters import text_string
from documents.pdf_parts import FAULTS, is_broken

_MAX_ENTRIES = 20_000
_ALPHABETS = ("cp1251", "cp1250", "cp1253", "cp1254", "cp1255", "cp1256", "gb18030", "shift_jis", "euc_kr", "big5")
_CHAPTER_MARK = re.compile(r"\s*((chapter|part|appendix|section|book)\b\s*)?\S{0,8}\s*$", re.I)
_NUMBERING = r"(?:(?:chapter|part|appendix|section)\s+)?(?:[\dA-Z]{1,4}(?:\.\d{1,3})*[.:)]?\s+)?"


@dataclass(frozen=True)
class Bookmark:
    """One line of the outline; `page` counts from 0."""

    title: str
    level: int
    page: int


class Outline(NamedTuple):
    """The bookmarks that lead to a page, in their order, how many lead nowhere, and whether there are others that can't be read."""

    bookmarks: tuple[Bookmark, ...] = ()
    lost: int = 0
    broken: bool = False


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
    return (mended(str(title)) if title else None), (mended(str(author)) if author else None)


def mended(text: str) -> str:
    """A string whose bytes were taken for letters one by one, as the text that they spell: UTF-16 or UTF-8."""
    if text.isascii() or any(ord(char) > 0xFF for char in text):
        return text
    data = text.encode("latin-1")
    if data.startswith((b"\xfe\xff", b"\xff\xfe")):
        return text_string(data).replace("\ufffd", "").strip("\0 ")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return text


def read_outline(reader: PdfReader | None) -> Outline:
    """The document's bookmarks, as far as they can be read; none where there are none."""
    if reader is None:
        return Outline()
    found: list[Bookmark] = []
    lost = 0
    broken = False
    try:
        broken = _names_absent(reader.trailer["/Root"])
        numbers = {page.indirect_reference.idnum: i for i, page in enumerate(reader.pages) if page.indirect_reference}
        for item, level in _flat(reader.outline):
            title = " ".join(mended(str(item.title or "")).split())
            page = _page_index(item, numbers)
            if title and page is not None and 0 <= page < len(numbers):
                found.append(Bookmark(title, level, page))
            elif title:
                lost += 1
            if len(found) + lost >= _MAX_ENTRIES:
                broken = True
                break
    except FAULTS:
        broken = True  # what was found until then still holds
    return Outline(tuple(found), lost, broken)


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
        title = _in_its_letters(bookmark.title, pages[bookmark.page])
        offset, end = _find_title(title, pages[bookmark.page], after)
        if end:
            used[bookmark.page] = end
        headings.append(Heading(title, bookmark.level, starts[bookmark.page] + offset))
    return tuple(headings)


def _in_its_letters(title: str, page: str) -> str:
    """A title in the letters in which the page has it, where the file doesn't say which alphabet its bytes are in."""
    if title.isascii() or any(ord(char) > 0xFF for char in title) or title.casefold() in page.casefold():
        return title
    data = title.encode("latin-1")
    for encoding in _ALPHABETS:
        try:
            other = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if other.casefold() in page.casefold():
            return other
    words = [word for word in re.findall(r"[^\W\d_]+", title) if len(word) >= 3]
    if words and not any(char.isascii() for word in words for char in word):  # no word of ours is all accents
        with suppress(UnicodeDecodeError):
            other = data.decode("cp1251")
            return other if all(word[1:].islower() or word.isupper() for word in re.findall(r"\w+", other)) else title
    return title


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


def _names_absent(root: Any) -> bool:
    """Whether the outline names bookmarks that can't be found in the file; pypdf takes such a place for its end."""
    waiting = [root]
    seen: set[int] = set()
    while waiting and len(seen) < _MAX_ENTRIES:
        here = waiting.pop()
        if not isinstance(here, Mapping) or id(here) in seen:
            continue
        seen.add(id(here))
        for key in ("/First", "/Next") if here is not root else ("/Outlines",):
            if is_broken(here, key):
                return True
            if key in here:
                waiting.append(here[key])
    return False


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
