"""InfiniConfig: refuses what cannot work, in words that name the value, and survives its JSON."""

import pytest
from transformers import AutoConfig, LlamaConfig

from engine.config import InfiniConfig
from engine.errors import ConfigInvalid, EngineError
from engine.model import register

TEXT = {"hidden_size": 36, "num_attention_heads": 9, "num_key_value_heads": 3, "num_hidden_layers": 5}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"rule": "hebbian"}, r"rule is 'hebbian'.*linear, delta, gated_delta"),
        ({"feature_map": "relu"}, r"feature_map is 'relu'.*elu, silu, dpfp"),
        ({"gate": "hard"}, r"gate is 'hard'.*additive, convex"),
        ({"rule": "linear", "feature_map": "silu"}, r"feature_map is 'silu'.*'linear'.*'elu'"),
        ({"rule": "delta", "feature_map": "dpfp"}, r"feature_map is 'dpfp'.*'delta'"),
        ({"segment_len": 0}, r"segment_len is 0;"),
        ({"segment_len": 2.5}, r"segment_len is 2\.5;"),
        ({"key_width": 6}, r"key_width is 6;.*multiple of 4"),
        ({"key_width": 0}, r"key_width is 0;"),
        ({"key_width": -4}, r"key_width is -4;"),
        ({"key_width": 8, "feature_map": "dpfp"}, r"key_width is 8;.*'silu'"),
        ({"key_width": 8, "feature_map": "pairs"}, r"key_width is 8;.*4 wide have pairs for 4 at most"),
        ({"memory_layers": [0, 5]}, r"memory_layers is \[0, 5\].*0 to 4"),
        ({"memory_layers": [-1]}, r"memory_layers is \[-1\]"),
        ({"memory_layers": []}, r"memory_layers is \[\]"),
        ({"memory_layers": [2, 2]}, r"memory_layers is \[2, 2\]"),
        ({"exact_slots": -1}, r"exact_slots is -1;.*0 for none"),
        ({"exact_slots": "some"}, r"exact_slots is 'some';"),
        ({"exact_top": -1}, r"exact_top is -1;.*0 for none"),
        ({"rule": "none", "feature_map": "elu"}, r"rule is 'none'.*not with exact_slots 0"),
        ({"rule": "none", "feature_map": "elu", "exact_slots": 3, "gate": "convex"}, r"rule is 'none'.*gate 'convex'"),
        ({"rule": "none", "feature_map": "silu", "exact_slots": 3}, r"feature_map is 'silu'.*'none'"),
        ({"exact_slots": 1.5}, r"exact_slots is 1\.5;"),
        ({"exact_gate_width": -2}, r"exact_gate_width is -2;.*0 for none"),
        ({"exact_conv": 0}, r"exact_conv is 0;.*from 1 to segment_len"),
        ({"exact_conv": 9, "segment_len": 8}, r"exact_conv is 9;"),
    ],
)
def test_an_impossible_value_is_named(settings: dict, words: str) -> None:
    with pytest.raises(ConfigInvalid, match=words) as caught:
        InfiniConfig(text_config=LlamaConfig(**TEXT), **settings)
    assert isinstance(caught.value, EngineError)


@pytest.mark.parametrize(
    ("settings", "sizes", "more"),
    [
        ({}, (5, 3, 4, 4), 0),
        ({"key_width": 12}, (5, 3, 12, 4), 0),
        ({"feature_map": "pairs", "key_width": 4}, (5, 3, 4, 4), 0),
        ({"feature_map": "dpfp", "memory_layers": [4, 1]}, (2, 3, 8, 4), 0),
        ({"rule": "linear", "feature_map": "elu"}, (5, 3, 4, 4), 5 * 3 * 4),
        ({"rule": "delta", "feature_map": "elu"}, (5, 3, 4, 4), 5 * 3 * 4),
        # a slot of a head 4 wide: a key and a value of 4 numbers in two bytes, a score in four; counted in words of four
        ({"exact_slots": 7}, (5, 3, 4, 4), 5 * 3 * 7 * 5),
        ({"exact_slots": 7, "rule": "none", "feature_map": "elu"}, (5, 3, 0, 4), 5 * 3 * 7 * 5),
        ({"exact_slots": "all", "rule": "none", "feature_map": "elu"}, (5, 3, 0, 4), 0),
    ],
)
def test_sizes_and_bytes_of_the_state(settings: dict, sizes: tuple[int, ...], more: int) -> None:
    config = InfiniConfig(text_config=LlamaConfig(**TEXT), **settings)
    layers, heads, k, v = config.state_sizes
    assert (layers, heads, k, v) == sizes
    assert config.state_bytes == 4 * (layers * heads * k * v + more)


def test_the_size_of_the_default_models_memory() -> None:
    """The shapes of SmolLM2-135M: what a book takes in the database."""
    shape = {"hidden_size": 576, "num_attention_heads": 9, "num_key_value_heads": 3, "num_hidden_layers": 30}
    config = InfiniConfig(text_config=LlamaConfig(**shape), key_width=128)
    assert config.state_sizes == (30, 3, 128, 64) and config.state_bytes == 2_949_120


def test_layers_with_memory_come_in_order() -> None:
    assert InfiniConfig(text_config=LlamaConfig(**TEXT), memory_layers=[4, 0, 3]).layers_with_memory == [0, 3, 4]
    assert InfiniConfig(text_config=LlamaConfig(**TEXT)).layers_with_memory == [0, 1, 2, 3, 4]


def test_the_config_comes_back_from_its_file(tmp_path) -> None:
    register()
    settings = {"rule": "delta", "feature_map": "elu", "gate": "convex", "segment_len": 17, "memory_layers": [1, 3]}
    InfiniConfig(text_config=LlamaConfig(**TEXT, rope_theta=123.0), **settings).save_pretrained(tmp_path)
    config = AutoConfig.from_pretrained(tmp_path)
    assert isinstance(config, InfiniConfig) and isinstance(config.text_config, LlamaConfig)
    assert {name: getattr(config, name) for name in settings} == settings
    assert config.text_config.rope_parameters["rope_theta"] == 123.0
    assert config.state_sizes == (2, 3, 4, 4)


def test_a_damaged_file_is_refused_with_the_same_words(tmp_path) -> None:
    register()
    InfiniConfig(text_config=LlamaConfig(**TEXT)).save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    path.write_text(path.read_text().replace('"gated_delta"', '"delta"'))
    with pytest.raises(ConfigInvalid, match="feature_map is 'silu'"):
        AutoConfig.from_pretrained(tmp_path)


def test_the_base_models_own_cache_is_counted() -> None:
    config = InfiniConfig(text_config=LlamaConfig(**TEXT))
    assert config.cache_bytes_per_token == 5 * 3 * 4 * 2 * 2  # layers, heads, width, keys and values, two bytes each
