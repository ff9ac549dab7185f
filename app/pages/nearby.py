"""What goes to a browser on this very machine is sent as it is: packing it takes longer than sending it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from starlette.middleware import Middleware

from app.settings import is_here

ENCODING = b"content-encoding"


def middleware() -> Middleware:
    """Return the part of the server that leaves files for this machine unpacked."""
    return Middleware(Unpacked)


@dataclass(frozen=True)
class Unpacked:
    """An ASGI application around another, inside the one with which Gradio compresses every file anew for every request: that one
    leaves alone what has an encoding already, and "identity" is none."""

    app: Any

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Handle one connection."""
        client = scope.get("client")
        if scope["type"] != "http" or "." not in scope["path"] or not client or not is_here(client[0]):
            await self.app(scope, receive, send)
            return

        async def as_it_is(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = list(message["headers"])
                if not any(name.lower() == ENCODING for name, _ in headers):
                    message = {**message, "headers": [*headers, (ENCODING, b"identity")]}
            await send(message)

        await self.app(scope, receive, as_it_is)
