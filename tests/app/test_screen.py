"""The screen as the handlers make it: what it asks of the library."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from app.handlers import Handlers
from app.library import Library


@pytest.fixture
def shelf_calls(library: Library, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Grows by one whenever the shelf is asked for."""
    calls: list[int] = []
    shelf = library.shelf
    monkeypatch.setattr(library, "shelf", lambda: calls.append(1) or shelf())
    return calls


def test_the_shelf_is_asked_once_for_a_screen(library: Library, tides: str, shelf_calls: list[int]) -> None:
    library.reader.read(tides)
    request = SimpleNamespace(headers={}, query_params={"document": tides}, session_hash="tab")
    handlers = Handlers(library)
    screen = handlers.load(request)
    assert screen.document_id == tides and len(shelf_calls) == 1
    shelf_calls.clear()
    event = SimpleNamespace(_data={"turn": 0})
    asked, *_ = handlers.begin_answer(tides, "Who?", "", None, request)
    *_, last = handlers.answer(tides, asked, None, request)
    assert "Who?" in last.talk and len(shelf_calls) == 1
    shelf_calls.clear()
    turn, *_ = handlers.where.begin(tides, event, request)
    assert handlers.where.find(tides, turn, request).origin and len(shelf_calls) == 1
