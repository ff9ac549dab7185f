"""`launch.py eval NAME` and `python -m evaluation NAME`: from the command line's words to a table and, with --json, an object."""

from __future__ import annotations

import argparse
import json
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from documents import DocumentError
from engine.config import BITS, SIZES
from engine.engine import Engine
from engine.errors import EngineError
from engine.fetch import MODELS
from engine.generate import AnswerOptions
from engine.ops.naive import RULES
from evaluation import abstention, benchmarks, numbers, people, perplexity, summaries
from evaluation.errors import EvaluationError, InputInvalid
from evaluation.estimates import Measure, as_json, figures, tables
from evaluation.loading import Measured, Memories, Say, load
from evaluation.rows import Row, Rows
from evaluation.run import Judge, run
from evaluation.texts import Books
from evaluation.ways import BATCH, VIEW, WAYS, ways
from training.corpora import CorpusError

ONE_WORD = "Answer with one word."
SETTINGS = ("window", "slots", "pointing_slots", "bits", "rule")  # of a memory, which a run may change
NAMED_ERRORS = (EvaluationError, EngineError, DocumentError, CorpusError)
UPTO = "idpf-moby-dick.epub=Chapter 30."  # what the questions on it were written for


class Made(NamedTuple):
    """Rows with what to show of them."""

    rows: list[Row]
    measures: list[Measure]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one evaluation; returns the exit code. What goes wrong with files or models is one line."""
    given = parser().parse_args(arguments)
    try:
        return _abstention(given) if given.name == "abstention" else _measure(given)
    except NAMED_ERRORS as error:
        print(error, file=sys.stderr)
        return 1


def _measure(given: Namespace) -> int:
    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    changed = {name: getattr(given, name) for name in SETTINGS if getattr(given, name) is not None}
    changed |= {} if given.slots_in_view is None else {"slots_in_view": given.slots_in_view}
    measured = load(
        given.model,
        given.models,
        given.memory,
        given.device,
        given.dtype,
        given.threads,
        given.memory_size,
        changed,
        given.updates,
        say,
    )
    made = evaluate(measured, given, say)
    found = figures(made.rows, made.measures)
    print("\n".join(tables(found, [measure.name for measure in made.measures])))
    if given.json:
        print(json.dumps(result(measured, given, found, made.rows)))
    return 0


def result(measured: Measured, given: Namespace, found: Mapping[str, Any], rows: Sequence[Row]) -> dict[str, Any]:
    """What --json gives: figures by length, source and measure, each with its cases and interval; what was measured and how."""
    cases = len({(row["text"], row["question"]) for row in rows})
    asked = {name: _plain(value) for name, value in vars(given).items() if name not in ("name", "json")}
    return {
        "evaluation": given.name, "figures": as_json(found), "cases": cases, "answers": len(rows), "seed": given.seed, **measured.about,
        "asked": asked,
    }  # fmt: skip


def evaluate(measured: Measured, given: Namespace, say: Say) -> Made:
    """The rows of the evaluation that was asked for. Raises EvaluationError and the errors of models and documents."""
    engine, rows = measured.engine, Rows(given.rows)
    if given.name == "perplexity":
        books = Books(engine, given.books)
        found = perplexity.perplexity(
            measured, books, given.tokens[0], given.windows, given.limit, given.ways, rows, say
        )
        return Made(found, perplexity.measures())
    if given.name == "retention":
        books, options = Books(engine, given.books), AnswerOptions(max_new_tokens=given.answer_tokens)
        found = numbers.retention(engine, books, given.tokens[0], given.trials, given.seed, options, rows, say)
        return Made(found, numbers.measures(()))
    memories = Memories(engine, given.states, say)
    named = [name for name in given.by if name in WAYS]
    chosen = {way.name: way for way in ways(named, measured, memories, given.view, given.peers_decline)}
    if given.name == "summaries":
        chosen |= {way.name: way for way in summaries.own_ways(given.by, measured, memories)}
    made: list[Row] = []
    options = AnswerOptions(max_new_tokens=given.answer_tokens, brief=given.brief)
    for tokens in getattr(given, "tokens", None) or [None]:
        texts, judge = _texts(engine, given, tokens)
        made += run(
            texts, [chosen[name] for name in given.by], judge, options, rows=rows,
            limit=given.limit, suffix=given.suffix, batch=given.batch, say=say,
        )  # fmt: skip
    return Made(made, _measures(given))


def _texts(engine: Engine, given: Namespace, tokens: int | None) -> tuple[Any, Judge]:
    """The texts of one length with their questions, and how replies are judged."""
    match given.name:
        case "people":
            upto = dict(_pair(one) for one in given.upto_section)
            return people.texts(engine, given.questions, given.documents, given.only, upto), people.judge
        case "squad-in-book":
            books = Books(engine, given.books)
            return benchmarks.squad_in_book(
                engine, given.data, books, tokens or 0, given.questions, given.foreign, given.passages, given.seed
            ), benchmarks.judge_span
        case "narrativeqa":
            return benchmarks.narrativeqa(engine, given.data, tokens), benchmarks.judge_narrative
        case "babilong":
            books = Books(engine, given.books)
            return benchmarks.babilong(
                engine, given.stories, books, tokens or 0, given.tasks, given.trials, given.seed
            ), benchmarks.judge_babilong
        case "passkey":
            books = Books(engine, given.books)
            return numbers.passkey(engine, books, tokens or 0, given.depths, given.trials, given.seed), numbers.judge
        case "needles":
            books = Books(engine, given.books)
            return numbers.needles(engine, books, tokens or 0, given.needles, given.trials, given.seed), numbers.judge
        case "summaries":
            return summaries.texts(engine, given.file, given.general), summaries.judge
    raise AssertionError(given.name)


def _measures(given: Namespace) -> list[Measure]:
    match given.name:
        case "people":
            return people.measures()
        case "babilong":
            return benchmarks.babilong_measures(given.tasks)
        case "passkey":
            return numbers.measures([f"depth {depth}" for depth in given.depths])
        case "needles":
            return numbers.measures([f"part {part}" for part in range(1, given.needles + 1)])
        case "summaries":
            return summaries.measures()
        case "narrativeqa":
            return [*benchmarks.span_measures()[:3], Measure("rouge-l", lambda row: row["rouge-l"])]
    return benchmarks.span_measures()


def _abstention(given: Namespace) -> int:
    found = abstention.abstention(abstention.read(given.rows))
    print("\n".join(abstention.table(found)))
    if given.json:
        print(json.dumps({"evaluation": "abstention", "rows": [str(path) for path in given.rows], **found.to_dict()}))
    return 0


def parser() -> argparse.ArgumentParser:
    """What `eval` understands."""
    whole = argparse.ArgumentParser(
        prog="evaluation", description="Measure what a memory answers, beside other ways to answer."
    )
    names = whole.add_subparsers(dest="name", metavar="NAME", required=True)

    def add(name: str, text: str, *, lengths: Sequence[int] | None = None, asks: bool = True, answer_tokens: int = 48):
        one = names.add_parser(
            name, help=text, description=text, formatter_class=argparse.ArgumentDefaultsHelpFormatter
        )
        _model_options(one)
        if asks:
            _way_options(one, summaries=name == "summaries")
        one.add_argument(
            "--answer-tokens", type=int, default=answer_tokens, metavar="N", help="most tokens of an answer"
        )
        if lengths is not None:
            one.add_argument(
                "--tokens",
                type=int,
                nargs="+" if asks else 1,
                default=list(lengths) or None,
                metavar="N",
                help="tokens of a text",
            )
        return one

    def books(one: argparse.ArgumentParser) -> None:
        one.add_argument("--books", type=Path, required=True, metavar="DIR", help="books (*.txt), or one of them")

    one = add("people", "questions in people's words on their own documents", answer_tokens=96)
    one.add_argument(
        "--questions", type=Path, required=True, metavar="JSONL", help="a file of the form of questions.jsonl"
    )
    one.add_argument("--documents", type=Path, nargs="+", required=True, metavar="DIR", help="where the documents are")
    one.add_argument("--only", nargs="+", default=[], metavar="WORD", help="only documents whose name has one of these")
    one.add_argument(
        "--upto-section",
        nargs="*",
        default=[UPTO],
        metavar="FILE=TITLE",
        help="read FILE up to the end of the section that begins so",
    )
    one = add("squad-in-book", "SQuAD paragraphs hidden in books", lengths=(4096, 16384))
    one.add_argument("--data", type=Path, required=True, metavar="DIR", help="the folder that has squad/")
    books(one)
    one.add_argument("--questions", type=int, default=256, metavar="N", help="questions a length")
    one.add_argument(
        "--foreign",
        type=int,
        default=25,
        metavar="N",
        help="for a hundred of them, so many that the text cannot answer",
    )
    one.add_argument(
        "--passages", type=int, default=None, metavar="N", help="paragraphs a text; by length if not given"
    )
    one.set_defaults(brief=True)
    one = add("narrativeqa", "questions on whole novels", lengths=())
    one.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="has narrativeqa_*questions.jsonl and books/"
    )
    one.set_defaults(brief=True)
    one = add("babilong", "bAbI stories strewn in books", lengths=(0, 16384), answer_tokens=24)
    one.add_argument("--stories", type=Path, required=True, metavar="DIR", help="has qa1_..._train.txt and so on")
    books(one)
    one.add_argument("--tasks", type=int, nargs="+", default=[1, 2, 3, 4, 5], metavar="N", help="bAbI tasks")
    one.add_argument("--trials", type=int, default=50, metavar="N", help="stories a task")
    one.set_defaults(brief=True, suffix=ONE_WORD)
    one = add("passkey", "one number hidden in books", lengths=(8192, 32768), answer_tokens=24)
    books(one)
    one.add_argument(
        "--depths", type=float, nargs="+", default=[0.0, 0.5, 1.0], metavar="D", help="0 the beginning, 1 the end"
    )
    one.add_argument("--trials", type=int, default=20, metavar="N", help="texts a depth")
    one = add("needles", "several numbers hidden in books", lengths=(16384, 131072), answer_tokens=24)
    books(one)
    one.add_argument("--needles", type=int, default=8, metavar="N", help="numbers a text")
    one.add_argument("--trials", type=int, default=8, metavar="N", help="texts")
    one = add(
        "retention",
        "a number asked for again while the text is read on",
        lengths=(32768,),
        asks=False,
        answer_tokens=24,
    )
    books(one)
    one.add_argument("--trials", type=int, default=8, metavar="N", help="texts")
    one = add("perplexity", "how well books are foretold", lengths=(32768,), asks=False)
    books(one)
    one.add_argument("--windows", type=int, default=8, metavar="N", help="windows measured of each book")
    one.add_argument(
        "--ways", nargs="+", default=["none", "transformer_xl", "memory"], choices=perplexity.PERPLEXITIES, metavar="WAY",
        help=f"what is before a window: {', '.join(perplexity.PERPLEXITIES)}",
    )  # fmt: skip
    one = add("summaries", "summaries of stories and meetings by ROUGE", answer_tokens=300)
    one.add_argument("--file", type=Path, required=True, metavar="JSONL", help="SQuALITY's or QMSum's")
    one.add_argument("--general", action="store_true", help="only queries for a summary of the whole")
    one = names.add_parser("abstention", help="whether confidence is true, from rows of people or squad-in-book")
    one.add_argument(
        "--rows", type=Path, nargs="+", required=True, metavar="JSONL", help="what --rows of an evaluation wrote"
    )
    one.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    return whole


def _model_options(one: argparse.ArgumentParser) -> None:
    one.add_argument("--model", default="standard", metavar="NAME", help="standard, small, a folder or a hub id")
    one.add_argument("--models", type=Path, default=MODELS, metavar="DIR", help="where models are kept")
    one.add_argument(
        "--memory",
        type=Path,
        default=None,
        metavar="DIR",
        help="a trained memory, or none; the shipped one if not given",
    )
    one.add_argument("--memory-size", choices=SIZES, default="standard", help="how much is kept of a text")
    one.add_argument("--device", default="auto", help="auto, cpu, cuda, mps")
    one.add_argument("--dtype", default="auto", help="auto, float32, bfloat16, float16")
    one.add_argument("--threads", type=int, default=None, metavar="N", help="processor cores to use")
    for name in ("window", "slots", "pointing-slots"):
        one.add_argument(f"--{name}", type=int, default=None, metavar="N", help="another setting of the memory")
    one.add_argument("--bits", type=int, choices=BITS, default=None, help="another setting of the memory")
    one.add_argument("--rule", choices=(*RULES, "none"), default=None, help="another setting of the memory")
    one.add_argument(
        "--slots-in-view", action=argparse.BooleanOptionalAction, default=None, help="another setting of the memory"
    )
    one.add_argument(
        "--updates", action=argparse.BooleanOptionalAction, default=True, help="those that answer from slots"
    )
    one.add_argument("--seed", type=int, default=0, metavar="N", help="which texts are made")
    one.add_argument("--limit", type=int, default=None, metavar="N", help="most questions a length (perplexity: books)")
    one.add_argument(
        "--rows", type=Path, default=None, metavar="JSONL", help="write replies here; go on behind those that it has"
    )
    one.add_argument("--json", action="store_true", help="print one JSON object on the last line")


def _way_options(one: argparse.ArgumentParser, summaries: bool) -> None:
    there = (*WAYS, "summary", "lead") if summaries else WAYS
    one.add_argument(
        "--by", nargs="+", default=["memory"], choices=there, metavar="WAY", help=f"ways to answer: {', '.join(there)}"
    )
    one.add_argument(
        "--states", type=Path, default=None, metavar="DIR", help="keep states here, so that nothing is read twice"
    )
    one.add_argument("--batch", type=int, default=BATCH, metavar="N", help="questions answered together")
    one.add_argument("--view", type=int, default=VIEW, metavar="N", help="tokens of a text in plain view at most")
    one.add_argument(
        "--peers-decline", action="store_true", help="tell the peers what to say where the text has no answer"
    )
    one.add_argument(
        "--brief",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="ask every way for a few words of the text",
    )
    one.add_argument("--suffix", default="", metavar="TEXT", help="what is put behind every question")


def _pair(text: str) -> tuple[str, str]:
    name, there, title = text.partition("=")
    if not there:
        raise InputInvalid(f"{text!r} does not say FILE=TITLE.")
    return name, title


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value
