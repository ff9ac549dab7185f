"""Setting centre and mix of every key and query map from data, before training."""

import torch
from torch import Tensor

from engine.memory import HeadMap, InfiniMemory
from engine.model import InfiniForCausalLM
from engine.passes import Fold, Projected
from engine.state import MemoryState

SHRINK = 0.3
FLOOR = 0.02


class _Moments(Fold):
    """Reads as `Fold` does and adds up what centre and mix are made of."""

    def __init__(self, state: MemoryState, segments: int, sums: dict):
        super().__init__(state, segments)
        self.sums = sums

    def attend(self, slot: int, memory: InfiniMemory, x: Projected, local: Tensor) -> Tensor:
        keys, queries = (t.transpose(0, 1).flatten(1, 2) for t in (memory.key_map.raw(x.k), memory.query_map.raw(x.q)))
        weights = memory.strengths(x.hidden).transpose(0, 1).flatten(1, 2) + FLOOR
        parts = (
            weights.sum(1), torch.einsum("nt,ntk->nk", weights, keys),
            torch.einsum("nt,ntk,ntj->nkj", weights, keys, keys), queries.sum(1), torch.tensor(float(queries.shape[1])),
        )  # fmt: skip
        before = self.sums.get(slot)
        self.sums[slot] = parts if before is None else tuple(a + b for a, b in zip(before, parts, strict=True))
        return super().attend(slot, memory, x, local)


@torch.no_grad()
def calibrate(model: InfiniForCausalLM, ids: Tensor, group: int = 8) -> None:
    """Centre keys and queries on their means over `ids [G*S]` and whiten keys by what is written, in place.

    The mix is the inverse square root of the keys' covariance, each token weighted by how strongly it is written, with a
    share SHRINK of the mean variance added to every direction; queries get the mix of the keys that they look for.
    """
    sums: dict = {}
    for rows in ids.view(-1, model.config.segment_len).split(group):
        model.hidden(rows, _Moments(MemoryState.empty(model.config, device=ids.device), len(rows), sums))
    for layer in model.base.model.layers:
        attention = layer.self_attn
        if attention.memory is not None:
            _set(attention.memory.key_map, attention.memory.query_map, sums[attention.slot])


def _set(keys: HeadMap, queries: HeadMap, sums: tuple) -> None:
    weight, first, second, query_sum, count = sums
    mean = first / weight[:, None]
    covariance = second / weight[:, None, None] - mean[:, :, None] * mean[:, None]
    values, vectors = torch.linalg.eigh(covariance)
    values = values.clamp(min=0) + SHRINK * values.mean(-1, keepdim=True)
    mix = vectors @ torch.diag_embed(values**-0.5) @ vectors.transpose(-1, -2)
    mix = mix / mix.diagonal(dim1=-2, dim2=-1).mean(-1)[:, None, None]
    keys.centre.copy_(mean)
    keys.mix.copy_(mix)
    queries.centre.copy_(query_sum / count)
    queries.mix.copy_(mix.repeat_interleave(queries.mix.shape[0] // mix.shape[0], 0))
