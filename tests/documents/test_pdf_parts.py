"""What a PDF holds beside its pages' text: forms, annotations, files, printed page numbers, bookmarks."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText, Highlight, Text
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    IndirectObject,
    NameObject,
    NumberObject,
    TextStringObject,
)
from reportlab.pdfgen.canvas import Canvas

import documents
from documents import Document
from documents.pdf_parts import read_parts
from tests.documents.makers import drawn_pdf, pdf

ROOT = Path(__file__).parents[2]
BOARD = "Minutes of the harbour board\nThe board met on Monday.\nAll were present."


def changed(data: bytes, change: Callable[[PdfWriter], object]) -> Document:
    """The document in `data` after a change to the file."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    change(writer)
    buffer = io.BytesIO()
    writer.write(buffer)
    return documents.read(buffer.getvalue(), "a.pdf")


def notes(document: Document) -> list[tuple[str, dict[str, str | int]]]:
    return [(note.key, dict(note.values)) for note in document.notes]


def form(fill: Callable[[Canvas], object], labels: dict[float, str]) -> Document:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=1)
    for y, label in labels.items():
        canvas.drawString(60, y, label)
    fill(canvas)
    canvas.showPage()
    canvas.save()
    return documents.read(buffer.getvalue(), "a.pdf")


def test_entries_of_a_form_are_read_beside_their_labels() -> None:
    def fill(canvas: Canvas) -> None:
        fields = canvas.acroForm
        fields.textfield(name="who", value="Marguerite Ashdown", x=220, y=735, width=200, height=20)
        fields.textfield(name="long", value="11.75", x=220, y=695, width=200, height=20)
        fields.checkbox(name="insured", checked=True, x=220, y=655, size=20)
        fields.checkbox(name="sold", checked=False, x=220, y=615, size=20)
        fields.choice(
            name="port", value="Calder Bay", options=["Calder Bay", "Orrin"], x=220, y=575, width=120, height=20
        )
        fields.textfield(name="empty", value="", x=220, y=535, width=200, height=20)

    labels = {
        740: "Name of applicant:",
        700: "Length in metres",
        660: "Insured:",
        620: "Sold:",
        580: "Harbour:",
        540: "Remarks:",
    }
    read = form(fill, labels).text.split("\n")
    assert [line for line in read if line] == [
        "Name of applicant: Marguerite Ashdown",
        "Length in metres | 11.75",
        "Insured: [x]",
        "Sold: [ ]",
        "Harbour: Calder Bay",
        "Remarks:",
    ]


def test_choices_of_one_in_several_are_marked_before_their_words() -> None:
    def fill(canvas: Canvas) -> None:
        for n, value in enumerate(("sail", "motor")):
            canvas.acroForm.radio(name="boat", value=value, selected=value == "motor", x=60, y=655 - 40 * n, size=15)

    read = form(fill, {}).text
    assert "[ ]" in read and "[x] motor" in read


def test_an_entry_that_nothing_printed_explains_has_its_fields_name() -> None:
    read = form(lambda canvas: canvas.acroForm.textfield(name="berth", value="B 12", x=220, y=300), {740: "Mooring"})
    assert [line for line in read.text.split("\n") if line] == ["Mooring", "berth: B 12"]


def test_entries_of_several_lines_and_of_fields_that_stand_on_no_page() -> None:
    read = form(
        lambda canvas: canvas.acroForm.textfield(
            name="note", value="first line\nsecond line", x=220, y=600, height=60, fieldFlags="multiline"
        ),
        {660: "Remarks:"},
    )
    assert "first line\nsecond line" in read.text

    def add(writer: PdfWriter) -> None:
        loose = DictionaryObject(
            {
                NameObject("/FT"): NameObject("/Tx"),
                NameObject("/T"): TextStringObject("keeper"),
                NameObject("/V"): TextStringObject("Odda Marrin"),
            }
        )
        writer._root_object[NameObject("/AcroForm")] = DictionaryObject(
            {NameObject("/Fields"): ArrayObject([writer._add_object(loose)])}
        )

    assert changed(pdf([BOARD]), add).text.strip().endswith("keeper: Odda Marrin")


def test_passwords_in_a_form_are_not_read() -> None:
    read = form(
        lambda canvas: canvas.acroForm.textfield(name="secret", value="mellon", x=220, y=600, fieldFlags="password"),
        {605: "Password:"},
    )
    assert "mellon" not in read.text


def test_free_text_is_read_where_it_stands_and_comments_at_the_end_in_brackets() -> None:
    def add(writer: PdfWriter) -> None:
        writer.add_annotation(0, FreeText(text="The crane is condemned.", rect=(60, 770, 300, 790)))
        writer.add_annotation(0, Text(text="Ruth objected.", rect=(60, 500, 80, 520)))
        mark = Highlight(
            rect=(60, 700, 200, 720),
            quad_points=ArrayObject([FloatObject(n) for n in (60, 720, 200, 720, 60, 700, 200, 700)]),
        )
        mark[NameObject("/Contents")] = TextStringObject("Who was absent?")
        writer.add_annotation(0, mark)

    document = changed(drawn_pdf([(60, 800, "Minutes"), (60, 700, "All were present.")]), add)
    assert [line for line in document.text.split("\n") if line] == [
        "Minutes",
        "The crane is condemned.",
        "All were present.",
        "[Ruth objected.]",
        "[Who was absent?]",
    ]
    assert notes(document) == [("comments", {"n": 2, "pages": "1"})]


def nowhere(writer: PdfWriter) -> IndirectObject:
    """A reference to an object that the file doesn't have."""
    return IndirectObject(9999, 0, writer)


def without_its_place(writer: PdfWriter) -> None:
    note = FreeText(text="The crane is condemned.", rect=(60, 770, 300, 790))
    note[NameObject("/Rect")] = ArrayObject()
    writer.add_annotation(0, note)


def without_its_words(writer: PdfWriter) -> None:
    note = Text(text="Ruth objected.", rect=(60, 500, 80, 520))
    note[NameObject("/Contents")] = nowhere(writer)
    writer.add_annotation(0, note)


def not_in_the_file(writer: PdfWriter) -> None:
    writer.pages[0][NameObject("/Annots")].append(nowhere(writer))


def none_in_the_file(writer: PdfWriter) -> None:
    writer.pages[0][NameObject("/Annots")] = nowhere(writer)


@pytest.mark.parametrize("spoil", [without_its_place, without_its_words, not_in_the_file])
def test_a_broken_annotation_is_noted_and_the_others_are_read(spoil: Callable[[PdfWriter], None]) -> None:
    def add(writer: PdfWriter) -> None:
        writer.add_annotation(0, Text(text="Anna agreed.", rect=(60, 400, 80, 420)))
        spoil(writer)

    document = changed(pdf([BOARD]), add)
    assert "[Anna agreed.]" in document.text
    assert notes(document) == [("comments", {"n": 1, "pages": "1"}), ("annotations_broken", {"n": 1, "pages": "1"})]


def test_annotations_that_the_file_names_but_does_not_hold_are_noted() -> None:
    assert notes(changed(pdf([BOARD]), none_in_the_file)) == [("annotations_broken", {"n": 1, "pages": "1"})]


def filled_field(writer: PdfWriter, name: str, **more: object) -> IndirectObject:
    entry = {NameObject("/FT"): NameObject("/Tx"), NameObject("/T"): TextStringObject(name)}
    entry[NameObject("/V")] = TextStringObject("Odda Marrin")
    return writer._add_object(DictionaryObject({**entry, **{NameObject(key): value for key, value in more.items()}}))


@pytest.mark.parametrize("place", ["/AcroForm", "/Fields", "a field", "/V", "/Kids", "a kid", "/Parent"])
def test_a_broken_form_is_noted_and_what_is_left_of_it_is_read(place: str) -> None:
    def add(writer: PdfWriter) -> None:
        fields = ArrayObject([filled_field(writer, "keeper")])
        gone = nowhere(writer)
        if place == "a field":
            fields.append(gone)
        elif place == "a kid":
            fields.append(filled_field(writer, "heir", **{"/Kids": ArrayObject([gone])}))
        elif place == "/Parent":
            kid = DictionaryObject({NameObject("/T"): TextStringObject("boat"), NameObject("/Parent"): gone})
            fields.append(writer._add_object(kid))
        elif place in ("/V", "/Kids"):
            fields.append(filled_field(writer, "heir", **{place: gone}))
        form = DictionaryObject({NameObject("/Fields"): gone if place == "/Fields" else fields})
        writer._root_object[NameObject("/AcroForm")] = gone if place == "/AcroForm" else form

    document = changed(pdf([BOARD]), add)
    assert notes(document) == [("form_broken", {})]
    assert ("keeper: Odda Marrin" in document.text) == (place not in ("/AcroForm", "/Fields"))


@pytest.mark.parametrize("place", ["/Names", "/EmbeddedFiles", "a leaf", "a file", "/AF"])
def test_a_broken_list_of_attached_files_is_noted_beside_those_that_it_names(place: str) -> None:
    def add(writer: PdfWriter) -> None:
        writer.add_attachment("minutes.txt", b"All were present.")
        root, gone = writer._root_object, nowhere(writer)
        files = root["/Names"]["/EmbeddedFiles"]
        if place == "a leaf":
            whole = DictionaryObject({NameObject("/Names"): files["/Names"]})
            files[NameObject("/Kids")] = ArrayObject([writer._add_object(whole), gone])
        elif place == "a file":
            files["/Names"].extend([TextStringObject(""), gone])
        elif place == "/EmbeddedFiles":
            root["/Names"][NameObject(place)] = gone
        else:
            root[NameObject(place)] = gone

    document = changed(pdf([BOARD]), add)
    assert ("attachments_broken", {}) in notes(document)
    named = [values["which"] for key, values in notes(document) if key == "attachments"]
    assert named == ([] if place in ("/Names", "/EmbeddedFiles") else ["minutes.txt"])


def outlined_form() -> bytes:
    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=1)
    for name in ("One", "Two", "Three"):
        canvas.bookmarkPage(name)
        canvas.addOutlineEntry(name, name)
        canvas.acroForm.textfield(name=f"name {name}", value=f"entry {name}", x=220, y=735)
        canvas.drawString(60, 740, "Name:")
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("found", "instead"),
    [
        (rb"%%EOF", b""),
        (rb"startxref\s+\d+\s+%%EOF", b""),
        (rb"xref\s0 ", b"xref\n0 zz"),
        (rb"startxref\s+\d+", b"startxref x"),
    ],
)
def test_a_file_whose_table_of_contents_is_broken_keeps_bookmarks_and_entries(found: bytes, instead: bytes) -> None:
    data = re.sub(found, instead, outlined_form())
    document = documents.read(data, "a.pdf")
    assert [section.title for section in document.sections] == ["One", "Two", "Three"]
    assert [f"Name: entry {name}" in document.text for name in ("One", "Two", "Three")] == [True] * 3
    assert document.notes == ()


def test_where_only_the_pages_can_be_read_it_is_said_that_nothing_beside_them_was() -> None:
    assert [one.key for one in read_parts(None).notes] == ["parts_unread"]


def test_hidden_annotations_are_not_read() -> None:
    def add(writer: PdfWriter) -> None:
        hidden = FreeText(text="Not to be seen.", rect=(60, 500, 300, 520))
        hidden[NameObject("/F")] = NumberObject(2)
        writer.add_annotation(0, hidden)

    assert "Not to be seen" not in changed(pdf([BOARD]), add).text


def test_attached_files_are_named() -> None:
    def add(writer: PdfWriter) -> None:
        writer.add_attachment("budget.xlsx", b"1")
        writer.add_attachment("plan.txt", b"2")

    assert notes(changed(pdf([BOARD]), add)) == [("attachments", {"n": 2, "which": "budget.xlsx, plan.txt"})]


def test_a_portfolio_says_that_its_files_were_not_read() -> None:
    def add(writer: PdfWriter) -> None:
        writer.add_attachment("minutes.pdf", b"1")
        writer._root_object[NameObject("/Collection")] = DictionaryObject(
            {NameObject("/Type"): NameObject("/Collection")}
        )

    assert notes(changed(pdf(["Open this portfolio in a recent reader."]), add)) == [
        ("portfolio", {"n": 1, "which": "minutes.pdf"})
    ]


@pytest.mark.parametrize(
    "packet",
    [
        "",
        "<xfa:datasets xmlns:xfa='x'><xfa:data><form><name>Anna Berg</name><length>11.75</length></form></xfa:data></xfa:datasets>",
    ],
)
def test_an_xfa_form_is_named_and_its_data_is_read(packet: str) -> None:
    def add(writer: PdfWriter) -> None:
        stream = DecodedStreamObject()
        stream.set_data(packet.encode() or b"<template/>")
        packets = ArrayObject([TextStringObject("datasets" if packet else "template"), writer._add_object(stream)])
        writer._root_object[NameObject("/AcroForm")] = DictionaryObject(
            {NameObject("/Fields"): ArrayObject(), NameObject("/XFA"): packets}
        )

    document = changed(pdf(["Please wait..."]), add)
    assert notes(document) == [("xfa_data" if packet else "xfa", {})]
    assert document.text.strip() == ("Please wait...\n\nname: Anna Berg\nlength: 11.75" if packet else "Please wait...")


def test_numbers_that_are_printed_on_pages_stand_beside_their_places() -> None:
    def add(writer: PdfWriter) -> None:
        writer.set_page_label(0, 1, "/r")
        writer.set_page_label(2, 4, "/D", start=1)

    assert changed(pdf([BOARD] * 5), add).page_labels == ("i", "ii", "1", "2", "3")
    assert documents.read(pdf([BOARD] * 3), "a.pdf").page_labels == ()
    assert changed(pdf([BOARD] * 2), lambda writer: writer.set_page_label(0, 1, "/D", start=1)).page_labels == ()


def test_bookmarks_that_lead_nowhere_are_counted_and_the_others_hold() -> None:
    def add(writer: PdfWriter) -> None:
        for title, page in (("One", 0), ("Two", 1), ("Three", 2)):
            writer.add_outline_item(title=title, page_number=page)
        lost = writer.add_outline_item(title="Lost", page_number=1)
        lost.get_object().pop("/A", None)
        lost.get_object().pop("/Dest", None)

    document = changed(pdf([BOARD] * 3), add)
    assert [section.title for section in document.sections] == ["One", "Two", "Three"]
    assert notes(document) == [("bookmarks_lost", {"n": 1})]


@pytest.mark.parametrize("place", ["/Outlines", "/First", "/Next"])
def test_broken_bookmarks_are_noted(place: str) -> None:
    def add(writer: PdfWriter) -> None:
        items = [writer.add_outline_item(title=f"Part {n}", page_number=n).get_object() for n in range(3)]
        root = writer._root_object
        holder = {"/Outlines": root, "/First": root["/Outlines"], "/Next": items[1]}[place]
        holder[NameObject(place)] = nowhere(writer)

    document = changed(pdf([BOARD] * 3), add)
    assert document.text.count("All were present.") == 3
    assert notes(document) == [("bookmarks_broken", {})]


def test_an_outline_that_bites_its_tail_ends() -> None:
    def add(writer: PdfWriter) -> None:
        items = [
            writer.add_outline_item(title=title, page_number=page).get_object()
            for page, title in enumerate(("One", "Two", "Three"))
        ]
        items[2][NameObject("/Next")] = items[0].indirect_reference or items[1]["/Prev"]

    assert [section.title for section in changed(pdf([BOARD] * 3), add).sections][:3] == ["One", "Two", "Three"]


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        ("Café".encode().decode("latin-1"), "Café"),
        ("Глава".encode("cp1251").decode("latin-1"), "Глава"),
        ("Über Öl", "Über Öl"),
    ],
)
def test_bookmarks_in_other_letters_are_put_right(raw: str, title: str) -> None:
    def add(writer: PdfWriter) -> None:
        for page, name in enumerate(("One", raw, "Three")):
            writer.add_outline_item(title=name, page_number=page)

    assert changed(pdf([BOARD] * 3), add).sections[1].title == title


def test_pages_without_any_text_in_the_file_are_blank_and_named_where_they_are_many() -> None:
    document = documents.read(
        drawn_pdf([(60, 700, BOARD.replace("\n", " "))], [], [], rules=[(60, 60, 300, 60)]), "a.pdf"
    )
    assert document.missing_pages == () and notes(document) == [("pages_blank", {"n": 2, "all": 3, "pages": "2–3"})]


def test_a_file_without_pages_is_damaged_even_after_a_locked_one() -> None:
    from tests.documents.makers import locked_pdf

    with pytest.raises(documents.PasswordNeeded):
        documents.read(locked_pdf(pdf([BOARD]), "oil"), "a.pdf")
    empty = PdfWriter()
    buffer = io.BytesIO()
    empty.write(buffer)
    with pytest.raises(documents.DamagedFile):
        documents.read(buffer.getvalue(), "a.pdf")


@pytest.mark.parametrize("seed", range(40))
def test_broken_parts_raise_nothing_but_named_errors(seed: int) -> None:
    import random

    def fill(canvas: Canvas) -> None:
        canvas.acroForm.textfield(name="who", value="Marguerite", x=220, y=735)
        canvas.acroForm.checkbox(name="insured", checked=True, x=220, y=655)

    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=1)
    fill(canvas)
    canvas.drawString(60, 740, "Name")
    canvas.bookmarkPage("a")
    canvas.addOutlineEntry("A", "a")
    canvas.save()
    data = bytearray(buffer.getvalue())
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 60)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    try:
        documents.read(bytes(data[: chance.randint(len(data) // 2, len(data))]), "a.pdf")
    except documents.DocumentError as error:
        assert str(error)


@pytest.mark.parametrize("name", ["cycle", "cut"])
def test_what_is_wrong_with_a_file_is_said_in_notes_and_not_on_the_terminal(name: str, tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf([BOARD] * 3))))
    for title, page in (("One", 0), ("Two", 1)):
        last = writer.add_outline_item(title=title, page_number=page)
    last.get_object()[NameObject("/Next")] = last
    buffer = io.BytesIO()
    writer.write(buffer)
    data = buffer.getvalue()
    path = tmp_path / "a.pdf"
    path.write_bytes(data if name == "cycle" else data[: data.rindex(b"xref\n0 ")])
    # another process, for there nobody listens to what pypdf logs
    ran = subprocess.run(
        [sys.executable, "launch.py", "text", str(path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.count("The board met on Monday.") == 3 and ran.stderr == ""
    assert ("The end of the file is missing." in ran.stdout) == (name == "cut")
