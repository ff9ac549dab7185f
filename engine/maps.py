"""Maps from a layer's keys and queries to what a memory is addressed with."""

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from engine.ops.features import dpfp_unit, pairs_unit, silu_unit


class HeadMap(nn.Module):
    """Memory features a head, in float32: `x [B,heads,T,D]` -> `[B,heads,T,K]`, each of length 1.

    "unit": x W + b, W `[D,D]`, K = D. "silu": SiLU(x W + b), W `[D,K]`. "dpfp": DPFP(x W + b), W `[D,D]`.
    "pairs": products of pairs of x W + b, W `[D,D]`.
    Maps start as ±identity, and from the third block of D columns on as ±rotations. With `taps` > 1, x is `[B,heads,T,taps*D]`, of
    which only the first D count to begin with.
    """

    def __init__(self, feature: str, heads: int, width: int, key_width: int, taps: int = 1):
        super().__init__()
        self.feature, self.width, self.key_width = feature, width, key_width
        out_width = key_width if feature == "silu" else width
        self.weight = nn.Parameter(torch.empty(heads, taps * width, out_width, dtype=torch.float32))
        self.bias = nn.Parameter(torch.empty(heads, out_width, dtype=torch.float32))
        self.reset()

    @torch.no_grad()
    def reset(self) -> None:
        """±identity blocks: the base model's own keys and queries, with both signs kept where K allows it. Further
        pairs of blocks are rotated, since two equal features would get equal gradients and stay equal."""
        self.weight.zero_()
        start = self.weight[:, : self.width]
        blocks = [rotation(i // 2, self.width) * (-1) ** i for i in range(start.shape[2] // self.width)]
        start.copy_(torch.cat(blocks, dim=1).expand_as(start))
        self.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        mapped = x.float() @ self.weight + self.bias[:, None]
        if self.feature == "unit":
            return F.normalize(mapped, dim=-1)
        if self.feature == "pairs":
            return pairs_unit(mapped, self.key_width)
        return dpfp_unit(mapped) if self.feature == "dpfp" else silu_unit(mapped)


def rotation(number: int, width: int) -> Tensor:
    """The identity for 0, then fixed orthogonal matrices `[width,width]`."""
    if number == 0:
        return torch.eye(width)
    return torch.linalg.qr(torch.randn(width, width, generator=torch.Generator().manual_seed(number)))[0]
