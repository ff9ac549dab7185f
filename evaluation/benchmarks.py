"""Public sets of questions: SQuAD's paragraphs hidden in books, whole novels (NarrativeQA), bAbI's stories in books (BABILong)."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from engine.engine import Engine
from evaluation.errors import InputInvalid
from evaluation.estimates import Measure, field
from evaluation.run import Text
from evaluation.score import UNANSWERABLE, any_stands_in, babilong_match, exact_match, f1, rouge
from evaluation.texts import Books, pointed, spread
from evaluation.ways import Question, Reply
from training.corpora import Passage, squad

PER_PASSAGE = 3  # questions on one paragraph at most
STATEMENT = re.compile(r"^(\d+) ([^\t]*)(?:\t([^\t]*)\t.*)?$")
HELD_BACK = 0.1  # of a bAbI file's stories, the last


def squad_in_book(
    engine: Engine, data: Path, books: Books, tokens: int, questions: int, foreign: int, passages: int | None, seed: int
) -> Iterator[Text]:
    """Texts of `tokens` tokens of books with paragraphs of held-out articles in them, until `questions` are asked. `foreign` of every
    hundred more are asked whose paragraph is of another article that the text doesn't have. Raises InputInvalid, CorpusError.

    `passages` is how many paragraphs a text has; without it one for each 512 tokens, 8 to 64.
    """
    held = [one for one in squad(data)[1] if one.questions]
    many = passages or max(8, min(64, tokens // 512))
    asked, number = 0, 0
    while asked < questions:
        key = f"squad-in-book/{seed}/{tokens}/{many}/{number}"
        chance, number = random.Random(key), number + 1
        inside = chance.sample(held, many)
        outside = [one for one in held if one.source not in {passage.source for passage in inside}]
        pieces = [engine.tokenize([f"\n{passage.text}\n"]).ids for passage in inside]
        ids, spans = books.hide(chance, pieces, spread(chance, many), tokens)
        made = [q for passage, span in zip(inside, spans, strict=True) for q in _asked(chance, passage, span)]
        made = made[: questions - asked]
        asked += len(made)
        extra = len(made) * foreign // 100 if outside else 0
        others = [_asked(chance, chance.choice(outside), None)[0] for _ in range(extra)]
        yield Text(key, lambda ids=ids: ids, made + others, {"tokens": tokens})


def _asked(chance: random.Random, passage: Passage, span: tuple[int, int] | None) -> list[Question]:
    chosen = chance.sample(passage.questions, min(PER_PASSAGE, len(passage.questions)))
    about = {"kind": UNANSWERABLE} if span is None else {"kind": "fact", "span": list(span)}
    return [Question(q.text, q.answers if span else (), about) for q in chosen]


def judge_span(question: Question, reply: Reply) -> dict[str, Any]:
    """SQuAD's scores of questions that the text answers, and whether an accepted answer stands in the reply as whole words."""
    if question.about["kind"] == UNANSWERABLE:
        return {"right": float(reply.declined), "correct": 0.0}
    found = any_stands_in(question.accepted, reply.text)
    scores: dict[str, Any] = {"f1": f1(reply.text, question.accepted), "em": exact_match(reply.text, question.accepted)}
    if "pages" in reply.about and "span" in question.about:
        scores["page found"] = pointed(reply.about["pages"], question.about["span"])
    return scores | {"holds": float(found), "right": float(found and not reply.declined), "correct": float(found)}


def span_measures() -> list[Measure]:
    """F1 and EM; `holds`: an accepted answer stands in the reply; the page of the answer among the three; declining."""

    def declined(wanted: bool):
        return lambda row: float(row["declined"]) if (row["kind"] == UNANSWERABLE) == wanted else None

    return [
        field("f1"), field("em"), field("holds"), field("page found"), Measure("unanswerable declined", declined(True)),
        Measure("wrongly declined", declined(False)),
    ]  # fmt: skip


def narrativeqa(engine: Engine, data: Path, tokens: int | None) -> Iterator[Text]:
    """Every question on each book of the folder `data` (narrativeqa_*questions.jsonl and books/), of which the first `tokens` tokens
    are read. Raises InputInvalid."""
    files = sorted(data.glob("narrativeqa_*questions.jsonl"))
    if len(files) != 1:
        raise InputInvalid(
            f"There should be one file narrativeqa_*questions.jsonl in {data}, and there are {len(files)}."
        )
    asked: dict[str, list[Question]] = {}
    for line in files[0].read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        asked.setdefault(row["book"], []).append(Question(row["question"], tuple(row["answers"]), {"kind": "fact"}))
    for book, questions in asked.items():
        path = data / "books" / f"{book}.txt"
        if not path.is_file():
            raise InputInvalid(f"The book {path} is missing. Unpack the books there.")

        def ids(path: Path = path) -> Sequence[int]:
            return engine.tokenize([path.read_text(encoding="utf-8")]).ids[:tokens]

        yield Text(f"narrativeqa/{book}/{tokens}", ids, questions, {"tokens": tokens} if tokens else {})


def judge_narrative(question: Question, reply: Reply) -> dict[str, Any]:
    """SQuAD's scores and ROUGE-L."""
    return judge_span(question, reply) | {"rouge-l": rouge(reply.text, question.accepted)["rougeL"]}


def babilong(
    engine: Engine, stories: Path, books: Books, tokens: int, tasks: Sequence[int], trials: int, seed: int
) -> Iterator[Text]:
    """`trials` stories of each of bAbI's `tasks` from the folder `stories`, their sentences strewn in `tokens` tokens of books in
    their order (with 0 alone), and one question each. Only the last tenth of a file's stories is used. Raises InputInvalid."""
    told = {task: read_stories(stories, task) for task in tasks}
    labels = {task: sorted({answer for *_, answer in some}) for task, some in told.items()}
    for trial in range(trials):
        for task in tasks:
            key = f"babilong/{seed}/{tokens}/{task}/{trial}"
            chance = random.Random(key)
            sentences, question, answer = chance.choice(told[task][-max(int(len(told[task]) * HELD_BACK), 1) :])
            pieces = [engine.tokenize([f" {sentence}"]).ids for sentence in sentences]
            ids, _ = books.hide(chance, pieces, sorted(chance.random() for _ in pieces), tokens)
            about = {"kind": f"qa{task}", "labels": labels[task]}
            yield Text(key, lambda ids=ids: ids, [Question(question, (answer,), about)], {"tokens": tokens})


def read_stories(folder: Path, task: int) -> list[tuple[list[str], str, str]]:
    """The stories of a bAbI task, each up to one of its questions: sentences, the question, its answer. Raises InputInvalid."""
    files = sorted(folder.glob(f"qa{task}_*_train.txt"))
    if len(files) != 1:
        raise InputInvalid(f"There should be one file qa{task}_*_train.txt in {folder}, and there are {len(files)}.")
    found, sentences = [], []
    for line in files[0].read_text(encoding="utf-8").splitlines():
        match = STATEMENT.match(line)
        if match is None:
            raise InputInvalid(f"{files[0]} is no file of bAbI's: {line[:80]!r}")
        number, text, answer = match.groups()
        if number == "1":
            sentences = []
        if answer is None:
            sentences.append(text.strip())
        else:
            found.append((list(sentences), text.strip(), answer))
    return found


def judge_babilong(question: Question, reply: Reply) -> dict[str, Any]:
    """The benchmark's own rule."""
    right = babilong_match(reply.text, question.accepted[0], question.about["labels"], question.text)
    return {"right": right, "correct": right}


def babilong_measures(tasks: Sequence[int]) -> list[Measure]:
    """The share right, over all tasks and of each."""

    def of(task: int):
        return lambda row: row["right"] if row["kind"] == f"qa{task}" else None

    return [field("right"), *(Measure(f"qa{task}", of(task)) for task in tasks)]
