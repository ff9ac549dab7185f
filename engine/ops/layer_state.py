"""The memory of one layer, as an immutable value that is passed in and returned."""

from typing import NamedTuple

import torch
from torch import Tensor

from engine.ops.exact import Kept

RULES = ("linear", "delta", "gated_delta")
NORMALISED = ("linear", "delta")


class LayerState(NamedTuple):
    """One layer's memory: `M [B,N,K,V]` and, for the rules that normalise, `z [B,N,K]`; both float32. Beside them what is
    kept exactly, if the memory has slots for that; the rules pass it on untouched."""

    M: Tensor
    z: Tensor | None
    kept: Kept | None = None


def empty_layer(rule: str, sizes: tuple[int, int, int, int], device: torch.device | str = "cpu") -> LayerState:
    """An empty memory for `sizes` = (B, N, K, V). Only the rules in NORMALISED have a `z`."""
    batch, heads, key_width, value_width = sizes
    m = torch.zeros(batch, heads, key_width, value_width, dtype=torch.float32, device=device)
    z = torch.zeros(batch, heads, key_width, dtype=torch.float32, device=device) if rule in NORMALISED else None
    return LayerState(m, z)
