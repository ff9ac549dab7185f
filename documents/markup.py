"""The readable text of HTML: what a browser would show, blocks on lines of their own, headings and anchors with their place in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import escape

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from documents.model import Heading, Note, note
from documents.styles import numeral
from documents.writer import TextWriter

_SKIP = frozenset(
    "head script style noscript template canvas audio video object embed map datalist rp rt rtc base link meta title".split()
)
_BLOCKS = frozenset(
    "address article aside blockquote body caption center dd details dialog div dl dt fieldset figcaption figure footer form h1 h2 "
    "h3 h4 h5 h6 header hgroup hr iframe legend li main ol optgroup p pre search section summary table tbody tfoot thead tr ul".split()
)
_PARAGRAPHS = _BLOCKS - frozenset("li tr dt dd div tbody thead tfoot caption figcaption legend".split())
_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_SELF_CLOSED = re.compile(r"""<([a-zA-Z][\w:-]{0,40})((?:[^<>"'/]|"[^"<]*"|'[^'<]*'|/(?!>))*+)/>""")
_HEADING = re.compile(r"h([1-6])$")
_MENUS = frozenset({"navigation", "doc-pagebreak", "doc-toc", "menu", "menubar"})
# Inputs whose value is shown.
_TYPED = frozenset(
    [
        "",
        *"text search email tel url number date month week time datetime-local button submit reset color range".split(),
    ]
)
_HIDING = re.compile(
    r"(?:^|;)\s{0,9}(?:display\s{0,9}:\s{0,9}none|visibility\s{0,9}:\s{0,9}(?:hidden|collapse)|font-size\s{0,9}:\s{0,9}0(?![.\d]*[1-9.])"
    r"|opacity\s{0,9}:\s{0,9}0(?:\.0{1,9})?\s{0,9}(?:;|!|$)|mso-hide\s{0,9}:\s{0,9}all"
    r"|(?:text-indent|left|right|top|margin-left)\s{0,9}:\s{0,9}-\d{4,9})",
    re.I,
)
_FLAT = re.compile(r"(?:^|;)\s{0,9}(?:max-)?(?:height|width)\s{0,9}:\s{0,9}0(?:px|pt|em|rem|%)?\s{0,9}(?:;|!|$)", re.I)
_CLIPPED = re.compile(r"(?:^|;)\s{0,9}overflow\s{0,9}:\s{0,9}(?:hidden|clip)", re.I)
_SHOWN = re.compile(r"(?:^|;)\s{0,9}(display|visibility)\s{0,9}:\s{0,9}([a-z-]{1,20})", re.I)
_COMMENT = re.compile(r"/\*.*?\*/", re.S)
_RULES = 200  # of the page's own styles that hide or show something, that are looked at
_FRAMES = 3  # pages within pages within the page
_SUPERSCRIPT = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")
_UNIT_LETTERS = 3  # before a raised number, at most, for that to be a power: "cm²", but "lamp[1]"


@dataclass(frozen=True)
class Markup:
    """The text, its headings, the offset of every element id, the page's own <title>, language and author, and notes on what was
    left out."""

    text: str
    headings: tuple[Heading, ...]
    anchors: dict[str, int]
    title: str | None
    author: str | None
    language: str | None = None
    notes: tuple[Note, ...] = ()


def extract(source: str, *, xhtml: bool = False) -> Markup:
    """The readable text of `source`. With `xhtml`, self-closed elements are closed as XML means them."""
    if xhtml:
        source = _raw_as_text(source)
        source = _SELF_CLOSED.sub(_spell_out, source)
    tree = LexborHTMLParser(source)
    root = tree.body or tree.root
    writer = TextWriter()
    reader = _Reader(writer)
    if root is not None:
        reader.read(tree, root)
    title = tree.css_first("head > title")
    author = tree.css_first('meta[name="author" i]')
    html = tree.css_first("html")
    text = writer.text
    spoken = (html.attributes.get("lang") or html.attributes.get("xml:lang")) if html is not None else None
    return Markup(
        text=text,
        headings=tuple(heading for heading in writer.headings if heading.start < len(text)),
        anchors={key: min(offset, len(text.rstrip())) for key, offset in writer.anchors.items()},
        title=title.text() if title is not None else None,
        author=(author.attributes.get("content") if author is not None else None),
        language=spoken,
        notes=reader.notes(),
    )


def _raw_as_text(source: str) -> str:
    """XML with its raw text, "<![CDATA[a < b]]>", written as other text is."""
    parts: list[str] = []
    place = 0
    while (start := source.find("<![CDATA[", place)) >= 0 and (end := source.find("]]>", start)) >= 0:
        parts += (source[place:start], escape(source[start + 9 : end], quote=False))
        place = end + 3
    return "".join([*parts, source[place:]])


def _spell_out(match: re.Match[str]) -> str:
    tag = match[1]
    return match[0] if tag.lower() in _VOID else f"<{tag}{match[2]}></{tag}>"


class _Reader:
    """Writes the tree of one page, and counts what it leaves out."""

    def __init__(self, writer: TextWriter, frames: int = 0) -> None:
        self._writer = writer
        self._frames = frames
        self._left_out: Counter[str] = Counter()
        self._passed: set[int] = set()  # elements that were left out and are still to be left
        self._lists: list[tuple[str, int]] = []  # type and next number of each open list; an empty type has bullets
        self._styled: Mapping[int, bool] = {}
        self._structured: frozenset[int] = frozenset()

    def notes(self) -> tuple[Note, ...]:
        """What was left out."""
        out = self._left_out
        found = [
            note("hidden_left_out", n=out["hidden"]) if out["hidden"] else None,
            note("menus_left_out", n=out["menus"]) if out["menus"] else None,
            note("readings_left_out", n=out["readings"]) if out["readings"] else None,
        ]
        return tuple(one for one in found if one)

    def read(self, tree: LexborHTMLParser, root: LexborNode) -> None:
        """Writes `root`."""
        self._styled = _hidden_by_styles(tree)
        self._structured = _structured_cells(root)
        for node in _left(root, self._enter):
            self._leave(node)

    def _enter(self, node: LexborNode) -> bool:
        """Writes what stands at the node's start; whether to go into it."""
        writer, tag = self._writer, node.tag or ""
        if tag == "-text":
            writer.write(node.text_content or "")
            return False
        if tag in _SKIP or tag.startswith(("-", "!")):
            self._left_out["readings"] += tag == "rt"
            return False
        attributes = node.attributes
        for key in (attributes.get("id"), attributes.get("name") if tag == "a" else None):
            if key:
                writer.anchors.setdefault(key, writer.length)
        if self._is_left_out(node, tag, attributes):
            return False
        if tag in _BLOCKS:
            writer.break_line(self._white(tag))
        if tag in ("svg", "math"):
            self._drawing(node, tag)
            return False
        if tag in ("input", "select", "iframe", "noframes", "img", "sup"):
            return self._special(node, tag, attributes)
        if tag == "a" and _calls_note(attributes):
            mark = " ".join(node.text().split()).strip("[]()")
            writer.glue(f"[{mark}]" if mark else "")
            return False
        self._open(tag, node, attributes)
        return True

    def _open(self, tag: str, node: LexborNode, attributes: Mapping[str, str | None]) -> None:
        writer = self._writer
        if tag == "br":
            writer.break_line(1 if writer.tail(1) else 2)
        elif tag == "table":
            writer.start_table()
        elif tag == "tr":
            writer.start_row()
        elif tag in ("td", "th"):
            rows, columns = (_number(attributes.get(name), 1) for name in ("rowspan", "colspan"))
            writer.start_cell(rows=rows, columns=columns, flat=node.mem_id not in self._structured)
        elif tag in ("pre", "textarea"):
            if tag == "textarea":  # a box of its own within the line
                writer.write(" ")
            writer.start_preformatted()
        elif tag in ("ol", "ul", "menu", "dir"):
            self._lists.append(
                (attributes.get("type") or "1" if tag == "ol" else "", _number(attributes.get("start"), 1))
            )
        elif tag == "li":
            writer.start_item(self._item_mark(attributes))
        elif tag == "q":
            writer.glue("“") if writer.tail(1) else writer.write(" “")
        elif tag in ("del", "s", "strike"):
            writer.write("~~") if not writer.tail(1) else writer.glue("~~")
        elif _HEADING.match(tag):
            writer.start_heading()

    def _leave(self, node: LexborNode) -> None:
        writer, tag = self._writer, node.tag or ""
        if tag in _SKIP or tag.startswith(("-", "!")):
            return
        if node.mem_id in self._passed:
            self._passed.discard(node.mem_id)
            return
        heading = _HEADING.match(tag)
        if heading:
            writer.end_heading(int(heading[1]))
        elif tag in ("pre", "textarea"):
            writer.end_preformatted()
            if tag == "textarea":
                writer.write(" ")
        elif tag == "li":
            writer.end_item()
        elif tag in ("ol", "ul", "menu", "dir") and self._lists:
            self._lists.pop()
        elif tag in ("td", "th"):
            writer.end_cell()
        elif tag == "tr":
            writer.end_row()
        elif tag == "table":
            writer.end_table()
        elif tag == "q":
            writer.glue("”")
        elif tag in ("del", "s", "strike"):
            writer.glue("~~")
        if tag in _BLOCKS:
            writer.break_line(self._white(tag))

    def _white(self, tag: str) -> int:
        """How many newlines part the block from its neighbours; a list within a list stands close."""
        return 2 if tag in _PARAGRAPHS and not (self._lists and tag in ("ol", "ul", "menu")) else 1

    def _is_left_out(self, node: LexborNode, tag: str, attributes: Mapping[str, str | None]) -> bool:
        why = self._why_left_out(node, tag, attributes)
        if why and node.text().strip():
            self._left_out[why] += 1
        if why:
            self._passed.add(node.mem_id)
        return bool(why)

    def _why_left_out(self, node: LexborNode, tag: str, attributes: Mapping[str, str | None]) -> str:
        """The reason, "hidden" or "menus", or "silent" for what says nothing that is not said elsewhere; empty for what is read."""
        if "mw-editsection" in (attributes.get("class") or "").split():  # "[edit]" behind a wiki's headings
            return "menus"
        if tag == "nav" or attributes.get("role") in _MENUS:
            return "silent" if (attributes.get("epub:type") or "").split() else "menus"
        if "pagebreak" in (attributes.get("epub:type") or "").split():
            return "silent"
        if tag in ("body", "html"):
            return ""
        if (tag == "dialog" and "open" not in attributes) or "hidden" in attributes:
            return "hidden"
        if attributes.get("aria-hidden") == "true" and "katex-html" in (attributes.get("class") or "").split():
            return "silent"
        style = attributes.get("style")
        if style and (_HIDING.search(style[:2000]) or (_FLAT.search(style[:2000]) and _CLIPPED.search(style[:2000]))):
            return "hidden"
        if self._styled.get(node.mem_id):
            return "hidden"
        return ""

    def _item_mark(self, attributes: Mapping[str, str | None]) -> str:
        if not self._lists or not self._lists[-1][0]:
            return "- "
        kind, number = self._lists[-1]
        number = _number(attributes.get("value"), number)
        self._lists[-1] = (kind, number + 1)
        return f"{numeral(number, kind)}. "

    def _special(self, node: LexborNode, tag: str, attributes: Mapping[str, str | None]) -> bool:
        writer = self._writer
        if tag == "sup":
            return self._raised(node)
        if tag == "img":
            alternative = (attributes.get("alt") or "").strip()
            if 0 < len(alternative) <= 2 and alternative[0].isalpha():  # an initial that is a picture
                writer.write(alternative)
        elif tag == "input":
            kind = (attributes.get("type") or "").lower()
            if kind in ("checkbox", "radio"):
                writer.write("[x] " if "checked" in attributes else "[ ] ")
            elif kind in _TYPED:
                writer.write(f" {attributes.get('value') or ''} ")
        elif tag == "select":
            options = node.css("option")
            chosen = [option for option in options if "selected" in option.attributes] or options[:1]
            writer.write(f" {', '.join(' '.join(option.text().split()) for option in chosen)} ")
        elif tag in ("iframe", "noframes") and self._frames < _FRAMES:
            tree = LexborHTMLParser((attributes.get("srcdoc") if tag == "iframe" else node.text()) or "")
            if tree.body is not None:
                inner = _Reader(writer, self._frames + 1)
                inner.read(tree, tree.body)
                self._left_out += inner._left_out
        return False

    def _raised(self, node: LexborNode) -> bool:
        """A raised number: a power after a number or a unit, else the mark of a footnote."""
        writer, raised = self._writer, node.text().strip()
        bare = raised.strip("[]()")
        if not bare or len(bare) > 4 or bare.translate(_SUPERSCRIPT) == bare or not set(bare) <= set("0123456789+-,"):
            return True
        before = writer.tail(_UNIT_LETTERS + 1)
        linked = node.css_first("a") is not None or (node.parent is not None and node.parent.tag == "a")
        power = before and (before[-1] in ")0123456789" or not before.isalpha() or len(before) <= _UNIT_LETTERS)
        if linked or bare != raised or not power:
            writer.glue(f"[{bare}]")
        else:
            writer.glue(bare.translate(_SUPERSCRIPT))
        return False

    def _drawing(self, node: LexborNode, tag: str) -> None:
        writer = self._writer
        if tag == "svg":
            for label in node.css("text"):
                writer.break_line(1)
                writer.write(label.text())
            writer.break_line(1)
            return
        written = node.attributes.get("alttext") or _formula(node)
        writer.write(f" {written} " if not writer.tail(1) else written)


def _calls_note(attributes: Mapping[str, str | None]) -> bool:
    """Whether a link is the mark of a footnote."""
    return "noteref" in (attributes.get("epub:type") or "").split() or attributes.get("role") == "doc-noteref"


def _formula(root: LexborNode) -> str:
    """A MathML formula on one line: a/b, x^2, x_1, √(x)."""
    parts: list[str] = []
    pending: list[LexborNode | str] = [root]
    while pending and len(parts) < 10_000:
        node = pending.pop()
        if isinstance(node, str):
            parts.append(node)
            continue
        tag = node.tag or ""
        if tag == "-text":
            parts.append(" ".join((node.text_content or "").split()))
            continue
        if tag.startswith("annotation"):
            continue
        children = [
            child
            for child in node.iter(include_text=True)
            if child.tag != "-text" or (child.text_content or "").strip()
        ]
        between = {
            "mfrac": "/",
            "msup": "^",
            "msub": "_",
            "msubsup": "_^",
            "munderover": "_^",
            "munder": "_",
            "mover": "^",
        }.get(tag)
        if tag in ("msqrt", "mroot"):
            pending += [")", *reversed(children), "√("]
        elif between and len(children) >= 2:
            spread: list[LexborNode | str] = []
            for place, child in enumerate(children):
                mark = between[min(place, len(between)) - 1] if place else ""
                grouped = (child.tag or "") == "mrow" and (place or tag == "mfrac")
                spread += [mark, "(", child, ")"] if grouped else [mark, child]
            pending += reversed(spread)
        else:
            pending += reversed(children)
    return "".join(parts)


def _structured_cells(root: LexborNode) -> frozenset[int]:
    """The table cells with headings, lists, tables or several paragraphs in them, whose lines are kept."""
    found: set[int] = set()
    paragraphs: Counter[int] = Counter()
    open_cells: list[LexborNode] = []

    def enter(node: LexborNode) -> bool:
        tag = node.tag or ""
        if open_cells:
            cell = open_cells[-1].mem_id
            paragraphs[cell] += tag in ("p", "div", "blockquote")
            if tag in ("table", "pre", "li") or _HEADING.match(tag) or paragraphs[cell] > 2:
                found.add(cell)
        if tag in ("td", "th"):
            open_cells.append(node)
        return True

    for node in _left(root, enter):
        if open_cells and open_cells[-1].mem_id == node.mem_id:
            open_cells.pop()
    return frozenset(found)


def _left(root: LexborNode, enter: Callable[[LexborNode], bool]) -> Iterator[LexborNode]:
    """Every node of the tree when it is left; `enter` is called when it is reached, and says whether to go into it.

    Without recursion: a page may be nested deeper than Python's stack.
    """
    node: LexborNode | None = root
    root_id = root.mem_id  # `==` on nodes compares their whole HTML
    while node is not None:
        child = node.first_child if enter(node) else None
        if child is not None:
            node = child
            continue
        while node is not None:
            yield node
            if node.mem_id == root_id:
                return
            if node.next is not None:
                node = node.next
                break
            node = node.parent


def _hidden_by_styles(tree: LexborHTMLParser) -> dict[int, bool]:
    """For each element that a rule of the page's own styles hides or shows, which of the two, by its identity."""
    hidden: dict[int, bool] = {}
    rules = [rule for style in tree.css("style") for rule in _rules(style.text())]
    for selector, hides in rules[:_RULES]:
        if any(hides for _, hides in rules):
            try:
                matched = tree.css(selector)
            except (SelectolaxError, ValueError):
                continue
            hidden.update((node.mem_id, hides) for node in matched)
    return hidden


def _rules(style: str) -> Iterator[tuple[str, bool]]:
    """The selectors in a style sheet that hide or show something; rules for print, for narrow screens and the like are passed over."""
    depth, start, selector = 0, 0, ""
    style = _COMMENT.sub("", style)
    for brace in re.finditer(r"[{}]", style):
        piece, start = style[start : brace.start()], brace.end()
        if brace[0] == "{":
            selector = piece.strip() if depth == 0 else ""
            depth += 1
            continue
        depth = max(0, depth - 1)
        if selector and not selector.startswith("@") and ":" not in selector and len(selector) <= 500:
            shown = [value.lower() for _, value in _SHOWN.findall(piece[:5000])]
            if shown:
                yield selector, any(value in ("none", "hidden", "collapse") for value in shown)
        selector = ""


def _number(text: str | None, usual: int) -> int:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else usual
