"""Summaries: written, of a whole document, of its first pages or of a section; and the passages that were most worth keeping."""

from __future__ import annotations

import pytest

from app.answering.summary import Quote, best, sentence_spans
from app.errors import NotReadThatFar, NotReadYet, UnknownPage, UnknownSection
from app.library import Library
from app.views import ModelAnswer, TextAnswer
from app.words import Languages
from storage import Store
from tests.app.small_engine import SmallEngine, said

EN = Languages.load().english
# The small engine finds digits worth keeping, the more of them the better.
BOOK = (
    "# Arrivals\n\nThe ferry came at 7 in the morning. Nobody was there to see it. Mr. Brook paid 11 marks and 50 pence.\n\n"
    "# Prices\n\nA room costs 38 marks. Breakfast costs nothing at all.\n\nThe bell weighs 4172 pounds, they say. Goodbye, dear reader.\n"
)
FERRY, BROOK = "The ferry came at 7 in the morning.", "Mr. Brook paid 11 marks and 50 pence."
ROOM, BELL = "A room costs 38 marks.", "The bell weighs 4172 pounds, they say."


@pytest.fixture
def book(library: Library) -> str:
    return library.add(BOOK.encode(), "book.md").id


# Written


def test_the_whole_is_summarised_with_a_page_for_each_sentence(library: Library, book: str):
    library.reader.read(book)
    *pieces, answer = library.summaries.summarize(book, words=40)
    assert isinstance(answer, ModelAnswer) and "".join(pieces) == answer.text and FERRY in answer.text
    assert {one.page for one in answer.evidence} == {1, 2} and len(answer.evidence) == len(pieces)
    (turn,) = library.conversations.history(book)
    assert (turn.question, turn.answer, turn.summary) == ("Summarise “Arrivals”.", answer.text, True)
    assert turn.evidence == answer.evidence


def test_the_length_is_chosen(library: Library, book: str):
    library.reader.read(book)
    short, long = (said(library.summaries.summarize(book, words=words)) for words in (9, 60))
    assert short in long and len(short.split()) <= 9 < len(long.split())


def test_a_section_is_summarised_from_the_same_memory(library: Library, book: str, engine: SmallEngine):
    library.reader.read(book)
    read = engine.tokens_read
    *_, answer = library.summaries.summarize(book, section=2, words=99)
    assert ROOM in answer.text and FERRY not in answer.text and {one.page for one in answer.evidence} == {2}
    assert engine.tokens_read == read
    assert library.conversations.history(book)[0].question == "Summarise section 2, “Prices”."


def test_of_a_half_read_document_what_was_read_is_summarised(library: Library, book: str):
    prices = BOOK.index("# Prices")
    library.reader.read(book, should_stop=lambda: library.models.engine.tokens_read >= prices - 6)
    assert prices - 7 < library.get(book).read_tokens <= prices
    *_, answer = library.summaries.summarize(book, words=999)
    assert FERRY in answer.text and "4172" not in answer.text
    assert FERRY in library.summaries.key_passages(book).text
    assert FERRY in said(library.summaries.summarize(book, section=1, words=999))
    for use in (library.summaries.summarize, library.summaries.key_passages):
        with pytest.raises(NotReadThatFar):
            use(book, section=2)


def test_what_cannot_be_summarised_is_named(library: Library, book: str):
    for use in (library.summaries.summarize, library.summaries.key_passages):
        with pytest.raises(NotReadYet):
            use(book)
    library.reader.read(book)
    for use in (library.summaries.summarize, library.summaries.key_passages):
        with pytest.raises(UnknownPage):
            use(book, page=99)
        for number in (-1, 0, 99):
            with pytest.raises(UnknownSection, match="numbered 1 to 2"):
                use(book, section=number)


def test_what_was_asked_is_kept_in_the_language_that_is_wanted(library: Library, book: str):
    library.reader.read(book)
    said(library.summaries.summarize(book, language="nl"))
    library.summaries.key_passages(book, section=2, language="nl")
    assert [turn.question for turn in library.conversations.history(book)] == [
        "Vat “Arrivals” samen.",
        "Vat deel 2, “Prices”, samen.",
    ]


def test_a_summary_is_kept_unless_not_wanted(library: Library, book: str):
    library.reader.read(book)
    said(library.summaries.summarize(book, keep=False))
    library.summaries.key_passages(book, keep=False)
    assert library.conversations.history(book) == ()


# Key passages


def quoted(library: Library, document: str, **how) -> list[str]:
    """The sentences of an answer, which must be all that it says."""
    answer = library.summaries.key_passages(document, **how)
    assert isinstance(answer, TextAnswer)
    first, *quotes = answer.text.split("\n\n")
    assert first == EN("summary.introduction") and len(quotes) == answer.total
    return [quote[1 : quote.index("”")] for quote in quotes]


def test_what_is_worth_most_is_quoted_in_its_order_with_its_page(library: Library, book: str):
    library.reader.read(book)
    assert quoted(library, book, count=2) == [BROOK, BELL]
    assert quoted(library, book, count=4) == [FERRY, BROOK, ROOM, BELL]
    text = library.summaries.key_passages(book, count=1).text
    assert text.endswith((f"“{BROOK}” (section 1)", f"“{BELL}” (section 2)"))
    turn = library.conversations.history(book)[-1]
    assert turn.summary and turn.places == () and turn.answer == text


def test_of_a_section_and_of_the_pages_so_far(library: Library, book: str):
    library.reader.read(book)
    assert quoted(library, book, section=2, count=2) == [ROOM, BELL]
    assert quoted(library, book, page=1, count=9)[:2] == [FERRY, "Nobody was there to see it."]
    assert ROOM not in quoted(library, book, page=1, count=9)


def test_nothing_is_said_to_be_nothing(library: Library, store: Store):
    short = library.add(b"# Too short\n\nNo.", "short.md").id
    library.reader.read(short)
    assert library.summaries.key_passages(short).text == EN("summary.nothing")


def test_sentences_are_cut_at_their_ends_and_headings_left_out():
    told = "Dr. Watson came in late, and sat\ndown. “Who is there?” he asked. No."
    page = f"CHAPTER I\n\n{told}\n\nA heading without an end\n\nHe slept well and long."
    found = [" ".join(page[a:b].split()) for a, b in sentence_spans(page)]
    assert found == ["Dr. Watson came in late, and sat down.", "He slept well and long."]


def test_no_sentence_is_told_twice():
    quotes = [Quote(1, "a", 1.0), Quote(2, "b", 3.0), Quote(3, "a", 1.0), Quote(4, "c", 2.0)]
    assert best(quotes, 9) == [quotes[0], quotes[1], quotes[3]] and best(quotes, 2) == [quotes[1], quotes[3]]
