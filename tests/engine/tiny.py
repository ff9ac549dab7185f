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

from engine.confidence import Confidence
from engine.config import MemoryConfig
from engine.engine import Engine
from engine.load import Loaded
from engine.memory import Memory
from engine.model import Decoder
from engine.point import Pointing
from engine.read import Reader
from engine.scorer import LayerScorer, Scorer
from engine.state import Codec, State

VOCABULARY, POSITIONS, WINDOW = 307, 2048, 11
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


def make_decoder(family: str = "qwen2", seed: int = 1) -> Decoder:
    """A random decoder in float32."""
    return Decoder(make_base(family, seed))


def make_memory(decoder: Decoder, seed: int = 2, **settings) -> Memory:
    """A memory whose scorer, channels, pointing heads and confidence are random numbers; kept tokens are exact unless `bits` says
    otherwise."""
    chance = torch.Generator().manual_seed(seed)
    some = lambda *shape: torch.randn(*shape, generator=chance)  # noqa: E731
    config = MemoryConfig(**{"window": WINDOW, "slots": 17, "pointing_slots": 29, "sinks": 2, "bits": 16} | settings)
    layers = tuple(
        LayerScorer(some(decoder.N, decoder.E), some(decoder.N), some(3, decoder.E), some(3), some(decoder.N, 3))
        for _ in range(decoder.L)
    )

    def channels() -> Codec:
        spread = some(decoder.L, decoder.N, decoder.D).abs() + 0.5
        return Codec(config.bits, some(decoder.L, decoder.N, decoder.D), spread)

    heads = ((0, 1), (decoder.L - 1, decoder.H - 1), (decoder.L - 1, 0))
    pointing = Pointing(heads, some(3).abs(), some(3, 5, decoder.D), 1e-6, decoder.H // decoder.N)
    codecs, gate = (channels(), channels()), some(decoder.L, decoder.H)
    return Memory(config, Scorer(layers), *codecs, pointing, Confidence.untrained(), {}, {}, gate, True, f"{seed:064d}")


def make_reader(decoder: Decoder, memory: Memory) -> Reader:
    """A reader with that memory."""
    return Reader(
        decoder, memory.config, memory.scorer, memory.keys, memory.values, memory.pointing.key_heads, memory.gate
    )


def make_engine(tokenizer: PreTrainedTokenizerFast, family: str = "qwen2", **settings) -> Engine:
    """An engine in float32 with a random model and memory."""
    decoder = make_decoder(family)
    parts = {"base": "b" * 64, "architecture": family, "state": "{}", "dtype": "float32", "tokenizer": "t" * 64}
    return Engine(Loaded(decoder, tokenizer, make_memory(decoder, **settings), parts, "tiny"), "tiny")


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


def read_all(reader: Reader, ids: torch.Tensor, state: State | None = None, group: int | None = None) -> State:
    """The state after reading `ids [T]`."""
    *_, step = reader.read(ids.tolist(), state or reader.empty(), group or reader.config.window)
    return step.state


def same_state(a: State, b: State) -> bool:
    """Whether two states are equal bit for bit."""
    return a.n_tokens == b.n_tokens and all(
        (x is None and y is None) or torch.equal(x, y)
        for one, other in zip(
            (*a.slots, *a.keys, *a.matrix, *(a.tail or ())),
            (*b.slots, *b.keys, *b.matrix, *(b.tail or ())),
            strict=True,
        )
        for x, y in zip(one, other, strict=True)
    )
