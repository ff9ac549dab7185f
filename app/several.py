"""Answers of several books to one question: which comes first, and what they come to together."""

from __future__ import annotations

from collections.abc import Sequence

from app.views import FromBook

NAMED = 3  # books whose answers the combined text gives


def ranked(told: Sequence[FromBook]) -> tuple[FromBook, ...]:
    """The answers, those that come from their book first, by grounding or by number of places, the highest first."""
    return tuple(sorted(told, key=lambda one: (not one.grounded, -_weight(one), one.title)))


def combined(told: Sequence[FromBook]) -> str:
    """One text out of ranked answers, each with the name of its book; it says how many books don't seem to say."""
    found = [one for one in told if one.grounded]
    silent = len(told) - len(found)
    if not found:
        return "None of these books seems to say." if len(told) > 1 else f"“{told[0].title}” doesn’t seem to say."
    said = [f"“{one.title}”: {one.answer}" for one in found[:NAMED]]
    more = len(found) - len(said)
    if more:
        said.append(f"{more} more {'book answers' if more == 1 else 'books answer'} as well.")
    if silent:
        said.append(f"{silent} other {'book doesn’t' if silent == 1 else 'books don’t'} seem to say.")
    return "\n".join(said)


def _weight(one: FromBook) -> float:
    return float(one.total or 0) if one.grounding is None else one.grounding
