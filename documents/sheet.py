"""A page of a PDF as it was printed, with some words found on it."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pypdfium2 as pdfium

from documents.errors import PictureUnreadable
from documents.pdf_pages import FAULTS, drawn_page

_DOTS = 110  # an inch: letters are easy to read, and a page takes some hundred kilobytes
_LONGEST_SIDE = 2200  # pixels
_MOST_MARKS = 200
_COLOURS = 64


@dataclass(frozen=True)
class Mark:
    """Where some words stand: left, top, width and height as shares of the page's width and height."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Sheet:
    """The picture of a page as a PNG file, and where the wanted words stand on it."""

    png: bytes
    marks: tuple[Mark, ...]


def page_sheet(data: bytes, number: int, words: Sequence[str]) -> Sheet:
    """Page `number`, from 1, of a PDF without a lock, and where `words` (whole words or phrases, capitals aside) stand on it.

    Raises PictureUnreadable.
    """
    with drawn_page(data, number) as page:
        try:
            width, height = page.get_size()
            picture = page.render(scale=min(_DOTS / 72, _LONGEST_SIDE / max(width, height))).to_pil()
            marks = tuple(_found(page, words, width, height))[:_MOST_MARKS]
        except FAULTS as error:
            raise PictureUnreadable(str(error)) from error
    buffer = io.BytesIO()
    picture.convert("RGB").quantize(_COLOURS).save(buffer, "PNG", optimize=True)
    return Sheet(buffer.getvalue(), marks)


def _found(page: Any, words: Sequence[str], width: float, height: float) -> Iterator[Mark]:
    textpage = page.get_textpage()
    try:
        for word in words:
            if not word.strip():
                continue
            search = textpage.search(word, match_whole_word=True)
            while (hit := search.get_next()) is not None:
                for number in range(textpage.count_rects(*hit)):
                    left, bottom, right, top = textpage.get_rect(number)
                    yield Mark(left / width, 1 - top / height, (right - left) / width, (top - bottom) / height)
            search.close()
    except pdfium.PdfiumError:
        return  # a page whose text is broken still has its picture
    finally:
        textpage.close()
