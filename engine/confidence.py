"""How sure an answer is: a calibrated probability that it is right, from what is seen while it is made."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Signals:
    """What tells a right answer from a wrong one. Log-probabilities are nats a token.

    memory_log_prob   mean, of the memory's answer (0 where there is none)
    page_log_prob     mean, of the page's answer
    page_least        the least likely token of the page's answer
    verified          mean, of the final answer as the judging updates see it
    agreement         words that both answers share, F1
    attention         how far the best page stands out: the score of the best page less the mean of the next ten
    support           share of the answer's content words that the shown pages hold
    asked             share of the question's content words that the shown pages hold
    refused           the log-probability that the judging updates would say that the text does not say, in nats
    """

    memory_log_prob: float
    page_log_prob: float
    page_least: float
    verified: float
    agreement: float
    attention: float
    support: float
    asked: float
    refused: float

    def values(self) -> list[float]:
        """The signals in order."""
        return [getattr(self, field.name) for field in fields(self)]


NAMES = tuple(field.name for field in fields(Signals))


@dataclass(frozen=True)
class Confidence:
    """A logistic regression over standardised signals, fitted on questions that were held back (`train confidence`)."""

    mean: Sequence[float]
    spread: Sequence[float]
    weight: Sequence[float]
    bias: float
    decline_below: float

    def __call__(self, signals: Signals) -> float:
        """The probability, 0 to 1, that the answer is right."""
        values = zip(signals.values(), self.mean, self.spread, self.weight, strict=True)
        score = self.bias + sum(w * max(-4.0, min(4.0, (x - m) / s)) for x, m, s, w in values)
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))

    def to_dict(self) -> dict[str, Any]:
        """For the manifest: each signal's numbers by its name."""
        rows = zip(NAMES, self.mean, self.spread, self.weight, strict=True)
        return {
            "signals": {name: {"mean": m, "spread": s, "weight": w} for name, m, s, w in rows},
            "bias": self.bias,
            "decline_below": self.decline_below,
        }

    @staticmethod
    def of(numbers: Mapping[str, Any]) -> Confidence:
        """What a manifest holds. Raises KeyError for a signal that is missing."""
        rows = [numbers["signals"][name] for name in NAMES]
        return Confidence(
            [r["mean"] for r in rows], [r["spread"] for r in rows], [r["weight"] for r in rows], numbers["bias"],
            numbers["decline_below"],
        )  # fmt: skip

    @staticmethod
    def untrained() -> Confidence:
        """Rules of thumb: log-probability, support and refusal count."""
        weight = {"page_log_prob": 0.7, "support": 0.8, "agreement": 0.4, "attention": 0.4, "refused": -0.8}
        return Confidence(
            [0.5 if n in ("agreement", "support", "asked") else -5.0 if n == "refused" else -0.5 if "log" in n else 0.0 for n in NAMES],
            [0.3 if n in ("agreement", "support", "asked") else 3.0 if n == "refused" else 1.0 for n in NAMES],
            [weight.get(n, 0.0) for n in NAMES], 0.0, 0.3,
        )  # fmt: skip
