"""Infini-attention as a Hugging Face causal LM: any Llama-family base, converted in place."""

import copy
from typing import ClassVar

import torch
import torch.nn as nn
from torch import Tensor
from transformers import AutoConfig, AutoModelForCausalLM, Cache, GenerationMixin, PreTrainedModel
from transformers.initialization import no_init_weights
from transformers.modeling_outputs import CausalLMOutputWithPast

from engine.attention import InfiniAttention
from engine.config import InfiniConfig
from engine.errors import UnsupportedModel
from engine.memory import InfiniMemory
from engine.passes import Fold, MemoryPass
from engine.state import MemoryState


class InfiniForCausalLM(PreTrainedModel, GenerationMixin):
    """`base` is the Hugging Face model itself, whose attention layers have been given memories.

    Works with `generate` (give `past_key_values=InfiniCache(state)`), `save_pretrained` and `from_pretrained`.
    """

    config_class = InfiniConfig
    base_model_prefix = "base"
    supports_gradient_checkpointing = True
    _supports_sdpa = True
    _keep_in_fp32_modules_strict: ClassVar = ["memory"]
    _supports_attention_backend = True

    def __init__(self, config: InfiniConfig, base: PreTrainedModel | None = None):
        super().__init__(config)
        self.base = AutoModelForCausalLM.from_config(config.text_config) if base is None else base
        give_memory(self.base, config)
        self.post_init()

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, InfiniMemory):
            module.reset()
        elif not isinstance(module, InfiniAttention):
            super()._init_weights(module)

    def get_input_embeddings(self) -> nn.Module:
        return self.base.get_input_embeddings()

    def get_output_embeddings(self) -> nn.Module:
        return self.base.get_output_embeddings()

    def set_input_embeddings(self, value: nn.Module) -> None:
        self.base.set_input_embeddings(value)

    def hidden(self, input_ids: Tensor, memory_pass: MemoryPass | None = None) -> Tensor:
        """Last hidden states `[R,T,hidden]` of rows that attend only within themselves and through `memory_pass`."""
        return self.base.model(input_ids=input_ids, memory_pass=memory_pass, use_cache=False).last_hidden_state

    def write(self, input_ids: Tensor, memory_pass: MemoryPass) -> None:
        """Run rows `[R,T]` through the layers up to the last that has a memory: what lies above writes nothing."""
        base = self.base.model
        trunk = copy.copy(base)
        layers = base.layers[: self.config.layers_with_memory[-1] + 1]
        trunk._modules = {**base._modules, "layers": layers, "norm": nn.Identity()}
        trunk(input_ids=input_ids, memory_pass=memory_pass, use_cache=False)

    def fold(self, segments: Tensor, state: MemoryState) -> Fold:
        """Read `segments [B,G,S]` after `state` (B documents, G segments each at once): the pass knows the state after them."""
        batch, g, length = segments.shape
        fold = Fold(state, g)
        self.write(segments.reshape(batch * g, length), fold)
        return fold

    def forward(
        self,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        past_key_values: Cache | None = None,
        labels: Tensor | None = None,
        **kwargs,
    ) -> CausalLMOutputWithPast:
        """The base model's forward; with an InfiniCache as `past_key_values` it also recalls from that memory."""
        return self.base(
            input_ids=input_ids, attention_mask=attention_mask, past_key_values=past_key_values, labels=labels, **kwargs
        )


def give_memory(base: PreTrainedModel, config: InfiniConfig) -> None:
    """Replace the attention of every layer of `base` in place. Raises UnsupportedModel if it is not of the Llama family."""
    layers = getattr(getattr(base, "model", None), "layers", None)
    if layers is None or not hasattr(layers[0], "self_attn"):
        raise UnsupportedModel(
            f"{type(base).__name__} is not built like a Llama-family decoder (model.layers[i].self_attn); "
            "choose a Llama, SmolLM, Mistral or Qwen model."
        )
    slots = {layer: slot for slot, layer in enumerate(config.layers_with_memory)}
    for i, layer in enumerate(layers):
        layer.self_attn = InfiniAttention(layer.self_attn, config, slots.get(i))


def convert(base: PreTrainedModel, **memory) -> InfiniForCausalLM:
    """Give a loaded base model memories, in place and with its weights as they are; `memory` goes to InfiniConfig."""
    # a config of its own: PreTrainedModel rewrites the attention choice of the one it is given
    implementation = base.config._attn_implementation
    config = InfiniConfig(text_config=base.config, attn_implementation=implementation, **memory)
    with no_init_weights():
        model = InfiniForCausalLM(config, base)
    base.config._attn_implementation = implementation
    model.generation_config = base.generation_config
    return model


def register() -> None:
    """Make AutoConfig and AutoModelForCausalLM know the "infini" model type."""
    AutoConfig.register("infini", InfiniConfig, exist_ok=True)
    AutoModelForCausalLM.register(InfiniConfig, InfiniForCausalLM, exist_ok=True)
