"""What was read of a document: its text as the reader got it, with marks for pages and headings, and what was left out and why."""

from __future__ import annotations

from html import escape

from app.markup.notice import closing
from app.markup.sheet import button, capital
from app.views import Piece, ShelfItem, StretchRead
from app.words import Words


def what_was_read(words: Words, read: StretchRead) -> str:
    """Return the HTML of the panel, with what leads on to the rest of the document."""
    item = read.item
    words = words.about(item.unit, item.page_labels)
    label = words("read.label")
    before = _turn(read.before, words("read.before"), "‹") if read.before else ""
    after = _turn(read.last + 1, words("read.after"), "›") if read.last < item.pages else ""
    where = words.pages_of(read.first, read.last, item.pages)
    pages = "".join(_page(words, item, number, pieces) for number, pieces in enumerate(read.pages, read.first))
    on = _turn(read.last + 1, "", words("read.on"), "on") if after else ""
    return (
        f'<section class="origin read" aria-label="{label}"><header><h3>{label}</h3><span class="turns">{before}{after}{closing(words)}'
        f'</span></header><p class="asked">{escape(item.title)}: {where}</p>{_left_out(words, item)}{_contents(words, read)}'
        f"{pages}{on}</section>"
    )


def asking(words: Words) -> str:
    """Return the button that opens the panel at the document's beginning."""
    return f'<button type="button" class="link" data-read-from="1">{words("read.label")}</button>'


def _left_out(words: Words, item: ShelfItem) -> str:
    if not item.notes:
        return f'<p class="small">{words("read.whole")}</p>'
    lines = "".join(f"<li>{escape(words.note(key, values))}</li>" for key, values in item.notes)
    return f'<ul class="notes" aria-label="{words("document.notes")}">{lines}</ul>'


def _contents(words: Words, read: StretchRead) -> str:
    """The choice of a section to go to; the one in which the stretch begins is chosen."""
    sections = read.item.sections
    if read.item.pages == 1 or len(sections) < 2:
        return ""
    here = max((n for n, section in enumerate(sections) if section.page <= read.first), default=0)
    options = "".join(
        f'<option value="{section.page}"{" selected" if number == here else ""}>{chr(0x2003) * (section.level - 1)}'
        f"{escape(section.title)}</option>"
        for number, section in enumerate(sections)
    )
    return f'<p class="go"><label>{words("read.go")} <select data-read-at>{options}</select></label></p>'


def _page(words: Words, item: ShelfItem, number: int, pieces: tuple[Piece, ...]) -> str:
    labelled = words.label(number) != str(number)
    name = capital(words.pages_of(number, number, item.pages) if labelled else words.page(number))
    asked = words("sheet.open", page=words.page(number))
    printed = button(number, "", asked, words("read.printed"), "page") if item.format == "pdf" else ""
    said = "".join(_piece(piece, item.title) for piece in pieces) or f'<p class="small">{words("read.nothing")}</p>'
    return f'<p class="at"><span>{name}</span>{printed}</p>{said}'


def _piece(piece: Piece, document: str) -> str:
    """A piece of a page; a heading that isn't in the text is a mark, unless it merely says the document's title again."""
    text, head = piece.text.strip("\n"), ""
    if piece.heading:
        level = min(piece.level + 3, 6)
        head = f"<h{level}>{escape(piece.title)}</h{level}>"
    elif piece.title and piece.title != document:
        head = f'<p class="at bookmark"><span>{escape(piece.title)}</span></p>'
    return head + (f'<p class="text">{escape(text)}</p>' if text.strip() else "")


def _turn(page: int, label: str, shown: str, kind: str = "turn") -> str:
    named = f' aria-label="{label}"' if label else ""
    return f'<button type="button" class="{kind}" data-read-from="{page}"{named}>{shown}</button>'
