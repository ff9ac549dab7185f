"""Passages with questions, and whole books, from unpacked public data sets. Every path is given; nothing is fetched."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

HELD_OUT_ARTICLES = 22  # of SQuAD, spread over the alphabet: for tuning and measuring, never for training


class CorpusError(Exception):
    """A data folder lacks a file or holds another one; the sentence says which."""


@dataclass(frozen=True)
class Question:
    """A question on a passage: accepted answers, and where the first of them begins and ends in the passage (None: nowhere
    literally)."""

    text: str
    answers: tuple[str, ...]
    span: tuple[int, int] | None


@dataclass(frozen=True)
class Passage:
    """A stretch of text with its questions. `source` is the article, story or book that it is from."""

    text: str
    source: str
    questions: tuple[Question, ...] = field(default=())


def squad(folder: Path) -> tuple[list[Passage], list[Passage]]:
    """SQuAD paragraphs for training and the held-out ones, whole articles each. Raises CorpusError."""
    articles = sorted(json.loads(_text(_only(folder / "squad", "train*.json")))["data"], key=lambda a: a["title"])
    held = {i * len(articles) // HELD_OUT_ARTICLES for i in range(HELD_OUT_ARTICLES)}
    parts: tuple[list[Passage], list[Passage]] = ([], [])
    for number, article in enumerate(articles):
        for paragraph in article["paragraphs"]:
            text = paragraph["context"]
            asked = [
                Question(
                    " ".join(qa["question"].split()),
                    tuple(dict.fromkeys(a["text"] for a in qa["answers"])),
                    (
                        qa["answers"][0]["answer_start"],
                        qa["answers"][0]["answer_start"] + len(qa["answers"][0]["text"]),
                    ),
                )
                for qa in paragraph["qas"]
                if qa["answers"]
            ]
            parts[number in held].append(Passage(text, article["title"], tuple(asked)))
    return parts


def by_source(passages: Sequence[Passage]) -> dict[str, list[Passage]]:
    """The passages of each article, story or book, in order."""
    found: dict[str, list[Passage]] = {}
    for passage in passages:
        found.setdefault(passage.source, []).append(passage)
    return found


def fairytales(folder: Path, split: str) -> list[list[Passage]]:
    """FairytaleQA stories ("train" or "val"), each as its sections with the questions that one section answers. Raises CorpusError."""
    stories = []
    for line in _text(_only(folder / "fairytaleqa", f"*_{split}.jsonl")).splitlines():
        story = json.loads(line)
        sections = []
        for number, section in enumerate(story["sections"], start=1):
            text = " ".join(section.split())
            asked = []
            for qa in story["questions"]:
                if qa["sections"] == str(number) and qa["answers"]:
                    at = text.find(qa["answers"][0].rstrip(". "))
                    span = (at, at + len(qa["answers"][0].rstrip(". "))) if at >= 0 else None
                    asked.append(Question(qa["question"], tuple(qa["answers"]), span))
            sections.append(Passage(text, story["story"], tuple(asked)))
        stories.append(sections)
    return stories


def books(folder: Path) -> list[Path]:
    """The books in a folder, in the order of their names. Raises CorpusError where there is none."""
    found = sorted(folder.glob("*.txt"))
    if not found:
        raise CorpusError(f"There are no books (*.txt) in {folder}. Name the folder that the books were unpacked into.")
    return found


def book_text(paths: Sequence[Path], characters: int, chance: random.Random) -> str:
    """A stretch of one book, from anywhere behind its first pages."""
    text = chance.choice(list(paths)).read_text(encoding="utf-8")
    start = chance.randrange(min(5000, len(text) // 4), max(len(text) - characters, len(text) // 2))
    start = text.find("\n", start) + 1
    return text[start : start + characters]


def _only(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise CorpusError(f"There should be one file {pattern} in {folder}, and there are {len(found)}.")
    return found[0]


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(f"{path} cannot be read: {error}") from error
