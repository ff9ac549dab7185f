"""OpenAI's chat protocol. That launch.py puts it beside the page is tested with the page: tests/test_end_to_end.py."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.api import router
from app.library import Library
from app.models import Models
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
    message = {"role": "assistant", "content": expected.text, "refusal": None}
    assert found["choices"] == [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}]
    said, asked = len(expected.text), len("Who?") + len("Oru.") + len("And then?")
    assert found["usage"] == {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}
    assert (found["confidence"], found["declined"]) == (expected.confidence, False)
    assert found["pages"] == [{"page": 1, "label": "1", "quote": expected.evidence[0].quote, "score": 0.1}]
    assert library.conversations.history(tides) == (), "nothing is kept"


def test_how_the_app_is_is_said_without_what_is_in_it(server: httpx.Client, library: Library, store: Store, tides: str):
    assert server.get("/health").json() == {"status": "ok", "model": "ready", "reading": 0}
    library.queue.enqueue(tides)
    assert server.get("/health").json()["reading"] == 1
    store.close()
    failed = server.get("/health")
    assert failed.status_code == 503 and failed.json()["status"] == "failed" and "library" not in failed.text


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
        "ModelUnnamed": (404, "gpt-4", ["Who?"]),
        "NotReadYet": (400, f"palimpsest/{unread}", ["Who?"]),
        "EmptyQuestion": (400, f"palimpsest/{tides}", ["  "]),
        "NoQuestion": (400, f"palimpsest/{tides}", ["Who?", "Oru."]),
    }
    for name, (status, model, said) in wrong.items():
        answer = ask(server, model, *said, stream=stream)
        assert (answer.status_code, answer.json()["error"]["type"]) == (status, name), answer.text
        assert answer.json()["error"]["message"].endswith(".")


def body(model: str, **more) -> dict:
    return {"model": model, "messages": [{"role": "user", "content": "Who has the ring?"}], **more}


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"temperature": -1}, "temperature"),
        ({"temperature": 3}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": -5}, "max_tokens"),
        ({"max_completion_tokens": 1.5}, "max_completion_tokens"),
        ({"seed": 2**63}, "seed"),
        ({"n": 0}, "n"),
        ({"n": 10**9}, "n"),
        ({"stop": [1]}, "stop.0"),
        ({"stop": ["a"] * 5}, "stop"),
        ({"stop": ""}, "stop.0"),
        ({"stop": False}, "stop"),
        ({"n": "2"}, "n"),
        ({"n": True}, "n"),
        ({"stream": "yes"}, "stream"),
        ({"temperature": "0.5"}, "temperature"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages.0.content.str"),
        ({"model": None}, "model"),
    ],
)
def test_what_the_protocol_has_not_is_named(server: httpx.Client, tides: str, more: dict, param: str):
    answer = server.post("/v1/chat/completions", json=body(f"palimpsest/{tides}") | more)
    fault = answer.json()["error"]
    assert (answer.status_code, fault["type"], fault["param"]) == (400, "RequestUnreadable", param)
    assert fault["message"].endswith(".") and set(fault) == {"message", "type", "param", "code"}


@pytest.mark.parametrize(
    "sent",
    [
        b"", b"{", b"[]", b"null", b"7", b"\xff\xfe", b"[" * 100_000, b'{"model": "\\ud800", "messages": []}',
        b'{"model": "palimpsest/ID", "messages": [{"role": "user", "content": "Who has \\ud83d the ring?"}]}',
        b'{"model": "palimpsest/ID", "messages": [{"role": "user", "content": "Who?"}], "temperature": NaN}',
        b'{"model": "palimpsest/ID", "messages": [{"role": "user", "content": "Who?"}], "temperature": 1e999}',
        b'{"model": "palimpsest/ID", "messages": [{"role": "user", "content": "Who?"}], "seed": 1' + b"0" * 6000 + b"}",
        b'{"model": "palimpsest/ID", "messages": [{"role": "user", "content": "\xed\xa0\x80"}]}',
    ],
)  # fmt: skip
def test_broken_bytes_and_numbers_are_named_too(server: httpx.Client, library: Library, tides: str, sent: bytes):
    library.reader.read(tides)
    answer = server.post("/v1/chat/completions", content=sent.replace(b"ID", tides.encode()))
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "RequestUnreadable"), answer.text


def test_null_is_as_good_as_nothing(server: httpx.Client, library: Library, tides: str):
    library.reader.read(tides)
    names = (
        "stream",
        "stream_options",
        "temperature",
        "seed",
        "max_tokens",
        "max_completion_tokens",
        "n",
        "stop",
        "top_p",
        "tools",
    )
    answer = server.post("/v1/chat/completions", json=body(f"palimpsest/{tides}", **dict.fromkeys(names)))
    assert answer.json()["choices"][0]["message"]["content"] == "ring"
    for name in names:
        assert server.post("/v1/chat/completions", json=body(f"palimpsest/{tides}", **{name: None})).status_code == 200


def test_why_an_answer_ended_is_true(server: httpx.Client, library: Library, tides: str):
    library.reader.read(tides)

    def ended(**more) -> tuple[str, str]:
        (choice,) = server.post("/v1/chat/completions", json=body(f"palimpsest/{tides}", **more)).json()["choices"]
        return choice["message"]["content"], choice["finish_reason"]

    assert ended() == ("ring", "stop") and ended(max_tokens=4) == ("ring", "stop")
    assert ended(max_tokens=2) == ended(max_completion_tokens=2) == ("ri", "length")
    assert ended(stop="n") == ended(stop=["x", "n"]) == ("ri", "stop") and ended(stop="r") == ("", "stop")


def test_several_answers_and_what_they_took(server: httpx.Client, library: Library, tides: str):
    library.reader.read(tides)
    model = f"palimpsest/{tides}"
    for more in ({"n": 3}, {"n": 3, "temperature": 0.5}):
        found = server.post("/v1/chat/completions", json=body(model, **more)).json()
        assert [choice["index"] for choice in found["choices"]] == [0, 1, 2]
        assert found["usage"]["completion_tokens"] == 3 * len("ring")
    streamed = server.post(
        "/v1/chat/completions", json=body(model, n=2, stream=True, stream_options={"include_usage": True})
    )
    *events, last, done = [line.removeprefix("data: ") for line in streamed.text.split("\n\n") if line]
    chunks = [json.loads(event) for event in events]
    assert done == "[DONE]" and all(chunk["usage"] is None for chunk in chunks)
    assert {chunk["choices"][0]["index"] for chunk in chunks} == {0, 1}
    assert json.loads(last)["choices"] == [] and json.loads(last)["usage"]["completion_tokens"] == 8


def test_tools_and_parts(server: httpx.Client, library: Library, tides: str, engine: SmallEngine):
    library.reader.read(tides)
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    messages = [
        {"role": "developer", "content": "Be short."},
        {"role": "user", "content": [{"type": "text", "text": "Who?"}]},
        {"role": "assistant", "content": [{"type": "text", "text": "Oru."}]},
        {"role": "user", "content": [{"type": "text", "text": "Who has the ring?"}, {"type": "text", "text": None}]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "7"},
    ]
    sent = {"model": f"palimpsest/{tides}", "messages": messages}
    assert server.post("/v1/chat/completions", json=sent).json()["choices"][0]["message"]["content"] == "ring"
    assert engine.talk_seen == [("Who?", "Oru.")]
    picture = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": "data:"}}]
    answer = server.post("/v1/chat/completions", json=sent | {"messages": [{"role": "user", "content": picture}]})
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "OnlyText")


def test_one_model_and_ways_that_are_not_there(server: httpx.Client, library: Library, tides: str):
    library.reader.read(tides)
    (listed,) = server.get("/v1/models").json()["data"]
    assert server.get(f"/v1/models/{listed['id']}").json() == listed
    assert server.get(f"/v1/models/{listed['id'].replace('/', '%2F')}").json() == listed
    for path, status in (
        ("models/palimpsest/ffff", 404),
        ("models/gpt-4", 404),
        ("embeddings", 404),
        ("chat", 404),
        ("models/a%0Ab", 404),
        ("models/palimpsest/ffff%0A", 404),
        ("a%0Ab", 404),
    ):
        answer = server.get(f"/v1/{path}")
        assert answer.status_code == status and answer.json()["error"]["message"].endswith("."), path
    assert server.post("/v1/embeddings", json={}).json()["error"]["type"] == "UnknownWay"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "models", "GET"),
        ("DELETE", "models/palimpsest/ffff", "GET"),
        ("GET", "chat/completions", "POST"),
        ("OPTIONS", "chat/completions", "POST"),
    ],
)
def test_a_method_that_is_not_there_is_named(server: httpx.Client, method: str, path: str, allowed: str):
    answer = server.request(method, f"/v1/{path}")
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    said = {
        "message": f"'/v1/{path}' is asked with {allowed} alone.",
        "type": "WrongMethod",
        "param": None,
        "code": None,
    }
    assert answer.json() == {"error": said}


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
MESSAGES = st.lists(
    st.fixed_dictionaries(
        {
            "role": st.sampled_from(["system", "developer", "user", "assistant", "tool"]) | ANYTHING,
            "content": st.just("Who?") | ANYTHING,
        }
    ),
    max_size=4,
)
OPTIONAL = {
    name: st.just(usual) | ANYTHING
    for name, usual in {
        "stream": True, "temperature": 0.5, "seed": 7, "max_tokens": 3, "max_completion_tokens": 9, "n": 2, "stop": "r",
        "stream_options": {"include_usage": True},
    }.items()
}  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(more=st.fixed_dictionaries({}, optional=OPTIONAL), messages=MESSAGES | ANYTHING)
def test_whatever_is_sent_is_answered_or_named(
    server: httpx.Client, library: Library, tides: str, more, messages
) -> None:
    library.reader.read(tides)
    sent = json.dumps({"model": f"palimpsest/{tides}", "messages": messages} | more).encode()
    answer = server.post("/v1/chat/completions", content=sent)
    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 400:
        assert set(answer.json()) == {"error"} and answer.json()["error"]["message"].endswith(".")
