"""Whether confidence is true: calibration, and what declining below a threshold catches, from rows of `people` or `squad-in-book`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from evaluation.errors import RowsInvalid
from evaluation.estimates import Bin, auroc, calibration_error, reliability
from evaluation.rows import Row, read_rows
from evaluation.score import UNANSWERABLE

THRESHOLDS = tuple(i / 20 for i in range(1, 20))


@dataclass(frozen=True)
class Threshold:
    """What declining below `below` does: the share of unanswerable questions declined, of answerable ones declined, and the share
    correct of the answers that are given (None where there are none of a kind)."""

    below: float
    unanswerable_declined: float | None
    answerable_declined: float | None
    correct_of_given: float | None


@dataclass(frozen=True)
class Abstention:
    """`auroc_correct`: confidence tells correct answers from others; `auroc_answerable`: it tells answerable questions from others."""

    cases: int
    unanswerable: int
    expected_calibration_error: float
    auroc_correct: float | None
    auroc_answerable: float | None
    bins: list[Bin]
    thresholds: list[Threshold]

    def to_dict(self) -> dict[str, Any]:
        """As plain dictionaries."""
        return asdict(self)


def read(paths: Sequence[Path]) -> list[Row]:
    """The rows with a confidence in files that evaluations wrote. Raises RowsInvalid."""
    found = []
    for path in paths:
        try:
            found += [row for row in read_rows(path.read_bytes()) if "confidence" in row and "correct" in row]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RowsInvalid(f"{path} does not hold the rows of an evaluation ({error}).") from error
    if not found:
        raise RowsInvalid(
            f"No row in {', '.join(map(str, paths))} has a confidence. Run people or squad-in-book with --rows."
        )
    return found


def abstention(rows: Sequence[Row]) -> Abstention:
    """An answer to an unanswerable question is never correct."""
    confidence, correct = [row["confidence"] for row in rows], [row["correct"] for row in rows]
    answerable = [float(row["kind"] != UNANSWERABLE) for row in rows]
    points = reliability(confidence, correct)
    return Abstention(
        len(rows), answerable.count(0.0), calibration_error(points), auroc(confidence, correct), auroc(confidence, answerable),
        points, [_at(below, confidence, correct, answerable) for below in THRESHOLDS],
    )  # fmt: skip


def table(found: Abstention) -> list[str]:
    """Two Markdown tables and a line."""
    show = lambda value: "–" if value is None else f"{value:.3f}"  # noqa: E731
    lines = [
        f"{found.cases} answers, {found.unanswerable} of them to unanswerable questions; expected calibration error "
        f"{found.expected_calibration_error:.3f}, AUROC correct {show(found.auroc_correct)}, answerable {show(found.auroc_answerable)}",
        "", "| confidence | answers | mean | correct |", "|---|---|---|---|",
    ]  # fmt: skip
    lines += [f"| {b.low:.1f} to {b.high:.1f} | {b.cases} | {b.confidence:.3f} | {b.correct:.3f} |" for b in found.bins]
    lines += [
        "",
        "| declined below | unanswerable declined | answerable declined | correct of those given |",
        "|---|---|---|---|",
    ]
    lines += [
        f"| {t.below:.2f} | {show(t.unanswerable_declined)} | {show(t.answerable_declined)} | {show(t.correct_of_given)} |"
        for t in found.thresholds
    ]
    return lines


def _at(below: float, confidence: Sequence[float], correct: Sequence[float], answerable: Sequence[float]) -> Threshold:
    def share(values: list[float]) -> float | None:
        return sum(values) / len(values) if values else None

    declined = [c < below for c in confidence]
    return Threshold(
        below,
        share([float(d) for d, a in zip(declined, answerable, strict=True) if not a]),
        share([float(d) for d, a in zip(declined, answerable, strict=True) if a]),
        share([c for c, d in zip(correct, declined, strict=True) if not d]),
    )
