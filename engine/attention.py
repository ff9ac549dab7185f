"""Attention with a compressive memory, around the projections of any Llama-family attention layer."""

import torch.nn as nn
from torch import Tensor
from transformers import Cache
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb, eager_attention_forward

from engine.cache import InfiniCache
from engine.config import InfiniConfig
from engine.errors import UnsupportedModel
from engine.memory import InfiniMemory, Projected
from engine.passes import MemoryPass

PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj")
# Others have the same projections but attend otherwise (Gemma 2 caps scores, StableLM turns only part of each head).
FAMILY = ("LlamaAttention", "MistralAttention", "Qwen2Attention", "Qwen3Attention", "SmolLM3Attention")


class InfiniAttention(nn.Module):
    """Takes over the projections of `attention` (a Hugging Face Llama, Mistral, Qwen2 or Qwen3 attention module),
    attends locally just as that module does, and joins in what the memory recalls. `slot` is the layer's place among
    the layers with memory, None for a layer without. Raises UnsupportedModel for an attention of another shape."""

    def __init__(self, attention: nn.Module, config: InfiniConfig, slot: int | None):
        super().__init__()
        if type(attention).__name__ not in FAMILY:
            raise UnsupportedModel(
                f"{type(attention).__name__} attends in a way of its own; models of the Llama family (Llama, SmolLM, "
                "Mistral, Qwen 2 and 3) can be given a memory."
            )
        for name in PROJECTIONS:
            setattr(self, name, getattr(attention, name))
        self.q_norm = getattr(attention, "q_norm", None)
        self.k_norm = getattr(attention, "k_norm", None)
        self.config, self.layer_idx = attention.config, attention.layer_idx
        self.head_dim, self.scaling = attention.head_dim, attention.scaling
        self.num_key_value_groups = attention.num_key_value_groups
        self.attention_dropout = attention.attention_dropout
        self.sliding_window = getattr(attention, "sliding_window", None)
        self.use_rope = getattr(attention, "use_rope", True)  # SmolLM3: some layers know no positions
        self.is_causal = True
        self.slot = slot
        self.memory = InfiniMemory(config) if slot is not None else None

    def project(self, hidden: Tensor) -> Projected:
        """Queries, keys and values of `hidden [R,T,hidden]`, before rotary embedding."""
        shape = (*hidden.shape[:-1], -1, self.head_dim)
        q, k, v = (p(hidden).view(shape) for p in (self.q_proj, self.k_proj, self.v_proj))
        if self.q_norm is not None:
            q, k = self.q_norm(q), self.k_norm(k)
        return Projected(hidden, q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2))

    def forward(
        self,
        hidden_states: Tensor,
        position_embeddings: tuple[Tensor, Tensor],
        attention_mask: Tensor | None = None,
        past_key_values: Cache | None = None,
        memory_pass: MemoryPass | None = None,
        **kwargs,
    ) -> tuple[Tensor, Tensor | None]:
        """The attention output `[R,T,hidden]` and the local attention weights where the implementation gives them."""
        x = self.project(hidden_states)
        q, k, v = x.q, x.k, x.v
        if self.use_rope:
            q, k = apply_rotary_pos_emb(q, k, *position_embeddings)
        if past_key_values is not None:
            k, v = past_key_values.update(k, v, self.layer_idx)
        attend = ALL_ATTENTION_FUNCTIONS.get_interface(self.config._attn_implementation, eager_attention_forward)
        dropout = self.attention_dropout if self.training else 0.0
        if self.sliding_window is not None:
            kwargs["sliding_window"] = self.sliding_window
        local, weights = attend(self, q, k, v, attention_mask, dropout=dropout, scaling=self.scaling, **kwargs)
        if memory_pass is None and isinstance(past_key_values, InfiniCache):
            memory_pass = past_key_values.memory
        if memory_pass is not None and self.memory is not None:
            joined = memory_pass.attend(self.slot, self.memory, x, local.transpose(1, 2))
            local = joined.transpose(1, 2)
        return self.o_proj(local.reshape(*hidden_states.shape[:-1], -1)), weights
