"""One question to several books: every book that was read is asked, the best answer comes first, each with its name."""

from __future__ import annotations

import pytest

from app.errors import NothingToAsk, UnknownDocument
from app.library.several import AT_ONCE
from app.several import combined, ranked
from app.views import FromBook
from engine.errors import EmptyQuestion

QUESTION = "What is the colour of the lamp?"


def book(library, name: str, words: str, *, read: bool = True) -> str:
    document_id = library.add(f"# {name}\n\n{words}\n".encode(), f"{name}.md").id
    if read:
        library.read(document_id)
    return document_id


@pytest.fixture
def shelf(library) -> dict[str, str]:
    books = {
        "Far": "It rained. " * 30 + "The lamp is green.",
        "Near": "The lamp is red.",
        "Silent": "The moon is called Oru.",
    }
    ids = {name: book(library, name, words) for name, words in books.items()}
    return ids | {"Unread": book(library, "Unread", "The lamp is blue.", read=False)}


def test_every_book_that_was_read_is_asked_and_the_best_comes_first(library, shelf):
    found = library.ask_several(QUESTION)
    assert [(one.title, one.answer, one.grounded) for one in found.told] == [
        ("Near", "red", True),
        ("Far", "green", True),
        ("Silent", "nothing", False),
    ]
    assert [one.document_id for one in found.told] == [shelf[name] for name in ("Near", "Far", "Silent")]
    assert found.text == "“Near”: red\n“Far”: green\n1 other book doesn’t seem to say."
    assert found.left_out == ("Unread",) and not found.stopped
    assert not any(library.history(document_id) for document_id in shelf.values())


def test_only_the_chosen_books_are_asked(library, shelf):
    found = library.ask_several(QUESTION, [shelf["Far"], shelf["Unread"]])
    assert [one.title for one in found.told] == ["Far"] and found.left_out == ("Unread",)
    with pytest.raises(UnknownDocument):
        library.ask_several(QUESTION, ["nobody"])


def test_a_question_about_the_texts_is_counted_in_all_of_them(library, shelf):
    found = library.ask_several("How many times is the word lamp mentioned?")
    assert {one.title: one.total for one in found.told} == {"Near": 1, "Far": 1, "Silent": 0, "Unread": 1}
    assert found.told[-1].title == "Silent" and not found.told[-1].grounded and found.left_out == ()
    assert all(one.grounding is None for one in found.told)


def test_more_books_than_fit_in_a_batch(library):
    for number in range(AT_ONCE + 3):
        book(library, f"Log {number}", f"The lamp is number{number}.")
    found = library.ask_several(QUESTION)
    assert {one.answer for one in found.told} == {f"number{number}" for number in range(AT_ONCE + 3)}
    assert "8 more books answer as well." in found.text
    at_once = library.ask_several(QUESTION, should_stop=lambda: True)
    assert at_once.stopped and len(at_once.told) == AT_ONCE and len(at_once.left_out) == 3


def test_nothing_to_ask_and_nothing_asked(library):
    with pytest.raises(NothingToAsk, match="has been read"):
        library.ask_several(QUESTION)
    book(library, "Near", "The lamp is red.")
    with pytest.raises(EmptyQuestion):
        library.ask_several("  ")


def test_books_that_do_not_say_never_outrank_those_that_do():
    told = [
        FromBook("a", "A", "x", 9.0, grounded=False),
        FromBook("b", "B", "y", 0.6, grounded=True),
        FromBook("c", "C", "z", 0.8, grounded=True),
    ]
    assert [one.title for one in ranked(told)] == ["C", "B", "A"]
    assert combined(ranked(told[:1])) == "“A” doesn’t seem to say."
    assert combined([told[0], told[0]]) == "None of these books seems to say."
