"""Scans: which pages are pictures, what becomes of the text read off them, and in which order it is read."""

from __future__ import annotations

import socket
import sys

import pytest

import documents
from documents import NoText, PictureUnreadable, WrongPassword
from documents.model import note
from documents.ocr import Line, available, in_reading_order, picture_reader, set_in_lines
from tests.documents import makers
from tests.documents.test_pdf import PROSE

HEIGHT = 30.0


def line(text: str, left: float, width: float, middle: float) -> Line:
    return Line(text, left, left + width, middle, HEIGHT)


def column(word: str, count: int, left: float, width: float, top: float = 0.0) -> list[Line]:
    return [line(f"{word}{number}", left, width, top + 50 * number) for number in range(count)]


def order(lines: list[Line]) -> list[str]:
    return [" ".join(one.text for one in row) for row in in_reading_order(lines)]


def test_two_columns_are_read_one_after_the_other_and_a_headline_before_both() -> None:
    left, right = column("l", 5, 0, 400, top=100), column("r", 4, 450, 380, top=120)
    headline, footnote = line("headline", 100, 700, 40), line("footnote", 0, 800, 500)
    names = [one.text for one in (headline, *left, *right, footnote)]
    assert order([footnote, *right, *left, headline]) == names


def test_a_headline_in_the_middle_parts_the_columns_above_from_those_below() -> None:
    above = [*column("a", 3, 0, 400), *column("b", 3, 450, 400)]
    below = [*column("c", 3, 0, 400, top=400), *column("d", 3, 450, 400, top=400)]
    names = [one.text for one in (*above, line("part two", 0, 850, 300), *below)]
    assert order([*below, line("part two", 0, 850, 300), *above]) == names


def test_three_columns() -> None:
    lines = [*column("a", 4, 0, 300), *column("b", 4, 330, 300), *column("c", 4, 660, 300)]
    assert order(lines[::-1]) == [one.text for one in lines]


def test_a_table_far_below_two_columns_is_not_read_into_them() -> None:
    columns = [*column("a", 4, 0, 400), *column("b", 4, 450, 400)]
    table = [*column("oil", 3, 0, 100, top=400), *column("9", 3, 700, 40, top=400)]
    assert order([*table, *columns]) == [one.text for one in columns] + [f"oil{n} 9{n}" for n in range(3)]


def test_a_table_is_read_row_by_row_and_ragged_prose_line_by_line() -> None:
    table = [*column("oil", 4, 0, 300), *column("9", 4, 700, 40)]
    assert order(table) == [f"oil{n} 9{n}" for n in range(4)]
    ragged = [line(str(number), 0, 300 + 90 * (number % 5), 50 * number) for number in range(10)]
    assert order(ragged[::-1]) == [str(number) for number in range(10)]


def test_pieces_of_a_tilted_line_stay_together_and_a_wide_step_is_a_paragraph() -> None:
    lines = [line("and dawn", 420, 300, 108), line("At dusk", 0, 400, 100), line("he slept.", 0, 400, 150)]
    rows = in_reading_order([*lines, line("Later", 0, 400, 200), line("it rained.", 0, 400, 300)])
    assert set_in_lines(rows) == "At dusk and dawn\nhe slept.\nLater\n\nit rained."
    assert set_in_lines([]) == ""


def test_a_scan_is_a_document_without_text_where_it_is_asked_for() -> None:
    data = makers.pictured_pdf(PROSE[:3])
    with pytest.raises(NoText, match=r"pip install -r requirements-ocr\.txt"):
        documents.read(data, "log.pdf")
    scan = documents.read(data, "log.pdf", scans=True)
    assert (scan.title, scan.pages, scan.missing_pages) == ("Log", ("", "", ""), (1, 2, 3))
    assert scan.notes == (note("all_pages_empty", all=3),)
    assert [(s.title, s.page, s.start, s.end) for s in scan.sections] == [("Log", 1, 0, 0)]


def test_a_file_with_nothing_on_its_pages_is_no_scan() -> None:
    with pytest.raises(NoText):
        documents.read(makers.pdf(["", ""]), "blank.pdf", scans=True)


def test_what_was_read_off_pictures_stands_where_the_pages_are() -> None:
    pages = [f"Chapter {'ABCD'[i]}\n{text}" for i, text in enumerate(PROSE[:4])]
    outline = [("Chapter A", 0, 1), ("Chapter B", 0, 2), ("Chapter C", 0, 3)]
    plain = documents.read(makers.pdf(pages, outline=outline), "a.pdf")
    broken = documents.read(makers.pdf([pages[0], "", pages[2], pages[3]], outline=outline), "a.pdf")
    mended = documents.read(
        makers.pdf([pages[0], "", pages[2], pages[3]], outline=outline), "a.pdf", pictures={2: pages[1]}
    )
    assert broken.pages != plain.pages and mended.pages == plain.pages
    assert mended.sections == plain.sections
    assert mended.notes == (note("pages_read_off", n=1, pages="2"),)


def test_pages_whose_picture_holds_no_text_are_not_missing_any_more() -> None:
    data = makers.pictured_pdf(PROSE[:4], {1: PROSE[0] * 3, 4: PROSE[3] * 3})
    assert documents.read(data, "a.pdf").missing_pages == (2, 3)
    read = documents.read(data, "a.pdf", scans=True, pictures={2: "", 3: PROSE[2]})
    assert read.missing_pages == () and read.pages[1] == "" and "brought oil" in read.pages[2]
    left = documents.read(data, "a.pdf", scans=True, pictures={3: PROSE[2]})
    assert left.missing_pages == (2,) and left.notes[0] == note("pages_empty", n=1, all=4, pages="2")


def test_a_page_is_drawn_at_200_dots_an_inch_within_bounds() -> None:
    picture = documents.page_picture(makers.pictured_pdf(PROSE[:2]), 2)
    assert picture.shape == (2339, 1654) and picture.min() < 80 and picture.max() == 255
    with pytest.raises(PictureUnreadable, match="page 9"):
        documents.page_picture(makers.pdf(PROSE), 9)
    huge = makers.pdf(["A"]).replace(b"595.2756 841.8898", b"14000.00 14000.00")
    assert documents.page_picture(huge, 1).shape == (4000, 4000)


def test_a_locked_scan_is_kept_without_its_lock() -> None:
    locked = makers.locked_pdf(makers.pictured_pdf(PROSE[:2]), "oil")
    opened = documents.unlocked(locked, "oil")
    assert documents.page_picture(opened, 1).shape == (2339, 1654)
    assert documents.unlocked(opened, None) is opened
    with pytest.raises(WrongPassword):
        documents.unlocked(locked, "water")


@pytest.mark.skipif(not available(), reason="reading pictures needs requirements-ocr.txt")
def test_print_is_read_with_the_models_of_the_package_and_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise AssertionError("it asked for a connection")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    read = picture_reader(threads=1)
    assert read is not None
    picture = documents.page_picture(makers.pictured_pdf([PROSE[0] + "\nEén coöperatie kostte €12,50."]), 1)
    assert read(picture) == PROSE[0] + "\nEén coöperatie kostte €12,50."
    assert read(picture[1500:1700]) == "", "an empty stretch of paper"


def test_without_its_packages_there_is_no_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    assert not available() and picture_reader() is None
