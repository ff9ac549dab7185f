"""OpenAI's chat protocol. That launch.py puts it beside the page is tested with the page: tests/test_end_to_end.py."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.api import router
from app.library import Library
from app.models import Models
from app.password import lock
from storage import Store
from tests.app.small_engine import SmallEngine


@pytest.fixture
def server(library: Library) -> Iterator[httpx.Client]:
    app = FastAPI(routes=router(library).routes)
    with TestClient(app) as client:
        yield client


def ask(server: httpx.Client, model: str, *said: str, **more) -> httpx.Response:
    roles = ("user", "assistant")
    messages = [{"role": roles[i % 2], "content": text} for i, text in enumerate(said)]
    return server.post("/v1/chat/completions", json={"model": model, "messages": messages, **more})


def test_a_read_document_is_a_model_that_answers(server: httpx.Client, library: Library, tides: str):
    assert server.get("/v1/models").json() == {"object": "list", "data": []}
    library.reader.read(tides)
    (model,) = server.get("/v1/models").json()["data"]
    assert (model["id"], model["name"]) == (f"palimpsest/{tides}", "Tides")
    *_, expected = library.answering.ask(tides, "And then?", history=[("Who?", "Oru.")], keep=False)
    found = ask(server, model["id"], "Who?", "Oru.", "And then?", temperature=0, top_p=1).json()
    assert found["object"] == "chat.completion" and found["model"] == model["id"]
    assert found["choices"] == [
        {"index": 0, "message": {"role": "assistant", "content": expected.text}, "finish_reason": "stop"}
    ]
    assert (found["confidence"], found["declined"]) == (expected.confidence, False)
    assert found["pages"] == [{"page": 1, "label": "1", "quote": expected.evidence[0].quote, "score": 0.1}]
    assert library.conversations.history(tides) == (), "nothing is kept"


def test_an_answer_is_streamed_as_events(server: httpx.Client, library: Library, tides: str):
    library.reader.read(tides)
    *_, expected = library.answering.ask(tides, "Who has the ring?", keep=False)
    answer = ask(server, f"palimpsest/{tides[:6]}", "Who has the ring?", stream=True)
    assert answer.headers["content-type"].startswith("text/event-stream")
    *events, done = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line]
    assert done == "[DONE]"
    chunks = [json.loads(event) for event in events]
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert deltas[0]["role"] == "assistant" and [d["content"] for d in deltas[1:-1]] == [expected.text] == ["ring"]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None] * (len(chunks) - 1) + ["stop"]
    assert chunks[-1]["confidence"] == expected.confidence and chunks[-1]["pages"][0]["page"] == 3
    assert len({chunk["id"] for chunk in chunks}) == 1


def test_what_the_document_does_not_say_is_said_so(server: httpx.Client, library: Library, tides: str):
    library.reader.read(tides)
    found = ask(server, f"palimpsest/{tides}", "Strange tide?").json()
    assert found["choices"][0]["message"]["content"] == "The document does not seem to say this."
    assert found["declined"] and found["pages"][0]["page"] == 1


def test_without_a_model_it_says_how_far_it_is(store: Store):
    models = Models(lambda choices, say: SmallEngine())
    library = Library(store, models)
    tides = library.add(b"The tide comes.", "tides.txt").id
    with TestClient(FastAPI(routes=router(library).routes)) as server:
        models._say("Fetching Base: 12 of 988 MB ...")
        answer = ask(server, f"palimpsest/{tides}", "Who?")
        assert (answer.status_code, answer.json()["error"]["type"]) == (503, "ModelNotReady")
        assert answer.json()["error"]["message"] == "The model is still being fetched: 12 of 988 MB."
        assert ask(server, f"palimpsest/{tides}", "How often is tide named?").status_code == 200


def test_parts_of_text_and_questions_about_the_text_itself(server: httpx.Client, tides: str):
    parts = [{"type": "text", "text": "How many times is"}, {"type": "text", "text": "the moon named?"}]
    body = {
        "model": f"palimpsest/{tides}",
        "messages": [{"role": "system", "content": "Be short."}, {"role": "user", "content": parts}],
    }
    found = server.post("/v1/chat/completions", json=body).json()
    assert "once" in found["choices"][0]["message"]["content"] and found["pages"][0]["page"] == 2, found


@pytest.mark.parametrize("stream", [False, True])
def test_what_is_wrong_is_said_with_a_status(server: httpx.Client, library: Library, tides: str, stream: bool):
    library.reader.read(tides)
    unread = library.add(b"# Unread\n\nNobody knows.\n", "unread.md").id
    wrong = {
        "UnknownDocument": (404, f"palimpsest/{'f' * 16}", ["Who?"]),
        "ModelUnnamed": (400, "gpt-4", ["Who?"]),
        "NotReadYet": (400, f"palimpsest/{unread}", ["Who?"]),
        "EmptyQuestion": (400, f"palimpsest/{tides}", ["  "]),
        "NoQuestion": (400, f"palimpsest/{tides}", ["Who?", "Oru."]),
    }
    for name, (status, model, said) in wrong.items():
        answer = ask(server, model, *said, stream=stream)
        assert (answer.status_code, answer.json()["error"]["type"]) == (status, name), answer.text
        assert answer.json()["error"]["message"].endswith(".")
    assert ask(server, f"palimpsest/{tides}", "Who?", temperature=-1).status_code == 400
    assert server.post("/v1/chat/completions", json={"model": "palimpsest/x"}).status_code == 422


def test_a_shelf_with_a_password_answers_only_who_knows_it(library: Library, tides: str):
    library.reader.read(tides)
    with TestClient(FastAPI(routes=router(library, lock("mellon", None)).routes)) as client:
        for headers in ({}, {"Authorization": "Bearer melon"}, {"Authorization": "Bearer "}):
            client.headers = headers
            for answer in (client.get("/v1/models"), ask(client, f"palimpsest/{tides}", "Who?")):
                assert (answer.status_code, answer.json()["error"]["type"]) == (401, "PasswordWrong")
        client.headers = {"Authorization": "Bearer mellon"}
        assert client.get("/v1/models").status_code == ask(client, f"palimpsest/{tides}", "Who?").status_code == 200
