"""Named endpoints for programs: what `gradio_client` finds at the app's address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import gradio as gr

from app.answering.summary import WORDS
from app.errors import named_errors
from app.handlers.screen import about
from app.library import Library
from app.views import answer_object


class Endpoints:
    """Each method is one endpoint; what goes wrong is said in a sentence."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def list_documents(self) -> list[dict]:
        """List the documents on the shelf.

        Returns:
            For each document its id, title, author, pages, tokens, status ("read" when it can be asked about all of it), tags,
            and sections with their numbers, titles and pages.
        """
        names = ("id", "title", "author", "pages", "tokens", "status", "read_pages", "tags", "sections")
        return [
            {name: value for name, value in asdict(item).items() if name in names} for item in self._library.shelf()
        ]

    def ask_document(self, document_id: str, question: str, page: int = 0) -> dict:
        """Ask a document a question; the answer comes from its memory and the pages that this points to, and is not kept in its
        conversations.

        Parameters:
            document_id: the document's id, or the beginning of it
            question: one thing to know, in the words that the document uses
            page: as of the end of that page, of nothing that follows; 0 for the whole of what was read

        Returns:
            The answer; the answers from memory and from the pages by themselves; its confidence, 0 to 1; declined, true where the document
            does not seem to say; and the pages, each with its printed number, a quote and a score, the best first.
        """
        return self._last(
            document_id, lambda found: self._library.answering.ask(found, question, page=page or None, keep=False)
        )

    def summarize_document(self, document_id: str, section: int = 0, words: int = WORDS) -> dict:
        """Summarise a document, or one of its sections.

        Parameters:
            document_id: the document's id, or the beginning of it
            section: the section's number; 0 for the whole document
            words: about how long the summary is to be

        Returns:
            The summary as the answer, in the model's words; its confidence; and the pages, with a quote for each of its sentences.
        """
        return self._last(
            document_id,
            lambda found: self._library.summaries.summarize(found, section=section or None, words=words, keep=False),
        )

    def _last(self, document_id: str, asked: Callable[[str], Iterator[Any]]) -> dict:
        try:
            item = self._library.get(self._library.resolve(document_id))
            *_, answer = asked(item.id)
        except named_errors() as error:
            raise gr.Error(str(error)) from error
        return answer_object(answer, about(self._library.languages.english, item))
