"""The real page on a real server with a real database, driven in Debian's Chromium."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import launch
from bench.browser import LAUNCH, chromium_path, free_port
from engine.errors import ModelNotFound
from storage import Store
from tests.browser.page_engine import PageEngine

PATIENCE_MS = 120_000


@pytest.fixture(scope="session")
def chromium():
    """A running Chromium. Without one the browser tests are skipped."""
    path = chromium_path()
    if path is None:
        assert not os.environ.get("CI"), "browser tests may not be skipped here: install Chromium"
        pytest.skip("browser tests need Chromium; on Debian: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="browser tests need: pip install playwright")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(LAUNCH))
        yield browser
        browser.close()


@dataclass
class Desk:
    """A running app over one database file, and the pages opened on it."""

    chromium: object
    database: Path
    engine: PageEngine = field(default_factory=PageEngine)
    read_picture: Callable[[object], str] | None = None
    outside: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    load_pause: float = 0.0
    ready: bool = True
    go_on: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.go_on.set()

    def start(self) -> None:
        """Start server and worker, as launch.py does."""
        from app.library import Library
        from app.models import Models
        from app.pages import build_page, launch_options
        from app.password import Gate
        from app.settings import Choices

        self.store = Store.open(self.database)
        models = Models(self.load, Choices("standard", "auto", "auto", "standard"), keep=self.keep)
        self.library = Library(self.store, models, read_picture=self.read_picture)
        self.queue = self.library.queue
        self.queue.start()
        self.gate = Gate()
        self.blocks = build_page(self.library, self.gate)
        if self.ready:
            models.load()
        _, self.address, _ = self.blocks.launch(
            server_name="127.0.0.1",
            server_port=free_port(),
            prevent_thread_lock=True,
            quiet=True,
            **launch_options(self.library.languages, self.gate),
        )

    def load(self, wanted, say) -> PageEngine:
        """The engine for a model called "other"; the first one for our own; and none for any other."""
        say("Fetching Base: 3 of 9 MB ...")
        time.sleep(self.load_pause)
        assert self.go_on.wait(600)
        if wanted.model == "standard":
            return self.engine
        if wanted.model != "other":
            raise ModelNotFound(f"The model {wanted.model!r} could not be loaded.")
        return PageEngine(name="other", fingerprint="other")

    def keep(self, chosen) -> None:
        """Keep what was chosen, as launch.py does."""
        launch.keep_model(self.library, chosen)

    def stop(self) -> None:
        """Stop everything, as at the end of the process; the database file stays."""
        self.go_on.set()
        self.blocks.close()
        self.queue.stop()
        self.store.close()

    def open(
        self,
        *,
        document: str = "",
        dark: bool = False,
        width: int = 1280,
        height: int = 860,
        toured: bool = True,
        locale: str = "en-US",
        again=None,
    ):
        """Open the page in a fresh browser profile, as another visitor whose browser asks for `locale`, and wait until it shows
        something; unless `toured`, one who was never here before. `again` is a page of the visitor who comes back."""
        shade = "dark" if dark else "light"
        context = self.chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme=shade, locale=locale
        )
        if toured:
            context.add_init_script('localStorage.setItem("palimpsest-toured", "yes")')
        if again is not None:
            context.add_cookies(again.context.cookies())
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("request", lambda request: self._note(request.url))
        page.on("pageerror", lambda error: self.broken.append(str(error)))
        page.goto(self.address + (f"?document={document}" if document else ""))
        page.wait_for_selector("#about .welcome, #about .about")
        return page

    def drop(self, page, *paths: Path) -> None:
        """Drop files into the box."""
        page.set_input_files("#drop input[type=file]", [str(path) for path in paths])

    def wait_read(self, page, title: str) -> None:
        """Wait until the shelf says that a document is ready."""
        page.locator("#shelf li.read", has_text=title).wait_for()

    def read_in(self, data: str, name: str) -> str:
        """Put a document on the shelf and read it, without the page; returns its id."""
        item = self.library.add(data.encode(), name)
        self.queue.enqueue(item.id)
        job = self.queue.wait(item.id, PATIENCE_MS / 1000)
        assert job is not None
        assert job.status == "done"
        return item.id

    def _note(self, url: str) -> None:
        if not re.match(r"(http://(127\.0\.0\.1|localhost):\d+/|data:|blob:)", url):
            self.outside.append(url)


@pytest.fixture
def desk(chromium, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A running desk. At its end: no page may have asked another host for anything, nor broken."""
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    running = Desk(chromium, tmp_path / "shelf.db")
    running.start()
    yield running
    for context in chromium.contexts:
        context.close()
    running.stop()
    assert running.outside == []
    assert running.broken == []
