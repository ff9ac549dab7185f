"""Scans on the shelf: read off page by page in the queue, kept page by page, and then read like any other document."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

import documents
from app import cli
from app.errors import OcrMissing
from app.handlers import Handlers
from app.library import HOW_TO_READ_PICTURES, Library
from app.markup import document as markup
from app.reading import ReadingQueue, SavePolicy
from app.terminal import Output
from documents import NoText, PictureUnreadable
from documents.ocr import available, picture_reader
from storage import Store
from tests.app.conftest import QUICK
from tests.app.small_engine import SmallEngine, said, shelf, state_of
from tests.app.waiting import LONG
from tests.documents import makers
from tests.documents.test_pdf import PROSE

SCAN = makers.pictured_pdf(PROSE[:4])
MIXED = makers.pictured_pdf(PROSE[:5], {1: PROSE[0] * 4, 3: PROSE[2] * 4, 5: PROSE[4] * 4})
ENGLISH = SimpleNamespace(
    headers={"accept-language": "en"}, session_hash=""
)  # what a page's handler looks at of a request
POLICY = SavePolicy(seconds=3600.0, groups=3)


class Reads:
    """Knows the pictures of these files and nothing else, as a text recognition that never errs; what it can't read is `bad`."""

    def __init__(self, bad: str = "") -> None:
        self._known = {
            documents.page_picture(data, number).tobytes(): text
            for data, pages in ((SCAN, PROSE[:4]), (MIXED, PROSE))
            for number, text in enumerate(pages, 1)
        }
        self.bad = bad
        self.seen: list[str] = []
        self.before = lambda: None

    def __call__(self, image) -> str:
        text = self._known[image.tobytes()]
        self.before()
        self.seen.append(text)
        if text == self.bad:
            raise PictureUnreadable("it is upside down")
        return text


@pytest.fixture
def reads() -> Reads:
    return Reads()


@pytest.fixture
def library(engine: SmallEngine, store: Store, reads: Reads) -> Library:
    return shelf(engine, store, POLICY, read_picture=reads, lease=QUICK)


@pytest.fixture
def queue(library: Library):
    queue = library.queue
    queue._retry_seconds = 0.02
    yield queue
    assert queue.stop()


def finished(queue: ReadingQueue, document_id: str):
    job = queue.wait(document_id, LONG)
    assert job is not None
    return job


class Pause:
    """Holds the reader before its n-th picture until it may go on."""

    def __init__(self, reads: Reads, picture: int) -> None:
        self._left, self._reached, self.open = picture, threading.Event(), threading.Event()
        reads.before = self._before

    def _before(self) -> None:
        self._left -= 1
        if self._left == 0:
            self._reached.set()
            assert self.open.wait(LONG)

    def reached(self) -> None:
        assert self._reached.wait(LONG)


def test_a_scan_is_read_off_and_read_by_the_queue(library: Library, queue: ReadingQueue, store: Store, engine):
    item = library.add(SCAN, "keeper log.pdf")
    assert (item.title, item.pages, item.status, item.pictures, item.scan) == ("Keeper log", 4, "new", 4, True)
    assert item.notes == (("all_pages_empty", {"all": 4}),)
    queue.enqueue(item.id)
    queue.start()
    assert finished(queue, item.id).status == "done"
    now = library.get(item.id)
    assert (now.status, now.pictures, now.scan, now.missing_pages) == ("read", 0, False, ())
    assert now.notes == (("pages_read_off", {"n": 4, "pages": "1–4"}),)
    pages = store.documents.pages(item.id)
    assert [page.split("\n")[0] for page in pages] == [text.split("\n")[0] for text in PROSE[:4]]
    assert said(library.answering.ask(item.id, "Who?")).endswith(state_of("".join(pages)))
    assert [place.page for place in said_places(library, item.id, "How many times is oil mentioned?")] == [3]
    assert store.pictures.original(item.id) is not None, "its pages can still be looked at"
    assert library.add(SCAN, "keeper log.pdf").pictures == 0, "the same file again has nothing left to be read off"


def said_places(library: Library, document_id: str, question: str):
    *_, answer = library.answering.ask(document_id, question)
    return answer.places


def test_some_pages_are_read_off_when_asked_for_and_the_memory_is_made_anew(
    library: Library, queue: ReadingQueue, store: Store, reads: Reads
):
    item = library.add(MIXED, "mixed.pdf")
    assert (item.missing_pages, item.pictures, item.scan) == ((2, 4), 2, False)
    queue.enqueue(item.id)
    queue.start()
    assert finished(queue, item.id).status == "done" and reads.seen == []
    before = "".join(store.documents.pages(item.id))
    assert said(library.answering.ask(item.id, "Who?", page=3)).endswith(state_of(before[: before.index("When the")]))
    library.describe(item.id, title="My own title")
    queue.read_pictures(item.id)
    assert finished(queue, item.id).status == "done" and reads.seen == [PROSE[1], PROSE[3]]
    pages, now = store.documents.pages(item.id), library.get(item.id)
    assert (now.title, now.status, now.tokens, now.missing_pages) == ("My own title", "read", len("".join(pages)), ())
    assert "The glass held." in pages[1] and "too short" in pages[3]
    assert now.sections[-1].characters + sum(s.characters for s in now.sections[:-1]) == len("".join(pages))
    assert said(library.answering.ask(item.id, "Who?")).endswith(state_of("".join(pages)))
    assert said(library.answering.ask(item.id, "Who?", page=3)).endswith(state_of("".join(pages[:3])))


def test_the_progress_counts_pages(library: Library, queue: ReadingQueue, reads: Reads):
    item = library.add(SCAN, "scan.pdf")
    pause = Pause(reads, 3)
    queue.enqueue(item.id)
    queue.start()
    pause.reached()
    (job,) = queue.active()
    assert (job.looking, job.ocr, job.pictures, job.of_pictures) == (True, True, 2, 4)
    card = markup.reading(library.languages.words("en"), library.get(item.id), job)
    assert "Reading the pictures: 2 of 4 pages done" in card and 'aria-valuenow="50"' in card
    pause.open.set()
    assert not finished(queue, item.id).looking


def test_a_cancelled_one_goes_on_with_the_page_it_had_come_to(library: Library, queue: ReadingQueue, reads: Reads):
    item = library.add(SCAN, "scan.pdf")
    pause = Pause(reads, 2)
    queue.enqueue(item.id)
    queue.start()
    pause.reached()
    assert queue.cancel(item.id)
    pause.open.set()
    assert finished(queue, item.id).status == "cancelled"
    assert library.get(item.id).pictures == 2 and len(reads.seen) == 2
    queue.enqueue(item.id)
    assert finished(queue, item.id).status == "done"
    assert reads.seen == list(PROSE[:4]), "no picture was read twice"


def test_what_a_dead_process_had_read_off_is_not_read_again(
    library: Library, queue: ReadingQueue, store: Store, reads: Reads
):
    item = library.add(SCAN, "scan.pdf")
    queue.enqueue(item.id)
    job = store.jobs.claim("dead")

    def die() -> None:
        if len(reads.seen) == 3:
            raise KeyboardInterrupt

    reads.before = die
    with pytest.raises(KeyboardInterrupt):
        library.pictures.read(item.id, job=job)
    assert store.jobs.latest(item.id).status == "reading" and len(store.pictures.texts(item.id)) == 3
    reads.before = lambda: None
    queue.start()
    done = finished(queue, item.id)
    assert (done.status, done.pictures, done.of_pictures) == ("done", 4, 4)
    assert reads.seen == list(PROSE[:4])


def test_a_death_between_the_last_page_and_the_text_is_made_good(library: Library, store: Store, reads: Reads):
    item = library.add(MIXED, "mixed.pdf")
    for number in (2, 4):
        store.pictures.put(item.id, number, PROSE[number - 1])
    assert library.get(item.id).pictures == 1
    assert library.pictures.read(item.id) and reads.seen == []
    assert "The glass held." in store.documents.pages(item.id)[1] and library.get(item.id).pictures == 0


def test_one_bad_page_does_not_stop_the_rest(library: Library, queue: ReadingQueue, store: Store, reads: Reads):
    reads.bad = PROSE[1]
    item = library.add(SCAN, "scan.pdf")
    queue.enqueue(item.id)
    queue.start()
    assert finished(queue, item.id).status == "done"
    now = library.get(item.id)
    assert (now.status, now.missing_pages, now.pictures, now.scan) == ("read", (2,), 1, False)
    assert now.notes == (
        ("pages_empty", {"n": 1, "all": 4, "pages": "2"}),
        ("pages_read_off", {"n": 3, "pages": "1, 3–4"}),
    )
    reads.bad = ""
    queue.read_pictures(item.id)
    assert finished(queue, item.id).status == "done"
    assert "The glass held." in store.documents.pages(item.id)[1] and library.get(item.id).missing_pages == ()


def test_one_that_is_being_read_steps_aside_for_its_pictures(
    library: Library, queue: ReadingQueue, engine: SmallEngine, reads: Reads, store: Store
):
    item = library.add(MIXED, "mixed.pdf")
    reached, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        reached.set()
        assert go_on.wait(LONG)

    engine.before_group = hold
    job_id = queue.enqueue(item.id)
    queue.start()
    assert reached.wait(LONG)
    assert queue.read_pictures(item.id) == job_id
    go_on.set()
    assert finished(queue, item.id).status == "done"
    text = "".join(store.documents.pages(item.id))
    assert library.get(item.id).tokens == len(text) and len(reads.seen) == 2
    assert engine.tokens_read < len(text) + 50, "the old text was not read to its end"


def test_a_document_that_is_removed_meanwhile_leaves_no_error(library: Library, queue: ReadingQueue, reads: Reads):
    item = library.add(SCAN, "scan.pdf")
    pause = Pause(reads, 2)
    queue.enqueue(item.id)
    queue.start()
    pause.reached()
    library.remove(item.id)
    pause.open.set()
    assert finished(queue, item.id).status == "cancelled"
    other = library.add(MIXED, "mixed.pdf")
    queue.enqueue(other.id)
    assert finished(queue, other.id).status == "done"
    assert library.restore(item.id).pictures == 3


def test_a_locked_scan_is_read_off_without_asking_for_its_password_again(library: Library, store: Store):
    item = library.add(makers.locked_pdf(SCAN, "oil"), "scan.pdf", "oil")
    assert library.pictures.read(item.id)
    assert "brought oil" in store.documents.pages(item.id)[2]


def test_without_the_packages_it_says_how_to_get_them(engine: SmallEngine, store: Store):
    library = shelf(engine, store, POLICY)
    with pytest.raises(NoText, match=r"requirements-ocr\.txt"):
        library.add(SCAN, "scan.pdf")
    item = library.add(MIXED, "mixed.pdf")
    assert not library.pictures.available and item.pictures == 2
    assert item.notes == (("pages_empty", {"n": 2, "all": 5, "pages": "2, 4"}), HOW_TO_READ_PICTURES)
    assert library.shelf() == [item]
    with pytest.raises(OcrMissing, match=r"requirements-ocr\.txt"):
        library.pictures.read(item.id)


@pytest.mark.skipif(not available(), reason="reading pictures needs requirements-ocr.txt")
def test_a_real_scan_with_a_real_reader(engine: SmallEngine, store: Store):
    library = shelf(engine, store, POLICY, read_picture=picture_reader(threads=1))
    queue = library.queue
    item = library.add(makers.pictured_pdf(PROSE[:1]), "scan.pdf")
    queue.enqueue(item.id)
    queue.start()
    assert finished(queue, item.id).status == "done" and queue.stop()
    assert store.documents.pages(item.id) == [PROSE[0] + "\n\n"]


def test_the_page_offers_it_until_it_is_asked_for(library: Library, queue: ReadingQueue, engine, store: Store):
    handlers = Handlers(library)
    item = library.add(MIXED, "mixed.pdf")
    offered = handlers.reopen(item.id, ENGLISH).pictures
    assert (offered.value, offered.visible) == ("Read the pictures of 2 pages", True)
    assert not handlers.pictures(item.id, ENGLISH).pictures.visible
    assert [(job.document_id, job.ocr) for job in queue.active()] == [(item.id, True)]
    others = library.add(b"# Tides", "tides.md"), library.add(SCAN, "scan.pdf")
    assert not any(handlers.reopen(other.id, ENGLISH).pictures.visible for other in others), "a scan needs no asking"
    without = shelf(engine, store, POLICY)
    assert not Handlers(without).reopen(item.id, ENGLISH).pictures.visible


def test_all_that_it_says_is_said_in_dutch_too(library: Library, reads: Reads):
    reads.bad = PROSE[1]
    items = [library.add(SCAN, "scan.pdf"), library.add(MIXED, "mixed.pdf")]
    said = [one for item in items for one in item.notes] + [HOW_TO_READ_PICTURES]
    for item in items:
        assert library.pictures.read(item.id)
        said += library.get(item.id).notes
    dutch = library.languages.words("nl")
    assert len(said) == 7
    assert [one for one in said if re.search(r"\b(?:pages?|pictures?|the)\b", dutch.note(*one))] == []


def test_the_terminal_reads_pictures_when_told_to(library: Library, store: Store, tmp_path: Path, capsys):
    for name, data in (("scan.pdf", SCAN), ("mixed.pdf", MIXED)):
        (tmp_path / name).write_bytes(data)
    files = [tmp_path / "scan.pdf", tmp_path / "mixed.pdf"]
    assert cli.read_files(library, files, None, Output(json=True)) == 0
    heard = capsys.readouterr()
    assert (
        "Scan: reading the picture of page 4 of 4" in heard.err
        and ": reading the picture of page 1 of 2" not in heard.err
    )
    assert cli.read_files(library, files[1:], None, Output(json=True), ocr=True) == 0
    assert ": reading the picture of page 2 of 2" in capsys.readouterr().err
    assert all(item.whole and item.missing_pages == () for item in library.shelf())


def test_the_terminal_says_how_to_go_on(library: Library, tmp_path: Path, reads: Reads, capsys):
    import signal

    (tmp_path / "scan.pdf").write_bytes(SCAN)
    reads.before = lambda: signal.raise_signal(signal.SIGINT) if len(reads.seen) == 1 else None
    assert cli.read_files(library, [tmp_path / "scan.pdf"], None, Output(json=False)) == 1
    assert "PicturesStopped: 'Scan' has 2 more pages" in capsys.readouterr().err
