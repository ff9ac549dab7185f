"""What the model is shown of a conversation, so that a question can follow up on the ones before it."""

from __future__ import annotations

from collections.abc import Sequence

from app.views import Turn

MOST, LONGEST = 3, 240


def so_far(turns: Sequence[Turn], page: int | None) -> list[tuple[str, str]]:
    """The last MOST questions with their answers that a question as of `page` may follow up on, in their order.

    Left out are answers as of another page, which may know more or less; answers that the document does not seem to give, which
    would mislead the next one; what was looked up in the text; summaries; and answers of more than LONGEST characters.
    """
    recalled = [turn for turn in turns if turn.places is None and not turn.summary and turn.grounded]
    fit = [turn for turn in recalled if turn.page == page and 0 < len(turn.answer) <= LONGEST]
    return [(turn.question, turn.answer) for turn in fit[-MOST:]]
