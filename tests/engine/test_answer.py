"""Answers from memory and from pages, alone and many at once."""

import math
from dataclasses import replace

import pytest
import torch

from engine.answer import MARGIN, PAGES, SENTENCE, WORD_WEIGHT, Answer, Ask, Recalled, best_sentence, overlap
from engine.engine import Engine
from engine.errors import ConfigInvalid, EmptyQuestion, QuestionTooLong
from engine.generate import AnswerOptions, generate, text_of
from engine.point import PAGE
from engine.prompts import BRIEFLY, FROM_PASSAGES, NOT_SAID
from engine.summarize import on_page
from engine.whole import about_the_whole
from tests.engine.tiny import PROSE, WINDOW, make_engine

SHORT = AnswerOptions(max_new_tokens=7)


@pytest.fixture(scope="module")
def book(engine: Engine):
    """A state and the text of its tokens."""
    ids = engine.tokenize([PROSE * 4]).ids
    *_, step = engine.read(ids, engine.empty_state(), group_tokens=WINDOW)
    return engine.finished(step.state), lambda begin, end: engine.text(ids[begin:end])


def test_the_memory_answers_first_and_the_page_after(engine: Engine, book) -> None:
    state, text = book
    pieces = list(engine.ask(state, "What did the keeper say?", text=text, options=SHORT))
    at = next(i for i, piece in enumerate(pieces) if isinstance(piece, Recalled))
    answer = pieces[-1]
    assert isinstance(answer, Answer) and not answer.stopped
    assert "".join(pieces[:at]) == pieces[at].text == answer.from_memory
    assert "".join(pieces[at + 1 : -1]) == answer.from_page == answer.text
    assert 0 <= answer.confidence <= 1
    assert 1 <= len(answer.evidence) <= 3
    for one in answer.evidence:
        assert 0 <= one.begin < one.end <= state.n_tokens and one.quote in " ".join(text(one.begin, one.end).split())


@pytest.mark.parametrize(("brief", "prompt"), [(False, FROM_PASSAGES), (True, BRIEFLY)])
def test_the_answer_is_that_of_the_page_of_which_it_is_surest(engine: Engine, book, brief: bool, prompt: str) -> None:
    """Three pages are read, and each is answered from alone."""
    (state, text), question = book, "Who said it?"
    *_, answer = engine.ask(state, question, text=text, options=replace(SHORT, brief=brief))
    assert len(answer.candidates) == len(answer.evidence) == PAGES
    best, *others = answer.candidates
    assert all(one.confidence <= best.confidence for one in others)
    assert (answer.text, answer.confidence) == (best.text, best.confidence)
    assert (answer.evidence[0].begin, answer.evidence[0].end) == (best.page.begin, best.page.end)
    for one in answer.candidates:
        passage = text(max(one.page.begin - MARGIN, 0), min(one.page.end + MARGIN, state.n_tokens)).strip()
        view, asked = engine.answerer.chat.split_ids(prompt, passage, question)
        cache, starts = engine.answerer.in_view([view])
        *_, (alone,) = generate(
            engine.decoder,
            engine.tokenizer,
            [asked],
            cache,
            SHORT,
            start=starts,
            refusal=engine.answerer.chat.plain(NOT_SAID),
        )
        assert text_of(engine.tokenizer, alone.tokens) == one.text


def test_a_question_changes_nothing_in_the_state(engine: Engine, book) -> None:
    state, text = book
    before = engine.state_to_bytes(state)
    first = list(engine.ask(state, "Who?", text=text, options=SHORT))[-1]
    second = list(engine.ask(state, "Who?", text=text, options=SHORT))[-1]
    assert engine.state_to_bytes(state) == before
    assert (first.text, first.confidence) == (second.text, second.confidence)


@pytest.mark.parametrize(
    ("source", "memory", "page"), [("memory", True, False), ("page", False, True), ("both", True, True)]
)
def test_the_source_says_which_answers_are_made(engine: Engine, book, source: str, memory: bool, page: bool) -> None:
    state, text = book
    *_, answer = engine.ask(state, "Where is the chapel?", text=text, source=source, options=SHORT)
    assert (answer.from_memory is not None, answer.from_page is not None) == (memory, page)


def test_many_questions_at_once_are_answered_as_each_alone(engine: Engine, book) -> None:
    state, text = book
    other_ids = engine.tokenize(["A bell of the old village. " * 9]).ids
    *_, step = engine.read(other_ids, engine.empty_state(), group_tokens=WINDOW)
    other = Ask(step.state.finished(), "What is old?", lambda a, b: engine.text(other_ids[a:b]))
    asks = [
        Ask(state, "What did the keeper say?", text),
        Ask(state, "Who counted the nineteen lanterns in the night?", text),
        other,
    ]
    together = engine.ask_many(asks, options=SHORT)
    for ask, found in zip(asks, together, strict=True):
        *_, alone = engine.ask(ask.state, ask.question, text=ask.text, options=SHORT)
        assert (found.from_memory, found.from_page) == (alone.from_memory, alone.from_page)
        assert found.confidence == pytest.approx(alone.confidence, abs=1e-3)
        assert [(e.begin, e.end) for e in found.evidence] == [(e.begin, e.end) for e in alone.evidence]


def test_an_answer_stops_when_it_is_told_to(engine: Engine, book) -> None:
    state, text = book
    *_, answer = engine.ask(
        state, "What?", text=text, options=AnswerOptions(max_new_tokens=50), should_stop=lambda: True
    )
    assert answer.stopped and answer.from_page is None


def test_empty_and_endless_questions_are_refused_in_words(engine: Engine, book) -> None:
    state, text = book
    with pytest.raises(EmptyQuestion):
        next(engine.ask(state, "  \n", text=text))
    with pytest.raises(QuestionTooLong, match="tokens long"):
        next(engine.ask(state, "why " * 3000, text=text))
    with pytest.raises(ConfigInvalid, match="max_new_tokens"):
        AnswerOptions(max_new_tokens=0)
    for number in (float("nan"), float("inf"), -1.0):
        with pytest.raises(ConfigInvalid, match="temperature"):
            AnswerOptions(temperature=number)


@pytest.mark.parametrize("most", [2048, 10**9])
def test_more_tokens_than_the_window_has_leave_the_question_its_room(engine: Engine, book, most: int) -> None:
    state, text = book
    options = AnswerOptions(max_new_tokens=most)
    *_, answer = engine.ask(state, "Who?", text=text, options=options, should_stop=lambda: True)
    assert answer.stopped and not answer.cut
    with pytest.raises(QuestionTooLong, match=r"takes at most [1-9]"):
        list(engine.ask(state, "word " * 3000, text=text, options=options))


def test_an_answer_that_was_cut_says_so(engine: Engine, book) -> None:
    state, text = book
    for source in ("memory", "page", "both"):
        *_, answer = engine.ask(state, "Who?", text=text, source=source, options=AnswerOptions(max_new_tokens=1))
        best = answer.candidates[0]
        assert answer.cut == best.cut and (best.cut or not best.text)


def test_a_temperature_next_to_nothing_is_none(engine: Engine, book) -> None:
    state, _ = book
    said = [
        list(engine.ask(state, "Who?", options=AnswerOptions(max_new_tokens=7, temperature=t)))[-1].text
        for t in (0.0, 1e-9, 5e-324)
    ]
    assert said[0] == said[1] == said[2]


def test_a_seed_gives_the_same_words_and_another_one_others(engine: Engine, book) -> None:
    state, _ = book
    said = []
    for seed in (1, 1, 2):
        *_, answer = engine.ask(state, "Who?", options=AnswerOptions(max_new_tokens=20, temperature=2.0, seed=seed))
        said.append(answer.text)
    assert said[0] == said[1] != said[2]


def test_a_summary_has_places_within_its_span(engine: Engine, book) -> None:
    state, text = book
    *pieces, answer = engine.summarize(state, title="A tale", text=text, span=(10, 60), words=40)
    assert "".join(pieces).startswith(answer.text)
    assert all(10 <= one.begin < one.end <= 60 for one in answer.evidence)


def test_the_pointing_heads_see_what_the_slots_hold_and_the_page_it_is_on(tokenizer) -> None:
    """A key that a question's own query equals is found on its page, wherever that is."""
    engine = make_engine(tokenizer, pointing_slots=600, slots=40)
    ids = engine.tokenize([PROSE * 6]).ids
    *_, step = engine.read(ids, engine.empty_state(), group_tokens=WINDOW)
    pages = [
        answer.evidence
        for answer in engine.ask_many(
            [Ask(step.state, q, lambda a, b: "x") for q in ("bell?", "ferry?")], options=SHORT
        )
    ]
    assert all(len(one) == 3 for one in pages)
    assert {e.begin % 128 for one in pages for e in one} == {0}


def test_a_rare_word_of_the_question_brings_its_page_forward(engine: Engine, book) -> None:
    """Every page is said to hold the word in turn."""
    state, _ = book
    asked, n = "Where is the zebra?", -(-state.n_tokens // PAGE)

    def scores(marked: int | None) -> dict[int, float]:
        told = lambda begin, end: "A zebra." if marked is not None and begin == marked * PAGE else "The river."  # noqa: E731
        *_, answer = engine.ask(state, asked, text=told, source="page", options=SHORT)
        return {one.page.begin // PAGE: one.page.score for one in answer.candidates}

    plain = scores(None)
    assert n > PAGES == len(plain), "there are pages to choose from"
    for page in range(n):
        found = scores(page)
        if page in plain:
            assert found[page] == pytest.approx(plain[page] + WORD_WEIGHT * math.log((n + 1) / 1.5), abs=1e-4)
        assert all(
            found[other] == pytest.approx(plain[other], abs=1e-4) for other in found if other in plain and other != page
        )
    assert any(page in scores(page) for page in range(n) if page not in plain), "a page came in by its word"


def test_a_summary_keeps_to_its_pages() -> None:
    passage = (
        "by the sea. The inn is closed in winter, and Mr. Glennie keeps the key. A room costs 38 marks. He loved Elz"
    )
    for written, told in (
        ("The passage states that the inn is closed in winter.", "The inn is closed in winter."),
        ("Mr. Glennie keeps the key.", "Mr. Glennie keeps the key."),
        ("The Inn has rooms by the sea.", "The Inn has rooms by the sea."),
        ("A room costs 39 marks.", "“A room costs 38 marks.”"),
        ("The key of the inn is kept by Tennyson.", "“The inn is closed in winter, and Mr. Glennie keeps the key.”"),
        ("Tennyson keeps the key of the inn.", "“The inn is closed in winter, and Mr. Glennie keeps the key.”"),
        ("There is an inn by the sea.", "There is an inn by the sea."),
        ("The key of the inn is with Glennier.", "“The inn is closed in winter, and Mr. Glennie keeps the key.”"),
        ("The inn is closed in the Winters.", "The inn is closed in the Winters."),
        ("I'm sorry, but I can't assist with that.", "“The inn is closed in winter, and Mr. Glennie keeps the key.”"),
    ):
        assert on_page(written, passage, "The Inn by the Sea") == told
    assert on_page("Something else entirely.", "no sentence here", "") == ""


def test_a_sentence_does_not_end_at_a_title_or_within_a_number() -> None:
    text = "Mr. J. Hale paid 3.5 marks at St. Ives! Then he “left.” Nobody knows…"
    assert [one[0].strip() for one in SENTENCE.finditer(text)] == [
        "Mr. J. Hale paid 3.5 marks at St. Ives!", "Then he “left.”", "Nobody knows…",
    ]  # fmt: skip


def test_the_best_sentence_holds_the_answer() -> None:
    text = "The inn is closed. A room costs 38 marks a night. Dogs travel free."
    assert best_sentence(text, "38 marks", "What does a room cost?")[0] == "A room costs 38 marks a night."
    assert overlap("thirty-eight marks", "38 marks") < overlap("38 marks", "38 marks a night") <= 1
    assert torch.tensor(best_sentence("", "x", "y")[1]) == 0


def test_an_answer_with_no_word_of_the_pages_is_declined(engine: Engine, book) -> None:
    state, _ = book
    nothing = Ask(state, "Tokyo?", lambda begin, end: "...")
    (answer,) = engine.ask_many([nothing], options=SHORT)
    assert all(one.signals.support == one.signals.asked == 0 for one in answer.candidates) and answer.declined


@pytest.mark.parametrize(
    ("question", "whole"),
    [
        ("What is this book about?", True),
        ("what's it about", True),
        ("In short, what is this document?", True),
        ("Can you summarise the story, please?", True),
        ("Tell me briefly what this novel is about", True),
        ("Waar gaat dit boek over?", True),
        ("Geef me een korte samenvatting", True),
        ("What does the document say about ferries?", False),
        ("What is the book that she reads at night?", False),
        ("What is the summary of chapter two?", False),
        ("who is the story about", False),
        ("Waar gaat de weg over de heuvel heen?", False),
        ("", False),
        ("what is this " * 5000, False),
    ],
)
def test_questions_about_the_whole_are_known_by_their_wording(question: str, whole: bool) -> None:
    assert about_the_whole(question) is whole


def test_what_the_whole_is_about_is_answered_by_a_short_summary(engine: Engine, book) -> None:
    state, text = book
    *pieces, answer = engine.ask(state, "What is this text about?", text=text, options=SHORT)
    *_, told = engine.summarize(state, title="", text=text, words=70, options=SHORT)
    at = next(i for i, piece in enumerate(pieces) if isinstance(piece, Recalled))
    assert "".join(pieces[:at]) == pieces[at].text == answer.from_memory
    assert "".join(pieces[at + 1 :]) == answer.text == answer.from_page == told.text
    assert answer.summary and told.summary
    assert answer.evidence == told.evidence and answer.first_token_seconds <= answer.seconds
    asks = [Ask(state, "Who is it?", text), Ask(state, "What is this text about?", text)]
    one, other = engine.ask_many(asks, options=SHORT)
    assert other.summary and not one.summary
    assert other.text == told.text and one.text == engine.ask_many(asks[:1], options=SHORT)[0].text
    *_, recalled = engine.ask(state, "What is this text about?", text=text, source="memory", options=SHORT)
    assert recalled.from_page is None and recalled.text == answer.from_memory
