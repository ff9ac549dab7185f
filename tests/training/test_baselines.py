"""What each window sees and cannot see, and that reading through a cache gives what one masked pass gives."""

from dataclasses import replace

import pytest
import torch

from engine.answer import AnswerOptions
from engine.engine import Engine, EngineSettings
from engine.model import InfiniForCausalLM
from tests.engine.tiny import make_base, make_model, make_tokenizer, tokens
from tests.training.test_run import base, corpora, losses, recipe  # noqa: F401
from training.baselines.task import WindowTask
from training.baselines.window import (
    WindowCache,
    ask_window,
    read_window,
    window_bytes,
    window_losses,
    window_mask,
    window_positions,
)
from training.episodes import Episodes
from training.evaluation.perplexity import memory_losses, segment_loss
from training.run import build, train
from training.writer import Writer

S, SEGMENTS, ASKED = 7, 5, 4
TEXT = S * SEGMENTS
WINDOWS = {"none": 0, "transformer_xl": 1, "full": SEGMENTS}


@pytest.fixture(scope="module")
def model() -> InfiniForCausalLM:
    return make_model("llama", "linear", segment_len=S)


def masked(model: InfiniForCausalLM, ids: torch.Tensor, before: int, questions: int = 2) -> torch.Tensor:
    """Hidden states `[X,hidden]` of a text and `questions` questions of ASKED tokens, in one pass."""
    mask = window_mask(before, S, TEXT, ASKED, questions, torch.float32)
    positions = window_positions(TEXT, ASKED, questions)[None]
    with torch.no_grad():
        return model.base.model(
            input_ids=ids[None], attention_mask=mask, position_ids=positions, use_cache=False
        ).last_hidden_state[0]


def seen_from(model: InfiniForCausalLM, before: int, layers: int) -> list[set[int]]:
    """For each place of a text with two questions, the places whose token changes what comes out there."""
    ids = tokens(TEXT + 2 * ASKED)
    some = InfiniForCausalLM(model.config, make_base("llama"))
    some.base.model.layers = some.base.model.layers[:layers]
    some.base.config.num_hidden_layers = layers
    plain, seen = masked(some, ids, before), [set() for _ in ids]
    for place in range(len(ids)):
        other = ids.clone()
        other[place] = 3 + (ids[place] - 2) % 300
        changed = (masked(some, other, before) - plain).abs().amax(-1) > 1e-5
        for at in changed.nonzero()[:, 0].tolist():
            seen[at].add(place)
    return seen


@pytest.mark.parametrize("name", WINDOWS)
def test_a_token_sees_its_segment_and_those_of_the_window(model, name):
    before, questions = WINDOWS[name], (range(TEXT, TEXT + ASKED), range(TEXT + ASKED, TEXT + 2 * ASKED))
    seen = seen_from(model, before, layers=1)
    for place in range(TEXT):
        assert seen[place] == set(range(max(place // S - before, 0) * S, place + 1))
    for question in questions:
        for place in question:
            assert seen[place] == set(range(TEXT - before * S, TEXT)) | set(range(question[0], place + 1))


def test_what_a_segment_was_told_by_its_own_window_goes_on_from_layer_to_layer(model):
    first = TEXT
    assert min(seen_from(model, 1, layers=3)[first]) == TEXT - 3 * S
    assert seen_from(model, 0, layers=3)[first] == {first}


@pytest.mark.parametrize("name", WINDOWS)
def test_reading_with_a_cache_is_the_masked_pass(model, name):
    before, ids = WINDOWS[name], tokens(TEXT + ASKED)
    whole = masked(model, ids, before, questions=1)
    cache = WindowCache(model, before)
    hidden = torch.cat(list(cache.read(ids[:TEXT].split(S))))
    torch.testing.assert_close(hidden, whole[:TEXT], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(cache.see(ids[TEXT:]), whole[TEXT:], rtol=1e-4, atol=1e-5)
    rows = ids[:TEXT].view(SEGMENTS, S)
    with torch.no_grad():
        expected = [segment_loss(model, part, row) for part, row in zip(whole[:TEXT].split(S), rows, strict=True)][1:]
    assert window_losses(before)(model, rows) == pytest.approx(expected, rel=1e-4)


def test_seeing_everything_is_the_base_model_itself(model):
    ids = tokens(TEXT + ASKED)
    with torch.no_grad():
        plain = make_base("llama").model(input_ids=ids[None]).last_hidden_state[0]
    torch.testing.assert_close(masked(model, ids, SEGMENTS, questions=1), plain, rtol=1e-4, atol=1e-5)


def test_the_bytes_that_are_kept_are_those_of_the_formula():
    model = make_model("llama", "linear", segment_len=S)
    model.base.to(torch.bfloat16)
    for before in WINDOWS.values():
        for length in (S - 2, TEXT, TEXT + 3):
            cache = read_window(model, tokens(length).tolist(), before)
            assert cache.n_bytes == window_bytes(model.config, before, length)
    assert window_bytes(model.config, 1, TEXT) == S * model.config.cache_bytes_per_token


def test_a_question_behind_a_window_leaves_it_as_it_was(base):  # noqa: F811
    engine = Engine.load(EngineSettings(base, model=str(base), dtype="float32"))
    ids, options = tokens(600).tolist(), AnswerOptions(max_new_tokens=9)
    for before in (0, 1, 2):
        cache = read_window(engine.model, ids, before)
        kept = [layer.keys.clone() for layer in cache.cache.layers]
        first = ask_window(engine, cache, "What did the keeper say?", options)
        assert all(torch.equal(a, layer.keys) for a, layer in zip(kept, cache.cache.layers, strict=False))
        assert ask_window(engine, cache, "What did the keeper say?", options).text == first.text
        if not before:
            *_, alone = engine.answer(engine.empty_state(), "What did the keeper say?", options=options)
            assert (first.text, first.grounding) == (alone.text, pytest.approx(0.0, abs=1e-4))
        else:
            assert abs(first.grounding) > 1e-3


def test_the_lesson_asks_what_is_asked_of_memories(base, corpora):  # noqa: F811
    """The loss of a window that sees everything is that of the questions read one by one behind their text."""
    wanted = recipe(window=2, rows=((1.0, 2),), segments=((1.0, (1, 2)),))
    writer = Writer(make_tokenizer(), corpora)
    task = WindowTask(build(base, wanted, torch.float32), wanted)
    batch = next(batch for batch in map(Episodes(wanted, writer).__getitem__, range(9)) if len(batch["documents"]) == 1)
    loss = task(**batch)["loss"].item()
    each = len(batch["questions"]) // len(batch["documents"])
    total = weight = 0.0
    for row, (question, label, w) in enumerate(
        zip(*(batch[n] for n in ("questions", "labels", "weights")), strict=True)
    ):
        ids = torch.cat([batch["documents"][row // each], question])[None]
        with torch.no_grad():
            logits = task.model.base(input_ids=ids).logits[0, -len(question) : -1]
        losses = torch.nn.functional.cross_entropy(logits, label[1:], ignore_index=-100, reduction="none")
        total += float((losses * w[1:])[label[1:] >= 0].sum())
        weight += float(w[1:][label[1:] >= 0].sum())
    assert loss == pytest.approx(total / weight, rel=1e-3)
    tally = task.take_tally()
    assert tally["tokens"] == batch["documents"].numel() + batch["questions"].numel()
    assert any(name.startswith("exact_") for name in tally)


def test_a_window_is_trained_resumes_and_its_memory_stays_as_it_was(base, corpora, tmp_path):  # noqa: F811
    memory = {"rule": "linear", "feature_map": "elu", "segment_len": 384}
    wanted = recipe(window=1, memory=memory)
    assert train(wanted, base, corpora, tmp_path / "whole") == 4
    train(wanted, base, corpora, tmp_path / "broken", minutes=0)
    train(wanted, base, corpora, tmp_path / "broken", resume=True)
    assert losses(tmp_path / "broken") == losses(tmp_path / "whole")
    train(replace(wanted, window=0), base, corpora, tmp_path / "none")
    assert losses(tmp_path / "whole") != losses(tmp_path / "none")
    folder = tmp_path / "whole" / "adapter"
    engine = Engine.load(EngineSettings(tmp_path, model=str(base), adapter_dir=folder, dtype="float32"))
    gates = torch.stack([layer.self_attn.memory.read_gate for layer in engine.model.base.model.layers])
    assert engine.info.trained and torch.equal(gates, torch.full_like(gates, 0.3))
    rows = tokens(768).view(2, 384)
    assert window_losses(1)(engine.model, rows) != pytest.approx(memory_losses(engine.model, rows))
