"""The short form of `python -m tests.reliability`: a few tries to break every promise; and the attacks notice what is broken."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest

from storage import Store
from tests.app.small_engine import SmallEngine, shelf
from tests.reliability import kills
from tests.reliability.__main__ import ATTACKS
from tests.reliability.files import made
from tests.reliability.outcome import Attack, Outcome, table
from tests.reliability.workload import book, work


@pytest.mark.parametrize("attack", [one for one in ATTACKS if one.short], ids=lambda one: one.name)
def test_no_promise_is_broken(attack: Attack, tmp_path: Path) -> None:
    outcome = attack.run(attack.short, 7, tmp_path)
    assert outcome.tried == attack.short and not outcome.broken


@pytest.mark.parametrize(
    ("damage", "noticed"),
    [
        ("DELETE FROM pages WHERE number = 1", "only half there"),
        ("UPDATE pages SET text = 'x'", "only half there"),
        ("DELETE FROM documents", "is gone"),
        ("DELETE FROM messages", "has lost its conversation"),
        ("DELETE FROM snapshots", "was read and is not any more"),
        ("UPDATE documents SET title = 'x'", "has lost its title"),
    ],
)
def test_what_a_kill_could_take_is_noticed(
    damage: str, noticed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "l.db"
    work(path, 5)
    said = kills.promised(capsys.readouterr().out)
    assert kills.faults(path, 5, said) == []
    with sqlite3.connect(path) as bare:
        bare.execute(damage)
    bare.close()
    assert any(noticed in fault for fault in kills.faults(path, 5, said))


class Forgetful(SmallEngine):
    """Forgets what it should hold."""

    def _best(self, held):
        return super()._best(held)[1:]


def test_a_memory_that_is_another_one_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "l.db"
    with Store.open(path) as store:
        library = shelf(Forgetful(), store)
        library.reader.read(library.add(book(5, 0), "book0.md").id)
    assert any("another memory" in fault for fault in kills.faults(path, 5, []))


def test_hostile_files_are_many_kinds_and_the_same_for_the_same_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    def some(seed: int) -> list[tuple[str, bytes, str]]:
        return [one for one, _ in zip(made(seed), range(48), strict=False)]

    before = some(3)
    a_day_later = time.time() + 86_400
    monkeypatch.setattr(time, "time", lambda: a_day_later)
    assert some(3) == before and some(4) != before
    assert len({what for what, _, _ in before}) >= 12


def test_the_table_says_what_was_broken() -> None:
    attack = Attack("an attack", "nothing is lost", lambda tries, seed, folder: Outcome(tries), 1, 1)
    lines = list(table([(attack, Outcome(3, ("a page is gone",)), 2.0)]))
    assert lines[1].split()[:5] == ["an", "attack", "3", "1", "2"] and lines[-1] == "BROKEN an attack: a page is gone"
