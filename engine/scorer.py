"""Which tokens are worth keeping: one retention score per token and key/value head, from the layer's input alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


class LayerScorer(NamedTuple):
    """One layer's scorer: `linear [N,E]`, and beside it a small hidden layer `first [W,E]`, `second [N,W]`, with their biases."""

    linear: Tensor
    bias: Tensor
    first: Tensor
    first_bias: Tensor
    second: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """Scores `[B,N,T]` in float32 of the layer's normed input `x [B,T,E]`."""
        x = x.to(self.linear.dtype)
        hidden = F.gelu(F.linear(x, self.first, self.first_bias))
        return (F.linear(x, self.linear, self.bias) + F.linear(hidden, self.second)).float().transpose(1, 2)


class Scorer:
    """The retention scorers of all layers; without weights a score that needs no training."""

    def __init__(self, layers: tuple[LayerScorer, ...] | None) -> None:
        self.layers = layers

    def __call__(self, layer: int, x: Tensor, k: Tensor) -> Tensor:
        """Scores `[B,N,T]` in float16, as they are kept, of tokens with normed input `x [B,T,E]` and keys `k [B,N,T,D]`."""
        if self.layers is None:
            # short keys draw attention wherever they stand (Devoto et al., arXiv 2406.11430)
            return -k.float().norm(dim=-1).half()
        return self.layers[layer](x).clamp(-6e4, 6e4).half()

    def tensors(self) -> dict[str, Tensor]:
        """The weights by name, stacked over layers."""
        if self.layers is None:
            return {}
        return {
            f"scorer.{name}": torch.stack([getattr(one, name) for one in self.layers]) for name in LayerScorer._fields
        }

    @staticmethod
    def of(tensors: Mapping[str, Tensor]) -> Scorer:
        """The scorer whose weights are among `tensors`, or the one without."""
        if "scorer.linear" not in tensors:
            return Scorer(None)
        parts = [tensors[f"scorer.{name}"].unbind() for name in LayerScorer._fields]
        return Scorer(tuple(LayerScorer(*one) for one in zip(*parts, strict=True)))
