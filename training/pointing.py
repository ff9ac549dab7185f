"""Where an answer stands: a direct lesson for exact caches.

A model that only learns from the answers' words must find out by trial which token of a text it should have looked at. Training
texts are generated, so that is known, and attention to what is kept can be told at once.
"""

import math
import random

import torch
from torch import Tensor

from engine.exact import ExactCache
from engine.memory import InfiniMemory, Projected, Writable
from engine.model import InfiniForCausalLM
from engine.ops import exact
from engine.ops.exact import Kept
from engine.passes import Recall
from engine.state import MemoryState
from training.calibrate import Lookup, looked_at, memories

STEPS, TEXTS, ASKED, RATE = 150, 16, 96, 3e-3


class PointedRecall(Recall):
    """Answers from a state as `Recall` does, and adds up by how much each layer's exact cache misses the tokens asked for.

    `rows[slot]` is what the documents wrote `[B,N,G*S,...]`; `places [B*Q,T]` says where in its document the next token of a
    question's row stands, or -1. Where `beside [B,B]` is true, tokens of the second document count as missed for questions on the
    first, as if both had been read (the crossbatch lesson of "Focused Transformer", arXiv 2307.03170).
    """

    def __init__(self, state: MemoryState, rows: dict[int, Writable], places: Tensor, beside: Tensor | None = None):
        super().__init__(state)
        self.rows, self.places, self.beside = rows, places, beside
        self.layers = state.layers()
        self.misses: list[Tensor] = []

    def attend(self, slot: int, memory: InfiniMemory, x: Projected, local: Tensor) -> Tensor:
        """As `Recall.attend`, for a state of as many rows as `x` has."""
        layer = self.layers[slot]
        found = None if memory.exact is None else memory.exact.logits(x.q, layer.kept)
        at = (self.places >= 0).nonzero()
        if found is not None and len(at):
            self.misses.append(self._miss(slot, memory.exact, x.q, found, at))
        return memory.combine(local, memory.recall(x.q, layer, found), self.has_memory)

    def _miss(self, slot: int, cache: ExactCache, q: Tensor, found: Tensor, at: Tensor) -> Tensor:
        row, step = at.unbind(1)
        written = self.rows[slot]
        document = row // (len(q) // len(written.scores))
        place = self.places[row, step]
        asked = cache.queries(q)[row, :, step]
        wanted = _logits(asked, written.exact_k[document, :, place], written.scores[document, :, place])
        all_found = found.flatten(1, 2)[row, :, step].logsumexp(-1)
        if self.beside is not None and self.beside.any():
            all_found = all_found.logaddexp(_elsewhere(asked, written, self.beside[document]))
        # what is no longer kept may be wanted more than all that is: that is no miss below none
        return miss((all_found - wanted).clamp(min=0.0))


def _logits(q: Tensor, k: Tensor, scores: Tensor) -> Tensor:
    """Logits `[P,H]` of P pairs of scaled queries `[P,H,D]` and keys `[P,N,D]` with `scores [P,N]`."""
    group = q.shape[1] // k.shape[1]
    return (q * k.repeat_interleave(group, 1)).sum(-1) + exact.worth(scores).repeat_interleave(group, 1)


def _elsewhere(q: Tensor, written: Writable, where: Tensor) -> Tensor:
    """Log of the summed weights `[P,H]` that scaled queries `q [P,H,D]` give to all tokens of the documents `where [P,B]` is true for."""
    n = written.exact_k.shape[1]
    grouped = q.unflatten(1, (n, -1))
    logits = (
        torch.einsum("pngd,bntd->pngbt", grouped, written.exact_k)
        + exact.worth(written.scores).transpose(0, 1)[None, :, None]
    )
    lowest = torch.finfo(logits.dtype).min
    return logits.logsumexp(-1).masked_fill(~where[:, None, None], lowest).logsumexp(-1).flatten(1, 2)


def miss(by_head: Tensor) -> Tensor:
    """Mean of minus log of the attention that the heads of a layer give on average to what is asked for; `by_head [P,H]`
    is minus log of each head's. It is enough if some heads look there."""
    return -(torch.logsumexp(-by_head, dim=-1) - math.log(by_head.shape[1])).mean()


def teach(model: InfiniForCausalLM, rows: Tensor, lookups: list[Lookup], seed: int) -> list[float]:
    """Let every exact cache learn, for STEPS steps and from plain readings, to attend to the answers of `lookups` in `rows
    [R,S]` among the tokens of TEXTS texts. Nothing else changes. Returns the last miss of each layer, in nats."""
    text, asked = looked_at(model, rows, lookups)
    last = []  # by layer
    for slot, memory in sorted(memories(model).items()):
        rng = random.Random(f"{seed}/{slot}")
        cache = memory.exact
        learner = torch.optim.Adam([p for n, p in cache.named_parameters() if n != "read_gate"], lr=RATE)
        for step in range(STEPS):
            learner.param_groups[0]["lr"] = RATE * (1 - step / STEPS)
            queries, at = asked[slot]
            texts = at[rng.sample(range(len(at)), TEXTS), 0].unique()
            near = torch.isin(at[:, 0], texts).nonzero()[:, 0].tolist()
            some = rng.sample(near, min(ASKED, len(near)))
            loss = _text_miss(cache, text[slot], texts, queries[some], at[some])
            learner.zero_grad()
            loss.backward()
            learner.step()
        last.append(float(loss.detach()))
    return last


def _text_miss(cache: ExactCache, text: Projected, texts: Tensor, queries: Tensor, at: Tensor) -> Tensor:
    """The miss of `queries [P,H,D]`, which ask for `at [P,2]`, a text and a place, among all tokens of `texts`, sorted."""
    flat = lambda t: t.transpose(0, 1).flatten(1, 2)[None]  # noqa: E731
    scores = flat(cache.scores(text.hidden[texts])[..., None])[..., 0]
    kept = Kept(flat(cache.keys(text.k[texts])), flat(text.v[texts]), scores)
    place = torch.searchsorted(texts, at[:, 0].contiguous()) * text.k.shape[2] + at[:, 1]
    return miss_among(cache, kept, queries, place)


def miss_among(cache: ExactCache, kept: Kept, queries: Tensor, place: Tensor) -> Tensor:
    """The miss of a layer's `queries [P,H,D]` for the tokens at `place [P]` among all that is `kept` of one row."""
    found = cache.logits(queries.transpose(0, 1)[None], kept)[0].flatten(0, 1)
    wanted = found[..., 1:].gather(-1, place.expand(len(found), -1)[..., None])[..., 0]
    return miss((found.logsumexp(-1) - wanted).T)
