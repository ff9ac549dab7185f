"""What the page says: numbers in words, grounding, and that nothing from a document becomes HTML."""

from __future__ import annotations

import math
import re
from typing import get_args

import pytest

from app.markup import conversation, document, figures, grounding, notice, origin, shelf
from app.views import JobView, MemoryPoint, Origin, Place, ReadProgress, SectionView, ShelfItem, Status, Turn
from app.words import Languages

EN = Languages.load().english
NASTY = '<img src="x" onerror="y">&\'"'


def found(**changes) -> Origin:
    points = tuple(
        MemoryPoint(n, n // 100 + 1, value) for n, value in ((0, -4.0), (300, -3.9), (600, -1.0), (900, -1.2))
    )
    fields = {
        "points": points,
        "rise": 2.9,
        "first_page": 4,
        "last_page": 6,
        "section": NASTY,
        "passage": f"Ada has 12 {NASTY}",
    }
    return Origin(**(fields | {"again": f"Ada {NASTY}"} | changes))


def test_an_origin_says_where_and_how_much() -> None:
    html = origin.origin(EN, found(), NASTY, f"Ada, 12 {NASTY}")
    assert NASTY not in html and html.count("<mark>") == 2
    assert "learned on pages 4 to 6" in html and "18 times likelier" in html
    assert "page 7" in origin.origin(EN, found(first_page=7, last_page=7, section=None), "Who?", "Ada")
    assert "doesn’t come from there" in origin.verdict(EN, found(rise=-0.2))
    assert "No stretch stands out" in origin.verdict(EN, found(rise=0.3))
    assert "more than 1,000 times" in origin.verdict(EN, found(rise=9.0))


def test_the_curve_shades_its_steepest_stretch() -> None:
    svg = origin.curve(EN, found())
    (x, width) = map(float, re.search(r'class="steep" x="([\d.]+)" y="0" width="([\d.]+)"', svg).groups())
    line = [tuple(map(float, pair.split(","))) for pair in re.search(r'polyline points="([^"]+)"', svg)[1].split(" ")]
    assert [across for across, _ in line] == sorted(across for across, _ in line) and len(line) == 4
    assert x == pytest.approx(line[1][0], abs=0.1) and x + width == pytest.approx(line[2][0], abs=0.2)
    assert min(line, key=lambda point: point[1]) == line[2]
    flat = tuple(MemoryPoint(n, 1, -2.0) for n in (0, 10))
    assert "nan" not in origin.curve(EN, found(points=flat, rise=0.0))


def test_looking_says_how_far_it_is() -> None:
    assert "Asking the memories" in origin.looking(EN, None)
    progress = ReadProgress("d", 256, 1024, 300.0, 2.0, 31, 40, saved=False)
    assert "Reading page 31 again, 25%" in origin.looking(EN, progress)


def test_only_an_answer_from_memory_has_an_origin() -> None:
    recalled = Turn("Who?", "Ada", 1.2, True, "2026-01-02T03:04:05+00:00")
    looked_up = Turn("How often?", "Twice", None, None, "2026-01-02T03:04:05+00:00", places=())
    html = conversation.conversation(EN, [looked_up, recalled], True)
    assert re.findall(r'data-where="(\d+)"', html) == ["1"]


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


def test_grounding_share_is_the_part_of_the_likelihood_that_the_memory_brought() -> None:
    assert grounding.share(0.0) == grounding.share(-3.0) == 0.0
    assert grounding.share(math.log(2)) == pytest.approx(0.5)
    assert grounding.share(0.5) < grounding.share(1.5) < 1.0


@pytest.mark.parametrize(
    ("nats", "grounded", "said"),
    [
        (2.0, True, "From the document’s memory"),
        (0.9, True, "Mostly from the document’s memory"),
        (0.2, True, "Partly from the document, partly general knowledge"),
        (2.0, False, "The document doesn’t seem to say this"),
    ],
)
def test_grounding_words(nats: float, grounded: bool, said: str) -> None:
    assert grounding.in_words(EN, nats, grounded) == said
    assert said in grounding.meter(EN, nats, grounded)


def test_grounding_explains_its_figure() -> None:
    assert "2.0 times" in grounding.explanation(EN, math.log(2))
    assert "no likelier" in grounding.explanation(EN, -0.4)
    assert "1,000 times or more" in grounding.explanation(EN, 50.0)


def test_a_reading_shows_page_tokens_rate_and_time() -> None:
    shown = document.reading(EN, item("reading"), job())
    for said in (
        "Reading page 16 of 31",
        "48%",
        "6,000 of 12,345 tokens",
        "2,310 tokens a second",
        "about 3 minutes left",
    ):
        assert said in shown
    assert 'aria-valuenow="48"' in shown


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
    turn = Turn(question=NASTY, answer=NASTY, grounding=None, grounded=None, asked_at="")
    for shown in (
        shelf.shelf(EN, [bad], {}, ""),
        shelf.shelf(EN, [item("reading", title=NASTY)], {"0123456789abcdef": job()}, ""),
        document.about(EN, bad),
        document.reading(EN, bad, None),
        conversation.conversation(EN, [turn], True),
        conversation.pending(EN, NASTY, NASTY, NASTY),
        conversation.pending(EN, NASTY, "", NASTY),
        notice.notice(EN, [NASTY]),
    ):
        assert "<img" not in shown
        assert "<script" not in shown
        assert 'onerror="' not in shown


def test_no_lines_no_notice() -> None:
    assert notice.notice(EN, []) == ""
    assert 'role="alert"' in notice.notice(EN, ["Something."])
    assert 'role="status"' in notice.notice(EN, ["Done."], "done")


def test_places_are_listed_and_nothing_of_the_text_becomes_html() -> None:
    places = (Place(3, NASTY, "lamp", " burned"), Place(1_204, "the ", "Lamp", NASTY))
    shown = conversation.conversation(EN, [Turn("How often?", "Twice.", None, None, "2026-01-02", places)], True)
    assert "<summary>2 places</summary>" in shown and "p. 1,204" in shown
    assert shown.count("<mark>") == 2 and NASTY not in shown and "in the text itself" in shown
    nowhere = conversation.conversation(EN, [Turn("How often?", "Never.", None, None, "2026-01-02", ())], True)
    assert "<details" not in nowhere and "in the text itself" in nowhere


def test_an_answer_as_of_a_page_says_so() -> None:
    shown = conversation.conversation(EN, [Turn("Who?", "Ann.", 2.0, True, "2026-01-02", None, 1_112)], True)
    assert '<span class="as-of">As of page 1,112</span>' in shown and 'role="meter"' in shown
    assert "As of" not in conversation.conversation(EN, [Turn("Who?", "Ann.", 2.0, True, "2026-01-02")], True)


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
