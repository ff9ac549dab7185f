"""From a model's name to a model with memory: base, adapter, and the fingerprint of both."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerBase

from engine import adapter
from engine.errors import AdapterInvalid, ModelNotFound, UnsupportedModel
from engine.fetch import ensure_default_base
from engine.hub import fetch_model
from engine.model import InfiniForCausalLM, convert, register

DEFAULT_MODEL = "default"
SHIPPED_ADAPTER = Path(__file__).parents[1] / "weights"


class Loaded(NamedTuple):
    """A model ready to read, its tokenizer, and what a state of it depends on."""

    model: InfiniForCausalLM
    tokenizer: PreTrainedTokenizerBase
    parts: dict[str, str]
    trained: bool


def load_model(
    name: str,
    cache_dir: Path,
    adapter_dir: Path | None,
    device: torch.device,
    dtype: torch.dtype,
    say: Callable[[str], None],
    rule: str | None = None,
) -> Loaded:
    """The model called `name`: "default", a folder, or a hub id; with `adapter_dir`'s adapter, or the shipped one for the default.

    Without an adapter the memory is untrained: it works, and recalls little; `rule` is how it is written. Raises
    ModelNotFound, UnsupportedModel, AdapterInvalid and the errors of `engine.fetch`.
    """
    register()
    source = str(ensure_default_base(cache_dir, say)) if name == DEFAULT_MODEL else name
    if name == DEFAULT_MODEL and adapter_dir is None and (SHIPPED_ADAPTER / adapter.MANIFEST).is_file():
        adapter_dir = SHIPPED_ADAPTER
    folder, base_hash = (Path(source), "") if Path(source).is_dir() else _from_hub(source, say)
    say("Loading the model ...")
    tokenizer, model = _pretrained(folder, name, dtype)
    base_hash = base_hash or model_hash(folder)
    trained = isinstance(model, InfiniForCausalLM)
    adapter_hash = "none"
    if adapter_dir is not None:
        model, adapter_hash = _with_adapter(model, adapter_dir, base_hash)
        trained = True
    elif not trained:
        model = convert(model, **({} if rule is None else {"rule": rule, **_with_rule(rule)}))
    parts = {
        "base": base_hash,
        "architecture": architecture_hash(model),
        "adapter": adapter_hash,
        "memory": json.dumps(memory_settings(model), sort_keys=True),
        "dtype": str(dtype).removeprefix("torch."),
        "tokenizer": hashlib.sha256(tokenizer.backend_tokenizer.to_str().encode()).hexdigest(),
    }
    return Loaded(model.to(device).eval(), tokenizer, parts, trained)


def _with_rule(rule: str) -> dict:
    return {} if rule == "gated_delta" else {"feature_map": "elu", "gate": "convex"}


def memory_settings(model: InfiniForCausalLM) -> dict:
    """The settings that InfiniConfig was made with; later ones only where they differ from what memories had before them, so that
    what was read then stays readable."""
    names = ("rule", "feature_map", "key_width", "gate", "segment_len", "memory_layers", "exact_slots")
    later = {"exact_conv": 1, "exact_gate_width": 0, "exact_top": 0}
    settings = {name: getattr(model.config, name) for name in (*names, *later)}
    return {name: value for name, value in settings.items() if name not in later or value != later[name]}


def architecture_hash(model: InfiniForCausalLM) -> str:
    """SHA-256 of the base model's config, less what says nothing about its numbers."""
    config = model.config.text_config.to_dict()
    for name in ("_name_or_path", "transformers_version", "dtype"):
        config.pop(name, None)
    return hashlib.sha256(json.dumps(config, sort_keys=True, default=str).encode()).hexdigest()


def model_hash(folder: Path) -> str:
    """SHA-256 over a model folder's safetensors files, in the order of their names. Raises ModelNotFound if there are none."""
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise ModelNotFound(
            f"There are no safetensors weights in {folder}. Choose the folder of a model, or 'default'."
        )
    digest = hashlib.sha256()
    for path in files:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def fingerprint(parts: dict[str, str]) -> str:
    """One hex digest of everything that a state depends on."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _not_there(source: str) -> ModelNotFound:
    return ModelNotFound(
        f"The model {source!r} could not be loaded: no such folder, or the hub cannot be reached. Give the folder of a "
        "model on this machine, a hub id while online, or 'default'."
    )


def _from_hub(name: str, say: Callable[[str], None]) -> tuple[Path, str]:
    try:
        folder = fetch_model(name, say)
    except (OSError, ValueError) as error:
        raise _not_there(name) from error
    return folder, f"hub:{name}@{folder.name}"


def _pretrained(source: Path, name: str, dtype: torch.dtype):
    try:
        config = AutoConfig.from_pretrained(source)
        if type(config) not in AutoModelForCausalLM._model_mapping:
            raise UnsupportedModel(
                f"{name} is a {config.model_type!r} model, not a language model that can be given a memory."
            )
        return AutoTokenizer.from_pretrained(source), AutoModelForCausalLM.from_pretrained(source, dtype=dtype)
    except SafetensorError as error:
        raise ModelNotFound(
            f"The weights in {str(source)!r} are damaged. Copy the model there again, or choose 'default'."
        ) from error
    except (OSError, ValueError) as error:
        raise _not_there(name) from error


def _with_adapter(base, folder: Path, base_hash: str) -> tuple[InfiniForCausalLM, str]:
    manifest = adapter.read_manifest(folder)
    if manifest["base_sha256"] != base_hash:
        raise AdapterInvalid(
            f"The adapter in {folder} was trained for another base model. Choose that model, or another adapter."
        )
    model = convert(base, **manifest["memory"])
    adapter.apply(model, adapter.load_weights(folder), manifest["scale"])
    return model, manifest["weights_sha256"]
