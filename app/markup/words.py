"""Numbers as people say them: sizes, times, rates, counts."""

from __future__ import annotations

import calendar
import math
from datetime import datetime


def count(number: int, singular: str, plural: str | None = None) -> str:
    """Return `number` with its noun, with thousands separated: "1 page", "12,345 tokens"."""
    noun = singular if number == 1 else plural or f"{singular}s"
    return f"{number:,} {noun}"


def size(n_bytes: int) -> str:
    """Return a size in bytes as people read it, in steps of 1,000: "812 B", "2.1 MB"."""
    amount = float(n_bytes)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000 or unit == "GB":
            break
        amount /= 1000
    return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"


def rate(tokens_per_second: float | None) -> str:
    """Return a reading speed, or an empty string before it is known."""
    if tokens_per_second is None or not math.isfinite(tokens_per_second) or tokens_per_second <= 0:
        return ""
    return f"{tokens_per_second:,.0f} tokens a second"


def time_left(seconds: float | None) -> str:
    """Return an estimate that doesn't pretend to precision, or an empty string before one is known."""
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return ""
    if seconds < 5:
        return "a few seconds left"
    if seconds < 55:
        return f"about {5 * math.ceil(seconds / 5)} seconds left"
    minutes = math.ceil(seconds / 60 - 0.1)
    if minutes < 60:
        return f"about {count(max(minutes, 1), 'minute')} left"
    hours, rest = divmod(minutes, 60)
    return f"about {hours} h {rest:02d} min left"


def percent(part: int, whole: int | None) -> int:
    """Return `part` of `whole` in whole per cent, rounded down so that 100 means done; 0 when `whole` is unknown."""
    if not whole:
        return 0
    return max(0, min(100, 100 * part // whole))


def page_reached(part: int, whole: int | None, pages: int) -> int:
    """Return about which page (1-based) a reading has reached, taking pages as equally long."""
    if not whole or pages <= 0:
        return 0
    return max(1, min(pages, math.ceil(pages * part / whole)))


def day(moment: str) -> str:
    """Return the day of a time in ISO 8601, as the clock on this machine has it: "5 March 2031"."""
    here = datetime.fromisoformat(moment).astimezone()
    return f"{here.day} {calendar.month_name[here.month]} {here.year}"
