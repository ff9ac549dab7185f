"""`--window`: a desktop window where its packages are, else the browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

import launch
from app.window import window_parts_missing
from tests.browser.conftest import free_port
from tests.engine.tiny import make_base, make_tokenizer

ROOT = Path(launch.__file__).parent
PATIENCE_S = 120
HIDDEN = """
import sys

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name == "webview":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Hidden())
"""


@contextmanager
def serving(folder: Path, environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen, str]]:
    """The app with `--window` in a process of its own, and its address; it must end well when it is told to."""
    make_base("qwen2").save_pretrained(folder / "model")
    make_tokenizer().save_pretrained(folder / "model")
    address = f"http://127.0.0.1:{(port := free_port())}"
    given = ["--window", "--model", str(folder / "model"), "--dtype", "float32", "--home", str(folder)]
    app = subprocess.Popen(
        [sys.executable, "launch.py", *given, "--port", str(port)],
        cwd=ROOT, env={**os.environ, **environment}, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        yield app, address
    finally:
        app.terminate()
        _, said = app.communicate(timeout=60)
    assert app.returncode == 0, said.decode()


def eventually(app: subprocess.Popen, found):
    """What `found` gives as soon as that is something."""
    until = time.monotonic() + PATIENCE_S
    while not (something := found()):
        assert time.monotonic() < until and app.poll() is None
        time.sleep(0.3)
    return something


def test_without_its_packages_a_browser_opens(tmp_path: Path) -> None:
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "sitecustomize.py").write_text(HIDDEN, encoding="utf-8")
    browser, opened = tmp_path / "browser", tmp_path / "opened"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n', encoding="utf-8")
    browser.chmod(0o755)
    environment = {"PYTHONPATH": str(tmp_path / "hidden"), "BROWSER": str(browser)}
    with serving(tmp_path, environment) as (app, address):
        assert eventually(app, lambda: opened.exists() and opened.read_text(encoding="utf-8")).startswith(address)


@pytest.mark.skipif(
    window_parts_missing() or shutil.which("Xvfb") is None,
    reason="a desktop window needs requirements-window.txt and, where there is no screen, xvfb",
)
def test_a_window_shows_the_page(tmp_path: Path) -> None:
    display, debugging = ":77", free_port()
    screen = subprocess.Popen(["Xvfb", display, "-screen", "0", "1400x1000x24"], stderr=subprocess.DEVNULL)
    environment = {
        "DISPLAY": display,
        "QT_QPA_PLATFORM": "xcb",
        "QTWEBENGINE_DISABLE_SANDBOX": "1",
        "QTWEBENGINE_REMOTE_DEBUGGING": str(debugging),
    }
    try:
        with serving(tmp_path, environment) as (app, address):
            (window,) = eventually(app, lambda: pages(debugging))
            assert window["url"].startswith(address)
            assert eventually(app, lambda: "Palimpsest" in pages(debugging)[0]["title"])
            assert (tmp_path / "window").is_dir()
    finally:
        screen.terminate()
        screen.wait(10)


def pages(port: int) -> list[dict]:
    """The pages that the window shows, by its debugging port."""
    try:
        found = httpx.get(f"http://127.0.0.1:{port}/json/list").json()
    except httpx.TransportError:
        return []
    return [page for page in found if page["type"] == "page" and page["url"].startswith("http")]
