"""Reading: token ids in, a state of constant size out, a window at a time.

A token attends to its own window and to the one before, causally, with the base's own rotary positions; so reading costs what the
bare model costs. What every head keeps is chosen by the retention scores; what leaves is folded into the matrix where a rule is on.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from engine.config import MemoryConfig
from engine.device import free_bytes
from engine.model import SLOT_POSITION, Decoder, GatedMatrix
from engine.ops import chunk
from engine.ops.naive import NORMALISED, Matrix
from engine.scorer import Scorer
from engine.state import Codec, Kept, State

MOST_WINDOWS = {
    "cpu": 1,
    "mps": 2,
    "cuda": 16,
}  # on a CPU one window fills both cores, and an answer waits for one at most
SHARE_OF_FREE_MEMORY = 0.25
FIRST = 6e4  # the score of a token that always stays
STEPS, ZERO = 8, 128  # a score of 1 is 8 steps, and 0 the middle of a byte


@dataclass(frozen=True)
class TokenizedDocument:
    """A document's token ids, and at which of them each page starts."""

    ids: array
    page_starts: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.ids)


class ReadStep(NamedTuple):
    """Where a reading stands after a group of windows: the state, tokens read of all, tokens a second, seconds left, and what each
    token of the group was worth keeping, a byte each (see `worth`)."""

    state: State
    n_tokens: int
    total: int
    tokens_per_second: float
    eta_seconds: float
    worths: bytes


def tokenize(tokenizer: PreTrainedTokenizerBase, pages: Sequence[str]) -> TokenizedDocument:
    """Token ids of `pages`, one after the other. Marks of the chat template in the text stay plain text."""
    ids, starts = array("i"), []
    for page in pages:
        starts.append(len(ids))
        ids.extend(tokenizer(page, add_special_tokens=False, split_special_tokens=True, verbose=False)["input_ids"])
    return TokenizedDocument(ids, tuple(starts))


def token_starts(tokenizer: PreTrainedTokenizerBase, page: str) -> list[int]:
    """At which character of `page` each of its tokens starts, as `tokenize` cuts it; about where, for a tokenizer that doesn't tell."""
    cut = {"add_special_tokens": False, "split_special_tokens": True, "verbose": False}
    if tokenizer.is_fast:
        return [start for start, _ in tokenizer(page, return_offsets_mapping=True, **cut)["offset_mapping"]]
    count = len(tokenizer(page, **cut)["input_ids"])
    return [number * len(page) // count for number in range(count)]


def worth(tokens: bytes) -> float:
    """What a passage of packed tokens is worth: the mean score of its four best, and minus infinity for none."""
    best = sorted(tokens, reverse=True)[:4]
    return sum(best) / len(best) / STEPS - ZERO / STEPS if best else float("-inf")


class Reader:
    """Reads token ids into states, with one decoder, scorer and codec. Holds no document."""

    def __init__(
        self,
        decoder: Decoder,
        config: MemoryConfig,
        scorer: Scorer,
        keys: Codec,
        values: Codec,
        pointing: dict[int, tuple[int, ...]],
        gate: Tensor,
    ) -> None:
        """`pointing`: the key/value heads that keep more keys, by layer. `gate [L,H]`: how much each head takes from the matrix."""
        self.decoder, self.config, self.scorer = decoder, config, scorer
        self.keys, self.values, self.pointing, self.gate = keys, values, pointing, gate

    def empty(self, batch: int = 1) -> State:
        """The memory of nothing."""
        d, bits = self.decoder, self.config.bits
        codes = d.dtype if bits == 16 else torch.uint8

        def none(heads: int, values: bool) -> Kept:
            make = lambda dtype, *tail: torch.zeros(batch, heads, 0, *tail, dtype=dtype, device=d.device)  # noqa: E731
            half = make(torch.float16)
            return Kept(
                make(codes, d.D),
                half,
                make(codes, d.D) if values else None,
                half if values else None,
                half,
                make(torch.int32),
            )

        matrix = tuple(self._empty_matrix(batch) for _ in range(d.L)) if self.config.rule != "none" else ()
        nothing = torch.zeros(batch, d.N, 0, d.D, dtype=d.dtype, device=d.device)
        return State(
            tuple(none(d.N, True) for _ in range(d.L)),
            tuple(none(len(self.pointing[layer]), False) for layer in sorted(self.pointing)),
            matrix,
            ((nothing, nothing),) * d.L,
            0,
        )

    def group_tokens(self) -> int:
        """How many tokens to read together: whole windows, as many as fit the memory that is free on the model's device."""
        config, base = self.config, self.decoder.config
        widths = 8 * base.hidden_size + 4 * base.intermediate_size
        a_window = 4 * config.window * (widths + 2 * base.num_attention_heads * config.window)
        fits = int(free_bytes(self.decoder.device) * SHARE_OF_FREE_MEMORY / a_window)
        most = 1 if config.slots_in_view else MOST_WINDOWS[self.decoder.device.type]
        return config.window * max(1, min(fits, most))

    def read(self, ids: Sequence[int], state: State, group: int) -> Iterator[ReadStep]:
        """Read `ids` on from `state`, up to `group` tokens (whole windows) at a time, and yield where it stands after each.

        Stop iterating to cancel. Memory in use does not grow with the text. Going on from a state that was yielded, or stored and
        loaded again, gives the same states bit for bit.
        """
        total, begun, done = state.n_tokens + len(ids), time.monotonic(), 0
        while done < len(ids):
            # a window that an earlier reading left unfilled is filled first
            left = -state.n_tokens % self.config.window
            size = left if left else group
            if len(ids) - done < size:
                size = (len(ids) - done) // self.config.window * self.config.window or len(ids) - done
            state, worths = self.fold(torch.tensor([list(ids[done : done + size])], device=self.decoder.device), state)
            done += size
            rate = done / max(time.monotonic() - begun, 1e-9)
            yield ReadStep(state, state.n_tokens, total, rate, (len(ids) - done) / rate, bytes(worths[0].tolist()))

    @torch.inference_mode()
    def fold(self, ids: Tensor, state: State) -> tuple[State, Tensor]:
        """The state after `ids [B,T]`: the rest of a window, whole windows, or the beginning of one. And worths `[B,T]`, bytes."""
        assert state.tail is not None, "a finished state is not read on from"
        d, config = self.decoder, self.config
        position = torch.arange(state.n_tokens, state.n_tokens + ids.shape[1], dtype=torch.int32, device=d.device)
        hidden, worths = d.embed(ids), 0
        slots, keys, tail = [], [], []
        matrix = []
        for layer in range(d.L):
            x = d.normed(layer, hidden)
            q, k, v = d.project(layer, x)
            before = state.tail[layer]
            tail.append(self._tail(before, k, v))
            score = self.scorer(layer, x, k)
            worths = worths + score.float().amax(1)
            score = score.masked_fill(position < config.sinks, FIRST)
            where = position.expand_as(score)
            encoded = Kept(*self.keys.encode(layer, k), *self.values.encode(layer, v), score, where)
            kept, left = state.slots[layer].join(encoded).best(config.slots)
            slots.append(kept)
            if layer in self.pointing:
                keys.append(self._pointing(layer, k, score, where, state.keys[len(keys)]))
            if config.rule != "none":
                matrix.append(self._fold_matrix(layer, state.matrix[layer], left))
            if layer + 1 < d.L:
                seen = self._in_view(state, layer) if config.slots_in_view else None
                gathered = self._attend(layer, q, k, v, before, seen)
                if config.slots_in_view and config.rule != "none":
                    gathered = gathered + GatedMatrix(config.rule, state.matrix, self.gate).read(layer, q)
                hidden = d.finish(layer, hidden, gathered)
        packed = ((worths / d.L) * STEPS).round().clamp(-ZERO, ZERO - 1) + ZERO
        n_tokens = state.n_tokens + ids.shape[1]
        return State(tuple(slots), tuple(keys), tuple(matrix), tuple(tail), n_tokens), packed.to(torch.uint8)

    def side_by_side(self, texts: Sequence[Sequence[int]], group: int) -> list[State]:
        """The finished states of `texts`, all of one length, read together: worth it where a processor has room for more than one."""
        state, size = self.empty(len(texts)), max(group // len(texts) // self.config.window, 1) * self.config.window
        rows = torch.tensor([list(text) for text in texts], device=self.decoder.device)
        start = 0
        while start < rows.shape[1]:
            left = rows.shape[1] - start
            step = min(size, left // self.config.window * self.config.window or left)
            state, _ = self.fold(rows[:, start : start + step], state)
            start += step
        return state.finished().apart()

    def _tail(self, before: tuple[Tensor, Tensor], k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of the window under way and the one before it, or of the last one where a window has just ended."""
        window, held = self.config.window, before[0].shape[2] + k.shape[2]
        keep = min(held, window + held % window)
        return tuple(torch.cat(pair, 2)[:, :, held - keep :] for pair in zip(before, (k, v), strict=True))

    def _attend(self, layer: int, q: Tensor, k: Tensor, v: Tensor, before: tuple[Tensor, Tensor], slots) -> Tensor:
        """Local attention `[B,H,T,D]` of whole windows, each to itself and the one before, or of one that goes on."""
        d, window = self.decoder, self.config.window
        tokens, context = q.shape[2], before[0].shape[2]
        if tokens > window:
            return self._attend_group(layer, q, k, v, before)
        keys, values = torch.cat((before[0], k), 2), torch.cat((before[1], v), 2)
        cos, sin = d.rotations(torch.arange(context + tokens))
        queries = d.rotate(layer, q, (cos[:, :, context:], sin[:, :, context:]))
        keys, mask = d.rotate(layer, keys, (cos, sin)), None
        if slots is not None:
            keys, values = torch.cat((slots[0], keys), 2), torch.cat((slots[1], values), 2)
        behind = keys.shape[2] - tokens
        if behind:
            mask = torch.ones(tokens, behind + tokens, dtype=torch.bool, device=q.device).tril(behind)[None, None]
        return d.attend(queries, keys, values, mask, causal=not behind)

    def _attend_group(self, layer: int, q: Tensor, k: Tensor, v: Tensor, before: tuple[Tensor, Tensor]) -> Tensor:
        d, window = self.decoder, self.config.window
        batch, context = q.shape[0], before[0].shape[2]
        assert q.shape[2] % window == 0 and context in (0, window), "a group is whole windows after whole windows"
        rows = lambda t: t.unflatten(2, (-1, window)).transpose(1, 2).flatten(0, 1)  # noqa: E731  [B*G,heads,S,D]

        def two(past: Tensor, now: Tensor) -> Tensor:
            last = past if context else torch.zeros_like(now[:, :, :window])
            return torch.cat((rows(torch.cat((last, now[:, :, :-window]), 2)), rows(now)), 2)

        cos, sin = d.rotations(torch.arange(2 * window))
        queries = d.rotate(layer, rows(q), (cos[:, :, window:], sin[:, :, window:]))
        mask = torch.ones(window, 2 * window, dtype=torch.bool, device=q.device).tril(window)[None, None]
        if not context:
            groups = q.shape[2] // window
            mask = mask.repeat(batch * groups, 1, 1, 1)
            mask[::groups, :, :, :window] = False
        out = d.attend(queries, d.rotate(layer, two(before[0], k), (cos, sin)), two(before[1], v), mask)
        return out.unflatten(0, (batch, -1)).transpose(1, 2).flatten(2, 3)

    def _in_view(self, state: State, layer: int) -> tuple[Tensor, Tensor]:
        """Keys, at the slots' one position, and values of those slots whose tokens the local window no longer holds."""
        d, kept = self.decoder, state.slots[layer]
        oldest = state.n_tokens - state.tail[layer][0].shape[2]
        # heads keep different tokens, so each has its own number of old ones; the later ones are cut to the fewest
        fewest = int((kept.position < oldest).sum(2).min())
        old = Kept(*(None if t is None else t[:, :, :fewest] for t in kept))
        return decoded(d, self.keys, self.values, layer, old)

    def _pointing(self, layer: int, k: Tensor, score: Tensor, where: Tensor, before: Kept) -> Kept:
        heads = list(self.pointing[layer])
        codes, scale = self.keys.encode(layer, k[:, heads], heads)
        return before.join(Kept(codes, scale, None, None, score[:, heads], where[:, heads])).best(
            self.config.pointing_slots
        )[0]

    def _empty_matrix(self, batch: int) -> Matrix:
        d = self.decoder
        m = torch.zeros(batch, d.N, d.D, d.D, dtype=torch.float32, device=d.device)
        return Matrix(m, m[..., 0].clone() if self.config.rule in NORMALISED else None)

    def _fold_matrix(self, layer: int, matrix: Matrix, left: Kept | None) -> Matrix:
        """What leaves the slots is written, with strength 1 for the paper's rules and by its score for the gated one."""
        if left is None:
            return matrix
        d, rule = self.decoder, self.config.rule
        k = chunk.features(rule, self.keys.decode(layer, left.k, left.k_scale, d.dtype))
        v = self.values.decode(layer, left.v, left.v_scale, d.dtype)
        w = torch.ones(k.shape[:-1], device=k.device)
        if rule == "gated_delta":
            w = F.hardsigmoid(left.score.float())
        return chunk.write(rule, k, v, w, matrix)


def decoded(
    decoder: Decoder, keys: Codec, values: Codec, layer: int, kept: Kept, positions: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Keys, rotated to `positions [M]` (None: to the slots' one position), and values `[B,N,M,D]` of what is kept."""
    at = decoder.rotations(torch.tensor([SLOT_POSITION]) if positions is None else positions)
    k = decoder.rotate(layer, keys.decode(layer, kept.k, kept.k_scale, decoder.dtype), at)
    return k, values.decode(layer, kept.v, kept.v_scale, decoder.dtype)
