"""Word documents: all that is on the page in order, as it reads with every change accepted; sections from heading styles.

The parts of the file are read as XML and not through a library's model of them: what such a model does not know (text boxes, content
controls, notes, numbers of lists) it leaves out without a word, and it refuses files that Word opens.
"""

from __future__ import annotations

import posixpath
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from documents.archive import Archive
from documents.decode import visible
from documents.errors import DamagedFile, DocumentError
from documents.formula import formula
from documents.model import Heading, Note, Parsed, note
from documents.styles import CONTENTS, TITLE, level_of, numeral, says_something
from documents.symbols import symbol
from documents.text import find_headings
from documents.writer import TextWriter
from documents.xml import Xml, attribute, children, descendants, local, parse_xml, read_xml, words

_KIND = "a Word document"
_PASSED = frozenset(
    "del moveFrom pPr rPr sdtPr sdtEndPr tblPr tblGrid trPr tcPr delText instrText rt rubyPr docPr sectPr Fallback".split()
)
_PAGE_FIELDS = ("PAGE", "NUMPAGES", "SECTIONPAGES")
_LONGEST_HEADING = 300
_NUMERALS = {"lowerLetter": "a", "upperLetter": "A", "lowerRoman": "i", "upperRoman": "I"}

Chunk = Callable[[bytes, str], Parsed]  # reads a whole file that lies within the document


def parse_docx(data: bytes, name: str, read_chunk: Chunk | None = None) -> Parsed:
    """The document's text with its headings. `read_chunk` reads files of other formats that stand in its text (altChunk).

    Raises DamagedFile, LockedFile, UnpacksTooLarge.
    """
    with Archive(data, name, _KIND) as archive:
        package = _Package(archive)
        root, mended = read_xml(archive.read(package.main)) if package.main else Xml(None, False)
        body = next((child for child in root if local(child) == "body"), None) if root is not None else None
        if body is None:
            raise DamagedFile(name, _KIND, "its text cannot be found")
        reader = _Reader(package, read_chunk)
        headers, footers = reader.running(body)
        for head in headers:
            reader.writer.paragraph(head)
        reader.blocks(body)
        reader.flush_notes()
        for foot in footers:
            reader.writer.paragraph(foot)
        core = package.xml(archive.find("docProps/core.xml"))
    text = reader.writer.text
    headings = tuple(heading for heading in reader.writer.headings if heading.start < len(text)) or find_headings(text)
    author = next((words(one) for one in descendants(core, "creator")), "") if core is not None else ""
    return Parsed(
        pages=(text,),
        headings=headings,
        title=next((words(one) for one in descendants(core, "title")), None) if core is not None else None,
        heading_title=reader.title or next((h.title for h in reader.writer.headings if h.level == 1), None),
        author=author if author != "python-docx" else None,
        notes=reader.notes() + ((note("parts_damaged", n=1, which=package.main or name),) if mended else ()),
    )


class _Package:
    """The parts of one file, found by their relations or, where those are broken, by their usual names."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self.main = self._main()
        self._relations = self._relations_of(self.main) if self.main else {}

    def _main(self) -> str | None:
        for kind, path in self._relations_of("").values():
            found = self._archive.find(path) if kind == "officeDocument" else None
            if found:
                return found
        usual = self._archive.find("word/document.xml")
        named = (
            entry
            for entry in self._archive.names()
            if posixpath.basename(entry).lower().startswith("document") and entry.endswith(".xml")
        )
        return usual or next(named, None)

    def _relations_of(self, part: str) -> dict[str, tuple[str, str]]:
        """For each relation of a part its kind and where it leads."""
        folder, base = posixpath.split(part)
        root = self.xml(self._archive.find(posixpath.join(folder, "_rels", f"{base}.rels")))
        found = {}
        for relation in descendants(root, "Relationship") if root is not None else ():
            target = attribute(relation, "Target").replace("\\", "/")
            if (
                attribute(relation, "TargetMode") != "External"
                and target not in ("", "NULL")
                and not target.startswith("#")
            ):
                path = (
                    target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
                )
                found[attribute(relation, "Id")] = (attribute(relation, "Type").rpartition("/")[2], path)
        return found

    def xml(self, entry: str | None) -> Any:
        """The root of a part; None when it is absent or broken."""
        if entry is None:
            return None
        try:
            return parse_xml(self._archive.read(entry))
        except DamagedFile:
            return None

    def related(self, kind: str, usual: str) -> Any:
        """The root of the part of that kind."""
        path = next((path for found, path in self._relations.values() if found == kind), f"word/{usual}.xml")
        return self.xml(self._archive.find(path) or self._archive.find(f"word/{usual}.xml"))

    def by_id(self, relation: str) -> Any:
        """The root of the part that a relation leads to."""
        _, path = self._relations.get(relation, ("", ""))
        return self.xml(self._archive.find(path)) if path else None

    def path(self, relation: str) -> str:
        """Where a relation leads; the relation's id where nobody knows."""
        return self._relations.get(relation, ("", relation))[1]

    def file(self, path: str) -> bytes:
        """A part's bytes. Raises DamagedFile."""
        return self._archive.read(self._archive.find(path) or path)


@dataclass(frozen=True)
class _Style:
    """What one style says by itself."""

    based_on: str
    level: int | None
    number: tuple[str, str]  # list and level, each empty where the style says nothing
    hidden: bool


class _Styles:
    """The document's styles by id."""

    def __init__(self, root: Any) -> None:
        self._styles = (
            {attribute(one, "styleId"): _style(one) for one in descendants(root, "style")} if root is not None else {}
        )
        self.level = cache(self._level)

    def chain(self, style_id: str) -> Iterator[_Style]:
        """The style and those that it is based on."""
        seen: set[str] = set()
        while style_id in self._styles and style_id not in seen:
            seen.add(style_id)
            yield self._styles[style_id]
            style_id = self._styles[style_id].based_on

    def _level(self, style_id: str) -> int | None:
        """1 to 9 for a heading, TITLE, CONTENTS, or None for text."""
        for style in self.chain(style_id):
            if style.level is not None:
                return style.level
        return level_of(style_id) if style_id not in self._styles else None

    def hidden(self, style_id: str) -> bool:
        """Whether text of that style is not shown."""
        return any(style.hidden for style in self.chain(style_id))


def _style(element: Any) -> _Style:
    named = _value(element, "name")
    level = level_of(named) if named else None
    properties = next(iter(children(element, "pPr")), None)
    if level is None and attribute(element, "type") in ("", "paragraph"):
        outline = _value(properties, "outlineLvl") if properties is not None else ""
        level = int(outline) + 1 if outline.isdigit() and int(outline) < 9 else level_of(attribute(element, "styleId"))
    numbering = next(iter(children(properties, "numPr")), None) if properties is not None else None
    number = (_value(numbering, "numId"), _value(numbering, "ilvl")) if numbering is not None else ("", "")
    return _Style(
        _value(element, "basedOn"), level, number, any(_is_on(one, "vanish") for one in children(element, "rPr"))
    )


@dataclass
class _Numbers:
    """The numbers of lists, counted as Word counts them."""

    root: Any
    _counts: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))

    def __post_init__(self) -> None:
        self._abstract: dict[str, dict[int, Any]] = {}
        self._lists: dict[str, tuple[str, dict[int, int]]] = {}
        for one in descendants(self.root, "abstractNum") if self.root is not None else ():
            levels = {attribute(level, "ilvl"): level for level in children(one, "lvl")}
            self._abstract[attribute(one, "abstractNumId")] = {
                int(key): level for key, level in levels.items() if key.isdigit()
            }
        for one in descendants(self.root, "num") if self.root is not None else ():
            starts = {}
            for override in children(one, "lvlOverride"):
                start, level = _value(override, "startOverride"), attribute(override, "ilvl")
                if start.isdigit() and level.isdigit():
                    starts[int(level)] = int(start)
            self._lists[attribute(one, "numId")] = (_value(one, "abstractNumId"), starts)

    def mark(self, list_id: str, depth: int) -> str:
        """What stands before the next item of that list; empty for none."""
        abstract, starts = self._lists.get(list_id, ("", {}))
        levels = self._abstract.get(abstract, {})
        level = levels.get(depth)
        if level is None:
            return ""
        counts = self._counts[f"{abstract} {list_id}" if starts else abstract]
        counts[depth] = counts[depth] + 1 if depth in counts else starts.get(depth, _start(level))
        for deeper in [other for other in counts if other > depth]:
            del counts[deeper]
        kind = _value(level, "numFmt")
        if kind == "bullet":
            return "- "
        if kind == "none":
            return ""
        text = _value(level, "lvlText")
        for other in range(depth + 1):
            if f"%{other + 1}" in text and other in levels:
                shown = counts.setdefault(other, starts.get(other, _start(levels[other])))
                text = text.replace(f"%{other + 1}", _numeral(shown, _value(levels[other], "numFmt")))
        return f"{text.strip()} " if text.strip() else ""


def _start(level: Any) -> int:
    start = _value(level, "start")
    return int(start) if start.isdigit() else 1


def _numeral(number: int, kind: str) -> str:
    return f"{number:02d}" if kind == "decimalZero" else numeral(number, _NUMERALS.get(kind, "1"))


@dataclass
class _Inline:
    """A paragraph's words, and what is anchored in it and stands after it."""

    parts: list[str] = field(default_factory=list)
    boxes: list[Any] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)  # of diagrams and charts


class _Reader:
    """Writes one document."""

    def __init__(self, package: _Package, read_chunk: Chunk | None) -> None:
        self.writer = TextWriter()
        self.title: str | None = None
        self._package, self._read_chunk = package, read_chunk
        self._styles = _Styles(package.related("styles", "styles"))
        self._numbers = _Numbers(package.related("numbering", "numbering"))
        self._notes = {
            kind: {attribute(one, "id"): one for one in descendants(root, kind)} if root is not None else {}
            for kind, root in (
                ("footnote", package.related("footnotes", "footnotes")),
                ("endnote", package.related("endnotes", "endnotes")),
            )
        }
        self._due: list[str] = []  # notes that were called and still have to be written
        self._called = 0
        self._left_out: Counter[str] = Counter()
        self._lost: list[str] = []
        self._joined = ""  # the beginning of a paragraph whose end was deleted
        self._in_table = 0
        self._chunk_notes: list[Note] = []

    def notes(self) -> tuple[Note, ...]:
        """What was left out."""
        out, found = self._left_out, list(dict.fromkeys(self._chunk_notes))
        if out["hidden"]:
            found.append(note("hidden_left_out", n=out["hidden"]))
        if out["comments"]:
            found.append(note("comments_left_out", n=out["comments"]))
        if out["objects"]:
            found.append(note("objects_left_out", n=out["objects"]))
        if out["readings"]:
            found.append(note("readings_left_out", n=out["readings"]))
        if self._lost:
            found.append(note("parts_missing", n=len(self._lost), which="; ".join(self._lost[:5])))
        return tuple(found)

    def running(self, body: Any) -> tuple[list[str], list[str]]:
        """The headers and the footers that say more than a page number, each once."""
        said: dict[str, list[str]] = {"headerReference": [], "footerReference": []}
        for element in body.iter():
            kind = local(element)
            if kind in said:
                root = self._package.by_id(attribute(element, "id"))
                text = " ".join(self._said(root, fields=False).split()) if root is not None else ""
                if says_something(text) and text not in said[kind]:
                    said[kind].append(text)
        return said["headerReference"], said["footerReference"]

    def blocks(self, parent: Any) -> None:
        """Writes paragraphs and tables in order, through content controls and the like."""
        pending = list(reversed(parent))
        while pending:
            element = pending.pop()
            kind = local(element)
            if kind == "p":
                self._paragraph(element)
            elif kind == "tbl":
                self._table(element)
            elif kind == "altChunk":
                self._chunk(attribute(element, "id"))
            elif kind in ("oMathPara", "oMath"):
                self.writer.paragraph(formula(element))
            elif kind == "AlternateContent":
                pending += reversed(_chosen(element))
            elif kind and kind not in _PASSED:
                pending += reversed(element)

    def flush_notes(self) -> None:
        """Writes the notes that were called since the last paragraph outside a table."""
        if self._in_table or not self._due:
            return
        due, self._due = self._due, []
        for said in due:
            self.writer.paragraph(said)

    def _paragraph(self, paragraph: Any) -> None:
        inline = _Inline()
        self._inline(paragraph, inline)
        text = self._joined + "".join(inline.parts).strip("\n")
        self._joined = ""
        properties = next(iter(children(paragraph, "pPr")), None)
        mark = next(iter(children(properties, "rPr")), None) if properties is not None else None
        if mark is not None and (children(mark, "del") or children(mark, "moveFrom")):
            self._joined = text  # the end of this paragraph is deleted: it goes on in the next
        elif text.strip():
            self._write(text, properties)
        for line in inline.lines:
            self.writer.paragraph(line)
        for box in inline.boxes:
            self.blocks(box)
        self.flush_notes()

    def _write(self, text: str, properties: Any) -> None:
        style = _value(properties, "pStyle") if properties is not None else ""
        outline = _value(properties, "outlineLvl") if properties is not None else ""
        level = int(outline) + 1 if outline.isdigit() and int(outline) < 9 else self._styles.level(style)
        if level == CONTENTS:
            return
        writer, mark = self.writer, self._number(properties, style)
        writer.break_line(1 if mark and level is None else 2)
        heading = level is not None and level != TITLE and len(text) <= _LONGEST_HEADING
        if level == TITLE:
            self.title = self.title or " ".join(text.split())
        if heading:
            writer.start_heading()
        writer.start_item(mark)
        for number, line in enumerate(text.split("\n")):
            if number:
                writer.break_line(1)
            if self._in_table:
                writer.write(line)
            else:
                writer.glue(visible(line).strip())  # tabs stay, as they may stand for columns
        writer.end_item()
        if heading and level is not None:
            writer.end_heading(level)
        writer.break_line(1 if mark and level is None else 2)

    def _number(self, properties: Any, style: str) -> str:
        numbering = next(iter(children(properties, "numPr")), None) if properties is not None else None
        list_id, depth = (_value(numbering, "numId"), _value(numbering, "ilvl")) if numbering is not None else ("", "")
        for inherited in self._styles.chain(style):
            list_id, depth = list_id or inherited.number[0], depth or inherited.number[1]
        return (
            self._numbers.mark(list_id, int(depth) if depth.isdigit() and len(depth) < 3 else 0)
            if list_id not in ("", "0")
            else ""
        )

    def _table(self, table: Any) -> None:
        writer = self.writer
        writer.start_table()
        self._in_table += 1
        above: dict[int, str] = {}  # by column: the cell that reaches down from there
        for row in _within(table, "tr"):
            properties = next(iter(children(row, "trPr")), None)
            if properties is not None and children(properties, "del"):
                continue
            writer.start_row()
            column = 0
            for cell in _within(row, "tc"):
                of_cell = next(iter(children(cell, "tcPr")), None)
                merged = next(iter(children(of_cell, "vMerge")), None) if of_cell is not None else None
                span = _value(of_cell, "gridSpan") if of_cell is not None else ""
                writer.start_cell(flat=next(descendants(cell, "tbl"), None) is None)
                if merged is not None and attribute(merged, "val") != "restart":
                    writer.write(above.get(column, ""))
                else:
                    self.blocks(cell)
                    above[column] = self._said(cell)[:200] if merged is not None else ""
                writer.end_cell()
                column += int(span) if span.isdigit() and len(span) < 4 else 1
            writer.end_row()
        self._in_table -= 1
        writer.end_table()
        self.flush_notes()

    def _said(self, root: Any, *, fields: bool = True) -> str:
        """All words in a part or a cell, without counting what is left out of them."""
        counted, called, due = Counter(self._left_out), self._called, list(self._due)
        said = []
        for paragraph in descendants(root, "p"):
            inline = _Inline()
            self._inline(paragraph, inline, fields=fields)
            said.append("".join(inline.parts))
        self._left_out, self._called, self._due = counted, called, due
        return " ".join(" ".join(said).split())

    def _inline(self, paragraph: Any, into: _Inline, *, fields: bool = True) -> None:
        """The words of a paragraph. Without `fields`, page numbers that Word puts in are no words of it."""
        opened: list[list[str]] = []  # of each open field: its instruction, and "result" once that has begun
        pending: list[Any] = list(reversed(paragraph))
        while pending:
            element = pending.pop()
            kind = local(element)
            if not kind or kind in _PASSED:
                self._left_out["readings"] += kind == "rt"
                if kind == "instrText" and opened:
                    opened[-1][0] += element.text or ""
                continue
            if not fields and kind == "t" and any(_is_page(instruction) for instruction, state in opened if state):
                continue
            if kind == "r" and self._is_hidden(element):
                self._left_out["hidden"] += 1
            elif kind == "fldChar":
                self._field(element, opened, into)
            elif kind == "fldSimple" and not fields and _is_page(attribute(element, "instr")):
                continue
            elif kind == "AlternateContent":
                pending += reversed(_chosen(element))
            elif not self._leaf(kind, element, into):
                pending += reversed(element)

    def _leaf(self, kind: str, element: Any, into: _Inline) -> bool:
        """Writes an element without words of other elements in it; False for one to go into."""
        if kind == "t":
            into.parts.append(_said(element))
        elif kind in ("tab", "ptab"):
            into.parts.append("\t")
        elif kind in ("br", "cr"):
            into.parts.append("\n")
        elif kind == "noBreakHyphen":
            into.parts.append("-")
        elif kind == "sym":
            into.parts.append(_symbol(attribute(element, "font"), attribute(element, "char")))
        elif kind in ("footnoteReference", "endnoteReference"):
            self._call(kind.removesuffix("Reference"), attribute(element, "id"), into)
        elif kind == "commentReference":
            self._left_out["comments"] += 1
        elif kind in ("oMath", "oMathPara"):
            into.parts.append(f" {formula(element).strip()} ")
        elif kind == "txbxContent":
            into.boxes.append(element)
        elif kind == "relIds":
            into.lines += _diagram(self._package.by_id(attribute(element, "dm")))
        elif kind == "chart":
            into.lines += _chart(self._package.by_id(attribute(element, "id")))
        else:
            self._left_out["objects"] += kind == "OLEObject"
            return False
        return True

    def _call(self, kind: str, key: str, into: _Inline) -> None:
        found = self._notes[kind].get(key)
        if found is None:
            self._lost.append(f"{kind}s.xml, {key}")
        self._called += 1
        said = self._said(found) if found is not None else ""
        if said:
            into.parts.append(f"[{self._called}]")
            self._due.append(f"[{self._called}] {said}")
        else:
            self._called -= 1

    def _field(self, element: Any, opened: list[list[str]], into: _Inline) -> None:
        kind = attribute(element, "fldCharType")
        if kind == "begin":
            opened.append(["", ""])
            for box in descendants(element, "checkBox"):
                ticked = next((one for name in ("checked", "default") for one in children(box, name)), None)
                into.parts.append(
                    "[x] " if ticked is not None and attribute(ticked, "val") not in ("0", "false") else "[ ] "
                )
            for choice in descendants(element, "ddList"):
                entries = [attribute(entry, "val") for entry in children(choice, "listEntry")]
                index = _value(choice, "result") or "0"
                into.parts.append(entries[int(index)] if index.isdigit() and int(index) < len(entries) else "")
        elif kind == "separate" and opened:
            opened[-1][1] = "result"
        elif kind == "end" and opened:
            opened.pop()

    def _is_hidden(self, run: Any) -> bool:
        for properties in children(run, "rPr"):
            if _is_on(properties, "vanish"):
                return any(local(one) in ("t", "sym") for one in run)
            style = _value(properties, "rStyle")
            if style and self._styles.hidden(style) and not children(properties, "vanish"):
                return any(local(one) in ("t", "sym") for one in run)
        return False

    def _chunk(self, relation: str) -> None:
        """Another file that stands in the text as if it were typed there."""
        path = self._package.path(relation)
        name = posixpath.basename(path)
        try:
            if self._read_chunk is None:
                raise DamagedFile(name, _KIND)
            parsed = self._read_chunk(self._package.file(path), name)
        except DocumentError:
            self._lost.append(name)
            return
        self.writer.break_line(2)
        start, text = self.writer.length, "".join(parsed.pages).strip("\n")
        self.writer.glue(text)
        self.writer.headings += [
            Heading(one.title, one.level, one.start + start) for one in parsed.headings if one.start < len(text)
        ]
        self.writer.break_line(2)
        self._chunk_notes += parsed.notes


def _within(parent: Any, name: str) -> Iterator[Any]:
    """The rows of a table or the cells of a row, also where they stand in content controls or tracked changes."""
    pending = list(reversed(parent))
    while pending:
        element = pending.pop()
        kind = local(element)
        if kind == name:
            yield element
        elif kind in ("sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag"):
            pending += reversed(element)


def _chosen(alternatives: Any) -> list[Any]:
    """The first of several forms of one thing that has something in it."""
    choices = [*children(alternatives, "Choice"), *children(alternatives, "Fallback")]
    return next((list(choice) for choice in choices if len(choice)), [])


def _diagram(root: Any) -> list[str]:
    """The labels of a diagram."""
    return [said for said in map(words, descendants(root, "p")) if said] if root is not None else []


def _chart(root: Any) -> list[str]:
    """A chart as rows: its title, then for each series the values by category."""
    if root is None:
        return []
    lines = [words(title) for title in list(descendants(root, "title"))[:1]]
    for series in descendants(root, "ser"):
        named, categories, values = (
            [words(point) for part in children(series, kind) for point in descendants(part, "v")]
            for kind in ("tx", "cat", "val")
        )
        pairs = [f"{category}: {value}" for category, value in zip(categories, values, strict=False)] or values
        lines.append(" | ".join([*named[:1], *pairs[:1000]]))
    return [line for line in lines if line]


def _said(element: Any) -> str:
    """A run's text; private letters are signs of the run's font."""
    text = element.text or ""
    if not any("\uf000" <= letter <= "\uf0ff" for letter in text):
        return text
    run = element.getparent()
    fonts = next((one for properties in children(run, "rPr") for one in children(properties, "rFonts")), None)
    font = attribute(fonts, "ascii") or attribute(fonts, "hAnsi") if fonts is not None else ""
    return "".join(symbol(font, ord(letter)) if "\uf000" <= letter <= "\uf0ff" else letter for letter in text)


def _symbol(font: str, code: str) -> str:
    try:
        point = int(code, 16)
    except ValueError:
        return ""
    return symbol(font, point) if 0xF000 <= point <= 0xF0FF else chr(point) if 0x20 <= point < 0xD800 else ""


def _is_page(instruction: str) -> bool:
    return instruction.strip().upper().startswith(_PAGE_FIELDS)


def _value(element: Any, name: str) -> str:
    """The value of the first child of that name; empty where there is none."""
    found = next(iter(children(element, name)), None) if element is not None else None
    return attribute(found, "val") if found is not None else ""


def _is_on(properties: Any, name: str) -> bool:
    found = next(iter(children(properties, name)), None)
    return found is not None and attribute(found, "val") not in ("0", "false", "off")
