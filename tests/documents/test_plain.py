"""HTML, Markdown and plain text."""

from __future__ import annotations

import pytest

import documents
from documents.model import note

PROSE = "The sea lay flat and grey around the rock, and nobody came for a long time. " * 4


def test_html_headings_make_sections_and_menus_are_left_out() -> None:
    source = f"""<!doctype html><html><head><title>Rock &amp; Lamp</title><meta name="Author" content="Ada Pharos">
    <style>p {{ color: red }}</style></head><body><nav><a href="/">Home</a></nav><h1>Light</h1><p>{PROSE}</p>
    <h2>Rock</h2><p>flat   <b>gr</b>ey<script>alert(1)</script></p><h2>Lamp</h2>
    <pre>a\n  b</pre><table><tr><td>oil<td>7</table><p hidden>secret</p></body></html>"""
    document = documents.read(source.encode(), "page.html")
    assert (document.title, document.author, document.format) == ("Rock & Lamp", "Ada Pharos", "html")
    assert [(s.title, s.level, s.page) for s in document.sections] == [("Light", 1, 1), ("Rock", 1, 2), ("Lamp", 1, 3)]
    assert document.pages[1:] == ("Rock\n\nflat grey\n\n", "Lamp\n\na\n  b\n\noil | 7\n")


def test_html_encoding_is_taken_from_the_page() -> None:
    source = '<html><head><meta charset="iso-8859-2"></head><body><p>Łódź</p></body></html>'
    assert documents.read(source.encode("iso-8859-2"), "a.html").text == "Łódź\n"


def test_deep_nesting_does_not_exhaust_the_stack() -> None:
    source = "<html><body>" + "<div>" * 5_000 + "deep" + "</div>" * 5_000
    assert documents.read(source.encode(), "a.html").text == "deep\n"


def test_an_empty_list_item_leaves_no_mark() -> None:
    source = "<html><body><ul><li></li><li>oars</li></ul></body></html>"
    assert documents.read(source.encode(), "a.html").text == "- oars\n"


def test_markdown_headings_outside_code_make_sections() -> None:
    source = (
        '---\ntitle: "Rock and Lamp"\nauthor: Ada Pharos\n---\n# The **Rock** #\nflat\n```\n# no heading\n```\n'
        "## [Birds](b.md) {#birds}\ngulls\n\nThe Lamp\n========\nlit\n\n- item\n---\nend\n"
    )
    document = documents.read(source.encode(), "notes.md")
    assert (document.title, document.author, document.format) == ("Rock and Lamp", "Ada Pharos", "markdown")
    assert [(s.title, s.level, s.page) for s in document.sections] == [
        ("The Rock", 1, 1),
        ("Birds", 2, 2),
        ("The Lamp", 1, 3),
    ]
    assert document.pages[1] == "Birds\n\ngulls\n\n"
    assert document.text.startswith("The Rock\n\nflat\n\n# no heading\n")


@pytest.mark.parametrize(
    ("headings", "titles"),
    [
        (["CHAPTER I", "CHAPTER II", "CHAPTER III"], ["CHAPTER I", "CHAPTER II", "CHAPTER III"]),
        (
            ["CHAPTER I.\nDown the Hole", "CHAPTER II.\n\nThe Pool"],
            ["CHAPTER I. Down the Hole", "CHAPTER II. The Pool"],
        ),
        (
            ["Chapter 12. Biographical", "Chapter 13. Wheelbarrow"],
            ["Chapter 12. Biographical", "Chapter 13. Wheelbarrow"],
        ),
        (
            ["Chapter One: Rock", "Chapter Twenty-one", "EPILOGUE"],
            ["Chapter One: Rock", "Chapter Twenty-one", "EPILOGUE"],
        ),
        (["I", "II", "III", "IV"], ["I", "II", "III", "IV"]),
    ],
)
def test_chapter_headings_in_plain_text(headings: list[str], titles: list[str]) -> None:
    source = "\n\n".join(f"{heading}\n\n{PROSE}\n{PROSE}" for heading in headings)
    document = documents.read(source.encode(), "book.txt")
    assert [s.title for s in document.sections] == titles
    assert [s.level for s in document.sections] == [1] * len(titles)
    assert len(document.pages) == len(titles)


def test_books_hold_their_chapters() -> None:
    chapters = "\n\n".join(f"CHAPTER {n}\n\n{PROSE}" for n in ("I", "II"))
    source = f"The Lighthouse\n\nPART ONE\n\n{chapters}\n\nPART TWO\n\n{chapters}\n\nEPILOGUE\n\n{PROSE}"
    document = documents.read(source.encode(), "book.txt")
    assert document.title == "The Lighthouse"
    assert [(s.title, s.level) for s in document.sections] == [
        ("PART ONE", 1),
        ("CHAPTER I", 2),
        ("CHAPTER II", 2),
        ("PART TWO", 1),
        ("CHAPTER I", 2),
        ("CHAPTER II", 2),
        ("EPILOGUE", 1),
    ]


def test_a_table_of_contents_makes_no_sections() -> None:
    names = ["Chapter 1. Rock", "Chapter 2. Lamp", "Chapter 3. Boat"]
    source = "\n\n".join(["Light", *names]) + "\n\n\n" + "\n\n".join(f"{name}\n\n{PROSE}{PROSE}" for name in names)
    document = documents.read(source.encode(), "book.txt")
    assert [s.title for s in document.sections] == names
    assert document.text[document.sections[1].start :].startswith(f"Chapter 2. Lamp\n\n{PROSE[:20]}")


def test_sentences_that_begin_like_a_heading_make_none() -> None:
    source = (
        f"{PROSE}\n\nPart of the rock broke off.\n\nChapter 3 was, he thought, the best of them,\nand he said so.\n"
    )
    assert len(documents.read(source.encode(), "a.txt").sections) == 1


def test_title_and_author_of_a_gutenberg_text() -> None:
    source = (
        "The Project Gutenberg eBook of Light\n\nTitle: Light; or, The Rock\n\nAuthor: Ada Pharos\n\n"
        f"*** START OF THE PROJECT GUTENBERG EBOOK LIGHT ***\n\nCHAPTER I\n\n{PROSE}\n\nCHAPTER II\n\n{PROSE}\n\n"
        f"*** END OF THE PROJECT GUTENBERG EBOOK LIGHT ***\n\n{PROSE}"
    )
    document = documents.read(source.encode(), "pg1.txt")
    assert (document.title, document.author) == ("Light; or, The Rock", "Ada Pharos")
    assert [s.title for s in document.sections][-2:] == ["CHAPTER II", "About this e-book"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_encodings(encoding: str) -> None:
    source = "Der Leuchtturmwärter schrieb täglich über Öl, Größe und Wetter – „für später“.\r\n" * 9
    document = documents.read(source.encode(encoding), "a.txt")
    assert document.text == source.replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("the_last-light.txt", "The last-light"),
        ("C:\\books\\moby-dick.txt", "Moby dick"),
        ("notes.v2.txt", "Notes.v2"),
        ("___.txt", "Untitled"),
    ],
)
def test_without_a_title_the_name_is_tidied(name: str, title: str) -> None:
    document = documents.read(b"a first line of prose that goes on,\nand on.\n", name)
    assert document.title == title
    assert [(s.title, s.start, s.end) for s in document.sections] == [(title, 0, len(document.text))]


@pytest.mark.parametrize(
    "headings",
    [
        ["Hoofdstuk 1", "Hoofdstuk 2"],
        ["Eerste hoofdstuk", "Tweede hoofdstuk", "Nawoord"],
        ["Voorwoord", "Deel een", "HOOFDSTUK III. De brug"],
        ["Kapitel 1", "Kapitel 2: Die Brücke"],
        ["Erstes Kapitel", "Zweites Kapitel", "3. Kapitel"],
        ["Chapitre premier", "Chapitre deux", "Épilogue"],
        ["Capítulo 1", "Capítulo 2. Él vuelve"],
        ["Capitolo primo", "Capitolo secondo"],
        ["Глава первая", "Глава 2", "Эпилог"],
        ["Rozdział 1", "Rozdział 2"],
        ["Första kapitlet", "Kapitel 1", "Kapitel 2"][1:],
        ["第一章　灯塔", "第二章　桥"],
        ["1. fejezet", "2. fejezet"],
    ],
)
def test_chapters_are_known_in_other_languages(headings: list[str]) -> None:
    source = "\n\n".join(f"{heading}\n\n{PROSE}\n{PROSE}" for heading in headings)
    document = documents.read(source.encode(), "het_boek.txt")
    assert [s.title for s in document.sections] == [" ".join(heading.split()) for heading in headings]
    assert document.title == "Het boek", "a chapter's heading is no title of the book"


@pytest.mark.parametrize("heading", ["Chapter {}", "CHAPTER {}. The Rock", "Hoofdstuk {}", "Kapitel {}"])
def test_chapters_without_blank_lines_are_known_where_they_count_up(heading: str) -> None:
    source = "".join(f"{heading.format(number)}\n{PROSE}\n{PROSE}\n" for number in (1, 2, 3))
    assert [s.title for s in documents.read(source.encode(), "a.txt").sections] == [
        heading.format(n) for n in (1, 2, 3)
    ]
    alone = f"{PROSE}\n{heading.format(7)}\n{PROSE}\n"
    assert len(documents.read(alone.encode(), "a.txt").sections) == 1


def test_numbered_titles_and_marked_titles_are_headings() -> None:
    for titles in (["1. Safety", "2. Ropes", "3. Oil"], ["## Safety", "## Ropes", "## Oil"]):
        source = "\n\n".join(f"{title}\n\n{PROSE}" for title in titles)
        assert [s.title for s in documents.read(source.encode(), "a.txt").sections] == [
            t.removeprefix("## ") for t in titles
        ]
    listed = "Bring:\n\n1. Ropes for the boat.\n\n2. Oil for the lamp.\n\n3. Bread.\n"
    assert len(documents.read(listed.encode(), "a.txt").sections) == 1


def test_long_chapters_are_divided_into_parts_between_paragraphs() -> None:
    paragraphs = "\n\n".join(f"Day {number}. {PROSE}" for number in range(90))
    document = documents.read(f"CHAPTER I\n\n{paragraphs}\n\nCHAPTER II\n\n{PROSE}".encode(), "a.txt")
    assert [(s.title, s.page) for s in document.sections] == [
        ("CHAPTER I", 1),
        ("CHAPTER II", 6),
    ]
    assert len(document.pages) == 6 and max(map(len, document.pages)) <= 7500
    assert all(part.startswith("Day ") for part in document.pages[1:5])
    assert "".join(document.pages) == document.text
    line = documents.read(b"x" * 20_000, "a.txt")
    assert len(line.pages) == 4 and "".join(line.pages) == line.text


@pytest.mark.parametrize(
    "header",
    [
        '---\ntitle: "Rock"\nauthor: Ada Pharos\n---\n',
        "---\n# made by a tool\ntitle: Rock\nauthor:\n  - Ada Pharos\n...\n",
        "--- \r\ntitle: >\r\n  Rock\r\nauthor: {name: Ada Pharos}\r\n--- \r\n",
        '+++\ntitle = "Rock"\nauthor = "Ada Pharos"\n+++\n',
        '{"title": "Rock", "author": "Ada Pharos"}\n\n',
        "% Rock\n% Ada Pharos\n\n",
        "Title: Rock\nAuthor: Ada Pharos\n\n",
        "---\ntitle: Rock\nauthor: Ada: Pharos [\n---\n",
    ],
)
def test_front_matter_gives_title_and_author_and_is_no_text(header: str) -> None:
    document = documents.read(f"{header}\n# The Lamp\n\nIt is lit.\n".encode(), "notes.md")
    assert document.title == "Rock" and document.author in ("Ada Pharos", "Ada: Pharos [")
    assert document.text == "The Lamp\n\nIt is lit.\n" and document.notes == ()


def test_other_fields_of_front_matter_are_named() -> None:
    document = documents.read(b"---\ntitle: Rock\ndate: 2031-01-02\ntags: [a, b]\n---\nLit.\n", "notes.md")
    assert document.notes == (note("front_matter_left_out", n=2, which="date, tags"),)


@pytest.mark.parametrize(
    "start", ["---\nA line between rules.\n---\n\nLit.", "---\n\nLit.", "- one\n- two", "Note: lit\n\nDark."]
)
def test_what_only_looks_like_front_matter_is_read(start: str) -> None:
    text = documents.read(start.encode(), "notes.md").text
    assert all(word in text for word in ("Lit.", "one", "Note: lit", "A line between rules.") if word in start)


def test_markdown_is_read_as_it_is_shown() -> None:
    source = (
        "# Lamp\n\n<!--\n# no heading\n-->\n\n<pre>\n# nor this\n</pre>\n\n    # nor this\n\nThe **north** li_g_ht [burns](http://x) `all` "
        "caf&eacute;\n> north\n> light\n\n| Port | Depth |\n|---|---|\n| Orrin | 27 m |\n\nOver two\nlines\n===\n\n~~old~~ <span hidden>unseen</span>new\n"
    )
    document = documents.read(source.encode(), "notes.md")
    assert [s.title for s in document.sections] == ["Lamp", "Over two lines"]
    assert document.text == (
        "Lamp\n\n# nor this\n\n# nor this\n\nThe north li_g_ht burns all café\n\nnorth light\n\nPort | Depth\nOrrin | 27 m\n\nOver two lines\n\n"
        "~~old~~ new\n"
    )
    assert document.notes == (note("hidden_left_out", n=1),)


def test_a_chapter_called_introduction_is_one_chapter() -> None:
    text = "".join(
        f"Chapter {n}\n\n{title}\n\n{'The lamp is lit. ' * 9}\n\n" for n, title in ((1, "Introduction"), (2, "Dusk"))
    )
    document = documents.read(text.encode(), "a.txt")
    assert [section.title for section in document.sections] == ["Chapter 1. Introduction", "Chapter 2. Dusk"]


def test_footnotes_of_markdown_are_read_however_short_they_are() -> None:
    source = "It burns.[^1] See [there][x].[^b]\n[^1]: Ibid.\n[^b]: A long\n  note.\n[x]: http://lamp.org\n\n    [^c]: code\n"
    assert documents.read(source.encode(), "a.md").text.split("\n\n") == [
        "It burns.[^1] See there.[^b]", "[^1]: Ibid.", "[^b]: A long note.", "[^c]: code\n",
    ]  # fmt: skip
