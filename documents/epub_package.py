"""An EPUB's own description of itself: package file, reading order, table of contents, locks."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from selectolax.lexbor import LexborHTMLParser, LexborNode

from documents.archive import Archive
from documents.decode import decode
from documents.errors import DamagedFile, LockedFile

_FONT_LOCKS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")
_HTML_TYPES = ("application/xhtml+xml", "text/html", "application/xml", "text/xml", "text/x-oeb1-document")


@dataclass(frozen=True)
class Entry:
    """A line of the table of contents: where it leads (path in the archive, element id) and how deep it stands."""

    title: str
    level: int
    path: str
    fragment: str


@dataclass(frozen=True)
class Package:
    """Title, author, the paths to read in order, and where the table of contents lies."""

    title: str | None
    author: str | None
    spine: tuple[str, ...]
    nav: str | None
    ncx: str | None


def read_package(archive: Archive, name: str) -> Package:
    """Raises LockedFile for a book with copy protection, DamagedFile when there is no usable package file."""
    _refuse_locked(archive, name)
    path = _package_path(archive)
    root = _xml(archive, path) if path else None
    if path is None or root is None:
        raise DamagedFile(name, "an EPUB book", "its package file is absent or broken")
    base = posixpath.dirname(path)
    items = {item.get("id", ""): item for item in _all(root, "item")}
    by_id = {key: _join(base, item.get("href", "")) for key, item in items.items()}
    spine_root = next(_all(root, "spine"), None)
    nav_id = next((key for key, item in items.items() if "nav" in item.get("properties", "").split()), None)
    order = [ref.get("idref", "") for ref in _all(root, "itemref")]
    spine = [by_id[i] for i in order if i in by_id and i != nav_id and _is_text(items[i], by_id[i])]
    if not spine:
        spine = [by_id[key] for key, item in items.items() if key != nav_id and _is_text(item, by_id[key])]
    toc_id = spine_root.get("toc", "") if spine_root is not None else ""
    ncx = by_id.get(toc_id) or next((p for p in by_id.values() if p.endswith(".ncx")), None)
    return Package(
        title=_first_text(root, "title"),
        author=", ".join(t for t in (_text(e) for e in _all(root, "creator")) if t) or None,
        spine=tuple(dict.fromkeys(spine)),
        nav=by_id[nav_id] if nav_id else None,
        ncx=ncx,
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


def _package_path(archive: Archive) -> str | None:
    container = archive.find("META-INF/container.xml")
    root = _xml(archive, container) if container else None
    if root is not None:
        for rootfile in _all(root, "rootfile"):
            found = archive.find(unquote(rootfile.get("full-path", "")))
            if found:
                return found
    return next((entry for entry in archive.names() if entry.lower().endswith(".opf")), None)


def _refuse_locked(archive: Archive, name: str) -> None:
    """Fonts may be obfuscated; an encrypted text means copy protection."""
    path = archive.find("META-INF/encryption.xml")
    root = _xml(archive, path) if path else None
    if root is None:
        return
    methods = [element.get("Algorithm", "") for element in _all(root, "EncryptionMethod")]
    if any(method not in _FONT_LOCKS for method in methods):
        advice = "Use a copy without copy protection."
        raise LockedFile(name, "by its shop with copy protection (DRM)", advice)


def _nav_entries(archive: Archive, path: str) -> Iterator[Entry]:
    tree = LexborHTMLParser(decode(archive.read(path), declared=True))
    navs = tree.css("nav")
    tocs = [nav for nav in navs if "toc" in (nav.attributes.get("epub:type") or "").split()]
    for nav in (tocs or navs)[:1]:
        for link in nav.css("li > a"):
            href = link.attributes.get("href")
            title = " ".join(link.text().split())
            if href and title:
                yield _entry(title, _depth(link, nav), posixpath.dirname(path), href)


def _depth(link: LexborNode, nav: LexborNode) -> int:
    depth, node = 0, link.parent
    while node is not None and node.mem_id != nav.mem_id:
        depth += node.tag in ("ol", "ul")
        node = node.parent
    return max(1, depth)


def _ncx_entries(archive: Archive, path: str) -> Iterator[Entry]:
    root = _xml(archive, path)
    nav_map = next(_all(root, "navMap"), None) if root is not None else None
    pending = [(point, 1) for point in reversed(_children(nav_map, "navPoint"))] if nav_map is not None else []
    while pending:
        point, level = pending.pop()
        content = next(iter(_children(point, "content")), None)
        label = next(iter(_children(point, "navLabel")), None)
        title = " ".join("".join(label.itertext()).split()) if label is not None else ""
        if content is not None and title and content.get("src"):
            yield _entry(title, level, posixpath.dirname(path), content.get("src", ""))
        pending += [(child, level + 1) for child in reversed(_children(point, "navPoint"))]


def _entry(title: str, level: int, base: str, href: str) -> Entry:
    path, _, fragment = href.partition("#")
    return Entry(title, level, _join(base, path), unquote(fragment))


def _join(base: str, href: str) -> str:
    try:
        path = urlsplit(href).path
    except ValueError:
        path = href
    return posixpath.normpath(posixpath.join(base, unquote(path)))


def _is_text(item: Element, path: str) -> bool:
    kind = item.get("media-type", "").strip().lower()
    return kind in _HTML_TYPES or path.lower().endswith((".xhtml", ".html", ".htm"))


def _xml(archive: Archive, path: str) -> Element | None:
    """The parsed part, or None when it is broken or tries something that XML in a book has no need of."""
    try:
        root: Element = fromstring(archive.read(path))
    except (ParseError, DefusedXmlException, DamagedFile, ValueError, LookupError):
        return None
    return root


def _all(root: Element, tag: str) -> Iterator[Element]:
    """All descendants with this local name, whatever their namespace."""
    return (element for element in root.iter() if _local(element) == tag)


def _children(element: Element, tag: str) -> list[Element]:
    return [child for child in element if _local(child) == tag]


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _first_text(root: Element, tag: str) -> str | None:
    return next((text for text in (_text(element) for element in _all(root, tag)) if text), None)


def _text(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())
