"""Attention to an answer's place is measured: the same everywhere for a model that attends evenly, and repeatable."""

import pytest
import torch

from engine.engine import Engine, EngineSettings
from tests.engine.tiny import make_model, make_tokenizer
from training.evaluation.heads import run_heads, table


@pytest.fixture
def engine(tmp_path) -> Engine:
    make_model(segment_len=16).save_pretrained(tmp_path)
    make_tokenizer().save_pretrained(tmp_path)
    return Engine.load(EngineSettings(tmp_path, model=str(tmp_path), dtype="float32"))


def test_even_attention_gives_every_head_the_same_small_share(engine):
    with torch.no_grad():
        for layer in engine.model.base.model.layers:
            layer.self_attn.q_proj.weight.zero_()
    result = run_heads(engine, trials=3)
    shares = torch.tensor(result["heads"])
    assert shares.max() - shares.min() < 1e-4
    # some four letters a token at most, and eight statements: one part in hundreds
    assert 0.0005 < shares.mean() < 0.01
    assert len(table(result)) == 2 and all("#" * 40 in line for line in table(result))


def test_the_attention_of_the_model_is_as_it_was_afterwards(engine):
    before = engine.model.config.text_config._attn_implementation
    result = run_heads(engine, trials=2, seed=3)
    assert engine.model.config.text_config._attn_implementation == before
    assert result != run_heads(engine, trials=2, seed=4)
    assert result == run_heads(engine, trials=2, seed=3)
