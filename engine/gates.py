"""How far the heads of a model listen to its memory, for people to look at."""

from typing import NamedTuple

import torch
from torch import Tensor

from engine.memory import InfiniMemory
from engine.model import InfiniForCausalLM


class LayerGates(NamedTuple):
    """One layer with a memory: for each query head how much of what it recalls joins its output, 0 to 1, from the compressive
    memory and from the exact cache (None where there is none; where that is alone, nothing joins from the former)."""

    layer: int
    compressive: tuple[float, ...]
    exact: tuple[float, ...] | None


@torch.no_grad()
def layer_gates(model: InfiniForCausalLM) -> list[LayerGates]:
    """The read gates of every layer with a memory, in order: sizes, whatever their sign."""
    found = []
    for index, layer in enumerate(model.base.model.layers):
        memory = layer.self_attn.memory
        if memory is not None:
            own = _compressive(memory)
            exact = None if memory.exact is None else tuple(torch.tanh(memory.exact.read_gate).abs().tolist())
            found.append(LayerGates(index, tuple(own.tolist()), exact))
    return found


def _compressive(memory: InfiniMemory) -> Tensor:
    if memory.rule == "none":
        return torch.zeros_like(memory.exact.read_gate)
    return torch.sigmoid(memory.read_gate) if memory.gate == "convex" else torch.tanh(memory.read_gate).abs()
