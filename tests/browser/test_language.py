"""The page in Dutch: everything on it, whatever it shows, and the button that changes the language."""

from __future__ import annotations

from string import Formatter

import pytest

from app.words import Languages
from tests.browser.books import prose
from tests.browser.page_engine import ANSWER

# Gradio's own use of pandas; nothing that the page could change.
pytestmark = pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")
LAST_ANSWER = "#talk .turn.assistant:last-child"
EN, NL = Languages.load().words("en"), Languages.load().words("nl")
GRADIO = ("Drop File Here", "Click to Upload", "- or -")
# All that somebody could read or hear on the page, hidden parts as well, but for
# the button that names another language in that language.
EVERYTHING = """() => {
  const said = [];
  for (const part of document.querySelectorAll("gradio-app *")) {
    if (["SCRIPT", "STYLE"].includes(part.tagName) || part.closest("[data-language]")) continue;
    for (const name of ["aria-label", "placeholder", "title", "aria-valuetext", "value"]) said.push(part.getAttribute(name));
    for (const node of part.childNodes) if (node.nodeType === Node.TEXT_NODE) said.push(node.textContent);
  }
  return said.filter(Boolean).map((text) => text.trim()).filter(Boolean);
}"""


def left_in_english(page) -> list[str]:
    """What stands on the page as the English catalogue has it, and not as the Dutch one does."""
    whole = {text for key, text in EN.texts.items() if text != NL.texts[key] and not blanks(text) and len(text) > 1}
    whole |= set(GRADIO)
    parts = {text.split("{")[0] for key, text in EN.texts.items() if blanks(text) and len(text.split("{")[0]) > 12}
    said = page.evaluate(EVERYTHING)
    return [text for text in said if text in whole or "__i18n__" in text or any(part in text for part in parts)]


def blanks(text: str) -> list[str]:
    return [name for _, name, *_ in Formatter().parse(text) if name]


def ask(page, question: str) -> None:
    page.fill("#question textarea", question)
    page.keyboard.press("Enter")


def test_an_empty_shelf_in_dutch(desk, tmp_path) -> None:
    page = desk.open(locale="nl-NL", toured=False)
    assert page.evaluate("document.documentElement.lang") == "nl"
    for part, name in (("::before", "here"), ("::after", "kinds")):
        look = "part => getComputedStyle(document.querySelector('#drop [data-testid=upload-text]'), part).content"
        assert page.evaluate(look, part) == f'"{NL(f"drop.{name}")}"'
    page.locator("#shelf", has_text=NL("shelf.empty")).wait_for()
    page.locator(".tour h2", has_text=NL("tour.drop.title")).wait_for()
    assert page.inner_text(".tour [role=status]") == "1 van 4"
    for _ in range(3):
        page.click(".tour [data-next]")
    assert page.inner_text(".tour [data-next]") == NL("tour.done")
    page.click(".tour [data-next]")
    assert page.inner_text("#about h2") == NL("welcome.heading")
    page.get_by_text(NL("page.password_fold")).click()
    page.get_by_text(NL("page.password_hint")).wait_for()
    assert left_in_english(page) == []
    nothing = tmp_path / "leeg.txt"
    nothing.write_bytes(b"")
    desk.drop(page, nothing)
    page.locator(".notice.problem", has_text="“leeg.txt” is leeg.").wait_for()
    assert left_in_english(page) == []


def test_reading_and_asking_in_dutch(desk) -> None:
    desk.read_in(prose("Storm Log", 4, 30), "storm.md")
    page = desk.open(locale="nl-NL")
    assert page.inner_text("#ask") == NL("page.ask") and page.inner_text("#summarise") == NL("page.summarise")
    assert page.get_attribute("#question textarea", "placeholder") == NL("talk.ask_hint")
    assert page.input_value("#length input") == NL("summary.medium")
    assert page.input_value("#section input") == NL("summary.whole")
    assert "klaar voor vragen" in page.inner_text("#shelf li").lower()
    ask(page, "Who keeps the light?")
    page.wait_for_selector(f"{LAST_ANSWER} .confidence.sure")
    assert page.inner_text(f"{LAST_ANSWER} > .text") == ANSWER
    assert page.inner_text(f"{LAST_ANSWER} .confidence") == NL("confidence.sure")
    ask(page, "What will the weather be?")
    page.locator(f"{LAST_ANSWER} > .text", has_text=NL("talk.declined")).wait_for()
    ask(page, "Hoe vaak wordt de zeppelin genoemd?")
    page.locator(f"{LAST_ANSWER} .text", has_text="“zeppelin” staat nergens in de tekst.").wait_for()
    page.click("#summarise")
    page.locator("#talk .turn.user", has_text="Vat “Storm Log” samen.").wait_for()
    page.wait_for_selector("#ask:visible")
    page.fill("#page input[type=number]", "2")
    page.keyboard.press("Tab")
    page.locator("#part", has_text="uit delen 1 tot en met 2 van").wait_for()
    assert left_in_english(page) == []
    ask(page, "   ")
    page.locator(".notice.problem", has_text="De vraag is leeg.").wait_for()
    page.wait_for_selector("#ask:visible")


def test_every_panel_in_dutch(desk) -> None:
    document = desk.read_in(prose("Storm Log", 6, 60) + f"\n\n{ANSWER}\n", "storm.md")
    desk.read_in("# The Keeper\n\nThe lamp is red.\n", "keeper.md")
    desk.library.add(prose("Unread", 2, 30).encode(), "unread.md")
    page = desk.open(document=document, locale="nl-NL")
    ask(page, "Who keeps the light?")
    page.wait_for_selector(f"{LAST_ANSWER} .evidence")
    desk.store.chats.start(document)
    desk.store.chats.add_turn(document, "Who keeps the light?", ANSWER)
    page.reload()
    page.click(f"{LAST_ANSWER} [data-where]")
    page.wait_for_selector("#origin .where")
    assert left_in_english(page) == []
    page.wait_for_selector("#ask:visible")
    page.keyboard.press("Escape")
    page.click("#look")
    page.wait_for_selector(".memory figure")
    assert left_in_english(page) == []
    page.keyboard.press("Escape")
    page.click("#chats")
    page.wait_for_selector(".chats li")
    assert left_in_english(page) == []
    page.click("[data-edit]")
    page.wait_for_selector(".editing")
    page.fill("#question textarea", "What is the colour of the lamp?")
    page.click("#everywhere")
    page.wait_for_selector(".several")
    assert "Unread" in page.inner_text(".several .note")
    page.click("#edit")
    page.wait_for_selector("#details")
    assert left_in_english(page) == []
    page.click("#remove")
    page.locator(".notice.done", has_text="is van de plank").wait_for()
    assert page.inner_text(".undo") == NL("notice.undo")
    assert left_in_english(page) == []


def test_a_document_that_waits_and_one_that_is_read_in_dutch(desk) -> None:
    desk.engine.pause = 1.0
    for title in ("Long Night", "Short Day"):
        desk.queue.enqueue(desk.library.add(prose(title, 9, 60).encode(), f"{title}.md").id)
    page = desk.open(locale="nl-NL")
    page.locator("#shelf li", has_text="Long Night").locator("button").click()
    page.wait_for_selector("#reading .figures:has-text('tokens per seconde')")
    assert left_in_english(page) == []
    page.locator("#shelf li", has_text="Short Day").locator("button").click()
    page.locator("#reading", has_text="nog 1 document ervoor").wait_for()
    assert left_in_english(page) == []
    page.click("#first")
    page.locator("#reading", has_text="Leest deel").wait_for()
    page.click("#cancel")
    page.wait_for_selector("#shelf li.cancelled")
    assert page.inner_text("#read") == NL("document.read.cancelled")
    assert left_in_english(page) == []
    desk.engine.pause = 0.0


def test_the_settings_in_dutch(desk) -> None:
    desk.read_in(prose("Storm Log", 2, 30), "storm.md")
    page = desk.open(locale="nl-NL")
    page.click("[data-settings]")
    page.wait_for_selector("#settings .settings-head")
    page.wait_for_selector("#running p")
    assert left_in_english(page) == []
    page.click(".settings-head [data-close]")
    page.wait_for_selector("#settings", state="hidden")
    assert left_in_english(page) == []


def test_the_switch_is_remembered_and_everything_follows(desk) -> None:
    desk.read_in(prose("Storm Log", 2, 30), "storm.md")
    page = desk.open(locale="nl-NL")
    page.click("[data-language=en]")
    page.locator("#shelf .status", has_text=EN("shelf.status.read")).wait_for()
    page.reload()
    page.locator("#shelf .status", has_text=EN("shelf.status.read")).wait_for()
    assert page.evaluate("[document.documentElement.lang, navigator.language]") == ["en", "en"]
    assert page.inner_text("#ask") == "Ask" and "Click to Upload" in page.inner_text("#drop")
    ask(page, "Who keeps the light?")
    page.locator(f"{LAST_ANSWER} .confidence", has_text=EN("confidence.sure")).wait_for()
    page.click("[data-language=nl]")
    page.locator(f"{LAST_ANSWER} .confidence", has_text=NL("confidence.sure")).wait_for()
    assert page.inner_text("#ask") == NL("page.ask")
    assert left_in_english(page) == []


def test_a_browser_that_asks_for_english_may_have_dutch(desk) -> None:
    page = desk.open(locale="en-GB")
    assert page.inner_text("#about h2") == EN("welcome.heading")
    page.click("[data-language=nl]")
    page.locator("#about h2", has_text=NL("welcome.heading")).wait_for()
    assert left_in_english(page) == []
    assert page.evaluate("document.documentElement.lang") == "nl"
