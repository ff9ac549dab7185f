"""The text as it was read: whole pages a stretch, cut where sections begin, and what was left out."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader, PdfWriter

from app.errors import UnknownPage
from app.library import STRETCH, Library
from app.markup.read import what_was_read
from app.words import Languages
from tests.documents.makers import pdf

LOG = "Preface words.\n\n# Dusk\n\nThe lamp is lit.\n\n| Port | Depth |\n|---|---|\n| Orrin | 27 m |\n\n## Wind\n\nFrom the north.\n"


def test_every_page_is_there_once_and_in_order(library: Library) -> None:
    text = "".join(f"# Watch {n}\n\n" + f"Note {n} of the night. " * 200 + "\n\n" for n in range(1, 21))
    document = library.add(text.encode(), "log.md").id
    first, said = 1, []
    while first <= library.get(document).pages:
        read = library.stretch_read(document, first)
        said += ["".join(piece.heading + piece.text for piece in page) for page in read.pages]
        assert len(read.pages) == 1 or sum(map(len, said[first - 1 :])) <= STRETCH
        first = read.last + 1
    assert 1 < library.stretch_read(document).last < 20
    back, seen = library.stretch_read(document, 20), [20]
    while back.before is not None:
        back = library.stretch_read(document, back.before)
        assert back.first < seen[-1] <= back.last + 1
        seen.append(back.first)
    assert seen[-1] == 1 and len(seen) > 2
    assert said == [library.page(document, number).text for number in range(1, 21)]


def test_headings_stand_where_they_are_and_rows_stay_rows(library: Library) -> None:
    document = library.add(LOG.encode(), "log.md").id
    read = library.stretch_read(document)
    pieces = [piece for page in read.pages for piece in page]
    assert [(piece.title, piece.level, piece.heading) for piece in pieces if piece.title == "Wind"] == [
        ("Wind", 2, "Wind")
    ]
    html = what_was_read(Languages.load().english, read)
    assert html.count("<h4>Dusk</h4>") == 1 and "<h5>Wind</h5>" in html and "bookmark" not in html
    assert "Port | Depth\nOrrin | 27 m" in html
    assert html.index("Preface words.") < html.index("<h4>Dusk</h4>") < html.index("The lamp is lit.")
    assert "as far as the reader can tell" in html


def test_what_was_left_out_is_said_with_the_pages_that_gave_nothing(library: Library) -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(["The tide comes at six.", "It goes at noon."]))))
    writer.add_blank_page()
    writer.add_attachment("figures.csv", b"1,2")
    file = io.BytesIO()
    writer.write(file)
    document = library.add(file.getvalue(), "tides.pdf").id
    read = library.stretch_read(document)
    assert read.pages[2] == ()
    for language, note, nothing in (
        (Languages.load().english, "A file is attached", "No text was read here."),
        (Languages.load().known["nl"], "figures.csv", "Hier is geen tekst gelezen."),
    ):
        html = what_was_read(language, read)
        assert note in html and "figures.csv" in html
        assert html.count(nothing) == 1 and html.index(nothing) > html.index("It goes at noon.")


def test_a_bookmark_that_is_not_in_the_text_is_marked_as_one(library: Library) -> None:
    document = library.add(pdf(["Some words here."], outline=[("Colophon", 0, 1)]), "a.pdf").id
    html = what_was_read(Languages.load().english, library.stretch_read(document))
    assert '<p class="at bookmark"><span>Colophon</span></p><p class="text">Some words here.</p>' in html


def test_nothing_of_it_is_taken_for_html(library: Library) -> None:
    document = library.add(b"# <b>Bold</b> title\n\n<script>alert(1)</script> said Odda & co.\n", "hostile.txt").id
    html = what_was_read(Languages.load().english, library.stretch_read(document))
    assert "<script>" not in html and "<b>Bold" not in html and "&lt;script&gt;" in html


@pytest.mark.parametrize("first", [0, -1, 99])
def test_a_page_that_is_not_there_is_named(library: Library, tides: str, first: int) -> None:
    with pytest.raises(UnknownPage):
        library.stretch_read(tides, first)
