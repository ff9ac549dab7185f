"""Pass key: one five-digit number hidden at a depth of a long text, asked for after the whole text was read."""

import random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.engine import AnswerOptions, Engine
from training.evaluation.hidden import FillerTooShort, read_filler, sentence_ends
from training.evaluation.readers import ask, read_all

STATEMENT = " The pass key is {key}. Remember it. {key} is the pass key. "
QUESTION = "What is the pass key?"
DIGITS = 5
OPTIONS = AnswerOptions(max_new_tokens=24)


@dataclass(frozen=True)
class Trial:
    """One hidden number and what came back. `digits` is the share of its digits that stand at their place."""

    key: str
    said: str
    exact: bool
    digits: float


def run_passkey(
    engine: Engine, *, tokens: int, depth: float, trials: int, filler: Path, seed: int = 0,
    on_trial: Callable[[Trial], None] = lambda trial: None,
) -> dict:  # fmt: skip
    """Hide a number at `depth` (0 start, 1 end) of `tokens` tokens from `filler`, `trials` times at other places of the file.

    `filler` is a text file, or a folder whose .txt files are put one after the other. Returns the means `exact` and
    `digits`, and what they were measured on. Raises FillerTooShort.
    """
    rng = random.Random(seed)
    text = engine.tokenize([read_filler(filler)]).ids
    if len(text) < tokens:
        raise FillerTooShort(
            f"{filler} holds {len(text):,} tokens; {tokens:,} are needed. Give a longer text or a folder of texts."
        )
    ends = sentence_ends(engine, text)
    done, begun, size = [], time.monotonic(), 0
    for _ in range(trials):
        key = "".join(rng.choice("0123456789") for _ in range(DIGITS))
        ids = hide(engine, text, ends, tokens, depth, key, rng)
        state = read_all(engine, ids)
        size = len(engine.state_to_bytes(state))
        done.append(score(key, ask(engine, state, QUESTION, OPTIONS).text))
        on_trial(done[-1])
    mean = lambda values: sum(values) / len(done)  # noqa: E731
    return {
        "exact": mean([t.exact for t in done]), "digits": mean([t.digits for t in done]), "trials": trials,
        "tokens": tokens, "depth": depth, "seed": seed, "filler": filler.name, "state_bytes": size,
        "weights": engine.info.weights_hash, "seconds": round(time.monotonic() - begun, 1),
        "answers": [asdict(t) for t in done],
    }  # fmt: skip


def hide(engine: Engine, text, ends: list[int], tokens: int, depth: float, key: str, rng: random.Random) -> list[int]:
    """`tokens` token ids from a random place of `text`, with the key's sentence behind the sentence end nearest to `depth`."""
    statement = list(engine.tokenize([STATEMENT.format(key=key)]).ids)
    length = tokens - len(statement)
    start = rng.randrange(len(text) - length + 1)
    wanted = start + round(depth * length)
    inside = [end for end in ends if start <= end <= start + length]
    # at the very start and end the sentence stands there, whatever the text around it
    place = wanted if depth in (0, 1) or not inside else min(inside, key=lambda end: abs(end - wanted))
    return [*text[start:place], *statement, *text[place : start + length]]


def score(key: str, answer: str) -> Trial:
    """Compare the digits in `answer` with `key`."""
    digits = "".join(c for c in answer if c.isdigit())
    right = sum(a == b for a, b in zip(key, digits, strict=False)) / len(key)
    return Trial(key, answer, digits == key, right)
