"""Files into titled sections and pages: PDF, EPUB, DOCX, ODT, RTF, FB2, HTML, MHT, EML, Markdown and plain text."""

from documents.errors import (
    DamagedFile,
    DocumentError,
    EmptyFile,
    FileTooLarge,
    LockedFile,
    Mislabelled,
    NoText,
    OcrUnusable,
    PasswordNeeded,
    PictureUnreadable,
    UnpacksTooLarge,
    UnsupportedFormat,
    WrongPassword,
)
from documents.model import Document, Note, Section
from documents.pdf_pages import page_picture, unlocked
from documents.reader import MAX_BYTES, read, readable_name, unpack
from documents.sheet import Mark, Sheet, page_sheet

__all__ = [
    "MAX_BYTES",
    "DamagedFile",
    "Document",
    "DocumentError",
    "EmptyFile",
    "FileTooLarge",
    "LockedFile",
    "Mark",
    "Mislabelled",
    "NoText",
    "Note",
    "OcrUnusable",
    "PasswordNeeded",
    "PictureUnreadable",
    "Section",
    "Sheet",
    "UnpacksTooLarge",
    "UnsupportedFormat",
    "WrongPassword",
    "page_picture",
    "page_sheet",
    "read",
    "readable_name",
    "unlocked",
    "unpack",
]
