from __future__ import annotations

import io
import zipfile

import pytest

import documents
from documents import DamagedFile
from documents.model import note
from tests.documents import makers

PARAGRAPHS = (
    ("Title", "The Lighthouse"),
    ("Normal", "Written by hand."),
    ("Heading 1", "The Rock"),
    ("Normal", "The sea lay flat."),
    ("Heading 2", "Its birds"),
    ("Normal", "Gulls, mostly."),
    ("Heading 1", "The Lamp"),
    ("Normal", "He lit it at dusk."),
)


def xml_of(data: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        return source.read("word/document.xml").decode()


def test_heading_styles_make_sections_and_tables_are_read() -> None:
    document = documents.read(makers.word(PARAGRAPHS, table=[["oil", "7 barrels"], ["rope", "3 coils"]]), "a.docx")
    assert (document.title, document.author, document.format) == ("The Lighthouse", "Ada Pharos", "docx")
    assert [(s.title, s.level, s.page) for s in document.sections] == [
        ("The Rock", 1, 1),
        ("Its birds", 2, 2),
        ("The Lamp", 1, 3),
    ]
    assert document.pages[1] == "Its birds\n\nGulls, mostly.\n\n"
    assert "oil | 7 barrels\nrope | 3 coils\n" in document.pages[2]


def test_metadata_title_comes_first_and_placeholders_do_not() -> None:
    assert documents.read(makers.word(PARAGRAPHS, title="Pharology"), "a.docx").title == "Pharology"
    assert documents.read(makers.word(PARAGRAPHS, title="Word Document"), "a.docx").title == "The Lighthouse"


def test_insertions_are_read_and_deletions_are_not() -> None:
    data = makers.word([("Normal", "PLACE")])
    changed = xml_of(data).replace(
        "<w:r><w:t>PLACE</w:t></w:r>",
        "<w:ins><w:r><w:t>new</w:t></w:r></w:ins><w:del><w:r><w:delText>old</w:delText></w:r></w:del>"
        "<w:r><w:tab/><w:t>end</w:t><w:br/><w:t>line</w:t></w:r>",
    )
    assert "new" in changed
    document = documents.read(makers.replace_part(data, "word/document.xml", changed.encode()), "a.docx")
    assert document.text == "new\tend\nline\n"


def test_paragraphs_inside_content_controls_are_read() -> None:
    data = makers.word([("Normal", "PLACE")])
    source = xml_of(data)
    start, end = source.index("<w:p>"), source.index("</w:p>") + len("</w:p>")
    wrapped = f"{source[:start]}<w:sdt><w:sdtContent>{source[start:end]}</w:sdtContent></w:sdt>{source[end:]}"
    document = documents.read(makers.replace_part(data, "word/document.xml", wrapped.encode()), "a.docx")
    assert document.text == "PLACE\n"


def test_without_its_text_it_is_damaged_and_without_other_parts_it_is_read() -> None:
    data = makers.word(PARAGRAPHS)
    with pytest.raises(DamagedFile, match="a Word document"):
        documents.read(makers.replace_part(data, "word/document.xml", b"<w:broken"), "a.docx")
    whole = documents.read(data, "a.docx").text
    for part in ("[Content_Types].xml", "word/styles.xml", "word/_rels/document.xml.rels", "docProps/core.xml"):
        assert documents.read(makers.replace_part(data, part, b"<w:broken"), "a.docx").text == whole
    cut = xml_of(data).encode()
    document = documents.read(makers.replace_part(data, "word/document.xml", cut[: cut.index(b"Gulls") + 3]), "a.docx")
    assert "The sea lay flat." in document.text and document.notes == (
        note("parts_damaged", n=1, which="word/document.xml"),
    )
