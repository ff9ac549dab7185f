"""A small hub of our own: the few answers of the hub that fetching a model or a file needs."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "5" * 40


class SmallHub(ThreadingHTTPServer):
    """Has the files of one model. `fetched` is what was asked of them; `listed` are hashes that it gives in place of the true
    ones; it answers only once `open_for_business` is set."""

    daemon_threads = True

    def __init__(self, model: str, files: Mapping[str, bytes]) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.model = model
        self.files = files
        self.fetched: list[str] = []
        self.listed: dict[str, str] = {}
        self.open_for_business = threading.Event()
        self.open_for_business.set()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answers(BaseHTTPRequestHandler):
    server: SmallHub

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, *given: object) -> None:
        """Says nothing."""

    def _answer(self, body: bool) -> None:
        self.server.open_for_business.wait()
        path, model, files = self.path.split("?")[0], self.server.model, self.server.files
        if path.startswith(f"/api/models/{model}/tree/"):
            self._send(json.dumps([self._entry(name) for name in files]).encode(), body)
        elif path.startswith(f"/api/models/{model}"):
            siblings = [self._sibling(name) for name in files]
            self._send(json.dumps({"id": model, "sha": COMMIT, "siblings": siblings}).encode(), body)
        elif (name := path.removeprefix(f"/{model}/resolve/{COMMIT}/")) in files:
            self.server.fetched.append(name)
            self._send(files[name], body, ETag=f'"{hashlib.sha1(files[name]).hexdigest()}"')
        else:
            self._send(b"", body, status=404)

    def _entry(self, name: str) -> dict[str, object]:
        content = self.server.files[name]
        return {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}

    def _sibling(self, name: str) -> dict[str, object]:
        """The hub keeps large files by their SHA-256, small ones not."""
        content = self.server.files[name]
        if name.endswith(".json"):
            return {"rfilename": name, "size": len(content)}
        digest = self.server.listed.get(name, hashlib.sha256(content).hexdigest())
        return {
            "rfilename": name,
            "size": len(content),
            "lfs": {"sha256": digest, "size": len(content), "pointerSize": 134},
        }

    def _send(self, content: bytes, body: bool, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "X-Repo-Commit": COMMIT, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(content)


@contextmanager
def small_hub(model: str, files: Mapping[str, bytes]) -> Iterator[SmallHub]:
    """A hub that is there while the context lasts."""
    server = SmallHub(model, files)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.open_for_business.set()
        server.shutdown()
        server.server_close()
        thread.join()
