"""The order of the tests, where their files lie, and what Hypothesis tries."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples each time, so that the suite says the same of the same code: `HYPOTHESIS_PROFILE=default` tries new ones.
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

MEMORY, ROOM = Path("/dev/shm"), 4 * 2**30  # a folder in memory, and how much of it the tests may need
LONGEST = ("tests/test_end_to_end.py", "tests/browser/test_journey.py", "tests/browser/test_desk.py", "tests/browser/")


def pytest_configure(config: pytest.Config) -> None:
    """Files of the tests lie in memory where there is room for them: a disk makes SQLite wait at every commit, for minutes in all."""
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first: no process is then left alone with one of them at the end."""
    items.sort(key=lambda item: [not item.nodeid.startswith(beginning) for beginning in LONGEST])
