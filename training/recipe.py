"""A recipe: everything that a training run is made of, as data read from a TOML file."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path


class RecipeInvalid(Exception):
    """A recipe file is missing, or a value in it is; the message names it."""


@dataclass(frozen=True)
class Recipe:
    """One training run. Lengths are in tokens or segments, learning rates are peaks.

    rows x segments fact segments carry gradient in a step; `questions` a row are asked of them afterwards.
    Low-rank updates start at layer `lora_from`.
    `filler` lists (up to this fraction of the run, at most this many taped filler segments in an episode).
    """

    name: str
    steps: int
    seed: int
    rows: int
    segments: tuple[int, ...]
    questions: int
    pool_segments: int
    pool_refresh: int
    filler: tuple[tuple[float, int], ...]
    filler_budget: int
    write_penalty: float
    penalty_from: float
    penalty_full: float
    lora_rank: int
    lora_alpha: int
    lora_from: int
    lr_lora: float
    lr_maps: float
    lr_write_gate: float
    lr_read_gate: float
    warmup: int
    final_lr: float
    save_every: int
    log_every: int
    memory: dict
    mixture: dict

    def filler_limit(self, progress: float) -> int:
        """At most this many filler segments at `progress` (0..1) of the run."""
        return next((limit for until, limit in self.filler if progress < until), self.filler[-1][1])

    def penalty(self, progress: float) -> float:
        """Weight of the mean write strength at `progress` (0..1) of the run, ramped up linearly."""
        ramp = (progress - self.penalty_from) / max(self.penalty_full - self.penalty_from, 1e-9)
        return self.write_penalty * min(max(ramp, 0.0), 1.0)


def load_recipe(name: str) -> Recipe:
    """The recipe called `name` beside this file, or the TOML file at that path. Raises RecipeInvalid."""
    path = Path(name) if name.endswith(".toml") else Path(__file__).parent / "recipes" / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in (Path(__file__).parent / "recipes").glob("*.toml")))
        raise RecipeInvalid(f"There is no recipe {name!r}. Known recipes: {known}; or give the path of a .toml file.")
    values = {"name": path.stem, **tomllib.loads(path.read_text(encoding="utf-8"))}
    wanted = {f.name for f in fields(Recipe)}
    wrong = sorted(wanted ^ set(values))
    if wrong:
        raise RecipeInvalid(f"The recipe {path.name} has missing or unknown settings: {', '.join(wrong)}.")
    values["segments"] = tuple(values["segments"])
    values["filler"] = tuple(tuple(pair) for pair in values["filler"])
    return Recipe(**values)
