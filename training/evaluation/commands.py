"""`launch.py eval NAME`: from the command line's values to a result and its table."""

from argparse import Namespace
from collections.abc import Callable
from typing import NamedTuple

from engine.engine import Engine
from training.corpora import CorpusError
from training.evaluation import (
    babilong,
    heads,
    narrativeqa,
    needles,
    passages,
    passkey,
    perplexity,
    plots,
    questions,
    retention,
    summaries,
)
from training.evaluation.cases import RowsInvalid
from training.evaluation.hidden import FillerTooShort
from training.evaluation.readers import EmbedderMissing, Reader, reader

Say = Callable[[str], None]


class Evaluation(NamedTuple):
    """How to run one evaluation and how to show what it returns."""

    run: Callable[[Engine, Namespace, Say], dict]
    table: Callable[[dict], list[str]]


def named_errors() -> tuple[type[Exception], ...]:
    """What an evaluation raises when it was given the wrong files; the text is a sentence for the user."""
    return (
        FillerTooShort,
        EmbedderMissing,
        questions.QuestionsInvalid,
        RowsInvalid,
        CorpusError,
        plots.RetentionInvalid,
    )


def evaluation(name: str) -> Evaluation:
    """The evaluation called `name`. Raises KeyError."""
    return {
        "passkey": Evaluation(_passkey, _passkey_table),
        "questions": Evaluation(_questions, questions.table),
        "heads": Evaluation(lambda e, g, say: heads.run_heads(e, trials=g.trials, seed=g.seed), heads.table),
        "needles": Evaluation(_needles, needles.table),
        "babilong": Evaluation(_babilong, babilong.table),
        "squad-in-book": Evaluation(_passages, passages.table),
        "narrativeqa": Evaluation(_narrativeqa, narrativeqa.table),
        "summaries": Evaluation(_summaries, summaries.table),
        "perplexity": Evaluation(_perplexity, perplexity.table),
        "retention": Evaluation(_retention, retention.table),
        "plots": Evaluation(_plots, plots.table),
    }[name]


def _by(engine: Engine, given: Namespace) -> Reader:
    return reader(engine, given.by, given.embedder, given.side_by_side)


def _passkey(engine: Engine, given: Namespace, say: Say) -> dict:
    return passkey.run_passkey(
        engine, tokens=given.tokens, depth=given.depth, trials=given.trials, filler=given.filler, seed=given.seed,
        rows=given.rows, limit=given.limit, by=_by(engine, given), say=say,
    )  # fmt: skip


def _passkey_table(result: dict) -> list[str]:
    return [f"exact {result['exact']:.3f}, digits {result['digits']:.3f}, {result['trials']} trials"]


def _questions(engine: Engine, given: Namespace, say: Say) -> dict:
    return questions.run_questions(engine, document=given.document, questions=given.questions, other=given.other)


def _needles(engine: Engine, given: Namespace, say: Say) -> dict:
    return needles.run_needles(
        engine, tokens=given.tokens, needles=given.needles, trials=given.trials, filler=given.filler, seed=given.seed,
        rows=given.rows, limit=given.limit, by=_by(engine, given), say=say,
    )  # fmt: skip


def _babilong(engine: Engine, given: Namespace, say: Say) -> dict:
    return babilong.run_babilong(
        engine, tokens=given.tokens, tasks=tuple(given.tasks), trials=given.trials, stories=given.stories,
        filler=given.filler, seed=given.seed, rows=given.rows, limit=given.limit, by=_by(engine, given), say=say,
    )  # fmt: skip


def _passages(engine: Engine, given: Namespace, say: Say) -> dict:
    return passages.run_passages(
        engine, tokens=given.tokens, passages=given.passages, trials=given.trials, squad=given.squad,
        filler=given.filler, seed=given.seed, rows=given.rows, limit=given.limit, by=_by(engine, given), say=say,
    )  # fmt: skip


def _narrativeqa(engine: Engine, given: Namespace, say: Say) -> dict:
    return narrativeqa.run_narrativeqa(
        engine,
        books=given.books,
        tokens=given.tokens,
        rows=given.rows,
        limit=given.limit,
        by=_by(engine, given),
        say=say,
    )


def _summaries(engine: Engine, given: Namespace, say: Say) -> dict:
    return summaries.run_summaries(
        engine, file=given.file, rows=given.rows, limit=given.limit, by=_by(engine, given), say=say
    )


def _perplexity(engine: Engine, given: Namespace, say: Say) -> dict:
    return perplexity.run_perplexity(
        engine, library=given.books, tokens=given.tokens, limit=given.limit, ways=tuple(given.ways), say=say
    )


def _retention(engine: Engine, given: Namespace, say: Say) -> dict:
    return retention.run_retention(
        engine, tokens=given.tokens, trials=given.trials, filler=given.filler, seed=given.seed, say=say
    )


def _plots(engine: Engine, given: Namespace, say: Say) -> dict:
    return plots.run_plots(
        engine, document=given.document, filler=given.filler, tokens=given.tokens, to=given.to,
        retention=given.retention, say=say,
    )  # fmt: skip
