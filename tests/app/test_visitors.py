"""Two visitors and one book, as the handlers have it; and two tabs of one visitor."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from app.handlers import Handlers
from app.library import Library
from app.visitors import COOKIE, LENGTH, cookie, owner_of, visitor_number
from tests.app.waiting import until


def visitor(letter: str, tab: str, **data: Any) -> SimpleNamespace:
    return SimpleNamespace(headers={"cookie": f"{COOKIE}={letter * LENGTH}"}, query_params=data, session_hash=tab)


def clicked(**data: Any) -> SimpleNamespace:
    return SimpleNamespace(_data=data)


def asked(handlers: Handlers, document_id: str, question: str, request: Any, edited: str | None = None) -> str:
    """What the conversation shows after a question."""
    sent, *_ = handlers.begin_answer(document_id, question, "editing" if edited else "", edited, request)
    *_, last = handlers.answer(document_id, sent, None, request)
    return last.talk


@pytest.fixture
def handlers(library: Library, tides: str) -> Handlers:
    library.reader.read(tides)
    return Handlers(library)


def test_a_conversation_is_shown_saved_and_changed_by_its_own_visitor_alone(
    handlers: Handlers, library: Library, tides: str
) -> None:
    ada, ben = visitor("a", "one", document=tides), visitor("b", "two", document=tides)
    asked(handlers, tides, "Who is Ada?", ada)
    assert "Who is Ada?" in handlers.load(visitor("a", "three", document=tides)).talk, "her other tab"
    for shown in (handlers.load(ben), handlers.reopen(tides, ben), handlers.talk.choose(tides, ben)):
        assert "Who is Ada?" not in f"{shown.talk}{shown.keep}{shown.origin}"
    (hers,) = library.conversations.all(tides)
    for data in ({"chat": hers.id}, {"chat": hers.id, "title": "Mine"}):
        refused = handlers.talk.open(tides, clicked(**data), ben)
        assert f"no conversation {hers.id}" in refused.notice
    assert "Who is Ada?" not in asked(handlers, tides, "Who is Ben?", ben)
    assert "Who is Ben?" not in handlers.load(ada).talk
    (still,) = library.conversations.all(tides, owner=owner_of(ada.headers, None))
    assert (still.title, still.turns) == ("Who is Ada?", 1)


def test_an_edited_question_never_takes_the_place_of_another_tabs(
    handlers: Handlers, library: Library, tides: str
) -> None:
    one, two = visitor("a", "one"), visitor("a", "two")
    asked(handlers, tides, "First?", one)
    first = library.conversations.history(tides)[-1].asked_at
    _, edited, *_ = handlers.talk.last(tides, clicked(edit=first), one)
    assert edited == first
    until(lambda: "Second?" in asked(handlers, tides, "Second?", two))
    shown = asked(handlers, tides, "First, edited?", one, edited)
    assert [turn.question for turn in library.conversations.history(tides)] == ["First?", "Second?", "First, edited?"]
    assert "Second?" in shown
    again, *_ = handlers.talk.last(tides, clicked(again=first), one)
    assert again is None, "a tab that shows less is shown the rest"


def test_old_conversations_are_still_there(handlers: Handlers, library: Library, tides: str) -> None:
    list(library.answering.ask(tides, "Who was it?"))
    for request in (visitor("a", "one", document=tides), visitor("b", "two", document=tides)):
        assert "Who was it?" in handlers.load(request).talk
    assert "Who was it?" in asked(handlers, tides, "And then?", visitor("a", "one"))
    assert "And then?" not in handlers.load(visitor("b", "two", document=tides)).talk


def test_without_a_number_each_tab_is_a_visitor_and_nobody_is_everyone() -> None:
    assert owner_of({}, "one") == owner_of({}, "one") != owner_of({}, "two")
    assert owner_of({}, None) != owner_of({}, None)
    for bad in ("", "x", "é" * LENGTH, " " * LENGTH, "-" * LENGTH):
        assert owner_of({"cookie": f"{COOKIE}={bad}"}, "one") == owner_of({}, "one")
        assert visitor_number(f"{COOKIE}={bad}") != bad
    kept = "a" * LENGTH
    assert visitor_number(f'x={{"odd": [1]}}; {COOKIE}={kept}; y') == cookie(f"{COOKIE}={kept}", COOKIE) == kept
    assert kept not in owner_of({"cookie": f"{COOKIE}={kept}"}, "one")
