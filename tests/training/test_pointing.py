"""An exact cache is told where an answer stands."""

import math

import torch

from engine.memory import Writable
from engine.ops.exact import Kept
from engine.passes import Fold, Recall
from engine.state import MemoryState
from tests.engine.tiny import SEGMENT, make_model, tokens
from tests.training.lookups import asked
from training.calibrate import Lookup, memories, share
from training.pointing import PointedRecall, _elsewhere, miss, teach

EXACT = {"family": "llama", "memory": "gated_delta-exact"}


def pointed(
    model, texts: torch.Tensor, lookups: list[Lookup], beside: torch.Tensor | None = None
) -> tuple[list[float], torch.Tensor]:
    """By how much each layer misses what is asked for, each question being about its own text; and the hidden states."""
    fold = Fold(MemoryState.empty(model.config, len(texts)), 1)
    rows = dict.fromkeys(memories(model))

    def look(slot, memory, x, local, attend=fold.attend):
        rows[slot] = memory.writable(x)
        return attend(slot, memory, x, local)

    fold.attend = look
    questions = torch.tensor([look.ids for look in lookups])
    places = torch.full(questions.shape, -1)
    places[:, 3] = torch.tensor([look.place[0] for look in lookups])
    with torch.no_grad():
        model.write(texts, fold)
        recall = PointedRecall(fold.state(), rows, places, beside)
        hidden = model.hidden(questions, recall)
        torch.testing.assert_close(hidden, model.hidden(questions, Recall(fold.state())))
    return [float(m) for m in recall.misses], hidden


def test_a_miss_is_minus_log_of_the_attention_that_heads_give_on_average() -> None:
    shares = torch.tensor([[0.5, 0.1], [0.25, 0.35]])
    expected = -(math.log(0.3) + math.log(0.3)) / 2
    assert abs(float(miss(-shares.log())) - expected) < 1e-6


def test_the_lesson_lets_caches_look_where_the_answer_stands() -> None:
    model = make_model(**EXACT)
    texts, unseen = 3 + tokens(300, SEGMENT, seed=8) % 20, 3 + tokens(40, SEGMENT, seed=9) % 20
    before = {name: p.clone() for name, p in model.named_parameters()}
    first, _ = pointed(model, unseen, asked(unseen, 4))
    teach(model, texts, asked(texts, 3), seed=1)
    last, _ = pointed(model, unseen, asked(unseen, 4))
    assert len(first) == len(last) == len(memories(model))
    assert all(b < a - 0.3 for a, b in zip(first, last, strict=True)), (first, last)
    changed = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert changed and all(".exact." in name and "read_gate" not in name for name in changed)


def test_a_cache_begins_with_what_the_memory_beside_it_has_learned() -> None:
    model = make_model("llama", "gated_delta-exact", feature_map="pairs")
    share(model)
    for memory in memories(model).values():
        assert torch.equal(memory.exact.key_map.weight[:, : memory.key_map.width], memory.key_map.weight)
        assert not memory.exact.key_map.weight[:, memory.key_map.width :].any()
        assert torch.equal(memory.exact.query_map.bias, memory.query_map.bias)
        assert torch.equal(memory.exact.write_gate.weight, memory.write_gate.weight)


def test_what_is_no_longer_kept_is_never_missed_by_less_than_nothing() -> None:
    model = make_model(**EXACT)
    texts = 3 + tokens(6, SEGMENT, seed=9) % 20
    with torch.no_grad():
        for memory in memories(model).values():
            memory.exact.write_gate.bias.fill_(40.0)  # all of it worth more than what is kept
            memory.exact.log_sharpness.fill_(5.0)
    looks = asked(texts, 4)
    fold = Fold(MemoryState.empty(model.config, len(texts)), 1)
    rows = {}

    def look(slot, memory, x, local, attend=fold.attend):
        rows[slot] = memory.writable(x)
        return attend(slot, memory, x, local)

    fold.attend = look
    places = torch.full((len(looks), len(looks[0].ids)), -1)
    places[:, 3] = torch.tensor([look.place[0] for look in looks])
    with torch.no_grad():
        model.write(texts, fold)
        state = fold.state()
        gone = state._replace(kept=state.kept._replace(scores=torch.full_like(state.kept.scores, float("-inf"))))
        recall = PointedRecall(gone, rows, places)
        model.hidden(torch.tensor([look.ids for look in looks]), recall)
    assert recall.misses and all(float(m) >= 0 for m in recall.misses)


def test_tokens_of_other_documents_are_missed_only_where_they_lie_beside() -> None:
    model = make_model(**EXACT)
    texts = 3 + tokens(3, SEGMENT, seed=8) % 20
    looks = asked(texts, 4)
    alone, hidden = pointed(model, texts, looks)
    nothing, _ = pointed(model, texts, looks, torch.zeros(3, 3, dtype=torch.bool))
    some, _ = pointed(model, texts, looks, torch.tensor([[0, 1, 0], [1, 0, 0], [0, 0, 0]], dtype=torch.bool))
    every, same = pointed(model, texts, looks, ~torch.eye(3, dtype=torch.bool))
    assert nothing == alone and torch.equal(hidden, same)
    assert all(a < b < c for a, b, c in zip(alone, some, every, strict=True)), (alone, some, every)


def test_the_lesson_among_several_documents_is_that_of_a_row_that_holds_them_all() -> None:
    model = make_model(**EXACT)
    cache = memories(model)[0].exact
    chance = torch.Generator().manual_seed(3)
    k, scores = torch.randn(3, 2, 5, 10, generator=chance), torch.randn(3, 2, 5, generator=chance)
    q = torch.randn(4, 4, 10, generator=chance)
    flat = lambda t: t.transpose(0, 1).flatten(1, 2)[None]  # noqa: E731
    whole = cache.logits(q.transpose(0, 1)[None], Kept(flat(k), flat(k), flat(scores[..., None])[..., 0]))
    expected = whole.flatten(1, 2)[0, :, :, 1:].logsumexp(-1).T
    written = Writable(k, k, scores, k, scores)
    found = _elsewhere(
        cache.queries(q.transpose(0, 1)[None])[0].transpose(0, 1), written, torch.ones(4, 3, dtype=torch.bool)
    )
    torch.testing.assert_close(found, expected)
