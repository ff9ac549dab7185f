"""What happens when somebody clicks, types, drops or just watches: page events to library and reading queue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import gradio as gr

from app.handlers.origins import OriginHandlers
from app.handlers.runs import Runs
from app.handlers.screen import (
    WHOLE_DOCUMENT,
    Screen,
    Standing,
    advanced,
    as_of,
    busy,
    mark_of,
    opened,
    progressed,
    safely,
    settled,
)
from app.handlers.several import SeveralHandlers
from app.handlers.talk import Asked, TalkHandlers
from app.jobs import ReadingQueue
from app.library import Library
from app.markup import document
from app.markup.conversation import pending
from app.markup.memory import memory
from app.markup.notice import notice
from app.tags import parse
from app.views import JobView


class Handlers:
    """The page's events: each gives `Screen` values, and named errors come out as notices in plain words."""

    def __init__(self, library: Library, queue: ReadingQueue) -> None:
        self._library = library
        self._queue = queue
        self._runs = Runs()
        self.origins = OriginHandlers(library, self._runs)
        self.several = SeveralHandlers(library, self._runs)
        self.talk = TalkHandlers(library, self._runs, self._open)

    # What is shown

    def load(self, request: gr.Request) -> Screen:
        """A page was opened or reloaded: show the document in its address, else the one asked or added last."""
        wanted = str(request.query_params.get("document", ""))
        return self._safely(lambda: self._open(wanted))

    def select(self, document_id: str, event: gr.EventData, request: gr.Request) -> Screen:
        """A document on the shelf was chosen; an answer under way in this tab is stopped."""
        chosen = _named(event)
        self._runs.end(request)
        return self._safely(lambda: self._open(chosen or document_id))

    def tick(self, document_id: str, mark: str) -> Screen:
        """A second has passed: show how the readings stand, touching as little as possible."""
        return self._safely(lambda: self._advance(document_id, mark))

    # The shelf

    def add(self, paths: list[str] | None, password: str, document_id: str) -> Iterator[Screen]:
        """Files were dropped: put each on the shelf and queue its reading; a bad file never stops the others."""
        said: list[str] = []
        first = ""
        for number, path in enumerate(map(Path, paths or []), start=1):
            yield Screen(notice=notice([f"Opening {path.name} ({number} of {len(paths or [])}) …"], "busy"))
            try:
                item = self._library.add_file(path, password or None)
                if item.status == "read":
                    said.append(f"“{item.title}” is on the shelf already, and read.")
                else:
                    self._queue.enqueue(item.id)
                first = first or item.id
            except self._library.named_errors() as error:
                said.append(str(error) if path.name in str(error) else f"{path.name}: {error}")
            finally:
                path.unlink(missing_ok=True)
        shown = self._safely(lambda: self._open(first or document_id))
        yield shown._replace(notice=notice(said), drop=gr.File(value=None), password="")

    def read(self, document_id: str) -> Screen:
        """Start or go on with reading the open document."""
        return self._safely(lambda: self._after(document_id, self._queue.enqueue))

    def first(self, document_id: str) -> Screen:
        """Read the open document before all others that wait or are being read."""
        return self._safely(lambda: self._after(document_id, self._queue.first))

    def cancel(self, document_id: str) -> Screen:
        """Stop reading the open document; what was read stays."""
        return self._safely(lambda: self._after(document_id, self._queue.cancel))

    def remove(self, document_id: str, request: gr.Request) -> Screen:
        """Take the open document off the shelf, with its memory and its conversation, and offer to undo that."""
        self._runs.end(request)

        def forget() -> Screen:
            title = self._library.get(document_id).title
            self._queue.cancel(document_id)
            self._library.remove(document_id)
            return self._open("")._replace(notice=notice([f"“{title}” is off the shelf."], "done", undo=document_id))

        return self._safely(forget)

    def undo(self, event: gr.EventData, request: gr.Request) -> Screen:
        """The removal of a document is taken back: show it again, with all that it had."""
        wanted = _named(event)
        self._runs.end(request)

        def back() -> Screen:
            item = self._library.restore(wanted)
            return self._open(item.id)._replace(notice=notice([f"“{item.title}” is back on the shelf."], "done"))

        return self._safely(back)

    def look(self, document_id: str) -> Screen:
        """The memory is to be looked at."""
        return self._safely(lambda: Screen(origin=memory(self._library.memory(document_id)), notice=""))

    def reopen(self, document_id: str) -> Screen:
        """Editing was given up: show the document as it is."""
        return self._safely(lambda: self._open(document_id))

    def describe(self, document_id: str, title: str, author: str, tags: str) -> Screen:
        """Title, author and tags of the open document were edited."""

        def kept(document_id: str) -> None:
            self._library.describe(document_id, title=title, author=author, tags=parse(tags))

        return self._safely(lambda: self._after(document_id, kept))

    # Asking

    def as_of(self, document_id: str, page: float) -> Screen:
        """The page as of which to answer was chosen: say what that leaves out."""

        def chosen() -> Screen:
            item = self._library.get(document_id)
            return Screen(part=document.answers_from(item, as_of(item, page)))

        return self._safely(chosen)

    def begin_answer(self, document_id: str, question: str, editing: str, request: gr.Request) -> tuple[Any, ...]:
        """A question was sent, `editing` the last one or not: show it before the model is free. Returns what is asked, then the
        screen's fields."""
        shown = self._begin(document_id, question, "Recalling", request)
        return Asked(question, instead=bool(editing)), *shown._replace(question=gr.Textbox(value=""))

    def answer(self, document_id: str, asked: Asked | None, page: float, request: gr.Request) -> Iterator[Screen]:
        """Stream the answer, as of `page`; the kept conversation replaces it at its end."""
        if asked is None:
            yield Screen()
            return

        def pieces(should_stop: Callable[[], bool]) -> Iterator[Any]:
            return self.talk.answer(document_id, asked, as_of(self._library.get(document_id), page), should_stop)

        back = "" if asked.again else asked.question
        yield from self._stream(document_id, asked.question, "Recalling", pieces, request, back=back)

    def begin_summary(self, document_id: str, section: int, request: gr.Request) -> Screen:
        """A summary was asked for: show that at once."""
        waiting = _summary_wait(section)
        return self._safely(
            lambda: self._begin(document_id, self._summary_title(document_id, section), waiting, request)
        )

    def summarise(
        self, document_id: str, section: int, length: int, page: float, request: gr.Request
    ) -> Iterator[Screen]:
        """Stream a summary of the whole document (section 0), as of `page`, or of one section, `length` sentences long."""

        def pieces(should_stop: Callable[[], bool]) -> Iterator[Any]:
            if section != WHOLE_DOCUMENT:
                return self._library.summarize(document_id, section=section, sentences=length, should_stop=should_stop)
            upto = as_of(self._library.get(document_id), page)
            return self._library.summarize(document_id, sentences=length, should_stop=should_stop, page=upto)

        try:
            title = self._summary_title(document_id, section)
        except self._library.named_errors() as error:
            yield Screen(notice=notice([str(error)]))
            return
        yield from self._stream(document_id, title, _summary_wait(section), pieces, request, back="")

    def stop(self, request: gr.Request) -> Screen:
        """Stop the answer under way in this tab; what was said so far stays."""
        run = self._runs.of(request)
        if run is not None:
            run.stop.set()
        return Screen(stop=gr.Button("Stopping …", interactive=False))

    def leave(self, request: gr.Request) -> None:
        """A tab was closed: its answer ends, readings go on."""
        self._runs.end(request)

    # Inside

    def _begin(self, document_id: str, question: str, waiting: str, request: gr.Request) -> Screen:
        self._runs.begin(document_id, request)
        return busy()._replace(live=pending(question, "", waiting))

    def _stream(
        self,
        document_id: str,
        question: str,
        waiting: str,
        pieces: Callable[[Callable[[], bool]], Iterator[Any]],
        request: gr.Request,
        back: str,
    ) -> Iterator[Screen]:
        run = self._runs.of(request)
        if run is None or run.document_id != document_id:
            # Another document was opened before the model was free.
            yield Screen()
            return
        text = ""
        problem = ""
        try:
            if not run.stop.is_set():
                with closing(pieces(run.stop.is_set)) as stream:
                    for piece in stream:
                        if isinstance(piece, str):
                            text += piece
                            # A tab that has moved on to another document is left alone.
                            here = self._runs.of(request) is run
                            yield Screen(live=pending(question, text, waiting)) if here else Screen()
        except self._library.named_errors() as error:
            problem = str(error)
        finally:
            here_still = self._runs.finish(run, request)
        if here_still:
            yield self._safely(lambda: self._settle(document_id, problem, back))

    def _settle(self, document_id: str, problem: str, back: str) -> Screen:
        item = self._standing().find(document_id)
        shown = Screen(**settled(item, self._library)) if item else self._open("")
        restored = gr.Textbox(value=back) if problem and back else Screen().question
        return shown._replace(notice=notice([problem] if problem else []), question=restored)

    def _safely(self, action: Callable[[], Screen]) -> Screen:
        return safely(self._library, action)

    def _after(self, document_id: str, action: Callable[[str], object]) -> Screen:
        action(document_id)
        return self._open(document_id)._replace(notice="")

    def _advance(self, document_id: str, mark: str) -> Screen:
        # Most seconds nothing is being read and nothing has ended: then the shelf isn't even looked at.
        # Nor is it before the page has been filled for the first time: that is on its way, and would undo a click made meanwhile.
        jobs = self._jobs()
        if not (document_id or mark) or (not jobs and mark.endswith("|")):
            return Screen()
        now = self._standing()
        item = now.find(document_id)
        if item is None:
            return self._open("")
        return advanced(item, now) if mark_of(item, now.jobs) == mark else progressed(item, self._library, now)

    def _open(self, document_id: str) -> Screen:
        """Show that document, or the newest one when it isn't there."""
        now = self._standing()
        return opened(now.find(document_id) or now.newest(), self._library, now)

    def _standing(self) -> Standing:
        jobs = self._jobs()  # first, so that a reading that ends meanwhile counts as going on and is looked at again
        return Standing(self._library.shelf(), jobs)

    def _jobs(self) -> dict[str, JobView]:
        return {job.document_id: job for job in self._queue.active()}

    def _summary_title(self, document_id: str, section: int) -> str:
        item = self._standing().find(document_id)
        if item is None:
            return "Summarise."
        if section == WHOLE_DOCUMENT:
            return f"Summarise “{item.title}”."
        return f"Summarise section {section}, “{item.sections[section - 1].title}”."


def _named(event: gr.EventData) -> str:
    """The id of the document that a click inside our own HTML is about."""
    return str(event._data.get("document", "")) if isinstance(event._data, dict) else ""


def _summary_wait(section: int) -> str:
    return "Looking for what matters most" if section == WHOLE_DOCUMENT else "Looking for what matters in this section"
