"""Asking: the memory's answer at once, the page's after it, and the pages that both rest on; one document or many."""

from __future__ import annotations

import pytest

from app.answering.ask import AT_ONCE, combined, ranked
from app.answering.evidence import DocumentText
from app.errors import NothingToAsk, NotReadThatFar, UnknownPage
from app.library import Library
from app.views import Evidence, FromBook, ModelAnswer, Recalled
from engine.errors import EmptyQuestion
from storage import Store
from tests.app.conftest import TEXT
from tests.app.small_engine import SmallEngine, SmallEvidence, shelf, state_of

RINGS = "It has no ring."
COLOUR = "What is the colour of the lamp?"


def test_the_memory_answers_first_and_then_the_page(library: Library, tides: str):
    library.reader.read(tides)
    *pieces, answer = library.answering.ask(tides, "Has it a ring?")
    at = pieces.index(Recalled(f"Has it a ring? 0 {state_of(TEXT)}"))
    assert "".join(pieces[:at]) == answer.from_memory and pieces[at + 1 :] == [answer.from_page] == ["ring"]
    begin = TEXT.index(RINGS)
    assert answer.evidence == (Evidence(3, RINGS, 0.9, begin, begin + len(RINGS)),)
    assert (answer.text, answer.confidence, answer.declined) == ("ring", 0.9, False)
    (turn,) = library.conversations.history(tides)
    assert (turn.answer, turn.from_memory, turn.confidence) == ("ring", answer.from_memory, 0.9)
    assert (turn.evidence, turn.places, turn.declined) == (answer.evidence, None, False)


@pytest.mark.parametrize(("source", "missing"), [("memory", "from_page"), ("page", "from_memory")])
def test_one_of_the_two_alone(library: Library, tides: str, source: str, missing: str):
    library.reader.read(tides)
    *pieces, answer = library.answering.ask(tides, "Has it a ring?", source=source)
    assert "".join(pieces) == answer.text and getattr(answer, missing) is None


def test_what_the_document_does_not_say_is_kept_as_declined(library: Library, tides: str):
    library.reader.read(tides)
    *_, answer = library.answering.ask(tides, "Strange moon?")
    assert answer.declined and answer.evidence[0].page == 2
    assert library.conversations.history(tides)[0].declined


def test_old_answers_are_pointed_at_again(library: Library, tides: str, engine: SmallEngine):
    library.reader.read(tides)
    talk = [("What is the moon called?", "Oru")]
    found = library.answering.where(tides, "Has it a ring?", history=talk)
    assert [(one.page, one.quote) for one in found] == [(3, RINGS)]
    assert engine.talk_seen == talk and library.conversations.history(tides) == ()


def test_as_of_a_page_evidence_never_lies_beyond_it(library: Library, store: Store, tides: str, engine: SmallEngine):
    library.reader.read(tides)
    *_, answer = library.answering.ask(tides, "Has it a ring?", page=2)
    assert all(one.page <= 2 for one in answer.evidence) and answer.from_page != "ring"
    memory = library.reader.memory(store.documents.get(tides), 2)
    text = DocumentText(store, tides, memory)
    assert text(0, 10_000) == TEXT[: TEXT.index("Rings")] and text(memory.n_tokens, memory.n_tokens + 9) == ""
    beyond = type("Beyond", (), {"begin": memory.n_tokens, "end": memory.n_tokens + 3, "quote": "x", "score": 1.0})
    assert text.evidence([beyond]) == ()
    with pytest.raises(UnknownPage):
        library.answering.ask(tides, "Who?", page=4)


def test_the_text_of_tokens_is_cut_out_of_the_pages_concerned(library: Library, store: Store, tides: str):
    library.reader.read(tides)
    row = store.documents.get(tides)
    text = DocumentText(store, tides, library.reader.memory(row))
    for begin, end in ((0, 5), (3, 60), (TEXT.index("Moons"), TEXT.index("Moons") + 7), (50, len(TEXT)), (9, 9)):
        assert text(begin, end) == TEXT[begin:end]
    assert text(-5, 4) == TEXT[:4] and text(len(TEXT) - 3, len(TEXT) + 50) == TEXT[-3:]
    fresh = DocumentText(store, tides, library.reader.memory(row))
    fresh(TEXT.index("It has"), TEXT.index("It has") + 2)
    assert list(fresh._pages) == [3], "no other page is cut into tokens"
    starts = [0, TEXT.index("Moons"), TEXT.index("Rings")]
    assert [text.page_at(token) for token in (0, starts[1] - 1, starts[1], starts[2], len(TEXT) - 1)] == [1, 1, 2, 3, 3]


def test_a_quote_is_on_the_page_where_it_begins(library: Library, store: Store, tides: str):
    library.reader.read(tides)
    text = DocumentText(store, tides, library.reader.memory(store.documents.get(tides)))
    found = lambda quote: text.evidence([SmallEvidence(20, len(TEXT) + 99, quote, 1.0)])[0]  # noqa: E731
    assert [found(quote).page for quote in ("goes at noon.", "The moon is called Oru.", RINGS)] == [1, 2, 3]
    assert found("called Oru. Rings It has no ring.").page == 2, "it runs over the end of a page"
    assert found(RINGS).end == len(TEXT)


def test_where_pages_begin_is_found_anew_where_it_was_not_kept(library: Library, store: Store, tides: str):
    library.reader.read(tides)
    row = store.documents.get(tides)
    kept = library.reader.memory(row).page_starts
    store.snapshots.set_page_starts(store.snapshots.get(tides, "f1"), b"")
    assert library.reader.memory(row).page_starts == kept
    assert store.snapshots.page_starts(store.snapshots.get(tides, "f1")) == kept.tobytes()


def test_a_half_read_document_is_asked_as_far_as_it_was_read(library: Library, tides: str, engine: SmallEngine):
    library.reader.read(tides, should_stop=lambda: engine.tokens_read >= 60)
    *_, answer = library.answering.ask(tides, "Has it a ring?")
    assert answer.evidence[0].page == 1 and answer.from_memory.endswith(state_of(TEXT[:63]))
    with pytest.raises(NotReadThatFar, match="only up to section 1"):
        library.answering.ask(tides, "Who?", page=2)


# Many documents


def book(library: Library, name: str, words: str, *, read: bool = True) -> str:
    document_id = library.add(f"# {name}\n\n{words}\n".encode(), f"{name}.md").id
    if read:
        library.reader.read(document_id)
    return document_id


@pytest.fixture
def books(library: Library) -> dict[str, str]:
    told = {
        "Far": "It rained. " * 30 + "The lamp is green.",
        "Near": "The lamp is red.",
        "Silent": "The moon is called Oru.",
    }
    ids = {name: book(library, name, words) for name, words in told.items()}
    return ids | {"Unread": book(library, "Unread", "The lamp is blue.", read=False)}


def test_every_book_that_was_read_is_asked_and_the_best_comes_first(library: Library, books):
    found = library.answering.ask_all(library.shelf(), COLOUR)
    assert [(one.title, one.answer, one.declined) for one in found.told] == [
        ("Near", "red", False),
        ("Far", "green", False),
        ("Silent", "nothing", True),
    ]
    assert [one.document_id for one in found.told] == [books[name] for name in ("Near", "Far", "Silent")]
    assert found.told[0].evidence[0].quote == "The lamp is red." and found.told[0].evidence[0].page == 1
    assert found.text == "“Near”: red\n“Far”: green\n1 other book doesn’t seem to say."
    assert found.left_out == ("Unread",) and not found.stopped
    assert not any(library.conversations.history(document_id) for document_id in books.values())


def test_what_a_book_is_about_is_kept_as_a_summary(library: Library):
    book_id = book(library, "Short", "The lamp is red. It never rains. The moon is called Oru.")
    *_, answer = library.answering.ask(book_id, "What is this book about?")
    (turn,) = library.conversations.history(book_id)
    assert answer.summary and turn.summary and turn.evidence == answer.evidence and len(answer.evidence) > 1


def test_only_the_chosen_books_are_asked(library: Library, books):
    chosen = [library.get(books["Far"]), library.get(books["Unread"])]
    found = library.answering.ask_all(chosen, COLOUR)
    assert [one.title for one in found.told] == ["Far"] and found.left_out == ("Unread",)


def test_a_question_about_the_texts_is_counted_in_all_of_them(library: Library, books):
    found = library.answering.ask_all(library.shelf(), "How many times is the word lamp mentioned?")
    assert {one.title: one.total for one in found.told} == {"Near": 1, "Far": 1, "Silent": 0, "Unread": 1}
    assert found.told[-1].title == "Silent" and found.told[-1].declined and found.left_out == ()
    assert all(one.confidence is None for one in found.told)


def test_more_books_than_fit_in_a_batch(library: Library):
    for number in range(AT_ONCE + 3):
        book(library, f"Log {number}", f"The lamp is number{number}.")
    found = library.answering.ask_all(library.shelf(), COLOUR)
    assert {one.answer for one in found.told} == {f"number{number}" for number in range(AT_ONCE + 3)}
    assert "8 more books answer as well." in found.text
    at_once = library.answering.ask_all(library.shelf(), COLOUR, should_stop=lambda: True)
    assert at_once.stopped and len(at_once.told) == AT_ONCE and len(at_once.left_out) == 3


def test_nothing_to_ask_and_nothing_asked(library: Library):
    with pytest.raises(NothingToAsk, match="has been read"):
        library.answering.ask_all(library.shelf(), COLOUR)
    book(library, "Near", "The lamp is red.")
    with pytest.raises(EmptyQuestion):
        library.answering.ask_all(library.shelf(), "  ")


def test_books_that_do_not_say_never_outrank_those_that_do():
    told = [
        FromBook("a", "A", "x", 0.99, declined=True),
        FromBook("b", "B", "y", 0.6, declined=False),
        FromBook("c", "C", "z", 0.8, declined=False),
    ]
    assert [one.title for one in ranked(told)] == ["C", "B", "A"]
    assert combined(ranked(told[:1])) == "“A” doesn’t seem to say."
    assert combined([told[0], told[0]]) == "None of these books seems to say."


def test_a_document_of_one_model_is_not_asked_by_another(store: Store, library: Library, tides: str):
    library.reader.read(tides)
    other = shelf(SmallEngine("f2"), store)
    with pytest.raises(NothingToAsk):
        other.answering.ask_all(other.shelf(), COLOUR)
    assert isinstance(list(library.answering.ask(tides, "Who?"))[-1], ModelAnswer)
