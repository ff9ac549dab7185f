"""From a model's name to a model with memory: base, memory parts, and the fingerprint of what a stored state depends on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES

from engine.config import MemoryConfig
from engine.errors import ModelNotFound, UnsupportedModel
from engine.fetch import model_hash, resolve_base
from engine.memory import MANIFEST, Memory, digest_of, load_memory, read_manifest, untrained
from engine.model import Decoder

SHIPPED = Path(__file__).parents[1] / "weights"


class Loaded(NamedTuple):
    """A model ready to read, its tokenizer and memory, what a state of it depends on, and the name to show."""

    decoder: Decoder
    tokenizer: PreTrainedTokenizerBase
    memory: Memory
    parts: dict[str, str]
    name: str


def load_model(
    name: str, cache_dir: Path, memory_dir: Path | None, device: torch.device, dtype: torch.dtype, size: tuple[int, int],
    say: Callable[[str], None],
) -> Loaded:  # fmt: skip
    """The model called `name` ("standard", "small", a folder or a hub id) with the memory in `memory_dir`, or the shipped one for that
    base, or one that needs no training. `size`: how many slots and pointing keys.

    Raises ModelNotFound, UnsupportedModel, MemoryInvalid and the errors of `engine.fetch`.
    """
    folder, shown = resolve_base(name, cache_dir, lambda progress: say(str(progress)))
    say("Loading the model ...")
    tokenizer, decoder = load_base(folder, name, device, dtype)
    base = model_hash(folder)
    memory_dir = memory_dir or shipped_for(base)
    if memory_dir is None:
        memory = untrained(decoder, MemoryConfig(slots=size[0], pointing_slots=size[1]))
    else:
        memory = load_memory(memory_dir, decoder, base, size)
    parts = {
        "base": base,
        "architecture": architecture_hash(decoder),
        "state": json.dumps(memory.state_parts, sort_keys=True),
        "dtype": str(dtype).removeprefix("torch."),
        "tokenizer": hashlib.sha256(tokenizer.backend_tokenizer.to_str().encode()).hexdigest(),
    }
    return Loaded(decoder, tokenizer, memory, parts, shown)


def load_base(
    folder: Path, name: str, device: torch.device, dtype: torch.dtype
) -> tuple[PreTrainedTokenizerBase, Decoder]:
    """Tokenizer and decoder in `folder`. Raises ModelNotFound, UnsupportedModel."""
    try:
        config = AutoConfig.from_pretrained(folder)
        if config.model_type not in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
            raise UnsupportedModel(
                f"{name} is a {config.model_type!r} model, not a language model that can be given a memory."
            )
        tokenizer = AutoTokenizer.from_pretrained(folder)
        base = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation="sdpa")
    except SafetensorError as error:
        raise ModelNotFound(
            f"The weights in {str(folder)!r} are damaged. Copy the model there again, or choose 'standard'."
        ) from error
    except (OSError, ValueError) as error:
        raise ModelNotFound(
            f"The model {name!r} could not be loaded from {str(folder)!r}. Give the folder of a model on this machine, a hub id "
            "while online, or 'standard'."
        ) from error
    return tokenizer, Decoder(base.to(device))


def shipped_for(base_sha256: str) -> Path | None:
    """The folder of the shipped memory for a base, or None."""
    folders = sorted(path.parent for path in SHIPPED.glob(f"*/{MANIFEST}"))
    return next((folder for folder in folders if read_manifest(folder)["base_sha256"] == base_sha256), None)


def architecture_hash(decoder: Decoder) -> str:
    """SHA-256 of the base model's config, less what says nothing about its numbers."""
    config = decoder.config.to_dict()
    for name in ("_name_or_path", "_model_name_or_path", "transformers_version", "dtype"):
        config.pop(name, None)
    return hashlib.sha256(json.dumps(config, sort_keys=True, default=str).encode()).hexdigest()


def fingerprint(parts: dict[str, str]) -> str:
    """One hex digest of everything that a state depends on."""
    return digest_of(parts)
