"""Friendly notices: what happened and what to do, never a traceback."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from app.words import Words


def notice(words: Words, lines: Sequence[str], kind: str = "problem", undo: str = "") -> str:
    """Return a notice that can be dismissed; `kind` is "problem" or "done". No lines, no notice. With `undo`, a document's id,
    it has a button that takes the removal of that document back."""
    if not lines:
        return ""
    said = "".join(f"<p>{escape(line)}</p>" for line in lines)
    role = "alert" if kind == "problem" else "status"
    back = (
        f'<button type="button" class="undo" data-undo="{escape(undo, quote=True)}">{words("notice.undo")}</button>'
        if undo
        else ""
    )
    return (
        f'<div class="notice {kind}" role="{role}"><div>{said}</div>{back}'
        f'<button type="button" data-dismiss aria-label="{words("notice.dismiss")}">×</button></div>'
    )


def closing(words: Words) -> str:
    """Return the cross that closes a panel."""
    return f'<button type="button" data-close aria-label="{words("panel.close")}">×</button>'
