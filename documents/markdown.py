"""Markdown: read as it is shown, by markdown-it, with its headings as sections and its front matter for title and author."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from typing import Any

import yaml
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock, reference
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from documents.decode import decode
from documents.markup import extract
from documents.model import Note, Parsed, note

_LONGEST_HEADER = 20_000  # characters of front matter
_MOST_NESTED = (
    200  # lists and the like in front matter, which is read line by line above that: YAML takes quadratic time for them
)
_LONGEST_INLINE = 20_000  # characters of a paragraph whose emphasis and links are looked for; they take quadratic time
_FOOTNOTE = re.compile(r"\[\^[^\]\s]{1,60}\]:")
_FENCE = re.compile(r"(---|\+\+\+|;;;)[ \t]{0,99}\n")
_ENDS = {"---": ("---", "..."), "+++": ("+++",), ";;;": (";;;",)}
_ATTRIBUTES = re.compile(r"(?<=\S)[ \t]{1,9}\{[#.:][^{}\n]{0,200}\}$")
_LINE = re.compile(r"[\w-]{1,40}[ \t]{0,9}:(?:[ \t]|$)")
_FIELD = re.compile(r"(title|author|authors|by|creator)[ \t]{0,9}:[ \t]{0,99}(\S.*)", re.I)
_PLAIN_FIELDS = frozenset(
    "title author authors date subtitle keywords abstract description tags language copyright email".split()
)


def parse_markdown(data: bytes, name: str) -> Parsed:
    """The text as it would be shown, less its front matter, with its headings as sections."""
    source, notes = decode(data)
    fields, body = _split_header(source)
    markup = extract(_renderer().render(body))
    top = [h for h in markup.headings if h.level == 1]
    rest = [key for key in fields if key not in ("title", "author") and isinstance(key, str)]
    kept: tuple[Note, ...] = (note("front_matter_left_out", n=len(rest), which=", ".join(rest[:10])),) if rest else ()
    return Parsed(
        pages=(markup.text,),
        headings=markup.headings,
        title=_said(fields.get("title")),
        heading_title=top[0].title if top else None,
        author=_said(fields.get("author", fields.get("authors"))),
        notes=(*notes, *markup.notes, *kept),
    )


def _renderer() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    markdown.core.ruler.at("inline", _inline)
    markdown.block.ruler.at("reference", _reference, {"alt": ["paragraph"]})
    return markdown


def _reference(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Where links lead. The text of a footnote, "[^1]: Ibid.", is none of that and makes a paragraph, also right under another."""
    if not _FOOTNOTE.match(state.src, state.bMarks[start] + state.tShift[start], state.eMarks[start]):
        return not silent and reference(state, start, end, silent)
    if silent:
        return True
    state.line = start + 1
    while state.line < end and not state.isEmpty(state.line) and state.tShift[state.line]:
        state.line += 1
    state.push("paragraph_open", "p", 1).map = [start, state.line]
    words = state.push("inline", "", 0)
    words.content = state.getLines(start, state.line, state.blkIndent, False).strip()
    words.map, words.children = [start, state.line], []
    state.push("paragraph_close", "p", -1)
    return True


def _inline(state: StateCore) -> None:
    for before, token in zip(["", *(token.type for token in state.tokens)], state.tokens, strict=False):
        if token.type != "inline":
            continue
        token.children = token.children or []
        if before == "heading_open":
            token.content = _ATTRIBUTES.sub("", token.content)
        if len(token.content) > _LONGEST_INLINE:
            token.children.append(Token("text", "", 0, content=token.content))
        else:
            state.md.inline.parse(token.content, state.md, state.env, token.children)


def _split_header(text: str) -> tuple[Mapping[str, Any], str]:
    """The fields of the front matter, their names in small letters, and the text after it; YAML, TOML, JSON or plain lines."""
    text = text.lstrip("\n")
    fence = _FENCE.match(text)
    if fence:
        start = place = fence.end()
        while place < min(len(text), start + _LONGEST_HEADER):
            end = text.find("\n", place)
            end = end if end >= 0 else len(text)
            if text[place:end].rstrip() in _ENDS[fence[1]]:
                fields = _fields(fence[1], text[start:place])
                return (fields, text[end + 1 :]) if fields is not None else ({}, text)
            place = end + 1
        return {}, text
    if text.startswith("{"):
        try:
            found, end = json.JSONDecoder().raw_decode(text[:_LONGEST_HEADER])
        except (ValueError, RecursionError):
            return {}, text
        return (
            (_lowered(found), text[end:])
            if isinstance(found, dict) and text[end : end + 1] in ("", "\n")
            else ({}, text)
        )
    if text.startswith("% "):
        lines = text.split("\n", 3)
        said = [line[1:].strip() for line in lines[:3] if line.startswith("%")]
        fields = {key: value for key, value in zip(("title", "author", "date"), said, strict=False) if value}
        return fields, "\n".join(lines[len(said) :])
    head = text[:_LONGEST_HEADER].partition("\n\n")[0]
    lines = head.split("\n")
    first = lines[0].split(":")[0].strip().lower()
    if first in _PLAIN_FIELDS and all(_LINE.match(line) or line[:1] in (" ", "\t") for line in lines):
        return _by_lines(head), text[len(head) :]
    return {}, text


def _fields(fence: str, head: str) -> Mapping[str, Any] | None:
    """What the header says; None when it is none, but text between two rules."""
    if head.count("[") + head.count("{") + head.count("*") > _MOST_NESTED:
        return _by_lines(head)
    try:
        found = tomllib.loads(head) if fence == "+++" else json.loads(head) if fence == ";;;" else yaml.safe_load(head)
    except (ValueError, yaml.YAMLError, RecursionError, ArithmeticError, LookupError, TypeError, AttributeError):
        return _by_lines(head) if any(map(_LINE.match, head.split("\n"))) else None
    if found is None:
        return {}
    return _lowered(found) if isinstance(found, dict) else None


def _lowered(fields: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(key)[:60].lower(): value for key, value in fields.items() if isinstance(key, str | int)}


def _by_lines(head: str) -> dict[str, Any]:
    """Title and author out of a header that is not well formed."""
    found = {}
    for line in head.split("\n"):
        match = _FIELD.match(line)
        if match:
            found.setdefault("title" if match[1].lower() == "title" else "author", match[2].strip().strip("\"'"))
    return found


def _said(value: object) -> str | None:
    """A field's words: a text, a list of texts, or a list of people with names."""
    several = value if isinstance(value, list) else [value]
    names = [one.get("name") if isinstance(one, dict) else one for one in several[:20]]
    return ", ".join(str(name) for name in names if isinstance(name, str | int | float) and str(name).strip()) or None
