"""Asking as of an earlier page: from a memory that holds the pages up to it and nothing else."""

from __future__ import annotations

import sqlite3

import pytest

from app.errors import NotReadThatFar, NotReadYet, UnknownPage
from app.library import Library
from app.reading import SavePolicy
from app.waypoints import Spacing
from storage import Store
from tests.app.small_engine import SmallEngine, said, state_of

PAGES = [f"# Watch {number}\n\n" + f"The lamp burned {number} hours. " * (3 * number) for number in range(1, 8)]
EVERY = SavePolicy(seconds=3600.0, groups=2)


@pytest.fixture
def library(engine: SmallEngine, store: Store) -> Library:
    return Library(engine, store, EVERY, Spacing(tokens=50, most=8))


@pytest.fixture
def log(library: Library) -> str:
    item = library.add("\n\n".join(PAGES).encode(), "log.md")
    assert item.pages == len(PAGES)
    library.read(item.id)
    return item.id


def upto(store: Store, document_id: str, page: int) -> str:
    return "".join(store.documents.pages(document_id)[:page])


@pytest.mark.parametrize("page", [1, 2, 5, 7])
def test_the_memory_holds_the_pages_up_to_that_one_and_no_more(library: Library, store: Store, log: str, page: int):
    answer = said(library.ask(log, "Who?", page=page))
    assert answer.endswith(state_of(upto(store, log, page), group=7))
    assert library.history(log)[0].page == page


def test_only_what_lies_behind_the_waypoint_is_read_again_and_only_once(
    library: Library, store: Store, engine: SmallEngine, log: str
):
    engine.tokens_read, told = 0, []
    said(library.ask(log, "Who?", page=5, on_progress=told.append))
    waypoints = store.waypoints.tokens(log, engine.fingerprint)
    length = len(upto(store, log, 5))
    again = length - max(n for n in waypoints if n <= length)
    assert engine.tokens_read == again < length / 2
    assert (told[-1].n_tokens, told[-1].total_tokens, told[-1].page) == (length, length, 5)
    said(library.ask(log, "And who else?", page=5))
    assert engine.tokens_read == again
    assert library.get(log).status == "read" and library.get(log).read_pages == len(PAGES)


def test_a_summary_as_of_a_page(library: Library, store: Store, log: str):
    summary = said(library.summarize(log, page=3))
    assert summary.endswith(state_of(upto(store, log, 3), group=7))
    assert library.history(log)[0].page == 3
    assert said(library.summarize(log)).endswith(state_of(upto(store, log, 7), group=7))


def test_counting_ends_at_that_page_too(library: Library, log: str):
    (text, _) = library.ask(log, "How many times is the lamp mentioned?", page=2)
    assert text == "“lamp” stands in the text 9 times, on 2 of its 2 pages."
    with pytest.raises(UnknownPage):
        library.ask(log, "How many times is the lamp mentioned?", page=8)


def test_pages_that_are_not_there_or_not_read_are_refused_by_name(library: Library, engine: SmallEngine, log: str):
    for page in (0, -1, 8):
        with pytest.raises(UnknownPage, match="numbered 1 to 7"):
            library.ask(log, "Who?", page=page)
    other = library.add("\n\n".join(reversed(PAGES)).encode(), "other.md").id
    with pytest.raises(NotReadYet):
        library.ask(other, "Who?", page=1)
    before = engine.tokens_read
    library.read(other, should_stop=lambda: engine.tokens_read > before + 1500)
    read_pages = library.get(other).read_pages
    assert 0 < read_pages < 7
    said(library.ask(other, "Who?", page=read_pages))
    with pytest.raises(NotReadThatFar, match=f"only up to page {read_pages}"):
        library.ask(other, "Who?", page=read_pages + 1)


def test_a_damaged_waypoint_only_costs_time(library: Library, store: Store, engine: SmallEngine, log: str):
    with sqlite3.connect(store.path) as db:
        db.execute("UPDATE waypoints SET blob = x'00'")
    engine.tokens_read = 0
    length = len(upto(store, log, 6))
    assert said(library.ask(log, "Who?", page=6)).endswith(state_of(upto(store, log, 6), group=7))
    assert engine.tokens_read == length


def test_stopped_on_the_way_there_is_no_answer(library: Library, engine: SmallEngine, log: str):
    asked = library.history(log)
    assert list(library.ask(log, "Who?", page=6, should_stop=lambda: True)) == []
    assert library.history(log) == asked


def test_waypoints_thin_out_as_a_text_grows():
    spacing, kept = Spacing(tokens=10, most=8), []
    for n_tokens in range(3, 1001, 3):
        if spacing.due(kept, n_tokens):
            kept.append(n_tokens)
            kept = [each for each in kept if each not in spacing.surplus(kept)]
        assert len(kept) <= 8
    gaps = [b - a for a, b in zip([0, *kept], kept, strict=False)]
    assert len(kept) >= 4 and max(gaps) <= 2 * min(gaps) and min(gaps) >= 10
    assert not Spacing().due([], 8191) and Spacing().due([], 8192)
