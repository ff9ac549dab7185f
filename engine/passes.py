"""What a layer does with its memory in one forward pass: only recall, or read segments and fold them in.

A pass is given to the model's forward; each layer hands it its tensors *before* rotary embedding and gets back
what to add. Passes own their states: nothing of a document stays in the model.
"""

from typing import Protocol

import torch
from torch import Tensor

from engine.memory import InfiniMemory, Projected, Recalled, Writable
from engine.ops import LayerState
from engine.state import MemoryState, layers_to_state


class MemoryPass(Protocol):
    """What attention needs of a pass."""

    def attend(self, slot: int, memory: InfiniMemory, x: Projected, local: Tensor) -> Tensor:
        """Combine `local [R,H,T,V]` with what the memory in `slot` recalls for these rows; may write."""


class Recall:
    """Reads from a state and never writes: answering."""

    def __init__(self, state: MemoryState):
        self.state = state
        self.has_memory = torch.tensor([float(state.n_tokens > 0)], device=state.M.device)

    def attend(self, slot: int, memory: InfiniMemory, x: Projected, local: Tensor) -> Tensor:
        """Local attention plus recall; one stored state may serve several rows."""
        rows = x.q.shape[0]
        state = self.state if self.state.M.shape[1] == rows else self.state.shared_by(rows)
        return memory.combine(local, memory.recall(x.q, state.layer(slot)), self.has_memory)


class Fold:
    """Reads G segments of B documents, laid out as B*G rows: each row recalls from what came before it, then is written."""

    def __init__(self, state: MemoryState, segments: int):
        self.before = state
        self.segments = segments
        self.after: dict[int, LayerState] = {}
        self.strength: dict[int, Tensor] = {}
        self.worth: dict[int, Tensor] = {}
        self.tokens = 0

    def attend(self, slot: int, memory: InfiniMemory, x: Projected, local: Tensor) -> Tensor:
        """Local attention plus recall for all rows; the layer's folded memory is kept in `after`."""
        rows, _, tokens, _ = x.q.shape
        g = self.segments
        self.tokens = g * tokens
        layer, found, writable = self.before.layer(slot), [], memory.writable(x)
        self.strength[slot] = writable.w.mean((1, 2))
        if writable.scores is not None:
            self.worth[slot] = writable.scores.amax(1)
        for q, some in zip(split(x.q, g), by_segment(writable, g), strict=True):
            found.append(memory.recall(q, layer))
            layer = memory.write(some, layer)
        self.after[slot] = layer
        seen = torch.ones(g, device=local.device)
        seen[0] = float(self.before.n_tokens > 0)
        return memory.combine(local, together(found), seen.repeat(rows // g))

    def strengths(self) -> Tensor:
        """How strongly each row's tokens were written, `[B*G]`: the mean over tokens, heads and layers, in 0..1."""
        return torch.stack(list(self.strength.values())).mean(0)

    def worths(self) -> Tensor | None:
        """What each token was worth keeping, `[B*G,T]`: the mean over layers of its best score by any head of their exact caches;
        None where there are none."""
        return torch.stack(list(self.worth.values())).mean(0) if self.worth else None

    def state(self) -> MemoryState:
        """The state after these segments."""
        layers = [self.after[slot] for slot in sorted(self.after)]
        return layers_to_state(layers, self.before.n_tokens + self.tokens)


def split(rows: Tensor, segments: int) -> tuple[Tensor, ...]:
    """Rows `[B*G,...]`, laid out by document, as G tensors `[B,...]`."""
    return rows.unflatten(0, (-1, segments)).unbind(1)


def by_segment(rows: Writable, segments: int) -> list[Writable]:
    """What B*G rows would write, as G of B rows each."""
    parts = [[None] * segments if t is None else split(t, segments) for t in rows]
    return [Writable(*some) for some in zip(*parts, strict=True)]


def by_document(rows: Writable, segments: int) -> Writable:
    """What B*G rows of T tokens would write, as B rows of G*T tokens."""
    join = lambda t: t.unflatten(0, (-1, segments)).movedim(1, 2).flatten(2, 3)  # noqa: E731
    return Writable(*(None if t is None else join(t) for t in rows))


def together(found: list[Recalled]) -> Recalled:
    """What G segments of B documents each recalled, as B*G rows."""
    join = lambda parts: None if parts[0] is None else torch.stack(parts, dim=1).flatten(0, 1)  # noqa: E731
    return Recalled(*map(join, zip(*found, strict=True)))
