"""Setting write gates and the maps of keys and queries from data, before training."""

from typing import NamedTuple

import torch
from torch import Tensor

from engine.maps import rotation
from engine.memory import InfiniMemory, Projected
from engine.model import InfiniForCausalLM
from engine.passes import Fold
from engine.state import MemoryState

STEEPNESS, OPEN_AT, RIDGE = 5.5, 0.6, 0.01
FLOOR = 0.02
KEY_RIDGE, QUERY_RIDGE, SHARE = 0.1, 0.3, 0.25


class Lookup(NamedTuple):
    """A question with its answer, `ids [T]`; at each of `at` its next token is said, which stands at `place` of the text."""

    row: int
    ids: list[int]
    at: list[int]
    place: list[int]


class _Regression(Fold):
    """Reads as `Fold` does and adds up what a regression of `target [R,T]` on each layer's hidden states needs."""

    def __init__(self, state: MemoryState, target: Tensor, sums: dict):
        super().__init__(state, len(target))
        self.target, self.sums = target.flatten().double(), sums

    def attend(self, slot: int, memory: InfiniMemory, x: Projected, local: Tensor) -> Tensor:
        hidden = x.hidden.flatten(0, 1).double()
        _add(self.sums, slot, (hidden.sum(0), hidden.T @ hidden, hidden.T @ self.target, self.target.sum()))
        return super().attend(slot, memory, x, local)


class _Look:
    """Keeps each layer's inputs; no memory takes part."""

    def __init__(self):
        self.seen: dict[int, Projected] = {}

    def attend(self, slot: int, memory: InfiniMemory, x: Projected, local: Tensor) -> Tensor:
        self.seen[slot] = x
        return local


@torch.no_grad()
def open_gates(model: InfiniForCausalLM, rows: Tensor, lookups: list[Lookup], group: int = 8) -> None:
    """Set every write gate to tell what is asked about from the rest of `rows [R,S]`, in place.

    By linear discriminant (Fisher 1936, with a ridge) on each layer's hidden states: tokens at a place of `lookups` against all
    others. On a scale where these have mean 1 and those mean 0, a gate starts half open at OPEN_AT, with slope STEEPNESS, so
    that most of what nobody asks about is not written at all. Raises ValueError without lookups.
    """
    if not lookups:
        raise ValueError("write gates cannot be set from texts that nothing is asked about")
    target = torch.zeros(rows.shape, device=rows.device)
    for look in lookups:
        target[look.row, look.place] = 1.0
    empty, sums = MemoryState.empty(model.config, device=rows.device), {}
    for part, marks in zip(rows.split(group), target.split(group), strict=True):
        model.write(part, _Regression(empty, marks, sums))
    for slot, memory in memories(model).items():
        _open_by(_gate(memory), *sums[slot], count=rows.numel())


@torch.no_grad()
def align(model: InfiniForCausalLM, rows: Tensor, lookups: list[Lookup], group: int = 8) -> None:
    """Set the maps so that the query of a question meets the key of its answer, in place.

    `rows [R,S]` are texts; `lookups` says what is asked about which. By canonical correlation (Hotelling 1936): keys are
    whitened over all tokens, each by how strongly it is written, and queries over the questions; the singular vectors of
    what is left between them become the maps, each direction by its correlation to the power SHARE. The query heads of one
    memory head share its directions. A fixed rotation then spreads them evenly over the features. An exact cache that is alone
    has its own maps set.
    """
    keys, strengths = _keys(model, rows, group)
    queries = _queries(model, lookups, 4 * group)  # questions are short
    at = torch.tensor([(look.row, place) for look in lookups for place in look.place], device=rows.device)
    for slot, memory in memories(model).items():
        for n in range(memory.memory_heads):
            heads = torch.arange(queries[slot].shape[1]).view(memory.memory_heads, -1)[n]
            _set(memory, n, heads, keys[slot][:, n], strengths[slot][:, n], queries[slot][:, heads], at)


@torch.no_grad()
def share(model: InfiniForCausalLM) -> None:
    """Let every exact cache begin with the maps and the write gate of the compressive memory beside it, where it has any."""
    for memory in memories(model).values():
        if memory.exact is None:
            continue
        if memory.rule == "gated_delta":
            memory.exact.write_gate.load_state_dict(memory.write_gate.state_dict())
        own, shared = (
            memory.exact,
            memory.has_maps and memory.query_map.weight.shape == memory.exact.query_map.weight.shape,
        )
        if shared:
            own.query_map.load_state_dict(memory.query_map.state_dict())
            own.key_map.reset()
            own.key_map.weight[:, : own.key_map.width] = memory.key_map.weight
            own.key_map.bias.copy_(memory.key_map.bias)


def memories(model: InfiniForCausalLM) -> dict[int, InfiniMemory]:
    """Every memory by its slot."""
    found = [layer.self_attn for layer in model.base.model.layers if layer.self_attn.memory is not None]
    return {attention.slot: attention.memory for attention in found}


def _gate(memory: InfiniMemory) -> torch.nn.Linear:
    """What is set to tell what is asked about: the gate of the compressive memory or, without one, of the exact cache."""
    return memory.exact.write_gate if memory.rule == "none" else memory.write_gate


def _strengths(memory: InfiniMemory, hidden: Tensor) -> Tensor:
    """How strongly hidden states `[R,S,hidden]` are written, `[R,N,S]`; to an exact cache that is alone, how far they are worth it."""
    return memory.exact.scores(hidden).sigmoid() if memory.rule == "none" else memory.strengths(hidden)


def _open_by(gate: torch.nn.Linear, first: Tensor, second: Tensor, cross: Tensor, total: Tensor, count: int) -> None:
    mean, asked, rest = first / count, cross / total, (first - cross) / (count - total)
    covariance = second / count - mean[:, None] * mean
    ridge = RIDGE * covariance.diagonal().mean() * torch.eye(len(mean), dtype=mean.dtype, device=mean.device)
    guess = torch.linalg.solve(covariance + ridge, asked - rest)
    guess = guess / (guess @ (asked - rest))
    gate.weight.copy_((STEEPNESS * guess).expand_as(gate.weight))
    gate.bias.fill_((-STEEPNESS * (guess @ rest + OPEN_AT)).item())


@torch.no_grad()
def looked_at(
    model: InfiniForCausalLM, rows: Tensor, lookups: list[Lookup], group: int = 8
) -> tuple[dict[int, Projected], dict[int, tuple[Tensor, Tensor]]]:
    """By slot: what its layer sees of the texts `rows [R,S]`; and the queries `[P,H,D]` of all questions, with the text and the
    place in it `[P,2]` that each asks for. Texts are read one by one and questions without any."""
    seen: dict[int, list[Projected]] = {}
    for part in rows.split(group):
        look = _Look()
        model.write(part, look)
        for slot, x in look.seen.items():
            seen.setdefault(slot, []).append(x)
    texts = {slot: Projected(*map(torch.cat, zip(*parts, strict=True))) for slot, parts in seen.items()}
    at = torch.tensor([(look.row, place) for look in lookups for place in look.place], device=rows.device)
    return texts, {slot: (q, at) for slot, q in _queries(model, lookups, 4 * group).items()}


def _keys(model: InfiniForCausalLM, rows: Tensor, group: int) -> tuple[dict[int, Tensor], dict[int, Tensor]]:
    """By slot: keys `[R,N,S,D]`, and how strongly they are written `[R,N,S]`."""
    keys: dict[int, list[Tensor]] = {}
    strengths: dict[int, list[Tensor]] = {}
    for part in rows.split(group):
        look = _Look()
        model.write(part, look)
        for slot, memory in memories(model).items():
            keys.setdefault(slot, []).append(look.seen[slot].k)
            strengths.setdefault(slot, []).append(_strengths(memory, look.seen[slot].hidden))
    joined = [{slot: torch.cat(found) for slot, found in kind.items()} for kind in (keys, strengths)]
    return joined[0], joined[1]


def _queries(model: InfiniForCausalLM, lookups: list[Lookup], group: int) -> dict[int, Tensor]:
    """By slot: queries `[P,H,D]` of all `at`, in their order."""
    found: dict[int, list[Tensor]] = {}
    for start in range(0, len(lookups), group):
        some = lookups[start : start + group]
        longest = max(len(look.ids) for look in some)
        ids = torch.tensor([look.ids + [0] * (longest - len(look.ids)) for look in some], device=model.device)
        look = _Look()
        model.write(ids, look)
        picks = torch.tensor([(i, at) for i, asked in enumerate(some) for at in asked.at], device=model.device)
        for slot, x in look.seen.items():
            found.setdefault(slot, []).append(x.q[picks[:, 0], :, picks[:, 1]])
    return {slot: torch.cat(parts) for slot, parts in found.items()}


def _set(memory: InfiniMemory, n: int, heads: Tensor, keys: Tensor, w: Tensor, queries: Tensor, at: Tensor) -> None:
    centre, whiten = _whitening(keys.flatten(0, 1).double(), KEY_RIDGE, (w + FLOOR).flatten().double())
    found = (keys[at[:, 0], at[:, 1]].double() - centre) @ whiten
    wanted = [_whitening(queries[:, i].double(), QUERY_RIDGE) for i in range(len(heads))]
    cross = [((queries[:, i] - c) @ a).T @ found / len(found) for i, (c, a) in enumerate(wanted)]
    u, s, v = torch.linalg.svd(torch.cat(cross), full_matrices=False)
    turn = (s / s[0]) ** SHARE * torch.eye(len(s), dtype=s.dtype, device=s.device) @ rotation(1, len(s)).to(s)
    maps = memory.exact if memory.rule == "none" else memory
    _write_map(maps.key_map, n, centre, whiten @ v.T @ turn)
    for (c, a), head, block in zip(wanted, heads.tolist(), u.split(len(s)), strict=True):
        _write_map(maps.query_map, head, c, a @ block @ turn)


def _whitening(x: Tensor, ridge: float, weights: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Mean `[D]` of `x [T,D]`, and the inverse square root `[D,D]` of its covariance plus a share of its mean variance."""
    weights = x.new_ones(len(x)) if weights is None else weights
    weights = weights / weights.sum()
    mean = weights @ x
    covariance = (x - mean).T @ ((x - mean) * weights[:, None])
    values, vectors = torch.linalg.eigh(covariance)
    values = values.clamp(min=0) + ridge * values.mean()
    return mean, vectors @ torch.diag(values**-0.5) @ vectors.T


def _write_map(target, head: int, centre: Tensor, matrix: Tensor) -> None:
    target.weight[head, : target.width].copy_(matrix)  # keys of the tokens before it count for nothing yet
    target.bias[head].copy_(-centre @ matrix)


def _add(sums: dict, slot: int, parts: tuple) -> None:
    before = sums.get(slot)
    sums[slot] = parts if before is None else tuple(a + b for a, b in zip(before, parts, strict=True))
