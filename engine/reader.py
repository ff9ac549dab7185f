"""Reading: token ids in, memory states out, a group of segments at a time."""

import time
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from engine.device import free_bytes
from engine.model import InfiniForCausalLM
from engine.state import MemoryState
from engine.worth import pack

MOST_SEGMENTS = {"cpu": 16, "mps": 16, "cuda": 64}
SHARE_OF_FREE_MEMORY = 0.25


@dataclass(frozen=True)
class TokenizedDocument:
    """A document's token ids, and at which of them each page starts."""

    ids: array
    page_starts: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.ids)


class ReadStep(NamedTuple):
    """Where a reading stands after a group: the state, tokens read of all, tokens a second, seconds left, and how strongly
    each of the group's segments was written (the last one may be shorter than the others): see `Fold.strengths`. And what each of
    its tokens was worth keeping: see `engine.worth.pack`; empty where no layer has an exact cache."""

    state: MemoryState
    n_tokens: int
    total: int
    tokens_per_second: float
    eta_seconds: float
    strengths: tuple[float, ...]
    worths: tuple[bytes, ...]


def tokenize(tokenizer: PreTrainedTokenizerBase, pages: Sequence[str]) -> TokenizedDocument:
    """Token ids of `pages`, one after the other. Marks of the chat template in the text stay plain text."""
    ids, starts = array("i"), []
    for page in pages:
        starts.append(len(ids))
        ids.extend(tokenizer(page, add_special_tokens=False, split_special_tokens=True, verbose=False)["input_ids"])
    return TokenizedDocument(ids, tuple(starts))


def group_tokens(model: InfiniForCausalLM) -> int:
    """How many tokens to read together: G whole segments, G from the memory that is free on the model's device."""
    config, device = model.config, model.device
    text = config.text_config
    widths = 8 * text.hidden_size + 4 * text.intermediate_size + 3 * text.num_attention_heads * config.state_key_width
    scores = text.num_attention_heads * config.segment_len
    a_segment = 4 * config.segment_len * (widths + scores)
    fits = int(free_bytes(device) * SHARE_OF_FREE_MEMORY / a_segment)
    return config.segment_len * max(1, min(fits, MOST_SEGMENTS[device.type]))


def read(model: InfiniForCausalLM, ids: Sequence[int], state: MemoryState, group: int) -> Iterator[ReadStep]:
    """Fold `ids` into `state`, `group` tokens (whole segments) at a time, and yield where it stands after each.

    Stop iterating to cancel. Memory in use does not grow with the text. The same ids, state and group give the same
    states bit for bit, so a reading may go on from any state that was yielded.
    """
    total, begun = state.n_tokens + len(ids), time.monotonic()
    for start in range(0, len(ids), group):
        with torch.inference_mode():
            state, strengths, worths = _fold(
                model, torch.tensor([ids[start : start + group]], device=model.device), state
            )
        done = min(start + group, len(ids))
        rate = done / max(time.monotonic() - begun, 1e-9)
        yield ReadStep(state, state.n_tokens, total, rate, (len(ids) - done) / rate, tuple(strengths.tolist()), worths)


@torch.inference_mode()
def read_side_by_side(model: InfiniForCausalLM, texts: Sequence[Sequence[int]], group: int) -> list[MemoryState]:
    """The states after reading `texts`, all of one length, from empty memories: `group` tokens (whole segments) of each at a
    time, all together. Worth it where a processor has more room than one text fills, and many states fit."""
    state = MemoryState.empty(model.config, len(texts), model.device)
    for start in range(0, len(texts[0]), group):
        rows = torch.tensor([text[start : start + group] for text in texts], device=model.device)
        state, _, _ = _fold(model, rows, state)
    return state.apart()


def _fold(model: InfiniForCausalLM, rows: Tensor, state: MemoryState) -> tuple[MemoryState, Tensor, tuple[bytes, ...]]:
    """The state after `rows [B,T]` of B documents, their whole segments, then what is left; how strongly these were written, and
    what their tokens were worth."""
    batch, total = rows.shape
    strengths, packed = [], []
    segment_len = model.config.segment_len
    whole = total // segment_len * segment_len
    for part, length in ((rows[:, :whole], segment_len), (rows[:, whole:], total - whole)):
        if part.shape[1]:
            fold = model.fold(part.reshape(batch, -1, length), state)
            state = fold.state()
            strengths.append(fold.strengths())
            worths = fold.worths()
            packed += [b""] * len(strengths[-1]) if worths is None else pack(worths)
    return state, torch.cat(strengths), tuple(packed)


def token_starts(tokenizer: PreTrainedTokenizerBase, page: str) -> list[int]:
    """At which character of `page` each of its tokens starts, as `tokenize` cuts it; about where, for a tokenizer that doesn't tell."""
    cut = {"add_special_tokens": False, "split_special_tokens": True, "verbose": False}
    if tokenizer.is_fast:
        return [start for start, _ in tokenizer(page, return_offsets_mapping=True, **cut)["offset_mapping"]]
    count = len(tokenizer(page, **cut)["input_ids"])
    return [number * len(page) // count for number in range(count)]
