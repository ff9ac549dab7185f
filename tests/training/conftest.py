"""Small data sets in the form that the commands take, written here."""

import json
from pathlib import Path

import pytest

from tests.engine.conftest import base_folder, tokenizer  # noqa: F401  # fixtures

PLACES = ("Quillane", "Osmere", "Tarn", "Velby", "Harrow", "Lunt", "Mere", "Oxley", "Penn")


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SQuAD and FairytaleQA as they lie on disk: 44 articles of nine paragraphs, four stories of nine sections."""
    root = tmp_path_factory.mktemp("data")
    articles = []
    for number in range(44):
        paragraphs = []
        for part in range(9):
            place, crowns = PLACES[part], 100 * number + part
            text = f"The mill of {place} was built long ago. The miller paid {crowns} crowns for its great wheel. Nobody knows why."
            at = text.index(str(crowns))
            qa = {
                "id": f"{number}-{part}",
                "question": f"How much did the miller of {place} pay for the great wheel?",
                "answers": [{"text": str(crowns), "answer_start": at}],
            }
            paragraphs.append({"context": text, "qas": [qa]})
        articles.append({"title": f"Article {number:02}", "paragraphs": paragraphs})
    (root / "squad").mkdir()
    (root / "squad" / "train-v1.json").write_text(json.dumps({"data": articles}))
    (root / "fairytaleqa").mkdir()
    for split in ("train", "val"):
        lines = []
        for number in range(4):
            sections = [
                f"Once the fox of {place} met a goose. It ran, for it was afraid of day {number}{i}."
                for i, place in enumerate(PLACES)
            ]
            questions = [
                {
                    "question": f"Why did the fox of {place} run?",
                    "answers": [f"it was afraid of day {number}{i}"],
                    "sections": str(i + 1),
                    "ex_or_im": "explicit",
                }
                for i, place in enumerate(PLACES)
            ]
            lines.append(json.dumps({"story": f"fox-{number}", "sections": sections, "questions": questions}))
        (root / "fairytaleqa" / f"fairytaleqa_{split}.jsonl").write_text("\n".join(lines))
    return root


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two books."""
    folder = tmp_path_factory.mktemp("books")
    for name, word in (("a", "river"), ("b", "harbour")):
        lines = [f"Line {i} of the {word} tells how the {word} rose, and {i * 7} boats went out.\n" for i in range(900)]
        (folder / f"{name}.txt").write_text("".join(lines))
    return folder
