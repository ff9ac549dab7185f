"""A document's conversations: to find one, to go on with it, to give it a name."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from app.markup.words import count, day
from app.views import ChatView

EDITING = (
    '<p class="editing"><span>The answer will take the place of your last one.</span>'
    '<button type="button" data-keep>Ask it as a new question instead</button></p>'
)


def conversations(title: str, chats: Sequence[ChatView]) -> str:
    """Return the HTML of the panel that lists the conversations about the document called `title`."""
    find = (
        '<input type="search" aria-label="Find in the conversations" placeholder="Find in all that was said">'
        '<p role="status" hidden>Nothing that was said fits that.</p>'
    )
    return (
        '<section class="origin chats" aria-label="Conversations"><header><h3>Conversations</h3>'
        f'<button type="button" data-close aria-label="Close">×</button></header><p class="asked">{escape(title)}</p>'
        f"{find if len(chats) > 1 else ''}<ul>{''.join(map(_one, chats))}</ul></section>"
    )


def _one(chat: ChatView) -> str:
    current = ' aria-current="true"' if chat.current else ""
    said = escape(f"{chat.title} {chat.texts}", quote=True)
    return (
        f'<li data-said="{said}"><button type="button" class="open" data-chat="{chat.id}"{current}>'
        f'<span class="title">{escape(chat.title)}</span>'
        f'<span class="facts">{count(chat.turns, "question")} · {day(chat.asked_at)}</span></button>'
        '<button type="button" class="copy" data-rename>Rename</button></li>'
    )
