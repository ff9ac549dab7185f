"""XML as it comes in books and office files: parsed strictly where it is sound, mended where it is not, and never trusted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.entities import html5
from typing import Any, NamedTuple

from lxml import etree

from documents.decode import decode

_ENTITY = re.compile(r"&([a-zA-Z][a-zA-Z0-9]{0,30});")
_BARE = re.compile(r"&(?!(?:[a-zA-Z][a-zA-Z0-9]{0,30}|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});)")
_OWN = frozenset({"amp", "lt", "gt", "quot", "apos"})
_DECLARATION = re.compile(r"<\?xml[^>]{0,300}\?>")
_UNSEEN = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


class Xml(NamedTuple):
    """A root element of lxml, None when nothing could be made of the file; and whether some of it may be lost."""

    root: Any
    mended: bool


def parse_xml(data: bytes) -> Any:
    """The root element of a file, mended as far as it goes. See `read_xml`."""
    return read_xml(data).root


def read_xml(data: bytes) -> Xml:
    """The file's elements; what is not well formed is mended as far as it goes.

    Entities are never expanded but for HTML's own names of letters, and nothing is fetched.
    """
    try:
        root = etree.fromstring(data, _parser(recover=False))
        if not any(isinstance(node, etree._Entity) for node in root.iter(etree.Entity)):
            return Xml(root, False)
    except (etree.XMLSyntaxError, ValueError):
        pass
    text = decode(data, declared=True).text.lstrip()
    declared = _DECLARATION.match(text)
    text = text[declared.end() :] if declared else text
    text = _UNSEEN.sub("", _BARE.sub("&amp;", _ENTITY.sub(_letter, text)))
    parser = _parser(recover=True)
    try:
        root = etree.fromstring(text.encode("utf-8"), parser)
    except (etree.XMLSyntaxError, ValueError):
        return Xml(None, True)
    return Xml(root, any(error.level == etree.ErrorLevels.FATAL for error in parser.error_log))


def local(element: Any) -> str:
    """An element's name without namespace or prefix; empty for comments and the like."""
    tag = element.tag
    return tag.rpartition("}")[2].rpartition(":")[2] if isinstance(tag, str) else ""


def attribute(element: Any, name: str) -> str:
    """An attribute by its name without namespace; empty where there is none."""
    for key, value in element.attrib.items():
        if key == name or key.rpartition("}")[2].rpartition(":")[2] == name:
            return str(value)
    return ""


def descendants(root: Any, name: str) -> Iterator[Any]:
    """All elements below with that name, whatever their namespace."""
    return (element for element in root.iter() if local(element) == name)


def children(root: Any, name: str) -> list[Any]:
    """The direct children with that name."""
    return [element for element in root if local(element) == name]


def words(element: Any) -> str:
    """All text in an element on one line."""
    return " ".join("".join(element.itertext()).split())


def _parser(*, recover: bool) -> etree.XMLParser:
    return etree.XMLParser(
        recover=recover, resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )


def _letter(match: re.Match[str]) -> str:
    name = match[1]
    return match[0] if name in _OWN else html5.get(f"{name};", f"&amp;{name};")
