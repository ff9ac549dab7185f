"""Calibrates confidence on questions that were held back: what was seen while each was answered, and whether it was right."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F

from engine.answer import Ask
from engine.confidence import NAMES, Confidence, Signals
from engine.engine import Engine
from engine.generate import AnswerOptions
from training.answering import carelessly
from training.corpora import Passage
from training.texts import scattered

WORD = re.compile(r"\w+")
BATCH = 8
CARELESS = 0.7  # of the questions
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
    """A row for each question on held-out articles and stories: its signals, whether its text holds the answer, and whether the reply
    has it. A third of the questions are on passages of the same
    source that were left out."""
    chance, rows = random.Random(given.seed), []
    articles: dict[str, list[Passage]] = {}
    for passage in held:
        articles.setdefault(passage.source, []).append(passage)
    pools = [many for many in articles.values() if len(many) >= 9], [list(s) for s in stories if len(s) >= 6]
    plain = engine.answerer.chat.plain
    for number in range(given.texts):
        shown, hidden = [], []
        for pool in chance.sample(pools[number % 2], 1 if number % 2 else 3):
            start = chance.randrange(len(pool) - 5)
            for i, passage in enumerate(pool[start : start + 6]):
                (hidden if i in (2, 5) else shown).append(passage)
        text = scattered(plain, shown, shelf, given.tokens, chance)
        *_, step = engine.read(text.ids, engine.empty_state(), group_tokens=engine.group_tokens())
        state, ids = engine.finished(step.state), text.ids
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
                right = answerable and any(holds(answer.text, one) for one in question.answers)
                rows.append({
                    "question": question.text, "answers": question.answers, "reply": answer.text, "from_memory": answer.from_memory,
                    "answerable": answerable, "right": right, "signals": dict(zip(NAMES, answer.signals.values(), strict=True)),
                })  # fmt: skip
        right = sum(row["right"] for row in rows)
        say(f"text {number + 1}: {right} right, {len(rows)} asked")
    return rows


def holds(reply: str, answer: str) -> bool:
    """Whether the words of `answer` stand in `reply` one after the other, or most of them anywhere for a long answer."""
    said, sought = WORD.findall(reply.lower()), WORD.findall(answer.lower())
    if len(sought) > 6:
        return sum(word in said for word in sought) / len(sought) >= 0.6
    return bool(sought) and any(said[i : i + len(sought)] == sought for i in range(len(said) - len(sought) + 1))


def fit(rows: Sequence[dict], seed: int) -> tuple[Confidence, dict]:
    """The regression, and figures by five-fold cross-validation: expected calibration error, AUROC, and what is declined."""
    x = torch.tensor([Signals(**row["signals"]).values() for row in rows])
    y = torch.tensor([float(row["right"]) for row in rows])
    mean, spread = x.mean(0), x.std(0).clamp(min=1e-3)
    z = ((x - mean) / spread).clamp(-4, 4)
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))
    out = torch.zeros(len(y))
    for fold in range(5):
        test = order[fold::5]
        train = torch.cat([order[i::5] for i in range(5) if i != fold])
        weight, bias = _logistic(z[train], y[train])
        out[test] = torch.sigmoid(z[test] @ weight + bias)
    below = float(out[y == 1].quantile(WRONGLY_DECLINED)) if y.any() else 0.5
    weight, bias = _logistic(z, y)
    answerable = torch.tensor([row["answerable"] for row in rows])
    figures = {
        "cases": len(rows),
        "right": float(y[answerable].mean()),
        "ece": _calibration_error(out, y),
        "auroc": _auroc(out, y),
        "decline_below": below,
        "unanswerable_declined": float((out[~answerable] < below).float().mean()),
        "right_wrongly_declined": float((out[y == 1] < below).float().mean()),
        "answerable_declined": float((out[answerable] < below).float().mean()),
    }
    return Confidence(mean.tolist(), spread.tolist(), weight.tolist(), float(bias), below), figures


def _logistic(z: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    weight, bias = torch.zeros(z.shape[1], requires_grad=True), torch.zeros((), requires_grad=True)
    best = torch.optim.LBFGS([weight, bias], max_iter=100, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        best.zero_grad()
        out = F.binary_cross_entropy_with_logits(z @ weight + bias, y) + SHRINK / len(y) * weight.pow(2).sum()
        out.backward()
        return out

    with torch.enable_grad():
        best.step(loss)
    return weight.detach(), bias.detach()


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
