"""A page as it was printed, and where words stand on it."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from pypdf import PdfReader, PdfWriter
from pypdf.generic import RectangleObject

from documents import PictureUnreadable, page_sheet, read, unlocked
from tests.documents.makers import drawn_pdf, glyph_pdf, locked_pdf, pdf, scanned_pdf, seen

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


def test_words_that_run_to_the_left_are_found_where_their_ink_is() -> None:
    lines = [
        seen("صعد الحارس الدرج.", 500, 700, to_left=True),
        seen(["س", "لا", "م", " ", "ﺻ", "ﻌ", "ﺪ"], 500, 680, to_left=True),
        seen("שומר (המגדלור)", 500, 660, to_left=True),
    ]
    found = {
        words: page_sheet(glyph_pdf(*line_up), 1, [words]).marks
        for line_up in (lines, [line[::-1] for line in lines])
        for words in ("الدرج", "الحارس الدرج", "سلام", "صعد", "המגדלור")
    }
    places = {
        words: [(round(595 * m.left), round(595 * (m.left + m.width)), round(842 * (1 - m.top) / 20)) for m in marks]
        for words, marks in found.items()
    }
    assert places["الدرج"] == [(415, 445, 35)], "with the full stop behind it"
    assert places["الحارس الدرج"] == [(415, 480, 35)], "one mark for what stands in one line"
    assert places["سلام"] == [(485, 500, 34)]
    assert [line for _, _, line in places["صعد"]] == [35, 34], "letters, or the shapes that they have in a word"
    assert places["המגדלור"] == [(430, 475, 33)]


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_marks_are_turned_and_cut_with_the_page(turn: int) -> None:
    for whole, word in (
        (drawn_pdf([(300, 500, "lamp"), (20, 30, "lamp")]), "lamp"),
        (glyph_pdf(seen("الدرج", 400, 480, to_left=True), seen("الدرج", 60, 30, to_left=True)), "الدرج"),
    ):
        writer = PdfWriter(clone_from=PdfReader(io.BytesIO(whole)))
        writer.pages[0].cropbox = RectangleObject((200, 300, 500, 700))
        writer.pages[0].rotate(turn)
        file = io.BytesIO()
        writer.write(file)
        sheet = page_sheet(file.getvalue(), 1, [word])
        picture = Image.open(io.BytesIO(sheet.png))
        assert len(sheet.marks) == 1, "what lies beside the page is not marked"
        (mark,) = sheet.marks
        assert (mark.width > mark.height) == (turn % 180 == 0)
        assert dark(picture, mark.left, mark.top, mark.width, mark.height) > 0.1


def test_a_scan_and_a_broken_off_and_an_unlocked_file_have_their_pictures() -> None:
    data = pdf(PAGES)
    for file in (scanned_pdf(1), data[: len(data) - 60], unlocked(locked_pdf(data, "mellon"), "mellon")):
        assert Image.open(io.BytesIO(page_sheet(file, 1, ["Odda"]).png)).width > 400
    assert read(data, "a.pdf").pages


@pytest.mark.parametrize(("data", "number"), [(b"no pdf", 1), (pdf(PAGES), 4), (pdf(PAGES), 10**6)])
def test_what_cannot_be_drawn_is_named(data: bytes, number: int) -> None:
    with pytest.raises(PictureUnreadable):
        page_sheet(data, number, [])
