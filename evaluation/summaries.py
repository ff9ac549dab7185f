"""Summaries of whole stories (SQuALITY) and meetings (QMSum) beside those that people wrote, by ROUGE."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from engine.engine import Engine
from engine.generate import AnswerOptions
from evaluation.errors import InputInvalid
from evaluation.estimates import Measure
from evaluation.loading import Measured, Memories
from evaluation.run import Text
from evaluation.score import rouge
from evaluation.ways import Question, Reply, Way, mark, memory_parts

WORDS = 200
MEASURES = ("rouge1", "rouge2", "rougeL")


def texts(engine: Engine, file: Path, general: bool) -> Iterator[Text]:
    """The documents of a file of SQuALITY's or QMSum's JSON lines, each with its queries; with `general` only those for a summary of
    the whole. Raises InputInvalid."""
    try:
        read = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        found = [_story(row) if "questions" in row else _meeting(row) for row in read]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputInvalid(f"{file} is no file of SQuALITY's or QMSum's, one JSON object a line.") from error
    for name, text, questions in found:
        chosen = [q for q in questions if not general or q.about["kind"] == "general"]
        if chosen:
            yield Text(f"summaries/{file.stem}/{name}", lambda text=text: engine.tokenize([text]).ids, chosen, {})


def own_ways(names: Sequence[str], measured: Measured, memories: Memories) -> list[Way]:
    """Two ways that only summaries have: `summary`, the assistant's own of the whole document, whatever was asked, and `lead`, the
    text's first words."""
    engine = measured.engine

    def write(ids: Sequence[int]):
        state, written = memories.of(ids), {}

        def answer(questions: Sequence[Question], options: AnswerOptions) -> list[list[Reply]]:
            if options not in written:
                *_, last = engine.summarize(
                    state, title="The document", text=lambda a, b: engine.text(ids[a:b]), words=WORDS, options=options
                )
                written[options] = Reply(last.text, False)
            return [[written[options]] for _ in questions]

        return answer

    def lead(ids: Sequence[int]):
        first = " ".join(engine.text(ids[: 4 * WORDS]).split()[:WORDS])
        return lambda questions, options: [[Reply(first, False)] for _ in questions]

    made = {"base": measured.base, "words": WORDS}
    found = {
        "summary": Way("summary", ("summary",), mark(made | memory_parts(engine) | {"way": "summary"}), write),
        "lead": Way("lead", ("lead",), mark(made | {"way": "lead"}), lead),
    }
    return [found[name] for name in names if name in found]


def judge(question: Question, reply: Reply) -> dict[str, Any]:
    """ROUGE at its best over the references."""
    return rouge(reply.text, question.accepted)


def measures() -> list[Measure]:
    """ROUGE over all queries, and over those for the whole document."""

    def general(name: str):
        return lambda row: row[name] if row["kind"] == "general" else None

    return [
        *(Measure(name, lambda row, name=name: row[name]) for name in MEASURES),
        *(Measure(f"{name}, whole", general(name)) for name in MEASURES),
    ]


def _story(row: dict[str, Any]) -> tuple[str, str, list[Question]]:
    asked = [
        Question(
            q["question_text"], tuple(r["response_text"] for r in q["responses"]),
            {"kind": "general" if q["question_number"] == 1 else "specific"},
        )
        for q in row["questions"]
    ]  # fmt: skip
    return row["metadata"]["passage_id"], row["document"], asked


def _meeting(row: dict[str, Any]) -> tuple[str, str, list[Question]]:
    asked = [Question(q["query"], (q["answer"],), {"kind": q["kind"]}) for q in row["queries"]]
    return row["id"], row["transcript"], asked
