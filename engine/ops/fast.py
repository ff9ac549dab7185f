"""The memory rules as a few matrix products a segment. Same signature and numbers as `naive`."""

import torch
from torch import Tensor

from engine.ops.layer_state import LayerState
from engine.ops.naive import EPS

BLOCK = 64
GPU_BLOCK = 256  # a GPU waits for launches, not for arithmetic


def read(q: Tensor, state: LayerState) -> Tensor:
    """out [B,H,T,V] = q M / (q z), Eq. 7 of arXiv 2404.07143v2; without `z` the plain product. See `naive.read`."""
    batch, heads, tokens, width = q.shape
    n = state.M.shape[1]
    grouped = q.float().reshape(batch, n, heads // n * tokens, width)
    out = grouped @ state.M
    if state.z is not None:
        out = out / (grouped @ state.z[..., None] + EPS)
    return out.reshape(out.shape[0], heads, tokens, out.shape[-1])


def write(rule: str, k: Tensor, v: Tensor, w: Tensor, state: LayerState) -> LayerState:
    """The state after all T tokens were written by the rule of that name; see `naive.write`."""
    k, v, w = k.float(), v.float(), w.float()
    if rule == "gated_delta":
        return _gated_delta(*drop_unwritten(k, v, w), state)
    wk = w[..., None] * k
    if rule == "delta":
        v = v - (k @ state.M) / (k @ state.z[..., None] + EPS)
    return state._replace(M=state.M + wk.transpose(-1, -2) @ v, z=state.z + wk.sum(-2))


def drop_unwritten(k: Tensor, v: Tensor, w: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Keep, in order, the tokens with w > 0 (as many as the busiest head has). Exact: w = 0 writes nothing and,
    the gate being clamped there, passes no gradient either."""
    written = w > 0
    most = int(written.sum(-1).max())
    if most == w.shape[-1]:
        return k, v, w
    order = torch.argsort(written.logical_not().to(torch.uint8), dim=-1, stable=True)[..., :most]
    pick = order[..., None]
    return (
        k.gather(-2, pick.expand(*order.shape, k.shape[-1])),
        v.gather(-2, pick.expand(*order.shape, v.shape[-1])),
        w.gather(-1, order),
    )


def _gated_delta(k: Tensor, v: Tensor, w: Tensor, state: LayerState) -> LayerState:
    """The exact per-token delta rule, a block at a time in WY form (arXiv 2406.06484, Eq. 8-11):
    (I + tril(diag(w) K Kᵀ, −1)) U = diag(w)(V − K M), M ← M + Kᵀ U."""
    m, block = state.M, GPU_BLOCK if k.is_cuda else BLOCK
    for kb, vb, wb in zip(*(x.split(block, dim=2) for x in (k, v, w)), strict=True):
        strength = wb[..., None]
        system = torch.tril(strength * (kb @ kb.transpose(-1, -2)), -1)
        u = torch.linalg.solve_triangular(system, strength * (vb - kb @ m), upper=False, unitriangular=True)
        m = m + kb.transpose(-1, -2) @ u
    return state._replace(M=m)
