"""What a start is made of: frozen, built once by launch.py from the command line and the environment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """Where things are and what runs. `home` holds the library file, the fetched models and uploads under way."""

    home: Path
    database: Path
    model: str = "default"
    adapter: Path | None = None
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

    @property
    def models(self) -> Path:
        """Where fetched models are kept."""
        return self.home / "models"

    @property
    def uploads(self) -> Path:
        """Where a dropped file lies until it is parsed."""
        return self.home / "uploads"
