"""Every panel of the page by axe-core's rules, dark and wide, light and as narrow as a phone: no serious fault and no critical one."""

from __future__ import annotations

import threading

import pytest

from app.markup.tour import STEPS
from app.words import Languages
from tests.browser.books import prose, text_file
from tests.browser.page_engine import ANSWER
from tests.browser.test_desk import LAST_ANSWER, ask
from tests.browser.test_settings import choose
from tests.documents.makers import pdf

# Gradio's own use of pandas; nothing that the page could change.
pytestmark = pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")

# Shade changes colours and size the layout, so each is seen once with one of the other.
LOOKS = [((1280, 620), "dark"), ((390, 844), "light")]
# Colours are looked at when they have settled.
STILL = "*, *::before, *::after { transition: none !important; animation: none !important; }"
LOOK = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations.filter((one) => ["serious", "critical"].includes(one.impact)).flatMap((one) => one.nodes.map(
    (node) => `${one.id} at ${node.target.join(" ")}: ${node.html.slice(0, 200)} ${node.failureSummary}`));
}"""


@pytest.fixture(scope="module")
def axe() -> str:
    """The script that does the looking."""
    return pytest.importorskip("axe_playwright_python.base", reason="pip install axe-playwright-python").AXE_SCRIPT


@pytest.fixture
def look(axe: str):
    """A function that looks at a page in both sizes and shades; what is found is a failure that names the panel."""

    def looked(page, panel: str) -> None:
        for (width, height), shade in LOOKS:
            page.set_viewport_size({"width": width, "height": height})
            page.evaluate("dark => document.body.classList.toggle('dark', dark)", shade == "dark")
            found = faults(page, axe)
            assert not found, "\n".join([f"{panel}, {shade}, {width} wide:", *found])
        page.set_viewport_size({"width": 1280, "height": 860})

    return looked


def faults(page, axe: str) -> list[str]:
    """Every serious or critical fault of a page as it is: rule, element and what would mend it."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe)
        page.add_style_tag(content=STILL)
    return page.evaluate(LOOK)


def test_faults_are_found_where_there_are_some(desk, axe) -> None:
    page = desk.open()
    assert faults(page, axe) == []
    bad = '<p style="color: #bbb; background: #fff">Pale words</p><img src="data:,"><button type="button"></button>'
    page.evaluate("bad => document.querySelector('#about').insertAdjacentHTML('beforeend', bad)", bad)
    assert sorted(fault.split(" ")[0] for fault in faults(page, axe)) == ["button-name", "color-contrast", "image-alt"]


def test_an_empty_shelf_and_the_tour(desk, look) -> None:
    page = desk.open(toured=False)
    words = Languages.load().english
    for name, _ in STEPS:
        page.locator(".tour h2", has_text=words(f"tour.{name}.title")).wait_for()
        look(page, f"tour: {name}")
        if name != STEPS[-1][0]:
            page.click(".tour [data-next]")
    page.click(".tour summary")
    look(page, "tour: what a memory cannot do")
    page.keyboard.press("Escape")
    look(page, "empty shelf")
    page.click("#password-fold button")
    page.wait_for_selector("#password input")
    look(page, "password of a file")


def test_books_being_read_and_notices(desk, look, tmp_path) -> None:
    nothing = tmp_path / "nothing.txt"
    nothing.write_bytes(b"")
    go_on = threading.Event()
    desk.engine.before_group = lambda: desk.engine.tokens_read < 5000 or go_on.wait(600)
    page = desk.open()
    try:
        desk.drop(page, text_file(tmp_path, "Long Night", chapters=9, sentences=60), nothing)
        page.wait_for_selector("#reading .figures")
        page.wait_for_selector(".notice.problem")
        look(page, "a book being read, and a fault")
        desk.drop(page, text_file(tmp_path, "Next Night", chapters=2))
        page.wait_for_selector("#first:visible")
        look(page, "a book that waits")
        page.locator("#shelf button", has_text="Long Night").click()
        page.locator("#about h2", has_text="Long Night").wait_for()
        page.click("#cancel")
    finally:
        go_on.set()
    page.wait_for_selector("#shelf li.cancelled")
    page.wait_for_selector(".reading-card.idle")
    look(page, "a reading that was stopped")
    page.click("#remove")
    page.wait_for_selector(".notice.done .undo")
    look(page, "a book was removed")


def test_a_conversation(desk, look) -> None:
    document = desk.read_in(prose("Storm Log", 4, 30), "storm.md")
    desk.library.describe(document, author="Ada Quill", tags=["weather", "borrowed"])
    page = desk.open()
    look(page, "nothing asked yet")
    page.fill("#page input[type=number]", "2")
    page.keyboard.press("Tab")
    page.wait_for_selector("#part .part")
    for number, question in enumerate(
        ("Who keeps the light?", "What is the weather like?", "How often is lamp named?")
    ):
        ask(page, question)
        page.locator("#talk .turn.assistant .tools").nth(number).wait_for()
        page.wait_for_selector("#ask:visible")
    page.click(f"{LAST_ANSWER} .places summary")
    look(page, "answers")
    page.click("[data-edit]")
    page.wait_for_selector(".editing")
    look(page, "a question being edited")
    page.click("[data-keep]")
    page.click("#fresh")
    page.wait_for_selector("#talk .turn", state="detached")
    desk.engine.word_pause = 0.02
    ask(page, "Tell me everything")
    page.locator("#live .text", has_text="word50").wait_for()
    desk.engine.word_pause = 0.5
    look(page, "a long answer on its way")
    page.click("#stop")
    page.wait_for_selector("#ask:visible")
    page.click("#section input")
    page.get_by_role("option", name="Watch 2").wait_for()
    look(page, "the choice of a section")


def test_panels_under_a_conversation(desk, look) -> None:
    told = f"\n## The Keeper\n\n{ANSWER} She came in May.\n\n"
    document = desk.read_in(prose("Keeper Log", 6, 40) + told + prose("More", 5, 40), "keeper.md")
    page = desk.open()
    for question in ("What is the weather like?", "Who keeps the light?"):
        ask(page, question)
        page.wait_for_selector(f"{LAST_ANSWER} .evidence")
        if question.startswith("What"):
            page.click("#fresh")
            page.wait_for_selector("#talk .turn", state="detached")
    desk.store.chats.start(document)
    desk.store.chats.add_turn(document, "Who keeps the light?", ANSWER)
    page.reload()
    page.click(f"{LAST_ANSWER} [data-where]")
    page.wait_for_selector("#origin .where")
    look(page, "where an old answer stands")
    page.wait_for_selector("#ask:visible")
    page.click("#look")
    page.wait_for_selector(".memory figure")
    look(page, "the memory")
    page.click("#chats")
    page.wait_for_selector(".chats li")
    look(page, "conversations")
    page.fill(".chats input[type=search]", "zeppelin")
    page.wait_for_selector(".chats [role=status]")
    look(page, "no conversation fits")
    page.fill(".chats input[type=search]", "")
    page.locator("[data-rename]").first.click()
    page.wait_for_selector(".chats li input")
    look(page, "a conversation gets another name")
    page.keyboard.press("Escape")
    page.click("#edit")
    page.wait_for_selector("#details", state="visible")
    look(page, "details being edited")


def test_the_whole_shelf_asked_at_once(desk, look) -> None:
    storm = desk.read_in(prose("Storm Log", 2, 30), "storm.md")
    desk.read_in("# The Keeper\n\nThe lamp is red.\n", "keeper.md")
    desk.library.add(prose("Unread", 2, 30).encode(), "unread.md")
    page = desk.open(document=storm)
    page.fill("#question textarea", "What is the colour of the lamp?")
    page.click("#everywhere")
    page.wait_for_selector(".several")
    look(page, "several books")
    page.fill("#shelf-tools input", "zzz")
    page.locator("#shelf-tools [role=status]").wait_for()
    look(page, "no book fits")
    page.fill("#shelf-tools input", "")
    page.locator("#shelf button", has_text="Unread").click()
    page.locator("#about h2", has_text="Unread").wait_for()
    look(page, "a book not read yet")


def test_the_settings_and_a_page_as_printed(desk, look, tmp_path) -> None:
    (tmp_path / "print.pdf").write_bytes(pdf(["The lamp is red.", "The keeper has a lamp."], title="In print"))
    page = desk.open()
    desk.drop(page, tmp_path / "print.pdf")
    desk.wait_read(page, "In print")
    ask(page, "How many times is lamp named?")
    page.click(f"{LAST_ANSWER} .places summary")
    page.locator(f"{LAST_ANSWER} [data-sheet]").last.click()
    page.wait_for_selector("#sheet img")
    look(page, "a page as printed")
    page.click("[data-settings]")
    page.wait_for_selector("#running h3")
    look(page, "settings")
    choose(page, "other")
    page.wait_for_selector("#change .done")
    look(page, "another model runs, and a book is to be read again")


def test_a_model_on_its_way_and_books_of_an_older_memory(desk, look) -> None:
    desk.read_in(prose("Storm Log", 2, 30), "storm.md")
    desk.stop()
    desk.ready = False
    desk.go_on.clear()
    desk.engine.fingerprint = "newer"
    desk.start()
    page = desk.open()
    desk.library.models.start()
    page.locator("#model .stage", has_text="3 of 9 MB").wait_for()
    look(page, "the model is fetched")
    desk.go_on.set()
    page.wait_for_selector("#model .stale")
    look(page, "a book of an older memory")
