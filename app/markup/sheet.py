"""A page of the document: its picture with the words marked, or its text."""

from __future__ import annotations

import base64
from html import escape

from app.markup.notice import closing
from app.markup.passage import marked
from app.views import PageView
from app.words import Words


def sheet(words: Words, page: PageView) -> str:
    """Return the HTML of the panel, with buttons to the pages before and after; `words` are about its document."""
    of = capital(words.pages_of(page.number, page.number, page.pages))
    return (
        f'<section class="origin sheet" aria-label="{of}"><header><h3>{of}</h3><span class="turns">'
        f"{_turn(page, -1, words('read.before'), '‹')}{_turn(page, 1, words('read.after'), '›')}{closing(words)}</span></header>"
        f'<p class="asked">{escape(page.title)}</p>{_body(words, page)}</section>'
    )


def capital(text: str) -> str:
    """Return the text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def opener(words: Words, page: int, wanted: str) -> str:
    """Return a button that opens a page with some words marked."""
    return button(page, wanted, words("sheet.open", page=words.page(page)), words.page_short(page), "page")


def _body(words: Words, page: PageView) -> str:
    if page.png is None:
        return f"<blockquote>{marked(page.text, page.words)}</blockquote>"
    data = base64.b64encode(page.png).decode()
    said = words("sheet.picture", page=words.label(page.number))
    marks = "".join(
        f'<i style="left:{100 * left:.2f}%;top:{100 * top:.2f}%;width:{100 * width:.2f}%;height:{100 * height:.2f}%"></i>'
        for left, top, width, height in page.marks
    )
    return f'<figure><img src="data:image/png;base64,{data}" alt="{said}">{marks}</figure>'


def _turn(page: PageView, step: int, label: str, sign: str) -> str:
    there = 1 <= page.number + step <= page.pages
    return button(page.number + step, page.words, label, sign, "turn") if there else ""


def button(page: int, wanted: str, label: str, shown: str, kind: str) -> str:
    """Return a button of a `kind` that says `shown` and opens a page with some words marked."""
    return (
        f'<button type="button" class="{kind}" data-sheet="{page}" data-words="{escape(wanted, quote=True)}" '
        f'aria-label="{label}">{shown}</button>'
    )
