"""The terminal: each command prints for people, or one JSON object for programs. Notices go to stderr."""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app import doctor as checkup
from app import portable
from app.answering.conversations import as_json, as_markdown
from app.answering.summary import WORDS
from app.answering.text_search import recognise
from app.errors import HistoryUnreadable, PicturesStopped, ReadingStopped, named_errors
from app.library import Library, preview, shrink, tidy
from app.rows import ENTRY_DAMAGED
from app.terminal import Output, duration, error_line, size
from app.views import ModelAnswer, ReadProgress, ReadReport, Recalled, ShelfItem, TextAnswer, answer_object
from app.words import Languages, Words

REPORTED = ("id", "title", "tokens", "seconds", "tokens_per_second", "state_bytes", "state_sha256")


def read_files(
    library: Library, files: list[Path], password: str | None, out: Output, *, ocr: bool = False, again: bool = False
) -> int:
    """Adds and reads each file, with `ocr` pages without text off their pictures first, with `again` even if it is read. One that fails is
    named, the others are read all the same; then the exit code is 1."""
    reports, errors = [], []
    with stop_on_interrupt() as stopped:
        for file in files:
            if stopped():
                break
            try:
                item = library.add_file(file, password)
                _told_notes(library, item, out)
                reports.append(_reported(_read(library, item, stopped, out, ocr=ocr or item.scan, again=again)))
            except named_errors() as error:
                out.note(f"{error_line(error)}" if file.name in str(error) else f"{error_line(error)} ({file})")
                errors.append({"file": str(file), "error": type(error).__name__, "message": str(error)})
    out.result({"documents": reports, "errors": errors})
    return 1 if errors or stopped() else 0


def _about(library: Library, item: ShelfItem) -> Words:
    return library.languages.english.about(item.unit, item.page_labels)


def _at(words: Words, page: int) -> str:
    """A page in a column: "page    12"; with its place in the document, which `--page` counts, where another number is printed on it."""
    label = words.label(page)
    return f"{words.unit} {label:>5}" + (f" ({page})" if label != str(page) else "")


def _reported(report: ReadReport) -> dict[str, Any]:
    return {name: getattr(report, name) for name in REPORTED}


def _read(
    library: Library,
    item: ShelfItem,
    stopped: Callable[[], bool],
    out: Output,
    *,
    ocr: bool = False,
    again: bool = False,
) -> ReadReport:
    def tell(done: int, total: int) -> None:
        if done < total:
            out.note(f"{item.title}: reading the picture of page {done + 1} of {total}")
        elif ocr:
            _told_notes(library, library.get(item.id), out)

    line = ProgressLine(item.title, out)
    report = library.queue.read_now(
        item.id, ocr=ocr, again=again, on_picture=tell, on_progress=line, should_stop=stopped
    )
    job = library.job(item.id)
    if job and job.status == "cancelled" and job.pictures < (job.of_pictures or 0):
        raise PicturesStopped(item.title, library.get(item.id).pictures)
    if not report.complete:
        raise ReadingStopped(report.title, 100 * report.read_tokens // max(1, report.tokens))
    out.text(
        f"{report.id}  {report.title}: {report.tokens:,} tokens in {duration(report.seconds)} "
        f"({report.tokens_per_second:,.0f} a second), memory {size(report.state_bytes)}"
    )
    return report


def _told_notes(library: Library, item: ShelfItem, out: Output) -> None:
    for key, values in item.notes:
        out.note(f"{item.title}: {library.languages.english.note(key, values)}")


def read_again(library: Library, out: Output) -> int:
    """Reads again every document that an older memory or another model has read, and those whose memory is damaged."""
    stale = [item for item in library.shelf() if item.status in ("stale", "damaged")]
    reports, errors = [], []
    with stop_on_interrupt() as stopped:
        for item in stale:
            if stopped():
                break
            try:
                reports.append(_reported(_read(library, item, stopped, out)))
            except named_errors() as error:
                out.note(error_line(error))
                errors.append({"id": item.id, "error": type(error).__name__, "message": str(error)})
    if not stale:
        out.text("Nothing on the shelf needs reading again.")
    out.result({"documents": reports, "errors": errors})
    return 1 if errors or stopped() else 0


def ask(library: Library, given: Namespace, out: Output) -> int:
    """Streams the answer of the memory and then that of the page; as of the end of `given.page` where one is given.

    Raises HistoryUnreadable.
    """
    item, history = library.get(library.resolve(given.id)), talk_from(given.history) if given.history else []
    with stop_on_interrupt() as stopped:
        pieces = library.answering.ask(
            item.id,
            given.question,
            history=history,
            options=_options(library, given),
            source=given.source,
            page=given.page,
            should_stop=stopped,
        )
        if given.page is None and not item.whole and recognise(given.question) is None:
            read = _about(library, item).pages_of(1, item.read_pages, item.pages)
            out.note(f"Read so far: {read}; the answer comes from that.")
        answer = _spoken(pieces, out)
    words = _about(library, item)
    if isinstance(answer, TextAnswer):
        for place in answer.places:
            out.text(f"  {_at(words, place.page)}  …{place.before}[{place.words}]{place.after}…")
        out.text("(Looked up in the text itself, word for word, not recalled.)")
    else:
        if answer.declined:
            out.text(words("talk.declined"))
        for one in answer.evidence:
            out.text(f"  {_at(words, one.page)}  “{one.quote}”")
        if not answer.summary:
            out.text(f"({words.confidence(answer.confidence)}, {round(100 * answer.confidence)}%)")
    out.result(answer_object(answer, words))
    return 0


def ask_all(library: Library, question: str, among: Sequence[str] | None, out: Output) -> int:
    """Asks the whole shelf, or the documents with the ids `among`, and prints every answer with its book, the best first."""
    ids = None if among is None else {library.resolve(given) for given in among}
    items = [item for item in library.shelf() if ids is None or item.id in ids]
    with stop_on_interrupt() as stopped:
        found = library.answering.ask_all(items, question, should_stop=stopped)
    for one in found.told:
        said = library.languages.english("talk.declined") if one.declined else one.answer
        words = _about(library, next(item for item in items if item.id == one.document_id))
        page = f" ({words.page(one.evidence[0].page)})" if one.evidence else ""
        out.text(f"{one.title}: {said}{page}")
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


def summarize(library: Library, given: Namespace, out: Output) -> int:
    """Streams the summary of a document, as of the end of `given.page` where one is given, or of one section; or quotes key passages."""
    item = library.get(library.resolve(given.id))
    if given.passages is not None:
        quoted = library.summaries.key_passages(item.id, section=given.section, page=given.page, count=given.passages)
        out.text(quoted.text)
        out.result({"summary": quoted.text, "pages": [], "seconds": quoted.seconds})
        return 0
    with stop_on_interrupt() as stopped:
        pieces = library.summaries.summarize(
            item.id,
            section=given.section,
            page=given.page,
            words=given.words or WORDS,
            options=_options(library, given),
            should_stop=stopped,
        )
        answer = _spoken(pieces, out)
    words = _about(library, item)
    for one in answer.evidence:
        out.text(f"  {_at(words, one.page)}  “{one.quote}”")
    told = answer_object(answer, words)
    out.result({"summary": answer.text} | {name: told[name] for name in ("pages", "seconds")})
    return 0


def talk_from(path: Path) -> list[tuple[str, str]]:
    """A conversation from a file: JSON, [[question, answer], ...]. Raises HistoryUnreadable."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        talk = [(question, answer) for question, answer in found]
    except OSError as error:
        raise HistoryUnreadable(str(path), error.strerror or str(error)) from error
    except (ValueError, TypeError) as error:
        raise HistoryUnreadable(str(path), "it is not a list of [question, answer] in JSON") from error
    if not all(isinstance(text, str) for turn in talk for text in turn):
        raise HistoryUnreadable(str(path), "a question or an answer in it is not a text")
    return talk


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
            self._out.note(line, end="\n" if last else "", in_place=True)
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


def _spoken(pieces: Iterator[str | Recalled | ModelAnswer | TextAnswer], out: Output) -> Any:
    answer, begun = None, False
    for piece in pieces:
        if isinstance(piece, str):
            out.text(piece, end="")
            begun = True
        elif isinstance(piece, Recalled):
            out.text("\nLooked up on the page: " if begun else "", end="")
        else:
            answer = piece
    out.text("")
    assert answer is not None, "every answer ends with the whole of it"
    return answer


def _options(library: Library, given: Namespace) -> Any:
    wanted = {"temperature": given.temperature, "seed": given.seed, "brief": getattr(given, "brief", False)}
    if given.max_tokens is not None:
        wanted["max_new_tokens"] = given.max_tokens
    return library.answering.options(**wanted)


def shelf(documents: Library, sections: bool, out: Output) -> int:
    """Lists the documents."""
    items = documents.shelf()
    for item in items:
        out.text(f"{item.id}  {_state(item):<14}  {item.pages:>5} {item.unit}s  {item.title}")
        words = _about(documents, item)
        if ENTRY_DAMAGED in item.notes:
            out.note(f"{item.title}: {words.note(*ENTRY_DAMAGED)}")
        for section in item.sections if sections else ():
            out.text(f"{section.number:>6}  {'  ' * (section.level - 1)}{section.title} ({words.page(section.page)})")
    if not items:
        out.text("The shelf is empty. Put a book on it: launch.py read FILE")
    used = documents.disk_use()
    free = f", {size(used.free)} of it free: launch.py vacuum gives that back" if used.much_free else ""
    out.text(f"The library takes {size(used.total)} on disk{free}.")
    out.result({"documents": [asdict(item) for item in items], "bytes_on_disk": used.total})
    return 0


def checkpoints(documents: Library, ids: Sequence[str], remove: bool, out: Output) -> int:
    """Lists what is kept for questions as of an earlier page, of some documents or of all, or removes it."""
    wanted = {documents.resolve(given) for given in ids}
    kept = [(item, n_bytes) for item, n_bytes in documents.checkpoints() if not ids or item.id in wanted]
    for item, n_bytes in kept:
        if remove:
            documents.remove_checkpoints(item.id)
        out.text(f"{item.id}  {size(n_bytes):>9}  {item.title}")
    total = size(sum(n_bytes for _, n_bytes in kept))
    if not kept:
        out.text("Nothing is kept for questions as of an earlier page.")
    elif remove:
        out.text(f"Removed: {total}. launch.py vacuum gives the disk that back.")
        out.text("As of an earlier page these can be asked only once they were read again: launch.py read FILE --again")
    else:
        out.text(f"For questions as of an earlier page {total} is kept. --remove removes it.")
    out.result({"checkpoints": {item.id: n_bytes for item, n_bytes in kept}, "removed": remove})
    return 0


def vacuum(database: Path, out: Output) -> int:
    """Gives the disk back what was removed from the library, for good where that was more than a day ago. Raises DatabaseBusy while another
    program has the library open."""
    before, now = shrink(database)
    out.text(f"The library takes {size(now)} on disk; it took {size(before)}.")
    out.result({"bytes_on_disk": now, "bytes_before": before})
    return 0


def doctor(database: Path, repair: bool, out: Output) -> int:
    """Looks through the whole library, says what is wrong and what to do, and mends what it can where that is wished. 0 where nothing is
    wrong any more. Raises DatabaseUnopened, DatabaseBusy."""
    found, aside = checkup.mend(database) if repair else (checkup.look_through(database), None)
    left = [one for one in found if not one.mended]
    for one in found:
        out.text(f"{one.said} {'Mended.' if one.mended else one.advice}")
    if aside:
        out.text(f"The library as it was is in {aside}.")
    if not found:
        out.text("Nothing is wrong with the library.")
    elif not left:
        out.text("All of it is mended.")
    out.result({"findings": [asdict(one) for one in found], "healthy": not left, "copy": str(aside) if aside else None})
    return 1 if left else 0


def text(file: Path, password: str | None, out: Output) -> int:
    """Prints what would be read of a file, section by section, and what is to be known about it."""
    found = preview(file, password)
    english = Languages.load().english.about(found.unit, found.page_labels)
    notes = [english.note(key, values) for key, values in found.notes]
    out.text(found.title + (f" by {found.author}" if found.author else ""))
    for said in notes:
        out.text(f"({said})")
    for section in found.sections:
        out.text(f"\n--- {section.title} ({english.page(section.page)})\n\n{section.text.strip()}")
    out.result(asdict(found) | {"notes": notes})
    return 0


def describe(documents: Library, given: Namespace, out: Output) -> int:
    """Gives a document another title, author or tags."""
    tags = None if given.tags is None else tidy(given.tags.split(","))
    item = documents.describe(documents.resolve(given.id), title=given.title, author=given.author, tags=tags)
    by = f" by {item.author}" if item.author else ""
    tagged = f", tagged {', '.join(item.tags)}" if item.tags else ""
    out.text(f"{item.id}  {item.title}{by}{tagged}")
    out.result({"document": asdict(item)})
    return 0


def remove(documents: Library, document_id: str, out: Output) -> int:
    """Takes a document off the shelf."""
    item = documents.get(documents.resolve(document_id))
    documents.remove(item.id)
    out.text(f"{item.title} is off the shelf. Within a day this brings it back: launch.py restore {item.id}")
    out.result({"id": item.id})
    return 0


def restore(documents: Library, document_id: str, out: Output) -> int:
    """Puts one back."""
    item = documents.restore(document_id)
    out.text(f"{item.id}  {item.title} is on the shelf again.")
    out.result({"document": asdict(item)})
    return 0


def chats(documents: Library, given: Namespace, out: Output) -> int:
    """Lists the conversations about a document, or goes on with one of them, or gives it another name."""
    item = documents.get(documents.resolve(given.id))
    if given.chat is not None and given.title is not None:
        documents.conversations.rename(item.id, given.chat, given.title)
    elif given.chat is not None:
        documents.conversations.open(item.id, given.chat)
    words = (given.find or "").lower().split()
    found = [
        chat
        for chat in documents.conversations.all(item.id)
        if all(word in f"{chat.title} {chat.texts}".lower() for word in words)
    ]
    for chat in found:
        out.text(f"{'*' if chat.current else ' '}{chat.id:>5}  {chat.asked_at[:10]}  {chat.turns:>3}  {chat.title}")
    if not found:
        out.text("Nothing that was said fits that." if words else f"Nothing has been asked about {item.title} yet.")
    listed = [{name: value for name, value in asdict(chat).items() if name != "texts"} for chat in found]
    out.result({"id": item.id, "conversations": listed})
    return 0


def chat(documents: Library, document_id: str, file: Path | None, out: Output) -> int:
    """Prints the current conversation about a document, or writes it to a file. Raises FileNotWritten, NoRoom."""
    item = documents.get(documents.resolve(document_id))
    turns = documents.conversations.history(item.id)
    told = as_json(item.id, item.title, turns)
    if file is None:
        out.text(as_markdown(_about(documents, item), item.title, turns), end="")
    else:
        text = told if file.suffix.lower() == ".json" else as_markdown(_about(documents, item), item.title, turns)
        portable.write_text(file, text)
        out.text(f"The conversation about {item.title} is in {file}.")
    out.result({**json.loads(told), "file": str(file) if file else None})
    return 0


def export_snapshot(documents: Library, document_id: str, file: Path, out: Output) -> int:
    """Writes a document and its memory to one file."""
    item = documents.get(documents.resolve(document_id))
    documents.export_snapshot(item.id, file)
    n_bytes = file.stat().st_size
    out.text(f"{item.title} is in {file} ({size(n_bytes)}).")
    out.result({"id": item.id, "file": str(file), "bytes": n_bytes})
    return 0


def import_snapshot(documents: Library, file: Path, out: Output) -> int:
    """Takes such a file in."""
    item = documents.import_snapshot(file)
    read = _about(documents, item).pages_of(item.read_pages, item.read_pages, item.pages)
    out.text(f"{item.id}  {item.title} is on the shelf, read to {read}.")
    out.result({"document": asdict(item)})
    return 0


def _state(item: ShelfItem) -> str:
    if item.status in ("reading", "cancelled") and item.tokens:
        return f"{item.status} {100 * item.read_tokens // item.tokens}%"
    return item.status
