"""Figures from rows: means with bootstrap intervals, calibration, and the tables that show them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

RESAMPLES = 2000
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Figure:
    """A mean over `cases` and its 95% interval by bootstrap over them. Questions on one text are taken as independent."""

    value: float
    low: float
    high: float
    cases: int

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True)
class Measure:
    """A column of a table: a value of each row, or None where the row does not count, and what is done with the mean."""

    name: str
    value: Callable[[Row], float | None]
    of_mean: Callable[[float], float] = float


def field(name: str) -> Measure:
    """The rows' own number of that name, where they have it."""
    return Measure(name, lambda row: row.get(name))


def figure(values: Sequence[float], of_mean: Callable[[float], float] = float, seed: int = 0) -> Figure | None:
    """The mean of `values` with its interval; None of nothing."""
    if not values:
        return None
    sample = np.asarray(values, dtype=np.float64)
    chance = np.random.default_rng(seed)
    means = [sample[chance.integers(len(sample), size=len(sample))].mean() for _ in range(RESAMPLES)]
    low, high = np.percentile(means, (2.5, 97.5))
    return Figure(of_mean(float(sample.mean())), of_mean(float(low)), of_mean(float(high)), len(sample))


def figures(rows: Iterable[Row], measures: Sequence[Measure]) -> dict[str, dict[str, dict[str, Figure]]]:
    """Figures by length (the rows' `tokens`, or "all"), by source of the answers, by measure."""
    groups: dict[str, dict[str, list[Row]]] = {}
    for row in rows:
        groups.setdefault(str(row.get("tokens", "all")), {}).setdefault(row["source"], []).append(row)
    found: dict[str, dict[str, dict[str, Figure]]] = {}
    for length, sources in groups.items():
        for source, some in sources.items():
            for measure in measures:
                values = [value for row in some if (value := measure.value(row)) is not None]
                if (one := figure(values, measure.of_mean)) is not None:
                    found.setdefault(length, {}).setdefault(source, {})[measure.name] = one
    return found


def tables(found: Mapping[str, Mapping[str, Mapping[str, Figure]]], columns: Sequence[str]) -> list[str]:
    """A Markdown table a length: a line a source, with the number of cases of the first column that it has."""
    lines = []
    for length, sources in found.items():
        shown = [name for name in columns if any(name in one for one in sources.values())]
        lines += [f"{length} tokens" if length != "all" else "", "", f"| source | cases | {' | '.join(shown)} |"]
        lines.append("|---" * (len(shown) + 2) + "|")
        for source, one in sources.items():
            cases = max(item.cases for item in one.values())
            cells = [str(one[name]) if name in one else "–" for name in shown]
            lines.append(f"| {source} | {cases} | {' | '.join(cells)} |")
        lines.append("")
    return lines


def as_json(found: Mapping[str, Mapping[str, Mapping[str, Figure]]]) -> dict[str, Any]:
    """The same as plain dictionaries."""
    return {
        length: {source: {name: asdict(item) for name, item in one.items()} for source, one in sources.items()}
        for length, sources in found.items()
    }


@dataclass(frozen=True)
class Bin:
    """Answers whose confidence lies from `low` to `high`: how many, their mean confidence, and the share that is correct."""

    low: float
    high: float
    cases: int
    confidence: float
    correct: float


def reliability(confidence: Sequence[float], correct: Sequence[float], bins: int = 10) -> list[Bin]:
    """A reliability diagram's points, bins of one width; empty ones are left out."""
    which = np.minimum((np.asarray(confidence) * bins).astype(int), bins - 1)
    found = []
    for number in range(bins):
        inside = which == number
        if inside.any():
            means = (float(np.asarray(part)[inside].mean()) for part in (confidence, correct))
            found.append(Bin(number / bins, (number + 1) / bins, int(inside.sum()), *means))
    return found


def calibration_error(points: Sequence[Bin]) -> float:
    """Expected calibration error: the distance of confidence and share correct, a bin's weight being its cases."""
    total = sum(point.cases for point in points)
    return sum(point.cases * abs(point.confidence - point.correct) for point in points) / total if total else 0.0


def auroc(score: Sequence[float], positive: Sequence[float]) -> float | None:
    """The chance that a positive case has the higher score, ties counting half; None without cases of both kinds."""
    from sklearn.metrics import roc_auc_score  # slow to import, and only this needs it

    return float(roc_auc_score(positive, score)) if len(set(positive)) == 2 else None
