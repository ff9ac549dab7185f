"""Training passes: segments that carry facts are learned from end to end; filler takes part through what it would write.

Filler of a long book matters to a memory only by what it writes. So books are read once in a while without gradient,
every layer's inputs are kept on a tape (`FillerPool`), and each training step writes many taped segments with the
present write gates and key maps, gradients included. Exact for gates and maps but for the tape's age.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from engine.exact import ExactCache
from engine.memory import InfiniMemory, Projected, Writable
from engine.model import InfiniForCausalLM
from engine.ops import LayerState, fast
from engine.ops.exact import Kept
from engine.passes import Fold, by_document, by_segment, split, together
from engine.state import MemoryState
from training.calibrate import memories

LOWEST, BISECTIONS = 30.0, 18  # in logits; a gate lowered by 30 writes nothing
AT_ONCE = 32  # segments of a long text that are held in full


@dataclass(frozen=True)
class FillerPool:
    """What P filler segments gave every memory layer: hidden `[L,P,S,hidden]`, v `[L,P,N,S,D]` and k `[L,P,N,S,E*D]`, each token's
    key beside those that a cache's key is made of.

    `priced [P]` is 1 for segments whose writes cost something, 0 for those that are worth keeping.
    """

    hidden: Tensor
    k: Tensor
    v: Tensor
    priced: Tensor

    def __len__(self) -> int:
        return self.hidden.shape[1]


class Rivals(NamedTuple):
    """What a long text leaves in the exact caches: for every memory layer the tokens that any head keeps, hidden `[T,hidden]`,
    k `[N,T,E*D]` as on a tape and v `[N,T,D]`; and how many tokens were read."""

    hidden: list[Tensor]
    k: list[Tensor]
    v: list[Tensor]
    read: int


class _Recorder(Fold):
    """Reads as `Fold` does and keeps each layer's inputs."""

    def __init__(self, state: MemoryState, segments: int):
        super().__init__(state, segments)
        self.seen: dict[int, Projected] = {}

    def attend(self, slot: int, memory: InfiniMemory, x: Projected, local: Tensor) -> Tensor:
        self.seen[slot] = x if memory.exact is None else x._replace(k=memory.exact.near(x.k))
        return super().attend(slot, memory, x, local)


@torch.no_grad()
def record(model: InfiniForCausalLM, ids: Tensor, priced: Tensor, group: int) -> FillerPool:
    """Read `ids [P*S]` as one document, `group` segments at a time, and keep what its layers saw; `priced [P]`."""
    segment_len = model.config.segment_len
    rows = ids.view(-1, segment_len)
    state, parts = MemoryState.empty(model.config, device=ids.device), []
    for start in range(0, len(rows), group):
        some = rows[start : start + group]
        recorder = _Recorder(state, len(some))
        model.write(some, recorder)
        state = recorder.state()
        seen = [recorder.seen[slot] for slot in sorted(recorder.seen)]
        parts.append(tuple(torch.stack([getattr(x, name) for x in seen]) for name in ("hidden", "k", "v")))
    return FillerPool(*(torch.cat(tensors, dim=1) for tensors in zip(*parts, strict=True)), priced)


@torch.no_grad()
def rivals(model: InfiniForCausalLM, ids: Tensor, group: int) -> Rivals:
    """Read `ids [P*S]`, a long text, and keep what the caches would hold of it: a learned fact has to stand its ground among
    the best of a whole book, not only among the next few segments."""
    slots, stretch = model.config.exact_slots, AT_ONCE * model.config.segment_len
    best: Rivals | None = None
    for start in range(0, len(ids), stretch):
        part = ids[start : start + stretch]
        pool = record(model, part, torch.ones(len(part) // model.config.segment_len, device=ids.device), group)
        best = _best(model, pool, best, slots)
    return best


def _best(model: InfiniForCausalLM, pool: FillerPool, before: Rivals | None, slots: int) -> Rivals:
    kept = Rivals([], [], [], (before.read if before else 0) + pool.hidden.shape[1] * pool.hidden.shape[2])
    for slot, memory in sorted(memories(model).items()):
        hidden = pool.hidden[slot].flatten(0, 1)
        k, v = (t[slot].transpose(0, 1).flatten(1, 2) for t in (pool.k, pool.v))
        if before is not None:
            hidden = torch.cat([before.hidden[slot], hidden])
            k, v = torch.cat([before.k[slot], k], dim=1), torch.cat([before.v[slot], v], dim=1)
        scores = memory.exact.scores(hidden[None])[0]
        chosen = scores.topk(min(slots, scores.shape[-1]), dim=-1).indices.unique()
        for parts, tensor in zip(kept[:3], (hidden[chosen], k[:, chosen], v[:, chosen]), strict=True):
            parts.append(tensor)
    return kept


@torch.no_grad()
def close_gates(model: InfiniForCausalLM, pool: FillerPool, ceiling: float) -> None:
    """Lower the bias of every write gate whose mean strength on the priced filler is above `ceiling`, down to it, in place.

    What a price does slowly, and only for the hidden states of an old tape, this does at once for those of the new one: low-rank
    updates may open every gate between two tapes, since the price never reaches them. Gradients then only choose *what* is written.
    """
    for slot, memory in memories(model).items():
        hidden = pool.hidden[slot][pool.priced > 0].flatten(0, 1)
        if not len(hidden):
            continue
        low = torch.full_like(memory.write_gate.bias, -LOWEST)
        high = torch.zeros_like(low)
        learned = memory.write_gate.bias.clone()
        for _ in range(BISECTIONS):
            shift = (low + high) / 2
            memory.write_gate.bias.copy_(learned + shift)
            below = memory.strengths(hidden[None])[0].mean(-1) <= ceiling
            low, high = torch.where(below, shift, low), torch.where(below, high, shift)
        memory.write_gate.bias.copy_(learned)
        open_ = memory.strengths(hidden[None])[0].mean(-1) > ceiling
        memory.write_gate.bias.copy_(torch.where(open_, learned + low, learned))


@torch.no_grad()
def gate_histogram(model: InfiniForCausalLM, pool: FillerPool) -> list[list[float]]:
    """By layer with a memory: the share of the taped tokens, over all heads, written with strength 0, up to 0.1, up to 0.5, more."""
    bounds, shares = torch.tensor([0.0, 0.1, 0.5]), []
    for slot, memory in sorted(memories(model).items()):
        strengths = memory.strengths(pool.hidden[slot].flatten(0, 1)[None]).flatten().cpu()
        counts = torch.bincount(torch.bucketize(strengths, bounds), minlength=len(bounds) + 1)
        shares.append([round(count / len(strengths), 4) for count in counts.tolist()])
    return shares


class TrainFold(Fold):
    """Folds fact segments with gradient, with taped filler written before, between and after them.

    `plan[i]` holds the pool indices written before fact segment i; the last entry follows them all. With `rivals`, all of it
    comes after a long text that left these behind.
    """

    def __init__(
        self, state: MemoryState, segments: int, pool: FillerPool, plan: list[Tensor], rivals: Rivals | None = None
    ):
        super().__init__(state, segments)
        self.pool, self.plan, self.rivals = pool, plan, rivals
        self.filler_strength: list[Tensor] = []
        self.fact_strength: list[Tensor] = []
        self.written: dict[int, Writable] = {}
        self.filler_active: list[float] = []

    def attend(self, slot: int, memory: InfiniMemory, x: Projected, local: Tensor) -> Tensor:
        """As `Fold.attend`, with the filler of the plan."""
        rows, g = x.q.shape[0], self.segments
        rows_written = memory.writable(x)
        self.written[slot] = rows_written
        self.fact_strength.append(rows_written.w.mean())
        layer, found = self._after_rivals(slot, memory, self.before.layer(slot)), []
        for i, (q, some) in enumerate(zip(split(x.q, g), by_segment(rows_written, g), strict=True)):
            layer = self._filler(slot, memory, layer, self.plan[i])
            found.append(memory.recall(q, layer))
            layer = memory.write(some, layer)
        self.after[slot] = self._filler(slot, memory, layer, self.plan[g])
        seen = torch.ones(g)
        seen[0] = float(len(self.plan[0]) > 0 or self.rivals is not None)
        return memory.combine(local, together(found), seen.repeat(rows // g).to(local.device))

    def documents(self) -> dict[int, Writable]:
        """What the documents wrote to each layer that has an exact cache, B rows of G segments each."""
        kept = {slot: rows for slot, rows in self.written.items() if rows.scores is not None}
        return {slot: by_document(rows, self.segments) for slot, rows in kept.items()}

    def _after_rivals(self, slot: int, memory: InfiniMemory, layer: LayerState) -> LayerState:
        if self.rivals is None:
            return layer
        hidden, k, v = (parts[slot] for parts in self.rivals[:3])
        priced = torch.ones(len(hidden), device=hidden.device)
        # these few are nearly all that the long text wrote, and the price is one on the mean over all of it
        return self._taped(memory, layer, hidden, k[None], v[None], priced, self.rivals.read)

    def _filler(self, slot: int, memory: InfiniMemory, layer: LayerState, picks: Tensor) -> LayerState:
        if not len(picks):
            return layer
        hidden = self.pool.hidden[slot][picks].flatten(0, 1)
        k, v = (t[slot][picks].transpose(0, 1).flatten(1, 2)[None] for t in (self.pool.k, self.pool.v))
        priced = self.pool.priced[picks].repeat_interleave(self.pool.hidden.shape[2])
        return self._taped(memory, layer, hidden, k, v, priced, priced.sum().clamp(min=1))

    def _taped(
        self,
        memory: InfiniMemory,
        layer: LayerState,
        hidden: Tensor,
        all_k: Tensor,
        all_v: Tensor,
        priced: Tensor,
        of: Tensor | int,
    ) -> LayerState:
        """The layer's memory after T taped tokens: `hidden [T,hidden]`, `all_k [1,N,T,E*D]`, `all_v [1,N,T,D]`, `priced [T]`; `of` how
        many tokens their strength is the mean over."""
        if memory.exact is not None:
            layer = layer._replace(kept=_keep_filler(memory.exact, hidden[None], all_k, all_v, layer.kept))
        with torch.no_grad():
            active = (memory.strengths(hidden[None])[0] > 0).any(0)
        chosen = active.nonzero()[:, 0]
        self.filler_active.append(len(chosen) / len(hidden))
        if not len(chosen):
            self.filler_strength.append(torch.zeros((), device=hidden.device))
            return layer
        k, v = all_k[:, :, chosen, : all_v.shape[-1]], all_v[:, :, chosen]
        w = memory.strengths(hidden[chosen][None])
        self.filler_strength.append((w * priced[chosen]).sum() / (w.shape[1] * of))
        return fast.write(memory.rule, memory.keys(k), v, w, layer)


def _keep_filler(cache: ExactCache, hidden: Tensor, k: Tensor, v: Tensor, kept: Kept) -> Kept:
    """`kept` after filler that is the same for all its rows: `hidden [1,T,hidden]`, `k [1,N,T,E*D]`, `v [1,N,T,D]`."""
    rows = lambda t: t.expand(kept.scores.shape[0], *t.shape[1:])  # noqa: E731
    return cache.keep(rows(cache.key_map(k)), rows(v), rows(cache.scores(hidden)), kept)
