"""The memory rules token by token in float32: slow, plain, and the truth that `fast` is held against."""

import torch
from torch import Tensor

from engine.ops.layer_state import LayerState

EPS = 1e-6


def read(q: Tensor, state: LayerState) -> Tensor:
    """out [B,H,T,V]: A_mem = σ(Q) M / (σ(Q) z) (Eq. 7 of arXiv 2404.07143v2); without `z` the plain product q M."""
    group = q.shape[1] // state.M.shape[1]
    heads = []
    for h in range(q.shape[1]):
        n = h // group
        tokens = []
        for t in range(q.shape[2]):
            value = torch.einsum("bk,bkv->bv", q[:, h, t].float(), state.M[:, n])
            if state.z is not None:
                norm = torch.einsum("bk,bk->b", q[:, h, t].float(), state.z[:, n])
                value = value / (norm + EPS)[:, None]
            tokens.append(value)
        heads.append(torch.stack(tokens, dim=1))
    return torch.stack(heads, dim=1)


def write(rule: str, k: Tensor, v: Tensor, w: Tensor, state: LayerState) -> LayerState:
    """The state after all T tokens were written with strengths `w` by the rule of that name."""
    step = {"linear": _linear, "delta": _delta, "gated_delta": _gated_delta}[rule]
    new = state
    for t in range(k.shape[2]):
        new = step(k[:, :, t].float(), v[:, :, t].float(), w[:, :, t].float(), new, state)
    return new


def _outer(k: Tensor, u: Tensor) -> Tensor:
    return k[..., :, None] * u[..., None, :]


def _linear(k: Tensor, v: Tensor, w: Tensor, now: LayerState, before: LayerState) -> LayerState:
    """Eq. 8: M += σ(K)ᵀ V and z += Σ σ(K_t); `before` is not needed."""
    wk = w[..., None] * k
    return now._replace(M=now.M + _outer(wk, v), z=now.z + wk)


def _delta(k: Tensor, v: Tensor, w: Tensor, now: LayerState, before: LayerState) -> LayerState:
    """Eq. 9: M += σ(K)ᵀ (V − σ(K) M / (σ(K) z)), retrieved with the memory as it was before the segment."""
    wk = w[..., None] * k
    found = torch.einsum("bnk,bnkv->bnv", k, before.M)
    norm = torch.einsum("bnk,bnk->bn", k, before.z)
    return now._replace(M=now.M + _outer(wk, v - found / (norm + EPS)[..., None]), z=now.z + wk)


def _gated_delta(k: Tensor, v: Tensor, w: Tensor, now: LayerState, before: LayerState) -> LayerState:
    """The delta rule token by token: M ← M + w k (v − kᵀM)ᵀ (arXiv 2406.06484, Eq. 5, with β = w)."""
    found = torch.einsum("bnk,bnkv->bnv", k, now.M)
    return now._replace(M=now.M + _outer(k, w[..., None] * (v - found)))
