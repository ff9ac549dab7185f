"""A page to look at, of a file that was printed and of one that never was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.errors import UnknownPage
from app.library import Library
from app.markup.sheet import sheet
from app.views import longer_words
from app.words import Languages
from storage import Store
from tests.documents.makers import archive, pdf

PAGES = ["The tide comes at six.\nThe keeper is Odda Marrin, <b>she</b> said 143 times." * 2, "The moon is called Oru."]


def test_a_printed_page_has_its_picture_and_the_words_on_it(library: Library) -> None:
    document = library.add(pdf(PAGES, title="In print"), "print.pdf").id
    seen = library.page(document, 1, "Who is it? Odda Marrin")
    assert (seen.title, seen.number, seen.pages) == ("In print", 1, 2) and "Odda Marrin" in seen.text
    assert seen.png is not None and seen.png.startswith(b"\x89PNG") and len(seen.marks) == 4
    html = sheet(Languages.load().english, seen)
    assert html.count("<i style=") == 4 and "data:image/png;base64," in html
    assert 'data-sheet="2"' in html and 'data-sheet="0"' not in html


def test_without_its_file_or_with_a_broken_one_there_is_the_text(library: Library, store: Store, tides: str) -> None:
    seen = library.page(tides, 2, "“The moon”")
    assert seen.png is None and seen.marks == ()
    assert "<mark>The moon</mark>" in sheet(Languages.load().english, seen)
    document = library.add(pdf(PAGES), "print.pdf").id
    original = store.pictures.original(document)
    other = library.add(b"# Other\n\nOther words.", "other.md").id
    store.pictures.keep(other, replace(original, data=b"no pdf"), ())
    assert library.page(other, 1).png is None and "Other words" in library.page(other, 1).text


def test_nothing_of_a_page_is_taken_for_html(library: Library) -> None:
    document = library.add(("<img src=x onerror=1> said Odda.\n" * 3).encode(), "hostile.txt").id
    html = sheet(Languages.load().english, library.page(document, 1, "“><script>”"))
    assert "<img src=x" not in html and "<script>" not in html


@pytest.mark.parametrize("number", [0, -1, 99])
def test_a_page_that_is_not_there_is_named(library: Library, tides: str, number: int) -> None:
    with pytest.raises(UnknownPage):
        library.page(tides, number)


@pytest.mark.parametrize(
    ("words", "sought"),
    [
        ("Odda Marrin, the Odda of 7", ["odda", "marrin", "7"]),
        ("“the  old lamp”", ["the old lamp"]),
        ('"lamp"', ["lamp"]),
        ("a an it", []),
        ("", []),
    ],
)
def test_what_is_sought(words: str, sought: list[str]) -> None:
    assert longer_words(words) == sought


def test_a_removed_document_takes_its_file_along(library: Library, store: Store) -> None:
    document = library.add(pdf(PAGES), "print.pdf").id
    assert store.pictures.original(document) is not None
    library.remove(document)
    library.sweep(days=0)
    assert store.pictures.original(document) is None


def test_a_file_that_was_zipped_is_known_again_and_its_pages_can_be_seen(library: Library) -> None:
    data = pdf(["The tide comes at six."], title="Tides")
    item = library.add(archive({"tide.pdf": data}), "download.zip")
    assert library.add(data, "other.pdf").id == item.id and library.get(item.id).title == "Tides"
    png = library.page(item.id, 1).png
    assert png is not None and png.startswith(b"\x89PNG")
