from __future__ import annotations

import pytest

import documents
from documents import DamagedFile, LockedFile, NoText, UnpacksTooLarge
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


@pytest.mark.parametrize("broken", ["absent", "bad checksum"])
def test_a_broken_chapter_is_left_out_and_named(broken: str) -> None:
    parts = makers.epub_parts(makers.CHAPTERS)
    if broken == "absent":
        del parts["OPS/text/c1.xhtml"]
        data = makers.archive(parts)
    else:
        data = makers.declare_size(makers.archive(parts), "OPS/text/c1.xhtml", 61)
    document = documents.read(data, "b.epub")
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


def test_an_entity_bomb_in_the_package_is_refused() -> None:
    parts = makers.epub_parts(makers.CHAPTERS)
    bomb = '<!DOCTYPE p [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    parts["OPS/book.opf"] = str(parts["OPS/book.opf"]).replace("<package", bomb + "<package").replace("Ada", "&b;")
    with pytest.raises(DamagedFile, match="package file"):
        documents.read(makers.archive(parts), "b.epub")


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
