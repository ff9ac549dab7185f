"""Whose a chat is: who sees it, who changes it, and what becomes of one that is everyone's."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storage import Store
from storage.chats import ChatTable
from tests.storage.test_store import DOCUMENT, EVIDENCE, PAGES, SECTIONS

ID = DOCUMENT.id


@pytest.fixture
def chats(tmp_path: Path) -> Iterator[ChatTable]:
    with Store.open(tmp_path / "library.db") as store:
        assert store.documents.add(DOCUMENT, PAGES, SECTIONS)
        yield store.chats


def questions(chats: ChatTable, owner: str | None) -> list[str]:
    return [turn.question for turn in chats.turns(ID, owner=owner)]


def titles(chats: ChatTable, owner: str | None) -> list[str]:
    return sorted(chat.title for chat in chats.all(ID, owner=owner))


def test_somebody_elses_chat_is_not_there(chats: ChatTable) -> None:
    chats.add_turn(ID, "Ada's?", "Yes.", owner="ada")
    assert questions(chats, "ben") == titles(chats, "ben") == []
    chats.add_turn(ID, "Ben's?", "Yes.", owner="ben")
    assert (titles(chats, "ada"), titles(chats, "ben")) == (["Ada's?"], ["Ben's?"])
    (hers,) = chats.all(ID, owner="ada")
    assert not chats.open(ID, hers.id, owner="ben") and not chats.rename(ID, hers.id, "Mine", owner="ben")
    chats.start(ID, owner="ben")
    assert questions(chats, "ben") == [] and questions(chats, "ada") == ["Ada's?"]
    assert titles(chats, None) == ["Ada's?", "Ben's?"], "whoever has the file has all of them"


def test_what_is_everyones_is_gone_on_with_in_a_copy(chats: ChatTable) -> None:
    chats.add_turn(ID, "Old?", "Yes.", confidence=0.9, from_memory="Eda.", evidence=EVIDENCE, page=2)
    (old,) = chats.turns(ID)
    (shared,) = chats.all(ID)
    assert chats.turns(ID, owner="ada") == chats.turns(ID, owner="ben") == (old,)
    chats.add_turn(ID, "Instead?", "Yes.", instead_of=old.asked_at, owner="ada")
    assert questions(chats, "ada") == ["Instead?"] and chats.turns(ID, owner="ben") == (old,)
    assert chats.open(ID, shared.id, owner="ben") and chats.open(ID, shared.id, owner="ben")
    assert chats.turns(ID, owner="ben") == (old,) and len(chats.all(ID, owner="ben")) == 1, "one copy, with all it had"
    assert chats.rename(ID, shared.id, "Ben's", owner="ben")
    assert titles(chats, "ben") == ["Ben's"] and titles(chats, "ada") == titles(chats, "eve") == ["Old?"]


def test_what_two_do_at_once_loses_no_turn(chats: ChatTable) -> None:
    chats.add_turn(ID, "Old?", "Yes.")

    def talk(owner: str) -> None:
        for number in range(10):
            chats.add_turn(ID, f"{owner} {number}", "Yes.", owner=owner)
            last = chats.turns(ID, owner=owner)[-1]
            chats.add_turn(ID, f"{owner} {number}, edited", "Yes.", instead_of=last.asked_at, owner=owner)

    with ThreadPoolExecutor(2) as both:
        list(both.map(talk, ["ada", "ben"]))
    for owner in ("ada", "ben"):
        edited = [question for question in questions(chats, owner) if question.endswith("edited")]
        assert questions(chats, owner)[0] == "Old?"
        assert edited == [f"{owner} {number}, edited" for number in range(10)]
        assert all(owner in question for question in questions(chats, owner)[1:])


def test_only_the_turn_that_is_named_is_replaced(chats: ChatTable) -> None:
    chats.add_turn(ID, "First?", "Yes.", owner="ada")
    chats.add_turn(ID, "Edited?", "Yes.", instead_of="2001-01-01T00:00:00.000+00:00", owner="ada")
    assert questions(chats, "ada") == ["First?", "Edited?"]
