"""What a PDF holds beside its pages' own text: entries of forms, text in annotations, files inside it, data of XFA forms.

Entries and free text are read where they stand on the page. What can't be read as text is named in the notes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pypdf import PdfReader
from pypdf.errors import DependencyError, PyPdfError
from pypdf.generic import IndirectObject, NullObject, StreamObject

from documents.errors import PARSER_FAULTS
from documents.model import Note, note
from documents.pdf_layout import Insert
from documents.pdf_letters import text_string
from documents.sections import page_ranges
from documents.xml import Xml, descendants, local, read_xml, words

FAULTS: tuple[type[Exception], ...] = (*PARSER_FAULTS, PyPdfError, DependencyError)
_HIDDEN = 2 | 32  # flags of an annotation
_PASSWORD, _RADIO, _BUTTON = 1 << 13, 1 << 15, 1 << 16  # flags of a field
_COMMENTS = frozenset(
    f"/{kind}"
    for kind in [
        "Text",
        "Highlight",
        "Underline",
        "StrikeOut",
        "Squiggly",
        "Caret",
        "Ink",
        "Line",
        "Polygon",
        "Square",
        "Circle",
        "Stamp",
    ]
)
_PLAIN_STATES = frozenset(("yes", "on", "true", "1", "ja", "oui", "x", "checked", "choice1"))
_WORDS = ("/Contents", "/RC", "/V")  # keys of an annotation under which its words stand
_MAX_PARENTS = 20
_MAX_ANNOTATIONS = 10_000  # of a page
_MAX_FIELDS = 50_000
_MAX_NAMES = 1000  # of files inside, looked through
_NAMED = 12  # files named in a note before it breaks off
_MAX_XFA = 16 * 2**20  # bytes
_MAX_ENTRY = 100_000  # characters
_TAG = re.compile(r"<[^<>]{0,500}>")


@dataclass
class Parts:
    """What to read by page from 0: `inserts` where they stand, `comments` at the page's end; `data` at the end of the last page."""

    inserts: dict[int, list[Insert]] = field(default_factory=dict)
    comments: dict[int, list[str]] = field(default_factory=dict)
    data: list[str] = field(default_factory=list)
    notes: tuple[Note, ...] = ()


class BrokenPart(ValueError):
    """The file names something here that can't be read in it."""


class _Field(NamedTuple):
    kind: str
    flags: int
    value: Any
    options: Any
    label: str


def read_parts(reader: PdfReader | None) -> Parts:
    """Everything beside the pages' own text, with a note of what is broken; nothing but a note where pypdf can't read the file."""
    if reader is None:
        return Parts(notes=(note("parts_unread"),))
    parts = Parts()
    seen: set[int] = set()
    files: list[str] = []
    broken: list[int] = []  # the page of each annotation that can't be read; one says nothing about the others
    for index, annotation in _annotations(reader):
        try:
            if annotation is None or any(is_broken(annotation, key) for key in _WORDS):
                broken.append(index + 1)
            else:
                _read_annotation(annotation, index, parts, seen, files)
        except FAULTS:
            broken.append(index + 1)
    catalog = _catalog(reader)
    form = _resolved(catalog.get("/AcroForm"))
    form = form if isinstance(form, Mapping) else {}
    filled = any(insert.label and insert.text not in ("[ ]",) for found in parts.inserts.values() for insert in found)
    unplaced, form_broken = _unplaced(form, seen)
    form_broken = form_broken or is_broken(catalog, "/AcroForm")
    parts.data += [] if filled else unplaced
    notes: list[Note] = []
    if form.get("/XFA") is not None:
        if not filled and not parts.data:
            entries, data_broken = _xfa_data(form)
            parts.data += entries
            form_broken = form_broken or (data_broken and bool(entries))
        notes.append(note("xfa_data") if parts.data else note("xfa"))
    if form_broken:
        notes.append(note("form_broken"))
    embedded, files_broken = _embedded(catalog)
    unique = list(dict.fromkeys([*embedded, *files]))
    if catalog.get("/Collection") is not None:
        notes.append(note("portfolio", n=max(1, len(unique)), which=_named(unique)))
    elif unique:
        notes.append(note("attachments", n=len(unique), which=_named(unique)))
    if files_broken:
        notes.append(note("attachments_broken"))
    if parts.comments:
        pages = [index + 1 for index in sorted(parts.comments)]
        notes.append(note("comments", n=sum(map(len, parts.comments.values())), pages=page_ranges(pages)))
    if broken:
        notes.append(note("annotations_broken", n=len(broken), pages=page_ranges(sorted(set(broken)))))
    parts.notes = tuple(notes)
    return parts


def _annotations(reader: PdfReader) -> Iterator[tuple[int, Mapping[str, Any] | None]]:
    """Each annotation with its page from 0; None for one that is broken, and for all of a page behind the most that are read."""
    for index, page in enumerate(reader.pages):
        if is_broken(page, "/Annots"):
            yield index, None
            continue
        found = _listed(page.get("/Annots"))
        for one in found[:_MAX_ANNOTATIONS]:
            annotation = _resolved(one)
            if isinstance(annotation, Mapping):
                yield index, annotation
            elif not isinstance(annotation, NullObject):  # which stands for one that was deleted
                yield index, None
        if len(found) > _MAX_ANNOTATIONS:
            yield index, None


def is_broken(holder: Mapping[str, Any], key: str) -> bool:
    """Whether there is something under the key that can't be read."""
    return key in holder and _resolved(holder.get(key)) is None


def _read_annotation(
    annotation: Mapping[str, Any],
    index: int,
    parts: Parts,
    seen: set[int],
    files: list[str],
) -> None:
    kind = _resolved(annotation.get("/Subtype"))
    if kind == "/FileAttachment":
        if not (name := _file_name(_resolved(annotation.get("/FS")))):
            raise BrokenPart("a file without a name")
        files.append(name)
    if _whole_number(annotation.get("/F")) & _HIDDEN:
        return
    if kind == "/Widget":
        top = _top(annotation)
        seen.add(id(top))
        text, label = _entry(annotation)
        _insert(parts, index, annotation, text, label)
    elif kind == "/FreeText":
        text = _said(annotation.get("/Contents")) or _TAG.sub(" ", _said(annotation.get("/RC")))
        _insert(parts, index, annotation, text, "")
    elif kind in _COMMENTS and (said := " ".join(_said(annotation.get("/Contents"))[:_MAX_ENTRY].split())):
        parts.comments.setdefault(index, []).append(f"[{said}]")


def _insert(parts: Parts, index: int, annotation: Mapping[str, Any], text: str, label: str) -> None:
    text = "\n".join(" ".join(line.split()) for line in re.split(r"[\r\n]+", text[:_MAX_ENTRY]) if line.strip())
    if not text:
        return
    rectangle = [float(_resolved(one)) for one in _resolved(annotation.get("/Rect"))][:4]
    (left, right), (bottom, top) = sorted(rectangle[0::2]), sorted(rectangle[1::2])
    parts.inserts.setdefault(index, []).append(Insert(text, left, bottom, right, top, label))


def _entry(widget: Mapping[str, Any]) -> tuple[str, str]:
    """What stands in a field, and what the field is called."""
    entry = _field(widget)
    if entry.kind == "/Btn":
        if entry.flags & _BUTTON:
            return "", ""
        state = str(_resolved(widget.get("/AS")) or "/Off")
        named = state.strip("/")
        if state == "/Off":
            return "[ ]", entry.label
        plain = named.casefold() in _PLAIN_STATES or named.isdigit()
        return ("[x]" if plain or not entry.flags & _RADIO else f"[x] {named}"), entry.label
    if entry.kind == "/Ch":
        return ", ".join(_chosen(entry)), entry.label
    if entry.kind == "/Tx" and not entry.flags & _PASSWORD:
        return _said(entry.value), entry.label
    return "", ""


def _field(widget: Mapping[str, Any]) -> _Field:
    """A field's properties, which it may have from those around it. Raises BrokenPart where they can't be read."""
    found: dict[str, Any] = {}
    names: list[str] = []
    here: Any = widget
    for _ in range(_MAX_PARENTS):
        if not isinstance(here, Mapping):
            break
        for key in ("/FT", "/Ff", "/V", "/Opt", "/TU"):
            if key in here and key not in found:
                found[key] = _resolved(here.get(key))
                if found[key] is None:
                    raise BrokenPart(key)
        if (name := _said(here.get("/T"))).strip():
            names.insert(0, name.strip())
        if is_broken(here, "/Parent") and not {"/FT", "/V"} <= found.keys():
            raise BrokenPart("/Parent")
        here = _resolved(here.get("/Parent"))
    label = _said(found.get("/TU")).strip() or (names[-1] if names else "")
    return _Field(
        str(found.get("/FT", "")),
        _whole_number(found.get("/Ff")),
        found.get("/V"),
        found.get("/Opt"),
        label.rstrip(":"),
    )


def _chosen(entry: _Field) -> list[str]:
    """The choices that were made, in the words that a reader sees."""
    shown: dict[str, str] = {}
    for option in list(entry.options)[:_MAX_NAMES] if isinstance(entry.options, list) else ():
        pair = _resolved(option)
        if isinstance(pair, list) and len(pair) == 2:
            shown[_said(pair[0])] = _said(pair[1])
    values = entry.value if isinstance(entry.value, list) else [entry.value]
    said = [_said(value) for value in values]
    return [shown.get(value, value) for value in said if value]


def _top(widget: Mapping[str, Any]) -> Mapping[str, Any]:
    """The field that a widget shows: itself, or the one above it where it has no name of its own."""
    parent = _resolved(widget.get("/Parent"))
    return parent if "/T" not in widget and isinstance(parent, Mapping) else widget


def _unplaced(form: Mapping[str, Any], seen: set[int]) -> tuple[list[str], bool]:
    """Filled fields that stand on no page, and whether there are others that can't be read."""
    lines: list[str] = []
    broken = is_broken(form, "/Fields")
    waiting = [_resolved(one) for one in _listed(form.get("/Fields"))]
    visited: set[int] = set()
    while waiting and len(visited) < _MAX_FIELDS:
        here = waiting.pop(0)
        if not isinstance(here, Mapping) or id(here) in visited:
            broken = broken or here is None
            continue
        visited.add(id(here))
        broken = broken or is_broken(here, "/Kids")
        kids = [_resolved(kid) for kid in _listed(here.get("/Kids"))]
        named = [kid for kid in kids if isinstance(kid, Mapping) and "/T" in kid]
        waiting += [*named, *(kid for kid in kids if kid is None)]
        if named or id(here) in seen:
            continue
        try:
            text, label = _entry(here)
        except FAULTS:
            broken = True
            continue
        if text and text != "[ ]":
            lines.append(f"{label}: {text}" if label else text)
    return lines, broken or bool(waiting)


def _xfa_data(form: Mapping[str, Any]) -> tuple[list[str], bool]:
    """The entries in the data of an XFA form, a line each: "name: value"; and whether some of them may be lost."""
    packets = _resolved(form.get("/XFA"))
    streams = [_resolved(one) for one in packets] if isinstance(packets, list) else [packets]
    for place, stream in enumerate(streams):
        before = str(streams[place - 1]) if place else ""
        if not isinstance(stream, StreamObject) or (isinstance(packets, list) and before != "datasets"):
            continue
        try:
            data = stream.get_data()
        except FAULTS:
            continue
        found = read_xml(data) if len(data) <= _MAX_XFA else Xml(None, True)
        data_sets = list(descendants(found.root, "data")) if found.root is not None else []
        entries = [
            f"{local(leaf)}: {words(leaf)}"
            for one in data_sets[:1]
            for leaf in one.iter()
            if local(leaf) and len(leaf) == 0 and words(leaf)
        ]
        return entries, found.mended
    return [], True


def _embedded(catalog: Mapping[str, Any]) -> tuple[list[str], bool]:
    """Names of the files that are kept inside the document, and whether there are others whose names can't be read."""
    found: list[str] = []
    names = _resolved(catalog.get("/Names"))
    names = names if isinstance(names, Mapping) else {}
    broken = is_broken(catalog, "/Names") or is_broken(names, "/EmbeddedFiles") or is_broken(catalog, "/AF")
    tree = _resolved(names.get("/EmbeddedFiles"))
    waiting = [] if tree is None else [tree]
    files: list[tuple[Any, Any]] = [("", one) for one in _listed(catalog.get("/AF"))]
    visited: set[int] = set()
    while waiting and len(visited) < _MAX_NAMES:
        here = waiting.pop(0)
        if not isinstance(here, Mapping) or id(here) in visited:
            broken = broken or here is None
            continue
        visited.add(id(here))
        broken = broken or is_broken(here, "/Kids") or is_broken(here, "/Names")
        waiting += [_resolved(kid) for kid in _listed(here.get("/Kids"))]
        pairs = _listed(here.get("/Names"))
        files += zip(pairs[0::2], pairs[1::2], strict=False)
    for key, value in files:
        try:
            name = _file_name(_resolved(value)) or _said(key)
        except FAULTS:
            name = ""
        if name:
            found.append(name)
        else:
            broken = True
    return found, broken or bool(waiting)


def _file_name(specification: Any) -> str:
    if not isinstance(specification, Mapping):
        return _said(specification)
    return (_said(specification.get("/UF")) or _said(specification.get("/F"))).rsplit("/", 1)[-1]


def _named(files: list[str]) -> str:
    return ", ".join(files[:_NAMED]) + (", …" if len(files) > _NAMED else "")


def _catalog(reader: PdfReader) -> Mapping[str, Any]:
    try:
        root = _resolved(reader.trailer["/Root"])
    except FAULTS:
        return {}
    return root if isinstance(root, Mapping) else {}


def _listed(value: Any) -> list[Any]:
    found = _resolved(value)
    return list(found)[:_MAX_FIELDS] if isinstance(found, list) else []


def _resolved(value: Any) -> Any:
    """The object itself; None for one that is broken."""
    try:
        for _ in range(_MAX_PARENTS):
            if not isinstance(value, IndirectObject):
                return value
            value = value.get_object()
    except (*PARSER_FAULTS, *FAULTS):
        return None
    return None


def _said(value: Any) -> str:
    """A text string, or the text of a stream; names without their stroke. Raises one of FAULTS for a stream that can't be unpacked."""
    value = _resolved(value)
    if value is None:
        return ""
    if isinstance(value, StreamObject):
        return text_string(value.get_data()[:_MAX_ENTRY])
    if isinstance(value, bytes):
        return text_string(value)
    return str(value).removeprefix("/") if not isinstance(value, (list, Mapping)) else ""


def _whole_number(value: Any) -> int:
    value = _resolved(value)
    return int(value) if isinstance(value, (int, float)) else 0
