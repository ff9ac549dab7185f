"""“Ask the whole shelf”: one question to every document that has been read."""

from __future__ import annotations

import gradio as gr

from app.errors import named_errors
from app.handlers.runs import Runs
from app.handlers.screen import Screen, askable, busy, settled_again, visitor_of, words_of
from app.library import Library
from app.markup.notice import notice
from app.markup.several import asking, several


class SeveralHandlers:
    """The events of a question to the whole shelf; it shares a tab's one run with answers, summaries and searches."""

    def __init__(self, library: Library, runs: Runs) -> None:
        self._library = library
        self._runs = runs

    def begin(self, document_id: str, question: str, request: gr.Request) -> tuple[object, ...]:
        """The button was pressed: returns the question, then the screen's fields."""
        self._runs.begin(document_id, request)
        words = words_of(self._library, request)
        shown = busy(words)._replace(
            origin=asking(words, askable(self._library.shelf())), question=gr.Textbox(value="")
        )
        return question, *shown

    def find(self, document_id: str, question: str, request: gr.Request) -> Screen:
        """Ask, and show what every book says."""
        run = self._runs.of(request)
        if run is None or run.document_id != document_id:
            return Screen()
        visitor, shown, problem = visitor_of(self._library, request), "", ""
        words = visitor.words
        try:
            items = self._library.shelf()
            found = self._library.answering.ask_all(items, question, should_stop=run.stop.is_set)
            shown = several(words, found, question, {item.id: item for item in items})
        except named_errors() as error:
            problem = words.error(error)
        if not self._runs.finish(run, request):
            return Screen()
        said = notice(words, [problem] if problem else [])
        back = gr.Textbox(value=question) if problem else Screen().question
        return Screen(origin=shown, notice=said, question=back)._replace(
            **settled_again(visitor, document_id, self._library)
        )
