"""The settings: what runs in plain words, how a change of it goes, and what the other choices cost."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from app.views import DiskUse, ModelChange
from app.words import Words

BOOK_TOKENS = 120_000  # about 300 pages
MIDDLING, LARGE, BILLION = 0.5e9, 2.5e9, 1e9
BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
DEVICES = ("cpu", "cuda", "mps")
SHADES = {"system": "", "light": "light", "dark": "dark"}


def head(words: Words) -> str:
    """Return the heading, with the cross that closes the settings."""
    return (
        f'<header class="settings-head"><h2>{words("settings.heading")}</h2>'
        f'<button type="button" data-close aria-label="{words("settings.close")}">×</button></header>'
    )


def running(words: Words, info: Any | None, chosen: str, speed: float | None, stale: Sequence[str]) -> str:
    """Return what runs, how large and how fast it is, how a memory is made for it where it has none, and which books (titles) it would have
    to read again. `chosen` is the model as on the command line."""
    if info is None:
        return f"<h3>{words('settings.model')}</h3><p>{words('model.coming')}</p>"
    lines = [
        words(
            "settings.runs",
            model=f"<b>{escape(str(info.model))}</b>",
            where=_where(words, str(info.device)),
            dtype=escape(str(info.dtype)),
            size=_size(words, info.parameters),
            memory=words.size(info.parameters * BYTES.get(info.dtype, 4)),
            state=words.size(info.state_bytes),
        ),
        words("settings.trained") if info.trained else words("settings.untrained", model=escape(chosen)),
    ]
    if speed:
        lines.append(words("settings.reads", rate=words.rate(speed), time=_time(words, BOOK_TOKENS / speed)))
    shown = "".join(f"<p>{line}</p>" for line in lines)
    return f"<h3>{words('settings.model')}</h3>{shown}{_stale(words, stale)}"


def disk(words: Words, used: DiskUse) -> str:
    """Return what the library takes on disk, and how to make it less."""
    said = words("settings.disk", size=words.size(used.total))
    if used.much_free:
        said += " " + words("settings.disk_free", size=words.size(used.free))
    if used.checkpoints:
        said += " " + words("settings.disk_checkpoints", size=words.size(used.checkpoints))
    return _why(words("settings.library"), said)


def change(words: Words, how: ModelChange, model: str) -> str:
    """Return how loading another model goes or went; nothing where none was chosen."""
    said = escape(words.told(how.said))
    match how.state:
        case "loading":
            return f'<p class="change busy" role="status">{said}</p>'
        case "failed":
            return f'<p class="change fault" role="alert">{words("settings.failed", said=said)}</p>'
        case "done":
            return f'<p class="change done" role="status">{words("settings.done", model=escape(model))}</p>'
    return ""


def password(words: Words) -> str:
    """Return what a password does."""
    return _why(words("settings.password"), words("settings.password_why"))


def locked(words: Words, state: str, short: bool) -> str:
    """Return whether the page asks for a password: "never", "always", or always for the one that was "given" at the start; and whether
    that is `short`."""
    said = [words(f"settings.locked.{state}"), *([words("settings.locked.short")] if short else [])]
    out = "" if state == "never" else f' <a href="/logout">{words("settings.log_out")}</a>'
    return f'<p class="cost" role="status">{" ".join(said)}{out}</p>'


def shade(words: Words) -> str:
    """Return the choice between light and dark, which is this browser's alone."""
    buttons = "".join(
        f'<button type="button" data-set-shade="{kept}">{words(f"settings.shades.{name}")}</button>'
        for name, kept in SHADES.items()
    )
    return (
        f"{_why(words('settings.browser'), words('settings.shade_why'))}"
        f'<div class="pick" role="group" aria-label="{words("settings.shade")}">{buttons}</div>'
    )


def _why(heading: str, text: str) -> str:
    return f"<h3>{heading}</h3><p>{text}</p>"


def _where(words: Words, device: str) -> str:
    kind = device.split(":")[0]
    return words(f"settings.where.{kind}") if kind in DEVICES else words("settings.where.other", device=escape(device))


def _size(words: Words, parameters: int) -> str:
    if parameters >= BILLION:
        amount = words("settings.amount.billion", n=words.number(parameters / BILLION, 1))
    else:
        amount = words("settings.amount.million", n=words.number(parameters / 1e6))
    size = "small" if parameters < MIDDLING else "middling" if parameters < LARGE else "large"
    return words(f"settings.size.{size}", amount=amount)


def _time(words: Words, seconds: float) -> str:
    if seconds < 90:
        return words.count("settings.time.seconds", max(round(seconds), 1))
    if seconds < 5400:
        return words.count("settings.time.minutes", round(seconds / 60))
    return words.count("settings.time.hours", round(seconds / 3600))


def _stale(words: Words, titles: Sequence[str]) -> str:
    if not titles:
        return ""
    listed = "".join(f"<li>{escape(title)}</li>" for title in titles)
    return (
        f'<div class="stale"><p>{words.count("settings.stale", len(titles))}</p><ul>{listed}</ul>'
        f'<button type="button" data-read-again>{words("settings.read_again")}</button></div>'
    )
