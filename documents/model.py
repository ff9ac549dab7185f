"""What a read file is: a title, sections and pages of text."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple


class Note(NamedTuple):
    """Something to know about how a file was read: what is missing, what was guessed.

    `key` names a sentence; whoever shows it has that sentence, with a blank for each of `values`. So a note reads in any language:
    numbers are whole numbers, pages are written "3, 5–8", and a format is named by its key.
    """

    key: str
    values: tuple[tuple[str, str | int], ...] = ()


def note(key: str, **values: str | int) -> Note:
    """The note of that key with those values."""
    return Note(key, tuple(values.items()))


@dataclass(frozen=True)
class Section:
    """A titled stretch of a document. A chapter reaches over the sections inside it."""

    title: str
    level: int  # 1 = chapter
    page: int  # 1-based page on which it starts
    start: int  # character offsets into Document.text
    end: int


@dataclass(frozen=True)
class Document:
    """A file turned into text. The level-1 sections, one after the other, cover the whole text."""

    title: str
    author: str | None
    format: str  # "pdf" "epub" "docx" "odt" "rtf" "fb2" "html" "mht" "eml" "markdown" "text"
    sha256: str  # of the file's bytes, hex
    pages: tuple[str, ...]  # formats without pages: one page a section
    sections: tuple[Section, ...]  # never empty
    missing_pages: tuple[int, ...]  # 1-based: pages that show something, but gave no text
    notes: tuple[Note, ...]
    page_labels: tuple[
        str, ...
    ] = ()  # the number printed on each page, where the file says it and it isn't the page's own; else empty

    @cached_property
    def text(self) -> str:
        """The whole text: the pages joined."""
        return "".join(self.pages)

    @cached_property
    def page_starts(self) -> tuple[int, ...]:
        """The character offset in `text` at which each page starts."""
        return tuple(accumulate((len(page) for page in self.pages[:-1]), initial=0)) if self.pages else ()

    def page_at(self, offset: int) -> int:
        """The 1-based page that holds the character at `offset`."""
        return max(1, bisect_right(self.page_starts, offset))


@dataclass(frozen=True)
class Heading:
    """A heading as a format reader found it; `level` is as the file has it, `start` an offset into the text."""

    title: str
    level: int
    start: int


@dataclass(frozen=True)
class Parsed:
    """What a format reader hands over; `documents.reader` makes the Document of it."""

    pages: tuple[str, ...]  # without `paged`: one text, cut into pages at the sections later
    headings: tuple[Heading, ...] = ()
    paged: bool = False
    title: str | None = None  # from metadata; checked for sense later
    heading_title: str | None = None  # the text's own title, where the format tells it from the other headings
    author: str | None = None
    missing_pages: tuple[int, ...] = ()  # with `paged`
    part_characters: int | None = (
        None  # without `paged`: the most characters of a page, where long sections are divided
    )
    gaps: tuple[tuple[int, str], ...] = ()  # without `paged`: where in the text a part could not be read, and its name
    notes: tuple[Note, ...] = ()
    page_labels: tuple[str, ...] = ()  # with `paged`: one a page, or none at all
