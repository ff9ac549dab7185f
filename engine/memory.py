"""The trainable part of a layer's memory: maps for keys and queries, read gate, write gate, exact cache."""

from typing import NamedTuple

import torch
import torch.nn as nn
from torch import Tensor

from engine.config import InfiniConfig
from engine.exact import ExactCache
from engine.maps import HeadMap
from engine.ops import LayerState, fast
from engine.ops.features import elu_plus_one


class Projected(NamedTuple):
    """One layer's view of R rows: hidden `[R,T,hidden]` and, before rotary embedding, q `[R,H,T,D]`, k, v `[R,N,T,D]`."""

    hidden: Tensor
    q: Tensor
    k: Tensor
    v: Tensor


class Writable(NamedTuple):
    """What R rows would write: memory keys `k [R,N,T,K]`, `v [R,N,T,V]`, strengths `w [R,N,T]`; for the exact cache its
    keys `exact_k [R,N,T,D]` and `scores [R,N,T]`, or None."""

    k: Tensor
    v: Tensor
    w: Tensor
    exact_k: Tensor | None
    scores: Tensor | None


class Recalled(NamedTuple):
    """What queries found, `[B,H,T,V]` each: in the compressive memory and, gate included, in the exact cache or None."""

    compressed: Tensor
    exact: Tensor | None


class InfiniMemory(nn.Module):
    """How one layer writes to its memory and reads from it.

    H query heads, N memory heads, D head width, K key width, V = D. By the rule "none" nothing is compressed: K is 0.
    """

    def __init__(self, config: InfiniConfig):
        super().__init__()
        text = config.text_config
        heads, memory_heads = text.num_attention_heads, text.num_key_value_heads
        self.rule, self.gate = config.rule, config.gate
        self.memory_heads = memory_heads
        self.has_maps = config.feature_map != "elu"
        if config.rule != "none":
            self.read_gate = nn.Parameter(torch.zeros(heads, dtype=torch.float32))
        if self.has_maps:
            self.key_map = HeadMap(config.feature_map, memory_heads, config.head_dim, config.state_key_width)
            self.query_map = HeadMap(config.feature_map, heads, config.head_dim, config.state_key_width)
        if config.rule == "gated_delta":
            self.write_gate = nn.Linear(text.hidden_size, memory_heads, dtype=torch.float32)
        self.exact = ExactCache(config) if config.exact_slots else None
        self.reset()

    @torch.no_grad()
    def reset(self) -> None:
        """Gates open: a gate that starts shut gives the memory no gradient to learn from."""
        if self.rule != "none":
            self.read_gate.fill_(0.3 if self.gate == "additive" else 0.0)
        if self.has_maps:
            self.key_map.reset()
            self.query_map.reset()
        if self.rule == "gated_delta":
            self.write_gate.weight.zero_()
            self.write_gate.bias.zero_()
        if self.exact is not None:
            self.exact.reset()

    def keys(self, k: Tensor) -> Tensor:
        """Memory keys `[B,N,T,K]` of the layer's keys `[B,N,T,D]` before rotary embedding."""
        if self.rule == "none":
            return k[..., :0]
        return self.key_map(k) if self.has_maps else elu_plus_one(k)

    def queries(self, q: Tensor) -> Tensor:
        """Memory queries `[B,H,T,K]` of the layer's queries `[B,H,T,D]` before rotary embedding."""
        if self.rule == "none":
            return q[..., :0]
        return self.query_map(q) if self.has_maps else elu_plus_one(q)

    def strengths(self, hidden: Tensor) -> Tensor:
        """Write strengths `w [B,N,T]` in 0..1 of hidden states `[B,T,hidden]`: clamp(1.2 σ(·) − 0.1, 0, 1), so that
        0 is reached exactly. The paper's rules write every token, all ones, and the rule "none" writes none."""
        if self.rule != "gated_delta":
            sizes = (hidden.shape[0], self.memory_heads, hidden.shape[1])
            return torch.full(sizes, float(self.rule != "none"), device=hidden.device)
        logits = self.write_gate(hidden.float())
        return torch.clamp(1.2 * torch.sigmoid(logits) - 0.1, 0.0, 1.0).transpose(1, 2)

    def writable(self, x: Projected) -> Writable:
        """What the rows `x` would write."""
        kept = (None, None) if self.exact is None else (self.exact.keys(x.k), self.exact.scores(x.hidden))
        return Writable(self.keys(x.k), x.v, self.strengths(x.hidden), *kept)

    def write(self, some: Writable, state: LayerState) -> LayerState:
        """Fold `some` rows into `state`, one row a document."""
        if self.exact is not None:
            state = state._replace(kept=self.exact.keep(some.exact_k, some.v, some.scores, state.kept))
        if self.rule == "none":
            return state
        return fast.write(self.rule, some.k, some.v, some.w, state)

    def recall(self, q: Tensor, state: LayerState, found: Tensor | None = None) -> Recalled:
        """What queries `q [B,H,T,D]` find in `state`; `found` are their logits in the exact cache where these are known already."""
        kept = None if self.exact is None else self.exact.recall(q, state.kept, found)
        return Recalled(fast.read(self.queries(q), state), kept)

    def combine(self, local: Tensor, recalled: Recalled, has_memory: Tensor) -> Tensor:
        """Local attention `[B,H,T,V]` and what was recalled, to one output. `has_memory [B]` is 0 where nothing has been
        written yet: there the output is the local attention alone, whatever the gate (convex: Eq. 10)."""
        seen = has_memory.view(-1, 1, 1, 1)
        if self.rule == "none":
            joined = local
        elif self.gate == "additive":
            joined = local + (torch.tanh(self.read_gate).view(1, -1, 1, 1) * recalled.compressed * seen).to(local.dtype)
        else:
            share = torch.sigmoid(self.read_gate).view(1, -1, 1, 1) * seen
            joined = (share * recalled.compressed + (1.0 - share) * local.float()).to(local.dtype)
        return joined if recalled.exact is None else joined + recalled.exact.to(local.dtype)
