"""NarrativeQA on whole books: every question of a book after the book was read once."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.engine import Engine
from training.corpora import CorpusError, read_book
from training.evaluation.cases import Case, Question, run_cases
from training.evaluation.readers import Reader
from training.evaluation.scores import exact_match, f1, mean, rouge


def run_narrativeqa(
    engine: Engine, *, books: Path, tokens: int | None = None, rows: Path | None = None, limit: int | None = None, by: Reader | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> dict:  # fmt: skip
    """All questions on the books of the folder `books` (narrativeqa_*questions.jsonl and books/), at most `limit` books,
    of each the first `tokens` tokens.

    Returns the means `exact`, `f1` and `rouge_l` over questions. Raises CorpusError and RowsInvalid.
    """
    found = run_cases(engine, cases(engine, books, tokens), judge, rows=rows, limit=limit, by=by, say=say)
    return {
        "exact": mean([row["exact"] for row in found]), "f1": mean([row["f1"] for row in found]),
        "rouge_l": mean([row["rouge_l"] for row in found]), "questions": len(found),
        "books": len({row["case"] for row in found}), "tokens": tokens, "by": by.name if by else "memory",
        "weights": engine.info.weights_hash, "rows": found,
    }  # fmt: skip


def cases(engine: Engine, folder: Path, tokens: int | None) -> Iterator[Case]:
    """A case a book, in the order of the questions file."""
    files = sorted(folder.glob("narrativeqa_*questions.jsonl"))
    if not files:
        raise CorpusError(
            f"No file narrativeqa_*questions.jsonl in {folder}. Unpack the books with their questions there."
        )
    asked: dict[str, list[Question]] = {}
    for line in files[0].read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        asked.setdefault(row["book"], []).append(Question(row["question"], tuple(row["answers"]), {}))
    for book, questions in asked.items():
        path = folder / "books" / f"{book}.txt"
        if not path.is_file():
            raise CorpusError(f"The book {path} is missing. Unpack the books there.")
        yield Case(
            f"narrativeqa/{book}/{tokens}", lambda path=path: engine.tokenize([read_book(path)]).ids[:tokens], questions
        )


def judge(question: Question, answer: str) -> dict[str, float]:
    """EM and F1 as for SQuAD, and ROUGE-L."""
    accepted = question.accepted
    return {
        "exact": exact_match(answer, accepted),
        "f1": f1(answer, accepted),
        "rouge_l": rouge(answer, accepted)["rougeL"],
    }


def table(result: dict) -> list[str]:
    """The result as a Markdown table."""
    return [
        "| books | questions | EM | F1 | ROUGE-L |", "|---|---|---|---|---|",
        f"| {result['books']} | {result['questions']} | {result['exact']:.3f} | {result['f1']:.3f} | {result['rouge_l']:.3f} |",
    ]  # fmt: skip
