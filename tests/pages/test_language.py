"""The document that the server sends is in the visitor's language before a line of script runs; all else passes through as it was."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from app.pages.language import Spoken, translations
from app.words import Languages

LANGUAGES = Languages.load()
INDEX = (Path(gr.__file__).parent / "templates" / "frontend" / "index.html").read_bytes()


def answered(body: bytes, *, path: str = "/", method: str = "GET", headers: dict[str, str] | None = None) -> list[Any]:
    """The messages that a server sends which has `body` in two pieces."""

    async def server(scope: Any, receive: Any, send: Any) -> None:
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-kept", b"1"), length]})
        await send({"type": "http.response.body", "body": body[:20], "more_body": True})
        await send({"type": "http.response.body", "body": body[20:]})

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "headers": [(name.title().encode(), value.encode()) for name, value in (headers or {}).items()],
    }
    with ThreadPoolExecutor(1) as aside:  # in this thread a browser's loop may be running
        aside.submit(lambda: asyncio.run(Spoken(server, LANGUAGES)(scope, None, send))).result()
    return sent


@pytest.mark.parametrize(
    ("headers", "language"),
    [
        ({}, "en"),
        ({"accept-language": "nl-NL,nl;q=0.9"}, "nl"),
        ({"accept-language": "nl", "cookie": "palimpsest-language=en"}, "en"),
        ({"accept-language": "en", "cookie": "palimpsest-language=nl"}, "nl"),
    ],
)
def test_the_document_is_in_the_visitors_language(headers: dict[str, str], language: str) -> None:
    start, body = answered(INDEX, headers=headers)
    page = body["body"]
    assert f'lang="{language}"'.encode() in page[:200]
    script = page.index(f'["languages", ["{language}"]]'.encode())
    assert page.index(b"<script") < script < page.index(b"<script", page.index(b"<script") + 1)
    assert start["headers"] == [(b"x-kept", b"1"), (b"content-length", str(len(page)).encode())]
    assert page.endswith(INDEX[-500:])


@pytest.mark.parametrize(("path", "method"), [("/gradio_api/queue/data", "GET"), ("/", "POST"), ("/v1/models", "GET")])
def test_everything_else_passes_through_piece_by_piece(path: str, method: str) -> None:
    start, *pieces = answered(INDEX, path=path, method=method, headers={"accept-language": "nl"})
    assert len(pieces) == 2 and b"".join(piece["body"] for piece in pieces) == INDEX
    assert (b"content-length", str(len(INDEX)).encode()) in start["headers"]


def test_the_browser_gets_the_labels_of_the_page_and_no_more() -> None:
    given = translations(LANGUAGES).translations_dict
    assert set(given) == {"en", "nl"} and given["nl"]["page.ask"] == "Vraag"
    assert all(key.startswith("page.") for texts in given.values() for key in texts)
