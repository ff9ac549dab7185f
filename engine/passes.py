"""What a layer does with its memory in one forward pass: only recall, or read segments and fold them in.

A pass is given to the model's forward; each layer hands it its tensors *before* rotary embedding and gets back
what to add. Passes own their states: nothing of a document stays in the model.
"""

from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from engine.memory import InfiniMemory
from engine.ops import LayerState, fast
from engine.state import MemoryState, layers_to_state


class Projected(NamedTuple):
    """One layer's view of R rows: hidden `[R,T,hidden]` and, before rotary embedding, q `[R,H,T,D]`, k, v `[R,N,T,D]`."""

    hidden: Tensor
    q: Tensor
    k: Tensor
    v: Tensor


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
        layer = self.state.layer(slot)
        if layer.M.shape[0] != x.q.shape[0]:
            layer = LayerState(*(None if t is None else t.expand(x.q.shape[0], *t.shape[1:]) for t in layer))
        return memory.combine(local, fast.read(memory.queries(x.q), layer), self.has_memory)


class Fold:
    """Reads G segments of B documents, laid out as B*G rows: each row recalls from what came before it, then is written."""

    def __init__(self, state: MemoryState, segments: int):
        self.before = state
        self.segments = segments
        self.after: dict[int, LayerState] = {}
        self.tokens = 0

    def attend(self, slot: int, memory: InfiniMemory, x: Projected, local: Tensor) -> Tensor:
        """Local attention plus recall for all rows; the layer's folded memory is kept in `after`."""
        rows, _, tokens, _ = x.q.shape
        g = self.segments
        self.tokens = g * tokens
        split = lambda t: t.reshape(rows // g, g, *t.shape[1:]).unbind(1)  # noqa: E731
        q, k, v, w = (split(t) for t in (memory.queries(x.q), memory.keys(x.k), x.v, memory.strengths(x.hidden)))
        layer, outs = self.before.layer(slot), []
        for i in range(g):
            outs.append(fast.read(q[i], layer))
            layer = fast.write(memory.rule, k[i], v[i], w[i], layer)
        self.after[slot] = layer
        seen = torch.ones(g, device=local.device)
        seen[0] = float(self.before.n_tokens > 0)
        return memory.combine(local, torch.stack(outs, dim=1).flatten(0, 1), seen.repeat(rows // g))

    def state(self) -> MemoryState:
        """The state after these segments."""
        layers = [self.after[slot] for slot in sorted(self.after)]
        return layers_to_state(layers, self.before.n_tokens + self.tokens)
