"""The settings: what runs in plain words, how a change of it goes, and what the other choices cost."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from app.markup import words
from app.views import ModelChange

BOOK_TOKENS = 120_000
# From how many parameters on the words change.
MIDDLING, LARGE = 0.5e9, 2.5e9
BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
DEVICES = {"cpu": "on the processor", "cuda": "on the graphics card", "mps": "on the graphics processor"}

HEAD = '<header class="settings-head"><h2>Settings</h2><button type="button" data-close aria-label="Close the settings">×</button></header>'
WAYPOINTS = (
    "<h3>Memories on the way</h3><p>While a book is read, its memory is kept at some points on the way as well. They are what "
    "“As of page” and “Where did it learn this?” work from: the more there are, the less has to be read again for an answer.</p>"
)
PASSWORD = (
    "<h3>Password</h3><p>Whoever opens the page, or asks as a program, is asked for it. Only a salted hash of it is kept. "
    "It counts from the next start on.</p>"
)
SHADE = (
    '<h3>This browser</h3><p>Light or dark, as this browser remembers it.</p><div class="pick" role="group" aria-label="Light or dark">'
    '<button type="button" data-set-shade="">As the system has it</button><button type="button" data-set-shade="light">Light</button>'
    '<button type="button" data-set-shade="dark">Dark</button></div>'
)


def running(info: Any, speed: float | None, stale: Sequence[str]) -> str:
    """Return what runs, how large and how fast it is, and which books (titles) it would have to read again."""
    where = DEVICES.get(str(info.device).split(":")[0], f"on {info.device}")
    memory = words.size(info.parameters * BYTES.get(info.dtype, 4))
    lines = [
        f"<b>{escape(str(info.model))}</b> runs {escape(where)} in {escape(str(info.dtype))}. {_size(info.parameters)} "
        f"It takes {memory} of memory, and what it remembers of a book takes {words.size(info.state_bytes)}, however long the book.",
        _trained(info),
    ]
    if speed:
        lines.append(
            f"It reads about {words.rate(speed)} here: a book of 300 pages in {_minutes(BOOK_TOKENS / speed)}."
        )
    return f"<h3>The model</h3>{''.join(f'<p>{line}</p>' for line in lines)}{_stale(stale)}"


def change(how: ModelChange, model: str) -> str:
    """Return how loading another model goes or went; nothing where none was chosen."""
    match how.state:
        case "loading":
            return f'<p class="change busy" role="status">{escape(how.said)}</p>'
        case "failed":
            said = f"{escape(how.said)} The model that ran before still runs."
            return f'<p class="change fault" role="alert">{said}</p>'
        case "done":
            return f'<p class="change done" role="status">{escape(model)} runs now, and at the next start.</p>'
    return ""


def waypoints_cost(most: int, state_bytes: int) -> str:
    """Return what keeping up to `most` memories of a book costs."""
    return (
        f'<p class="cost">Up to {words.count(most, "memory", "memories")} of a book, {words.size(state_bytes)} each: '
        f"{words.size(most * state_bytes)} at most.</p>"
    )


def password_state(now: bool, later: bool) -> str:
    """Return whether the page asks for a password, in this run and from the next start on."""
    says = {
        (False, False): "Nobody is asked for a password.",
        (True, True): "Everybody is asked for the password.",
        (False, True): "Nobody is asked for a password yet; from the next start on everybody is.",
        (True, False): "Everybody is asked for a password until the end of this run, and nobody after it.",
    }
    return f'<p class="cost" role="status">{says[now, later]}</p>'


def _size(parameters: int) -> str:
    amount = f"{parameters / 1e9:.1f} billion" if parameters >= 1e9 else f"{parameters / 1e6:,.0f} million"
    if parameters < MIDDLING:
        return f"It is small, {amount} parameters: quick on any machine."
    if parameters < LARGE:
        return f"It is of middling size, {amount} parameters: slow without a graphics card."
    return f"It is large, {amount} parameters: it wants a graphics card with much memory."


def _trained(info: Any) -> str:
    if info.trained:
        return "Its memory was trained for this."
    return (
        "Its memory was never trained, so it works but recalls little: answers will mostly be the model’s general knowledge. "
        f"Its memory rule is {escape(str(info.rule))}."
    )


def _minutes(seconds: float) -> str:
    if seconds < 90:
        return f"about {words.count(max(round(seconds), 1), 'second')}"
    if seconds < 5400:
        return f"about {words.count(round(seconds / 60), 'minute')}"
    return f"about {words.count(round(seconds / 3600), 'hour')}"


def _stale(titles: Sequence[str]) -> str:
    if not titles:
        return ""
    listed = "".join(f"<li>{escape(title)}</li>" for title in titles)
    which = "This book was read" if len(titles) == 1 else f"These {len(titles)} books were read"
    them = "it" if len(titles) == 1 else "them"
    return (
        f'<div class="stale"><p>{which} by another model, and a memory fits only the model that made it. '
        f"The old memories stay: go back to that model, and {'it answers' if len(titles) == 1 else 'they answer'} again at once.</p>"
        f"<ul>{listed}</ul>"
        f'<button type="button" data-read-again>Read {them} again with this model</button></div>'
    )
