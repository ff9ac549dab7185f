"""Named endpoints for programs: what `gradio_client` finds at the app's address."""

from __future__ import annotations

from dataclasses import asdict

import gradio as gr

from app.library import Library


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
        """Ask a document a question; the answer comes from its memory alone and is not kept in its conversations.

        Parameters:
            document_id: the document's id, or the beginning of it
            question: one thing to know, in the words that the document uses
            page: as of the end of that page, of nothing that follows; 0 for the whole of what was read

        Returns:
            The answer, its grounding in nats a token (above 0.5 it comes from the document; null where it was looked up in the text)
            and whether it is grounded.
        """
        return self._last(
            lambda: self._library.ask(self._library.resolve(document_id), question, page=page or None, keep=False)
        )

    def summarize_document(self, document_id: str, section: int = 0) -> dict:
        """Summarise a document, or one of its sections.

        Parameters:
            document_id: the document's id, or the beginning of it
            section: the section's number; 0 for the whole document

        Returns:
            The summary as the answer: the sentences most worth keeping, quoted with their pages (then its grounding is null), or in
            the model's words, with its grounding as for a question.
        """
        return self._last(
            lambda: self._library.summarize(self._library.resolve(document_id), section=section or None, keep=False)
        )

    def _last(self, asked) -> dict:
        try:
            *_, answer = asked()
        except self._library.named_errors() as error:
            raise gr.Error(str(error)) from error
        return {"answer": answer.text, "grounding": answer.grounding, "grounded": answer.grounded}
