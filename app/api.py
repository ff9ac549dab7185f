"""A way in for programs that speak OpenAI's chat protocol: every document that has been read is a model.

`GET /v1/models` lists them, `GET /v1/models/palimpsest/ID` shows one, `POST /v1/chat/completions` with such a model asks it, streamed or
not. Nothing is kept in the document's conversations. Answers carry `confidence`, `declined` and `pages` beside what the protocol has. A
streamed answer comes as a whole, for what the memory says first may not be what stands on the page. Whatever goes wrong is said as the
protocol has it, {"error": ...}.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter
from fastapi import Request as Connection
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from app.errors import (
    ModelMissing,
    ModelNotReady,
    ModelUnnamed,
    NoQuestion,
    OnlyText,
    RequestUnreadable,
    StorageError,
    UnknownDocument,
    UnknownWay,
    named_errors,
)
from app.library import Library
from app.reading import ShouldStop
from app.views import ShelfItem, answer_object
from app.words import Words

PREFIX = "palimpsest/"
GLANCE_SECONDS = 0.5  # between two looks at whether whoever asked is still there
MOST_ANSWERS, MOST_STOPS = 8, 4
TEXTS = ("text", "input_text", "output_text")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
T = TypeVar("T")


def _or(default: Any) -> BeforeValidator:
    """What stands for the null that programs send in the place of what they don't ask for."""
    return BeforeValidator(lambda given: default if given is None else given)


def _listed(given: Any) -> Any:
    return [given] if isinstance(given, str) else given or []


class Message(BaseModel):
    """One message of a conversation; its content as text or as the protocol's list of parts."""

    model_config = ConfigDict(extra="ignore")
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[dict[str, Any]] | None = None

    def text(self) -> str:
        """The content's text. Raises OnlyText where it has something else."""
        if not isinstance(self.content, list):
            return self.content or ""
        if other := [part.get("type") for part in self.content if part.get("type") not in TEXTS]:
            raise OnlyText(str(other[0])[:40])
        return "\n".join(str(part["text"]) for part in self.content if part.get("text"))


class StreamOptions(BaseModel):
    """What a stream tells besides the answer."""

    model_config = ConfigDict(extra="ignore")
    include_usage: Annotated[bool, _or(False)] = False


class Request(BaseModel):
    """What is asked; settings of the protocol that this model has no use for are ignored."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)
    model: str
    messages: Annotated[list[Message], Field(min_length=1)]
    stream: Annotated[bool, _or(False)] = False
    stream_options: Annotated[StreamOptions, _or(StreamOptions())] = StreamOptions()
    temperature: Annotated[float, Field(ge=0, le=2), _or(0.0)] = 0.0
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63), _or(0)] = 0
    max_tokens: Annotated[int | None, Field(ge=1)] = None
    max_completion_tokens: Annotated[int | None, Field(ge=1)] = None
    n: Annotated[int, Field(ge=1, le=MOST_ANSWERS), _or(1)] = 1
    stop: Annotated[
        list[Annotated[str, Field(min_length=1)]], Field(max_length=MOST_STOPS), BeforeValidator(_listed)
    ] = []


@dataclass(frozen=True)
class Reply:
    """One answer: its text, why it ended, and what the protocol has no place for."""

    text: str
    ended: Literal["stop", "length"]
    more: dict[str, Any]


def router(library: Library) -> APIRouter:
    """The routes, to be added to the app's server. Who may ask is for `app.pages.door` to say."""
    routes = APIRouter()
    # programs are answered in turn, and wait without a thread
    waiting = ThreadPoolExecutor(max_workers=1, thread_name_prefix="programs")

    @routes.get("/health")
    def health() -> JSONResponse:
        try:
            library.shelf()
        except named_errors() as error:
            return JSONResponse({"status": "failed", "error": type(error).__name__}, 503)
        model = "ready" if library.models.ready else library.models.change().state
        return JSONResponse({"status": "ok", "model": model, "reading": len(library.queue.active())})

    @routes.get("/v1/models")
    def models() -> JSONResponse:
        try:
            return JSONResponse({"object": "list", "data": [_model(item) for item in library.shelf() if item.can_ask]})
        except named_errors() as error:
            return _refused(error)

    @routes.get("/v1/models/{name:path}")
    def model(name: str) -> JSONResponse:
        try:
            return JSONResponse(_model(_asked(library, name)))
        except named_errors() as error:
            return _refused(error)

    @routes.post("/v1/chat/completions", response_model=None)
    async def completions(connection: Connection) -> JSONResponse | StreamingResponse:
        try:
            asked = _read(await connection.body())
            replies = await _unless_left(connection, waiting, lambda left: _answer(library, asked, left))
            usage = await asyncio.to_thread(_usage, library, asked, replies)
        except named_errors() as error:
            return _refused(error)
        head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": asked.model}
        if asked.stream:
            return StreamingResponse(_events(head, replies, usage, asked), media_type="text/event-stream")
        choices = [
            {
                "index": index,
                "message": {"role": "assistant", "content": reply.text, "refusal": None},
                "logprobs": None,
                "finish_reason": reply.ended,
            }
            for index, reply in enumerate(replies)
        ]
        return JSONResponse(head | {"object": "chat.completion", "choices": choices, "usage": usage} | replies[0].more)

    @routes.api_route("/v1/{way:path}", methods=list(METHODS))
    def nowhere(way: str) -> JSONResponse:
        return _refused(UnknownWay(way[:80]))

    return routes


def _read(body: bytes) -> Request:
    """The request. Raises RequestUnreadable, which names what is wrong in it."""
    try:
        return Request.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"]))[:80]
        raise RequestUnreadable(where, first["msg"][:200]) from error


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


def _asked(library: Library, name: str) -> ShelfItem:
    """The document of that name. Raises ModelUnnamed, UnknownDocument, AmbiguousDocument."""
    beginning = name.removeprefix(PREFIX)
    if not beginning or not name.startswith(PREFIX):
        raise ModelUnnamed(name[:80])
    return library.get(library.resolve(beginning))


def _answer(library: Library, request: Request, left: ShouldStop) -> list[Reply]:
    """A document's answers to the last question; raises what `Answering.ask` raises, ModelUnnamed, NoQuestion and OnlyText."""
    item, question = _asked(library, request.model), _question(request.messages)
    words = library.languages.english.about(item.unit, item.page_labels)
    longest = request.max_completion_tokens or request.max_tokens
    history, replies = _turns(request.messages[:question]), []
    for number in range(request.n):
        if replies and not request.temperature:
            break  # the likeliest words are always the same
        options = library.answering.options(
            temperature=request.temperature,
            seed=request.seed if not number else (request.seed + number) % 2**63,
            **({"max_new_tokens": longest} if longest else {}),
        )
        *_, answer = library.answering.ask(
            item.id,
            request.messages[question].text(),
            history=history,
            options=options,
            keep=False,
            should_stop=left,
        )
        replies.append(_reply(answer, words, request.stop))
    return replies * (request.n // len(replies))


def _question(messages: Sequence[Message]) -> int:
    """Which message is the question: the last, or the last of the user's where only what tools said has followed. Raises NoQuestion."""
    number = len(messages) - 1
    while number > 0 and (messages[number].role in ("tool", "function") or _calls_tools(messages[number])):
        number -= 1
    if messages[number].role != "user":
        raise NoQuestion
    return number


def _calls_tools(message: Message) -> bool:
    return message.role == "assistant" and not message.content


def _reply(answer: Any, words: Words, stop: Sequence[str]) -> Reply:
    told = answer_object(answer, words)
    text: str = told["answer"]
    at = min((found for found in map(text.find, stop) if found >= 0), default=None)
    cut = at is None and not told["declined"] and getattr(answer, "cut", False)
    more = {name: told[name] for name in ("confidence", "declined", "pages")}
    return Reply(text[:at], "length" if cut else "stop", more)


def _usage(library: Library, request: Request, replies: Sequence[Reply]) -> dict[str, int] | None:
    """How many tokens went in and came out; None where there is no model yet that counts them."""
    if not library.models.ready:
        return None
    engine = library.models.engine
    asked, said = (
        sum(len(engine.token_starts(text)) for text in texts)
        for texts in ([message.text() for message in request.messages], [reply.text for reply in replies])
    )
    return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}


def _turns(messages: Sequence[Message]) -> list[tuple[str, str]]:
    """The questions that were answered, with their answers, in their order. Instructions of the system, and tools, are for other models."""
    talk = [message for message in messages if message.role in ("user", "assistant") and not _calls_tools(message)]
    return [
        (asked.text(), answered.text())
        for asked, answered in pairwise(talk)
        if (asked.role, answered.role) == ("user", "assistant")
    ]


def _events(
    head: dict[str, Any], replies: Sequence[Reply], usage: dict[str, int] | None, asked: Request
) -> Iterator[str]:
    """Server-sent events of each answer: its role, its text, its end; and what it took, where that is asked for."""
    told = {"usage": None} if asked.stream_options.include_usage else {}
    for index, reply in enumerate(replies):
        yield _event(head | told, index, {"role": "assistant", "content": ""}, None)
        yield _event(head | told, index, {"content": reply.text}, None)
        yield _event(head | told | reply.more, index, {}, reply.ended)
    if told:
        yield _data(head | {"object": "chat.completion.chunk", "choices": [], "usage": usage})
    yield "data: [DONE]\n\n"


def _event(head: dict[str, Any], index: int, delta: dict[str, str], end: str | None) -> str:
    choice = {"index": index, "delta": delta, "finish_reason": end}
    return _data(head | {"object": "chat.completion.chunk", "choices": [choice]})


def _data(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"


def _model(item: ShelfItem) -> dict[str, Any]:
    created = int(datetime.fromisoformat(item.added_at).timestamp())
    return {"id": PREFIX + item.id, "object": "model", "created": created, "owned_by": "palimpsest", "name": item.title}


def _refused(error: Exception) -> JSONResponse:
    param = error.where or None if isinstance(error, RequestUnreadable) else None
    code = "model_not_found" if isinstance(error, UnknownDocument | ModelUnnamed) else None
    fault = {"message": str(error), "type": type(error).__name__, "param": param, "code": code}
    return JSONResponse({"error": fault}, status_code=_status(error))


def _status(error: Exception) -> int:
    if isinstance(error, UnknownDocument | ModelUnnamed | UnknownWay):
        return 404
    return 503 if isinstance(error, StorageError | ModelNotReady | ModelMissing) else 400
