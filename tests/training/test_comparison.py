"""The paper's comparison from end to end on a tiny model: all rows, and one that was broken off goes on."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from transformers import BertConfig, BertModel

import launch
import training
from engine.config import InfiniConfig
from engine.engine import Engine, EngineSettings
from tests.engine.tiny import make_base, make_tokenizer, tokens
from tests.training.test_run import BOOK, corpora, recipe  # noqa: F401
from training.ablation import Variant, load_variants, stored_rows
from training.comparison import Plan, compare, table, with_memory, with_window
from training.evaluation.hidden import FillerTooShort
from training.trainer import RecallTrainer

PLAN = Plan(tokens=800, books=1, passkey=(300, 500), depths=(0.0, 1.0), trials=2, seed=0)
SYSTEMS = ["none", "transformer_xl", "memorizing", "full", "linear", "delta", "gated_delta", "shipped"]
MEMORY = {"rule": "none", "feature_map": "elu", "gate": "additive", "segment_len": 384}


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("base")
    model = make_base("llama")
    model.config.max_position_embeddings = 1700
    model.save_pretrained(folder)
    make_tokenizer().save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def unseen(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("unseen")
    (folder / "mill.txt").write_text(BOOK, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def embedder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("embedder")
    tokenizer = make_tokenizer()
    sizes = {"hidden_size": 24, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    BertModel(BertConfig(vocab_size=len(tokenizer), **sizes)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def variants() -> list[Variant]:
    small = recipe(steps=1, calibrate=0)
    window = replace(small, memory={"rule": "linear", "feature_map": "elu", "segment_len": 384})
    return [
        Variant("transformer_xl", replace(window, window=1)),
        Variant("memorizing", replace(small, memory=MEMORY | {"exact_slots": "all", "exact_top": 5})),
    ]


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    """squad/, fairytaleqa/ and train/ with a book, as public data lies unpacked."""
    folder = tmp_path_factory.mktemp("data")
    for name in ("squad", "fairytaleqa", "train"):
        (folder / name).mkdir()
    articles = [
        {"title": f"A{i}", "paragraphs": [{"context": f"Pond {i} holds {i} carp.", "qas": [
            {"question": f"How many carp does pond {i} hold?", "answers": [{"text": f"{i} carp"}]}]}]}
        for i in range(30)
    ]  # fmt: skip
    (folder / "squad" / "train-v1.json").write_text(json.dumps({"data": articles}), encoding="utf-8")
    asked = {"question": "Who mends it?", "answers": ["Ada"], "sections": "1", "ex_or_im": "explicit"}
    story = json.dumps({"sections": ["Ada mends the dam."], "questions": [asked]})
    (folder / "fairytaleqa" / "a_train.jsonl").write_text(story, encoding="utf-8")
    (folder / "train" / "mill.txt").write_text(BOOK, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> Path:
    """The recipe `ablation` for a tiny model."""
    folder = tmp_path_factory.mktemp("recipe")
    text = (Path(training.__file__).parent / "recipes" / "ablation.toml").read_text(encoding="utf-8")
    small = {
        "calibrate": "0", "lora_from": "0", "pool_segments": "2", "rows": "[[1.0, 1]]", "segments": "[[1.0, [1]]]",
        "memory_layers": "[0, 2]", "key_width": "20", "segment_len": "384", "exact_slots": "20",
        "mixture": "[[1.0, {passkey = 0.5, squad = 0.5}]]",
    }  # fmt: skip
    for name, value in small.items():
        text, changed = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", text)
        assert changed == 1, name
    (folder / "tiny.toml").write_text(text, encoding="utf-8")
    return folder / "tiny.toml"


def test_the_command_trains_and_measures_all_systems(base, data, tiny, unseen, embedder, tmp_path, capsys):
    words = (
        f"train {tiny} --compare --json --home {tmp_path} --base {base} --out {tmp_path / 'out'} --data {data} --unseen {unseen} "
        f"--embedder {embedder} --steps 1 --seed 5 --tokens 800 --limit 1 --passkey 400 --depths 1 --trials 1"
    )
    assert launch.main(words.split()) == 0
    shown = capsys.readouterr()
    rows = json.loads(shown.out.splitlines()[-1])["rows"]
    assert [row["system"] for row in rows] == [*SYSTEMS, "rag", "truncated"]
    assert {(row["trials"], row["seed"], row["training_seed"]) for row in rows} == {(1, 5, 5), (1, 5, None)}
    assert len({row["weights"] for row in rows}) == 8, "texts of one segment teach both windows the same"
    of = {row["system"]: row for row in rows}
    assert [of[name]["keeps"] for name in ("none", "memorizing")] == [
        "nothing",
        "every token's key and value, 32 of them looked at",
    ]
    assert [of[name]["state_bytes"] for name in ("none", "transformer_xl", "full")] == [0, 384 * 240, 400 * 240]
    assert of["linear"]["state_bytes"] == of["delta"]["state_bytes"] < of["shipped"]["state_bytes"]
    assert shown.err.endswith("\n".join(table(rows)) + "\n") and len(table(rows)) == 12


def test_every_system_is_a_row_and_nothing_is_done_twice(base, corpora, unseen, embedder, tmp_path, monkeypatch):  # noqa: F811
    books, said = [unseen / "mill.txt"], []
    first = compare(variants()[:1], base, corpora, books, PLAN, tmp_path, said.append, embedder)
    trained = []
    monkeypatch.setattr(
        RecallTrainer, "train", lambda *args, **kw: trained.append(1) or RecallTrainer.__mro__[1].train(*args, **kw)
    )
    rows = compare(variants(), base, corpora, books, PLAN, tmp_path, said.append, embedder)
    assert [row["system"] for row in rows] == ["transformer_xl", "memorizing", "rag", "truncated"]
    assert [rows[0], *rows[2:]] == first and trained == [1]
    assert compare(variants(), base, corpora, books, PLAN, tmp_path, said.append, embedder) == rows
    assert list(stored_rows(tmp_path / "rows.jsonl")) == [*first, rows[1]] and trained == [1]
    for row in rows:
        assert len(row["weights"]) == 64 and (row["trials"], row["seed"], row["passkey"]) == (2, 0, [300, 500])
        assert [(c["tokens"], c["depth"]) for c in row["exact"]] == [(300, 0.0), (300, 1.0), (500, 0.0), (500, 1.0)]
        assert all(0 <= c["exact"] <= c["digits"] <= 1 for c in row["exact"]) and row["state_bytes"] > 0
        assert (row["perplexity"] is None) == (row["system"] == "rag")
    assert len({row["weights"] for row in rows}) == 3 and [row["steps"] for row in rows] == [1, 1, 0, 0]
    assert len({row["perplexity"] for row in rows}) == 4
    assert rows[3]["tokens_per_second"] is None and min(row["tokens_per_second"] for row in rows[:3]) > 0
    shown = table(rows)
    assert len(shown) == 6 and len({text.count("|") for text in shown}) == 1 and "500 tokens, depth 1" in shown[0]
    assert "| rag | all passages of 128 tokens, 5 looked up | – |" in shown[4]


def test_another_plan_is_measured_anew_without_training(base, corpora, unseen, tmp_path):  # noqa: F811
    books, small = [unseen / "mill.txt"], PLAN._replace(passkey=(300,), depths=(1.0,), trials=1)
    one = compare(variants()[:1], base, corpora, books, small, tmp_path, print)
    log = (tmp_path / "transformer_xl" / "log.jsonl").read_text(encoding="utf-8")
    two = compare(variants()[:1], base, corpora, books, small._replace(tokens=1200), tmp_path, print)
    assert one[0]["perplexity"] != two[0]["perplexity"] and one[0]["weights"] == two[0]["weights"]
    assert one[0]["minutes"] == two[0]["minutes"]
    assert (tmp_path / "transformer_xl" / "log.jsonl").read_text(encoding="utf-8") == log
    longer = [Variant("transformer_xl", replace(variants()[0].recipe, steps=2, stop_after=2))]
    assert compare(longer, base, corpora, books, small, tmp_path, print)[0]["weights"] != one[0]["weights"]


def test_unseen_books_that_are_too_short_show_before_any_training(base, corpora, unseen, tmp_path):  # noqa: F811
    with pytest.raises(FillerTooShort):
        compare(variants(), base, corpora, [unseen / "mill.txt"], PLAN._replace(passkey=(10**6,)), tmp_path, print)
    assert not (tmp_path / "transformer_xl").exists()


def test_what_a_system_keeps_has_the_bytes_of_its_formula(base):
    engine = Engine.load(EngineSettings(base, model=str(base), dtype="bfloat16"))
    assert with_window(engine, 1).kept(tokens(700).tolist()) == 256 * engine.info.cache_bytes_per_token
    assert with_window(engine, 0).kept(tokens(700).tolist()) == 0 and not with_window(engine, 0).reads
    assert with_memory(engine).kept(tokens(700).tolist()) == engine.info.state_bytes


def test_the_papers_systems_share_one_base_and_one_budget():
    systems, names = load_variants("ablation", "paper"), SYSTEMS
    assert [system.name for system in systems] == names
    budgets = {
        (
            s.recipe.steps,
            s.recipe.rows,
            s.recipe.segments,
            s.recipe.seed,
            s.recipe.lora_rank,
            s.recipe.lora_on,
            s.recipe.mixture[0][0],
        )
        for s in systems
    }
    assert len(budgets) == 1
    of = {system.name: system.recipe for system in systems}
    assert [of[name].window for name in names] == [0, 1, None, 32, None, None, None, None]
    assert of["full"].window * of["full"].memory["segment_len"] == 8192
    text = make_base("llama").config
    text.num_hidden_layers, text.head_dim = 30, 64
    configs = {name: InfiniConfig(text_config=text, **of[name].memory) for name in names}
    assert configs["memorizing"].state_bytes_after(10) == 10 * configs["memorizing"].state_bytes_after(1) > 0
    assert [configs[name].rule for name in names[4:]] == ["linear", "delta", "gated_delta", "gated_delta"]
    assert [bool(configs[name].exact_slots) for name in names[4:]] == [False, False, False, True]


def test_the_command_needs_unseen_books_and_tells_them_from_an_ablation(base, tmp_path, capsys):
    given = ["train", "ablation", "--base", str(base), "--home", str(tmp_path), "--out", str(tmp_path / "out")]
    assert launch.main([*given, "--compare"]) == 1
    assert "--unseen" in capsys.readouterr().err
    assert launch.main([*given, "--variants", "paper"]) == 1
    assert "--compare paper" in capsys.readouterr().err
