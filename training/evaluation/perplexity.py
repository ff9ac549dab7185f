"""Perplexity of books by position: what the memory of all that was read adds to the segment before one's eyes."""

import math
from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.engine import Engine
from engine.passes import Fold, Recall
from engine.state import MemoryState
from training.corpora import books, read_book
from training.evaluation.scores import mean

WAYS = ("none", "window", "full", "memory")
FULL_MOST = 8192


def run_perplexity(
    engine: Engine, *, library: Path, tokens: int, limit: int | None = None, ways: tuple[str, ...] = WAYS,
    say: Callable[[str], None] = lambda line: None,
) -> dict:  # fmt: skip
    """The first `tokens` tokens of each book of the folder `library`, at most `limit` books, in whole segments.

    `none`: a segment alone. `window`: with the segment before it in plain view, which is what Transformer-XL keeps.
    `full`: with all before it in plain view, up to FULL_MOST tokens. `memory`: with the memory of all before it. The
    first segment is left out everywhere. Returns perplexity by way, over all and by position (to the power of two above).
    Raises CorpusError.
    """
    segment_len, paths = engine.model.config.segment_len, books(library)[:limit]
    sums: dict[str, dict[int, list[float]]] = {way: {} for way in ways}
    for path in paths:
        rows = book_segments(engine, path, tokens)
        for way in ways:
            losses = _LOSSES[way](engine.model, rows)
            for segment, loss in enumerate(losses, start=1):
                sums[way].setdefault(1 << (segment * segment_len).bit_length(), []).append(loss)
        say(f"{path.stem}: {', '.join(f'{w} {math.exp(mean(_all(sums[w]))):.2f}' for w in ways)} so far")
    return {
        "perplexity": {way: math.exp(mean(_all(sums[way]))) for way in ways},
        "by_position": {way: {at: math.exp(mean(losses)) for at, losses in sums[way].items()} for way in ways},
        "tokens": tokens, "books": len(paths), "weights": engine.info.weights_hash,
    }  # fmt: skip


def book_segments(engine: Engine, path: Path, tokens: int) -> Tensor:
    """The whole segments `[G,S]` of the first `tokens` tokens of a book."""
    segment_len = engine.model.config.segment_len
    ids = torch.tensor(engine.tokenize([read_book(path)]).ids[:tokens], device=engine.model.device)
    return ids[: len(ids) // segment_len * segment_len].view(-1, segment_len)


def table(result: dict) -> list[str]:
    """The result as a Markdown table."""
    ways = result["by_position"]
    places = sorted({at for by in ways.values() for at in by})
    lines = ["| tokens before | " + " | ".join(ways) + " |", "|---|" + "---|" * len(ways)]
    for at in places:
        cells = [f"{by[at]:.2f}" if at in by else "–" for by in ways.values()]
        lines.append(f"| under {at:,} | " + " | ".join(cells) + " |")
    return [
        *lines,
        f"| all, {result['books']} books | " + " | ".join(f"{p:.2f}" for p in result["perplexity"].values()) + " |",
    ]


def _all(by: dict[int, list[float]]) -> list[float]:
    return [loss for losses in by.values() for loss in losses]


def segment_loss(model, hidden: Tensor, targets: Tensor) -> float:
    """Mean loss over a segment's tokens but the first, which no way can tell from what is before its eyes alone: `hidden [S,hidden]`
    of its tokens `targets [S]`."""
    logits = model.base.lm_head(hidden[:-1]).float()
    return float(F.cross_entropy(logits, targets[1:]))


@torch.inference_mode()
def _none(model, rows: Tensor) -> list[float]:
    empty = Recall(MemoryState.empty(model.config, device=rows.device))
    return [segment_loss(model, model.hidden(row[None], empty)[0], row) for row in rows[1:]]


@torch.inference_mode()
def memory_losses(model, rows: Tensor) -> list[float]:
    """Losses of the segments `rows [G,S]` of a text but the first, each with the memory of all before it."""
    state, losses = MemoryState.empty(model.config, device=rows.device), []
    for row in rows:
        fold = Fold(state, 1)
        losses.append(segment_loss(model, model.hidden(row[None], fold)[0], row))
        state = fold.state()
    return losses[1:]


def _window(model, rows: Tensor) -> list[float]:
    return _in_view(model, rows, 1)


def _full(model, rows: Tensor) -> list[float]:
    return _in_view(model, rows[: FULL_MOST // rows.shape[1]], len(rows))


@torch.inference_mode()
def _in_view(model, rows: Tensor, before: int) -> list[float]:
    """Losses of each segment with up to `before` segments before it in the same row; a row attends within itself alone."""
    empty, losses = Recall(MemoryState.empty(model.config, device=rows.device)), []
    for i in range(1, len(rows)):
        view = rows[max(0, i - before) : i + 1].flatten()
        losses.append(segment_loss(model, model.hidden(view[None], empty)[0, -rows.shape[1] :], rows[i]))
    return losses


_LOSSES = {"none": _none, "window": _window, "full": _full, "memory": memory_losses}
