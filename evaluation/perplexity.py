"""How well books are foretold: with nothing before, with the window before, with the memory of all before, with all before in view."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.engine import Engine
from engine.memory import remembered
from engine.model import KeyValueCache
from engine.state import State
from evaluation.estimates import Measure
from evaluation.loading import Measured, Say
from evaluation.rows import Row, Rows
from evaluation.texts import Books
from evaluation.ways import VIEW, mark, memory_parts

PERPLEXITIES = ("none", "transformer_xl", "memory", "slots", "full")
PART = 128  # tokens whose logits are computed at once: a vocabulary is wide


def perplexity(
    measured: Measured,
    books: Books,
    tokens: int,
    windows: int,
    limit: int | None,
    names: Sequence[str],
    rows: Rows,
    say: Say,
) -> list[Row]:
    """Mean losses of up to `windows` windows of each book's first `tokens` tokens, evenly from the third on; at most `limit` books.

    `none`: a window sees itself. `transformer_xl`: also the keys and values of the window before, as they were when it was read.
    `memory`: these and the slots of all before. `slots`: itself and the slots alone. `full`: all before in plain view, up to
    VIEW tokens. The first token of a window is left out everywhere. A row a window and way.
    """
    engine, found = measured.engine, []
    made = mark({"engine": memory_parts(engine), "base": measured.base})
    for path in books.paths[:limit]:
        ids = list(books.tokens(path)[:tokens])
        chosen = evenly(2, len(ids) // engine.info.window, windows)
        where = f"perplexity/{path.stem}"
        ways = [name for name in names if name != "full"]
        old = {at: rows.done(made, where, str(at), ways) for at in chosen}
        if None in old.values():
            done = _of_book(engine, ids, chosen, ways)
            fresh = [_row(made, where, at, name, loss, engine.info.window) for (at, name), loss in done.items()]
            rows.add(fresh)
        else:
            fresh = [row for some in old.values() for row in some or ()]
        if "full" in names:
            fresh += _of_full(engine, rows, made, where, ids, chosen)
        found += fresh
        say(f"{where}: " + ", ".join(f"{name} {_of(found, name):.2f}" for name in names) + " so far")
    return found


def measures() -> list[Measure]:
    """Perplexity over the windows."""
    return [Measure("perplexity", lambda row: row["loss"], math.exp)]


def evenly(first: int, behind: int, many: int) -> list[int]:
    """Up to `many` whole numbers from `first` to below `behind`, at even distances."""
    room = behind - first
    return sorted({first + (2 * i + 1) * room // (2 * many) for i in range(many)}) if room > 0 else []


@torch.inference_mode()
def _of_book(
    engine: Engine, ids: list[int], chosen: Sequence[int], names: Sequence[str]
) -> dict[tuple[int, str], float]:
    window, found = engine.info.window, {}
    previous, state = engine.empty_state(), engine.empty_state()
    for at in range(max(chosen) + 1) if chosen else ():
        part = ids[at * window : (at + 1) * window]
        if at in chosen:
            for name in names:
                cache, start = before(engine, name, previous, state)
                found[at, name] = loss(engine, part, cache, start)
        previous = state
        *_, step = engine.read(part, state, group_tokens=window)
        state = step.state
    return found


def before(engine: Engine, name: str, previous: State, state: State) -> tuple[KeyValueCache, int]:
    """What a window sees before itself, and at which position it begins. `state` is that of all before it, and `previous` of all but
    the last window, so that no token is in view twice."""
    d, memory = engine.decoder, engine.memory
    if name == "none":
        return d.empty_cache(), 0
    if name == "slots":
        return remembered(d, memory, [state]), 0
    assert state.tail is not None, "a finished state has no window before"
    tokens = state.tail[0][0].shape[2]
    at = d.rotations(torch.arange(tokens))
    cache = remembered(d, memory, [previous]) if name == "memory" else d.empty_cache()
    for layer, (k, v) in enumerate(state.tail):
        cache.add(layer, d.rotate(layer, k, at), v)
    return cache, tokens


@torch.inference_mode()
def loss(engine: Engine, part: Sequence[int], cache: KeyValueCache, start: int) -> float:
    """Mean loss in nats of the tokens of `part` but the first."""
    d = engine.decoder
    ids = torch.tensor([list(part)], device=d.device)
    return _mean_loss(engine, d.forward(ids, cache, torch.arange(start, start + len(part))), ids)


def _mean_loss(engine: Engine, hidden: Tensor, ids: Tensor) -> float:
    total, wanted = 0.0, ids[0, 1:]
    for begin in range(0, len(wanted), PART):
        logits = engine.decoder.logits(hidden[0, :-1][begin : begin + PART])
        total += float(F.cross_entropy(logits, wanted[begin : begin + PART], reduction="sum"))
    return total / len(wanted)


@torch.inference_mode()
def _of_full(engine: Engine, rows: Rows, made: str, where: str, ids: list[int], chosen: Sequence[int]) -> list[Row]:
    window, d = engine.info.window, engine.decoder
    seen = [at for at in chosen if (at + 1) * window <= min(VIEW, d.config.max_position_embeddings)]
    old = [rows.done(made, where, str(at), ("full",)) for at in seen]
    if None not in old:
        return [row for some in old for row in some or ()]
    cache, found = d.empty_cache(), []
    for at in range(max(seen) + 1):
        part = torch.tensor([ids[at * window : (at + 1) * window]], device=d.device)
        hidden = d.forward(part, cache, torch.arange(at * window, (at + 1) * window))
        if at in seen:
            found.append(_row(made, where, at, "full", _mean_loss(engine, hidden, part), window))
    rows.add(found)
    return found


def _row(made: str, where: str, at: int, name: str, value: float, window: int) -> Row:
    return {"run": made, "text": where, "question": str(at), "source": name, "before": at * window, "loss": value}


def _of(rows: Sequence[Row], name: str) -> float:
    losses = [row["loss"] for row in rows if row["source"] == name]
    return math.exp(sum(losses) / len(losses)) if losses else math.nan
