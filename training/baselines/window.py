"""A base model without a memory: each segment sees the text before it through a window of whole segments.

With 0 segments a question sees nothing of the text; with 1 it is Transformer-XL's recurrence (arXiv 1901.02860), where what was
computed for the segment before is attended to again, in every layer; with as many as the model has positions it is full attention.
"""

from collections.abc import Callable, Iterator, Sequence
from time import monotonic

import torch
from torch import Tensor
from transformers import DynamicCache

from engine.answer import GROUNDED_ABOVE, Answer, AnswerOptions, checked_prompt, ends, mean_log_prob, text_of
from engine.config import InfiniConfig
from engine.engine import Engine
from engine.model import InfiniForCausalLM
from training.evaluation.perplexity import segment_loss


def window_mask(before: int, segment_len: int, text: int, asked: int, questions: int, dtype: torch.dtype) -> Tensor:
    """What is added to attention scores `[1,1,X,X]` over X = `text` + `questions`·`asked` tokens: 0 where a token is seen, the lowest
    number where not. A text's token sees its own segment so far and the `before` segments before it; a question stands behind
    the text as a segment of its own, whatever its length, and sees no other question."""
    places = torch.arange(text + questions * asked)
    in_text = places < text
    begins = torch.where(in_text, places // segment_len * segment_len, text)
    question = torch.where(in_text, -1, (places - text) // max(asked, 1))
    position = window_positions(text, asked, questions)
    seen = (position <= position[:, None]) & (position >= begins[:, None] - before * segment_len)
    seen &= in_text | (question == question[:, None])
    return torch.zeros(seen.shape, dtype=dtype).masked_fill(~seen, torch.finfo(dtype).min)[None, None]


def window_positions(text: int, asked: int, questions: int) -> Tensor:
    """Positions `[X]` of a text and of questions on it, each of which stands right behind it."""
    return torch.cat([torch.arange(text), (text + torch.arange(asked)).repeat(questions)])


class WindowCache:
    """Keys and values of the last `before` segments that were read, of one text, in every layer, and how many tokens were read."""

    def __init__(self, model: InfiniForCausalLM, before: int):
        self.model, self.most = model, before * model.config.segment_len
        self.cache = DynamicCache()
        self.tokens = 0

    @torch.inference_mode()
    def see(self, ids: Tensor) -> Tensor:
        """Hidden states `[T,hidden]` of the next tokens `ids [T]`, which are added and push nothing out yet."""
        positions = torch.arange(self.tokens, self.tokens + len(ids), device=ids.device)[None]
        out = self.model.base.model(
            input_ids=ids[None], position_ids=positions, past_key_values=self.cache, use_cache=True
        )
        self.tokens += len(ids)
        return out.last_hidden_state[0]

    def read(self, rows: Sequence[Tensor]) -> Iterator[Tensor]:
        """Hidden states of each segment of `rows` in turn; what is then further back than the window is dropped."""
        for row in rows:
            yield self.see(row)
            for layer in self.cache.layers:
                start = max(layer.keys.shape[-2] - self.most, 0)
                layer.keys, layer.values = layer.keys[..., start:, :], layer.values[..., start:, :]

    def forget(self, tokens: int) -> None:
        """Take back the last `tokens` tokens that were seen."""
        for layer in self.cache.layers:
            kept = layer.keys.shape[-2] - tokens
            layer.keys, layer.values = layer.keys[..., :kept, :], layer.values[..., :kept, :]
        self.tokens -= tokens

    @property
    def n_bytes(self) -> int:
        """What is kept, in bytes."""
        return sum(layer.keys.nbytes + layer.values.nbytes for layer in self.cache.layers)


def window_bytes(config: InfiniConfig, before: int, tokens: int) -> int:
    """What is kept of a text of `tokens` tokens, in bytes, with keys and values in bfloat16."""
    return min(before * config.segment_len, tokens) * config.cache_bytes_per_token


def read_window(model: InfiniForCausalLM, ids: Sequence[int], before: int) -> WindowCache:
    """What the window holds after a text; nothing is read where it would hold nothing."""
    cache = WindowCache(model, before)
    text = torch.tensor(ids, device=model.device)
    for _ in cache.read(text.split(model.config.segment_len) if before else ()):
        pass
    return cache


def window_losses(before: int) -> Callable[[InfiniForCausalLM, Tensor], list[float]]:
    """For `training.evaluation.perplexity`: losses of the segments `rows [G,S]` of a text but the first, seen through the window."""

    @torch.inference_mode()
    def losses(model: InfiniForCausalLM, rows: Tensor) -> list[float]:
        read = WindowCache(model, before).read(rows)
        return [segment_loss(model, hidden, row) for hidden, row in zip(read, rows, strict=True)][1:]

    return losses


@torch.inference_mode()
def ask_window(engine: Engine, cache: WindowCache, question: str, options: AnswerOptions) -> Answer:
    """The greedy answer to a question behind what `cache` holds, which it holds again afterwards. Raises as `engine.answer`."""
    model, tokenizer = engine.model, engine.tokenizer
    prompt = checked_prompt(model, tokenizer, question, (), options)
    begun, last, before = monotonic(), ends(model, tokenizer), cache.tokens
    said, total, step, first = [], 0.0, prompt, 0.0
    for _ in range(options.max_new_tokens):
        hidden = cache.see(torch.tensor(step, device=model.device))[-1:]
        best = model.base.lm_head(hidden).float().log_softmax(-1).max(-1)
        first = first or monotonic() - begun
        said.append(int(best.indices))
        total += float(best.values)
        step = said[-1:]
        if said[-1] in last:
            break
    cache.forget(cache.tokens - before)
    grounding = total / len(said) - mean_log_prob(model, prompt, said)
    text = text_of(tokenizer, said)
    return Answer(text, grounding, grounding > GROUNDED_ABOVE, monotonic() - begun, first, False)
