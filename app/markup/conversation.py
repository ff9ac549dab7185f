"""The conversation about a document: questions, answers, and where each answer comes from."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from app.markup.grounding import meter
from app.markup.sheet import opener
from app.views import Place, Turn
from app.words import Words


def conversation(words: Words, turns: Sequence[Turn], ready: bool) -> str:
    """Return the HTML of the kept turns, oldest first; an opening line when there are none."""
    if not turns:
        lead = f'<p class="lead">{words("talk.lead")}</p>' if ready else ""
        hint = words("talk.hint") if ready else words("talk.not_ready")
        return f'<div class="talk-empty">{lead}<p>{hint}</p></div>'
    last = len(turns) - 1
    shown = "".join(_turn(words, turn, number, number == last) for number, turn in enumerate(turns))
    return f'<div class="talk">{shown}</div>'


def pending(words: Words, question: str, answer: str, waiting: str) -> str:
    """Return the HTML of the question being answered and of its answer so far, or of `waiting` before it begins."""
    shown = escape(answer) if answer else f'<span class="waiting">{escape(waiting)}<i></i><i></i><i></i></span>'
    return f'<div class="talk">{_question(words, question)}{_answer(words, shown, "", streaming=True)}</div>'


def _turn(words: Words, turn: Turn, number: int, last: bool) -> str:
    measured = turn.grounding is not None and turn.grounded is not None
    bar = meter(words, turn.grounding, turn.grounded) if measured else '<span class="grounding"></span>'
    if turn.places is not None:
        said = words("talk.quoted") if turn.summary else words("talk.looked_up")
        bar = f'<span class="grounding exact"><span class="said">{said}</span></span>'
    if turn.page is not None:
        bar = f'<span class="as-of">{words("talk.as_of", page=turn.page)}</span>{bar}'
    text = escape(turn.answer.strip()) or f'<span class="none">{words("talk.none")}</span>'
    tools = _tools(words, turn, f'data-where="{number}"' if measured and turn.answer.strip() else "", last)
    foot = f'<footer><div class="source">{bar}</div><div class="tools">{tools}</div></footer>'
    return _question(words, turn.question) + _answer(words, text, f"{_places(words, turn.places or ())}{foot}")


def _tools(words: Words, turn: Turn, where: str, last: bool) -> str:
    copy = (
        f'<button type="button" class="copy" data-copy data-copied="{words("talk.copied")}" '
        f'aria-label="{words("talk.copy_label")}">{words("talk.copy")}</button>'
    )
    if where:
        copy = f'<button type="button" class="copy" {where}>{words("talk.where")}</button>{copy}'
    if last and not turn.summary:
        again = f'<button type="button" class="copy" data-again>{words("talk.again")}</button>'
        again = "" if turn.places is not None else again
        copy = f'<button type="button" class="copy" data-edit>{words("talk.edit")}</button>{again}{copy}'
    return copy


def _places(words: Words, places: Sequence[Place]) -> str:
    if not places:
        return ""
    lines = "".join(
        f"<li>{opener(words, place.page, f'“{place.words}”')} <q>{escape(place.before)}<mark>{escape(place.words)}</mark>"
        f"{escape(place.after)}</q></li>"
        for place in places
    )
    return f'<details class="places"><summary>{words.count("count.places", len(places))}</summary><ol tabindex="0">{lines}</ol></details>'


def _question(words: Words, text: str) -> str:
    label = words("talk.question")
    return f'<article class="turn user" aria-label="{label}"><div class="text">{escape(text)}</div></article>'


def _answer(words: Words, shown: str, foot: str, streaming: bool = False) -> str:
    busy = ' aria-busy="true"' if streaming else ""
    kind = " streaming" if streaming else ""
    label = words("talk.answer")
    return f'<article class="turn assistant{kind}" aria-label="{label}"{busy}><div class="text">{shown}</div>{foot}</article>'
