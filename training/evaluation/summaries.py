"""Summaries of whole stories (SQuALITY) and meetings (QMSum): read once, ask for each summary, compare by ROUGE."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.engine import SUMMARY, Engine
from training.corpora import CorpusError
from training.evaluation.cases import Case, Question, run_cases
from training.evaluation.readers import Reader
from training.evaluation.scores import mean, rouge

MEASURES = ("rouge1", "rouge2", "rougeL")


def run_summaries(
    engine: Engine, *, file: Path, rows: Path | None = None, limit: int | None = None, by: Reader | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> dict:  # fmt: skip
    """Every query of the documents in `file` (SQuALITY's or QMSum's JSON lines), at most `limit` documents.

    Returns ROUGE-1, -2 and -L F-measures, each summary's at its best over its references. Raises CorpusError and RowsInvalid.
    """

    def judge(question: Question, answer: str) -> dict[str, float]:
        return rouge(answer, question.accepted)

    found = run_cases(engine, cases(engine, file), judge, rows=rows, limit=limit, options=SUMMARY, by=by, say=say)
    return {
        **{name: mean([row[name] for row in found]) for name in MEASURES},
        "documents": len({row["case"] for row in found}), "summaries": len(found), "file": file.name,
        "by": by.name if by else "memory",
        "weights": engine.info.weights_hash, "rows": found,
    }  # fmt: skip


def cases(engine: Engine, file: Path) -> Iterator[Case]:
    """A case a document."""
    try:
        documents = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        made = [_story(row) if "questions" in row else _meeting(row) for row in documents]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CorpusError(f"{file} is no file of SQuALITY's or QMSum's, one JSON object a line.") from error
    for name, text, asked in made:
        questions = [Question(query, references, {}) for query, references in asked]
        yield Case(f"summaries/{name}", lambda text=text: engine.tokenize([text]).ids, questions)


def table(result: dict) -> list[str]:
    """The result as a Markdown table."""
    return [
        "| documents | summaries | ROUGE-1 | ROUGE-2 | ROUGE-L |", "|---|---|---|---|---|",
        f"| {result['documents']} | {result['summaries']} | " + " | ".join(f"{result[m]:.3f}" for m in MEASURES) + " |",
    ]  # fmt: skip


def _story(row: dict) -> tuple[str, str, list[tuple[str, tuple[str, ...]]]]:
    asked = [(q["question_text"], tuple(r["response_text"] for r in q["responses"])) for q in row["questions"]]
    return row["metadata"]["passage_id"], row["document"], asked


def _meeting(row: dict) -> tuple[str, str, list[tuple[str, tuple[str, ...]]]]:
    return row["id"], row["transcript"], [(q["query"], (q["answer"],)) for q in row["queries"]]
