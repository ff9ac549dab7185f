"""What a memory at rest is packed in, checked without a model: safetensors bytes that are just what their head says.

A memory file comes from anywhere. Its tensors are believed only where every one of them has a known type, lies where the last one ended,
fills the bytes that its shape takes, and holds finite numbers. Which tensors there must be only the model knows that made them.
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from engine.errors import NO_MEMORY, StateCorrupt

LONGEST_HEAD, MOST_TENSORS, MOST_AXES = 2**16, 64, 8
# bytes a number, and for fractions the bits that are all set where one is infinite or no number
TYPES: dict[str, tuple[int, tuple[type, int] | None]] = {
    "U8": (1, None),
    "I32": (4, None),
    "F16": (2, (np.uint16, 0x7C00)),
    "BF16": (2, (np.uint16, 0x7F80)),
    "F32": (4, (np.uint32, 0x7F800000)),
}


def check(data: bytes) -> None:
    """Raises StateCorrupt where `data` is not what is said above."""
    if not _sound(data):
        raise StateCorrupt(NO_MEMORY)


def _sound(data: bytes) -> bool:
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or size > min(LONGEST_HEAD, len(data) - 8):
        return False
    try:
        tensors = dict(json.loads(data[8 : 8 + size]))
        tensors.pop("__metadata__", None)
        found = sorted(_tensor(value) for value in tensors.values())
    except (ValueError, TypeError, KeyError, RecursionError):
        return False
    at, body = 0, memoryview(data)[8 + size :]
    for begin, end, kind in found:
        if begin != at or end > len(body) or not _finite(body[begin:end], kind):
            return False
        at = end
    return at == len(body) and len(found) <= MOST_TENSORS


def _finite(tensor: memoryview, kind: str) -> bool:
    fraction = TYPES[kind][1]
    if fraction is None:
        return True
    number, all_set = fraction
    return not ((np.frombuffer(tensor, number) & all_set) == all_set).any()


def _tensor(value: dict[str, Any]) -> tuple[int, int, str]:
    """Where a tensor begins and ends, and its type. ValueError, TypeError or KeyError where that makes no sense."""
    kind, shape, (begin, end) = value["dtype"], value["shape"], value["data_offsets"]
    whole = [*shape, begin, end]
    if set(value) != {"dtype", "shape", "data_offsets"} or len(shape) > MOST_AXES:
        raise ValueError("a tensor that says too much of itself")
    if not all(type(number) is int and 0 <= number < 2**40 for number in whole):
        raise ValueError("a size that is none")
    if end - begin != math.prod(shape) * TYPES[kind][0]:
        raise ValueError("a shape that takes other bytes")
    return begin, end, kind
