"""Markdown: kept as written, sections from its headings."""

from __future__ import annotations

import re

from documents.decode import decode
from documents.model import Heading, Parsed

_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})(.*)$")
_UNDERLINE = re.compile(r" {0,3}(=+|-{2,})[ \t]*$")
_NOT_TITLE = re.compile(r"\s*$| {4}|\t| {0,3}([>|#*+-] ?|\d+[.)] )")
_FRONT_FIELD = re.compile(r"(title|author):[ \t]*(.+?)[ \t]*$", re.I)


def parse_markdown(data: bytes, name: str) -> Parsed:
    """The text as written, less a YAML header, with ATX and underlined headings as sections."""
    fields, text = _split_header(decode(data))
    headings = _headings(text)
    top = [h for h in headings if h.level == 1]
    return Parsed(
        pages=(text,),
        headings=tuple(headings),
        title=fields.get("title"),
        heading_title=top[0].title if top else None,
        author=fields.get("author"),
    )


def _split_header(text: str) -> tuple[dict[str, str], str]:
    """The title and author of a YAML header, and the text after it."""
    if not text.startswith("---\n"):
        return {}, text
    head, mark, body = text[4:].partition("\n---\n")
    if not mark or len(head) > 10_000 or not re.match(r"[\w-]+\s*:", head):
        return {}, text
    found = (_FRONT_FIELD.match(line) for line in head.split("\n"))
    return {match[1].lower(): match[2].strip("\"'") for match in found if match}, body


def _headings(text: str) -> list[Heading]:
    headings = []
    fence, previous, previous_start, start = "", "", 0, 0
    for line in text.split("\n"):
        opened = _FENCE.match(line)
        if fence:
            if opened and opened[1].startswith(fence) and not opened[2].strip():
                fence = ""
            line_title = ""
        elif opened:
            fence, line_title = opened[1], ""
        else:
            line_title = line
            atx, under = _ATX.match(line), _UNDERLINE.match(line)
            if atx:
                headings.append(Heading(plain(atx[2] or ""), len(atx[1]), start))
            elif under and not _NOT_TITLE.match(previous):
                headings.append(Heading(plain(previous), 1 if under[1][0] == "=" else 2, previous_start))
        previous, previous_start = line_title, start
        start += len(line) + 1
    return headings


def plain(title: str) -> str:
    """A heading without its inline marks: emphasis, code, links, trailing ids."""
    title = re.sub(r"\s*\{[^{}]*\}\s*$", "", title)
    title = re.sub(r"!?\[([^\[\]]*)\](\([^()]*\)|\[[^\[\]]*\])", r"\1", title)
    title = re.sub(r"(\*{1,3}|_{2,3}|`+)(.+?)\1", r"\2", title)
    title = re.sub(r"<[^<>]*>", "", title)
    return " ".join(re.sub(r"\\([#*_`\[\]\\-])", r"\1", title).split())
