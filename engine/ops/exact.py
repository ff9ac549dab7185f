"""A bounded exact cache beside the compressive memory: the few keys and values worth most, kept as they are.

After HOLA and the memory of "Memorizing Transformers" (arXiv 2203.08913), but of a fixed size whatever was read: of all
tokens so far, each memory head keeps the C with the highest scores. Letters as in this package's docstring, C slots.
To compare with, there is that paper's own: every token is kept (`keep_all`), and a query attends to the few most like it (`top`).
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

EMPTY = float("-inf")


class Kept(NamedTuple):
    """`k [B,N,C,D]` and `v [B,N,C,V]` in bfloat16 and `scores [B,N,C]` in float32, in the order of reading; empty slots,
    which come first, have the score minus infinity."""

    k: Tensor
    v: Tensor
    scores: Tensor


def nothing_kept(sizes: tuple[int, int, int, int], device: torch.device | str = "cpu") -> Kept:
    """Empty slots for `sizes` = (B, N, C, D)."""
    empty = torch.zeros(sizes, dtype=torch.bfloat16, device=device)
    return Kept(empty, empty, torch.full(sizes[:3], EMPTY, dtype=torch.float32, device=device))


def keep(k: Tensor, v: Tensor, scores: Tensor, kept: Kept) -> Kept:
    """What is kept after tokens with `k [B,N,T,D]`, `v [B,N,T,V]` and `scores [B,N,T]` were read."""
    slots = kept.scores.shape[-1]
    together = torch.cat([kept.scores, scores], dim=-1)
    # of tokens worth the same the earlier ones stay, however the text was cut
    order = together.detach().argsort(dim=-1, descending=True, stable=True)[..., :slots].sort(dim=-1).values
    pick = lambda old, new: _pick(torch.cat([old, new.to(old.dtype)], dim=-2), order)  # noqa: E731
    return Kept(pick(kept.k, k), pick(kept.v, v), together.gather(-1, order))


def keep_all(k: Tensor, v: Tensor, scores: Tensor, kept: Kept) -> Kept:
    """As `keep`, with as many slots as there are tokens."""
    new = (k, v, scores)
    return Kept(*(torch.cat([old, some.to(old.dtype)], dim=2) for old, some in zip(kept, new, strict=True)))


def recall(q: Tensor, sink: Tensor, kept: Kept, top: int = 0) -> Tensor:
    """out [B,H,T,V]: softmax attention of `q [B,H,T,D]`, already scaled, to what is kept. A slot's logit is lowered by how
    little it was worth keeping, log sigmoid of its score; `sink [H]` is the logit of recalling nothing, which is all there is
    when nothing is kept. With `top`, each query attends only to so many slots, those with its highest logits."""
    return weigh(logits(q, sink, kept), kept, top)


def weigh(found: Tensor, kept: Kept, top: int = 0) -> Tensor:
    """out [B,H,T,V] of the logits `found`: what is kept, each by its share; see `recall` for `top`."""
    batch, n, group, tokens, _ = found.shape
    sizes = (batch, n * group, tokens, kept.v.shape[-1])
    if found.shape[-1] == 1:
        return found.new_zeros(sizes)
    if 0 < top < found.shape[-1] - 1:
        return _weigh_top(found.flatten(2, 3), kept, top).view(sizes)
    share = found.softmax(-1)[..., 1:].flatten(2, 3)
    return (share @ kept.v[..., -share.shape[-1] :, :].float()).view(sizes)


def logits(q: Tensor, sink: Tensor, kept: Kept) -> Tensor:
    """Logits `[B,N,H/N,T,1+F]` of recalling nothing and of the F slots that are filled, the last F of each head; see `recall`."""
    batch, heads, tokens, width = q.shape
    n = kept.scores.shape[1]
    filled = int((kept.scores > EMPTY).sum(-1).max())
    nothing = sink.view(1, n, -1, 1, 1).expand(batch, -1, -1, tokens, -1)
    if not filled:
        return nothing
    k = kept.k[..., -filled:, :].float().transpose(-1, -2)
    found = q.float().reshape(batch, n, heads // n * tokens, width) @ k + worth(kept.scores)[..., None, -filled:]
    return torch.cat([nothing, found.view(batch, n, heads // n, tokens, filled)], dim=-1)


def near(k: Tensor, taps: int) -> Tensor:
    """`k [B,N,T,D]` beside the keys of the `taps` - 1 tokens before each, zeros before the first: `[B,N,T,taps*D]`. What is found is
    often known by what stands before it, and a short convolution lets its key say so (as in Gated DeltaNet, arXiv 2412.06464)."""
    if taps == 1:
        return k
    return torch.cat([F.pad(k, (0, 0, i, 0))[..., : k.shape[-2], :] for i in range(taps)], dim=-1)


def worth(scores: Tensor) -> Tensor:
    """What is added to the logits of tokens with these scores."""
    return F.logsigmoid(scores)


def _weigh_top(found: Tensor, kept: Kept, top: int) -> Tensor:
    """As `weigh`, for logits `[B,N,Q,1+F]` of which each row's `top` highest count: `[B,N,Q,V]`."""
    best, slots = found[..., 1:].topk(top, dim=-1)
    share = torch.cat([found[..., :1], best], dim=-1).softmax(-1)[..., 1:]
    v = kept.v[..., 1 - found.shape[-1] :, :].float()
    picked = v.gather(2, slots.flatten(2)[..., None].expand(-1, -1, -1, v.shape[-1])).unflatten(2, slots.shape[2:])
    return (share[..., None, :] @ picked).squeeze(-2)


def _pick(rows: Tensor, order: Tensor) -> Tensor:
    return rows.gather(-2, order[..., None].expand(*order.shape, rows.shape[-1]))
