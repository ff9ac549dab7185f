"""Passages with questions, and whole books, from the unpacked public data. Every path is given; nothing is fetched."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_MAX_ANSWER_WORDS = 12
_SENTENCE = re.compile(r"[^.]+\.")
HELD_OUT = 200  # stories of each bAbI task that are for evaluation


class CorpusError(Exception):
    """A corpus folder that does not hold what it should; the sentence says which file is missing."""


class Passage(NamedTuple):
    """A text and what may be asked of it: (question, answer) pairs, in the order of the source."""

    text: str
    qas: tuple[tuple[str, str], ...]


def squad_passages(path: Path, *, holdout: int = 22) -> tuple[list[Passage], list[Passage]]:
    """SQuAD paragraphs (train, held out); `holdout` articles, spread over the titles, are held out whole.

    Raises CorpusError.
    """
    articles = json.loads(_text(_only(Path(path), "train*.json")))["data"]
    articles = sorted(articles, key=lambda article: article["title"])
    # Evenly spaced over the alphabet, so that both parts have the same mix of subjects.
    held = {i * len(articles) // holdout for i in range(holdout)} if holdout else set()
    parts: tuple[list[Passage], list[Passage]] = ([], [])
    for i, article in enumerate(articles):
        for paragraph in article["paragraphs"]:
            qas = _kept((qa["question"], qa["answers"][0]["text"]) for qa in paragraph["qas"] if qa["answers"])
            if qas:
                parts[i in held].append(Passage(paragraph["context"].strip(), qas))
    return parts


def fairytale_passages(path: Path, split: str) -> list[Passage]:
    """FairytaleQA sections ('train' or 'val') with the explicit, local questions of at most 12 answer words.

    Raises CorpusError.
    """
    passages = []
    for line in _text(_only(Path(path), f"*_{split}.jsonl")).splitlines():
        story = json.loads(line)
        for number, section in enumerate(story["sections"], start=1):
            qas = _kept(
                (qa["question"], qa["answers"][0])
                for qa in story["questions"]
                if qa["sections"] == str(number) and qa["ex_or_im"] == "explicit" and qa["answers"]
            )
            if qas:
                passages.append(Passage(" ".join(section.split()), qas))
    return passages


def babi_stories(path: Path, task: int) -> list[Passage]:
    """bAbI train stories of one task, one passage a question: the story up to it, the question, the answer.

    The 10k files where they are. Raises CorpusError.
    """
    folders = [
        folder for folder in (Path(path) / "en-10k", Path(path) / "en") if list(folder.glob(f"qa{task}_*_train.txt"))
    ]
    if not folders:
        raise CorpusError(f"No bAbI train file of task {task} under {path}. Unpack the bAbI archive there.")
    return list(_stories(_text(_only(folders[0], f"qa{task}_*_train.txt"))))


def sentences(story: Passage) -> list[str]:
    """A bAbI story's sentences, in their order."""
    return [sentence.strip() for sentence in _SENTENCE.findall(story.text)]


def books(path: Path) -> list[Path]:
    """The plain-text books of a folder (or of its books/ folder), by name. Raises CorpusError when there is none."""
    folder = Path(path) / "books" if (Path(path) / "books").is_dir() else Path(path)
    found = sorted(folder.glob("*.txt"))
    if not found:
        raise CorpusError(f"No .txt books in {folder}. Unpack the books there.")
    return found


def read_book(path: Path) -> str:
    """A whole book's text, lines of one paragraph kept as they are, newlines as \\n."""
    return _text(Path(path)).replace("\r\n", "\n").strip("\n") + "\n"


def _stories(text: str) -> Iterator[Passage]:
    lines: list[str] = []
    for row in text.splitlines():
        number, _, rest = row.partition(" ")
        if number == "1":
            lines = []
        if "\t" not in rest:
            lines.append(rest.strip())
            continue
        question, answer, _ = rest.split("\t")
        yield Passage(" ".join(lines), ((question.strip(), answer.strip()),))


def _kept(pairs: Iterator[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The pairs with a short answer and a real question, white space made single."""
    clean = ((" ".join(question.split()), " ".join(answer.split())) for question, answer in pairs)
    return tuple((q, a) for q, a in clean if len(q) > 5 and a and len(a.split()) <= _MAX_ANSWER_WORDS)


def _only(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise CorpusError(f"{folder} should hold one file {pattern} but holds {len(found)}. Unpack the data there.")
    return found[0]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
