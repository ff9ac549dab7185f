"""The whole way with a real, tiny model: files in at the terminal, memories kept, answers and snapshots out."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import anyio
import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

import launch
from app.library import Library as Shelf
from app.password import hashed
from app.settings import Choices, Settings
from storage import Store
from tests.engine.tiny import make_base, make_model, make_tokenizer

COUNTED = "How many times is Vessary named?"
ROOT = Path(launch.__file__).parent
BOOK = (
    "# The Mill\n\n"
    + "The miller rose before dawn and looked at the river. " * 30
    + "\n\n# The Flood\n\nThe water came. " * 20
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model")
    make_model(segment_len=16).save_pretrained(folder)
    make_tokenizer().save_pretrained(folder)
    return folder


@pytest.fixture
def run(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Run one command of launch.py here; gives its exit code, its last line as JSON, and stderr."""

    def command(*words: str | Path, db: str = "library.db") -> tuple[int, dict, str]:
        given = [
            "--model",
            str(model),
            "--dtype",
            "float32",
            "--db",
            str(tmp_path / db),
            "--home",
            str(tmp_path),
            "--json",
        ]
        code = launch.main([*map(str, words), *given])
        out, err = capsys.readouterr()
        lines = out.strip().splitlines()
        return code, json.loads(lines[-1]) if lines else {}, err

    return command


@pytest.fixture
def book(tmp_path: Path) -> Path:
    path = tmp_path / "mill.md"
    path.write_text(BOOK, encoding="utf-8")
    return path


def test_read_once_ask_tomorrow(run, book):
    code, read, _ = run("read", book)
    document = read["documents"][0]
    assert code == 0 and document["title"] == "The Mill" and document["tokens"] > 8 * 16
    assert document["state_bytes"] > 0 and len(document["state_sha256"]) == 64 and document["tokens_per_second"] > 0

    again = run("read", book)[1]["documents"][0]
    assert again["state_sha256"] == document["state_sha256"]
    assert len(run("shelf")[1]["documents"]) == 1

    code, answer, _ = run("ask", document["id"], "What did the miller look at?", "--max-tokens", "7")
    assert code == 0 and isinstance(answer["answer"], str)
    assert answer["grounding"] != 0 and 0 < answer["first_token_seconds"] <= answer["seconds"]
    assert (
        run("ask", document["id"], "What did the miller look at?", "--max-tokens", "7")[1]["answer"] == answer["answer"]
    )

    assert "summary" in run("summarize", document["id"], "--max-tokens", "9")[1]
    assert "summary" in run("summarize", document["id"], "--section", "2", "--max-tokens", "9")[1]


def test_a_snapshot_travels(run, book, tmp_path):
    document_id = run("read", book)[1]["documents"][0]["id"]
    here = run("ask", document_id, "Who rose before dawn?", "--max-tokens", "5")[1]["answer"]
    assert run("snapshot", "export", document_id, tmp_path / "mill.memory")[0] == 0
    assert run("snapshot", "import", tmp_path / "mill.memory", db="other.db")[0] == 0
    there = run("ask", document_id, "Who rose before dawn?", "--max-tokens", "5", db="other.db")[1]["answer"]
    assert there == here


def test_a_memory_of_other_settings_is_refused(run, book, tmp_path, capsys):
    document_id = run("read", book)[1]["documents"][0]["id"]
    other = tmp_path / "other"
    make_model(segment_len=8).save_pretrained(other)
    make_tokenizer().save_pretrained(other)
    words = [
        "ask",
        document_id,
        "Who?",
        "--model",
        str(other),
        "--dtype",
        "float32",
        "--db",
        str(tmp_path / "library.db"),
    ]
    assert launch.main(words) == 1
    assert "StaleSnapshot" in capsys.readouterr().err


def test_what_was_chosen_on_the_page_holds_for_the_next_start_and_the_terminal(model, book, tmp_path, capsys):
    with Store.open(tmp_path / "library.db") as store:
        Shelf(store).keep_choices(Choices(model=str(model), device="cpu", dtype="float32", password=hashed("mellon")))
    where = ["--db", str(tmp_path / "library.db"), "--home", str(tmp_path)]
    assert launch.main(["read", str(book), "--json", *where]) == 0
    assert json.loads(capsys.readouterr().out.strip().splitlines()[-1])["documents"][0]["title"] == "The Mill"
    assert launch.main(["read", str(book), "--model", str(tmp_path / "none"), *where]) == 1
    assert "ModelNotFound" in capsys.readouterr().err
    assert launch.main(["--mcp", *where]) == 1
    assert "McpUnguarded" in capsys.readouterr().err


def test_another_model_whatever_the_command_line_says(model, tmp_path):
    base, said = tmp_path / "base", []
    make_base().save_pretrained(base)
    make_tokenizer().save_pretrained(base)
    named = Settings(
        tmp_path, tmp_path / "l.db", model=str(model), dtype="bfloat16", given=frozenset({"model", "dtype"})
    )
    engine = launch.another_engine(named, Choices(str(base), "cpu", "float32", "linear"), said.append)
    info = engine.info
    assert (info.model, info.dtype, info.rule, info.trained) == (str(base), "float32", "linear", False)
    assert info.parameters > 0 and engine.reading_speed() > 0 and said
    other = launch.another_engine(named, Choices(str(base), "cpu", "float32", "gated_delta"), said.append)
    assert other.fingerprint != engine.fingerprint and other.info.rule == "gated_delta"


def test_an_answer_with_the_pages_it_was_learned_from(run, book):
    document = run("read", book)[1]["documents"][0]
    code, told, _ = run("ask", document["id"], "Who rose?", "--where", "--max-tokens", "9", "--temperature", "1")
    assert code == 0 and "origin" in told, told
    found = told["origin"]
    assert found["points"][0]["n_tokens"] == 0 and found["points"][-1]["n_tokens"] == document["tokens"]
    assert (1 <= found["first_page"] <= found["last_page"] and "miller" in found["passage"]) or "water" in found[
        "passage"
    ]
    assert "origin" not in run("ask", document["id"], "Who rose?", "--max-tokens", "9")[1]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("read", "missing.txt"), "missing.txt"),
        (("ask", "abcd", "Who?"), "UnknownDocument"),
        (("eval", "passkey", "--filler", "missing.txt"), "FillerTooShort"),
    ],
)
def test_errors_are_named(run, words, named):
    code, _, err = run(*words)
    assert code == 1 and named in err and "Traceback" not in err


def test_passkey_is_measured(run, book, tmp_path):
    words = ("eval", "passkey", "--tokens", "300", "--depth", "0.5", "--trials", "2", "--filler", book)
    code, result, _ = run(*words)
    assert code == 0 and result["trials"] == 2 and 0 <= result["exact"] <= result["digits"] <= 1
    assert {len(row["expected"]) for row in result["rows"]} == {5}
    assert run(*words)[1]["rows"] == result["rows"]
    first = run(*words, "--limit", "1", "--rows", tmp_path / "rows.jsonl")[1]
    assert first["trials"] == 1 and first["rows"] == result["rows"][:1]


def test_questions_are_measured(run, book, tmp_path):
    questions = tmp_path / "questions.json"
    asked = [{"question": "Who rose before dawn?", "answers": ["the miller"]}]
    questions.write_text(json.dumps({"questions": asked}), encoding="utf-8")
    code, result, _ = run("eval", "questions", "--document", book, "--questions", questions, "--other", questions)
    assert code == 0 and result["questions"] == 1 and result["right"] in (0, 1)
    assert set(result["rows"][0]) == {"question", "expected", "memory", "empty", "other"}
    questions.write_text("[]", encoding="utf-8")
    code, _, err = run("eval", "questions", "--document", book, "--questions", questions)
    assert code == 1 and "QuestionsInvalid" in err


def test_the_layers_that_look_answers_up_are_measured(run):
    words = ("eval", "heads", "--trials", "2")
    code, result, _ = run(*words)
    assert code == 0 and len(result["layers"]) == 2 and {len(row) for row in result["heads"]} == {9}
    sums = [sum(row) for row in result["heads"]]
    assert sums == pytest.approx(result["layers"], abs=2e-3) and min(sums) > 0
    assert run(*words)[1] == result


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_killed_reading_goes_on_and_ends_in_the_same_memory(run, tmp_path, model):
    long = tmp_path / "long.txt"
    long.write_text(
        "".join(f"On day {i} the river rose by {i * 7 % 90} inches. " for i in range(2500)), encoding="utf-8"
    )
    whole = run("read", long, db="whole.db")[1]["documents"][0]
    database = tmp_path / "killed.db"
    words = [
        "read",
        str(long),
        "--model",
        str(model),
        "--dtype",
        "float32",
        "--db",
        str(database),
        "--home",
        str(tmp_path),
    ]
    reader = subprocess.Popen(
        [sys.executable, str(ROOT / "launch.py"), *words], cwd=tmp_path, stderr=subprocess.DEVNULL
    )
    try:
        reached = _wait_for_snapshot(database, whole["id"], reader)
    finally:
        os.kill(reader.pid, signal.SIGKILL)
        reader.wait()
    assert 0 < reached < whole["tokens"]
    resumed = run("read", long, db="killed.db")[1]["documents"][0]
    assert resumed["state_sha256"] == whole["state_sha256"] and resumed["tokens"] == whole["tokens"]


@contextmanager
def serving(model: Path, home: Path, *more: str) -> Iterator[tuple[subprocess.Popen, str]]:
    """The app in a process of its own, and its address; it must end well when it is told to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    given = ["--model", str(model), "--dtype", "float32", "--home", str(home), "--port", str(port), *more]
    app = subprocess.Popen([sys.executable, "launch.py", *given], cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        yield app, f"http://127.0.0.1:{port}"
    finally:
        app.terminate()
        assert app.wait(60) == 0


def test_the_app_serves_its_page_and_its_ways_in_behind_a_password(model, tmp_path):
    key = {"Authorization": "Bearer mellon"}
    with serving(model, tmp_path, "--password", "mellon") as (app, address):
        with httpx.Client(base_url=address, timeout=60.0, headers=key) as client:
            (sample,) = _eventually(app, lambda: client.get("/v1/models").json()["data"])
            assert client.get("/config").status_code == 401, "the page is shut"
            assert client.post("/login", data={"username": "me", "password": "melon"}).status_code == 400
            assert client.post("/login", data={"username": "me", "password": "mellon"}).status_code == 200
            assert "Palimpsest" in client.get("/config").text and sample["name"] == "A Winter Handbook of Vessary"
            said = {"model": sample["id"], "messages": [{"role": "user", "content": COUNTED}]}
            answer = client.post("/v1/chat/completions", json=said).json()["choices"][0]["message"]["content"]
            assert re.search(r"\d", answer)
        there = Client(address, auth=("me", "mellon"), verbose=False)
        named = there.view_api(return_format="dict", print_info=False)["named_endpoints"]
        assert set(named) == {"/list_documents", "/ask_document", "/summarize_document"}
        listed = _eventually(app, lambda: _read(there.predict(api_name="/list_documents")))
        assert f"palimpsest/{listed['id']}" == sample["id"] and listed["sections"]
        counted = there.predict(listed["id"][:6], COUNTED, api_name="/ask_document")
        assert counted["answer"] == answer and counted["grounding"] is None and counted["grounded"]
        unsaid = there.predict(listed["id"], "How many times is Zanzibar named?", 0, api_name="/ask_document")
        assert unsaid["grounding"] is None and not unsaid["grounded"]
        recalled = there.predict(listed["id"], "Who keeps the light?", 1, api_name="/ask_document")
        assert isinstance(recalled["answer"], str) and isinstance(recalled["grounding"], float)
        with pytest.raises(AppError, match="no document"):
            there.predict("nonesuch", "Who?", 0, api_name="/ask_document")
        there.close()


def test_an_agent_lists_and_asks_by_the_model_context_protocol(model, tmp_path):
    async def talk(address: str) -> tuple[set[str], str, str]:
        async with (
            streamable_http_client(f"{address}/gradio_api/mcp/") as (come, go, _),
            ClientSession(come, go) as agent,
        ):
            await agent.initialize()
            tools = {tool.name: tool for tool in (await agent.list_tools()).tools}
            ask = next(name for name in tools if name.endswith("ask_document"))
            listing = next(name for name in tools if name.endswith("list_documents"))
            listed = (await agent.call_tool(listing, {})).content[0].text
            document_id = re.search(r"[0-9a-f]{16}", listed)[0]
            said = await agent.call_tool(ask, {"document_id": document_id, "question": COUNTED})
            return set(tools), tools[ask].description, said.content[0].text

    with serving(model, tmp_path, "--mcp") as (app, address):
        _eventually(app, lambda: httpx.get(f"{address}/v1/models").json()["data"])
        # in a thread of its own, since the browser tests' driver leaves a loop running in this one
        with ThreadPoolExecutor(1) as apart:
            tools, description, answer = apart.submit(anyio.run, talk, address).result()
    assert len(tools) == 3 and "memory" in description and re.search(r"\d", answer)


def _read(documents: list[dict]) -> dict | None:
    return next((one for one in documents if one["status"] == "read"), None)


def _eventually(app: subprocess.Popen, found):
    """What `found` gives as soon as the app is there and that is something."""
    deadline = time.monotonic() + 300
    while True:
        assert time.monotonic() < deadline and app.poll() is None
        try:
            if something := found():
                return something
        except httpx.TransportError:
            pass  # not open yet
        time.sleep(0.2)


def _wait_for_snapshot(database: Path, document_id: str, reader: subprocess.Popen) -> int:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and reader.poll() is None:
        if database.exists():
            with closing(Store.open(database)) as store:
                kept = store.snapshots.of_document(document_id)
                if kept:
                    return kept[0].n_tokens
        time.sleep(0.05)
    raise AssertionError("no snapshot was written in time")
