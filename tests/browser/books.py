"""Real files for the page's tests, made on the spot."""

from __future__ import annotations

import zipfile
from pathlib import Path

SENTENCES = (
    "The lamp was lit before the tide turned.",
    "Gulls stood along the wall like a jury.",
    "She wrote the hour and the wind in the log.",
    "Nobody came up the stair that week.",
    "The oil was low and the glass was clean.",
)


def prose(title: str, chapters: int, sentences: int) -> str:
    """Markdown with a heading a chapter; every chapter differs from the others."""
    parts = [f"# {title}\n"]
    for chapter in range(1, chapters + 1):
        lines = [f"{SENTENCES[(chapter * line) % 5]} It was note {chapter * 1000 + line}." for line in range(sentences)]
        parts.append(f"## Watch {chapter}\n\n" + " ".join(lines) + "\n")
    return "\n".join(parts)


def text_file(folder: Path, name: str, chapters: int = 3, sentences: int = 40) -> Path:
    """A Markdown file whose title is its name."""
    path = folder / f"{name.lower().replace(' ', '-')}.md"
    path.write_text(prose(name, chapters, sentences), encoding="utf-8")
    return path


def epub_file(folder: Path, title: str, author: str) -> Path:
    """A small EPUB 3 with two chapters and a table of contents."""
    path = folder / "small-book.epub"
    chapter = (
        "<html xmlns='http://www.w3.org/1999/xhtml'><head><title>{0}</title></head><body><h1>{0}</h1>{1}</body></html>"
    )
    body = "".join(f"<p>{sentence}</p>" for sentence in SENTENCES)
    nav = (
        "<html xmlns='http://www.w3.org/1999/xhtml' xmlns:epub='http://www.idpf.org/2007/ops'>"
        "<head><title>Contents</title></head><body><nav epub:type='toc'><ol><li><a href='one.xhtml'>Dusk</a></li>"
        "<li><a href='two.xhtml'>Dawn</a></li></ol></nav></body></html>"
    )
    package = (
        "<?xml version='1.0'?><package xmlns='http://www.idpf.org/2007/opf' version='3.0' unique-identifier='id'>"
        "<metadata xmlns:dc='http://purl.org/dc/elements/1.1/'><dc:identifier id='id'>urn:test:1</dc:identifier>"
        f"<dc:title>{title}</dc:title><dc:creator>{author}</dc:creator><dc:language>en</dc:language></metadata>"
        "<manifest><item id='n' href='nav.xhtml' media-type='application/xhtml+xml' properties='nav'/>"
        "<item id='a' href='one.xhtml' media-type='application/xhtml+xml'/>"
        "<item id='b' href='two.xhtml' media-type='application/xhtml+xml'/></manifest>"
        "<spine><itemref idref='a'/><itemref idref='b'/></spine></package>"
    )
    container = (
        "<?xml version='1.0'?><container version='1.0' xmlns='urn:oasis:names:tc:opendocument:xmlns:container'>"
        "<rootfiles><rootfile full-path='book.opf' media-type='application/oebps-package+xml'/></rootfiles></container>"
    )
    with zipfile.ZipFile(path, "w") as book:
        book.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        book.writestr("META-INF/container.xml", container)
        book.writestr("book.opf", package)
        book.writestr("nav.xhtml", nav)
        book.writestr("one.xhtml", chapter.format("Dusk", body))
        book.writestr("two.xhtml", chapter.format("Dawn", body))
    return path
