"""What a file is, by its content first and its name second."""

from __future__ import annotations

import io
import re
import zipfile

from documents.errors import DamagedFile, EmptyFile, LockedFile, Mislabelled, UnsupportedFormat
from documents.model import Note, note

KINDS = {
    "pdf": "a PDF",
    "epub": "an EPUB book",
    "docx": "a Word document",
    "html": "a web page",
    "markdown": "a Markdown file",
    "text": "a plain text file",
}
_BY_EXTENSION = {
    "pdf": "pdf",
    "epub": "epub",
    "docx": "docx",
    "docm": "docx",
    "html": "html",
    "htm": "html",
    "xhtml": "html",
    "xht": "html",
    "md": "markdown",
    "markdown": "markdown",
    "mdown": "markdown",
    "mkd": "markdown",
    "txt": "text",
    "text": "text",
}
_FOREIGN = (
    (b"{\\rtf", 0, "a rich text (RTF) file", "Open it in a word processor and save it as DOCX."),
    (b"BOOKMOBI", 60, "a Kindle (MOBI) book", "Convert it to EPUB, with Calibre for instance."),
    (b"AT&TFORM", 0, "a DjVu file", "Convert it to PDF with a text layer."),
    (b"%!PS", 0, "a PostScript file", "Convert it to PDF."),
    (b"\x89PNG", 0, "a picture", "Only text can be read; recognise its text with an OCR program first."),
    (b"\xff\xd8\xff", 0, "a picture", "Only text can be read; recognise its text with an OCR program first."),
    (b"GIF8", 0, "a picture", "Only text can be read; recognise its text with an OCR program first."),
    (b"II*\0", 0, "a picture", "Only text can be read; recognise its text with an OCR program first."),
    (b"MM\0*", 0, "a picture", "Only text can be read; recognise its text with an OCR program first."),
    (b"\x1f\x8b", 0, "a gzip archive", "Unpack it and add the file inside."),
    (b"7z\xbc\xaf\x27\x1c", 0, "a 7-Zip archive", "Unpack it and add the files inside."),
    (b"Rar!", 0, "a RAR archive", "Unpack it and add the files inside."),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_BOMS = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")
_HTML_START = re.compile(rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.I | re.S)
_HTML_INSIDE = re.compile(rb"<(html|body|p|div|h[1-6]|br|table|ul|article|section|span)\b[^<>]*>", re.I)


def detect(data: bytes, name: str) -> tuple[str, tuple[Note, ...]]:
    """The format to read `data` as, and a note when the name says otherwise.

    Raises EmptyFile, Mislabelled, UnsupportedFormat, LockedFile or DamagedFile.
    """
    if not data.strip(b" \t\r\n\f\0"):
        raise EmptyFile(name)
    promised = promised_format(name)
    found = _by_magic(data, name, promised) or _by_text(data, promised)
    if found is None:
        if promised and promised != "text":
            raise Mislabelled(name, KINDS[promised])
        raise UnsupportedFormat(name, "a binary file of an unknown kind", "Save it as PDF, EPUB, DOCX or plain text.")
    if promised is None or found == promised:
        return found, ()
    return found, (note("mislabelled", name=name, promised=promised, found=found),)


def promised_format(name: str) -> str | None:
    """The format that the file's name promises, or None when the extension says nothing."""
    _, dot, extension = name.strip().rpartition(".")
    return _BY_EXTENSION.get(extension.lower()) if dot else None


def _by_magic(data: bytes, name: str, promised: str | None) -> str | None:
    if b"%PDF-" in data[:1024] and not _HTML_START.match(data[:1024]):
        return "pdf"
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_kind(data, name, promised)
    if data.startswith(_OLE):
        _refuse_ole(data, name)
    for magic, offset, kind, advice in _FOREIGN:
        if data[offset : offset + len(magic)] == magic:
            raise UnsupportedFormat(name, kind, advice)
    cut_off = {"pdf": b"%PDF-", "epub": b"PK\x03\x04", "docx": b"PK\x03\x04"}.get(promised or "", b"")
    if promised and cut_off.startswith(data):
        raise DamagedFile(name, KINDS[promised], "only its first bytes are there")
    return None


def _zip_kind(data: bytes, name: str, promised: str | None) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, LookupError) as error:
        kind = KINDS[promised] if promised in ("epub", "docx") else "a zip archive"
        raise DamagedFile(name, kind, "the end of the file is missing") from error
    if "META-INF/container.xml" in names or any(n.endswith(".opf") for n in names):
        return "epub"
    if any(n.startswith("word/") for n in names):
        return "docx"
    if "mimetype" in names and b"epub+zip" in data[:200]:
        return "epub"
    if any(n.startswith("xl/") for n in names):
        raise UnsupportedFormat(name, "an Excel workbook", "Save it as PDF or plain text.")
    if any(n.startswith("ppt/") for n in names):
        raise UnsupportedFormat(name, "a PowerPoint presentation", "Save it as PDF.")
    if {"content.xml", "mimetype"} <= names:
        raise UnsupportedFormat(name, "an OpenDocument file", "Save it as DOCX or PDF.")
    if promised in ("epub", "docx"):
        raise Mislabelled(name, KINDS[promised])
    raise UnsupportedFormat(name, "a zip archive", "Unpack it and add the files inside.")


def _refuse_ole(data: bytes, name: str) -> None:
    if "EncryptedPackage".encode("utf-16-le") in data:
        advice = "Open it in Word, remove the password (File, Info, Protect Document) and save it again."
        raise LockedFile(name, "with a Word password", advice)
    raise UnsupportedFormat(name, "an old Office file", "Open it in a word processor and save it as DOCX.")


def _by_text(data: bytes, promised: str | None) -> str | None:
    if not data.startswith(_BOMS) and _looks_binary(data[:65536]):
        return None
    head = data[:4096]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        head = head.replace(b"\0", b"")[2:]
    if _HTML_START.match(head.removeprefix(b"\xef\xbb\xbf")):
        return "html"
    if promised == "html":
        return "html" if _HTML_INSIDE.search(data[:262144].replace(b"\0", b"")) else "text"
    return "markdown" if promised == "markdown" else "text"


def _looks_binary(head: bytes) -> bool:
    if b"\0" in head:
        sparse = head[1::2].count(0), head[::2].count(0)  # UTF-16 without a mark has a zero in every other byte
        return max(sparse) < 0.3 * len(head) / 2 or min(sparse) > 0
    controls = sum(head.count(bytes([code])) for code in (*range(1, 9), *range(14, 27), *range(28, 32), 127))
    return controls > 0.02 * len(head)
