"""A recipe: everything that a training run is made of, as data read from a TOML file."""

import tomllib
from dataclasses import dataclass, fields
from itertools import pairwise
from pathlib import Path


class RecipeInvalid(Exception):
    """A recipe file is missing, or a value in it is; the message names it."""


@dataclass(frozen=True)
class Recipe:
    """One training run. Lengths are in tokens or segments, learning rates are peaks. Stages and learning rates are laid
    out over `steps`, of which the first `stop_after` are done.

    Many settings list stages, each led by the fraction of the run at which it ends. `rows`: how many fact segments carry
    gradient in a step; each holds up to `facts` facts or a few more, and `questions` sequences of at most `asked_tokens`
    tokens for each of them ask for several things each. `segments`: how many of them an episode may have. `retold`: which
    share of the sequences tell the facts again, to be completed, instead of asking. `mixture`: the weight of each kind of
    episode. `pool_facts`: which share of the taped text holds facts itself, written at no price. `filler`: at most how many
    taped segments, and about how many written taped tokens, an episode may have. `rivals`: which share of the episodes come
    after a long text of `rival_segments`, read anew every `save_every` steps, of which exact caches hold what they would keep.

    `pointing` lists points (fraction of the run, weight of the exact caches' miss): see training.pointing.

    `write_penalty` lists points (fraction of the run, weight of the mean write), `write_ceiling` points (fraction, highest mean
    write on filler): whenever the tape is renewed, gates above that are closed as far. Write gates and key maps are set from
    `calibrate` texts before the first step, unless that is 0, and exact caches have a further lesson on `lesson` episodes; with
    `stop_after` 0 that is all. Low-rank updates of the projections `lora_on` start at layer `lora_from`. `save_every` is a
    multiple of `pool_refresh`: the tape is not saved, so a run resumes where a new one is made.

    `teacher` lists points (fraction, weight of the distance from the base that has the whole text in plain view, on texts that are
    only read on): see training.teacher. `window` makes a system to compare with: no memory is learned, and a segment sees so many
    segments before it. A file need not name these two.
    """

    name: str
    steps: int
    stop_after: int
    calibrate: int
    lesson: int
    seed: int
    rows: tuple[tuple[float, int], ...]
    segments: tuple[tuple[float, tuple[int, ...]], ...]
    facts: int
    questions: int
    asked_tokens: int
    retold: tuple[tuple[float, float], ...]
    pool_segments: int
    pool_refresh: int
    pool_facts: tuple[tuple[float, float], ...]
    filler: tuple[tuple[float, int, int], ...]
    rivals: tuple[tuple[float, float], ...]
    rival_segments: int
    write_penalty: tuple[tuple[float, float], ...]
    write_ceiling: tuple[tuple[float, float], ...]
    pointing: tuple[tuple[float, float], ...]
    lora_rank: int
    lora_alpha: int
    lora_from: int
    lora_on: tuple[str, ...]
    lr_lora: float
    lr_maps: float
    lr_write_gate: float
    lr_read_gate: float
    warmup: int
    final_lr: float
    save_every: int
    log_every: int
    memory: dict
    mixture: tuple[tuple[float, dict], ...]
    window: int | None = None
    teacher: tuple[tuple[float, float], ...] = ()

    def row_count(self, progress: float) -> int:
        """How many fact segments a step has at `progress` (0..1) of the run."""
        return _stage(self.rows, progress)[1]

    def retold_share(self, progress: float) -> float:
        """Share of the sequences that tell facts again at `progress` (0..1) of the run."""
        return _stage(self.retold, progress)[1]

    def kinds(self, progress: float) -> dict[str, float]:
        """The weight of each kind of episode at `progress` (0..1) of the run."""
        return _stage(self.mixture, progress)[1]

    def all_kinds(self) -> set[str]:
        """Every kind of episode that the run has."""
        return {kind for _, weights in self.mixture for kind in weights}

    def segment_choices(self, progress: float) -> tuple[int, ...]:
        """How many fact segments an episode may have at `progress` (0..1) of the run."""
        return _stage(self.segments, progress)[1]

    def pool_fact_share(self, progress: float) -> float:
        """Share of the pool that holds facts instead of book text at `progress` (0..1) of the run."""
        return _stage(self.pool_facts, progress)[1]

    def filler_limit(self, progress: float) -> int:
        """At most this many filler segments at `progress` (0..1) of the run."""
        return _stage(self.filler, progress)[1]

    def filler_budget(self, progress: float) -> int:
        """At most about this many written filler tokens in a step at `progress` (0..1) of the run."""
        return _stage(self.filler, progress)[2]

    @property
    def scale(self) -> float:
        """What low-rank updates are multiplied by."""
        return self.lora_alpha / self.lora_rank

    def rivals_share(self, progress: float) -> float:
        """Share of the episodes that come after a long text at `progress` (0..1) of the run."""
        return _stage(self.rivals, progress)[1]

    def penalty(self, progress: float) -> float:
        """Weight of the mean write strength at `progress` (0..1) of the run, linear between the recipe's points."""
        return _between(((0.0, 0.0), *self.write_penalty), progress)

    def pointing_weight(self, progress: float) -> float:
        """Weight of the exact caches' miss at `progress` (0..1) of the run, linear between the recipe's points."""
        return _between(((0.0, 0.0), *self.pointing), progress)

    def teacher_weight(self, progress: float) -> float:
        """Weight of the distance from the teacher at `progress` (0..1) of the run, linear between the recipe's points."""
        return _between(((0.0, 0.0), *self.teacher), progress)

    def ceiling(self, progress: float) -> float:
        """The highest mean write strength on filler at `progress` (0..1) of the run, linear between the recipe's points."""
        return _between(((0.0, 1.0), *self.write_ceiling), progress)


def _between(points: tuple[tuple[float, float], ...], progress: float) -> float:
    """The value at `progress` on the line through `points`; the last point's behind it."""
    for (last_at, last), (at, value) in pairwise(points):
        if progress < at:
            return last + (value - last) * (progress - last_at) / (at - last_at)
    return points[-1][1]


def _stage(stages: tuple, progress: float) -> tuple:
    """The stage that `progress` lies in; a stage begins with the fraction of the run at which it ends."""
    return next((stage for stage in stages if progress < stage[0]), stages[-1])


def load_recipe(name: str, changes: dict | None = None) -> Recipe:
    """The recipe called `name` beside this file, or the TOML file at that path, with `changes` of its settings; those under "memory"
    change the memory's, "default" standing for the default of one. Raises RecipeInvalid."""
    path = Path(name) if name.endswith(".toml") else Path(__file__).parent / "recipes" / f"{name}.toml"
    if not path.is_file():
        known = ", ".join(sorted(p.stem for p in (Path(__file__).parent / "recipes").glob("*.toml")))
        raise RecipeInvalid(f"There is no recipe {name!r}. Known recipes: {known}; or give the path of a .toml file.")
    changes = changes or {}
    stored = tomllib.loads(path.read_text(encoding="utf-8"))
    values = {"name": path.stem, "window": None, "teacher": (), **stored, **changes}
    if "memory" in changes:
        whole = stored["memory"] | changes["memory"]
        values["memory"] = {name: value for name, value in whole.items() if value != "default"}
    wanted = {f.name for f in fields(Recipe)}
    wrong = sorted(wanted ^ set(values))
    if wrong:
        raise RecipeInvalid(f"The recipe {path.name} has missing or unknown settings: {', '.join(wrong)}.")
    values["lora_on"] = tuple(values["lora_on"])
    values["segments"] = [(until, tuple(choices)) for until, choices in values["segments"]]
    for name in (
        "rows",
        "segments",
        "retold",
        "mixture",
        "pool_facts",
        "filler",
        "rivals",
        "write_penalty",
        "write_ceiling",
        "pointing",
        "teacher",
    ):
        values[name] = tuple(tuple(point) for point in values[name])
    if values["save_every"] % values["pool_refresh"]:
        raise RecipeInvalid(
            f"The recipe {path.name} saves every {values['save_every']} steps, which must be a multiple of pool_refresh, "
            f"{values['pool_refresh']}: only there does a resumed run read the filler that an unbroken one reads."
        )
    if values["rival_segments"] and not values["memory"].get("exact_slots"):
        raise RecipeInvalid(f"The recipe {path.name} has rival_segments, but its memory has no exact_slots for them.")
    return Recipe(**values)
