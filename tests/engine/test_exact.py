"""The exact cache: the tokens worth most stay, in their order, as they were; nothing kept recalls nothing."""

import pytest
import torch
import torch.nn.functional as F

from engine.ops.exact import EMPTY, Kept, keep, keep_all, near, nothing_kept, recall

BATCH, HEADS, MEMORY_HEADS, SLOTS, WIDTH = 2, 6, 3, 5, 4


def texts(tokens: int, seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Keys, values and scores of random tokens; numbers that bfloat16 holds."""
    chance = torch.Generator().manual_seed(seed)
    k, v = (torch.randint(-8, 9, (BATCH, MEMORY_HEADS, tokens, WIDTH), generator=chance) / 4 for _ in range(2))
    return k, v, torch.randn(BATCH, MEMORY_HEADS, tokens, generator=chance)


def empty() -> Kept:
    return nothing_kept((BATCH, MEMORY_HEADS, SLOTS, WIDTH))


@pytest.mark.parametrize("pieces", [[13], [1, 12], [7, 6], [1] * 13, [3, 1, 8, 1]])
def test_the_best_of_all_tokens_are_kept_however_they_come(pieces: list[int]) -> None:
    k, v, scores = texts(13, seed=1)
    kept = empty()
    for some in zip(*(t.split(pieces, dim=2) for t in (k, v, scores)), strict=True):
        kept = keep(*some, kept)
    for b in range(BATCH):
        for n in range(MEMORY_HEADS):
            best = sorted(sorted(range(13), key=lambda t: -scores[b, n, t])[:SLOTS])
            assert kept.scores[b, n].tolist() == scores[b, n, best].tolist()
            assert torch.equal(kept.k[b, n].float(), k[b, n, best]) and torch.equal(kept.v[b, n].float(), v[b, n, best])


def test_empty_slots_come_first_and_the_size_never_changes() -> None:
    kept = keep(*texts(3, seed=2), empty())
    assert [t.shape for t in kept] == [t.shape for t in empty()]
    assert (kept.scores[..., :2] == EMPTY).all() and (kept.scores[..., 2:] > EMPTY).all()


@pytest.mark.parametrize("read", [3, 5, 9])
def test_recall_is_softmax_attention_with_a_way_out(read: int) -> None:
    kept = keep(*texts(read, seed=3), empty())
    q = torch.randn(BATCH, HEADS, 7, WIDTH, generator=torch.Generator().manual_seed(4))
    sink = torch.linspace(-1, 2, HEADS)
    out = recall(q, sink, kept)
    for b, h, t in ((0, 0, 0), (1, 2, 6), (1, 5, 3), (0, 4, 1)):
        n = h // (HEADS // MEMORY_HEADS)
        filled = kept.scores[b, n] > EMPTY
        k, v, scores = (x[b, n][filled].float() for x in kept)
        weights = torch.cat([sink[h : h + 1], k @ q[b, h, t] + scores.sigmoid().log()]).exp()
        torch.testing.assert_close(out[b, h, t], (weights[1:, None] * v).sum(0) / weights.sum())
    assert len(filled) == SLOTS and int(filled.sum()) == min(read, SLOTS)


@pytest.mark.parametrize("pieces", [[13], [6, 7], [1] * 13])
def test_every_token_may_be_kept_as_it_came(pieces: list[int]) -> None:
    k, v, scores = texts(13, seed=1)
    kept = nothing_kept((BATCH, MEMORY_HEADS, 0, WIDTH))
    for some in zip(*(t.split(pieces, dim=2) for t in (k, v, scores)), strict=True):
        kept = keep_all(*some, kept)
    assert torch.equal(kept.k.float(), k) and torch.equal(kept.v.float(), v) and torch.equal(kept.scores, scores)
    assert kept.k.dtype == torch.bfloat16


@pytest.mark.parametrize("top", [13, 20, 0])
def test_a_query_that_may_look_at_as_many_as_there_are_attends_to_all(top: int) -> None:
    k, v, _ = texts(13, seed=3)
    kept = keep_all(k, v, torch.full(k.shape[:3], 60.0), nothing_kept((BATCH, MEMORY_HEADS, 0, WIDTH)))
    q = torch.randn(BATCH, HEADS, 7, WIDTH, generator=torch.Generator().manual_seed(4))
    group = HEADS // MEMORY_HEADS
    plain = F.scaled_dot_product_attention(q, k.repeat_interleave(group, 1), v.repeat_interleave(group, 1), scale=1.0)
    out = recall(q, torch.full((HEADS,), -60.0), kept, top)
    torch.testing.assert_close(out, plain, rtol=1e-4, atol=1e-5)


def test_a_query_attends_to_the_few_most_like_it() -> None:
    kept = keep_all(*texts(13, seed=3), nothing_kept((BATCH, MEMORY_HEADS, 0, WIDTH)))
    q = torch.randn(BATCH, HEADS, 7, WIDTH, generator=torch.Generator().manual_seed(4))
    sink = torch.linspace(-1, 2, HEADS)
    q.requires_grad_()
    out = recall(q, sink, kept, top=4)
    for b, h, t in ((0, 0, 0), (1, 2, 6), (1, 5, 3), (0, 4, 1)):
        k, v, scores = (x[b, h // (HEADS // MEMORY_HEADS)].float() for x in kept)
        found = k @ q[b, h, t] + scores.sigmoid().log()
        best = found.topk(4).indices
        weights = torch.cat([sink[h : h + 1], found[best]]).exp()
        torch.testing.assert_close(out[b, h, t], (weights[1:, None] * v[best]).sum(0) / weights.sum())
    assert torch.autograd.grad(out.sum(), q)[0].abs().min() > 0


def test_nothing_kept_recalls_nothing() -> None:
    q = torch.ones(BATCH, HEADS, 3, WIDTH)
    assert not recall(q, torch.full((HEADS,), -9.0), empty()).any()


def test_a_token_that_is_worth_little_is_hardly_recalled() -> None:
    k, v, _ = texts(2, seed=5)
    scores = torch.tensor([-60.0, 60.0]).expand(BATCH, MEMORY_HEADS, 2)
    out = recall(torch.zeros(BATCH, HEADS, 1, WIDTH), torch.full((HEADS,), -60.0), keep(k, v, scores, empty()))
    expected = v[:, :, 1].repeat_interleave(HEADS // MEMORY_HEADS, 1)
    torch.testing.assert_close(out[:, :, 0], expected, rtol=1e-4, atol=1e-4)


def test_a_key_lies_beside_those_before_it_and_none_come_from_another_row() -> None:
    k, _, _ = texts(4, seed=3)
    assert near(k, 1) is k
    found = near(k, 3).unflatten(-1, (3, WIDTH))
    for t in range(4):
        for back in range(3):
            assert torch.equal(found[:, :, t, back], k[:, :, t - back] if t >= back else torch.zeros_like(k[:, :, 0]))
