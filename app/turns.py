"""Taking turns on the engine: first come, first served, so that a long reading never keeps a question waiting."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """A lock that is handed over in the order of asking.

    An ordinary lock would go back to the reading thread again and again: it asks for the next turn while the others
    still wake up. A turn may end in another thread than it began in, as generators do that a web server drives.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._line: deque[object] = deque()

    @contextmanager
    def take(self) -> Iterator[None]:
        """Waits for the turn and holds it inside the `with`. Not re-entrant."""
        ticket = object()
        with self._changed:
            self._line.append(ticket)
            try:
                self._changed.wait_for(lambda: self._line[0] is ticket)
            except BaseException:
                self._leave(ticket)
                raise
        try:
            yield
        finally:
            with self._changed:
                self._leave(ticket)

    @property
    def waiting(self) -> int:
        """How many wait, the one whose turn it is not counted."""
        with self._changed:
            return max(0, len(self._line) - 1)

    def _leave(self, ticket: object) -> None:
        self._line.remove(ticket)
        self._changed.notify_all()
