"""A small real engine, and the public data's formats with texts of our own."""

import json
from pathlib import Path

import pytest
import torch

from engine.engine import Engine, EngineSettings
from tests.engine.tiny import make_model, make_tokenizer

SEGMENT, POSITIONS = 16, 1700


@pytest.fixture(scope="package")
def engine(tmp_path_factory) -> Engine:
    folder = tmp_path_factory.mktemp("model")
    model = make_model(segment_len=SEGMENT)
    model.config.text_config.max_position_embeddings = POSITIONS
    model.save_pretrained(folder)
    make_tokenizer().save_pretrained(folder)
    return Engine.load(EngineSettings(folder, model=str(folder), dtype="float32"))


@pytest.fixture(scope="package")
def model_folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    torch.manual_seed(2)
    make_model(segment_len=SEGMENT).save_pretrained(folder)
    make_tokenizer().save_pretrained(folder)
    return folder


@pytest.fixture(scope="package")
def data(tmp_path_factory) -> Path:
    """books/ with narrativeqa questions beside it, squad/, babi/en, squality.jsonl and qmsum.jsonl."""
    root = tmp_path_factory.mktemp("data")
    (root / "books").mkdir()
    for name in ("dam", "mill"):
        lines = "".join(
            f"On day {i} the {name} was quiet, and the water stood at {i * 7 % 90} inches. " for i in range(300)
        )
        (root / "books" / f"{name}.txt").write_text(lines, encoding="utf-8")
    asked = [
        {"book": name, "question": f"How was the {name}?", "answers": ["Quiet.", "It was quiet"]}
        for name in ("dam", "mill")
    ]
    lines = "\n".join(map(json.dumps, [asked[0], asked[1], asked[1]]))
    (root / "narrativeqa_dev_questions.jsonl").write_text(lines, encoding="utf-8")
    (root / "squad").mkdir()
    articles = [
        {"title": f"A{i}", "paragraphs": [{"context": f"Pond {i} holds {i} carp.", "qas": [
            {"question": f"How many carp does pond {i} hold?", "answers": [{"text": f"{i} carp"}]}]}]}
        for i in range(30)
    ]  # fmt: skip
    (root / "squad" / "train-v1.json").write_text(json.dumps({"data": articles}), encoding="utf-8")
    (root / "babi" / "en").mkdir(parents=True)
    for task in (1, 2):
        story = (
            "1 Ada went to the mill.\n2 Ben went to the barn.\n3 Where is Ada? \tmill\t1\n4 Where is Ben? \tbarn\t2\n"
        )
        (root / "babi" / "en" / f"qa{task}_some_train.txt").write_text(story * 3, encoding="utf-8")
    told = [{"response_text": text} for text in ("Ada mends a dam.", "A dam.")]
    asked = [{"question_text": "What is the plot?", "responses": told}]
    squality = {"metadata": {"passage_id": "7"}, "document": "Ada mended it. " * 20, "questions": asked}
    (root / "squality.jsonl").write_text(json.dumps(squality), encoding="utf-8")
    qmsum = {
        "id": "m",
        "transcript": "Ada: The dam leaks. " * 20,
        "queries": [{"query": "What leaks?", "answer": "The dam."}],
    }
    (root / "qmsum.jsonl").write_text(json.dumps(qmsum), encoding="utf-8")
    return root
