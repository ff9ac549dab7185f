"""What several books say to one question: each with its name and how far its answer comes from it."""

from __future__ import annotations

from html import escape

from app.markup import grounding
from app.markup.words import count
from app.views import FromBook, SeveralAnswers


def asking(books: int) -> str:
    """Return the HTML shown while the books are being asked."""
    return f'<div class="origin busy"><p class="waiting">Asking {count(books, "book")} at once<i></i><i></i><i></i></p></div>'


def several(found: SeveralAnswers, question: str) -> str:
    """Return the HTML of all answers, the best first, with a link to each book."""
    left_out = f"Not read yet, so not asked: {', '.join(found.left_out)}." if found.left_out else ""
    notes = [note for note in ("Stopped before every book was asked." if found.stopped else "", left_out) if note]
    return (
        f'<section class="origin several" aria-label="Answers of several books"><header><h3>{_heading(found)}</h3>'
        f'<button type="button" data-close aria-label="Close">×</button></header>'
        f'<p class="asked">{escape(question)}</p><ol>{"".join(map(_one, found.told))}</ol>'
        + "".join(f'<p class="note">{escape(note)}</p>' for note in notes)
        + "</section>"
    )


def _heading(found: SeveralAnswers) -> str:
    saying = sum(one.grounded for one in found.told)
    if not saying:
        return "No book seems to say"
    return f"{saying} of {count(len(found.told), 'book')} {'answers' if saying == 1 else 'answer'}"


def _one(one: FromBook) -> str:
    said = (
        f'<span class="looked-up">{count(one.total or 0, "place")} in its text</span>'
        if one.grounding is None
        else grounding.meter(one.grounding, one.grounded)
    )
    link = f'<a href="?document={escape(one.document_id, quote=True)}">{escape(one.title)}</a>'
    kind = "" if one.grounded else ' class="silent"'
    return f"<li{kind}><h4>{link}</h4><p>{escape(one.answer) or '–'}</p>{said}</li>"
