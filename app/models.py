"""The model that runs, and how another one takes its place while the page is open."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from app.choices import MODEL_PARTS, Choices
from app.errors import ChangeUnderWay, PasswordEmpty
from app.jobs import ReadingQueue
from app.library import Library, named_errors
from app.password import hashed
from app.views import ModelChange

Say = Callable[[str], None]
Load = Callable[[Choices, Say], Any]  # an engine


class Models:
    """Loads another model beside the one that runs, which answers until the new one is there and stays where that fails.

    Every method may be called from any thread. What is chosen is kept in the library file for the next start.
    """

    def __init__(self, library: Library, queue: ReadingQueue, load: Load, in_use: Choices) -> None:
        """`load` gives the engine for some choices, or raises EngineError; `in_use` is what the running one was loaded with."""
        self._library = library
        self._queue = queue
        self._load = load
        self._in_use = in_use
        self._one_at_a_time = threading.Lock()
        self._change = ModelChange("idle", "")

    @property
    def in_use(self) -> Choices:
        """What runs, and what else was chosen."""
        return replace(self._library.choices(), **{name: getattr(self._in_use, name) for name in MODEL_PARTS})

    def change(self) -> ModelChange:
        """How the last change of the model goes, or went."""
        return self._change

    def use(self, wanted: Choices) -> threading.Thread:
        """Begins to load what `wanted` says of model, device, precision and rule, in the thread that is returned. Raises ChangeUnderWay."""
        if not self._one_at_a_time.acquire(blocking=False):
            raise ChangeUnderWay
        self._say("Loading the model ...")
        worker = threading.Thread(target=self._take_over, args=[wanted], name="another model", daemon=True)
        worker.start()
        return worker

    def keep_waypoints(self, most: int) -> None:
        """At most so many memories on the way through each book are kept from now on."""
        choices = replace(self._library.choices(), waypoints=most)
        self._library.keep_choices(choices)

    def set_password(self, words: str | None) -> None:
        """From the next start on everybody is asked for these words, or nobody for any. Raises PasswordEmpty."""
        if words is not None and not words.strip():
            raise PasswordEmpty
        kept = None if words is None else hashed(words)
        self._library.keep_choices(replace(self._library.choices(), password=kept))

    def read_again(self) -> int:
        """Queues every book that another model read; returns how many."""
        stale = [item.id for item in self._library.shelf() if item.status == "stale"]
        for document_id in stale:
            self._queue.enqueue(document_id)
        return len(stale)

    def _take_over(self, wanted: Choices) -> None:
        try:
            engine = self._load(wanted, self._say)
            self._say("Measuring how fast it reads here ...")
            speed = engine.reading_speed()
            while not self._queue.stop():
                self._say("Waiting for the page that is being read ...")
            self._library.use(engine)
            self._queue.start()
            parts = {name: getattr(wanted, name) for name in MODEL_PARTS}
            self._in_use = replace(self._in_use, **parts)
            self._library.keep_choices(replace(self._library.choices(), **parts))
            self._change = ModelChange("done", "", speed)
        except named_errors() as error:
            self._change = ModelChange("failed", str(error))
        except BaseException as error:
            self._change = ModelChange("failed", f"Loading ended unexpectedly: {error!r}. Please report this.")
            raise
        finally:
            self._one_at_a_time.release()

    def _say(self, text: str) -> None:
        self._change = ModelChange("loading", text)
