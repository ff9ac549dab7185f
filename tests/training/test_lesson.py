"""Exact caches that have been trained go on learning where answers stand, from readings with the memory in place."""

import torch

from tests.engine.tiny import SEGMENT, make_model, tokens
from tests.training.lookups import asked
from tests.training.test_pointing import EXACT, pointed
from training.calibrate import memories
from training.lesson import practise


def episodes(texts: torch.Tensor) -> list[dict]:
    """Two documents of one segment in each, one question on each document."""
    made = []
    for pair in texts.split(2):
        looks = asked(pair, 3)
        questions = torch.tensor([[*look.ids, 0] for look in looks])
        places = torch.full(questions.shape, -1)
        places[:, 4] = torch.tensor([look.place[0] for look in looks])
        made.append({"documents": pair, "questions": questions, "places": places})
    return made


def test_the_maps_learn_where_answers_stand_and_nothing_else_changes() -> None:
    model = make_model(**EXACT)
    texts, unseen = 3 + tokens(300, SEGMENT, seed=8) % 20, 3 + tokens(40, SEGMENT, seed=9) % 20
    before = {name: p.clone() for name, p in model.named_parameters()}
    first, _ = pointed(model, unseen, asked(unseen, 4))
    ended = practise(model, episodes(texts), 150, seed=1)
    last, _ = pointed(model, unseen, asked(unseen, 4))
    assert len(first) == len(last) == len(ended) == len(memories(model))
    # the queries of later layers change with what earlier ones have learned to find
    assert all(b < a for a, b in zip(first, last, strict=True)) and sum(first) - sum(last) > 1.0, (first, last)
    changed = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert changed and all(".exact." in name and "_gate" not in name for name in changed)


def test_the_same_seed_gives_the_same_lesson_and_an_episode_without_places_teaches_nothing() -> None:
    texts = 3 + tokens(20, SEGMENT, seed=8) % 20
    made = episodes(texts)
    made[3]["places"] = torch.full_like(made[3]["places"], -1)
    one, other = make_model(**EXACT), make_model(**EXACT)
    assert practise(one, made, 10, seed=1) == practise(other, made[:3] + made[4:], 9, seed=1)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
