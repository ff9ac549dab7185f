"""The terminal: each command prints for people, or one JSON object for programs. Notices go to stderr."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.errors import ReadingStopped
from app.exact import recognise
from app.library import Library, named_errors
from app.shelf import Shelf
from app.views import Origin, ReadProgress, ReadReport, ShelfItem, TextAnswer

if TYPE_CHECKING:
    from app.library import Answer

REPORTED = ("id", "title", "tokens", "seconds", "tokens_per_second", "state_bytes", "state_sha256")


@dataclass(frozen=True)
class Output:
    """Where a command's words go: text for people on stdout unless `json`, then only the one object."""

    json: bool

    def text(self, text: str, end: str = "\n") -> None:
        """For people; silent with --json."""
        if not self.json:
            print(text, end=end, flush=True)

    def note(self, text: str, end: str = "\n") -> None:
        """What happens meanwhile, and errors."""
        print(text, end=end, file=sys.stderr, flush=True)

    def result(self, value: dict[str, Any]) -> None:
        """The object for programs, on a line of its own; silent without --json."""
        if self.json:
            print(json.dumps(value), flush=True)


def error_line(error: BaseException) -> str:
    """An error as the terminal shows it."""
    return f"{type(error).__name__}: {error}"


def read_files(library: Library, files: list[Path], password: str | None, out: Output) -> int:
    """Adds and reads each file. One that fails is named, the others are read all the same; then the exit code is 1."""
    reports, errors = [], []
    with stop_on_interrupt() as stopped:
        for file in files:
            if stopped():
                break
            try:
                report = _read_file(library, file, password, stopped, out)
                reports.append({name: getattr(report, name) for name in REPORTED})
            except named_errors() as error:
                out.note(f"{error_line(error)}" if file.name in str(error) else f"{error_line(error)} ({file})")
                errors.append({"file": str(file), "error": type(error).__name__, "message": str(error)})
    out.result({"documents": reports, "errors": errors})
    return 1 if errors or stopped() else 0


def _read_file(
    library: Library, file: Path, password: str | None, stopped: Callable[[], bool], out: Output
) -> ReadReport:
    item = library.add_file(file, password)
    for warning in item.warnings:
        out.note(f"{item.title}: {warning}")
    report = library.read(item.id, on_progress=ProgressLine(item.title, out), should_stop=stopped)
    if not report.complete:
        raise ReadingStopped(report.title, 100 * report.read_tokens // report.tokens)
    out.text(
        f"{report.id}  {report.title}: {report.tokens:,} tokens in {duration(report.seconds)} "
        f"({report.tokens_per_second:,.0f} a second), memory {size(report.state_bytes)}"
    )
    return report


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
            out.note(f"Only pages 1 to {item.read_pages} of {item.pages} are read; the answer comes from those.")
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
            "grounded": True,
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
        )
        answer = _spoken(pieces, out)
    if answer is None:
        return 1
    out.result({"summary": answer.text, "grounding": answer.grounding, "seconds": answer.seconds})
    return 0


def shelf(documents: Shelf, sections: bool, out: Output) -> int:
    """Lists the documents."""
    items = documents.shelf()
    for item in items:
        out.text(f"{item.id}  {_state(item):<14}  {item.pages:>5} pages  {item.title}")
        for section in item.sections if sections else ():
            out.text(f"{section.number:>6}  {'  ' * (section.level - 1)}{section.title} (page {section.page})")
    if not items:
        out.text("The shelf is empty. Put a book on it: launch.py read FILE")
    out.result({"documents": [asdict(item) for item in items]})
    return 0


def export_snapshot(documents: Shelf, document_id: str, file: Path, out: Output) -> int:
    """Writes a document and its memory to one file."""
    item = documents.get(documents.resolve(document_id))
    documents.export_snapshot(item.id, file)
    n_bytes = file.stat().st_size
    out.text(f"{item.title} is in {file} ({size(n_bytes)}).")
    out.result({"id": item.id, "file": str(file), "bytes": n_bytes})
    return 0


def import_snapshot(documents: Shelf, file: Path, out: Output) -> int:
    """Takes such a file in."""
    item = documents.import_snapshot(file)
    out.text(f"{item.id}  {item.title} is on the shelf, read to page {item.read_pages} of {item.pages}.")
    out.result({"document": asdict(item)})
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


def duration(seconds: float) -> str:
    """A stretch of time in words: '8 s', '3 min', '2 h 5 min'."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def size(n_bytes: int) -> str:
    """A number of bytes in words."""
    return f"{n_bytes / 2**20:.1f} MB" if n_bytes >= 2**20 else f"{max(1, round(n_bytes / 2**10))} KB"


def _spoken(pieces: Iterator[str | Answer | TextAnswer], out: Output) -> Answer | TextAnswer | None:
    answer = None
    for piece in pieces:
        if isinstance(piece, str):
            out.text(piece, end="")
        else:
            answer = piece
    out.text("")
    return answer


def _state(item: ShelfItem) -> str:
    if item.status in ("reading", "cancelled") and item.tokens:
        return f"{item.status} {100 * item.read_tokens // item.tokens}%"
    return item.status
