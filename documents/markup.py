"""The readable text of HTML: blocks on lines of their own, headings and anchors with their place in it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode

from documents.model import Heading

_SKIP = frozenset(
    {
        "head",
        "script",
        "style",
        "noscript",
        "template",
        "nav",
        "svg",
        "canvas",
        "audio",
        "video",
        "object",
        "embed",
        "iframe",
        "button",
        "input",
        "select",
        "option",
        "textarea",
        "label",
        "dialog",
        "map",
    }
)
_BLOCKS = frozenset(
    {
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "hr",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "tr",
        "ul",
    }
)
_PARAGRAPHS = _BLOCKS - frozenset(["li", "tr", "dt", "dd", "div", "tbody", "thead", "tfoot", "caption", "figcaption"])
_VOID = frozenset(
    {
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    }
)
_SELF_CLOSED = re.compile(r"<([a-zA-Z][\w:-]*)((?:\s[^<>]*?)?)/>")
_HEADING = re.compile(r"h([1-6])$")


@dataclass(frozen=True)
class Markup:
    """The text, its headings, the offset of every element id, and the page's own <title>."""

    text: str
    headings: tuple[Heading, ...]
    anchors: dict[str, int]
    title: str | None
    author: str | None


def extract(source: str, *, xhtml: bool = False) -> Markup:
    """The readable text of `source`. With `xhtml`, self-closed elements are closed as XML means them."""
    if xhtml:
        source = _SELF_CLOSED.sub(_spell_out, source)
    tree = LexborHTMLParser(source)
    root = tree.body or tree.root
    writer = _Writer()
    if root is not None:
        _walk(_main_part(tree, root), writer)
    title = tree.css_first("head > title")
    author = tree.css_first('meta[name="author" i]')
    text = "".join(writer.parts).rstrip()
    headings = tuple(h for h in writer.headings if h.title)
    anchors = {key: min(offset, len(text)) for key, offset in writer.anchors.items()}
    return Markup(
        text=text + "\n" if text else "",
        headings=headings,
        anchors=anchors,
        title=title.text() if title is not None else None,
        author=(author.attributes.get("content") if author is not None else None),
    )


def _spell_out(match: re.Match[str]) -> str:
    tag = match[1]
    return match[0] if tag.lower() in _VOID else f"<{tag}{match[2]}></{tag}>"


def _main_part(tree: LexborHTMLParser, root: LexborNode) -> LexborNode:
    """The page's main element, when it has exactly one and most of the text is in it."""
    for selector in ("main", '[role="main"]', "article"):
        found = tree.css(selector)
        if len(found) == 1 and 2 * len(found[0].text()) > len(root.text()):
            return found[0]
    return root


@dataclass
class _Writer:
    parts: list[str] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    anchors: dict[str, int] = field(default_factory=dict)
    length: int = 0
    newlines: int = 2  # how many the text ends with; 2 at the very start, so that none is written there
    space: bool = False
    bullet: bool = False  # a list item has begun and has no words yet
    preformatted: int = 0
    heading_start: int | None = None

    def put(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text)

    def break_line(self, count: int) -> None:
        if self.newlines < count and not self.bullet:
            self.put("\n" * (count - self.newlines))
            self.newlines = count
        self.space = False

    def write(self, text: str) -> None:
        if self.preformatted:
            self._write_raw(text)
            return
        words = text.replace("\u00ad", "").split()
        if not words:
            self.space = self.space or bool(text)
            return
        if self.bullet:
            self.put("- ")
            self.bullet = False
        elif (self.space or text[0].isspace()) and not self.newlines:
            self.put(" ")
        self.put(" ".join(words))
        self.newlines, self.space = 0, text[-1].isspace()

    def _write_raw(self, text: str) -> None:
        if text:
            self.put(text)
            stripped = text.rstrip("\n")
            self.newlines = min(2, len(text) - len(stripped)) if stripped else min(2, self.newlines + len(text))

    def start_heading(self) -> None:
        self.heading_start = self.length

    def end_heading(self, level: int) -> None:
        if self.heading_start is None:
            return
        tail: list[str] = []
        length = self.length
        while self.parts and length > self.heading_start:
            tail.append(self.parts[-1 - len(tail)])
            length -= len(tail[-1])
        title = " ".join("".join(reversed(tail)).split())
        self.headings.append(Heading(title, level, self.heading_start))
        self.heading_start = None


def _walk(root: LexborNode, writer: _Writer) -> None:
    """Visits the tree without recursion: a page may be nested deeper than Python's stack."""
    node: LexborNode | None = root
    root_id = root.mem_id  # `==` on nodes compares their whole HTML
    while node is not None:
        child = node.first_child if _enter(node, writer) else None
        if child is not None:
            node = child
            continue
        while node is not None:
            _leave(node, writer)
            if node.mem_id == root_id:
                return
            if node.next is not None:
                node = node.next
                break
            node = node.parent


def _enter(node: LexborNode, writer: _Writer) -> bool:
    """Writes what stands at the node's start; whether to go into it."""
    tag = node.tag or ""
    if tag == "-text":
        writer.write(node.text_content or "")
        return False
    if tag in _SKIP or tag.startswith(("-", "!")):
        return False
    attributes = node.attributes
    if _is_hidden(attributes):
        return False
    if tag in _BLOCKS:
        writer.break_line(2 if tag in _PARAGRAPHS else 1)
    for key in (attributes.get("id"), attributes.get("name") if tag == "a" else None):
        if key:
            writer.anchors.setdefault(key, writer.length)
    if tag == "br":
        writer.break_line(min(2, writer.newlines + 1))
    elif tag in ("td", "th") and not writer.newlines:
        writer.put(" | ")
        writer.space = False
    elif tag == "pre":
        writer.preformatted += 1
    elif tag == "li":
        writer.bullet = True
    elif _HEADING.match(tag):
        writer.start_heading()
    return True


def _leave(node: LexborNode, writer: _Writer) -> None:
    tag = node.tag or ""
    if tag == "pre" and writer.preformatted:
        writer.preformatted -= 1
    heading = _HEADING.match(tag)
    if heading:
        writer.end_heading(int(heading[1]))
    if tag == "li":
        writer.bullet = False
    if tag in _BLOCKS:
        writer.break_line(2 if tag in _PARAGRAPHS else 1)


def _is_hidden(attributes: dict[str, str | None]) -> bool:
    return (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or attributes.get("role") in ("navigation", "doc-pagebreak", "doc-toc")
        or "pagebreak" in (attributes.get("epub:type") or "").split()
    )
