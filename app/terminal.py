"""How the terminal's commands speak: for people, for programs, and numbers in words."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from typing import Any

CLEARED = "\r\x1b[K"  # back to the beginning of the line, and nothing on it
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class Output:
    """Where a command's words go: text for people on stdout unless `json`, then only the one object."""

    json: bool

    def text(self, text: str, end: str = "\n") -> None:
        """For people; silent with --json."""
        if not self.json:
            print(printable(text), end=end, flush=True)

    def note(self, text: str, end: str = "\n", *, in_place: bool = False) -> None:
        """What happens meanwhile, and errors; `in_place` of the line that was told last."""
        print(CLEARED * in_place + printable(text), end=end, file=sys.stderr, flush=True)

    def result(self, value: dict[str, Any]) -> None:
        """The object for programs, on a line of its own; silent without --json."""
        if self.json:
            print(json.dumps(value), flush=True)


def printable(text: str) -> str:
    """The text as a terminal may have it: bytes of file names that are no letters as question marks, and marks in the place of what would
    move its cursor, colour it, or turn the direction of its letters. Titles and texts come from anywhere."""
    return CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.encode("utf-8", "replace").decode("utf-8"))


def error_line(error: BaseException) -> str:
    """An error as the terminal shows it."""
    return printable(f"{type(error).__name__}: {error}")


def duration(seconds: float) -> str:
    """A stretch of time in words: '8 s', '3 min', '2 h 5 min'."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def size(n_bytes: int) -> str:
    """A number of bytes in words."""
    return f"{n_bytes / 2**20:.1f} MB" if n_bytes >= 2**20 else f"{max(1, round(n_bytes / 2**10))} KB"
