"""Retention: one number at a text's beginning, asked for again and again while the text is read on."""

import random
from collections.abc import Callable
from pathlib import Path

from engine.engine import Engine
from training.evaluation.cases import Question
from training.evaluation.hidden import Haystack, read_filler
from training.evaluation.passkey import DIGITS, OPTIONS, QUESTION, STATEMENT, judge
from training.evaluation.readers import ask
from training.evaluation.scores import mean

FIRST = 512


def run_retention(
    engine: Engine,
    *,
    tokens: int,
    trials: int,
    filler: Path,
    seed: int = 0,
    say: Callable[[str], None] = lambda line: None,
) -> dict:
    """Hide a number within the first segment of `filler`, read up to `tokens` tokens, and ask at FIRST tokens and at every
    doubling; the state at each point goes on being read.

    Returns `exact` and `digits` by tokens read. Raises FillerTooShort.
    """
    hay, points = Haystack(engine, read_filler(filler)), doublings(FIRST, tokens)
    by: dict[int, list[tuple[float, float]]] = {point: [] for point in points}
    for trial in range(trials):
        rng = random.Random(f"retention/{seed}/{trial}")
        key = "".join(rng.choice("0123456789") for _ in range(DIGITS))
        depth = rng.random() * engine.model.config.segment_len / tokens
        ids, _ = hay.with_pieces(rng, [STATEMENT.format(key=key)], [depth], tokens)
        state, last = engine.empty_state(), 0
        for point in points:
            for step in engine.read(ids[last:point], state, group_tokens=engine.group_tokens()):
                state = step.state
            last = point
            told = judge(Question(QUESTION, (key,), {}), ask(engine, state, QUESTION, OPTIONS).text)
            by[point].append((told["exact"], told["digits"]))
        say(f"trial {trial}: " + ", ".join(f"{point} {by[point][-1][1]:.1f}" for point in points))
    return {
        "exact": {point: mean([exact for exact, _ in found]) for point, found in by.items()},
        "digits": {point: mean([digits for _, digits in found]) for point, found in by.items()},
        "tokens": tokens, "trials": trials, "seed": seed, "filler": filler.name, "weights": engine.info.weights_hash,
    }  # fmt: skip


def doublings(first: int, last: int) -> list[int]:
    """first, twice that and so on below `last`, and `last`."""
    points = []
    while first < last:
        points.append(first)
        first *= 2
    return [*points, last]


def table(result: dict) -> list[str]:
    """The result as a Markdown table."""
    lines = ["| tokens read | exact | digits |", "|---|---|---|"]
    return lines + [f"| {at:,} | {share:.2f} | {result['digits'][at]:.2f} |" for at, share in result["exact"].items()]
