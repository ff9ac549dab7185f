"""Numbers hidden in books: one (`passkey`), several (`needles`), one asked for again while the text is read on (`retention`)."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any

from engine.engine import Engine
from engine.generate import AnswerOptions
from engine.prompts import FROM_MEMORY
from evaluation.estimates import Measure, field
from evaluation.loading import Say
from evaluation.rows import Row, Rows
from evaluation.run import Text
from evaluation.score import number_match
from evaluation.texts import Books, pointed, spread
from evaluation.ways import Question, Reply, mark, memory_parts

KEY_SENTENCE, KEY_QUESTION = " The pass key is {key}. Remember it. {key} is the pass key. ", "What is the pass key?"
NEEDLE_SENTENCE, NEEDLE_QUESTION = " The number of the {thing} is {number}.", "What is the number of the {thing}?"
DIGITS, FIRST = 5, 512
THINGS = (
    "lighthouse", "saddle", "orchard", "violin", "harbour", "lantern", "glacier", "bakery", "compass", "meadow", "engine", "library",
    "kettle", "falcon", "tunnel", "garden", "anchor", "chapel", "wagon", "mirror", "quarry", "barrel", "ladder", "parrot",
)  # fmt: skip


def passkey(
    engine: Engine, books: Books, tokens: int, depths: Sequence[float], trials: int, seed: int
) -> Iterator[Text]:
    """`trials` texts for each of `depths`, 0 the beginning and 1 the end, each with one number. Raises InputInvalid."""
    for trial in range(trials):
        for depth in depths:
            key = f"passkey/{seed}/{tokens}/{depth}/{trial}"
            chance = random.Random(key)
            number = _number(chance)
            piece = engine.tokenize([KEY_SENTENCE.format(key=number)]).ids
            ids, spans = books.hide(chance, [piece], [depth], tokens)
            about = {"kind": f"depth {depth}", "span": list(spans[0])}
            yield Text(key, lambda ids=ids: ids, [Question(KEY_QUESTION, (number,), about)], {"tokens": tokens})


def needles(engine: Engine, books: Books, tokens: int, many: int, trials: int, seed: int) -> Iterator[Text]:
    """`trials` texts with a number of another thing in each of `many` parts, all asked for. Raises InputInvalid."""
    for trial in range(trials):
        key = f"needles/{seed}/{tokens}/{many}/{trial}"
        chance = random.Random(key)
        hidden = [(thing, _number(chance)) for thing in chance.sample(THINGS, many)]
        pieces = [engine.tokenize([NEEDLE_SENTENCE.format(thing=t, number=n)]).ids for t, n in hidden]
        ids, spans = books.hide(chance, pieces, spread(chance, many), tokens)
        questions = [
            Question(NEEDLE_QUESTION.format(thing=thing), (number,), {"kind": f"part {part}", "span": list(span)})
            for part, ((thing, number), span) in enumerate(zip(hidden, spans, strict=True), start=1)
        ]
        yield Text(key, lambda ids=ids: ids, questions, {"tokens": tokens})


def judge(question: Question, reply: Reply) -> dict[str, Any]:
    """Right where the digits of the reply are the number's."""
    right = number_match(reply.text, question.accepted[0])
    found = {"page found": pointed(reply.about["pages"], question.about["span"])} if "pages" in reply.about else {}
    return {"right": right, "correct": right} | found


def measures(kinds: Sequence[str]) -> list[Measure]:
    """The share right, that of pages found, and the share right by depth or part."""

    def of(kind: str):
        return lambda row: row["right"] if row["kind"] == kind else None

    return [field("right"), field("page found"), *(Measure(kind, of(kind)) for kind in kinds)]


def retention(
    engine: Engine, books: Books, tokens: int, trials: int, seed: int, options: AnswerOptions, rows: Rows, say: Say
) -> list[Row]:
    """A number in the first window of `tokens` tokens, asked for from memory at FIRST tokens and at every doubling; the state goes on
    being read. A row a trial and point. Raises InputInvalid."""
    found: list[Row] = []
    made = mark({"engine": memory_parts(engine), "options": vars(options), "prompt": FROM_MEMORY})
    points = doublings(FIRST, tokens)
    for trial in range(trials):
        key = f"retention/{seed}/{tokens}/{trial}"
        chance = random.Random(key)
        number = _number(chance)
        depth = chance.random() * min(engine.info.window, FIRST // 2) / tokens
        ids, _ = books.hide(chance, [engine.tokenize([KEY_SENTENCE.format(key=number)]).ids], [depth], tokens)
        old = [rows.done(made, f"{key}/{point}", KEY_QUESTION, ("memory",)) for point in points]
        if None not in old:
            found += [row for some in old for row in some or ()]
            continue
        state, last = engine.empty_state(), 0
        for point in points:
            for step in engine.read(ids[last:point], state, group_tokens=engine.group_tokens()):
                state = step.state
            last = point
            *_, answer = engine.ask(state, KEY_QUESTION, source="memory", options=options)
            row = {
                "run": made, "text": f"{key}/{point}", "source": "memory", "question": KEY_QUESTION, "accepted": [number],
                "reply": answer.text, "tokens": point, "right": number_match(answer.text, number),
            }  # fmt: skip
            rows.add([row])
            found.append(row)
        say(f"{key}: " + ", ".join(f"{row['tokens']:,} {row['right']:.0f}" for row in found[-len(points) :]))
    return found


def doublings(first: int, last: int) -> list[int]:
    """`first`, twice that and so on below `last`, and `last`."""
    points = []
    while first < last:
        points.append(first)
        first *= 2
    return [*points, last]


def _number(chance: random.Random) -> str:
    """A number of DIGITS digits that a person would write: no zero at its head."""
    return str(chance.randrange(10 ** (DIGITS - 1), 10**DIGITS))
