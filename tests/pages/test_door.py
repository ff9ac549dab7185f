"""Only the app's own page is let in, and programs on purpose; refused requests reach nothing."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from app.pages.door import Door, own_names
from app.words import Languages

LANGUAGES = Languages.load()
ROUTES = (
    "/",
    "/config",
    "/gradio_api/upload",
    "/gradio_api/queue/join",
    "/gradio_api/mcp/",
    "/v1/models",
    "/v1/chat/completions",
)
HERE = "127.0.0.1:7860"


def sent(method: str, path: str, **headers: str) -> tuple[httpx.Response, list[str]]:
    """What such a request gets, and which paths were reached behind the door."""
    reached: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"let in"})

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(Door(app, LANGUAGES, own_names("127.0.0.1")))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:7860") as client:
            return await client.request(method, path, headers={n.replace("_", "-"): v for n, v in headers.items()})

    with ThreadPoolExecutor(1) as aside:  # in this thread a browser's loop may be running
        return aside.submit(lambda: asyncio.run(ask())).result(), reached


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "evil.example", "origin": "http://evil.example", "sec_fetch_site": "same-origin"},
        {"host": "x.localhost:7860"},
        {"host": "127.0.0.1.evil.example"},
        {"host": f"{HERE}.evil.example"},
        {"host": "evil.example@127.0.0.1"},
        {"host": "127.0.0.1/evil.example"},
        {"host": "[::1"},
        {"host": HERE, "origin": "http://evil.example"},
        {"host": HERE, "origin": "null"},
        {"host": HERE, "origin": "http://127.0.0.1:9999"},
        {"host": HERE, "origin": "http://localhost:7860"},
        {"host": HERE, "origin": f"http://{HERE}", "sec_fetch_site": "cross-site"},
        {"host": HERE, "sec_fetch_site": "same-site", "sec_fetch_mode": "no-cors"},
        {"host": HERE, "sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"},
    ],
)
def test_a_foreign_name_and_a_foreign_page_are_refused_on_every_route(
    path: str, method: str, headers: dict[str, str]
) -> None:
    answer, reached = sent(method, path, **headers)
    assert answer.status_code == 403 and reached == []
    assert answer.text.endswith((".", "7860.")) and "let in" not in answer.text


@pytest.mark.parametrize("host", [HERE, "localhost:7860", "[::1]:7860", "192.168.1.7:7860", socket.gethostname()])
def test_our_own_page_and_programs_are_let_in(host: str) -> None:
    for headers in (
        {},
        {"origin": f"http://{host}", "sec_fetch_site": "same-origin"},
        {"origin": f"https://{host}"},
        {"sec_fetch_site": "none", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"},
    ):
        answer, reached = sent("POST", "/gradio_api/upload", host=host, **headers)
        assert answer.status_code == 200 and reached == ["/gradio_api/upload"]


def test_a_link_from_elsewhere_opens_the_front_page_and_nothing_else() -> None:
    link = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate", "sec_fetch_dest": "document"}
    assert sent("GET", "/?document=a", **link)[1] == ["/"]
    assert sent("POST", "/", **link)[1] == sent("GET", "/config", **link)[1] == []


def test_no_page_may_hold_ours_in_a_frame() -> None:
    for headers in ({}, {"host": "evil.example"}):
        answer, _ = sent("GET", "/", **headers)
        assert answer.headers["content-security-policy"] == "frame-ancestors 'none'"
        assert answer.headers["x-frame-options"] == "DENY"


def test_the_refusal_is_in_the_visitors_language() -> None:
    answer, _ = sent("GET", "/", host="evil.example", accept_language="nl")
    assert answer.text.startswith("‘evil.example’ is geen naam van deze computer")
