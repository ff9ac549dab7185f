"""An engine for the page's tests: reads at a pace that can be watched, and answers in words that can be checked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace

from tests.app.small_engine import (
    EmptyQuestion,
    SmallAnswer,
    SmallEngine,
    SmallEvidence,
    SmallRecalled,
    SmallState,
    _sentences,
)

ANSWER = "The keeper of the lighthouse is called Marit Oosterveld."
OTHERWISE = "Marit Oosterveld keeps it."
RECALLED = "She is called Maria."
HOSTILE = (
    'It is <img src="http://elsewhere.invalid/x.png" onerror="document.title=1"> ![](http://elsewhere.invalid/y.png)'
)
LONG = " ".join(f"word{number}" for number in range(900))


class PageEngine(SmallEngine):
    """To questions with "weather" it declines, those with "everything" have a long answer, "hostile" a nasty one, and of her "name" the
    memory says something else than the page."""

    def __init__(
        self, *, group: int = 1021, pause: float = 0.0, word_pause: float = 0.01, name: str = "tiny-test-model",
        fingerprint: str = "page",
    ) -> None:  # fmt: skip
        super().__init__(fingerprint, group=group, pause=pause, slots=4000)
        self.info = SimpleNamespace(
            model=name, device="cpu", dtype="float32", window=64, slots=4000, cache_bytes_per_token=23_040,
            state_bytes=9_535_488, rule="none", trained=True, parameters=134_515_008,
        )  # fmt: skip
        self.word_pause = word_pause
        self.words_said = 0

    def ask(
        self,
        state: SmallState,
        question: str,
        *,
        text: Callable[[int, int], str] | None,
        source: str = "both",
        history: Sequence[tuple[str, str]] = (),
        options: object = None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[str | SmallRecalled | SmallAnswer]:
        self.talk_seen = list(history)
        if not question.strip():
            raise EmptyQuestion("The question is empty. Type what you would like to know about the document.")
        told = LONG if "everything" in question else HOSTILE if "hostile" in question else ANSWER
        if options is not None and options.temperature > 0:
            told = OTHERWISE
        memory = yield from self._say(RECALLED if "name" in question else told, should_stop)
        stopped = should_stop()
        page = None
        if not stopped:
            yield SmallRecalled(memory, 0.1, 0.05)
            page = yield from self._say(told, should_stop)
        declined = "weather" in question
        confidence = 0.2 if declined else 0.9
        yield SmallAnswer(page or memory, memory, page, confidence, declined, self._found(text), 0.2, 0.1, stopped)

    def summarize(self, state: SmallState, **how) -> Iterator[str | SmallAnswer]:
        for piece in super().summarize(state, **how):
            time.sleep(self.word_pause)
            yield piece

    def _found(self, text: Callable[[int, int], str]) -> tuple[SmallEvidence, ...]:
        """Where the answer stands, else the first two sentences."""
        whole = text(0, 10**6)
        spans = list(_sentences(whole))
        told = [span for span in spans if ANSWER in whole[slice(*span)]] or spans[:2]
        return tuple(SmallEvidence(a, b, " ".join(whole[a:b].split()), 0.9) for a, b in told)

    def _say(self, text: str, should_stop: Callable[[], bool]) -> Iterator[str]:
        """The words one by one; returns what was said."""
        said = ""
        for piece in text.split(" "):
            if should_stop():
                break
            time.sleep(self.word_pause)
            self.words_said += 1
            said += piece + " "
            yield piece + " "
        return said.strip()
