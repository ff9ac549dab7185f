"""The page: how soon after the server's start it can be used, and how quickly it answers clicks, idle and while a book is read.

python -m bench.page [--rounds N] [--text FILE] [--home DIR, --model MODEL, --threads N: whatever launch.py takes]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from bench.browser import LAUNCH, ROOT, App, PageBenchError, chromium_path, running

SAMPLE = ROOT / "app" / "samples" / "vessary.md"
FIRST, SECOND, LONG = "A Winter Handbook of Vessary", "A Second Book", "A Long Book"
COUNTED = "How many times is the ferry mentioned?"  # answered from the text, so it takes the model no time
PATIENCE_MS = 60_000
VIEWPORT = {"width": 1280, "height": 860}

# From the press itself to the first frame in which the page shows what was wanted, by the browser's own clock. Null: it never did.
WATCH = """([wanted, patience]) => {
  const holds = new Function("return " + wanted);
  if (holds()) throw new Error("it holds before the click: " + wanted);
  window.answered = new Promise((done) => document.addEventListener("pointerdown", (press) => {
    const look = () => {
      const past = performance.now() - press.timeStamp;
      if (holds() || past > patience) done(past > patience ? null : past);
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, { capture: true, once: true }));
}"""
SHOWN = "document.querySelector('{0}')?.checkVisibility() === true"
GONE = "document.querySelector('{0}')?.checkVisibility() !== true"
USABLE = " && ".join(SHOWN.format(part) for part in ("#drop", "#question textarea", "#edit"))
PART = "(document.querySelector('#part .part')?.innerText ?? '')"


class NoBrowser(PageBenchError):
    """Chromium or Playwright is missing."""


class NotAnswered(PageBenchError):
    """A click had no answer, however long one waited."""


class TextTooShort(PageBenchError):
    """The long text had been read before every click was made."""


class Click(NamedTuple):
    """What is clicked and how far across it, when it counts as answered (a JavaScript expression), and the key that clears it away."""

    name: str
    at: str
    wanted: str
    undo: str = ""
    across: float = 0.5


def opening(title: str) -> Click:
    """A document on the shelf is opened."""
    shown = f"document.querySelector('#about h2')?.innerText === {json.dumps(title)}"
    return Click("open a document", f"#shelf li[data-title={json.dumps(title)}] button", shown)


CLICKS = (
    opening(SECOND),
    opening(FIRST),
    Click("look at the memory", "#look", SHOWN.format(".memory figure"), "Escape"),
    Click("conversations", "#chats", SHOWN.format(".chats li"), "Escape"),
    Click("edit the details", "#edit", SHOWN.format("#details")),
    Click("leave them", "#leave", GONE.format("#details")),
    Click("tour", "[data-tour]", SHOWN.format(".tour[open]"), "Escape"),
)


def run(words: Sequence[str], text: str, rounds: int, say: Callable[[str], None]) -> dict[str, Any]:
    """All measurements: `start`, in seconds, on an empty shelf (while the sample is read) and again; `idle` and `reading`, in
    milliseconds, by kind of click. `words` are more of launch.py's arguments. Raises PageBenchError."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise NoBrowser("Measuring the page takes Playwright: pip install -r requirements-test.txt") from error
    path = chromium_path()
    if path is None:
        raise NoBrowser("Measuring the page takes Chromium; on Debian: apt-get install chromium")
    start: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        browser, database = driver.chromium.launch(executable_path=path, args=list(LAUNCH)), Path(folder) / "library.db"
        page = visit(browser)
        with running(database, words) as app:
            start["first"] = first_use(page, app)
            say("Furnishing the shelf: two books are read ...")
            furnish(page, Path(folder))
        cookies = page.context.cookies()  # whoever comes back finds the conversation that was begun
        page.context.close()
        page = visit(browser)
        page.context.add_cookies(cookies)
        with running(database, words) as app:
            start["again"] = first_use(page, app)
            # until the model is there the page declines to show a memory
            page.locator("#model .stage").wait_for(state="detached")
            say("Clicking while nothing is read ...")
            idle = clicks(page, rounds)
            say("Clicking while a book is read ...")
            busy, rate = while_reading(page, Path(folder), text, rounds)
            machine = page.inner_text(".machine")
        browser.close()
    found = {"start": start, "idle": by_kind(idle), "reading": by_kind(busy), "clicks": [len(idle), len(busy)]}
    ratio = found["reading"]["all"]["median"] / found["idle"]["all"]["median"]
    return found | {"ratio": ratio, "tokens_per_second": rate, "cores": os.cpu_count(), "machine": machine}


def visit(browser: Any) -> Any:
    """A blank page in a fresh profile that has had the tour."""
    context = browser.new_context(viewport=VIEWPORT, locale="en-US")
    context.add_init_script('localStorage.setItem("palimpsest-toured", "yes")')
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    return page


def first_use(page: Any, app: App) -> dict[str, float]:
    """Seconds from the server's first answer until drop zone and question box are there, and until a first click is answered."""
    page.goto(app.address, wait_until="commit")
    page.wait_for_function(USABLE)
    shown = time.monotonic() - app.since
    page.click("#edit")
    page.wait_for_selector("#details", state="visible")
    answered = time.monotonic() - app.since
    page.click("#leave")
    page.wait_for_selector("#details", state="hidden")
    return {"shown_seconds": shown, "answered_seconds": answered}


def furnish(page: Any, folder: Path) -> None:
    """Have the sample and a second book read, and begin a conversation about the sample."""
    text = SAMPLE.read_text(encoding="utf-8")
    drop(page, folder, SECOND, text[text.index("\n") : len(text) // 3])
    for title in (FIRST, SECOND):
        page.locator("#shelf li.read", has_text=title).wait_for(timeout=10 * PATIENCE_MS)
    measured(page, opening(FIRST))
    page.fill("#question textarea", COUNTED)
    page.keyboard.press("Enter")
    page.locator("#chats").wait_for()


def while_reading(page: Any, folder: Path, text: str, rounds: int) -> tuple[list[tuple[str, float]], float | None]:
    """The clicks while a long text is read, and its tokens a second as the page says. Raises TextTooShort."""
    drop(page, folder, LONG, text)
    under_way = page.locator("#shelf li.reading", has_text=LONG)
    under_way.wait_for()
    found = clicks(page, rounds)
    measured(page, opening(LONG))
    rate = re.search(r"(?<![\d,])([\d,]+) tokens a second", page.inner_text("#reading"))
    if not under_way.count():
        raise TextTooShort("The text had been read before every click was made. Give a longer one, or fewer --rounds.")
    return found, float(rate[1].replace(",", "")) if rate else None


def drop(page: Any, folder: Path, title: str, text: str) -> None:
    """Drop a book into the box and wait until it is open."""
    path = folder / f"{title}.md"
    path.write_text(f"# {title}\n\n{text}", encoding="utf-8")
    page.set_input_files("#drop input[type=file]", str(path))
    page.locator("#about h2", has_text=title).wait_for()


def clicks(page: Any, rounds: int) -> list[tuple[str, float]]:
    """Every kind of click in turn, `rounds` times: its name and the milliseconds until it was answered."""
    chance, found = random.Random(7), []
    for number in range(rounds):
        for click in CLICKS:
            found.append((click.name, measured(page, click, chance)))
        differs = f"{PART} !== {json.dumps(page.evaluate(PART))}"
        across = 0.3 + 0.4 * (number % 2)
        slid = Click("page slider", "#page input[type=range]", differs, across=across)
        found.append((slid.name, measured(page, slid, chance)))
    return found


def measured(page: Any, click: Click, chance: random.Random | None = None) -> float:
    """Milliseconds until that click is answered; with `chance` it is made at any time between two ticks of the page. Raises NotAnswered."""
    if chance:
        page.wait_for_timeout(chance.uniform(50, 1050))
    page.evaluate(WATCH, [click.wanted, PATIENCE_MS])
    box = page.locator(click.at).bounding_box()
    page.click(click.at, position={"x": box["width"] * click.across, "y": box["height"] / 2})
    milliseconds = page.evaluate("window.answered")
    if milliseconds is None:
        raise NotAnswered(f"The page did not answer this click: {click.name}. It showed:\n{page.inner_text('body')}")
    if click.undo:
        page.keyboard.press(click.undo)
        page.wait_for_function(f"!({click.wanted})")
    return milliseconds


def by_kind(found: Sequence[tuple[str, float]]) -> dict[str, dict[str, float]]:
    """Median, 95th percentile and maximum of each kind of click, and of all."""
    kinds = dict.fromkeys(name for name, _ in found)
    grouped = {kind: sorted(ms for name, ms in found if name == kind) for kind in kinds}
    grouped["all"] = sorted(ms for _, ms in found)
    return {
        kind: {"median": statistics.median(all_ms), "p95": all_ms[math.ceil(0.95 * len(all_ms)) - 1], "max": all_ms[-1]}
        for kind, all_ms in grouped.items()
    }


def varied(text: str, words: int, seed: int = 7) -> str:
    """A text of about that many words: the sentences of `text` in ever another order, with other numbers, in sections."""
    chance, sentences = random.Random(seed), re.split(r"(?<=[.!?])\s+", re.sub(r"^#.*$", "", text, flags=re.M))
    parts, counted = [], 0
    while counted < words:
        chance.shuffle(sentences)
        told = re.sub(r"\d+", lambda _: str(chance.randrange(2, 2000)), " ".join(sentences))
        parts.append(f"## Part {len(parts) + 1}\n\n{told}")
        counted += len(told.split())
    return "\n\n".join(parts)


def table(result: dict[str, Any]) -> list[str]:
    """The result as lines for people."""
    start = result["start"]
    lines = [
        f"{name:20} shown after {start[name]['shown_seconds']:.2f} s, a click answered after {start[name]['answered_seconds']:.2f} s"
        for name in start
    ]
    lines.append(
        f"{'click to answer, ms':20} {'idle: median':>12} {'p95':>6} {'max':>6} {'reading: median':>16} {'p95':>6} {'max':>6}"
    )
    for kind, idle in result["idle"].items():
        busy = result["reading"][kind]
        cells = (
            f"{idle['median']:12.0f} {idle['p95']:6.0f} {idle['max']:6.0f}",
            f"{busy['median']:16.0f} {busy['p95']:6.0f} {busy['max']:6.0f}",
        )
        lines.append(f"{kind:20} {cells[0]} {cells[1]}")
    return [*lines, f"{'reading / idle':20} {result['ratio']:.2f}"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table and, on the last line, the result as JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.page", description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=20, metavar="N", help="how often each kind of click is made (20)")
    parser.add_argument("--text", type=Path, default=None, metavar="FILE", help="the long text (the sample, varied)")
    parser.add_argument("--words", type=int, default=300_000, metavar="N", help="length of the varied sample (300,000)")
    given, words = parser.parse_known_args(arguments)
    text = given.text.read_text("utf-8") if given.text else varied(SAMPLE.read_text("utf-8"), given.words)
    try:
        result = run(words, text, given.rounds, lambda said: print(said, file=sys.stderr, flush=True))
    except PageBenchError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print(*table(result), json.dumps(result), sep="\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
