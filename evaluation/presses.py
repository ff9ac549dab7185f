"""Caches that kvpress compresses: a text read once with full attention, of which every head keeps so many tokens.

kvpress 0.5.5 asks for an older transformers, so it is installed beside the pins without its dependencies (requirements-kvpress.txt). Its
hooks look for `cache_position`, which newer models no longer hand down by themselves; given by hand they find it, and all presses here
run as published. Those that keep another number of tokens in every head (AdaKV, KVzip), and those whose trained parts are published for
other bases only (KVzap, Fast KVzip, Q-Filters, DuoAttention), are left out.
"""

from __future__ import annotations

from types import MappingProxyType

import torch
from torch import Tensor
from transformers import DynamicCache

from engine.model import Decoder, KeyValueCache
from evaluation.errors import PartMissing

PRESSES = MappingProxyType({
    "expected-attention": "ExpectedAttentionPress",
    "snapkv": "SnapKVPress",
    "tova": "TOVAPress",
    "streaming-llm": "StreamingLLMPress",
    "knorm": "KnormPress",
    "keydiff": "KeyDiffPress",
    "lagkv": "LagKVPress",
    "compactor": "CompactorPress",
})  # fmt: skip


@torch.inference_mode()
def pressed(decoder: Decoder, ids: Tensor, name: str, kept: int) -> KeyValueCache:
    """The cache of `ids [1,T]` of which every head keeps `kept` tokens, by the press of that name; all of a shorter text. Raises
    PartMissing."""
    try:
        import kvpress
    except ImportError as error:
        raise PartMissing(
            f"{error.name} is missing. Install it: pip install --no-deps -r requirements-kvpress.txt"
        ) from error
    tokens, cache = ids.shape[1], DynamicCache()
    # half a token more, since kvpress cuts what is left to a whole number
    ratio = max(0.0, 1 - (kept + 0.5) / tokens)
    press = getattr(kvpress, PRESSES[name])(compression_ratio=ratio)
    with press(decoder.base):
        decoder.base.model(ids, past_key_values=cache, cache_position=torch.arange(tokens, device=ids.device))
    return KeyValueCache([layer.keys for layer in cache.layers], [layer.values for layer in cache.layers])
