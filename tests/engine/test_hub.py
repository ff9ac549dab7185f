"""Models from the hub, from a small hub of our own: the few answers that fetching a model needs."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from engine.hub import fetch_model

COMMIT = "5" * 40
FILES = {
    "config.json": b'{"model_type": "llama"}',
    "model.safetensors": bytes(range(256)) * 12_000,
    "pytorch_model.bin": b"never fetched",
}


class Hub(BaseHTTPRequestHandler):
    """One model, `made/small`."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, *given: object) -> None:
        """Says nothing."""

    def _answer(self, body: bool) -> None:
        path = self.path.split("?")[0]
        if path.startswith("/api/models/made/small/tree/"):
            self._send(json.dumps([self._entry(name) for name in FILES]).encode(), body)
        elif path.startswith("/api/models/made/small"):
            siblings = [{"rfilename": name} for name in FILES]
            self._send(json.dumps({"id": "made/small", "sha": COMMIT, "siblings": siblings}).encode(), body)
        elif (name := path.removeprefix(f"/made/small/resolve/{COMMIT}/")) in FILES:
            self.server.fetched.append(name)
            self._send(FILES[name], body, ETag=f'"{hashlib.sha1(FILES[name]).hexdigest()}"')
        else:
            self._send(b"", body, status=404)

    @staticmethod
    def _entry(name: str) -> dict[str, object]:
        return {"type": "file", "path": name, "size": len(FILES[name]), "oid": hashlib.sha1(FILES[name]).hexdigest()}

    def _send(self, content: bytes, body: bool, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {**headers, "X-Repo-Commit": COMMIT, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        if body:
            self.wfile.write(content)


@pytest.fixture
def hub() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.fetched = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_model_is_fetched_with_progress_and_only_once(hub, tmp_path: Path) -> None:
    address, said = f"http://127.0.0.1:{hub.server_port}", []
    folder = fetch_model("made/small", said.append, endpoint=address, cache_dir=tmp_path)
    assert folder.name == COMMIT
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        name: content for name, content in FILES.items() if not name.endswith(".bin")
    }
    assert said[-1] == "Fetching made/small: 3 of 3 MB ..."
    assert len(said) < 30
    before = list(hub.fetched)
    assert fetch_model("made/small", endpoint=address, cache_dir=tmp_path) == folder
    assert hub.fetched == before
    hub.shutdown()
    hub.server_close()
    assert fetch_model("made/small", endpoint=address, cache_dir=tmp_path) == folder


def test_a_model_that_is_nowhere(hub, tmp_path: Path) -> None:
    with pytest.raises((OSError, ValueError)):
        fetch_model("made/other", endpoint=f"http://127.0.0.1:{hub.server_port}", cache_dir=tmp_path)
