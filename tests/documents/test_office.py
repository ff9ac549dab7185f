"""OpenDocument, RTF and FictionBook: what is on the page, in order, with its structure."""

from __future__ import annotations

import pytest

import documents
from documents import DamagedFile, LockedFile
from documents.model import note
from tests.documents import makers

ODT_HEAD = (
    '<office:document-content xmlns:office="o" xmlns:text="t" xmlns:table="b" xmlns:draw="d" xmlns:style="s" xmlns:dc="c">'
    '<office:automatic-styles><style:style style:name="P1" style:parent-style-name="Heading_20_2"/>'
    '<style:style style:name="T1"><style:text-properties text:display="none"/></style:style>'
    '<text:list-style style:name="L1"><text:list-level-style-number text:level="1" style:num-suffix="." style:num-format="1"/>'
    "</text:list-style></office:automatic-styles><office:body><office:text>"
)
ODT_END = "</office:text></office:body></office:document-content>"


def odt(body: str, **parts: str) -> bytes:
    return makers.archive(
        {"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": ODT_HEAD + body + ODT_END}
        | {f"{name}.xml": content for name, content in parts.items()}
    )


def read(data: bytes, name: str) -> documents.Document:
    return documents.read(data, name)


def test_an_opendocument_text_is_read_in_order() -> None:
    data = odt(
        '<text:h text:outline-level="1">The Rock</text:h><text:p>Flat<text:s text:c="2"/>and<text:tab/>grey.<text:line-break/>Cold.</text:p>'
        '<text:p text:style-name="P1">Its birds</text:p><text:p>Gulls<text:note><text:note-citation>1</text:note-citation>'
        "<text:note-body><text:p>And one owl.</text:p></text:note-body></text:note>, mostly.</text:p>"
        '<text:list text:style-name="L1"><text:list-item><text:p>Oars</text:p></text:list-item>'
        "<text:list-item><text:p>Sails</text:p></text:list-item></text:list>"
        "<text:p>A box<draw:frame><draw:text-box><text:p>Mind the step.</text:p></draw:text-box></draw:frame></text:p>",
        meta='<office:document-meta xmlns:office="o" xmlns:dc="c"><dc:title>Light and Rock</dc:title><dc:creator>Ada Pharos</dc:creator></office:document-meta>',
    )
    document = read(data, "a.odt")
    assert (document.title, document.author, document.format) == ("Light and Rock", "Ada Pharos", "odt")
    assert [(s.title, s.level) for s in document.sections] == [("The Rock", 1), ("Its birds", 2)]
    assert document.text == (
        "The Rock\n\nFlat and grey.\nCold.\n\nIts birds\n\nGulls [And one owl.], mostly.\n\n1. Oars\n\n2. Sails\n\nA box\n\nMind the step.\n"
    )


def test_tables_of_an_opendocument_text_keep_their_rows() -> None:
    def cells(*texts: str) -> str:
        return "<table:table-row>" + "".join(
            f"<table:table-cell><text:p>{t}</text:p></table:table-cell>" for t in texts
        )

    data = odt(
        f"<table:table>{cells('Port', 'Depth')}</table:table-row>{cells('Orrin', '', '27 m')}</table:table-row></table:table>"
    )
    assert read(data, "a.odt").text == "Port | Depth\nOrrin |  | 27 m\n"


def test_what_an_opendocument_text_hides_is_not_read_and_counted() -> None:
    data = odt(
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>Gone.</text:p></text:deletion></text:changed-region></text:tracked-changes>"
        '<text:p>Lit<office:annotation><text:p>Really?</text:p></office:annotation><text:span text:style-name="T1"> unseen</text:span>.</text:p>'
    )
    document = read(data, "a.odt")
    assert document.text == "Lit.\n"
    assert document.notes == (note("comments_left_out", n=1), note("hidden_left_out", n=1))


def test_a_flat_opendocument_text_headers_and_locks() -> None:
    flat = '<?xml version="1.0"?><office:document xmlns:office="o" xmlns:text="t" office:mimetype="application/vnd.oasis.opendocument.text"><office:body><office:text><text:p>Lit at dusk.</text:p></office:text></office:body></office:document>'
    assert read(flat.encode(), "a.fodt").text == "Lit at dusk.\n"
    styles = '<office:document-styles xmlns:office="o" xmlns:text="t" xmlns:style="s"><office:master-styles><style:master-page><style:header><text:p>Case 4711</text:p></style:header><style:footer><text:p>Page 3</text:p></style:footer></style:master-page></office:master-styles></office:document-styles>'
    assert read(odt("<text:p>Dear Anna.</text:p>", styles=styles), "a.odt").text == "Case 4711\n\nDear Anna.\n"
    locked = makers.archive(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": "x",
            "META-INF/manifest.xml": "<manifest:encryption-data/>",
        }
    )
    with pytest.raises(LockedFile, match="password of its own"):
        read(locked, "a.odt")
    with pytest.raises(DamagedFile, match="its text cannot be found"):
        read(makers.archive({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": "<a/>"}), "a.odt")


RTF = (
    rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial Cyr;}{\f2\fcharset128 Mincho;}}"
    rb"{\stylesheet{\s0 Normal;}{\s1 heading 1;}{\s2\sbasedon0 \'dcberschrift 2;}}{\info{\title The Light}{\author Ada Ph\'e1ros}}"
)


def rtf(body: bytes) -> bytes:
    return RTF + body + b"}"


def test_rich_text_is_read_with_its_headings_and_letters() -> None:
    document = read(
        rtf(
            rb"\pard\s1 The Rock\par\pard Caf\'e9 \'93open\'94 \u8211? {\b fl}at\emdash grey.\line Cold.\par"
            rb"\pard\s2 Birds\par\pard {\f1 \'cf\'f0\'e8\'e2\'e5\'f2} {\f2 \'93\'94} \u-10179?\u-8704?\par\pard\outlinelevel0 The Lamp\par\pard Lit.\par"
        ),
        "a.rtf",
    )
    assert (document.title, document.author, document.format) == ("The Light", "Ada Pháros", "rtf")
    assert [(s.title, s.level) for s in document.sections] == [("The Rock", 1), ("Birds", 2), ("The Lamp", 1)]
    assert (
        document.text
        == "The Rock\n\nCafé “open” – flat—grey.\nCold.\n\nBirds\n\nПривет 灯 😀\n\nThe Lamp\n\nLit.\n".replace(
            "灯", b"\x93\x94".decode("cp932")
        )
    )


def test_tables_notes_lists_and_links_of_rich_text() -> None:
    document = read(
        rtf(
            rb"\trowd\cellx1\cellx2\intbl Port\cell Depth\cell\row\intbl Orrin\cell 27 m\cell\row\pard After.{\super 1}{\footnote See the ledger.}\par"
            rb"{\listtext 1.\tab}Oars\par{\field{\*\fldinst HYPERLINK "
            rb'"http://x"}{\fldrslt the pilot}} came.\par{\header Case 4711\par}{\footer Page 3\par}'
        ),
        "a.rtf",
    )
    assert document.text == (
        "Port | Depth\nOrrin | 27 m\n\nAfter.1 [See the ledger.]\n\n1. Oars\n\nthe pilot came.\n\nCase 4711\n"
    )


def test_letters_of_fonts_of_signs_are_the_signs_that_they_show() -> None:
    fonts = rb"{\fonttbl{\f0 Arial;}{\f1\fcharset2 Symbol;}{\f2\fcharset2 Wingdings;}}"
    body = rb"\f0 angle \f1 a\'a3b\'b5\f0  and \f2\'fe\'a8\'d8\f0  \f1\u-3999?\f0\par"
    assert read(rtf(fonts + body), "a.rtf").text == "angle α≤β∝ and ☑☐• α\n"


def test_what_rich_text_hides_is_not_read_and_counted() -> None:
    document = read(
        rtf(rb"Lit.{\v unseen}{\deleted gone}{\*\annotation Really?}{\*\unknown stuff}{\pict 00ff} At dusk.\par"),
        "a.rtf",
    )
    assert document.text == "Lit. At dusk.\n"
    assert document.notes == (note("hidden_left_out", n=1), note("comments_left_out", n=1))
    assert read(rtf(b"Lit.")[:-1], "a.rtf").notes == (note("cut_off"),)


FB2 = """<?xml version="1.0" encoding="utf-8"?><FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.0" xmlns:l="http://www.w3.org/1999/xlink">
<description><title-info><author><first-name>Ada</first-name><last-name>Pharos</last-name></author><book-title>The Light</book-title></title-info></description>
<body><section><title><p>One</p><p>The Rock</p></title><p>Flat &amp; grey.<a l:href="#n1" type="note">1</a></p><section><title><p>Birds</p></title><poem><stanza><v>Gulls</v><v>and terns</v></stanza></poem></section></section></body>
<body name="notes"><section id="n1"><title><p>1</p></title><p>And cold.</p></section></body><binary id="c">{picture}</binary></FictionBook>"""


def test_a_fictionbook_is_read_without_its_pictures() -> None:
    data = FB2.replace("{picture}", "QUJD" * 9999).encode()
    document = read(data, "a.fb2")
    assert (document.title, document.author, document.format) == ("The Light", "Ada Pharos", "fb2")
    assert [(s.title, s.level) for s in document.sections] == [("One. The Rock", 1), ("Birds", 2), ("1", 1)]
    assert document.text == "One\nThe Rock\n\nFlat & grey.[1]\n\nBirds\n\nGulls\nand terns\n\n1\n\nAnd cold.\n"
    assert read(makers.archive({"a.fb2": data}), "a.fb2.zip").text == document.text


def test_a_fictionbook_that_is_broken_says_so() -> None:
    data = FB2.encode()
    cut = read(data[: data.index(b"terns")], "a.fb2")
    assert "Gulls" in cut.text and cut.notes == (note("cut_off"),)
    odd = read(data.replace(b"Flat &amp; grey.", b"Flat &nbsp; grey & cold."), "a.fb2")
    assert "Flat grey & cold.[1]" in odd.text and odd.notes == ()
    with pytest.raises(DamagedFile, match="its text cannot be found"):
        read(b'<?xml version="1.0"?><FictionBook/>', "a.fb2")
