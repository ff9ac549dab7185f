"""`model.generate` answers from a restored state, and leaves it as it was."""

import pytest
import torch
from transformers import GenerationConfig

from engine.answer import AnswerOptions, answer
from engine.cache import InfiniCache
from engine.prompts import question_ids
from engine.state import MemoryState
from tests.engine.tiny import FAMILIES, filled_state, make_model, tokens

FINGERPRINT = "a1" * 32
GREEDY = GenerationConfig(max_new_tokens=23, do_sample=False, eos_token_id=2, pad_token_id=0)


@pytest.mark.parametrize("family", FAMILIES)
def test_generate_gives_the_answers_greedy_tokens(family: str, tokenizer) -> None:
    model = make_model(family)
    stored = filled_state(model).to_bytes(FINGERPRINT)
    state = MemoryState.from_bytes(stored, FINGERPRINT)
    prompt = question_ids(tokenizer, "What did the keeper say?")
    cache = InfiniCache(state, model.config.text_config)
    made = model.generate(torch.tensor([prompt]), past_key_values=cache, generation_config=GREEDY)[0, len(prompt) :]
    *_, said = answer(model, tokenizer, state, "What did the keeper say?", options=AnswerOptions(max_new_tokens=23))
    text = tokenizer.decode(made, skip_special_tokens=True).rstrip("\ufffd").strip()
    assert len(text) > 3 and said.text == text
    assert state.to_bytes(FINGERPRINT) == stored


def test_generate_reads_the_memory_and_without_one_is_the_base_model() -> None:
    model = make_model()
    ids = tokens(1, 19)
    made = {}
    for name, state in (("full", filled_state(model)), ("empty", MemoryState.empty(model.config))):
        cache = InfiniCache(state, model.config.text_config)
        made[name] = model.generate(ids, past_key_values=cache, generation_config=GREEDY).tolist()
    made["none"] = model.generate(ids, generation_config=GREEDY).tolist()
    assert made["full"] != made["empty"] == made["none"]


def test_one_state_serves_several_rows_and_several_caches() -> None:
    model = make_model(memory="linear")
    state = filled_state(model)
    rows = tokens(5, 11)
    with torch.no_grad():
        together = model(rows, past_key_values=InfiniCache(state, model.config.text_config)).logits
        for i, row in enumerate(rows):
            alone = model(row[None], past_key_values=InfiniCache(state)).logits[0]
            torch.testing.assert_close(together[i], alone, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("memory", ["gated_delta", "linear"])
def test_token_by_token_is_the_same_as_all_at_once(memory: str) -> None:
    model = make_model(memory=memory)
    state = filled_state(model)
    ids = tokens(1, 13)
    with torch.no_grad():
        whole = model(ids, past_key_values=InfiniCache(state, model.config.text_config)).logits
        cache = InfiniCache(state, model.config.text_config)
        steps = [model(ids[:, t : t + 1], past_key_values=cache).logits for t in range(13)]
    assert cache.get_seq_length() == 13
    torch.testing.assert_close(torch.cat(steps, dim=1), whole, rtol=1e-5, atol=1e-4)
