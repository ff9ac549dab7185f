"""The rules in matrix products against the token-by-token ones, and both against numbers worked out by hand."""

import pytest
import torch
import torch.nn.functional as F

from engine.ops import chunk, naive
from engine.ops.naive import NORMALISED, RULES, Matrix

BATCH, HEADS, MEMORY_HEADS, WIDTH, VALUE = 2, 12, 3, 8, 5
LENGTHS = [1, 13, 63, 64, 65, 131]


def random_write(rule: str, length: int, batch: int = BATCH, seed: int = 0) -> tuple[torch.Tensor, ...]:
    """Keys as that rule gets them, values, and raw strengths of which many clamp to exactly 0 and some to exactly 1."""
    chance = torch.Generator().manual_seed(seed)
    k = torch.randn(batch, MEMORY_HEADS, length, WIDTH, generator=chance)
    k = F.normalize(k, dim=-1) if rule == "gated_delta" else F.elu(k) + 1.0
    v = torch.randn(batch, MEMORY_HEADS, length, VALUE, generator=chance)
    return k, v, 0.3 + torch.randn(batch, MEMORY_HEADS, length, generator=chance)


def empty(rule: str, sizes: tuple[int, int, int, int]) -> Matrix:
    """An empty matrix of (B, N, K, V)."""
    m = torch.zeros(sizes)
    return Matrix(m, torch.zeros(sizes[:3]) if rule in NORMALISED else None)


def random_state(rule: str, batch: int = BATCH) -> Matrix:
    k, v, w = random_write(rule, 11, batch, seed=1)
    return naive.write(rule, k, v, w.clamp(0, 1), empty(rule, (batch, MEMORY_HEADS, WIDTH, VALUE)))


def total(ops, rule: str, inputs: list[torch.Tensor], state: Matrix) -> tuple[list[torch.Tensor], torch.Tensor]:
    """Everything that one read, one write and another read give, and a number that depends on all of it."""
    k, v, raw, q = inputs
    before = ops.read(q, state)
    after = ops.write(rule, k, v, raw.clamp(0, 1), state)
    outs = [before, ops.read(q, after), *(t for t in after if t is not None)]
    weights = [torch.linspace(-1, 1, out.numel()).view(out.shape) for out in outs]
    return outs, sum((out * weight).sum() for out, weight in zip(outs, weights, strict=True))


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("rule", RULES)
def test_chunk_agrees_with_naive_in_outputs_and_gradients(rule: str, length: int) -> None:
    start = random_state(rule)
    chance = torch.Generator().manual_seed(3)
    q = torch.rand(BATCH, HEADS, 7, WIDTH, generator=chance)
    found = {}
    for ops in (naive, chunk):
        inputs = [t.clone().requires_grad_() for t in (*random_write(rule, length), q)]
        state = Matrix(*(None if t is None else t.clone().requires_grad_() for t in start))
        outs, number = total(ops, rule, inputs, state)
        leaves = inputs + [t for t in state if t is not None]
        found[ops] = [*outs, *torch.autograd.grad(number, leaves)]
    for truth, quick in zip(found[naive], found[chunk], strict=True):
        torch.testing.assert_close(quick, truth, rtol=2e-4, atol=2e-4)


def test_some_of_the_strengths_in_these_tests_are_exactly_zero_and_one() -> None:
    w = random_write("gated_delta", 131)[2].clamp(0, 1)
    assert (w == 0).sum() > 20 and (w == 1).sum() > 20
    assert (w > 0).sum(-1).unique().numel() > 1, "heads that keep different numbers of tokens"


@pytest.mark.parametrize("ops", [naive, chunk])
@pytest.mark.parametrize("rule", RULES)
def test_strength_zero_writes_nothing(ops, rule: str) -> None:
    state = random_state(rule)
    k, v, w = random_write(rule, 70)
    after = ops.write(rule, k, v, torch.zeros_like(w), state)
    assert torch.equal(after.M, state.M)
    assert rule == "gated_delta" or torch.equal(after.z, state.z)


@pytest.mark.parametrize("rule", RULES)
def test_strength_all_zeros_passes_gradients_to_the_state(rule: str) -> None:
    state = Matrix(*(None if t is None else t.clone().requires_grad_() for t in random_state(rule)))
    k, v, w = random_write(rule, 9)
    chunk.write(rule, k, v, torch.zeros_like(w), state).M.sum().backward()
    torch.testing.assert_close(state.M.grad, torch.ones_like(state.M))


@pytest.mark.parametrize("zeros", [0, 40])
@pytest.mark.parametrize("rule", RULES)
def test_one_text_is_written_to_many_states_at_once(rule: str, zeros: int) -> None:
    state = random_state(rule, batch=4)
    k, v, w = (t[:1] for t in random_write(rule, 67))
    w = w.clamp(0.1, 1).clone()
    w[..., :zeros] = 0.0
    many = chunk.write(rule, k, v, w, state)
    for i in range(4):
        one = Matrix(*(None if t is None else t[i : i + 1] for t in state))
        alone = naive.write(rule, k, v, w, one)
        torch.testing.assert_close(many.M[i : i + 1], alone.M, rtol=1e-4, atol=1e-4)
        assert rule == "gated_delta" or torch.allclose(many.z[i : i + 1], alone.z, rtol=1e-4)


@pytest.mark.parametrize("ops", [naive, chunk])
@pytest.mark.parametrize("rule", RULES)
def test_one_question_is_read_from_many_states_at_once(ops, rule: str) -> None:
    state = random_state(rule, batch=4)
    q = torch.rand(1, HEADS, 7, WIDTH, generator=torch.Generator().manual_seed(4))
    out = ops.read(q, state)
    assert out.shape == (4, HEADS, 7, VALUE)
    for i in range(4):
        one = Matrix(*(None if t is None else t[i : i + 1] for t in state))
        torch.testing.assert_close(out[i : i + 1], naive.read(q, one), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("ops", [naive, chunk])
def test_query_heads_read_the_memory_head_of_their_group(ops) -> None:
    state = random_state("gated_delta")
    only = Matrix(torch.zeros_like(state.M).index_copy(1, torch.tensor([1]), state.M[:, 1:2]), None)
    out = ops.read(torch.ones(BATCH, HEADS, 1, WIDTH), only)
    group = HEADS // MEMORY_HEADS
    assert out[:, group : 2 * group].abs().min() > 0
    assert out[:, :group].abs().max() == 0 and out[:, 2 * group :].abs().max() == 0


def column(*rows: list[float]) -> torch.Tensor:
    """Rows as tokens of one document and one head."""
    return torch.tensor(rows).view(1, 1, len(rows), -1)


@pytest.mark.parametrize("ops", [naive, chunk])
def test_equations_7_and_8_by_hand(ops) -> None:
    k, v = column([1.0, 2.0], [3.0, 1.0]), column([1.0, 0.0, 2.0], [0.0, 1.0, 1.0])
    state = ops.write("linear", k, v, torch.ones(1, 1, 2), empty("linear", (1, 1, 2, 3)))
    assert state.M.tolist() == [[[[1.0, 3.0, 5.0], [2.0, 1.0, 5.0]]]]
    assert state.z.tolist() == [[[4.0, 3.0]]]
    out = ops.read(column([1.0, 1.0], [0.0, 2.0]), state)
    torch.testing.assert_close(out, column([3 / 7, 4 / 7, 10 / 7], [2 / 3, 1 / 3, 5 / 3]), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("ops", [naive, chunk])
def test_equation_9_by_hand(ops) -> None:
    """What is retrieved is what the memory held before the segment: the second of two like tokens finds no first."""
    before = Matrix(torch.tensor([[[[1.0, 3.0, 5.0], [2.0, 1.0, 5.0]]]]), torch.tensor([[[4.0, 3.0]]]))
    k, v = column([2.0, 0.0], [2.0, 0.0]), column([1.0, 1.0, 1.0], [1.0, 1.0, 1.0])
    state = ops.write("delta", k, v, torch.ones(1, 1, 2), before)
    # found (2, 6, 10) / 8; so each of the two tokens adds 2 (0.75, 0.25, -0.25) to the first row
    expected = torch.tensor([[[[4.0, 4.0, 4.0], [2.0, 1.0, 5.0]]]])
    torch.testing.assert_close(state.M, expected, rtol=1e-5, atol=1e-5)
    assert state.z.tolist() == [[[8.0, 3.0]]]


@pytest.mark.parametrize("ops", [naive, chunk])
def test_equation_9_on_an_empty_memory_is_equation_8(ops) -> None:
    k, v, w = random_write("delta", 9)
    nothing = empty("delta", (BATCH, MEMORY_HEADS, WIDTH, VALUE))
    ones = torch.ones_like(w)
    assert torch.equal(ops.write("delta", k, v, ones, nothing).M, ops.write("linear", k, v, ones, nothing).M)


@pytest.mark.parametrize("ops", [naive, chunk])
def test_gated_delta_by_hand(ops) -> None:
    """The second value under the same key replaces half of the first; the third token is not written at all."""
    k = column([0.0, 1.0], [0.0, 1.0], [1.0, 0.0])
    v = column([1.0, 2.0, 3.0], [5.0, 5.0, 5.0], [9.0, 9.0, 9.0])
    w = torch.tensor([[[1.0, 0.5, 0.0]]])
    state = ops.write("gated_delta", k, v, w, empty("gated_delta", (1, 1, 2, 3)))
    assert state.M.tolist() == [[[[0.0, 0.0, 0.0], [3.0, 3.5, 4.0]]]]
    assert state.z is None


@pytest.mark.parametrize("ops", [naive, chunk])
@pytest.mark.parametrize("rule", RULES)
def test_nothing_is_changed_in_place_and_everything_is_float32(ops, rule: str) -> None:
    state = random_state(rule)
    copy = [None if t is None else t.clone() for t in state]
    k, v, w = (t.bfloat16() for t in random_write(rule, 66))
    after = ops.write(rule, k, v, w.clamp(0, 1), state)
    out = ops.read(torch.ones(BATCH, HEADS, 1, WIDTH, dtype=torch.bfloat16), after)
    assert all(a is None or torch.equal(a, b) for a, b in zip(copy, state, strict=True))
    assert not torch.equal(after.M, state.M)
    assert {t.dtype for t in (*after, out) if t is not None} == {torch.float32}


@pytest.mark.parametrize("ops", [naive, chunk])
@pytest.mark.parametrize("rule", RULES)
def test_an_empty_memory_recalls_exactly_nothing(ops, rule: str) -> None:
    out = ops.read(torch.ones(BATCH, HEADS, 2, WIDTH), empty(rule, (BATCH, MEMORY_HEADS, WIDTH, VALUE)))
    assert torch.equal(out, torch.zeros(BATCH, HEADS, 2, VALUE))
