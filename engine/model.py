"""A decoder of the Llama family, run layer by layer around its own weights.

Reading a book, answering from slots and pointing at pages need the queries, keys and values of every layer before rotary
embedding. So this module walks through the layers of a Hugging Face model itself and calls their own projections, norms and
feed-forward parts. The weights stay as they are: with nothing remembered the logits are those of the base.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedModel
from transformers.models.llama.modeling_llama import rotate_half

from engine.errors import UnsupportedModel
from engine.ops import chunk
from engine.ops.naive import Matrix

# Others have the same projections but attend otherwise (Gemma 2 caps scores, StableLM turns only part of each head).
FAMILY = ("LlamaAttention", "MistralAttention", "Qwen2Attention", "Qwen3Attention", "SmolLM3Attention")
SLOT_POSITION = -300  # all slots stand here, the first token of a question at 0; findings: one position costs little


class Update(NamedTuple):
    """A low-rank update of one projection: the output gains `scale * x downᵀ upᵀ`; `down [R,in]`, `up [out,R]`."""

    down: Tensor
    up: Tensor
    scale: float


Updates = Mapping[tuple[int, str], Update]  # by layer and the projection's name, such as "q_proj"
# Called with the layer, its queries [B,H,T,D] and the keys of the cache [B,N,M,D], both after rotary embedding.
Observer = Callable[[int, Tensor, Tensor], None]


class GatedMatrix(NamedTuple):
    """The compressive matrix of every layer as attention reads it: what a head finds in it is added times tanh(gate).

    `layers` one Matrix each, whose keys are those before rotary embedding; `gate [L,H]` float32, 0 where a head does without.
    """

    rule: str
    layers: tuple[Matrix, ...]
    gate: Tensor

    def read(self, layer: int, q: Tensor) -> Tensor:
        """What is added to the heads' output `[B,H,T,D]` for queries `q` before rotary embedding, in their dtype."""
        found = chunk.read(chunk.features(self.rule, q), self.layers[layer])
        return (self.gate[layer].tanh()[:, None, None] * found).to(q.dtype)

    def repeat(self, rows: int) -> GatedMatrix:
        """One row's as that of `rows` rows, without copying it."""
        grow = lambda t: None if t is None else t.expand(rows, *t.shape[1:])  # noqa: E731
        return self._replace(layers=tuple(Matrix(*map(grow, one)) for one in self.layers))


class KeyValueCache:
    """Keys (after rotary embedding) and values of what was already processed, a pair a layer: `[B,N,M,D]`.

    Slots of a memory are its first entries. `mask [B,M]` says which entries of which row are there; None means all. `matrix` is what
    that memory holds of the tokens that left its slots.
    """

    def __init__(
        self, keys: list[Tensor], values: list[Tensor], mask: Tensor | None = None, matrix: GatedMatrix | None = None
    ) -> None:
        self.keys, self.values, self.mask, self.matrix = keys, values, mask, matrix

    def add(self, layer: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        """Append a layer's new keys and values; returns all of that layer's."""
        self.keys[layer] = torch.cat((self.keys[layer], key), dim=2)
        self.values[layer] = torch.cat((self.values[layer], value), dim=2)
        return self.keys[layer], self.values[layer]

    def __len__(self) -> int:
        return self.keys[0].shape[2]

    def copy(self) -> KeyValueCache:
        """One that can grow without changing this one."""
        return KeyValueCache(list(self.keys), list(self.values), self.mask, self.matrix)

    def repeat(self, rows: int) -> KeyValueCache:
        """The cache of one row as that of `rows` rows, without copying it."""
        grow = lambda t: t.expand(rows, *t.shape[1:])  # noqa: E731
        mask = None if self.mask is None else grow(self.mask)
        matrix = None if self.matrix is None else self.matrix.repeat(rows)
        return KeyValueCache([grow(k) for k in self.keys], [grow(v) for v in self.values], mask, matrix)


class Decoder:
    """A Hugging Face causal language model of the Llama family, opened up.

    Sizes: `L` layers, `H` query heads, `N` key/value heads, `D` head width, `E` hidden width.
    """

    def __init__(self, base: PreTrainedModel) -> None:
        """Raises UnsupportedModel for a model whose attention is of another kind."""
        layers = getattr(getattr(base, "model", None), "layers", None)
        kind = type(layers[0].self_attn).__name__ if layers and hasattr(layers[0], "self_attn") else type(base).__name__
        if kind not in FAMILY:
            raise UnsupportedModel(
                f"{kind} attends in a way of its own; models of the Llama family (Llama, SmolLM, Mistral, Qwen 2 and 3) "
                "can be given a memory."
            )
        self.base, self.layers, self.config = base.requires_grad_(False).eval(), layers, base.config
        attention = layers[0].self_attn
        self.L, self.H, self.N = len(layers), base.config.num_attention_heads, base.config.num_key_value_heads
        self.D, self.E = attention.head_dim, base.config.hidden_size
        self.scaling = attention.scaling

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.base.device

    @property
    def dtype(self) -> torch.dtype:
        """What the weights are kept in."""
        return self.base.dtype

    def embed(self, ids: Tensor) -> Tensor:
        """Hidden states `[B,T,E]` that the first layer takes."""
        return self.base.model.embed_tokens(ids)

    def normed(self, layer: int, hidden: Tensor) -> Tensor:
        """What the layer's attention and its retention scorer see of `hidden`, shape kept."""
        return self.layers[layer].input_layernorm(hidden)

    def project(self, layer: int, x: Tensor, updates: Updates | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Queries `[B,H,T,D]`, keys and values `[B,N,T,D]` of `x [B,T,E]` (already normed), before rotary embedding."""
        attention = self.layers[layer].self_attn
        q, k, v = (
            linear(getattr(attention, name), x, updates, (layer, name)).view(*x.shape[:-1], -1, self.D)
            for name in ("q_proj", "k_proj", "v_proj")
        )
        if getattr(attention, "q_norm", None) is not None:
            q, k = attention.q_norm(q), attention.k_norm(k)
        return q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)

    def rotations(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Cosines and sines `[B or 1,1,T,D]` of `positions [T]` or `[B,T]`, for `rotate`."""
        at = positions if positions.dim() == 2 else positions[None]
        probe = torch.empty(0, dtype=self.dtype, device=self.device)
        cos, sin = self.base.model.rotary_emb(probe, at.to(self.device))
        return cos[:, None], sin[:, None]

    def rotate(self, layer: int, x: Tensor, rotations: tuple[Tensor, Tensor]) -> Tensor:
        """`x [B,heads,T,D]` with rotary embedding, as the layer has it (some layers of SmolLM3 have none)."""
        if not getattr(self.layers[layer].self_attn, "use_rope", True):
            return x
        cos, sin = rotations
        return x * cos + rotate_half(x) * sin

    def attend(self, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, causal: bool = False) -> Tensor:
        """One softmax over all of `k`: `[B,H,T,D]`. `mask` is boolean, True where a key may be seen."""
        if q.shape[2] == 1:
            # the query heads of a group as rows of one: on a CPU that is ten times as fast for a single token
            rows = q.unflatten(1, (self.N, -1)).flatten(2, 3)
            return F.scaled_dot_product_attention(rows, k, v, attn_mask=mask, scale=self.scaling).reshape(q.shape)
        return F.scaled_dot_product_attention(
            q, k, v, attn_mask=mask, is_causal=causal, scale=self.scaling, enable_gqa=self.H != self.N
        )

    def finish(self, layer: int, hidden: Tensor, attended: Tensor, updates: Updates | None = None) -> Tensor:
        """The layer's output from its input `hidden [B,T,E]` and what its heads gathered `[B,H,T,D]`."""
        module = self.layers[layer]
        joined = attended.transpose(1, 2).reshape(*hidden.shape[:-1], -1)
        hidden = hidden + linear(module.self_attn.o_proj, joined, updates, (layer, "o_proj"))
        return hidden + module.mlp(module.post_attention_layernorm(hidden))

    def logits(self, hidden: Tensor) -> Tensor:
        """Logits in float32 over the vocabulary, of the last layer's output."""
        return self.base.lm_head(self.base.model.norm(hidden)).float()

    def empty_cache(self, rows: int = 1) -> KeyValueCache:
        """A cache that holds nothing."""
        nothing = torch.zeros(rows, self.N, 0, self.D, dtype=self.dtype, device=self.device)
        return KeyValueCache([nothing] * self.L, [nothing] * self.L)

    def forward(
        self,
        ids: Tensor,
        cache: KeyValueCache,
        positions: Tensor,
        *,
        updates: Updates | None = None,
        present: Tensor | None = None,
        observe: Observer | None = None,
        layers: int | None = None,
    ) -> Tensor:
        """The last layer's output `[B,T,E]` for `ids [B,T]` that follow what the cache holds, which takes them in.

        `positions [T]` or `[B,T]` are rotary positions. `present [B,T]` is False where a row is padded. With `layers` only
        the first so many are run (for pointing). `updates` act on these tokens and on none in the cache.
        """
        hidden, tokens = self.embed(ids), ids.shape[1]
        mask, causal = self._mask(cache, tokens, present)
        rotations = self.rotations(positions)
        for layer in range(self.L if layers is None else layers):
            q, k, v = self.project(layer, self.normed(layer, hidden), updates)
            far = None if cache.matrix is None else cache.matrix.read(layer, q)
            q = self.rotate(layer, q, rotations)
            keys, values = cache.add(layer, self.rotate(layer, k, rotations), v)
            if observe is not None:
                observe(layer, q, keys)
            gathered = self.attend(q, keys, values, mask, causal)
            hidden = self.finish(layer, hidden, gathered if far is None else gathered + far, updates)
        if present is not None or cache.mask is not None:
            cache.mask = self.seen(cache.mask, len(cache) - tokens, tokens, present, ids.shape[0])
        return hidden

    def seen(self, mask: Tensor | None, before: int, tokens: int, present: Tensor | None, rows: int) -> Tensor:
        """The mask `[B,before+tokens]` of a cache that had `before` entries under `mask` and takes `tokens` more in."""
        there = lambda n: torch.ones(rows, n, dtype=torch.bool, device=self.device)  # noqa: E731
        old = there(before) if mask is None else mask
        return torch.cat((old, there(tokens) if present is None else present), dim=1)

    def _mask(self, cache: KeyValueCache, tokens: int, present: Tensor | None) -> tuple[Tensor | None, bool]:
        before, padded = len(cache), present is not None or cache.mask is not None
        if not padded and (tokens == 1 or before == 0):
            return None, tokens > 1
        causal = torch.ones(tokens, before + tokens, dtype=torch.bool, device=self.device).tril(before)
        if not padded:
            return causal[None, None], False
        rows = present.shape[0] if present is not None else cache.mask.shape[0]
        seen = self.seen(cache.mask, before, tokens, present, rows)[:, None, None]
        # a row of padding must see something, else its softmax is over nothing
        own = torch.eye(tokens, before + tokens, dtype=torch.bool, device=self.device)
        own = own.roll(before, dims=1) if before else own
        return (causal[None, None] & seen) | own[None, None], False


def linear(module: Callable[[Tensor], Tensor], x: Tensor, updates: Updates | None, name: tuple[int, str]) -> Tensor:
    """`module(x)`, with the low-rank update of that name where there is one."""
    out = module(x)
    update = updates.get(name) if updates else None
    if update is None:
        return out
    return out + (update.scale * F.linear(F.linear(x.to(update.down.dtype), update.down), update.up)).to(out.dtype)


def each_row(sequences: Sequence[Sequence[int]], pad: int, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Token ids of several lengths as `ids [B,T]` padded at the left, `present [B,T]`, and `positions [B,T]` from 0."""
    longest = max(map(len, sequences))
    ids = torch.tensor([[pad] * (longest - len(s)) + list(s) for s in sequences], device=device)
    gaps = torch.tensor([longest - len(s) for s in sequences], device=device)[:, None]
    positions = torch.arange(longest, device=device)[None] - gaps
    return ids, positions >= 0, positions.clamp(min=0)
