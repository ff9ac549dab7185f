"""EPUB books: the spine read in order, sections from the table of contents."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from documents.archive import Archive
from documents.decode import decode
from documents.epub_package import Entry, Package, read_contents, read_package
from documents.errors import DamagedFile
from documents.markup import Markup, extract
from documents.model import Heading, Note, Parsed, note

_NAV_DEPTH = 3  # headings deeper than this become no sections where the book has no table of contents
_NAMED = 5  # parts that a note names
_ALIKE = 0.6  # of one translation's length that another has at least


def parse_epub(data: bytes, name: str) -> Parsed:
    """The book's text with its chapters. A part that cannot be read leaves a gap and a note; so do parts that are left out: those
    beside the reading order, and a text that comes in several languages, all but its first.

    Raises DamagedFile, LockedFile, UnpacksTooLarge.
    """
    with Archive(data, name, "an EPUB book") as archive:
        package = read_package(archive, name)
        contents = read_contents(archive, package)
        read: dict[str, Markup | None] = {}
        mended: list[str] = []
        for path in package.spine:
            if path not in package.aside:
                read[path] = _read_part(archive, path, mended)
        aside, unlisted = (
            [path for path in paths if (markup := _read_part(archive, path, [])) is None or markup.text]
            for paths in (sorted(package.aside), package.unlisted)
        )
    left, languages = _translations(read, package)
    parts: dict[str, Markup] = {}
    starts: dict[str, int] = {}
    gaps: list[tuple[int, str]] = []
    length = 0
    for path, markup in read.items():
        if path in left:
            continue
        starts[path] = length
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
        notes=(
            *_left_out(package, contents, aside, unlisted, mended),
            *(
                (note("translations_left_out", n=len(languages) - 1, which=", ".join(languages[1:])),)
                if languages
                else ()
            ),
            *_within(parts.values()),
        ),
    )


def _left_out(
    package: Package, contents: tuple[Entry, ...], aside: Sequence[str], unlisted: Sequence[str], mended: Sequence[str]
) -> list[Note]:
    """Notes on whole parts."""

    def named(paths: Sequence[str]) -> str:
        return "; ".join(
            [*(_part_name(path, contents) for path in paths[:_NAMED]), *(["…"] if len(paths) > _NAMED else [])]
        )

    absent = package.absent
    found = [
        note("chapters_absent", n=len(absent), which=named(absent)) if absent else None,
        note("parts_damaged", n=len(mended), which=named(mended)) if mended else None,
        note("parts_aside", n=len(aside), which=named(aside)) if aside else None,
        note("parts_unlisted", n=len(unlisted), which=named(unlisted)) if unlisted else None,
        note("editions_left_out", n=package.editions - 1) if package.editions > 1 else None,
    ]
    return [one for one in found if one]


def _within(parts: Iterable[Markup]) -> list[Note]:
    """Notes on what was left out within the parts, their numbers added up."""
    counted: Counter[str] = Counter()
    others: list[Note] = []
    for one in (one for markup in parts for one in markup.notes):
        values = dict(one.values)
        if values.keys() == {"n"}:
            counted[one.key] += int(values["n"])
        else:
            others.append(one)
    return [*(Note(key, (("n", number),)) for key, number in counted.items()), *dict.fromkeys(others)]


def _read_part(archive: Archive, path: str, mended: list[str]) -> Markup | None:
    entry = archive.find(path)
    if entry is None:
        return None
    try:
        data = archive.read(entry)
    except DamagedFile:
        data = archive.salvage(entry)
        if not data.strip():
            return None
        mended.append(path)
    text, notes = decode(data, declared=True)
    markup = extract(text, xhtml=True)
    return replace(markup, notes=(*markup.notes, *notes))


def _translations(read: Mapping[str, Markup | None], package: Package) -> tuple[frozenset[str], tuple[str, ...]]:
    """The parts that say the same again in other languages, and the languages, the one that is read first.

    The same text in several languages has as many parts in each of them, of about one length, under names that differ in little.
    """
    by_language: dict[str, list[str]] = {}
    for path, markup in read.items():
        if markup is not None and markup.language and markup.text.strip():
            by_language.setdefault(markup.language.split("-")[0].lower(), []).append(path)
    if len(by_language) < 2:
        return frozenset(), ()
    first = next((one for one in package.languages if one in by_language), next(iter(by_language)))
    length = lambda language: sum(len(read[path].text) for path in by_language[language])  # type: ignore[union-attr] # noqa: E731
    same = [
        language
        for language, paths in by_language.items()
        if language != first
        and len(paths) == len(by_language[first])
        and min(length(language), length(first)) >= _ALIKE * max(length(language), length(first))
        and list(map(_shape, paths)) == list(map(_shape, by_language[first]))
        and _numbers(read, paths) == _numbers(read, by_language[first])
    ]
    if not same:
        return frozenset(), ()
    return frozenset(path for language in same for path in by_language[language]), (first, *same)


def _shape(path: str) -> str:
    """A part's name without the letters that may name its language."""
    return re.sub(r"(?<![a-z0-9])[a-z]{2}(?:[-_][a-z]{2})?(?![a-z0-9])", "", posixpath.splitext(path.lower())[0])


def _numbers(read: Mapping[str, Markup | None], paths: Sequence[str]) -> Counter[int]:
    """How many headings of each level the parts have together: translations have the same."""
    return Counter(heading.level for path in paths if (markup := read[path]) is not None for heading in markup.headings)


def _part_name(path: str, contents: tuple[Entry, ...]) -> str:
    return next((f"“{entry.title}” ({path})" for entry in contents if entry.path == path), path)


def _from_contents(
    contents: tuple[Entry, ...], parts: dict[str, Markup], starts: dict[str, int], length: int
) -> tuple[Heading, ...]:
    """The table of contents as headings; empty when it leads nowhere, or to less than the text's own headings do."""
    headings = []
    for entry in contents:
        if entry.path in starts:
            offset = starts[entry.path] + (_anchor(parts[entry.path], entry.fragment) if entry.path in parts else 0)
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
