"""Chats: what was asked of a document and what it answered."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from storage import digests
from storage.connection import Connection, now
from storage.rows import ChatRow, EvidenceRow, PlaceRow, TurnRow, made

TITLE_LENGTH = 80
EVIDENCE = ("page", "quote", "score", "begin", "end")
_CURRENT = "SELECT id FROM chats WHERE document_id = :document_id ORDER BY opened DESC, id DESC LIMIT 1"
_NEXT = "(SELECT coalesce(max(opened), 0) + 1 FROM chats)"
_CHAT = f"SELECT id, title, n_messages, {digests.sound('chats')} AS sound FROM chats"
_MESSAGES = f"SELECT *, {digests.sound('messages')} AS sound FROM messages WHERE chat_id = ? ORDER BY id"


class ChatTable:
    """Chats by document; the last one started or opened is the current one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def start(self, document_id: str, title: str = "") -> int:
        """Starts an empty chat, which is then the current one, and returns its id."""
        with self._connection.transaction() as db:
            sql = f"INSERT INTO chats (document_id, title, created_at, opened) VALUES (?, ?, ?, {_NEXT})"
            chat_id = _new_id(db.execute(sql, [document_id, title, now()]).lastrowid)
            digests.seal(db, "chats", "id = ?", [chat_id])
        return chat_id

    def open(self, document_id: str, chat_id: int) -> bool:
        """Makes that chat of the document the current one; False where it has no such chat."""
        with self._connection.transaction() as db, digests.changing(db, "chats", "id = ?", [chat_id]):
            sql = f"UPDATE chats SET opened = {_NEXT} WHERE id = ? AND document_id = ?"
            return db.execute(sql, [chat_id, document_id]).rowcount > 0

    def rename(self, document_id: str, chat_id: int, title: str) -> bool:
        """Gives that chat of the document another title; False where it has no such chat."""
        with self._connection.transaction() as db, digests.changing(db, "chats", "id = ?", [chat_id]):
            sql = "UPDATE chats SET title = ? WHERE id = ? AND document_id = ?"
            return db.execute(sql, [title, chat_id, document_id]).rowcount > 0

    def all(self, document_id: str) -> tuple[ChatRow, ...]:
        """The document's chats in which something was asked, the last asked first."""
        found = []
        with self._connection.moment():
            current = self._connection.row(_CURRENT, {"document_id": document_id})
            for chat in self._connection.rows(f"{_CHAT} WHERE document_id = ?", [document_id]):
                messages = self._connection.rows(_MESSAGES, [chat["id"]])
                if not messages and not chat["n_messages"]:
                    continue
                texts = [str(message["text"]) for message in messages]
                row = {
                    "id": chat["id"],
                    "title": chat["title"] or (texts[0][:TITLE_LENGTH] if texts else ""),
                    "n_turns": len(messages) // 2,
                    "asked_at": max((str(message["created_at"]) for message in messages), default=""),
                    "current": current is not None and chat["id"] == current["id"],
                    "texts": "\n".join(texts),
                    "damaged": not (chat["sound"] and _whole(chat, messages)),
                }
                found.append(made(ChatRow, row))
        return tuple(sorted(found, key=lambda chat: (chat.asked_at, chat.id), reverse=True))

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
            f" VALUES (:chat_id, :role, :text, :time, :summary, {', '.join(f':{name}' for name in found)})"
        )
        said = {"time": time, "summary": summary}
        asked = said | {"role": "user", "text": question} | dict.fromkeys(found)
        answered = said | {"role": "assistant", "text": answer} | found
        with self._connection.transaction() as db:
            begun = db.execute(
                "INSERT INTO chats (document_id, title, created_at) SELECT :document_id, :title, :time"
                " WHERE NOT EXISTS (SELECT 1 FROM chats WHERE document_id = :document_id)",
                {"document_id": document_id, "title": question[:TITLE_LENGTH], "time": time},
            )
            (chat_id,) = db.execute(_CURRENT, {"document_id": document_id}).fetchone()
            if begun.rowcount:
                digests.seal(db, "chats", "id = ?", [chat_id])
            with digests.changing(db, "chats", "id = ?", [chat_id]):
                more = 2
                if instead:
                    last = "SELECT id FROM messages WHERE chat_id = ? ORDER BY id DESC LIMIT 2"
                    more -= db.execute(f"DELETE FROM messages WHERE id IN ({last})", [chat_id]).rowcount
                for values in (asked, answered):
                    new = db.execute(message, values | {"chat_id": chat_id}).lastrowid
                    digests.seal(db, "messages", "id = ?", [new])
                db.execute("UPDATE chats SET n_messages = n_messages + ? WHERE id = ?", [more, chat_id])

    def turns(self, document_id: str) -> tuple[TurnRow, ...]:
        """The current chat, oldest turn first. Where messages are lost, or one too many is there, every turn is damaged: which belong
        together can't be told any more."""
        with self._connection.moment():
            chat = self._connection.row(f"{_CHAT} WHERE id = ({_CURRENT})", {"document_id": document_id})
            messages = self._connection.rows(_MESSAGES, [chat["id"]]) if chat else []
        whole = chat is not None and chat["n_messages"] == len(messages)
        pairs = zip_longest(messages[::2], messages[1::2], fillvalue={"sound": False, "text": "", "created_at": ""})
        return tuple(_turn(asked, answered, whole) for asked, answered in pairs)


def _whole(chat: dict[str, Any], messages: Sequence[dict[str, Any]]) -> bool:
    """Whether all messages of a chat are there, and as they were stored."""
    return len(messages) == chat["n_messages"] and all(message["sound"] for message in messages)


def _turn(asked: dict[str, Any], answered: dict[str, Any], whole: bool) -> TurnRow:
    turn = {"question": asked["text"], "answer": answered["text"], "asked_at": asked["created_at"]}
    if not (whole and asked["sound"] and answered["sound"]):
        return made(TurnRow, turn | {"damaged": True})
    kept = {name: answered[name] for name in ("confidence", "from_memory", "page")}
    flags = {name: bool(answered[name]) for name in ("declined", "summary")}
    found = {"evidence": _evidence(answered["evidence"]), "places": _places(answered["places"])}
    return TurnRow(**turn, **kept, **flags, **found)


def _json(value: object) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _evidence(listed: str | None) -> tuple[EvidenceRow, ...] | None:
    return None if listed is None else tuple(tuple(one[name] for name in EVIDENCE) for one in json.loads(listed))


def _places(listed: str | None) -> tuple[PlaceRow, ...] | None:
    return None if listed is None else tuple((page, *texts) for page, *texts in json.loads(listed))


def _new_id(row_id: int | None) -> int:
    assert row_id is not None, "an INSERT always has a row id"
    return row_id
