"""The model on its way: how far its fetching is, what came in its place, and which books wait to be read again by it."""

from __future__ import annotations

from html import escape
from typing import Any

from app.markup.shelf import progress
from app.views import ModelChange
from app.words import Words


def machine(words: Words, info: Any | None) -> str:
    """Return what answers here, in plain text."""
    return words("frame.no_model") if info is None else " · ".join((str(info.model), str(info.device), str(info.dtype)))


def model(words: Words, info: Any | None, change: ModelChange, stale: int) -> str:
    """Return how the model stands: a card while it is fetched or where there is none, a line where the small one came in its place, and
    the offer to read `stale` books again. Nothing more than the model's name where there is nothing to say."""
    name = f'<span hidden data-machine="{escape(machine(words, info), quote=True)}"></span>'
    return f"{name}{_state(words, info, change)}{_stale(words, stale) if info is not None else ''}"


def _state(words: Words, info: Any | None, change: ModelChange) -> str:
    said = escape(words.told(change.said))
    if change.state == "instead":
        return f'<p class="model-card" role="status">{said}</p>'
    if info is not None:
        return ""
    if change.state == "failed":
        return f'<div class="model-card" role="alert"><p>{words("model.missing")}</p><p>{said}</p></div>'
    bar = progress(*change.fetched_megabytes, words("model.progress")) if change.fetched_megabytes else ""
    return f'<div class="model-card" role="status"><p>{words("model.coming")}</p><p class="stage">{said}</p>{bar}</div>'


def _stale(words: Words, stale: int) -> str:
    if not stale:
        return ""
    return (
        f'<div class="model-card stale"><p>{words.count("model.stale", stale)}</p>'
        f'<button type="button" data-read-again>{words("model.read_again")}</button></div>'
    )
