"""Chats: what was asked of a document and what it answered."""

from __future__ import annotations

import json
from collections.abc import Sequence

from storage.connection import Connection, now
from storage.rows import TurnRow


class ChatTable:
    """Chats by document; the last one started is the current one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def start(self, document_id: str, title: str = "") -> int:
        """Starts an empty chat, which is then the current one, and returns its id."""
        with self._connection.transaction() as db:
            sql = "INSERT INTO chats (document_id, title, created_at) VALUES (?, ?, ?)"
            return _new_id(db.execute(sql, [document_id, title, now()]).lastrowid)

    def add_turn(
        self,
        document_id: str,
        question: str,
        answer: str,
        *,
        grounding: float | None = None,
        grounded: bool | None = None,
        places: Sequence[tuple[int, str, str, str]] | None = None,
        page: int | None = None,
    ) -> None:
        """Adds a question and its answer to the current chat, starting one when there is none.

        `places` (page, before, words, after) marks an answer that was looked up in the text, `page` one as of that page.
        """
        time, listed = now(), None if places is None else json.dumps(places, ensure_ascii=False)
        message = (
            "INSERT INTO messages (chat_id, role, text, grounding, grounded, created_at, places, page)"
            " SELECT max(id), ?, ?, ?, ?, ?, ?, ? FROM chats WHERE document_id = ?"
        )
        with self._connection.transaction() as db:
            db.execute(
                "INSERT INTO chats (document_id, title, created_at) SELECT :document_id, :title, :time"
                " WHERE NOT EXISTS (SELECT 1 FROM chats WHERE document_id = :document_id)",
                {"document_id": document_id, "title": question[:80], "time": time},
            )
            db.execute(message, ["user", question, None, None, time, None, None, document_id])
            db.execute(message, ["assistant", answer, grounding, grounded, time, listed, page, document_id])

    def turns(self, document_id: str) -> tuple[TurnRow, ...]:
        """The current chat, oldest turn first."""
        sql = (
            "SELECT role, text, grounding, grounded, created_at, places, page FROM messages"
            " WHERE chat_id = (SELECT max(id) FROM chats WHERE document_id = ?) ORDER BY id"
        )
        messages = self._connection.rows(sql, [document_id])
        pairs = zip(messages[::2], messages[1::2], strict=True)
        return tuple(
            TurnRow(
                question=asked["text"],
                answer=answered["text"],
                grounding=answered["grounding"],
                grounded=None if answered["grounded"] is None else bool(answered["grounded"]),
                asked_at=asked["created_at"],
                places=_places(answered["places"]),
                page=answered["page"],
            )
            for asked, answered in pairs
        )


def _places(listed: str | None) -> tuple[tuple[int, str, str, str], ...] | None:
    return None if listed is None else tuple((page, *texts) for page, *texts in json.loads(listed))


def _new_id(row_id: int | None) -> int:
    assert row_id is not None, "an INSERT always has a row id"
    return row_id
