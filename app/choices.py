"""What was chosen on the settings page: kept in the library file, and what the next start begins with."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from app.waypoints import Spacing

NOTE = "settings"
MODEL_PARTS = ("model", "device", "dtype", "rule")


@dataclass(frozen=True)
class Choices:
    """None where nothing was chosen. `model`, `device`, `dtype` and `rule` are as on the command line; `waypoints` is how many memories on
    the way through a book are kept at most, `password` the salted hash of the words (see `app.password`)."""

    model: str | None = None
    device: str | None = None
    dtype: str | None = None
    rule: str | None = None
    waypoints: int | None = None
    password: str | None = None

    def spacing(self) -> Spacing:
        """How far apart memories on the way are kept."""
        return Spacing() if self.waypoints is None else replace(Spacing(), most=self.waypoints)

    def to_note(self) -> str:
        """As JSON, for the library file."""
        return json.dumps({name: value for name, value in asdict(self).items() if value is not None}, sort_keys=True)

    @staticmethod
    def from_note(note: str | None) -> Choices:
        """From what `to_note` gave; what this version doesn't know is left out."""
        kept: dict[str, Any] = json.loads(note) if note else {}
        return Choices(**{field.name: kept[field.name] for field in fields(Choices) if field.name in kept})
