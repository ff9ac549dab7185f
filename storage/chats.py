"""Chats: what was asked of a document and what it answered.

A chat has an owner, who alone sees it and writes in it. One without an owner, '', is everyone's to read; whoever opens it, names it or
asks something in it has a copy of their own from then on, in its place. So nobody ever changes what somebody else sees. Where None is
given for the owner it is whoever has the file itself, whose are all of them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from sqlite_utils import Database

from storage import digests
from storage.connection import Connection, now
from storage.rows import ChatRow, EvidenceRow, PlaceRow, TurnRow, made

TITLE_LENGTH = 80
EVIDENCE = ("page", "quote", "score", "begin", "end")
_VISIBLE = (
    "(:owner IS NULL OR chats.owner = :owner OR (chats.owner = '' AND NOT EXISTS"
    " (SELECT 1 FROM chats AS mine WHERE mine.copy_of = chats.id AND mine.owner = :owner)))"
)
_CURRENT = f"SELECT id FROM chats WHERE document_id = :document_id AND {_VISIBLE} ORDER BY opened DESC, id DESC LIMIT 1"
_NEXT = "(SELECT coalesce(max(opened), 0) + 1 FROM chats)"
_CHAT = f"SELECT id, title, n_messages, {digests.sound('chats')} AS sound FROM chats"
_MESSAGES = f"SELECT *, {digests.sound('messages')} AS sound FROM messages WHERE chat_id = ? ORDER BY id"


class ChatTable:
    """Chats by document; the last one started or opened of those that somebody sees is their current one."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def start(self, document_id: str, title: str = "", *, owner: str | None = None) -> int:
        """Starts an empty chat, which is then the current one, and returns its id."""
        with self._connection.transaction() as db:
            return _start(db, document_id, title, owner)

    def open(self, document_id: str, chat_id: int, *, owner: str | None = None) -> bool:
        """Makes that chat of the document the current one; False where it has no such chat."""
        return self._change(document_id, chat_id, owner, f"opened = {_NEXT}")

    def rename(self, document_id: str, chat_id: int, title: str, *, owner: str | None = None) -> bool:
        """Gives that chat of the document another title; False where it has no such chat."""
        return self._change(document_id, chat_id, owner, "title = :title", title=title)

    def all(self, document_id: str, *, owner: str | None = None) -> tuple[ChatRow, ...]:
        """The document's chats in which something was asked, the last asked first."""
        asked = {"document_id": document_id, "owner": owner}
        found = []
        with self._connection.moment():
            current = self._connection.row(_CURRENT, asked)
            for chat in self._connection.rows(f"{_CHAT} WHERE document_id = :document_id AND {_VISIBLE}", asked):
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
        instead_of: str | None = None,
        owner: str | None = None,
    ) -> None:
        """Adds a question and its answer to the current chat, starting one when there is none.

        `places` (page, before, words, after) marks an answer that was looked up in the text, `page` one as of that page, `summary`
        a summary; for the rest see TurnRow. It takes the place of the turn that was asked at `instead_of`, as long as that is the last.
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
            f" VALUES (:chat, :role, :text, :time, :summary, {', '.join(f':{name}' for name in found)})"
        )
        with self._connection.transaction() as db:
            chat = db.execute(_CURRENT, {"document_id": document_id, "owner": owner}).fetchone()
            title = question[:TITLE_LENGTH]
            chat_id = _own(db, chat[0], owner) if chat else _start(db, document_id, title, owner)
            said = {"chat": chat_id, "time": time, "summary": summary}
            asked = said | {"role": "user", "text": question} | dict.fromkeys(found)
            answered = said | {"role": "assistant", "text": answer} | found
            with digests.changing(db, "chats", "id = ?", [chat_id]):
                last = "SELECT id, created_at FROM messages WHERE chat_id = :chat ORDER BY id DESC LIMIT 2"
                gone = db.execute(
                    f"DELETE FROM messages WHERE id IN (SELECT id FROM ({last}) WHERE created_at = :instead_of)",
                    {"chat": chat_id, "instead_of": instead_of},
                ).rowcount
                for values in (asked, answered):
                    new = db.execute(message, values).lastrowid
                    digests.seal(db, "messages", "id = ?", [new])
                db.execute("UPDATE chats SET n_messages = n_messages + ? WHERE id = ?", [2 - gone, chat_id])

    def turns(self, document_id: str, *, owner: str | None = None) -> tuple[TurnRow, ...]:
        """The current chat, oldest turn first. Where messages are lost, or one too many is there, every turn is damaged: which belong
        together can't be told any more."""
        with self._connection.moment():
            current = {"document_id": document_id, "owner": owner}
            chat = self._connection.row(f"{_CHAT} WHERE id = ({_CURRENT})", current)
            messages = self._connection.rows(_MESSAGES, [chat["id"]]) if chat else []
        whole = chat is not None and chat["n_messages"] == len(messages)
        pairs = zip_longest(messages[::2], messages[1::2], fillvalue={"sound": False, "text": "", "created_at": ""})
        return tuple(_turn(asked, answered, whole) for asked, answered in pairs)

    def _change(self, document_id: str, chat_id: int, owner: str | None, change: str, **values: str) -> bool:
        sql = (
            "SELECT id FROM chats WHERE document_id = :document_id AND :chat IN (id, copy_of)"
            f" AND {_VISIBLE} ORDER BY id = :chat DESC LIMIT 1"
        )
        with self._connection.transaction() as db:
            chat = db.execute(sql, {"document_id": document_id, "chat": chat_id, "owner": owner}).fetchone()
            if chat is not None:
                own = _own(db, chat[0], owner)
                with digests.changing(db, "chats", "id = ?", [own]):
                    db.execute(f"UPDATE chats SET {change} WHERE id = :chat", {"chat": own} | values)
        return chat is not None


def _start(db: Database, document_id: str, title: str, owner: str | None) -> int:
    sql = f"INSERT INTO chats (document_id, title, created_at, opened, owner) VALUES (?, ?, ?, {_NEXT}, ?)"
    chat_id = _new_id(db.execute(sql, [document_id, title, now(), owner or ""]).lastrowid)
    digests.seal(db, "chats", "id = ?", [chat_id])
    return chat_id


def _own(db: Database, chat_id: int, owner: str | None) -> int:
    """The same chat, or, of one without an owner, a copy that is this owner's; what is damaged is so in the copy."""
    if owner is None:
        return chat_id
    copied = (
        "INSERT INTO chats (document_id, title, created_at, opened, n_messages, owner, copy_of)"
        " SELECT document_id, title, created_at, opened, n_messages, :owner, id FROM chats WHERE id = :chat AND owner = ''"
    )
    (sound,) = db.execute(f"SELECT {digests.sound('chats')} FROM chats WHERE id = ?", [chat_id]).fetchone()
    new = db.execute(copied, {"chat": chat_id, "owner": owner})
    if not new.rowcount:
        return chat_id
    own = _new_id(new.lastrowid)
    if sound:
        digests.seal(db, "chats", "id = ?", [own])
    columns = ", ".join(name for name in digests.COLUMNS["messages"] if name not in ("id", "chat_id"))
    turn = f"INSERT INTO messages (chat_id, {columns}) SELECT ?, {columns} FROM messages WHERE id = ?"
    for message_id, sound in db.execute(
        f"SELECT id, {digests.sound('messages')} FROM messages WHERE chat_id = ? ORDER BY id", [chat_id]
    ).fetchall():
        copy = _new_id(db.execute(turn, [own, message_id]).lastrowid)
        if sound:
            digests.seal(db, "messages", "id = ?", [copy])
    return own


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
