"""Pass key: one five-digit number hidden at a depth of a long text, asked for after the whole text was read."""

import random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.engine import Answer, AnswerOptions, Engine

STATEMENT = " The pass key is {key}. Remember it. {key} is the pass key. "
QUESTION = "What is the pass key?"
DIGITS = 5


class FillerTooShort(Exception):
    """The filler file holds too little text to hide a number in."""


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
        done.append(score(key, said(engine, state, QUESTION)))
        on_trial(done[-1])
    mean = lambda values: sum(values) / len(done)  # noqa: E731
    return {
        "exact": mean([t.exact for t in done]), "digits": mean([t.digits for t in done]), "trials": trials,
        "tokens": tokens, "depth": depth, "seed": seed, "filler": filler.name, "state_bytes": size,
        "weights": engine.info.weights_hash, "seconds": round(time.monotonic() - begun, 1),
        "answers": [asdict(t) for t in done],
    }  # fmt: skip


def read_filler(path: Path) -> str:
    """The text of a file, or of all .txt files of a folder. Raises FillerTooShort if there is none."""
    files = sorted(path.rglob("*.txt")) if path.is_dir() else [path]
    if not files or not files[0].is_file():
        raise FillerTooShort(f"{path} is no text file and no folder with .txt files in it.")
    return "\n\n".join(file.read_text(encoding="utf-8", errors="replace") for file in files)


def sentence_ends(engine: Engine, ids) -> list[int]:
    """Positions in `ids` just behind a full stop."""
    stops = {i for token, i in engine.tokenizer.get_vocab().items() if token.endswith(".")}
    return [i + 1 for i, token in enumerate(ids) if token in stops]


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


def read_all(engine: Engine, ids):
    """The state after reading `ids` from empty."""
    state = engine.empty_state()
    for step in engine.read(ids, state, group_tokens=engine.group_tokens()):
        state = step.state
    return state


def said(engine: Engine, state, question: str) -> str:
    """The greedy answer's text."""
    *_, last = engine.answer(state, question, options=AnswerOptions(max_new_tokens=24))
    assert isinstance(last, Answer)
    return last.text


def score(key: str, answer: str) -> Trial:
    """Compare the digits in `answer` with `key`."""
    digits = "".join(c for c in answer if c.isdigit())
    right = sum(a == b for a, b in zip(key, digits, strict=False)) / len(key)
    return Trial(key, answer, digits == key, right)
