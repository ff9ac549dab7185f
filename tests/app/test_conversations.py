"""A question may follow up on those before it: on which of them, and that the model sees them wherever it matters."""

from __future__ import annotations

from app.answering.conversations import LONGEST_SEEN, MOST_SEEN, seen_by_model
from app.views import Turn


def turn(question: str, answer: str = "Yes", **changes) -> Turn:
    return Turn(question, answer, "2026-01-01", **{"confidence": 0.9, "evidence": ()} | changes)


def test_the_last_answers_from_the_same_memory_are_seen():
    turns = [turn(f"q{number}") for number in range(MOST_SEEN + 2)]
    assert seen_by_model(turns, None) == [(f"q{number}", "Yes") for number in range(2, MOST_SEEN + 2)]
    assert seen_by_model([], None) == []


def test_what_would_mislead_or_crowd_out_is_left_out():
    turns = [
        turn("first"),
        turn("later page", page=9),
        turn("not in the document", declined=True),
        turn("counted", places=()),
        turn("Summarise it.", "Short.", summary=True),
        turn("At length?", "word " * LONGEST_SEEN),
        turn("nothing said", ""),
        turn("second"),
    ]
    assert [question for question, _ in seen_by_model(turns, None)] == ["first", "second"]
    assert [question for question, _ in seen_by_model(turns, 9)] == ["later page"]
