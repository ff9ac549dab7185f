"""A conversation as a file to keep: Markdown for people, JSON for programs. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from app.views import Turn
from app.words import Words


def markdown(words: Words, title: str, turns: Sequence[Turn]) -> str:
    """The conversation with a heading a question, and under each answer where it comes from."""
    parts = [f"# {_line(title)}", *(_turn(words, turn) for turn in turns)]
    return "\n\n".join(parts) + "\n"


def as_json(document_id: str, title: str, turns: Sequence[Turn]) -> str:
    """The conversation as one object: document, title and turns, with every field of a turn."""
    whole = {"document": document_id, "title": title, "turns": [asdict(turn) for turn in turns]}
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def source(words: Words, turn: Turn) -> str:
    """Where an answer comes from, in one line of plain text."""
    if turn.places is not None:
        return words("saved.looked_up")
    if turn.grounding is None:
        return words("saved.unmeasured")
    nats = words.number(turn.grounding, 2)
    return words("saved.grounded", nats=nats) if turn.grounded else words("saved.ungrounded", nats=nats)


def _turn(words: Words, turn: Turn) -> str:
    as_of = words("saved.as_of", page=str(turn.page)) if turn.page is not None else ""
    places = [
        f"- {words('saved.page', page=str(p.page))}: …{_line(p.before)}**{_line(p.words)}**{_line(p.after)}…"
        for p in turn.places or ()
    ]
    lines = [
        f"## {_line(turn.question)}",
        turn.answer.strip() or words("saved.no_answer"),
        f"*{source(words, turn)}{as_of} {turn.asked_at}*",
    ]
    return "\n\n".join([*lines, *(["\n".join(places)] if places else [])])


def _line(text: str) -> str:
    """The text on one line, as it was but for its white space at line ends."""
    return " ".join(text.splitlines())
