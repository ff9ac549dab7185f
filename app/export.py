"""A conversation as a file to keep: Markdown for people, JSON for programs. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from app.views import Turn


def markdown(title: str, turns: Sequence[Turn]) -> str:
    """The conversation with a heading a question, and under each answer where it comes from."""
    parts = [f"# {_line(title)}", *(_turn(turn) for turn in turns)]
    return "\n\n".join(parts) + "\n"


def as_json(document_id: str, title: str, turns: Sequence[Turn]) -> str:
    """The conversation as one object: document, title and turns, with every field of a turn."""
    whole = {"document": document_id, "title": title, "turns": [asdict(turn) for turn in turns]}
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def source(turn: Turn) -> str:
    """Where an answer comes from, in one line of plain text."""
    if turn.places is not None:
        return "Looked up in the text itself, word for word."
    if turn.grounding is None:
        return "Where it comes from was not measured."
    said = "From the document's memory" if turn.grounded else "The document doesn't seem to say this"
    return f"{said} (grounding {turn.grounding:.2f} nats a token)."


def _turn(turn: Turn) -> str:
    as_of = f" As of page {turn.page}." if turn.page is not None else ""
    places = [f"- page {p.page}: …{_line(p.before)}**{_line(p.words)}**{_line(p.after)}…" for p in turn.places or ()]
    lines = [
        f"## {_line(turn.question)}",
        turn.answer.strip() or "(no answer)",
        f"*{source(turn)}{as_of} {turn.asked_at}*",
    ]
    return "\n\n".join([*lines, *(["\n".join(places)] if places else [])])


def _line(text: str) -> str:
    """The text on one line, as it was but for its white space at line ends."""
    return " ".join(text.splitlines())
