"""PDFs made of known words, in any order of drawing: what was put on a page comes off that page, in the order of reading."""

from __future__ import annotations

import io
import random

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter
from pypdf.constants import PageLabelStyle

import documents
from tests.documents import makers

SOME = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# without the letters of Roman numerals: a line of those may be a page number
WORD = st.text("abdeghknorstuw", min_size=2, max_size=9)
LINE = st.lists(WORD, min_size=3, max_size=6).map(" ".join)
PAGE = st.lists(LINE, min_size=2, max_size=8, unique=True)
PROSE = (
    "the keeper lamp at dusk harbour bell of fog a storm north rope stair oil and glass ship without flag reef tide log wall "
    "lighthouse evening silver boat master ferry road spring ice letter crew window"
).split()
STYLES = {
    "decimal": PageLabelStyle.DECIMAL,
    "roman": PageLabelStyle.LOWERCASE_ROMAN,
    "ROMAN": PageLabelStyle.UPPERCASE_ROMAN,
}


def read(data: bytes) -> documents.Document:
    return documents.read(data, "a.pdf")


def words(text: str) -> list[str]:
    return text.split()


@SOME
@given(st.lists(PAGE, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_every_word_comes_off_its_own_page_in_order_however_it_was_drawn(pages: list[list[str]], chance) -> None:
    drawn = []
    for lines in pages:
        placed = [(60.0, 740.0 - 14 * n, line) for n, line in enumerate(lines)]
        chance.shuffle(placed)
        drawn.append(placed)
    found = read(makers.drawn_pdf(*drawn))
    assert [words(page) for page in found.pages] == [words(" ".join(lines)) for lines in pages]
    assert found.missing_pages == ()


@SOME
@given(st.integers(6, 12), st.integers(6, 12), st.integers(0, 10**9))
def test_the_left_column_comes_before_the_right_one_however_they_were_drawn(left: int, right: int, seed: int) -> None:
    # lines of prose: those of words that stand under one another in every line make columns of a table
    lines, chance = [], random.Random(seed)
    for _ in range(left + right):
        line = chance.choice(PROSE)
        while len(line) < 34:
            line = f"{line} {chance.choice(PROSE)}"
        lines.append(line)
    placed = [(60.0, 740.0 - 14 * n, line) for n, line in enumerate(lines[:left])]
    placed += [(330.0, 740.0 - 14 * n, line) for n, line in enumerate(lines[left:])]
    chance.shuffle(placed)
    assert words(read(makers.drawn_pdf(placed)).text) == words(" ".join(lines))


@SOME
@given(st.lists(PAGE, min_size=8, max_size=10), LINE, st.integers(1, 900))
def test_a_running_header_stays_once_and_nothing_else_is_lost(pages: list[list[str]], header: str, first: int) -> None:
    lines = [line for page in pages for line in page]
    assume(header not in lines and len(set(lines)) == len(lines))
    drawn = [
        [
            (60.0, 800.0, header),
            *((60.0, 740.0 - 14 * n, line) for n, line in enumerate(page)),
            (290.0, 40.0, str(first + number)),
        ]
        for number, page in enumerate(pages)
    ]
    found = read(makers.drawn_pdf(*drawn))
    assert words(found.text) == words(" ".join([header, *lines]))


@SOME
@given(WORD, WORD, st.booleans(), LINE)
def test_the_documents_own_words_decide_about_a_hyphen_at_a_lines_end(one: str, other: str, joined: bool, line) -> None:
    whole = one + other if joined else f"{one}-{other}"
    assume(len(one) > 2 and len(other) > 2 and not set(words(line)) & {one, other, one + other})
    page = [f"{line} {one}-", f"{other} {line}", f"{line} {whole} {line}"]
    text = read(makers.drawn_pdf([(60.0, 740.0 - 14 * n, said) for n, said in enumerate(page)])).text
    assert words(text) == words(f"{line} {whole} {line} {line} {whole} {line}")


@SOME
@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.sampled_from(sorted(STYLES)), st.sampled_from(["", "A-", "B."])),
        min_size=1,
        max_size=3,
    )
)
def test_the_numbers_printed_on_the_pages_are_those_that_the_file_names(ranges: list[tuple[int, str, str]]) -> None:
    roman = ("i", "ii", "iii")
    count = sum(length for length, _, _ in ranges)
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(makers.pdf([f"page {'abcdefghi'[n]}" for n in range(count)]))))
    expected, at = [], 0
    for length, style, prefix in ranges:
        writer.set_page_label(at, at + length - 1, STYLES[style], prefix=prefix)
        numbers = {"decimal": ("1", "2", "3"), "roman": roman, "ROMAN": tuple(one.upper() for one in roman)}[style]
        expected += [prefix + number for number in numbers[:length]]
        at += length
    file = io.BytesIO()
    writer.write(file)
    plain = expected == [str(number) for number in range(1, count + 1)]
    assert read(file.getvalue()).page_labels == (() if plain else tuple(expected))


@settings(SOME, max_examples=15)
@given(st.lists(PAGE, min_size=1, max_size=3), st.sampled_from(["AES-256", "RC4-128"]))
def test_a_lock_changes_nothing_of_the_text(pages: list[list[str]], algorithm: str) -> None:
    data = makers.pdf(["\n".join(lines) for lines in pages])
    opened = documents.read(makers.locked_pdf(data, "oil", algorithm=algorithm), "a.pdf", password="oil")
    assert opened.pages == read(data).pages
