"""Needles: several numbers, each of another thing, hidden in one long text and all asked for after it was read."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.engine import Engine
from training.evaluation.cases import Case, Question, run_cases
from training.evaluation.hidden import Haystack, read_filler, spread
from training.evaluation.passkey import DIGITS
from training.evaluation.readers import Reader
from training.evaluation.scores import mean, mean_by

THINGS = (
    "lighthouse", "saddle", "orchard", "violin", "harbour", "lantern", "glacier", "bakery", "compass", "meadow", "engine",
    "library", "kettle", "falcon", "tunnel", "garden", "anchor", "chapel", "wagon", "mirror", "quarry", "barrel", "ladder", "parrot",
)  # fmt: skip
STATEMENT = " The number of the {thing} is {number}."
QUESTION = "What is the number of the {thing}?"


def run_needles(
    engine: Engine, *, tokens: int, needles: int, trials: int, filler: Path, seed: int = 0, rows: Path | None = None,
    limit: int | None = None, by: Reader | None = None, say: Callable[[str], None] = lambda line: None,
) -> dict:  # fmt: skip
    """Hide `needles` numbers, one in each part of `tokens` tokens of `filler`, and ask for all of them; `trials` texts.

    Returns the shares `exact` (of all numbers) and `all` (of the texts whose numbers were all right), and `by_depth`.
    Raises FillerTooShort and RowsInvalid.
    """
    hay = Haystack(engine, read_filler(filler))
    made = cases(hay, tokens, needles, trials, seed)
    found = run_cases(engine, made, judge, rows=rows, limit=limit, by=by, say=say)
    texts = {row["case"] for row in found}
    return {
        "exact": mean([row["exact"] for row in found]),
        "all": mean([float(all(row["exact"] for row in found if row["case"] == text)) for text in texts]),
        "by_depth": mean_by(sorted(found, key=lambda row: row["part"]), lambda row: row["part"], "exact"),
        "tokens": tokens, "needles": needles, "trials": len(texts), "seed": seed, "filler": filler.name,
        "by": by.name if by else "memory", "weights": engine.info.weights_hash, "state_bytes": engine.info.state_bytes, "rows": found,
    }  # fmt: skip


def cases(hay: Haystack, tokens: int, needles: int, trials: int, seed: int) -> Iterator[Case]:
    """The texts, each from its own random numbers, so that a run may start anywhere."""
    for trial in range(trials):
        rng = random.Random(f"needles/{seed}/{tokens}/{needles}/{trial}")
        things = rng.sample(THINGS, needles)
        numbers = ["".join(rng.choice("0123456789") for _ in range(DIGITS)) for _ in things]
        pieces = [STATEMENT.format(thing=thing, number=n) for thing, n in zip(things, numbers, strict=True)]
        ids, _ = hay.with_pieces(rng, pieces, spread(rng, needles), tokens)
        asked = [
            Question(QUESTION.format(thing=thing), (number,), {"part": part})
            for part, (thing, number) in enumerate(zip(things, numbers, strict=True))
        ]
        yield Case(f"needles/{seed}/{tokens}/{needles}/{trial}", lambda ids=ids: ids, asked)


def judge(question: Question, answer: str) -> dict[str, float]:
    """Whether the digits of the answer are the number."""
    return {"exact": float("".join(c for c in answer if c.isdigit()) == question.accepted[0])}


def table(result: dict) -> list[str]:
    """The result as a Markdown table."""
    parts = result["by_depth"]
    head = " | ".join(f"part {part + 1}" for part in parts)
    shares = " | ".join(f"{share:.2f}" for share in parts.values())
    return [
        f"| tokens | numbers | texts | exact | all right | {head} |",
        "|---|---|---|---|---|" + "---|" * len(parts),
        f"| {result['tokens']:,} | {result['needles']} | {result['trials']} | {result['exact']:.3f} | {result['all']:.3f} | {shares} |",
    ]
