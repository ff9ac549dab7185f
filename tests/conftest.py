"""The order of the tests."""

from __future__ import annotations

import pytest

LONGEST = ("tests/test_end_to_end.py", "tests/browser/")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first: of two processes neither is then left alone with one of them at the end."""
    items.sort(key=lambda item: [not item.nodeid.startswith(beginning) for beginning in LONGEST])
