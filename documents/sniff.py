"""What a file is, by its content first and its name second."""

from __future__ import annotations

import io
import re
import zipfile

from documents.archive import UNREADABLE
from documents.decode import decode, is_text
from documents.errors import DamagedFile, EmptyFile, LockedFile, Mislabelled, UnsupportedFormat
from documents.mail import looks_like_mail
from documents.model import Note, note

KINDS = {
    "pdf": "a PDF",
    "epub": "an EPUB book",
    "docx": "a Word document",
    "odt": "an OpenDocument text",
    "rtf": "a rich text (RTF) file",
    "fb2": "a FictionBook (FB2)",
    "html": "a web page",
    "mht": "a saved web page (MHT)",
    "eml": "a mail",
    "markdown": "a Markdown file",
    "text": "a plain text file",
}
_BY_EXTENSION = {
    "pdf": "pdf",
    "epub": "epub",
    "docx": "docx",
    "docm": "docx",
    "dotx": "docx",
    "dotm": "docx",
    "odt": "odt",
    "ott": "odt",
    "fodt": "odt",
    "rtf": "rtf",
    "fb2": "fb2",
    "html": "html",
    "htm": "html",
    "xhtml": "html",
    "xht": "html",
    "mht": "mht",
    "mhtml": "mht",
    "eml": "eml",
    "md": "markdown",
    "markdown": "markdown",
    "mdown": "markdown",
    "mkd": "markdown",
    "txt": "text",
    "text": "text",
}
_JUNK = 16_384  # bytes that a transfer may have put in front of a file that is named like a PDF
_BEGINNINGS = {"pdf": b"%PDF-", "epub": b"PK\x03\x04", "docx": b"PK\x03\x04", "odt": b"PK\x03\x04", "rtf": b"{\\rtf"}
_FOREIGN = (
    (b"BOOKMOBI", 60, "a Kindle (MOBI) book", "Convert it to EPUB, with Calibre for instance."),
    (b"AT&TFORM", 0, "a DjVu file", "Convert it to PDF with a text layer."),
    (b"%!PS", 0, "a PostScript file", "Convert it to PDF."),
    (b"\x89PNG", 0, "a picture", "Only text can be read; recognise its text with an OCR program first."),
    (b"\xff\xd8\xff", 0, "a picture", "Only text can be read; recognise its text with an OCR program first."),
    (b"GIF8", 0, "a picture", "Only text can be read; recognise its text with an OCR program first."),
    (b"II*\0", 0, "a picture", "Only text can be read; recognise its text with an OCR program first."),
    (b"MM\0*", 0, "a picture", "Only text can be read; recognise its text with an OCR program first."),
    (b"WEBP", 8, "a picture", "Only text can be read; recognise its text with an OCR program first."),
    (b"\x1f\x8b", 0, "a gzip archive", "Unpack it and add the file inside."),
    (b"7z\xbc\xaf\x27\x1c", 0, "a 7-Zip archive", "Unpack it and add the files inside."),
    (b"Rar!", 0, "a RAR archive", "Unpack it and add the files inside."),
    (b"SQLite format 3\0", 0, "a database", "Export what you need from it as plain text or PDF."),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEAD = 2**16  # bytes that are looked at to tell a text's format
_HTML_START = re.compile(r"<(?:!doctype\s{1,9}html|html|head|body)\b", re.I)
_HTML_INSIDE = re.compile(
    rb"<(?:html|body|p|div|h[1-6]|br|table|ul|article|section|span|main|header)\b[^<>]{0,2000}>", re.I
)
_MOST_ASIDES = 10_000  # comments and the like before a page begins


def detect(data: bytes, name: str) -> tuple[str, tuple[Note, ...]]:
    """The format to read `data` as, and a note when the name says otherwise.

    Raises EmptyFile, Mislabelled, UnsupportedFormat, LockedFile or DamagedFile.
    """
    if not data.strip(b" \t\r\n\f\0\xef\xbb\xbf\xff\xfe"):
        raise EmptyFile(name)
    promised = promised_format(name)
    found = _by_magic(data, name, promised) or _by_text(data, promised)
    if found is None:
        if promised and promised != "text":
            raise Mislabelled(name, KINDS[promised])
        raise UnsupportedFormat(name, "a binary file of an unknown kind", "Save it as PDF, EPUB, DOCX or plain text.")
    if promised is None or found == promised or {found, promised} == {"mht", "eml"}:
        return found, ()
    return found, (note("mislabelled", name=name, promised=promised, found=found),)


def promised_format(name: str) -> str | None:
    """The format that the file's name promises, or None when the extension says nothing."""
    name = (
        name.strip().lower().removesuffix(".zip") if name.strip().lower().endswith(".fb2.zip") else name.strip().lower()
    )
    _, dot, extension = name.rpartition(".")
    return _BY_EXTENSION.get(extension) if dot else None


def document_within(data: bytes, name: str) -> str | None:
    """The one entry of a zip archive that holds nothing else, where its name is that of a document; None for all other files, and for
    an archive whose own name promises a document."""
    if promised_format(name) or not data.startswith(b"PK\x03\x04"):
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry.replace("\\", "/") for entry in archive.namelist()]
    except UNREADABLE:
        return None
    files = [one for one in entries if not one.endswith(("/", ".DS_Store")) and not one.startswith("__MACOSX/")]
    return files[0] if len(files) == 1 and promised_format(files[0]) else None


def _by_magic(data: bytes, name: str, promised: str | None) -> str | None:
    if b"%PDF-" in data[: _JUNK if promised == "pdf" else 1024] and not _starts_html(data[:1024].decode("latin-1")):
        return "pdf"
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_kind(data, name, promised)
    if data.startswith(_OLE):
        _refuse_ole(data, name)
    if data.lstrip()[:5] == b"{\\rtf":
        return "rtf"
    for magic, offset, kind, advice in _FOREIGN:
        if data[offset : offset + len(magic)] == magic:
            raise UnsupportedFormat(name, kind, advice)
    if promised and _BEGINNINGS.get(promised, b"").startswith(data):
        raise DamagedFile(name, KINDS[promised], "only its first bytes are there")
    return None


def _zip_kind(data: bytes, name: str, promised: str | None) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = {entry.replace("\\", "/") for entry in archive.namelist()}
            mimetype = _mimetype(archive)
    except UNREADABLE as error:
        kind = KINDS[promised] if promised in ("epub", "docx", "odt") else "a zip archive"
        raise DamagedFile(name, kind, "the end of the file is missing") from error
    lower = [entry.lower() for entry in names if not entry.startswith("__MACOSX/")]
    if any(entry.endswith(("meta-inf/container.xml", ".opf")) for entry in lower):
        return "epub"
    if any(entry.startswith("word/") for entry in lower):
        return "docx"
    if "epub+zip" in mimetype:
        return "epub"
    if any(entry.startswith("xl/") for entry in lower):
        raise UnsupportedFormat(name, "an Excel workbook", "Save it as PDF or plain text.")
    if any(entry.startswith("ppt/") for entry in lower):
        raise UnsupportedFormat(name, "a PowerPoint presentation", "Save it as PDF.")
    if "content.xml" in lower:
        if not mimetype or "opendocument.text" in mimetype:
            return "odt"
        raise UnsupportedFormat(name, "an OpenDocument file", "Save it as DOCX or PDF.")
    if sum(entry.endswith(".fb2") for entry in lower) == 1:
        return "fb2"
    if promised in ("epub", "docx", "odt"):
        raise Mislabelled(name, KINDS[promised])
    raise UnsupportedFormat(name, "a zip archive", "Unpack it and add the files inside.")


def _mimetype(archive: zipfile.ZipFile) -> str:
    """What the archive says that it is; empty when it doesn't."""
    try:
        info = archive.getinfo("mimetype")
        return archive.read(info)[:200].decode("latin-1") if info.file_size < 1000 else ""
    except KeyError:
        return ""


def _refuse_ole(data: bytes, name: str) -> None:
    if "EncryptedPackage".encode("utf-16-le") in data:
        advice = "Open it in Word, remove the password (File, Info, Protect Document) and save it again."
        raise LockedFile(name, "with a Word password", advice)
    if "__substg1.0_".encode("utf-16-le") in data:
        raise UnsupportedFormat(name, "an Outlook mail (MSG)", "Save it from a mail program as EML.")
    raise UnsupportedFormat(name, "an old Office file", "Open it in a word processor and save it as DOCX.")


def _by_text(data: bytes, promised: str | None) -> str | None:
    if not is_text(data):
        return None
    head = decode(data[:_HEAD], declared=True).text
    if _starts_html(head):
        return "html"
    start = head.lstrip()[:5000]
    if start.startswith(("<?xml", "<FictionBook", "<office:document")):
        if "<FictionBook" in start:
            return "fb2"
        if "<office:document" in start and "opendocument.text" in start:
            return "odt"
    mail = looks_like_mail(data[:_HEAD])
    if mail and (promised in ("eml", "mht", None) or mail == "mht" or b"\nMIME-Version:" in data[:_HEAD]):
        return mail
    if promised == "html":
        return "html" if _HTML_INSIDE.search(data[:262144].replace(b"\0", b"")) else "text"
    return "markdown" if promised == "markdown" else "text"


def _starts_html(head: str) -> bool:
    """Whether a page begins here, after a declaration, white space and any number of comments."""
    place = 0
    for _ in range(_MOST_ASIDES):
        while place < len(head) and head[place].isspace():
            place += 1
        if head.startswith("<!--", place):
            end = head.find("-->", place + 4)
            place = end + 3 if end >= 0 else len(head)
        elif head.startswith(("<?xml", "<?XML"), place):
            end = head.find(">", place)
            place = end + 1 if end >= 0 else len(head)
        else:
            break
    return bool(_HTML_START.match(head, place))
