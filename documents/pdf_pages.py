"""What pdfium and pypdf get out of a PDF's pages: lines in reading order, the numbers printed on them, pictures."""

from __future__ import annotations

import io
import logging
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from pypdf import PageObject, PasswordType, PdfReader
from pypdf.generic import StreamObject

from documents.errors import (
    DamagedFile,
    LockedFile,
    PasswordNeeded,
    PictureUnreadable,
    UnpacksTooLarge,
    WrongPassword,
)
from documents.model import Note, note
from documents.pdf_clean import plain_page
from documents.pdf_layout import PrintedLine, lay_out
from documents.pdf_letters import read_letters
from documents.pdf_parts import FAULTS, Parts, read_parts

if TYPE_CHECKING:
    import numpy as np

KIND = "a PDF"
JUNK = 16_384  # bytes that a transfer may have put in front of the file
MAX_PAGES = 100_000
MAX_CHARACTERS = 32 * 2**20
_DRAWS_TEXT = re.compile(rb"\b(Tj|TJ)\b|['\"]\s")
_DRAWS_PICTURE = re.compile(rb"\b(Do|BI|sh)\b")
_CATALOG = re.compile(rb"/Type\s*/Catalog\b")
_OBJECT = re.compile(rb"(?<!\d)(\d{1,10})\s{1,9}(\d{1,5})\s{1,9}obj\b")
_CATALOG_BYTES = 4096  # how far before its type a catalog's number is looked for
_LONGEST_LABEL = 40  # characters of the number printed on a page
_EMPTY_STREAM = 20  # bytes: nothing at all, compressed, takes up to this much
_DOTS = 200  # an inch, that pages are drawn with for text recognition
_LONGEST_SIDE = 4000  # pixels of such a picture, whatever size the page claims
_BIG = 1.15  # times the size of the usual letters, from which a first page's biggest line is its title
_CURVES = re.compile(rb"\bc\s")
_SHAPES = 300  # curves on a page without text, from which they may be letters drawn as outlines

# pdfium is one library for the whole process and is not safe to call from two threads at once.
_PDFIUM = threading.Lock()


@dataclass(frozen=True)
class RawPages:
    """Lines of each page in reading order, None for a page that could not be read; the numbers printed on the pages."""

    pages: tuple[tuple[PrintedLine, ...] | None, ...]
    labels: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()


def read_raw(data: bytes, name: str, password: str | None) -> tuple[RawPages, PdfReader | None]:
    """The pages by pdfium, by pypdf where pdfium fails; and pypdf's reader, None when it cannot make sense of the file.

    pypdf is given a copy that pdfium writes anew where it can't read the file itself. A file whose end is missing is mended as far
    as it goes. Raises DamagedFile, LockedFile, PasswordNeeded,
    WrongPassword, UnpacksTooLarge.
    """
    data = data[max(0, data.find(b"%PDF-", 0, JUNK)) :]  # places in the file count from there
    for candidate, notes in ((data, ()), (_mended(data), (note("cut_off"),))):
        if not candidate:
            continue
        reader = _open_pypdf(candidate, name, password, alone=False)
        if reader is None and (copy := _written_anew(candidate, name, password)):
            reader = _open_pypdf(copy, name, password, alone=False)
        parts = read_parts(reader)
        raw = _by_pdfium(candidate, name, password, parts)
        if raw is None or not raw.pages:
            reader = reader or _open_pypdf(candidate, name, password, alone=True)
            raw = RawPages(_by_pypdf(reader, parts))
        elif None in raw.pages and reader is not None:
            pages = tuple(_page_lines(reader, i, parts) if page is None else page for i, page in enumerate(raw.pages))
            raw = replace(raw, pages=pages)
        if raw.pages:
            return replace(raw, pages=_with_ends(raw.pages, parts), notes=(*notes, *parts.notes)), reader
    raise DamagedFile(name, KIND)


def _with_ends(
    pages: Sequence[tuple[PrintedLine, ...] | None], parts: Parts
) -> tuple[tuple[PrintedLine, ...] | None, ...]:
    """The pages with what is read at their ends: comments, and the data of a form that stands nowhere."""
    ends = {index: list(lines) for index, lines in parts.comments.items()}
    if parts.data:
        ends.setdefault(len(pages) - 1, []).extend(parts.data)
    return tuple(
        (*(page or ()), *(PrintedLine(text, opens=place == 0) for place, text in enumerate(ends[index])))
        if index in ends
        else page
        for index, page in enumerate(pages)
    )


def _mended(data: bytes) -> bytes:
    """`data` with a new end, where the old one was cut off; empty when that cannot be done."""
    catalog = next(iter(reversed(list(_CATALOG.finditer(data)))), None)
    if catalog is None or b"/Encrypt" in data:
        return b""
    before = list(_OBJECT.finditer(data, max(0, catalog.start() - _CATALOG_BYTES), catalog.start()))
    if not before:
        return b""
    root = b" ".join(before[-1].groups())
    return data + b"\nendstream\nendobj\ntrailer\n<< /Root " + root + b" R >>\nstartxref\n0\n%%EOF\n"


def _open_pypdf(data: bytes, name: str, password: str | None, *, alone: bool) -> PdfReader | None:
    """None when pypdf cannot make sense of the file. With `alone`, a lock that stays shut is an error."""
    # pypdf logs each fault as it meets it, in its own words; what of that matters to a reader is in our notes.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        locked = reader.is_encrypted and reader.decrypt(password or "") == PasswordType.NOT_DECRYPTED
        if not locked:
            len(reader.pages)  # fails where the pages can't be told, and then nothing beside them can
    except FAULTS:
        return None
    if locked and alone:
        raise WrongPassword(name) if password else PasswordNeeded(name)
    return None if locked else reader


def shows_something(reader: PdfReader | None, index: int, *, pictures_only: bool) -> bool:
    """Whether page `index` draws pictures (or text), so that its text is missing and the page is not just blank."""
    if reader is None:
        return True
    try:
        page = reader.pages[index]
        contents = page.get_contents()
        drawn = contents.get_data() if contents is not None else b""
        if not drawn.strip():
            return _promises_content(page)
    except FAULTS:
        return True
    if pictures_only:
        return bool(_DRAWS_PICTURE.search(drawn))
    outlines = sum(1 for _ in islice(_CURVES.finditer(drawn), _SHAPES)) == _SHAPES
    return bool(outlines or _DRAWS_PICTURE.search(drawn) or _DRAWS_TEXT.search(drawn))


def _promises_content(page: PageObject) -> bool:
    """Whether a page that draws nothing should: its content has bytes that unpack to nothing, or is absent."""
    contents = page.get("/Contents")
    found = contents.get_object() if contents is not None else None
    parts = [part.get_object() for part in found] if isinstance(found, list) else [found]
    return contents is not None and any(
        not isinstance(part, StreamObject) or len(part._data) > _EMPTY_STREAM for part in parts
    )


def page_picture(data: bytes, number: int) -> np.ndarray:
    """Page `number`, from 1, of a PDF without a lock, in grey levels from 0 to 255 [height, width]. Raises PictureUnreadable."""
    with drawn_page(data, number) as page:
        try:
            scale = min(_DOTS / 72, _LONGEST_SIDE / max(page.get_size()))
            return page.render(scale=scale, grayscale=True).to_numpy().copy()
        except FAULTS as error:
            raise PictureUnreadable(str(error)) from error


@contextmanager
def drawn_page(data: bytes, number: int) -> Iterator[Any]:
    """Page `number`, from 1, of a PDF without a lock, in pdfium; a file whose end is missing is mended first. Raises PictureUnreadable."""
    for candidate in (mend(data) for mend in (bytes, _mended)):
        with _opened(candidate, "", None) as document:
            if document is None or len(document) < number:
                continue
            try:
                page = document[number - 1]
            except FAULTS as error:
                raise PictureUnreadable(str(error)) from error
            yield page
            return
    raise PictureUnreadable(f"page {number} is not in the file")


def unlocked(data: bytes, password: str | None) -> bytes:
    """The same file without its lock, so that its pages can be drawn later. Raises WrongPassword, PasswordNeeded, LockedFile."""
    return (password and _written_anew(data, "", password)) or data


def _written_anew(data: bytes, name: str, password: str | None) -> bytes:
    """The file as pdfium writes it, without a lock and with its table of contents in order; empty when pdfium cannot open it."""
    with _opened(data, name, password) as document:
        if document is None or len(document) == 0:
            return b""
        buffer = io.BytesIO()
        try:
            document.save(buffer, flags=pdfium_c.FPDF_REMOVE_SECURITY)
        except pdfium.PdfiumError:
            return b""
        return buffer.getvalue()


@contextmanager
def _opened(data: bytes, name: str, password: str | None) -> Iterator[Any]:
    """The file in pdfium, or None when pdfium cannot open it."""
    with _PDFIUM:
        try:
            document = pdfium.PdfDocument(data, password=password)
        except pdfium.PdfiumError as error:
            locked = b"/Encrypt" in data  # pdfium's error may be the one of the file before
            if locked and error.err_code == pdfium_c.FPDF_ERR_PASSWORD:
                raise (WrongPassword(name) if password else PasswordNeeded(name)) from error
            if locked and error.err_code == pdfium_c.FPDF_ERR_SECURITY:
                raise LockedFile(name, "in a way that is not known here", "Save it again without the lock.") from error
            document = None
        try:
            yield document
        finally:
            if document is not None:
                document.close()


def _by_pdfium(data: bytes, name: str, password: str | None, parts: Parts) -> RawPages | None:
    with _opened(data, name, password) as document:
        if document is None:
            return None
        if len(document) > MAX_PAGES:
            raise UnpacksTooLarge(name, f"{len(document):,} pages")
        pages: list[tuple[PrintedLine, ...] | None] = []
        labels: list[str] = []
        total = 0
        for index in range(len(document)):
            lines = _pdfium_page(document, index, parts)
            total += sum(len(line.text) for line in lines or ())
            if total > MAX_CHARACTERS:
                raise UnpacksTooLarge(name, f"more than {MAX_CHARACTERS // 2**20} million characters")
            pages.append(lines)
            labels.append(_label(document, index))
    numbers = [str(number) for number in range(1, len(pages) + 1)]
    return RawPages(tuple(pages), tuple(labels) if any(labels) and labels != numbers else ())


def _label(document: Any, index: int) -> str:
    """The number that the file says is printed on a page, empty when it says none."""
    try:
        return " ".join(document.get_page_label(index).split())[:_LONGEST_LABEL]
    except (pdfium.PdfiumError, UnicodeDecodeError):
        return ""


def _pdfium_page(document: Any, index: int, parts: Parts) -> tuple[PrintedLine, ...] | None:
    try:
        page = document[index]
        textpage = page.get_textpage()
    except pdfium.PdfiumError:
        return None
    try:
        return lay_out(read_letters(page, textpage), parts.inserts.get(index, ()))
    except (pdfium.PdfiumError, UnicodeDecodeError):
        return None
    finally:
        textpage.close()
        page.close()


def biggest_line(pages: Sequence[Sequence[PrintedLine]]) -> str | None:
    """The lines in the largest letters of the first page that has any but stamps, where they are clearly larger than the rest."""
    first = next((page for page in pages if not all(line.aside for line in page)), ())
    lines = [line for line in first if line.size and not line.cells]
    sizes = sorted(line.size for line in lines for _ in line.text)
    if not sizes or sizes[-1] < _BIG * sizes[len(sizes) // 2]:
        return None
    kept: list[str] = []
    for line in lines:
        if line.size >= 0.9 * sizes[-1]:
            kept.append(line.text)
        elif kept:
            break
    title = " ".join(kept)
    return title if sum(char.isalpha() for char in title) >= 4 and len(title) <= 200 else None


def _by_pypdf(reader: PdfReader | None, parts: Parts) -> tuple[tuple[PrintedLine, ...] | None, ...]:
    if reader is None:
        return ()
    try:
        count = len(reader.pages)
    except FAULTS:
        return ()
    return tuple(_page_lines(reader, index, parts) for index in range(min(count, MAX_PAGES)))


def _page_lines(reader: PdfReader, index: int, parts: Parts) -> tuple[PrintedLine, ...] | None:
    """A page's lines without their places; what stands on it beside its text comes last."""
    try:
        text = reader.pages[index].extract_text()
    except FAULTS:
        return None
    entries = [f"{one.label}: {one.text}" if one.label else one.text for one in parts.inserts.get(index, ())]
    return plain_page("\n".join([text, *entries]))
