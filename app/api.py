"""A way in for programs that speak OpenAI's chat protocol: every document that has been read is a model.

`GET /v1/models` lists them, `GET /v1/models/palimpsest/ID` shows one, `POST /v1/chat/completions` with such a model asks it, streamed or
not. Nothing is kept in the document's conversations. Answers carry `confidence`, `declined` and `pages` beside what the protocol has. A
streamed answer comes as a whole, for what the memory says first may not be what stands on the page. Whatever goes wrong is said as the
protocol has it, {"error": ...}. The classes below are what comes in and goes out, and so what the app's OpenAPI schema says of it.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter
from fastapi import Request as Connection
from fastapi.responses import JSONResponse, Response, StreamingResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from starlette.routing import Match

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
    WrongMethod,
    named_errors,
)
from app.library import Library
from app.reading import ShouldStop
from app.views import ShelfItem, answer_object
from app.words import Words

PREFIX = "palimpsest/"
GLANCE_SECONDS = 0.5  # between two looks at whether whoever asked is still there
MOST_ANSWERS, MOST_STOPS = 8, 4
EXAMPLE = {"role": "user", "content": "Who keeps the light?"}
TEXTS = ("text", "input_text", "output_text")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
T = TypeVar("T")


def _listed(given: Any) -> Any:
    return [given] if isinstance(given, str) else [] if given is None else given


Stop = Annotated[str, Field(min_length=1)]
Stops = Annotated[list[Stop], Field(max_length=MOST_STOPS)]


class Message(BaseModel):
    """One message of a conversation; its content as text or as the protocol's list of parts."""

    model_config = ConfigDict(extra="ignore", strict=True)
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

    model_config = ConfigDict(extra="ignore", strict=True)
    include_usage: bool | None = None


class Request(BaseModel):
    """What is asked; settings of the protocol that this model has no use for are ignored. Programs send null for what they don't ask
    for."""

    model_config = ConfigDict(extra="ignore", strict=True, allow_inf_nan=False)
    model: str
    messages: Annotated[list[Message], Field(min_length=1, examples=[[EXAMPLE]])]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    n: Annotated[int, Field(ge=1, le=MOST_ANSWERS)] | None = None
    stop: Annotated[Stops, BeforeValidator(_listed, json_schema_input_type=Stop | Stops | None)] = []


class Health(BaseModel):
    """How the app is, without a word of what is in it: its model, and how many documents are being read or wait for it."""

    status: Literal["ok"] = "ok"
    model: str
    reading: int


class Unwell(BaseModel):
    """That the app can't answer, and the name of the error."""

    status: Literal["failed"] = "failed"
    error: str


class Model(BaseModel):
    """A document that can be asked; `created` is when it was added, in seconds since 1970, `name` its title."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: Literal["palimpsest"] = "palimpsest"
    name: str


class ModelList(BaseModel):
    """All of them."""

    object: Literal["list"] = "list"
    data: list[Model]


class Said(BaseModel):
    """The message of an answer."""

    role: Literal["assistant"] = "assistant"
    content: str
    refusal: None = None


class Choice(BaseModel):
    """One of the answers, and why it ended."""

    index: int
    message: Said
    logprobs: None = None
    finish_reason: Literal["stop", "length"]


class Usage(BaseModel):
    """How many tokens went in and came out."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Evidence(BaseModel):
    """A page that an answer rests on: its number, from 1, what is printed on it, what it says, and how much it counts."""

    page: int
    label: str
    quote: str
    score: float


class Completion(BaseModel):
    """The answers; `usage` is null where there is no model yet that counts tokens. The last three are beside the protocol."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: Usage | None
    confidence: float
    declined: bool
    pages: list[Evidence]


class Fault(BaseModel):
    """What went wrong: a sentence, the name of the error, and which part of the request it is about."""

    message: str
    type: str
    param: str | None = None
    code: Literal["model_not_found"] | None = None


class Refusal(BaseModel):
    """What is said instead of an answer."""

    error: Fault


@dataclass(frozen=True)
class Reply:
    """One answer: its text, why it ended, and what the protocol has no place for."""

    text: str
    ended: Literal["stop", "length"]
    more: dict[str, Any]


class ProtocolRoute(APIRoute):
    """A route that says whatever goes wrong as the protocol has it, also where the name of a model has several lines."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.path_regex = re.compile(self.path_regex.pattern, re.DOTALL)

    def get_route_handler(self) -> Callable[[Connection], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handled(connection: Connection) -> Response:
            try:
                return await handle(connection)
            except named_errors() as error:
                return _refused(error)

        return handled


def router(library: Library) -> APIRouter:
    """The routes, to be added to the app's server. Who may ask is for `app.pages.door` to say, which refuses in the same words."""
    routes = APIRouter(route_class=ProtocolRoute)
    refused: dict[int | str, dict[str, Any]] = {"4XX": {"model": Refusal}, 503: {"model": Refusal}}
    # programs are answered in turn, and wait without a thread
    waiting = ThreadPoolExecutor(max_workers=1, thread_name_prefix="programs")

    @routes.get("/health", response_model=Health, responses={503: {"model": Unwell}})
    def health() -> Health | JSONResponse:
        try:
            library.shelf()
        except named_errors() as error:
            return JSONResponse(Unwell(error=type(error).__name__).model_dump(), 503)
        model = "ready" if library.models.ready else library.models.change().state
        return Health(model=model, reading=len(library.queue.active()))

    @routes.get("/v1/models", responses=refused)
    def models() -> ModelList:
        return ModelList(data=[_model(item) for item in library.shelf() if item.can_ask])

    @routes.get("/v1/models/{name:path}", responses=refused)
    def model(name: str) -> Model:
        return _model(_asked(library, name))

    @routes.post(
        "/v1/chat/completions",
        response_model=Completion,
        responses=refused | {200: {"content": {"text/event-stream": {}}}},
        # read by hand, for what FastAPI would say of a wrong one is not what the protocol has
        openapi_extra={
            "requestBody": {"required": True, "content": {"application/json": {"schema": _schema(Request)}}}
        },
    )
    async def completions(connection: Connection) -> Completion | StreamingResponse:
        asked = _read(await connection.body())
        replies = await _unless_left(connection, waiting, lambda left: _answer(library, asked, left))
        usage = await asyncio.to_thread(_usage, library, asked, replies)
        head = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": asked.model}
        if asked.stream:
            return StreamingResponse(_events(head, replies, usage, asked), media_type="text/event-stream")
        choices = [
            Choice(index=index, message=Said(content=reply.text), finish_reason=reply.ended)
            for index, reply in enumerate(replies)
        ]
        return Completion(**head, choices=choices, usage=usage, **replies[0].more)

    @routes.api_route("/v1/{way:path}", methods=list(METHODS), include_in_schema=False)
    def nowhere(connection: Connection, way: str) -> JSONResponse:
        others = [one for one in routes.routes if isinstance(one, APIRoute)]
        if methods := {
            name for one in others if one.matches(connection.scope)[0] is Match.PARTIAL for name in one.methods
        }:
            allowed = ", ".join(sorted(methods))
            return _refused(WrongMethod(way[:80], allowed), {"allow": allowed})
        return _refused(UnknownWay(way[:80]))

    return routes


def _schema(of: type[BaseModel]) -> dict[str, Any]:
    """Its JSON schema in one piece: what refers to a part within it would be looked for in the whole of the app's schema."""
    whole = of.model_json_schema()
    parts = whole.pop("$defs", {})

    def inlined(value: Any) -> Any:
        if isinstance(value, list):
            return [inlined(one) for one in value]
        if isinstance(value, dict):
            part = value.get("$ref")
            return (
                inlined(parts[part.rpartition("/")[2]]) if part else {name: inlined(one) for name, one in value.items()}
            )
        return value

    return inlined(whole)


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
    seed, wanted = request.seed or 0, request.n or 1
    history, replies = _turns(request.messages[:question]), []
    for number in range(wanted):
        if replies and not request.temperature:
            break  # the likeliest words are always the same
        options = library.answering.options(
            temperature=request.temperature or 0.0,
            seed=seed if not number else (seed + number) % 2**63,
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
    return replies * (wanted // len(replies))


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


def _usage(library: Library, request: Request, replies: Sequence[Reply]) -> Usage | None:
    """None where there is no model yet that counts tokens."""
    if not library.models.ready:
        return None
    engine = library.models.engine
    asked, said = (
        sum(len(engine.token_starts(text)) for text in texts)
        for texts in ([message.text() for message in request.messages], [reply.text for reply in replies])
    )
    return Usage(prompt_tokens=asked, completion_tokens=said, total_tokens=asked + said)


def _turns(messages: Sequence[Message]) -> list[tuple[str, str]]:
    """The questions that were answered, with their answers, in their order. Instructions of the system, and tools, are for other models."""
    talk = [message for message in messages if message.role in ("user", "assistant") and not _calls_tools(message)]
    return [
        (asked.text(), answered.text())
        for asked, answered in pairwise(talk)
        if (asked.role, answered.role) == ("user", "assistant")
    ]


def _events(head: dict[str, Any], replies: Sequence[Reply], usage: Usage | None, asked: Request) -> Iterator[str]:
    """Server-sent events of each answer: its role, its text, its end; and what it took, where that is asked for."""
    told = {"usage": None} if asked.stream_options and asked.stream_options.include_usage else {}
    for index, reply in enumerate(replies):
        yield _event(head | told, index, {"role": "assistant", "content": ""}, None)
        yield _event(head | told, index, {"content": reply.text}, None)
        yield _event(head | told | reply.more, index, {}, reply.ended)
    if told:
        yield _data(head | {"object": "chat.completion.chunk", "choices": [], "usage": usage and usage.model_dump()})
    yield "data: [DONE]\n\n"


def _event(head: dict[str, Any], index: int, delta: dict[str, str], end: str | None) -> str:
    choice = {"index": index, "delta": delta, "finish_reason": end}
    return _data(head | {"object": "chat.completion.chunk", "choices": [choice]})


def _data(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"


def _model(item: ShelfItem) -> Model:
    created = int(datetime.fromisoformat(item.added_at).timestamp())
    return Model(id=PREFIX + item.id, created=created, name=item.title)


def _refused(error: Exception, headers: dict[str, str] | None = None) -> JSONResponse:
    param = error.where or None if isinstance(error, RequestUnreadable) else None
    code: Literal["model_not_found"] | None = (
        "model_not_found" if isinstance(error, UnknownDocument | ModelUnnamed) else None
    )
    fault = Fault(message=str(error), type=type(error).__name__, param=param, code=code)
    return JSONResponse(Refusal(error=fault).model_dump(), _status(error), headers)


def _status(error: Exception) -> int:
    if isinstance(error, UnknownDocument | ModelUnnamed | UnknownWay):
        return 404
    if isinstance(error, WrongMethod):
        return 405
    return 503 if isinstance(error, StorageError | ModelNotReady | ModelMissing) else 400
