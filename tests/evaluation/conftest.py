"""What the evaluation tests share: a tiny engine with memory, a folder with its base, and books to hide things in."""

import random
from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerFast

from engine.engine import Engine
from evaluation.loading import Measured
from tests.engine.tiny import PROSE, make_base, make_engine, make_tokenizer


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerFast:
    return make_tokenizer()


@pytest.fixture(scope="session")
def engine(tokenizer: PreTrainedTokenizerFast) -> Engine:
    return make_engine(tokenizer)


@pytest.fixture(scope="session")
def measured(engine: Engine) -> Measured:
    return Measured(engine, "b" * 64)


@pytest.fixture(scope="session")
def base_folder(tmp_path_factory: pytest.TempPathFactory, tokenizer: PreTrainedTokenizerFast) -> Path:
    folder = tmp_path_factory.mktemp("base")
    make_base("qwen2").save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def books_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two books: the sentences of PROSE in another order each time."""
    folder, chance = tmp_path_factory.mktemp("books"), random.Random(3)
    sentences = [sentence + "." for sentence in PROSE.split(". ") if sentence]
    for name in ("one", "two"):
        text = " ".join(" ".join(chance.sample(sentences, len(sentences))) for _ in range(12))
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return folder
