"""Only the app's own page is let in, and programs on purpose; refused requests reach nothing."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.requests import ClientDisconnect

from app.errors import LibraryError, PasswordWrong, TooManyGuesses
from app.pages.door import MOST_MEGABYTES, UPLOAD, Door, own_names
from app.password import Gate, hashed
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
# the headers of requests by a foreign name, and of those from foreign pages
FOREIGN: tuple[dict[str, str], ...] = (
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
)


def sent(method: str, path: str, **headers: str) -> tuple[httpx.Response, list[str]]:
    """What such a request gets, and which paths were reached behind the door."""
    reached: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"let in"})

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(Door(app, LANGUAGES, own_names("127.0.0.1"), Gate()))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:7860") as client:
            return await client.request(method, path, headers={n.replace("_", "-"): v for n, v in headers.items()})

    with ThreadPoolExecutor(1) as aside:  # in this thread a browser's loop may be running
        return aside.submit(lambda: asyncio.run(ask())).result(), reached


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("headers", FOREIGN)
def test_a_foreign_name_and_a_foreign_page_are_refused_on_every_route(
    path: str, method: str, headers: dict[str, str]
) -> None:
    answer, reached = sent(method, path, **headers)
    assert answer.status_code == 403 and reached == []
    said = answer.json()["error"]["message"] if path.startswith("/v1/") else answer.text
    assert said.endswith(".") and "let in" not in said


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


WORDS = "mellön and two towers"


async def behind(scope: Any, receive: Any, send: Any) -> None:
    """An application that reads all of a request, and says how much it was."""
    read = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect  # as Starlette does
        read += len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body"):
            break
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(read).encode()})


@contextmanager
def serving(gate: Gate, **how: Any) -> Iterator[httpx.Client]:
    """The door on a real server, as Gradio starts one; and somebody who asks there."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    app = Door(behind, LANGUAGES, own_names("127.0.0.1"), gate)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", lifespan="off", **how))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20.0, trust_env=False) as client:
        yield client
    server.should_exit = True
    thread.join()


def bearer(words: str) -> dict[bytes, bytes]:
    return {b"authorization": b"Bearer " + words.encode()}


def test_without_the_password_nothing_is_shown_but_a_page_that_asks_for_it() -> None:
    with serving(Gate(kept=hashed(WORDS))) as client:
        for path in ROUTES:
            for method in ("GET", "POST"):
                assert client.request(method, path).status_code == 401
        page = client.get("/", headers={"accept": "text/html", "accept-language": "nl"})
        assert page.status_code == 401 and "Deze plank heeft een wachtwoord." in page.text and 'lang="nl"' in page.text
        said = client.get("/v1/models").json()["error"]
        assert said["type"] == "PasswordWrong" and said["message"].endswith(".")
        assert client.get("/gradio_api/startup-events").text == "0", "what the server asks itself"
        assert client.post("/gradio_api/startup-events").status_code == 401
        assert client.get("/health").status_code == 200, "it tells nothing of what is on the shelf"
        assert client.post("/health").status_code == client.get("/health/x").status_code == 401


def test_a_session_begins_with_the_password_and_ends(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    gate = Gate(kept=hashed(WORDS), clock=lambda: now[0])
    with serving(gate) as client:
        html = {"accept": "text/html"}
        wrong = client.post("/login", data={"username": "me", "password": "melon"}, headers=html)
        assert (
            wrong.status_code == 401 and "That is not the password" in wrong.text and "set-cookie" not in wrong.headers
        )
        assert caplog.records[-1].address == "127.0.0.1" and "melon" not in caplog.text
        right = client.post("/login", data={"username": "me", "password": WORDS}, headers=html)
        assert (right.status_code, right.headers["location"]) == (303, "/")
        assert (
            "httponly" in right.headers["set-cookie"].lower() and "samesite=lax" in right.headers["set-cookie"].lower()
        )
        assert client.get("/config").status_code == 200
        client.get("/logout")
        assert client.get("/config").status_code == 401

        def logged_in() -> bool:
            assert client.post("/login", data={"password": WORDS}).json() == {"success": True}
            return client.get("/config").status_code == 200

        assert logged_in()
        now[0] += 13 * 3600
        assert client.get("/config").status_code == 401, "a session has an age"
        assert logged_in()
        gate.change(hashed(f"{WORDS} and another"))
        assert client.get("/config").status_code == 401, "another password ends all sessions"
        gate.change(None)
        assert client.get("/config").status_code == 200


def test_programs_send_it_as_their_key_whatever_letters_it_has() -> None:
    with serving(Gate(kept=hashed(WORDS))) as client:
        for sent in (WORDS.encode(), WORDS.encode("latin-1")):
            for kind in (b"Bearer ", b"bearer "):
                assert client.get("/v1/models", headers={b"authorization": kind + sent}).status_code == 200
        for sent in (b"Bearer", b"Bearer mellon and two towers", b"Basic " + WORDS.encode(), b"\xff\xfe"):
            assert client.get("/v1/models", headers={b"authorization": sent}).status_code == 401


def test_guesses_wait_whatever_address_they_claim_and_an_honest_client_is_let_in_again(monkeypatch) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "")  # as launch.py has it
    now = [0.0]
    with serving(Gate(kept=hashed(WORDS), clock=lambda: now[0])) as client:
        client.get("/v1/models", headers=bearer(WORDS)).raise_for_status()

        def guess(n: int) -> httpx.Response:
            forged = {
                b"x-forwarded-for": f"10.0.0.{n}".encode(),
                b"forwarded": f"for=10.1.0.{n}".encode(),
                b"x-real-ip": b"9.9.9.9",
            }
            return client.get("/v1/models", headers=bearer(f"guess {n}") | forged)

        statuses = [guess(n).status_code for n in range(30)]
        assert statuses == [401] * 6 + [429] * 24
        refused = client.post("/login", data={"password": WORDS}, headers={"accept": "text/html"})
        assert refused.status_code == 429 and refused.headers["retry-after"] == "2" and "Wait" in refused.text
        assert client.get("/v1/models", headers=bearer(WORDS)).status_code == 200, "who was let in before stays"
        tried = 0
        for n in range(600):  # ten minutes
            now[0] += 1.0
            tried += guess(n).status_code == 401
        assert 9 <= tried <= 16
        now[0] += 61.0
        assert client.post("/login", data={"password": WORDS}).status_code == 200, "not locked for ever"
        client.cookies.clear()
        assert guess(0).status_code == 401 and guess(1).status_code == 401, "and the count begins anew"


def test_many_guesses_at_once_are_no_more_than_a_few() -> None:
    gate = Gate(kept=hashed(WORDS))

    def guess(address: str) -> type[LibraryError] | str:
        try:
            return gate.log_in(address, "a guess")
        except LibraryError as error:
            return type(error)

    for addresses in (["192.168.1.7", "::ffff:192.168.1.7"] * 50, [f"2001:db8:1:2::{n:x}" for n in range(100)]):
        with ThreadPoolExecutor(40) as many:
            said = list(many.map(guess, addresses))
        assert set(said) == {PasswordWrong, TooManyGuesses} and said.count(PasswordWrong) <= 8
    assert gate.log_in("192.168.1.8", WORDS)


def test_a_password_of_before_that_is_short_opens_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    salt = b"0123456789abcdef"
    kept = f"{salt.hex()}${hashlib.scrypt(b'mellon', salt=salt, n=2**14, r=8, p=1).hex()}"
    with serving(Gate(kept=kept)) as client, caplog.at_level(logging.WARNING):
        page = client.post("/login", data={"password": "mellon"}, headers={"accept": "text/html"})
        assert page.status_code == 200 and "fewer than 10 letters" in page.text and 'href="/"' in page.text
        assert client.get("/config").status_code == 200 and "the password is shorter than" in caplog.text


def raw(client: httpx.Client, head: str, chunks: Iterator[bytes]) -> bytes:
    """What a server says to a request that is sent in pieces until it answers."""
    with socket.create_connection((client.base_url.host, client.base_url.port), timeout=20) as connection:
        connection.sendall(head.encode())
        connection.setblocking(False)
        answer = b""
        for chunk in chunks:
            try:
                answer += connection.recv(65536)
                break
            except BlockingIOError:
                pass
            connection.setblocking(True)
            with suppress(OSError):
                connection.sendall(chunk)
            connection.setblocking(False)
        connection.setblocking(True)
        try:
            while more := connection.recv(65536):
                answer += more
        except OSError:
            pass
    return answer


@pytest.mark.parametrize("gate", [Gate(), Gate(WORDS)], ids=["open", "locked"])
def test_400_megabytes_are_refused_before_they_are_sent(gate: Gate) -> None:
    sent: list[int] = []

    def endless() -> Iterator[bytes]:
        while True:
            sent.append(1)
            time.sleep(0.002)
            yield b"x" * 100_000

    with serving(gate) as client:
        head = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
        said = raw(client, f"{head}Content-Length: 400000000\r\n\r\n", endless())
        assert said.startswith(b"HTTP/1.1 413") and b"larger than 4 MB" in said and len(sent) < 100


def test_a_request_that_does_not_say_how_large_it_is_is_read_as_far_as_it_may_be(capfd) -> None:
    sent: list[int] = []

    def endless() -> Iterator[bytes]:
        while len(sent) < 4000:
            sent.append(1)
            yield b"186a0\r\n" + b"x" * 100_000 + b"\r\n"

    with serving(Gate()) as client:
        head = "POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        said = raw(client, head, endless())
        assert said.startswith(b"HTTP/1.1 413") and len(sent) < 400
        assert json.loads(said.partition(b"\r\n\r\n")[2])["error"]["type"] == "BodyTooLarge"
        assert client.post("/v1/x", content=iter([b"x" * 1000] * 100)).text == "100000"
    assert "Traceback" not in capfd.readouterr().err


def test_uploads_may_be_larger() -> None:
    size = (MOST_MEGABYTES + 1) * 10**6
    with serving(Gate()) as client:
        assert client.post(UPLOAD, content=b"x" * size).text == str(size)
        assert client.post("/gradio_api/run/predict", content=b"x" * size).status_code == 413
        for length in ("-1", "9" * 5000, "1e3", "٣"):
            said = raw(client, f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n", iter(()))
            assert said.startswith((b"HTTP/1.1 4", b"")) and b"Traceback" not in said
