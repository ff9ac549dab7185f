"""The pictures in docs/pictures: the real app with its default model and sample document, in light and dark.

python -m tests.browser.pictures docs/pictures
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image

from bench.browser import LAUNCH, chromium_path, running

NAMES = ("tour", "answers", "origin", "memory", "summary", "conversations")
SHADES = ("light", "dark")
QUESTIONS = (
    "Who keeps the north light?",
    "How many steps does the north light have?",
    "How many times is Odda Marrin named?",
)
PATIENCE_S, WIDTH, HEIGHT = 180, 1280, 860


def main(folder: Path) -> int:
    """Take every picture, each in both shades."""
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        running(Path(home) / "library.db") as app,
        sync_playwright() as driver,
    ):
        browser = driver.chromium.launch(executable_path=chromium_path(), args=list(LAUNCH))
        for shade in SHADES:
            context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme=shade)
            page = context.new_page()
            page.set_default_timeout(PATIENCE_S * 1000)
            page.goto(app.address)
            take = lambda name, page=page, shade=shade: small(page.screenshot(), folder / f"{name}-{shade}.png")  # noqa: E731
            page.locator("#shelf li.read").wait_for()
            tour(page, take)
            answers(page, take)
            panels(page, take)
            context.close()
        browser.close()
    return 0


def small(picture: bytes, path: Path) -> None:
    """Write a picture in 256 colours, which is a third of the bytes and looks the same."""
    Image.open(io.BytesIO(picture)).convert("RGB").quantize(
        256, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE
    ).save(path, optimize=True)


def tour(page, take) -> None:
    """Its third step."""
    page.click(".tour [data-next]")
    page.click(".tour [data-next]")
    take("tour")
    page.click("[data-leave]")


def answers(page, take) -> None:
    """A conversation of two questions to the memory and one to the text."""
    if page.is_visible("#fresh"):
        page.click("#fresh")
        page.locator("#talk", has_text="What would you like to know?").wait_for()
    for number, question in enumerate(QUESTIONS, start=1):
        page.fill("#question textarea", question)
        page.click("#ask")
        page.locator("#talk .turn.assistant").nth(number - 1).locator(".grounding").wait_for()
    page.wait_for_selector("#ask:visible")
    take("answers")


def panels(page, take) -> None:
    """Where an answer was learned, the memory, the conversations."""
    page.locator("[data-where]").first.click()
    page.wait_for_selector("#origin .origin [data-close]")
    page.wait_for_selector("#ask:visible")
    take("origin")
    page.keyboard.press("Escape")
    page.click("#look")
    page.wait_for_selector(".memory figure")
    take("memory")
    page.keyboard.press("Escape")
    page.click("#summarise")
    page.locator("#talk .turn.assistant", has_text="most worth keeping").last.wait_for()
    page.wait_for_selector("#ask:visible")
    take("summary")
    if page.is_visible("#chats"):
        page.click("#chats")
        page.wait_for_selector(".chats li")
        take("conversations")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
