"""The whole way with the standard base model: files in at the terminal, memories kept, answers and snapshots out."""

from __future__ import annotations

import json
import os
import re
import shutil
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
from app.library import Library
from app.password import hashed
from app.settings import Choices, Settings
from storage import Store
from tests.base import home_with_models
from tests.engine.tiny import make_base, make_tokenizer

WORDS = "mellön and friends"
COUNTED = "How many times is the river named?"
ASKED = "What was the price of the mill's new wheel?"
ROOT = Path(launch.__file__).parent
BOOK = (
    "# The Mill\n\n"
    + "The miller rose before dawn and looked at the river. " * 12
    + "The new wheel of the mill cost seventy-one crowns, and the miller paid them in one day.\n\n"
    + "# The Flood\n\n"
    + "The water came up to the third step of the church. " * 8
)
PAGE_KEYS = {"page", "label", "quote", "score"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of its own that shares the base model."""
    return home_with_models(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("books") / "mill.md"
    path.write_text(BOOK, encoding="utf-8")
    return path


@pytest.fixture
def run(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Run one command of launch.py here; gives its exit code, its last line as JSON, and stderr."""

    def command(*words: str | Path, db: str = "library.db") -> tuple[int, dict, str]:
        code = launch.main([*map(str, words), "--db", str(tmp_path / db), "--home", str(home), "--json"])
        out, err = capsys.readouterr()
        lines = out.strip().splitlines()
        return code, json.loads(lines[-1]) if lines else {}, err

    return command


@pytest.fixture(scope="module")
def shelf(home: Path, book: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A library file with the book, read, and the book's id."""
    path = tmp_path_factory.mktemp("shelf") / "library.db"
    assert launch.main(["read", str(book), "--db", str(path), "--home", str(home)]) == 0
    with Store.open(path) as store:
        (item,) = Library(store).shelf()
    return path, item.id


@pytest.fixture
def mill(shelf: tuple[Path, str], tmp_path: Path) -> str:
    """The id of the book, which lies read in this test's library."""
    shutil.copyfile(shelf[0], tmp_path / "library.db")
    return shelf[1]


def test_what_is_read_again_has_the_same_memory(run, mill, book):
    document = run("read", book)[1]["documents"][0]
    assert document["title"] == "The Mill" and document["tokens"] > 200 and document["state_bytes"] > 0
    assert len(run("shelf")[1]["documents"]) == 1
    code, elsewhere, _ = run("read", book, db="other.db")
    again = elsewhere["documents"][0]
    assert code == 0 and again["id"] == mill and again["tokens_per_second"] > 0
    assert len(again["state_sha256"]) == 64 and again["state_sha256"] == document["state_sha256"]


def test_a_question_is_answered_from_memory_and_from_the_page(run, mill):
    code, answer, _ = run("ask", mill, ASKED, "--max-tokens", "8")
    assert code == 0 and answer["answer"] and answer["from_memory"] and answer["from_page"]
    assert 0 <= answer["confidence"] <= 1 and isinstance(answer["declined"], bool)
    assert 0 < answer["first_token_seconds"] <= answer["seconds"]
    assert answer["pages"] and all(set(one) == PAGE_KEYS and one["page"] in (1, 2) for one in answer["pages"])
    assert all(one["quote"] in " ".join(BOOK.split()) for one in answer["pages"])
    again = run("ask", mill, ASKED, "--max-tokens", "8")[1]
    assert [again[name] for name in ("answer", "pages")] == [answer[name] for name in ("answer", "pages")]
    recalled = run("ask", mill, ASKED, "--from", "memory", "--max-tokens", "2")[1]
    assert recalled["from_page"] is None and recalled["answer"]


def test_summaries_of_the_whole_and_of_a_section(run, mill):
    for more in ((), ("--section", "2")):
        code, told, _ = run("summarize", mill, "--words", "20", *more)
        assert code == 0 and told["summary"] and all(set(one) == PAGE_KEYS for one in told["pages"])
    quoted = run("summarize", mill, "--passages", "1")[1]["summary"]
    assert re.search(r"“(.+)” \((?:section|part) \d\)", quoted)[1] in " ".join(BOOK.split())


def test_a_snapshot_travels(run, mill, tmp_path):
    asked = (ASKED, "--from", "memory", "--max-tokens", "9")
    here = run("ask", mill, *asked)[1]["from_memory"]
    assert run("snapshot", "export", mill, tmp_path / "mill.memory")[0] == 0
    assert run("snapshot", "import", tmp_path / "mill.memory", db="other.db")[0] == 0
    assert here and run("ask", mill, *asked, db="other.db")[1]["from_memory"] == here


def test_a_memory_of_another_size_is_refused_and_read_again(run, mill):
    code, _, err = run("ask", mill, "Who?", "--memory-size", "small")
    assert code == 1 and "StaleSnapshot" in err
    code, told, _ = run("read", "--all", "--memory-size", "small")
    assert code == 0 and [one["id"] for one in told["documents"]] == [mill]
    assert run("ask", mill, "Who?", "--memory-size", "small", "--from", "memory", "--max-tokens", "2")[0] == 0


def test_what_was_chosen_on_the_page_holds_for_the_next_start_and_the_terminal(run, book, tmp_path):
    small = tmp_path / "small"
    make_base("qwen2").save_pretrained(small)
    make_tokenizer().save_pretrained(small)
    with Store.open(tmp_path / "library.db") as store:
        chosen = Choices(model=str(small), device="cpu", dtype="float32", password=hashed("mellon and friends"))
        Library(store).keep_choices(chosen)
    code, told, _ = run("read", book)
    assert code == 0 and told["documents"][0]["tokens"] > 700, "that model's tokenizer knows few words"
    code, _, err = run("read", book, "--model", tmp_path / "none")
    assert code == 1 and "ModelNotFound" in err


def test_another_model_whatever_the_command_line_says(tmp_path):
    base, said = tmp_path / "base", []
    make_base("qwen2").save_pretrained(base)
    make_tokenizer().save_pretrained(base)
    given = frozenset({"model", "dtype"})
    load = launch.loading(Settings(tmp_path, tmp_path / "l.db", dtype="bfloat16", given=given))
    info = load(Choices(str(base), "cpu", "float32", "small"), said.append).info
    assert (info.model, info.device, info.dtype, info.trained) == (str(base), "cpu", "float32", False)
    assert info.parameters > 0 and said
    assert load(Choices(str(base), "cpu", "float32", "large"), said.append).info.slots == 4 * info.slots


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("read", "missing.txt"), "missing.txt"),
        (("ask", "abcd", "Who?"), "UnknownDocument"),
    ],
)
def test_errors_are_named(run, words, named):
    code, _, err = run(*words)
    assert code == 1 and named in err and "Traceback" not in err


def test_an_error_of_a_tool_is_one_line(home, capsys):
    words = ["people", "--questions", "missing.jsonl", "--documents", ".", "--models", str(home / "models")]
    assert launch.main(["eval", *words]) == 1
    assert "missing.jsonl is no file of questions" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_killed_reading_goes_on_and_ends_in_the_same_memory(run, tmp_path, home):
    long = tmp_path / "long.txt"
    long.write_text(
        "".join(f"On day {i} the river rose by {i * 7 % 90} inches. " for i in range(240)), encoding="utf-8"
    )
    whole = run("read", long, db="whole.db")[1]["documents"][0]
    database = tmp_path / "killed.db"
    words = ["read", str(long), "--db", str(database), "--home", str(home)]
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
def serving(home: Path, *more: str) -> Iterator[tuple[subprocess.Popen, str]]:
    """The app in a process of its own, and its address; it must end well when it is told to."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    given = ["--home", str(home), "--port", str(port), *more]
    app = subprocess.Popen([sys.executable, "launch.py", *given], cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        yield app, f"http://127.0.0.1:{port}"
    finally:
        app.terminate()
        assert app.wait(60) == 0


def test_the_app_serves_its_page_and_its_ways_in_behind_a_password(home, mill, tmp_path):
    key = {"Authorization": f"Bearer {WORDS}".encode()}
    (tmp_path / "password").write_text(f"{WORDS}\n", encoding="utf-8")
    given = ("--db", str(tmp_path / "library.db"), "--password-file", str(tmp_path / "password"))
    with serving(home, *given) as (app, address):
        with httpx.Client(base_url=address, timeout=60.0, headers=key) as client:
            (served,) = _eventually(app, lambda: client.get("/v1/models").json()["data"])
            client.headers = {}
            assert client.get("/config").status_code == 401, "the page is shut"
            assert client.post("/login", data={"username": "me", "password": "melon"}).status_code == 401
            assert client.post("/login", data={"username": "me", "password": WORDS}).status_code == 200
            assert "Palimpsest" in client.get("/config").text and served["name"] == "The Mill"
            assert {"/health", "/v1/chat/completions"} <= client.get("/openapi.json").json()["paths"].keys()
            said = {"model": served["id"], "messages": [{"role": "user", "content": COUNTED}]}
            answer = client.post("/v1/chat/completions", json=said).json()["choices"][0]["message"]["content"]
            assert re.search(r"\d", answer)
            # a count needs no model, so it is answered while the model is still being loaded; what follows does
            needs_model = said | {"messages": [{"role": "user", "content": "Who rose before dawn?"}], "max_tokens": 1}
            _eventually(app, lambda: client.post("/v1/chat/completions", json=needs_model).status_code == 200)
        there = Client(address, auth=("me", WORDS), verbose=False)
        named = there.view_api(return_format="dict", print_info=False)["named_endpoints"]
        assert set(named) == {"/list_documents", "/ask_document", "/summarize_document"}
        (listed,) = there.predict(api_name="/list_documents")
        assert listed["id"] == mill and served["id"] == f"palimpsest/{mill}" and listed["sections"]
        counted = there.predict(listed["id"][:6], COUNTED, api_name="/ask_document")
        assert (
            counted["answer"] == answer
            and counted["confidence"] == 1.0
            and counted["total"] == len(counted["places"]) > 1
        )
        unsaid = there.predict(listed["id"], "How many times is Zanzibar named?", 0, api_name="/ask_document")
        assert unsaid["total"] == 0 and unsaid["pages"] == [] and "Zanzibar" in unsaid["answer"]
        recalled = there.predict(listed["id"], "Who rose before dawn?", 1, api_name="/ask_document")
        assert (
            recalled["answer"]
            and 0 <= recalled["confidence"] <= 1
            and all(one["page"] == 1 for one in recalled["pages"])
        )
        with pytest.raises(AppError, match="no document"):
            there.predict("nonesuch", "Who?", 0, api_name="/ask_document")
        there.close()
    kept = (tmp_path / "library.log").read_text(encoding="utf-8")
    told = [json.loads(line)["event"] for line in kept.splitlines()]
    assert {"uploads swept", "library swept", "started", "wrong password", "model", "stopped"} <= set(told)
    assert not [words for words in (WORDS, "melon", "Mill", "miller", "Zanzibar", str(tmp_path)) if words in kept]


def here() -> str:
    """An address of this machine: one of the newer kind, where there is any."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return "127.0.0.1"
    return "::1"


def test_an_agent_lists_and_asks_by_the_model_context_protocol(home, mill, tmp_path):
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

    host = here()
    with serving(home, "--db", str(tmp_path / "library.db"), "--mcp", "--host", host) as (app, address):
        address = address.replace("127.0.0.1", launch.in_address(host))
        _eventually(app, lambda: httpx.get(f"{address}/v1/models", trust_env=False).json()["data"])
        assert "Palimpsest" in httpx.get(address, trust_env=False).text
        # in a thread of its own, since the browser tests' driver leaves a loop running in this one
        with ThreadPoolExecutor(1) as apart:
            tools, description, answer = apart.submit(anyio.run, talk, address).result()
    assert len(tools) == 3 and "memory" in description and re.search(r"\d", answer)


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
