"""Figures that are the same in every language: how much is done, and which page that is about."""

from __future__ import annotations

import math


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
