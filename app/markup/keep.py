"""Links that save a conversation as a file, made in the page itself: no request leaves it."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence

from app.answering.conversations import as_json, as_markdown
from app.views import Turn
from app.words import Words


def links(words: Words, document_id: str, title: str, turns: Sequence[Turn]) -> str:
    """Return the HTML of the two links, or nothing where there is nothing to save."""
    if not turns:
        return ""
    name = file_name(title)
    kinds = (
        ("Markdown", "md", "text/markdown", as_markdown(words, title, turns)),
        ("JSON", "json", "application/json", as_json(document_id, title, turns)),
    )
    anchors = " ".join(
        f'<a download="{name}.{ending}" href="data:{mime};charset=utf-8;base64,{_base64(text)}">{label}</a>'
        for label, ending, mime, text in kinds
    )
    return f'<p class="keep"><span>{words("talk.save")}</span> {anchors}</p>'


def file_name(title: str) -> str:
    """A name for files that every system takes: small letters, numbers and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60] or "conversation"


def _base64(text: str) -> str:
    return base64.b64encode(text.encode("utf-8")).decode("ascii")
