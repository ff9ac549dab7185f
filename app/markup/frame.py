"""The head of the page: the name, and what it runs on."""

from __future__ import annotations

from html import escape
from typing import Any

from app.markup.tour import tour

MARK = (
    '<svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><rect x="4.5" y="3.5" width="23" height="25" rx="3"/>'
    '<path class="under" d="M9 10.5h14M9 16.5h14M9 22.5h14"/><path class="over" d="M9 12.8h11M9 18.8h8"/></svg>'
)


def banner(engine_info: Any | None) -> str:
    """Return the page's heading; `engine_info` is the library's, or None when no model is loaded."""
    return (
        f'<div class="banner"><div class="name">{MARK}<div><h1>Palimpsest</h1>'
        "<p>Reads a book once. Answers from memory.</p></div></div>"
        f'<div class="side">{_machine(engine_info)}'
        '<button type="button" class="round" data-tour aria-label="Show the tour of the page">?</button>'
        '<button type="button" class="round" data-settings aria-label="Settings">'
        '<svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="3.2"/><circle cx="12" cy="12" r="7"/>'
        '<path class="stroke" d="M12 2v3M12 19v3M2 12h3M19 12h3M4.9 4.9l2.2 2.2M16.9 16.9l2.2 2.2M4.9 19.1l2.2-2.2M16.9 7.1l2.2-2.2"/>'
        "</svg></button>"
        '<button type="button" class="round" data-shade aria-label="Switch between light and dark">'
        '<svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="8"/>'
        '<path d="M12 4a8 8 0 0 1 0 16z"/></svg></button></div></div>'
        f"{tour()}"
    )


def _machine(info: Any | None) -> str:
    if info is None:
        return '<span class="machine">No model loaded</span>'
    shown = " · ".join(escape(str(part)) for part in (info.model, info.device, info.dtype))
    return f'<span class="machine" title="Model, device and precision that answer here">{shown}</span>'
