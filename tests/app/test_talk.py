"""A question may follow up on those before it: on which of them, and that the model sees them wherever it matters."""

from __future__ import annotations

from app.talk import LONGEST, MOST, so_far
from app.views import Turn


def turn(question: str, answer: str = "Yes", **changes) -> Turn:
    return Turn(question, answer, **{"grounding": 1.2, "grounded": True, "asked_at": "2026-01-01"} | changes)


def test_the_last_answers_from_the_same_memory_are_seen():
    turns = [turn(f"q{number}") for number in range(MOST + 2)]
    assert so_far(turns, None) == [(f"q{number}", "Yes") for number in range(2, MOST + 2)]
    assert so_far([], None) == []


def test_what_would_mislead_or_crowd_out_is_left_out():
    turns = [
        turn("first"),
        turn("later page", page=9),
        turn("not in the document", grounded=False),
        turn("counted", places=()),
        turn("Summarise it.", "word " * LONGEST),
        turn("nothing said", ""),
        turn("second"),
    ]
    assert [question for question, _ in so_far(turns, None)] == ["first", "second"]
    assert [question for question, _ in so_far(turns, 9)] == ["later page"]


def test_looking_for_an_origin_sees_the_same_talk(library, engine, tides):
    library.read(tides)
    talk = [("What is the moon called?", "Oru"), ("Has it a ring?", "No")]
    *_, found = library.where(tides, "And the tide?", "six", history=talk)
    assert engine.talk_seen == talk and found.points
