"""Files for this machine go out as they are, those for others as the server packs them."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from gradio.brotli_middleware import BrotliMiddleware

from app.pages.nearby import Unpacked

BODY = b"let lamp = 1;\n" * 500


async def script(scope: Any, receive: Any, send: Any) -> None:
    encoded = [(b"content-encoding", b"x-own")] if scope["path"].startswith("/own") else []
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/javascript"), *encoded]}
    )
    await send({"type": "http.response.body", "body": BODY})


def fetched(path: str, client: str) -> httpx.Response:
    """What somebody at that address gets from a server that packs what it can."""

    async def get() -> httpx.Response:
        transport = httpx.ASGITransport(BrotliMiddleware(Unpacked(script)), client=(client, 1))
        asked = {"headers": {"Accept-Encoding": "br"}}
        async with (
            httpx.AsyncClient(transport=transport, base_url="http://here") as browser,
            browser.stream("GET", path, **asked) as response,
        ):
            response.extensions["raw"] = b"".join([part async for part in response.aiter_raw()])
            return response

    with ThreadPoolExecutor(1) as aside:  # in this thread a browser's loop may be running
        return aside.submit(lambda: asyncio.run(get())).result()


@pytest.mark.parametrize("client", ["127.0.0.1", "::1"])
def test_this_machine_gets_files_as_they_are(client: str) -> None:
    response = fetched("/assets/page.js", client)
    assert response.headers["content-encoding"] == "identity" and response.extensions["raw"] == BODY


def test_others_get_them_packed() -> None:
    response = fetched("/assets/page.js", "192.168.1.9")
    assert response.headers["content-encoding"] == "br" and len(response.extensions["raw"]) < len(BODY) / 10


def test_an_encoding_that_is_there_stays_and_what_is_no_file_passes() -> None:
    assert fetched("/own/page.js", "127.0.0.1").headers.get_list("content-encoding") == ["x-own"]
    assert "content-encoding" not in fetched("/queue/data", "127.0.0.1").headers
