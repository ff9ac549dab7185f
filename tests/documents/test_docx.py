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


W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def with_body(
    body: str, parts: dict[str, str] | None = None, relations: dict[str, tuple[str, str]] | None = None
) -> bytes:
    """A Word file of that body; `parts` by their names in word/, `relations` by id: kind and target."""
    root = (
        f'<w:document xmlns:w="{W}" xmlns:r="r" xmlns:mc="mc" xmlns:wps="wps" xmlns:v="v" xmlns:m="m" xmlns:wp="wp">'
        f"<w:body>{body}</w:body></w:document>"
    )
    links = "".join(
        f'<Relationship Id="{key}" Type="http://x/{kind}" Target="{target}"/>'
        for key, (kind, target) in (relations or {}).items()
    )
    return makers.archive(
        {"word/document.xml": root, "word/_rels/document.xml.rels": f"<Relationships>{links}</Relationships>"}
        | {
            f"word/{name}": f'<w:x xmlns:w="{W}" xmlns:a="a" xmlns:c="c">{content}</w:x>'
            for name, content in (parts or {}).items()
        }
    )


def said(words: str, before: str = "", inside: str = "") -> str:
    return f"<w:p>{before}<w:r><w:t>{words}</w:t></w:r>{inside}</w:p>"


def text(body: str, parts: dict[str, str] | None = None, relations: dict[str, tuple[str, str]] | None = None) -> str:
    return documents.read(with_body(body, parts, relations), "a.docx").text


def test_text_boxes_are_read_once_after_their_paragraph() -> None:
    box = f"<w:txbxContent>{said('Mind the step.')}</w:txbxContent>"
    drawn = f"<w:r><mc:AlternateContent><mc:Choice><wps:txbx>{box}</wps:txbx></mc:Choice><mc:Fallback><v:textbox>{box}</v:textbox></mc:Fallback></mc:AlternateContent></w:r>"
    assert text(said("Flyer", inside=drawn) + said("End")) == "Flyer\n\nMind the step.\n\nEnd\n"
    assert text(f"<w:p><w:r><w:pict><v:textbox>{box}</v:textbox></w:pict></w:r></w:p>") == "Mind the step.\n"


def test_notes_stand_after_the_paragraph_that_calls_them() -> None:
    called = '<w:r><w:footnoteReference w:id="2"/></w:r><w:r><w:endnoteReference w:id="2"/></w:r>'
    parts = {
        "footnotes.xml": f'<w:footnote w:id="2">{said("See the ledger.")}</w:footnote>',
        "endnotes.xml": f'<w:endnote w:id="2">{said("Given in 1874.")}</w:endnote>',
    }
    assert text(said("Lit", inside=called) + said("Dark"), parts) == (
        "Lit[1][2]\n\n[1] See the ledger.\n\n[2] Given in 1874.\n\nDark\n"
    )


def test_a_footnote_that_is_called_but_not_in_the_file_is_noted() -> None:
    parts = {"footnotes.xml": f'<w:footnote w:id="2">{said("See the ledger.")}</w:footnote>'}
    calls = [f'<w:r><w:footnoteReference w:id="{key}"/></w:r>' for key in (7, 2)]
    document = documents.read(with_body(said("Lit", inside="".join(calls)), parts), "a.docx")
    assert document.text == "Lit[1]\n\n[1] See the ledger.\n"
    assert document.notes == (note("parts_missing", n=1, which="footnotes.xml, 7"),)


def test_content_controls_are_read_wherever_they_stand() -> None:
    control = lambda inside: f"<w:sdt><w:sdtPr/><w:sdtContent>{inside}</w:sdtContent></w:sdt>"  # noqa: E731
    cell = lambda words: f"<w:tc>{said(words)}</w:tc>"  # noqa: E731
    row = f"<w:tr>{cell('Name')}{control(cell('Ada'))}</w:tr>"
    second = f"<w:tr>{cell('Boat')}<w:tc>{control(said('Tern'))}</w:tc></w:tr>"
    table = f"<w:tbl>{row}{control(second)}</w:tbl>"
    assert text(control(said("Form")) + table) == "Form\n\nName | Ada\nBoat | Tern\n"


def test_numbers_of_lists_are_counted_as_word_counts_them() -> None:
    level = lambda depth, kind, shown: (  # noqa: E731
        f'<w:lvl w:ilvl="{depth}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/><w:lvlText w:val="{shown}"/></w:lvl>'
    )
    numbering = (
        f'<w:abstractNum w:abstractNumId="7">{level(0, "decimal", "%1.")}{level(1, "lowerLetter", "%1.%2)")}{level(2, "bullet", "o")}</w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="7"/>'
        '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride></w:num>'
    )
    item = lambda words, depth, number=1: said(  # noqa: E731
        words, f'<w:pPr><w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="{number}"/></w:numPr></w:pPr>'
    )
    body = (
        item("Fee", 0)
        + item("Oil", 1)
        + item("Rope", 1)
        + item("Old", 2)
        + item("Term", 0)
        + item("Oars", 1)
        + item("New", 0, 2)
    )
    assert text(body, {"numbering.xml": numbering}) == (
        "1. Fee\n1.a) Oil\n1.b) Rope\n- Old\n2. Term\n2.a) Oars\n5. New\n"
    )


def test_formulas_are_read_as_plain_text() -> None:
    run = lambda words: f"<m:r><m:t>{words}</m:t></m:r>"  # noqa: E731
    fraction = f"<m:f><m:num>{run('a+b')}</m:num><m:den>{run('2')}</m:den></m:f>"
    power = f"<m:sSup><m:e>{run('x')}</m:e><m:sup>{run('2')}</m:sup></m:sSup>"
    root = f"<m:rad><m:deg/><m:e>{run('y')}</m:e></m:rad>"
    assert text(said("So", inside=f"<m:oMath>{fraction}{run('=')}{power}{root}</m:oMath>")) == "So (a+b)/2=x^2√(y)\n"


def test_headers_that_say_something_are_read_once_and_page_numbers_are_not() -> None:
    refers = '<w:sectPr><w:headerReference r:id="h1"/><w:headerReference r:id="h2"/><w:footerReference r:id="f1"/></w:sectPr>'
    page = said("Page ", inside='<w:fldSimple w:instr=" PAGE "><w:r><w:t>3</w:t></w:r></w:fldSimple>')
    parts = {"header1.xml": said("Case 4711"), "header2.xml": said("Case 4711"), "footer1.xml": page}
    relations = {"h1": ("header", "header1.xml"), "h2": ("header", "header2.xml"), "f1": ("footer", "footer1.xml")}
    assert text(said("Dear Anna.") + refers, parts, relations) == "Case 4711\n\nDear Anna.\n"


def test_tables_repeat_what_reaches_over_rows_and_keep_tables_within_in_order() -> None:
    cell = lambda words, down="": f"<w:tc><w:tcPr>{down}</w:tcPr>{said(words)}</w:tc>"  # noqa: E731
    began, goes_on = '<w:vMerge w:val="restart"/>', "<w:vMerge/>"
    table = (
        f"<w:tbl><w:tr>{cell('Orrin', began)}{cell('2031')}{cell('5')}</w:tr><w:tr>{cell('', goes_on)}{cell('2032')}{cell('6')}</w:tr>"
        f"<w:tr><w:trPr><w:del/></w:trPr>{cell('gone')}</w:tr></w:tbl>"
    )
    assert text(table) == "Orrin | 2031 | 5\nOrrin | 2032 | 6\n"
    inner = f"<w:tbl><w:tr>{cell('in1')}{cell('in2')}</w:tr></w:tbl>"
    outer = f"<w:tbl><w:tr>{cell('a')}<w:tc>{said('b')}{inner}</w:tc>{cell('c')}</w:tr></w:tbl>"
    assert text(outer) == "a | b\nin1 | in2\nc\n"


def test_letters_of_fonts_of_signs_are_the_signs_that_they_show() -> None:
    signs = '<w:p><w:r><w:sym w:font="Wingdings" w:char="F0FE"/><w:sym w:font="Symbol" w:char="F061"/></w:r>'
    run = '<w:r><w:rPr><w:rFonts w:ascii="Symbol" w:hAnsi="Symbol"/></w:rPr><w:t>\uf062 \uf0a3</w:t></w:r></w:p>'
    assert text(signs + run).strip() == "☑αβ ≤"


def test_what_is_hidden_or_in_the_margin_is_counted() -> None:
    hidden = "<w:r><w:rPr><w:vanish/></w:rPr><w:t> unseen</w:t></w:r>"
    comment = '<w:r><w:commentReference w:id="0"/></w:r>'
    document = documents.read(with_body(said("Lit", inside=hidden + comment)), "a.docx")
    assert document.text == "Lit\n"
    assert document.notes == (note("hidden_left_out", n=1), note("comments_left_out", n=1))


def test_a_paragraph_whose_end_was_deleted_goes_on_in_the_next() -> None:
    body = said("The lamp ", "<w:pPr><w:rPr><w:del/></w:rPr></w:pPr>") + said("is lit.")
    assert text(body) == "The lamp is lit.\n"


@pytest.mark.parametrize("style", ["Überschrift 1", "Kop 1", "Titre 1", "Nagłówek 1", "標題 1", "heading 1", "Título1"])
def test_headings_are_known_in_any_language(style: str) -> None:
    named = f'<w:style w:styleId="x1" w:type="paragraph"><w:name w:val="{style}"/></w:style>'
    body = "".join(said(title, '<w:pPr><w:pStyle w:val="x1"/></w:pPr>') + said("Text.") for title in ("Rock", "Lamp"))
    sections = documents.read(with_body(body, {"styles.xml": named}), "a.docx").sections
    assert [(s.title, s.level) for s in sections] == [("Rock", 1), ("Lamp", 1)]
    by_id = style.replace(" ", "")
    without = body.replace('"x1"', f'"{by_id}"')
    assert len(documents.read(with_body(without), "a.docx").sections) == 2


def test_headings_are_known_by_their_outline_level_and_chapters_by_their_looks() -> None:
    outlined = "".join(said(t, '<w:pPr><w:outlineLvl w:val="0"/></w:pPr>') + said("Text.") for t in ("Rock", "Lamp"))
    assert len(documents.read(with_body(outlined), "a.docx").sections) == 2
    plain = "".join(said(f"Chapter {number}") + said("Nobody came. " * 30) for number in (1, 2))
    document = documents.read(with_body(plain), "the-log.docx")
    assert (document.title, [s.title for s in document.sections]) == ("The log", ["Chapter 1", "Chapter 2"])


def test_files_within_the_text_are_read_and_named_where_they_cannot_be() -> None:
    data = with_body(said("Before.") + '<w:altChunk r:id="c1"/><w:altChunk r:id="c2"/>' + said("After."), None, {
        "c1": ("aFChunk", "chunk.html"), "c2": ("aFChunk", "gone.html"),
    })  # fmt: skip
    data = makers.replace_part(data, "word/chunk.html", b"<html><body><h1>Rock</h1><p>Flat.</p></body></html>")
    document = documents.read(data, "a.docx")
    assert document.text == "Before.\n\nRock\n\nFlat.\n\nAfter.\n"
    assert document.notes == (note("parts_missing", n=1, which="gone.html"),)
    assert "Rock" in [s.title for s in document.sections]


@pytest.mark.parametrize("target", ["NULL", "#_top", "../gone.xml", "/word/gone.xml", "http://x.org/"])
def test_relations_that_lead_nowhere_do_no_harm(target: str) -> None:
    assert text(said("Lit."), None, {"r9": ("image", target)}) == "Lit.\n"


@pytest.mark.parametrize("name", ["a.docm", "a.dotx", "a.dotm"])
def test_sibling_formats_are_read(name: str) -> None:
    data = makers.word(PARAGRAPHS)
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        types = source.read("[Content_Types].xml").replace(
            b"document.main+xml", b"template.macroEnabledTemplate.main+xml"
        )
    document = documents.read(makers.replace_part(data, "[Content_Types].xml", types), name)
    assert "He lit it at dusk." in document.text and document.notes == ()


def test_backslashes_in_names_and_the_strict_form_are_read() -> None:
    data = makers.word(PARAGRAPHS)
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        parts = {name.replace("/", "\\"): source.read(name) for name in source.namelist()}
    assert "He lit it at dusk." in documents.read(makers.archive(parts), "a.docx").text
    strict = xml_of(data).replace(W, "http://purl.oclc.org/ooxml/wordprocessingml/main")
    assert (
        "He lit it at dusk."
        in documents.read(makers.replace_part(data, "word/document.xml", strict.encode()), "a.docx").text
    )


def test_labels_of_diagrams_and_values_of_charts_are_read() -> None:
    drawn = '<w:r><w:drawing><x:relIds xmlns:x="x" r:dm="d1"/></w:drawing></w:r><w:r><w:drawing><x:chart xmlns:x="x" r:id="c1"/></w:drawing></w:r>'
    parts = {
        "data1.xml": "<a:p><a:t>Keeper</a:t></a:p><a:p><a:t>Mate</a:t></a:p>",
        "chart1.xml": "<c:title><a:t>Oil used</a:t></c:title><c:ser><c:tx><c:v>Barrels</c:v></c:tx><c:cat><c:v>May</c:v><c:v>June</c:v></c:cat>"
        "<c:val><c:v>7</c:v><c:v>9</c:v></c:val></c:ser>",
    }
    relations = {"d1": ("diagramData", "data1.xml"), "c1": ("chart", "chart1.xml")}
    assert (
        text(said("See", inside=drawn), parts, relations)
        == "See\n\nKeeper\n\nMate\n\nOil used\n\nBarrels | May: 7 | June: 9\n"
    )
