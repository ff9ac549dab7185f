"""How the terminal's commands speak: for people, for programs, and numbers in words."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Output:
    """Where a command's words go: text for people on stdout unless `json`, then only the one object."""

    json: bool

    def text(self, text: str, end: str = "\n") -> None:
        """For people; silent with --json."""
        if not self.json:
            print(_printable(text), end=end, flush=True)

    def note(self, text: str, end: str = "\n") -> None:
        """What happens meanwhile, and errors."""
        print(_printable(text), end=end, file=sys.stderr, flush=True)

    def result(self, value: dict[str, Any]) -> None:
        """The object for programs, on a line of its own; silent without --json."""
        if self.json:
            print(json.dumps(value), flush=True)


def _printable(text: str) -> str:
    """The text with bytes of file names that are no letters as question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def error_line(error: BaseException) -> str:
    """An error as the terminal shows it."""
    return f"{type(error).__name__}: {error}"


def duration(seconds: float) -> str:
    """A stretch of time in words: '8 s', '3 min', '2 h 5 min'."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def size(n_bytes: int) -> str:
    """A number of bytes in words."""
    return f"{n_bytes / 2**20:.1f} MB" if n_bytes >= 2**20 else f"{max(1, round(n_bytes / 2**10))} KB"
