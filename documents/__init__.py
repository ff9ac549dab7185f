"""Files into titled sections and pages: PDF, EPUB, DOCX, HTML, Markdown and plain text."""

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
from documents.model import Document, Section
from documents.pdf_pages import page_picture, unlocked
from documents.reader import MAX_BYTES, read

__all__ = [
    "MAX_BYTES",
    "DamagedFile",
    "Document",
    "DocumentError",
    "EmptyFile",
    "FileTooLarge",
    "LockedFile",
    "Mislabelled",
    "NoText",
    "OcrUnusable",
    "PasswordNeeded",
    "PictureUnreadable",
    "Section",
    "UnpacksTooLarge",
    "UnsupportedFormat",
    "WrongPassword",
    "page_picture",
    "read",
    "unlocked",
]
