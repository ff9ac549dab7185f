from __future__ import annotations

import re

import pytest

import documents
from documents import DamagedFile, NoText, PasswordNeeded, WrongPassword
from documents.model import note
from tests.documents import makers

PROSE = (
    "The keeper wrote the weather down each night.\nHe never missed a page.",
    "In winter the waves reached the gallery.\nThe glass held.",
    "In spring a ship brought oil and letters.\nHe read them twice.",
    "The summer was too short for repairs.\nThe autumn was too long.",
    "When the relief came he would not leave.\nThey let him stay.",
)


def numbered(pages: tuple[str, ...], header: str = "The Lighthouse") -> list[str]:
    return [f"{header}\n{page}\n{number}" for number, page in enumerate(pages, 1)]


def test_pages_sections_and_metadata_come_from_the_file() -> None:
    pages = [f"Chapter {'ABCDE'[i]}\n{text}" for i, text in enumerate(PROSE)]
    outline = [("Chapter A", 0, 1), ("Chapter B", 0, 2), ("Chapter C", 1, 3), ("Chapter E", 0, 5)]
    document = documents.read(makers.pdf(pages, title="Keeper’s Log", author="Ada Pharos", outline=outline), "log.pdf")
    assert (document.title, document.author, document.format) == ("Keeper’s Log", "Ada Pharos", "pdf")
    assert [(s.title, s.level, s.page) for s in document.sections] == [
        ("Chapter A", 1, 1),
        ("Chapter B", 1, 2),
        ("Chapter C", 2, 3),
        ("Chapter E", 1, 5),
    ]
    assert len(document.pages) == 5 and document.missing_pages == () and document.notes == ()
    chapter_b = document.sections[1]
    assert "reached the gallery" in document.text[chapter_b.start : chapter_b.end]
    assert "too long" in document.text[chapter_b.start : chapter_b.end]  # a chapter holds its inner sections
    assert chapter_b.end == document.sections[3].start == document.page_starts[4]
    assert document.text == "".join(document.pages)


def test_two_bookmarks_on_one_page_start_at_their_own_lines() -> None:
    page = f"1.1 Oil\n{PROSE[0]}\n1.2 R and glass\n{PROSE[1]}"
    outline = [("Stores", 0, 1), ("Oil", 1, 2), ("R and glass", 1, 2), ("Letters", 1, 3)]
    document = documents.read(makers.pdf([PROSE[2], page, PROSE[3]], outline=outline), "a.pdf")
    by_title = {s.title: s for s in document.sections}
    assert document.text[by_title["R and glass"].start :].startswith("1.2 R and glass\nIn winter")
    assert by_title["Oil"].end == by_title["R and glass"].start
    assert by_title["Letters"].page == 3


def test_running_headers_and_page_numbers_go_and_the_first_header_stays() -> None:
    document = documents.read(makers.pdf(numbered(PROSE)), "a.pdf")
    assert document.text.count("The Lighthouse") == 1
    assert not re.search(r"^\d$", document.text, re.M)
    assert [page.split("\n")[0] for page in document.pages[1:]] == [text.split("\n")[0] for text in PROSE[1:]]


def test_lines_that_differ_in_more_than_a_number_stay() -> None:
    wares = ("oil", "wood", "glass", "rope", "tar")
    pages = [f"Of {ware} and light {n}\n{text}" for n, (ware, text) in enumerate(zip(wares, PROSE, strict=True), 7)]
    document = documents.read(makers.pdf(pages), "a.pdf")
    assert [page.split("\n")[0] for page in document.pages] == [page.split("\n")[0] for page in pages]


def test_numbers_that_do_not_count_with_the_pages_stay() -> None:
    pages = [f"{text}\nIn all {total} barrels" for text, total in zip(PROSE, (41, 17, 23, 5, 31), strict=True)]
    document = documents.read(makers.pdf(pages), "a.pdf")
    assert document.pages[0].rstrip().endswith("In all 41 barrels")


def test_words_cut_at_line_ends_are_made_whole() -> None:
    pages = [
        "The light-\nhouse stood on a well-\nknown rock.\nIt is well-known.",
        "The lighthouse burned. He kept a ledg-",
        "er of every ship.",
    ]
    document = documents.read(makers.pdf(pages), "a.pdf")
    assert "The lighthouse stood" in document.text
    assert "a well-known rock" in document.text
    assert "a ledger" in document.pages[1] and document.pages[2].startswith("of every ship")


def test_ligatures_and_leaders_are_spelled_out() -> None:
    from documents.pdf_clean import clean_pages, plain_page

    page = plain_page("The ﬁrst oﬃce\r\nOil . . . . . . . . . . 12\r\nsoft\u00adly, pack\u00ad\r\nages, packages")
    assert clean_pages([page]).texts == ("The first office\nOil ... 12\nsoftly, packages, packages\n",)


def test_the_biggest_line_of_the_first_page_is_the_title_without_metadata() -> None:
    pages = ["Harbour Board Report 9\nThe Last\nLighthouse\nby Ada Pharos\n" + PROSE[0] + "\n" + PROSE[1], PROSE[2]]
    data = makers.pdf(pages, title="Microsoft Word - final2.docx", sizes={1: 30, 2: 30})
    assert documents.read(data, "x.pdf").title == "The Last Lighthouse"


@pytest.mark.parametrize(
    ("headings", "titles"),
    [
        (["CHAPTER I", "CHAPTER II", "CHAPTER III"], ["CHAPTER I", "CHAPTER II", "CHAPTER III"]),
        (["Chapter 1\nThe Rock", "Chapter 2\nThe Lamp"], ["Chapter 1. The Rock", "Chapter 2. The Lamp"]),
        (["CHAPTER\nONE\nTHE ROCK", "CHAPTER\nTWO\nTHE LAMP"], ["CHAPTER ONE. THE ROCK", "CHAPTER TWO. THE LAMP"]),
    ],
)
def test_chapter_headings_make_sections_where_there_is_no_outline(headings: list[str], titles: list[str]) -> None:
    pages = [page for i, heading in enumerate(headings) for page in (f"{heading}\n{PROSE[i]}", PROSE[i + 2])]
    document = documents.read(makers.pdf(pages), "a.pdf")
    assert [(s.title, s.page) for s in document.sections] == [(title, 2 * i + 1) for i, title in enumerate(titles)]


def test_picture_pages_are_named_and_blank_pages_are_not() -> None:
    document = documents.read(makers.scanned_pdf(2, [PROSE[0] * 3, "", PROSE[1] * 3, PROSE[2] * 3]), "a.pdf")
    assert document.missing_pages == (1, 2)
    assert document.notes == (note("pages_empty", n=2, all=6, pages="1–2"),)
    assert document.pages[3] == "" and len(document.pages) == 6


@pytest.mark.parametrize(("pictures", "texts"), [(3, ()), (9, ("Scan 1",))])
def test_a_scan_says_that_it_needs_text_recognition(pictures: int, texts: tuple[str, ...]) -> None:
    with pytest.raises(NoText, match="OCR"):
        documents.read(makers.scanned_pdf(pictures, texts), "scan.pdf")


def test_a_broken_page_is_left_out_and_named() -> None:
    data = makers.pdf(PROSE)
    streams = list(re.finditer(rb"stream\r?\n(.*?)endstream", data, re.S))
    broken = streams[1]  # the second page's content
    junk = b"\x00" * (broken.end(1) - broken.start(1))
    document = documents.read(data[: broken.start(1)] + junk + data[broken.end(1) :], "a.pdf")
    assert document.missing_pages == (2,)
    assert document.notes == (note("pages_empty", n=1, all=5, pages="2"),)
    assert "brought oil" in document.pages[2]


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-256"])
def test_passwords(algorithm: str) -> None:
    data = makers.locked_pdf(makers.pdf(PROSE, outline=[("A", 0, 1), ("B", 0, 3)]), "oil", algorithm=algorithm)
    with pytest.raises(PasswordNeeded, match="password"):
        documents.read(data, "a.pdf")
    with pytest.raises(WrongPassword, match="does not open"):
        documents.read(data, "a.pdf", password="water")
    document = documents.read(data, "a.pdf", password="oil")
    assert "The glass held." in document.text
    assert [(s.title, s.page) for s in document.sections] == [("A", 1), ("B", 3)]


def test_a_file_locked_only_against_changes_opens() -> None:
    data = makers.locked_pdf(makers.pdf(PROSE), "oil", owner_only=True)
    assert "The glass held." in documents.read(data, "a.pdf").text


def test_a_lost_end_is_mended() -> None:
    data = makers.pdf(PROSE)
    document = documents.read(data[: data.rindex(b"xref\n0")], "a.pdf")
    assert len(document.pages) == 5 and "They let him stay." in document.text
    assert document.missing_pages == () and document.notes[0] == note("cut_off")


def test_a_file_cut_off_in_the_middle_gives_the_pages_that_are_there() -> None:
    data = makers.pdf(PROSE)
    contents = list(re.finditer(rb"stream\r?\n(.*?)endstream", data, re.S))
    document = documents.read(data[: contents[2].start(1) + 30], "a.pdf")
    assert "The glass held." in document.text and len(document.pages) == 5
    assert document.missing_pages == (3, 4, 5)
    assert document.notes[1] == note("pages_empty", n=3, all=5, pages="3–5")


def test_what_a_transfer_put_in_front_of_the_file_is_passed_over() -> None:
    head = b"\x00\x01HTTP/1.1 200 OK\r\nContent-Type: application/pdf\r\n\r\n" + bytes(range(128, 256)) * 12
    document = documents.read(head + makers.pdf(PROSE), "a.pdf")
    assert document.text.startswith(PROSE[0].split("\n")[0]) and document.notes == ()


def test_a_header_without_a_body_is_damaged() -> None:
    with pytest.raises(DamagedFile, match="a PDF"):
        documents.read(b"%PDF-1.7\nnothing else", "a.pdf")


def test_threads_may_read_at_the_same_time() -> None:
    from concurrent.futures import ThreadPoolExecutor

    files = [makers.pdf([f"Page of file {number}.\n{text}" for text in PROSE]) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        texts = list(pool.map(lambda data: documents.read(data, "a.pdf").text, files))
    assert all(f"Page of file {number}." in text for number, text in enumerate(texts))
