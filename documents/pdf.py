"""PDF files: pages as printed, sections from the outline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from types import MappingProxyType

from pypdf import PdfReader

from documents.errors import NoText
from documents.model import Heading, Note, Parsed, note
from documents.pdf_clean import clean_pages, is_readable
from documents.pdf_outline import place_bookmarks, read_metadata, read_outline
from documents.pdf_pages import read_raw, shows_something
from documents.sections import page_ranges
from documents.text import find_headings

_SPARSE = 100  # characters a page, on average, below which a file whose pages are mostly empty counts as having no text


def parse_pdf(
    data: bytes,
    name: str,
    password: str | None = None,
    *,
    scans: bool = False,
    pictures: Mapping[int, str] = MappingProxyType({}),
) -> Parsed:
    """The pages with their sections; `pictures` are the texts that were read off pages, by page from 1.

    Raises what `read_raw` raises, and NoText, with `scans` only where there is no picture either.
    """
    raw, reader = read_raw(data, name, password)
    texts = [text if text is not None and is_readable(text) else "" for text in raw.texts]
    texts = [pictures.get(number, text) for number, text in enumerate(texts, 1)]
    pages = clean_pages(texts)
    missing = tuple(
        index + 1
        for index, page in enumerate(pages)
        if not page
        and index + 1 not in pictures
        and (raw.texts[index] is None or _lost(raw.texts[index] or "", reader, index))
    )
    if not (scans and (missing or pictures)):
        _require_text(texts, pages, name)
    title, author = read_metadata(reader)
    return Parsed(
        pages=pages,
        headings=_headings(place_bookmarks(read_outline(reader), pages), pages),
        paged=True,
        title=title,
        heading_title=raw.biggest or _first_line(pages),
        author=author,
        missing_pages=missing,
        notes=raw.notes
        + ((_missing_note(missing, len(pages)),) if missing else ())
        + ((_pictures_note(read),) if (read := sorted(n for n, text in pictures.items() if text.strip())) else ()),
    )


def _lost(raw: str, reader: PdfReader | None, index: int) -> bool:
    """Whether an empty page should have had text: a bare page number is none, a picture may be a scan."""
    return shows_something(reader, index, pictures_only=bool(raw.strip()))


def _require_text(texts: Sequence[str], pages: Sequence[str], name: str) -> None:
    empty = sum(1 for page in pages if not page)
    letters = sum(char.isalnum() for page in pages for char in page)
    if not any(text.strip() for text in texts) or not letters:
        raise NoText(
            name,
            f"no text on any of its {_count(len(pages))}: it seems to be scanned, pictures of pages. "
            "Text recognition (OCR) would be needed; to have it here, pip install -r requirements-ocr.txt, start again and add "
            "the file once more.",
        )
    if 3 * empty >= 2 * len(pages) and letters < _SPARSE * len(pages) and len(pages) > 1:
        raise NoText(
            name,
            f"nearly no text: {empty} of its {_count(len(pages))} give none. It may be scanned, or its fonts cannot be "
            "turned back into letters. Another edition would help, such as EPUB, or text recognition (OCR); to have it here, "
            "pip install -r requirements-ocr.txt, start again and add the file once more.",
        )


def _headings(outline: tuple[Heading, ...], pages: Sequence[str]) -> tuple[Heading, ...]:
    """The outline, unless it is a mere stub and the text's own chapter headings tell more."""
    if len(outline) >= 3:
        return outline
    own = find_headings("".join(pages), tuple(accumulate((len(page) for page in pages), initial=0)))
    return own if len(own) > len(outline) else outline


def _first_line(pages: Sequence[str]) -> str | None:
    first = next((page for page in pages if page), "").split("\n", 1)[0]
    return first if len(first) <= 120 and not first.endswith((",", ";")) else None


def _missing_note(missing: Sequence[int], total: int) -> Note:
    if len(missing) == total > 1:
        return note("all_pages_empty", all=total)
    return note("pages_empty", n=len(missing), all=total, pages=page_ranges(missing))


def _pictures_note(read: Sequence[int]) -> Note:
    return note("pages_read_off", n=len(read), pages=page_ranges(read))


def _count(pages: int) -> str:
    return "1 page" if pages == 1 else f"{pages:,} pages"
