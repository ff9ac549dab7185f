"""Chats: what was asked of a document and what it answered."""

from __future__ import annotations

import json
from collections.abc import Sequence

from storage.connection import Connection, now
from storage.rows import ChatRow, EvidenceRow, PlaceRow, TurnRow

TITLE_LENGTH = 80
EVIDENCE = ("page", "quote", "score", "begin", "end")
_CURRENT = "SELECT id FROM chats WHERE document_id = :document_id ORDER BY opened DESC, id DESC LIMIT 1"
_NEXT = "(SELECT coalesce(max(opened), 0) + 1 FROM chats)"


class ChatTable:
    """Chats by document; the last one started or opened is the current one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def start(self, document_id: str, title: str = "") -> int:
        """Starts an empty chat, which is then the current one, and returns its id."""
        with self._connection.transaction() as db:
            sql = f"INSERT INTO chats (document_id, title, created_at, opened) VALUES (?, ?, ?, {_NEXT})"
            return _new_id(db.execute(sql, [document_id, title, now()]).lastrowid)

    def open(self, document_id: str, chat_id: int) -> bool:
        """Makes that chat of the document the current one; False where it has no such chat."""
        with self._connection.transaction() as db:
            sql = f"UPDATE chats SET opened = {_NEXT} WHERE id = ? AND document_id = ?"
            return db.execute(sql, [chat_id, document_id]).rowcount > 0

    def rename(self, document_id: str, chat_id: int, title: str) -> bool:
        """Gives that chat of the document another title; False where it has no such chat."""
        with self._connection.transaction() as db:
            sql = "UPDATE chats SET title = ? WHERE id = ? AND document_id = ?"
            return db.execute(sql, [title, chat_id, document_id]).rowcount > 0

    def all(self, document_id: str) -> tuple[ChatRow, ...]:
        """The document's chats in which something was asked, the last asked first."""
        sql = (
            "SELECT chats.id, count(*) / 2 AS n_turns, max(messages.created_at) AS asked_at,"
            " group_concat(messages.text, char(10)) AS texts,"
            " coalesce(nullif(chats.title, ''), (SELECT substr(text, 1, :long) FROM messages WHERE chat_id = chats.id"
            f" ORDER BY id LIMIT 1)) AS title, chats.id = ({_CURRENT}) AS current"
            " FROM chats JOIN messages ON messages.chat_id = chats.id WHERE chats.document_id = :document_id"
            " GROUP BY chats.id ORDER BY asked_at DESC, chats.id DESC"
        )
        found = self._connection.rows(sql, {"document_id": document_id, "long": TITLE_LENGTH})
        return tuple(ChatRow(**row | {"current": bool(row["current"])}) for row in found)

    def add_turn(
        self,
        document_id: str,
        question: str,
        answer: str,
        *,
        confidence: float | None = None,
        declined: bool = False,
        from_memory: str | None = None,
        evidence: Sequence[EvidenceRow] | None = None,
        places: Sequence[PlaceRow] | None = None,
        page: int | None = None,
        summary: bool = False,
        instead: bool = False,
    ) -> None:
        """Adds a question and its answer to the current chat, starting one when there is none.

        `places` (page, before, words, after) marks an answer that was looked up in the text, `page` one as of that page, `summary`
        a summary; for the rest see TurnRow. With `instead` it takes the place of the chat's last turn.
        """
        time = now()
        found = {
            "confidence": confidence,
            "declined": declined,
            "from_memory": from_memory,
            "evidence": _json(
                None if evidence is None else [dict(zip(EVIDENCE, one, strict=True)) for one in evidence]
            ),
            "places": _json(places),
            "page": page,
        }
        columns = ", ".join(found)
        message = (
            f"INSERT INTO messages (chat_id, role, text, created_at, summary, {columns})"
            f" VALUES (({_CURRENT}), :role, :text, :time, :summary, {', '.join(f':{name}' for name in found)})"
        )
        said = {"document_id": document_id, "time": time, "summary": summary}
        asked = said | {"role": "user", "text": question} | dict.fromkeys(found)
        answered = said | {"role": "assistant", "text": answer} | found
        with self._connection.transaction() as db:
            db.execute(
                "INSERT INTO chats (document_id, title, created_at) SELECT :document_id, :title, :time"
                " WHERE NOT EXISTS (SELECT 1 FROM chats WHERE document_id = :document_id)",
                {"document_id": document_id, "title": question[:TITLE_LENGTH], "time": time},
            )
            if instead:
                last = f"SELECT id FROM messages WHERE chat_id = ({_CURRENT}) ORDER BY id DESC LIMIT 2"
                db.execute(f"DELETE FROM messages WHERE id IN ({last})", {"document_id": document_id})
            db.execute(message, asked)
            db.execute(message, answered)

    def turns(self, document_id: str) -> tuple[TurnRow, ...]:
        """The current chat, oldest turn first."""
        sql = (
            "SELECT role, text, confidence, declined, from_memory, evidence, created_at, places, page, summary FROM messages"
            f" WHERE chat_id = ({_CURRENT}) ORDER BY id"
        )
        messages = self._connection.rows(sql, {"document_id": document_id})
        pairs = zip(messages[::2], messages[1::2], strict=True)
        return tuple(
            TurnRow(
                question=asked["text"],
                answer=answered["text"],
                asked_at=asked["created_at"],
                confidence=answered["confidence"],
                declined=bool(answered["declined"]),
                from_memory=answered["from_memory"],
                evidence=_evidence(answered["evidence"]),
                places=_places(answered["places"]),
                page=answered["page"],
                summary=bool(answered["summary"]),
            )
            for asked, answered in pairs
        )


def _json(value: object) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _evidence(listed: str | None) -> tuple[EvidenceRow, ...] | None:
    return None if listed is None else tuple(tuple(one[name] for name in EVIDENCE) for one in json.loads(listed))


def _places(listed: str | None) -> tuple[PlaceRow, ...] | None:
    return None if listed is None else tuple((page, *texts) for page, *texts in json.loads(listed))


def _new_id(row_id: int | None) -> int:
    assert row_id is not None, "an INSERT always has a row id"
    return row_id
