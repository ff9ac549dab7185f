"""Columns, tables, cut words and doubled letters of PDF, by where they stand on the page."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pytest
from pypdf import PdfReader, PdfWriter
from reportlab.pdfgen.canvas import Canvas

import documents
from documents.model import note
from documents.pdf_clean import clean_pages, plain_page
from tests.documents.makers import drawn_pdf, glyph_pdf, pdf, seen

LEFT = [
    "the keeper went down to the",
    "harbour and bought bread and",
    "oil for the lamp, which was",
    "nearly empty by that time.",
]
RIGHT = [
    "anna met a stranger at the",
    "gate, who carried a map of",
    "the reefs and asked for the",
    "way to the old mill there.",
]
TIDES = [
    ["Port", "High", "Low"],
    ["Orrin", "06:10", "12:20"],
    ["Calder Bay", "07:15", "13:25"],
    ["Tolland", "08:00", "14:10"],
]
COLUMNS = (60, 220, 340)


def read_lines(data: bytes) -> list[str]:
    return [line for line in documents.read(data, "a.pdf").text.split("\n") if line]


def table(rows: list[list[str]], top: float = 700, step: float = 16) -> list[tuple[float, float, str]]:
    return [(x, top - step * n, cell) for n, row in enumerate(rows) for x, cell in zip(COLUMNS, row, strict=True)]


def column(lines: list[str], x: float, top: float = 700, step: float = 14) -> list[tuple[float, float, str]]:
    return [(x, top - step * n, line) for n, line in enumerate(lines)]


@pytest.mark.parametrize("shift", [0.0, 5.0])
def test_columns_come_one_after_the_other_though_drawn_row_by_row(shift: float) -> None:
    left, right = column(LEFT, 60), column(RIGHT, 320, 700 - shift)
    rows = [place for pair in zip(left, right, strict=True) for place in pair]
    assert read_lines(drawn_pdf(rows)) == LEFT + RIGHT


def test_three_columns_under_a_headline_and_a_line_across_below_them() -> None:
    third = [
        "the mayor promised a bell",
        "and the money was spent on",
        "the road that leads to the",
        "quay, where nobody walks.",
    ]
    short = [[line[:24].strip() for line in lines] for lines in (LEFT, RIGHT, third)]
    head = [(60.0, 740.0, "News of the harbour, gathered from all who had any and printed as it came")]
    foot = [(60.0, 600.0, "The end of the paper, which runs over the full width of the page as the headline does")]
    rows = [
        place
        for n in range(4)
        for x, lines in zip((60, 220, 380), short, strict=True)
        for place in [(x, 700 - 14 * n, lines[n])]
    ]
    assert read_lines(drawn_pdf(head + rows + foot)) == [head[0][2], *short[0], *short[1], *short[2], foot[0][2]]


def test_a_left_column_that_is_longer_than_the_right_one() -> None:
    more = [*LEFT, "and after that he slept until", "the morning came."]
    assert read_lines(drawn_pdf(column(more, 60) + column(RIGHT, 320))) == more + RIGHT


def test_rows_of_a_table_stay_rows() -> None:
    assert read_lines(drawn_pdf(table(TIDES))) == [
        "Port | High | Low",
        "Orrin | 06:10 | 12:20",
        "Calder Bay | 07:15 | 13:25",
        "Tolland | 08:00 | 14:10",
    ]


def test_a_table_between_paragraphs_and_a_cell_that_is_empty() -> None:
    rows = [row[:] for row in TIDES]
    rows[2][1] = ""
    text = "The keeper wrote the tides of three ports down each morning and hung them up at the gate."
    data = drawn_pdf([(60, 740, text), *[place for place in table(rows) if place[2]], (60, 600, text)])
    assert read_lines(data) == [
        text,
        "Port | High | Low",
        "Orrin | 06:10 | 12:20",
        "Calder Bay | | 13:25",
        "Tolland | 08:00 | 14:10",
        text,
    ]


def test_a_cell_of_several_lines_in_a_grid_is_one_cell() -> None:
    cells = [
        (65, 700, "Rule"), (165, 700, "What it says"), (65, 680, "Lamp"), (165, 680, "The lamp is lit at dusk and is"),
        (165, 668, "not put out before the sun-"), (165, 656, "rise over the reef"), (65, 636, "Boat"), (165, 636, "No boat leaves"),
    ]  # fmt: skip
    level = [(60, y, 360, y) for y in (712, 694, 650, 630)]
    upright = [(x, 630, x, 712) for x in (60, 160, 360)]
    assert read_lines(drawn_pdf(cells, rules=level + upright)) == [
        "Rule | What it says",
        "Lamp | The lamp is lit at dusk and is not put out before the sunrise over the reef",
        "Boat | No boat leaves",
    ]


def test_a_cell_that_goes_on_below_without_any_grid() -> None:
    cells = [
        (60, 700, "Lamp"), (160, 700, "The lamp is lit at dusk and is"), (160, 688, "put out at sunrise"), (400, 700, "1871"),
        (60, 660, "Bell"), (160, 660, "The bell is rung in fog"), (400, 660, "1902"),
        (60, 620, "Boat"), (160, 620, "No boat leaves without oars"), (400, 620, "1911"),
    ]  # fmt: skip
    assert read_lines(drawn_pdf(cells)) == [
        "Lamp | The lamp is lit at dusk and is put out at sunrise | 1871",
        "Bell | The bell is rung in fog | 1902",
        "Boat | No boat leaves without oars | 1911",
    ]


def test_the_head_of_a_table_is_there_again_on_its_next_page() -> None:
    more = [["Orrin", "06:50", "13:05"], ["Calder Bay", "07:55", "14:00"]]
    repeated = [TIDES[0], *more]
    pages = [documents.read(drawn_pdf(table(TIDES), table(rows, 800)), "a.pdf").pages[1] for rows in (more, repeated)]
    assert (
        pages[0].strip() == pages[1].strip() == "Port | High | Low\nOrrin | 06:50 | 13:05\nCalder Bay | 07:55 | 14:00"
    )
    other = documents.read(drawn_pdf(table(TIDES), [(60, 800, "A new page of the story.")]), "a.pdf")
    assert other.pages[1].strip() == "A new page of the story."


def test_labels_and_what_is_filled_in_beside_them_read_as_one() -> None:
    data = drawn_pdf([(60, 700, "Name:"), (250, 700, "Anna Berg"), (60, 680, "Length of boat:"), (250, 680, "11.75")])
    assert read_lines(data) == ["Name: Anna Berg", "Length of boat: 11.75"]


def test_items_of_a_list_keep_their_numbers_in_front() -> None:
    data = drawn_pdf(
        [place for n in range(3) for place in [(60, 700 - 14 * n, f"{n + 1}."), (90, 700 - 14 * n, LEFT[n])]]
    )
    assert read_lines(data) == [f"{n + 1}. {LEFT[n]}" for n in range(3)]


def test_letters_that_are_drawn_twice_to_look_bold_are_read_once() -> None:
    words = [(60.0, 700.0, "Harbour rules"), (60.4, 700.0, "Harbour rules"), (60.2, 700.3, "Harbour rules")]
    assert read_lines(drawn_pdf([*words, (60, 680, "well balanced, all still")])) == [
        "Harbour rules",
        "well balanced, all still",
    ]


def test_a_heading_set_with_wide_letters_has_its_words_whole() -> None:
    wide = [(letter, 60 + 8.5 * n, 700) for n, letter in enumerate("HARBOUR")] + [
        (letter, 140 + 8.5 * n, 700) for n, letter in enumerate("RULES")
    ]
    assert (
        documents.read(glyph_pdf(wide, seen("normal text here", 60, 680)), "a.pdf").text.strip()
        == "HARBOUR RULES\nnormal text here"
    )


def test_words_are_parted_by_white_where_no_blank_is_drawn() -> None:
    assert documents.read(glyph_pdf(seen("the lamp is lit", 60, 700)), "a.pdf").text.strip() == "the lamp is lit"


def test_raised_and_lowered_letters_stay_in_their_line() -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=1)
    x = 60.0
    for text, size, rise in (("Water is H", 12, 0), ("2", 7, -3), ("O, says the book.", 12, 0), ("14", 7, 5)):
        canvas.setFont("Helvetica", size)
        canvas.drawString(x, 700 + rise, text)
        x += canvas.stringWidth(text, "Helvetica", size)
    canvas.save()
    assert read_lines(buffer.getvalue()) == ["Water is H2O, says the book.14"]


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_turned_pages_are_read_as_they_are_shown(turn: int) -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(drawn_pdf(table(TIDES)))))
    writer.pages[0].rotate(turn)
    buffer = io.BytesIO()
    writer.write(buffer)
    assert read_lines(buffer.getvalue())[1] == "Orrin | 06:10 | 12:20"


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_text_that_is_drawn_sideways_is_read(turn: int) -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=1)
    canvas.translate(300, 400)
    canvas.rotate(turn)
    for n, line in enumerate(LEFT):
        canvas.drawString(-90, 60 - 14 * n, line)
    canvas.save()
    assert read_lines(buffer.getvalue()) == LEFT


@pytest.mark.parametrize("goes_on", [True, False])
def test_numbers_of_lines_in_the_margin_are_left_out_and_noted(goes_on: bool) -> None:
    said = [[f"Line {n} of sheet {page} goes on about the lamp" for n in range(12)] for page in range(2)]
    pages = [
        [
            one
            for n, line in enumerate(lines)
            for one in ((40, 780 - 26 * n, str(n + 1 + 12 * page * goes_on)), (80, 780 - 26 * n, line))
        ]
        for page, lines in enumerate(said)
    ]
    document = documents.read(drawn_pdf(*pages), "a.pdf")
    assert [line for line in document.text.split("\n") if line] == [line for lines in said for line in lines]
    assert document.notes == (note("line_numbers", pages="1–2"),)


def test_a_numbered_list_keeps_its_numbers() -> None:
    pages = [
        [
            one
            for n in range(12)
            for one in (
                (40, 780 - 26 * n, str(n + 1 + 12 * page)),
                (80, 780 - 26 * n, f"Port of Berg {n}"),
                (300, 780 - 26 * n, "27 m"),
            )
        ]
        for page in range(2)
    ]
    assert "14 | Port of Berg 1 | 27 m" in documents.read(drawn_pdf(*pages), "a.pdf").text


def test_a_first_row_of_two_cells_gives_its_first_as_the_title_and_a_longer_one_none() -> None:
    def drawn(*cells: str) -> bytes:
        rows = [
            (60 + 120 * m, 700 - 14 * n, cell)
            for n in range(4)
            for m, cell in enumerate(cells if not n else ["Orrin", "27", "31"][: len(cells)])
        ]
        return drawn_pdf(rows)

    assert documents.read(drawn("Northbank", "Statement"), "bank 7.pdf").title == "Northbank"
    assert documents.read(drawn("Port", "Low", "High"), "tides of May.pdf").title == "Tides of May"


def test_rules_part_cells_that_nearly_touch_also_where_a_cell_stands_beside_two_rows() -> None:
    cells = [
        (63, 700, "Port"), (93, 700, "Depth"), (126, 700, "Notes"), (93, 680, "127 m"), (126, 684, "A note that goes on over"),
        (126, 672, "two lines of its cell"), (63, 668, "Orrin"), (93, 656, "31 m"), (126, 656, "short"),
    ]  # fmt: skip
    rules = [(60, y, 300, y) for y in (712, 694, 648)] + [(90, 666, 300, 666)]
    rules += [(x, 648, x, 712) for x in (60, 90, 123, 300)]
    assert read_lines(drawn_pdf(cells, rules=rules)) == [
        "Port | Depth | Notes",
        "Orrin | 127 m | A note that goes on over two lines of its cell",
        "| 31 m | short",
    ]


def test_cells_that_only_some_rows_have_stay_apart() -> None:
    rows = [
        [(60, "Ms Anna Berg"), (220, "Invoice"), (480, "4711")],
        [(60, "Quay Street 12"), (220, "Date"), (480, "3 June")],
        [(60, "Rope, hemp, three strands, of twelve millimetres"), (400, "2"), (480, "25.00")],
        [(60, "Twine, hemp, one strand, of three millimetres"), (400, "1"), (480, "12.00")],
    ]
    placed = [(x, 700 - 14 * n, cell) for n, row in enumerate(rows) for x, cell in row]
    read = [line for line in read_lines(drawn_pdf(placed)) if line]
    assert [line.replace("| | ", "| ") for line in read] == [" | ".join(cell for _, cell in row) for row in rows]


def stamped_pdf(stamp: str, *pages: Sequence[str], angle: int = 90) -> bytes:
    """Pages with a line in large letters that runs up or down the margin, drawn first."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=1)
    for page in pages:
        canvas.saveState()
        canvas.translate(30, 400)
        canvas.rotate(angle)
        canvas.setFont("Helvetica", 20)
        canvas.drawString(0, 0, stamp)
        canvas.restoreState()
        for n, line in enumerate(page):
            canvas.drawString(60, 700 - 14 * n, line)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


@pytest.mark.parametrize("angle", [90, 270])
@pytest.mark.parametrize("pages", [[LEFT], [[LEFT[0]]], [[], LEFT]])
def test_a_stamp_in_the_margin_comes_last_and_is_no_title(pages: list[list[str]], angle: int) -> None:
    stamp = "arXiv:2101.01234v2 [cs.CL] 5 January 2021"
    document = documents.read(stamped_pdf(stamp, *pages, angle=angle), "a.pdf")
    assert document.title == document.sections[0].title == LEFT[0]
    assert stamp in document.text and document.text.split("\n").index(stamp) >= len(pages[0])


def test_a_chapters_number_in_the_margin_is_no_heading_and_is_read_once() -> None:
    pages = [[f"Line {n} of page {page} goes on" for n in range(3)] for page in range(7)]
    document = documents.read(stamped_pdf("Chapter 3", *pages, angle=270), "a.pdf")
    assert document.text.count("Chapter 3") == 1 and len(document.sections) == 1
    assert [line for line in document.text.split("\n") if line.startswith("Line")] == [
        line for page in pages for line in page
    ]


def test_columns_below_columns_are_read_block_by_block() -> None:
    lines = [
        [f"{block} {side} {n} goes on and on" for n in range(3)]
        for block in ("upper", "lower")
        for side in ("left", "right")
    ]
    placed = [
        (60 + 250 * (place % 2), 700 - 60 * (place // 2) - 14 * n, line)
        for place, column in enumerate(lines)
        for n, line in enumerate(column)
    ]
    assert [line for line in read_lines(drawn_pdf(placed)) if line] == [line for column in lines for line in column]


def test_a_slanting_stamp_comes_after_the_text() -> None:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=1)
    canvas.saveState()
    canvas.translate(200, 400)
    canvas.rotate(40)
    canvas.setFont("Helvetica", 60)
    canvas.drawString(0, 0, "DRAFT")
    canvas.restoreState()
    for n, line in enumerate(LEFT):
        canvas.drawString(60, 500 - 14 * n, line)
    canvas.save()
    assert read_lines(buffer.getvalue()) == [*LEFT, "DRAFT"]


@pytest.mark.parametrize(
    ("cut", "whole"),
    [
        ("the keeper was a well-\nknown man", "the keeper was a well-known man"),
        ("the self-\ntaught man", "the self-taught man"),
        ("the self-\nish man", "the selfish man"),
        ("he re-\nmembered the storm", "he remembered the storm"),
        ("a state-\nof-the-art lens", "a state-of-the-art lens"),
        ("the mother-in-\nlaw of Anna", "the mother-in-law of Anna"),
        ("the North-\nSea fleet", "the North-Sea fleet"),
        ("in 1914-\n1918 he sailed", "in 1914-1918 he sailed"),
        ("the light-\nhouse. A lighthouse", "the lighthouse. A lighthouse"),
        ("a sea-\nchart. The sea-chart", "a sea-chart. The sea-chart"),
        ("a well-\nknown man. The wellknown man", "a wellknown man. The wellknown man"),
        (
            "a light-\nhouse. Light-house, light-house, lighthouse",
            "a light-house. Light-house, light-house, lighthouse",
        ),
        ("a MySQL-\ncompatible lens", "a MySQL-compatible lens"),
        ("Mr McDon-\nald", "Mr McDonald"),
        (
            "a user-\ncontrollable lens. The user-defined, user-made, users",
            "a user-controllable lens. The user-defined, user-made, users",
        ),
        ("some-\nthing else. Some thing, some thing, somewhat", "something else. Some thing, some thing, somewhat"),
        ("set --no-\nrestore here. See --no-restore", "set --no-restore here. See --no-restore"),
        ("an e-\nmail", "an e-mail"),
        ("een oud-\nleerling. De oud-strijder", "een oud-leerling. De oud-strijder"),
        ("een zee-\nschip. De zeeman", "een zeeschip. De zeeman"),
        ("de vuur-\ntoren brandt", "de vuurtoren brandt"),
        ("soft\u00ad\nly he came", "softly he came"),
    ],
)
def test_hyphens_at_line_ends_stay_where_they_belong_to_the_word(cut: str, whole: str) -> None:
    assert clean_pages([plain_page(f"{cut} and the rest of the page")]).texts[0].startswith(whole)


@pytest.mark.parametrize(
    ("cut", "whole"),
    [
        ("auto-\nindustrie", "auto-industrie"),
        ("ge-\ninteresseerde", "geïnteresseerde"),
        ("co-\nordinaten", "coördinaten"),
        ("zee-\nen", "zeeën"),
        ("ego-\nisten. De egoïsten", "egoïsten. De egoïsten"),
        ("re-\nunie. De reunie", "reunie. De reunie"),
        ("kop-\nie", "kopie"),
        ("vuur-\ntoren", "vuurtoren"),
    ],
)
def test_vowels_that_meet_at_a_line_end_in_dutch_are_parted_by_a_trema_or_a_hyphen(cut: str, whole: str) -> None:
    assert (
        clean_pages([plain_page(f"de {cut} van het dorp en de zee")]).texts[0] == f"de {whole} van het dorp en de zee\n"
    )


def test_accents_that_are_drawn_over_letters_become_one_letter_with_them() -> None:
    placed = [
        *seen("caf", 60, 700),
        ("e", 75, 700),
        ("´", 75, 700),
        *seen("nai", 90, 680),
        ("¨", 100, 680),
        ("v", 105, 680),
    ]
    assert documents.read(glyph_pdf(placed[:5], placed[5:]), "a.pdf").text.strip() == "café\nnaïv"


def test_what_stands_beside_the_page_is_not_read() -> None:
    assert read_lines(drawn_pdf([(60, 700, "On the page."), (900, 700, "Beside it.")])) == ["On the page."]


def test_a_line_that_runs_over_the_edge_of_the_page_is_read_to_its_end() -> None:
    line = " ".join(LEFT + RIGHT)
    assert read_lines(drawn_pdf([(60, 700, line)])) == [line]


def test_paragraphs_have_a_blank_line_between_them() -> None:
    data = drawn_pdf(column(LEFT, 60) + column(RIGHT, 60, 620))
    assert documents.read(data, "a.pdf").text.strip() == "\n".join(LEFT) + "\n\n" + "\n".join(RIGHT)


def test_many_letters_on_one_page_take_no_time() -> None:
    line = "ab" * 60
    data = pdf(["\n".join([line] * 30)])
    assert documents.read(data, "a.pdf").text.count("ab") == 1800
    scattered = [(60.0 + (7 * n) % 480, 60.0 + (11 * n) % 700, "x") for n in range(3000)]
    assert documents.read(drawn_pdf(scattered), "a.pdf").text.count("x") == 3000
