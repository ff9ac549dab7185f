"""What a memory looks like: kept while it is read, the same whatever the sittings."""

from __future__ import annotations

import pytest

from app.errors import NotReadYet, UnknownDocument
from app.library import Library
from app.reading import SavePolicy, segment_ends
from app.views import GatesView
from storage import Store
from tests.app.conftest import SOURCE, TEXT
from tests.app.small_engine import SmallEngine

TOTAL = len(TEXT)


def test_strengths_of_every_segment_are_kept(library: Library, tides: str):
    library.read(tides)
    seen = library.memory(tides)
    # the small engine reads groups of 7 tokens in segments of 5: each group is one of five and one of two
    ends = [end for start in range(0, TOTAL, 7) for end in (min(start + 5, TOTAL), min(start + 7, TOTAL))]
    assert [end for end, _ in seen.written] == list(dict.fromkeys(ends))
    assert seen.written[0][1] == len(set(TEXT[:5])) / 100
    assert (seen.title, seen.pages, seen.read_tokens, seen.cache_bytes_per_token) == ("Tides", 3, TOTAL, 20)
    assert seen.state_bytes == library.get(tides).state_bytes
    assert seen.gates[0] == GatesView(2, (0.5, 0.1), (0.0, 0.9))


def test_a_reading_in_two_sittings_keeps_the_same(store: Store, tmp_path):
    whole = Library(SmallEngine(), store, SavePolicy(groups=3))
    document = whole.add(SOURCE, "tides.md").id
    groups = iter(range(99))
    whole.read(document, should_stop=lambda: next(groups) == 4)
    assert 0 < whole.memory(document).read_tokens < TOTAL
    whole.read(document)
    with Store.open(tmp_path / "other.db") as other:
        alone = Library(SmallEngine(), other)
        alone.read(alone.add(SOURCE, "tides.md").id)
        assert whole.memory(document) == alone.memory(document)


def test_sections_leave_no_strengths(library: Library, tides: str):
    list(library.summarize(tides, section=1))
    library.read(tides)
    assert len(library.memory(tides).written) == len({end for end, _ in library.memory(tides).written})


def test_what_has_no_memory_is_named(library: Library, tides: str):
    with pytest.raises(NotReadYet):
        library.memory(tides)
    with pytest.raises(UnknownDocument):
        library.memory("nowhere")


def test_the_last_segment_may_be_short():
    assert segment_ends(20, 33, 5, 3) == (25, 30, 33)
    assert segment_ends(7, 7, 5, 0) == ()
