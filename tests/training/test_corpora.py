"""The loaders, on small files of each format made here."""

import json

import pytest

from training import corpora


def squad_folder(path, n_articles):
    data = [
        {
            "title": f"Article {i:02d}",
            "paragraphs": [
                {
                    "context": f" Paragraph {i} says that the mill has {i + 3} wheels. ",
                    "qas": [
                        {"question": "How many wheels? ", "answers": [{"text": f"{i + 3}", "answer_start": 33}]},
                        {"question": "What is said?", "answers": [{"text": "word " * 13, "answer_start": 0}]},
                    ],
                }
            ],
        }
        for i in range(n_articles)
    ]
    (path / "train-v9.json").write_text(json.dumps({"data": data[::-1]}), encoding="utf-8")


def test_squad_holds_out_whole_articles(tmp_path):
    squad_folder(tmp_path, 11)
    train, held = corpora.squad_passages(tmp_path, holdout=3)
    assert (len(train), len(held)) == (8, 3)
    assert not {p.text for p in train} & {p.text for p in held}
    assert held == corpora.squad_passages(tmp_path, holdout=3)[1]
    first = min(train + held)
    assert first.text.startswith("Paragraph 0") and first.qas == (("How many wheels?", "3"),)
    assert corpora.squad_passages(tmp_path, holdout=0)[1] == []


def test_fairytales_keep_the_explicit_short_answers_of_one_section(tmp_path):
    def question(text, answer, sections, kind="explicit"):
        return {"question": text, "answers": [answer], "sections": sections, "ex_or_im": kind}

    story = {
        "story": "the-goose",
        "sections": ["A goose\nlived by a well.", "It flew off.", "Nobody asks here."],
        "questions": [
            question("Where did the goose live?", "by a well", "1"),
            question("How did the goose feel?", "happy", "1", "implicit"),
            question("What did the goose do in the end?", "flew off", "2"),
            question("What is it all about?", "a goose", "1,2"),
            question("What did it say?", "honk " * 13, "2"),
        ],
    }
    (tmp_path / "fairytaleqa_val.jsonl").write_text(json.dumps(story) + "\n", encoding="utf-8")
    assert corpora.fairytale_passages(tmp_path, "val") == [
        corpora.Passage("A goose lived by a well.", (("Where did the goose live?", "by a well"),)),
        corpora.Passage("It flew off.", (("What did the goose do in the end?", "flew off"),)),
    ]


BABI = (
    "1 Ann went up.\n2 Bo sat.\n3 Where is Ann? \tup\t1\n4 Bo went out.\n5 Where is Bo?\tout\t4\n"
    "1 Cy slept.\n2 Who slept? \tCy\t1\n"
)


def test_babi_stories_run_up_to_their_question(tmp_path):
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "qa1_one-fact_train.txt").write_text(BABI, encoding="utf-8")
    (tmp_path / "en" / "qa1_one-fact_test.txt").write_text("1 No.\n", encoding="utf-8")
    (tmp_path / "en" / "qa17_other_train.txt").write_text("1 No.\n", encoding="utf-8")
    assert corpora.babi_stories(tmp_path, 1) == [
        corpora.Passage("Ann went up. Bo sat.", (("Where is Ann?", "up"),)),
        corpora.Passage("Ann went up. Bo sat. Bo went out.", (("Where is Bo?", "out"),)),
        corpora.Passage("Cy slept.", (("Who slept?", "Cy"),)),
    ]


def test_babi_takes_the_larger_files_where_they_are(tmp_path):
    for folder, name in (("en", "Ann"), ("en-10k", "Eve")):
        (tmp_path / folder).mkdir()
        story = f"1 {name} ran.\n2 Who ran?\t{name}\t1\n"
        (tmp_path / folder / "qa2_two_train.txt").write_text(story, encoding="utf-8")
    assert corpora.babi_stories(tmp_path, 2)[0].qas == (("Who ran?", "Eve"),)


def test_books_are_found_by_name_and_read_whole(tmp_path):
    folder = tmp_path / "books"
    folder.mkdir()
    (folder / "b.txt").write_bytes("\r\nOne.\r\nTwo – é.\r\n\r\n".encode())
    (folder / "a.txt").write_text("A.", encoding="utf-8")
    (folder / "notes.md").write_text("no", encoding="utf-8")
    assert corpora.books(tmp_path) == corpora.books(folder) == [folder / "a.txt", folder / "b.txt"]
    assert corpora.read_book(folder / "b.txt") == "One.\nTwo – é.\n"


def test_missing_data_is_said_plainly(tmp_path):
    for load in (
        lambda: corpora.squad_passages(tmp_path),
        lambda: corpora.fairytale_passages(tmp_path, "train"),
        lambda: corpora.babi_stories(tmp_path, 5),
        lambda: corpora.books(tmp_path),
    ):
        with pytest.raises(corpora.CorpusError, match="Unpack"):
            load()
