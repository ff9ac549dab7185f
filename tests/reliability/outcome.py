"""What an attack came to, and the table of them all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Outcome:
    """How often something was tried, and a sentence for each time that the promise was broken."""

    tried: int
    broken: tuple[str, ...] = ()
    detail: str = ""


@dataclass(frozen=True)
class Attack:
    """Tries to break a promise: `run` takes how often, a seed, and an empty folder. `short` and `long` are how often in the suite and in
    `make reliability`."""

    name: str
    promise: str
    run: Callable[[int, int, Path], Outcome]
    short: int
    long: int


def table(done: Sequence[tuple[Attack, Outcome, float]]) -> Iterator[str]:
    """Lines: what was tried, how often, how often the promise was broken, seconds; then what was broken."""
    yield f"{'attack':<34} {'tried':>6} {'broken':>6} {'seconds':>8}  promise"
    for attack, outcome, seconds in done:
        more = f" ({outcome.detail})" if outcome.detail else ""
        yield f"{attack.name:<34} {outcome.tried:>6} {len(outcome.broken):>6} {seconds:>8.0f}  {attack.promise}{more}"
    for attack, outcome, _ in done:
        yield from (f"BROKEN {attack.name}: {said}" for said in outcome.broken)


def timed(attack: Attack, tries: int, seed: int, folder: Path) -> tuple[Attack, Outcome, float]:
    """Run one attack in a folder of its own."""
    folder.mkdir(parents=True)
    begun = time.monotonic()
    return attack, attack.run(tries, seed, folder), time.monotonic() - begun
