"""Further kinds of rows: what they hold, what is asked, and that nothing of it is cut off."""

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engine.prompts import running_ids
from tests.engine.tiny import make_tokenizer
from training.corpora import HELD_OUT, Passage
from training.episodes import MOST_WEIGHT, READING_ON, Episodes, Sequence
from training.kinds import NEXT, NOT_SAID, SENTENCES, SUMMARIES, summary
from training.recipe import load_recipe
from training.writer import Corpora, Writer, load_corpora

BOOK = "".join(f"On day {i} the mill was quiet, and the water stood at {i * 7 % 90} inches. " for i in range(400))
LENGTH = 800


@pytest.fixture(scope="module")
def writer(tmp_path_factory) -> Writer:
    folder = tmp_path_factory.mktemp("books")
    (folder / "mill.txt").write_text(BOOK, encoding="utf-8")
    squad = [
        Passage(f"Pond {i} holds {i} carp.", ((f"How many carp does pond {i} hold?", f"{i} carp"),)) for i in range(9)
    ]
    tales = [Passage(f"Goose {i} sat by a well.", ((f"Where did goose {i} sit?", "by a well"),)) for i in range(30)]
    story = Passage("Ada went to the mill. Ben went to the barn.", (("Where is Ada?", "mill"),))
    return Writer(
        make_tokenizer(), Corpora([folder / "mill.txt"], {"squad": squad, "fairytale": tales, "babi": [story]})
    )


def text(writer: Writer, ids: list[int]) -> str:
    return writer.tokenizer.decode(ids)


@pytest.mark.parametrize("seed", range(5))
def test_a_story_keeps_its_order_in_the_book(writer, seed):
    row = writer.row(random.Random(seed), "babi", LENGTH, 4)
    told = text(writer, row.ids)
    assert len(row.ids) == LENGTH and -1 < told.index("Ada went") < told.index("Ben went")
    assert [(a.question, a.answer) for a in row.asked] == [("Where is Ada?", "mill")]


def test_several_tales_are_asked_about_together(writer):
    row = writer.row(random.Random(2), "stories", LENGTH, 99)
    told = text(writer, row.ids)
    assert len(row.ids) == LENGTH and len(row.asked) > 3
    for asked in row.asked:
        assert asked.question.replace("Where did goose", "Goose").replace(" sit?", " sat by a well.") in told


@pytest.mark.parametrize("seed", range(5))
def test_what_the_text_does_not_say_is_answered_so(writer, seed):
    row = writer.row(random.Random(seed), "unanswerable", LENGTH, 9)
    told = text(writer, row.ids)
    answers = {asked.answer: asked.question for asked in row.asked}
    (said,) = set(answers) - {NOT_SAID}
    assert f"holds {said}." in told and answers[said].split()[5] == said.split()[0]
    assert answers[NOT_SAID].split()[5] != said.split()[0]


def test_reading_on_foretells_what_follows(writer):
    recipe = replace(
        load_recipe("first"),
        rows=((1.0, 2),), segments=((1.0, (1,)),), mixture=((1.0, {READING_ON: 1.0}),), memory={"segment_len": 300},
    )  # fmt: skip
    batch = Episodes(recipe, writer)[0]
    assert batch["questions"].shape == (4, NEXT) and torch.equal(batch["questions"], batch["labels"])
    documents = [text(writer, ids) for ids in batch["documents"].tolist()]
    behind = [text(writer, ids) for ids in batch["questions"].tolist()]
    assert all(documents[i // 2] + behind[i] in BOOK for i in range(4))
    assert batch["kinds"] == [READING_ON] * 4


def test_babi_is_loaded_where_it_is_needed_and_its_last_stories_are_kept_back(tmp_path):
    (tmp_path / "squad").mkdir()
    (tmp_path / "squad" / "train-v1.json").write_text(json.dumps({"data": []}), encoding="utf-8")
    (tmp_path / "fairytaleqa").mkdir()
    (tmp_path / "fairytaleqa" / "f_train.jsonl").write_text("", encoding="utf-8")
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "mill.txt").write_text(BOOK, encoding="utf-8")
    (tmp_path / "babi" / "en").mkdir(parents=True)
    for task in range(1, 6):
        lines = "".join(f"1 Ada went to mill {i}.\n2 Where is Ada? \tmill {i}\t1\n" for i in range(HELD_OUT + task))
        (tmp_path / "babi" / "en" / f"qa{task}_x_train.txt").write_text(lines, encoding="utf-8")
    assert "babi" not in load_corpora(tmp_path, tmp_path).passages
    stories = load_corpora(tmp_path, tmp_path, {"babi"}).passages["babi"]
    assert len(stories) == 1 + 2 + 3 + 4 + 5 and stories[-1].qas == (("Where is Ada?", "mill 4"),)


def test_every_recipe_loads_and_names_kinds_that_there_are(writer):
    for path in (Path(__file__).parents[2] / "training" / "recipes").glob("*.toml"):
        recipe = load_recipe(path.stem)
        for kind in recipe.all_kinds() - {READING_ON}:
            row = writer.row(random.Random(7), kind, 2000, 4)
            assert len(row.ids) == 2000, kind
        assert recipe.stop_after <= recipe.steps and recipe.mixture[-1][0] == 1.0
        assert max(limit for _, limit, _ in recipe.filler) <= recipe.pool_segments


def test_a_summary_tells_facts_of_its_document_in_their_order(writer):
    ids, asked = summary(writer, random.Random(3), 8000)
    told = text(writer, ids)
    title = told.partition("\n")[0].lstrip("# ")
    assert len(ids) == 8000 and len(asked) == SUMMARIES
    for one in asked:
        assert one.answer.startswith(f"{title}. ") and len(one.holds) == SENTENCES
        begin = 0
        for words in one.holds:
            begin = one.answer.index(words, begin) + len(words)
            assert words in told


def test_the_words_that_a_summary_holds_are_looked_up_where_they_stand(writer):
    ids, asked = summary(writer, random.Random(3), 8000)
    placed = 0
    for one in asked:
        said = running_ids(writer.tokenizer, one.answer)
        places = writer.stands(ids, one, said)
        assert len(places) == len(said)
        assert all(ids[place] == token for place, token in zip(places, said, strict=True) if place >= 0)
        placed += sum(place >= 0 for place in places)
    assert placed > 10


def test_a_long_answer_weighs_no_more_than_one_of_sixteen_tokens():
    labels = [-100, *[5] * 4, -100, *[6] * 64]
    weights = Sequence(labels, labels, labels, "summary").weights()
    assert weights[1:5] == [1.0] * 4 and sum(weights[6:]) == MOST_WEIGHT == 16
