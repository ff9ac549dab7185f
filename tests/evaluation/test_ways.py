"""Every way to answer runs for real on a tiny model, and runs go on where they were broken off."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from engine.confidence import Confidence
from engine.config import MemoryConfig
from engine.engine import Engine
from engine.fetch import model_hash
from engine.generate import AnswerOptions, text_of
from engine.memory import save_memory, scorer_tensors
from engine.prompts import BRIEFLY, FROM_PASSAGES
from engine.scorer import LayerScorer
from evaluation import numbers, perplexity, summaries
from evaluation.command import main
from evaluation.errors import RowsInvalid
from evaluation.loading import NONE, Measured, Memories, load, with_settings
from evaluation.passages import BEST, LOOKS
from evaluation.perplexity import before, loss
from evaluation.presses import PRESSES, pressed
from evaluation.rows import Rows
from evaluation.run import Text, run
from evaluation.texts import Books
from evaluation.ways import Question, Reply, Way, memory_parts, ways
from tests.engine.tiny import PROSE, WINDOW, make_engine

SHORT = AnswerOptions(max_new_tokens=6)
QUESTIONS = [
    Question("What did the keeper say?", ("crowns",)),
    Question("Who counted?", ("master",), {}, (("Who?", "He."),)),
]


@pytest.fixture(scope="module")
def ids(engine: Engine) -> list[int]:
    return list(engine.tokenize([PROSE * 3]).ids)


@pytest.mark.parametrize("name", ["memory", "alone", "closed", "truncated", "full", "bm25", "rag"])
def test_a_way_answers_every_question_from_each_source(measured: Measured, ids, name: str) -> None:
    (way,) = ways([name], measured, Memories(measured.engine, None), view=200)
    replies = way.open(ids)(QUESTIONS, SHORT)
    assert len(replies) == 2 and all(len(one) == len(way.sources) for one in replies)
    alone = [way.open(ids)([question], SHORT)[0] for question in QUESTIONS]
    assert [[r.text for r in one] for one in replies] == [[r.text for r in one] for one in alone]


def test_what_our_memory_replies_is_what_the_engine_answers(measured: Measured, ids) -> None:
    engine, memories = measured.engine, Memories(measured.engine, None)
    (way,) = ways(["memory"], measured, memories)
    (memory, page), _ = way.open(ids)(QUESTIONS, SHORT)
    *_, answer = engine.ask(memories.of(ids), QUESTIONS[0].text, text=lambda a, b: engine.text(ids[a:b]), options=SHORT)
    assert (memory.text, page.text) == (answer.from_memory, answer.from_page)
    assert page.about["confidence"] == pytest.approx(answer.confidence, abs=1e-3)
    assert page.about["pages"] == [[one.begin, one.end] for one in answer.evidence]
    (alone,) = ways(["alone"], measured, memories)
    (only,) = alone.open(ids)(QUESTIONS[:1], SHORT)[0]
    assert only.text == memory.text and sorted(only.about["pages"]) == sorted(page.about["pages"])


@pytest.mark.parametrize(("brief", "prompt"), [(False, FROM_PASSAGES), (True, BRIEFLY)])
def test_full_attention_answers_as_the_base_itself_does(measured: Measured, ids, brief: bool, prompt: str) -> None:
    engine = measured.engine
    (way,) = ways(["full"], measured, Memories(engine, None))
    (reply,) = way.open(ids)(QUESTIONS[:1], replace(SHORT, brief=brief))[0]
    view, asked = engine.answerer.chat.split_ids(prompt, engine.text(ids), QUESTIONS[0].text)
    whole = torch.tensor([view + asked])
    out = engine.decoder.base.generate(
        whole,
        attention_mask=torch.ones_like(whole),
        do_sample=False,
        max_new_tokens=SHORT.max_new_tokens,
        pad_token_id=0,
    )
    assert reply.text == text_of(engine.tokenizer, out[0, whole.shape[1] :].tolist())


def test_what_an_answer_depends_on_is_in_its_mark(measured: Measured) -> None:
    def marks(measured: Measured, **more) -> list[str]:
        return [
            way.mark for way in ways(["memory", "closed", "bm25"], measured, Memories(measured.engine, None), **more)
        ]

    usual, told = marks(measured), marks(measured, peers_decline=True)
    assert told[0] == usual[0] and told[1] != usual[1] and told[2] != usual[2]
    engine = make_engine(measured.engine.tokenizer)
    assert marks(Measured(engine, measured.base)) == usual
    confidence = replace(engine.memory.confidence, bias=0.5)
    engine.memory = replace(engine.memory, confidence=confidence)
    other = marks(Measured(engine, measured.base))
    assert other[0] != usual[0] and other[1:] == usual[1:]


@pytest.mark.parametrize("name", PRESSES)
def test_a_press_keeps_so_many_tokens_and_answers(measured: Measured, ids, name: str) -> None:
    pytest.importorskip("kvpress")
    engine = measured.engine
    row = torch.tensor([ids])
    assert {k.shape[2] for k in pressed(engine.decoder, row, name, 50).keys} == {50}
    (way,) = ways([name], measured, Memories(engine, None))
    assert len(way.open(ids)(QUESTIONS, SHORT)) == 2


def test_a_press_that_keeps_all_is_full_attention(measured: Measured, ids) -> None:
    pytest.importorskip("kvpress")
    engine = measured.engine
    plain = engine.answerer.in_view([ids])[0]
    kept = pressed(engine.decoder, torch.tensor([ids]), "expected-attention", len(ids))
    for a, b in zip(plain.keys + plain.values, kept.keys + kept.values, strict=True):
        torch.testing.assert_close(a, b, atol=2e-4, rtol=1e-3)


@pytest.mark.parametrize("name", LOOKS)
def test_the_passage_of_the_answer_is_among_those_looked_up(engine: Engine, name: str) -> None:
    words = "The price of a red bicycle in the shop of Mr Brown is forty pounds. "
    ids = engine.tokenize([PROSE * 20 + words + PROSE * 20]).ids
    best = LOOKS[name]()(engine.text, ids)
    (passages,) = best(["How much is the red bicycle of Mr Brown?"])
    assert "red bicycle" in passages and passages.count("[…]") <= BEST - 1


def test_a_text_that_does_not_fit_is_left_out(measured: Measured, ids) -> None:
    (way,) = ways(["full"], measured, Memories(measured.engine, None), view=20)
    said: list[str] = []
    rows = run([_text(ids)], [way], _judge, SHORT, rows=Rows(None), limit=None, say=said.append)
    assert rows == [] and "more than full can take (20)" in said[0]


def test_a_reader_that_quotes_the_text_scores_one_and_one_that_is_silent_none(measured: Measured, ids) -> None:
    text = measured.engine.text(ids)
    quoting = Way("quoting", ("q",), "q", lambda ids: lambda qs, o: [[Reply(text, False)] for _ in qs])
    silent = Way("silent", ("s",), "s", lambda ids: lambda qs, o: [[Reply("", False)] for _ in qs])
    rows = run([_text(ids)], [quoting, silent], _judge, SHORT, rows=Rows(None), limit=None)
    assert [row["right"] for row in rows] == [1.0, 1.0, 0.0, 0.0]


def test_a_run_goes_on_where_it_was_broken_off(measured: Measured, ids, tmp_path) -> None:
    file, read = tmp_path / "rows.jsonl", []

    def text() -> list[int]:
        read.append(1)
        return ids

    one = replace(_text(ids), ids=text)
    (way,) = ways(["memory"], measured, Memories(measured.engine, None))
    go = lambda **more: run([one], [way], _judge, SHORT, rows=Rows(file), **{"limit": None} | more)  # noqa: E731
    first = go(limit=1)
    assert len(first) == 2 and len(file.read_text().splitlines()) == 2
    with file.open("a") as f:
        f.write('{"run": "broken off in the mid')
    both = go()
    assert both[:2] == first and len(both) == 4 and len(read) == 2
    assert go() == both and len(read) == 2 and len(file.read_text().splitlines()) == 4
    assert go(suffix="In few words.") != both and len(read) == 3
    file.write_text("no rows\n")
    with pytest.raises(RowsInvalid, match="cannot be gone on with"):
        Rows(file)


def test_a_state_is_read_once_and_found_again(engine: Engine, tokenizer, ids, tmp_path) -> None:
    memories = Memories(engine, tmp_path)
    state = memories.of(ids)
    (file,) = tmp_path.glob("*.state")
    stamp = file.stat().st_mtime_ns
    again = Memories(engine, tmp_path).of(ids)
    assert engine.state_to_bytes(again) == engine.state_to_bytes(state) and file.stat().st_mtime_ns == stamp
    memories.of(ids[:-1])
    assert len(list(tmp_path.glob("*.state"))) == 2
    file.write_bytes(b"damaged")
    assert engine.state_to_bytes(memories.of(ids)) == engine.state_to_bytes(state)


def test_another_setting_of_the_memory_makes_other_states(engine: Engine, tokenizer) -> None:
    from engine.load import Loaded

    parts = {"base": "b", "architecture": "a", "state": "{}", "dtype": "float32", "tokenizer": "t"}
    loaded = Loaded(engine.decoder, tokenizer, engine.memory, parts, "tiny")
    changed = with_settings(loaded, {"rule": "linear", "slots": 9, "bits": 8})
    assert changed.memory.config.rule == "linear" and changed.memory.keys.bits == 8
    other = Engine(changed, "tiny")
    assert other.fingerprint != Engine(loaded, "tiny").fingerprint and with_settings(loaded, {}) is loaded
    *_, step = other.read(list(range(3, 60)), other.empty_state(), group_tokens=WINDOW)
    assert len(step.state.matrix) == engine.decoder.L and step.state.slots[0].k.shape[2] == 9


def test_a_memory_of_no_training_is_another_one_than_a_trained(base_folder: Path, tmp_path: Path) -> None:
    def loaded(memory: Path | None, size: str = "small", updates: bool = True) -> Engine:
        given = (str(base_folder), tmp_path, memory, "cpu", "float32", None, size)
        return load(*given, changed={}, updates=updates, say=lambda text: None).engine

    trained = tmp_path / "memory"
    decoder = loaded(None).decoder
    tensors = {
        f"{name}.{part}": torch.ones(decoder.L, decoder.N, decoder.D)
        for name in ("keys", "values")
        for part in ("mean", "spread")
    }
    tensors |= scorer_tensors(
        tuple(
            LayerScorer(
                torch.ones(decoder.N, decoder.E),
                torch.zeros(decoder.N),
                torch.zeros(4, decoder.E),
                torch.zeros(4),
                torch.zeros(decoder.N, 4),
            )
            for _ in range(decoder.L)
        )
    )
    tensors["pointing.usual"] = torch.ones(1, 8, decoder.D)
    rows = decoder.base.config.hidden_size
    tensors |= {"recall.0.o_proj.down": torch.ones(2, decoder.H * decoder.D), "recall.0.o_proj.up": torch.ones(rows, 2)}
    save_memory(
        trained,
        {
            "base_sha256": model_hash(base_folder),
            "config": MemoryConfig(window=WINDOW).to_dict(),
            "pointing": {"heads": [[1, 0]], "weight": [1.0], "floor": 1e-3},
            "confidence": Confidence.untrained().to_dict(),
            "recall": {"scale": 2.0},
        },
        tensors,
    )
    assert loaded(trained).info.trained and not loaded(NONE).info.trained
    assert loaded(NONE).fingerprint == loaded(None).fingerprint != loaded(trained).fingerprint
    # without its updates it is another memory, that reads as before
    with_, without = loaded(trained), loaded(trained, updates=False)
    assert len(with_.memory.recall) == 1 and not without.memory.recall
    assert with_.fingerprint == without.fingerprint and memory_parts(with_) != memory_parts(without)


def test_perplexity_with_nothing_before_is_the_bases_own(measured: Measured, ids) -> None:
    engine = measured.engine
    part = ids[:WINDOW]
    logits = engine.decoder.base(torch.tensor([part])).logits[0]
    own = float(F.cross_entropy(logits[:-1], torch.tensor(part[1:])))
    empty = engine.empty_state()
    assert loss(engine, part, *before(engine, "none", empty, empty)) == pytest.approx(own, abs=1e-5)


def test_memory_of_two_windows_before_is_as_reading_with_all_slots_in_view(tokenizer, ids) -> None:
    """With slots for every token and no more than one window before the last, each token of the text is in view exactly once."""
    engine = make_engine(tokenizer, slots=600, pointing_slots=600)
    states = [engine.empty_state()]
    for at in range(2):
        *_, step = engine.read(ids[at * WINDOW : (at + 1) * WINDOW], states[-1], group_tokens=WINDOW)
        states.append(step.state)
    cache, start = before(engine, "memory", states[1], states[2])
    assert (len(cache), start) == (2 * WINDOW, WINDOW)
    cache, start = before(engine, "transformer_xl", states[1], states[2])
    assert (len(cache), start) == (WINDOW, WINDOW)
    part = ids[WINDOW : 2 * WINDOW]
    # one window before: keys and values as they were read are those of plain view
    logits = engine.decoder.base(torch.tensor([ids[: 2 * WINDOW]])).logits[0, WINDOW:-1]
    seen = loss(engine, part, *before(engine, "transformer_xl", states[0], states[1]))
    assert seen == pytest.approx(float(F.cross_entropy(logits, torch.tensor(part[1:]))), abs=1e-4)


def test_perplexity_of_books_and_its_rows(measured: Measured, books_folder, tmp_path) -> None:
    books, file, said = Books(measured.engine, books_folder), tmp_path / "rows.jsonl", []
    names = ["none", "transformer_xl", "memory", "slots", "full"]
    rows = perplexity.perplexity(measured, books, 12 * WINDOW, 3, None, names, Rows(file), said.append)
    assert len(rows) == 2 * 3 * 5 and all(math.isfinite(row["loss"]) for row in rows)
    again = perplexity.perplexity(measured, books, 12 * WINDOW, 3, None, names, Rows(file), said.append)
    key = lambda row: (row["text"], row["source"], row["question"])  # noqa: E731
    assert sorted(again, key=key) == sorted(rows, key=key) and len(file.read_text().splitlines()) == 30


def test_retention_asks_at_every_doubling_and_goes_on(measured: Measured, books_folder, tmp_path) -> None:
    books, file = Books(measured.engine, books_folder), tmp_path / "rows.jsonl"
    go = lambda: numbers.retention(measured.engine, books, 1500, 1, 0, SHORT, Rows(file), lambda text: None)  # noqa: E731
    rows = go()
    assert [row["tokens"] for row in rows] == [512, 1024, 1500] and len(file.read_text().splitlines()) == 3
    assert go() == rows and len(file.read_text().splitlines()) == 3


def test_summaries_have_ways_of_their_own(measured: Measured, ids) -> None:
    summary, lead = summaries.own_ways(["summary", "lead"], measured, Memories(measured.engine, None))
    assert len(summary.open(ids)(QUESTIONS, AnswerOptions(max_new_tokens=9))) == 2
    (first,), _ = lead.open(ids)(QUESTIONS, SHORT)
    assert measured.engine.text(ids).startswith("The harbour") and first.text.split()[:2] == ["The", "harbour"]


def test_the_command_measures_people_and_prints_one_object(base_folder, books_folder, tmp_path, capsys) -> None:
    asked = {"document": "one.txt", "kind": "who", "question": "Who?", "history": [], "answers": ["nobody at all"]}
    near = {**asked, "kind": "unanswerable", "question": "Which planet?", "answers": []}
    (tmp_path / "q.jsonl").write_text(json.dumps(asked) + "\n" + json.dumps(near) + "\n")
    rows = tmp_path / "rows.jsonl"
    command = [
        "people", "--model", str(base_folder), "--dtype", "float32", "--questions", str(tmp_path / "q.jsonl"), "--documents",
        str(books_folder), "--by", "memory", "bm25", "--answer-tokens", "5", "--rows", str(rows), "--json", "--seed", "3",
    ]  # fmt: skip
    assert main(command) == 0
    out = capsys.readouterr().out.splitlines()
    found = json.loads(out[-1])
    assert (found["evaluation"], found["cases"], found["answers"], found["seed"]) == ("people", 2, 6, 3)
    assert len(found["base"]) == 64 and found["weights"] == "none"
    assert set(found["figures"]["all"]) == {"memory", "page", "bm25"}
    assert found["figures"]["all"]["memory"]["answerable right"]["cases"] == 1
    assert any(line.startswith("| bm25 | 1 |") for line in out)
    assert main(["abstention", "--rows", str(rows), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["cases"] == 2


@pytest.mark.parametrize(
    ("command", "source", "measure"),
    [
        ("passkey --tokens 300 400 --depths 0 1 --trials 1 --by memory closed", "page", "right"),
        ("needles --tokens 300 --needles 2 --trials 1 --slots 9 --rule linear", "memory", "part 2"),
        ("retention --tokens 600 --trials 1", "memory", "right"),
        ("perplexity --tokens 200 --windows 2 --window 16 --limit 1 --ways none memory", "none", "perplexity"),
    ],
)
def test_commands_over_books(base_folder, books_folder, capsys, command: str, source: str, measure: str) -> None:
    common = [
        "--model",
        str(base_folder),
        "--dtype",
        "float32",
        "--books",
        str(books_folder),
        "--answer-tokens",
        "3",
        "--json",
    ]
    assert main([*command.split(), *common]) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert all(measure in by[source] for by in found["figures"].values())
    if "--tokens 300 400" in command:
        assert list(found["figures"]) == ["300", "400"] and found["cases"] == 4
    if "--rule" in command:
        assert (found["memory"]["rule"], found["memory"]["slots"]) == ("linear", 9)


def test_a_wrong_file_is_one_line(base_folder, tmp_path, capsys) -> None:
    assert main(["passkey", "--model", str(base_folder), "--books", str(tmp_path), "--tokens", "600"]) == 1
    assert "There are no books" in capsys.readouterr().err


def _text(ids) -> Text:
    return Text("t", lambda: ids, QUESTIONS, {"tokens": len(ids)})


def _judge(question: Question, reply: Reply) -> dict:
    return {"right": float(question.accepted[0] in reply.text)}
