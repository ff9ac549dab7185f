"""The gates of the compressive matrix, trained on books: how much each head takes from what left the slots.

Only the gates learn, one number a query head and layer. Model, scorer and what is written stay as they are, so no gradient flows through
reading: a window's slots and matrix are computed once, and the loss of the window with them before it goes back to the gates.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.engine import Engine
from engine.memory import remembered
from engine.model import KeyValueCache
from engine.ops.naive import Matrix
from training.corpora import book_text

TOKENS = 16384  # of a book, after which windows are taken from another one
PART = 512  # tokens of a window that the loss is taken on: a backward pass keeps all their activations
RATE = 0.1  # of learning, at first


def windows(engine: Engine, books: Sequence[Path], chance: random.Random):
    """Endless pairs of what was left in memory of a stretch of a book, as the beginning of a cache, and the `PART` tokens that follow it,
    at every fourth window."""
    window = engine.info.window
    while True:
        ids = engine.tokenize([book_text(books, 6 * TOKENS, chance)]).ids[:TOKENS]
        state = engine.empty_state()
        for number, start in enumerate(range(0, len(ids) - window - PART, window)):
            *_, step = engine.read(ids[start : start + window], state, group_tokens=window)
            state = step.state
            if number % 4 == 3:
                cache = _outside_inference(remembered(engine.decoder, engine.memory, [state.finished()]))
                yield cache, list(ids[start + window : start + window + PART])


def loss_of(engine: Engine, cache: KeyValueCache, part: Sequence[int], gate: Tensor) -> Tensor:
    """Mean cross-entropy, in nats, of the tokens of `part` but the first, with slots and matrix before them. The cache stays as it is."""
    assert cache.matrix is not None, "the memory has no matrix"
    d, before = engine.decoder, cache.copy()
    before.matrix = cache.matrix._replace(gate=gate)
    ids = torch.tensor([list(part)], device=d.device)
    hidden = d.forward(ids, before, torch.arange(len(part)))
    return F.cross_entropy(d.logits(hidden[0, :-1]), ids[0, 1:])


def train(engine: Engine, books: Sequence[Path], minutes: float, seed: int, say: Callable[[str], None]) -> Tensor:
    """Gates `[L,H]` after so long, with Adam and a rate that falls to nothing by the clock. The memory's rule must not be "none"."""
    gate = torch.zeros_like(engine.memory.gate, requires_grad=True)
    best = torch.optim.Adam([gate], lr=RATE)
    begun, gained = time.monotonic(), []
    for step, (cache, part) in enumerate(windows(engine, books, random.Random(seed)), start=1):
        share = (time.monotonic() - begun) / 60 / minutes
        if share >= 1:
            break
        best.param_groups[0]["lr"] = RATE * (1 - share)
        with torch.no_grad():
            without = float(loss_of(engine, cache, part, torch.zeros_like(gate)))
        with torch.enable_grad():
            loss = loss_of(engine, cache, part, gate)
            best.zero_grad()
            loss.backward()
        best.step()
        gained.append(without - float(loss.detach()))
        if step % 5 == 0:
            mean = sum(gained[-20:]) / len(gained[-20:])
            say(
                f"window {step}: the matrix lowers the loss by {mean:.4f} nats, largest gate {float(gate.tanh().abs().max()):.3f}"
            )
    return gate.detach()


def _outside_inference(cache: KeyValueCache) -> KeyValueCache:
    """A copy that gradients may flow past: what was read was computed without any."""
    assert cache.matrix is not None, "the memory has no matrix"
    layers = tuple(Matrix(*(None if t is None else t.clone() for t in one)) for one in cache.matrix.layers)
    keys, values = ([t.clone() for t in part] for part in (cache.keys, cache.values))
    return KeyValueCache(keys, values, cache.mask, cache.matrix._replace(layers=layers))
