"""An answer or a summary as it is being written, from the first word to the kept conversation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import gradio as gr

from app.errors import named_errors
from app.handlers.runs import Runs
from app.handlers.screen import Screen, Visitor, busy, safely, settled
from app.library import Library
from app.markup.conversation import pending
from app.markup.notice import notice
from app.views import Recalled
from app.words import Words


class Streams:
    """Shows what comes piece by piece, as the one run of a tab; `opened` gives the screen of a document."""

    def __init__(self, library: Library, runs: Runs, opened: Callable[[Visitor, str], Screen]) -> None:
        self._library = library
        self._runs = runs
        self._opened = opened

    def begin(self, words: Words, document_id: str, question: str, waiting: str, request: gr.Request) -> Screen:
        """Return the screen while the answer to `question` is waited for, with `waiting` in its place."""
        self._runs.begin(document_id, request)
        return busy(words)._replace(live=pending(words, question, "", waiting))

    def run(
        self,
        words: Words,
        document_id: str,
        question: str,
        waiting: str,
        pieces: Callable[[Callable[[], bool]], Iterator[Any]],
        request: gr.Request,
        back: str,
    ) -> Iterator[Screen]:
        """Stream the `pieces` of an answer; at its end the kept conversation stands there. When it fails, a notice says why and
        `back` is put back into the question box."""
        run = self._runs.of(request)
        if run is None or run.document_id != document_id:
            # Another document was opened before the model was free.
            yield Screen()
            return
        text, page, problem = "", None, ""
        try:
            if not run.stop.is_set():
                with closing(pieces(run.stop.is_set)) as stream:
                    for piece in stream:
                        if isinstance(piece, Recalled):
                            page = ""
                        elif not isinstance(piece, str):
                            continue
                        elif page is None:
                            text += piece
                        else:
                            page += piece
                        # A tab that has moved on to another document is left alone.
                        here = self._runs.of(request) is run
                        yield Screen(live=pending(words, question, text, waiting, page)) if here else Screen()
        except named_errors() as error:
            problem = words.error(error)
        finally:
            here_still = self._runs.finish(run, request)
        if here_still:
            yield safely(self._library, request, lambda visitor: self._settle(visitor, document_id, problem, back))

    def _settle(self, visitor: Visitor, document_id: str, problem: str, back: str) -> Screen:
        items = self._library.shelf()
        item = next((item for item in items if item.id == document_id), None)
        shown = Screen(**settled(visitor, item, self._library, items)) if item else self._opened(visitor, "")
        restored = gr.Textbox(value=back) if problem and back else Screen().question
        mark = "" if problem else shown.mark  # the next tick looks at the shelf again
        return shown._replace(notice=notice(visitor.words, [problem] if problem else []), question=restored, mark=mark)
