"""Narrow screens, dark rooms, keyboards only."""

from __future__ import annotations

import pytest

from app.markup.tour import CANNOT, STEPS
from app.words import Languages
from tests.browser.books import prose
from tests.browser.page_engine import ANSWER

# Gradio's own use of pandas; nothing that the page could change.
pytestmark = pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")

EN = Languages.load().english


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_sticks_out_and_words_can_be_read(desk, width: int, dark: bool) -> None:
    long_title = "The " + "Extraordinarily" * 6 + " Long Log"
    desk.read_in(prose(long_title, 2, 30), "long.md")
    page = desk.open(width=width, height=844, dark=dark)
    page.fill("#question textarea", "Who keeps the light?")
    page.click("#ask")
    page.wait_for_selector("#talk .turn.assistant .confidence")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for selector in (
        "#about h2",
        "#shelf .title",
        "#shelf .facts",
        ".turn.user .text",
        ".turn.assistant .text",
        ".confidence",
        ".evidence q",
    ):
        assert contrast(page, selector) >= 4.5, selector


def test_everything_by_keyboard(desk) -> None:
    desk.read_in(prose("First Log", 2, 30), "first.md")
    desk.read_in(prose("Second Log", 2, 31), "second.md")
    page = desk.open()
    tab_to(page, "#shelf li:nth-child(2) button")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.locator("#about h2", has_text="First Log").wait_for()
    tab_to(page, "#question textarea")
    page.keyboard.type("Who keeps the light?")
    page.keyboard.press("Enter")
    page.locator("#talk .turn.assistant .text", has_text=ANSWER).wait_for()
    tab_to(page, "#summarise")
    page.keyboard.press("Enter")
    page.locator("#talk .turn.user", has_text="Summarise").wait_for()
    tab_to(page, "#remove", backwards=True)
    page.keyboard.press("Enter")
    page.locator("#about h2", has_text="Second Log").wait_for()
    tab_to(page, ".undo")
    page.keyboard.press("Enter")
    page.locator("#about h2", has_text="First Log").wait_for()


def test_a_first_visit_begins_with_a_tour_and_a_second_does_not(desk) -> None:
    desk.read_in(prose("First Log", 2, 30), "first.md")
    page = desk.open(toured=False)
    for number, (name, at) in enumerate(STEPS, start=1):
        page.locator(".tour h2", has_text=EN(f"tour.{name}.title")).wait_for()
        assert page.locator(".tour [role=status]").inner_text() == f"{number} of {len(STEPS)}"
        assert [one for _, one in STEPS if framed(page, one)] == [at]
        page.fill("#question textarea", EN(f"tour.{name}.title"))  # the page goes on working beside it
        page.click(".tour [data-next]")
    assert not page.is_visible(".tour") and not any(framed(page, at) for _, at in STEPS)
    page.reload()
    page.wait_for_selector("#about .about")
    assert not page.is_visible(".tour")
    page.click("[data-tour]")
    page.click(".tour [data-next]")
    page.click(".tour [data-back]")
    page.locator(".tour h2", has_text=EN("tour.drop.title")).wait_for()
    page.keyboard.press("Escape")
    assert not page.is_visible(".tour")


def framed(page, selector: str) -> bool:
    return page.locator(selector).evaluate("part => getComputedStyle(part).outlineStyle") == "solid"


def test_the_tour_fits_a_phone_and_says_what_cannot_be_done(desk) -> None:
    page = desk.open(toured=False, width=390, height=844)
    for _ in STEPS[1:]:
        page.click(".tour [data-next]")
    page.click(".tour summary")
    assert all(page.locator(".tour li", has_text=EN(f"tour.cannot.{name}")).is_visible() for name in CANNOT)
    box = page.locator(".tour").bounding_box()
    assert box["x"] >= 0 and box["y"] >= 0 and box["x"] + box["width"] <= 390 and box["y"] + box["height"] <= 844
    assert contrast(page, ".tour p") >= 4.5


def test_on_a_phone_the_tour_goes_when_a_question_is_asked(desk) -> None:
    document = desk.read_in(prose("First Log", 2, 30), "first.md")
    wide, phone = (desk.open(document=document, toured=False, width=width, height=844) for width in (1280, 390))
    for page in (wide, phone):
        page.locator(".tour").wait_for()
        page.fill("#question textarea", "What is it?")
        page.press("#question textarea", "Shift+Enter")
        assert page.locator(".tour").is_visible()
        page.press("#question textarea", "Enter")
        page.locator("#talk .turn.assistant footer").last.wait_for()
    assert wide.locator(".tour").is_visible() and not phone.locator(".tour").is_visible()


def test_typing_is_not_disturbed_while_another_book_is_read(desk) -> None:
    desk.read_in(prose("First Log", 2, 30), "first.md")
    first = desk.library.shelf()[0].id
    desk.engine.pause = 1.0
    other = desk.library.add(prose("Second Log", 30, 60).encode(), "second.md")
    desk.queue.enqueue(other.id)
    page = desk.open(document=first)
    page.click("#question textarea")
    page.keyboard.type("a question typed slowly, one key after another", delay=60)
    assert page.evaluate("document.activeElement === document.querySelector('#question textarea')")
    assert page.input_value("#question textarea") == "a question typed slowly, one key after another"
    page.wait_for_selector("#shelf li.reading .progress")


def test_the_shade_is_remembered(desk) -> None:
    page = desk.open(dark=False)
    assert not page.evaluate("document.body.classList.contains('dark')")
    page.click("[data-shade]")
    page.reload()
    page.wait_for_selector("#about .welcome")
    page.wait_for_function("document.body.classList.contains('dark')")


def tab_to(page, selector: str, backwards: bool = False) -> None:
    for _ in range(60):
        page.keyboard.press("Shift+Tab" if backwards else "Tab")
        if page.evaluate("selector => document.activeElement === document.querySelector(selector)", selector):
            return
    raise AssertionError(f"{selector} can't be reached with the Tab key")


def contrast(page, selector: str) -> float:
    """The WCAG contrast between an element's text and the nearest background behind it."""
    ink, paper = page.evaluate(
        """selector => {
          const element = document.querySelector(selector);
          let behind = element;
          while (behind && getComputedStyle(behind).backgroundColor.endsWith(", 0)")) behind = behind.parentElement;
          const digits = (colour) => colour.match(/[0-9.]+/g).slice(0, 3).map(Number);
          return [digits(getComputedStyle(element).color), digits(getComputedStyle(behind).backgroundColor)];
        }""",
        selector,
    )
    lighter, darker = sorted((luminance(ink), luminance(paper)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: list[float]) -> float:
    parts = [
        value / 255 / 12.92 if value / 255 <= 0.04045 else ((value / 255 + 0.055) / 1.055) ** 2.4 for value in colour
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
