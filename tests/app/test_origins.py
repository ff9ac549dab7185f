"""Where an answer was learned: found with the memory's own history, on the right page, whatever the document's length."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from app.curve import steepest
from app.errors import NotReadThatFar, NotReadYet
from app.library import Library
from app.library.origins import FINEST, page_of, section_at
from app.reading import SavePolicy
from app.views import MemoryPoint
from app.waypoints import Spacing
from storage import SectionRow, SnapshotDamaged, Store
from tests.app.small_engine import SmallEngine

FACT = "The keeper's dog was called Bramble."
PAGES = [f"# Watch {number}\n\n" + f"The lamp burned {number} hours. " * 90 for number in range(1, 13)]
TOLD = 8  # on page 9
PAGES[TOLD] = PAGES[TOLD][:700] + FACT + " " + PAGES[TOLD][700:]


def shelved(store: Store, engine: SmallEngine, spacing: Spacing, pages=PAGES) -> tuple[Library, str]:
    library = Library(engine, store, SavePolicy(seconds=3600.0, groups=5), spacing)
    document_id = library.add("\n\n".join(pages).encode(), "log.md").id
    library.read(document_id)
    return library, document_id


@pytest.mark.parametrize(
    "spacing", [Spacing(tokens=3000, most=8), Spacing(tokens=10**9)], ids=["waypoints", "none kept"]
)
def test_it_is_the_page_that_tells_it(store, spacing):
    engine = SmallEngine(group=100)
    library, document_id = shelved(store, engine, spacing)
    kept = store.waypoints.tokens(document_id, engine.fingerprint)
    assert bool(kept) == (spacing.tokens < 10**6)
    read = engine.tokens_read
    *told, found = library.where(document_id, "What was the dog called?", "Bramble")
    assert (found.first_page, found.last_page) == (TOLD + 1, TOLD + 1) and found.section == f"Watch {TOLD + 1}"
    assert FACT in found.passage and len(found.passage) < FINEST + 200
    assert found.rise == pytest.approx(3.0, abs=0.3)
    assert found.again == f"What was the dog called? {len(found.passage)}"
    tokens = [point.n_tokens for point in found.points]
    assert tokens == sorted(set(tokens)) and tokens[0] == 0 and set(kept) < set(tokens)
    total = library.get(document_id).tokens
    assert tokens[-1] == total and told[-1].n_tokens == told[-1].total_tokens
    if kept:
        assert engine.tokens_read - read < total / 2


def test_of_what_was_read_up_to_a_page_nothing_later_counts(store):
    engine = SmallEngine(group=100)
    library, document_id = shelved(store, engine, Spacing(tokens=3000, most=8))
    *_, found = library.where(document_id, "What was the dog called?", "Bramble", page=TOLD)
    assert found.last_page <= TOLD and found.rise < 1 and FACT not in found.passage
    *_, found = library.where(document_id, "The dog?", "Bramble", page=TOLD + 1)
    assert found.first_page == TOLD + 1


def test_where_nothing_made_it_likelier_no_stretch_is_read_again(store):
    engine = SmallEngine(group=100)
    library, document_id = shelved(store, engine, Spacing(tokens=3000), [page.replace("lamp", "oil") for page in PAGES])
    read = engine.tokens_read
    (found,) = library.where(document_id, "Who?", "Zebedee")
    assert found.rise == 0 and engine.tokens_read == read


def test_it_can_be_stopped(store):
    engine = SmallEngine(group=100)
    library, document_id = shelved(store, engine, Spacing(tokens=10**9))
    calls = iter([False, False, True])
    read = engine.tokens_read
    (progress,) = library.where(document_id, "The dog?", "Bramble", should_stop=lambda: next(calls, True))
    assert engine.tokens_read - read == progress.n_tokens < progress.total_tokens / 2
    assert list(library.where(document_id, "The dog?", "Bramble", should_stop=lambda: True)) == []


def test_what_cannot_be_asked_cannot_be_found(store, library, tides):
    with pytest.raises(NotReadYet):
        list(library.where(tides, "Who?", "Ada"))
    library.read(tides, should_stop=iter([False, True]).__next__)
    with pytest.raises(NotReadThatFar):
        list(library.where(tides, "Who?", "Ada", page=3))


def test_a_damaged_waypoint_is_named(store):
    engine = SmallEngine(group=100)
    library, document_id = shelved(store, engine, Spacing(tokens=3000))
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("UPDATE waypoints SET blob = X'00'")
        db.commit()
    with pytest.raises(SnapshotDamaged):
        list(library.where(document_id, "The dog?", "Bramble"))


def test_the_steepest_rise_is_the_first_of_the_greatest():
    points = [MemoryPoint(n, 1, value) for n, value in ((0, -4.0), (5, -3.0), (9, -3.5), (20, -2.5), (30, -2.4))]
    assert steepest(points) == (points[0], points[1])
    assert steepest(points[1:]) == (points[2], points[3])


def test_pages_and_sections_are_those_of_the_text():
    assert [page_of((0, 10, 10, 25), n) for n in (0, 9, 10, 24, 25, 99)] == [1, 1, 3, 3, 4, 4]
    sections = [
        SectionRow(number, f"S{number}", level, first, last, 0, 1)
        for number, level, first, last in ((1, 1, 1, 9), (2, 2, 2, 4), (3, 2, 5, 9))
    ]
    assert [section_at(sections, *pages) for pages in ((1, 1), (2, 3), (4, 5), (10, 11))] == ["S1", "S2", "S1", None]
