"""Chats: what was asked of a document and what it answered.

A chat has an owner, who alone sees it and writes in it. One without an owner, '', is everyone's to read; whoever opens it, names it or
asks something in it has a copy of their own from then on, in its place. So nobody ever changes what somebody else sees. Where None is
given for the owner it is whoever has the file itself, whose are all of them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlite_utils import Database

from storage.connection import Connection, now
from storage.rows import ChatRow, EvidenceRow, PlaceRow, TurnRow

TITLE_LENGTH = 80
EVIDENCE = ("page", "quote", "score", "begin", "end")
_VISIBLE = (
    "(:owner IS NULL OR chats.owner = :owner OR (chats.owner = '' AND NOT EXISTS"
    " (SELECT 1 FROM chats AS mine WHERE mine.copy_of = chats.id AND mine.owner = :owner)))"
)
_CURRENT = f"SELECT id FROM chats WHERE document_id = :document_id AND {_VISIBLE} ORDER BY opened DESC, id DESC LIMIT 1"
_NEXT = "(SELECT coalesce(max(opened), 0) + 1 FROM chats)"


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
        sql = (
            "SELECT chats.id, count(*) / 2 AS n_turns, max(messages.created_at) AS asked_at,"
            " group_concat(messages.text, char(10)) AS texts,"
            " coalesce(nullif(chats.title, ''), (SELECT substr(text, 1, :long) FROM messages WHERE chat_id = chats.id"
            f" ORDER BY id LIMIT 1)) AS title, chats.id = ({_CURRENT}) AS current"
            f" FROM chats JOIN messages ON messages.chat_id = chats.id WHERE chats.document_id = :document_id AND {_VISIBLE}"
            " GROUP BY chats.id ORDER BY asked_at DESC, chats.id DESC"
        )
        found = self._connection.rows(sql, {"document_id": document_id, "owner": owner, "long": TITLE_LENGTH})
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
            last = "SELECT id, created_at FROM messages WHERE chat_id = :chat ORDER BY id DESC LIMIT 2"
            db.execute(
                f"DELETE FROM messages WHERE id IN (SELECT id FROM ({last}) WHERE created_at = :instead_of)",
                {"chat": chat_id, "instead_of": instead_of},
            )
            said = {"chat": chat_id, "time": time, "summary": summary}
            db.execute(message, said | {"role": "user", "text": question} | dict.fromkeys(found))
            db.execute(message, said | {"role": "assistant", "text": answer} | found)

    def turns(self, document_id: str, *, owner: str | None = None) -> tuple[TurnRow, ...]:
        """The current chat, oldest turn first."""
        sql = (
            "SELECT role, text, confidence, declined, from_memory, evidence, created_at, places, page, summary FROM messages"
            f" WHERE chat_id = ({_CURRENT}) ORDER BY id"
        )
        messages = self._connection.rows(sql, {"document_id": document_id, "owner": owner})
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

    def _change(self, document_id: str, chat_id: int, owner: str | None, change: str, **values: str) -> bool:
        sql = (
            "SELECT id FROM chats WHERE document_id = :document_id AND :chat IN (id, copy_of)"
            f" AND {_VISIBLE} ORDER BY id = :chat DESC LIMIT 1"
        )
        with self._connection.transaction() as db:
            chat = db.execute(sql, {"document_id": document_id, "chat": chat_id, "owner": owner}).fetchone()
            if chat is not None:
                db.execute(f"UPDATE chats SET {change} WHERE id = :chat", {"chat": _own(db, chat[0], owner)} | values)
        return chat is not None


def _start(db: Database, document_id: str, title: str, owner: str | None) -> int:
    sql = f"INSERT INTO chats (document_id, title, created_at, opened, owner) VALUES (?, ?, ?, {_NEXT}, ?)"
    return _new_id(db.execute(sql, [document_id, title, now(), owner or ""]).lastrowid)


def _own(db: Database, chat_id: int, owner: str | None) -> int:
    """The same chat, or, of one without an owner, a copy that is this owner's."""
    copied = (
        "INSERT INTO chats (document_id, title, created_at, opened, owner, copy_of)"
        " SELECT document_id, title, created_at, opened, :owner, id FROM chats WHERE id = :chat AND owner = ''"
    )
    if owner is None:
        return chat_id
    new = db.execute(copied, {"chat": chat_id, "owner": owner})
    if not new.rowcount:
        return chat_id
    columns = ", ".join(c.name for c in db.table("messages").columns if c.name not in ("id", "chat_id"))
    turns = f"INSERT INTO messages (chat_id, {columns}) SELECT ?, {columns} FROM messages WHERE chat_id = ? ORDER BY id"
    db.execute(turns, [new.lastrowid, chat_id])
    return _new_id(new.lastrowid)


def _json(value: object) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


def _evidence(listed: str | None) -> tuple[EvidenceRow, ...] | None:
    return None if listed is None else tuple(tuple(one[name] for name in EVIDENCE) for one in json.loads(listed))


def _places(listed: str | None) -> tuple[PlaceRow, ...] | None:
    return None if listed is None else tuple((page, *texts) for page, *texts in json.loads(listed))


def _new_id(row_id: int | None) -> int:
    assert row_id is not None, "an INSERT always has a row id"
    return row_id
