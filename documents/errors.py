"""Everything that can be wrong with a file, each with a sentence for the person who gave it."""

from __future__ import annotations

import struct
import zlib

# What the parsing libraries raise on malformed input, beyond their own error classes.
PARSER_FAULTS: tuple[type[Exception], ...] = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    RuntimeError,
    OSError,
    EOFError,
    struct.error,
    zlib.error,
)


class DocumentError(Exception):
    """A file that cannot be read; ``str(error)`` says what happened and what to do."""


class EmptyFile(DocumentError):
    """The file holds no bytes, or nothing but blanks."""

    def __init__(self, name: str) -> None:
        super().__init__(f"“{name}” is empty. Check that it was copied or downloaded completely.")


class FileTooLarge(DocumentError):
    """The file is larger than the caller allows."""

    def __init__(self, name: str, size: int, max_bytes: int) -> None:
        super().__init__(
            f"“{name}” is {_mebibytes(size)}, more than the limit of {_mebibytes(max_bytes)}. "
            "Split it into smaller files and add them one by one."
        )


class UnpacksTooLarge(DocumentError):
    """The file is small but unfolds into far more than a document ever holds (a zip bomb)."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(
            f"“{name}” unpacks into {reason}, far more than a document needs. "
            "It was not opened; get it again from a source that you trust."
        )


class UnsupportedFormat(DocumentError):
    """The file is of a kind that cannot be read here."""

    def __init__(self, name: str, kind: str, advice: str) -> None:
        super().__init__(f"“{name}” is {kind}, which cannot be read here. {advice}")


class Mislabelled(DocumentError):
    """The name promises one format, and the content is neither that nor another readable one."""

    def __init__(self, name: str, promised: str) -> None:
        super().__init__(
            f"“{name}” is named like {promised}, but its content is not one, nor any other kind of text that can be "
            "read. Check where the file came from, or export it again."
        )


class DamagedFile(DocumentError):
    """The file is cut off or broken in a place without which nothing of it can be read."""

    def __init__(self, name: str, kind: str, detail: str = "") -> None:
        note = f" ({detail})" if detail else ""
        super().__init__(
            f"“{name}” looks like {kind}, but it is damaged or cut off{note}. Copy or download it again; if it opens "
            "in another program, save it anew from there."
        )


class PasswordNeeded(DocumentError):
    """The file is encrypted and no password was given."""

    def __init__(self, name: str) -> None:
        super().__init__(f"“{name}” is locked with a password. Give the password to read it.")


class WrongPassword(DocumentError):
    """The file is encrypted and the given password does not open it."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The password given does not open “{name}”. Check it and try again.")


class LockedFile(DocumentError):
    """The file is encrypted in a way that no password given here could open."""

    def __init__(self, name: str, lock: str, advice: str) -> None:
        super().__init__(f"“{name}” is locked {lock}. {advice}")


class NoText(DocumentError):
    """The file is sound, but (nearly) no text comes out of it."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"“{name}” holds {reason}")


class TooDemanding(DocumentError):
    """Opening the file would take more memory or time than any document of its size does."""

    def __init__(self, name: str, limit: str) -> None:
        super().__init__(
            f"“{name}” takes more than {limit} to open, far more than a document of its size needs, so it was given up. "
            "Get it again from a source that you trust, or save it anew from another program."
        )


class ReaderCrashed(DocumentError):
    """What reads files broke down over this one, by memory or by a fault of its own; it runs apart, so nothing else is hurt."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Opening “{name}” took more memory than a document needs, or the file is damaged in a way that its reader can’t bear. "
            "Nothing else was harmed. Save it anew from another program, and try again."
        )


class PictureUnreadable(DocumentError):
    """A page could not be drawn, or no text be looked for on it."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"The picture of a page could not be read ({detail}). The other pages are read without it.")


class OcrUnusable(DocumentError):
    """The packages for text recognition are there and don't work."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            f"Text recognition could not be started ({detail}). Install it anew: pip install --force-reinstall "
            "-r requirements-ocr.txt"
        )


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:,.1f} MiB" if size >= 2**20 // 10 else f"{size:,} bytes"
