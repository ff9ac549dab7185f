"""Forward passes only: what questions with their answers, and the text said again, attend to in a text that was read with everything kept.

From these the retention scorer and the pointing heads are fitted (`training.scorer`). Nothing is trained through the model.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.model import SLOT_POSITION, Decoder, KeyValueCache
from engine.point import PAGE
from engine.prompts import FROM_MEMORY, Chat

GENERAL_QUERIES = 48  # kept of each head, as what questions in general look for
REPEAT = "Repeat the text word by word, from where you are."
STRETCH = 256  # tokens of a text that are repeated in one pass
BEFORE = 16  # of them that are given and not counted: they say where the text goes on


@dataclass
class Reading:
    """A text read window by window with all its tokens kept: keys and values `[L,N,T,D]`, and every layer's normed input
    `[L,T,E]`."""

    ids: list[int]
    keys: Tensor
    values: Tensor
    inputs: Tensor


@torch.no_grad()
def read_everything(decoder: Decoder, ids: Sequence[int], window: int) -> Reading:
    """The text as `engine.read` reads it, but nothing is left out."""
    d, tokens = decoder, len(ids)
    keys = torch.empty(d.L, d.N, tokens, d.D, dtype=d.dtype, device=d.device)
    values, inputs = torch.empty_like(keys), torch.empty(d.L, tokens, d.E, dtype=d.dtype, device=d.device)
    for start in range(0, tokens, window):
        part = torch.tensor([list(ids[start : start + window])], device=d.device)
        here, before = slice(start, start + part.shape[1]), max(start - window, 0)
        context, hidden = start - before, d.embed(part)
        cos, sin = d.rotations(torch.arange(context + part.shape[1]))
        mask = torch.ones(part.shape[1], context + part.shape[1], dtype=torch.bool, device=d.device).tril(context)[
            None, None
        ]
        for layer in range(d.L):
            x = d.normed(layer, hidden)
            q, k, v = d.project(layer, x)
            keys[layer, :, here], values[layer, :, here], inputs[layer, here] = k[0], v[0], x[0]
            if layer + 1 == d.L:
                break
            seen = slice(before, here.stop)
            turned = d.rotate(layer, keys[layer, None, :, seen], (cos, sin))
            queries = d.rotate(layer, q, (cos[:, :, context:], sin[:, :, context:]))
            hidden = d.finish(
                layer,
                hidden,
                d.attend(queries, turned, values[layer, None, :, seen], mask if context else None, not context),
            )
    return Reading(list(ids), keys, values, inputs)


def in_slots(decoder: Decoder, reading: Reading) -> KeyValueCache:
    """All of a reading's tokens as slots at their one position."""
    at = decoder.rotations(torch.tensor([SLOT_POSITION]))
    keys = [decoder.rotate(layer, reading.keys[layer][None], at) for layer in range(decoder.L)]
    return KeyValueCache(keys, [v[None] for v in reading.values])


@torch.no_grad()
def in_view(decoder: Decoder, ids: Sequence[int]) -> KeyValueCache:
    """Tokens in plain view, as the base sees them."""
    cache = decoder.empty_cache()
    decoder.forward(torch.tensor([list(ids)], device=decoder.device), cache, torch.arange(len(ids)))
    return cache


class Attention:
    """Watches a forward pass over a text in slots: how much its tokens pay to each token of the text, and to each page."""

    def __init__(self, decoder: Decoder, cache: KeyValueCache, tokens: int) -> None:
        self.decoder, self.slots, self.tokens = decoder, [k[0] for k in cache.keys], tokens
        self.pages = (tokens + PAGE - 1) // PAGE
        self.most = torch.zeros(decoder.L, decoder.N, tokens)  # the largest share that any query head of a group paid
        self.by_page: Tensor | None = None  # [L,H,pages], mean over the question's tokens
        self.question: slice | None = None  # which of the prompt's tokens ask
        self.counted: slice = slice(None)  # which of the prompt's tokens count for `most`
        self.queries: list[Tensor] | None = None  # a list to gather queries in

    def __call__(self, layer: int, queries: Tensor, keys: Tensor) -> None:
        """An Observer."""
        d, length = self.decoder, queries.shape[2]
        groups = d.H // d.N
        if self.question is not None:
            self.by_page = torch.zeros(d.L, d.H, self.pages) if self.by_page is None or layer == 0 else self.by_page
        first = min(s.start or 0 for s in (self.question, self.counted) if s is not None)
        rows = queries[0, :, first:].reshape(d.N, -1, d.D)
        own = keys[0, :, -length:]
        far = (rows @ self.slots[layer].transpose(-1, -2)).float().view(d.H, length - first, self.tokens) * d.scaling
        near = (rows @ own.transpose(-1, -2)).float().view(d.H, length - first, length) * d.scaling
        future = torch.ones(length - first, length, dtype=torch.bool, device=near.device).triu(1 + first)
        near = near.masked_fill(future, float("-inf"))
        share = (far - torch.logaddexp(far.logsumexp(-1), near.logsumexp(-1))[..., None]).exp()
        counted = share[:, slice((self.counted.start or 0) - first, None)]
        self.most[layer] = torch.maximum(self.most[layer], counted.amax(1).view(d.N, groups, -1).amax(1).cpu())
        if self.question is not None:
            asking = share[:, self.question.start - first : self.question.stop - first].mean(1)
            self.by_page[layer] = (
                F.pad(asking, (0, self.pages * PAGE - self.tokens)).view(d.H, self.pages, PAGE).sum(-1).cpu()
            )
            if self.queries is not None:
                at = random.Random(layer).randrange(self.question.start, self.question.stop)
                self.queries.append(queries[0, :, at].clone())


def usual_shares(decoder: Decoder, cache: KeyValueCache, tokens: int, queries: Tensor) -> Tensor:
    """What queries `[L,H,Q,D]` of other texts' questions pay to each page, `[L,H,pages]`: mean of their softmax over the text alone."""
    d, pages = decoder, (tokens + PAGE - 1) // PAGE
    found = torch.zeros(d.L, d.H, pages)
    for layer in range(d.L):
        rows = queries[layer].reshape(d.N, -1, d.D)
        share = (rows @ cache.keys[layer][0].transpose(-1, -2)).float().mul(d.scaling).softmax(-1)
        share = share.view(d.H, -1, tokens).mean(1)
        found[layer] = F.pad(share, (0, pages * PAGE - tokens)).view(d.H, pages, PAGE).sum(-1).cpu()
    return found


@torch.inference_mode()
def ask(decoder: Decoder, chat: Chat, cache: KeyValueCache, attention: Attention, question: str, answer: str) -> None:
    """Let `attention` watch a question and its answer over the text in `cache`."""
    prompt = chat.ids(FROM_MEMORY, question)
    end = len(prompt) - chat.after_question
    begin = max(end - len(chat.plain(question)), 0)
    ids = prompt + chat.plain(answer)
    attention.question, attention.counted = slice(begin, len(prompt)), slice(begin, None)
    decoder.forward(torch.tensor([ids], device=decoder.device), cache.copy(), torch.arange(len(ids)), observe=attention)


@torch.inference_mode()
def repeat(decoder: Decoder, chat: Chat, cache: KeyValueCache, attention: Attention, ids: Sequence[int]) -> None:
    """Let `attention` watch the model repeat the whole text in `cache`, stretch by stretch: what it attends to then is needed whatever is
    asked (KVzip, arXiv 2505.23416, section 3)."""
    prompt = chat.ids(FROM_MEMORY, REPEAT)
    attention.question = None
    for start in range(0, len(ids), STRETCH):
        given = min(start, BEFORE)
        attention.counted = slice(len(prompt) + given, None)
        said = [*prompt, *ids[start - given : start + STRETCH]]
        decoder.forward(
            torch.tensor([said], device=decoder.device), cache.copy(), torch.arange(len(said)), observe=attention
        )
