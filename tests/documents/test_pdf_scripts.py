"""PDF in Arabic, Hebrew, Hindi, Thai and Chinese: the order of reading, whole words, the letters themselves."""

from __future__ import annotations

import io

import pytest
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen.canvas import Canvas

import documents
from documents.pdf_script import consonants_first, in_logical_order, spelled_out
from tests.documents.makers import glyph_pdf, seen


def text_of(*lines: list[tuple[str, float, float]]) -> str:
    return documents.read(glyph_pdf(*lines), "a.pdf").text.strip()


def test_arabic_comes_in_the_order_of_reading_however_it_was_drawn() -> None:
    line = seen("صعد الحارس الدرج", 500, 700, to_left=True)
    assert text_of(line) == "صعد الحارس الدرج"
    assert text_of(line[::-1]) == "صعد الحارس الدرج"
    assert text_of(line[4:], line[:4]) == "صعد الحارس الدرج"


def test_hebrew_keeps_its_numbers_and_latin_words_to_the_right() -> None:
    words = [*seen("שנת", 500, 700, to_left=True), *seen("1914", 460, 700), *seen("ספר", 450, 700, to_left=True)]
    assert text_of(words) == "שנת 1914 ספר"
    latin = [*seen("קובץ", 500, 700, to_left=True), *seen("PDF 1.7", 440, 700), *seen(".", 440, 700, to_left=True)]
    assert text_of(latin) == "קובץ PDF 1.7."


def test_brackets_face_the_right_way_whether_the_file_has_their_meaning_or_their_shape() -> None:
    by_meaning = seen("לחם (ותה) שלום", 500, 700, to_left=True)
    by_shape = seen("לחם )ותה( שלום", 500, 700, to_left=True)
    assert text_of(by_meaning) == text_of(by_shape) == "לחם (ותה) שלום"


def test_shapes_of_arabic_letters_become_the_letters() -> None:
    assert text_of(seen("ﺻﻌﺪ ﺍﻟﺤﺎﺭﺱ", 500, 700, to_left=True)) == "صعد الحارس"
    assert spelled_out("ﷲ ﬁrst שּׁ") == "الله first שּׁ"


def test_a_glyph_of_several_arabic_letters_is_read_in_their_order() -> None:
    assert text_of(seen(["س", "لا", "م"], 500, 700, to_left=True)) == "سلام"


def test_marks_stay_with_their_letters() -> None:
    marked = [
        ("ש", 490, 700),
        ("\u05c1", 490, 700),
        ("ל", 485, 700),
        ("ו", 480, 700),
        ("\u05b9", 480, 700),
        ("ם", 475, 700),
    ]
    assert text_of(marked) == "ש\u05c1לו\u05b9ם"


def test_hindi_and_thai_have_no_blanks_inside_words() -> None:
    hindi = seen(["का", "म"], 60, 700) + seen(["रा", "म"], 75, 700)
    assert text_of(hindi) == "काम राम"
    assert text_of(seen(["ค", "น", "เ", "ฝ้", "า"], 60, 700)) == "คนเฝ้า"


def test_vowel_signs_that_are_seen_first_are_read_behind_their_consonants() -> None:
    assert text_of(seen(["ि", "क", "ता", "ब"], 60, 700)) == "किताब"
    assert consonants_first("िहन्दी की िस्थति") == "हिन्दी की स्थिति"
    assert consonants_first("यति गति रवि") == "यति गति रवि"


def test_a_column_of_chinese_has_no_blanks_beside_its_flat_letters() -> None:
    """A flat letter may stand higher than its place, as in fonts for text that runs down the page."""
    placed = [
        (letter, 300.0, 700.0 - 11.5 * n + (5 if letter == "一" else 0))
        for n, letter in enumerate("第一行在这里第二行")
    ]
    assert documents.read(glyph_pdf(placed), "a.pdf").text.strip() == "第一行在这里第二行"


def chinese_pdf(*placed: tuple[float, float, str]) -> bytes:
    buffer = io.BytesIO()
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    canvas = Canvas(buffer, invariant=1)
    canvas.setFont("STSong-Light", 10)
    for x, y, text in placed:
        canvas.drawString(x, y, text)
    canvas.save()
    return buffer.getvalue()


def test_columns_of_chinese_are_read_one_after_the_other_and_its_tables_by_row() -> None:
    left = [
        "第二段分成两栏每一栏都两端对齐看看",
        "会不会在字中间出现空格十二个人一起",
        "上了船一个也没有下来海上起了大雾",
    ]
    right = [
        "什么都看不见老人每天晚上点亮灯塔的",
        "灯北风吹来海浪拍打着岩石小猫睡在窗",
        "台上没有看见船孩子说今天是八月三日",
    ]
    columns = [(x, 700 - 14 * n, line) for x, lines in ((60, left), (250, right)) for n, line in enumerate(lines)]
    assert documents.read(chinese_pdf(*columns), "a.pdf").text.split() == [*left, *right]
    rows = [("姓名", "城市"), ("王一", "北京"), ("李二", "上海"), ("张三", "广州")]
    cells = [(60 + 100 * m, 700 - 14 * n, cell) for n, row in enumerate(rows) for m, cell in enumerate(row)]
    assert documents.read(chinese_pdf(*cells), "a.pdf").text.strip().split("\n") == [" | ".join(row) for row in rows]


def test_the_short_last_column_of_text_that_runs_down_the_page_is_part_of_it() -> None:
    columns = ["竖排文字第一行", "在这里第二行也", "有。"]
    placed = [
        (letter, float(x), 700.0 - 11 * n)
        for x, text in zip((300, 284, 268), columns, strict=True)
        for n, letter in enumerate(text)
    ]
    assert text_of(placed).split() == columns


def test_columns_of_arabic_are_read_from_the_right() -> None:
    right = [
        seen(line, 520, 700 - 14 * n, to_left=True)
        for n, line in enumerate(["صعد الحارس الدرج", "وأشعل المصباح ثم", "نام في الليل هنا"])
    ]
    left = [
        seen(line, 260, 700 - 14 * n, to_left=True)
        for n, line in enumerate(["في الصباح جاءت", "ليلى بالخبز إلى", "بيت الحارس معه"])
    ]
    rows = [glyphs for pair in zip(left, right, strict=True) for glyphs in pair]
    assert text_of(*rows).split("\n") == [
        "صعد الحارس الدرج",
        "وأشعل المصباح ثم",
        "نام في الليل هنا",
        "في الصباح جاءت",
        "ليلى بالخبز إلى",
        "بيت الحارس معه",
    ]


def test_chinese_that_runs_down_the_page_is_read_down() -> None:
    first = [(char, 300.0, 700.0 - 10 * n) for n, char in enumerate("第一行在这里。")]
    second = [(char, 286.0, 700.0 - 10 * n) for n, char in enumerate("第二行也在。")]
    assert text_of(first, second) == "第一行在这里。\n第二行也在。"


def test_a_letter_that_no_font_explains_is_named() -> None:
    document = documents.read(
        glyph_pdf([*seen("The lamp is l", 60, 700), ("", 125, 700), *seen("t at dusk", 130, 700)]), "a.pdf"
    )
    assert document.text.strip() == "The lamp is l\ufffdt at dusk"
    assert [(note.key, dict(note.values)) for note in document.notes] == [("letters_unknown", {"n": 1, "pages": "1"})]


@pytest.mark.parametrize(
    ("glyphs", "text"),
    [
        (".1914 םולש", "שלום 1914."),
        ("Version 1.7 of םולש today", "Version 1.7 of שלום today"),
        ("%25 ردحا", "احدر 25%"),
        ("1,204.80 םולש", "שלום 1,204.80"),
        ("plain text (with brackets)", "plain text (with brackets)"),
    ],
)
def test_a_line_as_it_is_seen_becomes_one_as_it_is_read(glyphs: str, text: str) -> None:
    assert in_logical_order(list(glyphs)) == text
