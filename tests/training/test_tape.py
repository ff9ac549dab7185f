"""Training sees the same memory that reading makes."""

import random

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from engine.model import convert
from engine.ops.exact import EMPTY
from engine.passes import Fold
from engine.state import MemoryState
from tests.engine.tiny import assert_close
from training.calibrate import memories
from training.tape import AT_ONCE, TrainFold, record, rivals

SEGMENT = 7


def tiny(**memory):
    torch.manual_seed(3)
    base = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=61, hidden_size=24, intermediate_size=40, num_hidden_layers=3, num_attention_heads=6,
            num_key_value_heads=2, max_position_embeddings=128,
        )
    )  # fmt: skip
    model = convert(base, segment_len=SEGMENT, key_width=8, memory_layers=[0, 2], exact_conv=3, **memory)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "write_gate" in name:
                parameter.copy_(torch.randn_like(parameter) * 2)
    return model


def segments(count: int, rows: int = 1) -> torch.Tensor:
    return torch.tensor(
        [[random.Random(f"{rows}/{i}").randrange(61) for i in range(count * SEGMENT)] for rows in range(rows)]
    )


@pytest.mark.parametrize("slots", [0, 17])
def test_taped_filler_gives_the_state_of_reading_it(slots: int):
    model = tiny(exact_slots=slots)
    filler, facts = segments(5), segments(2, rows=3)
    pool = record(model, filler[0], torch.ones(5), group=2)
    plan = [torch.arange(0, 5), torch.arange(0), torch.arange(0)]
    fold = TrainFold(MemoryState.empty(model.config, 3), 2, pool, plan)
    model.hidden(facts.view(-1, SEGMENT), fold)
    read = model.fold(filler.view(1, 5, SEGMENT).expand(3, -1, -1), MemoryState.empty(model.config, 3)).state()
    whole = Fold(read, 2)
    model.hidden(facts.view(-1, SEGMENT), whole)
    assert_close(fold.state()._replace(n_tokens=0), whole.state()._replace(n_tokens=0), 1e-4)
    assert not slots or (fold.state().kept.scores > EMPTY).all()


@pytest.mark.parametrize("slots", [0, 17])
def test_without_filler_training_reads_as_reading_does(slots: int):
    model = tiny(exact_slots=slots)
    facts = segments(3, rows=2)
    fold = TrainFold(MemoryState.empty(model.config, 2), 3, None, [torch.arange(0)] * 4)
    out = model.hidden(facts.view(-1, SEGMENT), fold)
    plain = Fold(MemoryState.empty(model.config, 2), 3)
    torch.testing.assert_close(out, model.hidden(facts.view(-1, SEGMENT), plain))
    assert_close(fold.state()._replace(n_tokens=0), plain.state()._replace(n_tokens=0))


def test_filler_teaches_the_write_gate():
    model = tiny()
    pool = record(model, segments(4)[0], torch.ones(4), group=4)
    facts = segments(1, rows=2)
    fold = TrainFold(MemoryState.empty(model.config, 2), 1, pool, [torch.arange(0), torch.arange(4)])
    model.hidden(facts.view(-1, SEGMENT), fold)
    torch.stack(fold.filler_strength).mean().backward()
    gate = model.base.model.layers[2].self_attn.memory.write_gate
    assert gate.weight.grad.abs().sum() > 0
    assert 0 < fold.filler_active[0] <= 1


def test_rivals_are_what_reading_a_long_text_leaves_in_the_caches():
    model = tiny(exact_slots=9)
    text, facts = segments(AT_ONCE)[0], segments(2, rows=3)
    left = rivals(model, text, group=4)
    assert all(9 <= len(hidden) <= 18 for hidden in left.hidden)  # of 224 tokens, those that either of two heads keeps
    plan = [torch.arange(0)] * 3
    fold = TrainFold(MemoryState.empty(model.config, 3), 2, None, plan, left)
    out = model.hidden(facts.view(-1, SEGMENT), fold)
    read = model.fold(text.view(1, -1, SEGMENT).expand(3, -1, -1), MemoryState.empty(model.config, 3)).state()
    whole = Fold(read, 2)
    model.hidden(facts.view(-1, SEGMENT), whole)
    # equal tokens score the same in the first layer, so that only the scores are sure, not whose they are
    best = lambda state: state.kept.scores[0].sort(-1).values  # noqa: E731
    torch.testing.assert_close(best(fold.state()), best(whole.state()))
    for slot, memory in sorted(memories(model).items()):
        found = memory.exact.scores(left.hidden[slot][None])[0].topk(9).values.sort(-1).values
        torch.testing.assert_close(found, read.kept.scores[slot, 0].sort(-1).values)
    alone = TrainFold(MemoryState.empty(model.config, 3), 2, None, plan)
    assert (out - model.hidden(facts.view(-1, SEGMENT), alone)).abs().max() > 1e-3


def test_what_crowds_a_fact_out_teaches_its_score():
    model = tiny(exact_slots=9)
    left = rivals(model, segments(AT_ONCE)[0], group=4)
    fold = TrainFold(MemoryState.empty(model.config, 2), 1, None, [torch.arange(0)] * 2, left)
    model.hidden(segments(1, rows=2).view(-1, SEGMENT), fold)
    fold.state().kept.scores.sum().backward()
    gate = model.base.model.layers[0].self_attn.memory.exact.write_gate
    assert gate.weight.grad.abs().sum() > 0
