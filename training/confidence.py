"""Calibrates confidence on questions that were held back: what was seen while each was answered, and whether it was right."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F

from engine.answer import Ask
from engine.confidence import NAMES, Confidence, Signals
from engine.engine import Engine
from engine.generate import AnswerOptions
from training.corpora import Passage, by_source
from training.texts import scattered
from training.updates import carelessly

WORD = re.compile(r"\w+")
BATCH = 8
CARELESS = 0.7  # of the questions
LEAST_SLOPE = 0.05
SHRINK = 8.0  # weights are held near nothing as long as questions are few
WORDS = AnswerOptions(max_new_tokens=32)
QUESTIONS, NEAR = 24, 12  # a text: that it answers, and that it does not
WRONGLY_DECLINED = 0.08  # of the answers that would have been right, at most


def observe(
    engine: Engine,
    held: Sequence[Passage],
    stories: Sequence[Sequence[Passage]],
    shelf: Sequence[Path],
    given,
    say: Callable[[str], None],
) -> list[dict]:
    """A row for each answer from one page to a question on held-out articles and stories: its signals, whether the text holds what is
    asked for, and whether the answer has it; `asked` numbers the questions. A third of these are on passages of the same source that
    were left out."""
    chance, rows, count = random.Random(given.seed), [], 0
    pools = [many for many in by_source(held).values() if len(many) >= 9], [list(s) for s in stories if len(s) >= 6]
    plain = engine.answerer.chat.plain
    for number in range(given.texts):
        shown, hidden = [], []
        for pool in chance.sample(pools[number % 2], 1 if number % 2 else 3):
            start = chance.randrange(len(pool) - 5)
            for i, passage in enumerate(pool[start : start + 6]):
                (hidden if i in (2, 5) else shown).append(passage)
        text = scattered(plain, shown, shelf, given.tokens, chance)
        (state,), ids = engine.read_side_by_side([text.ids]), text.ids
        everything = " ".join(p.text for p in shown).lower()
        asked = [(one.question, True) for one in chance.sample(text.asked, min(QUESTIONS, len(text.asked)))]
        near = [q for p in hidden for q in p.questions if not any(a.lower() in everything for a in q.answers)]
        asked += [(q, False) for q in chance.sample(near, min(NEAR, len(near)))]
        # as people type them: else confidence would only fit questions with the text's own words
        typed = [carelessly(q.text, chance) if chance.random() < CARELESS else q.text for q, _ in asked]
        for start in range(0, len(asked), BATCH):
            batch = asked[start : start + BATCH]
            asks = [Ask(state, q, lambda a, b, ids=ids: engine.text(ids[a:b])) for q in typed[start : start + BATCH]]
            for (question, answerable), answer in zip(batch, engine.ask_many(asks, options=WORDS), strict=True):
                for one in answer.candidates:
                    right = answerable and any(holds(one.text, accepted) for accepted in question.answers)
                    rows.append({
                        "asked": count, "question": question.text, "answers": question.answers, "reply": one.text,
                        "answerable": answerable, "right": right,
                        "signals": dict(zip(NAMES, one.signals.values(), strict=True)),
                    })  # fmt: skip
                count += 1
        right = sum(row["right"] for row in rows)
        say(f"text {number + 1}: {right} of {len(rows)} answers to {count} questions right")
    return rows


def holds(reply: str, answer: str) -> bool:
    """Whether the words of `answer` stand in `reply` one after the other, or most of them anywhere for a long answer."""
    said, sought = WORD.findall(reply.lower()), WORD.findall(answer.lower())
    if len(sought) > 6:
        return sum(word in said for word in sought) / len(sought) >= 0.6
    return bool(sought) and any(said[i : i + len(sought)] == sought for i in range(len(said) - len(sought) + 1))


def fit(rows: Sequence[dict], seed: int) -> tuple[Confidence, dict]:
    """The regression over all answers, its slope and shift so that it is true for the best answer to each question; and figures of the
    best answers by five-fold cross-validation over questions: expected calibration error, AUROC, and what is declined."""
    x = torch.tensor([Signals(**row["signals"]).values() for row in rows])
    y = torch.tensor([float(row["right"]) for row in rows])
    mean, spread = x.mean(0), x.std(0).clamp(min=1e-3)
    z = ((x - mean) / spread).clamp(-4, 4)
    asked = torch.tensor([row["asked"] for row in rows])
    questions = asked.unique()
    order = questions[torch.randperm(len(questions), generator=torch.Generator().manual_seed(seed))]
    out, chosen = torch.zeros(len(y)), torch.zeros(len(y), dtype=torch.bool)
    for fold in range(5):
        test = torch.isin(asked, order[fold::5])
        weight, bias = _calibrated(z[~test], y[~test], asked[~test])
        out[test] = torch.sigmoid(z[test] @ weight + bias)
        chosen[test.nonzero()[:, 0][_best(out[test], asked[test])]] = True
    out, right = out[chosen], y[chosen]
    below = float(out[right == 1].quantile(WRONGLY_DECLINED)) if right.any() else 0.5
    weight, bias = _calibrated(z, y, asked)
    answerable = torch.tensor([row["answerable"] for row in rows])[chosen]
    figures = _figures(out, right, answerable, below)
    return Confidence(mean.tolist(), spread.tolist(), weight.tolist(), float(bias), below), figures


def scaled(confidence: Confidence, rows: Sequence[dict]) -> tuple[Confidence, dict]:
    """The same with another slope, shift and threshold, so that it is true of `rows`: replies of `evaluation people`, which it was
    asked for. Two numbers are fitted, and no weight of a signal against another's. And figures of them."""
    rows = [row for row in rows if row["source"] == "page"]
    given = torch.tensor([row["confidence"] for row in rows]).clamp(1e-4, 1 - 1e-4)
    right, logit = torch.tensor([float(row["correct"]) for row in rows]), torch.logit(given)
    answerable = torch.tensor([row["kind"] != "unanswerable" for row in rows])
    right = right * answerable
    slope, shift = _platt(logit, right)
    out = torch.sigmoid(slope * logit + shift)
    below = float(out[right == 1].quantile(WRONGLY_DECLINED))
    weight = [slope * w for w in confidence.weight]
    found = replace(confidence, weight=weight, bias=slope * confidence.bias + shift, decline_below=below)
    return found, _figures(out, right, answerable, below)


def _best(score: torch.Tensor, asked: torch.Tensor) -> torch.Tensor:
    """Which row has the highest score of each question."""
    return torch.tensor([
        int(score.masked_fill(asked != question, float("-inf")).argmax()) for question in asked.unique()
    ])  # fmt: skip


def _calibrated(z: torch.Tensor, y: torch.Tensor, asked: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights and bias fitted on all rows. The best of several scores is too sure of itself (and Platt's scaling of it mends that)."""
    weight, bias = _logistic(z, y, SHRINK)
    score = z @ weight + bias
    best = _best(score, asked)
    slope, shift = _platt(score[best], y[best])
    return weight * slope, bias * slope + shift


def _platt(logit: torch.Tensor, y: torch.Tensor) -> tuple[float, float]:
    """Platt's scaling: slope and shift that make `logit` true of `y`. The slope stays above 0, so that the order of answers stays."""
    slope, shift = _logistic(logit[:, None], y, 0.0)
    return float(slope.clamp(min=LEAST_SLOPE)), float(shift)


def _logistic(z: torch.Tensor, y: torch.Tensor, shrink: float) -> tuple[torch.Tensor, torch.Tensor]:
    weight, bias = torch.zeros(z.shape[1], requires_grad=True), torch.zeros((), requires_grad=True)
    best = torch.optim.LBFGS([weight, bias], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        best.zero_grad()
        out = F.binary_cross_entropy_with_logits(z @ weight + bias, y) + shrink / len(y) * weight.pow(2).sum()
        out.backward()
        return out

    with torch.enable_grad():
        best.step(loss)
    return weight.detach(), bias.detach()


def _figures(out: torch.Tensor, right: torch.Tensor, answerable: torch.Tensor, below: float) -> dict:
    """What confidences `out` are worth, when answers below `below` are declined."""
    return {
        "cases": len(out),
        "right": float(right[answerable].mean()),
        "ece": _calibration_error(out, right),
        "auroc": _auroc(out, right),
        "decline_below": below,
        "unanswerable_declined": float((out[~answerable] < below).float().mean()),
        "right_wrongly_declined": float((out[right == 1] < below).float().mean()),
        "answerable_declined": float((out[answerable] < below).float().mean()),
    }


def _calibration_error(out: torch.Tensor, y: torch.Tensor, bins: int = 10) -> float:
    """Expected calibration error over bins of equal width."""
    which = (out * bins).long().clamp(max=bins - 1)
    return sum(
        float(abs(out[which == b].mean() - y[which == b].mean()) * (which == b).float().mean())
        for b in range(bins)
        if (which == b).any()
    )


def _auroc(out: torch.Tensor, y: torch.Tensor) -> float:
    right, wrong = out[y == 1], out[y == 0]
    if not len(right) or not len(wrong):
        return 0.5
    return float((right[:, None] > wrong[None]).float().mean() + 0.5 * (right[:, None] == wrong[None]).float().mean())
