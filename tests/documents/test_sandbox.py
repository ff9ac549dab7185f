"""Files are opened and pages drawn in processes of their own: what would harm the app ends as a named error."""

from __future__ import annotations

import multiprocessing
import os
import socket
import subprocess
import sys
import threading
import time
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

import documents
from documents import Allowance, DocumentError, PictureUnreadable, ReaderCrashed, Sandbox, TooDemanding, sandbox
from tests.documents import hostile
from tests.documents.makers import locked_pdf, pdf, scanned_pdf
from tests.documents.test_reader import FILES

MEBIBYTE = 2**20
SMALL = Allowance(memory=48 * MEBIBYTE, seconds=30.0)
SHORT = Allowance(memory=512 * MEBIBYTE, seconds=1.5, seconds_per_mebibyte=0.0)
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", sorted(FILES))
def test_what_comes_back_is_what_the_reader_gives(name: str) -> None:
    data = FILES[name]()
    opened = Sandbox().open_file(data, name)
    assert opened.document == documents.read(data, name) and opened.name == name and not opened.scan
    assert opened.original == (data if opened.document.format == "pdf" else None)


def test_a_lock_is_taken_off_and_a_scan_is_taken_only_where_it_can_be_read() -> None:
    data, apart = pdf(["The keeper is Odda."]), Sandbox()
    locked = locked_pdf(data, "mellon")
    opened = apart.open_file(locked, "a.pdf", "mellon")
    assert opened.original != locked and "Odda" in documents.read(opened.original or b"", "a.pdf").text
    with pytest.raises(documents.NoText):
        apart.open_file(scanned_pdf(1), "a.pdf")
    assert apart.open_file(scanned_pdf(1), "a.pdf", scans=True).scan
    assert "a lamp" in apart.open_file(scanned_pdf(1), "a.pdf", scans=True, pictures={1: "a lamp"}).document.text


@pytest.mark.parametrize(
    ("data", "name", "password"),
    [(b"", "a.md", None), (b"PK\x03\x04", "a.docx", None), (locked_pdf(pdf(["a"]), "mellon"), "b.pdf", "melon")],
)
def test_a_named_error_comes_back_as_it_was_raised(data: bytes, name: str, password: str | None) -> None:
    with pytest.raises(DocumentError) as here:
        documents.open_file(data, name, password)
    with pytest.raises(DocumentError) as there:
        Sandbox().open_file(data, name, password)
    assert type(there.value) is type(here.value) and str(there.value) == str(here.value)


def test_a_page_is_drawn_as_in_this_process() -> None:
    data = pdf(["The keeper is Odda."])
    assert Sandbox().page_sheet(data, 1, ["Odda"]) == documents.page_sheet(data, 1, ["Odda"])
    assert (Sandbox().page_picture(data, 1) == documents.page_picture(data, 1)).all()
    with pytest.raises(PictureUnreadable):
        Sandbox().page_sheet(data, 2, [])


@pytest.mark.parametrize(
    ("data", "name"), [(hostile.form_in_itself(), "a.pdf"), (hostile.swelling_docx(32), "a.docx")], ids=["pdf", "docx"]
)
def test_a_small_file_that_takes_all_memory_is_named_and_the_next_one_opens(data: bytes, name: str) -> None:
    apart = Sandbox(a_file=SMALL)
    with pytest.raises((TooDemanding, ReaderCrashed, documents.DamagedFile), match=name):
        apart.open_file(data, name)
    assert apart.open_file(b"# Tides\n\nThe tide.", "b.md").document.title == "Tides"


def test_a_page_that_takes_all_memory_is_one_that_cannot_be_drawn() -> None:
    apart = Sandbox(a_page=Allowance(memory=48 * MEBIBYTE, seconds=4.0))
    for draw in (lambda data: apart.page_sheet(data, 1, []), lambda data: apart.page_picture(data, 1)):
        with pytest.raises(PictureUnreadable):
            draw(hostile.form_in_itself())
    assert apart.page_sheet(pdf(["The end."]), 1, []).png


def test_a_file_that_takes_too_long_is_given_up_while_this_process_goes_on() -> None:
    apart, beats, over = Sandbox(a_file=SHORT), [time.monotonic()], threading.Event()
    apart.open_file(b"# Tides\n\nThe tide.", "b.md")  # the process that others are forked from is there

    def beat() -> None:
        while not over.wait(0.01):
            beats.append(time.monotonic())

    heart = threading.Thread(target=beat)
    heart.start()
    begun = time.monotonic()
    with pytest.raises(TooDemanding, match="2 seconds"):
        apart.open_file(hostile.deep_html(60_000), "a.html")
    taken = time.monotonic() - begun
    over.set()
    heart.join()
    pauses = [after - before for before, after in pairwise(beats)]
    assert max(pauses) < taken / 2, "nothing here stood still meanwhile"


def test_more_at_a_time_than_there_may_be_wait_for_one_another() -> None:
    apart, found = Sandbox(files=1), []
    threads = [
        threading.Thread(target=lambda n=n: found.append(apart.open_file(b"# Tide %d\n\na" % n, "a.md").document.title))
        for n in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [f"Tide {n}" for n in range(6)]


def connect() -> None:
    socket.create_connection(("127.0.0.1", 9), timeout=1.0)


def look_up() -> None:
    socket.getaddrinfo("localhost", 80)


def start_program() -> None:
    subprocess.run([sys.executable, "-c", ""], check=True)


def fork() -> None:
    os._exit(0) if os.fork() == 0 else os.wait()


def write_file() -> None:
    (Path.cwd() / "left behind").write_text("a")


ATTEMPTS = (connect, look_up, start_program, fork, write_file)


def confined(pipe: Connection) -> None:
    sandbox._confine(512 * MEBIBYTE, 30.0)
    for attempt in ATTEMPTS:
        try:
            attempt()
            pipe.send("done")
        except PermissionError as error:
            pipe.send(str(error))


def test_what_reads_a_file_reaches_nothing_but_its_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=confined, args=(theirs,))
    process.start()
    for attempt in ATTEMPTS:
        assert ours.poll(60.0)
        assert ours.recv().startswith("a reader of documents may not do that"), attempt.__name__
    process.join()
    assert not list(tmp_path.iterdir())


def test_processes_end_with_the_app() -> None:
    """A child of an app that was killed ends by itself: its share of the processor is limited, whoever is there to end it."""
    code = (
        "import os, signal, threading, time\nfrom documents import Allowance, Sandbox\nfrom tests.documents import hostile\n"
        "if __name__ == '__main__':\n"
        "    apart = Sandbox(a_file=Allowance(seconds=1.0, seconds_per_mebibyte=0.0))\n"
        "    apart.open_file(b'# a', 'a.md')\n"
        "    threading.Thread(target=apart.open_file, args=(hostile.deep_html(200_000), 'a.html'), daemon=True).start()\n"
        "    time.sleep(1.0)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    held, ends = os.pipe()
    app = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, pass_fds=[ends], stdout=ends, stderr=ends)
    os.close(ends)
    app.wait(60)
    begun = time.monotonic()
    while os.read(held, 1000):  # ends when the last process that has the other end is gone
        assert time.monotonic() - begun < 60
    os.close(held)
