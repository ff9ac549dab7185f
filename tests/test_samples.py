"""The sample document and its twenty questions fit together: each answer stands in one place only."""

import itertools
import json
import re
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parent.parent / "app" / "samples"
TABLE = json.loads((SAMPLES / "questions.json").read_text(encoding="utf-8"))
TEXT = (SAMPLES / TABLE["document"]).read_text(encoding="utf-8")
QUESTIONS = TABLE["questions"]


def words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


@pytest.mark.parametrize("row", QUESTIONS, ids=lambda row: row["question"])
def test_one_sentence_holds_the_answer_and_no_other_does(row: dict) -> None:
    assert TEXT.count(row["sentence"]) == 1
    found = [answer for answer in row["answers"] if words(answer) in words(row["sentence"])]
    assert found
    elsewhere = f" {words(TEXT.replace(row['sentence'], ''))} "
    assert not any(f" {words(answer)} " in elsewhere for answer in row["answers"])
    assert not any(words(answer) in words(row["question"]) for answer in row["answers"])


def test_twenty_questions_spread_over_the_whole_document() -> None:
    places = [TEXT.index(row["sentence"]) / len(TEXT) for row in QUESTIONS]
    assert len(QUESTIONS) == len({row["question"] for row in QUESTIONS}) == 20
    assert places == sorted(places) and places[0] < 0.08 and places[-1] > 0.9
    assert max(later - earlier for earlier, later in itertools.pairwise(places)) < 0.12


def test_the_document_is_long_enough_to_need_a_memory() -> None:
    assert len(TEXT.split()) > 3000
    assert len(re.findall(r"^## ", TEXT, flags=re.MULTILINE)) == 12
    assert len(re.findall(r"^# ", TEXT, flags=re.MULTILINE)) == 1


def test_training_has_never_seen_the_names() -> None:
    names = {answer for row in QUESTIONS for answer in row["answers"] if answer[0].isupper()}
    names = {name for name in names if "February" not in name} | {"Vessary", "Marrowgate", "4172"}
    files = [
        path
        for path in (SAMPLES.parent.parent / "training").rglob("*")
        if path.suffix in (".py", ".toml", ".json", ".txt")
    ]
    seen = [
        (path.name, name)
        for path in files
        for name in names
        if name.lower() in path.read_text(encoding="utf-8").lower()
    ]
    assert len(names) > 10 and seen == []
