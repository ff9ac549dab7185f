"""A summary in a document's own words: chosen by the memory, quoted from the text."""

from __future__ import annotations

import pytest

from app.errors import NotReadYet, UnknownPage, UnknownSection
from app.highlights import Quote, best, sentence_spans, told
from app.library import Library
from app.views import TextAnswer
from app.words import Languages
from storage import Store
from tests.app.small_engine import SmallEngine

EN = Languages.load().english
# The small engine finds digits worth keeping, the more of them the better.
BOOK = (
    "# Arrivals\n\nThe ferry came at 7 in the morning. Nobody was there to see it. Mr. Brook paid 11 marks and 50 pence.\n\n"
    "# Prices\n\nA room costs 38 marks. Breakfast costs nothing at all.\n\nThe bell weighs 4172 pounds, they say. Goodbye, dear reader.\n"
)
FERRY, BROOK = "The ferry came at 7 in the morning.", "Mr. Brook paid 11 marks and 50 pence."
ROOM, BELL = "A room costs 38 marks.", "The bell weighs 4172 pounds, they say."


@pytest.fixture
def library(store: Store) -> Library:
    return Library(SmallEngine(judges=True), store)


@pytest.fixture
def book(library: Library) -> str:
    return library.add(BOOK.encode(), "book.md").id


def quoted(library: Library, document: str, **how) -> list[str]:
    """The sentences of a summary, which must be all that it says."""
    text, answer = library.summarize(document, **how)
    assert isinstance(answer, TextAnswer) and text == answer.text and answer.grounded and answer.grounding is None
    first, *quotes = text.split("\n\n")
    assert first == EN("summary.introduction") and len(quotes) == answer.total
    return [quote[1 : quote.index("”")] for quote in quotes]


def test_what_is_worth_most_is_quoted_in_its_order_with_its_page(library: Library, book: str):
    library.read(book)
    assert quoted(library, book, sentences=2) == [BROOK, BELL]
    assert quoted(library, book, sentences=4) == [FERRY, BROOK, ROOM, BELL]
    *_, last = library.summarize(book, sentences=1)
    assert last.text.endswith(f"“{BROOK}” (page 1)") or last.text.endswith(f"“{BELL}” (page 2)")


def test_a_section_and_the_pages_so_far_are_summarised_from_the_same_reading(library: Library, book: str):
    library.read(book)
    read = library._engine.tokens_read
    assert quoted(library, book, section=2, sentences=2) == [ROOM, BELL]
    assert quoted(library, book, page=1, sentences=9)[:2] == [FERRY, "Nobody was there to see it."]
    assert ROOM not in quoted(library, book, page=1, sentences=9)
    assert library._engine.tokens_read == read


def test_a_summary_says_what_is_not_quoted_in_the_language_that_is_wanted(library: Library, book: str):
    library.read(book)
    said, _ = library.summarize(book, sentences=1, language="nl")
    assert said.startswith("Wat bij het lezen het meest de moeite waard leek") and "(pagina " in said
    list(library.summarize(book, section=2, language="nl"))
    assert [turn.question for turn in library.history(book)] == [
        "Vat “Arrivals” samen.",
        "Vat deel 2, “Prices”, samen.",
    ]


def test_a_summary_is_kept_in_the_conversation_unless_not_wanted(library: Library, book: str):
    library.read(book)
    list(library.summarize(book, keep=False))
    assert library.history(book) == ()
    list(library.summarize(book, section=2))
    (turn,) = library.history(book)
    assert (
        turn.summary and turn.places == () and turn.question == "Summarise section 2, “Prices”." and BELL in turn.answer
    )


def test_of_a_half_read_document_what_was_read_is_summarised(library: Library, book: str):
    groups = iter(range(99))
    library.read(book, should_stop=lambda: next(groups) == 17)
    assert 0 < library.get(book).read_pages < library.get(book).pages
    assert quoted(library, book, sentences=9)[0] == FERRY
    assert BELL not in quoted(library, book, sentences=9)
    *_, written = library.summarize(book, section=2)  # not read so far: by itself, and in the model's words
    assert not isinstance(written, TextAnswer)


def test_what_was_read_before_this_was_kept_is_summarised_by_the_model(library: Library, book: str, store: Store):
    library.read(book)
    with store.strengths._connection.transaction() as db:
        db.execute("UPDATE strengths SET worths = x'' WHERE n_tokens > 20")
    *_, written = library.summarize(book)
    assert not isinstance(written, TextAnswer)


def test_what_cannot_be_summarised_is_named(library: Library, book: str):
    with pytest.raises(NotReadYet):
        library.summarize(book)
    library.read(book)
    with pytest.raises(UnknownPage):
        library.summarize(book, page=99)
    with pytest.raises(UnknownSection):
        library.summarize(book, section=99)


def test_sentences_are_cut_at_their_ends_and_headings_left_out():
    told = "Dr. Watson came in late, and sat\ndown. “Who is there?” he asked. No."
    page = f"CHAPTER I\n\n{told}\n\nA heading without an end\n\nHe slept well and long."
    found = [" ".join(page[a:b].split()) for a, b in sentence_spans(page)]
    assert found == ["Dr. Watson came in late, and sat down.", "He slept well and long."]


def test_no_sentence_is_told_twice_and_nothing_is_said_to_be_nothing():
    quotes = [Quote(1, "a", 1.0), Quote(2, "b", 3.0), Quote(3, "a", 1.0), Quote(4, "c", 2.0)]
    assert best(quotes, 9) == [quotes[0], quotes[1], quotes[3]] and best(quotes, 2) == [quotes[1], quotes[3]]
    assert told(EN, []) == EN("summary.nothing") and told(EN, quotes[1:2]).endswith("“b” (page 2)")
