"""A tiny run from end to end: it learns only what it should, resumes exactly, and its adapter loads."""

import json
import random
import re
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoTokenizer

from engine.engine import Engine, EngineSettings
from engine.errors import AdapterInvalid
from tests.engine.tiny import make_base, make_tokenizer
from training import run
from training.corpora import Passage
from training.episodes import Episodes
from training.recipe import RecipeInvalid, load_recipe
from training.run import train
from training.writer import Corpora, Writer

BOOK = "The rain came over the hill and the miller shut his door. Nobody spoke of it. Then the wind turned. " * 90


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    make_base("llama").save_pretrained(folder)
    make_tokenizer().save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def corpora(tmp_path_factory) -> Corpora:
    folder = tmp_path_factory.mktemp("books")
    (folder / "mill.txt").write_text(BOOK, encoding="utf-8")
    passage = Passage("Ada lost a red kite.", (("What did Ada lose?", "a red kite"),))
    return Corpora([folder / "mill.txt"], {"squad": [passage], "fairytale": [passage]})


def recipe(**changes):
    small = {
        "steps": 4, "calibrate": 8, "rows": ((1.0, 2),), "retold": ((1.0, 0.5),),
        "segments": ((1.0, (1,)),), "pool_facts": ((0.5, 0.0), (1.0, 0.5)),
        "facts": 3, "questions": 2, "asked_tokens": 150, "pool_segments": 3, "pool_refresh": 2, "filler": ((1.0, 2, 500),),
        "lora_from": 1, "lora_rank": 3, "lora_alpha": 6, "save_every": 2, "log_every": 1, "warmup": 1,
        "memory": {"rule": "gated_delta", "feature_map": "pairs", "key_width": 20, "gate": "additive", "segment_len": 384},
        "mixture": ((1.0, {"passkey": 0.5, "squad": 0.5}),),
    }  # fmt: skip
    wanted = small | changes
    return replace(load_recipe("first"), **{"stop_after": wanted["steps"]} | wanted)


def losses(out: Path) -> dict[int, float]:
    lines = map(json.loads, (out / "log.jsonl").read_text(encoding="utf-8").splitlines())
    return {line["step"]: line["loss"] for line in lines}


def test_a_resumed_run_ends_where_an_unbroken_one_does(base, corpora, tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert train(recipe(), base, corpora, whole) == 4
    assert train(recipe(), base, corpora, broken, minutes=0) == 2
    assert train(recipe(), base, corpora, broken, resume=True) == 4
    assert losses(broken) == losses(whole)
    first, second = (load_file(out / "adapter" / "adapter.safetensors") for out in (whole, broken))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert losses(whole)[4] != losses(whole)[1]
    line = json.loads((whole / "log.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    assert all(abs(sum(shares) - 1) < 1e-3 for shares in line["gates"]) and len(line["gates"]) >= 2


def test_the_adapter_of_a_run_loads_into_the_engine(base, corpora, tmp_path):
    train(recipe(steps=2), base, corpora, tmp_path)
    engine = Engine.load(EngineSettings(tmp_path, model=str(base), adapter_dir=tmp_path / "adapter", dtype="float32"))
    plain = Engine.load(EngineSettings(tmp_path, model=str(base), dtype="float32"))
    assert engine.info.trained and not plain.info.trained
    assert engine.fingerprint != plain.fingerprint
    first, last = (engine.model.base.model.layers[i].self_attn.q_proj.weight for i in (0, 2))
    before = make_base("llama").model.layers
    assert torch.equal(first, before[0].self_attn.q_proj.weight)
    assert not torch.equal(last, before[2].self_attn.q_proj.weight)
    assert engine.model.config.segment_len == 384


@pytest.mark.parametrize(
    ("text", "named"), [("steps = 3", "missing or unknown"), ("colour = 'red'\nsteps = 3", "colour")]
)
def test_a_wrong_recipe_names_what_is_wrong(tmp_path, text, named):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecipeInvalid, match=named):
        load_recipe(str(path))
    with pytest.raises(RecipeInvalid, match="first"):
        load_recipe("frist")


def test_a_sequence_asks_for_several_things_or_tells_them_again(base, corpora):
    writer = Writer(AutoTokenizer.from_pretrained(base), corpora)
    decode = writer.tokenizer.decode
    for share in (0.0, 1.0):
        told = recipe(retold=((1.0, share),), mixture=((1.0, {"facts": 1.0}),), asked_tokens=600, facts=5)
        batches = [Episodes(told, writer)[step] for step in range(4)]
        rows = [
            row for batch in batches for row in zip(batch["questions"].tolist(), batch["labels"].tolist(), strict=True)
        ]
        kinds = {kind for batch in batches for kind in batch["kinds"]}
        assert kinds == ({"facts_retold"} if share else {"facts"})
        counts = []
        for ids, labels in rows:
            answers = [decode(said) for said in answers_of(labels)]
            counts.append(len(answers))
            assert len(set(answers)) == len(answers) and len(ids) <= 700
            # what is to be learned is just what stands there, and was not said before in the same sequence
            assert all(label in (-100, token) for token, label in zip(ids, labels, strict=True))
            first = next(i for i, label in enumerate(labels) if label >= 0)
            assert answers[0].strip() not in decode(ids[:first])
            assert ("user" in decode(ids)) == (share == 0.0)
        assert max(counts) >= 3, counts


@pytest.mark.parametrize("retold", [0.0, 1.0])
def test_where_an_answers_word_is_said_to_stand_it_stands(base, corpora, retold):
    writer = Writer(AutoTokenizer.from_pretrained(base), corpora)
    told = recipe(retold=((1.0, retold),), mixture=((1.0, {"facts": 0.5, "handbook": 0.5}),), asked_tokens=600, facts=5)
    answered = placed = ends = 0
    end = writer.tokenizer.eos_token_id
    for batch in (Episodes(told, writer)[step] for step in range(4)):
        each = len(batch["questions"]) // len(batch["documents"])
        for i, (labels, places) in enumerate(zip(batch["labels"], batch["places"], strict=True)):
            text, stands = batch["documents"][i // each], (places >= 0) & (labels != end)
            assert torch.equal(text[places[stands]], labels[stands])
            # an answer's end stands at what follows it in the text
            last = [j for j in (labels == end).nonzero()[:, 0].tolist() if places[j] >= 0]
            assert all(places[j] == places[j - 1] + 1 for j in last)
            ends += len(last)
            answered, placed = answered + int((labels >= 0).sum()), placed + int(stands.sum())
    assert placed > 0.5 * answered > 50 and (ends > 5) == (retold == 0.0)


def test_an_answer_told_twice_in_one_breath_stands_at_the_first_place(base, corpora):
    writer = Writer(AutoTokenizer.from_pretrained(base), corpora)
    told = writer.ids(" 4711")
    near = writer.ids("Remember") + told + writer.ids(". It is") + told
    far = writer.ids("Remember") + told + [7] * 70 + told
    first = len(writer.ids("Remember"))
    assert writer.places(near, "4711", [*told, 2]) == list(range(first, first + len(told) + 1))
    assert writer.places(far, "4711", [*told, 2]) == [-1] * (len(told) + 1)
    assert writer.places(near, "4712", [*told, 2]) == [-1] * (len(told) + 1)


def answers_of(labels: list[int]) -> list[list[int]]:
    """The stretches of `labels` that are to be learned."""
    stretches = groupby(labels, key=lambda label: label >= 0)
    return [list(stretch) for learned, stretch in stretches if learned]


def test_a_text_begins_with_a_fact_now_and_then(base, corpora):
    writer = Writer(AutoTokenizer.from_pretrained(base), corpora)
    piece = "The pass key is 4711."
    begun = [writer.tokenizer.decode(writer.weave(random.Random(i), [piece], 300)).strip() for i in range(60)]
    assert all(text.count(piece) == 1 for text in begun)
    assert 5 < sum(text.startswith(piece) for text in begun) < 35


def test_a_recipe_may_be_a_lesson_for_the_exact_caches_alone(base, corpora, tmp_path):
    memory = recipe().memory | {"exact_slots": 9, "running_answers": True}
    assert train(recipe(memory=memory, steps=2), base, corpora, tmp_path / "start") == 2
    facts = ((1.0, {"facts": 1.0}),)
    alone = recipe(memory=memory, mixture=facts, calibrate=0, lesson=3, stop_after=0, seed=2)
    assert train(alone, base, corpora, tmp_path / "lesson", start=tmp_path / "start" / "adapter") == 0
    before, after = (load_file(tmp_path / name / "adapter" / "adapter.safetensors") for name in ("start", "lesson"))
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed and all(".exact." in name and "read_gate" not in name for name in changed)


def test_a_recipe_may_stop_before_its_schedule_ends(base, corpora, tmp_path):
    assert train(recipe(stop_after=2), base, corpora, tmp_path / "early") == 2
    train(recipe(), base, corpora, tmp_path / "whole")
    assert losses(tmp_path / "early") == {step: losses(tmp_path / "whole")[step] for step in (1, 2)}


def test_a_recipe_may_go_on_from_an_adapter(base, corpora, tmp_path):
    train(recipe(steps=2), base, corpora, tmp_path / "first")
    start = tmp_path / "first" / "adapter"
    assert train(recipe(calibrate=0, seed=2), base, corpora, tmp_path / "second", start=start) == 4
    train(recipe(calibrate=0, seed=2), base, corpora, tmp_path / "alone")
    assert losses(tmp_path / "second")[1] != losses(tmp_path / "alone")[1]


def test_a_run_is_saved_only_where_it_can_resume(tmp_path):
    text = (Path(run.__file__).parent / "recipes" / "first.toml").read_text(encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(re.sub(r"save_every = \d+", "save_every = 37", text), encoding="utf-8")
    with pytest.raises(RecipeInvalid, match=r"37 steps.*multiple of pool_refresh"):
        load_recipe(str(path))


def test_penalty_ceiling_and_filler_follow_the_run():
    first = load_recipe("first")
    points = replace(first, write_penalty=((0.2, 0.0), (0.4, 0.3), (0.8, 1.1)))
    penalties = [points.penalty(progress) for progress in (0.0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0)]
    assert penalties == pytest.approx([0.0, 0.0, 0.0, 0.15, 0.3, 0.7, 1.1, 1.1])
    points = replace(first, write_ceiling=((0.0, 0.2), (0.5, 0.1), (0.75, 0.02)))
    assert [points.ceiling(p) for p in (0.0, 0.25, 0.5, 0.6, 0.9)] == pytest.approx([0.2, 0.15, 0.1, 0.068, 0.02])
    ceilings = [first.ceiling(p / 10) for p in range(11)]
    assert ceilings == sorted(ceilings, reverse=True) and ceilings[-1] < 0.01
    limits = [first.filler_limit(p / 10) for p in range(11)]
    assert limits == sorted(limits) and limits[0] < limits[-1]


def test_a_wider_recipe_goes_on_where_a_narrower_one_ended(base, corpora, tmp_path):
    train(recipe(steps=2), base, corpora, tmp_path / "first")
    start = tmp_path / "first" / "adapter"
    after = {"steps": 1, "calibrate": 0, "seed": 2}
    train(recipe(**after), base, corpora, tmp_path / "same", start=start)
    wider = {
        "lora_rank": 5,
        "lora_alpha": 10,
        "lora_from": 0,
        "lora_on": ("q_proj", "v_proj", "o_proj", "k_proj", "up_proj"),
    }
    train(recipe(**after, **wider), base, corpora, tmp_path / "wider", start=start)
    assert losses(tmp_path / "wider")[1] == pytest.approx(losses(tmp_path / "same")[1], rel=1e-3)
    tensors = load_file(tmp_path / "wider" / "adapter" / "adapter.safetensors")
    assert any("up_proj.lora_A" in name for name in tensors) and any(".layers.0." in name for name in tensors)
    for wrong, named in (({"lora_rank": 2, "lora_alpha": 4}, "lora_rank"), ({"lora_alpha": 9}, "scale")):
        with pytest.raises(AdapterInvalid, match=named):
            train(recipe(**after, **wrong), base, corpora, tmp_path / "wrong", start=start)


def test_some_episodes_come_after_a_long_text(base, corpora, tmp_path):
    memory = recipe().memory | {"exact_slots": 40, "segment_len": 384}
    rivalled = {
        "rivals": ((1.0, 0.5),),
        "rival_segments": 32,
        "memory": memory,
        "steps": 4,
        "mixture": ((1.0, {"facts": 1.0}),),
    }
    train(recipe(**rivalled), base, corpora, tmp_path / "whole")
    train(recipe(**rivalled), base, corpora, tmp_path / "broken", minutes=0)
    train(recipe(**rivalled), base, corpora, tmp_path / "broken", resume=True)
    assert losses(tmp_path / "broken") == losses(tmp_path / "whole")
    lines = [json.loads(line) for line in (tmp_path / "whole" / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    far = [any(name.endswith("_far") for name in line) for line in lines]
    assert True in far and False in far


def test_rivals_need_an_exact_cache(tmp_path):
    text = (Path(run.__file__).parent / "recipes" / "fourth.toml").read_text(encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(text.replace("exact_slots = 1024", "exact_slots = 0"), encoding="utf-8")
    with pytest.raises(RecipeInvalid, match="exact_slots"):
        load_recipe(str(path))
