"""The order of the tests, and what Hypothesis tries."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# The same examples each time, so that the suite says the same of the same code: `HYPOTHESIS_PROFILE=default` tries new ones.
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

LONGEST = ("tests/test_end_to_end.py", "tests/browser/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first: of two processes neither is then left alone with one of them at the end."""
    items.sort(key=lambda item: [not item.nodeid.startswith(beginning) for beginning in LONGEST])
