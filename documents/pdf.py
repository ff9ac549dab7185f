"""PDF files: pages as printed, sections from the outline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from types import MappingProxyType

from documents.errors import NoText
from documents.model import Heading, Note, Parsed, note
from documents.pdf_clean import CleanPages, clean_pages, is_readable, plain_page
from documents.pdf_layout import PrintedLine
from documents.pdf_letters import UNKNOWN
from documents.pdf_outline import Outline, place_bookmarks, read_metadata, read_outline
from documents.pdf_pages import biggest_line, read_raw, shows_something
from documents.sections import page_ranges
from documents.text import find_headings

_MANY_BLANK = 0.4  # of the pages, from which blank ones are worth a note
_NAMED = 5  # headers named in a note
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
    lines = [_readable_lines(page) for page in raw.pages]
    lines = [plain_page(pictures[number]) if number in pictures else page for number, page in enumerate(lines, 1)]
    clean = clean_pages(lines)
    pages = clean.texts
    text = _without_asides(pages, lines)
    missing = tuple(
        index + 1
        for index, page in enumerate(pages)
        if (not page or index in clean.bare)
        and index + 1 not in pictures
        and (raw.pages[index] is None or shows_something(reader, index, pictures_only=_has_text(raw.pages[index])))
    )
    cut_off = any(one.key == "cut_off" for one in raw.notes)
    if not (scans and (missing or pictures)):
        _require_text(pages, missing, name, cut_off=cut_off)
    title, author = read_metadata(reader)
    outline = read_outline(reader)
    return Parsed(
        pages=pages,
        headings=_headings(place_bookmarks(outline.bookmarks, text), text),
        paged=True,
        title=title,
        heading_title=biggest_line(lines) or _first_line(text) or _first_line(pages),
        author=author,
        missing_pages=missing,
        notes=raw.notes + _notes(pages, missing, pictures, outline, clean),
        page_labels=raw.labels,
    )


def _readable_lines(page: tuple[PrintedLine, ...] | None) -> tuple[PrintedLine, ...]:
    return page if page and is_readable("".join(line.text for line in page)) else ()


def _has_text(page: Sequence[PrintedLine] | None) -> bool:
    """Whether something is printed on a page though nothing to read came out: a page number, or letters that no font explains.

    A picture on such a page may still be what it is about.
    """
    return bool(page) and is_readable("".join(line.text for line in page or ()))


def _require_text(pages: Sequence[str], missing: Sequence[int], name: str, *, cut_off: bool) -> None:
    letters = sum(char.isalnum() for page in pages for char in page)
    if not letters:
        raise NoText(
            name,
            f"no text on any of its {_count(len(pages))}: it seems to be scanned, pictures of pages. "
            "Text recognition (OCR) would be needed; to have it here, pip install -r requirements-ocr.txt, start again and add "
            "the file once more.",
        )
    if not cut_off and 3 * len(missing) >= 2 * len(pages) and letters < _SPARSE * len(pages) and len(pages) > 1:
        raise NoText(
            name,
            f"nearly no text: {len(missing)} of its {_count(len(pages))} give none. It may be scanned, or its fonts cannot be "
            "turned back into letters. Another edition would help, such as EPUB, or text recognition (OCR); to have it here, "
            "pip install -r requirements-ocr.txt, start again and add the file once more.",
        )


def _notes(
    pages: Sequence[str], missing: Sequence[int], pictures: Mapping[int, str], outline: Outline, clean: CleanPages
) -> tuple[Note, ...]:
    notes: list[Note] = []
    if missing:
        notes.append(_missing_note(missing, len(pages)))
    if read := sorted(number for number, text in pictures.items() if text.strip()):
        notes.append(note("pages_read_off", n=len(read), pages=page_ranges(read)))
    if unknown := [number for number, page in enumerate(pages, 1) if UNKNOWN in page]:
        count = sum(page.count(UNKNOWN) for page in pages)
        notes.append(note("letters_unknown", n=count, pages=page_ranges(unknown)))
    blank = [number for number, page in enumerate(pages, 1) if not page and number not in missing]
    if len(blank) > _MANY_BLANK * len(pages):
        notes.append(note("pages_blank", n=len(blank), all=len(pages), pages=page_ranges(blank)))
    if outline.lost:
        notes.append(note("bookmarks_lost", n=outline.lost))
    if outline.broken:
        notes.append(note("bookmarks_broken"))
    if clean.numbered:
        notes.append(note("line_numbers", pages=page_ranges(list(clean.numbered))))
    if clean.left_out:
        notes.append(note("running_lines", n=len(clean.left_out), which="; ".join(clean.left_out[:_NAMED])))
    return tuple(notes)


def _headings(outline: tuple[Heading, ...], pages: Sequence[str]) -> tuple[Heading, ...]:
    """The outline, unless it is a mere stub and the text's own chapter headings tell more."""
    if len(outline) >= 3:
        return outline
    own = find_headings("".join(pages), tuple(accumulate((len(page) for page in pages), initial=0)))
    return own if len(own) > len(outline) else outline


def _without_asides(pages: Sequence[str], lines: Sequence[Sequence[PrintedLine]]) -> tuple[str, ...]:
    """The pages with blanks in the place of stamps in their margins, which are no headings."""
    kept: list[str] = []
    for page, printed in zip(pages, lines, strict=True):
        asides = {" ".join(line.text.split()) for line in printed if line.aside}
        kept.append(
            "\n".join(" " * len(line) if line in asides else line for line in page.split("\n")) if asides else page
        )
    return tuple(kept)


def _first_line(pages: Sequence[str]) -> str | None:
    first = next((line.strip() for page in pages for line in page.split("\n") if line.strip()), None)
    cells = [cell for cell in (first or "").split(" | ") if cell.strip(" |")]
    first = cells[0] if 0 < len(cells) <= 2 else None  # a row of a table says little
    return first if first and len(first) <= 120 and not first.endswith((",", ";")) else None


def _missing_note(missing: Sequence[int], total: int) -> Note:
    if len(missing) == total > 1:
        return note("all_pages_empty", all=total)
    return note("pages_empty", n=len(missing), all=total, pages=page_ranges(missing))


def _count(pages: int) -> str:
    return "1 page" if pages == 1 else f"{pages:,} pages"
