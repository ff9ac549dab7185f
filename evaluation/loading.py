"""The engine that is measured: any base, any memory, any setting changed; and states that are read once and kept."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from engine.config import SIZES, MemoryConfig
from engine.device import choose_device, choose_dtype
from engine.engine import Engine
from engine.errors import FingerprintMismatch, StateCorrupt
from engine.load import Loaded, load_model
from engine.memory import Memory, untrained
from engine.state import State

Say = Callable[[str], None]
NONE = Path("none")


@dataclass(frozen=True)
class Measured:
    """An engine with the SHA-256 of its base."""

    engine: Engine
    base: str

    @property
    def about(self) -> dict[str, Any]:
        """What a result says of it."""
        memory = self.engine.memory
        return {
            "model": self.engine.info.model, "base": self.base, "weights": memory.weights_sha256,
            "memory": memory.config.to_dict(), "device": self.engine.info.device, "dtype": self.engine.info.dtype,
            "state_bytes": self.engine.info.state_bytes,
        }  # fmt: skip


def load(
    model: str, cache_dir: Path, memory_dir: Path | None, device: str, dtype: str, threads: int | None, size: str,
    changed: Mapping[str, Any], updates: bool, say: Say,
) -> Measured:  # fmt: skip
    """The model with its memory, in which the settings in `changed` are others; `memory_dir` NONE means one that needs no training.
    Without `updates` the base answers from slots as it is. Raises EngineError's subclasses."""
    if threads is not None:
        torch.set_num_threads(threads)
    where = choose_device(device)
    trained = None if memory_dir == NONE else memory_dir
    loaded = load_model(model, cache_dir, trained, where, choose_dtype(where, dtype), SIZES[size], say)
    if memory_dir == NONE:
        loaded = _with_memory(loaded, untrained(loaded.decoder, loaded.memory.config))
    loaded = with_settings(loaded, changed)
    if not updates:
        loaded = loaded._replace(memory=replace(loaded.memory, recall={}))
    return Measured(Engine(loaded, loaded.name), loaded.parts["base"])


def with_settings(loaded: Loaded, changed: Mapping[str, Any]) -> Loaded:
    """The same model whose memory has other settings, such as another rule or more slots. Raises ConfigInvalid."""
    if not changed:
        return loaded
    memory = loaded.memory
    config = MemoryConfig.from_dict(memory.config.to_dict() | dict(changed))
    keys, values = (codec._replace(bits=config.bits) for codec in (memory.keys, memory.values))
    # a gate was trained for one rule
    gate = memory.gate if config.rule == memory.config.rule else torch.zeros_like(memory.gate)
    memory = replace(memory, config=config, keys=keys, values=values, gate=gate)
    return _with_memory(loaded, memory)


def _with_memory(loaded: Loaded, memory: Memory) -> Loaded:
    state = json.dumps(memory.state_parts, sort_keys=True)
    return loaded._replace(memory=memory, parts=loaded.parts | {"state": state})


class Memories:
    """Reads texts to states, and keeps the states in a folder, so that no text is read twice by the same memory."""

    def __init__(self, engine: Engine, folder: Path | None, say: Say = lambda text: None) -> None:
        self.engine, self.folder, self._say = engine, folder, say
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def of(self, ids: Sequence[int]) -> State:
        """The finished state after reading `ids`."""
        path = self._path(ids)
        if path is not None and path.exists():
            try:
                return self.engine.state_from_bytes(path.read_bytes())
            except (StateCorrupt, FingerprintMismatch):
                self._say(f"{path} is damaged; the text is read again")
        state = self.engine.empty_state()
        for step in self.engine.read(ids, state, group_tokens=self.engine.group_tokens()):
            state = step.state
            if step.n_tokens % 16384 < self.engine.info.window:
                self._say(f"read {step.n_tokens:,} of {len(ids):,} tokens, {step.tokens_per_second:.0f} a second")
        state = self.engine.finished(state)
        if path is not None:
            part = path.with_suffix(".part")
            part.write_bytes(self.engine.state_to_bytes(state))
            part.replace(path)
        return state

    def _path(self, ids: Sequence[int]) -> Path | None:
        if self.folder is None:
            return None
        digest = hashlib.sha256(array("i", ids).tobytes() + self.engine.fingerprint.encode()).hexdigest()
        return self.folder / f"{digest[:32]}.state"
