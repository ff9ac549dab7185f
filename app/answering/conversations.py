"""Conversations about a document: kept, gone on with, shown to the model for what follows up on them, and saved as files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, astuple

from app import rows
from app.errors import TitleMissing, UnknownChat
from app.views import ChatView, ModelAnswer, TextAnswer, Turn
from app.words import Words
from storage import Store

MOST_SEEN, LONGEST_SEEN = 3, 240


class Conversations:
    """The conversations in one library file; of each document one goes on.

    An `owner` sees their own, and those that are everyone's, of which they have a copy as soon as they go on with it; whoever has the file
    itself (None) sees all. Somebody else's is not there.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def history(self, document_id: str, *, owner: str | None = None) -> tuple[Turn, ...]:
        """The document's current conversation, oldest turn first."""
        return tuple(rows.turn(row) for row in self._store.chats.turns(document_id, owner=owner))

    def new(self, document_id: str, *, owner: str | None = None) -> None:
        """Starts an empty conversation; the old one stays stored. Raises UnknownDocument."""
        self._store.chats.start(rows.known(self._store, document_id).id, owner=owner)

    def all(self, document_id: str, *, owner: str | None = None) -> tuple[ChatView, ...]:
        """Those in which something was asked, the last asked first. Raises UnknownDocument."""
        row = rows.known(self._store, document_id)
        return tuple(rows.chat(chat) for chat in self._store.chats.all(row.id, owner=owner))

    def open(self, document_id: str, chat_id: int, *, owner: str | None = None) -> None:
        """Goes on with one of the document's conversations. Raises UnknownDocument, UnknownChat."""
        row = rows.known(self._store, document_id)
        if not self._store.chats.open(row.id, chat_id, owner=owner):
            raise UnknownChat(row.title, chat_id)

    def rename(self, document_id: str, chat_id: int, title: str, *, owner: str | None = None) -> None:
        """Gives a conversation another title. Raises UnknownDocument, UnknownChat, TitleMissing."""
        row, named = rows.known(self._store, document_id), " ".join(title.split())
        if not named:
            raise TitleMissing
        if not self._store.chats.rename(row.id, chat_id, named, owner=owner):
            raise UnknownChat(row.title, chat_id)

    def keep(
        self,
        document_id: str,
        question: str,
        answer: ModelAnswer | TextAnswer,
        *,
        page: int | None = None,
        summary: bool = False,
        instead_of: str | None = None,
        owner: str | None = None,
    ) -> None:
        """Adds a question and its answer, as of `page`, to the document's current conversation; in the place of the turn that was asked at
        `instead_of`, as long as that is the last. Raises DocumentGone."""
        if isinstance(answer, TextAnswer):
            found = {"places": [astuple(place) for place in answer.places], "summary": summary}
        else:
            found = {
                "confidence": answer.confidence,
                "declined": answer.declined,
                "from_memory": answer.from_memory,
                "evidence": [astuple(one) for one in answer.evidence],
                "summary": summary or answer.summary,
            }
        self._store.chats.add_turn(
            document_id, question, answer.text, page=page, instead_of=instead_of, owner=owner, **found
        )
        self._store.documents.touch(document_id)


def seen_by_model(turns: Sequence[Turn], page: int | None) -> list[tuple[str, str]]:
    """The last MOST_SEEN questions with their answers that a question as of `page` may follow up on, in their order.

    Left out are answers that were damaged on the disk; those as of another page, which may know more or less; those that the document
    does not seem to give, which would mislead the next one; what was looked up in the text; summaries; and those of more than
    LONGEST_SEEN characters.
    """
    recalled = [turn for turn in turns if turn.places is None and not (turn.summary or turn.declined or turn.damaged)]
    fit = [turn for turn in recalled if turn.page == page and 0 < len(turn.answer) <= LONGEST_SEEN]
    return [(turn.question, turn.answer) for turn in fit[-MOST_SEEN:]]


def as_markdown(words: Words, title: str, turns: Sequence[Turn]) -> str:
    """The conversation with a heading a question, and under each answer where it comes from; `words` are about the document."""
    parts = [f"# {_line(title)}", *(_turn_as_markdown(words, turn) for turn in turns)]
    return "\n\n".join(parts) + "\n"


def as_json(document_id: str, title: str, turns: Sequence[Turn]) -> str:
    """The conversation as one object: document, title and turns, with every field of a turn."""
    whole = {"document": document_id, "title": title, "turns": [asdict(turn) for turn in turns]}
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


def _turn_as_markdown(words: Words, turn: Turn) -> str:
    as_of = words("saved.as_of", page=words.page(turn.page)) if turn.page is not None else ""
    places = [
        f"- {words.page(p.page)}: …{_line(p.before)}**{_line(p.words)}**{_line(p.after)}…" for p in turn.places or ()
    ]
    quotes = [f"- {words.page(one.page)}: “{_line(one.quote)}”" for one in turn.evidence or ()]
    said = turn.answer.strip() or words("saved.no_answer")
    lines = [
        f"## {_line(turn.question)}",
        words("talk.declined") if turn.declined else said,
        f"*{_source(words, turn)}{as_of} {turn.asked_at}*",
    ]
    listed = places or quotes
    return "\n\n".join([*lines, *(["\n".join(listed)] if listed else [])])


def _source(words: Words, turn: Turn) -> str:
    """Where an answer comes from, in one line of plain text."""
    if turn.damaged:
        return words("talk.damaged")
    if turn.places is not None:
        return words("saved.looked_up")
    if turn.confidence is None:
        return words("saved.unmeasured")
    return words("saved.confidence", sure=words.confidence(turn.confidence), percent=round(100 * turn.confidence))


def _line(text: str) -> str:
    """The text on one line, as it was but for its white space at line ends."""
    return " ".join(text.splitlines())
