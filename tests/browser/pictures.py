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
from tests.browser.test_journey import files

NAMES = (
    "tour", "answers", "memory", "summary", "conversations", "sheet", "several", "reading", "settings", "dutch", "phone",
)  # fmt: skip
SHADES = ("light", "dark")
QUESTIONS = (
    "Who keeps the north light?",
    "How many steps does the north light have?",
    "How many times is Odda Marrin named?",
)
PATIENCE_S, WIDTH, HEIGHT = 600, 1280, 860
SAMPLE = "Vessary"
OTHERS = {"dutch": {"locale": "nl-NL"}, "phone": {"width": 390}}


def main(folder: Path) -> int:
    """Take every picture, each in both shades."""
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        running(Path(home) / "library.db") as app,
        sync_playwright() as driver,
    ):
        printed, *_, long_one = files(Path(home))
        browser = driver.chromium.launch(executable_path=chromium_path(), args=list(LAUNCH))
        for shade in SHADES:
            context, page = opened(browser, app.address, shade)
            take = lambda name, page=page, shade=shade: small(page.screenshot(), folder / f"{name}-{shade}.png")  # noqa: E731
            page.locator("#shelf li.read", has_text=SAMPLE).wait_for()
            tour(page, take)
            open_sample(page)
            answers(page, take)
            panels(page, take)
            more_panels(page, take, printed, long_one)
            for name, other in OTHERS.items():
                another, there = opened(browser, app.address, shade, toured=True, **other)
                open_sample(there)
                there.locator("#talk .turn.assistant").nth(2).wait_for()
                there.evaluate("document.querySelector('#talk-pane').scrollTop = 0")
                small(there.screenshot(), folder / f"{name}-{shade}.png")
                another.close()
            context.close()
        browser.close()
    return 0


def opened(browser, address: str, shade: str, *, toured: bool = False, locale: str = "en-GB", width: int = WIDTH):
    """A browser profile of its own and the page in it."""
    context = browser.new_context(viewport={"width": width, "height": HEIGHT}, color_scheme=shade, locale=locale)
    if toured:
        context.add_init_script('localStorage.setItem("palimpsest-toured", "yes")')
    page = context.new_page()
    page.set_default_timeout(PATIENCE_S * 1000)
    page.goto(address)
    return context, page


def small(picture: bytes, path: Path) -> None:
    """Write a picture in its 256 commonest colours, which is a third of the bytes and looks the same."""
    whole = Image.open(io.BytesIO(picture)).convert("RGB")
    commonest = sorted(whole.getcolors(whole.width * whole.height), reverse=True)[:256]
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for _, colour in commonest for part in colour])
    whole.quantize(palette=palette, dither=Image.Dither.NONE).save(path, optimize=True)


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
        page.locator("#talk .turn.assistant").nth(number - 1).locator(".tools").wait_for()
    page.wait_for_selector("#ask:visible")
    take("answers")


def panels(page, take) -> None:
    """The memory, a summary, the conversations."""
    page.click("#look")
    page.wait_for_selector(".memory figure")
    take("memory")
    page.keyboard.press("Escape")
    page.click("#summarise")
    page.locator("#talk .turn.assistant", has_text="Written by the model").last.wait_for()
    page.wait_for_selector("#ask:visible")
    take("summary")
    if page.is_visible("#chats"):
        page.click("#chats")
        page.wait_for_selector(".chats li")
        take("conversations")


def more_panels(page, take, printed: Path, long_one: Path) -> None:
    """A page as it was printed, the whole shelf, a reading under way, the settings."""
    page.set_input_files("#drop input[type=file]", [str(printed)])
    page.locator("#shelf li.read", has_text="Handbook in print").wait_for()
    page.locator("#shelf li", has_text="Handbook in print").locator("button").click()
    page.locator("#about h2", has_text="Handbook in print").wait_for()
    before = page.locator("#talk .turn.assistant").count()
    page.fill("#question textarea", "How many times is Long Supper named?")
    page.click("#ask")
    page.locator("#talk .turn.assistant").nth(before).locator(".places summary").click()
    page.locator("#talk .places [data-sheet]").last.click()
    page.wait_for_selector("#sheet img")
    page.wait_for_timeout(1500)  # it scrolls there
    take("sheet")
    page.keyboard.press("Escape")
    page.fill("#question textarea", "Who keeps the north light?")
    page.click("#everywhere")
    page.wait_for_selector("#origin .several li")
    page.wait_for_timeout(1500)
    take("several")
    page.keyboard.press("Escape")
    page.set_input_files("#drop input[type=file]", [str(long_one)])
    page.locator("#reading .figures", has_text="tokens a second").wait_for()
    take("reading")
    page.click("#cancel")
    page.click("#remove")
    page.click("[data-dismiss]")
    page.click("[data-settings]")
    page.wait_for_selector("#settings .running, #running h3")
    page.wait_for_timeout(800)
    take("settings")
    page.click(".settings-head [data-close]")
    open_sample(page)


def open_sample(page) -> None:
    """Open the sample document."""
    page.locator("#shelf li", has_text=SAMPLE).locator("button").click()
    page.locator("#about h2", has_text=SAMPLE).wait_for()
    page.wait_for_timeout(800)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
