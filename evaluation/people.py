"""Questions in the words of ordinary people on their own documents: `people`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import documents
from engine.engine import Engine
from evaluation.errors import InputInvalid
from evaluation.estimates import Measure
from evaluation.run import Text
from evaluation.score import UNANSWERABLE, people_correct, people_right
from evaluation.ways import Question, Reply

KINDS = ("fact", "who", "number", "how", "why", "list", "about", "followup", "dutch")
ASKED = ("document", "kind", "question", "history", "answers")


def texts(
    engine: Engine, file: Path, folders: Sequence[Path], only: Sequence[str], upto: Mapping[str, str]
) -> Iterator[Text]:
    """The documents that a file of the form of questions.jsonl asks about, each with its questions, in the file's order.

    A document is looked for in `folders` by its path there or by its name. `only` keeps those whose name has one of these words.
    `upto` gives for a document's name how the title of the last section that is read begins. Raises InputInvalid and DocumentError.
    """
    asked: dict[str, list[dict[str, Any]]] = {}
    for row in read_questions(file):
        if not only or any(word in row["document"] for word in only):
            asked.setdefault(row["document"], []).append(row)
    for name, rows in asked.items():
        path, last = find(name, folders), upto.get(Path(name).name)
        questions = [
            Question(row["question"], tuple(row["answers"]), {"kind": row["kind"], "asked": row}, _turns(row))
            for row in rows
        ]

        def ids(path: Path = path, last: str | None = last) -> Sequence[int]:
            return engine.tokenize(pages_of(path, last)).ids

        yield Text(f"people/{name}" + (f"/{last}" if last else ""), ids, questions, {"document": name})


def read_questions(file: Path) -> list[dict[str, Any]]:
    """The rows of a file of questions. Raises InputInvalid."""
    try:
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
        for row in rows:
            for name in ASKED:
                row[name]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputInvalid(
            f"{file} is no file of questions ({error}). Each line is a JSON object with {', '.join(ASKED)}."
        ) from error
    return rows


def find(name: str, folders: Sequence[Path]) -> Path:
    """Where a document is. Raises InputInvalid."""
    for folder in folders:
        for path in (folder / name, folder / Path(name).name):
            if path.is_file():
                return path
    raise InputInvalid(f"The document {name} is in none of the folders {', '.join(map(str, folders))}.")


def pages_of(path: Path, last: str | None) -> list[str]:
    """The pages of a document, up to the end of the section whose title begins with `last`. Raises InputInvalid, DocumentError."""
    read = documents.read(path.read_bytes(), path.name)
    if last is None:
        return list(read.pages)
    section = next((one for one in read.sections if one.title.startswith(last)), None)
    if section is None:
        raise InputInvalid(f"{path.name} has no section whose title begins with {last!r}.")
    pages = (page[: max(section.end - start, 0)] for page, start in zip(read.pages, read.page_starts, strict=True))
    return [page for page in pages if page]


def judge(question: Question, reply: Reply) -> dict[str, Any]:
    """Right by the rule for people's questions, and correct where declining is left aside."""
    row = question.about["asked"]
    return {
        "right": float(people_right(row, reply.text, reply.declined)), "correct": float(people_correct(row, reply.text)),
        "asked": {name: row[name] for name in ("where", "position", "need", "all_of") if name in row},
    }  # fmt: skip


def measures() -> list[Measure]:
    """Answerable and unanswerable apart, then each kind."""

    def of(kinds: Sequence[str], name: str):
        return lambda row: float(row[name]) if row["kind"] in kinds else None

    return [
        Measure("answerable right", of(KINDS, "right")),
        Measure("unanswerable declined", of((UNANSWERABLE,), "declined")),
        Measure("wrongly declined", of(KINDS, "declined")),
        *(Measure(kind, of((kind,), "right")) for kind in KINDS),
    ]


def _turns(row: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((asked, answered) for asked, answered in row["history"])
