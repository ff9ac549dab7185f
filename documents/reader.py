"""The way in: bytes and a name become a Document, or a named error."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from types import MappingProxyType

from documents.docx import parse_docx
from documents.epub import parse_epub
from documents.errors import EmptyFile, FileTooLarge, NoText
from documents.html import parse_html
from documents.markdown import parse_markdown
from documents.model import Document, Note, Parsed, note
from documents.pdf import parse_pdf
from documents.sections import build_sections, cut_pages, number_pages
from documents.sniff import KINDS, detect
from documents.text import parse_text
from documents.titles import choose_title, clean

MAX_BYTES = 512 * 2**20
_NAMED_PARTS = 5  # broken parts named in a note before it breaks off


def read(
    data: bytes,
    name: str,
    *,
    password: str | None = None,
    max_bytes: int = MAX_BYTES,
    scans: bool = False,
    pictures: Mapping[int, str] = MappingProxyType({}),
) -> Document:
    """The document in `data`; its format is told by the content, `name` only helps. With `scans` a PDF of mere pictures is one
    too, without text; `pictures` are the texts that were read off its pages, by page from 1.

    Raises a DocumentError that says in plain words what is wrong: EmptyFile, FileTooLarge, Mislabelled,
    UnsupportedFormat, DamagedFile, PasswordNeeded, WrongPassword, LockedFile, UnpacksTooLarge or NoText.
    """
    if not data:
        raise EmptyFile(name)
    if len(data) > max_bytes:
        raise FileTooLarge(name, len(data), max_bytes)
    kind, notes = detect(data, name)
    pdf = kind == "pdf"
    parsed = parse_pdf(data, name, password, scans=scans, pictures=pictures) if pdf else _parse(kind, data, name)
    scanned = scans and bool(parsed.missing_pages or pictures)
    if not scanned and not any(page.strip() for page in parsed.pages):
        raise NoText(name, f"no text: it is {KINDS[kind]} with nothing to read in it. Check that it is the right file.")
    return _finish(replace(parsed, notes=(*notes, *parsed.notes)), kind, data, name)


def _parse(kind: str, data: bytes, name: str) -> Parsed:
    parsers = {
        "epub": parse_epub,
        "docx": parse_docx,
        "html": parse_html,
        "markdown": parse_markdown,
        "text": parse_text,
    }
    return parsers[kind](data, name)


def _finish(parsed: Parsed, kind: str, data: bytes, name: str) -> Document:
    first = min(parsed.headings, key=lambda h: h.start).title if parsed.headings and kind == "docx" else None
    title = choose_title(parsed.title, parsed.heading_title or first, name)
    text = "".join(parsed.pages)
    sections = build_sections(parsed.headings, text, title)
    notes = parsed.notes
    if parsed.paged:
        starts = list(accumulate((len(page) for page in parsed.pages[:-1]), initial=0))
        pages, missing = parsed.pages, parsed.missing_pages
        sections = number_pages(sections, starts, text)
    else:
        pages, sections, missing = cut_pages(sections, text, [offset for offset, _ in parsed.gaps])
        notes += _gap_notes([part for _, part in parsed.gaps])
    return Document(
        title=title,
        author=clean(parsed.author),
        format=kind,
        sha256=hashlib.sha256(data).hexdigest(),
        pages=pages,
        sections=sections,
        missing_pages=missing,
        notes=notes,
        page_labels=parsed.page_labels,
    )


def _gap_notes(parts: Sequence[str]) -> tuple[Note, ...]:
    """One note that counts the parts that could not be read, and names the first few of them."""
    if not parts:
        return ()
    named = "; ".join(parts[:_NAMED_PARTS]) + ("; …" if len(parts) > _NAMED_PARTS else "")
    return (note("parts_missing", n=len(parts), which=named),)
