"""Means, intervals, calibration: figures that can be checked by hand."""

import math

import pytest

from evaluation.abstention import abstention, read, table
from evaluation.errors import RowsInvalid
from evaluation.estimates import Measure, as_json, auroc, calibration_error, field, figure, figures, reliability, tables


def test_an_interval_holds_the_mean_and_shrinks_with_more_cases() -> None:
    few, many = figure([0.0, 1.0] * 10), figure([0.0, 1.0] * 500)
    assert few.value == many.value == 0.5 and (few.cases, many.cases) == (20, 1000)
    assert few.low < 0.5 < few.high
    # of a share of a half the standard error is a half over the root of n
    assert few.high - few.low == pytest.approx(2 * 1.96 * 0.5 / math.sqrt(20), rel=0.15)
    assert many.high - many.low == pytest.approx(2 * 1.96 * 0.5 / math.sqrt(1000), rel=0.15)
    assert figure([0.0, 1.0] * 10) == few
    certain = figure([1.0] * 7)
    assert (certain.value, certain.low, certain.high) == (1, 1, 1) and figure([]) is None


def test_figures_are_by_length_and_source_and_leave_out_what_does_not_count() -> None:
    rows = [
        {"tokens": 100, "source": "memory", "f1": 1.0},
        {"tokens": 100, "source": "memory", "f1": 0.0},
        {"tokens": 100, "source": "rag", "f1": 0.5},
        {"tokens": 200, "source": "memory"},
    ]
    found = figures(rows, [field("f1"), Measure("e to the mean", lambda row: row.get("f1"), math.exp)])
    assert found["100"]["memory"]["f1"].value == 0.5 and found["100"]["memory"]["f1"].cases == 2
    assert found["100"]["memory"]["e to the mean"].value == pytest.approx(math.exp(0.5))
    assert "200" not in found
    assert as_json(found)["100"]["rag"]["f1"]["cases"] == 1
    assert any(line.startswith("| rag | 1 | 0.500 [0.500, 0.500]") for line in tables(found, ["f1"]))


def test_calibration_by_hand() -> None:
    confidence, correct = [0.95, 0.95, 0.15, 1.0], [1.0, 0.0, 0.0, 1.0]
    low, high = reliability(confidence, correct)
    assert (low.cases, low.correct, high.cases) == (1, 0, 3)
    assert high.confidence == pytest.approx(2.9 / 3) and high.correct == pytest.approx(2 / 3)
    assert calibration_error([low, high]) == pytest.approx((0.15 + 3 * (2.9 / 3 - 2 / 3)) / 4)
    assert auroc([0.9, 0.4, 0.4, 0.1], [1, 1, 0, 0]) == pytest.approx(3.5 / 4)
    assert auroc([0.9, 0.1], [1, 1]) is None


def test_abstention_from_rows(tmp_path) -> None:
    row = '{{"run":"r","text":"t","question":"{}","source":"page","kind":"{}","confidence":{},"correct":{}}}\n'
    lines = [
        row.format("a", "fact", 0.9, 1.0),
        row.format("b", "fact", 0.2, 0.0),
        row.format("c", "unanswerable", 0.1, 0.0),
    ]
    file = tmp_path / "rows.jsonl"
    file.write_text("".join(lines) + '{"run":"r","text":"t","question":"a","source":"memory","kind":"fact"}\n')
    found = abstention(read([file]))
    assert (found.cases, found.unanswerable, found.auroc_correct, found.auroc_answerable) == (3, 1, 1.0, 1.0)
    at = next(t for t in found.thresholds if t.below == 0.15)
    assert (at.unanswerable_declined, at.answerable_declined, at.correct_of_given) == (1.0, 0.0, 0.5)
    assert len(table(found)) > len(found.bins) + len(found.thresholds)
    with pytest.raises(RowsInvalid, match="does not hold"):
        read([tmp_path / "missing.jsonl"])
