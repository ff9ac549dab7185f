"""Every browser that opens the page has a number of its own, and keeps it for a year after it was here last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.middleware import Middleware

from app.visitors import COOKIE, YEAR, visitor_number


def middleware() -> Middleware:
    """Return the part of the server that gives the numbers out; it comes behind the door, for whoever is let in."""
    return Middleware(Numbered)


@dataclass(frozen=True)
class Numbered:
    """An ASGI application around another: the document at "/" comes with the cookie, all else passes through."""

    app: Any

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] != "/":
            await self.app(scope, receive, send)
            return
        sent = b"; ".join(value for name, value in scope["headers"] if name == b"cookie").decode("latin-1")
        # no page can read it, and none but ours has it sent along; a link from elsewhere still finds the same visitor
        kept = f"{COOKIE}={visitor_number(sent)}; Max-Age={YEAR}; Path=/; HttpOnly; SameSite=Lax"

        async def numbered(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], (b"set-cookie", kept.encode())]}
            await send(message)

        await self.app(scope, receive, numbered)
