"""Which memories on the way through a document are kept: close together in a short one, ever further apart in a long one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True)
class Spacing:
    """At least `tokens` tokens apart, at most `most` of them. Every other one is dropped when there would be more."""

    tokens: int = 8192
    most: int = 32

    def due(self, kept: Sequence[int], n_tokens: int) -> bool:
        """Whether the memory after `n_tokens` tokens is to be kept beside those after `kept` tokens, in order."""
        gap = min((b - a for a, b in pairwise(kept)), default=self.tokens)
        return n_tokens - (kept[-1] if kept else 0) >= max(gap, self.tokens)

    def surplus(self, kept: Sequence[int]) -> list[int]:
        """Which of `kept`, in order, are one too many: every other one, from the first on, when there are more than `most`."""
        return list(kept[::2]) if len(kept) > self.most else []
