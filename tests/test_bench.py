"""The measurements of `launch.py bench`, on a tiny model: every figure is there. How good it is, is not asserted."""

from __future__ import annotations

from pathlib import Path

from bench import reading
from engine.engine import EngineSettings
from tests.engine.tiny import PROSE, make_base, make_tokenizer


def test_reading_answering_and_memory_are_measured(tmp_path: Path) -> None:
    base = tmp_path / "base"
    make_base("smollm2").save_pretrained(base)
    make_tokenizer().save_pretrained(base)
    settings, said = EngineSettings(tmp_path / "models", model=str(base), device="cpu", dtype="float32"), []
    result = reading.run(settings, PROSE, rounds=1, lengths=(1100, 2100), say=said.append)
    speed, answer = result["speed"], result["answer"]
    assert speed["ratio"] > 0 and speed["tokens_per_second"] > 0
    assert 0 < answer["first_token_seconds"] < answer["page_seconds"] and answer["answer_tokens_per_second"] > 0
    short, long = result["memory"][1100], result["memory"][2100]
    assert short["state_bytes"] == long["state_bytes"] > 0, "the state does not grow with what was read"
    assert result["peak_ratio"] == long["peak_bytes"] / short["peak_bytes"] > 0
    lines = "\n".join(reading.table(result))
    assert "for 2,100 tokens" in lines and "from the page" in lines and "2,100 tokens: peak" in "\n".join(said)
