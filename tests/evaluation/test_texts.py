"""Texts that are made: what is hidden stands where it is said to stand, and the same seed makes the same text."""

import json
import random

import pytest

from engine.engine import Engine
from evaluation import benchmarks, numbers, people, summaries
from evaluation.errors import InputInvalid
from evaluation.numbers import doublings
from evaluation.perplexity import evenly
from evaluation.score import UNANSWERABLE
from evaluation.texts import Books, pointed, spread


@pytest.fixture(scope="module")
def books(engine: Engine, books_folder) -> Books:
    return Books(engine, books_folder)


def test_pieces_stand_at_their_depths_behind_sentence_ends(engine: Engine, books: Books) -> None:
    pieces = [list(engine.tokenize([text]).ids) for text in (" First here.", " Then there.", " Last of all.")]
    ids, spans = books.hide(random.Random(1), pieces, [0.0, 0.5, 1.0], 400)
    assert len(ids) == 400
    assert [ids[begin:end] for begin, end in spans] == pieces
    assert spans[0][0] == 0 and spans[2][1] == 400 and 150 < spans[1][0] < 250
    assert engine.tokenizer.decode(ids[: spans[1][0]]).rstrip()[-1] in ".?"
    assert books.hide(random.Random(1), pieces, [0.0, 0.5, 1.0], 400)[0] == ids
    assert books.hide(random.Random(1), pieces, [0.1, 0.2, 0.3], 0)[0] == [i for piece in pieces for i in piece]
    with pytest.raises(InputInvalid, match="more than"):
        books.hide(random.Random(1), pieces, [0.1, 0.2, 0.3], 5)
    with pytest.raises(InputInvalid, match="the books have"):
        books.stretch(random.Random(1), 10**7)


def test_long_texts_take_several_books(books: Books) -> None:
    one = len(books.tokens(books.paths[0]))
    assert len(books.stretch(random.Random(2), one + 10)) == one + 10


def test_a_page_is_found_where_it_overlaps_what_was_hidden() -> None:
    assert pointed([[0, 128], [256, 384]], (383, 400)) == 1
    assert pointed([[0, 128], [256, 384]], (128, 256)) == 0


def test_depths_points_and_windows() -> None:
    depths = spread(random.Random(0), 4)
    assert all(i / 4 <= depth < (i + 1) / 4 for i, depth in enumerate(depths))
    assert doublings(512, 3000) == [512, 1024, 2048, 3000]
    assert evenly(2, 32, 3) == [7, 17, 27] and evenly(2, 4, 8) == [2, 3] and evenly(2, 2, 4) == []


def test_numbers_are_hidden_once_each_and_asked_for(engine: Engine, books: Books) -> None:
    (text,) = numbers.needles(engine, books, 700, 3, 1, 0)
    said = engine.tokenizer.decode(text.ids())
    assert len(text.questions) == 3
    for question in text.questions:
        begin, end = question.about["span"]
        assert (
            question.accepted[0] in engine.tokenizer.decode(text.ids()[begin:end])
            and said.count(question.accepted[0]) == 1
        )
    assert [t.key for t in numbers.passkey(engine, books, 300, [0.0, 1.0], 2, 7)] == [
        f"passkey/7/300/{depth}/{trial}" for trial in (0, 1) for depth in (0.0, 1.0)
    ]


def test_squads_paragraphs_are_in_the_text_and_foreign_ones_are_not(engine: Engine, books: Books, tmp_path) -> None:
    def article(name: str) -> dict:
        qas = [{"question": f"What is {name}?", "answers": [{"text": name, "answer_start": 0}]}]
        return {"title": name, "paragraphs": [{"context": f"{name} is old.", "qas": qas}]}

    (tmp_path / "squad").mkdir()
    (tmp_path / "squad" / "train.json").write_text(json.dumps({"data": [article(f"N{i:02}") for i in range(44)]}))
    (text,) = benchmarks.squad_in_book(engine, tmp_path, books, 900, 4, 50, 4, 0)
    inside = [q for q in text.questions if q.about["kind"] == "fact"]
    outside = [q for q in text.questions if q.about["kind"] == UNANSWERABLE]
    assert (len(inside), len(outside)) == (4, 2)
    said = engine.tokenizer.decode(text.ids())
    assert all(f"{q.accepted[0]} is old." in said for q in inside)
    assert all(q.text.removeprefix("What is ").rstrip("?") not in said and not q.accepted for q in outside)
    for question in inside:
        assert question.accepted[0] in engine.tokenizer.decode(text.ids()[slice(*question.about["span"])])


def test_babis_stories_keep_their_order_and_end_at_their_question(engine: Engine, books: Books, tmp_path) -> None:
    lines = ["1 Ann is home.", "2 Bob went out.", "3 Where is Ann? \thome\t1", "4 Ann ran.", "5 Where is Bob? \tout\t2"]
    (tmp_path / "qa1_one_train.txt").write_text("\n".join([*lines, "1 Cid sat.", "2 Where is Cid? \there\t1"]) + "\n")
    stories = benchmarks.read_stories(tmp_path, 1)
    assert stories[1] == (["Ann is home.", "Bob went out.", "Ann ran."], "Where is Bob?", "out") and stories[2][0] == [
        "Cid sat."
    ]
    (alone,) = benchmarks.babilong(engine, tmp_path, books, 0, [1], 1, 0)
    assert engine.tokenizer.decode(alone.ids()) == " Cid sat."
    assert alone.questions[0].about["labels"] == ["here", "home", "out"]
    with pytest.raises(InputInvalid, match="qa2"):
        benchmarks.read_stories(tmp_path, 2)


def test_people_documents_are_read_up_to_a_section(tmp_path) -> None:
    (tmp_path / "talk.md").write_text(
        "# Talk\n\n## One\n\nFirst part.\n\n## Two\n\nSecond part.\n\n## Three\n\nThird part.\n"
    )
    whole = "".join(people.pages_of(tmp_path / "talk.md", None))
    part = "".join(people.pages_of(tmp_path / "talk.md", "Two"))
    assert "Third part" in whole and "Second part" in part and "Third" not in part and whole.startswith(part)
    with pytest.raises(InputInvalid, match="no section"):
        people.pages_of(tmp_path / "talk.md", "Nine")
    with pytest.raises(InputInvalid, match="in none of the folders"):
        people.find("books/none.txt", [tmp_path])
    assert people.find("elsewhere/talk.md", [tmp_path]) == tmp_path / "talk.md"
    (tmp_path / "bad.jsonl").write_text('{"document": "talk.md"}\n')
    with pytest.raises(InputInvalid, match="no file of questions"):
        people.read_questions(tmp_path / "bad.jsonl")


def test_summaries_of_both_sets_are_read(engine: Engine, tmp_path) -> None:
    meeting = {"id": "m", "transcript": "A: Hello.", "queries": [{"kind": "specific", "query": "Who?", "answer": "A."}]}
    responses = [{"response_text": "One."}, {"response_text": "Two."}]
    story = {
        "metadata": {"passage_id": "s"}, "document": "Once.",
        "questions": [{"question_text": "Plot?", "question_number": 1, "responses": responses}],
    }  # fmt: skip
    (tmp_path / "both.jsonl").write_text(json.dumps(meeting) + "\n" + json.dumps(story) + "\n")
    first, second = summaries.texts(engine, tmp_path / "both.jsonl", general=False)
    assert first.questions[0].accepted == ("A.",) and second.questions[0].accepted == ("One.", "Two.")
    (only,) = summaries.texts(engine, tmp_path / "both.jsonl", general=True)
    assert only.key == "summaries/both/s"
