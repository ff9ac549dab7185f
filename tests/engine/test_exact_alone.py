"""A memory that compresses nothing: the exact cache alone, of a fixed size or growing with the text."""

import pytest
import torch
import torch.nn.functional as F

from engine.engine import Engine, EngineSettings
from engine.passes import Fold, Recall
from engine.reader import read
from engine.state import MemoryState
from tests.engine.tiny import SEGMENT, assert_close, equal, filled_state, make_model, make_tokenizer, tokens

FINGERPRINT = "3f" * 32


@pytest.mark.parametrize("memory", ["exact", "memorizing"])
def test_nothing_is_compressed_and_the_bytes_are_those_of_the_formula(memory: str) -> None:
    model = make_model(memory=memory)
    for segments in (1, 2, 5):
        state = filled_state(model, segments=segments)
        assert state.M.numel() == 0 and state.z is None
        assert state.n_bytes == model.config.state_bytes_after(segments * SEGMENT)
    assert filled_state(model, segments=5).n_bytes == {"exact": 1, "memorizing": 5}[memory] * (
        model.config.state_bytes_after(SEGMENT)
    )
    stored = state.to_bytes(FINGERPRINT)
    assert len(stored) == state.n_bytes + 8 + int.from_bytes(stored[:8], "little")
    assert equal(MemoryState.from_bytes(stored, FINGERPRINT), state)


@pytest.mark.parametrize("memory", ["gated_delta", "gated_delta-exact", "linear"])
def test_bytes_held_are_counted_for_every_memory(memory: str) -> None:
    model = make_model(memory=memory)
    assert filled_state(model).n_bytes == model.config.state_bytes == model.config.state_bytes_after(10**6)


@pytest.mark.parametrize("memory", ["exact", "memorizing"])
@pytest.mark.parametrize("group", [SEGMENT, 3 * SEGMENT])
def test_segments_read_together_give_what_one_by_one_gives(memory: str, group: int) -> None:
    model, ids = make_model(memory=memory), tokens(5 * SEGMENT + 3).tolist()
    one = [step.state for step in read(model, ids, MemoryState.empty(model.config), SEGMENT)][-1]
    *_, last = read(model, ids, MemoryState.empty(model.config), group)
    assert_close(last.state, one)
    assert last.strengths == (0.0,) * len(last.strengths)


@pytest.mark.parametrize("memory", ["exact", "memorizing"])
def test_what_was_read_changes_what_is_said_and_every_part_learns(memory: str) -> None:
    model = make_model(memory=memory)
    model.requires_grad_(True)
    ids = tokens(1, SEGMENT, seed=8)
    fold = Fold(MemoryState.empty(model.config), 3)
    model.write(tokens(3, SEGMENT), fold)
    hidden = model.hidden(ids, Recall(fold.state()))
    empty = model.hidden(ids, Recall(MemoryState.empty(model.config)))
    plain = model.base.model(input_ids=ids, use_cache=False).last_hidden_state
    torch.testing.assert_close(empty, plain)
    assert (hidden - plain).abs().max() > 1e-2
    hidden.square().sum().backward()
    memories = [layer.self_attn.memory for layer in model.base.model.layers]
    assert all(p.grad.abs().max() > 0 for memory in memories for p in memory.exact.parameters())


def test_a_memory_of_everything_is_ordinary_attention_to_all_that_was_read() -> None:
    """With as many slots looked at as there are, a layer recalls what attention to its stored keys and values gives."""
    model = make_model(memory="memorizing", exact_top=4 * SEGMENT, key_width=None)
    memory = model.base.model.layers[0].self_attn.memory
    state = filled_state(model, segments=4)
    with torch.no_grad():
        memory.exact.sink.fill_(-80.0)  # never nothing
        kept = state.layer(0).kept
        q = torch.randn(1, 9, 5, 4, generator=torch.Generator().manual_seed(3))
        k, v = (t.float().repeat_interleave(3, 1) for t in (kept.k, kept.v))
        worth = F.logsigmoid(kept.scores).repeat_interleave(3, 1)[:, :, None]
        plain = F.scaled_dot_product_attention(
            memory.exact.queries(q), k, v, attn_mask=worth.expand(-1, -1, 5, -1), scale=1.0
        )
        gate = torch.tanh(memory.exact.read_gate).view(1, -1, 1, 1)
        recalled = memory.recall(q, state.layer(0))
    torch.testing.assert_close(recalled.exact, gate * plain, rtol=1e-4, atol=1e-5)
    assert not recalled.compressed.any() and kept.k.shape[2] == 4 * SEGMENT


def test_an_engine_reads_and_answers_with_it(tmp_path) -> None:
    make_model(memory="memorizing").save_pretrained(tmp_path)
    make_tokenizer().save_pretrained(tmp_path)
    engine = Engine.load(EngineSettings(tmp_path, model=str(tmp_path), dtype="float32"))
    *_, step = engine.read(tokens(40).tolist(), engine.empty_state(), group_tokens=14)
    *_, one = engine.answer(step.state, "What did the keeper say?")
    *_, other = engine.answer(engine.empty_state(), "What did the keeper say?")
    assert abs(one.grounding) > 1e-3 > abs(other.grounding)
    assert equal(engine.state_from_bytes(engine.state_to_bytes(step.state)), step.state)
