"""The matrix's rules token by token in float32: slow, plain, and the truth that `chunk` is held against.

`q [B,H,T,K]`, `k [B,N,T,K]`, `v [B,N,T,V]`, write strengths `w [B,N,T]` in 0 to 1, `M [B,N,K,V]` and `z [B,N,K]`, both float32.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

RULES = ("linear", "delta", "gated_delta")
NORMALISED = ("linear", "delta")  # the rules that keep `z`
EPS = 1e-6


class Matrix(NamedTuple):
    """One layer's compressive memory, a value that is passed in and returned: `M [B,N,K,V]`, `z [B,N,K]` or None."""

    M: Tensor
    z: Tensor | None


def read(q: Tensor, matrix: Matrix) -> Tensor:
    """out [B,H,T,V]: A_mem = σ(Q) M / (σ(Q) z) (Eq. 7 of arXiv 2404.07143v2); without `z` the plain product q M."""
    group = q.shape[1] // matrix.M.shape[1]
    heads = []
    for h in range(q.shape[1]):
        n = h // group
        tokens = []
        for t in range(q.shape[2]):
            value = torch.einsum("bk,bkv->bv", q[:, h, t].float(), matrix.M[:, n])
            if matrix.z is not None:
                norm = torch.einsum("bk,bk->b", q[:, h, t].float(), matrix.z[:, n])
                value = value / (norm + EPS)[:, None]
            tokens.append(value)
        heads.append(torch.stack(tokens, dim=1))
    return torch.stack(heads, dim=1)


def write(rule: str, k: Tensor, v: Tensor, w: Tensor, matrix: Matrix) -> Matrix:
    """The matrix after all T tokens were written with strengths `w` by the rule of that name."""
    step = {"linear": _linear, "delta": _delta, "gated_delta": _gated_delta}[rule]
    new = matrix
    for t in range(k.shape[2]):
        new = step(k[:, :, t].float(), v[:, :, t].float(), w[:, :, t].float(), new, matrix)
    return new


def _outer(k: Tensor, u: Tensor) -> Tensor:
    return k[..., :, None] * u[..., None, :]


def _linear(k: Tensor, v: Tensor, w: Tensor, now: Matrix, before: Matrix) -> Matrix:
    """Eq. 8: M += σ(K)ᵀ V and z += Σ σ(K_t); `before` is not needed."""
    wk = w[..., None] * k
    return Matrix(now.M + _outer(wk, v), now.z + wk)


def _delta(k: Tensor, v: Tensor, w: Tensor, now: Matrix, before: Matrix) -> Matrix:
    """Eq. 9: M += σ(K)ᵀ (V − σ(K) M / (σ(K) z)), retrieved with the matrix as it was before these tokens."""
    wk = w[..., None] * k
    found = torch.einsum("bnk,bnkv->bnv", k, before.M)
    norm = torch.einsum("bnk,bnk->bn", k, before.z)
    return Matrix(now.M + _outer(wk, v - found / (norm + EPS)[..., None]), now.z + wk)


def _gated_delta(k: Tensor, v: Tensor, w: Tensor, now: Matrix, before: Matrix) -> Matrix:
    """The delta rule token by token: M ← M + w k (v − kᵀM)ᵀ (arXiv 2406.06484, Eq. 5, with β = w)."""
    found = torch.einsum("bnk,bnkv->bnv", k, now.M)
    return Matrix(now.M + _outer(k, w[..., None] * (v - found)), None)
