"""The terminal: each command prints for people, or one JSON object for programs. Notices go to stderr."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.errors import PicturesStopped, ReadingStopped
from app.exact import recognise
from app.library import Library, named_errors
from app.terminal import Output, duration, error_line, size
from app.views import Origin, ReadProgress, ReadReport, ShelfItem, TextAnswer

if TYPE_CHECKING:
    from app.library import Answer

REPORTED = ("id", "title", "tokens", "seconds", "tokens_per_second", "state_bytes", "state_sha256")


def read_files(library: Library, files: list[Path], password: str | None, out: Output, *, ocr: bool = False) -> int:
    """Adds and reads each file, with `ocr` pages without text off their pictures first. One that fails is named, the others are read
    all the same; then the exit code is 1."""
    reports, errors = [], []
    with stop_on_interrupt() as stopped:
        for file in files:
            if stopped():
                break
            try:
                report = _read_file(library, file, password, stopped, out, ocr)
                reports.append({name: getattr(report, name) for name in REPORTED})
            except named_errors() as error:
                out.note(f"{error_line(error)}" if file.name in str(error) else f"{error_line(error)} ({file})")
                errors.append({"file": str(file), "error": type(error).__name__, "message": str(error)})
    out.result({"documents": reports, "errors": errors})
    return 1 if errors or stopped() else 0


def _read_file(
    library: Library, file: Path, password: str | None, stopped: Callable[[], bool], out: Output, ocr: bool
) -> ReadReport:
    item = library.add_file(file, password)
    _told_notes(library, item, out)
    if ocr or item.scan:
        _read_pictures(library, item, stopped, out)
    report = library.read(item.id, on_progress=ProgressLine(item.title, out), should_stop=stopped)
    if not report.complete:
        raise ReadingStopped(report.title, 100 * report.read_tokens // report.tokens)
    out.text(
        f"{report.id}  {report.title}: {report.tokens:,} tokens in {duration(report.seconds)} "
        f"({report.tokens_per_second:,.0f} a second), memory {size(report.state_bytes)}"
    )
    return report


def _read_pictures(library: Library, item: ShelfItem, stopped: Callable[[], bool], out: Output) -> None:
    def tell(done: int, total: int) -> None:
        if done < total:
            out.note(f"{item.title}: reading the picture of page {done + 1} of {total}")

    if not library.read_pictures(item.id, on_picture=tell, should_stop=stopped):
        raise PicturesStopped(item.title, library.get(item.id).pictures)
    _told_notes(library, library.get(item.id), out)


def _told_notes(library: Library, item: ShelfItem, out: Output) -> None:
    for key, values in item.notes:
        out.note(f"{item.title}: {library.languages.english.note(key, values)}")


def ask(
    library: Library,
    document_id: str,
    question: str,
    options: dict[str, Any],
    out: Output,
    page: int | None = None,
    *,
    where: bool = False,
) -> int:
    """Streams the answer, as of the end of `page` where one is given; with `where` says which pages it was learned from."""
    item = library.get(library.resolve(document_id))
    with stop_on_interrupt() as stopped:
        pieces = library.ask(
            item.id,
            question,
            options=library.options(**options),
            should_stop=stopped,
            page=page,
            on_progress=ProgressLine(item.title, out),
        )
        if page is None and not item.whole and recognise(question) is None:
            out.note(f"Only {item.unit}s 1 to {item.read_pages} of {item.pages} are read; the answer comes from those.")
        answer = _spoken(pieces, out)
        found = None
        if where and answer is not None and not isinstance(answer, TextAnswer) and answer.text:
            search = library.where(item.id, question, answer.text, page=page, should_stop=stopped)
            found = next((piece for piece in search if isinstance(piece, Origin)), None)
    if answer is None:
        return 1
    if isinstance(answer, TextAnswer):
        return _told_places(answer, out)
    if not answer.grounded and not answer.stopped:
        out.text("(The document does not seem to say.)")
    if found is not None:
        _told_origin(found, out)
    out.result(
        {
            "answer": answer.text,
            "grounding": answer.grounding,
            "grounded": answer.grounded,
            "seconds": answer.seconds,
            "first_token_seconds": answer.first_token_seconds,
            **({"origin": asdict(found)} if found else {}),
        }
    )
    return 0


def ask_several(library: Library, question: str, among: Sequence[str] | None, out: Output) -> int:
    """Asks the whole shelf, or the documents with the ids `among`, and prints every answer with its book, the best first."""
    ids = None if among is None else [library.resolve(given) for given in among]
    with stop_on_interrupt() as stopped:
        found = library.ask_several(question, ids, should_stop=stopped)
    for one in found.told:
        out.text(f"{one.title}: {one.answer}" + ("" if one.grounded else " (The document does not seem to say.)"))
    if found.left_out:
        out.note(f"Not read yet, so not asked: {', '.join(found.left_out)}.")
    out.result(
        {
            "answer": found.text,
            "answers": [asdict(one) for one in found.told],
            "left_out": list(found.left_out),
            "seconds": found.seconds,
        }
    )
    return 0


def _told_origin(found: Origin, out: Output) -> None:
    pages = f"page {found.first_page}" + (f" to {found.last_page}" if found.last_page > found.first_page else "")
    section = f", “{found.section}”" if found.section else ""
    if found.rise <= 0:
        out.text("(No stretch of the document made this answer likelier.)")
        return
    out.text(f"(Learned on {pages}{section}. Read again, that passage gives: {found.again})")
    out.text(f"  …{' '.join(found.passage.split())}…")


def _told_places(answer: TextAnswer, out: Output) -> int:
    for place in answer.places:
        out.text(f"  page {place.page:>5}  …{place.before}[{place.words}]{place.after}…")
    out.text("(Looked up in the text itself, word for word, not recalled.)")
    out.result(
        {
            "answer": answer.text,
            "grounding": None,
            "grounded": answer.grounded,
            "seconds": answer.seconds,
            "first_token_seconds": answer.seconds,
            "total": answer.total,
            "places": [asdict(place) for place in answer.places],
        }
    )
    return 0


def summarize(
    library: Library,
    document_id: str,
    section: int | None,
    options: dict[str, Any],
    out: Output,
    page: int | None = None,
    sentences: int | None = None,
) -> int:
    """Streams the summary of a document, as of the end of `page` where one is given, or of one section."""
    item = library.get(library.resolve(document_id))
    with stop_on_interrupt() as stopped:
        pieces = library.summarize(
            item.id,
            section=section,
            options=library.options(**options),
            should_stop=stopped,
            on_progress=ProgressLine(item.title, out),
            page=page,
            sentences=sentences,
        )
        answer = _spoken(pieces, out)
    if answer is None:
        return 1
    out.result({"summary": answer.text, "grounding": answer.grounding, "seconds": answer.seconds})
    return 0


class ProgressLine:
    """Tells on stderr how a reading goes: in place on a terminal, else a line now and then."""

    def __init__(self, title: str, out: Output) -> None:
        self._title = title
        self._out = out
        self._in_place = sys.stderr.isatty()
        self._every = 0.5 if self._in_place else 15.0
        self._told = time.monotonic()

    def __call__(self, progress: ReadProgress) -> None:
        last = progress.n_tokens >= progress.total_tokens
        if time.monotonic() - self._told < self._every and not (last and self._in_place):
            return
        self._told = time.monotonic()
        percent = 100 * progress.n_tokens // progress.total_tokens
        line = (
            f"{self._title}: {percent}%, page {progress.page} of {progress.pages}, "
            f"{progress.tokens_per_second:,.0f} tokens a second, {duration(progress.eta_seconds)} left"
        )
        if self._in_place:
            self._out.note(f"\r\x1b[K{line}", end="\n" if last else "")
        else:
            self._out.note(line)


@contextmanager
def stop_on_interrupt() -> Iterator[Callable[[], bool]]:
    """Inside, the first Ctrl-C only makes the yielded function True, so that work can be saved; a second one ends."""
    stopped = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopped.is_set
        return

    def interrupted(number: int, frame: object) -> None:
        if stopped.is_set():
            raise KeyboardInterrupt
        stopped.set()

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        yield stopped.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def _spoken(pieces: Iterator[str | Answer | TextAnswer], out: Output) -> Answer | TextAnswer | None:
    answer = None
    for piece in pieces:
        if isinstance(piece, str):
            out.text(piece, end="")
        else:
            answer = piece
    out.text("")
    return answer
