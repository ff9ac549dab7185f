"""The conversation about a document: questions, answers, and what each answer rests on."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from app.markup import evidence
from app.markup.sheet import opener
from app.views import Place, Turn
from app.words import Words


def conversation(words: Words, turns: Sequence[Turn], ready: bool) -> str:
    """Return the HTML of the kept turns, oldest first; an opening line when there are none. `words` are about the document."""
    if not turns:
        lead = f'<p class="lead">{words("talk.lead")}</p>' if ready else ""
        hint = words("talk.hint") if ready else words("talk.not_ready")
        return f'<div class="talk-empty">{lead}<p>{hint}</p></div>'
    last = len(turns) - 1
    shown = "".join(_turn(words, turn, number, number == last) for number, turn in enumerate(turns))
    return f'<div class="talk">{shown}</div>'


def pending(words: Words, question: str, answer: str, waiting: str, page: str | None = None) -> str:
    """Return the HTML of the question being answered and of its answer so far, or of `waiting` before it begins; `page` is what is read
    off the page so far, once the memory has answered."""
    dots = "<i></i><i></i><i></i>"
    shown = escape(answer) if answer else f'<span class="waiting">{escape(waiting)}{dots}</span>'
    below = ""
    if page is not None:
        read = escape(page) if page else f'<span class="waiting">{words("talk.looking")}{dots}</span>'
        shown = f'<span class="small">{words("talk.from_memory", answer=shown)}</span>'
        below = f'<div class="text page">{read}</div>'
    return f'<div class="talk">{_question(words, question)}{_answer(words, shown, below, streaming=True)}</div>'


def _turn(words: Words, turn: Turn, number: int, last: bool) -> str:
    text = escape(turn.answer.strip()) or f'<span class="none">{words("talk.none")}</span>'
    below = _places(words, turn.places or ())
    if turn.declined:
        below = evidence.quotes(words, (turn.evidence or ())[:1], words("talk.nearest"))
        if turn.answer.strip():
            below = f'{below}<p class="small">{words("talk.would_say", answer=text)}</p>'
        text = words("talk.declined")
    elif turn.evidence and turn.summary:
        text = evidence.with_pages(words, turn.answer.strip(), turn.evidence)
    elif turn.evidence:
        below = evidence.quotes(words, turn.evidence, "")
        if turn.from_memory and _differ(turn.from_memory, turn.answer):
            below += f'<p class="small">{words("talk.from_memory", answer=escape(turn.from_memory.strip()))}</p>'
    where = (
        turn.evidence is None
        and turn.places is None
        and not (turn.summary or turn.damaged)
        and bool(turn.answer.strip())
    )
    tools = _tools(words, turn, f'data-where="{number}"' if where else "", last)
    foot = f'<footer><div class="source">{_source(words, turn)}</div><div class="tools">{tools}</div></footer>'
    return _question(words, turn.question) + _answer(words, text, f"{below}{foot}", declined=turn.declined)


def _source(words: Words, turn: Turn) -> str:
    """Where an answer comes from or how sure it is, and as of which page it was asked."""
    said = ""
    if turn.damaged:
        said = f'<span class="said damaged">{words("talk.damaged")}</span>'
    elif turn.places is not None:
        said = f'<span class="said">{words("talk.quoted") if turn.summary else words("talk.looked_up")}</span>'
    elif turn.summary:
        said = f'<span class="said">{words("talk.written")}</span>'
    elif turn.confidence is not None and not turn.declined:
        said = evidence.confidence(words, turn.confidence)
    as_of = (
        f'<span class="as-of">{words("talk.as_of", page=words.page(turn.page))}</span>' if turn.page is not None else ""
    )
    return f"{as_of}{said}"


def _differ(one: str, other: str) -> bool:
    """Whether two answers say something else, and not the same in other letters."""
    plain = lambda text: "".join(letter for letter in text.casefold() if letter.isalnum())  # noqa: E731
    return plain(one) != plain(other)


def _tools(words: Words, turn: Turn, where: str, last: bool) -> str:
    copy = (
        f'<button type="button" class="copy" data-copy data-copied="{words("talk.copied")}" '
        f'aria-label="{words("talk.copy_label")}">{words("talk.copy")}</button>'
    )
    if where:
        copy = f'<button type="button" class="copy" {where}>{words("talk.where")}</button>{copy}'
    if last and not turn.summary:
        again = f'<button type="button" class="copy" data-again="{turn.asked_at}">{words("talk.again")}</button>'
        again = "" if turn.places is not None else again
        copy = (
            f'<button type="button" class="copy" data-edit="{turn.asked_at}">{words("talk.edit")}</button>{again}{copy}'
        )
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


def _answer(words: Words, shown: str, foot: str, streaming: bool = False, declined: bool = False) -> str:
    busy = ' aria-busy="true"' if streaming else ""
    kind = f"{' streaming' if streaming else ''}{' declined' if declined else ''}"
    label = words("talk.answer")
    return f'<article class="turn assistant{kind}" aria-label="{label}"{busy}><div class="text">{shown}</div>{foot}</article>'
