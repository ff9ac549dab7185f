"""What several engine tests share: one tokenizer, one folder with a tiny base model, one engine over it."""

from pathlib import Path

import pytest
from transformers import PreTrainedTokenizerFast

from engine.engine import Engine
from tests.engine.tiny import make_base, make_engine, make_tokenizer


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerFast:
    return make_tokenizer()


@pytest.fixture(scope="session")
def base_folder(tmp_path_factory: pytest.TempPathFactory, tokenizer: PreTrainedTokenizerFast) -> Path:
    folder = tmp_path_factory.mktemp("base")
    make_base("qwen2").save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def engine(tokenizer: PreTrainedTokenizerFast) -> Engine:
    """An engine in float32 with random weights."""
    return make_engine(tokenizer)
