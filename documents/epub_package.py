"""An EPUB's own description of itself: package file, reading order, table of contents, locks."""

from __future__ import annotations

import posixpath
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from selectolax.lexbor import LexborHTMLParser, LexborNode

from documents.archive import Archive
from documents.decode import decode
from documents.errors import DamagedFile, LockedFile
from documents.xml import attribute, children, descendants, parse_xml, words

_FONT_LOCKS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_HTML_TYPES = ("application/xhtml+xml", "text/html", "application/xml", "text/xml", "text/x-oeb1-document")
_HTML_NAMES = (".xhtml", ".html", ".htm", ".xht")


@dataclass(frozen=True)
class Entry:
    """A line of the table of contents: where it leads (path in the archive, element id) and how deep it stands."""

    title: str
    level: int
    path: str
    fragment: str


@dataclass(frozen=True)
class Package:
    """What the book says of itself: the paths to read in order, which of them stand aside from it (`linear="no"`), the ids in that
    order that nothing has, pages that are in no order, other editions in the same file, and where the contents lie."""

    title: str | None
    author: str | None
    languages: tuple[str, ...]
    spine: tuple[str, ...]
    aside: frozenset[str]
    absent: tuple[str, ...]
    unlisted: tuple[str, ...]
    editions: int
    nav: str | None
    ncx: str | None


def read_package(archive: Archive, name: str) -> Package:
    """Raises LockedFile for a book with copy protection, DamagedFile when there is no usable package file."""
    paths = _package_paths(archive)
    found = ((path, root) for path in paths if (root := _xml(archive, path)) is not None)
    path, root = next(
        ((path, root) for path, root in found if next(descendants(root, "item"), None) is not None), (None, None)
    )
    if path is None or root is None:
        raise DamagedFile(name, "an EPUB book", "its package file is absent or broken")
    base = posixpath.dirname(path)
    items = list(descendants(root, "item"))
    navs = {attribute(item, "id") for item in items if "nav" in attribute(item, "properties").split()}
    by_id: dict[str, list[str]] = defaultdict(list)
    texts: list[str] = []
    for item in items:
        place = _join(base, attribute(item, "href"))
        place = archive.find(place) or place
        by_id[attribute(item, "id")].append(place)
        if _is_text(item, place) and attribute(item, "id") not in navs:
            texts.append(place)
    spine, aside, absent = _order(root, by_id, set(texts), navs, archive)
    if not spine:
        spine = list(dict.fromkeys(texts))
    _refuse_locked(archive, name, set(spine))
    spine_root = next(descendants(root, "spine"), None)
    listed = by_id.get(attribute(spine_root, "toc") if spine_root is not None else "", [])
    nav = next((place for key in navs for place in by_id[key]), None)
    known = {*spine, *(place for places in by_id.values() for place in places if place not in texts)}
    return Package(
        title=_title(root),
        author=", ".join(dict.fromkeys(said for said in map(words, descendants(root, "creator")) if said)) or None,
        languages=tuple(said.split("-")[0].lower() for said in map(words, descendants(root, "language")) if said),
        spine=tuple(dict.fromkeys(spine)),
        aside=frozenset(aside) - (frozenset(spine) if len(set(aside)) >= len(set(spine)) else frozenset()),
        absent=tuple(absent),
        unlisted=tuple(place for place in dict.fromkeys(texts) if place not in known and place != nav),
        editions=len(paths) if len(paths) > 1 and archive.find("META-INF/container.xml") else 1,
        nav=nav,
        ncx=next(iter(listed), None)
        or next((entry for entry in archive.names() if entry.lower().endswith(".ncx")), None),
    )


def _order(
    root: Any, by_id: dict[str, list[str]], texts: set[str], navs: set[str], archive: Archive
) -> tuple[list[str], list[str], list[str]]:
    """The paths in reading order, those of them that stand aside from it, and the ids that nothing has."""
    spine: list[str] = []
    aside: list[str] = []
    absent: list[str] = []
    used: Counter[str] = Counter()
    for reference in descendants(root, "itemref"):
        key = attribute(reference, "idref")
        places = by_id.get(key)
        if places is None:
            place = _of_that_name(archive, key, {one for many in by_id.values() for one in many})
            if place is None:
                absent.append(key)
                continue
            places = [place]
            texts.add(place)
        place = places[min(used[key], len(places) - 1)]  # of several items with one id each reference means the next
        used[key] += 1
        if key not in navs and (place in texts or place.lower().endswith(".svg")):
            spine.append(place)
            if attribute(reference, "linear").lower() == "no":
                aside.append(place)
    return spine, aside, absent


def _of_that_name(archive: Archive, key: str, known: set[str]) -> str | None:
    """The page in the archive, in no list, whose file is called like the id."""
    pages = (entry for entry in archive.names() if entry.lower().endswith(_HTML_NAMES) and entry not in known)
    return next(
        (entry for entry in pages if key and posixpath.splitext(posixpath.basename(entry))[0].lower() == key.lower()),
        None,
    )


def read_contents(archive: Archive, package: Package) -> tuple[Entry, ...]:
    """The table of contents from the EPUB 3 nav file, else from the EPUB 2 ncx; empty when neither can be read."""
    for path, reader in ((package.nav, _nav_entries), (package.ncx, _ncx_entries)):
        entry = archive.find(path) if path else None
        if entry:
            try:
                found = tuple(reader(archive, entry))
            except DamagedFile:
                continue
            if found:
                return found
    return ()


def _package_paths(archive: Archive) -> list[str]:
    """The package files, the one that the container names first."""
    container = archive.find("META-INF/container.xml") or next(
        (entry for entry in archive.names() if entry.lower().endswith("meta-inf/container.xml")), None
    )
    root = _xml(archive, container) if container else None
    folder = (container or "")[: -len("META-INF/container.xml")]
    named = [attribute(rootfile, "full-path") for rootfile in descendants(root, "rootfile")] if root is not None else []
    found = [entry for path in named if path and (entry := archive.find(folder + path) or archive.find(path))]
    return list(dict.fromkeys(found)) or [entry for entry in archive.names() if entry.lower().endswith(".opf")][:1]


def _refuse_locked(archive: Archive, name: str, spine: set[str]) -> None:
    """Fonts and pictures may be encrypted; an encrypted text means copy protection."""
    path = archive.find("META-INF/encryption.xml")
    root = _xml(archive, path) if path else None
    if root is None:
        return
    for data in descendants(root, "EncryptedData"):
        method = next((attribute(one, "Algorithm") for one in descendants(data, "EncryptionMethod")), "")
        places = [attribute(one, "URI") for one in descendants(data, "CipherReference")]
        locked = {archive.find(place) for place in places} & spine
        if method not in _FONT_LOCKS and (locked or not places):
            advice = "Use a copy without copy protection."
            raise LockedFile(name, "by its shop with copy protection (DRM)", advice)


def _title(root: Any) -> str | None:
    """The main title, where several are given."""
    titles = [title for title in descendants(root, "title") if words(title)]
    main = {
        attribute(meta, "refines").lstrip("#")
        for meta in descendants(root, "meta")
        if attribute(meta, "property") == "title-type" and words(meta) == "main"
    }
    chosen = next((title for title in titles if attribute(title, "id") in main), titles[0] if titles else None)
    return words(chosen) if chosen is not None else None


def _nav_entries(archive: Archive, path: str) -> Iterator[Entry]:
    tree = LexborHTMLParser(decode(archive.read(path), declared=True).text)
    navs = tree.css("nav")
    tocs = [nav for nav in navs if "toc" in (nav.attributes.get("epub:type") or "").split()]
    for nav in (tocs or navs)[:1]:
        for link in nav.css("li > a"):
            href = link.attributes.get("href")
            title = " ".join(link.text().split())
            if href and title:
                yield _entry(archive, title, _depth(link, nav), posixpath.dirname(path), href)


def _depth(link: LexborNode, nav: LexborNode) -> int:
    depth, node = 0, link.parent
    while node is not None and node.mem_id != nav.mem_id:
        depth += node.tag in ("ol", "ul")
        node = node.parent
    return max(1, depth)


def _ncx_entries(archive: Archive, path: str) -> Iterator[Entry]:
    root = _xml(archive, path)
    nav_map = next(descendants(root, "navMap"), None) if root is not None else None
    pending = [(point, 1) for point in reversed(children(nav_map, "navPoint"))] if nav_map is not None else []
    while pending:
        point, level = pending.pop()
        content = next(iter(children(point, "content")), None)
        label = next(iter(children(point, "navLabel")), None)
        title = words(label) if label is not None else ""
        if content is not None and title and attribute(content, "src"):
            yield _entry(archive, title, level, posixpath.dirname(path), attribute(content, "src"))
        pending += [(child, level + 1) for child in reversed(children(point, "navPoint"))]


def _entry(archive: Archive, title: str, level: int, base: str, href: str) -> Entry:
    path, _, fragment = href.partition("#")
    place = _join(base, path)
    return Entry(title, level, archive.find(place) or place, unquote(fragment))


def _join(base: str, href: str) -> str:
    """The path that a link leads to, without its fragment."""
    return posixpath.normpath(posixpath.join(base, href.partition("#")[0].partition("?")[0].replace("\\", "/").strip()))


def _is_text(item: Any, path: str) -> bool:
    kind = attribute(item, "media-type").strip().lower()
    return kind in _HTML_TYPES or path.lower().endswith(_HTML_NAMES)


def _xml(archive: Archive, path: str) -> Any:
    """The parsed part, mended where it is broken; None when nothing can be made of it."""
    try:
        return parse_xml(archive.read(path))
    except DamagedFile:
        return parse_xml(archive.salvage(path))
