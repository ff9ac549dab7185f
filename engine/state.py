"""What is left of a document after reading: a value of constant size that goes to bytes and back.

Each key/value head keeps up to `C` tokens in slots: key before rotary embedding, value, retention score and position. The heads that
point keep more keys, without values. A token is encoded once, when it is read, so saving and loading changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from engine.container import check
from engine.errors import NO_MEMORY, FingerprintMismatch, StateCorrupt
from engine.ops.naive import Matrix

FORMAT = "palimpsest-state-2"
CODES = ("k", "v")  # of what is kept, the fields that are codes
NOWHERE = -1  # the position of a slot that is empty at rest


class Codec(NamedTuple):
    """How keys or values are kept in `bits` bits: less their channel's mean, over its spread, one scale a token.

    Channels differ far more than tokens do (KIVI, arXiv 2402.02750); `mean` and `spread [L,N,D]` are of the model, not of a document,
    so that a token's code depends on that token alone.
    """

    bits: int
    mean: Tensor
    spread: Tensor

    def encode(self, layer: int, x: Tensor, heads: Sequence[int] | None = None) -> tuple[Tensor, Tensor]:
        """Codes like `x [B,N,T,D]` and scales `[B,N,T]`; with 16 bits `x` itself. `heads`: which of the layer's heads `x` has."""
        if self.bits == 16:
            return x, torch.ones(x.shape[:-1], dtype=torch.float16, device=x.device)
        most = 2 ** (self.bits - 1) - 1
        mean, spread = self._channels(layer, heads)
        even = (x.float() - mean) / spread
        scale = (even.abs().amax(-1) / most).clamp(min=1e-4).half()
        codes = (even / scale.float()[..., None]).round().clamp(-most, most) + most
        return codes.to(torch.uint8), scale

    def decode(
        self, layer: int, codes: Tensor, scale: Tensor, dtype: torch.dtype, heads: Sequence[int] | None = None
    ) -> Tensor:
        """What `encode` was given, nearly: `[B,N,T,D]` in `dtype`."""
        if self.bits == 16:
            return codes.to(dtype)
        most = 2 ** (self.bits - 1) - 1
        mean, spread = self._channels(layer, heads)
        return ((codes.float() - most) * scale.float()[..., None] * spread + mean).to(dtype)

    def _channels(self, layer: int, heads: Sequence[int] | None) -> tuple[Tensor, Tensor]:
        rows = slice(None) if heads is None else list(heads)
        return self.mean[layer][rows][None, :, None], self.spread[layer][rows][None, :, None]


class Kept(NamedTuple):
    """Tokens that one layer's heads keep, in the order of reading: codes of keys and of values `[B,N,M,D]` with their scales
    `[B,N,M]`, retention scores in float16 and positions. `v` and `v_scale` are None where only keys are kept."""

    k: Tensor
    k_scale: Tensor
    v: Tensor | None
    v_scale: Tensor | None
    score: Tensor
    position: Tensor

    def join(self, other: Kept) -> Kept:
        """These, then those of `other`."""
        return Kept(*(None if a is None else torch.cat((a, b), 2) for a, b in zip(self, other, strict=True)))

    def pick(self, index: Tensor) -> Kept:
        """Those at `index [B,N,M]`."""
        wide = lambda t: index[..., None].expand(*index.shape, t.shape[-1])  # noqa: E731
        return Kept(*(None if t is None else t.gather(2, wide(t) if t.dim() == 4 else index) for t in self))

    def best(self, slots: int) -> tuple[Kept, Kept | None]:
        """The `slots` with the highest scores, ties to the earlier, and those that leave; both in the order of reading."""
        held = self.score.shape[2]
        if held <= slots:
            return self, None
        order = self.score.float().sort(dim=2, descending=True, stable=True).indices
        return self.pick(order[:, :, :slots].sort(2).values), self.pick(order[:, :, slots:].sort(2).values)

    def first(self, rank: Tensor, slots: int) -> Kept:
        """The `slots` whose tokens have the highest `rank [n_tokens]`, among equals those with the highest scores, in the order of
        reading."""
        by_score = self.score.float().sort(dim=2, descending=True, stable=True).indices
        ranks = rank[self.position.long()].gather(2, by_score)
        best = ranks.sort(dim=2, descending=True, stable=True).indices[:, :, :slots]
        return self.pick(by_score.gather(2, best).sort(2).values)

    def rows(self, chosen: slice) -> Kept:
        """Those of some documents of the batch."""
        return Kept(*(None if t is None else t[chosen] for t in self))


class Layout(NamedTuple):
    """How the states of one engine lie at rest: in how many `bits` things are kept, the window, and the tensors that a state has, by name,
    those of an empty one."""

    bits: int
    window: int
    tensors: Mapping[str, Tensor]

    @staticmethod
    def of(empty: bytes, bits: int, window: int) -> Layout:
        """From the bytes of an empty state. Of its tensors only kinds and shapes are kept."""
        return Layout(bits, window, _kinds(load(empty)))

    def check(self, t: Mapping[str, Tensor], n_tokens: int) -> None:
        """Raises ValueError where the tensors of a state are not those that reading `n_tokens` tokens leaves."""
        held = {name for name in t if not name.startswith("tail.")}
        if held != {name for name in self.tensors if not name.startswith("tail.")}:
            raise ValueError("other tensors than those of a state")
        if len(t) not in (len(held), len(self.tensors)) or not t.keys() <= self.tensors.keys():
            raise ValueError("half a tail")
        for name, tensor in t.items():
            like, shape = self.tensors[name], list(tensor.shape)
            if name.startswith("tail."):
                # the window under way and the one before it
                if shape[3] != min(n_tokens, self.window + n_tokens % self.window):
                    raise ValueError(f"{name} of another length")
                shape[3] = like.shape[3]
            if tensor.dtype != like.dtype or shape != list(like.shape):
                raise ValueError(f"{name} of another kind or shape")
            if name.endswith(".heads") and not torch.equal(tensor, like):
                raise ValueError(f"{name} of another model")
            if name.endswith(".position"):
                _check_positions(tensor, n_tokens)


class State(NamedTuple):
    """The memory of one document, or of several of one length side by side. `slots` has a Kept a layer, `keys` one a layer that
    points, `matrix` one a layer where a rule writes it. `tail` are keys and values as they are of the window under way and the one
    before, a pair a layer: reading goes on from them; a state that was read to its end needs none."""

    slots: tuple[Kept, ...]
    keys: tuple[Kept, ...]
    matrix: tuple[Matrix, ...]
    tail: tuple[tuple[Tensor, Tensor], ...] | None
    n_tokens: int

    def finished(self) -> State:
        """The same without what only reading on needs."""
        return self._replace(tail=None)

    def apart(self) -> list[State]:
        """Every document's state by itself."""
        return [self.row(i) for i in range(self.slots[0].k.shape[0])]

    def row(self, i: int) -> State:
        """One document's state."""
        one = slice(i, i + 1)
        tail = None if self.tail is None else tuple((k[one], v[one]) for k, v in self.tail)
        matrix = tuple(Matrix(m.M[one], None if m.z is None else m.z[one]) for m in self.matrix)
        return State(
            tuple(s.rows(one) for s in self.slots), tuple(s.rows(one) for s in self.keys), matrix, tail, self.n_tokens
        )

    def to_bytes(self, fingerprint: str, slots: int, pointing_slots: int, bits: int) -> bytes:
        """Safetensors bytes with the fingerprint and the token count; the same state gives the same bytes, and a finished one always
        as many of them."""
        tensors = _stacked("slots", self.slots, slots, bits) | _stacked("keys", self.keys, pointing_slots, bits)
        if self.matrix:
            tensors["matrix.M"] = torch.stack([m.M for m in self.matrix])
            if self.matrix[0].z is not None:
                tensors["matrix.z"] = torch.stack([m.z for m in self.matrix])
        if self.tail is not None:
            tensors["tail.k"] = torch.stack([k for k, _ in self.tail])
            tensors["tail.v"] = torch.stack([v for _, v in self.tail])
        # one metadata key, since the order of several is not stable, and of one width, so that the size never changes
        return save(
            {name: t.cpu().contiguous() for name, t in tensors.items()},
            metadata={"palimpsest": f"{FORMAT} {fingerprint} {self.n_tokens:012d}"},
        )

    @staticmethod
    def from_bytes(data: bytes, fingerprint: str, layout: Layout) -> State:
        """The state in `data`. Raises StateCorrupt for bytes that no reading left, FingerprintMismatch for another model's memory."""
        stored, n_tokens = _header(data)
        if stored != fingerprint:
            raise FingerprintMismatch(
                "This memory was made by another model or with other settings than those running now. "
                "Read the document again, or start with the model that read it."
            )
        check(data)
        try:
            t = load(data)
            layout.check(t, n_tokens)
            z = t["matrix.z"].unbind() if "matrix.z" in t else None
            matrix = tuple(Matrix(m, z[i] if z else None) for i, m in enumerate(t.get("matrix.M", ())))
            tail = tuple(zip(t["tail.k"].unbind(), t["tail.v"].unbind(), strict=True)) if "tail.k" in t else None
            slots, keys = (_apart(name, t, layout.bits) for name in ("slots", "keys"))
            return State(slots, keys, matrix, tail, n_tokens)
        except (SafetensorError, KeyError, ValueError, IndexError, RuntimeError) as error:
            raise StateCorrupt("The stored memory is damaged. Read the document again.") from error

    def to(self, device: torch.device | str) -> State:
        """The same state on `device`."""
        kept = lambda many: tuple(Kept(*(None if t is None else t.to(device) for t in one)) for one in many)  # noqa: E731
        matrix = tuple(Matrix(m.M.to(device), None if m.z is None else m.z.to(device)) for m in self.matrix)
        tail = None if self.tail is None else tuple((k.to(device), v.to(device)) for k, v in self.tail)
        return State(kept(self.slots), kept(self.keys), matrix, tail, self.n_tokens)


class Departed(NamedTuple):
    """Tokens that were in the slots at one checkpoint and no longer at the next: `slots` and `keys` as in State, but a row a token
    (heads after one another), with `counts` of how many each layer and head has."""

    slots: tuple[tuple[Kept, ...], ...]  # by layer, by head
    keys: tuple[tuple[Kept, ...], ...]

    def to_bytes(self, bits: int) -> bytes:
        """Safetensors bytes."""
        tensors = {}
        for name, layers in (("slots", self.slots), ("keys", self.keys)):
            heads = [kept for layer in layers for kept in layer]
            widest = max((len(layer) for layer in layers), default=0)
            counts = [[kept.score.shape[2] for kept in layer] + [-1] * (widest - len(layer)) for layer in layers]
            tensors[f"{name}.counts"] = torch.tensor(counts, dtype=torch.int32)
            for field in Kept._fields:
                parts = [getattr(kept, field) for kept in heads]
                if parts and parts[0] is not None:
                    rows = torch.cat([p[0, 0] for p in parts]).cpu()
                    tensors[f"{name}.{field}"] = (_packed(rows, bits) if field in CODES else rows).contiguous()
        return save(tensors)

    @staticmethod
    def from_bytes(data: bytes, like: Mapping[str, Tensor], n_tokens: int, bits: int) -> Departed:
        """What `to_bytes` gave, of tokens among the first `n_tokens`; `like` are the tensors where nothing left. Raises StateCorrupt."""
        check(data)
        try:
            t = load(data)
            if t.keys() != like.keys():
                raise ValueError("other tensors than those of what left")
            coded = [name for name in t if name.rpartition(".")[2] in CODES]
            for name in coded:  # earlier versions kept each code in a byte of its own
                if t[name].dim() == 2 and t[name].shape[1] > like[name].shape[1]:
                    t[name] = _packed(t[name], bits)
            for name, tensor in t.items():
                counts = t[f"{name.partition('.')[0]}.counts"]
                rows = (len(counts),) if tensor is counts else (int(counts.long().clamp(min=0).sum()),)
                if tensor.dtype != like[name].dtype or tensor.shape != (*rows, *like[name].shape[1:]):
                    raise ValueError(f"{name} of another kind or shape")
                if tensor is counts and not torch.equal(counts >= 0, like[name] >= 0):
                    raise ValueError("heads of another model")
                if name.endswith(".position") and ((tensor < 0) | (tensor >= n_tokens)).any():
                    raise ValueError("tokens that were never read")
            for name in coded:
                t[name] = _unpacked(t[name], bits)
            return Departed(*(_by_head(name, t) for name in ("slots", "keys")))
        except (SafetensorError, KeyError, ValueError, RuntimeError) as error:
            raise StateCorrupt("What was kept for earlier pages is damaged. Read the document again.") from error


def departed(before: State, after: State) -> Departed:
    """What the slots of `before` hold and those of `after`, a state further on, no longer do."""
    return Departed(*(
        tuple(
            tuple(
                _head(old, n, ~torch.isin(old.position[0, n], new.position[0, n])) for n in range(old.k.shape[1])
            )
            for old, new in zip(olds, news, strict=True)
        )
        for olds, news in ((before.slots, after.slots), (before.keys, after.keys))
    ))  # fmt: skip


def merged(first: Departed, second: Departed, since: int) -> Departed:
    """What left between the checkpoint at which `first` begins, after `since` tokens, and the one at which `second` ends, without what
    came and went between the two."""

    def head(one: Kept, other: Kept) -> Kept:
        both = one.join(_head(other, 0, other.position[0, 0] < since))
        return both.pick(both.position.sort(dim=2).indices)

    return Departed(*(
        tuple(
            tuple(head(*heads) for heads in zip(ones, others, strict=True))
            for ones, others in zip(getattr(first, name), getattr(second, name), strict=True)
        )
        for name in Departed._fields
    ))  # fmt: skip


def as_of(state: State, left: Sequence[Departed], n_tokens: int, slots: int, pointing_slots: int) -> State:
    """The memory of the first `n_tokens` tokens and of nothing that follows, from a later `state` and all that left the slots at
    checkpoints after that: at a checkpoint just the state of then; between two, the tokens that the next one still had."""

    def kept(layer: int, now: Kept, which: str, most: int) -> list[Kept]:
        heads = []
        for n in range(now.k.shape[1]):
            all_ = _head(now, n, torch.ones_like(now.position[0, n], dtype=torch.bool))
            for one in left:
                all_ = all_.join(getattr(one, which)[layer][n])
            known = (all_.position[0, 0] < n_tokens).nonzero()[:, 0]
            known = known[all_.position[0, 0][known].sort(stable=True).indices]
            once = torch.ones_like(known, dtype=torch.bool)
            positions = all_.position[0, 0][known]
            once[1:] = positions[1:] != positions[:-1]
            heads.append(all_.pick(known[once][None, None]).best(most)[0])
        return heads

    def even(layers: list[list[Kept]]) -> tuple[Kept, ...]:
        # heads may differ by the few tokens that came and went between two checkpoints
        fewest = min((head.score.shape[2] for heads in layers for head in heads), default=0)
        trimmed = [[head.best(fewest)[0] for head in heads] for heads in layers]
        return tuple(
            Kept(*(None if parts[0] is None else torch.cat(parts, 1) for parts in zip(*heads, strict=True)))
            for heads in trimmed
        )

    slots_ = even([kept(i, one, "slots", slots) for i, one in enumerate(state.slots)])
    keys = tuple(even([kept(i, one, "keys", pointing_slots)])[0] for i, one in enumerate(state.keys))
    return State(slots_, keys, (), None, n_tokens)


def empty_departed(empty: State, bits: int) -> Mapping[str, Tensor]:
    """The tensors of what left where nothing did, by name; `empty` is the memory of nothing."""
    return load(departed(empty, empty).to_bytes(bits))


def sha256(data: bytes) -> str:
    """Hex SHA-256 of `data`."""
    return hashlib.sha256(data).hexdigest()


def _kinds(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same without their numbers; how many heads there are is a part of their kind."""
    return {name: t if name.endswith(".heads") else t.to("meta") for name, t in tensors.items()}


def _check_positions(position: Tensor, n_tokens: int) -> None:
    """Raises ValueError where slots `[B,heads,C]` do not hold tokens that were read, in their order, the same number in every head."""
    held = min(n_tokens, position.shape[2])
    kept, empty = position[:, :, :held], position[:, :, held:]
    in_order = (kept.diff(dim=2) > 0).all() and (kept >= 0).all() and (kept < n_tokens).all()
    if not (in_order and (empty == NOWHERE).all()):
        raise ValueError("slots that no reading fills so")


def _head(kept: Kept, n: int, chosen: Tensor) -> Kept:
    return Kept(*(None if t is None else t[:, n : n + 1][:, :, chosen] for t in kept))


def _by_head(name: str, t: dict[str, Tensor]) -> tuple[tuple[Kept, ...], ...]:
    counts, start, layers = t[f"{name}.counts"].tolist(), 0, []
    for layer in counts:
        heads = []
        for count in (n for n in layer if n >= 0):
            part = slice(start, start + count)
            fields = (t.get(f"{name}.{field}") for field in Kept._fields)
            heads.append(Kept(*(None if f is None else f[part][None, None] for f in fields)))
            start += count
        layers.append(tuple(heads))
    return tuple(layers)


def _stacked(name: str, kept: tuple[Kept, ...], slots: int, bits: int) -> dict[str, Tensor]:
    """Tensors `[B,heads of all layers,slots,...]`: empty slots are zeros whose position is NOWHERE, two codes of 4 bits share a byte."""
    tensors = {}
    for field in Kept._fields if kept else ():
        parts = [getattr(one, field) for one in kept]
        if parts[0] is None:
            continue
        joined = torch.cat(parts, 1)
        full = joined.new_full((*joined.shape[:2], slots, *joined.shape[3:]), NOWHERE if field == "position" else 0)
        full[:, :, : joined.shape[2]] = joined
        tensors[f"{name}.{field}"] = _packed(full, bits) if field in CODES else full
    if kept:
        tensors[f"{name}.heads"] = torch.tensor([one.k.shape[1] for one in kept], dtype=torch.int32)
    return tensors


def _packed(codes: Tensor, bits: int) -> Tensor:
    """Codes `[..., D]`; of 4 bits two in a byte."""
    return (codes[..., ::2] << 4) | codes[..., 1::2] if bits == 4 else codes


def _unpacked(packed: Tensor, bits: int) -> Tensor:
    return torch.stack((packed >> 4, packed & 15), dim=-1).flatten(-2) if bits == 4 else packed


def _apart(name: str, t: dict[str, Tensor], bits: int) -> tuple[Kept, ...]:
    if f"{name}.k" not in t:
        return ()
    held = int((t[f"{name}.position"][0, 0] != NOWHERE).sum())
    heads = t[f"{name}.heads"].tolist()
    fields = []
    for field in Kept._fields:
        part = t.get(f"{name}.{field}")
        if part is not None:
            part = part[:, :, :held]
            if field in CODES:
                part = _unpacked(part, bits)
        fields.append([None] * len(heads) if part is None else part.split(heads, 1))
    return tuple(Kept(*one) for one in zip(*fields, strict=True))


def _header(data: bytes) -> tuple[str, int]:
    damaged = StateCorrupt(NO_MEMORY)
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
