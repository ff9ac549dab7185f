"""Page events to library and reading queue, and the screen that each of them shows."""

from __future__ import annotations

from app.handlers.endpoints import Endpoints
from app.handlers.events import Handlers
from app.handlers.screen import Screen
from app.handlers.settings import SettingsHandlers, SettingsScreen

__all__ = ["Endpoints", "Handlers", "Screen", "SettingsHandlers", "SettingsScreen"]
