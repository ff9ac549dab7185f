"""The settings page: what was chosen, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import gradio as gr

from app.choices import Choices
from app.handlers.screen import KEEP
from app.library import Library
from app.markup import settings
from app.markup.frame import banner
from app.markup.notice import notice
from app.models import Models

EMBEDDED = "default"


class SettingsScreen(NamedTuple):
    """Updates for the components of the settings, in the order in which desk.py names them."""

    panel: Any = KEEP
    banner: Any = KEEP
    notice: Any = KEEP
    running: Any = KEEP
    which: Any = KEEP
    name: Any = KEEP
    device: Any = KEEP
    dtype: Any = KEEP
    rule: Any = KEEP
    load: Any = KEEP
    change: Any = KEEP
    waypoints: Any = KEEP
    cost: Any = KEEP
    words: Any = KEEP
    locked: Any = KEEP
    timer: Any = KEEP


class SettingsHandlers:
    """The settings' events; `asks` says whether this run asks for a password."""

    def __init__(self, library: Library, models: Models, asks: bool) -> None:
        self._library = library
        self._models = models
        self._asks = asks

    def open(self) -> SettingsScreen:
        """The settings were asked for: show everything as it is."""
        used = self._models.in_use
        other = used.model not in (None, EMBEDDED)
        most = used.spacing().most
        return self._changing()._replace(
            panel=gr.Column(visible=True),
            which="other" if other else EMBEDDED,
            name=gr.Textbox(value=used.model if other else "", visible=other),
            device=used.device or "auto",
            dtype=used.dtype or "auto",
            rule=gr.Dropdown(value=used.rule or "gated_delta", visible=other),
            waypoints=most,
            cost=settings.waypoints_cost(most, self._library.engine_info.state_bytes),
            words="",
            locked=self._locked(),
        )

    def close(self) -> SettingsScreen:
        """Back to the books."""
        return SettingsScreen(panel=gr.Column(visible=False), timer=gr.Timer(active=False))

    def kind(self, which: str) -> SettingsScreen:
        """The embedded model or another: only another has a name and, where it was never trained, a rule."""
        other = which != EMBEDDED
        return SettingsScreen(name=gr.Textbox(visible=other), rule=gr.Dropdown(visible=other))

    def load(self, which: str, name: str, device: str, dtype: str, rule: str) -> SettingsScreen:
        """Another model, device, precision or rule is to be used."""
        other = which != EMBEDDED
        if other and not name.strip():
            return SettingsScreen(notice=notice(["Name the model: a folder on this machine, or its name on the hub."]))
        wanted = Choices(name.strip() if other else EMBEDDED, device, dtype, rule if other else None)
        return self._safely(lambda: self._models.use(wanted))

    def tick(self) -> SettingsScreen:
        """A second has passed while a model is being loaded."""
        return self._changing()

    def waypoints(self, most: int) -> SettingsScreen:
        """Another number of memories on the way was chosen."""
        self._models.keep_waypoints(int(most))
        return SettingsScreen(cost=settings.waypoints_cost(int(most), self._library.engine_info.state_bytes))

    def lock(self, words: str) -> SettingsScreen:
        """A password was set."""
        return self._safely(lambda: self._models.set_password(words))._replace(words="", locked=self._locked())

    def unlock(self) -> SettingsScreen:
        """The password was taken away."""
        self._models.set_password(None)
        return SettingsScreen(words="", locked=self._locked())

    def read_again(self) -> SettingsScreen:
        """The books that another model read are to be read again."""
        return self._safely(lambda: self._models.read_again())

    def _safely(self, action: Callable[[], object]) -> SettingsScreen:
        try:
            action()
        except self._library.named_errors() as error:
            return SettingsScreen(notice=notice([str(error)]))
        return self._changing()._replace(notice="")

    def _changing(self) -> SettingsScreen:
        info, how = self._library.engine_info, self._models.change()
        loading = how.state == "loading"
        stale = [item.title for item in self._library.shelf() if item.status == "stale"]
        return SettingsScreen(
            banner=banner(info) if how.state == "done" else KEEP,
            running=settings.running(info, how.tokens_per_second, stale),
            load=gr.Button(interactive=not loading),
            change=settings.change(how, info.model),
            timer=gr.Timer(active=loading),
        )

    def _locked(self) -> str:
        return settings.password_state(self._asks, self._library.choices().password is not None)
