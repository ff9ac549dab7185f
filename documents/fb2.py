"""FictionBook: sections with their titles, verses and notes, without the pictures that the file carries."""

from __future__ import annotations

import re
from typing import Any

from documents.archive import Archive
from documents.errors import DamagedFile
from documents.model import Heading, Note, Parsed, note
from documents.writer import TextWriter
from documents.xml import attribute, children, descendants, local, read_xml, words

_KIND = "a FictionBook (FB2)"
_BINARY = re.compile(rb"<binary\b[^<]*+(?:</binary>|$)")
_PARAGRAPHS = frozenset({"p", "v", "subtitle", "text-author", "date"})
_BLOCKS = frozenset({"section", "epigraph", "poem", "stanza", "cite", "annotation", "body", "title"})


def parse_fb2(data: bytes, name: str) -> Parsed:
    """The book's text with its sections. Raises DamagedFile, UnpacksTooLarge."""
    if data.startswith(b"PK"):
        with Archive(data, name, _KIND) as archive:
            data = archive.read(next(entry for entry in archive.names() if entry.lower().endswith(".fb2")))
    root, mended = read_xml(_BINARY.sub(b"", data))
    bodies = list(descendants(root, "body")) if root is not None else []
    if not bodies:
        raise DamagedFile(name, _KIND, "its text cannot be found")
    writer = TextWriter()
    for body in bodies:
        _write(body, writer)
    info = next(descendants(root, "title-info"), None)
    cut_off = b"</FictionBook" not in data[-2000:]
    notes: tuple[Note, ...] = (
        (note("cut_off") if cut_off else note("parts_damaged", n=1, which=name),) if mended else ()
    )
    return Parsed(
        pages=(writer.text,),
        headings=tuple(heading for heading in writer.headings if heading.start < len(writer.text)),
        title=next((words(title) for title in descendants(info, "book-title")), None) if info is not None else None,
        author=", ".join(filter(None, map(_person, children(info, "author")))) or None if info is not None else None,
        notes=notes,
    )


def _person(author: Any) -> str:
    parts = [words(part) for kind in ("first-name", "middle-name", "last-name") for part in children(author, kind)]
    return " ".join(filter(None, parts)) or " ".join(words(part) for part in children(author, "nickname"))


def _write(body: Any, writer: TextWriter) -> None:
    depth = 0
    pending: list[tuple[Any, bool]] = [(body, True)]
    while pending:
        element, entering = pending.pop()
        tag = local(element)
        if not entering:
            depth -= tag == "section"
            if tag in _BLOCKS:
                writer.break_line(2)
            continue
        pending.append((element, False))
        depth += tag == "section"
        if tag == "title":
            writer.break_line(2)
            start = writer.length
            for line in element:
                writer.break_line(1)
                writer.write(words(line))
            if writer.length > start:
                title = ". ".join(filter(None, (words(line).rstrip(".") for line in element)))
                writer.headings.append(Heading(title, max(1, depth), start))
        elif tag == "table":
            writer.start_table()
            for row in descendants(element, "tr"):
                writer.cells(words(cell) for cell in row if local(cell) in ("td", "th"))
            writer.end_table()
        elif tag in _PARAGRAPHS:
            writer.break_line(1 if tag == "v" else 2)
            _inline(element, writer)
            writer.break_line(1 if tag == "v" else 2)
        elif tag == "empty-line":
            writer.break_line(2)
        elif tag not in ("image", "binary"):
            pending += ((child, True) for child in reversed(element))


def _inline(paragraph: Any, writer: TextWriter) -> None:
    """The words of a paragraph; the mark of a note stands in brackets."""
    text = paragraph.text or ""
    for child in paragraph:
        said = "".join(child.itertext())
        if local(child) == "a" and attribute(child, "type") == "note":
            said = f"[{said.strip().strip('[]')}]"
        text += said + (child.tail or "")
    writer.write(text)
