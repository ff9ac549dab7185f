"""The trainable part of a layer's memory: maps for keys and queries, read gate, write gate."""

import torch
import torch.nn as nn
from torch import Tensor

from engine.config import InfiniConfig
from engine.ops import LayerState, fast
from engine.ops.features import dpfp_unit, elu_plus_one, pairs_unit, silu_unit


class HeadMap(nn.Module):
    """Memory features a head, in float32: `x [B,heads,T,D]` -> `[B,heads,T,K]`, each of length 1.

    "silu": SiLU(x W + b), W `[D,K]`. "dpfp": DPFP(x W + b), W `[D,D]`. "pairs": products of pairs of x W + b, W `[D,D]`.
    Maps start as ±identity, and from the third block of D columns on as ±rotations.
    """

    def __init__(self, feature: str, heads: int, width: int, key_width: int):
        super().__init__()
        self.feature, self.key_width = feature, key_width
        out_width = key_width if feature == "silu" else width
        self.weight = nn.Parameter(torch.empty(heads, width, out_width, dtype=torch.float32))
        self.bias = nn.Parameter(torch.empty(heads, out_width, dtype=torch.float32))
        self.reset()

    @torch.no_grad()
    def reset(self) -> None:
        """±identity blocks: the base model's own keys and queries, with both signs kept where K allows it. Further
        pairs of blocks are rotated, since two equal features would get equal gradients and stay equal."""
        _, width, out_width = self.weight.shape
        blocks = [rotation(i // 2, width) * (-1) ** i for i in range(out_width // width)]
        self.weight.copy_(torch.cat(blocks, dim=1).expand_as(self.weight))
        self.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        mapped = x.float() @ self.weight + self.bias[:, None]
        if self.feature == "pairs":
            return pairs_unit(mapped, self.key_width)
        return dpfp_unit(mapped) if self.feature == "dpfp" else silu_unit(mapped)


def rotation(number: int, width: int) -> Tensor:
    """The identity for 0, then fixed orthogonal matrices `[width,width]`."""
    if number == 0:
        return torch.eye(width)
    return torch.linalg.qr(torch.randn(width, width, generator=torch.Generator().manual_seed(number)))[0]


class InfiniMemory(nn.Module):
    """How one layer writes to its memory and reads from it.

    H query heads, N memory heads, D head width, K key width, V = D.
    """

    def __init__(self, config: InfiniConfig):
        super().__init__()
        text = config.text_config
        heads, memory_heads = text.num_attention_heads, text.num_key_value_heads
        self.rule, self.gate = config.rule, config.gate
        self.memory_heads = memory_heads
        self.has_maps = config.feature_map != "elu"
        self.read_gate = nn.Parameter(torch.zeros(heads, dtype=torch.float32))
        if self.has_maps:
            self.key_map = HeadMap(config.feature_map, memory_heads, config.head_dim, config.state_key_width)
            self.query_map = HeadMap(config.feature_map, heads, config.head_dim, config.state_key_width)
        if config.rule == "gated_delta":
            self.write_gate = nn.Linear(text.hidden_size, memory_heads, dtype=torch.float32)
        self.reset()

    @torch.no_grad()
    def reset(self) -> None:
        """Gates open: a gate that starts shut gives the memory no gradient to learn from."""
        self.read_gate.fill_(0.3 if self.gate == "additive" else 0.0)
        if self.has_maps:
            self.key_map.reset()
            self.query_map.reset()
        if self.rule == "gated_delta":
            self.write_gate.weight.zero_()
            self.write_gate.bias.zero_()

    def keys(self, k: Tensor) -> Tensor:
        """Memory keys `[B,N,T,K]` of the layer's keys `[B,N,T,D]` before rotary embedding."""
        return self.key_map(k) if self.has_maps else elu_plus_one(k)

    def queries(self, q: Tensor) -> Tensor:
        """Memory queries `[B,H,T,K]` of the layer's queries `[B,H,T,D]` before rotary embedding."""
        return self.query_map(q) if self.has_maps else elu_plus_one(q)

    def strengths(self, hidden: Tensor) -> Tensor:
        """Write strengths `w [B,N,T]` in 0..1 of hidden states `[B,T,hidden]`: clamp(1.2 σ(·) − 0.1, 0, 1), so that
        0 is reached exactly. The paper's rules write every token: all ones."""
        if self.rule != "gated_delta":
            return torch.ones(hidden.shape[0], self.memory_heads, hidden.shape[1], device=hidden.device)
        logits = self.write_gate(hidden.float())
        return torch.clamp(1.2 * torch.sigmoid(logits) - 0.1, 0.0, 1.0).transpose(1, 2)

    def write(self, k: Tensor, v: Tensor, w: Tensor, state: LayerState) -> LayerState:
        """Fold keys `[B,N,T,D]` and values `[B,N,T,V]` with strengths `w [B,N,T]` into `state`."""
        return fast.write(self.rule, self.keys(k), v, w, state)

    def combine(self, local: Tensor, recalled: Tensor, has_memory: Tensor) -> Tensor:
        """Local attention and memory, `[B,H,T,V]` each, to one output. `has_memory [B]` is 0 where nothing has been
        written yet: there the output is the local attention alone, whatever the gate (convex: Eq. 10)."""
        seen = has_memory.view(-1, 1, 1, 1)
        if self.gate == "additive":
            return local + (torch.tanh(self.read_gate).view(1, -1, 1, 1) * recalled * seen).to(local.dtype)
        share = torch.sigmoid(self.read_gate).view(1, -1, 1, 1) * seen
        return (share * recalled + (1.0 - share) * local.float()).to(local.dtype)
