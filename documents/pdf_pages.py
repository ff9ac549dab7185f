"""What pdfium and pypdf get out of a PDF's pages: raw text, page by page, and the biggest line."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from pypdf import PageObject, PasswordType, PdfReader
from pypdf.errors import DependencyError, PyPdfError
from pypdf.generic import StreamObject

from documents.errors import (
    PARSER_FAULTS,
    DamagedFile,
    LockedFile,
    PasswordNeeded,
    PictureUnreadable,
    UnpacksTooLarge,
    WrongPassword,
)
from documents.model import Note, note

if TYPE_CHECKING:
    import numpy as np

FAULTS: tuple[type[Exception], ...] = (*PARSER_FAULTS, PyPdfError, DependencyError)
KIND = "a PDF"
MAX_PAGES = 100_000
MAX_CHARACTERS = 128 * 2**20
_DRAWS_TEXT = re.compile(rb"\b(Tj|TJ)\b|['\"]\s")
_DRAWS_PICTURE = re.compile(rb"\b(Do|BI|sh)\b")
_CATALOG = re.compile(rb"/Type\s*/Catalog\b")
_OBJECT = re.compile(rb"(\d+)\s+(\d+)\s+obj\b")
_CATALOG_BYTES = 4096  # how far before its type a catalog's number is looked for
_EMPTY_STREAM = 20  # bytes: nothing at all, compressed, takes up to this much
_DOTS = 200  # an inch, that pages are drawn with for text recognition
_LONGEST_SIDE = 4000  # pixels of such a picture, whatever size the page claims
_TITLE_CHARACTERS = 3000  # of the first page, looked through for its biggest line

# pdfium is one library for the whole process and is not safe to call from two threads at once.
_PDFIUM = threading.Lock()


@dataclass(frozen=True)
class RawPages:
    """Text as it came out, None for a page that could not be read; `biggest` is the first page's biggest line."""

    texts: tuple[str | None, ...]
    biggest: str | None
    notes: tuple[Note, ...] = ()


def read_raw(data: bytes, name: str, password: str | None) -> tuple[RawPages, PdfReader | None]:
    """The pages by pdfium, by pypdf where pdfium fails; and pypdf's reader, None when it cannot make sense of the file.

    A file whose end is missing is mended as far as it goes. Raises DamagedFile, LockedFile, PasswordNeeded,
    WrongPassword, UnpacksTooLarge.
    """
    for candidate, notes in ((data, ()), (_mended(data), (note("cut_off"),))):
        raw = _by_pdfium(candidate, name, password) if candidate else None
        readable = raw is not None and bool(raw.texts)
        reader = _open_pypdf(candidate, name, password, alone=not readable) if candidate else None
        if raw is None or not readable:
            raw = RawPages(_by_pypdf(reader), None)
        elif None in raw.texts and reader is not None:
            texts = tuple(_page_text(reader, i) if text is None else text for i, text in enumerate(raw.texts))
            raw = replace(raw, texts=texts)
        if raw.texts:
            return replace(raw, notes=notes), reader
    raise DamagedFile(name, KIND)


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
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        locked = reader.is_encrypted and reader.decrypt(password or "") == PasswordType.NOT_DECRYPTED
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
    return bool(_DRAWS_PICTURE.search(drawn) or (not pictures_only and _DRAWS_TEXT.search(drawn)))


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
    if not password:
        return data
    with _opened(data, "", password) as document:
        if document is None:
            return data
        buffer = io.BytesIO()
        document.save(buffer, flags=pdfium_c.FPDF_REMOVE_SECURITY)
        return buffer.getvalue()


@contextmanager
def _opened(data: bytes, name: str, password: str | None) -> Iterator[Any]:
    """The file in pdfium, or None when pdfium cannot open it."""
    with _PDFIUM:
        try:
            document = pdfium.PdfDocument(data, password=password)
        except pdfium.PdfiumError as error:
            if error.err_code == pdfium_c.FPDF_ERR_PASSWORD:
                raise (WrongPassword(name) if password else PasswordNeeded(name)) from error
            if error.err_code == pdfium_c.FPDF_ERR_SECURITY:
                raise LockedFile(name, "in a way that is not known here", "Save it again without the lock.") from error
            document = None
        try:
            yield document
        finally:
            if document is not None:
                document.close()


def _by_pdfium(data: bytes, name: str, password: str | None) -> RawPages | None:
    with _opened(data, name, password) as document:
        if document is None:
            return None
        if len(document) > MAX_PAGES:
            raise UnpacksTooLarge(name, f"{len(document):,} pages")
        texts: list[str | None] = []
        biggest = None
        total = 0
        for index in range(len(document)):
            text, line = _pdfium_page(document, index, want_biggest=total == 0)
            biggest = biggest or line
            total += len(text or "")
            if total > MAX_CHARACTERS:
                raise UnpacksTooLarge(name, f"more than {MAX_CHARACTERS // 2**20} million characters")
            texts.append(text)
    return RawPages(tuple(texts), biggest)


def _pdfium_page(document: Any, index: int, *, want_biggest: bool) -> tuple[str | None, str | None]:
    try:
        page = document[index]
        textpage = page.get_textpage()
    except pdfium.PdfiumError:
        return None, None
    try:
        text = textpage.get_text_range()
        return text, _biggest_line(textpage, text) if want_biggest and text.strip() else None
    except (pdfium.PdfiumError, UnicodeDecodeError):
        return None, None
    finally:
        textpage.close()
        page.close()


def _biggest_line(textpage: Any, text: str) -> str | None:
    """The text in the page's largest letters, if they are clearly larger than the rest or stand first."""
    heights: list[tuple[str, float]] = []
    for index in range(min(textpage.count_chars(), _TITLE_CHARACTERS)):
        _, bottom, _, top = textpage.get_charbox(index, loose=True)
        heights.append((textpage.get_text_range(index, 1), round(top - bottom, 1)))
    letters = sorted(height for char, height in heights if char.isalnum())
    if not letters:
        return None
    largest, middle = letters[-1], letters[len(letters) // 2]
    if largest < 1.15 * middle and text.count("\n") > 12:
        return None
    kept: list[str] = []
    for char, height in heights:
        if height >= 0.9 * largest or (kept and not char.strip()):
            kept.append(char)
        elif kept and char.isalnum() and height < 0.8 * largest:
            break
    title = " ".join("".join(kept).replace("\ufffe", "").split())
    return title if sum(char.isalpha() for char in title) >= 4 and len(title) <= 200 else None


def _by_pypdf(reader: PdfReader | None) -> tuple[str | None, ...]:
    if reader is None:
        return ()
    try:
        count = len(reader.pages)
    except FAULTS:
        return ()
    return tuple(_page_text(reader, index) for index in range(min(count, MAX_PAGES)))


def _page_text(reader: PdfReader, index: int) -> str | None:
    try:
        return reader.pages[index].extract_text()
    except FAULTS:
        return None
