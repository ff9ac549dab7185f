"""What happens when somebody clicks, types, drops or just watches: page events to library and reading queue."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import gradio as gr

from app.errors import named_errors
from app.handlers.runs import Runs
from app.handlers.screen import (
    Screen,
    Standing,
    Visitor,
    about,
    advanced,
    as_of,
    mark_ending,
    mark_of,
    model_card,
    opened,
    progressed,
    safely,
    visitor_of,
    words_of,
)
from app.handlers.several import SeveralHandlers
from app.handlers.sheets import SheetHandlers
from app.handlers.streams import Streams
from app.handlers.summaries import KEY_PASSAGES, MEDIUM, WHOLE_DOCUMENT, lengths, summary_title, summary_wait
from app.handlers.talk import Asked, TalkHandlers
from app.handlers.where import WhereHandlers
from app.library import Library, tidy
from app.markup import document
from app.markup.frame import banner
from app.markup.memory import memory
from app.markup.notice import notice
from app.markup.shelf import tools
from app.views import JobView


class Handlers:
    """The page's events: each gives `Screen` values, and named errors come out as notices in plain words."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._queue = library.queue
        self._runs = Runs()
        self.where = WhereHandlers(library, self._runs)
        self.several = SeveralHandlers(library, self._runs)
        self.sheets = SheetHandlers(library)
        self.talk = TalkHandlers(library, self._runs, self._open)
        self._streams = Streams(library, self._runs, self._open)

    # What is shown

    def frame(self, request: gr.Request) -> tuple[str, str, gr.Dropdown]:
        """A page was opened: its heading, the shelf's tools and the lengths of a summary, in the visitor's language."""
        words, known = words_of(self._library, request), self._library.languages.known
        others = [other for other in known.values() if other is not words]
        return banner(words, others, self._library.models.info), tools(words), gr.Dropdown(lengths(words), value=MEDIUM)

    def load(self, request: gr.Request) -> Screen:
        """A page was opened or reloaded: show the document in its address, else the one asked or added last."""
        wanted = str(request.query_params.get("document", ""))
        return self._safely(request, lambda visitor: self._open(visitor, wanted))

    def select(self, document_id: str, event: gr.EventData, request: gr.Request) -> Screen:
        """A document on the shelf was chosen; an answer under way in this tab is stopped."""
        chosen = _named(event)
        self._runs.end(request)
        return self._safely(request, lambda visitor: self._open(visitor, chosen or document_id))

    def tick(self, document_id: str, mark: str, request: gr.Request) -> Screen:
        """A second has passed: show how the readings stand, touching as little as possible."""
        return self._safely(request, lambda visitor: self._advance(visitor, document_id, mark))

    # The shelf

    def add(self, paths: list[str] | None, password: str, document_id: str, request: gr.Request) -> Iterator[Screen]:
        """Files were dropped: put each on the shelf and queue its reading; a bad file never stops the others."""
        words, said, first = words_of(self._library, request), [], ""
        for number, path in enumerate(map(Path, paths or []), start=1):
            opening = words("notice.opening", name=path.name, number=number, all=len(paths or []))
            yield Screen(notice=notice(words, [opening], "busy"))
            try:
                item = self._library.add_file(path, password or None)
                if item.status == "read":
                    said.append(words("notice.already", title=item.title))
                else:
                    self._queue.enqueue(item.id)
                first = first or item.id
            except named_errors() as error:
                told = words.error(error)
                said.append(told if path.name in told else f"{path.name}: {told}")
            finally:
                path.unlink(missing_ok=True)
                with suppress(OSError):  # another of the same content is on its way
                    path.parent.rmdir()
        shown = self._safely(request, lambda visitor: self._open(visitor, first or document_id))
        yield shown._replace(notice=notice(words, said), drop=gr.File(value=None), password="")

    def read(self, document_id: str, request: gr.Request) -> Screen:
        """Start or go on with reading the open document."""
        return self._after(request, document_id, self._queue.enqueue)

    def first(self, document_id: str, request: gr.Request) -> Screen:
        """Read the open document before all others that wait or are being read."""
        return self._after(request, document_id, self._queue.first)

    def pictures(self, document_id: str, request: gr.Request) -> Screen:
        """Read the pages without text of the open document off their pictures, then read it."""
        return self._after(request, document_id, self._queue.read_pictures)

    def read_again(self, document_id: str, request: gr.Request) -> Screen:
        """Read every document again that an older memory or another model has read."""

        def queue(document_id: str) -> None:
            for item in self._library.shelf():
                if item.status == "stale":
                    self._queue.enqueue(item.id)

        return self._after(request, document_id, queue)

    def cancel(self, document_id: str, request: gr.Request) -> Screen:
        """Stop reading the open document; what was read stays."""
        return self._after(request, document_id, self._queue.cancel)

    def remove(self, document_id: str, request: gr.Request) -> Screen:
        """Take the open document off the shelf, with its memory and its conversation, and offer to undo that."""
        self._runs.end(request)

        def forget(visitor: Visitor) -> Screen:
            words = visitor.words
            title = self._library.get(document_id).title
            self._queue.cancel(document_id)
            self._library.remove(document_id)
            said = notice(words, [words("notice.removed", title=title)], "done", undo=document_id)
            return self._open(visitor, "")._replace(notice=said)

        return self._safely(request, forget)

    def undo(self, event: gr.EventData, request: gr.Request) -> Screen:
        """The removal of a document is taken back: show it again, with all that it had."""
        wanted = _named(event)
        self._runs.end(request)

        def back(visitor: Visitor) -> Screen:
            words = visitor.words
            item = self._library.restore(wanted)
            said = notice(words, [words("notice.restored", title=item.title)], "done")
            return self._open(visitor, item.id)._replace(notice=said)

        return self._safely(request, back)

    def look(self, document_id: str, request: gr.Request) -> Screen:
        """The memory is to be looked at."""

        def seen(visitor: Visitor) -> Screen:
            words = visitor.words
            return Screen(
                origin=memory(about(words, self._library.get(document_id)), self._library.reader.look(document_id)),
                notice="",
            )

        return self._safely(request, seen)

    def reopen(self, document_id: str, request: gr.Request) -> Screen:
        """Editing was given up: show the document as it is."""
        return self._safely(request, lambda visitor: self._open(visitor, document_id))

    def describe(self, document_id: str, title: str, author: str, tags: str, request: gr.Request) -> Screen:
        """Title, author and tags of the open document were edited."""

        def kept(document_id: str) -> None:
            self._library.describe(document_id, title=title, author=author, tags=tidy(tags.split(",")))

        return self._after(request, document_id, kept)

    # Asking

    def as_of(self, document_id: str, page: float, request: gr.Request) -> Screen:
        """The page as of which to answer was chosen: say what that leaves out."""

        def chosen(visitor: Visitor) -> Screen:
            words = visitor.words
            item = self._library.get(document_id)
            return Screen(part=document.answers_from(words, item, as_of(item, page)))

        return self._safely(request, chosen)

    def begin_answer(
        self, document_id: str, question: str, editing: str, edited: str | None, request: gr.Request
    ) -> tuple[Any, ...]:
        """A question was sent, `editing` the one that was asked at `edited` or not: show it before the model is free. Returns what is
        asked, then the screen's fields."""
        words = words_of(self._library, request)
        shown = self._streams.begin(words, document_id, question, words("talk.recalling"), request)
        return Asked(question, edited if editing else None), *shown._replace(question=gr.Textbox(value=""))

    def answer(self, document_id: str, asked: Asked | None, page: float, request: gr.Request) -> Iterator[Screen]:
        """Stream the answer, as of `page`; the kept conversation replaces it at its end."""
        if asked is None:
            yield Screen()
            return

        def pieces(should_stop: Callable[[], bool]) -> Iterator[Any]:
            upto = as_of(self._library.get(document_id), page)
            return self.talk.answer(document_id, asked, upto, owner, should_stop)

        (words, owner), back = visitor_of(self._library, request), "" if asked.again else asked.question
        yield from self._streams.run(words, document_id, asked.question, words("talk.recalling"), pieces, request, back)

    def begin_summary(self, document_id: str, section: int, request: gr.Request) -> Screen:
        """A summary was asked for: show that at once."""

        def begun(visitor: Visitor) -> Screen:
            words = visitor.words
            title = summary_title(words, self._standing().find(document_id), section)
            return self._streams.begin(words, document_id, title, summary_wait(words, section), request)

        return self._safely(request, begun)

    def summarise(
        self, document_id: str, section: int, length: int, page: float, request: gr.Request
    ) -> Iterator[Screen]:
        """Stream a summary of the whole document (section 0), as of `page`, or of one section, about `length` words long; or quote its
        key passages."""

        words, owner = visitor_of(self._library, request)

        def pieces(should_stop: Callable[[], bool]) -> Iterator[Any]:
            part, upto = section, None
            if section == WHOLE_DOCUMENT:
                part, upto = None, as_of(self._library.get(document_id), page)
            summaries = self._library.summaries
            how = {"section": part, "page": upto, "language": words.language, "owner": owner}
            if length == KEY_PASSAGES:
                return (piece for piece in [summaries.key_passages(document_id, **how)])
            return summaries.summarize(document_id, words=length, should_stop=should_stop, **how)

        try:
            title = summary_title(words, self._standing().find(document_id), section)
        except named_errors() as error:
            yield Screen(notice=notice(words, [words.error(error)]))
            return
        yield from self._streams.run(words, document_id, title, summary_wait(words, section), pieces, request, back="")

    def stop(self, request: gr.Request) -> Screen:
        """Stop the answer under way in this tab; what was said so far stays."""
        run = self._runs.of(request)
        if run is not None:
            run.stop.set()
        words = words_of(self._library, request)
        return Screen(stop=gr.Button(words("talk.stopping"), interactive=False))

    def leave(self, request: gr.Request) -> None:
        """A tab was closed: its answer ends, readings go on."""
        self._runs.end(request)

    # Inside

    def _safely(self, request: gr.Request, action: Callable[[Visitor], Screen]) -> Screen:
        return safely(self._library, request, action)

    def _after(self, request: gr.Request, document_id: str, action: Callable[[str], object]) -> Screen:
        def done(visitor: Visitor) -> Screen:
            action(document_id)
            return self._open(visitor, document_id)._replace(notice="")

        return self._safely(request, done)

    def _advance(self, visitor: Visitor, document_id: str, mark: str) -> Screen:
        # Most seconds nothing is being read and nothing has ended: then the shelf isn't even looked at.
        # Nor is it before the page has been filled for the first time: that is on its way, and would undo a click made meanwhile.
        words, jobs, models = visitor.words, self._jobs(), self._library.models
        if not (document_id or mark):
            return Screen()
        if not jobs and mark.endswith(mark_ending(models.fingerprint)):
            return Screen() if models.ready else Screen(model=model_card(words, self._library, []))
        now = self._standing()
        item = now.find(document_id)
        if item is None:
            return self._open(visitor, "")
        if mark_of(item, now) == mark:
            shown = advanced(words, item, now)
            return shown if models.ready else shown._replace(model=model_card(words, self._library, now.items))
        return progressed(visitor, item, self._library, now)

    def _open(self, visitor: Visitor, document_id: str) -> Screen:
        """Show that document, or the newest one when it isn't there."""
        now = self._standing()
        return opened(visitor, now.find(document_id) or now.newest(), self._library, now)

    def _standing(self) -> Standing:
        jobs = self._jobs()  # first, so that a reading that ends meanwhile counts as going on and is looked at again
        fingerprint = self._library.models.fingerprint
        return Standing(self._library.shelf(), jobs, fingerprint)

    def _jobs(self) -> dict[str, JobView]:
        return {job.document_id: job for job in self._queue.active()}


def _named(event: gr.EventData) -> str:
    """The id of the document that a click inside our own HTML is about."""
    return str(event._data.get("document", "")) if isinstance(event._data, dict) else ""
