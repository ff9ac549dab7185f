"""Ablations: variants of a recipe on the same budget, each measured on what none of them has seen, in one table."""

import json
import random
import time
import tomllib
from argparse import Namespace
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from accelerate.utils import send_to_device
from transformers import AutoTokenizer

from engine.device import choose_device, choose_dtype
from training.corpora import books, fairytale_passages, squad_passages
from training.episodes import Episodes
from training.recipe import Recipe, RecipeInvalid, load_recipe
from training.run import build, load_adapter, train
from training.tape import record
from training.task import RecallTask
from training.writer import Corpora, Writer, load_corpora

EPISODES, FAR_SEGMENTS, GROUP = 24, 32, 8
MEASURES = ("near", "far")
Say = Callable[[str], None]


class Variant(NamedTuple):
    """A recipe under the name of what was changed."""

    name: str
    recipe: Recipe


def load_variants(recipe: str, table: str) -> list[Variant]:
    """The variants of `recipe` in the table called `table` beside this file, or in the TOML file at that path: a section each, of
    the settings that it changes. Raises RecipeInvalid."""
    path = Path(table) if table.endswith(".toml") else Path(__file__).parent / "ablations" / f"{table}.toml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in (Path(__file__).parent / "ablations").glob("*.toml")))
        raise RecipeInvalid(
            f"There is no table of variants {table!r}. Known ones: {known}; or give the path of a .toml file."
        )
    sections = tomllib.loads(path.read_text(encoding="utf-8"))
    return [Variant(name, load_recipe(recipe, changes)) for name, changes in sections.items()]


def held_out(data: Path, library: Path) -> Corpora:
    """What variants are measured on: the books in `library`, and the passages of `data` that training leaves out. Raises CorpusError."""
    passages = {
        "squad": squad_passages(data / "squad")[1],
        "fairytale": fairytale_passages(data / "fairytaleqa", "val"),
    }
    return Corpora(books(library), passages)


def compare(variants: list[Variant], base: Path, corpora: Corpora, unseen: Corpora, out: Path, say: Say) -> list[dict]:
    """Train and measure every variant, in their order, each in a folder of its own in `out`. Rows are written to rows.jsonl there as
    soon as they are known, and a comparison that was broken off goes on behind them. Returns the rows."""
    out.mkdir(parents=True, exist_ok=True)
    known = {row["variant"]: row for row in stored_rows(out / "rows.jsonl")}
    for number, (name, recipe) in enumerate(variants):
        if name in known:
            continue
        begun = time.monotonic()
        folder = out / f"{number:02}"
        train(recipe, base, corpora, folder)
        minutes = (time.monotonic() - begun) / 60
        known[name] = {
            "variant": name,
            "minutes": round(minutes, 1),
            **measure(recipe, base, unseen, folder / "adapter"),
        }
        store_row(out / "rows.jsonl", known[name])
        say(line(known[name]))
    return [known[variant.name] for variant in variants]


@torch.no_grad()
def measure(recipe: Recipe, base: Path, unseen: Corpora, adapter: Path) -> dict:
    """Loss and exactness of the answers on EPISODES unseen episodes: `near`, asked at once, and `far`, after FAR_SEGMENTS segments
    of unseen books; and the bytes of a document's state."""
    device = choose_device()
    task = RecallTask(build(base, recipe, choose_dtype(device)).to(device), recipe)
    load_adapter(task, adapter)
    task.eval()
    writer = Writer(AutoTokenizer.from_pretrained(base), unseen, recipe.memory.get("running_answers", False))
    episodes = Episodes(replace(recipe, seed=recipe.seed + 1000), writer)
    task.pool = record(task.model, _filler(writer, recipe).to(device), torch.ones(FAR_SEGMENTS, device=device), GROUP)
    found = {"state_bytes": task.model.config.state_bytes}
    for where in MEASURES:
        for number in range(EPISODES):
            batch = send_to_device(episodes[number], device)
            last = torch.arange(FAR_SEGMENTS if where == "far" else 0)
            task(**batch | {"plan": [torch.arange(0)] * (len(batch["plan"]) - 1) + [last], "after_rivals": False})
        answers = [hit for name, hits in task.tally.items() if name.startswith("exact_") for hit in hits]
        found[where] = {
            "loss": round(task.take_tally()["answer_loss"], 3),
            "exact": round(sum(answers) / len(answers), 3),
        }
    return found


def main(arguments: Namespace, say: Say) -> list[dict]:
    """Compare the variants named on the command line; returns their rows. Raises RecipeInvalid and CorpusError."""
    variants = load_variants(arguments.recipe, arguments.variants)
    if any(variant.recipe.window is not None for variant in variants):
        raise RecipeInvalid(
            f"The table {arguments.variants} has systems without a memory, for which there is --compare {arguments.variants}."
        )
    data = Path(arguments.data)
    library = Path(arguments.books) if arguments.books else data / "train"
    kinds = {kind for variant in variants for kind in variant.recipe.all_kinds()}
    corpora, unseen = load_corpora(data, library, kinds), held_out(data, arguments.unseen or library)
    return compare(variants, Path(arguments.base), corpora, unseen, Path(arguments.out), say)


def _filler(writer: Writer, recipe: Recipe) -> torch.Tensor:
    rng = random.Random(f"ablation/{recipe.seed}")
    return torch.tensor(writer.filler(rng, FAR_SEGMENTS * recipe.memory["segment_len"]))


def table(rows: list[dict]) -> list[str]:
    """The rows as a Markdown table."""
    head = [
        "| variant | loss | exact | loss far | exact far | state, bytes | minutes |",
        "|---|---|---|---|---|---|---|",
    ]
    return head + [line(row) for row in rows]


def line(row: dict) -> str:
    """One row of the table."""
    near, far = row["near"], row["far"]
    return (
        f"| {row['variant']} | {near['loss']:.2f} | {near['exact']:.2f} | {far['loss']:.2f} | {far['exact']:.2f} "
        f"| {row['state_bytes']:,} | {row['minutes']} |"
    )


def store_row(path: Path, row: dict) -> None:
    """Write a row behind those in a file."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def stored_rows(path: Path) -> Iterator[dict]:
    """The rows in a file, none where there is no file."""
    if path.is_file():
        yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())
