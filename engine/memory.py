"""The parts that make a memory for one base model, in one folder: scorer, codecs, pointing heads, confidence, answering updates.

`memory.json` says which base they are for and holds the numbers that are few; `memory.safetensors` holds the others. A base without
such a folder gets parts that need no training.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save_file
from torch import Tensor

from engine.confidence import Confidence
from engine.config import MemoryConfig
from engine.errors import ConfigInvalid, MemoryInvalid
from engine.model import Decoder, Update, Updates
from engine.point import Pointing
from engine.scorer import LayerScorer, Scorer
from engine.state import Codec

MANIFEST, WEIGHTS = "memory.json", "memory.safetensors"


@dataclass(frozen=True)
class Memory:
    """What a decoder needs to remember: settings and trained parts. `updates` act on questions and answers only."""

    config: MemoryConfig
    scorer: Scorer
    keys: Codec
    values: Codec
    pointing: Pointing
    confidence: Confidence
    updates: Updates
    trained: bool
    weights_sha256: str  # of memory.safetensors; "none" without

    @property
    def state_parts(self) -> dict[str, Any]:
        """What a stored state depends on; the answering side is not part of it."""
        digest = hashlib.sha256()
        tensors = self.scorer.tensors() | {"keys": self.keys.mean, "spread": self.keys.spread}
        tensors |= {"values": self.values.mean, "values.spread": self.values.spread}
        for name in sorted(tensors):
            digest.update(name.encode() + tensors[name].float().cpu().numpy().tobytes())
        heads = {str(layer): list(heads) for layer, heads in sorted(self.pointing.key_heads.items())}
        return {"memory": self.config.to_dict(), "pointing": heads, "scorer": digest.hexdigest()}


def untrained(decoder: Decoder, config: MemoryConfig) -> Memory:
    """A memory for a base that none was trained for: 8 bits at least, since nothing is known of the spread of its channels."""
    flat = torch.zeros(decoder.L, decoder.N, decoder.D, device=decoder.device)
    safe = MemoryConfig.from_dict(config.to_dict() | {"bits": max(config.bits, 8)})
    codec = Codec(safe.bits, flat, flat + 1)
    return Memory(
        safe, Scorer(None), codec, codec, Pointing.untrained(decoder), Confidence.untrained(), {}, False, "none"
    )


def load_memory(folder: Path, decoder: Decoder, base_sha256: str, size: tuple[int, int] | None = None) -> Memory:
    """The memory in `folder`, with so many slots and pointing keys where `size` says so. Raises MemoryInvalid."""
    manifest = read_manifest(folder)
    if manifest["base_sha256"] != base_sha256:
        raise MemoryInvalid(
            f"The memory in {folder} was trained for another base model. Choose that model, or train one for this: "
            "python launch.py train scorer --base MODEL"
        )
    try:
        data = (folder / WEIGHTS).read_bytes()
        if hashlib.sha256(data).hexdigest() != manifest["weights_sha256"]:
            raise MemoryInvalid(f"{folder / WEIGHTS} is not the file that {MANIFEST} describes. Get the folder again.")
        tensors = {name: t.to(decoder.device) for name, t in load(data).items()}
        settings = dict(manifest["config"])
        if size is not None:
            settings |= {"slots": size[0], "pointing_slots": size[1]}
        config = MemoryConfig.from_dict(settings)
        if len(tensors["keys.mean"]) != decoder.L or tensors["scorer.linear"].shape[-1] != decoder.E:
            raise MemoryInvalid(f"The memory in {folder} is for a model of another size.")
        codecs = [Codec(config.bits, tensors[f"{n}.mean"], tensors[f"{n}.spread"]) for n in ("keys", "values")]
        low = {name: t for name, t in tensors.items() if name.startswith("scorer.")}
        scorer = Scorer.of({name: t.to(decoder.dtype) for name, t in low.items()})
        pointing = Pointing.of(manifest["pointing"], tensors, decoder)
        confidence = Confidence.of(manifest["confidence"])
        updates = _updates(manifest.get("updates", {}), tensors, decoder)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, ConfigInvalid) as error:
        raise MemoryInvalid(f"The memory in {folder} cannot be used ({error}). Get the folder again.") from error
    return Memory(config, scorer, codecs[0], codecs[1], pointing, confidence, updates, True, manifest["weights_sha256"])


def read_manifest(folder: Path) -> dict[str, Any]:
    """memory.json in `folder`. Raises MemoryInvalid."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        for name in ("base_sha256", "weights_sha256", "config", "pointing", "confidence"):
            manifest[name]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MemoryInvalid(f"There is no usable {MANIFEST} in {folder} ({error}).") from error
    return manifest


def save_memory(folder: Path, manifest: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> str:
    """Write a memory's two files; returns the SHA-256 of its weights."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: t.cpu().contiguous() for name, t in tensors.items()}, folder / WEIGHTS)
    digest = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    text = json.dumps({**manifest, "weights_sha256": digest}, indent=1, sort_keys=True)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
    return digest


def scorer_tensors(layers: tuple[LayerScorer, ...]) -> dict[str, Tensor]:
    """The scorer's weights by name, in bfloat16, as they are shipped."""
    return {name: t.bfloat16() for name, t in Scorer(layers).tensors().items()}


def _updates(settings: Mapping[str, Any], tensors: Mapping[str, Tensor], decoder: Decoder) -> Updates:
    found = {}
    for name, t in tensors.items():
        if name.startswith("updates.") and name.endswith(".down"):
            _, layer, projection, _ = name.split(".")
            up = tensors[f"updates.{layer}.{projection}.up"]
            found[int(layer), projection] = Update(t.to(decoder.dtype), up.to(decoder.dtype), float(settings["scale"]))
    return found
