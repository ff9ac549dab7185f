"""What is fitted finds what was planted: scores, heads, confidence; and the answering side learns without touching the base."""

import json
import math
import random
import re
import tomllib
from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch

from engine.confidence import NAMES, Confidence
from engine.device import choose_device
from engine.engine import Engine, EngineSettings
from engine.model import Updates
from engine.prompts import NOT_SAID, Chat
from tests.engine.tiny import make_decoder, make_engine
from training import confidence, judge, matrix, recall, scorer, updates
from training.__main__ import PLANTED, main
from training.corpora import Question, books, fairytales, squad
from training.facts import FILE, facts
from training.observe import STRETCH, Attention, ask, in_slots, read_everything, repeat
from training.texts import Asked

WORDS = Path(__file__).parents[2] / "app" / "words"


def test_a_scorer_finds_the_tokens_that_draw_attention() -> None:
    """Worth is planted in one direction of the input; the held-back text ranks by it."""
    chance = torch.Generator().manual_seed(0)
    seen = scorer.Observed()
    direction = torch.randn(24, generator=chance)
    for _ in range(4):
        x = torch.randn(2, 900, 24, generator=chance) * 5
        worth = (x @ direction / 30).clamp(-4, 4)[:, None].repeat(1, 3, 1) - 5
        seen.inputs.append(x)
        seen.worth.append(worth)
    layers, recall = scorer.fit_scorer(seen, 250, seed=1)
    assert len(layers) == 2 and min(recall) > 0.9
    score = layers[0](seen.inputs[-1][:1])
    assert torch.corrcoef(torch.stack((score[0, 1], seen.worth[-1][0, 1])))[0, 1] > 0.9


def test_the_head_that_points_is_found() -> None:
    """Of 2 x 6 heads one always pays more to the wanted page, and another one half of the time."""
    chance, seen = torch.Generator().manual_seed(1), scorer.Observed()
    pages = random.Random(2)
    for number in range(60):
        share, usual = torch.rand(2, 6, 11, generator=chance) * 0.01, torch.full((2, 6, 11), 0.005)
        page = pages.randrange(11)
        share[1, 4, page] += 0.2
        if number % 2:
            share[0, 3, page] += 0.2
        seen.pages.append((share, usual, page))
    found = scorer.fit_pointing(seen, 3, 3, seed=1)
    assert found.heads[0] == (1, 4) and found.weight[0] > 0.5
    assert found.hits[0] == 1.0


def test_attention_is_that_of_a_softmax_over_slots_and_prompt(tokenizer) -> None:
    decoder, chat = make_decoder("qwen2"), Chat(tokenizer)
    ids = tokenizer("The ferry came in late. " * 30, add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        reading = read_everything(decoder, ids, 64)
        attention = Attention(decoder, in_slots(decoder, reading), len(ids))
        ask(decoder, chat, in_slots(decoder, reading), attention, "When did the ferry come?", "late")
    assert attention.most.shape == (decoder.L, decoder.N, len(ids))
    assert 0 < float(attention.most.max()) <= 1
    assert attention.by_page.shape[:2] == (decoder.L, decoder.H)
    assert (attention.by_page.sum(-1) <= 1 + 1e-4).all()


def test_labels_are_of_questions_of_the_text_said_again_or_of_both(tokenizer) -> None:
    decoder, chat = make_decoder("qwen2"), Chat(tokenizer)
    ids = tokenizer("The ferry came in late. " * 90, add_special_tokens=False)["input_ids"]
    assert len(ids) > 1.5 * STRETCH
    asked = [Asked(Question("When did the ferry come?", ("late",), None), 0, 40)]
    with torch.no_grad():
        reading = read_everything(decoder, ids, 64)
    seen = {
        labels: scorer.observe(decoder, chat, [(reading, asked)], 1, 1, labels, lambda text: None)
        for labels in scorer.LABELS
    }
    questions, repeating, both = (seen[labels].worth[0] for labels in scorer.LABELS)
    assert torch.equal(both, torch.maximum(questions, repeating)) and not torch.equal(questions, repeating)
    # every token of the text is said once
    said: list[int] = []

    class Counting(Attention):
        def __call__(self, layer: int, queries: torch.Tensor, keys: torch.Tensor) -> None:
            said.append(queries.shape[2] - self.counted.start if layer == 0 else 0)

    cache = in_slots(decoder, reading)
    repeat(decoder, chat, cache, Counting(decoder, cache, len(ids)), ids)
    assert sum(said) == len(ids)


def test_planted_facts_hold_their_answers_and_their_questions_do_not() -> None:
    many = len(tomllib.loads(FILE.read_text(encoding="utf-8"))["fact"])
    for seed in range(20):
        planted = facts(random.Random(seed), many)
        assert len({passage.text for passage in planted}) == many and planted == facts(random.Random(seed), many)
        for passage in planted:
            (asked,) = passage.questions
            assert passage.text[slice(*asked.span)] == asked.answers[0]
            assert asked.answers[0] not in asked.text and "{" not in passage.text + asked.text


def test_examples_hold_their_answers_or_say_that_they_do_not(data: Path) -> None:
    settings = replace(updates.Settings(), careless=0.0, follow_up=0.0)
    made = list(islice(judge.examples(squad(data)[0], fairytales(data, "train"), settings), 120))
    asked = [(example, one) for example in made for one in example.asked]
    refused = [one for _, one in asked if one.answer == NOT_SAID]
    assert 0.1 < len(refused) / len(asked) < 0.4
    for example, one in asked:
        if one.answer != NOT_SAID:
            assert one.answer.strip(".").lower() in example.passages.lower()
    again = list(islice(judge.examples(squad(data)[0], fairytales(data, "train"), settings), 3))
    assert again == made[:3]


def _learned(found: Updates, steps: int, loss_at: Callable[[int], torch.Tensor]) -> list[float]:
    """The loss before each of so many steps of training."""
    best = torch.optim.Adam([t for update in found.values() for t in (update.down, update.up)], lr=3e-2)
    losses = []
    with torch.enable_grad():
        for step in range(steps):
            loss = loss_at(step)
            losses.append(float(loss.detach()))
            best.zero_grad()
            loss.backward()
            best.step()
    return losses


def test_training_lowers_the_loss_and_leaves_the_base_bit_for_bit(data: Path, tokenizer, tmp_path: Path) -> None:
    decoder, chat = make_decoder("qwen2"), Chat(tokenizer)
    before = {name: t.clone() for name, t in decoder.base.named_parameters()}
    settings = replace(updates.Settings(), minutes=0.005, rank=4, rows=2, passages=1)
    examples = list(islice(judge.examples(squad(data)[0], fairytales(data, "train"), settings), 4))
    found = updates.fresh(decoder, settings)
    losses = _learned(found, 24, lambda step: judge.loss_of(decoder, chat, examples[step % 4], found, 32))
    assert sum(losses[-4:]) < 0.9 * sum(losses[:4])
    assert all(torch.equal(before[name], t) for name, t in decoder.base.named_parameters())
    # and the run by the clock writes its losses and ends
    chosen = iter(examples * 500)
    loss = lambda found: judge.loss_of(decoder, chat, next(chosen), found, 32)  # noqa: E731
    trained = updates.train(updates.fresh(decoder, settings), loss, settings, tmp_path, lambda text: None)
    assert trained.keys() == found.keys() and (tmp_path / "loss.jsonl").read_text().count("loss") >= 1


def test_answering_from_slots_comes_nearer_to_the_base_that_sees_the_text(data: Path, tokenizer) -> None:
    engine = make_engine(tokenizer)
    decoder, memory, chat = engine.decoder, engine.memory, Chat(tokenizer)
    before = {name: t.clone() for name, t in decoder.base.named_parameters()}
    settings = replace(recall.SETTINGS, rank=4, rows=2, passages=1)
    made = recall.examples(chat, squad(data)[0], fairytales(data, "train"), settings)
    examples = list(islice(made, 3))
    again = recall.examples(chat, squad(data)[0], fairytales(data, "train"), settings)
    assert list(islice(again, 3)) == examples
    found = updates.fresh(decoder, settings)
    losses = _learned(found, 18, lambda step: recall.loss_of(decoder, memory, chat, examples[step % 3], found))
    assert sum(losses[-3:]) < 0.8 * sum(losses[:3])
    assert all(torch.equal(before[name], t) for name, t in decoder.base.named_parameters())


def test_a_memory_for_training_holds_that_share_of_the_tokens(tokenizer) -> None:
    engine = make_engine(tokenizer, window=64)
    ids = tokenizer("The ferry came in late. " * 20, add_special_tokens=False)["input_ids"][:60]
    *_, step = engine.read(ids, engine.empty_state(), group_tokens=64)
    reading = read_everything(engine.decoder, ids, 64)
    state = recall.kept(engine.memory, reading, 17 / 60)
    for made, read in zip(state.slots, step.state.slots, strict=True):
        assert torch.equal(made.position, read.position)
        torch.testing.assert_close(made.k, read.k, rtol=1e-4, atol=1e-4)


def test_gates_learn_to_take_from_the_matrix_what_foretells_the_text(shelf: Path, tokenizer) -> None:
    engine = make_engine(tokenizer, rule="gated_delta")
    given = next(matrix.windows(engine, books(shelf), random.Random(1)))
    gate = torch.zeros_like(engine.memory.gate, requires_grad=True)
    with torch.enable_grad():
        losses = []
        for _ in range(12):
            loss = matrix.loss_of(engine, *given, gate)
            (slope,) = torch.autograd.grad(loss, gate)
            gate = (gate - 0.5 * slope).detach().requires_grad_()
            losses.append(float(loss.detach()))
    assert losses[-1] < losses[0]


def test_confidence_is_calibrated_on_what_was_seen() -> None:
    """Answers are right with the probability that one signal tells, two to each question."""
    chance, rows = random.Random(5), []
    for number in range(2400):
        signal = chance.uniform(-3, 3)
        signals = dict.fromkeys(NAMES, 0.0) | {"page_log_prob": signal, "support": chance.random()}
        right = chance.random() < 1 / (1 + math.exp(-signal))
        rows.append({"asked": number // 2, "signals": signals, "right": right, "answerable": number // 2 % 3 > 0})
    fitted, figures = confidence.fit(rows, seed=1)
    assert figures["cases"] == 1200
    assert figures["ece"] < 0.07 and figures["auroc"] > 0.75
    assert figures["right_wrongly_declined"] == pytest.approx(confidence.WRONGLY_DECLINED, abs=0.02)
    assert fitted.weight[NAMES.index("page_log_prob")] > 5 * abs(fitted.weight[NAMES.index("support")])


def test_scaling_makes_confidence_true_and_keeps_the_order_of_answers() -> None:
    """Answers are right far more often than they are sure; unanswerable ones are never right."""
    chance, rows, given = random.Random(6), [], Confidence.untrained()
    for number in range(900):
        logit = chance.uniform(-4, 1)
        right = chance.random() < 1 / (1 + math.exp(-(2 * logit + 4)))
        kind = "unanswerable" if number % 9 == 0 else "fact"
        rows.append({"source": "page", "confidence": 1 / (1 + math.exp(-logit)), "correct": float(right), "kind": kind})
    scaled, figures = confidence.scaled(given, [*rows, {"source": "memory"}])
    assert figures["cases"] == 900 and figures["ece"] < 0.07
    assert figures["right_wrongly_declined"] == pytest.approx(confidence.WRONGLY_DECLINED, abs=0.02)
    slopes = {after / before for after, before in zip(scaled.weight, given.weight, strict=True) if before}
    assert max(slopes) - min(slopes) < 1e-6 and min(slopes) > 1


def test_holds_knows_whole_words() -> None:
    assert confidence.holds("It cost 38 marks.", "38 marks") and not confidence.holds("It cost 380 marks.", "38")


def test_the_commands_make_a_memory_that_an_engine_reads_with(
    data: Path, shelf: Path, base_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """scorer, judge and confidence one after the other on a tiny base, each leaving the others' parts; then a book and a question."""
    monkeypatch.setattr("training.__main__.TOKENS", 700)
    out, said = tmp_path / "memory", []
    common = ["--base", str(base_folder), "--data", str(data), "--out", str(out), "--dtype", "float32"]
    assert (
        main(
            [
                "scorer",
                *common,
                "--books",
                str(shelf),
                "--texts",
                "4",
                "--questions",
                "4",
                "--steps",
                "20",
                "--window",
                "64",
            ],
            said.append,
        )
        == 0
    )
    assert main(["judge", *common, "--minutes", "0.03", "--rank", "2"], said.append) == 0
    for more in ([], ["--go-on"]):
        assert main(["recall", *common, "--minutes", "0.03", "--rank", "2", *more], said.append) == 0
    assert main(["confidence", *common, "--books", str(shelf), "--texts", "2", "--tokens", "900"], said.append) == 0
    manifest = json.loads((out / "memory.json").read_text())
    assert (
        manifest["judge"]["settings"]["rank"] == manifest["recall"]["settings"]["rank"] == 2
        and manifest["calibrated"]["cases"] > 20
        and manifest["config"]["window"] == 64
    )
    settings = EngineSettings(
        cache_dir=tmp_path, model=str(base_folder), memory_dir=out, dtype="float32", device=str(choose_device("cpu"))
    )
    engine = Engine.load(settings)
    assert engine.info.trained and engine.info.weights_hash == manifest["weights_sha256"]
    tokens = engine.tokenize([(shelf / "a.txt").read_text()[:4000]])
    *_, step = engine.read(tokens.ids, engine.empty_state(), group_tokens=engine.group_tokens())
    *_, answer = engine.ask(step.state, "How many boats went out?", text=lambda a, b: engine.text(tokens.ids[a:b]))
    assert 0 <= answer.confidence <= 1 and len(answer.evidence) == 3


def test_a_memory_is_made_from_texts_alone(
    shelf: Path, base_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the command that the settings show for a model without one."""
    monkeypatch.setattr("training.__main__.TOKENS", 1200)
    for language in ("en", "nl"):
        sentence = tomllib.loads((WORDS / f"{language}.toml").read_text(encoding="utf-8"))["settings"]["untrained"]
        command = re.search("“python launch.py train (.*?)”", sentence)[1].format(model=base_folder)
        given = [
            {"FOLDER": str(shelf), "MAP": str(shelf), "weights/mine": str(tmp_path / language)}.get(w, w)
            for w in command.split()
        ]
        quick = ["--texts", "3", "--steps", "10", "--window", "64", "--dtype", "float32"]
        assert main([*given, *quick], lambda text: None) == 0
        manifest = json.loads((tmp_path / language / "memory.json").read_text())
        assert manifest["fitted"]["questions"] == 3 * PLANTED and manifest["pointing"]["heads"]


def test_a_command_without_data_ends_with_a_sentence(
    tmp_path: Path, base_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [
        "scorer",
        "--base",
        str(base_folder),
        "--data",
        str(tmp_path),
        "--books",
        str(tmp_path),
        "--out",
        str(tmp_path / "m"),
    ]
    assert main(given, lambda text: None) == 1
    assert "no books" in capsys.readouterr().err
