"""What a start is made of: frozen, built once from the command line, the environment and what was chosen on the settings page."""

from __future__ import annotations

import ipaddress
from argparse import Namespace
from dataclasses import dataclass, replace
from pathlib import Path

from app.choices import MODEL_PARTS, Choices
from app.errors import McpUnguarded, PasswordMissing

EVERYWHERE = "0.0.0.0"


@dataclass(frozen=True)
class Settings:
    """Where things are and what runs. `home` holds the library file, the fetched models and uploads under way; `given` names what the
    command line or the environment chose, which the settings page doesn't change."""

    home: Path
    database: Path
    model: str = "default"
    adapter: Path | None = None
    device: str = "auto"
    dtype: str = "auto"
    rule: str | None = None
    threads: int | None = None
    host: str = "127.0.0.1"
    port: int = 7860
    open_browser: bool = False
    password: str | None = None
    mcp: bool = False
    window: bool = False
    json: bool = False
    given: frozenset[str] = frozenset()

    @property
    def models(self) -> Path:
        """Where fetched models are kept."""
        return self.home / "models"

    @property
    def uploads(self) -> Path:
        """Where a dropped file lies until it is parsed."""
        return self.home / "uploads"

    def chosen(self, choices: Choices) -> Settings:
        """With what was chosen on the settings page, where neither the command line nor the environment says otherwise."""
        wanted = {name: getattr(choices, name) for name in MODEL_PARTS if name not in self.given}
        return replace(self, **{name: value for name, value in wanted.items() if value is not None})

    def check(self, kept_password: str | None = None) -> None:
        """That nobody is let in unasked; `kept_password` is the hash of one. Raises PasswordMissing and McpUnguarded."""
        guarded = bool(self.password or kept_password)
        if not (guarded or is_here(self.host)):
            raise PasswordMissing(self.host)
        if self.mcp and guarded:
            raise McpUnguarded


def settings_from(given: Namespace, environment: dict[str, str]) -> Settings:
    """The command line first, then PALIMPSEST_HOME, _DB, _MODEL and _PASSWORD, then the defaults."""
    home = Path(getattr(given, "home", None) or environment.get("PALIMPSEST_HOME") or Path.home() / ".palimpsest")
    database = getattr(given, "db", None) or environment.get("PALIMPSEST_DB") or home / "library.db"
    model = getattr(given, "model", None) or environment.get("PALIMPSEST_MODEL")
    others = {
        name: getattr(given, name)
        for name in ("adapter", "device", "dtype", "rule", "threads", "host", "port", "json", "mcp", "window")
        if hasattr(given, name)
    } | ({"model": model} if model else {})
    named = frozenset(others).intersection(MODEL_PARTS)
    if getattr(given, "share_on_lan", False):
        others["host"] = others.get("host", EVERYWHERE)
    password = getattr(given, "password", None) or environment.get("PALIMPSEST_PASSWORD") or None
    return Settings(
        home, Path(database), open_browser=getattr(given, "open", False), password=password, given=named, **others
    )


def is_here(host: str) -> bool:
    """Whether only this machine reaches that address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
