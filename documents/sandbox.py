"""Files opened and pages drawn in processes of their own, which can be killed.

A file comes from anywhere, and what reads it is a million lines of other people's code. So each file, and each page that is drawn, gets
a process with a limit on memory, on processor time and on waiting, that can reach no network, start no program and write no file. What
comes back is JSON and plain bytes: nothing that could run here. The processes are forked from one that has loaded the readers already.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from documents import errors
from documents.errors import DocumentError, PictureUnreadable, ReaderCrashed, TooDemanding
from documents.model import Document, Note, Section
from documents.pdf_pages import page_picture
from documents.reader import Opened, open_file
from documents.sheet import Mark, Sheet, page_sheet

if TYPE_CHECKING:
    import numpy as np

MEBIBYTE = 2**20
_ENDS_SECONDS = 5.0  # that a process has to end once it has said all
_REFUSED = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system", "ctypes.dlopen")
_WRITES = os.O_WRONLY | os.O_RDWR
_LARGEST_REPLY = 2**31 - 1


@dataclass(frozen=True)
class Allowance:
    """What a process may take for a file: bytes of memory and seconds, of the processor and of waiting, in all and more of both for
    every mebibyte of the file."""

    memory: int = 2**30
    memory_per_byte: int = 10
    seconds: float = 60.0
    seconds_per_mebibyte: float = 20.0
    most_seconds: float = 1800.0

    def of(self, n_bytes: int) -> tuple[int, float]:
        """Bytes and seconds for a file of `n_bytes`."""
        seconds = self.seconds + self.seconds_per_mebibyte * n_bytes / MEBIBYTE
        return self.memory + self.memory_per_byte * n_bytes, min(seconds, self.most_seconds)


A_FILE = Allowance()
A_PAGE = Allowance(seconds=20.0, seconds_per_mebibyte=1.0, most_seconds=60.0)


class Sandbox:
    """Opens files and draws pages, a few of either at a time; whoever else asks waits. Safe to call from several threads."""

    def __init__(
        self, *, files: int = 2, pages: int = 2, a_file: Allowance = A_FILE, a_page: Allowance = A_PAGE
    ) -> None:
        """`files` and `pages` are how many are opened and drawn at the same time."""
        self._files, self._pages = threading.BoundedSemaphore(files), threading.BoundedSemaphore(pages)
        self._a_file, self._a_page = a_file, a_page
        self._context: Any = multiprocessing.get_context("forkserver" if os.name == "posix" else "spawn")
        if os.name == "posix":
            self._context.set_forkserver_preload(["__main__", __name__])

    def open_file(
        self,
        data: bytes,
        name: str,
        password: str | None = None,
        *,
        scans: bool = False,
        pictures: Mapping[int, str] = MappingProxyType({}),
    ) -> Opened:
        """As `documents.open_file`. Raises TooDemanding and ReaderCrashed as well."""
        given = {"name": name, "password": password, "scans": scans, "pictures": list(pictures.items())}
        with self._files:
            told, blob = self._ask("open", given, data, self._a_file, name)
        original = data if told["unchanged"] else blob
        return Opened(_document(told["document"]), told["name"], original if told["original"] else None, told["scan"])

    def page_sheet(self, data: bytes, number: int, words: Sequence[str]) -> Sheet:
        """As `documents.page_sheet`. Raises PictureUnreadable, also of a page that takes too much."""
        with self._pages, _page():
            told, png = self._ask("sheet", {"number": number, "words": list(words)}, data, self._a_page, "")
        return Sheet(png, tuple(Mark(*one) for one in told["marks"]))

    def page_picture(self, data: bytes, number: int) -> np.ndarray:
        """As `documents.page_picture`. Raises PictureUnreadable, also of a page that takes too much."""
        import numpy as np

        with self._pages, _page():
            told, pixels = self._ask("picture", {"number": number}, data, self._a_page, "")
        return np.frombuffer(pixels, np.uint8).reshape(told["shape"])

    def _ask(
        self, work: str, given: Mapping[str, Any], data: bytes, allowance: Allowance, name: str
    ) -> tuple[dict[str, Any], bytes]:
        """What a process of its own says of `data`: values and bytes. Raises what it raised, TooDemanding, ReaderCrashed."""
        memory, seconds = allowance.of(len(data))
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_work, args=(theirs, memory, seconds), daemon=True)
        process.start()
        theirs.close()
        try:
            with ours:
                ours.send_bytes(json.dumps([work, given]).encode())
                ours.send_bytes(data)
                if not ours.poll(seconds):
                    raise TooDemanding(name, _duration(seconds))
                told, blob = json.loads(ours.recv_bytes(_LARGEST_REPLY)), ours.recv_bytes(_LARGEST_REPLY)
            process.join(_ENDS_SECONDS)
        except (EOFError, OSError) as error:
            process.join(_ENDS_SECONDS)
            if process.exitcode == -getattr(signal, "SIGXCPU", 0):
                raise TooDemanding(name, _duration(seconds)) from error
            raise ReaderCrashed(name) from error
        finally:
            if process.is_alive():
                process.kill()
            process.join()
            process.close()
        match told:
            case {"error": kind, "said": said}:
                raise _raised(kind, said)
            case {"out_of_memory": True}:
                raise TooDemanding(name, f"{memory // MEBIBYTE:,} MiB of memory")
        return told, blob


@contextmanager
def _page() -> Iterator[None]:
    """A page that takes too much, or makes its reader crash, is one that cannot be drawn."""
    try:
        yield
    except (TooDemanding, ReaderCrashed) as error:
        raise PictureUnreadable("drawing it takes too much time or memory") from error


def _duration(seconds: float) -> str:
    return f"{seconds:,.0f} seconds"


def _raised(kind: str, said: str) -> DocumentError:
    """The error of that class with that sentence."""
    found = getattr(errors, kind)
    assert issubclass(found, DocumentError)
    return found.__new__(found, said)


def _document(told: dict[str, Any]) -> Document:
    """A document out of its JSON."""
    return Document(
        title=told["title"],
        author=told["author"],
        format=told["format"],
        sha256=told["sha256"],
        pages=tuple(told["pages"]),
        sections=tuple(Section(**section) for section in told["sections"]),
        missing_pages=tuple(told["missing_pages"]),
        notes=tuple(Note(key, tuple((name, value) for name, value in values)) for key, values in told["notes"]),
        page_labels=tuple(told["page_labels"]),
    )


# What follows runs in the process of its own.


def _work(pipe: Connection, memory: int, seconds: float) -> None:
    """Answers one request on `pipe` and ends."""
    _confine(memory, seconds)
    work, given = json.loads(pipe.recv_bytes())
    data = pipe.recv_bytes()
    told: dict[str, Any]
    blob = b""
    try:
        told, blob = _WORKS[work](data, given)
    except DocumentError as error:
        told = {"error": type(error).__name__, "said": str(error)}
    except MemoryError:
        told = {"out_of_memory": True}
    pipe.send_bytes(json.dumps(told).encode())
    pipe.send_bytes(blob)


def _confine(memory: int, seconds: float) -> None:
    """Limits this process, for good: `memory` bytes beyond what it has, `seconds` of the processor, no network, no program, no file to
    write. Where the system knows no such limits the deadline alone holds."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the app, which ends this process itself
    if os.name == "posix":
        import resource

        def limit(which: int, most: int) -> None:
            hard = resource.getrlimit(which)[1]
            resource.setrlimit(which, (most, most) if hard == resource.RLIM_INFINITY else (min(most, hard), hard))

        used = resource.getrusage(resource.RUSAGE_SELF)
        limit(resource.RLIMIT_CPU, int(used.ru_utime + used.ru_stime + seconds) + 1)
        limit(resource.RLIMIT_CORE, 0)
        limit(resource.RLIMIT_FSIZE, 0)
        if sys.platform == "linux":
            pages = int(Path("/proc/self/statm").read_text().split()[0])
            limit(resource.RLIMIT_AS, pages * resource.getpagesize() + memory)
    sys.addaudithook(_refuse)


def _refuse(event: str, given: tuple[Any, ...]) -> None:
    """An audit hook that lets nothing out of this process but its answer."""
    if event.startswith(_REFUSED) or (event == "open" and isinstance(given[2], int) and given[2] & _WRITES):
        raise PermissionError(f"a reader of documents may not do that: {event}")


def _open(data: bytes, given: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    opened = open_file(
        data, given["name"], given["password"], scans=given["scans"], pictures=dict(map(tuple, given["pictures"]))
    )
    unchanged = opened.original is data
    told = {
        "document": asdict(opened.document),
        "name": opened.name,
        "scan": opened.scan,
        "original": opened.original is not None,
        "unchanged": unchanged,
    }
    return told, b"" if unchanged else opened.original or b""


def _sheet(data: bytes, given: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    sheet = page_sheet(data, given["number"], given["words"])
    return {"marks": [(one.left, one.top, one.width, one.height) for one in sheet.marks]}, sheet.png


def _picture(data: bytes, given: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    image = page_picture(data, given["number"])
    return {"shape": list(image.shape)}, image.tobytes()


_WORKS: Mapping[str, Callable[[bytes, dict[str, Any]], tuple[dict[str, Any], bytes]]] = MappingProxyType(
    {"open": _open, "sheet": _sheet, "picture": _picture}
)
