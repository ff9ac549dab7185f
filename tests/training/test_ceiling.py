"""Write gates that write too much of the filler are closed as far as the recipe says, and no others."""

import torch

from tests.engine.tiny import SEGMENT, make_model, tokens
from training.calibrate import memories
from training.tape import close_gates, gate_histogram, record


def written(model, pool) -> dict[int, torch.Tensor]:
    """By slot: the mean strength of each head on the priced filler."""
    priced = {slot: pool.hidden[slot][pool.priced > 0].flatten(0, 1) for slot in memories(model)}
    return {slot: m.strengths(priced[slot][None])[0].mean(-1) for slot, m in memories(model).items()}


@torch.no_grad()
def test_only_what_is_above_the_ceiling_is_lowered_and_just_to_it():
    model = make_model()
    for memory in memories(model).values():
        memory.write_gate.weight.normal_(generator=torch.Generator().manual_seed(2))
        memory.write_gate.bias.copy_(torch.tensor([2.0, -30.0, 1.0]))
    pool = record(model, tokens(1, 24 * SEGMENT)[0], torch.tensor([1.0, 0.0, 1.0] * 8), group=5)
    before, biases = written(model, pool), {s: m.write_gate.bias.clone() for s, m in memories(model).items()}
    weights = {s: m.write_gate.weight.clone() for s, m in memories(model).items()}
    close_gates(model, pool, 0.1)
    after = written(model, pool)
    for slot, memory in memories(model).items():
        above = before[slot] > 0.1
        assert above.any() and not above.all()
        assert torch.allclose(after[slot][above], torch.full_like(after[slot][above], 0.1), atol=1e-3)
        assert torch.equal(memory.write_gate.bias[~above], biases[slot][~above])
        assert torch.equal(memory.write_gate.weight, weights[slot])


@torch.no_grad()
def test_a_tape_without_a_price_closes_nothing():
    model = make_model()
    pool = record(model, tokens(1, 4 * SEGMENT)[0], torch.zeros(4), group=2)
    before = {s: m.write_gate.bias.clone() for s, m in memories(model).items()}
    close_gates(model, pool, 0.001)
    assert all(torch.equal(m.write_gate.bias, before[s]) for s, m in memories(model).items())


@torch.no_grad()
def test_the_histogram_counts_every_token_of_every_head():
    model = make_model()
    for memory in memories(model).values():
        memory.write_gate.weight.normal_(generator=torch.Generator().manual_seed(2))
        memory.write_gate.bias.copy_(torch.tensor([2.0, -30.0, 1.0]))
    pool = record(model, tokens(1, 12 * SEGMENT)[0], torch.ones(12), group=5)
    shares = gate_histogram(model, pool)
    assert len(shares) == len(memories(model))
    for slot, share in enumerate(shares):
        strengths = memories(model)[slot].strengths(pool.hidden[slot].flatten(0, 1)[None])
        counted = [
            (strengths == 0),
            (strengths > 0) & (strengths <= 0.1),
            (strengths > 0.1) & (strengths <= 0.5),
            strengths > 0.5,
        ]
        assert share == [round(c.float().mean().item(), 4) for c in counted]
        assert share[0] >= 1 / 3 and abs(sum(share) - 1) < 1e-3  # the second head is shut
