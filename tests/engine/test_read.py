"""Reading: what must be exactly true of the state that it leaves."""

import pytest
import torch

from engine.memory import remembered
from engine.ops import naive
from engine.ops.naive import RULES, Matrix
from engine.read import tokenize, worth
from engine.state import Layout, State
from tests.engine.tiny import WINDOW, make_decoder, make_memory, make_reader, read_all, same_state, tokens


def close(a: State, b: State) -> None:
    """The same tokens kept, with the same numbers but for rounding."""
    for one, other in zip((*a.slots, *a.keys), (*b.slots, *b.keys), strict=True):
        assert torch.equal(one.position, other.position)
        torch.testing.assert_close(one.k.float(), other.k.float(), rtol=1e-4, atol=1e-4)
    for one, other in zip(a.tail or (), b.tail or (), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


@pytest.fixture(scope="module", params=["qwen2", "llama", "smollm3"])
def reader(request: pytest.FixtureRequest):
    decoder = make_decoder(request.param)
    return make_reader(decoder, make_memory(decoder))


def test_windows_in_groups_give_the_state_of_one_at_a_time(reader) -> None:
    ids = tokens(8 * WINDOW + 5)
    alone = read_all(reader, ids)
    for group in (2, 3, 16):
        close(read_all(reader, ids, group=group * WINDOW), alone)


@pytest.mark.parametrize("cut", [1, WINDOW - 1, WINDOW, WINDOW + 4, 3 * WINDOW, 4 * WINDOW + 7])
def test_reading_a_then_b_is_reading_both(reader, cut: int) -> None:
    ids = tokens(5 * WINDOW + 3)
    both = read_all(reader, ids)
    close(read_all(reader, ids[cut:], read_all(reader, ids[:cut])), both)


def test_documents_side_by_side_are_as_each_alone(reader) -> None:
    ids = tokens(3, 4 * WINDOW + 6)
    together = reader.side_by_side(ids.tolist(), 6 * WINDOW)
    for row, state in zip(ids, together, strict=True):
        close(state, read_all(reader, row).finished())


def test_a_changed_token_changes_nothing_before_it(reader) -> None:
    ids = tokens(4 * WINDOW)
    other = ids.clone()
    at = 2 * WINDOW + 3
    other[at] = (ids[at] + 1) % 300 + 3
    a, b = read_all(reader, ids, group=4 * WINDOW), read_all(reader, other, group=4 * WINDOW)
    for one, changed in zip(a.slots, b.slots, strict=True):
        for n in range(one.k.shape[1]):
            before = {int(p): k for p, k in zip(one.position[0, n], one.k[0, n], strict=True) if p < at}
            still = {int(p): k for p, k in zip(changed.position[0, n], changed.k[0, n], strict=True) if p < at}
            for p in before.keys() & still.keys():
                assert torch.equal(before[p], still[p])
    # and it does change what follows
    assert not all(torch.equal(x.k, y.k) for x, y in zip(a.slots, b.slots, strict=True) if x.k.shape == y.k.shape)


def test_a_token_sees_this_window_and_the_one_before(reader) -> None:
    """In the first layer's output: a token two windows back no longer shows, one in the last window does."""
    decoder = reader.decoder
    ids = tokens(4 * WINDOW)
    shallow = [layer for layer in range(decoder.L) if layer == 1]
    for back, seen in ((WINDOW + 1, True), (2 * WINDOW + 1, False)):
        other = ids.clone()
        last = len(ids) - 1  # the last token of its window: sees its own window and the one before
        other[last - back] = (ids[last - back] + 1) % 300 + 3
        keys = [read_all(reader, text).tail[shallow[0]][0][0, :, -1] for text in (ids, other)]
        assert torch.equal(*keys) is not seen


def test_the_best_scores_stay_with_ties_to_the_earlier_and_sinks_always(reader) -> None:
    """Against a plain sort of all tokens' scores."""
    ids, config = tokens(6 * WINDOW + 4), reader.config
    state = read_all(reader, ids)
    everything = make_reader(reader.decoder, make_memory(reader.decoder, slots=500, pointing_slots=500))
    all_ = read_all(everything, ids)
    for one, full in zip(state.slots, all_.slots, strict=True):
        for n in range(one.k.shape[1]):
            scores = full.score[0, n].tolist()
            best = sorted(range(len(scores)), key=lambda i: (-scores[i], i))[: config.slots]
            assert one.position[0, n].tolist() == sorted(best)
            assert one.position[0, n, : config.sinks].tolist() == list(range(config.sinks))
            for slot, position in enumerate(one.position[0, n].tolist()):
                torch.testing.assert_close(one.k[0, n, slot], full.k[0, n, position], rtol=1e-4, atol=1e-4)
    heads = [h for many in reader.pointing.values() for h in many]
    assert [one.k.shape[:3] for one in state.keys] == [
        (1, len(many), config.pointing_slots) for many in reader.pointing.values()
    ] and heads


def test_saving_loading_and_going_on_is_never_having_stopped(reader) -> None:
    ids, config = tokens(5 * WINDOW + 2), reader.config
    for cut in (2 * WINDOW, 2 * WINDOW + 5):
        half = read_all(reader, ids[:cut])
        data = half.to_bytes("f" * 64, config.slots, config.pointing_slots, config.bits)
        empty = reader.empty().to_bytes("f" * 64, config.slots, config.pointing_slots, config.bits)
        layout = Layout.of(empty, config.bits, config.window)
        loaded = State.from_bytes(data, "f" * 64, layout)
        assert same_state(loaded, half)
        assert same_state(read_all(reader, ids[cut:], loaded), read_all(reader, ids[cut:], half))


def test_slots_in_view_are_seen_while_reading_and_change_nothing_in_the_first_two_windows() -> None:
    decoder, ids = make_decoder("qwen2"), tokens(5 * WINDOW)
    off, on = (make_reader(decoder, make_memory(decoder, slots_in_view=seen)) for seen in (False, True))
    early, late = ids[: 2 * WINDOW], ids
    close(read_all(on, early), read_all(off, early))
    tails = [read_all(r, late).tail[2][0] for r in (on, off)]
    assert not torch.allclose(*tails, atol=1e-3)


@pytest.mark.parametrize("rule", RULES)
def test_what_leaves_the_slots_is_written_to_the_matrix(rule: str) -> None:
    """Against the token-by-token rule over the very tokens that left, window by window."""
    decoder, ids = make_decoder("qwen2"), tokens(5 * WINDOW)
    reader = make_reader(decoder, make_memory(decoder, rule=rule))
    state, wanted = reader.empty(), reader.empty().matrix[1]
    for step in range(5):
        before = state
        state = read_all(reader, ids[step * WINDOW : (step + 1) * WINDOW], before)
        held = read_all(
            make_reader(decoder, make_memory(decoder, slots=500, rule=rule)), ids[: (step + 1) * WINDOW]
        ).slots[1]
        lists = [
            set(before.slots[1].position[0, n].tolist()) | set(range(step * WINDOW, (step + 1) * WINDOW))
            for n in range(decoder.N)
        ]
        left = [sorted(lists[n] - set(state.slots[1].position[0, n].tolist())) for n in range(decoder.N)]
        if not left[0]:
            continue
        index = torch.tensor(left)[None]
        gone = held.pick(index)
        from engine.ops import chunk

        k, w = chunk.features(rule, gone.k), torch.ones(index.shape)
        if rule == "gated_delta":
            w = torch.nn.functional.hardsigmoid(gone.score.float())
        wanted = naive.write(rule, k, gone.v, w, Matrix(*wanted))
    torch.testing.assert_close(state.matrix[1].M, wanted.M, rtol=1e-3, atol=1e-3)
    assert state.matrix[1].M.abs().sum() > 0


def test_marks_of_the_template_in_a_document_are_plain_text(tokenizer) -> None:
    ids = list(tokenize(tokenizer, ["a <|im_end|> b", "c"]).ids)
    assert tokenizer.convert_tokens_to_ids("<|im_end|>") not in ids
    assert tokenize(tokenizer, ["abc", "def"]).page_starts[0] == 0


def test_a_finished_state_has_the_same_size_whatever_the_length() -> None:
    decoder = make_decoder("qwen2")
    for bits in (4, 8):
        reader = make_reader(decoder, make_memory(decoder, bits=bits))
        c = reader.config
        sizes = {
            len(read_all(reader, tokens(n)).finished().to_bytes("f" * 64, c.slots, c.pointing_slots, bits))
            for n in (1, 40, 90)
        }
        assert len(sizes) == 1


@pytest.mark.parametrize("rule", ["none", "delta", "gated_delta"])
def test_slots_and_matrices_of_many_documents_answer_in_one_batch(rule: str) -> None:
    """Rows of different documents see their own slots and matrix and no others', also where one has not filled its slots."""
    decoder = make_decoder("qwen2")
    memory = make_memory(decoder, rule=rule)
    reader = make_reader(decoder, memory)
    states = [read_all(reader, tokens(n, seed=n)) for n in (4 * WINDOW, 5)]
    question = tokens(1, 5, seed=8)

    def answer(chosen: list[State]) -> torch.Tensor:
        cache = remembered(decoder, memory, chosen)
        with torch.inference_mode():
            return decoder.logits(decoder.forward(question.expand(len(chosen), -1), cache, torch.arange(5)))

    both = answer(states)
    assert rule == "none" or all(state.matrix[0].M.any() for state in states[:1])
    for row, state in enumerate(states):
        torch.testing.assert_close(both[row : row + 1], answer([state]), rtol=1e-4, atol=1e-4)
    assert not torch.allclose(both[0], both[1], atol=1e-3)


def test_worth_is_the_mean_of_the_four_best() -> None:
    assert worth(bytes([128, 136, 136, 136, 136, 0])) == 1.0
    assert worth(b"") == float("-inf")
