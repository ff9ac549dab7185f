"""The model that runs: whose turn it is on it, and how it comes, or another in its place, while the page is open.

Reading and answering share one engine and take turns on it, first come, first served, so that a long reading never keeps a question
waiting. The engine may not be there yet: at the first start its base is fetched in the background. Then what needs it
raises a named error that says how far the fetching is, and readings wait in their queue.
"""

from __future__ import annotations

import logging
import re
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from app.errors import ChangeUnderWay, ModelMissing, ModelNotReady, named_errors
from app.log import LOGGER
from app.settings import MODEL_PARTS, SMALL, STANDARD, Choices
from app.views import ModelChange

if TYPE_CHECKING:
    # The engine brings torch along; `shelf` and `--help` must not wait for that.
    from engine.engine import Engine, EngineInfo

Say = Callable[[object], None]
Load = Callable[[Choices, Say], "Engine"]
FETCHED = re.compile(r"(?<![\d,])(\d[\d,]*) of (\d[\d,]*) MB")
log = logging.getLogger(f"{LOGGER}.models")


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


class Models:
    """The engine, once it is there. Every method may be called from any thread."""

    def __init__(
        self,
        load: Load | None = None,
        wanted: Choices | None = None,
        *,
        engine: Engine | None = None,
        keep: Callable[[Choices], None] = lambda choices: None,
        tell: Callable[[str], None] = lambda said: None,
    ) -> None:
        """`load` gives the engine for some choices, or raises EngineError; `wanted` are those of this start. `keep` is told what
        was chosen and works, `tell` how the loading goes. Without `load` there is the given `engine` or none at all, as for commands
        that need no model."""
        self._load = load
        self._in_use = wanted or Choices()
        self._engine = engine
        self._keep = keep
        self._tell = tell
        self._one_at_a_time = threading.Lock()
        self._change = ModelChange("idle", "")
        self._there = threading.Event()
        self.turns = Turns()
        if engine is not None:
            self._there.set()

    @property
    def engine(self) -> Engine:
        """The engine that runs. Raises ModelNotReady while it is still on its way, ModelMissing where it could not be had."""
        engine, change = self._engine, self._change
        if engine is not None:
            return engine
        if change.state == "failed":
            raise ModelMissing(change.said)
        raise ModelNotReady(change.fetched_megabytes)

    @property
    def ready(self) -> bool:
        """Whether there is an engine."""
        return self._engine is not None

    @property
    def serves(self) -> bool:
        """Whether there is an engine, or will be one: else only what needs none is done."""
        return self._engine is not None or self._load is not None

    @property
    def fingerprint(self) -> str | None:
        """Of the engine that runs; None before there is one."""
        return self._engine.fingerprint if self._engine else None

    @property
    def info(self) -> EngineInfo | None:
        """What runs; None before there is anything."""
        return self._engine.info if self._engine else None

    @property
    def in_use(self) -> Choices:
        """What the engine that runs was loaded with."""
        return self._in_use

    def wait(self, seconds: float) -> bool:
        """Waits so long for an engine; whether there is one."""
        return self._there.wait(seconds)

    def change(self) -> ModelChange:
        """How the last loading of a model goes, or went."""
        return self._change

    def load(self) -> None:
        """Loads the model of this start here and now. Raises EngineError."""
        self._first()

    def start(self) -> threading.Thread:
        """Begins to load the model of this start, in the thread that is returned. Raises ChangeUnderWay."""
        return self._begin(self._first)

    def use(self, wanted: Choices) -> threading.Thread:
        """Begins to load what `wanted` says of the model, in the thread that is returned; the one that runs answers meanwhile, and stays
        where that fails. A reading under way steps aside and goes on with the new one. Raises ChangeUnderWay."""
        return self._begin(lambda: self._another(wanted))

    def _begin(self, work: Callable[[], None]) -> threading.Thread:
        if not self._one_at_a_time.acquire(blocking=False):
            raise ChangeUnderWay
        self._say("Loading the model ...")

        def run() -> None:
            try:
                work()
            except named_errors() as error:
                log.warning("no model", exc_info=True)
                self._change = ModelChange("failed", str(error))
            except BaseException as error:
                log.exception("loading a model ended unexpectedly")
                self._change = ModelChange("failed", f"Loading ended unexpectedly: {error!r}. Please report this.")
                raise
            finally:
                self._one_at_a_time.release()

        worker = threading.Thread(target=run, name="loading a model", daemon=True)
        worker.start()
        return worker

    def _first(self) -> None:
        from engine.errors import BaseNotAvailable

        assert self._load is not None, "a start without a model loads none"
        said = ""
        try:
            engine = self._load(self._in_use, self._say)
        except BaseNotAvailable as error:
            if self._in_use.model not in (None, STANDARD):
                raise
            said = f"The small model answers for now. {error}"
            self._tell(said)
            self._in_use = replace(self._in_use, model=SMALL)
            engine = self._load(self._in_use, self._say)
        self._take_over(engine, ModelChange("instead" if said else "idle", said))

    def _another(self, wanted: Choices) -> None:
        assert self._load is not None, "a start without a model loads none"
        engine = self._load(wanted, self._say)
        self._say("Measuring how fast it reads here ...")
        with self.turns.take():
            speed = engine.reading_speed()
        parts = {name: getattr(wanted, name) for name in MODEL_PARTS}
        chosen = replace(self._in_use, **parts)
        self._keep(chosen)  # where that can't be kept, the one that runs stays
        self._in_use = chosen
        self._take_over(engine, ModelChange("done", "", speed))

    def _take_over(self, engine: Engine, change: ModelChange) -> None:
        with self.turns.take():
            self._engine = engine
        log.info("model", extra={"fingerprint": engine.fingerprint})
        self._change = change
        self._there.set()

    def _say(self, progress: object) -> None:
        said = str(progress)
        found = FETCHED.search(said)
        megabytes = (int(found[1].replace(",", "")), int(found[2].replace(",", ""))) if found else None
        self._change = ModelChange("loading", said, fetched_megabytes=megabytes)
        self._tell(said)
