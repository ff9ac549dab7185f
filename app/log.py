"""What the app did, a line of JSON each, in a file beside the library: for whoever looks after it, and for the report of a fault.

Nothing that somebody wrote, read or typed is in it: no text, title, file name, question, answer or password. Only names of ours, numbers,
ids and addresses are written; all else is left out here, whoever passes it. Of an error there are its class and its places in the source,
never what it says. The parts of the app write to the standard library's loggers under LOGGER; structlog makes the lines.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from traceback import walk_tb
from typing import Any

from app.errors import FileNotWritten

LOGGER = "palimpsest"
FILES, BYTES = 5, 2_000_000  # all files, and of each
MOST_FRAMES, MOST_CAUSES = 20, 5
PLAIN = re.compile(r"[\w.:\[\]/+-]{1,80}", re.ASCII)  # one word: ids, addresses, names of classes
LEFT_OUT = "(left out)"
Event = MutableMapping[str, Any]


@contextmanager
def kept_log(path: Path | None) -> Iterator[None]:
    """Writes the log to `path` inside the `with`, or nowhere. Raises FileNotWritten."""
    log = logging.getLogger(LOGGER)
    handler = logging.NullHandler() if path is None else _handler(path)
    level, propagate = log.level, log.propagate
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
    try:
        yield
    finally:
        log.propagate = propagate
        log.setLevel(level)
        log.removeHandler(handler)
        with suppress(OSError):  # what still waits to be written on a full disk
            handler.close()


class _File(RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:
        """Lets a line go that can't be written: a full disk stops nothing that is told of here, and is told of where it matters."""


def _handler(path: Path) -> logging.Handler:
    # here, for the terminal's help must not wait for it
    from structlog.processors import JSONRenderer, TimeStamper
    from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_log_level

    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handler = _File(path, maxBytes=BYTES, backupCount=FILES - 1, encoding="utf-8")
    except OSError as error:
        raise FileNotWritten(str(path), error.strerror or str(error)) from error
    steps = [
        ExtraAdder(),
        ProcessorFormatter.remove_processors_meta,
        add_log_level,
        only_plain,
        without_words,
        TimeStamper("iso"),
        JSONRenderer(),
    ]
    handler.setFormatter(ProcessorFormatter(processors=steps, use_get_message=False))
    return handler


def only_plain(logger: Any, method: str, event: Event) -> Event:
    """The event with LEFT_OUT for every value that is neither a number nor one plain word."""
    for name, value in event.items():
        plain = value is None or isinstance(value, int | float) or (isinstance(value, str) and PLAIN.fullmatch(value))
        if not plain and name not in ("event", "exc_info"):
            event[name] = LEFT_OUT
    return event


def without_words(logger: Any, method: str, event: Event) -> Event:
    """The event with an error as the names of its class and of those that led to it, and where in the source they were raised; what they
    say may be anybody's words."""
    _, error, _ = event.pop("exc_info", None) or (None, None, None)
    causes: list[BaseException] = []
    while error is not None and error not in causes and len(causes) < MOST_CAUSES:
        causes.append(error)
        error = error.__cause__ or error.__context__
    if causes:
        event["error"] = [type(cause).__name__ for cause in causes]
        event["at"] = [_places(cause) for cause in causes]
    return event


def _places(error: BaseException) -> list[str]:
    """The lines that an error came through, the innermost last, as module:line."""
    lines = [f"{frame.f_globals.get('__name__', '?')}:{line}" for frame, line in walk_tb(error.__traceback__)]
    return lines[-MOST_FRAMES:]
