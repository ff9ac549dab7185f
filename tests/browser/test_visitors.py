"""Two browsers and one book."""

from __future__ import annotations

import pytest

from app.visitors import COOKIE
from tests.browser.books import prose
from tests.browser.test_desk import ask

# Gradio's own use of pandas; nothing that the page could change.
pytestmark = pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")


def test_two_browsers_talk_about_one_book_by_themselves(desk) -> None:
    desk.read_in(prose("Keeper Log", 2, 30), "keeper.md")
    ada, ben = desk.open(), desk.open()
    for page, question in ((ada, "Who keeps the light?"), (ben, "Who rings the bell?")):
        ask(page, question)
        page.locator("#talk .turn.user", has_text=question).wait_for()
        assert page.locator("#talk .turn.user").count() == 1
        assert COOKIE not in page.evaluate("document.cookie")
    ada.reload()
    ada.locator("#talk .turn.user", has_text="Who keeps the light?").wait_for()
    assert ada.locator("#talk .turn.user").count() == 1
