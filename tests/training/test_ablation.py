"""Variants of a recipe are trained alike, measured on what none has seen, and gone on with where they were broken off."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.training.test_run import base, corpora, recipe  # noqa: F401
from training.ablation import EPISODES, Variant, compare, load_variants, table
from training.recipe import RecipeInvalid, load_recipe


def test_every_variant_of_the_memory_can_be_built_and_changes_something():
    from engine.config import InfiniConfig
    from tests.engine.tiny import make_base

    variants = load_variants("ablation", "memory")
    assert variants[0].recipe == load_recipe("ablation") and len(variants) > 12
    recipes = [replace(v.recipe) for v in variants]
    assert all(recipes.count(one) == 1 for one in recipes)
    tokens = {dict(v.recipe.memory)["segment_len"] * v.recipe.row_count(0.9) for v in variants}
    assert tokens == {1024}, "the same number of tokens with gradient in a step"
    text = make_base("llama").config
    text.num_hidden_layers, text.head_dim = 30, 64
    for variant in variants:
        InfiniConfig(text_config=text, **variant.recipe.memory)


def test_a_table_that_is_not_there_or_misspelt_is_named(tmp_path: Path):
    with pytest.raises(RecipeInvalid, match="Known ones: memory"):
        load_variants("ablation", "memry")
    path = tmp_path / "wrong.toml"
    path.write_text('["x"]\nstepps = 3\n', encoding="utf-8")
    with pytest.raises(RecipeInvalid, match="stepps"):
        load_variants("ablation", str(path))


def test_variants_are_measured_and_a_broken_comparison_goes_on(base, corpora, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setattr("training.ablation.FAR_SEGMENTS", 4)
    monkeypatch.setattr("training.ablation.GROUP", 2)
    small = recipe(steps=2)
    paper = {"rule": "delta", "feature_map": "elu", "gate": "convex", "segment_len": 384}
    variants = [Variant("as it is", small), Variant("paper", replace(small, memory=paper, calibrate=0))]
    said: list[str] = []
    first = compare(variants[:1], base, corpora, corpora, tmp_path, said.append)
    whole = compare(variants, base, corpora, corpora, tmp_path, said.append)
    assert whole[0] == first[0] and [row["variant"] for row in whole] == ["as it is", "paper"] and len(said) == 2
    assert [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text(encoding="utf-8").splitlines()] == whole
    for row in whole:
        assert row["near"]["loss"] > 0 and row["far"]["loss"] > 0 and 0 <= row["near"]["exact"] <= 1 and EPISODES > 1
    assert whole[0]["near"] != whole[1]["near"] and whole[0]["near"]["loss"] != whole[0]["far"]["loss"]
    assert len(table(whole)) == 4 and "| paper |" in table(whole)[3]
