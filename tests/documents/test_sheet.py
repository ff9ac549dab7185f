"""A page as it was printed, and where words stand on it."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from documents import PictureUnreadable, page_sheet, read, unlocked
from tests.documents.makers import locked_pdf, pdf, scanned_pdf

PAGES = ["Nothing here.", "\n" * 9 + "The keeper is Odda Marrin.\nOdda is not odder.", "The end."]


def dark(picture: Image.Image, left: float, top: float, width: float, height: float) -> float:
    """The share of a stretch of the picture that is ink."""
    box = (left * picture.width, top * picture.height, (left + width) * picture.width, (top + height) * picture.height)
    part = picture.convert("L").crop(tuple(map(round, box)))
    return sum(value < 128 for value in part.tobytes()) / max(part.width * part.height, 1)


def test_words_are_found_where_their_ink_is() -> None:
    sheet = page_sheet(pdf(PAGES), 2, ["odda"])
    picture = Image.open(io.BytesIO(sheet.png))
    assert picture.format == "PNG" and picture.height > picture.width > 800
    assert len(sheet.marks) == 2, "whole words, capitals aside"
    for mark in sheet.marks:
        assert dark(picture, mark.left, mark.top, mark.width, mark.height) > 0.1
        assert dark(picture, mark.left, mark.top - 5 * mark.height, mark.width, mark.height) == 0
    assert sheet.marks[0].top < sheet.marks[1].top


def test_a_phrase_is_found_as_a_whole_and_nothing_is_found_where_it_is_not() -> None:
    assert len(page_sheet(pdf(PAGES), 2, ["keeper is Odda"]).marks) == 1
    assert page_sheet(pdf(PAGES), 1, ["Odda", " "]).marks == ()


def test_a_scan_and_a_broken_off_and_an_unlocked_file_have_their_pictures() -> None:
    data = pdf(PAGES)
    for file in (scanned_pdf(1), data[: len(data) - 60], unlocked(locked_pdf(data, "mellon"), "mellon")):
        assert Image.open(io.BytesIO(page_sheet(file, 1, ["Odda"]).png)).width > 400
    assert read(data, "a.pdf").pages


@pytest.mark.parametrize(("data", "number"), [(b"no pdf", 1), (pdf(PAGES), 4), (pdf(PAGES), 10**6)])
def test_what_cannot_be_drawn_is_named(data: bytes, number: int) -> None:
    with pytest.raises(PictureUnreadable):
        page_sheet(data, number, [])
