"""Answering from a memory: streamed text, and how much of it came from the document."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import (
    LogitsProcessorList,
    NoRepeatNGramLogitsProcessor,
    PreTrainedTokenizerBase,
    TemperatureLogitsWarper,
)

from engine.cache import InfiniCache
from engine.errors import ConfigInvalid, EmptyQuestion, QuestionTooLong
from engine.model import InfiniForCausalLM
from engine.passes import Recall
from engine.prompts import Turn, answer_ids, question_ids
from engine.state import MemoryState, side_by_side

GROUNDED_ABOVE = 0.5
UNFINISHED = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True)
class AnswerOptions:
    """How to generate: most new tokens, temperature (0 is greedy), seed, and the length of word runs (in tokens) that may
    not come twice (0: no such rule)."""

    max_new_tokens: int = 128
    temperature: float = 0.0
    seed: int = 0
    no_repeat: int = 0

    def __post_init__(self) -> None:
        """Raises ConfigInvalid for a value that cannot work."""
        for name, least in (("max_new_tokens", 1), ("temperature", 0), ("no_repeat", 0)):
            if getattr(self, name) < least:
                raise ConfigInvalid(f"{name} is {getattr(self, name)}; it must be at least {least}.")


@dataclass(frozen=True)
class Answer:
    """A finished answer.

    `grounding` is the mean log-probability of its tokens with the document's memory minus that with an empty one, in
    nats a token; `grounded` says whether that is above the measured threshold, else the document does not seem to say.
    """

    text: str
    grounding: float
    grounded: bool
    seconds: float
    first_token_seconds: float
    stopped: bool


def answer(
    model: InfiniForCausalLM,
    tokenizer: PreTrainedTokenizerBase,
    state: MemoryState,
    question: str,
    *,
    history: Sequence[Turn] = (),
    options: AnswerOptions = AnswerOptions(),
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[str | Answer]:
    """Yield the answer's text piece by piece, then one `Answer`. The state is read, never changed.

    Raises EmptyQuestion and QuestionTooLong.
    """
    prompt = checked_prompt(model, tokenizer, question, history, options)
    begun, first = time.monotonic(), None
    tokens, log_probs, shown, stopped = [], [], "", False
    for token, log_prob in _generate(model, tokenizer, state, prompt, options):
        first = first or time.monotonic() - begun
        tokens.append(token)
        log_probs.append(log_prob)
        text = text_of(tokenizer, tokens)
        if len(text) > len(shown):
            yield text[len(shown) :]
            shown = text
        if should_stop():
            stopped = True
            break
    grounding = sum(log_probs) / len(log_probs) - mean_log_prob(model, prompt, tokens)
    yield Answer(shown, grounding, grounding > GROUNDED_ABOVE, time.monotonic() - begun, first, stopped)


def text_of(tokenizer: PreTrainedTokenizerBase, tokens: list[int]) -> str:
    """The text of an answer so far, without a letter at its end that is not finished and without spaces around it."""
    return tokenizer.decode(tokens, skip_special_tokens=True).rstrip(UNFINISHED).strip()


def checked_prompt(model, tokenizer, question: str, history: Sequence[Turn], options: AnswerOptions) -> list[int]:
    """Token ids of the question as a chat, ready to be answered. Raises EmptyQuestion and QuestionTooLong."""
    if not question.strip():
        raise EmptyQuestion("The question is empty. Type what you would like to know about the document.")
    prompt = question_ids(tokenizer, question.strip(), history, model.config.running_answers)
    most = model.config.text_config.max_position_embeddings - options.max_new_tokens
    if len(prompt) > most:
        raise QuestionTooLong(
            f"The question and the conversation before it are {len(prompt):,} tokens long; this model takes at most {most:,}. "
            "Ask a shorter question, or start a new conversation."
        )
    return prompt


@torch.inference_mode()
def _step(model: InfiniForCausalLM, ids: list[int], cache: InfiniCache) -> Tensor:
    """Log-probabilities `[1,vocabulary]` of the token after `ids`, which are added to the cache."""
    out = model(
        input_ids=torch.tensor([ids], device=model.device), past_key_values=cache, use_cache=True, logits_to_keep=1
    )
    return out.logits[:, -1].float().log_softmax(-1)


def _generate(
    model, tokenizer, state: MemoryState, prompt: list[int], options: AnswerOptions
) -> Iterator[tuple[int, float]]:
    """Tokens of the answer with their log-probabilities, the end-of-turn token included."""
    cache = InfiniCache(state, model.config.text_config)
    last = ends(model, tokenizer)
    change = LogitsProcessorList()
    if options.no_repeat:
        change.append(NoRepeatNGramLogitsProcessor(options.no_repeat))
    if options.temperature > 0:
        change.append(TemperatureLogitsWarper(options.temperature))
    chance = torch.Generator(model.device).manual_seed(options.seed)
    ids, step = list(prompt), prompt
    for _ in range(options.max_new_tokens):
        log_probs = _step(model, step, cache)
        scores = change(torch.tensor([ids[len(prompt) :]], dtype=torch.long, device=model.device), log_probs.clone())
        sampled = options.temperature > 0
        token = int(torch.multinomial(scores.softmax(-1), 1, generator=chance) if sampled else scores.argmax(-1))
        ids.append(token)
        step = [token]
        yield token, float(log_probs[0, token])
        if token in last:
            return


def ends(model: InfiniForCausalLM, tokenizer: PreTrainedTokenizerBase) -> set[int]:
    """The tokens that end an answer."""
    configured = model.generation_config.eos_token_id if model.generation_config else None
    many = configured if isinstance(configured, list) else [configured]
    return {i for i in (*many, tokenizer.eos_token_id) if i is not None}


@torch.inference_mode()
def mean_log_prob(model: InfiniForCausalLM, prompt: list[int], tokens: list[int]) -> float:
    """Mean log-probability of `tokens` after `prompt` when no document was read."""
    ids = torch.tensor([prompt + tokens], device=model.device)
    logits = model(input_ids=ids, use_cache=False, logits_to_keep=len(tokens) + 1).logits[0, :-1].float()
    return float(logits.log_softmax(-1).gather(-1, ids[0, -len(tokens) :, None]).mean())


@torch.inference_mode()
def likelihoods(
    model: InfiniForCausalLM,
    tokenizer: PreTrainedTokenizerBase,
    states: Sequence[MemoryState],
    question: str,
    said: str,
    history: Sequence[Turn] = (),
) -> list[float]:
    """Mean log-probability, in nats a token, of the answer `said` with its end, from each state: all at once, one row a state.

    Raises EmptyQuestion and QuestionTooLong.
    """
    tokens = answer_ids(tokenizer, said, model.config.running_answers)
    prompt = checked_prompt(model, tokenizer, question, history, AnswerOptions(max_new_tokens=len(tokens)))
    read = [state for state in states if state.n_tokens]
    found = iter(_mean_log_probs(model, read, prompt, tokens) if read else [])
    unread = mean_log_prob(model, prompt, tokens) if len(read) < len(states) else 0.0
    return [next(found) if state.n_tokens else unread for state in states]


def _mean_log_probs(model, states: list[MemoryState], prompt: list[int], tokens: list[int]) -> list[float]:
    ids = torch.tensor([prompt + tokens], device=model.device).expand(len(states), -1)
    hidden = model.hidden(ids, Recall(side_by_side(states)))[:, -len(tokens) - 1 : -1]
    log_probs = model.base.lm_head(hidden).float().log_softmax(-1)
    return log_probs.gather(-1, ids[:, -len(tokens) :, None]).squeeze(-1).mean(-1).tolist()
