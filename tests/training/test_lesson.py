"""Exact caches that have been trained go on learning what is worth keeping and where answers stand."""

import random

import torch
from torch import Tensor

from engine.model import InfiniForCausalLM
from engine.ops.exact import keep, nothing_kept
from engine.passes import Fold
from engine.state import MemoryState
from tests.engine.tiny import SEGMENT, make_model, tokens
from tests.training.lookups import asked
from tests.training.test_pointing import EXACT, pointed
from training import keeping, lesson
from training.calibrate import memories
from training.lesson import practise

BOOK = tokens(16, SEGMENT, seed=11).flatten() % 10  # ids that no document below has beside the wanted ones


def episodes(texts: Tensor, kind: str = "facts") -> list[dict]:
    """Two documents of one segment in each, one question on each document."""
    made = []
    for pair in texts.split(2):
        looks = asked(pair, 3)
        questions = torch.tensor([[*look.ids, 0] for look in looks])
        places = torch.full(questions.shape, -1)
        places[:, 4] = torch.tensor([look.place[0] for look in looks])
        made.append({"documents": pair, "questions": questions, "places": places, "kinds": [kind, kind]})
    return made


def test_the_maps_learn_where_answers_stand_and_nothing_but_the_caches_changes() -> None:
    model = make_model(**EXACT)
    texts, unseen = 3 + tokens(300, SEGMENT, seed=8) % 20, 3 + tokens(40, SEGMENT, seed=9) % 20
    before = {name: p.clone() for name, p in model.named_parameters()}
    first, _ = pointed(model, unseen, asked(unseen, 4))
    ended = practise(model, episodes(texts), 150, BOOK, seed=1)
    last, _ = pointed(model, unseen, asked(unseen, 4))
    assert len(first) == len(last) == len(ended) == len(memories(model))
    # the queries of later layers change with what earlier ones have learned to find
    assert sum(first) - sum(last) > 1.0, (first, last)
    changed = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert changed and all(".exact." in name and "read_gate" not in name for name in changed)


def test_the_same_seed_gives_the_same_lesson_and_an_episode_without_places_teaches_nothing() -> None:
    texts = 3 + tokens(20, SEGMENT, seed=8) % 20
    made = episodes(texts)
    made[3]["places"] = torch.full_like(made[3]["places"], -1)
    one, other = make_model(**EXACT), make_model(**EXACT)
    assert practise(one, made, 10, BOOK, seed=1) == practise(other, made[:3] + made[4:], 9, BOOK, seed=1)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))


def test_documents_whose_questions_fit_each_other_are_not_asked_side_by_side() -> None:
    looks = [lesson.Looks(*[torch.zeros(1)] * 4, kind) for kind in ["passkey"] * 6 + ["facts"] * 6]
    groups = [lesson._group(random.Random(seed), looks) for seed in range(40)]
    assert all(len(group) == lesson.TOGETHER == len(set(group)) for group in groups)
    keys = [sum(i < 6 for i in group) for group in groups]
    assert max(keys) == 1 and min(keys) == 0


def states(model: InfiniForCausalLM, ids: Tensor) -> dict[int, Tensor]:
    """Hidden states at every memory of rows read one by one, `[R*S,hidden]`."""
    seen = {}

    class Seeing(Fold):
        def attend(self, slot, memory, x, local):
            seen[slot] = x.hidden.flatten(0, 1)
            return local

    with torch.no_grad():
        model.write(ids, Seeing(MemoryState.empty(model.config), len(ids)))
    return seen


def test_wanted_tokens_outlast_a_book_that_would_have_pushed_them_out() -> None:
    model = make_model(**EXACT)
    wanted, book = tokens(8, SEGMENT, seed=3) % 5 + 40, tokens(64, SEGMENT, seed=4) % 30
    mine, other = states(model, wanted), states(model, book)
    for slot, memory in memories(model).items():
        cache = memory.exact
        cache.reset()
        assert survivors(cache, mine[slot], other[slot]) == 0.0
        stood = keeping.rank(cache, mine[slot], other[slot], seed=1)
        assert survivors(cache, mine[slot], other[slot]) > 0.95 and stood > 0.95


@torch.no_grad()
def survivors(cache, mine: Tensor, other: Tensor) -> float:
    """The share of `mine` that a cache with as many slots holds, `other` being read as well."""
    scores = torch.cat([cache.scores(rows[None]) for rows in (other, mine)], dim=-1)
    marks = torch.cat([torch.zeros(len(other)), torch.ones(len(mine))])[None, None, :, None].expand(*scores.shape, 1)
    kept = keep(marks, marks, scores, nothing_kept((1, scores.shape[1], len(mine), 1)))
    return kept.v.float().mean().item()
