"""Before training, what is asked about is written, and the query of a question meets the key of its answer."""

import pytest
import torch

from engine.passes import Fold, Projected
from engine.state import MemoryState
from tests.engine.tiny import SEGMENT, make_model, tokens
from tests.training.lookups import asked
from training.calibrate import Lookup, align, memories, open_gates

GATES = ("write_gate.weight", "write_gate.bias")
MAPS = ("map.weight", "map.bias")


class Strengths(Fold):
    """Keeps how strongly each token was written."""

    def attend(self, slot, memory, x: Projected, local):
        self.by_token = [*getattr(self, "by_token", []), memory.strengths(x.hidden)[:, 0].flatten()]
        return super().attend(slot, memory, x, local)


class Seen:
    """Keeps what each layer would look up and write; no memory takes part."""

    def __init__(self):
        self.queries, self.keys = [], []

    def attend(self, slot, memory, x: Projected, local):
        self.queries.append(memory.queries(x.q))
        self.keys.append(memory.keys(x.k))
        return local


def changed(model, before) -> set[str]:
    return {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}


def weights(model) -> dict[str, torch.Tensor]:
    return {name: p.clone() for name, p in model.named_parameters()}


def marked(count: int, seed: int) -> tuple[torch.Tensor, list[Lookup]]:
    """Texts of plain tokens, each with one token of another kind that is asked about."""
    texts = 3 + tokens(count, SEGMENT, seed=seed) % 30
    chance = torch.Generator().manual_seed(seed)
    places = torch.randint(0, SEGMENT, (count,), generator=chance)
    texts[torch.arange(count), places] = 100 + tokens(1, count, seed=seed)[0] % 3
    return texts, [Lookup(i, [5], [0], [place]) for i, place in enumerate(places.tolist())]


def test_what_is_asked_about_is_written_and_the_rest_is_left_alone():
    model = make_model()
    before = weights(model)
    open_gates(model, *marked(300, seed=1), group=9)
    unseen, lookups = marked(50, seed=2)
    with torch.no_grad():
        seen = Strengths(MemoryState.empty(model.config), len(unseen))
        model.write(unseen, seen)
    asked = torch.zeros(unseen.shape, dtype=torch.bool)
    asked[torch.arange(len(unseen)), [look.place[0] for look in lookups]] = True
    for strengths in seen.by_token:
        told, rest = strengths[asked.flatten()], strengths[~asked.flatten()]
        assert told.mean() - rest.mean() > 0.5
        assert (rest == 0).float().mean() > 3 * (told == 0).float().mean()
    names = changed(model, before)
    assert len(names) == 2 * len(memories(model)) and all(name.endswith(GATES) for name in names)


def test_an_exact_cache_that_is_alone_is_set_itself():
    model = make_model("llama", "exact")
    with torch.no_grad():
        for memory in memories(model).values():
            memory.exact.read_gate.zero_()  # or what is kept otherwise would change what is seen
    before = weights(model)
    open_gates(model, *marked(300, seed=1), group=9)
    with torch.no_grad():
        text, lookups = marked(50, seed=2)
        seen = Fold(MemoryState.empty(model.config), len(text))
        model.write(text, seen)
    places = [look.place[0] for look in lookups]
    for worth in seen.worth.values():
        told = worth[torch.arange(len(text)), places]
        assert told.mean() - (worth.sum() - told.sum()) / (worth.numel() - len(told)) > 1.0
    names = changed(model, before)
    assert len(names) == 2 * len(memories(model)) and all(".exact." in n and n.endswith(GATES) for n in names)
    align(model, 3 + tokens(300, SEGMENT, seed=8) % 20, asked(3 + tokens(300, SEGMENT, seed=8) % 20, 3), group=11)
    names = changed(model, before) - names
    assert len(names) == 4 * len(memories(model)) and all(".exact." in n and n.endswith(MAPS) for n in names)
    for name, weight in model.named_parameters():
        if name.endswith("exact.key_map.weight"):
            taken, of_those_before = weight.split(10, dim=1)
            assert not torch.equal(taken, before[name][:, :10]) and torch.equal(of_those_before, before[name][:, 10:])


def test_gates_are_not_set_from_texts_that_nothing_is_asked_about():
    with pytest.raises(ValueError, match="nothing is asked about"):
        open_gates(make_model(), tokens(4, SEGMENT), [])


def likeness(model, texts: torch.Tensor, lookups: list[Lookup]) -> tuple[float, float]:
    """Mean cosine of a question's query with its answer's key, and with the keys of other questions' answers."""
    with torch.no_grad():
        text, question = Seen(), Seen()
        model.write(texts, text)
        model.write(torch.tensor([look.ids for look in lookups]), question)
    own, other = [], []
    for q, k in zip(question.queries, text.keys, strict=True):
        keys = k[torch.arange(len(lookups)), :, [look.place[0] for look in lookups]]
        keys = keys.repeat_interleave(q.shape[1] // k.shape[1], dim=1)
        cosines = torch.einsum("ahk,bhk->hab", q[:, :, 3], keys)
        matched = cosines.diagonal(dim1=1, dim2=2)
        own.append(matched.mean())
        other.append((cosines.sum() - matched.sum()) / (cosines.numel() - matched.numel()))
    return torch.stack(own).mean().item(), torch.stack(other).mean().item()


def test_the_query_of_a_question_meets_the_key_of_its_answer():
    model = make_model("llama", "gated_delta-pairs", key_width=40)
    texts = 3 + tokens(300, SEGMENT, seed=8) % 20
    unseen = 3 + tokens(70, SEGMENT, seed=9) % 20
    before, own_before = weights(model), likeness(model, unseen, asked(unseen, 4))
    align(model, texts, asked(texts, 3), group=11)
    own, other = likeness(model, unseen, asked(unseen, 4))
    assert own_before[0] - own_before[1] < 0.05
    assert own - other > 0.1 and abs(other) < 0.05
    names = changed(model, before)
    assert len(names) == 4 * len(memories(model)) and all(name.endswith(MAPS) for name in names)
    assert all(torch.isfinite(p).all() for p in model.parameters())
