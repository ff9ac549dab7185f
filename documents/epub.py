"""EPUB books: the spine read in order, sections from the table of contents."""

from __future__ import annotations

from dataclasses import replace

from documents.archive import Archive
from documents.decode import decode
from documents.epub_package import Entry, Package, read_contents, read_package
from documents.errors import DamagedFile
from documents.markup import Markup, extract
from documents.model import Heading, Parsed

_NAV_DEPTH = 3  # headings deeper than this become no sections where the book has no table of contents


def parse_epub(data: bytes, name: str) -> Parsed:
    """The book's text with its chapters. A part that cannot be read leaves a gap and a note.

    Raises DamagedFile, LockedFile, UnpacksTooLarge.
    """
    with Archive(data, name, "an EPUB book") as archive:
        package = read_package(archive, name)
        contents = read_contents(archive, package)
        parts: dict[str, Markup] = {}
        starts: dict[str, int] = {}
        gaps: list[tuple[int, str]] = []
        length = 0
        for path in package.spine:
            starts[path] = length
            markup = _read_part(archive, path)
            if markup is None:
                gaps.append((length, _part_name(path, contents)))
            elif markup.text:
                parts[path] = replace(markup, text=markup.text + "\n")
                length += len(parts[path].text)
    if not package.spine or (gaps and not parts):
        raise DamagedFile(name, "an EPUB book", "none of its chapters can be read")
    headings = _from_contents(contents, parts, starts, length) or _from_headings(package, parts, starts)
    return Parsed(
        pages=("".join(markup.text for markup in parts.values()),),
        headings=headings,
        title=package.title,
        heading_title=_first_heading(parts),
        author=package.author,
        gaps=tuple(gaps),
    )


def _read_part(archive: Archive, path: str) -> Markup | None:
    entry = archive.find(path)
    if entry is None:
        return None
    try:
        data = archive.read(entry)
    except DamagedFile:
        return None
    return extract(decode(data, declared=True), xhtml=True)


def _part_name(path: str, contents: tuple[Entry, ...]) -> str:
    return next((f"“{entry.title}” ({path})" for entry in contents if entry.path == path), path)


def _from_contents(
    contents: tuple[Entry, ...], parts: dict[str, Markup], starts: dict[str, int], length: int
) -> tuple[Heading, ...]:
    """The table of contents as headings; empty when it leads nowhere, or to less than the text's own headings do."""
    folded = {path.casefold(): path for path in starts}
    headings = []
    for entry in contents:
        path = folded.get(entry.path.casefold())
        if path is not None:
            offset = starts[path] + (_anchor(parts[path], entry.fragment) if path in parts else 0)
            if offset < length:
                headings.append(Heading(entry.title, entry.level, offset))
    marked = sum(1 for markup in parts.values() for h in markup.headings if h.level <= 2)
    places = len({heading.start for heading in headings})
    return tuple(headings) if places >= 3 or places >= marked else ()


def _anchor(markup: Markup, fragment: str) -> int:
    """The offset of an element id, moved to the start of the heading it stands in."""
    offset = markup.anchors.get(fragment, 0) if fragment else 0
    while offset < len(markup.text) and markup.text[offset].isspace():
        offset += 1
    for heading in markup.headings:
        if heading.start <= offset < heading.start + len(heading.title):
            return heading.start
    return offset


def _from_headings(package: Package, parts: dict[str, Markup], starts: dict[str, int]) -> tuple[Heading, ...]:
    """The headings in the text; a part without any gets a section by its <title>, if that is not the book's."""
    found: list[Heading] = []
    for path, markup in parts.items():
        own = [h for h in markup.headings if h.level <= _NAV_DEPTH]
        if not own and markup.title and markup.title.strip() not in ("", (package.title or "").strip()):
            own = [Heading(markup.title, 1, 0)]
        found += [replace(h, start=h.start + starts[path]) for h in own]
    return tuple(found)


def _first_heading(parts: dict[str, Markup]) -> str | None:
    return next((markup.headings[0].title for markup in parts.values() if markup.headings), None)
