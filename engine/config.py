"""What a memory is made of, as a Hugging Face config that validates itself."""

from typing import ClassVar

from transformers import AutoConfig, PretrainedConfig

from engine.errors import ConfigInvalid
from engine.ops import NORMALISED, RULES
from engine.ops.features import FEATURE_MAPS

GATES = ("additive", "convex")
WITH_KEY_WIDTH = ("silu", "pairs")
EVERY = "all"


class InfiniConfig(PretrainedConfig):
    """An Infini-attention model: the base model's own config (`text_config`) and the settings of its memory.

    rule          how a segment is written: "linear", "delta" (arXiv 2404.07143v2 Eq. 8-9), "gated_delta", or "none": not at all, so
                  that there is the exact cache alone
    feature_map   "elu", "silu", "dpfp" or "pairs": what keys and queries pass through before the memory
    key_width     K for "silu" and "pairs" (default: the head width); "elu" keeps the head width, "dpfp" doubles it
    gate          how memory and local attention meet: "additive" or the paper's "convex"
    segment_len   S, tokens a segment
    exact_slots   C, how many tokens each memory head keeps exactly, beside the compressive memory; 0: none; "all": every token,
                  so that a memory grows with its text
    exact_conv    how many tokens' keys make a kept token's key, its own and those before it: a short convolution; 1: its own
    exact_gate_width  width of the hidden layer that helps to score what is worth keeping; 0: scores are linear in hidden states
    exact_top     how many kept tokens a query attends to, those most like it; 0: all
    memory_layers indices of the layers that have a memory; None means all
    running_answers  whether the model was taught answers in the tokens that they have within a text, not at a line's beginning
    Raises ConfigInvalid, naming the setting and its value.
    """

    model_type = "infini"
    sub_configs: ClassVar = {"text_config": AutoConfig}

    def __init__(
        self,
        text_config=None,
        rule: str = "gated_delta",
        feature_map: str = "silu",
        key_width: int | None = None,
        gate: str = "additive",
        segment_len: int = 256,
        exact_slots: int | str = 0,
        exact_conv: int = 1,
        exact_gate_width: int = 0,
        exact_top: int = 0,
        memory_layers: list[int] | None = None,
        running_answers: bool = False,
        **kwargs,
    ):
        if isinstance(text_config, dict):
            text_config = AutoConfig.for_model(**text_config)
        self.text_config = text_config
        self.rule = rule
        self.feature_map = feature_map
        self.key_width = key_width
        self.gate = gate
        self.segment_len = segment_len
        self.exact_slots = exact_slots
        self.exact_conv = exact_conv
        self.exact_gate_width = exact_gate_width
        self.exact_top = exact_top
        self.memory_layers = memory_layers
        self.running_answers = running_answers
        if text_config is not None:
            kwargs.setdefault("tie_word_embeddings", text_config.tie_word_embeddings)
            self._check()
        super().__init__(**kwargs)

    def _check(self) -> None:
        _one_of("rule", self.rule, (*RULES, "none"))
        _one_of("feature_map", self.feature_map, FEATURE_MAPS)
        _one_of("gate", self.gate, GATES)
        if self.rule != "gated_delta" and self.feature_map != "elu":
            raise ConfigInvalid(f"feature_map is {self.feature_map!r}; the rule {self.rule!r} is defined with 'elu'.")
        if not isinstance(self.segment_len, int) or self.segment_len < 1:
            raise ConfigInvalid(f"segment_len is {self.segment_len!r}; it must be a whole number of at least 1.")
        self._check_exact()
        self._check_width()
        layers, chosen = self.text_config.num_hidden_layers, self.memory_layers
        known = range(layers)
        if chosen is not None and (not chosen or len(set(chosen)) < len(chosen) or not set(chosen) <= set(known)):
            raise ConfigInvalid(
                f"memory_layers is {chosen!r}; it names at least one layer, each once, out of layers 0 to {layers - 1}."
            )

    def _check_exact(self) -> None:
        for name in ("exact_slots", "exact_gate_width", "exact_top"):
            value = getattr(self, name)
            every = name == "exact_slots" and value == EVERY
            if not every and (not isinstance(value, int) or value < 0):
                raise ConfigInvalid(f"{name} is {value!r}; it must be a whole number, 0 for none.")
        if not isinstance(self.exact_conv, int) or not 1 <= self.exact_conv <= self.segment_len:
            raise ConfigInvalid(f"exact_conv is {self.exact_conv!r}; it must be a whole number from 1 to segment_len.")
        if self.rule == "none" and (self.gate != "additive" or not self.exact_slots):
            raise ConfigInvalid(
                f"rule is 'none', which leaves the exact cache alone: it goes with exact_slots and the gate 'additive', not with "
                f"exact_slots {self.exact_slots!r} and the gate {self.gate!r}."
            )

    def _check_width(self) -> None:
        width = self.key_width
        if width is None:
            return
        if self.feature_map not in WITH_KEY_WIDTH or width < 1 or width % self.head_dim:
            raise ConfigInvalid(
                f"key_width is {width!r}; it goes with feature_map 'silu' or 'pairs' and is a multiple of {self.head_dim}."
            )
        most = self.head_dim * ((self.head_dim - 1) // 2)
        if self.feature_map == "pairs" and width > most:
            raise ConfigInvalid(f"key_width is {width!r}; heads {self.head_dim} wide have pairs for {most} at most.")

    @property
    def head_dim(self) -> int:
        """Width of one attention head, which is also V."""
        text = self.text_config
        return getattr(text, "head_dim", None) or text.hidden_size // text.num_attention_heads

    @property
    def state_key_width(self) -> int:
        """K: key width after the feature map, 0 where nothing is compressed."""
        if self.rule == "none":
            return 0
        if self.feature_map in WITH_KEY_WIDTH:
            return self.key_width or self.head_dim
        return {"elu": 1, "dpfp": 2}[self.feature_map] * self.head_dim

    @property
    def layers_with_memory(self) -> list[int]:
        """Indices of the layers that have a memory, in order."""
        return (
            list(range(self.text_config.num_hidden_layers))
            if self.memory_layers is None
            else sorted(self.memory_layers)
        )

    @property
    def state_sizes(self) -> tuple[int, int, int, int]:
        """(L, N, K, V) of the memory state."""
        return len(self.layers_with_memory), self.text_config.num_key_value_heads, self.state_key_width, self.head_dim

    @property
    def state_bytes(self) -> int:
        """Bytes of one document's state, whatever the document's length; of a memory that grows, those of an empty one."""
        return self.state_bytes_after(0)

    def state_bytes_after(self, tokens: int) -> int:
        """Bytes of a state after so many tokens: float32, and bfloat16 for what is kept exactly."""
        layers, heads, k, v = self.state_sizes
        compressed = 4 * k * (v + (self.rule in NORMALISED))
        slots = tokens if self.exact_slots == EVERY else self.exact_slots
        return layers * heads * (compressed + slots * (2 * 2 * v + 4))

    @property
    def cache_bytes_per_token(self) -> int:
        """What the base model's own key/value cache would take for a token, in bytes, in bfloat16."""
        text = self.text_config
        return 2 * 2 * text.num_hidden_layers * text.num_key_value_heads * self.head_dim


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigInvalid(f"{name} is {value!r}; it must be one of {', '.join(allowed)}.")
