"""“Where does it say this?”: for an answer that was kept without the sentences that it rests on, the memory points again."""

from __future__ import annotations

import gradio as gr

from app.answering.conversations import seen_by_model
from app.errors import named_errors
from app.handlers.runs import Runs
from app.handlers.screen import Screen, about, busy, settled_again, visitor_of, words_of
from app.library import Library
from app.markup.evidence import found_again, looking
from app.markup.notice import notice

NO_TURN = -1


class WhereHandlers:
    """The events of that search; it shares a tab's one run with answers and summaries."""

    def __init__(self, library: Library, runs: Runs) -> None:
        self._library = library
        self._runs = runs

    def begin(self, document_id: str, event: gr.EventData, request: gr.Request) -> tuple[object, ...]:
        """The button under an answer was pressed: returns the answer's number in the conversation, then the screen's fields."""
        chosen = event._data.get("turn") if isinstance(event._data, dict) else None
        if chosen is None:
            return NO_TURN, *Screen()
        self._runs.begin(document_id, request)
        words = words_of(self._library, request)
        return int(chosen), *busy(words)._replace(origin=looking(words))

    def find(self, document_id: str, number: int, request: gr.Request) -> Screen:
        """Look, and show what was found."""
        run = self._runs.of(request)
        if number == NO_TURN or run is None or run.document_id != document_id:
            return Screen()
        visitor, shown, problem = visitor_of(self._library, request), "", ""
        words, turns = visitor.words, self._library.conversations.history(document_id, owner=visitor.owner)
        try:
            if 0 <= number < len(turns):
                turn = turns[number]
                found = self._library.answering.where(
                    document_id,
                    turn.question,
                    history=seen_by_model(turns[:number], turn.page),
                    page=turn.page,
                    should_stop=run.stop.is_set,
                )
                shown = (
                    ""
                    if run.stop.is_set()
                    else found_again(about(words, self._library.get(document_id)), turn.question, found)
                )
        except named_errors() as error:
            problem = words.error(error)
        if not self._runs.finish(run, request):
            return Screen()
        said = notice(words, [problem] if problem else [])
        return Screen(origin=shown, notice=said, **settled_again(visitor, document_id, self._library))
