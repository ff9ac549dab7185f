"""A desktop window instead of a browser's tab. Imports its toolkit only when it is opened."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Callable
from pathlib import Path

TITLE, WIDTH, HEIGHT, LEAST = "Palimpsest", 1280, 860, (420, 600)
PARTS = ("webview", "qtpy", "PySide6.QtWebEngineWidgets")
GLANCE_S = 0.5


def window_parts_missing() -> bool:
    """Whether something that a window needs is not installed."""
    try:
        return any(importlib.util.find_spec(part) is None for part in PARTS)
    except ModuleNotFoundError:  # not even the package that the part belongs to
        return True


def show(address: str, storage: Path, ended: threading.Event, meanwhile: Callable[[], None]) -> None:
    """A window on `address`, until somebody closes it or `ended` is set; `meanwhile` is called all the time until then. What the page keeps
    for its visitor lies in `storage`.

    Must be called from the main thread, as every desktop toolkit demands.
    """
    import webview

    window = webview.create_window(TITLE, address, width=WIDTH, height=HEIGHT, min_size=LEAST)

    def watch() -> None:
        while not ended.wait(GLANCE_S):
            if window.events.closed.is_set():
                return
            meanwhile()
        window.destroy()

    webview.start(watch, gui="qt", private_mode=False, storage_path=str(storage))
    ended.set()
