"""The paper's comparison: systems trained on the same budget, and what people use instead, all measured alike, in one table."""

import json
import math
import random
import re
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from engine import adapter
from engine.config import EVERY
from engine.engine import Engine, EngineSettings
from engine.model import InfiniForCausalLM
from training.ablation import Variant, load_variants, store_row, stored_rows
from training.baselines.window import ask_window, read_window, window_losses
from training.corpora import books, read_book
from training.evaluation import passkey
from training.evaluation.cases import run_cases
from training.evaluation.hidden import Haystack
from training.evaluation.perplexity import book_segments, memory_losses
from training.evaluation.readers import BEST, PASSAGE, Embedder, Passages, Reader, in_view, one_by_one, read_all, reader
from training.evaluation.scores import mean
from training.recipe import Recipe, RecipeInvalid
from training.run import manifest, train
from training.writer import Corpora, load_corpora

ID_BYTES = 4  # a token's number, for those who keep the text itself
Say = Callable[[str], None]


class Plan(NamedTuple):
    """What is measured: perplexity of the first `tokens` tokens of `books` of the unseen books, and pass keys in texts of each length
    of `passkey`, at each of `depths`, `trials` times."""

    tokens: int
    books: int
    passkey: tuple[int, ...]
    depths: tuple[float, ...]
    trials: int
    seed: int


class System(NamedTuple):
    """One row of the table. `keeps` says in words what it has of a text when it is asked; `kept` reads a text's ids and returns the
    bytes of that; `reads` is whether that is any reading; `losses` as `perplexity.memory_losses`, None for what has none."""

    keeps: str
    engine: Engine
    by: Reader
    kept: Callable[[Sequence[int]], int]
    reads: bool = True
    losses: Callable[[InfiniForCausalLM, Tensor], list[float]] | None = None


def with_memory(engine: Engine) -> System:
    """A system that answers from a memory."""
    config = engine.model.config
    keeps = [] if config.rule == "none" else ["a compressive memory"]
    if config.exact_slots == EVERY:
        keeps.append(f"every token's key and value, {config.exact_top or 'all'} of them looked at")
    elif config.exact_slots:
        keeps.append(f"{config.exact_slots:,} tokens a head")
    return System(
        " and ".join(keeps), engine, reader(engine, "memory"),
        lambda ids: read_all(engine, ids).n_bytes, losses=memory_losses,
    )  # fmt: skip


def with_window(engine: Engine, before: int) -> System:
    """A system that sees `before` segments before the present one, and no more."""

    def open_text(ids: Sequence[int]):
        cache = read_window(engine.model, ids, before)
        return lambda question, options: ask_window(engine, cache, question, options)

    tokens = before * engine.info.segment_len
    return System(
        f"keys and values of the last {tokens:,} tokens" if before else "nothing", engine,
        Reader(f"window of {before}", one_by_one(open_text)),
        lambda ids: read_window(engine.model, ids, before).n_bytes, before > 0, window_losses(before),
    )  # fmt: skip


def untrained(engine: Engine, embedder: Path | None) -> dict[str, System]:
    """What people use without any training: passages that are looked up, if there is an `embedder`, and the end of the text.
    Raises EmbedderMissing."""
    most = in_view(engine)
    truncated = System(
        f"the text's last {most:,} tokens", engine, reader(engine, "truncated"), lambda ids: ID_BYTES * min(most, len(ids)), False,
        window_losses(most // engine.info.segment_len),
    )  # fmt: skip
    if embedder is None:
        return {"truncated": truncated}
    by, embed = reader(engine, "rag", embedder), Embedder(embedder)

    def index(ids: Sequence[int]) -> int:
        made = Passages(engine, embed, ids)
        return made.vectors.nbytes + ID_BYTES * sum(map(len, made.passages))

    rag = System(f"all passages of {PASSAGE} tokens, {BEST} looked up", engine, by, index)
    return {"rag": rag, "truncated": truncated}


def compare(
    variants: list[Variant], base: Path, corpora: Corpora, unseen: list[Path], plan: Plan, out: Path, say: Say,
    embedder: Path | None = None,
) -> list[dict]:  # fmt: skip
    """Train every variant in a folder of its own in `out`, measure it on the `unseen` books, and then what needs no training.

    Rows are written to rows.jsonl there as soon as they are known. What was trained by the same settings is not trained again, nor
    is measured again what was measured by the same `plan`. Returns the rows. Raises EmbedderMissing, FillerTooShort and RowsInvalid.
    """
    out.mkdir(parents=True, exist_ok=True)
    plain = Engine.load(EngineSettings(base, model=str(base)))
    hay = Haystack(plain, "\n\n".join(map(read_book, unseen)))
    # books that are too short show before hours of training
    passkey.hide(hay, max(plan.passkey), 0.0, "0" * passkey.DIGITS, random.Random(0))
    others = untrained(plain, embedder)
    rows = []
    for name, recipe in [*variants, *((name, None) for name in others)]:
        folder = out / re.sub(r"\W+", "-", name)
        folder.mkdir(exist_ok=True)
        minutes = learn(recipe, base, corpora, folder) if recipe else None
        system = trained(recipe, base, folder) if recipe else others[name]
        about = {
            "system": name, "weights": system.engine.info.weights_hash, "steps": recipe.stop_after if recipe else 0,
            "training_seed": recipe.seed if recipe else None, **plan._asdict(),
        }  # fmt: skip
        about = json.loads(json.dumps(about))  # as it is stored
        row = next((row for row in stored_rows(out / "rows.jsonl") if about.items() <= row.items()), None)
        if row is None:
            row = about | {"minutes": minutes} | measure(system, hay, unseen, plan, folder / "passkey.jsonl", say)
            store_row(out / "rows.jsonl", row)
            say(line(row))
        rows.append(row)
    return rows


def learn(recipe: Recipe, base: Path, corpora: Corpora, folder: Path) -> float:
    """Train to `folder`, unless the same was trained there already; the minutes that it took."""
    wanted, log = manifest(recipe, base, recipe.stop_after), folder / "trained.jsonl"
    there = (folder / "adapter" / adapter.MANIFEST).is_file() and log.is_file()
    if not there or not wanted.items() <= adapter.read_manifest(folder / "adapter").items():
        begun = time.monotonic()
        train(recipe, base, corpora, folder)
        store_row(log, {"minutes": round((time.monotonic() - begun) / 60, 1)})
    *_, last = stored_rows(log)
    return last["minutes"]


def trained(recipe: Recipe, base: Path, folder: Path) -> System:
    """The system that was trained to `folder`."""
    engine = Engine.load(EngineSettings(base, model=str(base), adapter_dir=folder / "adapter"))
    return with_memory(engine) if recipe.window is None else with_window(engine, recipe.window)


def measure(system: System, hay: Haystack, unseen: list[Path], plan: Plan, rows: Path, say: Say) -> dict:
    """Perplexity or None, pass keys by length and depth, what is kept of the longest text and how fast that was read, or None."""
    engine, found = system.engine, []
    for tokens, depth in product(plan.passkey, plan.depths):
        cases = passkey.cases(hay, tokens, depth, plan.trials, plan.seed)
        told = run_cases(engine, cases, passkey.judge, rows=rows, options=passkey.OPTIONS, by=system.by, say=say)
        shares = {name: mean([row[name] for row in told]) for name in ("exact", "digits")}
        found.append({"tokens": tokens, "depth": depth, **shares})
    text = hay.ids[: max(plan.passkey)]
    begun = time.monotonic()
    kept = system.kept(text)
    seconds = time.monotonic() - begun
    return {
        "keeps": system.keeps, "perplexity": _perplexity(system, unseen, plan), "exact": found, "state_bytes": kept,
        "tokens_per_second": round(len(text) / seconds) if system.reads else None,
    }  # fmt: skip


def _perplexity(system: System, unseen: list[Path], plan: Plan) -> float | None:
    if system.losses is None:
        return None
    texts = (book_segments(system.engine, path, plan.tokens) for path in unseen[: plan.books])
    return math.exp(mean([loss for text in texts for loss in system.losses(system.engine.model, text)]))


def main(arguments: Namespace, say: Say) -> list[dict]:
    """Compare the systems named on the command line; returns their rows. Raises RecipeInvalid, CorpusError and as `compare`."""
    if arguments.unseen is None:
        raise RecipeInvalid("Systems are compared on books that none was trained on: name their folder with --unseen.")
    variants = [
        Variant(name, _changed(recipe, arguments))
        for name, recipe in load_variants(arguments.recipe, arguments.compare)
    ]
    data = Path(arguments.data)
    library = Path(arguments.books) if arguments.books else data / "train"
    corpora = load_corpora(data, library, {kind for variant in variants for kind in variant.recipe.all_kinds()})
    plan = Plan(
        arguments.tokens, arguments.limit, tuple(arguments.passkey), tuple(arguments.depths), arguments.trials, arguments.seed or 0
    )  # fmt: skip
    out, embedder = Path(arguments.out), arguments.embedder
    if embedder is None:
        say("Without --embedder DIR the table lacks looking passages up (rag).")
    return compare(variants, Path(arguments.base), corpora, books(arguments.unseen), plan, out, say, embedder)


def _changed(recipe: Recipe, arguments: Namespace) -> Recipe:
    seed = recipe.seed if arguments.seed is None else arguments.seed
    steps = arguments.steps or recipe.steps
    return replace(recipe, seed=seed, steps=steps, stop_after=steps)


def table(rows: list[dict]) -> list[str]:
    """The rows, all of one plan, as a Markdown table."""
    asked = [f"{cell['tokens']:,} tokens, depth {cell['depth']:g}" for cell in rows[0]["exact"]]
    names = [
        "system", "keeps of a text", "perplexity", *asked, f"bytes kept of {max(rows[0]['passkey']):,} tokens", "read, tokens/s",
        "trained, minutes",
    ]  # fmt: skip
    return [f"| {' | '.join(names)} |", "|---" * len(names) + "|", *map(line, rows)]


def line(row: dict) -> str:
    """One row of the table."""
    shown = lambda value, form: "–" if value is None else format(value, form)  # noqa: E731
    cells = [
        row["system"], row["keeps"], shown(row["perplexity"], ".2f"), *(f"{cell['exact']:.2f}" for cell in row["exact"]),
        f"{row['state_bytes']:,}", shown(row["tokens_per_second"], ","), shown(row["minutes"], ""),
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"
