"""`python -m training scorer|matrix|recall|judge|confidence|scale`: makes the parts of a memory for any base, as does
`python launch.py train ...`.

    scorer      what is worth keeping, which heads point, and the spread of keys and values: forward passes only
    matrix      how much each head takes from the compressive matrix, on books
    recall      low-rank updates that answer from slots
    judge       low-rank updates that judge answers
    confidence  how sure an answer is, from questions that were held back
    scale       its slope, shift and threshold, from replies of `evaluation people`

Each goes on from the memory in --out where there is one, and leaves the other parts as they are.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import torch
from safetensors.torch import load_file

from engine.confidence import Confidence
from engine.config import MemoryConfig
from engine.device import choose_device, choose_dtype
from engine.engine import Engine
from engine.errors import EngineError
from engine.fetch import MODELS, model_hash, resolve_base
from engine.load import Loaded, load_base
from engine.memory import MANIFEST, WEIGHTS, load_memory, read_manifest, save_memory, scorer_tensors
from engine.model import Decoder, Updates
from engine.ops.naive import RULES
from engine.prompts import Chat
from training import confidence, judge, matrix, recall, scorer, updates
from training.corpora import CorpusError, books, by_source, fairytales, squad
from training.facts import facts
from training.observe import Reading, read_everything
from training.texts import Asked, scattered

TOKENS = 6000  # of a text that the scorer is fitted on
ARTICLES, PARAGRAPHS = 3, 4  # in such a text
PLANTED = 14  # facts in one, where there are no data sets


def main(argv: Sequence[str] | None = None, say: Callable[[str], None] = print) -> int:
    """Runs one of the commands; 0, or 1 with a sentence on standard error."""
    given = parser().parse_args(argv)
    try:
        what = {
            "scorer": train_scorer, "matrix": train_matrix, "recall": train_recall, "judge": train_judge,
            "confidence": train_confidence, "scale": train_scale,
        }  # fmt: skip
        what[given.what](given, say)
    except (EngineError, CorpusError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(
        prog="python -m training", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    what = top.add_subparsers(dest="what", required=True)
    commands = (
        ("scorer", "minutes"), ("matrix", "a quarter of an hour"), ("recall", "an hour"), ("judge", "an hour"),
        ("confidence", "half an hour"),
    )  # fmt: skip
    for name, help_ in commands:
        one = what.add_parser(name, help=help_)
        one.add_argument("--base", default="standard", help="standard, small, a folder or a hub id")
        one.add_argument("--models", type=Path, default=MODELS, help="where fetched bases are kept")
        if name != "matrix":
            without = "; without them facts are planted in the books" if name == "scorer" else ""
            one.add_argument("--data", type=Path, required=name != "scorer", help=f"the unpacked data sets{without}")
        one.add_argument("--out", type=Path, required=True, help="the folder of the memory")
        one.add_argument("--device", default="auto")
        one.add_argument("--dtype", default="auto")
        one.add_argument("--seed", type=int, default=1)
        if name not in ("judge", "recall"):
            one.add_argument("--books", type=Path, required=True, help="a folder of books as plain text")
        if name == "scorer":
            one.add_argument("--texts", type=int, default=15)
            one.add_argument("--questions", type=int, default=14, help="a text")
            one.add_argument(
                "--labels", choices=scorer.LABELS, default="questions", help="what a token's worth is taken from"
            )
            one.add_argument("--steps", type=int, default=400)
            one.add_argument("--heads", type=int, default=12, help="that point, at most")
            one.add_argument("--window", type=int, default=MemoryConfig().window)
            one.add_argument("--bits", type=int, default=MemoryConfig().bits)
        elif name == "matrix":
            one.add_argument("--rule", choices=RULES, default="gated_delta")
            one.add_argument("--minutes", type=float, default=15.0)
        elif name in ("judge", "recall"):
            one.add_argument("--minutes", type=float, default=45.0)
            one.add_argument("--rank", type=int, default=updates.Settings().rank)
            if name == "recall":
                one.add_argument("--go-on", action="store_true", help="from the updates that are there")
        else:
            one.add_argument("--texts", type=int, default=6)
            one.add_argument("--tokens", type=int, default=6000)
            one.add_argument("--rows", type=Path, help="keep what was seen of each question in this file")
    scale = what.add_parser("scale", help="seconds")
    scale.add_argument("--rows", type=Path, required=True, help="the file that `evaluation people --rows` wrote")
    scale.add_argument("--only", nargs="+", default=[], metavar="WORD", help="of documents whose name has one of these")
    scale.add_argument("--out", type=Path, required=True, help="the folder of the memory")
    return top


@torch.no_grad()
def train_scorer(given: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Scorer, pointing heads and codecs, into `given.out`. Raises EngineError, CorpusError."""
    folder, tokenizer, decoder = base_of(given, say)
    chat, sizes = Chat(tokenizer), []

    def readings() -> Iterator[tuple[Reading, Sequence[Asked]]]:
        for text in texts(chat.plain, given.data, given.books, given.texts, given.seed):
            reading = read_everything(decoder, text.ids, given.window)
            sizes.append((reading.keys.cpu(), reading.values.cpu()))
            yield reading, text.asked

    seen = scorer.observe(decoder, chat, readings(), given.questions, given.seed, given.labels, say)
    keep_scorer(given.out, decoder, model_hash(folder), seen, sizes, given, say)


def keep_scorer(out: Path, decoder: Decoder, base: str, seen, sizes, given: argparse.Namespace, say) -> None:
    """Fits what was observed and writes it."""
    layers, recall = scorer.fit_scorer(seen, given.steps, given.seed)
    say(f"of the best hundredth of tokens in the best twentieth of scores: {sum(recall) / len(recall):.2f}")
    pointers = scorer.fit_pointing(seen, decoder.H // decoder.N, given.heads, given.seed)
    say(f"page right at 1, 3, 5 of held-back questions: {pointers.hits}, heads {pointers.heads}")
    tensors = scorer_tensors(tuple(layers))
    for name, which in (("keys", 0), ("values", 1)):
        mean, spread = scorer.channels([pair[which] for pair in sizes])
        tensors |= {f"{name}.mean": mean, f"{name}.spread": spread}
    tensors["pointing.usual"] = torch.stack([seen.queries[layer, head] for layer, head in pointers.heads])
    config = replace(MemoryConfig(), window=given.window, bits=given.bits)
    pointing = {"heads": [list(h) for h in pointers.heads], "weight": pointers.weight, "floor": scorer.FLOOR}
    manifest = {
        "base_sha256": base,
        "config": config.to_dict(),
        "pointing": pointing,
        "confidence": Confidence.untrained().to_dict(),
        "fitted": {
            "texts": len(seen.inputs),
            "questions": len(seen.pages),
            "seed": given.seed,
            "labels": given.labels,
            "recall": recall,
            "hits": pointers.hits,
        },
    }
    put(out, manifest, tensors)


def train_matrix(given: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Gates of the matrix and its rule, into `given.out` beside the rest. Raises EngineError, CorpusError."""
    folder, tokenizer, decoder = base_of(given, say)
    memory = load_memory(given.out, decoder, model_hash(folder))
    config = replace(memory.config, rule=given.rule)
    engine = Engine(
        Loaded(decoder, tokenizer, replace(memory, config=config), {"base": "", "dtype": ""}, given.base), given.base
    )
    gate = matrix.train(engine, books(given.books), given.minutes, given.seed, say)
    trained = {"minutes": given.minutes, "seed": given.seed}
    put(given.out, {"config": config.to_dict(), "matrix": trained}, {"matrix.gate": gate})


def train_recall(given: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Updates that answer from slots, into `given.out` beside the rest. Raises EngineError, CorpusError."""
    folder, tokenizer, decoder = base_of(given, say)
    memory, chat = load_memory(given.out, decoder, model_hash(folder)), Chat(tokenizer)
    settings = replace(recall.SETTINGS, minutes=given.minutes, rank=given.rank, seed=given.seed)
    made = recall.examples(chat, squad(given.data)[0], fairytales(given.data, "train"), settings)
    before = updates.going_on(memory.recall) if given.go_on else updates.fresh(decoder, settings)
    losses = lambda found: recall.loss_of(decoder, memory, chat, next(made), found)  # noqa: E731
    found = updates.train(before, losses, settings, given.out / "log", say)
    keep_updates(given.out, "recall", found, asdict(settings))


def train_judge(given: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Updates that judge answers, into `given.out` beside the rest. Raises EngineError, CorpusError."""
    _, tokenizer, decoder = base_of(given, say)
    window, chat = read_manifest(given.out)["config"]["window"], Chat(tokenizer)
    settings = updates.Settings(minutes=given.minutes, rank=given.rank, seed=given.seed)
    made = judge.examples(squad(given.data)[0], fairytales(given.data, "train"), settings)
    losses = lambda found: judge.loss_of(decoder, chat, next(made), found, window)  # noqa: E731
    found = updates.train(updates.fresh(decoder, settings), losses, settings, given.out / "log", say)
    keep_updates(given.out, "judge", found, asdict(settings))


def keep_updates(out: Path, which: str, found: Updates, settings: dict) -> None:
    """Writes updates beside the other parts of the memory in `out`."""
    tensors = {f"{which}.{layer}.{name}.down": u.down.bfloat16() for (layer, name), u in found.items()}
    tensors |= {f"{which}.{layer}.{name}.up": u.up.bfloat16() for (layer, name), u in found.items()}
    put(out, {which: {"scale": settings["scale"], "settings": settings}}, tensors)


def train_confidence(given: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Confidence, into `given.out` beside the rest. Raises EngineError, CorpusError."""
    folder, tokenizer, decoder = base_of(given, say)
    memory = load_memory(given.out, decoder, model_hash(folder))
    engine = Engine(Loaded(decoder, tokenizer, memory, {"base": "", "dtype": ""}, given.base), given.base)
    _, held = squad(given.data)
    rows = confidence.observe(engine, held, fairytales(given.data, "val"), books(given.books), given, say)
    if given.rows:
        given.rows.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    fitted, figures = confidence.fit(rows, given.seed)
    say(json.dumps(figures))
    put(given.out, {"confidence": fitted.to_dict(), "calibrated": figures}, {})


def train_scale(given: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Slope, shift and threshold of the confidence in `given.out`. Raises EngineError, CorpusError."""
    try:
        rows = [json.loads(line) for line in given.rows.read_text(encoding="utf-8").splitlines()]
        rows = [row for row in rows if not given.only or any(word in row["document"] for word in given.only)]
        found, figures = confidence.scaled(Confidence.of(read_manifest(given.out)["confidence"]), rows)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CorpusError(f"{given.rows} holds no replies of `evaluation people` ({error!r}).") from error
    say(json.dumps(figures))
    put(given.out, {"confidence": found.to_dict(), "scaled": {"only": given.only, **figures}}, {})


def put(out: Path, manifest: dict, tensors: dict) -> None:
    """Writes these parts of a memory, and leaves those that are there and not among them."""
    if (out / MANIFEST).is_file():
        old = load_file(out / WEIGHTS)
        replaced = {name.split(".")[0] for name in tensors}
        tensors = {name: t for name, t in old.items() if name.split(".")[0] not in replaced} | tensors
        manifest = read_manifest(out) | manifest
    save_memory(out, manifest, tensors)


def base_of(given: argparse.Namespace, say: Callable[[str], None]):
    """Folder, tokenizer and decoder of the base that was named."""
    device = choose_device(given.device)
    folder, _ = resolve_base(given.base, given.models, lambda progress: say(str(progress)))
    return folder, *load_base(folder, given.base, device, choose_dtype(device, given.dtype))


def texts(tokenize, data: Path | None, shelf: Path, count: int, seed: int):
    """What the scorer is fitted on: paragraphs of three articles in a book, and stories in a book, three to two; without data sets
    planted facts in a book."""
    chance, found = random.Random(seed + 10), books(shelf)
    if data is None:
        for _ in range(count):
            yield scattered(tokenize, facts(chance, PLANTED), found, TOKENS, chance)
        return
    train, _ = squad(data)
    articles = by_source(train)
    names, stories = sorted(articles), fairytales(data, "train")
    for number in range(count):
        if number % 5 in (1, 3):
            passages = chance.choice(stories)
        else:
            passages = []
            for name in chance.sample(names, ARTICLES):
                start = chance.randrange(max(len(articles[name]) - PARAGRAPHS, 0) + 1)
                passages += articles[name][start : start + PARAGRAPHS]
            chance.shuffle(passages)
        yield scattered(tokenize, passages, found, TOKENS, chance)


if __name__ == "__main__":
    sys.exit(main())
