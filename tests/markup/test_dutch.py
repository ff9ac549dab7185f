"""Every part of the page in Dutch: nothing of the English catalogue is left, numbers are Dutch, the structure is the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from string import Formatter
from types import SimpleNamespace
from typing import get_args

import pytest

from app.answering.conversations import as_markdown
from app.handlers.screen import placeholder
from app.handlers.summaries import lengths, section_choices, summary_title, summary_wait
from app.markup import (
    conversation,
    conversations,
    document,
    evidence,
    frame,
    keep,
    memory,
    model,
    notice,
    settings,
    several,
    shelf,
    tour,
)
from app.markup.door import login
from app.views import ChatView, DiskUse, Evidence, FromBook, ModelChange, Place, SeveralAnswers, Status, Stretch, Turn
from app.words import Languages, Words
from tests.markup.test_markup import item, job
from tests.markup.test_memory import SEEN

EN, NL = Languages.load().words("en"), Languages.load().words("nl")
AT = "2031-03-05T12:00:00.000+00:00"
PLACES = (Place(1_204, "x ", "y", " z"),)
FOUND = (Evidence(1_204, "x", 0.9, 3, 9), Evidence(7, "y", 0.5, 20, 30))
TURNS = [
    Turn("?", "A", AT, 0.9, from_memory="B", evidence=FOUND),
    Turn("?", "A", AT, 0.7, page=1_112, evidence=FOUND),
    Turn("?", "A", AT, 0.4),
    Turn("?", "A", AT, 0.1, declined=True, evidence=FOUND),
    Turn("?", "", AT),
    Turn("?", "A", AT, places=PLACES),
    Turn("?", "A", AT, places=(), summary=True),
    Turn("?", "A", AT, 0.9, evidence=FOUND, summary=True),
    Turn("?", "A", AT, 0.9, evidence=()),
]
BOOKS = (
    FromBook("d", "T", "A", 0.9, declined=False, evidence=FOUND),
    FromBook("e", "U", "B", None, declined=False, total=1_500),
    FromBook("f", "V", "C", 0.1, declined=True),
)
INFO = SimpleNamespace(
    model="m",
    device="cuda:0",
    dtype="float32",
    parameters=1_234_000_000,
    state_bytes=9_500_000,
    trained=False,
)
READING = item("reading", sections=item().sections * 2, notes=(("cut_off", {}),), tags=("t",), last_asked_at=AT)
PARTS: dict[str, Callable[[Words], str]] = {
    "banner": lambda w: frame.banner(w, [], INFO) + frame.banner(w, [], None),
    "tour": tour.tour,
    "welcome": document.welcome,
    "shelf": lambda w: shelf.tools(w) + shelf.shelf(w, [], {}, "") + shelf.shelf(w, [item()], {}, ""),
    "states": lambda w: shelf.shelf(w, [item(status) for status in get_args(Status)], {}, ""),
    "being read": lambda w: shelf.shelf(w, [READING], {READING.id: job()}, READING.id),
    "document": lambda w: "".join(document.about(w, item(format=kind)) for kind in document.FORMATS),
    "facts": lambda w: document.about(w, READING),
    "reading": lambda w: document.reading(w, READING, job()) + document.reading(w, item("queued"), None, 2),
    "next": lambda w: document.reading(w, item("queued"), None) + document.reading(w, item("queued"), None, 1),
    "not ready": lambda w: "".join(
        document.reading(w, item(status, error="'x' holds no text to read."), None)
        for status in ("new", "stale", "failed", "cancelled")
    ),
    "labels": lambda w: " ".join(document.read_label(w, status) for status in get_args(Status)),
    "part": lambda w: (
        "".join(document.answers_from(w, item("cancelled", read_pages=pages)) for pages in (0, 1, 2_000))
        + document.answers_from(w, item(pages=2_000), 1_500)
    ),
    "talk": lambda w: conversation.conversation(w, TURNS, True) + conversation.pending(w, "?", "B", "…", ""),
    "last looked up": lambda w: conversation.conversation(w, TURNS[:6], True),
    "no talk": lambda w: conversation.conversation(w, [], True) + conversation.conversation(w, [], False),
    "chats": lambda w: conversations.conversations(w, "T", [ChatView(1, "C", 1_500, AT, True, "x")] * 2),
    "editing": conversations.editing,
    "confidence": lambda w: "".join(evidence.confidence(w, sure) for sure in (0.9, 0.7, 0.2)),
    "where": lambda w: evidence.found_again(w, "?", FOUND) + evidence.found_again(w, "?", ()) + evidence.looking(w),
    "model": lambda w: "".join(
        model.model(w, info, ModelChange(state, "Fetching Base: 3 of 988 MB ...", fetched_megabytes=(3, 988)), stale)
        for info, state, stale in (
            (None, "loading", 0),
            (None, "failed", 0),
            (INFO, "instead", 1),
            (INFO, "idle", 1_500),
        )
    ),
    "several": lambda w: several.several(w, SeveralAnswers("", BOOKS, ("V",), 1.0, True), "?", {}),
    "one of several": lambda w: several.several(w, SeveralAnswers("", BOOKS[:1], (), 1.0, False), "?", {}),
    "none of several": lambda w: (
        several.several(w, SeveralAnswers("", (), (), 1.0, False), "?", {}) + several.asking(w, 2)
    ),
    "memory": lambda w: (
        memory.memory(w, SEEN) + memory.memory(w, replace(SEEN, read_tokens=9, stretches=(Stretch(1, 9, 9),)))
    ),
    "settings": lambda w: "".join(
        [
            settings.head(w),
            *(
                settings.running(w, INFO, "small", speed, titles)
                for speed, titles in ((None, ()), (1_000.0, ("T",)), (90.0, "TU"))
            ),
            settings.running(w, None, "small", None, ()),
            settings.password(w),
            *(settings.disk(w, DiskUse(9_000_000, free, free)) for free in (0, 5_000_000)),
            *(settings.locked(w, state, short) for state in ("never", "always", "given") for short in (True, False)),
            login(w, w("door.wrong")),
            login(w, w("door.short"), inside=True),
            settings.shade(w),
            *(
                settings.change(w, ModelChange(state, "Loading the model ..."), "m")
                for state in ("idle", "loading", "done", "failed")
            ),
        ]
    ),
    "notice": lambda w: notice.notice(w, ["x"], "done", undo="d"),
    "saved": lambda w: keep.links(w, "d", "T", TURNS).split("</span>")[0] + as_markdown(w, "T", TURNS),
    "summary": lambda w: " ".join(
        [summary_title(w, None, 0), *(summary_title(w, item(), n) + summary_wait(w, n) for n in (0, 1))]
    ),
    "choices": lambda w: str(lengths(w) + section_choices(w, item(sections=item().sections))),
    "hints": lambda w: placeholder(w, item()) + placeholder(w, item(state_bytes=0)),
}


def english() -> list[str]:
    """The longest piece of every text of the English catalogue that the Dutch one says in other words."""
    pieces = {
        max((literal for literal, *_ in Formatter().parse(text)), key=len).strip()
        for key, text in EN.texts.items()
        if text != NL.texts[key]
    }
    return [piece for piece in pieces if len(piece) > 3]


ENGLISH = english()


@pytest.mark.parametrize("part", PARTS)
def test_nothing_is_left_in_english(part: str) -> None:
    shown, dutch = PARTS[part](EN), PARTS[part](NL)
    # a command is typed as it is in every language
    plain = re.sub(r"<[^>]*?>|\w+-\w+|“python launch[^”]*”", " ", dutch)
    read = [plain, *re.findall(r'(?:aria-label|title|placeholder|aria-valuetext)="([^"]*)"', dutch)]
    standing = [p for p in ENGLISH if any(re.search(rf"(?<!\w){re.escape(p)}(?!\w)", text) for text in read)]
    assert standing == [] and shown != dutch
    assert re.findall(r"<(\w+)", shown) == re.findall(r"<(\w+)", dutch)


def test_numbers_in_the_parts_are_dutch() -> None:
    assert "12.345 tokens" in PARTS["shelf"](NL) and "geheugen 2,2 MB" in PARTS["shelf"](NL)
    assert "pagina 1 tot en met 1.500 van 2.000" in PARTS["part"](NL)
    assert "p. 1.204" in PARTS["talk"](NL) and "Tot en met pagina 1.112" in PARTS["talk"](NL)
    assert "1.500 vragen · 5 maart 2031" in PARTS["chats"](NL)
    assert "1.500 plaatsen in de tekst" in PARTS["several"](NL) and "2 van 3 boeken antwoorden" in PARTS["several"](NL)
    assert "3 van 988 MB" in PARTS["model"](NL) and "1.500 documenten" in PARTS["model"](NL)
    assert "4,6 GB" in PARTS["memory"](NL) and "485 keer zoveel" in PARTS["memory"](NL)
    assert "pagina 26: 50,0% bewaard" in PARTS["memory"](NL) and "48%" in PARTS["reading"](NL)
    assert "zijn er ongeveer 90 goed" in PARTS["saved"](NL)


def test_a_stored_error_is_shown_in_dutch() -> None:
    assert "“x” bevat geen tekst om te lezen." in PARTS["not ready"](NL)


def test_notes_are_shown_in_the_language_of_whoever_looks() -> None:
    noted = item(notes=(("pages_empty", {"n": 1, "all": 1_031, "pages": "3"}), ("plain", {"text": "As it {was}."})))
    assert "Uit pagina 3 (van 1.031) kwam geen tekst" in document.about(NL, noted)
    assert "No text came out of page 3 (of 1,031)" in document.about(EN, noted)
    assert "As it {was}." in document.about(NL, noted)
    named = item(notes=(("mislabelled", {"name": "a.pdf", "promised": "pdf", "found": "epub"}),))
    assert "“a.pdf” heet als een pdf, maar het is een EPUB-boek." in document.about(NL, named)
    assert "made_later, n 3" in document.about(NL, item(notes=(("made_later", {"n": 3}),)))


def test_what_scripts_say_lies_on_the_page() -> None:
    assert 'data-copied="Gekopieerd"' in PARTS["talk"](NL) and 'data-rename="Naam van het gesprek"' in PARTS["chats"](
        NL
    )
    assert 'data-at="4 van 4"' in PARTS["tour"](NL) and 'data-done="Klaar"' in PARTS["tour"](NL)


def test_the_switch_names_the_other_language_in_that_language() -> None:
    assert 'data-language="en" lang="en" aria-label="Show this page in English">EN<' in frame.banner(NL, [EN], INFO)
    assert 'data-language="nl" lang="nl" aria-label="Toon deze pagina in het Nederlands">NL<' in frame.banner(
        EN, [NL], None
    )
