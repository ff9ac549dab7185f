"""A page of a PDF as it was printed, with some words found on it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import pypdfium2 as pdfium

from documents.errors import PictureUnreadable
from documents.pdf_layout import SeenWord, words_to_left
from documents.pdf_letters import Drawn, read_letters, turned
from documents.pdf_pages import FAULTS, drawn_page
from documents.pdf_script import runs_to_left

_DOTS = 110  # an inch: letters are easy to read, and a page takes some hundred kilobytes
_LONGEST_SIDE = 2200  # pixels
_MOST_MARKS = 200
_COLOURS = 64
_BELOW, _ABOVE = 0.25, 0.85  # of a letter's size, that letters reach under and over the line that they stand on
Box = tuple[float, float, float, float]  # left, bottom, right, top: points on the page, as it was before it was turned


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

    A phrase that goes over several lines has a mark in each. Raises PictureUnreadable.
    """
    with drawn_page(data, number) as page:
        try:
            width, height = page.get_size()
            bitmap = page.render(scale=min(_DOTS / 72, _LONGEST_SIDE / max(width, height)))
            place = bitmap.get_posconv(page).to_bitmap
            found = (_mark(place, box, bitmap.width, bitmap.height) for box in _found(page, words))
            marks = tuple(islice((mark for mark in found if _is_shown(mark)), _MOST_MARKS))
        except FAULTS as error:
            raise PictureUnreadable(str(error)) from error
        buffer = io.BytesIO()
        bitmap.to_pil().convert("RGB").quantize(_COLOURS).save(buffer, "PNG", optimize=True)
    return Sheet(buffer.getvalue(), marks)


def _mark(place: Callable[[float, float], tuple[int, int]], box: Box, width: int, height: int) -> Mark:
    """A box on the page as one on its picture, which is turned as the page says and leaves out what is cut off."""
    (left, right), (top, bottom) = (
        sorted(pair) for pair in zip(place(box[0], box[1]), place(box[2], box[3]), strict=True)
    )
    return Mark(left / width, top / height, (right - left) / width, (bottom - top) / height)


def _is_shown(mark: Mark) -> bool:
    return mark.left < 1 and mark.top < 1 and mark.left + mark.width > 0 and mark.top + mark.height > 0


def _found(page: Any, words: Sequence[str]) -> Iterator[Box]:
    textpage = page.get_textpage()
    try:
        to_left = [word for word in words if runs_to_left(word)]
        if to_left:
            yield from _found_to_left(read_letters(page, textpage), to_left)
        for word in words:
            if word.strip() and word not in to_left:
                yield from _searched(textpage, word)
    except pdfium.PdfiumError:
        return  # a page whose text is broken still has its picture
    finally:
        textpage.close()


def _searched(textpage: Any, word: str) -> Iterator[Box]:
    search = textpage.search(word, match_whole_word=True)
    while (hit := search.get_next()) is not None:
        yield from _by_line(textpage.get_rect(number) for number in range(textpage.count_rects(*hit)))
    search.close()


def _by_line(boxes: Iterable[Box]) -> list[Box]:
    """Boxes that stand beside one another, such as those of single letters, as one."""
    lines: list[Box] = []
    for box in boxes:
        last = lines[-1] if lines else None
        if last is not None and min(last[3], box[3]) - max(last[1], box[1]) > 0.5 * min(
            last[3] - last[1], box[3] - box[1]
        ):
            lines[-1] = (min(last[0], box[0]), min(last[1], box[1]), max(last[2], box[2]), max(last[3], box[3]))
        else:
            lines.append(box)
    return lines


def _found_to_left(drawn: Drawn, words: Sequence[str]) -> Iterator[Box]:
    """Words of Arabic, Hebrew and the like; pdfium, which has their letters in another order than that of reading, doesn't find them."""
    wanted = [_bare(word) for word in words]
    for angle, letters in drawn.letters.items():
        seen = list(words_to_left(letters))
        said = [_bare(one.text) for one in seen]
        for phrase in wanted:
            length = len(phrase.split())
            for at in range(len(seen) - length + 1):
                if " ".join(said[at : at + length]) == phrase:
                    yield from _by_line(_box(one, angle) for one in seen[at : at + length])


def _bare(words: str) -> str:
    """Words without what stands around them, such as a full stop or a bracket."""
    return " ".join(re.findall(r"\w(?:\S*\w)?", words.casefold()))


def _box(word: SeenWord, angle: int) -> Box:
    corners = [
        turned(-angle % 360, x, y)
        for x, y in ((word.left, word.base - _BELOW * word.size), (word.right, word.base + _ABOVE * word.size))
    ]
    (left, right), (bottom, top) = (sorted(pair) for pair in zip(*corners, strict=True))
    return left, bottom, right, top
