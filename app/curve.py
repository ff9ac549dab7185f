"""The likelihood of an answer over the memories of a document, as a curve."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from app.views import MemoryPoint


def steepest(points: Sequence[MemoryPoint]) -> tuple[MemoryPoint, MemoryPoint]:
    """The two neighbours between which the likelihood rises most; the earlier ones where several do."""
    return max(pairwise(points), key=lambda pair: pair[1].log_prob - pair[0].log_prob)
