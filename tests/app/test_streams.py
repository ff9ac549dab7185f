"""Whoever stalls or leaves in the middle of an answer holds up nobody, and many who ask at once are served in turn."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import openai
import pytest
import uvicorn
from fastapi import FastAPI

from app.answering.worker import MOST_WAITING, AnswerWorker
from app.api import router
from app.library import Library
from storage import Store
from tests.app.small_engine import SmallEngine, shelf
from tests.app.waiting import until

SOON = 20.0  # seconds, on a busy machine, for what takes none


class SlowEngine(SmallEngine):
    """Waits before every piece of an answer until it is told to go on, or to stop; counts the answers that were stopped."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()
        self.asked: list[str] = []
        self.stopped: list[str] = []

    def ask(self, state, question, *, should_stop=lambda: False, **more):
        self.asked.append(question)
        for piece in super().ask(state, question, should_stop=should_stop, **more):
            while not self.go.wait(0.01):
                if should_stop():
                    self.stopped.append(question)
                    return
            yield piece


@pytest.fixture
def engine() -> SlowEngine:
    return SlowEngine()


@pytest.fixture
def documents(engine: SlowEngine, store: Store) -> Library:
    return shelf(engine, store)


@pytest.fixture
def book(documents: Library) -> str:
    item = documents.add(b"# Tides\n\nThe tide comes at six.\n", "tides.md")
    documents.reader.read(item.id)
    return item.id


@pytest.fixture
def address(documents: Library) -> Iterator[str]:
    """The protocol for programs, on a real server."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(FastAPI(routes=router(documents).routes), port=port, log_level="error", lifespan="off")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    until(lambda: server.started, SOON)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


def asked(question: str, book: str) -> dict:
    return {"model": f"palimpsest/{book}", "messages": [{"role": "user", "content": question}]}


def test_a_reader_that_stalls_holds_nobody_up(engine: SlowEngine, documents: Library, book: str) -> None:
    engine.go.set()
    stalled = documents.answering.ask(book, "When does the tide come?", keep=False)
    assert next(stalled)
    answered = documents.answering.ask(book, "At six?", keep=False)
    *_, last = answered  # would wait for ever for the one before
    assert last.text
    documents.reader.read(documents.add(b"# Moons\n\nThe moon.\n", "moons.md").id)
    *_, rest = stalled  # and nothing of it is lost
    assert rest.text.endswith("six")


def test_a_reader_that_leaves_stops_the_making_within_a_second(
    engine: SlowEngine, documents: Library, book: str
) -> None:
    engine.go.set()
    leaving = documents.answering.ask(book, "When does the tide come?")
    assert next(leaving)
    engine.go.clear()
    begun = time.monotonic()
    leaving.close()
    with documents.models.turns.take():
        assert time.monotonic() - begun < 1.0
    assert documents.conversations.history(book) == (), "half an answer is not kept"


def test_an_answer_that_nobody_waits_for_any_more_is_not_begun(
    engine: SlowEngine, documents: Library, book: str
) -> None:
    streams = [documents.answering.ask(book, f"Question {n}?", keep=False) for n in range(3)]
    readers = [threading.Thread(target=lambda one=one: next(one, None)) for one in streams[:1]]
    readers[0].start()
    until(lambda: engine.asked == ["Question 0?"], SOON)
    engine.go.set()
    readers[0].join()
    for one in streams:
        one.close()
    assert engine.asked == ["Question 0?"]


def test_what_is_not_shown_yet_waits_in_few_pieces_and_loses_nothing() -> None:
    made = threading.Event()

    def make(should_stop):
        for number in range(10 * MOST_WAITING):
            yield f"{number} "
        yield 7
        made.set()

    stream = AnswerWorker().stream(make, lambda: False)
    first = next(stream)
    assert made.wait(SOON)
    pieces = [first, *stream]
    assert len(pieces) <= MOST_WAITING + 2 and pieces[-1] == 7
    assert "".join(pieces[:-1]) == "".join(f"{number} " for number in range(10 * MOST_WAITING))


def test_an_error_comes_out_where_the_answer_is_read() -> None:
    def make(should_stop):
        yield "a"
        raise ValueError("the lamp is out")

    stream = AnswerWorker().stream(make, lambda: False)
    assert next(stream) == "a"
    with pytest.raises(ValueError, match="the lamp is out"):
        next(stream)


def test_two_hundred_programs_at_once_are_served_in_turn(
    engine: SlowEngine, book: str, address: str, documents: Library
) -> None:
    questions = [f"Question {n}?" for n in range(200)]

    async def all_of_them() -> list[httpx.Response]:
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=address, timeout=120.0, limits=limits, trust_env=False) as client:
            body = [asked(question, book) | {"stream": n % 2 == 0} for n, question in enumerate(questions)]
            answers = [asyncio.create_task(client.post("/v1/chat/completions", json=one)) for one in body]
            while not engine.asked:
                await asyncio.sleep(0.01)
            # while one is made and all others wait, the app still answers
            assert (await client.get("/v1/models")).status_code == 200
            assert not any(one.done() for one in answers)
            engine.go.set()
            return list(await asyncio.gather(*answers))

    # in a thread of its own, since the browser tests' driver leaves a loop running in this one
    with ThreadPoolExecutor(1) as apart:
        found = apart.submit(lambda: asyncio.run(all_of_them())).result()
    assert [answer.status_code for answer in found] == [200] * 200
    assert sorted(engine.asked) == sorted(questions)


def test_a_program_that_leaves_stops_its_answer_and_the_next_is_served(
    engine: SlowEngine, book: str, address: str
) -> None:
    body = json.dumps(asked("Who leaves?", book)).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", int(address.rsplit(":", 1)[1]))) as client:
        client.sendall(head.encode() + body)
        until(lambda: engine.asked, SOON)
    begun = time.monotonic()
    until(lambda: engine.stopped == ["Who leaves?"], SOON)
    assert time.monotonic() - begun < 2.0
    engine.go.set()
    answer = httpx.post(f"{address}/v1/chat/completions", json=asked("Who stays?", book), timeout=SOON, trust_env=False)
    assert answer.status_code == 200 and engine.asked == ["Who leaves?", "Who stays?"]


def test_the_official_client_lists_asks_streams_and_names_errors(engine: SlowEngine, book: str, address: str) -> None:
    engine.go.set()
    model, asked = f"palimpsest/{book}", [{"role": "user", "content": "When does the tide come?"}]
    with openai.OpenAI(
        base_url=f"{address}/v1", api_key="none", max_retries=0, http_client=httpx.Client(trust_env=False)
    ) as client:
        assert [one.id for one in client.models.list()] == [model] == [client.models.retrieve(model).id]
        whole = client.chat.completions.create(
            model=model, messages=[{"role": "system", "content": "Be short."}, *asked], temperature=None, n=2, stop=None
        )
        first, second = whole.choices
        assert first.message.content == second.message.content == "six" and first.finish_reason == "stop"
        assert whole.usage is not None and whole.usage.completion_tokens == 6
        cut = client.chat.completions.create(model=model, messages=asked, max_tokens=1)
        assert (cut.choices[0].message.content, cut.choices[0].finish_reason) == ("s", "length")
        with client.chat.completions.stream(
            model=model, messages=asked, stream_options={"include_usage": True}
        ) as events:
            told = events.get_final_completion()
        assert told.choices[0].message.content == "six" and told.usage is not None and told.usage.total_tokens > 3
        with pytest.raises(openai.NotFoundError, match="no document") as unknown:
            client.chat.completions.create(model="palimpsest/ffff", messages=asked)
        assert unknown.value.code == "model_not_found"
        with pytest.raises(openai.BadRequestError, match="temperature"):
            client.chat.completions.create(model=model, messages=asked, temperature=9)
        with pytest.raises(openai.NotFoundError):
            client.embeddings.create(model=model, input="x")


@pytest.fixture
def chat(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """LangChain's model of a name."""
    from langchain_openai import ChatOpenAI  # here: it takes a second, which each process of the suite would spend

    monkeypatch.setenv("LANGSMITH_TRACING", "false")  # whatever is set on this machine, no test tells another one
    with httpx.Client(trust_env=False) as client:
        yield lambda name, **more: ChatOpenAI(
            model=name, base_url=f"{address}/v1", api_key="none", max_retries=0, http_client=client, **more
        )


def test_langchain_asks_and_streams(engine: SlowEngine, book: str, chat: Callable[..., Any]) -> None:
    engine.go.set()
    name, question = f"palimpsest/{book}", "When does the tide come?"
    model = chat(name)
    whole = model.invoke(question)
    begun, *rest = chat(name, stream_usage=True).stream(question)
    for answer in (whole, sum(rest, begun)):
        assert answer.content == "six" and answer.response_metadata["finish_reason"] == "stop"
        taken = {"input_tokens": len(question), "output_tokens": 3, "total_tokens": len(question) + 3}
        assert taken.items() <= answer.usage_metadata.items()
    cut = chat(name, max_tokens=1).invoke(question)
    assert (cut.content, cut.response_metadata["finish_reason"]) == ("s", "length")
    assert chat(name, stop_sequences=["x"], temperature=0.5, seed=3, n=2).invoke(question).content == "si"
    assert [one.content for one in model.batch([question, "At six?"])] == ["six", "six"]
    parts = [{"type": "text", "text": question}]
    assert model.invoke([("system", "Be short."), ("human", "Who?"), ("ai", "Oru."), ("human", parts)]).content == "six"
    assert engine.talk_seen == [("Who?", "Oru.")]
    tool = {"type": "function", "function": {"name": "clock", "parameters": {"type": "object", "properties": {}}}}
    assert model.bind_tools([tool]).invoke(question).content == "six"


def test_langchain_names_errors(engine: SlowEngine, documents: Library, book: str, chat: Callable[..., Any]) -> None:
    engine.go.set()
    for unknown in ("palimpsest/ffff", "gpt-4"):
        with pytest.raises(openai.NotFoundError, match="no document") as raised:
            chat(unknown).invoke("Who?")
        assert raised.value.code == "model_not_found"
        with pytest.raises(openai.NotFoundError, match="no document"):
            list(chat(unknown).stream("Who?"))
    with pytest.raises(openai.BadRequestError, match="temperature"):
        chat(f"palimpsest/{book}", temperature=9).invoke("Who?")
    unread = documents.add(b"# Moons\n\nThe moon.\n", "moons.md").id
    with pytest.raises(openai.BadRequestError, match="has not been read yet"):
        chat(f"palimpsest/{unread}").invoke("Who?")


def test_the_official_client_that_leaves_a_stream_stops_its_answer(engine: SlowEngine, book: str, address: str) -> None:
    model, asked = f"palimpsest/{book}", [{"role": "user", "content": "Who leaves?"}]
    with (
        openai.OpenAI(
            base_url=f"{address}/v1",
            api_key="none",
            max_retries=0,
            timeout=0.5,
            http_client=httpx.Client(trust_env=False),
        ) as client,
        pytest.raises(openai.APITimeoutError),
    ):
        client.chat.completions.create(model=model, messages=asked, stream=True)
    until(lambda: engine.stopped == ["Who leaves?"], SOON)
