"""A text, the questions on it, and a run over many of them that can be broken off and gone on with."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from engine.engine import Answer, AnswerOptions, Engine
from training.evaluation.readers import Reader, reader

SHORT = AnswerOptions(max_new_tokens=32)
Judge = Callable[["Question", str], dict[str, float]]


class RowsInvalid(Exception):
    """A file with rows of an earlier run cannot be gone on with."""


class Question(NamedTuple):
    """What is asked, the answers that are accepted, and what to group the result by."""

    text: str
    accepted: tuple[str, ...]
    about: dict


class Case(NamedTuple):
    """A text to read once, and what is asked about it afterwards. `key` names it within a run; `ids` makes its tokens."""

    key: str
    ids: Callable[[], Sequence[int]]
    questions: list[Question]


def run_cases(
    engine: Engine, cases: Iterable[Case], judge: Judge, *, rows: Path | None = None, limit: int | None = None,
    options: AnswerOptions = SHORT, by: Reader | None = None, say: Callable[[str], None] = lambda line: None,
) -> list[dict]:  # fmt: skip
    """One row a question: case, question, expected, answer, grounding, its `about`, and what `judge` says of the answer.

    At most `limit` cases, answered from the memory or as `by` does. With `rows` (JSON lines) every case is written down as
    soon as it is done, and one that stands there already, done the same way with the same weights, is not done again.
    Raises RowsInvalid.
    """
    by = by or reader(engine, "memory")
    mark = {"by": by.name, "weights": engine.info.weights_hash}
    done = _done(rows, mark)
    found: list[dict] = []
    for some in _in_turn(islice(cases, limit), by.side_by_side):
        fresh = _run(by, [case for case in some if case.key not in done], judge, options)
        for case in some:
            if case.key in fresh and rows is not None:
                with rows.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"case": case.key, **mark, "rows": fresh[case.key]}) + "\n")
            of_case = fresh.get(case.key) or done[case.key]
            say(f"{case.key}: {len(of_case)} questions, {json.dumps([row['answer'] for row in of_case])[:160]}")
            found += of_case
    return found


def _in_turn(cases: Iterable[Case], most: int) -> Iterator[list[Case]]:
    """`most` cases at a time."""
    left = iter(cases)
    while some := list(islice(left, most)):
        yield some


def _run(by: Reader, cases: list[Case], judge: Judge, options: AnswerOptions) -> dict[str, list[dict]]:
    """The rows of each of `cases`, by its key."""
    asked = [[question.text for question in case.questions] for case in cases]
    said = by.answers([case.ids() for case in cases], asked, options)
    return {
        case.key: [_row(case, *pair, judge) for pair in zip(case.questions, answers, strict=True)]
        for case, answers in zip(cases, said, strict=True)
    }


def _row(case: Case, question: Question, said: Answer, judge: Judge) -> dict:
    return {
        "case": case.key, "question": question.text, "expected": question.accepted[0], "answer": said.text,
        "grounding": round(said.grounding, 3), **question.about, **judge(question, said.text),
    }  # fmt: skip


def _done(rows: Path | None, mark: dict[str, str]) -> dict[str, list[dict]]:
    if rows is None or not rows.exists():
        return {}
    try:
        lines = [json.loads(line) for line in rows.read_text(encoding="utf-8").splitlines()]
        return {line["case"]: line["rows"] for line in lines if mark.items() <= line.items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RowsInvalid(f"{rows} cannot be gone on with: it does not hold the rows of an earlier run.") from error
