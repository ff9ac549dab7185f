"""The trained part of a model as one small safetensors file: low-rank updates of projections and the memory's own weights."""

import json
from pathlib import Path

import torch
import torch.nn as nn
from safetensors import SafetensorError
from safetensors.torch import load, save_file
from torch import Tensor

from engine.errors import AdapterInvalid
from engine.model import InfiniForCausalLM
from engine.state import sha256

WEIGHTS, MANIFEST = "adapter.safetensors", "adapter.json"
FORMAT = "palimpsest-adapter-1"
REQUIRED = ("base_sha256", "memory", "scale", "weights_sha256")


def read_manifest(folder: Path) -> dict:
    """The adapter's manifest: base hash, memory settings, low-rank scale, hash of the weights. Raises AdapterInvalid."""
    path = folder / MANIFEST
    if not path.is_file():
        raise AdapterInvalid(f"There is no adapter in {folder}: {MANIFEST} is missing.")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise AdapterInvalid(f"{path} is damaged: it is not JSON. Fetch the adapter again.") from error
    form = manifest.get("format") if isinstance(manifest, dict) else None
    if form != FORMAT:
        raise AdapterInvalid(f"{path} has the format {form!r}; this version reads {FORMAT!r}.")
    missing = [name for name in REQUIRED if name not in manifest]
    if missing:
        raise AdapterInvalid(f"{path} is incomplete: it lacks {', '.join(missing)}. Fetch the adapter again.")
    return manifest


def load_weights(folder: Path) -> dict[str, Tensor]:
    """The adapter's tensors, checked against the manifest's SHA-256. Raises AdapterInvalid."""
    path = folder / WEIGHTS
    if not path.is_file():
        raise AdapterInvalid(f"There is no adapter in {folder}: {WEIGHTS} is missing.")
    data = path.read_bytes()
    if sha256(data) != read_manifest(folder)["weights_sha256"]:
        raise AdapterInvalid(f"{path} is damaged: its SHA-256 is not the one in {MANIFEST}. Fetch the adapter again.")
    try:
        return load(data)
    except SafetensorError as error:
        raise AdapterInvalid(f"{path} is damaged and cannot be read. Fetch the adapter again.") from error


@torch.no_grad()
def apply(model: InfiniForCausalLM, tensors: dict[str, Tensor], scale: float) -> None:
    """Add `scale`·B·A to each projection and load the memory's weights, in place.

    Raises AdapterInvalid where a name or shape does not fit.
    """
    modules = dict(model.named_modules())
    wanted = {name for name, _ in model.named_parameters() if ".memory." in name}
    for name, tensor in tensors.items():
        if name.endswith(".lora_A"):
            _add_low_rank(modules.get(name.removesuffix(".lora_A")), name, tensors, scale)
        elif name.endswith(".lora_B"):
            if name.removesuffix("B") + "A" not in tensors:
                raise AdapterInvalid(f"The adapter is incomplete: {name!r} has no lora_A beside it. Fetch it again.")
        else:
            if name not in wanted:
                raise AdapterInvalid(
                    f"The adapter has a weight {name!r} that the model lacks: it was made for another model."
                )
            wanted.remove(name)
            _copy(model.get_parameter(name), name, tensor)
    if wanted:
        raise AdapterInvalid(f"The adapter lacks weights for the memory, such as {sorted(wanted)[0]!r}.")


def save(folder: Path, tensors: dict[str, Tensor], manifest: dict) -> None:
    """Write weights and manifest to `folder`; the manifest gets format and SHA-256."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: t.detach().cpu().contiguous() for name, t in tensors.items()}, folder / WEIGHTS)
    full = {"format": FORMAT, **manifest, "weights_sha256": sha256((folder / WEIGHTS).read_bytes())}
    (folder / MANIFEST).write_text(json.dumps(full, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def _add_low_rank(linear: nn.Module | None, name: str, tensors: dict[str, Tensor], scale: float) -> None:
    a, b = tensors[name], tensors.get(name.removesuffix("A") + "B")
    fits = b is not None and a.ndim == b.ndim == 2 and a.shape[0] == b.shape[1]
    if not fits or not isinstance(linear, nn.Linear) or linear.weight.shape != (b.shape[0], a.shape[1]):
        raise AdapterInvalid(f"The adapter's {name!r} does not fit the model: it was made for another base.")
    update = scale * (b.float() @ a.float())
    linear.weight.copy_((linear.weight.float() + update.to(linear.weight.device)).to(linear.weight.dtype))


def _copy(parameter: nn.Parameter, name: str, tensor: Tensor) -> None:
    if parameter.shape != tensor.shape:
        raise AdapterInvalid(
            f"The adapter's {name!r} has the shape {tuple(tensor.shape)}, the model wants {tuple(parameter.shape)}."
        )
    parameter.copy_(tensor)
