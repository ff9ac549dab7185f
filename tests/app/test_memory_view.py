"""What a memory looks like: its size, and where in the document the tokens stand that it keeps."""

from __future__ import annotations

import pytest

from app.errors import NotReadYet, UnknownDocument
from app.library import Library
from app.reading import SavePolicy
from storage import Store
from tests.app.conftest import TEXT
from tests.app.small_engine import SmallEngine, shelf


def test_a_short_text_is_kept_whole(library: Library, tides: str):
    library.reader.read(tides)
    seen = library.reader.look(tides)
    assert (seen.title, seen.pages, seen.read_tokens, seen.cache_bytes_per_token) == ("Tides", 3, len(TEXT), 20)
    assert seen.state_bytes == library.get(tides).state_bytes
    assert all(stretch.kept == stretch.tokens for stretch in seen.stretches)
    assert sum(stretch.tokens for stretch in seen.stretches) == len(TEXT) and seen.stretches[-1].page == 3


def test_of_a_long_one_what_is_worth_most_is_kept(store: Store, tmp_path):
    text = b"word " * 400 + b"0123456789 " * 5 + b"word " * 400
    library = shelf(SmallEngine(slots=60), store, SavePolicy(groups=3))
    document = library.add(text, "long.txt").id
    groups = iter(range(999))
    library.reader.read(document, should_stop=lambda: next(groups) == 40)
    assert 0 < library.reader.look(document).read_tokens < len(text)
    library.reader.read(document)
    seen = library.reader.look(document)
    assert sum(stretch.kept for stretch in seen.stretches) == 60
    assert max(seen.stretches, key=lambda stretch: stretch.kept / stretch.tokens) in seen.stretches[30:50]
    with Store.open(tmp_path / "other.db") as other:
        alone = shelf(SmallEngine(slots=60), other)
        alone.reader.read(alone.add(text, "long.txt").id)
        assert alone.reader.look(document) == seen, "in one sitting the same"


def test_what_has_no_memory_is_named(library: Library, tides: str):
    with pytest.raises(NotReadYet):
        library.reader.look(tides)
    with pytest.raises(UnknownDocument):
        library.reader.look("nowhere")
