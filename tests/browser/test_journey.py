"""One journey with everything real: the shipped model in a process of its own, its page in Chromium, files of three kinds.

Without the base model the journey is skipped, and on CI fails.
"""

from __future__ import annotations

import re
import signal
import textwrap
import time
from contextlib import closing
from pathlib import Path

import pytest

from app.library import Library
from bench.browser import running
from storage import Store
from tests.base import ROOT, home_with_models
from tests.browser.books import prose
from tests.documents.makers import epub, pdf

pytestmark = pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")
SAMPLE = (ROOT / "app" / "samples" / "vessary.md").read_text(encoding="utf-8")
PRINTED = SAMPLE[SAMPLE.index("## 9.") :]
PATIENCE_S = 240
LATE = "Where is the key of the lifeboat house kept?"
LAST = "#talk .turn.assistant:last-child"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of its own that shares the base model; the sample was on its shelf before, so it does not come again."""
    home = home_with_models(tmp_path_factory.mktemp("home"))
    with Store.open(home / "library.db") as store:
        assert Library(store).first_time("samples")
    return home


def opened(chromium, address: str):
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.add_init_script('localStorage.setItem("palimpsest-toured", "yes")')
    page = context.new_page()
    page.set_default_timeout(PATIENCE_S * 1000)
    page.goto(address)
    page.wait_for_selector("#about .welcome, #about .about")
    return page


def choose(page, title: str) -> None:
    page.locator("#shelf li", has_text=title).locator("button").click()
    page.locator("#about h2", has_text=title).wait_for()


def ask(page, question: str) -> str:
    """The answer, once it stands there whole."""
    before = page.locator("#talk .turn.assistant").count()
    page.fill("#question textarea", question)
    page.keyboard.press("Enter")
    page.locator("#talk .turn.assistant").nth(before).wait_for()
    page.wait_for_selector("#ask:visible")
    return page.inner_text(f"{LAST} .text")


def answered(page, question: str) -> bool:
    """Whether an answer came with its confidence and the sentence that it rests on, or, declined, with the nearest one."""
    assert ask(page, question)
    declined = page.locator(f"{LAST}.declined").count() == 1
    sure = page.locator(f"{LAST} .confidence").count() == 1
    return sure != declined and page.locator(f"{LAST} .evidence q").count() == 1


def pages_named(page) -> set[int]:
    """The pages that the last answer names."""
    return {int(one.get_attribute("data-sheet")) for one in page.locator(f"{LAST} [data-sheet]").all()}


def as_of(page, number: int) -> None:
    page.fill("#page input[type=number]", str(number))
    page.keyboard.press("Tab")


def files(folder: Path) -> list[Path]:
    """The end of the sample as a PDF of several pages, a small EPUB, and a text that takes a while to read."""
    lines = [line for part in PRINTED.split("\n") for line in (textwrap.wrap(part.lstrip("# "), 95) or [""])]
    pages = ["\n".join(lines[at : at + 30]) for at in range(0, len(lines), 30)]
    made = {
        "handbook.pdf": pdf(pages, title="Handbook in print", author="Harbour Office"),
        "lighthouse.epub": epub(),
        "log.txt": prose("The long log", 60, 120).replace("#", "").strip().encode(),
    }
    for name, data in made.items():
        (folder / name).write_bytes(data)
    return [folder / name for name in made]


def wait_for_memory(database: Path, title: str) -> None:
    """Wait until something is kept of a document that is being read."""
    with closing(Store.open(database)) as store:
        (document,) = [row.id for row in store.documents.all() if row.title == title]
        until = time.monotonic() + PATIENCE_S
        while not store.snapshots.of_document(document):
            assert time.monotonic() < until
            time.sleep(0.1)


def test_a_journey_with_the_shipped_model(chromium, home, tmp_path) -> None:
    pdf_file, *others = files(tmp_path)
    with running(home / "library.db", ["--home", str(home)], ends_by=signal.SIGKILL) as app:
        page = opened(chromium, app.address)
        page.set_input_files("#drop input[type=file]", [str(pdf_file), *map(str, others)])
        page.locator("#shelf li.read", has_text="Handbook in print").wait_for()
        page.locator("#shelf li.read", has_text="The Lighthouse").wait_for()
        page.context.close()
        page = opened(chromium, app.address)
        choose(page, "The long log")
        page.locator("#reading .figures", has_text="tokens a second").wait_for()
        wait_for_memory(home / "library.db", "The long log")
        page.context.close()

    with running(home / "library.db", ["--home", str(home)]) as app:
        page = opened(chromium, app.address)
        choose(page, "The long log")
        page.locator("#reading .figures", has_text="tokens a second").wait_for()
        read = int(re.search(r"([\d,]+) of", page.inner_text("#reading .figures"))[1].replace(",", ""))
        assert read > 0, "it goes on where it stood"
        assert "all that has been read so far" in page.inner_text("#part")
        page.click("#cancel")
        page.locator("#read", has_text="Go on reading").wait_for()

        choose(page, "Handbook in print")
        answer = ask(page, LATE)
        assert "flowerpot" in answer and page.locator(f"{LAST} .confidence").count() == 1
        assert "flowerpot" in page.inner_text(f"{LAST} .evidence")
        page.locator(f"{LAST} .evidence [data-sheet]").first.click()
        page.wait_for_selector("#sheet figure i")
        page.keyboard.press("Escape")
        ask(page, "Who won the football world cup in 1998?")
        assert "declined" in page.get_attribute(LAST, "class")
        told = int(re.search(r"once, on page (\d+)", ask(page, "Which pages mention the lifeboat house?"))[1])
        page.click(f"{LAST} .places summary")
        page.click(f"{LAST} .places [data-sheet]")
        page.locator("#sheet .sheet h3", has_text=f"Page {told} of").wait_for()
        assert page.locator("#sheet img").evaluate("image => image.naturalWidth") > 800
        assert page.locator("#sheet figure i").count() == 1
        page.keyboard.press("Escape")
        as_of(page, told - 1)
        page.locator("#part", has_text="knows nothing of what follows").wait_for()
        assert "flowerpot" not in ask(page, LATE)
        assert pages_named(page) <= set(range(1, told))
        as_of(page, told)
        assert answered(page, LATE) and pages_named(page) <= set(range(1, told + 1))
        named = len(re.findall(r"\blong supper\b", " ".join(PRINTED.split()), re.IGNORECASE))
        assert f" {named} times" in ask(page, "How many times is Long Supper named?")
        page.fill("#question textarea", LATE)
        page.click("#everywhere")
        page.locator("#origin .several li").first.wait_for()
        assert page.locator("#origin .several li").count() == 3, "the one that is half read as well"
        page.keyboard.press("Escape")
        page.click("#length input")
        page.get_by_role("option", name="Short").click()
        page.click("#summarise")
        page.locator(f"{LAST} .said", has_text="Written by the model").wait_for()
        assert page.locator(f"{LAST} .text [data-sheet]").count() > 0
        with page.expect_download() as saved:
            page.locator("#keep a").first.click()
        assert LATE in saved.value.path().read_text(encoding="utf-8")
        page.context.close()
