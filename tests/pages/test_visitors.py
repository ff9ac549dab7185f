"""Two browsers, two cookie jars, and the real page on a real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.library import Library
from app.pages import build_page, launch_options
from app.password import Gate
from app.visitors import COOKIE, owner_of
from bench.browser import free_port
from storage import Store
from tests.app.small_engine import SmallEngine, shelf

# Gradio's own use of pandas; nothing that the page could change.
pytestmark = [
    pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning"),
    # nor the sockets that its server leaves to be collected
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


class Browser:
    """A cookie jar and a tab, which calls the page's events as the page does."""

    def __init__(self, address: str, blocks: Any, name: str) -> None:
        self.client = httpx.Client(base_url=address, timeout=20.0, trust_env=False)
        self._numbers = {fn.fn.__qualname__: number for number, fn in blocks.fns.items() if fn.fn}
        self._tab = name

    def visit(self, document_id: str) -> str:
        """Opens the page; what it shows."""
        self.opened = self.client.get("/")
        return self.call("Handlers.load", query=f"?document={document_id}")

    def call(self, name: str, *data: Any, query: str = "", **event: Any) -> str:
        """What an event outside the queue brings."""
        body = self._body(name, data) | ({"event_data": event} if event else {})
        answer = self.client.post(f"/gradio_api/run/predict{query}", json=body)
        answer.raise_for_status()
        return answer.text

    def ask(self, question: str) -> str:
        """What the conversation shows after a question, which is answered in the queue."""
        self.call("Handlers.begin_answer", None, question, "", None)
        self.client.post(
            "/gradio_api/queue/join", json=self._body("Handlers.answer", (None, None, 2))
        ).raise_for_status()
        with self.client.stream("GET", f"/gradio_api/queue/data?session_hash={self._tab}") as events:
            for line in events.iter_lines():
                said = json.loads(line.removeprefix("data: ")) if line.startswith("data: ") else {}
                if said.get("msg") == "process_completed":
                    assert said["success"], said
                    break
        return self.call("Handlers.reopen", None)

    def _body(self, name: str, data: Any) -> dict[str, Any]:
        return {"fn_index": self._numbers[name], "data": list(data), "session_hash": self._tab}


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with Store.open(tmp_path / "library.db") as store:
        yield shelf(SmallEngine(), store)


def test_two_browsers_see_and_change_only_their_own_conversations(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    book = library.add(b"# Tides\n\nThe tide comes at six.\n", "tides.md").id
    library.reader.read(book)
    blocks = build_page(library, Gate())
    _, address, _ = blocks.launch(
        server_name="127.0.0.1",
        server_port=free_port(),
        prevent_thread_lock=True,
        quiet=True,
        **launch_options(library.languages, Gate()),
    )
    ada, ben = Browser(address, blocks, "one"), Browser(address, blocks, "two")
    try:
        ada.visit(book), ben.visit(book)
        given = ada.opened.headers["set-cookie"]
        assert all(word in given for word in (f"{COOKIE}=", "HttpOnly", "SameSite=Lax", "Max-Age=31536000"))
        assert (
            ada.client.cookies[COOKIE] != ben.client.cookies[COOKIE]
            and ada.client.cookies[COOKIE] not in ada.opened.text
        )
        assert "Who is Ada?" in ada.ask("Who is Ada?")
        shown = ben.ask("Who is Ben?")
        assert "Who is Ben?" in shown and "Who is Ada?" not in shown
        assert "Who is Ben?" not in ada.visit(book), "and the page that is opened again is the same visitor's"
        assert "Who is Ada?" in ada.call("TalkHandlers.choose", None)
        assert "Who is Ada?" not in ben.call("TalkHandlers.choose", None)
        owner = owner_of({"cookie": f"{COOKIE}={ada.client.cookies[COOKIE]}"}, None)
        (hers,) = library.conversations.all(book, owner=owner)
        assert f"no conversation {hers.id}" in ben.call("TalkHandlers.open", None, chat=hers.id)
        assert f"no conversation {hers.id}" in ben.call("TalkHandlers.open", None, chat=hers.id, title="Mine")
        assert library.conversations.all(book, owner=owner) == (hers,)
    finally:
        ada.client.close(), ben.client.close()
        blocks.close()
