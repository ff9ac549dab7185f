"""Pictures of a memory for the docs: how long it retains, where it writes, and which heads listen to it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from engine.engine import Engine
from training.evaluation.hidden import Haystack, read_filler

INK, RUBRIC, LEAF, FADED = "#221e19", "#96391f", "#4b7a56", "#8d8474"
WIDTH = 8.0  # inches
QUIET = {"Date": None, "Creator": None}  # the same figures give the same file
STYLE = {
    "svg.hashsalt": "palimpsest", "svg.fonttype": "none", "savefig.facecolor": "white", "font.size": 10,
    "axes.edgecolor": FADED, "axes.labelcolor": INK, "text.color": INK, "xtick.color": FADED, "ytick.color": FADED,
    "axes.spines.top": False, "axes.spines.right": False,
}  # fmt: skip


class RetentionInvalid(Exception):
    """The file is not a result of `eval retention`."""


class Written(NamedTuple):
    """What reading did, a segment each: mean write strength, and the worth of its best tokens to the exact caches (empty where there
    are none); and which segments hold the document."""

    strengths: list[float]
    worths: list[float]
    first: int
    last: int


def run_plots(
    engine: Engine,
    *,
    document: Path,
    filler: Path,
    tokens: int,
    to: Path,
    retention: Path | None = None,
    say: Callable[[str], None] = lambda line: None,
) -> dict:
    """Read `document` in the middle of `tokens` tokens of the book text `filler` and draw, as SVG files in `to`: `written`, how strongly
    each segment was written; `gates`, how far each head listens; and `retention` from the result of `eval retention`, a JSON file.

    Returns the files and the figures behind them. Raises FillerTooShort and RetentionInvalid.
    """
    import matplotlib

    to.mkdir(parents=True, exist_ok=True)
    curve = None if retention is None else read_retention(retention)
    written = read_in_the_middle(engine, document, filler, tokens)
    say(f"{len(written.strengths)} segments were read")
    with matplotlib.rc_context(STYLE):
        figures = {"written": draw_written(written), "gates": draw_gates(engine)}
        if curve is not None:
            figures["retention"] = draw_retention(curve)
        for name, figure in figures.items():
            figure.savefig(to / f"{name}.svg", metadata=QUIET)
    inside = slice(written.first, written.last + 1)
    around = written.strengths[: written.first] + written.strengths[written.last + 1 :]
    return {
        "files": [f"{name}.svg" for name in figures], "strength_in_document": float(np.mean(written.strengths[inside])),
        "strength_in_book": float(np.mean(around)), "tokens": tokens, "weights": engine.info.weights_hash,
    }  # fmt: skip


def table(result: dict) -> list[str]:
    """The result as a Markdown table."""
    return [
        "| mean write strength in the document | in the book around it | files |",
        "|---|---|---|",
        f"| {result['strength_in_document']:.4f} | {result['strength_in_book']:.4f} | {', '.join(result['files'])} |",
    ]


def read_in_the_middle(engine: Engine, document: Path, filler: Path, tokens: int) -> Written:
    """Read `tokens` tokens of book text from its beginning on, with the document in the middle."""
    hay, segment_len = Haystack(engine, read_filler(filler)), engine.info.segment_len
    inserted = hay.tokens(document.read_text(encoding="utf-8"))
    before = max(tokens - len(inserted), 0) // 2
    ids = [*hay.ids[:before], *inserted, *hay.ids[before : max(tokens - len(inserted), 0)]]
    strengths, worths = [], []
    for step in engine.read(ids, engine.empty_state(), group_tokens=engine.group_tokens()):
        strengths += step.strengths
        worths += [engine.worth(some) for some in step.worths if some]
    return Written(strengths, worths, before // segment_len, (before + len(inserted) - 1) // segment_len)


def read_retention(path: Path) -> dict:
    """The result in a file: its last line, or the whole of it. Raises RetentionInvalid."""
    try:
        found = json.loads(path.read_text(encoding="utf-8").strip().splitlines()[-1])
        return {
            "exact": {int(at): float(share) for at, share in found["exact"].items()},
            "trials": int(found["trials"]),
        }
    except (OSError, ValueError, KeyError, IndexError, AttributeError, TypeError) as error:
        raise RetentionInvalid(
            f"{path} is no result of `eval retention --json`. Give the file that its output was written to."
        ) from error


def draw_written(written: Written) -> Figure:
    """Two rows of bars over the text; the document's segments are shaded."""
    rows = [("write strength", written.strengths, RUBRIC)]
    if written.worths:
        rows.append(("worth to the exact caches", written.worths, LEAF))
    figure = Figure(figsize=(WIDTH, 2.2 * len(rows)), layout="constrained")
    for axes, (name, values, colour) in zip(figure.subplots(len(rows), squeeze=False)[:, 0], rows, strict=True):
        axes.axvspan(written.first - 0.5, written.last + 0.5, color=FADED, alpha=0.18, linewidth=0)
        axes.bar(range(len(values)), values, width=0.85, color=colour)
        axes.set(ylabel=name, xlim=(-1, len(values)))
    axes.set_xlabel("segments, in the order of reading; those of the document are shaded")
    return figure


def draw_gates(engine: Engine) -> Figure:
    """A map of layers and heads for each kind of memory, dark where a head listens."""
    layers = engine.gates()
    kinds = [("compressive memory", [layer.compressive for layer in layers])]
    if layers[0].exact is not None:
        kinds.append(("exact cache", [layer.exact for layer in layers]))
    figure = Figure(figsize=(WIDTH, 0.34 * len(layers) + 1.2), layout="constrained")
    for axes, (name, values) in zip(figure.subplots(1, len(kinds), squeeze=False)[0], kinds, strict=True):
        _map(axes, np.array(values), [layer.layer for layer in layers])
        axes.set_title(name, fontsize=10)
    return figure


def _map(axes: Axes, values: np.ndarray, layers: list[int]) -> None:
    axes.imshow(values, vmin=0, vmax=max(1.0, float(values.max())), cmap="YlOrBr", aspect="auto")
    axes.set(
        xlabel="head", ylabel="layer", xticks=range(values.shape[1]), yticks=range(len(layers)), yticklabels=layers
    )
    for at, value in np.ndenumerate(values):
        axes.text(at[1], at[0], f"{value:.2f}"[-3:], ha="center", va="center", fontsize=7, color=INK)


def draw_retention(curve: dict) -> Figure:
    """The share of numbers recalled whole against the tokens read since."""
    figure = Figure(figsize=(WIDTH, 2.8), layout="constrained")
    axes = figure.subplots()
    axes.plot(list(curve["exact"]), list(curve["exact"].values()), marker="o", color=RUBRIC, clip_on=False)
    axes.set_xscale("log", base=2)
    axes.set(ylim=(0, 1.02), xlabel="tokens read", ylabel=f"recalled whole, of {curve['trials']}")
    axes.set_xticks(list(curve["exact"]), [f"{at:,}" for at in curve["exact"]], rotation=40, ha="right", fontsize=8)
    axes.minorticks_off()
    return figure
