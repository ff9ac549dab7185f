"""“Where did it learn this?”: from a click under an answer to the curve, the passage and the second answer."""

from __future__ import annotations

from collections.abc import Iterator

import gradio as gr

from app.handlers.runs import Runs
from app.handlers.screen import Screen, busy, settled_again, words_of
from app.library import Library
from app.markup.notice import notice
from app.markup.origin import looking, origin
from app.talk import so_far
from app.views import Origin

NO_TURN = -1


class OriginHandlers:
    """The events of the search for an answer's origin; it shares a tab's one run with answers and summaries."""

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
        return int(chosen), *busy(words)._replace(origin=looking(words, None))

    def find(self, document_id: str, number: int, request: gr.Request) -> Iterator[Screen]:
        """Stream how the looking goes; at its end show what was found."""
        run = self._runs.of(request)
        if number == NO_TURN or run is None or run.document_id != document_id:
            yield Screen()
            return
        words, shown, problem = words_of(self._library, request), "", ""
        try:
            turns = self._library.history(document_id)
            if 0 <= number < len(turns):
                turn = turns[number]
                pieces = self._library.where(
                    document_id,
                    turn.question,
                    turn.answer,
                    history=so_far(turns[:number], turn.page),
                    page=turn.page,
                    should_stop=run.stop.is_set,
                )
                for piece in pieces:
                    if isinstance(piece, Origin):
                        shown = origin(words, piece, turn.question, turn.answer)
                    elif self._runs.of(request) is run:
                        yield Screen(origin=looking(words, piece))
        except self._library.named_errors() as error:
            problem = words.error(error)
        if self._runs.finish(run, request):
            said = notice(words, [problem] if problem else [])
            yield Screen(origin=shown, notice=said, **settled_again(words, document_id, self._library))
