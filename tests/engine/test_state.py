"""The state at rest: codes, bytes, and the memory as of an earlier page."""

import pytest
import torch

from engine.errors import FingerprintMismatch, StateCorrupt
from engine.state import Codec, Departed, State, as_of, departed
from tests.engine.tiny import WINDOW, make_decoder, make_memory, make_reader, read_all, same_state, tokens

PRINT = "e" * 64


@pytest.fixture(scope="module")
def reader():
    decoder = make_decoder("qwen2")
    return make_reader(decoder, make_memory(decoder, bits=4))


def to_bytes(reader, state: State) -> bytes:
    return state.to_bytes(PRINT, reader.config.slots, reader.config.pointing_slots, reader.config.bits)


def from_bytes(reader, data: bytes, fingerprint: str = PRINT) -> State:
    return State.from_bytes(data, fingerprint, reader.config.bits, reader.decoder.D)


@pytest.mark.parametrize(("bits", "off"), [(4, 0.12), (8, 0.008), (16, 0.0)])
def test_what_is_decoded_is_near_what_was_encoded(bits: int, off: float) -> None:
    chance = torch.Generator().manual_seed(0)
    mean, spread = torch.randn(3, 2, 64, generator=chance) * 5, torch.rand(3, 2, 64, generator=chance) * 9 + 0.1
    codec = Codec(bits, mean, spread)
    x = torch.randn(4, 2, 50, 64, generator=chance) * spread[1][None, :, None] + mean[1][None, :, None]
    codes, scale = codec.encode(1, x)
    back = codec.decode(1, codes, scale, torch.float32)
    error = ((back - x) / spread[1][None, :, None]).pow(2).mean().sqrt()
    assert error <= off
    one, _ = codec.encode(1, x[:, 1:], heads=[1])
    assert torch.equal(one, codes[:, 1:])


def test_bytes_and_back_is_the_same_state_bit_for_bit(reader) -> None:
    for length in (3, 5 * WINDOW + 4):
        state = read_all(reader, tokens(length))
        assert same_state(from_bytes(reader, to_bytes(reader, state)), state)
        assert to_bytes(reader, state) == to_bytes(reader, from_bytes(reader, to_bytes(reader, state)))
        finished = state.finished()
        assert same_state(from_bytes(reader, to_bytes(reader, finished)), finished)


def test_the_bytes_of_another_model_are_refused(reader) -> None:
    with pytest.raises(FingerprintMismatch):
        from_bytes(reader, to_bytes(reader, read_all(reader, tokens(4))), "a" * 64)


def test_damaged_bytes_are_refused(reader) -> None:
    data = to_bytes(reader, read_all(reader, tokens(20)))
    for bad in (b"", b"abc", data[:100], data[: len(data) // 2], b"\xff" * 100, data[:8] + b"x" * 300):
        with pytest.raises(StateCorrupt):
            from_bytes(reader, bad)


def test_as_of_a_checkpoint_is_just_the_state_of_then(reader) -> None:
    ids = tokens(12 * WINDOW)
    states, left = [], []
    for windows in (3, 5, 8, 12):
        states.append(read_all(reader, ids[: windows * WINDOW]))
        if len(states) > 1:
            left.append(Departed.from_bytes(departed(states[-2], states[-1]).to_bytes()))
    for number, windows in enumerate((3, 5, 8)):
        then = as_of(states[-1], left, windows * WINDOW, reader.config.slots, reader.config.pointing_slots)
        assert same_state(then, states[number].finished())


def test_as_of_any_page_holds_nothing_later_and_as_much_as_fits(reader) -> None:
    ids = tokens(12 * WINDOW)
    a, b = read_all(reader, ids[: 5 * WINDOW]), read_all(reader, ids)
    left = [departed(a, b)]
    for n in (1, 9, WINDOW, 5 * WINDOW + 3, 9 * WINDOW, 12 * WINDOW):
        then = as_of(b, left, n, reader.config.slots, reader.config.pointing_slots)
        assert then.n_tokens == n
        sizes = {one.position.shape[2] for one in then.slots}
        assert len(sizes) == 1 and 1 <= sizes.pop() <= reader.config.slots
        for one in (*then.slots, *then.keys):
            assert int(one.position.max()) < n
            assert (one.position.diff(dim=2) > 0).all()


def test_what_departed_and_was_damaged_is_refused() -> None:
    with pytest.raises(StateCorrupt):
        Departed.from_bytes(b"no")
