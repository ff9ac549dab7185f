"""Choosing a document's title: metadata if it makes sense, else a heading, else the file's name."""

from __future__ import annotations

import re
import unicodedata

_EXTENSION = re.compile(
    r"\.(pdf|epub|doc[xm]?|dot[xm]?|x?html?|xht|mht|mhtml|eml|fb2|md|markdown|txt|text|tex|dvi|ps|indd|qxd|pmd|rtf|f?odt|ott)$",
    re.I,
)
_TOOL_PREFIX = re.compile(r"^(microsoft (word|powerpoint)|powerpoint presentation|print)\s*[-:]\s*", re.I)
_PLACEHOLDERS = frozenset(
    {
        "untitled",
        "untitled document",
        "no title",
        "title",
        "document",
        "document1",
        "document 1",
        "word document",
        "new document",
        "none",
        "null",
        "unknown",
        "default",
        "book",
        "ebook",
        "cover",
        "index",
        "home",
        "main",
        "output",
        "body text",
        "layout 1",
        "pdf",
        "scan",
        "unnamed",
        "contents",
        "table of contents",
        "powerpoint presentation",
        "(anonymous)",
        "anonymous",
        "unspecified",
    }
)
# What programs write where nobody gave a name, and catalogues where none is known.
_NOBODY = frozenset(
    {
        "",
        *"anonymous anonymus anoniem unknown onbekend unbekannt inconnu unspecified none null nobody author user".split(),
        *("unknown author", "author unknown", "no author", "n/a", "windows user", "microsoft office user"),
    }
)
_MAX_LENGTH = 300


def choose_title(metadata: str | None, heading: str | None, name: str) -> str:
    """The first of metadata title, heading and tidied file name that says something."""
    for candidate in (metadata, heading):
        cleaned = clean(candidate)
        if cleaned and is_sensible(cleaned):
            return _TOOL_PREFIX.sub("", cleaned)
    return tidy_name(name)


def choose_author(metadata: str | None) -> str | None:
    """The author that metadata name, None where they only say that nobody is known."""
    author = clean(metadata)
    return None if author is None or author.strip("()[]<>?- ").casefold() in _NOBODY else author


def is_sensible(title: str) -> bool:
    """Whether `title` could be a person's title for a text, not a tool's placeholder or a file's name."""
    bare = _TOOL_PREFIX.sub("", title).strip()
    if len(bare) < 2 or len(bare) > _MAX_LENGTH or bare.casefold() in _PLACEHOLDERS:
        return False
    if _EXTENSION.search(bare) or re.search(r"[\\/]\S+[\\/]|^(https?|file):", bare):
        return False
    letters = sum(char.isalpha() for char in bare)
    return letters >= 2 or (bare.isdigit() and len(bare) == 4)  # "1984" is a title


def clean(value: str | None) -> str | None:
    """One line of text without control characters, or None when nothing is left."""
    if not value:
        return None
    visible = "".join(
        " " if unicodedata.category(char) in ("Cc", "Zl", "Zp", "Cs") else char for char in value[:10_000]
    )
    return " ".join(visible.replace("\ufeff", "").split()) or None


def tidy_name(name: str) -> str:
    """A file's name as a title: no folder, no extension, spaces for underscores."""
    last = re.split(r"[\\/]", name.strip())[-1]
    stem = _EXTENSION.sub("", last)
    words = clean(re.sub(r"[_+]+|%20", " ", stem)) or ""
    if " " not in words:
        words = words.replace("-", " ")
    words = " ".join(words.split())
    if not any(char.isalnum() for char in words):
        return "Untitled"
    return words[0].upper() + words[1:]
