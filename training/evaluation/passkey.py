"""Pass key: one five-digit number hidden at a depth of a long text, asked for after the whole text was read."""

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.engine import AnswerOptions, Engine
from training.evaluation.cases import Case, Question, run_cases
from training.evaluation.hidden import FillerTooShort, Haystack, read_filler
from training.evaluation.readers import Reader
from training.evaluation.scores import mean

STATEMENT = " The pass key is {key}. Remember it. {key} is the pass key. "
QUESTION = "What is the pass key?"
DIGITS = 5
OPTIONS = AnswerOptions(max_new_tokens=24)


def run_passkey(
    engine: Engine, *, tokens: int, depth: float, trials: int, filler: Path, seed: int = 0, rows: Path | None = None,
    limit: int | None = None, by: Reader | None = None, say: Callable[[str], None] = lambda line: None,
) -> dict:  # fmt: skip
    """Hide a number at `depth` (0 start, 1 end) of `tokens` tokens from `filler`, `trials` times at other places of the file.

    `filler` is a text file, or a folder whose .txt files are put one after the other. Returns the shares `exact` and
    `digits`, and what they were measured on. Raises FillerTooShort and RowsInvalid.
    """
    begun = time.monotonic()
    made = cases(Haystack(engine, read_filler(filler)), tokens, depth, trials, seed)
    found = run_cases(engine, made, judge, rows=rows, limit=limit, options=OPTIONS, by=by, say=say)
    return {
        "exact": mean([row["exact"] for row in found]), "digits": mean([row["digits"] for row in found]), "trials": len(found),
        "tokens": tokens, "depth": depth, "seed": seed, "filler": filler.name, "by": by.name if by else "memory",
        "state_bytes": engine.info.state_bytes, "weights": engine.info.weights_hash,
        "seconds": round(time.monotonic() - begun, 1), "rows": found,
    }  # fmt: skip


def cases(hay: Haystack, tokens: int, depth: float, trials: int, seed: int) -> Iterator[Case]:
    """The texts, each from its own random numbers, so that a run may start anywhere."""
    for trial in range(trials):
        rng = random.Random(f"passkey/{seed}/{tokens}/{depth}/{trial}")
        key = "".join(rng.choice("0123456789") for _ in range(DIGITS))
        ids = hide(hay, tokens, depth, key, rng)
        yield Case(f"passkey/{seed}/{tokens}/{depth}/{trial}", lambda ids=ids: ids, [Question(QUESTION, (key,), {})])


def hide(hay: Haystack, tokens: int, depth: float, key: str, rng: random.Random) -> list[int]:
    """`tokens` token ids from a random place, with the key's sentence behind the sentence end nearest to `depth`."""
    statement = hay.tokens(STATEMENT.format(key=key))
    length = tokens - len(statement)
    if not 0 <= length <= len(hay.ids):
        raise FillerTooShort(
            f"The filler holds {len(hay.ids):,} tokens; {tokens:,} are needed. Give a longer text or a folder of texts."
        )
    start = rng.randrange(len(hay.ids) - length + 1)
    wanted = start + round(depth * length)
    inside = [end for end in hay.ends if start <= end <= start + length]
    # at the very start and end the sentence stands there, whatever the text around it
    place = wanted if depth in (0, 1) or not inside else min(inside, key=lambda end: abs(end - wanted))
    return [*hay.ids[start:place], *statement, *hay.ids[place : start + length]]


def judge(question: Question, answer: str) -> dict[str, float]:
    """Whether the digits in the answer are the key, and the share of them that stand at their place."""
    key, said = question.accepted[0], "".join(c for c in answer if c.isdigit())
    return {"exact": float(said == key), "digits": sum(a == b for a, b in zip(key, said, strict=False)) / len(key)}
