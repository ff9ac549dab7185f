"""The memory of a whole model after reading: a value, never changed in place, that goes to bytes and back."""

import hashlib
import json
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from engine.config import EVERY, InfiniConfig
from engine.errors import FingerprintMismatch, StateCorrupt
from engine.ops import NORMALISED, LayerState
from engine.ops.exact import Kept, nothing_kept

FORMAT = "palimpsest-state-1"


class MemoryState(NamedTuple):
    """`M [L,B,N,K,V]` float32, `z [L,B,N,K]` float32 for the rules that normalise, how many tokens were read, and what is
    kept exactly, `k [L,B,N,C,D]` and so on, if the memory has slots for that; of a memory that grows C is that number of tokens."""

    M: Tensor
    z: Tensor | None
    n_tokens: int
    kept: Kept | None = None

    @staticmethod
    def empty(config: InfiniConfig, batch: int = 1, device: torch.device | str = "cpu") -> "MemoryState":
        """The memory of nothing: zeros for `batch` documents."""
        layers, heads, k, v = config.state_sizes
        m = torch.zeros(layers, batch, heads, k, v, dtype=torch.float32, device=device)
        with_z = config.rule in NORMALISED
        z = torch.zeros(layers, batch, heads, k, dtype=torch.float32, device=device) if with_z else None
        slots = config.exact_slots
        one = nothing_kept((batch, heads, 0 if slots == EVERY else slots, v), device) if slots else None
        return MemoryState(m, z, 0, one and Kept(*(t.expand(layers, *t.shape) for t in one)))

    @property
    def n_bytes(self) -> int:
        """Bytes of all that is held."""
        return sum(t.nbytes for t in (self.M, self.z, *(self.kept or ())) if t is not None)

    def layer(self, index: int) -> LayerState:
        """The memory of the `index`-th layer that has one."""
        return LayerState(*self._each(lambda t: t[index]))

    def layers(self) -> list[LayerState]:
        """The memories of all layers that have one. Cheaper than `layer` for each where gradients flow."""
        z = [None] * len(self.M) if self.z is None else self.z.unbind()
        kept = [None] * len(self.M) if self.kept is None else list(map(Kept, *(t.unbind() for t in self.kept)))
        return [LayerState(*parts) for parts in zip(self.M.unbind(), z, kept, strict=True)]

    def to(self, device: torch.device | str) -> "MemoryState":
        """The same state on `device`."""
        m, z, kept = self._each(lambda t: t.to(device))
        return MemoryState(m, z, self.n_tokens, kept)

    def repeat(self, times: int) -> "MemoryState":
        """Every document's state `times` times, one after the other."""
        m, z, kept = self._each(lambda t: t.repeat_interleave(times, dim=1))
        return MemoryState(m, z, self.n_tokens, kept)

    def shared_by(self, rows: int) -> "MemoryState":
        """One document's state as that of `rows` rows, without copying it."""
        m, z, kept = self._each(lambda t: t.expand(-1, rows, *t.shape[2:]))
        return MemoryState(m, z, self.n_tokens, kept)

    def apart(self) -> "list[MemoryState]":
        """Every document's state by itself."""
        each = [self._each(lambda t, i=i: t[:, i : i + 1]) for i in range(self.M.shape[1])]
        return [MemoryState(m, z, self.n_tokens, kept) for m, z, kept in each]

    def _each(self, change: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor | None, Kept | None]:
        z = None if self.z is None else change(self.z)
        return change(self.M), z, self.kept and Kept(*map(change, self.kept))

    def to_bytes(self, fingerprint: str) -> bytes:
        """Safetensors bytes that carry the fingerprint and the token count; the same state gives the same bytes."""
        tensors = {"M": self.M.cpu().contiguous()}
        if self.z is not None:
            tensors["z"] = self.z.cpu().contiguous()
        if self.kept is not None:
            tensors |= {f"kept.{name}": t.cpu().contiguous() for name, t in self.kept._asdict().items()}
        # one metadata key, since the order of several is not stable, and of one width, so that the size never changes
        return save(tensors, metadata={"palimpsest": f"{FORMAT} {fingerprint} {self.n_tokens:012d}"})

    @staticmethod
    def from_bytes(data: bytes, fingerprint: str) -> "MemoryState":
        """The state in `data`. Raises StateCorrupt for damaged bytes, FingerprintMismatch for another model's memory."""
        stored, n_tokens = _header(data)
        if stored != fingerprint:
            raise FingerprintMismatch(
                "This memory was made by another model or with other settings than those running now. "
                "Read the document again, or start with the model that read it."
            )
        try:
            tensors = load(data)
            kept = Kept(*(tensors[f"kept.{name}"] for name in Kept._fields)) if "kept.k" in tensors else None
            return MemoryState(tensors["M"], tensors.get("z"), n_tokens, kept)
        except (SafetensorError, KeyError) as error:
            raise StateCorrupt("The stored memory is damaged. Read the document again.") from error


def layers_to_state(layers: list[LayerState], n_tokens: int) -> MemoryState:
    """Stack per-layer memories, in layer order, to one state."""
    z = None if layers[0].z is None else torch.stack([layer.z for layer in layers])
    kept = layers[0].kept and Kept(*map(torch.stack, zip(*(layer.kept for layer in layers), strict=True)))
    return MemoryState(torch.stack([layer.M for layer in layers]), z, n_tokens, kept)


def side_by_side(states: Sequence[MemoryState]) -> MemoryState:
    """The states of several documents as one of as many rows; it counts the tokens of the first."""
    join = lambda tensors: torch.cat(tensors, dim=1)  # noqa: E731
    z = None if states[0].z is None else join([state.z for state in states])
    kept = states[0].kept and Kept(*map(join, zip(*(state.kept for state in states), strict=True)))
    return MemoryState(join([state.M for state in states]), z, states[0].n_tokens, kept)


def sha256(data: bytes) -> str:
    """Hex SHA-256 of `data`."""
    return hashlib.sha256(data).hexdigest()


def _header(data: bytes) -> tuple[str, int]:
    damaged = StateCorrupt("The stored memory is damaged or is not a memory at all. Read the document again.")
    if len(data) < 8:
        raise damaged
    length = int.from_bytes(data[:8], "little")
    if length > len(data) - 8:
        raise damaged
    try:
        text = json.loads(data[8 : 8 + length])["__metadata__"]["palimpsest"]
        form, fingerprint, n_tokens = text.split(" ")
        count = int(n_tokens)
    except (ValueError, KeyError, TypeError) as error:
        raise damaged from error
    if form != FORMAT:
        raise StateCorrupt(
            f"The stored memory has the format {form!r}, which this version does not know. Read the document again."
        )
    return fingerprint, count
