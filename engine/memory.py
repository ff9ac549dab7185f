"""The parts that make a memory for one base model, in one folder: scorer, codecs, pointing heads, confidence, low-rank updates.

`memory.json` says which base they are for and holds the numbers that are few; `memory.safetensors` holds the others. A base without
such a folder gets parts that need no training.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load, save_file
from torch import Tensor

from engine.confidence import Confidence
from engine.config import MemoryConfig
from engine.errors import ConfigInvalid, MemoryInvalid
from engine.model import Decoder, GatedMatrix, KeyValueCache, Update, Updates
from engine.ops.naive import Matrix
from engine.point import Pointing
from engine.read import decoded
from engine.scorer import LayerScorer, Scorer
from engine.state import Codec, State

MANIFEST, WEIGHTS = "memory.json", "memory.safetensors"
RECALLED = 192  # slots of each head that a question is answered from


@dataclass(frozen=True)
class Memory:
    """What a decoder needs to remember: settings and trained parts. `recall` are updates that act where a question is answered from
    slots, `judge` those that judge answers. `gate [L,H]` says how much each head takes from the compressive matrix (its tanh);
    untrained it is 0, and the matrix adds nothing."""

    config: MemoryConfig
    scorer: Scorer
    keys: Codec
    values: Codec
    pointing: Pointing
    confidence: Confidence
    judge: Updates
    recall: Updates
    gate: Tensor
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
        if self.config.slots_in_view and self.config.rule != "none":  # then what is read depends on the matrix
            digest.update(b"gate" + self.gate.cpu().numpy().tobytes())
        heads = {str(layer): list(heads) for layer, heads in sorted(self.pointing.key_heads.items())}
        return {"memory": self.config.to_dict(), "pointing": heads, "scorer": digest.hexdigest()}


def untrained(decoder: Decoder, config: MemoryConfig) -> Memory:
    """A memory for a base that none was trained for: 8 bits at least, since nothing is known of the spread of its channels."""
    flat = torch.zeros(decoder.L, decoder.N, decoder.D, device=decoder.device)
    safe = MemoryConfig.from_dict(config.to_dict() | {"bits": max(config.bits, 8)})
    codec = Codec(safe.bits, flat, flat + 1)
    return Memory(
        safe, Scorer(None), codec, codec, Pointing.untrained(decoder), Confidence.untrained(), {}, {}, _no_gate(decoder), False,
        "none",
    )  # fmt: skip


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
        judge, recall = (_updates(name, manifest.get(name, {}), tensors, decoder) for name in ("judge", "recall"))
        gate = tensors["matrix.gate"].float() if "matrix.gate" in tensors else _no_gate(decoder)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, ConfigInvalid) as error:
        raise MemoryInvalid(f"The memory in {folder} cannot be used ({error}). Get the folder again.") from error
    return Memory(
        config,
        scorer,
        codecs[0],
        codecs[1],
        pointing,
        confidence,
        judge,
        recall,
        gate,
        True,
        manifest["weights_sha256"],
    )


def read_manifest(folder: Path) -> dict[str, Any]:
    """memory.json in `folder`, less its own SHA-256, which is checked. Raises MemoryInvalid."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        for name in ("base_sha256", "weights_sha256", "config", "pointing", "confidence"):
            manifest[name]
        intact = manifest.pop("sha256") == digest_of(manifest)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise MemoryInvalid(f"There is no usable {MANIFEST} in {folder} ({error}).") from error
    if not intact:
        raise MemoryInvalid(f"{folder / MANIFEST} was changed since it was written. Get the folder again.")
    return manifest


def digest_of(values: Mapping[str, Any]) -> str:
    """SHA-256 of named values, in whatever order they stand."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


@torch.no_grad()
def remembered(decoder: Decoder, memory: Memory, states: Sequence[State], layers: int | None = None) -> KeyValueCache:
    """What documents left in memory as the beginning of a cache, a row a state: their slots, filled at the left where one holds fewer,
    and their matrices. With `layers` only those of the first so many (for pointing)."""
    held = [state.slots[0].k.shape[2] for state in states]
    keys, values, longest = [], [], max(held)
    for layer in range(decoder.L if layers is None else layers):
        pairs = [decoded(decoder, memory.keys, memory.values, layer, state.slots[layer]) for state in states]
        filled = [[F.pad(t, (0, 0, longest - t.shape[2], 0)) for t in pair] for pair in pairs]
        keys.append(torch.cat([k for k, _ in filled]))
        values.append(torch.cat([v for _, v in filled]))
    mask = None if len(set(held)) == 1 else _filled(decoder, held)
    return KeyValueCache(keys, values, mask, _matrices(memory, states))


@torch.no_grad()
def recollect(
    decoder: Decoder,
    memory: Memory,
    states: Sequence[State],
    ranks: Sequence[Tensor],
    cache: KeyValueCache,
    starts: Sequence[int],
) -> list[int]:
    """Puts slots behind what `cache` holds, a row a state: of each head the `RECALLED` whose tokens have the highest `ranks [n_tokens]`,
    side by side from position `starts` on, in the order of reading. Returns where each row goes on."""
    held = [min(state.slots[0].k.shape[2], RECALLED) for state in states]
    longest = max(held)
    for layer in range(decoder.L):
        rows = []
        for state, rank, start, count in zip(states, ranks, starts, held, strict=True):
            near, at = state.slots[layer].first(rank, count), torch.arange(start, start + count)
            pair = decoded(decoder, memory.keys, memory.values, layer, near, at)
            rows.append([F.pad(t, (0, 0, longest - count, 0)) for t in pair])
        cache.add(layer, torch.cat([k for k, _ in rows]), torch.cat([v for _, v in rows]))
    if cache.mask is not None or len(set(held)) > 1:
        cache.mask = decoder.seen(cache.mask, len(cache) - longest, longest, _filled(decoder, held), len(states))
    cache.matrix = _matrices(memory, states)
    return [start + count for start, count in zip(starts, held, strict=True)]


def _filled(decoder: Decoder, held: Sequence[int]) -> Tensor:
    """Which entries are there `[B,M]` where rows that hold so many are filled at the left to the longest."""
    longest = max(held)
    return torch.tensor([[i >= longest - n for i in range(longest)] for n in held], device=decoder.device)


def _matrices(memory: Memory, states: Sequence[State]) -> GatedMatrix | None:
    if any(not state.matrix for state in states):  # the rule is off, or an earlier page's memory, which has none
        return None
    layers = tuple(
        Matrix(*(None if parts[0] is None else torch.cat(parts) for parts in zip(*rows, strict=True)))
        for rows in zip(*(state.matrix for state in states), strict=True)
    )
    return GatedMatrix(memory.config.rule, layers, memory.gate)


def save_memory(folder: Path, manifest: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> str:
    """Write a memory's two files, the manifest with its own SHA-256; returns the SHA-256 of the weights."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: t.cpu().contiguous() for name, t in tensors.items()}, folder / WEIGHTS)
    digest = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    manifest = {**manifest, "weights_sha256": digest}
    text = json.dumps({**manifest, "sha256": digest_of(manifest)}, indent=1, sort_keys=True)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
    return digest


def scorer_tensors(layers: tuple[LayerScorer, ...]) -> dict[str, Tensor]:
    """The scorer's weights by name, in bfloat16, as they are shipped."""
    return {name: t.bfloat16() for name, t in Scorer(layers).tensors().items()}


def _no_gate(decoder: Decoder) -> Tensor:
    return torch.zeros(decoder.L, decoder.H, device=decoder.device)


def _updates(which: str, settings: Mapping[str, Any], tensors: Mapping[str, Tensor], decoder: Decoder) -> Updates:
    found = {}
    for name, t in tensors.items():
        if name.startswith(f"{which}.") and name.endswith(".down"):
            _, layer, projection, _ = name.split(".")
            up = tensors[f"{which}.{layer}.{projection}.up"]
            found[int(layer), projection] = Update(t.to(decoder.dtype), up.to(decoder.dtype), float(settings["scale"]))
    return found
