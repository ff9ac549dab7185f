"""Texts with questions: the place of each answer is where it says."""

import random
from pathlib import Path

import pytest

from training.corpora import CorpusError, books, fairytales, squad
from training.texts import scattered


def test_held_out_articles_are_in_no_other_part(data: Path) -> None:
    train, held = squad(data)
    assert {p.source for p in held}.isdisjoint({p.source for p in train})
    assert len({p.source for p in held}) == 22 and len({p.source for p in train}) == 22


def test_answers_stand_where_their_span_says(data: Path) -> None:
    for passage in squad(data)[0][:20] + fairytales(data, "train")[1]:
        for question in passage.questions:
            begin, end = question.span
            assert passage.text[begin:end] == question.answers[0]


def test_passages_are_scattered_in_order_and_answers_found_again(data: Path, shelf: Path, tokenizer) -> None:
    passages = squad(data)[0][:7]
    tokenize = lambda text: tokenizer(text, add_special_tokens=False)["input_ids"]  # noqa: E731
    text = scattered(tokenize, passages, books(shelf), 4000, random.Random(3))
    assert abs(len(text.ids) - 4000) < 50
    assert len(text.asked) == 7
    for one in text.asked:
        assert one.question.answers[0] in tokenizer.decode(text.ids[one.begin : one.end])
    assert [one.begin for one in text.asked] == sorted(one.begin for one in text.asked)


def test_missing_data_is_named(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"train\*\.json"):
        squad(tmp_path)
    with pytest.raises(CorpusError, match="no books"):
        books(tmp_path)
