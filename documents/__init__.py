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
    ReaderCrashed,
    TooDemanding,
    UnpacksTooLarge,
    UnsupportedFormat,
    WrongPassword,
)
from documents.model import Document, Note, Section
from documents.pdf_pages import page_picture, unlocked
from documents.reader import MAX_BYTES, Opened, open_file, read, readable_name, unpack
from documents.sandbox import Allowance, Sandbox
from documents.sheet import Mark, Sheet, page_sheet

__all__ = [
    "MAX_BYTES",
    "Allowance",
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
    "Opened",
    "PasswordNeeded",
    "PictureUnreadable",
    "ReaderCrashed",
    "Sandbox",
    "Section",
    "Sheet",
    "TooDemanding",
    "UnpacksTooLarge",
    "UnsupportedFormat",
    "WrongPassword",
    "open_file",
    "page_picture",
    "page_sheet",
    "read",
    "readable_name",
    "unlocked",
    "unpack",
]
