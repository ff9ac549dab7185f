from __future__ import annotations

import pytest

import documents
from documents import DamagedFile, LockedFile, NoText, UnpacksTooLarge
from documents.model import note
from tests.documents import makers


@pytest.mark.parametrize("toc", ["nav", "ncx"])
def test_chapters_are_titled_by_the_table_of_contents(toc: str) -> None:
    document = documents.read(makers.epub(toc=toc), "b.epub")
    assert (document.title, document.author, document.format) == ("The Lighthouse", "Ada Pharos", "epub")
    assert [(s.title, s.level, s.page) for s in document.sections] == [
        ("One: The Rock", 1, 1),
        ("Two: The Lamp", 1, 2),
        ("Three: The Boat", 1, 3),
    ]
    assert document.pages == (
        "The Rock\n\nThe sea lay flat\nand grey.\n\nNobody came.\n\n",
        "The Lamp\n\nHe lit it at dusk & slept.\n\n",
        "The Boat\n\nA boat passed at dawn.\n\n- oars\n- a sail\n\n",
    )


def test_headings_make_the_sections_where_there_is_no_table_of_contents() -> None:
    document = documents.read(makers.epub(toc=""), "b.epub")
    assert [s.title for s in document.sections] == ["The Rock", "The Lamp", "The Boat"]


def test_entries_may_nest_and_lead_into_the_middle_of_a_file() -> None:
    parts = makers.epub_parts(makers.CHAPTERS)
    parts["OPS/nav.xhtml"] = (
        '<nav><ol><li><a href="text/c0.xhtml">Day</a><ol><li><a href="text/c0.xhtml#x">Nobody</a></li></ol></li>'
        '<li><a href="text/c1.xhtml">Night</a></li><li><a href="gone.xhtml">Lost</a></li></ol></nav>'
    )
    document = documents.read(makers.archive(parts), "b.epub")
    assert [(s.title, s.level, s.page) for s in document.sections] == [("Day", 1, 1), ("Nobody", 2, 2), ("Night", 1, 3)]
    assert document.pages[1].startswith("Nobody came.")
    assert "A boat passed" in document.pages[2]


def test_an_absent_chapter_is_named() -> None:
    parts = makers.epub_parts(makers.CHAPTERS)
    del parts["OPS/text/c1.xhtml"]
    document = documents.read(makers.archive(parts), "b.epub")
    assert document.missing_pages == (2,) and document.pages[1] == ""
    assert document.notes[0].key == "parts_missing" and "Two: The Lamp" in dict(document.notes[0].values)["which"]
    assert [(s.title, s.page) for s in document.sections] == [("One: The Rock", 1), ("Three: The Boat", 3)]


def test_self_closed_elements_and_undeclared_oddities_do_not_swallow_the_text() -> None:
    body = '<h1>A<br/>B</h1><div id="d"/><script src="x.js"/><p>kept</p><span epub:type="pagebreak">12</span>'
    parts = makers.epub_parts([("Only", body)])
    document = documents.read(makers.archive(parts), "b.epub")
    assert document.text == "A\nB\n\nkept\n\n"


def test_nothing_readable_inside_is_damaged() -> None:
    parts = makers.epub_parts(makers.CHAPTERS)
    for name in [name for name in parts if "/text/" in name]:
        del parts[name]
    with pytest.raises(DamagedFile, match="none of its chapters"):
        documents.read(makers.archive(parts), "b.epub")
    with pytest.raises(DamagedFile, match="package file"):
        documents.read(makers.archive({"META-INF/container.xml": "<a><b></a>"}), "b.epub")


def test_pictures_only_is_no_text() -> None:
    parts = makers.epub_parts([("Plate", '<img src="a.png"/>')])
    with pytest.raises(NoText, match="an EPUB book with nothing to read"):
        documents.read(makers.archive(parts), "b.epub")


@pytest.mark.parametrize(
    ("algorithm", "locked"),
    [("http://www.w3.org/2001/04/xmlenc#aes128-cbc", True), ("http://www.idpf.org/2008/embedding", False)],
)
def test_copy_protection_is_told_from_hidden_fonts(algorithm: str, locked: bool) -> None:
    parts = makers.epub_parts(makers.CHAPTERS)
    parts["META-INF/encryption.xml"] = (
        f'<encryption><EncryptedData><EncryptionMethod Algorithm="{algorithm}"/></EncryptedData></encryption>'
    )
    data = makers.archive(parts)
    if locked:
        with pytest.raises(LockedFile, match="copy protection"):
            documents.read(data, "b.epub")
    else:
        assert len(documents.read(data, "b.epub").sections) == 3


def test_entities_of_the_package_s_own_are_not_expanded() -> None:
    parts = makers.epub_parts(makers.CHAPTERS)
    bomb = '<!DOCTYPE p [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    parts["OPS/book.opf"] = str(parts["OPS/book.opf"]).replace("<package", bomb + "<package").replace("Ada", "&b;")
    document = documents.read(makers.archive(parts), "b.epub")
    assert document.author == "&b; Pharos" and len(document.sections) == 3


def test_a_chapter_with_a_bad_checksum_is_read_as_far_as_it_goes() -> None:
    data = makers.declare_size(makers.epub(), "OPS/text/c1.xhtml", 61)
    document = documents.read(data, "b.epub")
    assert document.notes == (note("parts_damaged", n=1, which="“Two: The Lamp” (OPS/text/c1.xhtml)"),)
    assert document.pages[1] == "The Lamp\n\nHe lit it at dusk & slept.\n\n" and document.missing_pages == ()


@pytest.mark.parametrize("make", [makers.epub, lambda: makers.word([("Normal", "text")])])
def test_zip_bombs_are_refused(make: object) -> None:
    data = make()  # type: ignore[operator]
    part = "OPS/text/c2.xhtml" if b"OPS/" in data else "word/document.xml"
    with pytest.raises(UnpacksTooLarge, match=r"1,9\d\d MiB"):
        documents.read(makers.declare_size(data, part, 2_000_000_000), "b.epub")
    with pytest.raises(UnpacksTooLarge, match="128 MiB of text"):
        documents.read(makers.replace_part(data, part, bytes(129 * 2**20)), "b.epub")


def test_too_many_parts_are_refused() -> None:
    parts = makers.epub_parts(makers.CHAPTERS) | {f"x{number}": "" for number in range(20_001)}
    with pytest.raises(UnpacksTooLarge, match="20,008 parts"):
        documents.read(makers.archive(parts), "b.epub")


def changed(change: dict[str, str], name: str = "OPS/book.opf") -> bytes:
    """The book of three chapters with words of one part exchanged."""
    parts = makers.epub_parts(makers.CHAPTERS)
    for old, new in change.items():
        assert old in str(parts[name])
        parts[name] = str(parts[name]).replace(old, new, 1)
    return makers.archive(parts)


WHOLE = ["One: The Rock", "Two: The Lamp", "Three: The Boat"]


@pytest.mark.parametrize(
    "change",
    [
        {"<dc:title>": '<meta xsi:type="x" opf:role="aut"/><dc:title>'},
        {"<dc:creator>": "<dc:description>Salt&nbsp;air&hellip;</dc:description><dc:creator>"},
        {"<dc:creator>": "<dc:description>Salt & light, R&D &unknown;</dc:description><dc:creator>"},
        {'<?xml version="1.0"?>': '\n\n <?xml version="1.0"?>'},
        {'<?xml version="1.0"?>': '\ufeff<?xml version="1.0"?>'},
        {'id="c1"': 'id="c0"', 'idref="c1"': 'idref="c0"'},
        {"</spine></package>": "</spine>"},
    ],
)
def test_a_package_file_with_small_faults_is_read_whole(change: dict[str, str]) -> None:
    document = documents.read(changed(change), "b.epub")
    assert (document.title, document.author) == ("The Lighthouse", "Ada Pharos")
    assert [s.title for s in document.sections] == WHOLE and document.notes == () and document.missing_pages == ()


@pytest.mark.parametrize(
    ("href", "name"),
    [
        ("text/caf%C3%A9.xhtml", "OPS/text/café.xhtml"),
        ("text/part%20one.xhtml", "OPS/text/part one.xhtml"),
        ("text/part%20one.xhtml", "OPS/text/part%20one.xhtml"),
        ("text/cafe\u0301.xhtml", "OPS/text/café.xhtml"),
        ("text/café.xhtml", "OPS/text/cafe\u0301.xhtml"),
        ("text\\c1.xhtml", "OPS/text/c1.xhtml"),
        ("TEXT/C1.XHTML", "OPS/text/c1.xhtml"),
        ("text/c1.xhtml#start", "OPS/text/c1.xhtml"),
        ("../OPS/text/c1.xhtml", "OPS/text/c1.xhtml"),
    ],
)
def test_a_chapter_is_found_however_its_name_is_spelt(href: str, name: str) -> None:
    parts = makers.epub_parts(makers.CHAPTERS)
    parts[name] = parts.pop("OPS/text/c1.xhtml")
    parts["OPS/book.opf"] = str(parts["OPS/book.opf"]).replace("text/c1.xhtml", href)
    parts["OPS/nav.xhtml"] = str(parts["OPS/nav.xhtml"]).replace("text/c1.xhtml", href)
    document = documents.read(makers.archive(parts), "b.epub")
    assert [s.title for s in document.sections] == WHOLE and document.notes == ()


def test_a_book_in_a_folder_with_what_macos_adds_is_read() -> None:
    parts = {f"Light/{name}": part for name, part in makers.epub_parts(makers.CHAPTERS).items()}
    data = makers.archive(parts | {"__MACOSX/Light/OPS/._book.opf": b"\0\5"})
    assert [s.title for s in documents.read(data, "b.epub").sections] == WHOLE


def test_what_the_reading_order_lacks_is_named() -> None:
    document = documents.read(changed({'idref="c1"': 'idref="gone"'}), "b.epub")
    assert [s.title for s in document.sections] == ["One: The Rock", "Three: The Boat"]
    assert document.notes == (
        note("chapters_absent", n=1, which="gone"),
        note("parts_unlisted", n=1, which="“Two: The Lamp” (OPS/text/c1.xhtml)"),
    )
    named = changed({'<item id="c1" href="text/c1.xhtml" media-type="application/xhtml+xml"/>': ""})
    document = documents.read(named, "b.epub")
    assert [s.title for s in document.sections] == WHOLE, "a page that is called like the id is the one that is meant"


def test_what_stands_beside_the_reading_order_is_not_read_and_named() -> None:
    document = documents.read(changed({'<itemref idref="c1"': '<itemref linear="no" idref="c1"'}), "b.epub")
    assert [s.title for s in document.sections] == ["One: The Rock", "Three: The Boat"]
    assert document.notes == (note("parts_aside", n=1, which="“Two: The Lamp” (OPS/text/c1.xhtml)"),)
    parts = makers.epub_parts(makers.CHAPTERS)
    parts["OPS/book.opf"] = str(parts["OPS/book.opf"]).replace("<itemref", '<itemref linear="no"')
    assert len(documents.read(makers.archive(parts), "b.epub").sections) == 3, "where all stands aside, all is read"


def test_one_text_in_several_languages_is_read_in_one() -> None:
    said = {
        "en": "The lamp is lit at dusk.",
        "nl": "De lamp gaat aan bij schemer.",
        "fr": "La lampe est allumée le soir.",
    }
    parts = makers.epub_parts(
        [(f"Lamp {language}", f"<h1>1</h1><p>{words}</p>") for language, words in said.items()], toc=""
    )
    for number, language in enumerate(said):
        page = str(parts.pop(f"OPS/text/c{number}.xhtml"))
        parts[f"OPS/{language}/lamp.xhtml"] = page.replace("<html ", f'<html xml:lang="{language}" lang="{language}" ')
        parts["OPS/book.opf"] = str(parts["OPS/book.opf"]).replace(f"text/c{number}.xhtml", f"{language}/lamp.xhtml")
    parts["OPS/book.opf"] = str(parts["OPS/book.opf"]).replace(
        "<dc:title>", "<dc:language>nl-NL</dc:language><dc:title>"
    )
    document = documents.read(makers.archive(parts), "b.epub")
    assert document.text == "1\n\nDe lamp gaat aan bij schemer.\n\n"
    assert document.notes == (note("translations_left_out", n=2, which="en, fr"),)


def test_two_languages_that_say_different_things_are_both_read() -> None:
    parts = makers.epub_parts(
        [("A", "<p>The lamp is lit.</p>"), ("B", "<p>Het lied van de veerman, dat heel wat langer is.</p>")]
    )
    for number, language in enumerate(("en", "nl")):
        name = f"OPS/text/c{number}.xhtml"
        parts[name] = str(parts[name]).replace("<html ", f'<html lang="{language}" ')
    document = documents.read(makers.archive(parts), "b.epub")
    assert "lamp is lit" in document.text and "veerman" in document.text and document.notes == ()


@pytest.mark.parametrize(
    "ruby",
    ["<ruby>灯台<rp>(</rp><rt>とうだい</rt><rp>)</rp></ruby>守", "<ruby><rb>灯台</rb><rt>とうだい</rt></ruby>守"],
)
def test_words_are_read_without_the_readings_beside_them(ruby: str) -> None:
    document = documents.read(makers.archive(makers.epub_parts([("Only", f"<p>{ruby}</p>")])), "b.epub")
    assert document.text == "灯台守\n\n" and document.notes == (note("readings_left_out", n=1),)


@pytest.mark.parametrize(
    ("locked", "refused"), [("OPS/text/c1.xhtml", True), ("OPS/cover.jpg", False), ("OPS/fonts/a.otf", False)]
)
def test_only_a_locked_text_is_copy_protection(locked: str, refused: bool) -> None:
    parts = makers.epub_parts(makers.CHAPTERS) | {"OPS/cover.jpg": b"x", "OPS/fonts/a.otf": b"x"}
    parts["META-INF/encryption.xml"] = (
        '<encryption><EncryptedData><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/>'
        f'<CipherData><CipherReference URI="{locked}"/></CipherData></EncryptedData></encryption>'
    )
    if refused:
        with pytest.raises(LockedFile, match="copy protection"):
            documents.read(makers.archive(parts), "b.epub")
    else:
        assert [s.title for s in documents.read(makers.archive(parts), "b.epub").sections] == WHOLE


@pytest.mark.parametrize(
    "contents",
    [
        "<ncx><navMap><navPoint><navLabel><text>A</text></navLabel>",
        "<ncx><navMap><navPoint><navLabel><text>A</text></navLabel><content src='gone.xhtml'/></navPoint></navMap></ncx>",
        "no xml at all",
    ],
)
def test_with_a_broken_table_of_contents_the_headings_count(contents: str) -> None:
    parts = makers.epub_parts(makers.CHAPTERS, toc="ncx") | {"OPS/toc.ncx": contents}
    assert [s.title for s in documents.read(makers.archive(parts), "b.epub").sections] == [
        "The Rock",
        "The Lamp",
        "The Boat",
    ]


def test_the_main_title_is_the_title() -> None:
    titles = '<dc:title id="s">A History</dc:title><dc:title id="t">The Light</dc:title><meta refines="#t" property="title-type">main</meta>'
    document = documents.read(changed({"<dc:title>The Lighthouse</dc:title>": titles}), "b.epub")
    assert document.title == "The Light"


def test_chapters_may_be_in_other_encodings() -> None:
    parts = makers.epub_parts(makers.CHAPTERS)
    page = '<?xml version="1.0" encoding="{}"?><html><body><h1>Café</h1><p>Één ruïne – “lamp”.</p></body></html>'
    parts["OPS/text/c1.xhtml"] = page.format("windows-1252").encode("cp1252")
    parts["OPS/text/c2.xhtml"] = page.format("utf-16").encode("utf-16")
    document = documents.read(makers.archive(parts), "b.epub")
    assert document.pages[1:] == ("Café\n\nÉén ruïne – “lamp”.\n\n",) * 2 and document.notes == ()


def test_a_drawing_in_the_reading_order_is_read() -> None:
    parts = makers.epub_parts([("One", "<p>The lamp.</p>")])
    package = str(parts["OPS/book.opf"])
    package = package.replace("</manifest>", '<item id="map" href="map.svg" media-type="image/svg+xml"/></manifest>')
    parts["OPS/book.opf"] = package.replace("</spine>", '<itemref idref="map"/></spine>')
    parts["OPS/map.svg"] = '<svg xmlns="http://www.w3.org/2000/svg"><text>A map of Orrin</text></svg>'
    assert documents.read(makers.archive(parts), "a.epub").text.rstrip().endswith("A map of Orrin")
