"""The open document's pages: one as printed, or what was read of them."""

from __future__ import annotations

import gradio as gr

from app.handlers.screen import Screen, Visitor, about, safely
from app.library import Library
from app.markup.read import what_was_read
from app.markup.sheet import sheet


class SheetHandlers:
    """The events of pages that are looked at."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def open(self, document_id: str, event: gr.EventData, request: gr.Request) -> Screen:
        """A page was asked for, with some words to be marked."""
        data = event._data if isinstance(event._data, dict) else {}

        def shown(visitor: Visitor) -> Screen:
            page = self._library.page(document_id, int(data.get("page", 1)), str(data.get("words", "")))
            return Screen(sheet=sheet(about(visitor.words, self._library.get(document_id)), page), notice="")

        return safely(self._library, request, shown)

    def read(self, document_id: str, event: gr.EventData, request: gr.Request) -> Screen:
        """What was read is to be seen, from some page on."""
        data = event._data if isinstance(event._data, dict) else {}

        def shown(visitor: Visitor) -> Screen:
            return Screen(
                origin=what_was_read(visitor.words, self._library.stretch_read(document_id, int(data.get("page", 1)))),
                notice="",
            )

        return safely(self._library, request, shown)
