"""What the page says: answers with their pages, numbers in words, and that nothing from a document becomes HTML."""

from __future__ import annotations

import math
import re
from types import SimpleNamespace
from typing import get_args

import pytest

from app.markup import conversation, document, evidence, figures, model, notice, settings, shelf
from app.markup.sheet import opener
from app.views import Evidence, JobView, ModelChange, Place, SectionView, ShelfItem, Status, Turn
from app.words import Languages

EN = Languages.load().english
NASTY = '<img src="x" onerror="y">&\'"'


def turn(question: str = "Who?", answer: str = "Ada", **changes) -> Turn:
    return Turn(question, answer, "2026-01-02T03:04:05+00:00", **changes)


def quote(page: int, text: str, score: float = 0.9) -> Evidence:
    return Evidence(page, text, score, 3, 9)


def shown(*turns: Turn) -> str:
    return conversation.conversation(EN, turns, True)


def test_an_answer_stands_over_its_sentence_with_the_page_and_how_sure_it_is() -> None:
    found = (quote(7, f"Ada {NASTY} keeps it."), quote(3, "Once more."), quote(7, "And again."))
    html = shown(turn(confidence=0.91, from_memory="Eda", evidence=found))
    assert html.index(">Ada<") < html.index('data-sheet="7"') < html.index("Sure")
    assert (
        '<span class="confidence sure" title="Of a hundred answers like this, about 91 are right.">Sure</span>' in html
    )
    assert html.count('data-sheet="7"') == 1 and html.count('data-sheet="3"') == 1, "each page once"
    assert "<q>Ada &lt;img" in html and "<img" not in html and "“Ada &lt;img" in html
    assert "From memory: Eda" in html


@pytest.mark.parametrize("from_memory", [None, "Ada", " ada. "])
def test_the_memory_is_heard_only_where_it_says_something_else(from_memory: str | None) -> None:
    assert "From memory" not in shown(turn(confidence=0.9, from_memory=from_memory, evidence=(quote(1, "x"),)))


@pytest.mark.parametrize(
    ("sure", "said", "kind"),
    [
        (0.85, "Sure", "sure"),
        (0.84, "Fairly sure", "fairly"),
        (0.6, "Fairly sure", "fairly"),
        (0.59, "Not sure", "unsure"),
    ],
)
def test_confidence_in_words(sure: float, said: str, kind: str) -> None:
    assert EN.confidence(sure) == said
    html = evidence.confidence(EN, sure)
    assert f">{said}<" in html and f"confidence {kind}" in html and f"about {round(100 * sure)} are right" in html


def test_what_the_document_does_not_say_is_said_so_with_the_nearest_page() -> None:
    html = shown(
        turn(
            "Who won?", f"Nobody {NASTY}", confidence=0.1, declined=True, evidence=(quote(4, "A race."), quote(5, "x"))
        )
    )
    assert '<div class="text">The document does not seem to say this.</div>' in html
    assert "Nearest to it:" in html and 'data-sheet="4"' in html and 'data-sheet="5"' not in html
    assert "A guess, not found on a page: Nobody &lt;img" in html and "confidence" not in html
    bare = shown(turn("Who won?", "", confidence=0.1, declined=True, evidence=()))
    assert "does not seem to say" in bare and "Nearest" not in bare and "guess" not in bare


def test_only_an_answer_that_was_kept_without_its_sentences_can_be_looked_for() -> None:
    turns = [
        turn("How often?", "Twice", places=()),
        turn(),
        turn(evidence=(quote(1, "x"),)),
        turn(answer="All in all.", summary=True),
    ]
    assert re.findall(r'data-where="(\d+)"', shown(*turns)) == ["1"]
    html = evidence.found_again(EN, NASTY, (quote(4, NASTY),))
    assert NASTY not in html and 'data-sheet="4"' in html
    assert "Nothing in what was read so far" in evidence.found_again(EN, "Who?", ())


def test_each_sentence_of_a_summary_has_its_page() -> None:
    text = "A keeper tends a lamp. “She is alone!” A storm tests her"
    found = (quote(2, "x"), quote(5, "y"), quote(9, "z"))
    html = shown(turn(answer=text, summary=True, confidence=0.8, evidence=found))
    assert re.findall(r'alone!” <button[^>]*data-sheet="(\d+)"', html) == ["5"]
    assert re.findall(r'data-sheet="(\d+)"', html) == ["2", "5", "9"] and "Written by the model" in html
    few = shown(turn(answer=text, summary=True, evidence=found[:2]))
    assert few.index("tests her") < few.index('data-sheet="2"') < few.index('data-sheet="5"')


def test_memory_and_page_are_heard_one_after_the_other() -> None:
    first = conversation.pending(EN, "Who?", "Eda", "…")
    assert '<div class="text">Eda</div>' in first and "From memory" not in first
    looking = conversation.pending(EN, "Who?", "Eda", "…", "")
    assert "From memory: Eda" in looking and "Looking at the page" in looking
    assert '<div class="text page">Ada</div>' in conversation.pending(EN, "Who?", "Eda", "…", "Ada")


def test_a_model_on_its_way_says_how_far_it_is() -> None:
    info = SimpleNamespace(model=NASTY, device="cpu", dtype="float32")
    coming = ModelChange("loading", f"Fetching Base {NASTY}: 247 of 988 MB ...", fetched_megabytes=(247, 988))
    card = model.model(EN, None, coming, 3)
    assert 'aria-valuenow="25"' in card and "247 of 988 MB" in card and "<img" not in card and "Read again" not in card
    assert "progressbar" not in model.model(EN, None, ModelChange("loading", "Loading the model ..."), 0)
    assert 'role="alert"' in model.model(EN, None, ModelChange("failed", "There is no such model."), 0)
    ready = model.model(EN, info, ModelChange("idle", ""), 0)
    assert "model-card" not in ready and "<img" not in ready and "cpu · float32" in ready
    assert "2 documents were read with an older memory" in model.model(EN, info, ModelChange("idle", ""), 2)
    instead = model.model(EN, info, ModelChange("instead", "The small model answers for now. Connect it."), 0)
    assert "The small model answers for now. Connect it." in instead


def item(status: str = "read", **changes) -> ShelfItem:
    fields = {
        "id": "0123456789abcdef",
        "title": "The Lamp",
        "author": "A. Keeper",
        "format": "pdf",
        "pages": 31,
        "tokens": 12_345,
        "read_tokens": 6_789,
        "read_pages": 17,
        "status": status,
        "state_bytes": 2_211_840,
        "notes": (),
        "missing_pages": (),
        "sections": (SectionView(number=1, title="Dusk", level=1, page=1, last_page=9, characters=4_321),),
        "added_at": "2026-01-02T03:04:05+00:00",
        "last_asked_at": None,
        "error": None,
    }
    return ShelfItem(**(fields | changes))


def job(**changes) -> JobView:
    fields = {
        "id": 5,
        "document_id": "0123456789abcdef",
        "status": "reading",
        "n_tokens": 6_000,
        "total_tokens": 12_345,
        "tokens_per_second": 2_310.4,
        "eta_seconds": 127.0,
        "error": None,
    }
    return JobView(**(fields | changes))


@pytest.mark.parametrize(
    ("n_bytes", "said"),
    [(0, "0 B"), (812, "812 B"), (2_211_840, "2.2 MB"), (123_456_789, "123 MB"), (5 * 10**12, "5000 GB")],
)
def test_sizes(n_bytes: int, said: str) -> None:
    assert EN.size(n_bytes) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, ""),
        (math.inf, ""),
        (-1.0, ""),
        (3.0, "a few seconds left"),
        (41.0, "about 45 seconds left"),
        (58.0, "about 1 minute left"),
        (127.0, "about 3 minutes left"),
        (3 * 3600 + 240.0, "about 3 h 04 min left"),
    ],
)
def test_time_left(seconds: float | None, said: str) -> None:
    assert EN.time_left(seconds) == said


def test_rate_is_silent_until_known() -> None:
    assert EN.rate(None) == EN.rate(0.0) == EN.rate(math.nan) == ""
    assert EN.rate(2_310.4) == "2,310 tokens a second"


def test_a_hundred_per_cent_means_done() -> None:
    assert figures.percent(999, 1000) == 99
    assert figures.percent(1000, 1000) == 100
    assert figures.percent(7, None) == figures.percent(7, 0) == 0


def test_page_reached_stays_inside_the_document() -> None:
    assert figures.page_reached(0, 900, 31) == 1
    assert figures.page_reached(450, 900, 31) == 16
    assert figures.page_reached(901, 900, 31) == 31
    assert figures.page_reached(5, None, 31) == 0


def test_a_reading_shows_page_tokens_rate_and_time() -> None:
    card = document.reading(EN, item("reading"), job())
    for said in (
        "Reading page 16 of 31",
        "48%",
        "6,000 of 12,345 tokens",
        "2,310 tokens a second",
        "about 3 minutes left",
    ):
        assert said in card
    assert 'aria-valuenow="48"' in card


def test_every_state_has_its_words() -> None:
    for status in get_args(Status):
        assert EN(f"shelf.status.{status}") in shelf.shelf(EN, [item(status)], {}, "")
        if status not in ("read", "queued", "reading"):
            assert EN(f"document.not_ready.{status}") in document.reading(EN, item(status), None)
    assert document.reading(EN, item("read"), None) == ""
    assert "The disk is full." in document.reading(EN, item("failed", error="The disk is full."), None)


def test_a_half_read_document_says_which_part_answers() -> None:
    assert "pages 1 to 17 of 31" in document.answers_from(EN, item("cancelled"))
    assert document.answers_from(EN, item("read")) == ""
    assert document.answers_from(EN, item("new", state_bytes=0)) == ""


def test_the_open_document_is_marked_on_the_shelf() -> None:
    rows = shelf.shelf(EN, [item(), item(id="fedcba9876543210", title="Other")], {}, "fedcba9876543210")
    assert re.findall(r'data-open="(\w+)" aria-current', rows) == ["fedcba9876543210"]


def test_nothing_from_outside_becomes_html() -> None:
    notes = (("plain", {"text": NASTY}), (NASTY, {NASTY: NASTY}))
    bad = item("failed", title=NASTY, author=NASTY, notes=notes, error=NASTY, id='"><script>')
    told = turn(NASTY, NASTY)
    for html in (
        shelf.shelf(EN, [bad], {}, ""),
        shelf.shelf(EN, [item("reading", title=NASTY)], {"0123456789abcdef": job()}, ""),
        document.about(EN, bad),
        document.reading(EN, bad, None),
        conversation.conversation(EN, [told], True),
        conversation.pending(EN, NASTY, NASTY, NASTY),
        conversation.pending(EN, NASTY, "", NASTY),
        notice.notice(EN, [NASTY]),
    ):
        assert "<img" not in html
        assert "<script" not in html
        assert 'onerror="' not in html


def test_no_lines_no_notice() -> None:
    assert notice.notice(EN, []) == ""
    assert 'role="alert"' in notice.notice(EN, ["Something."])
    assert 'role="status"' in notice.notice(EN, ["Done."], "done")


def test_places_are_listed_and_nothing_of_the_text_becomes_html() -> None:
    places = (Place(3, NASTY, "lamp", " burned"), Place(1_204, "the ", "Lamp", NASTY))
    html = shown(turn("How often?", "Twice.", places=places))
    assert "<summary>2 places</summary>" in html and "p. 1,204" in html
    assert html.count("<mark>") == 2 and NASTY not in html and "in the text itself" in html
    nowhere = shown(turn("How often?", "Never.", places=()))
    assert "<details" not in nowhere and "in the text itself" in nowhere


def test_an_answer_as_of_a_page_says_so() -> None:
    html = shown(turn(page=1_112, confidence=0.9, evidence=()))
    assert '<span class="as-of">As of page 1,112</span>' in html and "Sure" in html
    assert "As of" not in shown(turn(confidence=0.9, evidence=()))


def test_the_part_it_answers_from_is_said() -> None:
    assert document.answers_from(EN, item()) == ""
    assert "pages 1 to 17 of 31, all that has been read" in document.answers_from(EN, item("cancelled"))
    assert "It answers from pages 1 to 12 of 31 and knows nothing of what follows." in document.answers_from(
        EN, item(), 12
    )
    assert "from page 1 of 31" in document.answers_from(EN, item(), 1)


def test_a_day_is_said_in_words() -> None:
    assert EN.day("2031-03-05T12:00:00.000+00:00") == "5 March 2031"


def test_what_has_no_pages_to_turn_to_is_counted_in_sections_or_parts() -> None:
    book, novel = item("cancelled", format="epub"), item("cancelled", format="text")
    assert "31 sections ·" in shelf.shelf(EN, [book], {}, "") and "31 parts ·" in shelf.shelf(EN, [novel], {}, "")
    assert "<dt>Sections</dt><dd>31</dd>" in document.about(EN, book) and "Pages" not in document.about(EN, book)
    assert "<dt>Parts</dt><dd>31</dd>" in document.about(EN, novel)
    assert "from sections 1 to 17 of 31" in document.answers_from(EN, book)
    assert "from part 1 of 31" in document.answers_from(EN, novel, 1)
    assert "Reading section 16 of 31" in document.reading(EN, item("reading", format="epub"), job())


def test_a_summary_is_cut_into_sentences_as_its_places_were_looked_for() -> None:
    from engine.answer import SENTENCE  # here, for it brings torch along

    assert evidence.SENTENCE.pattern == SENTENCE.pattern
    found = [quote(3, "one"), quote(7, "two")]
    shown = evidence.with_pages(EN, "Mr. Hale paid 3.5 marks. He left.", found)
    assert (
        re.sub(r"<[^>]*>", "", shown).split()
        == re.sub(r"<[^>]*>", "", f"Mr. Hale paid 3.5 marks. {opener(EN, 3, '')} He left. {opener(EN, 7, '')}").split()
    )


def test_a_model_without_a_memory_says_how_one_is_made_for_it() -> None:
    info = SimpleNamespace(
        model="M", device="cpu", dtype="bfloat16", parameters=9_000_000, state_bytes=5_000_000, trained=False
    )
    html = settings.running(EN, info, NASTY, None, ())
    assert "train scorer --base &lt;img" in html and "<img" not in html
    info.trained = True
    assert "train scorer" not in settings.running(EN, info, "small", None, ())
