"""A real browser and the real app in a process of its own, for what is measured, tested or pictured on the page."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

LAUNCH = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
ROOT = Path(__file__).parents[1]
PATIENCE_S = 180


class PageBenchError(Exception):
    """The page can't be measured; the text says why and what to do."""


class AppNotOpen(PageBenchError):
    """The app ended or took too long before it answered."""


def chromium_path() -> str | None:
    """Where Chromium is on this machine, or None."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def free_port() -> int:
    """A port that nobody listens on. Gradio's own search leaves a socket open for each busy port, which is a warning in tests."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass(frozen=True)
class App:
    """An app that answers: its address, and the time by `time.monotonic` when its port first did."""

    address: str
    since: float


@contextmanager
def running(database: Path, words: Sequence[str] = (), *, ends_by: int = signal.SIGTERM) -> Iterator[App]:
    """The app over that library file, started with `words` besides and ended by that signal; what it says goes to this process's
    stderr. Raises AppNotOpen."""
    given = ["--db", str(database), "--port", str(port := free_port()), *words]
    process = subprocess.Popen([sys.executable, str(ROOT / "launch.py"), *given])
    try:
        until = time.monotonic() + PATIENCE_S
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > until:
                raise AppNotOpen("The app did not open. What it said stands above; mend that, then measure again.")
            time.sleep(0.01)
        yield App(f"http://127.0.0.1:{port}", time.monotonic())
    finally:
        process.send_signal(ends_by)
        process.wait(60)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0
