"""What several books say to one question: each with its name, its page, and how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from app.markup import evidence
from app.markup.notice import closing
from app.views import FromBook, SeveralAnswers, ShelfItem
from app.words import Words


def asking(words: Words, books: int) -> str:
    """Return the HTML shown while the books are being asked."""
    said = words.count("several.asking", books)
    return f'<div class="origin busy"><p class="waiting">{said}<i></i><i></i><i></i></p></div>'


def several(words: Words, found: SeveralAnswers, question: str, books: Mapping[str, ShelfItem]) -> str:
    """Return the HTML of all answers, the best first, with a link to each book; `books` has them by id."""
    left_out = words("several.left_out", titles=", ".join(found.left_out)) if found.left_out else ""
    notes = [note for note in (words("several.stopped") if found.stopped else "", left_out) if note]
    return (
        f'<section class="origin several" aria-label="{words("several.label")}"><header><h3>{_heading(words, found)}</h3>'
        f"{closing(words)}</header>"
        f'<p class="asked">{escape(question)}</p><ol>{"".join(_one(words, one, books) for one in found.told)}</ol>'
        + "".join(f'<p class="note">{escape(note)}</p>' for note in notes)
        + "</section>"
    )


def _heading(words: Words, found: SeveralAnswers) -> str:
    saying = sum(not one.declined for one in found.told)
    if not saying:
        return words("several.none")
    return words.count("several.heading", len(found.told), saying=saying, verb=words.count("several.says", saying))


def _one(words: Words, one: FromBook, books: Mapping[str, ShelfItem]) -> str:
    link = f'<a href="?document={escape(one.document_id, quote=True)}">{escape(one.title)}</a>'
    if one.declined:
        return f'<li class="silent"><h4>{link}</h4><p>{words("talk.declined")}</p></li>'
    said = ""
    if one.confidence is None:
        said = f'<span class="looked-up">{words.count("several.in_text", one.total or 0)}</span>'
    else:
        said = "" if one.summary else evidence.confidence(words, one.confidence)
        if one.evidence:
            first = one.evidence[0]
            book = books.get(one.document_id)
            page = (words.about(book.unit, book.page_labels) if book else words).page_short(first.page)
            said = f'<q>{escape(first.quote)}</q> <span class="looked-up">{page}</span> {said}'
    return f"<li><h4>{link}</h4><p>{escape(one.answer) or '–'}</p>{said}</li>"
