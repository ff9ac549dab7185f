"""Plain questions on one document: answered from its memory, from an empty one, and from another document's."""

import json
import re
from pathlib import Path

from engine.engine import AnswerOptions, Engine
from training.evaluation.readers import ask, read_all

OPTIONS = AnswerOptions(max_new_tokens=32)


class QuestionsInvalid(Exception):
    """The file with the questions is missing or is not a JSON list of questions with answers."""


def run_questions(engine: Engine, *, document: Path, questions: Path, other: Path | None = None) -> dict:
    """Ask every question of `questions` (JSON: a list of {"question", "answers"}) from the memory of `document`, from an
    empty memory, and, where given, from the memory of `other`, a text that does not hold the answers.

    Raises QuestionsInvalid. Returns the counts `right`, `right_empty`, `right_other` and one row a question with answers and groundings.
    """
    asked = load_questions(questions)
    state = read_all(engine, engine.tokenize([document.read_text(encoding="utf-8")]).ids)
    states = {"memory": state, "empty": engine.empty_state()}
    if other is not None:
        states["other"] = read_all(engine, engine.tokenize([other.read_text(encoding="utf-8")]).ids)
    rows = [_ask(engine, states, row) for row in asked]
    counts = {name: sum(row[name]["right"] for row in rows) for name in states}
    return {
        "right": counts["memory"], "right_empty": counts["empty"], "right_other": counts.get("other"), "questions": len(rows),
        "tokens": state.n_tokens, "weights": engine.info.weights_hash, "rows": rows,
    }  # fmt: skip


def load_questions(path: Path) -> list[dict]:
    """The rows of a questions file. Raises QuestionsInvalid."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["questions"]
        return [{"question": row["question"], "answers": list(row["answers"])} for row in rows]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise QuestionsInvalid(
            f'{path} cannot be used: it must be JSON with a list "questions" of question and answers.'
        ) from error


def table(result: dict) -> list[str]:
    """The result as a Markdown table and a line of counts."""
    other = result["right_other"] is not None
    lines = ["| question | from memory | | grounding | empty memory |" + (" another document |" if other else "")]
    lines.append("|---|---|---|---|---|" + ("---|" if other else ""))
    for row in result["rows"]:
        memory, mark = row["memory"], "right" if row["memory"]["right"] else f"wrong: {row['expected']}"
        cells = [row["question"], memory["answer"], mark, f"{memory['grounding']:.2f}", row["empty"]["answer"]]
        if other:
            cells.append(f"{row['other']['answer']} ({row['other']['grounding']:.2f})")
        lines.append("| " + " | ".join(" ".join(cell.split()) for cell in cells) + " |")
    return [
        *lines,
        "",
        f"{result['right']} of {result['questions']} right, {result['right_empty']} with an empty memory",
    ]


def _ask(engine: Engine, states: dict, row: dict) -> dict:
    answers: dict = {"question": row["question"], "expected": row["answers"][0]}
    for name, state in states.items():
        last = ask(engine, state, row["question"], OPTIONS)
        answers[name] = {
            "answer": last.text,
            "grounding": round(last.grounding, 3),
            "right": holds(last.text, row["answers"]),
        }
    return answers


def holds(answer: str, accepted: list[str]) -> bool:
    """Whether one of the accepted answers stands in `answer` as whole words, whatever the case."""
    words = lambda text: " " + " ".join(re.findall(r"\w+", text.lower())) + " "  # noqa: E731
    return any(words(each) in words(answer) for each in accepted)
