"""Who may speak to the app: its own page, and programs on purpose; no other page that happens to be open in the same browser.

A browser sends along what any page asks of this machine. So every request says by what name it came here, and that name has to be one
of ours: a page that had its own name pointed at this machine is refused. And a browser says which page a request is from: only our own may
ask for anything. A link to the app's front page is all that others have. Then comes how large a request is, and last, where there is a
password, whether whoever sends it has given that. Nothing is read of a request that is refused.
"""

from __future__ import annotations

import ipaddress
import logging
import secrets
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from anyio import to_thread
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response

from app.errors import BodyTooLarge, HostRefused, LibraryError, PageRefused, PasswordWrong, TooManyGuesses
from app.log import LOGGER
from app.markup.door import login
from app.password import SESSION_SECONDS, Gate
from app.visitors import cookie
from app.words import Languages, Words

OURSELVES = frozenset({"same-origin", "none"})  # `none`: typed, or out of the bookmarks
HEADERS = ((b"content-security-policy", b"frame-ancestors 'none'"), (b"x-frame-options", b"DENY"))
STATUS = {HostRefused: 403, PageRefused: 403, BodyTooLarge: 413, PasswordWrong: 401, TooManyGuesses: 429}
LOGIN, LOGOUT, UPLOAD, PROGRAMS, HEALTH = "/login", "/logout", "/gradio_api/upload", "/v1/", "/health"
STARTED = "/gradio_api/startup-events"  # what the server asks itself when it has started; it tells nothing
MEGABYTE = 10**6
MOST_MEGABYTES, MOST_OF_AN_UPLOAD, MOST_OF_A_FORM = 4, 540, 16 * 1024
Scope = dict[str, Any]
log = logging.getLogger(f"{LOGGER}.door")


def middleware(languages: Languages, host: str, gate: Gate) -> Middleware:
    """Return the part of the server that lets in; `host` is the name or the address that it listens on."""
    return Middleware(Door, languages=languages, names=own_names(host), gate=gate)


def own_names(host: str) -> frozenset[str]:
    """The names of this machine, and the one that the app was told to listen on."""
    name = socket.gethostname().lower()
    return frozenset({"localhost", name, f"{name}.local", host.lower()})


@dataclass(frozen=True)
class Door:
    """An ASGI application around another that refuses requests by a foreign name and those of foreign pages, those that are too large, and
    those of whoever has not given the password."""

    app: Any
    languages: Languages
    names: frozenset[str]
    gate: Gate
    # cookies are shared by all ports of a machine
    cookie: str = field(default_factory=lambda: f"palimpsest-{secrets.token_hex(4)}")

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Handle one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self.refusal(scope, headers) or _too_large(scope, headers)
        words = self.languages.of(headers)
        try:
            if refusal is not None:
                raise refusal
            if await self._handled(scope, headers, words, receive, _unframed(send)):
                return
            await self._check_password(scope, headers)
        except (*STATUS,) as error:
            _tell(scope, error)
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            else:
                await self._said(scope, headers, words, error)(scope, receive, _unframed(send))
            return
        if scope["type"] == "websocket":
            await self.app(scope, receive, send)
        else:
            await self._pass(scope, headers, words, receive, _unframed(send))

    def refusal(self, scope: Scope, headers: Mapping[str, str]) -> LibraryError | None:
        """Why a request is refused, whoever it is from; None for one that is let in."""
        host = headers.get("host", "")
        if not self._is_ours(host):
            return HostRefused(host)
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return PageRefused(origin)
        if site is None or site in OURSELVES:
            return None
        follows = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
        if follows and origin is None and scope.get("method") == "GET" and scope["path"] == "/":
            return None
        return PageRefused(headers.get("referer", site))

    def _is_ours(self, host: str) -> bool:
        """Whether that is an address, which no other page can be reached by, or a name of this machine."""
        try:
            parts = urlsplit(f"//{host}")
            name, _ = parts.hostname or "", parts.port  # of what is no port ValueError is raised
        except ValueError:
            return False
        if parts.netloc != host or "@" in host:
            return False
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name.removesuffix(".") in self.names
        return True

    async def _check_password(self, scope: Scope, headers: Mapping[str, str]) -> None:
        """That there is none, or that it was given. Raises PasswordWrong, TooManyGuesses."""
        if not self.gate.asks or self.gate.knows(self._token(headers)) or _itself(scope) or _health(scope):
            return
        sent = _sent_by_programs(headers)
        if any(map(self.gate.remembers, sent)):
            return
        if not sent:
            raise PasswordWrong
        await to_thread.run_sync(self.gate.admits, _address(scope), sent[0])

    async def _handled(self, scope: Scope, headers: Mapping[str, str], words: Words, receive: Any, send: Any) -> bool:
        """Whether this was somebody who comes or goes: that is answered here. Raises PasswordWrong, TooManyGuesses."""
        if scope["type"] != "http" or scope["path"].rstrip("/") not in (LOGIN, LOGOUT):
            return False
        home: Response = RedirectResponse("/", 303)
        if scope["path"].rstrip("/") == LOGOUT:
            self.gate.log_out(self._token(headers))
            home.delete_cookie(self.cookie)
        elif self.gate.asks and scope["method"] == "POST":
            form = parse_qs((await _body(receive)).decode("utf-8", "replace"), keep_blank_values=True)
            token = await to_thread.run_sync(self.gate.log_in, _address(scope), form.get("password", [""])[0])
            if not _wants_html(headers):
                home = JSONResponse({"success": True})
            elif self.gate.short:
                home = HTMLResponse(login(words, words("door.short"), inside=True))
            home.set_cookie(self.cookie, token, max_age=int(SESSION_SECONDS), httponly=True, samesite="lax")
        await home(scope, receive, send)
        return True

    def _token(self, headers: Mapping[str, str]) -> str:
        return cookie(headers.get("cookie", ""), self.cookie)

    def _said(self, scope: Scope, headers: Mapping[str, str], words: Words, error: LibraryError) -> Response:
        """The refusal, in the form in which whoever asked can read it."""
        status, said = STATUS[type(error)], words.error(error)
        more = {"connection": "close"} if status == 413 else {}
        if isinstance(error, TooManyGuesses):
            more["retry-after"] = str(error.seconds)
        if scope["path"].startswith(PROGRAMS):
            fault = {"message": str(error), "type": type(error).__name__, "param": None, "code": None}
            return JSONResponse({"error": fault}, status, more)
        if status in (401, 429) and _wants_html(headers):
            tried = scope["path"].rstrip("/") == LOGIN
            return HTMLResponse(
                login(words, words("door.wrong") if tried and status == 401 else said if tried else ""), status, more
            )
        return PlainTextResponse(said, status, more)

    async def _pass(self, scope: Scope, headers: Mapping[str, str], words: Words, receive: Any, send: Any) -> None:
        """Hand a request on, as long as it is not larger than it may be: not every one says beforehand how large it is."""
        most, read, begun, over = _most(scope), 0, False, False

        async def counted() -> dict[str, Any]:
            nonlocal read, over
            message = await receive()
            read += len(message.get("body", b""))
            over = over or read > most
            return {"type": "http.disconnect"} if over else message

        async def unless_over(message: dict[str, Any]) -> None:
            nonlocal begun
            if not over or begun:
                begun = True
                await send(message)

        try:
            await self.app(scope, counted, unless_over)
        except ClientDisconnect:
            if not over:
                raise
        except Exception:
            log.exception("a request failed")
            raise
        if over and not begun:
            error = BodyTooLarge(most // MEGABYTE)
            _tell(scope, error)
            await self._said(scope, headers, words, error)(scope, receive, send)


def _tell(scope: Scope, error: LibraryError) -> None:
    """Writes to the log that a request was refused. Wrong passwords are told of where they are counted."""
    if not isinstance(error, PasswordWrong):
        log.warning("refused", extra={"reason": type(error).__name__, "address": _address(scope)})


def _too_large(scope: Scope, headers: Mapping[str, str]) -> LibraryError | None:
    length = headers.get("content-length", "0")
    most = _most(scope)
    # int() would also take what is no length, and take long for one of a million digits
    fits = len(length) <= 15 and length.isascii() and length.isdigit() and int(length) <= most
    return None if fits else BodyTooLarge(most // MEGABYTE)


def _most(scope: Scope) -> int:
    """How many bytes a request may have."""
    return (MOST_OF_AN_UPLOAD if scope["path"] == UPLOAD else MOST_MEGABYTES) * MEGABYTE


def _health(scope: Scope) -> bool:
    """Whether it is only asked how the app is, which tells nothing of what is in it."""
    return scope["type"] == "http" and scope["path"] == HEALTH and scope["method"] == "GET"


def _itself(scope: Scope) -> bool:
    return scope.get("method") == "GET" and scope["path"] == STARTED


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def _wants_html(headers: Mapping[str, str]) -> bool:
    return "text/html" in headers.get("accept", "")


def _sent_by_programs(headers: Mapping[str, str]) -> list[str]:
    """The password in the header `Authorization`: letters beyond ASCII come as UTF-8 from most programs, from some as Latin-1."""
    kind, _, words = headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not words:
        return []
    return [*_utf8(words.strip()), words.strip()]


def _utf8(words: str) -> Iterator[str]:
    try:
        yield words.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return


async def _body(receive: Any) -> bytes:
    """The body of a small form. Raises BodyTooLarge."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MOST_OF_A_FORM:
            raise BodyTooLarge(1)
        if message["type"] != "http.request" or not message.get("more_body"):
            return body


def _unframed(send: Any) -> Any:
    """The same `send`, with the headers that forbid other pages to hold this one in a frame."""

    async def sent(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *HEADERS]}
        await send(message)

    return sent
