"""The way in: bytes and a name become a Document, or a named error."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from types import MappingProxyType

from documents.archive import Archive, Limits
from documents.docx import parse_docx
from documents.epub import parse_epub
from documents.errors import PARSER_FAULTS, DamagedFile, EmptyFile, FileTooLarge, NoText, UnsupportedFormat
from documents.fb2 import parse_fb2
from documents.html import parse_html
from documents.mail import parse_mail
from documents.markdown import parse_markdown
from documents.model import Document, Note, Parsed, note
from documents.odt import parse_odt
from documents.pdf import parse_pdf
from documents.pdf_pages import unlocked
from documents.rtf import parse_rtf
from documents.sections import build_sections, cut_pages, number_pages
from documents.sniff import KINDS, detect, document_within
from documents.text import is_chapter, parse_text
from documents.titles import choose_author, choose_title

MAX_BYTES = 512 * 2**20
_HALVES = re.compile("[\ud800-\udfff]")
_NAMED_PARTS = 5  # broken parts named in a note before it breaks off


@dataclass(frozen=True)
class Opened:
    """A file as it is kept: what is read of it, its name, and of a PDF the file without its lock, to draw its pages from (None of others).
    With `scan` it is mere pictures, and nothing of it can be read yet."""

    document: Document
    name: str
    original: bytes | None
    scan: bool


def open_file(
    data: bytes,
    name: str,
    password: str | None = None,
    *,
    scans: bool = False,
    pictures: Mapping[int, str] = MappingProxyType({}),
) -> Opened:
    """What is to be kept of a file, or of the document that is alone in the zip archive that it is. With `scans` a PDF of mere pictures
    is taken too. Raises what `read` raises."""
    data, name = unpack(data, readable_name(name))  # the pages of what is inside are drawn later
    scan = False
    try:
        document = read(data, name, password=password, pictures=pictures)
    except NoText:
        if not scans:
            raise
        document, scan = read(data, name, password=password, scans=True, pictures=pictures), True
    return Opened(document, name, unlocked(data, password) if document.format == "pdf" else None, scan)


def read(
    data: bytes,
    name: str,
    *,
    password: str | None = None,
    max_bytes: int = MAX_BYTES,
    scans: bool = False,
    pictures: Mapping[int, str] = MappingProxyType({}),
) -> Document:
    """The document in `data`, or alone in the zip archive that `data` is; its format is told by the content, `name` only helps. With
    `scans` a PDF of mere pictures is one too, without text; `pictures` are the texts that were read off its pages, by page from 1.

    Raises a DocumentError that says in plain words what is wrong: EmptyFile, FileTooLarge, Mislabelled,
    UnsupportedFormat, DamagedFile, PasswordNeeded, WrongPassword, LockedFile, UnpacksTooLarge or NoText.
    """
    name = readable_name(name)
    if not data:
        raise EmptyFile(name)
    data, name = unpack(data, name, max_bytes)
    if len(data) > max_bytes:
        raise FileTooLarge(name, len(data), max_bytes)
    kind, notes = detect(data, name)
    pdf = kind == "pdf"
    try:
        parsed = parse_pdf(data, name, password, scans=scans, pictures=pictures) if pdf else _parse(kind, data, name)
    except PARSER_FAULTS as error:
        raise DamagedFile(name, KINDS[kind], "it breaks the rules of its format") from error
    scanned = scans and bool(parsed.missing_pages or pictures)
    if not scanned and not any(page.strip() for page in parsed.pages):
        raise NoText(name, f"no text: it is {KINDS[kind]} with nothing to read in it. Check that it is the right file.")
    return _finish(replace(parsed, notes=(*notes, *parsed.notes)), kind, data, name)


def unpack(data: bytes, name: str, max_bytes: int = MAX_BYTES) -> tuple[bytes, str]:
    """A document that is alone in a zip archive, with its own name; anything else as it is.

    Raises LockedFile, DamagedFile or UnpacksTooLarge for an archive whose one document can't be taken out.
    """
    entry = document_within(data, name)
    if entry is None:
        return data, name
    with Archive(data, name, "a zip archive", Limits(parsed_bytes=max_bytes)) as archive:
        return archive.read(entry), readable_name(entry.rpartition("/")[2])


def _parse(kind: str, data: bytes, name: str) -> Parsed:
    parsers = {
        "epub": parse_epub,
        "docx": _parse_docx,
        "odt": parse_odt,
        "rtf": parse_rtf,
        "fb2": parse_fb2,
        "html": parse_html,
        "mht": parse_mail,
        "eml": parse_mail,
        "markdown": parse_markdown,
        "text": parse_text,
    }
    return parsers[kind](data, name)


def _parse_docx(data: bytes, name: str) -> Parsed:
    return parse_docx(data, name, _parse_chunk)


def _parse_chunk(data: bytes, name: str) -> Parsed:
    """A file within a Word document; one within that is not read."""
    kind, _ = detect(data, name)
    if kind == "pdf":
        raise UnsupportedFormat(name, KINDS[kind], "Add it by itself.")
    return parse_docx(data, name) if kind == "docx" else _parse(kind, data, name)


def readable_name(name: str) -> str:
    """A file's name as letters that can be stored: bytes that are no UTF-8 are read as Windows has them."""
    raw = name.encode(
        "utf-8", "surrogateescape" if all(not "\ud800" <= char < "\udc80" for char in name) else "replace"
    )
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _finish(parsed: Parsed, kind: str, data: bytes, name: str) -> Document:
    first = min(parsed.headings, key=lambda h: h.start).title if parsed.headings and kind == "docx" else None
    heading = parsed.heading_title or first
    title = choose_title(parsed.title, heading if heading and not is_chapter(heading) else None, name)
    parsed = replace(parsed, pages=tuple(map(_storable, parsed.pages)))
    text = "".join(parsed.pages)
    sections = build_sections(parsed.headings, text, title)
    notes = parsed.notes
    if parsed.paged:
        starts = list(accumulate((len(page) for page in parsed.pages[:-1]), initial=0))
        pages, missing = parsed.pages, parsed.missing_pages
        sections = number_pages(sections, starts, text)
    else:
        pages, sections, missing = cut_pages(
            sections, text, [offset for offset, _ in parsed.gaps], parsed.part_characters
        )
        notes += _gap_notes([part for _, part in parsed.gaps])
    return Document(
        title=title,
        author=choose_author(parsed.author),
        format=kind,
        sha256=hashlib.sha256(data).hexdigest(),
        pages=pages,
        sections=sections,
        missing_pages=missing,
        notes=notes,
        page_labels=parsed.page_labels,
    )


def _storable(text: str) -> str:
    """The text with halves of letters, which cannot be stored, as U+FFFD; its length stays."""
    return _HALVES.sub("\ufffd", text) if _HALVES.search(text) else text


def _gap_notes(parts: Sequence[str]) -> tuple[Note, ...]:
    """One note that counts the parts that could not be read, and names the first few of them."""
    if not parts:
        return ()
    named = "; ".join(parts[:_NAMED_PARTS]) + ("; …" if len(parts) > _NAMED_PARTS else "")
    return (note("parts_missing", n=len(parts), which=named),)
