"""A document's conversations: to find one, to go on with it, to give it a name."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from app.markup.notice import closing
from app.views import ChatView
from app.words import Words


def editing(words: Words) -> str:
    """Return the line that says that the next answer takes the place of the last one."""
    return (
        f'<p class="editing"><span>{words("talk.editing")}</span>'
        f'<button type="button" data-keep>{words("talk.as_new")}</button></p>'
    )


def conversations(words: Words, title: str, chats: Sequence[ChatView]) -> str:
    """Return the HTML of the panel that lists the conversations about the document called `title`."""
    find = (
        f'<input type="search" aria-label="{words("chats.find")}" placeholder="{words("chats.find_in")}">'
        f'<p role="status" hidden>{words("chats.nothing")}</p>'
    )
    return (
        f'<section class="origin chats" aria-label="{words("chats.label")}"><header><h3>{words("chats.label")}</h3>'
        f'{closing(words)}</header><p class="asked">{escape(title)}</p>'
        f"{find if len(chats) > 1 else ''}<ul>{''.join(_one(words, chat) for chat in chats)}</ul></section>"
    )


def _one(words: Words, chat: ChatView) -> str:
    current = ' aria-current="true"' if chat.current else ""
    said = escape(f"{chat.title} {chat.texts}", quote=True)
    return (
        f'<li data-said="{said}"><button type="button" class="open" data-chat="{chat.id}"{current}>'
        f'<span class="title">{escape(chat.title)}</span>'
        f'<span class="facts">{_facts(words, chat)}</span></button>'
        f'<button type="button" class="copy" data-rename="{words("chats.name")}">{words("chats.rename")}</button></li>'
    )


def _facts(words: Words, chat: ChatView) -> str:
    """How many questions, and of which day; of a damaged one that may be wrong, and so it says only that."""
    if chat.damaged:
        return words("chats.damaged")
    return f"{words.count('count.questions', chat.turns)} · {words.day(chat.asked_at)}"
