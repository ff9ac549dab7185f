"""Pointing: which pages a question's own attention goes to.

A few heads of a pretrained decoder look up what a question asks for (retrieval heads; InfiniRetri, arXiv 2502.12962; QRHead, arXiv
2506.09944). Those heads keep keys of many more tokens than others do. What a question pays to each of these tokens is summed by pages of
`PAGE` tokens, held against what questions in general pay to that page, and joined over heads with calibrated weights.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.model import SLOT_POSITION, Decoder
from engine.state import Codec, State

PAGE = 128  # tokens
TINY = 1e-7
NEIGHBOUR = 0.15  # how much the score of the page before and of the page behind counts for a page


@dataclass(frozen=True)
class Page:
    """A page that a question points at: its tokens, `begin` to `end` (exclusive), and its score (natural logarithm of odds against the
    document's usual page)."""

    begin: int
    end: int
    score: float


@dataclass(frozen=True)
class Pointing:
    """Which query heads point, how much each counts, and what questions in general look for.

    heads   (layer, head) each
    weight  [heads], of log attention relative to that of questions in general
    usual   [heads,Q,D], queries after rotary embedding of tokens of questions on other texts
    floor   what is added to attention before the logarithm: below it a head saw nothing
    """

    heads: tuple[tuple[int, int], ...]
    weight: Tensor
    usual: Tensor
    floor: float
    group: int  # query heads a key/value head

    @property
    def key_heads(self) -> dict[int, tuple[int, ...]]:
        """The key/value heads that the pointing heads read from, by layer."""
        found: dict[int, set[int]] = {}
        for layer, head in self.heads:
            found.setdefault(layer, set()).add(head // self.group)
        return {layer: tuple(sorted(found[layer])) for layer in sorted(found)}

    @property
    def layers(self) -> int:
        """How many layers have to be run to point."""
        return max(layer for layer, _ in self.heads) + 1

    def to_dict(self) -> dict[str, Any]:
        """For the manifest; the queries go with the weights (`pointing.usual`)."""
        return {"heads": [list(h) for h in self.heads], "weight": self.weight.tolist(), "floor": self.floor}

    @staticmethod
    def of(numbers: Mapping[str, Any], tensors: Mapping[str, Tensor], decoder: Decoder) -> Pointing:
        """What a manifest and its weights hold."""
        heads = tuple((int(layer), int(head)) for layer, head in numbers["heads"])
        weight = torch.tensor(numbers["weight"], device=decoder.device)
        usual = tensors["pointing.usual"].to(decoder.dtype)
        return Pointing(heads, weight, usual, float(numbers["floor"]), decoder.H // decoder.N)

    @staticmethod
    def untrained(decoder: Decoder) -> Pointing:
        """One head of each group in the layers from a third to two thirds of the way up, all alike, with no usual questions."""
        group, some = decoder.H // decoder.N, range(decoder.L // 3, max(2 * decoder.L // 3, decoder.L // 3 + 1))
        heads = tuple((layer, n * group) for layer in some for n in range(decoder.N))
        usual = torch.zeros(len(heads), 0, decoder.D, dtype=decoder.dtype, device=decoder.device)
        return Pointing(heads, torch.ones(len(heads), device=decoder.device) / len(heads), usual, TINY, group)


class Gaze:
    """Watches one forward pass of questions over a document's kept keys, and gives the pages that they attend to."""

    def __init__(
        self, decoder: Decoder, pointing: Pointing, keys: Codec, state: State, asked: Sequence[tuple[int, int]]
    ) -> None:
        """`asked`: of each row, how many tokens before its prompt's end the question begins, and how many tokens the prompt has."""
        self._decoder, self._pointing, self._asked = decoder, pointing, asked
        self._pages = max(math.ceil(state.n_tokens / PAGE), 1)
        self._n_tokens = state.n_tokens
        at = decoder.rotations(torch.tensor([SLOT_POSITION]))
        self._keys: dict[tuple[int, int], tuple[Tensor, Tensor]] = {}  # by layer and key/value head
        for (layer, heads), kept in zip(pointing.key_heads.items(), state.keys, strict=True):
            k = keys.decode(layer, kept.k, kept.k_scale, decoder.dtype, heads)
            k, page = decoder.rotate(layer, k, at)[0], kept.position[0].long() // PAGE
            self._keys |= {(layer, n): (k[row], page[row]) for row, n in enumerate(heads)}
        self._seen: dict[tuple[int, int], Tensor] = {}

    def __call__(self, layer: int, queries: Tensor, keys: Tensor) -> None:
        """An Observer: takes down what the pointing heads of `layer` see."""
        for which, (at, head) in enumerate(self._pointing.heads):
            if at != layer:
                continue
            n = head // self._pointing.group
            known, pages = self._keys[layer, n]
            tokens = queries.shape[2]
            own = keys[:, n, -tokens:]
            scores = (queries[:, head] @ known.T).float() * self._decoder.scaling
            local = (queries[:, head] @ own.transpose(-1, -2)).float() * self._decoder.scaling
            unseen = torch.ones(tokens, tokens, dtype=torch.bool, device=local.device).triu(1).repeat(len(local), 1, 1)
            for i, (_, length) in enumerate(self._asked):
                unseen[i, :, : tokens - length] = True  # padding
            local = local.masked_fill(unseen, float("-inf"))
            total = torch.logaddexp(scores.logsumexp(-1), local.logsumexp(-1))
            share = (scores - total[..., None]).exp()
            rows = [share[i, -back:].mean(0) for i, (back, _) in enumerate(self._asked)]
            usual = (self._pointing.usual[which] @ known.T).float() * self._decoder.scaling
            usual = usual.softmax(-1).mean(0) if len(usual) else torch.ones_like(rows[0]) / len(rows[0])
            seen, expected = self._by_page(torch.stack(rows), pages), self._by_page(usual[None], pages)
            self._seen[layer, head] = (seen + self._pointing.floor).log() - (expected + self._pointing.floor).log()

    def _by_page(self, share: Tensor, pages: Tensor) -> Tensor:
        return torch.zeros(len(share), self._pages, device=share.device).index_add_(1, pages, share)

    def scores(self) -> Tensor:
        """Of every page of every row `[B,pages]`."""
        parts = [w * self._seen[head] for head, w in zip(self._pointing.heads, self._pointing.weight, strict=True)]
        return torch.stack(parts).sum(0)

    def best(self, pages: int) -> list[list[Page]]:
        """The `pages` best pages of every row, the best first. Where its neighbours are good as well, so is a page: an answer often
        stands beside the words that a question finds it by."""
        scores = self.scores()
        scores = scores - scores.mean(-1, keepdim=True)
        scores = scores + NEIGHBOUR * (F.pad(scores, (1, 0))[:, :-1] + F.pad(scores, (0, 1))[:, 1:])
        found = scores.topk(min(pages, self._pages), dim=-1)
        return [
            [
                Page(p * PAGE, min((p + 1) * PAGE, self._n_tokens), s)
                for p, s in zip(index.tolist(), value.tolist(), strict=True)
            ]
            for index, value in zip(found.indices, found.values, strict=True)
        ]
