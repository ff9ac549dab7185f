"""Requests by a foreign name, or from a foreign page, on every route of the running app: none is let in."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen, run

import httpx

from app.pages import build_page, launch_options
from app.password import Gate
from bench.browser import free_port
from storage import Store
from tests.app.small_engine import SmallEngine, shelf
from tests.pages.test_door import FOREIGN
from tests.reliability.outcome import Outcome

METHODS = ("GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD")
ROOT = Path(__file__).parents[2]


def knocks(tries: int, seed: int, folder: Path) -> Outcome:
    """So many requests that must be refused; and after each hundred one that must be let in."""
    chance, broken = random.Random(seed), []
    with _running(folder) as (address, routes), httpx.Client(base_url=address, timeout=30.0) as client:
        for number in range(tries):
            path, method = chance.choice(routes), chance.choice(METHODS)
            headers = {name.replace("_", "-"): value for name, value in chance.choice(FOREIGN).items()}
            answer = client.request(
                method, path, headers=headers, content=b'{"data": []}' if method == "POST" else None
            )
            if answer.status_code != 403:
                broken.append(f"{method} {path} with {headers} was answered {answer.status_code}")
            if number % 100 == 0 and client.get("/").status_code != 200:
                broken.append("the app's own page is refused")
    return Outcome(tries, tuple(broken), f"{len(routes)} routes")


def in_chromium(tries: int, seed: int, folder: Path) -> Outcome:
    """A foreign page in the same browser, as often as said."""
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/browser/test_door.py"]
    broken = []
    for number in range(tries):
        done = run(words, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode or "skipped" in done.stdout:
            broken.append(f"run {number}: {done.stdout.splitlines()[-1:]}")
    return Outcome(tries, tuple(broken))


@contextmanager
def _running(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """The address of the app over a library with one book, and the paths that it has; in a process of its own."""
    words = [sys.executable, "-m", "tests.reliability.door", str(folder / "l.db")]
    with Popen(words, cwd=ROOT, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, text=True) as program:
        assert program.stdin and program.stdout
        told = json.loads(program.stdout.readline())
        try:
            yield told["address"], told["routes"]
        finally:
            program.kill()


def serve(path: Path) -> None:
    """Serves until the process is killed; says where, and which paths there are."""
    with Store.open(path) as store:
        library = shelf(SmallEngine(), store)
        library.reader.read(library.add(b"# Tides\n\nThe tide comes at six.\n", "tides.md").id)
        gate = Gate()
        server, address, _ = build_page(library, gate).launch(
            server_name="127.0.0.1", server_port=free_port(), prevent_thread_lock=True, quiet=True,
            **launch_options(library.languages, gate),
        )  # fmt: skip
        patterns = [*server.openapi()["paths"], *(route.path for route in server.routes if hasattr(route, "path"))]
        print(json.dumps({"address": address, "routes": sorted(set(map(_path, patterns)))}), flush=True)
        sys.stdin.read()


def _path(pattern: str) -> str:
    """A path of that pattern."""
    return "/" + "/".join("x" if part.startswith("{") else part for part in pattern.strip("/").split("/"))


if __name__ == "__main__":
    serve(Path(sys.argv[1]))
