"""Every evaluation with a small real engine: what it hides, what it asks, and that a broken-off run goes on."""

import json
import math
import random
import re

import pytest
import torch
import torch.nn.functional as F
from transformers import BertConfig, BertModel

import launch
from engine.passes import Recall
from training.evaluation import (
    babilong,
    cases,
    narrativeqa,
    needles,
    passages,
    passkey,
    perplexity,
    readers,
    retention,
    summaries,
)
from training.evaluation.cases import RowsInvalid
from training.evaluation.hidden import FillerTooShort, Haystack, read_filler, spread
from training.evaluation.readers import read_all


@pytest.fixture(scope="module")
def hay(engine, data) -> Haystack:
    return Haystack(engine, read_filler(data / "books" / "dam.txt"))


def test_pieces_stand_behind_sentences_at_their_depths(engine, hay):
    pieces = [" Alpha is one.", " Beta is two."]
    ids, left = hay.with_pieces(random.Random(3), pieces, [0.25, 0.9], 2000)
    text = engine.tokenizer.decode(ids)
    assert len(ids) == 2000
    for piece, depth, rest in zip(pieces, (0.25, 0.9), left, strict=True):
        before, found, after = text.partition(piece)
        assert found and before.rstrip().endswith(".") and abs(len(before) / len(text) - depth) < 0.1
        assert len(engine.tokenize([after]).ids) == rest
    with pytest.raises(FillerTooShort):
        hay.with_pieces(random.Random(3), pieces, [0.1, 0.2], 10**7)
    with pytest.raises(FillerTooShort):
        hay.with_pieces(random.Random(3), pieces, [0.1, 0.2], 5)


def test_depths_are_spread():
    depths = spread(random.Random(1), 7)
    assert [int(depth * 7) for depth in depths] == list(range(7))


def test_needles_asks_for_every_number_that_it_hides(engine, hay, data):
    (case, *_) = needles.cases(hay, 900, 5, 2, 0)
    text = engine.tokenizer.decode(case.ids())
    told = re.findall(r"The number of the (\w+) is (\d{5})\.", text)
    assert [(q.text, q.accepted[0]) for q in case.questions] == [(needles.QUESTION.format(thing=t), n) for t, n in told]
    assert len(told) == 5 and needles.judge(case.questions[0], f"It is {told[0][1]}.")["exact"] == 1.0
    assert needles.judge(case.questions[0], told[1][1])["exact"] == 0.0
    result = needles.run_needles(engine, tokens=900, needles=5, trials=2, filler=data / "books")
    assert len(result["rows"]) == 10 and list(result["by_depth"]) == [0, 1, 2, 3, 4] and result["trials"] == 2
    assert 0 <= result["all"] <= result["exact"] <= 1
    assert len(needles.table(result)) == 3


def test_babilong_keeps_the_story_in_its_order(engine, hay, data):
    stories = {1: babilong.babi_stories(data / "babi", 1)}
    (case, *_) = babilong.cases(hay, stories, 700, 1, 0)
    text = engine.tokenizer.decode(case.ids())
    assert 0 < text.index("Ada went to the mill.") < text.index("Ben went to the barn.")
    (alone, *_) = babilong.cases(hay, stories, 0, 1, 0)
    assert len(alone.ids()) < 60
    result = babilong.run_babilong(
        engine, tokens=300, tasks=(1, 2), trials=2, stories=data / "babi", filler=data / "books"
    )
    assert set(result["by_task"]) == {1, 2} and result["chance"] == {1: 0.5, 2: 0.5} and len(result["rows"]) == 4
    assert str(result["tokens"]) in babilong.table(result)[-1]


def test_passages_tell_how_far_back_each_stands(engine, hay, data):
    held_out = passages.squad_passages(data / "squad")[1]
    (case, *_) = passages.cases(hay, held_out, 2000, 3, 1, 0)
    text = engine.tokenizer.decode(case.ids())
    for question in case.questions:
        answer = question.accepted[0]
        left = len(engine.tokenize([text.partition(f"holds {answer}.\n\n")[2]]).ids)
        assert question.about["distance"] / 2 <= left < question.about["distance"] and answer in text
    result = passages.run_passages(
        engine, tokens=2000, passages=3, trials=1, squad=data / "squad", filler=data / "books"
    )
    assert result["questions"] == 3 and 0 <= result["exact"] <= result["f1"] <= 1
    assert len(passages.table(result)) == 3 + len(result["by_distance"]["f1"])


def test_a_run_that_broke_off_goes_on(engine, data, tmp_path):
    rows = tmp_path / "rows.jsonl"
    chosen = {"tokens": 300, "needles": 2, "trials": 3, "filler": data / "books"}
    whole = needles.run_needles(engine, **chosen)
    part = needles.run_needles(engine, **chosen, rows=rows, limit=2)
    assert part["trials"] == 2 and len(rows.read_text(encoding="utf-8").splitlines()) == 2
    said = []
    lines = [json.loads(line) for line in rows.read_text(encoding="utf-8").splitlines()]
    lines[0]["rows"][0]["answer"] = "kept from before"
    lines[1]["weights"] = "others"
    rows.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    gone_on = needles.run_needles(engine, **chosen, rows=rows, say=said.append)
    assert gone_on["rows"][0]["answer"] == "kept from before" and len(said) == 3
    assert gone_on["rows"][1:] == whole["rows"][1:]
    rows.write_text("no rows\n", encoding="utf-8")
    with pytest.raises(RowsInvalid, match="rows of an earlier run"):
        needles.run_needles(engine, **chosen, rows=rows)


@pytest.fixture(scope="module")
def embedder(engine, tmp_path_factory):
    folder = tmp_path_factory.mktemp("embedder")
    config = BertConfig(
        vocab_size=len(engine.tokenizer),
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=3,
        intermediate_size=40,
        max_position_embeddings=300,
    )
    torch.manual_seed(6)
    BertModel(config).save_pretrained(folder)
    engine.tokenizer.save_pretrained(folder)
    return folder


def test_passages_are_looked_up_by_likeness(engine, embedder):
    embed = readers.Embedder(embedder)
    one, two = (
        embed(["The dam is quiet."]),
        embed(["The dam is quiet.", "A much longer sentence about the mill, the barn and Ada."]),
    )
    assert torch.allclose(one[0], two[0], atol=1e-5) and torch.allclose(two.norm(dim=-1), torch.ones(2))
    ids = engine.tokenize(["".join(f"Day {i}: the water stood at {i * 7 % 90} inches. " for i in range(60))]).ids
    found = readers.Passages(engine, embed, ids)
    assert found.passages[0][-readers.OVERLAP :] == found.passages[1][: readers.OVERLAP]
    assert sum(map(len, found.passages)) - readers.OVERLAP * (len(found.passages) - 1) == len(ids)
    best = found.best("How high was the water on day 40?")
    wanted = found.vectors @ embed(["How high was the water on day 40?"])[0]
    places = [found.passages.index(passage) for passage in best]
    assert places == sorted(places) and set(places) == set(wanted.topk(readers.BEST).indices.tolist())


def test_others_answer_from_what_they_see(engine, data, embedder, tmp_path):
    seen = []

    class Watched:
        """The engine, with what is asked of it written down."""

        def __getattr__(self, name):
            return getattr(engine, name)

        def answer(self, state, question, **given):
            seen.append((state.n_tokens, question))
            return engine.answer(state, question, **given)

    ids = engine.tokenize([(data / "books" / "dam.txt").read_text(encoding="utf-8")]).ids[:1400]
    text = engine.tokenizer.decode(ids[-(engine.model.config.text_config.max_position_embeddings - readers.ROOM) :])
    for name in ("memory", "truncated", "rag"):
        readers.reader(Watched(), name, embedder).answers([ids], [["How was it?"]], cases.SHORT)
    assert seen[0] == (1400, "How was it?")
    assert seen[1] == (0, f"{text.strip()}\n\nHow was it?")
    assert seen[2][0] == 0 and seen[2][1].endswith("\n\nHow was it?") and 300 < len(seen[2][1]) < len(seen[1][1])
    rows = tmp_path / "rows.jsonl"
    chosen = {"tokens": 300, "needles": 2, "trials": 1, "filler": data / "books", "rows": rows}
    needles.run_needles(engine, **chosen)
    result = needles.run_needles(engine, **chosen, by=readers.reader(engine, "truncated"))
    assert result["by"] == "truncated" and len(rows.read_text(encoding="utf-8").splitlines()) == 2
    with pytest.raises(readers.EmbedderMissing, match="--embedder"):
        readers.reader(engine, "rag", tmp_path)


def test_whole_books_are_asked_about(engine, data):
    result = narrativeqa.run_narrativeqa(engine, books=data, tokens=200)
    assert (result["books"], result["questions"]) == (2, 3) and 0 <= result["exact"] <= 1
    assert narrativeqa.run_narrativeqa(engine, books=data, tokens=200, limit=1)["questions"] == 1
    with pytest.raises(narrativeqa.CorpusError, match="questions"):
        narrativeqa.run_narrativeqa(engine, books=data / "books")


@pytest.mark.parametrize("name", ["squality.jsonl", "qmsum.jsonl"])
def test_summaries_are_compared(engine, data, name):
    result = summaries.run_summaries(engine, file=data / name)
    assert result["documents"] == result["summaries"] == 1 and 0 <= result["rouge2"] <= result["rouge1"] <= 1
    assert summaries.table(result)[-1].startswith("| 1 | 1 |")
    with pytest.raises(summaries.CorpusError):
        summaries.run_summaries(engine, file=data / "books" / "dam.txt")


def test_perplexity_is_that_of_what_is_in_view(engine, data):
    result = perplexity.run_perplexity(engine, library=data, tokens=16 * 5, limit=1)
    assert set(result["perplexity"]) == {"none", "window", "full", "memory"}
    assert list(result["by_position"]["none"]) == [32, 64, 128]
    ids = engine.tokenize([perplexity.read_book(data / "books" / "dam.txt")]).ids[: 16 * 5]
    model = engine.model

    def loss(before: int, state) -> float:
        total = []
        for i in range(1, 5):
            view = torch.tensor([ids[max(0, 16 * (i - before)) : 16 * (i + 1)]])
            logits = model.base.lm_head(model.hidden(view, Recall(state(i))))[0, -16:-1]
            total.append(F.cross_entropy(logits, view[0, -15:]))
        return math.exp(sum(total) / 4)

    with torch.inference_mode():
        empty = engine.empty_state()
        seen = {i: read_all(engine, ids[: 16 * i]) for i in range(1, 5)}
        assert result["perplexity"]["none"] == pytest.approx(loss(0, lambda i: empty), rel=1e-5)
        assert result["perplexity"]["window"] == pytest.approx(loss(1, lambda i: empty), rel=1e-5)
        assert result["perplexity"]["full"] == pytest.approx(loss(9, lambda i: empty), rel=1e-5)
        assert result["perplexity"]["memory"] == pytest.approx(loss(0, lambda i: seen[i]), rel=1e-4)
    assert len({round(value, 6) for value in result["perplexity"].values()}) == 4


def test_retention_asks_while_reading_on(engine, data):
    result = retention.run_retention(engine, tokens=1500, trials=2, filler=data / "books")
    assert list(result["exact"]) == [512, 1024, 1500] and all(0 <= s <= 1 for s in result["digits"].values())
    assert len(retention.table(result)) == 5


@pytest.mark.parametrize(
    "words",
    [
        ("needles", "--needles", "2", "--trials", "1", "--tokens", "200", "--filler", "books"),
        ("babilong", "--tasks", "1", "--trials", "1", "--tokens", "0", "--filler", "books", "--stories", "babi"),
        (
            "squad-in-book",
            "--passages",
            "1",
            "--trials",
            "1",
            "--tokens",
            "300",
            "--filler",
            "books",
            "--squad",
            "squad",
        ),
        ("narrativeqa", "--books", ".", "--limit", "1", "--tokens", "100"),
        ("summaries", "--file", "qmsum.jsonl"),
        ("perplexity", "--books", "books", "--limit", "1", "--tokens", "64", "--ways", "none", "memory"),
        ("retention", "--trials", "1", "--tokens", "600", "--filler", "books"),
    ],
    ids=lambda words: words[0],
)
def test_each_has_a_command_that_ends_in_json(words, model_folder, data, tmp_path, capsys):
    given = [str(data / word) if word == "." or (data / word).exists() else word for word in words]
    common = ["--model", str(model_folder), "--dtype", "float32", "--home", str(tmp_path), "--json"]
    assert launch.main(["eval", *given, *common]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out.strip().splitlines()[-1])["weights"] and "\n|---|" in err


def test_wrong_files_are_named(model_folder, data, tmp_path, capsys):
    common = ["--model", str(model_folder), "--dtype", "float32", "--home", str(tmp_path)]
    wrong = ["eval", "babilong", "--filler", str(data / "books"), "--stories", str(data / "squad"), *common]
    assert launch.main(wrong) == 1
    assert "CorpusError" in capsys.readouterr().err


def test_texts_read_side_by_side_get_the_answers_of_texts_read_alone(engine, data, tmp_path):
    side = readers.reader(engine, "memory", side_by_side=3)
    for run, chosen in (
        (passkey.run_passkey, {"tokens": 310, "depth": 0.5, "trials": 5}),
        (needles.run_needles, {"tokens": 310, "needles": 2, "trials": 4}),
    ):
        alone = run(engine, filler=data / "books", **chosen)
        assert run(engine, filler=data / "books", by=side, **chosen)["rows"] == alone["rows"]
    # texts of different lengths, and rows that an earlier run left, are no obstacle
    rows = tmp_path / "rows.jsonl"
    chosen = {
        "tokens": 0,
        "tasks": (1, 2),
        "trials": 2,
        "stories": data / "babi",
        "filler": data / "books",
        "rows": rows,
    }
    babilong.run_babilong(engine, limit=1, **chosen)
    assert len(babilong.run_babilong(engine, by=side, **chosen)["rows"]) == 4
    assert len(rows.read_text(encoding="utf-8").splitlines()) == 4
