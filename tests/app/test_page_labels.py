"""The numbers printed on a PDF's pages, from the file to the shelf, the answers, the terminal and a memory on its way elsewhere."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.constants import PageLabelStyle

from app import cli
from app.answering.conversations import as_markdown
from app.answering.text_search import recognise
from app.library import Library, preview
from app.markup.document import answers_from
from app.markup.evidence import quotes
from app.markup.read import what_was_read
from app.markup.sheet import sheet
from app.terminal import Output
from app.views import Evidence, unit_of
from app.words import Languages
from storage import Store
from tests.documents.makers import pdf

PAGES = [
    "Preface of the keeper.",
    "Thanks to all who lit the lamp.",
    "The lamp stands in Orrin.",
    "The lamp is old.",
    "End.",
]
LABELS = ("i", "ii", "1", "2", "A-3")
EN = Languages.load().english


def labelled() -> bytes:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf(PAGES, title="The Lamp"))))
    writer.set_page_label(0, 1, PageLabelStyle.LOWERCASE_ROMAN)
    writer.set_page_label(2, 3, PageLabelStyle.DECIMAL)
    writer.set_page_label(4, 4, PageLabelStyle.DECIMAL, prefix="A-", start=3)
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


@pytest.fixture
def lamp(library: Library) -> str:
    return library.add(labelled(), "lamp.pdf").id


def test_only_a_pdf_has_pages_to_turn_to() -> None:
    assert [unit_of(kind) for kind in ("pdf", "text", "epub", "odt")] == ["page", "part", "section", "section"]


def test_they_are_kept_and_an_ordinary_document_has_none(library: Library, lamp: str, tides: str) -> None:
    assert library.get(lamp).page_labels == LABELS
    assert next(item for item in library.shelf() if item.id == lamp).page_labels == LABELS
    assert library.get(tides).page_labels == ()
    assert library.get(library.add(pdf(PAGES), "plain.pdf").id).page_labels == ()


def test_the_page_says_the_printed_number_and_the_place(library: Library, lamp: str) -> None:
    item = library.get(lamp)
    words = EN.about(item.unit, item.page_labels)
    html = quotes(words, (Evidence(2, "Thanks", 0.9, 0, 1), Evidence(5, "End", 0.5, 0, 1)), "")
    assert ">p. ii</button>" in html and ">p. A-3</button>" in html and 'data-sheet="5"' in html
    assert "It answers from pages i to 1 (3 of 5) and knows" in answers_from(EN, item, 3)
    assert "<h3>Page 1 (3 of 5)</h3>" in sheet(words, library.page(lamp, 3))
    read = what_was_read(EN, library.stretch_read(lamp))
    assert "<span>Page ii (2 of 5)</span>" in read and "pages i to A-3 (5 of 5)" in read


@pytest.mark.parametrize(
    ("question", "total", "said"),
    [
        ("How often is the lamp mentioned on page 2?", 1, "on page 2"),
        ("How often is the lamp mentioned on page ii?", 1, "on page ii"),
        ("How often is the lamp mentioned up to page 1?", 2, "on pages i to 1"),
        ("How often is the lamp mentioned before page 2?", 2, "on pages i to 1"),
        ("How often is the lamp mentioned after page ii?", 2, "on pages 1 to A-3"),
        ("How often is the lamp mentioned from page 1 on?", 2, "on pages 1 to A-3"),
        ("How often is the lamp mentioned between pages ii and 1?", 2, "on pages ii to 1"),
        ("How often is the lamp mentioned in the first two pages?", 1, "on pages i to ii"),
        ("How often is the lamp mentioned in the first 3 pages?", 2, "on pages i to 1"),
        ("How often is the lamp mentioned on the last page?", 0, "on page A-3"),
        ("On which page is Orrin first mentioned?", 1, "is on page 1"),
    ],
)
def test_a_question_names_pages_as_they_are_printed(library: Library, lamp: str, question, total, said) -> None:
    found = library.answering.look_up(lamp, question, recognise(question), keep=False)
    assert (found.total, said in found.text) == (total, True), found.text


def test_a_number_that_is_printed_nowhere_is_said(library: Library, lamp: str) -> None:
    question = "How often is the lamp mentioned on page 4?"
    found = library.answering.look_up(lamp, question, recognise(question), keep=False)
    assert "nothing by the name of “on page 4”" in found.text


def test_programs_get_both_numbers(library: Library, lamp: str, capsys, tmp_path: Path) -> None:
    given = cli.Namespace(
        id=lamp, question="Find every mention of Orrin", history=None, source="both", page=None, temperature=0.0, seed=0,
        max_tokens=None,
    )  # fmt: skip
    assert cli.ask(library, given, Output(json=True)) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(one["page"], one["label"]) for one in told["pages"]] == [(3, "1")]
    assert [(one["page"], one["label"]) for one in told["places"]] == [(3, "1")]
    assert cli.ask(library, given, Output(json=False)) == 0
    assert "page     1 (3)  …" in capsys.readouterr().out
    path = tmp_path / "lamp.pdf"
    path.write_bytes(labelled())
    assert preview(path).page_labels == LABELS
    assert cli.text(path, None, Output(json=False)) == 0
    assert "(page i)" in capsys.readouterr().out


def test_they_travel_with_a_memory(library: Library, lamp: str, tmp_path: Path) -> None:
    library.reader.read(lamp)
    library.export_snapshot(lamp, tmp_path / "lamp.memory")
    with Store.open(tmp_path / "other.db") as store:
        assert Library(store).import_snapshot(tmp_path / "lamp.memory").page_labels == LABELS


def test_a_saved_conversation_names_pages_and_sections_by_what_they_are(
    library: Library, lamp: str, tides: str
) -> None:
    for document, wanted in ((lamp, "- page 1: …"), (tides, "- section 2: …")):
        item = library.get(document)
        question = "Find every mention of “Orrin”" if document == lamp else "Find every mention of “moon”"
        library.answering.look_up(document, question, recognise(question))
        said = as_markdown(EN.about(item.unit, item.page_labels), item.title, library.conversations.history(document))
        assert wanted in said and "- p. " not in said
