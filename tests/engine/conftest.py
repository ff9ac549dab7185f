"""What several engine tests share: one tokenizer, one folder with a tiny base model, one engine over it."""

from pathlib import Path

import pytest
import torch
from transformers import PreTrainedTokenizerFast

from engine.engine import Engine
from engine.weights import Loaded
from tests.engine.tiny import make_base, make_model, make_tokenizer


@pytest.fixture(scope="session")
def tokenizer() -> PreTrainedTokenizerFast:
    return make_tokenizer()


@pytest.fixture(scope="session")
def base_folder(tmp_path_factory: pytest.TempPathFactory, tokenizer: PreTrainedTokenizerFast) -> Path:
    folder = tmp_path_factory.mktemp("base")
    make_base().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def engine(tokenizer: PreTrainedTokenizerFast) -> Engine:
    """An engine in float32 whose memory is stirred, so that what was read shows in every answer."""
    torch.manual_seed(0)
    parts = {"base": "b" * 64, "adapter": "none", "memory": "{}", "dtype": "float32", "tokenizer": "t" * 64}
    return Engine(Loaded(make_model(), tokenizer, parts, trained=True), "tiny")
