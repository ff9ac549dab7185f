"""Waiting for what another thread or process does, on a machine that may be busy."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

LONG = 300.0  # seconds for what takes a few


def until(happened: Callable[[], object], seconds: float = LONG, process: subprocess.Popen | None = None) -> None:
    """Return when `happened` does; fail after so many seconds, or when the process that should bring it about has ended."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline and (process is None or process.poll() is None)
        time.sleep(0.01)
