"""Words after a prompt: one token at a time, for one row or for many."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from transformers import PreTrainedTokenizerBase

from engine.errors import ConfigInvalid
from engine.model import Decoder, KeyValueCache, Updates, each_row

LEAST_TEMPERATURE = 1e-3
UNFINISHED = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True)
class AnswerOptions:
    """How to answer: most new tokens, temperature (0 is greedy), seed, and whether with a few words of the text instead of sentences."""

    max_new_tokens: int = 160
    temperature: float = 0.0
    seed: int = 0
    brief: bool = False

    def __post_init__(self) -> None:
        """Raises ConfigInvalid for a value that cannot work."""
        for name, least in (("max_new_tokens", 1), ("temperature", 0)):
            if not least <= getattr(self, name) < math.inf:
                raise ConfigInvalid(f"{name} is {getattr(self, name)}; it must be at least {least}.")


@dataclass
class Said:
    """What one row has said so far: tokens (the end of the turn not among them), and the log-probability of each and of the end."""

    tokens: list[int]
    log_probs: list[float]
    ended: bool = False

    @property
    def mean_log_prob(self) -> float:
        """Mean log-probability a token, in nats, the end of the turn included."""
        return sum(self.log_probs) / max(len(self.log_probs), 1)


def ends(decoder: Decoder, tokenizer: PreTrainedTokenizerBase) -> set[int]:
    """The tokens that end an answer."""
    configured = decoder.base.generation_config.eos_token_id if decoder.base.generation_config else None
    many = configured if isinstance(configured, list) else [configured]
    return {i for i in (*many, tokenizer.eos_token_id) if i is not None}


def text_of(tokenizer: PreTrainedTokenizerBase, tokens: Sequence[int]) -> str:
    """The text of an answer so far, without a letter at its end that is not finished and without spaces around it."""
    return tokenizer.decode(list(tokens), skip_special_tokens=True).rstrip(UNFINISHED).strip()


@torch.inference_mode()
def generate(
    decoder: Decoder,
    tokenizer: PreTrainedTokenizerBase,
    prompts: Sequence[Sequence[int]],
    cache: KeyValueCache,
    options: AnswerOptions,
    *,
    start: Sequence[int] | None = None,
    updates: Updates | None = None,
    refusal: Sequence[int] = (),
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[list[Said]]:
    """What every row has said, after each new token; a row that ended stays as it is. The cache takes prompt and answer in.

    `start` is the rotary position of each prompt's first token (0). `updates` act on prompts and answers. `refusal` is an answer that is
    not given; the next best is said in its place.
    """
    rows, alone = len(prompts), len(prompts) == 1
    ids, present, positions = each_row(prompts, tokenizer.pad_token_id or 0, decoder.device)
    if start is not None:
        positions = positions + torch.tensor(start, device=decoder.device)[:, None]
    padded = None if alone and cache.mask is None else present
    hidden = decoder.forward(ids, cache, positions, updates=updates, present=padded)
    said = [Said([], []) for _ in prompts]
    last, chance = ends(decoder, tokenizer), torch.Generator(decoder.device).manual_seed(options.seed)
    at = positions[:, -1:]
    for _ in range(options.max_new_tokens):
        log_probs = decoder.logits(hidden[:, -1:])[:, -1].log_softmax(-1)
        for row, one in enumerate(said):
            if len(refusal) > 1 and one.tokens == [refusal[0]]:
                log_probs[row, refusal[1]] = float("-inf")
        if options.temperature:
            # nearer to 0 is the likeliest word as well, and what is smaller still divides by nothing
            shares = (log_probs / max(options.temperature, LEAST_TEMPERATURE)).softmax(-1)
            tokens = torch.multinomial(shares, 1, generator=chance)[:, 0]
        else:
            tokens = log_probs.argmax(-1)
        for row, (one, token) in enumerate(zip(said, tokens.tolist(), strict=True)):
            if one.ended:
                continue
            one.log_probs.append(float(log_probs[row, token]))
            if token in last:
                one.ended = True
            else:
                one.tokens.append(token)
        yield said
        if all(one.ended for one in said) or should_stop():
            return
        at = at + 1
        there = None if padded is None else torch.ones(rows, 1, dtype=torch.bool, device=decoder.device)
        hidden = decoder.forward(tokens[:, None], cache, at, updates=updates, present=there)


class Spoken:
    """The first row's words as they come; `said` is what every row has said so far."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, steps: Iterator[list[Said]]) -> None:
        self._tokenizer, self._steps, self.said, self.text = tokenizer, steps, [], ""

    def __iter__(self) -> Iterator[str]:
        for said in self._steps:
            self.said = said
            text = text_of(self._tokenizer, said[0].tokens)
            if len(text) > len(self.text) and text.startswith(self.text):
                new, self.text = text[len(self.text) :], text
                yield new


@torch.inference_mode()
def log_probs_of(
    decoder: Decoder,
    prompts: Sequence[Sequence[int]],
    answers: Sequence[Sequence[int]],
    cache: KeyValueCache,
    *,
    start: Sequence[int] | None = None,
    updates: Updates | None = None,
) -> list[list[float]]:
    """The log-probability of each token of each row's answer after its prompt. The cache stays as it is."""
    both = [[*prompt, *answer] for prompt, answer in zip(prompts, answers, strict=True)]
    ids, present, positions = each_row(both, 0, decoder.device)
    if start is not None:
        positions = positions + torch.tensor(start, device=decoder.device)[:, None]
    padded = None if len(both) == 1 and cache.mask is None else present
    hidden = decoder.forward(ids, cache.copy(), positions, updates=updates, present=padded)
    longest = max(map(len, answers))
    log_probs = decoder.logits(hidden[:, -longest - 1 : -1]).log_softmax(-1)
    found = log_probs.gather(-1, ids[:, -longest:, None])[..., 0].tolist()
    return [row[longest - len(answer) :] for row, answer in zip(found, answers, strict=True)]
