"""Tiny random models of every family and a real tokenizer, all made here. Every size is a different number."""

from __future__ import annotations

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    AutoModelForCausalLM,
    LlamaConfig,
    MistralConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen3Config,
    SmolLM3Config,
)

from engine.model import InfiniForCausalLM, convert
from engine.state import MemoryState

VOCABULARY, POSITIONS, SEGMENT = 307, 416, 7
MARKS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
PROSE = (
    "The harbour master of Quillane counted nineteen lanterns on the night when the ferry came in late. "
    "What did the keeper say? He said that the bell of the old chapel had been sold for seven hundred crowns, "
    "and that nobody in the village would answer the question before the spring tide. "
)

FAMILIES = ("llama", "smollm2", "smollm3", "mistral", "qwen2", "qwen3")
SIZES = {
    "llama": (LlamaConfig, {"hidden_size": 40, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 10}),
    "smollm2": (
        LlamaConfig,
        {
            "hidden_size": 36,
            "num_attention_heads": 9,
            "num_key_value_heads": 3,
            "head_dim": 4,
            "num_hidden_layers": 2,
            "tie_word_embeddings": True,
        },
    ),
    "smollm3": (
        SmolLM3Config,
        {
            "hidden_size": 48,
            "num_attention_heads": 8,
            "num_key_value_heads": 2,
            "num_hidden_layers": 5,
            "no_rope_layers": [1, 1, 0, 1, 1],
        },
    ),
    "mistral": (
        MistralConfig,
        {"hidden_size": 48, "num_attention_heads": 6, "num_key_value_heads": 2, "head_dim": 8, "sliding_window": 11},
    ),
    "qwen2": (Qwen2Config, {"hidden_size": 60, "num_attention_heads": 10, "num_key_value_heads": 5}),
    "qwen3": (Qwen3Config, {"hidden_size": 30, "num_attention_heads": 6, "num_key_value_heads": 2, "head_dim": 14}),
}
# One of each rule, gate and feature map. The keys of the first are twice as wide as the heads of "smollm2".
MEMORIES = {
    "gated_delta": {"rule": "gated_delta", "feature_map": "silu", "key_width": 8, "gate": "additive"},
    "gated_delta-exact": {
        "rule": "gated_delta",
        "feature_map": "silu",
        "gate": "additive",
        "exact_slots": 11,
        "exact_conv": 2,
        "exact_gate_width": 5,
    },
    "exact": {"rule": "none", "feature_map": "elu", "gate": "additive", "exact_slots": 11, "exact_conv": 2},
    "memorizing": {"rule": "none", "feature_map": "elu", "gate": "additive", "exact_slots": "all", "exact_top": 3},
    "gated_delta-pairs": {"rule": "gated_delta", "feature_map": "pairs", "gate": "additive"},
    "gated_delta-dpfp": {"rule": "gated_delta", "feature_map": "dpfp", "gate": "convex"},
    "delta": {"rule": "delta", "feature_map": "elu", "gate": "additive"},
    "linear": {"rule": "linear", "feature_map": "elu", "gate": "convex"},
}


def make_base(family: str = "smollm2", seed: int = 1) -> PreTrainedModel:
    """A random base model in float32 with weights large enough for every part of it to show in the logits."""
    kind, sizes = SIZES[family]
    common = {"num_hidden_layers": 3, "intermediate_size": 52, "vocab_size": VOCABULARY}
    marks = {"eos_token_id": 2, "bos_token_id": 1, "pad_token_id": 0, "max_position_embeddings": POSITIONS}
    base = AutoModelForCausalLM.from_config(kind(**common | marks | sizes)).eval()
    chance = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in base.named_parameters():
            middle = 1.0 if "norm" in name else 0.0
            parameter.copy_(middle + 0.2 * torch.randn(parameter.shape, generator=chance))
    return base


def stir(model: InfiniForCausalLM, seed: int = 2) -> InfiniForCausalLM:
    """Give the memory's own weights random values: read gates wide open, write gates anywhere from shut to open."""
    chance = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if ".memory." in name:
                noise = torch.randn(parameter.shape, generator=chance)
                parameter.copy_(1.5 + noise if "read_gate" in name else parameter + 0.4 * noise)
    return model


def make_model(family: str = "smollm2", memory: str = "gated_delta", seed: int = 1, **changes) -> InfiniForCausalLM:
    """A random model with a stirred memory."""
    settings = MEMORIES[memory] | {"segment_len": SEGMENT}
    if family != "smollm2":
        settings.pop("key_width", None)
    return stir(convert(make_base(family, seed), **settings | changes)).eval()


def make_tokenizer(template: str | None = TEMPLATE, metaspace: bool = False) -> PreTrainedTokenizerFast:
    """A tokenizer trained here, with the marks of a chat template as special tokens: byte-level as that of SmolLM, or, with
    `metaspace`, one that puts a space before every text, as that of Mistral."""
    backend = Tokenizer(models.BPE())
    if metaspace:
        backend.pre_tokenizer, backend.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
        alphabet = ["\n", *map(chr, range(33, 256))]
    else:
        backend.pre_tokenizer, backend.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
        alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=MARKS, initial_alphabet=alphabet, show_progress=False
    )
    backend.train_from_iterator([PROSE], trainer)
    assert backend.get_vocab_size() == VOCABULARY
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, eos_token="<|im_end|>", pad_token="<|endoftext|>", chat_template=template
    )


def tokens(*shape: int, seed: int = 5) -> torch.Tensor:
    """Random token ids, none of them a mark."""
    return torch.randint(3, VOCABULARY, shape, generator=torch.Generator().manual_seed(seed))


def filled_state(model: InfiniForCausalLM, batch: int = 1, segments: int = 2, seed: int = 9) -> MemoryState:
    """The state after random text."""
    with torch.no_grad():
        ids = tokens(batch, segments, model.config.segment_len, seed=seed)
        return model.fold(ids, MemoryState.empty(model.config, batch)).state()


def assert_close(a: MemoryState, b: MemoryState, tolerance: float = 1e-5) -> None:
    """Both states hold the same, up to rounding in float32."""
    assert a.n_tokens == b.n_tokens
    torch.testing.assert_close(a.M, b.M, rtol=tolerance, atol=tolerance)
    assert (a.z is None) == (b.z is None)
    if a.z is not None:
        torch.testing.assert_close(a.z, b.z, rtol=tolerance, atol=tolerance)
    assert (a.kept is None) == (b.kept is None)
    if a.kept is not None:
        torch.testing.assert_close(a.kept.scores, b.kept.scores, rtol=tolerance, atol=tolerance)
        for one, other in ((a.kept.k, b.kept.k), (a.kept.v, b.kept.v)):
            torch.testing.assert_close(one, other, rtol=2**-6, atol=2**-8)  # rounded to bfloat16


def equal(a: MemoryState, b: MemoryState) -> bool:
    """Whether both states are the same bit for bit."""
    same_z = a.z is b.z if a.z is None or b.z is None else torch.equal(a.z, b.z)
    same_kept = a.kept is b.kept if a.kept is None or b.kept is None else all(map(torch.equal, a.kept, b.kept))
    return a.n_tokens == b.n_tokens and torch.equal(a.M, b.M) and same_z and same_kept
