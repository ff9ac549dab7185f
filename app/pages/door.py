"""Who may speak to the app: its own page, and programs on purpose; no other page that happens to be open in the same browser.

A browser sends along what any page asks of this machine. So every request says by what name it came here, and that name has to be one
of ours: a page that had its own name pointed at this machine is refused. And a browser says which page a request is from: only our own may
ask for anything. A link to the app's front page is all that others have. Nothing is read of a request that is refused.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse

from app.errors import HostRefused, LibraryError, PageRefused
from app.words import Languages

OURSELVES = frozenset({"same-origin", "none"})  # `none`: typed, or out of the bookmarks
HEADERS = ((b"content-security-policy", b"frame-ancestors 'none'"), (b"x-frame-options", b"DENY"))


def middleware(languages: Languages, host: str) -> Middleware:
    """Return the part of the server that lets in; `host` is the name or the address that it listens on."""
    return Middleware(Door, languages=languages, names=own_names(host))


def own_names(host: str) -> frozenset[str]:
    """The names of this machine, and the one that the app was told to listen on."""
    name = socket.gethostname().lower()
    return frozenset({"localhost", name, f"{name}.local", host.lower()})


@dataclass(frozen=True)
class Door:
    """An ASGI application around another that refuses requests by a foreign name and those of foreign pages."""

    app: Any
    languages: Languages
    names: frozenset[str]

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Handle one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        refusal = self.refusal(scope, headers)
        if refusal is None:
            await self.app(scope, receive, send if scope["type"] == "websocket" else _unframed(send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await PlainTextResponse(self.languages.of(headers).error(refusal), 403)(scope, receive, _unframed(send))

    def refusal(self, scope: dict[str, Any], headers: dict[str, str]) -> LibraryError | None:
        """Why a request is refused; None for one that is let in."""
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


def _unframed(send: Any) -> Any:
    """The same `send`, with the headers that forbid other pages to hold this one in a frame."""

    async def sent(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *HEADERS]}
        await send(message)

    return sent
