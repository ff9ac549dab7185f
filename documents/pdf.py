"""PDF files: pages as printed, sections from the outline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from types import MappingProxyType

from pypdf import PdfReader

from documents.errors import NoText
from documents.model import Heading, Parsed
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
        warnings=raw.warnings
        + ((_missing_warning(missing, len(pages)),) if missing else ())
        + ((_pictures_warning(read),) if (read := sorted(n for n, text in pictures.items() if text.strip())) else ()),
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


def _missing_warning(missing: Sequence[int], total: int) -> str:
    if len(missing) == total > 1:
        return f"{total:,} pages, all pictures or broken: no text came out of any."
    if len(missing) == 1:
        return f"No text came out of page {missing[0]} (of {total}): it may be a picture, or broken."
    return (
        f"No text came out of {len(missing)} of {total} pages: {page_ranges(missing)}. They may be pictures, or broken."
    )


def _pictures_warning(read: Sequence[int]) -> str:
    if len(read) == 1:
        return f"The text of page {read[0]} was read off its picture (OCR), so letters may be wrong."
    return f"The text of {len(read):,} pages was read off pictures (OCR), so letters may be wrong: {page_ranges(read)}."


def _count(pages: int) -> str:
    return "1 page" if pages == 1 else f"{pages:,} pages"
