"""The state at rest: codes, bytes, and the memory as of an earlier page."""

import pytest
import torch
from safetensors.torch import load, save

from engine.container import check
from engine.errors import FingerprintMismatch, StateCorrupt
from engine.state import Codec, Departed, Kept, Layout, State, as_of, departed, empty_departed, merged
from tests.engine.tiny import WINDOW, make_decoder, make_memory, make_reader, read_all, same_state, tokens

PRINT = "e" * 64


@pytest.fixture(scope="module")
def reader():
    decoder = make_decoder("qwen2")
    return make_reader(decoder, make_memory(decoder, bits=4))


def to_bytes(reader, state: State) -> bytes:
    return state.to_bytes(PRINT, reader.config.slots, reader.config.pointing_slots, reader.config.bits)


def from_bytes(reader, data: bytes, fingerprint: str = PRINT) -> State:
    return State.from_bytes(data, fingerprint, layout(reader))


def layout(reader) -> Layout:
    config = reader.config
    return Layout.of(to_bytes(reader, reader.empty()), config.bits, config.window)


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


def test_the_first_are_those_of_the_highest_rank_then_of_the_highest_score() -> None:
    position = torch.tensor([[[0, 2, 3, 5, 6, 9]]], dtype=torch.int32)
    score = torch.tensor([[[1.0, 5.0, 4.0, 2.0, 2.0, 3.0]]]).half()
    kept = Kept(torch.zeros(1, 1, 6, 4), torch.zeros(1, 1, 6), None, None, score, position)
    rank = torch.tensor([0.0, 0, 0, 0, 0, 7, 7, 1, 1, 0])
    assert kept.first(rank, 3).position[0, 0].tolist() == [2, 5, 6]
    assert kept.first(rank, 1).position[0, 0].tolist() == [5]
    assert kept.first(rank, 5).position[0, 0].tolist() == [2, 3, 5, 6, 9]


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


@pytest.mark.parametrize("length", [5, 40])
def test_what_no_reading_leaves_is_refused(reader, length: int) -> None:
    state = read_all(reader, tokens(length))
    data = to_bytes(reader, state)
    t, said = load(data), {"palimpsest": f"palimpsest-state-2 {PRINT} {length:012d}"}
    assert save(t, metadata=said) == data

    def changed(name: str, change) -> dict[str, torch.Tensor]:
        return t | {name: change(t[name].clone())}

    wrong = [
        {name: tensor for name, tensor in t.items() if name != "slots.v_scale"},
        {name: tensor for name, tensor in t.items() if name != "tail.v"},
        t | {"more": torch.zeros(2)},
        changed("slots.k", lambda k: k[..., :-1]),
        changed("slots.v", lambda v: v[:, :, :-1]),
        changed("slots.score", lambda score: score.float()),
        changed("slots.score", lambda score: score.fill_(float("nan"))),
        changed("keys.k_scale", lambda scale: scale.fill_(float("inf"))),
        changed("slots.heads", lambda heads: heads.flip(0) + 1),
        changed("slots.position", lambda position: position + 1000),
        changed("slots.position", lambda position: position.flip(2)),
        changed("slots.position", lambda position: position.index_fill(2, torch.tensor([0]), -1)),
        changed("keys.position", lambda position: position.fill_(2)),
        changed("tail.k", lambda k: k[:, :, :, 1:]),
    ]
    for tensors in wrong:
        with pytest.raises(StateCorrupt):
            from_bytes(reader, save({name: one.contiguous() for name, one in tensors.items()}, metadata=said))
    with pytest.raises(StateCorrupt):
        from_bytes(reader, save(t, metadata={"palimpsest": f"palimpsest-state-2 {PRINT} {length + 1:012d}"}))


def from_departed(reader, data: bytes, n_tokens: int) -> Departed:
    bits = reader.config.bits
    return Departed.from_bytes(data, empty_departed(reader.empty(), bits), n_tokens, bits)


def test_as_of_a_checkpoint_is_just_the_state_of_then(reader) -> None:
    ids = tokens(12 * WINDOW)
    states, left = [], []
    for windows in (3, 5, 8, 12):
        states.append(read_all(reader, ids[: windows * WINDOW]))
        if len(states) > 1:
            gone = departed(states[-2], states[-1]).to_bytes(reader.config.bits)
            left.append(from_departed(reader, gone, states[-1].n_tokens))
    for number, windows in enumerate((3, 5, 8)):
        then = as_of(states[-1], left, windows * WINDOW, reader.config.slots, reader.config.pointing_slots)
        assert same_state(then, states[number].finished())


def test_what_left_over_two_checkpoints_is_just_what_left_between_the_outer_ones(reader) -> None:
    ids, bits = tokens(12 * WINDOW), reader.config.bits
    a, b, c = (read_all(reader, ids[: windows * WINDOW]) for windows in (3, 7, 12))
    both = merged(departed(a, b), departed(b, c), a.n_tokens)
    assert both.to_bytes(bits) == departed(a, c).to_bytes(bits)
    assert len(both.to_bytes(bits)) < len(departed(a, b).to_bytes(bits)) + len(departed(b, c).to_bytes(bits))


def test_what_left_takes_no_more_than_the_state(reader) -> None:
    """Two codes of four bits share a byte there too; those of earlier versions, which did not, are still read."""
    a, b = (read_all(reader, tokens(n)) for n in (5 * WINDOW, 12 * WINDOW))
    gone, whole = departed(a, b), departed(a, reader.empty())
    assert len(whole.to_bytes(4)) < 1.1 * len(to_bytes(reader, a.finished()))
    as_before = gone.to_bytes(8)
    assert len(gone.to_bytes(4)) < len(as_before)
    back = from_departed(reader, as_before, b.n_tokens)
    assert back.to_bytes(8) == as_before and torch.equal(back.slots[0][0].k, gone.slots[0][0].k)


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
    decoder = make_decoder("qwen2")
    reader = make_reader(decoder, make_memory(decoder, bits=4))
    a, b = (read_all(reader, tokens(n)) for n in (5 * WINDOW, 12 * WINDOW))
    data = departed(a, b).to_bytes(4)
    assert from_departed(reader, data, 5 * WINDOW).slots[0][0].position.numel() > 0
    t = load(data)
    wrong = [
        t | {"slots.counts": t["slots.counts"] + 1},
        t | {"slots.counts": torch.full_like(t["slots.counts"], -1)},
        t | {"slots.k": t["slots.k"][:, :-1].contiguous()},
        t | {"slots.position": t["slots.position"] - 1000},
        t | {"keys.score": t["keys.score"].float()},
        {name: one for name, one in t.items() if name != "slots.v"},
    ]
    for bad in (b"no", *(save(one) for one in wrong)):
        with pytest.raises(StateCorrupt):
            from_departed(reader, bad, 12 * WINDOW)
    with pytest.raises(StateCorrupt):
        from_departed(reader, data, 2)


def test_a_pack_that_is_not_what_its_head_says_is_refused() -> None:
    good = save({"a": torch.ones(3), "b": torch.zeros(2, 2, dtype=torch.bfloat16)})
    check(good)
    assert b'"a"' in good and b'"F32"' in good
    for bad in (
        good[:-1],
        good + b"\0",
        good.replace(b'"F32"', b'"F99"'),
        good.replace(b'"F32"', b'"I32"')[:-4] + b"\x80\x7f\x80\x7f",
        good.replace(b"[3]", b"[4]"),
        good.replace(b"[3]", b"{}]"),
        save({"a": torch.tensor([1.0, float("-inf")])}),
        save({"a": torch.tensor([float("nan")], dtype=torch.float16)}),
        save({f"t{n}": torch.zeros(1) for n in range(70)}),
        (2**63).to_bytes(8, "little") + b"{}",
    ):
        with pytest.raises(StateCorrupt):
            check(bad)
