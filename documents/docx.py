"""Word documents: paragraphs and tables in order, sections from heading styles."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import docx
from docx.opc.exceptions import OpcError
from docx.oxml.ns import qn
from lxml.etree import LxmlError

from documents.archive import Archive
from documents.errors import PARSER_FAULTS, DamagedFile
from documents.model import Heading, Parsed

_KIND = "a Word document"
_FAULTS = (*PARSER_FAULTS, OpcError, LxmlError, zipfile.BadZipFile)
_HEADING_NAME = re.compile(r"heading\s*([1-9])$", re.I)
_TOC_NAME = re.compile(r"toc\s*(\d|heading)", re.I)
_SKIPPED = ("txbxContent", "Fallback", "del", "moveFrom", "pPr", "rPr")


@dataclass
class _Body:
    parts: list[str] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    title: str | None = None
    length: int = 0

    def add(self, text: str, end: str) -> None:
        self.parts += (text, end)
        self.length += len(text) + len(end)


def parse_docx(data: bytes, name: str) -> Parsed:
    """The document's text with its headings. Raises DamagedFile, LockedFile, UnpacksTooLarge."""
    with Archive(data, name, _KIND) as archive:
        for entry in archive.names():
            if entry.endswith((".xml", ".rels")):  # what python-docx will parse: held to the limit, and whole
                archive.read(entry)
    try:
        document = docx.Document(io.BytesIO(data))
        body = _Body()
        levels = _style_levels(document)
        for block in _blocks(document.element.body):
            _add(block, body, levels)
        properties = document.core_properties
        title, author = properties.title, properties.author
    except _FAULTS as error:
        raise DamagedFile(name, _KIND, "its text cannot be found") from error
    return Parsed(
        pages=("".join(body.parts),),
        headings=tuple(body.headings),
        title=title,
        heading_title=body.title or next((h.title for h in body.headings if h.level == 1), None),
        author=author if author != "python-docx" else None,
    )


def _style_levels(document: Any) -> Any:
    """A function from style id to heading level: 1 to 9, 0 for the title, None for text, -1 for contents entries."""
    styles = {style.get(qn("w:styleId")): style for style in document.styles.element.findall(qn("w:style"))}

    @cache
    def level(style_id: str | None) -> int | None:
        seen: set[str] = set()
        while style_id is not None and style_id in styles and style_id not in seen:
            seen.add(style_id)
            style = styles[style_id]
            named = style.find(qn("w:name"))
            style_name = named.get(qn("w:val"), "") if named is not None else ""
            if style_name.lower() == "title":
                return 0
            if _TOC_NAME.match(style_name):
                return -1
            heading = _HEADING_NAME.match(style_name)
            if heading:
                return int(heading[1])
            outline = _outline_level(style)
            if outline is not None:
                return outline
            based = style.find(qn("w:basedOn"))
            style_id = based.get(qn("w:val")) if based is not None else None
        return None

    return level


def _outline_level(element: Any) -> int | None:
    found = element.find(f"{qn('w:pPr')}/{qn('w:outlineLvl')}")
    value = found.get(qn("w:val"), "9") if found is not None else "9"
    return int(value) + 1 if value.isdigit() and int(value) < 9 else None


def _blocks(parent: Any) -> Iterator[Any]:
    """Paragraphs and tables in order, through content controls and the like."""
    pending = list(reversed(list(parent)))
    while pending:
        element = pending.pop()
        if element.tag in (qn("w:p"), qn("w:tbl")):
            yield element
        elif isinstance(element.tag, str) and _local(element) not in _SKIPPED:
            pending += reversed(list(element))


def _add(block: Any, body: _Body, levels: Any) -> None:
    if block.tag == qn("w:tbl"):
        for row in block.iter(qn("w:tr")):
            cells = [" ".join(_cell_text(cell).split()) for cell in row.findall(qn("w:tc"))]
            if any(cells):
                body.add(" | ".join(cells), "\n")
        body.add("", "\n")
        return
    text = paragraph_text(block).strip("\n")
    if not text.strip():
        return
    style = block.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
    level = _outline_level(block) or levels(style.get(qn("w:val")) if style is not None else None)
    title = " ".join(text.split())
    if level == -1:
        return
    if level == 0:
        body.title = body.title or title
    elif level is not None and len(title) <= 300:
        body.headings.append(Heading(title, level, body.length))
    body.add(text, "\n\n")


def _cell_text(cell: Any) -> str:
    return " ".join(paragraph_text(paragraph) for paragraph in cell.findall(qn("w:p")))


def paragraph_text(paragraph: Any) -> str:
    """The words of one paragraph: insertions are kept, deletions and text boxes are not."""
    words: list[str] = []
    pending = list(reversed(list(paragraph)))
    while pending:
        element = pending.pop()
        if not isinstance(element.tag, str) or _local(element) in _SKIPPED:
            continue
        if element.tag == qn("w:t"):
            words.append(element.text or "")
        elif element.tag in (qn("w:tab"), qn("w:ptab")):
            words.append("\t")
        elif element.tag in (qn("w:br"), qn("w:cr")):
            words.append("\n")
        elif element.tag == qn("w:noBreakHyphen"):
            words.append("-")
        else:
            pending += reversed(list(element))
    return "".join(words)


def _local(element: Any) -> str:
    return str(element.tag).rpartition("}")[2]
