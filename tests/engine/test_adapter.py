"""Adapters: what training learned goes through one file into a plain converted model; damage is found and named."""

import json
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, inject_adapter_in_model
from peft.tuners.lora import LoraLayer
from transformers import AutoModelForCausalLM

from engine import adapter
from engine.errors import AdapterInvalid
from engine.model import InfiniForCausalLM, convert
from engine.weights import fingerprint, load_model, model_hash
from tests.engine.tiny import MEMORIES, SEGMENT, equal, filled_state, make_base, stir, tokens

CPU = torch.device("cpu")
MEMORY = MEMORIES["gated_delta"] | {"segment_len": SEGMENT}
RANK, ALPHA = 5, 8


def trained(base_folder: Path) -> InfiniForCausalLM:
    """What training ends with: a base with low-rank updates in its second layer and a memory that has learned."""
    model = stir(convert(AutoModelForCausalLM.from_pretrained(base_folder, dtype=torch.float32), **MEMORY), seed=31)
    lora = LoraConfig(
        r=RANK, lora_alpha=ALPHA, target_modules=["q_proj", "k_proj", "v_proj", "o_proj"],
        layers_to_transform=[1], layers_pattern="layers",
    )  # fmt: skip
    inject_adapter_in_model(lora, model)
    chance = torch.Generator().manual_seed(32)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_" in name:
                parameter.copy_(0.3 * torch.randn(parameter.shape, generator=chance))
    return model.eval()


def learned(model: InfiniForCausalLM) -> dict[str, torch.Tensor]:
    named = model.named_parameters()
    return {n.replace(".default.weight", ""): p.detach() for n, p in named if "lora_" in n or ".memory." in n}


@pytest.fixture
def folder(base_folder: Path, tmp_path: Path) -> Path:
    """A saved adapter that a test may damage."""
    manifest = {"base_sha256": model_hash(base_folder), "memory": MEMORY, "scale": ALPHA / RANK, "steps": 17}
    adapter.save(tmp_path / "adapter", learned(trained(base_folder)), manifest)
    return tmp_path / "adapter"


def load(base_folder: Path, folder: Path, dtype: torch.dtype = torch.float32):
    return load_model(str(base_folder), folder.parent, folder, CPU, dtype, lambda text: None)


def test_an_adapter_gives_the_trained_model(base_folder: Path, folder: Path) -> None:
    model, ids = trained(base_folder), tokens(1, 3, SEGMENT)
    loaded = load(base_folder, folder)
    state = filled_state(model)
    with torch.no_grad():
        plain = make_base()(ids[0]).logits
        unmerged = model(ids[0]).logits
        for module in model.modules():
            if isinstance(module, LoraLayer):
                module.merge()
        merged = model(ids[0]).logits
        found = loaded.model(ids[0]).logits
    assert (found - plain).abs().max() > 0.1
    torch.testing.assert_close(found, merged, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(found, unmerged, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(filled_state(loaded.model).M, state.M, rtol=1e-4, atol=1e-4)
    assert equal(filled_state(loaded.model), filled_state(model)), "the merged model's memory, bit for bit"


def test_the_fingerprint_names_the_adapter(base_folder: Path, folder: Path) -> None:
    first = load(base_folder, folder)
    manifest = json.loads((folder / adapter.MANIFEST).read_text())
    assert first.trained and first.parts["adapter"] == manifest["weights_sha256"]
    assert first.parts["base"] == manifest["base_sha256"] == model_hash(base_folder)
    tensors = learned(trained(base_folder))
    name = next(n for n in tensors if n.endswith("read_gate"))
    adapter.save(folder, tensors | {name: tensors[name] + 1}, manifest)
    second = load(base_folder, folder)
    assert fingerprint(first.parts) != fingerprint(second.parts)


def test_low_rank_factors_in_bfloat16_go_into_a_bfloat16_base(base_folder: Path, folder: Path) -> None:
    tensors = {n: t.bfloat16() if "lora_" in n else t for n, t in learned(trained(base_folder)).items()}
    adapter.save(folder, tensors, adapter.read_manifest(folder))
    model = load(base_folder, folder, torch.bfloat16).model
    name = "base.model.layers.1.self_attn.q_proj"
    a, b = (tensors[f"{name}.lora_{x}"].float() for x in "AB")
    base = make_base().get_parameter(f"{name.removeprefix('base.')}.weight").bfloat16()
    expected = (base.float() + ALPHA / RANK * (b @ a)).bfloat16()
    assert torch.equal(model.get_parameter(f"{name}.weight"), expected)
    assert {p.dtype for n, p in model.named_parameters() if ".memory." in n} == {torch.float32}


def test_saving_twice_gives_the_same_files(base_folder: Path, folder: Path, tmp_path: Path) -> None:
    adapter.save(tmp_path / "again", learned(trained(base_folder)), adapter.read_manifest(folder))
    for name in (adapter.WEIGHTS, adapter.MANIFEST):
        assert (tmp_path / "again" / name).read_bytes() == (folder / name).read_bytes()


def test_an_adapter_for_another_base_is_refused(base_folder: Path, folder: Path, tokenizer) -> None:
    other = folder.parent / "other"
    make_base(seed=77).save_pretrained(other)
    tokenizer.save_pretrained(other)
    with pytest.raises(AdapterInvalid, match="trained for another base model"):
        load(other, folder)


@pytest.mark.parametrize("kept", [0, 300, -1])
def test_damaged_weights_are_refused(base_folder: Path, folder: Path, kept: int) -> None:
    path = folder / adapter.WEIGHTS
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(AdapterInvalid, match="SHA-256"):
        load(base_folder, folder)


def test_weights_that_are_no_safetensors_are_refused(base_folder: Path, folder: Path) -> None:
    (folder / adapter.WEIGHTS).write_bytes(b"no tensors at all")
    manifest = adapter.read_manifest(folder) | {"weights_sha256": adapter.sha256(b"no tensors at all")}
    (folder / adapter.MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(AdapterInvalid, match="cannot be read"):
        load(base_folder, folder)


@pytest.mark.parametrize("name", [adapter.WEIGHTS, adapter.MANIFEST])
def test_a_missing_file_is_named(base_folder: Path, folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(AdapterInvalid, match=f"{name} is missing"):
        load(base_folder, folder)


@pytest.mark.parametrize("text", ["", "{", "[1, 2]", '{"format": "other-3"}'])
def test_a_damaged_manifest_is_refused(base_folder: Path, folder: Path, text: str) -> None:
    (folder / adapter.MANIFEST).write_text(text)
    with pytest.raises(AdapterInvalid, match=r"damaged|format"):
        load(base_folder, folder)


@pytest.mark.parametrize("key", ["base_sha256", "memory", "scale", "weights_sha256"])
def test_a_manifest_that_lacks_something_is_refused(base_folder: Path, folder: Path, key: str) -> None:
    manifest = adapter.read_manifest(folder)
    del manifest[key]
    (folder / adapter.MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(AdapterInvalid, match=f"incomplete: it lacks {key}"):
        load(base_folder, folder)


Q = "base.model.layers.1.self_attn.q_proj"
GATE = "base.model.layers.0.self_attn.memory.read_gate"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({GATE: None}, f"lacks weights for the memory, such as '{GATE}'"),
        ({GATE: torch.zeros(8)}, r"shape \(8,\), the model wants \(9,\)"),
        ({f"{Q}.lora_A": None}, "no lora_A beside it"),
        ({f"{Q}.lora_B": None}, f"'{Q}.lora_A' does not fit"),
        ({f"{Q}.lora_A": torch.zeros(RANK, 35)}, "does not fit"),
        ({f"{Q}.lora_A": torch.zeros(RANK + 1, 36)}, "does not fit"),
        ({"base.model.layers.7.self_attn.q_proj.lora_A": torch.zeros(RANK, 36)}, "does not fit"),
        ({"base.model.layers.9.self_attn.memory.read_gate": torch.zeros(9)}, "that the model lacks"),
        ({"base.model.norm.weight": torch.ones(36)}, "that the model lacks"),
    ],
)
def test_tensors_that_do_not_fit_are_named(base_folder: Path, folder: Path, changes: dict, words: str) -> None:
    tensors = {n: t for n, t in (adapter.load_weights(folder) | changes).items() if t is not None}
    adapter.save(folder, tensors, adapter.read_manifest(folder))
    with pytest.raises(AdapterInvalid, match=words):
        load(base_folder, folder)
