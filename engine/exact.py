"""The trainable part of a layer's exact cache: what is worth keeping, and how it is found again."""

import math

import torch
import torch.nn as nn
from torch import Tensor

from engine.config import EVERY, InfiniConfig
from engine.maps import HeadMap
from engine.ops import exact
from engine.ops.exact import Kept

SHARPNESS, SINK = 16.0, 0.0


class ExactCache(nn.Module):
    """Scores tokens, maps keys and queries to directions of their own, and attends to what was kept.

    H query heads, N memory heads, D head width. Logits are `log_sharpness`, exponentiated, times the cosine of query and key.
    """

    def __init__(self, config: InfiniConfig):
        super().__init__()
        text = config.text_config
        heads, memory_heads = text.num_attention_heads, text.num_key_value_heads
        self.read_gate = nn.Parameter(torch.zeros(heads, dtype=torch.float32))
        self.log_sharpness = nn.Parameter(torch.zeros(heads, dtype=torch.float32))
        self.sink = nn.Parameter(torch.zeros(heads, dtype=torch.float32))
        self.write_gate = nn.Linear(text.hidden_size, memory_heads, dtype=torch.float32)
        self.write_gate_mlp = _mlp(text.hidden_size, config.exact_gate_width, memory_heads)
        self.taps, self.top, self.grows = config.exact_conv, config.exact_top, config.exact_slots == EVERY
        self.key_map = HeadMap("unit", memory_heads, config.head_dim, config.head_dim, self.taps)
        self.query_map = HeadMap("unit", heads, config.head_dim, config.head_dim)
        self.reset()

    @torch.no_grad()
    def reset(self) -> None:
        """Gates open, and every token worth as much as any other."""
        self.read_gate.fill_(0.3)
        self.log_sharpness.fill_(math.log(SHARPNESS))
        self.sink.fill_(SINK)
        self.write_gate.weight.zero_()
        self.write_gate.bias.zero_()
        if self.write_gate_mlp is not None:
            first, _, last = self.write_gate_mlp
            seeded = torch.Generator().manual_seed(0)
            first.weight.copy_(torch.randn(first.weight.shape, generator=seeded) / first.in_features**0.5)
            for zero in (first.bias, last.weight, last.bias):
                zero.zero_()
        self.key_map.reset()
        self.query_map.reset()

    def scores(self, hidden: Tensor) -> Tensor:
        """What each token of `hidden [B,T,hidden]` is worth keeping, `[B,N,T]`: any number, the higher the longer it stays."""
        hidden = hidden.float()
        scores = self.write_gate(hidden)
        return (scores if self.write_gate_mlp is None else scores + self.write_gate_mlp(hidden)).transpose(1, 2)

    def near(self, k: Tensor) -> Tensor:
        """What keys are made of, `[B,N,T,E*D]`: the layer's keys `k [B,N,T,D]` of one segment a row, before rotary embedding, each with
        those of the E - 1 tokens before it."""
        return exact.near(k, self.taps)

    def keys(self, k: Tensor) -> Tensor:
        """Keys `[B,N,T,D]` of the layer's keys of that shape, one segment a row."""
        return self.key_map(self.near(k))

    def keep(self, k: Tensor, v: Tensor, scores: Tensor, kept: Kept) -> Kept:
        """What is kept after more tokens: see `ops.exact.keep` and, for a cache that grows, `keep_all`."""
        return (exact.keep_all if self.grows else exact.keep)(k, v, scores, kept)

    def recall(self, q: Tensor, kept: Kept, found: Tensor | None = None) -> Tensor:
        """What the layer's queries `[B,H,T,D]`, before rotary embedding, find among what is kept: `[B,H,T,V]`, gate included;
        `found` are their logits where these are known already."""
        found = self.logits(q, kept) if found is None else found
        return torch.tanh(self.read_gate).view(1, -1, 1, 1) * exact.weigh(found, kept, self.top)

    def logits(self, q: Tensor, kept: Kept) -> Tensor:
        """Those of the layer's queries, of finding nothing and of each slot: see `ops.exact.logits`."""
        return exact.logits(self.queries(q), self.sink, kept)

    def queries(self, q: Tensor) -> Tensor:
        """Scaled queries `[B,H,T,D]` of the layer's queries of that shape, before rotary embedding."""
        return self.query_map(q) * self.log_sharpness.exp().view(1, -1, 1, 1)


def _mlp(inputs: int, width: int, outputs: int) -> nn.Sequential | None:
    if not width:
        return None
    first, last = nn.Linear(inputs, width, dtype=torch.float32), nn.Linear(width, outputs, dtype=torch.float32)
    return nn.Sequential(first, nn.SiLU(), last)
