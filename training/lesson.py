"""Lessons for exact caches that have been trained: what is worth keeping, and where it is found again.

`training.pointing.teach` begins from a plain model, with texts of one segment. Here the texts are episodes' documents and the
queries those of questions asked after reading, which the memory has answered in part by the layer that asks. Nothing flows
through the model, so hundreds of steps a layer cost no more than a few of the whole model.
"""

import random
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils.data import Dataset

from engine.exact import ExactCache
from engine.memory import InfiniMemory, Projected
from engine.model import InfiniForCausalLM
from engine.ops.exact import Kept
from engine.passes import Fold, Recall
from engine.state import MemoryState
from training.calibrate import memories
from training.keeping import rank
from training.pointing import miss_among
from training.rows import ALONE
from training.tape import record

STEPS, TOGETHER, MOST_ASKED, RATE = 300, 4, 48, 2e-3
LEARNED = ("log_sharpness", "sink", "key_map", "query_map")


class Looks(NamedTuple):
    """What one layer sees of a document: what keys are made of `k [N,T,E*D]`, and `hidden [T,hidden]`, of its tokens; queries `q
    [P,H,D]` of questions asked after it, and the `place [P]` in the document that each asks for; the document's kind."""

    k: Tensor
    hidden: Tensor
    q: Tensor
    place: Tensor
    kind: str


class Lesson(NamedTuple):
    """How a layer stood at the end: the share of wanted tokens above the best of a book, and the mean miss in nats."""

    kept: float
    missed: float


class _Reading(Fold):
    def __init__(self, state: MemoryState, segments: int):
        super().__init__(state, segments)
        self.seen: dict[int, tuple[Tensor, Tensor]] = {}

    def attend(self, slot: int, memory: InfiniMemory, x: Projected, local: Tensor) -> Tensor:
        self.seen[slot] = (memory.exact.near(x.k), x.hidden)
        return super().attend(slot, memory, x, local)


class _Asking(Recall):
    def __init__(self, state: MemoryState):
        super().__init__(state)
        self.seen: dict[int, Tensor] = {}

    def attend(self, slot: int, memory: InfiniMemory, x: Projected, local: Tensor) -> Tensor:
        self.seen[slot] = x.q
        return super().attend(slot, memory, x, local)


def practise(model: InfiniForCausalLM, episodes: Dataset, count: int, book: Tensor, seed: int) -> list[Lesson]:
    """Let every exact cache learn from the first `count` of the `episodes` where answers stand: its write gate that they are worth
    more than the tokens of `book [P*S]`, then its maps to find them among the tokens of several documents."""
    looks: dict[int, list[Looks]] = {slot: [] for slot in memories(model)}
    rng = random.Random(f"lesson/{seed}")
    for number in range(count):
        for slot, found in _looks(model, episodes[number], rng):
            looks[slot].append(found)
    read = record(
        model, book, torch.ones(len(book) // model.config.segment_len, device=book.device), group=8
    ).hidden.flatten(1, 2)
    return [_learn(memory.exact, looks[slot], read[slot], seed) for slot, memory in sorted(memories(model).items())]


@torch.no_grad()
def _looks(model: InfiniForCausalLM, episode: dict, rng: random.Random) -> Iterator[tuple[int, Looks]]:
    documents, questions = episode["documents"].to(model.device), episode["questions"].to(model.device)
    batch, each = len(documents), len(questions) // len(documents)
    rows = documents.view(-1, model.config.segment_len)
    reading = _Reading(MemoryState.empty(model.config, batch, model.device), len(rows) // batch)
    model.write(rows, reading)
    asking = _Asking(reading.state().repeat(each))
    model.write(questions, asking)
    places = episode["places"].roll(-1, dims=1).to(model.device)
    for i in range(batch):
        mine = places[i * each : (i + 1) * each]
        at = (mine >= 0).nonzero().tolist()
        picks = torch.tensor(rng.sample(at, min(2 * MOST_ASKED, len(at))), device=model.device)
        if not len(picks):
            continue
        row, step = picks.unbind(1)
        kind = episode["kinds"][i * each].split("_")[0]
        for slot, (k, hidden) in reading.seen.items():
            of = lambda t, i=i: t.unflatten(0, (batch, -1))[i]  # noqa: E731
            q = asking.seen[slot][i * each : (i + 1) * each][row, :, step]
            yield slot, Looks(of(k).transpose(0, 1).flatten(1, 2), of(hidden).flatten(0, 1), q, mine[row, step], kind)


def _learn(cache: ExactCache, looks: list[Looks], book: Tensor, seed: int) -> Lesson:
    kept = rank(cache, torch.cat([look.hidden[look.place.unique()] for look in looks]), book, seed)
    with torch.no_grad():
        scores = [cache.scores(look.hidden[None])[0] for look in looks]
    rng = random.Random(f"lesson/{seed}")
    learner = torch.optim.Adam([p for n, p in cache.named_parameters() if n.startswith(LEARNED)], lr=RATE)
    last = []
    for step in range(STEPS):
        learner.param_groups[0]["lr"] = RATE * (1 - step / STEPS)
        loss = _missed(cache, rng, [(looks[i], scores[i]) for i in _group(rng, looks)])
        learner.zero_grad()
        loss.backward()
        learner.step()
        last.append(float(loss.detach()))
    return Lesson(kept, sum(last[-20:]) / len(last[-20:]))


def _group(rng: random.Random, looks: list[Looks]) -> list[int]:
    """Documents to be asked side by side, none of which answers another's questions."""
    chosen: list[int] = []
    for i in rng.sample(range(len(looks)), len(looks)):
        alone = looks[i].kind == ALONE and any(looks[j].kind == ALONE for j in chosen)
        chosen += [] if alone else [i]
        if len(chosen) == TOGETHER:
            break
    return chosen


def _missed(cache: ExactCache, rng: random.Random, some: list[tuple[Looks, Tensor]]) -> Tensor:
    """By how much questions of `some` documents miss their places among the tokens of all of them."""
    k, scores = (torch.cat(parts, dim=1)[None] for parts in ([look.k for look, _ in some], [s for _, s in some]))
    queries, places, before = [], [], 0
    for look, _ in some:
        picks = torch.tensor(rng.sample(range(len(look.q)), min(MOST_ASKED, len(look.q))), device=look.q.device)
        queries.append(look.q[picks])
        places.append(look.place[picks] + before)
        before += look.k.shape[1]
    return miss_among(cache, Kept(cache.key_map(k), k, scores), torch.cat(queries), torch.cat(places))
