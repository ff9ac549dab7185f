"""The matrix's rules in a few matrix products. Same signature and numbers as `naive`."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.ops.naive import EPS, Matrix

BLOCK = 64
GPU_BLOCK = 256  # a GPU waits for launches, not for arithmetic


def features(rule: str, x: Tensor) -> Tensor:
    """Keys or queries `[...,D]` as the rule takes them, in float32: ELU + 1 (arXiv 2404.07143v2, Section 2.2.1) for `linear` and
    `delta`, length 1 for `gated_delta`."""
    return F.normalize(x.float(), dim=-1) if rule == "gated_delta" else F.elu(x.float()) + 1.0


def read(q: Tensor, matrix: Matrix) -> Tensor:
    """out [B,H,T,V] = q M / (q z), Eq. 7 of arXiv 2404.07143v2; without `z` the plain product. See `naive.read`."""
    batch, heads, tokens, width = q.shape
    n = matrix.M.shape[1]
    grouped = q.float().reshape(batch, n, heads // n * tokens, width)
    out = grouped @ matrix.M
    if matrix.z is not None:
        out = out / (grouped @ matrix.z[..., None] + EPS)
    return out.reshape(out.shape[0], heads, tokens, out.shape[-1])


def write(rule: str, k: Tensor, v: Tensor, w: Tensor, matrix: Matrix) -> Matrix:
    """The matrix after all T tokens were written by the rule of that name; see `naive.write`."""
    k, v, w = k.float(), v.float(), w.float()
    if rule == "gated_delta":
        return _gated_delta(k, v, w, matrix)
    wk = w[..., None] * k
    if rule == "delta":
        v = v - (k @ matrix.M) / (k @ matrix.z[..., None] + EPS)
    return Matrix(matrix.M + wk.transpose(-1, -2) @ v, matrix.z + wk.sum(-2))


def _gated_delta(k: Tensor, v: Tensor, w: Tensor, matrix: Matrix) -> Matrix:
    """The exact per-token delta rule, a block at a time in WY form (arXiv 2406.06484, Eq. 8-11):
    (I + tril(diag(w) K Kᵀ, −1)) U = diag(w)(V − K M), M ← M + Kᵀ U."""
    m, block = matrix.M, GPU_BLOCK if k.is_cuda else BLOCK
    for kb, vb, wb in zip(*(x.split(block, dim=2) for x in (k, v, w)), strict=True):
        strength = wb[..., None]
        system = torch.tril(strength * (kb @ kb.transpose(-1, -2)), -1)
        u = torch.linalg.solve_triangular(system, strength * (vb - kb @ m), upper=False, unitriangular=True)
        m = m + kb.transpose(-1, -2) @ u
    return Matrix(m, None)
