"""Scores that can be checked by hand."""

import pytest

from evaluation.score import (
    babilong_match,
    exact_match,
    f1,
    number_match,
    people_correct,
    people_right,
    plain_words,
    rouge,
    stands_in,
)

NUMBER = {"kind": "number", "answers": ["2400", "twenty-four hundred"]}
SHOPPING = {"kind": "list", "answers": [], "all_of": [["bread", "loaf"], ["milk"], ["eggs", "egg"]], "need": 2}
NOWHERE = {"kind": "unanswerable", "answers": []}


@pytest.mark.parametrize(
    ("row", "reply", "declined", "right"),
    [
        (NUMBER, "Some 2,400 people.", False, True),
        (NUMBER, "TWENTY FOUR hundred, they say", False, True),
        (NUMBER, "12,400", False, False),
        (NUMBER, "2400.5 of them", False, False),
        (NUMBER, "2400", True, False),
        ({"kind": "who", "answers": ["the Abbé"]}, "It was (an) abbe.", False, True),
        ({"kind": "who", "answers": ["the Abbé"]}, "the abbey", False, False),
        ({"kind": "who", "answers": ["the"]}, "the", False, False),
        ({"kind": "fact", "answers": ["old stone bridge"]}, "old bridge of stone", False, False),
        (SHOPPING, "A loaf, and then an egg.", False, True),
        (SHOPPING, "bread and a loaf", False, False),
        (NOWHERE, "In Paris.", False, False),
        (NOWHERE, "The text does not say.", True, True),
    ],
)
def test_what_people_ask_is_judged_by_whole_words_and_declining(row, reply, declined, right) -> None:
    assert people_right(row, reply, declined) is right


def test_nothing_is_correct_where_there_is_no_answer() -> None:
    assert not people_correct(NOWHERE, "The text does not say.")
    assert people_correct(NUMBER, "2400")


def test_words_are_without_case_accents_articles_and_thousands_commas() -> None:
    assert plain_words("The Café’s 1,333 (or 0.66) of An /usr/bin") == [
        "cafe",
        "s",
        "1333",
        "or",
        "0.66",
        "of",
        "usr",
        "bin",
    ]
    assert stands_in("usr bin", "in /usr/bin") and not stands_in("", "anything")


def test_squads_scores() -> None:
    assert exact_match("The red  house!", ["red house"]) == 1
    assert exact_match("red houses", ["red house", "house"]) == 0
    assert f1("the big red house", ["red house"]) == pytest.approx(2 * 2 / (3 + 2))
    assert f1("blue", ["red house", "a blue house"]) == pytest.approx(2 / 3)
    assert f1("", ["red"]) == 0 and f1("the", ["a"]) == 1


@pytest.mark.parametrize(
    ("reply", "right"),
    [
        ("The kitchen.", 1), ("kitchen or garden", 0), ("In the garden. No, the kitchen", 0), ("Kitchen, not the hallway", 1),
        ("nowhere", 0),
    ],
)  # fmt: skip
def test_babilong_wants_the_label_and_no_other_in_the_first_sentence(reply: str, right: int) -> None:
    labels = ["kitchen", "garden", "hallway"]
    assert babilong_match(reply, "kitchen", labels, "Where was the apple before the hallway?") == right


def test_a_number_is_right_with_all_its_digits_and_no_others() -> None:
    assert number_match("It is 4 71 38.", "47138") == 1
    assert number_match("47138, or 2", "47138") == number_match("4713", "47138") == number_match("", "47138") == 0


def test_rouge_is_the_best_over_references() -> None:
    scores = rouge("the cat sat", ["a dog ran home", "the cat sat down"])
    assert scores["rouge1"] == pytest.approx(2 * 3 / 7) and scores["rouge2"] == pytest.approx(2 * 2 / 5)
