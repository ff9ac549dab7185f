"""A way in for programs that speak OpenAI's chat protocol: every document that has been read is a model.

`GET /v1/models` lists them, `POST /v1/chat/completions` with the model `palimpsest/ID` asks one, streamed or not. Nothing is kept in
the document's conversations. Answers carry `confidence`, `declined` and `pages` beside what the protocol has. A streamed answer comes as a
whole, for what the memory says first may not be what stands on the page.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Header
from fastapi import Request as Connection
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from app.errors import (
    ModelMissing,
    ModelNotReady,
    ModelUnnamed,
    NoQuestion,
    PasswordWrong,
    StorageError,
    UnknownDocument,
    named_errors,
)
from app.library import Library
from app.password import Lock
from app.reading import ShouldStop
from app.views import ShelfItem, answer_object

PREFIX = "palimpsest/"
GLANCE_SECONDS = 0.5  # between two looks at whether whoever asked is still there
T = TypeVar("T")
Authorization = Annotated[str | None, Header()]


class Message(BaseModel):
    """One message of a conversation; its content as text or as the protocol's list of text parts."""

    model_config = ConfigDict(extra="ignore")
    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[dict[str, Any]] | None = None

    def text(self) -> str:
        """The content's text."""
        if isinstance(self.content, list):
            return "\n".join(str(part.get("text", "")) for part in self.content if part.get("type") == "text")
        return self.content or ""


class Request(BaseModel):
    """What is asked; settings of the protocol that this model has no use for are ignored."""

    model_config = ConfigDict(extra="ignore")
    model: str
    messages: list[Message] = Field(min_length=1)
    stream: bool = False
    temperature: float = 0.0
    seed: int = 0
    max_tokens: int | None = None
    max_completion_tokens: int | None = None


def router(library: Library, asks: Lock | None = None) -> APIRouter:
    """The routes, to be added to the app's server; where somebody `asks` for a password only for those who send it as their API key."""
    routes = APIRouter()
    # programs are answered in turn, and wait without a thread
    waiting = ThreadPoolExecutor(max_workers=1, thread_name_prefix="programs")

    @routes.get("/v1/models")
    def models(authorization: Authorization = None) -> JSONResponse:
        if not _knows(asks, authorization):
            return _refused(PasswordWrong())
        return JSONResponse({"object": "list", "data": [_model(item) for item in library.shelf() if item.can_ask]})

    @routes.post("/v1/chat/completions", response_model=None)
    async def completions(
        asked: Request, connection: Connection, authorization: Authorization = None
    ) -> JSONResponse | StreamingResponse:
        head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": asked.model}
        try:
            if not _knows(asks, authorization):
                raise PasswordWrong
            item, last = await _unless_left(connection, waiting, lambda left: _answer(library, asked, left))
        except named_errors() as error:
            return _refused(error)
        told = answer_object(last, library.languages.english.about(item.unit, item.page_labels))
        more = {name: told[name] for name in ("confidence", "declined", "pages")}
        if asked.stream:
            return StreamingResponse(_events(head, told["answer"], more), media_type="text/event-stream")
        choice = {"index": 0, "message": {"role": "assistant", "content": told["answer"]}, "finish_reason": "stop"}
        return JSONResponse(head | {"object": "chat.completion", "choices": [choice]} | more)

    return routes


def _knows(asks: Lock | None, authorization: str | None) -> bool:
    """Whether the header `Authorization` has the password, where there is one."""
    return asks is None or asks((authorization or "").removeprefix("Bearer "))


async def _unless_left(connection: Connection, waiting: ThreadPoolExecutor, work: Callable[[ShouldStop], T]) -> T:
    """What `work` gives, in its turn. It is told to stop when whoever asked has left, and not begun at all where it still waits."""
    left = threading.Event()
    job = waiting.submit(work, left.is_set)
    done = asyncio.wrap_future(job)
    try:
        while not (await asyncio.wait([done], timeout=GLANCE_SECONDS))[0]:
            if await connection.is_disconnected():
                left.set()
                done.cancel()
        return await done
    finally:
        left.set()
        job.cancel()


def _answer(library: Library, request: Request, left: ShouldStop) -> tuple[ShelfItem, Any]:
    """The document, and its answer to the last message; raises what `Answering.ask` raises, ModelUnnamed and NoQuestion."""
    name = request.model.removeprefix(PREFIX)
    if not name or not request.model.startswith(PREFIX):
        raise ModelUnnamed(request.model)
    last = request.messages[-1]
    if last.role != "user":
        raise NoQuestion
    longest = request.max_completion_tokens or request.max_tokens
    options = library.answering.options(
        temperature=request.temperature, seed=request.seed, **({"max_new_tokens": longest} if longest else {})
    )
    history = _turns(request.messages[:-1])
    item = library.get(library.resolve(name))
    *_, answer = library.answering.ask(
        item.id, last.text(), history=history, options=options, keep=False, should_stop=left
    )
    return item, answer


def _turns(messages: list[Message]) -> list[tuple[str, str]]:
    """The questions that were answered, with their answers, in their order. Instructions of the system are for other models."""
    talk = [message for message in messages if message.role in ("user", "assistant")]
    return [
        (asked.text(), answered.text())
        for asked, answered in pairwise(talk)
        if (asked.role, answered.role) == ("user", "assistant")
    ]


def _events(head: dict[str, Any], answer: str, more: dict[str, Any]) -> Iterator[str]:
    """Server-sent events of an answer: its role, its text, its end."""
    yield _event(head, {"role": "assistant", "content": ""}, None)
    yield _event(head, {"content": answer}, None)
    yield _event(head | more, {}, "stop")
    yield "data: [DONE]\n\n"


def _event(head: dict[str, Any], delta: dict[str, str], end: str | None) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": end}
    return (
        f"data: {json.dumps(head | {'object': 'chat.completion.chunk', 'choices': [choice]}, ensure_ascii=False)}\n\n"
    )


def _model(item: ShelfItem) -> dict[str, Any]:
    created = int(datetime.fromisoformat(item.added_at).timestamp())
    return {"id": PREFIX + item.id, "object": "model", "created": created, "owned_by": "palimpsest", "name": item.title}


def _refused(error: Exception) -> JSONResponse:
    fault = {"message": str(error), "type": type(error).__name__, "param": None, "code": None}
    return JSONResponse({"error": fault}, status_code=_status(error))


def _status(error: Exception) -> int:
    if isinstance(error, PasswordWrong):
        return 401
    if isinstance(error, UnknownDocument):
        return 404
    return 503 if isinstance(error, StorageError | ModelNotReady | ModelMissing) else 400
