"""As of an earlier page: the memory of then, at once, with nothing read again and nothing of what follows in it."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from app.errors import NotReadThatFar, NotReadYet, UnknownPage
from app.library import Library
from app.reading import SavePolicy, stretches
from storage import SnapshotDamaged, Store
from tests.app.small_engine import SmallEngine, said, shelf, state_of

PAGES = [f"# Watch {number}\n\n" + f"The lamp burned {number} hours. " * (3 * number) for number in range(1, 8)]
SLOTS = 60
EVERY = SavePolicy(seconds=3600.0, groups=2, first_checkpoint=100)


@pytest.fixture
def engine() -> SmallEngine:
    return SmallEngine(slots=SLOTS)


@pytest.fixture
def library(engine: SmallEngine, store: Store) -> Library:
    return shelf(engine, store, EVERY)


@pytest.fixture
def log(library: Library) -> str:
    item = library.add("\n\n".join(PAGES).encode(), "log.md")
    assert item.pages == len(PAGES)
    library.reader.read(item.id)
    return item.id


def upto(store: Store, document_id: str, page: int) -> str:
    return "".join(store.documents.pages(document_id)[:page])


def test_checkpoints_stand_ever_further_apart(store: Store, library: Library, log: str):
    found = store.checkpoints.after(log, "f1", 0)
    ends = [one.n_tokens for one in found]
    assert [one.since for one in found[1:]] == ends[:-1] and found[0].since >= 100
    assert ends[-1] == library.get(log).tokens, "what left till the end is there too"
    apart = [end / one.since for end, one in zip(ends[:-1], found[:-1], strict=True)]
    assert len(found) >= 5 and all(1.25 <= ratio < 1.5 for ratio in apart)
    assert SavePolicy().next_checkpoint(0) == SavePolicy().next_checkpoint(1000) == 8192
    assert SavePolicy().next_checkpoint(8192) == 10_241


def test_at_a_checkpoint_it_is_just_the_memory_of_then(store: Store, library: Library, log: str, engine: SmallEngine):
    kept, blob = store.snapshots.load(store.snapshots.get(log, "f1"))
    last, text = engine.state_from_bytes(blob), upto(store, log, 7)
    for one in store.checkpoints.after(log, "f1", 0):
        left = [other.departed for other in store.checkpoints.after(log, "f1", one.since)]
        assert engine.as_of(last, left, one.since).digest == state_of(text[: one.since], SLOTS)
    assert kept.complete and not last.tail


@pytest.mark.parametrize("page", [1, 2, 5, 7])
def test_nothing_is_read_again_and_nothing_that_follows_is_known(
    library: Library, store: Store, engine: SmallEngine, log: str, page: int
):
    read, length = engine.tokens_read, len(upto(store, log, page))
    memory = library.reader.memory(store.documents.get(log), page)
    assert memory.n_tokens == length and engine.tokens_read == read
    assert all(position < length for position in engine.slot_positions(memory.state)) and len(memory.state.slots) > 0
    answer = said(library.answering.ask(log, "Who?", page=page))
    assert answer.endswith(memory.state.digest) and library.conversations.history(log)[0].page == page


def test_with_room_for_all_it_is_the_very_memory_of_those_pages(store: Store):
    library = shelf(SmallEngine("roomy", slots=10_000), store, EVERY)
    log = library.add("\n\n".join(PAGES).encode(), "log.md").id
    library.reader.read(log)
    for page in range(1, 8):
        answer = said(library.answering.ask(log, "Who?", page=page))
        assert answer.endswith(state_of(upto(store, log, page), 10_000))


def test_a_reading_in_two_sittings_keeps_the_same_checkpoints_to_go_back_to(
    store: Store, engine: SmallEngine, tmp_path
):
    text = "\n\n".join(PAGES).encode()
    library = shelf(engine, store, EVERY)
    log = library.add(text, "log.md").id
    for stop in (300, 301, 900):
        library.reader.read(log, should_stop=lambda stop=stop: engine.tokens_read >= stop)
        assert not library.get(log).whole
    library.reader.read(log)
    with Store.open(tmp_path / "other.db") as other:
        alone = shelf(SmallEngine(slots=SLOTS), other, EVERY)
        alone.reader.read(alone.add(text, "log.md").id)
        for page in range(1, 8):
            one, two = (lib.reader.memory(lib._store.documents.get(log), page).state.digest for lib in (library, alone))
            assert one == two


def test_a_summary_and_key_passages_as_of_a_page(library: Library, store: Store, log: str):
    said(library.summaries.summarize(log, page=3, words=9999))
    turn = library.conversations.history(log)[0]
    assert turn.page == 3 and {one.page for one in turn.evidence} == {1, 2, 3}
    quoted = library.summaries.key_passages(log, page=3, count=50)
    assert "burned 3 hours" in quoted.text and "burned 4 hours" not in quoted.text


def test_counting_ends_at_that_page_too(library: Library, log: str):
    (text, _) = library.answering.ask(log, "How many times is the lamp mentioned?", page=2)
    assert text == "“lamp” stands in the text 9 times, in 2 of its 2 sections."
    with pytest.raises(UnknownPage):
        library.answering.ask(log, "How many times is the lamp mentioned?", page=8)


def test_pages_that_are_not_there_or_not_read_are_refused_by_name(library: Library, engine: SmallEngine, log: str):
    for page in (0, -1, 8):
        with pytest.raises(UnknownPage, match="numbered 1 to 7"):
            library.answering.ask(log, "Who?", page=page)
    other = library.add("\n\n".join(reversed(PAGES)).encode(), "other.md").id
    with pytest.raises(NotReadYet):
        library.answering.ask(other, "Who?", page=1)
    before = engine.tokens_read
    library.reader.read(other, should_stop=lambda: engine.tokens_read > before + 1500)
    read_pages = library.get(other).read_pages
    assert 0 < read_pages < 7
    said(library.answering.ask(other, "Who?", page=read_pages))
    with pytest.raises(NotReadThatFar, match=f"only up to section {read_pages}"):
        library.answering.ask(other, "Who?", page=read_pages + 1)


def test_a_damaged_checkpoint_is_named_and_reading_on_begins_anew(
    store: Store, library: Library, log: str, engine: SmallEngine
):
    half = library.add("\n\n".join(reversed(PAGES)).encode(), "half.md").id
    before = engine.tokens_read
    library.reader.read(half, should_stop=lambda: engine.tokens_read > before + 700)
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("UPDATE checkpoints SET departed = x'00'")
        db.commit()
    with pytest.raises(SnapshotDamaged, match="Read the document again"):
        library.answering.ask(log, "Who?", page=2)
    said(library.answering.ask(log, "Who?"))
    before = engine.tokens_read
    library.reader.read(half)
    assert engine.tokens_read - before == library.get(half).tokens
    said(library.answering.ask(half, "Who?", page=2))


def test_stretches_hold_every_token_once_and_count_what_is_kept():
    found = stretches([0, 1, 5, 999], 1000, [0, 400, 700])
    assert sum(one.tokens for one in found) == 1000 and sum(one.kept for one in found) == 4 and len(found) <= 80
    assert (found[0].kept, found[-1].kept, found[0].page, found[-1].page) == (3, 1, 1, 3)
    assert [(one.tokens, one.kept) for one in stretches([0, 2], 3, [0])] == [(1, 1), (1, 0), (1, 1)]
