"""A further lesson in attention, for exact caches that have been trained: their maps learn from readings with the memory in place.

`training.pointing.teach` begins from a plain model, with texts of one segment. Here the texts are episodes' documents and the
queries those of questions asked after reading, which the memory has answered in part by the layer that asks. Nothing flows
through the model, so hundreds of steps a layer cost no more than a few of the whole model.
"""

import random
from typing import NamedTuple

import torch
from torch import Tensor

from engine.exact import ExactCache
from engine.memory import InfiniMemory, Projected
from engine.model import InfiniForCausalLM
from engine.ops.exact import Kept
from engine.passes import Fold, Recall
from engine.state import MemoryState
from training.calibrate import memories
from training.episodes import Episodes
from training.pointing import miss_among

STEPS, TOGETHER, MOST_ASKED, RATE = 300, 2, 64, 2e-3
LEARNED = ("log_sharpness", "sink", "key_map", "query_map")


class Looks(NamedTuple):
    """What one layer sees of a document: keys `k [N,T,D]` and `scores [N,T]` of its tokens, queries `q [P,H,D]` of questions
    asked after it, and the `place [P]` in the document that each asks for."""

    k: Tensor
    scores: Tensor
    q: Tensor
    place: Tensor


class _Reading(Fold):
    def __init__(self, state: MemoryState, segments: int):
        super().__init__(state, segments)
        self.seen: dict[int, tuple[Tensor, Tensor]] = {}

    def attend(self, slot: int, memory: InfiniMemory, x: Projected, local: Tensor) -> Tensor:
        self.seen[slot] = (x.k, memory.exact.scores(x.hidden))
        return super().attend(slot, memory, x, local)


class _Asking(Recall):
    def __init__(self, state: MemoryState):
        super().__init__(state)
        self.seen: dict[int, Tensor] = {}

    def attend(self, slot: int, memory: InfiniMemory, x: Projected, local: Tensor) -> Tensor:
        self.seen[slot] = x.q
        return super().attend(slot, memory, x, local)


def practise(model: InfiniForCausalLM, episodes: Episodes, count: int, seed: int) -> list[float]:
    """Let every exact cache's maps learn from the first `count` episodes where answers stand. Returns the mean miss of each
    layer over its last steps, in nats."""
    looks: dict[int, list[Looks]] = {slot: [] for slot in memories(model)}
    rng = random.Random(f"lesson/{seed}")
    for number in range(count):
        for slot, found in _looks(model, episodes[number], rng).items():
            looks[slot] += found
    return [_learn(memory.exact, looks[slot], seed) for slot, memory in sorted(memories(model).items())]


@torch.no_grad()
def _looks(model: InfiniForCausalLM, episode: dict, rng: random.Random) -> dict[int, list[Looks]]:
    documents, questions = episode["documents"].to(model.device), episode["questions"].to(model.device)
    batch, each = len(documents), len(questions) // len(documents)
    rows = documents.view(-1, model.config.segment_len)
    reading = _Reading(MemoryState.empty(model.config, batch, model.device), len(rows) // batch)
    model.write(rows, reading)
    asking = _Asking(reading.state().repeat(each))
    model.write(questions, asking)
    places = episode["places"].roll(-1, dims=1).to(model.device)
    found: dict[int, list[Looks]] = {slot: [] for slot in reading.seen}
    for i in range(batch):
        mine = places[i * each : (i + 1) * each]
        at = (mine >= 0).nonzero().tolist()
        picks = torch.tensor(rng.sample(at, min(MOST_ASKED, len(at))), device=model.device)
        if not len(picks):
            continue
        row, step = picks.unbind(1)
        for slot, (k, scores) in reading.seen.items():
            whole = lambda t, i=i: t.unflatten(0, (batch, -1))[i].transpose(0, 1).flatten(1, 2)  # noqa: E731
            q = asking.seen[slot][i * each : (i + 1) * each][row, :, step]
            found[slot].append(Looks(whole(k), whole(scores), q, mine[row, step]))
    return found


def _learn(cache: ExactCache, looks: list[Looks], seed: int) -> float:
    rng = random.Random(f"lesson/{seed}")
    learner = torch.optim.Adam([p for n, p in cache.named_parameters() if n.startswith(LEARNED)], lr=RATE)
    last = []
    for step in range(STEPS):
        learner.param_groups[0]["lr"] = RATE * (1 - step / STEPS)
        loss = _missed(cache, rng.sample(looks, min(TOGETHER, len(looks))))
        learner.zero_grad()
        loss.backward()
        learner.step()
        last.append(float(loss.detach()))
    return sum(last[-20:]) / len(last[-20:])


def _missed(cache: ExactCache, some: list[Looks]) -> Tensor:
    """By how much the questions of `some` documents miss their places among the tokens of all of them."""
    k, scores = (torch.cat(parts, dim=1)[None] for parts in ([look.k for look in some], [look.scores for look in some]))
    before = [0, *torch.tensor([look.k.shape[1] for look in some]).cumsum(0).tolist()]
    place = torch.cat([look.place + start for look, start in zip(some, before, strict=False)])
    return miss_among(cache, Kept(cache.key_map(k), k, scores), torch.cat([look.q for look in some]), place)
