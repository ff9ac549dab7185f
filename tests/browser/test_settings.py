"""The settings page: another model while books are on the shelf, the password, light and dark."""

from __future__ import annotations

import pytest

from app.password import fits
from tests.browser.books import prose

pytestmark = pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")


def opened(desk, **how):
    page = desk.open(**how)
    page.click("[data-settings]")
    page.wait_for_selector("#settings")
    return page


def choose(page, model: str) -> None:
    page.get_by_label("Another one").check()
    page.fill("#model-name input, #model-name textarea", model)
    page.click("#load-model")


def test_another_model_is_loaded_and_old_books_are_read_again(desk) -> None:
    desk.read_in(prose("First", 3, 40), "first.md")
    desk.load_pause = 1.5
    page = opened(desk)
    assert "tiny-test-model" in page.inner_text("#running")
    assert not page.locator("#about").is_visible()
    choose(page, "other")
    page.locator("#change .busy", has_text="Fetching Base: 3 of 9 MB").wait_for()
    page.wait_for_selector("#change .done")
    assert "other runs now" in page.inner_text("#change")
    assert "other" in page.inner_text(".machine")
    assert "a book of 300 pages in about 2 minutes" in page.inner_text("#running")
    assert page.locator("#running .stale li").count() == 1
    page.click("#running [data-read-again]")
    page.wait_for_selector("#running .stale", state="detached")
    page.click(".settings-head [data-close]")
    page.wait_for_selector("#shelf li.read")
    page.wait_for_selector("#about .about")
    assert desk.library.choices().model == "other" and desk.library.choices().memory_size == "standard"


def test_a_model_that_is_nowhere_leaves_the_one_that_runs(desk) -> None:
    page = opened(desk)
    choose(page, "")
    page.locator(".notice", has_text="Name the model").wait_for()
    choose(page, "nowhere")
    page.wait_for_selector("#change .fault")
    assert "The model that ran before still runs" in page.inner_text("#change")
    assert "tiny-test-model" in page.inner_text("#running")
    assert desk.library.choices().model is None


def test_a_password_counts_at_once(desk) -> None:
    page = opened(desk)
    assert "Nobody is asked for a password." in page.inner_text("#locked")
    page.click("#lock")
    page.locator(".notice", has_text="at least 10 letters").wait_for()
    page.fill("#new-password input", "mellon and friends")
    page.click("#lock")
    page.wait_for_selector("#password")  # the page asks whoever set it, too
    assert fits("mellon and friends", desk.library.choices().password)
    page.fill("#password", "melon and friends")
    page.click("text=Let me in")
    page.locator("[role=alert]", has_text="That is not the password").wait_for()
    page.fill("#password", "mellon and friends")
    page.click("text=Let me in")
    page.wait_for_selector("#about .welcome, #about .about")
    page.click("[data-settings]")
    page.locator("#locked", has_text="Everybody is asked for the password.").wait_for()
    page.click("#locked a")
    page.wait_for_selector("#password")
    page.fill("#password", "mellon and friends")
    page.click("text=Let me in")
    page.wait_for_selector("#about .welcome, #about .about")
    page.click("[data-settings]")
    page.click("#unlock")
    page.locator("#locked", has_text="Nobody is asked for a password.").wait_for()
    assert desk.library.choices().password is None


def test_shade(desk) -> None:
    page = opened(desk)
    page.click("[data-set-shade=dark]")
    assert page.evaluate("document.body.classList.contains('dark')")
    page.reload()
    page.wait_for_selector("#about .welcome, #about .about")
    assert page.evaluate("document.body.classList.contains('dark')")


def test_settings_by_keyboard_on_a_narrow_screen(desk) -> None:
    page = opened(desk, width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("document.activeElement.closest('.settings-head') !== null")
    page.keyboard.press("Enter")
    page.wait_for_selector("#settings", state="detached")
    page.wait_for_selector("#about .welcome")
