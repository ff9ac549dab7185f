"""From a folder to an engine: what a fingerprint depends on, and named errors for folders that hold no such model."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import GPT2Config, GPT2LMHeadModel, T5Config, T5ForConditionalGeneration

from engine.engine import Engine, EngineSettings
from engine.errors import AdapterInvalid, FingerprintMismatch, ModelNotFound, UnsupportedModel
from engine.model import InfiniForCausalLM
from engine.weights import Loaded, fingerprint, load_model, memory_settings, model_hash
from tests.engine.tiny import equal, make_base, make_model, make_tokenizer

CPU = torch.device("cpu")


def load(folder: Path, tmp_path: Path, adapter_dir: Path | None = None, dtype: torch.dtype = torch.float32) -> Loaded:
    return load_model(str(folder), tmp_path / "cache", adapter_dir, CPU, dtype, lambda text: None)


@pytest.fixture
def folder(base_folder: Path, tmp_path: Path) -> Path:
    """A copy of the base model that a test may damage."""
    return shutil.copytree(base_folder, tmp_path / "copy")


def test_a_base_model_gets_an_untrained_memory(base_folder: Path, tmp_path: Path) -> None:
    said: list[str] = []
    loaded = load_model(str(base_folder), tmp_path / "cache", None, CPU, torch.float32, said.append)
    assert isinstance(loaded.model, InfiniForCausalLM) and not loaded.trained and not loaded.model.training
    assert loaded.parts["adapter"] == "none" and loaded.parts["base"] == model_hash(base_folder)
    assert said == ["Loading the model ..."] and not (tmp_path / "cache").exists()
    with torch.no_grad():
        ids = torch.tensor([[5, 100, 37]])
        assert torch.equal(loaded.model(ids).logits, make_base()(ids).logits)


def test_a_saved_model_with_memory_is_trained(folder: Path, tmp_path: Path) -> None:
    shutil.rmtree(folder)
    make_model(memory="delta").save_pretrained(folder)
    make_tokenizer().save_pretrained(folder)
    loaded = load(folder, tmp_path)
    assert loaded.trained and memory_settings(loaded.model)["rule"] == "delta"
    assert json.loads(loaded.parts["memory"]) == memory_settings(loaded.model)


def test_the_fingerprint_is_the_same_for_the_same_and_no_other(folder: Path, base_folder: Path, tmp_path: Path) -> None:
    first = load(base_folder, tmp_path)
    assert fingerprint(first.parts) == fingerprint(load(folder, tmp_path).parts)
    others = [load(base_folder, tmp_path, dtype=torch.bfloat16).parts]
    make_base(seed=44).save_pretrained(folder)
    others.append(load(folder, tmp_path).parts)
    make_base().save_pretrained(folder)
    changed = make_tokenizer()
    changed.add_tokens(["harbour master"])
    changed.save_pretrained(folder)
    others.append(load(folder, tmp_path).parts)
    differing = [[name for name in first.parts if first.parts[name] != parts[name]] for parts in others]
    assert differing == [["dtype"], ["base"], ["tokenizer"]]
    prints = {fingerprint(parts) for parts in (first.parts, *others, first.parts | {"memory": "{}"})}
    assert len(prints) == 5 and all(len(p) == 64 for p in prints)


def test_an_engine_from_a_folder(base_folder: Path, tmp_path: Path) -> None:
    settings = EngineSettings(
        tmp_path, model=str(base_folder), device="cpu", dtype="float32", threads=torch.get_num_threads()
    )
    engine = Engine.load(settings)
    info = engine.info
    assert (info.model, info.device, info.dtype) == (str(base_folder), "cpu", "float32")
    assert (info.rule, info.segment_len, info.trained) == ("gated_delta", 256, False)
    assert info.weights_hash == engine.fingerprint_parts["base"] and info.state_bytes == 4 * 2 * 3 * 4 * 4
    *_, step = engine.read(engine.tokenize(["The keeper."] * 200).ids, engine.empty_state(), group_tokens=512)
    data = engine.state_to_bytes(step.state)
    assert equal(Engine.load(settings).state_from_bytes(data), step.state)
    other = Engine.load(replace(settings, dtype="bfloat16"))
    assert other.model.dtype == torch.bfloat16 and other.info.dtype == "bfloat16"
    with pytest.raises(FingerprintMismatch):
        other.state_from_bytes(data)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="missing' could not be loaded"):
        load(tmp_path / "missing", tmp_path)


def test_a_folder_without_a_tokenizer(folder: Path, tmp_path: Path) -> None:
    for path in folder.glob("tokenizer*"):
        path.unlink()
    with pytest.raises(ModelNotFound):
        load(folder, tmp_path)


def test_a_folder_without_safetensors(folder: Path, tmp_path: Path) -> None:
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelNotFound):
        load(folder, tmp_path)
    with pytest.raises(ModelNotFound, match="no safetensors weights"):
        model_hash(folder)


@pytest.mark.parametrize("kept", [3, 500, -100])
def test_damaged_weights(folder: Path, tmp_path: Path, kept: int) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ModelNotFound, match="damaged"):
        load(folder, tmp_path)


@pytest.mark.parametrize("kind", ["gpt2", "t5"])
def test_a_model_of_another_family(folder: Path, tmp_path: Path, kind: str) -> None:
    if kind == "gpt2":
        sizes = {"n_embd": 24, "n_head": 4, "n_layer": 3, "vocab_size": 31, "n_positions": 17}
        base = GPT2LMHeadModel(GPT2Config(**sizes, bos_token_id=1, eos_token_id=2))
    else:
        sizes = {"d_model": 24, "d_kv": 6, "d_ff": 20, "num_layers": 3, "num_heads": 4, "vocab_size": 31}
        base = T5ForConditionalGeneration(T5Config(**sizes, decoder_start_token_id=0))
    base.save_pretrained(folder)
    with pytest.raises(UnsupportedModel):
        load(folder, tmp_path)


def test_the_hash_covers_every_file_in_order(tmp_path: Path) -> None:
    (tmp_path / "b.safetensors").write_bytes(b"two")
    (tmp_path / "a.safetensors").write_bytes(b"one")
    first = model_hash(tmp_path)
    (tmp_path / "a.safetensors").write_bytes(b"two")
    (tmp_path / "b.safetensors").write_bytes(b"one")
    assert model_hash(tmp_path) != first
    (tmp_path / "README.md").write_text("more")
    assert model_hash(tmp_path) == model_hash(tmp_path) != first


def test_an_adapter_folder_that_is_empty(base_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(AdapterInvalid, match=r"adapter\.json is missing"):
        load(base_folder, tmp_path, adapter_dir=tmp_path)
