"""The conversation about a document: questions, answers, and where each answer comes from."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from app.markup.grounding import meter
from app.markup.words import count
from app.views import Place, Turn

READY = (
    '<div class="talk-empty"><p class="lead">What would you like to know?</p>'
    "<p>Ask in plain words. Who did what, names, places and numbers are what this memory is made for.</p></div>"
)
NOT_READY = '<div class="talk-empty"><p>You can ask as soon as some pages have been read.</p></div>'


def conversation(turns: Sequence[Turn], ready: bool) -> str:
    """Return the HTML of the kept turns, oldest first; an opening line when there are none."""
    if not turns:
        return READY if ready else NOT_READY
    last = len(turns) - 1
    return (
        f'<div class="talk">{"".join(_turn(turn, number, number == last) for number, turn in enumerate(turns))}</div>'
    )


def pending(question: str, answer: str, waiting: str) -> str:
    """Return the HTML of the question being answered and of its answer so far, or of `waiting` before it begins."""
    shown = escape(answer) if answer else f'<span class="waiting">{escape(waiting)}<i></i><i></i><i></i></span>'
    return f'<div class="talk">{_question(question)}{_answer(shown, "", streaming=True)}</div>'


def _turn(turn: Turn, number: int, last: bool) -> str:
    measured = turn.grounding is not None and turn.grounded is not None
    bar = meter(turn.grounding, turn.grounded) if measured else '<span class="grounding"></span>'
    if turn.places is not None:
        said = (
            "Quoted from the text, chosen by the memory"
            if turn.summary
            else "Looked up in the text itself, word for word"
        )
        bar = f'<span class="grounding exact"><span class="said">{said}</span></span>'
    if turn.page is not None:
        bar = f'<span class="as-of">As of page {turn.page:,}</span>{bar}'
    copy = '<button type="button" class="copy" data-copy aria-label="Copy this answer">Copy</button>'
    if measured and turn.answer.strip():
        copy = f'<button type="button" class="copy" data-where="{number}">Where did it learn this?</button>{copy}'
    if last and not turn.summary:
        again = "" if turn.places is not None else '<button type="button" class="copy" data-again>Answer again</button>'
        copy = f'<button type="button" class="copy" data-edit>Edit the question</button>{again}{copy}'
    text = escape(turn.answer.strip()) or '<span class="none">No answer: stopped before the first word.</span>'
    return _question(turn.question) + _answer(
        text,
        f'{_places(turn.places or ())}<footer><div class="source">{bar}</div><div class="tools">{copy}</div></footer>',
    )


def _places(places: Sequence[Place]) -> str:
    if not places:
        return ""
    lines = "".join(
        f'<li><span class="page">p. {place.page:,}</span> <q>{escape(place.before)}<mark>{escape(place.words)}</mark>'
        f"{escape(place.after)}</q></li>"
        for place in places
    )
    return f'<details class="places"><summary>{count(len(places), "place")}</summary><ol tabindex="0">{lines}</ol></details>'


def _question(text: str) -> str:
    return f'<article class="turn user" aria-label="Question"><div class="text">{escape(text)}</div></article>'


def _answer(shown: str, foot: str, streaming: bool = False) -> str:
    busy = ' aria-busy="true"' if streaming else ""
    kind = "turn assistant streaming" if streaming else "turn assistant"
    return f'<article class="{kind}" aria-label="Answer"{busy}><div class="text">{shown}</div>{foot}</article>'
