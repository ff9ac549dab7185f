"""A document's conversation: answered again, edited, or another one gone on with."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import gradio as gr

from app.answering.conversations import seen_by_model
from app.handlers.runs import Runs
from app.handlers.screen import Screen, Visitor, busy, safely, visitor_of
from app.library import Library
from app.markup.conversation import pending
from app.markup.conversations import conversations, editing

WARMTH = 0.7


class Asked(NamedTuple):
    """A question on its way: when the one was asked whose place it takes, where it does, and, where that is to be answered `again` in
    other words, the page as of which it was (None: the newest memory)."""

    question: str
    instead_of: str | None = None
    again: bool = False
    page: int | None = None

    def options(self, library: Library) -> Any:
        """The likeliest words, or, to hear another answer, others by chance."""
        return library.answering.options(temperature=WARMTH, seed=secrets.randbelow(2**31)) if self.again else None


class TalkHandlers:
    """The events under the last turn and in the list of conversations; `opened` gives the screen of a document."""

    def __init__(self, library: Library, runs: Runs, opened: Callable[[Visitor, str], Screen]) -> None:
        self._library = library
        self._runs = runs
        self._opened = opened

    def last(self, document_id: str, event: gr.EventData, request: gr.Request) -> tuple[Any, ...]:
        """A button under the last answer: returns what is to be answered again, or None, when the question was asked that is to be edited,
        then the screen's fields. Where more was asked in another tab meanwhile, that is shown instead."""
        data = event._data if isinstance(event._data, dict) else {}
        pressed, visitor = data.get("again") or data.get("edit"), visitor_of(self._library, request)
        turns = self._library.conversations.history(document_id, owner=visitor.owner) if pressed else ()
        if not turns:
            return None, None, *Screen()
        words, last = visitor.words, turns[-1]
        if last.asked_at != pressed:
            return None, None, *safely(self._library, request, lambda visitor: self._opened(visitor, document_id))
        if data.get("edit"):
            return None, last.asked_at, *Screen(editing=editing(words), question=gr.Textbox(value=last.question))
        self._runs.begin(document_id, request)
        asked = Asked(last.question, last.asked_at, again=True, page=last.page)
        return asked, None, *busy(words)._replace(live=pending(words, asked.question, "", words("talk.recalling")))

    def answer(
        self, document_id: str, asked: Asked, page: int | None, owner: str, should_stop: Callable[[], bool]
    ) -> Iterator[Any]:
        """What the library answers, as of `page` or, again, as of the page of the answer that is replaced."""
        upto, turns = asked.page if asked.again else page, self._library.conversations.history(document_id, owner=owner)
        replaces = bool(turns) and turns[-1].asked_at == asked.instead_of
        return self._library.answering.ask(
            document_id,
            asked.question,
            history=seen_by_model(turns[:-1] if replaces else turns, upto),
            options=asked.options(self._library),
            should_stop=should_stop,
            instead_of=asked.instead_of,
            owner=owner,
            page=upto,
        )

    def fresh(self, document_id: str, request: gr.Request) -> Screen:
        """Begin a new conversation about the open document; the one before stays in the list."""

        def begun(visitor: Visitor) -> Screen:
            self._library.conversations.new(document_id, owner=visitor.owner)
            return self._opened(visitor, document_id)._replace(notice="")

        return safely(self._library, request, begun)

    def choose(self, document_id: str, request: gr.Request) -> Screen:
        """The list of conversations was asked for."""
        return safely(self._library, request, lambda visitor: self._listed(visitor, document_id))

    def open(self, document_id: str, event: gr.EventData, request: gr.Request) -> Screen:
        """A conversation was chosen, or given another name."""
        data = event._data if isinstance(event._data, dict) else {}
        if "chat" not in data:
            return Screen()

        def change(visitor: Visitor) -> Screen:
            chat_id = int(data["chat"])
            if "title" in data:
                self._library.conversations.rename(document_id, chat_id, str(data["title"]), owner=visitor.owner)
                return self._listed(visitor, document_id)
            self._library.conversations.open(document_id, chat_id, owner=visitor.owner)
            return self._opened(visitor, document_id)

        return safely(self._library, request, change)

    def _listed(self, visitor: Visitor, document_id: str) -> Screen:
        title = self._library.get(document_id).title
        found = self._library.conversations.all(document_id, owner=visitor.owner)
        return Screen(origin=conversations(visitor.words, title, found), notice="")
