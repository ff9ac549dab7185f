"""OpenDocument texts (ODT): headings, lists with their numbers, tables by row, notes where they are called."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from documents.archive import Archive
from documents.errors import DamagedFile, LockedFile
from documents.model import Note, Parsed, note
from documents.styles import TITLE, level_of, says_something
from documents.writer import TextWriter
from documents.xml import Xml, attribute, children, descendants, local, read_xml, words

_KIND = "an OpenDocument text"
_PASSED = frozenset(
    "tracked-changes forms sequence-decls table-of-content alphabetical-index illustration-index table-index bibliography "
    "object-index user-index note-citation annotation-end title desc image plugin event-listeners ruby-text hidden-text "
    "hidden-paragraph variable-decls user-field-decls soft-page-break".split()
)


def parse_odt(data: bytes, name: str) -> Parsed:
    """The text with its headings. Raises DamagedFile, LockedFile, UnpacksTooLarge."""
    if data.startswith(b"PK"):
        with Archive(data, name, _KIND) as archive:
            manifest = archive.find("META-INF/manifest.xml")
            if manifest and b"encryption-data" in archive.read(manifest):
                advice = "Open it in a word processor, save it without the password and try again."
                raise LockedFile(name, "with a password of its own", advice)
            parts = [
                read_xml(archive.read(entry)) if entry else Xml(None, False)
                for entry in map(archive.find, ("content.xml", "styles.xml", "meta.xml"))
            ]
    else:
        parts = [read_xml(data)] * 3
    content, styles, meta = (part.root for part in parts)
    body = (
        next((found for found in descendants(content, "text") if local(found.getparent()) == "body"), None)
        if content is not None
        else None
    )
    if body is None:
        raise DamagedFile(name, _KIND, "its text cannot be found")
    reader = _Reader(content, styles)
    for head in reader.running("header"):
        reader.writer.paragraph(head)
    reader.read(body)
    for foot in reader.running("footer"):
        reader.writer.paragraph(foot)
    text = reader.writer.text
    author = (
        next((words(one) for kind in ("creator", "initial-creator") for one in descendants(meta, kind)), None)
        if meta is not None
        else None
    )
    return Parsed(
        pages=(text,),
        headings=tuple(heading for heading in reader.writer.headings if heading.start < len(text)),
        title=next((words(one) for one in descendants(meta, "title")), None) if meta is not None else None,
        heading_title=reader.title
        or next((heading.title for heading in reader.writer.headings if heading.level == 1), None),
        author=author,
        notes=reader.notes() + ((note("parts_damaged", n=1, which="content.xml"),) if parts[0].mended else ()),
    )


@dataclass
class _List:
    style: str
    depth: int
    number: int = 0


@dataclass
class _Reader:
    """Writes the body of one text."""

    content: Any
    styles: Any
    writer: TextWriter = field(default_factory=TextWriter)
    title: str | None = None
    comments: int = 0
    hidden: int = 0

    def __post_init__(self) -> None:
        roots = [root for root in (self.styles, self.content) if root is not None]
        self._parents: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._unseen: set[str] = set()
        self._numbered: dict[tuple[str, int], str] = {}
        for root in roots:
            for style in descendants(root, "style"):
                key = attribute(style, "name")
                self._parents[key] = attribute(style, "parent-style-name")
                self._names[key] = attribute(style, "display-name") or key
                if any(attribute(one, "display") == "none" for one in children(style, "text-properties")):
                    self._unseen.add(key)
            for style in descendants(root, "list-style"):
                for level in children(style, "list-level-style-number"):
                    if attribute(level, "num-format"):
                        depth = attribute(level, "level")
                        mark = f"{attribute(level, 'num-prefix')}%{attribute(level, 'num-suffix')}"
                        self._numbered[attribute(style, "name"), int(depth) if depth.isdigit() else 1] = mark

    def notes(self) -> tuple[Note, ...]:
        """What was left out."""
        found = [note("comments_left_out", n=self.comments)] if self.comments else []
        return tuple(found + ([note("hidden_left_out", n=self.hidden)] if self.hidden else []))

    def running(self, kind: str) -> list[str]:
        """The headers or footers that say more than a page number, each once."""
        if self.styles is None:
            return []
        said = [self._words(one) for page in descendants(self.styles, "master-page") for one in children(page, kind)]
        return [one for one in dict.fromkeys(said) if says_something(one)]

    def read(self, body: Any) -> None:
        """Writes all that is in the body, without recursion."""
        lists: list[_List] = []
        pending: list[tuple[Any, bool]] = [(body, True)]
        writer = self.writer
        while pending:
            element, entering = pending.pop()
            tag = local(element)
            if tag in _PASSED:
                self.hidden += entering and tag.startswith("hidden")
                continue
            if not entering:
                if tag == "list":
                    lists.pop()
                elif tag in ("table", "sub-table"):
                    writer.end_table()
                elif tag == "table-row":
                    writer.end_row()
                elif tag == "table-cell":
                    writer.end_cell()
                continue
            if tag in ("p", "h"):
                pending += ((box, True) for box in reversed(self._paragraph(element, tag)))
                continue
            if tag == "list":
                style = attribute(element, "style-name") or (lists[-1].style if lists else "")
                lists.append(_List(style, len(lists) + 1))
            elif tag in ("list-item", "list-header") and lists:
                self._item(lists[-1], tag)
            elif tag in ("table", "sub-table"):
                writer.start_table()
            elif tag == "table-row":
                writer.start_row()
            elif tag == "table-cell":
                rows, columns = (attribute(element, f"number-{kind}-spanned") for kind in ("rows", "columns"))
                flat = not any(local(one) in ("table", "list", "h") for one in element)
                writer.start_cell(
                    rows=int(rows) if rows.isdigit() else 1, columns=int(columns) if columns.isdigit() else 1, flat=flat
                )
            pending.append((element, False))
            pending += ((child, True) for child in reversed(element))

    def _item(self, of: _List, tag: str) -> None:
        mark = self._numbered.get((of.style, of.depth))
        of.number += tag == "list-item"
        self.writer.break_line(1)
        self.writer.start_item(f"{mark.replace('%', str(of.number))} " if mark else "- ")

    def _paragraph(self, element: Any, tag: str) -> list[Any]:
        """Writes a paragraph; returns the text boxes that are anchored in it."""
        style = attribute(element, "style-name")
        if self._is_unseen(style):
            self.hidden += 1
            return []
        level = (
            int(attribute(element, "outline-level") or 1)
            if tag == "h" and attribute(element, "outline-level").isdigit()
            else None
        )
        level = level or (1 if tag == "h" else self._level(style))
        text, boxes = self._inline(element)
        writer = self.writer
        writer.break_line(2)
        if level == TITLE:
            self.title = self.title or " ".join(text.split()) or None
        if level and level > 0:
            writer.start_heading()
        for number, line in enumerate(text.split("\n")):
            if number:
                writer.break_line(1)
            writer.write(line)
        if level and level > 0:
            writer.end_heading(level)
        writer.end_item()
        writer.break_line(2)
        return boxes

    def _level(self, style: str) -> int | None:
        for _ in range(20):
            level = level_of(self._names.get(style, style))
            if level is not None or not style:
                return level
            style = self._parents.get(style, "")
        return None

    def _is_unseen(self, style: str) -> bool:
        for _ in range(20):
            if style in self._unseen:
                return True
            style = self._parents.get(style, "")
        return False

    def _inline(self, paragraph: Any) -> tuple[str, list[Any]]:
        parts: list[str] = []
        boxes: list[Any] = []
        pending: list[Any] = [paragraph]
        first = True
        while pending:
            element = pending.pop()
            if isinstance(element, str):
                parts.append(element)
                continue
            tag = local(element)
            if not first and element.tail:
                pending.append(element.tail)
            if tag in _PASSED or (tag == "span" and self._is_unseen(attribute(element, "style-name"))):
                self.hidden += tag == "span" or tag.startswith("hidden")
                continue
            if tag == "annotation":
                self.comments += 1
            elif tag == "s":
                count = attribute(element, "c")
                parts.append(" " * (min(int(count), 1000) if count.isdigit() else 1))
            elif tag == "tab":
                parts.append("\t")
            elif tag == "line-break":
                parts.append("\n")
            elif tag == "note":
                said = " ".join(self._words(one) for one in children(element, "note-body"))
                parts.append(f" [{said}]" if said else "")
            elif tag in ("frame", "text-box", "custom-shape", "g", "rect", "ellipse"):
                boxes.append(element)
            else:
                pending += reversed(element)
                if element.text:
                    pending.append(element.text)
            first = False
        return "".join(parts), boxes

    def _words(self, element: Any) -> str:
        said = [self._inline(one)[0] for one in element.iter() if local(one) in ("p", "h")]
        return " ".join(" ".join(said).split())
