"""The settings page: what was chosen, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import gradio as gr

from app.errors import named_errors
from app.handlers.screen import KEEP, words_of
from app.library import Library
from app.markup import settings
from app.markup.frame import banner
from app.markup.notice import notice
from app.password import Gate
from app.settings import MEMORY_SIZES, SMALL, STANDARD, Choices
from app.words import Words

OTHER, AUTO = "other", "auto"
OURS = (STANDARD, SMALL)
DEVICES = (AUTO, "cpu", "cuda", "mps")
PRECISIONS = ("float32", "bfloat16", "float16")


class SettingsScreen(NamedTuple):
    """Updates for the components of the settings, in the order in which desk.py names them."""

    panel: Any = KEEP
    banner: Any = KEEP
    notice: Any = KEEP
    head: Any = KEEP
    running: Any = KEEP
    which: Any = KEEP
    name: Any = KEEP
    device: Any = KEEP
    dtype: Any = KEEP
    memory_size: Any = KEEP
    load: Any = KEEP
    change: Any = KEEP
    why_password: Any = KEEP
    words: Any = KEEP
    locked: Any = KEEP
    shade: Any = KEEP
    timer: Any = KEEP


class SettingsHandlers:
    """The settings' events; `gate` is what asks for a password."""

    def __init__(self, library: Library, gate: Gate) -> None:
        self._library = library
        self._models = library.models
        self._gate = gate

    def open(self, request: gr.Request) -> SettingsScreen:
        """The settings were asked for: show everything as it is, in the language of the request."""
        words, used = words_of(self._library, request), self._models.in_use
        other = used.model not in (None, *OURS)
        return self._changing(words)._replace(
            panel=gr.Column(visible=True),
            head=settings.head(words),
            which=gr.Radio(
                choices=_named(words, "which", (*OURS, OTHER)), value=OTHER if other else used.model or STANDARD
            ),
            name=gr.Textbox(value=used.model if other else "", visible=other),
            device=gr.Dropdown(choices=_named(words, "device", DEVICES), value=used.device or AUTO),
            dtype=gr.Dropdown(
                choices=[*_named(words, "dtype", (AUTO,)), *zip(PRECISIONS, PRECISIONS, strict=True)],
                value=used.dtype or AUTO,
            ),
            memory_size=gr.Dropdown(
                choices=_named(words, "memory_size", MEMORY_SIZES), value=used.memory_size or STANDARD
            ),
            why_password=settings.password(words),
            words="",
            locked=self._locked(words),
            shade=settings.shade(words),
        )

    def close(self) -> SettingsScreen:
        """Back to the books."""
        return SettingsScreen(panel=gr.Column(visible=False), timer=gr.Timer(active=False))

    def kind(self, which: str) -> SettingsScreen:
        """One of ours or another: only another has a name."""
        return SettingsScreen(name=gr.Textbox(visible=which == OTHER))

    def load(
        self, which: str, name: str, device: str, dtype: str, memory_size: str, request: gr.Request
    ) -> SettingsScreen:
        """Another model, device, precision or size of memory is to be used."""
        words, named = words_of(self._library, request), name.strip()
        if which == OTHER and not named:
            return SettingsScreen(notice=notice(words, [words("settings.name_missing")]))
        wanted = Choices(named if which == OTHER else which, device, dtype, memory_size)
        return self._safely(words, lambda: self._models.use(wanted))

    def tick(self, request: gr.Request) -> SettingsScreen:
        """A second has passed while a model is being loaded."""
        return self._changing(words_of(self._library, request))

    def lock(self, password: str, request: gr.Request) -> SettingsScreen:
        """A password was set."""
        return self._locking(request, password)

    def unlock(self, request: gr.Request) -> SettingsScreen:
        """The password was taken away."""
        return self._locking(request, None)

    def read_again(self, request: gr.Request) -> SettingsScreen:
        """The books that another model read are to be read again."""

        def queue() -> None:
            for item in self._library.shelf():
                if item.status == "stale":
                    self._library.queue.enqueue(item.id)

        return self._safely(words_of(self._library, request), queue)

    def _locking(self, request: gr.Request, password: str | None) -> SettingsScreen:
        def change() -> None:
            self._gate.check_change(to_none=password is None)
            self._gate.change(self._library.set_password(password))

        words = words_of(self._library, request)
        shown = self._safely(words, change)
        return shown._replace(words="", locked=self._locked(words))

    def _safely(self, words: Words, action: Callable[[], object]) -> SettingsScreen:
        try:
            action()
        except named_errors() as error:
            return SettingsScreen(notice=notice(words, [words.error(error)]))
        return self._changing(words)._replace(notice="")

    def _changing(self, words: Words) -> SettingsScreen:
        info, how = self._models.info, self._models.change()
        loading = how.state == "loading"
        others = [other for other in self._library.languages.known.values() if other is not words]
        stale = [item.title for item in self._library.shelf() if item.status == "stale"]
        return SettingsScreen(
            banner=banner(words, others, info) if how.state == "done" else KEEP,
            running=settings.running(words, info, self._models.in_use.model or STANDARD, how.tokens_per_second, stale)
            + settings.disk(words, self._library.disk_use()),
            load=gr.Button(interactive=not loading),
            change=settings.change(words, how, info.model if info else ""),
            timer=gr.Timer(active=loading),
        )

    def _locked(self, words: Words) -> str:
        state = "given" if self._gate.given else "always" if self._gate.asks else "never"
        return settings.locked(words, state, self._gate.short)


def _named(words: Words, part: str, values: tuple[str, ...]) -> list[tuple[str, str]]:
    """The choices of a part of the settings, by what they are called."""
    return [(words(f"settings.{part}.{value}"), value) for value in values]
