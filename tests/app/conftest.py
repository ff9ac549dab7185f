from __future__ import annotations

from pathlib import Path

import pytest

from app.library import Library
from app.reading import LeasePolicy, SavePolicy
from storage import Store
from tests.app.small_engine import SmallEngine, shelf

SOURCE = (
    b"# Tides\n\nThe tide comes at six and goes at noon.\n\n# Moons\n\nThe moon is called Oru.\n\n"
    b"## Rings\n\nIt has no ring.\n"
)
QUICK = LeasePolicy(beat_seconds=0.05, silent_seconds=0.3)  # where no other process really reads
TEXT = SOURCE.decode().replace("#", "").replace("\n ", "\n").lstrip()  # what is read of it


@pytest.fixture
def store(tmp_path: Path):
    with Store.open(tmp_path / "library.db") as store:
        yield store


@pytest.fixture
def engine() -> SmallEngine:
    return SmallEngine()


@pytest.fixture
def library(engine: SmallEngine, store: Store) -> Library:
    return shelf(engine, store, SavePolicy(seconds=3600.0, groups=3), lease=QUICK)


@pytest.fixture
def tides(library: Library) -> str:
    """The id of a document on the shelf: one token a character, 3 sections on 3 pages."""
    return library.add(SOURCE, "tides.md").id
