"""How far heads listen to the memory."""

import math

import torch

from engine.gates import layer_gates
from tests.engine.tiny import make_model


def test_gates_by_layer_and_head() -> None:
    model = make_model("llama", "gated_delta-exact")
    memories = [layer.self_attn.memory for layer in model.base.model.layers]
    with torch.no_grad():
        for i, memory in enumerate(memories):
            if memory is not None:
                memory.read_gate.fill_(-0.5 * i)
                memory.exact.read_gate.fill_(2.0)
    found = layer_gates(model)
    assert [gates.layer for gates in found] == [i for i, memory in enumerate(memories) if memory is not None]
    heads = model.config.text_config.num_attention_heads
    for gates in found:
        assert gates.exact == (math.tanh(2.0),) * heads or all(abs(g - math.tanh(2.0)) < 1e-6 for g in gates.exact)
        assert all(abs(g - math.tanh(0.5 * gates.layer)) < 1e-6 for g in gates.compressive)
        assert len(gates.compressive) == heads


def test_the_papers_gate_is_a_share() -> None:
    model = make_model("llama", "linear")
    assert all(gates.exact is None for gates in layer_gates(model))
    with torch.no_grad():
        model.base.model.layers[0].self_attn.memory.read_gate.fill_(-1.0)
    assert all(abs(g - 1 / (1 + math.e)) < 1e-6 for g in layer_gates(model)[0].compressive)


def test_where_nothing_is_compressed_nothing_joins_from_there() -> None:
    for gates in layer_gates(make_model("llama", "exact")):
        assert not any(gates.compressive) and len(gates.compressive) == len(gates.exact) and all(gates.exact)
