"""Running headers and page numbers of PDF: gone where they are proven, and nothing else with them."""

from __future__ import annotations

import pytest

import documents
from tests.documents.makers import drawn_pdf, pdf

STORY = (
    "The keeper wrote the weather down.\nHe never missed a page.",
    "On Monday a boat brought oil.\nThey let him stay.",
    "The lamp was lit at nine.\nNobody saw it burn.",
    "Anna came up the stairs.\nShe carried bread.",
    "The glass held in the storm.\nThe rope did not.",
    "In spring the ice went out.\nThe herring came.",
    "A bell was hung in May.\nIt rang for fog.",
    "The mayor counted the ships.\nHe forgot the last.",
)


def lines(pages: list[str]) -> list[list[str]]:
    """Every page's lines as they are read, blank ones aside."""
    document = documents.read(pdf(pages), "a.pdf")
    return [[line for line in page.split("\n") if line] for page in document.pages]


def kept(pages: list[str]) -> bool:
    """Whether all lines of all pages are read."""
    return lines(pages) == [[line for line in page.split("\n") if line] for page in pages]


@pytest.mark.parametrize("count", [5, 12, 30])
def test_invoices_keep_their_numbers_and_totals(count: int) -> None:
    pages = [
        f"Invoice {1000 + n}\nBrightwater Chandlery\nCustomer {'ABC'[n % 3]}\n{n + 2} coils of rope\nTotal due: {12.5 * (n + 2):.2f} euro"
        for n in range(count)
    ]
    assert kept(pages)


@pytest.mark.parametrize("count", [5, 20])
def test_exam_questions_and_their_instructions_stay(count: int) -> None:
    assert kept(
        [f"{n} Explain tide number {n * 7}.\nUse full sentences.\nYou have ten minutes." for n in range(1, count + 1)]
    )


@pytest.mark.parametrize(
    "word", ["Chapter", "Article", "Definition", "Day", "Psalm of the sea, verse", "Quarterly review"]
)
def test_numbered_headings_at_the_top_of_every_page_stay(word: str) -> None:
    assert kept([f"{word} {n}\n{text}" for n, text in enumerate(STORY, 1)])


def test_a_repeated_table_head_and_numbered_rows_stay() -> None:
    assert kept(["No Name Amount\n" + "\n".join(f"{3 * n + k} Berg {10 * k + n}" for k in range(3)) for n in range(8)])


def test_page_numbers_go_and_the_same_numbers_in_the_text_stay() -> None:
    pages = [f"{text}\n{n}" for n, text in enumerate(STORY, 1)]
    assert lines(pages) == [text.split("\n") for text in STORY]
    rows = [f"{text}\nIn all {n} barrels" for n, text in enumerate(STORY, 1)]
    assert kept(rows)


@pytest.mark.parametrize("form", ["Page {n} of 8", "- {n} -", "p. {n}", "{n} / 8", "Blz. {n} van 8"])
def test_page_numbers_in_words_go(form: str) -> None:
    pages = [f"{text}\n{form.format(n=n)}" for n, text in enumerate(STORY, 1)]
    assert lines(pages) == [text.split("\n") for text in STORY]


def test_roman_and_arabic_numbers_each_go_and_no_page_is_emptied() -> None:
    front = [f"{roman}\nFront matter page {n}." for n, roman in enumerate(("i", "ii", "iii", "iv"), 1)]
    body = [f"{text}\n{n}" for n, text in enumerate(STORY, 1)]
    read = lines(front + body)
    assert read[:4] == [[f"Front matter page {n}."] for n in range(1, 5)]
    assert read[4:] == [text.split("\n") for text in STORY]


def test_a_page_with_nothing_but_its_number_keeps_it() -> None:
    pages = [f"{n}" if n == 4 else f"{n}\n{text}" for n, text in enumerate(STORY, 1)]
    assert lines(pages)[3] == ["4"] and lines(pages)[4] == STORY[4].split("\n")


def test_a_header_of_a_document_with_page_numbers_is_read_once_and_named() -> None:
    document = documents.read(pdf([f"The Lighthouse\n{text}\n{n}" for n, text in enumerate(STORY, 1)]), "a.pdf")
    assert document.text.count("The Lighthouse") == 1 and document.pages[0].startswith("The Lighthouse\nThe keeper")
    assert [(note.key, dict(note.values)) for note in document.notes] == [
        ("running_lines", {"n": 1, "which": "The Lighthouse"})
    ]


def test_a_header_that_stands_apart_is_read_once_and_needs_no_note() -> None:
    pages = [
        [
            (60.0, 800.0, "The Lighthouse"),
            *((60.0, 740.0 - 14 * k, line) for k, line in enumerate(text.split("\n") * 3)),
        ]
        for text in STORY
    ]
    document = documents.read(drawn_pdf(*pages), "a.pdf")
    assert document.text.count("The Lighthouse") == 1 and document.notes == ()


def test_a_header_with_the_page_number_apart_goes_with_it() -> None:
    def head(n: int) -> list[tuple[float, float, str]]:
        if n % 2:
            return [(60.0, 800.0, "Of light and oil"), (500.0, 800.0, str(n))]
        return [(60.0, 800.0, str(n)), (400.0, 800.0, "The Lighthouse")]

    pages = [
        [*head(n), *((60.0, 740.0 - 14 * k, line) for k, line in enumerate(text.split("\n") * 3))]
        for n, text in enumerate(STORY, 1)
    ]
    document = documents.read(drawn_pdf(*pages), "a.pdf")
    assert document.text.count("Of light and oil") == 1 and document.text.count("The Lighthouse") == 1
    assert document.pages[4].startswith("The glass held") and document.pages[7].startswith("The mayor counted")


def test_a_short_document_has_no_headers() -> None:
    assert kept(
        [
            f"Northbank plc\nStatement for Ms A. Berg\n{text}\nClosing balance: {n}4.80"
            for n, text in enumerate(STORY[:4])
        ]
    )


def test_the_same_last_line_of_every_page_stays_where_it_is_part_of_the_text() -> None:
    assert kept([f"{text}\nSelah" for text in STORY])
