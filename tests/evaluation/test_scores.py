"""Scores against cases worked out by hand."""

import pytest

from training.evaluation.scores import babilong_match, exact_match, f1, mean_by, rouge


@pytest.mark.parametrize(
    ("answer", "accepted", "exact", "overlap"),
    [
        ("The red kite.", ("a red kite",), 1.0, 1.0),
        ("red kite of Ada", ("a red kite",), 0.0, 2 / 3),
        ("blue", ("red", "a blue one"), 0.0, 2 / 3),
        ("kite kite", ("kite",), 0.0, 2 / 3),
        ("", ("kite",), 0.0, 0.0),
        ("the", ("a",), 1.0, 1.0),
    ],
)
def test_words_are_compared_as_squad_does(answer, accepted, exact, overlap):
    assert exact_match(answer, accepted) == exact
    assert f1(answer, accepted) == pytest.approx(overlap)


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ("The mill.", 1.0),
        ("Ada is in the Mill now", 1.0),
        ("the mill or the barn", 0.0),
        ("The barn. Then the mill.", 0.0),
        ("She left the house for the mill", 1.0),
        ("", 0.0),
    ],
)
def test_one_label_and_no_other_counts_in_babilong(answer, right):
    assert babilong_match(answer, "mill", ("mill", "barn", "house"), "Where is Ada after the house?") == right


def test_rouge_takes_the_nearest_reference():
    near, far = "Ada mends the old dam", "nobody sleeps"
    scores = rouge("Ada mended the dam.", (far, near))
    assert scores == rouge("Ada mended the dam.", (near,))
    assert scores["rouge1"] == pytest.approx(2 * 1.0 * 0.8 / 1.8)
    assert scores["rouge2"] == pytest.approx(2 * (2 / 3) * 0.5 / (2 / 3 + 0.5))
    assert rouge("Ada mended the dam.", (far,))["rougeL"] == 0


def test_means_are_taken_by_group():
    rows = [{"part": part, "right": right} for part, right in ((2, 1.0), (1, 0.0), (2, 0.5))]
    assert mean_by(rows, lambda row: row["part"], "right") == {2: 0.75, 1: 0.0}
