"""What was read of a document, looked at on the page: its text in order, marks, notes, and the way through a long one."""

from __future__ import annotations

import pytest

from tests.browser.books import prose
from tests.browser.test_look import contrast
from tests.documents.makers import pdf

# Gradio's own use of pandas; nothing that the page could change.
pytestmark = pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
def test_the_text_is_shown_before_anything_was_read_of_it(desk, width: int, dark: bool) -> None:
    pages = ["Chapter 1\nThe lamp is lit at dusk.", "", "Chapter 2\nOrrin is 27 metres deep."]
    document = desk.library.add(pdf(pages, title="The Lamp"), "lamp.pdf").id
    page = desk.open(document=document, width=width, height=844, dark=dark)
    page.click("text=What was read")
    panel = page.locator("#origin .read")
    panel.wait_for()
    said = panel.inner_text().partition("Page 1")[2]
    order = ["Chapter 1", "The lamp is lit at dusk.", "Page 2", "No text was read here.", "Page 3", "Orrin is 27"]
    places = [said.index(words) for words in order]
    assert places == sorted(places)
    assert panel.locator("h4").all_inner_texts() == ["Chapter 1", "Chapter 2"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for selector in (".read .text", ".read .at span", ".read .small", ".about .link"):
        assert contrast(page, selector) >= 4.5, selector
    panel.locator("button.page", has_text="As printed").last.click()
    page.wait_for_selector("#sheet img")
    page.keyboard.press("Escape")
    panel.wait_for(state="detached")


def test_a_long_document_is_gone_through_and_a_section_is_gone_to(desk) -> None:
    document = desk.read_in(prose("Long Night", 12, 60), "night.md")
    page = desk.open(document=document)
    page.click("text=What was read")
    panel = page.locator("#origin .read")
    panel.locator(".text", has_text="note 1059").first.wait_for()
    assert "note 12059" not in panel.inner_text()
    panel.locator("select").select_option(label="Watch 12")
    panel.locator(".text", has_text="note 12059").wait_for()
    panel.locator("[aria-label='What comes before']").click()
    panel.locator("h4", has_text="Watch 11").first.wait_for()
    assert "note 12059" not in panel.inner_text()


def test_what_was_left_out_is_told_in_the_visitors_language(desk) -> None:
    data = "<nav>Home</nav><p>The lamp is lit.</p><p style='display:none'>Unseen.</p>"
    document = desk.library.add(data.encode(), "page.html").id
    page = desk.open(document=document, locale="nl-NL")
    page.click("text=Wat er gelezen is")
    panel = page.locator("#origin .read")
    panel.wait_for()
    assert "Verborgen tekst" in panel.locator(".notes").inner_text()
    assert "The lamp is lit." in panel.inner_text() and "Unseen" not in panel.inner_text()
