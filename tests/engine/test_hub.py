"""What comes from the hub, from a small hub of our own."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.hub import FetchProgress, fetch_file, fetch_model
from tests.engine.small_hub import COMMIT, SmallHub, small_hub

FILES = {
    "config.json": b'{"model_type": "llama"}',
    "model.safetensors": bytes(range(256)) * 12_000,
    "pytorch_model.bin": b"never fetched",
}
WEIGHTS = hashlib.sha256(FILES["model.safetensors"]).hexdigest()


@pytest.fixture
def hub() -> Iterator[SmallHub]:
    with small_hub("made/small", FILES) as server:
        yield server


def test_a_model_is_fetched_with_progress_and_only_once(hub: SmallHub, tmp_path: Path) -> None:
    said: list[FetchProgress] = []
    folder = fetch_model("made/small", said.append, endpoint=hub.address, cache_dir=tmp_path)
    assert folder.name == COMMIT
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        name: content for name, content in FILES.items() if not name.endswith(".bin")
    }
    size = sum(len(content) for name, content in FILES.items() if not name.endswith(".bin"))
    assert said[-1] == FetchProgress("fetching", "made/small", size, size)
    assert str(said[-1]) == "Fetching made/small: 3 of 3 MB ..."
    assert len(said) <= 60
    before = list(hub.fetched)
    assert fetch_model("made/small", endpoint=hub.address, cache_dir=tmp_path) == folder
    assert hub.fetched == before
    hub.shutdown()
    hub.server_close()
    assert fetch_model("made/small", endpoint=hub.address, cache_dir=tmp_path) == folder


def test_a_model_that_is_nowhere(hub: SmallHub, tmp_path: Path) -> None:
    with pytest.raises((OSError, ValueError)):
        fetch_model("made/other", endpoint=hub.address, cache_dir=tmp_path)


def test_a_file_is_found_by_its_hash(hub: SmallHub, tmp_path: Path) -> None:
    counted: list[tuple[int, int]] = []
    path = fetch_file("made/small", WEIGHTS, tmp_path, lambda *bytes_: counted.append(bytes_), hub.address)
    assert path is not None and path.parent == tmp_path
    assert path.read_bytes() == FILES["model.safetensors"]
    size = len(FILES["model.safetensors"])
    assert counted[-1] == (size, size) and counted == sorted(counted)
    assert set(hub.fetched) == {"model.safetensors"}


@pytest.mark.parametrize(("model", "digest"), [("made/small", "0" * 64), ("made/other", WEIGHTS)])
def test_a_file_that_the_hub_has_not(hub: SmallHub, tmp_path: Path, model: str, digest: str) -> None:
    assert fetch_file(model, digest, tmp_path, lambda *bytes_: None, hub.address) is None
    assert hub.fetched == []


def test_a_hub_that_does_not_answer_is_not_waited_for(hub: SmallHub, tmp_path: Path) -> None:
    hub.open_for_business.clear()
    began = time.monotonic()
    found = fetch_file("made/small", WEIGHTS, tmp_path, lambda *bytes_: None, hub.address, answers_within_s=0.3)
    assert found is None and time.monotonic() - began < 5


def test_no_hub_at_all(tmp_path: Path) -> None:
    assert fetch_file("made/small", WEIGHTS, tmp_path, lambda *bytes_: None, "http://127.0.0.1:9") is None
