"""Fits the retention scorer and the pointing heads of any base, from forward passes alone.

A text is read once with everything kept. Then real questions and their answers are put to it, or it is repeated, or both: the largest
share of attention that a token ever draws from a head's queries is what that token was worth keeping. A small scorer per layer
learns the logarithm of it from the layer's input, with the hardest tokens of books as negatives. Which heads point at the page of the
answer comes from the questions.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.model import Decoder
from engine.point import PAGE
from engine.prompts import Chat
from engine.scorer import LayerScorer
from training.observe import GENERAL_QUERIES, Attention, Reading, ask, in_slots, repeat, usual_shares
from training.texts import Asked

LABELS = ("questions", "repeating", "both")  # what a token's worth is taken from
LEAST = 1e-4  # attention below this share of a softmax is as good as none
WIDTH = 64  # of a scorer's hidden layer
FLOOR = 1e-3  # added to attention on a page before its logarithm
KEY_HEADS = 6  # key/value heads that may keep more keys for pointing


@dataclass
class Observed:
    """What was seen of some texts. `inputs [L,T,E]` and `worth [L,N,T]` (logarithm of attention) of all their tokens that were used;
    `pages` one a question: attention by page `[L,H,P]` and usual attention `[L,H,P]`, and the page that holds the answer."""

    inputs: list[Tensor] = field(default_factory=list)
    worth: list[Tensor] = field(default_factory=list)
    pages: list[tuple[Tensor, Tensor, int]] = field(default_factory=list)
    queries: Tensor | None = None  # [L,H,Q,D]


def observe(
    decoder: Decoder, chat: Chat, texts: Iterable[tuple[Reading, Sequence[Asked]]], questions: int, seed: int,
    labels: str, say: Callable[[str], None],
) -> Observed:  # fmt: skip
    """Put up to `questions` questions to each text, and let it be repeated where `labels` (one of LABELS) says so."""
    chance, seen = random.Random(seed), Observed()
    gathered: list[Tensor] = []
    for number, (reading, asked) in enumerate(texts, start=1):
        cache, tokens = in_slots(decoder, reading), len(reading.ids)
        attention = Attention(decoder, cache, tokens)
        chosen = chance.sample(list(asked), min(questions, len(asked)))
        shares = []
        for one in chosen:
            attention.queries = [] if len(gathered) < GENERAL_QUERIES else None
            ask(decoder, chat, cache, attention, one.question.text, one.question.answers[0])
            if attention.queries:
                gathered.append(torch.stack(attention.queries))
            shares.append((attention.by_page, one.begin // PAGE))
        if labels == "repeating":
            attention.most.zero_()
        if labels != "questions":
            repeat(decoder, chat, cache, attention, reading.ids)
        usual = torch.stack(gathered[:GENERAL_QUERIES], dim=2)
        seen.queries = usual
        prior = usual_shares(decoder, cache, tokens, usual)
        seen.pages += [(share, prior, page) for share, page in shares]
        seen.inputs.append(reading.inputs.cpu())
        seen.worth.append(attention.most.clamp(min=LEAST).log())
        say(f"text {number}: {tokens} tokens, {len(chosen)} questions")
    return seen


def fit_scorer(seen: Observed, steps: int, seed: int) -> tuple[list[LayerScorer], list[float]]:
    """A scorer a layer, and how well it ranks held-back tokens: the share of the best hundredth that is among its best twentieth.

    Mean squared error on the logarithm of attention, in which tokens that matter weigh more, beside a pairwise ranking loss against the
    hardest of the others. The last text is held back.
    """
    found, recall = [], []
    for layer in range(len(seen.inputs[0])):
        torch.manual_seed(seed * 1000 + layer)
        x = torch.cat([t[layer] for t in seen.inputs[:-1]]).float()
        y = torch.cat([t[layer] for t in seen.worth[:-1]], 1).T.contiguous()
        low = torch.tensor(LEAST).log()
        scorer = [
            torch.zeros(y.shape[1], x.shape[1]), y.mean(0).clone(), torch.randn(WIDTH, x.shape[1]) / x.shape[1] ** 0.5,
            torch.zeros(WIDTH), torch.zeros(y.shape[1], WIDTH),
        ]  # fmt: skip
        # inputs of a layer have channels of very different size; the scale is folded into the weights afterwards
        scale = x.pow(2).mean(0).sqrt() + 1e-6
        x = x / scale
        for t in scorer:
            t.requires_grad_(True)
        best = torch.optim.AdamW(scorer, lr=3e-3, weight_decay=1e-3)
        schedule = torch.optim.lr_scheduler.OneCycleLR(best, 4e-3, total_steps=steps)
        order = torch.Generator().manual_seed(seed)
        top = torch.cat([t[layer] for t in seen.worth[:-1]], 1).amax(0)
        frequent = (top > top.quantile(0.9)).nonzero()[:, 0]
        with torch.enable_grad():
            for _ in range(steps):
                some = torch.randint(len(x), (1536,), generator=order)
                good = frequent[torch.randint(len(frequent), (512,), generator=order)]
                pick = torch.cat((some, good))
                out = _score(scorer, x[pick])
                want = y[pick]
                weight = 1 + 3 * ((want - low) / -low)
                loss = (weight * F.smooth_l1_loss(out, want, reduction="none")).mean()
                a, b = out[1536:], out[:512]
                apart = y[good] - y[some[:512]]
                loss = loss + 0.5 * (F.softplus(-(a - b)) * (apart > 1)).mean()
                best.zero_grad()
                loss.backward()
                best.step()
                schedule.step()
        with torch.no_grad():
            tested, wanted = seen.inputs[-1][layer].float() / scale, seen.worth[-1][layer].T
            recall.append(_recall(_score(scorer, tested), wanted))
            linear, bias, first, first_bias, second = (t.detach() for t in scorer)
            found.append(LayerScorer(linear / scale, bias, first / scale, first_bias, second))
    return found, recall


def _score(scorer: Sequence[Tensor], x: Tensor) -> Tensor:
    linear, bias, first, first_bias, second = scorer
    return F.linear(x, linear, bias) + F.linear(F.gelu(F.linear(x, first, first_bias)), second)


def _recall(out: Tensor, wanted: Tensor) -> float:
    """Of the hundredth of tokens that draw most attention, the share that the scores put into the best twentieth; mean over heads."""
    tokens = len(out)
    shares = []
    for n in range(out.shape[1]):
        best = set(wanted[:, n].topk(max(tokens // 100, 1)).indices.tolist())
        kept = set(out[:, n].topk(max(tokens // 20, 1)).indices.tolist())
        shares.append(len(best & kept) / len(best))
    return sum(shares) / len(shares)


@dataclass(frozen=True)
class Pointers:
    """Pointing heads (layer, head), their weights, and how many held-back questions have their page among the best one, three, five."""

    heads: list[tuple[int, int]]
    weight: list[float]
    hits: tuple[float, float, float]


def fit_pointing(seen: Observed, groups: int, most_heads: int, seed: int, key_heads: int = KEY_HEADS) -> Pointers:
    """Choose heads one by one by what they add, no more than `key_heads` key/value heads in all; then weights by logistic regression over
    a text's pages. A fifth of the questions is held back for `hits`."""
    _, heads, _ = seen.pages[0][0].shape
    features = [((s + FLOOR).log() - (u + FLOOR).log()).flatten(0, 1) for s, u, _ in seen.pages]  # [L*H,P] each
    wanted = [page for *_, page in seen.pages]
    order = list(range(len(wanted)))
    random.Random(seed).shuffle(order)
    held, used = order[: len(order) // 5], order[len(order) // 5 :]
    likely = _likely(features, wanted, used)
    candidates = sorted(likely, key=lambda h: (_rank(features, wanted, used, h), h), reverse=True)[:40]
    chosen: list[int] = []
    while len(chosen) < most_heads:
        key_of = lambda h: (h // heads, h % heads // groups)  # noqa: E731
        taken = {key_of(h) for h in chosen}
        free = [h for h in candidates if h not in chosen and (len(taken) < key_heads or key_of(h) in taken)]
        if not free:
            break
        gains = [(_loss(features, wanted, used, [*chosen, h]), h) for h in free]
        chosen.append(min(gains)[1])
    weight = _weights(features, wanted, used, chosen)
    hits = _hits(features, wanted, held, chosen, weight)
    return Pointers([(h // heads, h % heads) for h in chosen], weight.tolist(), hits)


def _likely(features: list[Tensor], wanted: list[int], used: list[int]) -> list[int]:
    """The sixty heads whose feature stands highest on the wanted page."""
    above = torch.stack([(features[i] < features[i][:, wanted[i], None]).float().mean(1) for i in used]).mean(0)
    return above.topk(min(60, len(above))).indices.tolist()


def _rank(features: list[Tensor], wanted: list[int], used: list[int], head: int) -> float:
    ranks = [int((features[i][head] > features[i][head, wanted[i]]).sum()) for i in used]
    return sum(1 / (1 + r) for r in ranks) / len(ranks)


def _loss(features: list[Tensor], wanted: list[int], used: list[int], chosen: list[int]) -> float:
    """Cross-entropy of the wanted page when all chosen heads count alike, at the best of a few strengths."""
    sums = [features[i][chosen].sum(0) for i in used]
    best = float("inf")
    for strength in (0.3, 0.6, 1.0, 1.5):
        loss = sum(
            float(torch.logsumexp(s * strength / len(chosen) * 3, 0) - s[wanted[i]] * strength / len(chosen) * 3)
            for s, i in zip(sums, used, strict=True)
        )
        best = min(best, loss / len(used))
    return best


def _weights(features: list[Tensor], wanted: list[int], used: list[int], chosen: list[int]) -> Tensor:
    weight = torch.full((len(chosen),), 0.3, requires_grad=True)
    best = torch.optim.Adam([weight], lr=0.02)
    with torch.enable_grad():
        for _ in range(200):
            losses = [
                torch.logsumexp(weight @ features[i][chosen], 0) - weight @ features[i][chosen, wanted[i]] for i in used
            ]
            loss = torch.stack(losses).mean() + 0.01 * weight.pow(2).sum()
            best.zero_grad()
            loss.backward()
            best.step()
            with torch.no_grad():
                weight.clamp_(min=0.0)
    return weight.detach()


def _hits(features, wanted, held, chosen, weight) -> tuple[float, float, float]:
    ranks = []
    for i in held:
        scores = weight @ features[i][chosen]
        ranks.append(int((scores > scores[wanted[i]]).sum()))
    return tuple(sum(r < k for r in ranks) / max(len(ranks), 1) for k in (1, 3, 5))


def channels(readings: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Mean and spread of each channel `[L,N,D]` over texts' keys or values `[L,N,T,D]`."""
    count = sum(t.shape[2] for t in readings)
    mean = sum(t.float().sum(2) for t in readings) / count
    spread = (sum((t.float() - mean[:, :, None]).pow(2).sum(2) for t in readings) / count).sqrt()
    return mean, spread.clamp(min=1e-3)
