"""What each token read was worth keeping, one byte a token: what a memory would have people look at first."""

import torch
from torch import Tensor

STEPS, ZERO = 8, 128  # a score of 1 is 8 steps, and 0 the middle of a byte
TOP = 4  # a passage is worth what its best few tokens are


def pack(scores: Tensor) -> tuple[bytes, ...]:
    """One byte a token of `scores [R,T]`, a row each: scores of exact caches, cut to -16 to 15.9."""
    steps = (scores * STEPS).round().clamp(-ZERO, ZERO - 1) + ZERO
    return tuple(bytes(row) for row in steps.to(torch.uint8).cpu().tolist())


def worth(tokens: bytes) -> float:
    """What a passage of packed tokens is worth: the mean score of its TOP best, and minus infinity for none."""
    best = sorted(tokens, reverse=True)[:TOP]
    return sum(best) / len(best) / STEPS - ZERO / STEPS if best else float("-inf")
