"""Summaries: of a whole document from its memory, of a section from a memory of its own."""

from __future__ import annotations

import pytest

from app.errors import UnknownSection
from app.library import Library
from tests.app.conftest import TEXT
from tests.app.small_engine import SmallEngine, said, state_of


def test_a_section_is_read_by_itself_once(library: Library, tides: str, engine: SmallEngine):
    section = TEXT[TEXT.index("Rings") :]
    summary = said(library.summarize(tides, section=3))
    assert summary.startswith("Rings") and state_of(section, 7) in summary
    assert engine.tokens_read == len(section)
    assert said(library.summarize(tides, section=3)) == summary
    assert engine.tokens_read == len(section)
    assert library.get(tides).status == "new"
    assert library.history(tides)[0].question == "Summarise section 3, “Rings”."


def test_a_chapter_takes_its_sections_in(library: Library, tides: str):
    chapter = TEXT[TEXT.index("Moons") :]
    assert state_of(chapter, 7) in said(library.summarize(tides, section=2))


def test_the_whole_is_summarised_from_its_memory(library: Library, tides: str):
    library.read(tides)
    assert state_of(TEXT, 7) in said(library.summarize(tides))


@pytest.mark.parametrize("number", [-1, 0, 4])
def test_a_section_that_is_not_there_is_named(library: Library, tides: str, number: int):
    with pytest.raises(UnknownSection, match="numbered 1 to 3"):
        library.summarize(tides, section=number)
