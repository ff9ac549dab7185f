"""Another page that is open in the same browser can't list, read, add or change anything, nor hold the app in a frame."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

from bench.browser import free_port

ATTACKS = """
async (app) => {
  const tried = {};
  const attempt = async (name, path, options) => {
    try { tried[name] = (await (await fetch(app + path, options)).text()).slice(0, 200); }
    catch (error) { tried[name] = "refused"; }
  };
  const json = { method: "POST", headers: { "Content-Type": "application/json" } };
  const form = new FormData();
  form.append("files", new Blob(["# Planted\\n\\nby a foreign page"]), "planted.md");
  await attempt("config", "config");
  await attempt("list", "gradio_api/call/list_documents", { ...json, body: '{"data": []}' });
  await attempt("join", "gradio_api/queue/join", { ...json, body: '{"data": [], "fn_index": 0, "session_hash": "a"}' });
  await attempt("upload", "gradio_api/upload", { method: "POST", body: form });
  await attempt("blind upload", "gradio_api/upload", { method: "POST", body: form, mode: "no-cors" });
  await attempt("blind call", "gradio_api/call/list_documents", { method: "POST", body: '{"data": []}', mode: "no-cors" });
  const frame = document.createElement("iframe");
  const shown = new Promise((done) => { frame.onload = done; setTimeout(done, 4000); });
  frame.src = app;
  document.body.append(frame);
  await shown;
  return tried;
}
"""


class Foreign(http.server.BaseHTTPRequestHandler):
    """An empty page."""

    def do_GET(self) -> None:
        body = b"<!doctype html><title>Foreign</title><body>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *given: object) -> None:
        """Say nothing."""


@pytest.fixture
def foreign() -> Iterator[int]:
    """The port of another server on this machine."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), Foreign)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("name", ["evil.localhost", "127.0.0.1", "localhost"])
def test_a_foreign_page_gets_nothing_and_changes_nothing(desk, chromium, foreign: int, name: str) -> None:
    secret = desk.read_in("# Tides\n\nThe tide comes at six.\n", "tides.md")
    uploads = list((desk.database.parent / "uploads").rglob("*"))
    page = chromium.new_context().new_page()
    refused: list[tuple[str, int]] = []
    page.on("response", lambda answer: refused.append((answer.url.removeprefix(desk.address), answer.status)))
    page.goto(f"http://{name}:{foreign}/")
    tried = page.evaluate(ATTACKS, desk.address)
    assert not any(secret in str(said) or "Tides" in str(said) or "planted" in str(said) for said in tried.values())
    assert refused and all(status == 403 for path, status in refused if not path.startswith("http")), refused
    assert [item.title for item in desk.library.shelf()] == ["Tides"]
    assert list((desk.database.parent / "uploads").rglob("*")) == uploads


def test_the_app_is_not_there_under_a_name_that_is_not_this_machines(desk, chromium) -> None:
    page = chromium.new_context().new_page()
    answer = page.goto(desk.address.replace("127.0.0.1", "rebound.localhost"))
    assert answer.status == 403 and "no name of this machine" in page.inner_text("body")


def test_a_link_opens_the_app_and_it_works(desk, chromium, foreign: int) -> None:
    desk.read_in("# Tides\n\nThe tide comes at six.\n", "tides.md")
    page = chromium.new_context().new_page()
    page.goto(f"http://evil.localhost:{foreign}/")
    page.evaluate("(app) => { document.body.innerHTML = `<a href='${app}'>here</a>`; }", desk.address)
    page.click("a")
    page.locator("#shelf li.read", has_text="Tides").wait_for(timeout=120_000)
