"""The short form of `python -m tests.reliability`: a few tries to break every promise; and the attacks notice what is broken."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from storage import Store, digests
from tests.app.small_engine import SmallEngine, shelf
from tests.reliability import flips, kills, routes
from tests.reliability.__main__ import ATTACKS
from tests.reliability.files import made
from tests.reliability.outcome import Attack, Outcome, table
from tests.reliability.workload import book, work
from tests.storage.meant import change


@pytest.mark.parametrize("attack", [one for one in ATTACKS if one.short], ids=lambda one: one.name)
def test_no_promise_is_broken(attack: Attack, tmp_path: Path) -> None:
    outcome = attack.run(attack.short, 7, tmp_path)
    assert outcome.tried == attack.short and not outcome.broken


@pytest.mark.parametrize(
    ("damage", "noticed"),
    [
        ("DELETE FROM pages WHERE number = 1", "TextDamaged"),
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
    change(path, damage)
    assert any(noticed in fault for fault in kills.faults(path, 5, said))


def test_a_flip_that_nobody_notices_is_a_broken_promise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "l.db"
    with Store.open(path) as store:
        library = flips.library_of(store)
        library.reader.read(library.add(b"# Tides\n\nThe tide has 5 lamps.\n", "a.md").id)
    truth, data = flips.told(path), path.read_bytes()
    at = data.index(b"5 lamps")
    flipped = tmp_path / "flipped.db"
    assert flips.after(flipped, data, at, 1, truth) == ("noticed in use", [])
    assert flips.after(flipped, data, data.index(bytes(999)) + 500, 1, truth) == ("harmless", [])
    monkeypatch.setattr(digests, "sound", lambda table: "1")
    noticed, faults = flips.after(flipped, data, at, 1, truth)
    assert noticed == "by nobody" and len(faults) == 1 and "first page" in faults[0], faults


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


def test_an_answer_that_the_schema_does_not_have_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.api._status", lambda error: 500)
    assert any("Server error" in said for said in routes.asked(1, 3, tmp_path).broken)


def test_the_same_seed_makes_the_same_requests_on_every_route(tmp_path: Path) -> None:
    with routes.served(tmp_path) as (app, names):
        once, again, other = (routes.faults(app, names, 2, seed)[0] for seed in (5, 5, 6))
    assert once == again != other
    asked = {tuple(request.split()[:2]) for request, _ in once}
    for path in app.openapi()["paths"]:
        assert any(path.partition("{")[0] in url for _, url in asked), path
