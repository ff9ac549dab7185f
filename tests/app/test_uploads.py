"""Files on their way in: what a crash, a sender that leaves or a full disk leaves behind goes, and only that."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from app import portable
from app.errors import NoRoom
from app.uploads import UNLOCKED_SECONDS, own_folder
from app.words import Languages
from storage import DiskFull, Store, back_up, put_back
from tests.app.small_engine import SmallEngine, shelf
from tests.app.waiting import LONG, until

APP = """
import sys, pathlib
from app.uploads import own_folder
with own_folder(pathlib.Path(sys.argv[1])) as folder:
    (folder / "half.pdf").write_text("half of it")
    print(folder, flush=True)
    sys.stdin.readline()
"""

SERVER = """
import threading
import gradio as gr
from app.pages import uploading
from app.words import Languages
from bench.browser import free_port

ports = []
for kept_free in (2**20, -10**9):
    with gr.Blocks() as blocks:
        gr.File()
    watch = uploading.Middleware(uploading.Uploading, languages=Languages.load(), kept_free=kept_free)
    ports.append(free_port())
    blocks.launch(
        server_name="127.0.0.1", server_port=ports[-1], prevent_thread_lock=True, quiet=True, ssr_mode=False,
        app_kwargs={"middleware": [watch]},
    )
print(*ports, flush=True)
threading.Event().wait()
"""


def app(uploads: Path) -> tuple[subprocess.Popen, Path]:
    """An app in a process of its own that is in the middle of an upload, and its folder."""
    words = [sys.executable, "-c", APP, str(uploads)]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_what_a_killed_app_left_goes_at_the_next_start_and_what_a_running_one_uses_stays(tmp_path: Path):
    (dead, left), (running, used) = app(tmp_path), app(tmp_path)
    dead.kill()
    dead.communicate()
    assert (left / "half.pdf").exists()
    old, young = tmp_path / "0ld", tmp_path / "y0ung"  # as earlier versions left them: a folder for each file
    for folder in (old, young):
        folder.mkdir()
        (folder / "book.pdf").write_text("a book")
    long_ago = time.time() - UNLOCKED_SECONDS - 60
    os.utime(old, (long_ago, long_ago))
    with own_folder(tmp_path) as folder:
        there = {path.name for path in tmp_path.iterdir() if path.is_dir()}
        assert there == {used.name, young.name, folder.name}
        assert (used / "half.pdf").read_text() == "half of it"
    assert not folder.exists()
    running.communicate("\n", timeout=LONG)
    assert not used.exists(), "one that ends clears up itself"


def test_a_link_is_not_followed_when_left_overs_are_swept(tmp_path: Path):
    outside, uploads = tmp_path / "outside", tmp_path / "uploads"
    outside.mkdir()
    (outside / "mine.txt").write_text("mine")
    (outside / ".in-use").touch()
    uploads.mkdir()
    (uploads / "link").symlink_to(outside, target_is_directory=True)
    with own_folder(uploads) as folder:
        (folder / "link").symlink_to(outside, target_is_directory=True)
    assert (outside / "mine.txt").read_text() == "mine"


@contextmanager
def small(folder: Path) -> Iterator[Path]:
    """A file system of six megabytes in that folder."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)]
    if sys.platform != "linux" or os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("only root on Linux may mount a small file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with small(tmp_path / "disk") as folder:
        yield folder


@dataclass(frozen=True)
class Server:
    """Where files are sent to: `watched` sees in time that the disk is full, `unwatched` does not. They lie in `folder`."""

    watched: str
    unwatched: str
    folder: Path

    def files(self) -> list[str]:
        return [path.name for path in self.folder.rglob("*") if path.is_file()]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with small(tmp_path_factory.mktemp("uploads") / "disk") as folder:
        environment = {**os.environ, "GRADIO_TEMP_DIR": str(folder), "GRADIO_ANALYTICS_ENABLED": "False"}
        command = [sys.executable, "-W", "ignore", "-c", SERVER]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as process:
            try:
                assert process.stdout is not None
                watched, unwatched = process.stdout.readline().split()
                yield Server(*(f"http://127.0.0.1:{port}/gradio_api/upload" for port in (watched, unwatched)), folder)
            finally:
                process.kill()


@pytest.fixture
def server(running: Server) -> Server:
    for path in running.folder.iterdir():
        shutil.rmtree(path)
    return running


def fill(folder: Path, but: int) -> None:
    """Fills a file system all but so many bytes."""
    with (folder / "ballast").open("wb", buffering=0) as ballast:
        while shutil.disk_usage(folder).free > but:
            ballast.write(bytes(4096))


def pieces(n_bytes: int) -> Iterator[bytes]:
    """A form with a file, sent piece by piece, so that nobody knows how long it will be."""
    yield b'--edge\r\nContent-Disposition: form-data; name="files"; filename="book.txt"\r\n\r\n'
    for _ in range(n_bytes // 10_000):
        yield b"x" * 10_000
    yield b"\r\n--edge--\r\n"


FORM = {"Content-Type": "multipart/form-data; boundary=edge"}


def test_a_file_that_has_room_comes_in(server: Server):
    answer = httpx.post(server.watched, files={"files": ("book.txt", b"x" * 1_000_000)}, timeout=LONG)
    assert answer.status_code == 200 and server.files() == ["book.txt"]


@pytest.mark.parametrize(
    ("language", "said"), [("en", "it needs 10.0 MB, and 6."), ("nl", "er is 10,0 MB nodig en 6,")], ids=["en", "nl"]
)
def test_a_file_that_has_no_room_is_refused_at_once(server: Server, language: str, said: str):
    sent = {"files": ("book.txt", b"x" * 9_000_000)}
    answer = httpx.post(server.watched, files=sent, headers={"Accept-Language": language}, timeout=LONG)
    assert answer.status_code == 507 and said in answer.text
    assert server.files() == []


def test_a_file_of_unknown_length_is_refused_when_the_disk_is_full(server: Server):
    answer = httpx.post(server.watched, content=pieces(9_000_000), headers=FORM, timeout=LONG)
    assert answer.status_code == 507 and "too little room" in answer.text
    assert server.files() == []
    answer = httpx.post(server.watched, files={"files": ("small.txt", b"x")}, timeout=LONG)
    assert answer.status_code == 200, "and the next one comes in"


def test_a_disk_that_fills_in_between_is_named_all_the_same(server: Server):
    answer = httpx.post(server.unwatched, content=pieces(9_000_000), headers=FORM, timeout=LONG)
    assert answer.status_code == 507 and "too little room" in answer.text
    assert server.files() == []


def test_of_a_file_whose_sender_leaves_nothing_stays(server: Server):
    url = httpx.URL(server.watched)
    with socket.create_connection((url.host, url.port)) as connection:
        head = f"POST {url.path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\nContent-Type: {FORM['Content-Type']}\r\n\r\n"
        connection.sendall(head.encode() + b"".join(list(pieces(100_000))[:-1]))
        until(lambda: server.files())
    until(lambda: not server.files())


def test_a_full_disk_says_how_much_the_library_needs(small_disk: Path):
    words = Languages.load()
    text = ("It rained on the hill. " * 100_000).encode()
    with Store.open(small_disk / "library.db") as store:
        library = shelf(SmallEngine(), store)
        kept = library.add(b"# Dam\n\nThe dam is old.\n", "dam.md")
        fill(small_disk, but=1_500_000)
        with pytest.raises(DiskFull, match=r"about 5\.6 MB are needed, and \d\.\d MB are free") as raised:
            library.add(text, "rain.txt")
        assert "is ongeveer 5,6 MB nodig en " in words.words("nl").error(raised.value)
        assert [item.id for item in library.shelf()] == [kept.id]
        (small_disk / "ballast").unlink()
        assert library.add(text[:500_000], "rain.txt").title == "Rain"


def test_a_reading_on_a_full_disk_goes_on_once_there_is_room(small_disk: Path):
    with Store.open(small_disk / "library.db") as store:
        library = shelf(SmallEngine(), store)
        library.queue._retry_seconds = 0.05
        document_id = library.add(b"It rained on the hill. " * 200, "rain.txt").id
        library.queue.enqueue(document_id)
        fill(small_disk, but=0)
        library.queue.start()
        time.sleep(1.0)
        (small_disk / "ballast").unlink()
        if library.queue.wait(document_id, LONG).status == "failed":
            assert "The disk is full" in library.get(document_id).error
            library.queue.enqueue(document_id)
        assert library.queue.wait(document_id, LONG).status == "done" and library.queue.stop()
        assert library.get(document_id).whole


def test_an_export_on_a_full_disk_says_how_much_it_needs_and_leaves_nothing(store: Store, small_disk: Path):
    library = shelf(SmallEngine(slots=50_000), store)
    document_id = library.add(b"It rained on the hill. " * 3000, "rain.txt").id
    library.reader.read(document_id)
    there = small_disk / "there"
    there.write_text("what was there")
    fill(small_disk, but=200_000)
    before = sorted(path.name for path in small_disk.iterdir())
    with pytest.raises(NoRoom, match=r"it needs 0\.[5-9] MB, and 0\.2 MB are free") as raised:
        library.export_snapshot(document_id, there)
    assert "0,2 MB vrij" in Languages.load().words("nl").error(raised.value)
    with pytest.raises(NoRoom, match=r"it needs 0\.3 MB"):
        portable.write_text(there, "x" * 300_000)
    assert sorted(path.name for path in small_disk.iterdir()) == before and there.read_text() == "what was there"
    (small_disk / "ballast").unlink()
    library.export_snapshot(document_id, there)
    assert there.stat().st_size > 400_000


def test_a_copy_of_the_library_on_a_full_disk_says_how_much_it_needs_and_leaves_nothing(
    store: Store, small_disk: Path, tmp_path: Path
):
    shelf(SmallEngine(), store).add(b"It rained on the hill. " * 40_000, "rain.txt")
    needed = (store.path.stat().st_size + store.path.with_name("library.db-wal").stat().st_size + 2**20) / 1e6
    fill(small_disk, but=300_000)
    with pytest.raises(DiskFull, match=rf"about {needed:.1f} MB are needed, and 0\.3 MB are free.*copy\.db"):
        back_up(store.path, small_disk / "copy.db")
    assert [path.name for path in small_disk.iterdir()] == ["ballast"]
    back_up(store.path, tmp_path / "copy.db")
    with pytest.raises(DiskFull, match=r"0\.3 MB are free.*other\.db"):
        put_back(tmp_path / "copy.db", small_disk / "other.db")
    assert [path.name for path in small_disk.iterdir()] == ["ballast"]
    (small_disk / "ballast").unlink()
    back_up(store.path, small_disk / "copy.db")
    put_back(tmp_path / "copy.db", small_disk / "other.db")
    with Store.open(small_disk / "other.db") as other:
        assert other.documents.all() == store.documents.all()


def test_how_much_is_needed_is_said_in_both_languages():
    words = Languages.load()
    error = NoRoom(1_234_567_890, 5_000_000)
    assert "it needs 1,234.6 MB, and 5.0 MB are free" in words.english.error(error)
    assert "er is 1.234,6 MB nodig en 5,0 MB vrij" in words.words("nl").error(error)
