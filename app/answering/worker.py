"""One thread that makes answers, so that whoever is shown them never holds the model.

An answer is made piece by piece under the model's one lock. Were it made where it is shown, a reader that stalls or goes away would keep
the lock for as long as nobody notices. So it is made here, as fast as the model can, and waits in a buffer of a few pieces: when that
is full, what comes is added to the last piece. Answers are made one after another, in the order in which they were asked for; one whose
reader has left is stopped, or never begun.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

from app.log import LOGGER
from app.reading import ShouldStop

MOST_WAITING = 64  # pieces of an answer that wait to be shown
log = logging.getLogger(f"{LOGGER}.answering")


class AnswerWorker:
    """Makes answers in a thread of its own. Safe to call from several threads, but never from within an answer that it makes."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="answers")

    def stream(
        self, make: Callable[[ShouldStop], Generator[Any, None, None]], should_stop: ShouldStop
    ) -> Iterator[Any]:
        """The pieces that `make` gives, from the first `next` on; `make` is told when to stop. Closing it, or leaving it to be collected,
        stops the making. Raises what `make` raises."""
        waiting = _Waiting()
        job = self._thread.submit(waiting.fill, make, should_stop)
        try:
            yield from waiting
        finally:
            waiting.left.set()
            job.cancel()


class _Waiting:
    """The pieces of one answer that have been made and not been shown yet."""

    def __init__(self) -> None:
        self.left = threading.Event()
        self._changed = threading.Condition()
        self._pieces: deque[Any] = deque()
        self._over = False
        self._error: BaseException | None = None

    def fill(self, make: Callable[[ShouldStop], Generator[Any, None, None]], should_stop: ShouldStop) -> None:
        """Makes the answer, until it is whole or its reader has left."""
        try:
            if self.left.is_set():
                return
            with closing(make(lambda: self.left.is_set() or should_stop())) as pieces:
                for piece in pieces:
                    if self.left.is_set():
                        return
                    self._put(piece)
        except BaseException as error:
            self._error = error  # raised where the answer is read
            log.warning("no answer", exc_info=True)
            if not isinstance(error, Exception):
                raise
        finally:
            with self._changed:
                self._over = True
                self._changed.notify()

    def __iter__(self) -> Iterator[Any]:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._pieces or self._over)
                if not self._pieces:
                    break
                piece = self._pieces.popleft()
            yield piece
        if self._error is not None:
            raise self._error

    def _put(self, piece: Any) -> None:
        with self._changed:
            full = len(self._pieces) >= MOST_WAITING
            if full and isinstance(piece, str) and isinstance(self._pieces[-1], str):
                self._pieces[-1] += piece
            else:
                self._pieces.append(piece)
            self._changed.notify()
