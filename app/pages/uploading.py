"""Files on their way in: one that was broken off, or for which the disk has no room, leaves nothing behind, and says why.

Gradio writes what comes into a file beside the whole ones. It deletes that when it finds fault with what comes, and only then: when the
sender leaves or the disk is full, the file would stay, and keep the disk full. So what is wrong is told to it as such a fault.
"""

from __future__ import annotations

import os
from pathlib import Path
from shutil import disk_usage
from typing import Any

from starlette.formparsers import MultiPartException
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse

from app.errors import NoRoom, no_room
from app.words import Languages

UPLOAD = "/upload"
PARTIAL = "tmp"  # what the name of a file begins with that is not whole yet
KEPT_FREE = 2**23  # bytes that an upload leaves: the library, too, has to be written
INSUFFICIENT_STORAGE = 507


def middleware(languages: Languages) -> Middleware:
    """Return the part of the server that watches files come in."""
    return Middleware(Uploading, languages=languages)


class Uploading:
    """An ASGI application around Gradio's."""

    def __init__(self, app: Any, languages: Languages, kept_free: int = KEPT_FREE) -> None:
        self._app, self._languages, self._kept_free = app, languages, kept_free
        self._coming = 0  # how many requests are sending files

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """Handle one connection."""
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].endswith(UPLOAD):
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        length, folder = headers.get("content-length", ""), Path(scope["app"].uploaded_file_dir)
        folder.mkdir(parents=True, exist_ok=True)  # whoever tidies up temporary files may have taken it away
        incoming = _Incoming(receive, send, folder, int(length) if length.isdecimal() else 0, self._kept_free)
        if incoming.has_room(0):
            await self._take_in(incoming, scope, folder)
        if incoming.refused is not None:
            said = self._languages.of(headers).error(incoming.refused)
            await PlainTextResponse(said, INSUFFICIENT_STORAGE)(scope, receive, send)

    async def _take_in(self, incoming: _Incoming, scope: dict[str, Any], folder: Path) -> None:
        self._coming += 1
        try:
            await self._app(scope, incoming.receive, incoming.send)
        except OSError as error:
            if not no_room(error) or incoming.answered:
                raise
            incoming.refuse()
        finally:
            self._coming -= 1
            if not self._coming:
                _sweep(folder)


def _sweep(folder: Path) -> None:
    """Deletes what was broken off: where no file is coming in, every whole one is in a folder of its own."""
    for path in folder.glob(f"{PARTIAL}*"):
        if path.is_file():
            os.truncate(path, 0)  # whoever holds it open still would hold the room as well
            path.unlink(missing_ok=True)


class _Incoming:
    """One file, or several, as they come in."""

    def __init__(self, receive: Any, send: Any, folder: Path, length: int, kept_free: int) -> None:
        self._receive, self._send = receive, send
        self._folder, self._length, self._kept_free = folder, length, kept_free
        self._come = 0
        self.answered = False
        self.refused: NoRoom | None = None

    def has_room(self, more: int) -> bool:
        """Whether the disk has room for all that is still to come, `more` bytes at least; else it is refused."""
        if disk_usage(self._folder).free < max(more, self._length - self._come) + self._kept_free:
            self.refuse(more)
        return self.refused is None

    def refuse(self, more: int = 0) -> None:
        """Says how much room it takes, and how much there is without what has come of it."""
        needed = max(self._length, self._come + more) + max(0, self._kept_free)
        self.refused = NoRoom(needed, disk_usage(self._folder).free + self._come)

    async def receive(self) -> dict[str, Any]:
        """The next piece. Raises MultiPartException, upon which Gradio deletes what has come."""
        message = await self._receive()
        if message["type"] == "http.disconnect" and not self.answered:
            raise MultiPartException("left")  # nobody is there to be told
        body = message.get("body", b"")
        if not self.has_room(len(body)):
            raise MultiPartException(str(self.refused))
        self._come += len(body)
        return message

    async def send(self, message: dict[str, Any]) -> None:
        """Passes the answer on, unless there is another one to give."""
        if self.refused is None:
            self.answered = True
            await self._send(message)
