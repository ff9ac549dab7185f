"""What a start is made of: frozen, built once from the command line, the environment and what was chosen on the settings page.

What was chosen there is kept in the library file.
"""

from __future__ import annotations

import ipaddress
import json
from argparse import Namespace
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from app.errors import PasswordMissing

EVERYWHERE = "0.0.0.0"
STANDARD, SMALL = "standard", "small"
MEMORY_SIZES = ("small", "standard", "large")
NOTE = "settings"
NO_LOG = "none"
MODEL_PARTS = ("model", "device", "dtype", "memory_size")


@dataclass(frozen=True)
class Choices:
    """None where nothing was chosen. `model`, `device`, `dtype` and `memory_size` are as on the command line, `password` is the salted
    hash of the words (see `app.password`)."""

    model: str | None = None
    device: str | None = None
    dtype: str | None = None
    memory_size: str | None = None
    password: str | None = None

    def to_note(self) -> str:
        """As JSON, for the library file."""
        return json.dumps({name: value for name, value in asdict(self).items() if value is not None}, sort_keys=True)

    @staticmethod
    def from_note(note: str | None) -> Choices:
        """From what `to_note` gave; what this version doesn't know is left out."""
        kept: dict[str, Any] = json.loads(note) if note else {}
        if kept.get("model") == "default":  # what earlier versions called the embedded one
            del kept["model"]
        return Choices(**{field.name: kept[field.name] for field in fields(Choices) if field.name in kept})


@dataclass(frozen=True)
class Settings:
    """Where things are and what runs. `home` holds the library file, the fetched models and uploads under way; `log` is where
    the log is kept, None for none; `given` names what the
    command line or the environment chose, which the settings page doesn't change."""

    home: Path
    database: Path
    log: Path | None = None
    model: str = STANDARD
    memory: Path | None = None
    memory_size: str = "standard"
    device: str = "auto"
    dtype: str = "auto"
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
        """That nobody is let in unasked; `kept_password` is the hash of one. Raises PasswordMissing."""
        if not (self.password or kept_password or is_here(self.host)):
            raise PasswordMissing(self.host)


def settings_from(given: Namespace, environment: dict[str, str]) -> Settings:
    """The command line first, then PALIMPSEST_HOME, _DB and _MODEL, then the defaults; without the password, see `app.password`."""
    home = Path(getattr(given, "home", None) or environment.get("PALIMPSEST_HOME") or Path.home() / ".palimpsest")
    database = getattr(given, "db", None) or environment.get("PALIMPSEST_DB") or home / "library.db"
    model = getattr(given, "model", None) or environment.get("PALIMPSEST_MODEL")
    if model == "default":  # what earlier versions called it
        model = STANDARD
    others = {
        name: getattr(given, name)
        for name in ("memory", "memory_size", "device", "dtype", "threads", "host", "port", "json", "mcp", "window")
        if hasattr(given, name)
    } | ({"model": model} if model else {})
    named = frozenset(others).intersection(MODEL_PARTS)
    if getattr(given, "share_on_lan", False):
        others["host"] = others.get("host", EVERYWHERE)
    database = Path(database)
    return Settings(
        home, database, _log_file(given, database), open_browser=getattr(given, "open", False), given=named, **others
    )


def _log_file(given: Namespace, database: Path) -> Path | None:
    named = getattr(given, "log_file", None)
    return database.with_suffix(".log") if named is None else None if named == NO_LOG else Path(named)


def is_here(host: str) -> bool:
    """Whether only this machine reaches that address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
