"""One question to the memories of several documents, answered in one batch."""

import time
from collections.abc import Callable, Sequence

import torch
from transformers import PreTrainedTokenizerBase

from engine.answer import GROUNDED_ABOVE, Answer, AnswerOptions, checked_prompt, ends, mean_log_prob, text_of
from engine.cache import InfiniCache
from engine.model import InfiniForCausalLM
from engine.state import MemoryState, side_by_side


def answer_each(
    model: InfiniForCausalLM,
    tokenizer: PreTrainedTokenizerBase,
    states: Sequence[MemoryState],
    question: str,
    *,
    options: AnswerOptions,
    should_stop: Callable[[], bool] = lambda: False,
) -> list[Answer]:
    """The greedy answer to `question` from each of `states`, none of which is empty, in their order; one row of a batch each.

    Temperature, seed and `no_repeat` play no part. The times are those of the whole batch. Raises EmptyQuestion and QuestionTooLong.
    """
    if not states:
        return []
    prompt = checked_prompt(model, tokenizer, question, (), options)
    begun = time.monotonic()
    said, first, stopped = _generate(model, tokenizer, states, prompt, options.max_new_tokens, should_stop)
    answers = []
    for tokens, log_probs in said:
        grounding = sum(log_probs) / len(log_probs) - mean_log_prob(model, prompt, tokens)
        answers.append((text_of(tokenizer, tokens), grounding))
    seconds = time.monotonic() - begun
    return [Answer(text, g, g > GROUNDED_ABOVE, seconds, first, stopped) for text, g in answers]


@torch.inference_mode()
def _generate(
    model, tokenizer, states: Sequence[MemoryState], prompt: list[int], most: int, should_stop: Callable[[], bool]
) -> tuple[list[tuple[list[int], list[float]]], float, bool]:
    """Each row's tokens with their log-probabilities, its end-of-turn token included; seconds to the first; whether it was stopped."""
    cache, last = InfiniCache(side_by_side(states), model.config.text_config), ends(model, tokenizer)
    said: list[tuple[list[int], list[float]]] = [([], []) for _ in states]
    open_rows = set(range(len(states)))
    step = torch.tensor([prompt], device=model.device).expand(len(states), -1)
    begun, first = time.monotonic(), 0.0
    for _ in range(most):
        out = model(input_ids=step, past_key_values=cache, use_cache=True, logits_to_keep=1)
        best = out.logits[:, -1].float().log_softmax(-1).max(-1)
        first = first or time.monotonic() - begun
        for row in sorted(open_rows):
            token = int(best.indices[row])
            said[row][0].append(token)
            said[row][1].append(float(best.values[row]))
            if token in last:
                open_rows.remove(row)
        if not open_rows:
            return said, first, False
        if should_stop():
            return said, first, True
        step = best.indices[:, None]  # rows that have ended go on unheard
    return said, first, False
