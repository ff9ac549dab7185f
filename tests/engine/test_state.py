"""A memory state as a value and as bytes: nothing is lost, nothing damaged or foreign is taken for a memory."""

import json

import pytest
import torch
from safetensors.torch import save

from engine.errors import FingerprintMismatch, StateCorrupt
from engine.ops import LayerState
from engine.state import MemoryState, layers_to_state, sha256
from tests.engine.tiny import equal, filled_state, make_model

FINGERPRINT = "3f" * 32
# SHA-256 of the bytes of `counted()`: if these change, every stored memory is lost.
GOLDEN = "802d5dd6362237dc2289f911e2c3158844480d18975c5895ff1916bca90cf08c"
GOLDEN_WITHOUT_Z = "bbd5e85c51625918f189c4e15bf26f9a948171b952bf18bd9094a848e13bf765"


def counted(with_z: bool = True) -> MemoryState:
    """A state whose numbers follow from their places: [L=2, B=1, N=3, K=5, V=4]."""
    m = torch.arange(2 * 3 * 5 * 4, dtype=torch.float32).view(2, 1, 3, 5, 4) / 7
    return MemoryState(m, torch.arange(2 * 3 * 5, dtype=torch.float32).view(2, 1, 3, 5) / 3 if with_z else None, 12_345)


@pytest.mark.parametrize("memory", ["gated_delta", "gated_delta-exact", "delta", "linear"])
def test_bytes_give_the_same_state_bit_for_bit(memory: str) -> None:
    state = filled_state(make_model(memory=memory), segments=3)
    again = MemoryState.from_bytes(state.to_bytes(FINGERPRINT), FINGERPRINT)
    assert equal(state, again) and again.M.dtype == torch.float32
    assert (again.z is None) == memory.startswith("gated_delta")


def test_the_same_state_gives_the_same_bytes_in_every_process_and_version() -> None:
    assert counted().to_bytes(FINGERPRINT) == counted().to_bytes(FINGERPRINT)
    assert sha256(counted().to_bytes(FINGERPRINT)) == GOLDEN
    assert sha256(counted(with_z=False).to_bytes(FINGERPRINT)) == GOLDEN_WITHOUT_Z


def test_a_state_that_was_cut_out_of_a_bigger_one_is_stored_alone() -> None:
    whole = counted()
    part = MemoryState(whole.M[..., :2], whole.z, 3)
    again = MemoryState.from_bytes(part.to_bytes(FINGERPRINT), FINGERPRINT)
    assert torch.equal(again.M, part.M) and len(part.to_bytes(FINGERPRINT)) < len(whole.to_bytes(FINGERPRINT))


def test_another_fingerprint_is_refused() -> None:
    with pytest.raises(FingerprintMismatch, match="Read the document again"):
        MemoryState.from_bytes(counted().to_bytes(FINGERPRINT), "4f" * 32)


@pytest.mark.parametrize("kept", [0, 5, 8, 40, 200, -4, -1])
def test_truncated_bytes_are_refused(kept: int) -> None:
    data = counted().to_bytes(FINGERPRINT)
    with pytest.raises(StateCorrupt, match="Read the document again"):
        MemoryState.from_bytes(data[:kept], FINGERPRINT)


def test_bytes_with_something_after_them_are_refused() -> None:
    with pytest.raises(StateCorrupt):
        MemoryState.from_bytes(counted().to_bytes(FINGERPRINT) + b"\0\0\0\0", FINGERPRINT)


def header(data: bytes) -> dict:
    return json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])


@pytest.mark.parametrize(
    "data",
    [
        b"not a memory, but long enough to look at",
        b"\xff" * 64,
        (2).to_bytes(8, "little") + b"[]",
        (2).to_bytes(8, "little") + b"{}",
        (4).to_bytes(8, "little") + b"\xff\xfe{}",
        save({"M": torch.ones(2)}),
        save({"M": torch.ones(2)}, metadata={"palimpsest": "two words"}),
        save({"M": torch.ones(2)}, metadata={"palimpsest": f"palimpsest-state-1 {FINGERPRINT} many"}),
        save({"other": torch.ones(2)}, metadata={"palimpsest": f"palimpsest-state-1 {FINGERPRINT} 7"}),
    ],
)
def test_what_is_no_memory_is_refused(data: bytes) -> None:
    with pytest.raises(StateCorrupt, match="Read the document again"):
        MemoryState.from_bytes(data, FINGERPRINT)


@pytest.mark.parametrize("place", [0, 9, 30, 60])
def test_a_damaged_header_is_refused(place: int) -> None:
    data = bytearray(counted().to_bytes(FINGERPRINT))
    data[place] ^= 0xFF
    with pytest.raises(StateCorrupt):
        MemoryState.from_bytes(bytes(data), FINGERPRINT)


def test_another_format_is_named() -> None:
    data = save({"M": torch.ones(2)}, metadata={"palimpsest": f"palimpsest-state-9 {FINGERPRINT} 7"})
    with pytest.raises(StateCorrupt, match="palimpsest-state-9"):
        MemoryState.from_bytes(data, FINGERPRINT)


@pytest.mark.parametrize("memory", ["gated_delta", "gated_delta-exact", "gated_delta-dpfp", "delta", "linear"])
def test_the_size_does_not_depend_on_the_length_of_the_text(memory: str) -> None:
    model = make_model(memory=memory)
    lengths = [len(filled_state(model, segments=g).to_bytes(FINGERPRINT)) for g in (1, 4, 13)]
    stored = filled_state(model, segments=13).to_bytes(FINGERPRINT)
    assert lengths == [len(stored)] * 3
    assert len(stored) == model.config.state_bytes + 8 + int.from_bytes(stored[:8], "little")
    assert header(stored)["__metadata__"] == {"palimpsest": f"palimpsest-state-1 {FINGERPRINT} {13 * 7:012d}"}
    book = filled_state(model)._replace(n_tokens=10_000_000)
    assert len(book.to_bytes(FINGERPRINT)) == len(stored)
    assert MemoryState.from_bytes(book.to_bytes(FINGERPRINT), FINGERPRINT).n_tokens == 10_000_000


def test_layers_go_in_and_out() -> None:
    state = counted()
    again = layers_to_state([state.layer(0), state.layer(1)], 12_345)
    assert equal(state, again)
    assert isinstance(state.layer(1), LayerState) and torch.equal(state.layer(1).z, state.z[1])
    assert counted(with_z=False).layer(0).z is None


@pytest.mark.parametrize("memory", ["gated_delta", "linear"])
def test_the_memory_of_nothing(memory: str) -> None:
    config = make_model(memory=memory).config
    empty = MemoryState.empty(config, batch=11)
    layers, heads, k, v = config.state_sizes
    assert empty.M.shape == (layers, 11, heads, k, v) and empty.n_tokens == 0
    assert not empty.M.any() and (empty.z is None or not empty.z.any())
    assert equal(empty.to("cpu"), empty)
