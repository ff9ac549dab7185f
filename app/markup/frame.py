"""The head of the page: the name, and what it runs on."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from app.markup.model import machine
from app.markup.tour import tour
from app.words import Words

MARK = (
    '<svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><rect x="4.5" y="3.5" width="23" height="25" rx="3"/>'
    '<path class="under" d="M9 10.5h14M9 16.5h14M9 22.5h14"/><path class="over" d="M9 12.8h11M9 18.8h8"/></svg>'
)


def banner(words: Words, others: Sequence[Words], engine_info: Any | None) -> str:
    """Return the page's heading, with a button for each of the `others` that the page can be shown in; `engine_info` is the
    library's, or None when no model is loaded."""
    return (
        f'<div class="banner"><div class="name">{MARK}<div><h1>Palimpsest</h1>'
        f"<p>{words('frame.motto')}</p></div></div>"
        f'<div class="side">{_machine(words, engine_info)}{"".join(map(_switch, others))}'
        f'<button type="button" class="round" data-tour aria-label="{words("frame.tour")}">?</button>'
        f'<button type="button" class="round" data-settings aria-label="{words("frame.settings")}">'
        '<svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="3.2"/><circle cx="12" cy="12" r="7"/>'
        '<path class="stroke" d="M12 2v3M12 19v3M2 12h3M19 12h3M4.9 4.9l2.2 2.2M16.9 16.9l2.2 2.2M4.9 19.1l2.2-2.2M16.9 7.1l2.2-2.2"/>'
        "</svg></button>"
        f'<button type="button" class="round" data-shade aria-label="{words("frame.shade")}">'
        '<svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="8"/>'
        '<path d="M12 4a8 8 0 0 1 0 16z"/></svg></button></div></div>'
        f"{tour(words)}"
    )


def _switch(other: Words) -> str:
    label, short = other("language.switch"), other("language.short")
    return (
        f'<button type="button" class="round" data-language="{other.language}" lang="{other.language}" '
        f'aria-label="{label}">{short}</button>'
    )


def _machine(words: Words, info: Any | None) -> str:
    return f'<span class="machine" title="{words("frame.machine")}">{escape(machine(words, info))}</span>'
