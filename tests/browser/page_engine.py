"""An engine for the page's tests: reads at a pace that can be watched, and answers in words that can be checked."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from engine.answer import AnswerOptions
from tests.app.small_engine import EmptyQuestion, SmallAnswer, SmallEngine, SmallState

ANSWER = "The keeper of the lighthouse is called Marit Oosterveld."
OTHERWISE = "Marit Oosterveld keeps it."
HOSTILE = (
    'It is <img src="http://elsewhere.invalid/x.png" onerror="document.title=1"> ![](http://elsewhere.invalid/y.png)'
)
LONG = " ".join(f"word{number}" for number in range(900))
SUMMARY = "A keeper tends a lamp, and a storm tests her."


@dataclass(frozen=True)
class PageInfo:
    model: str = "tiny-test-model"
    device: str = "cpu"
    dtype: str = "float32"
    segment_len: int = 64
    cache_bytes_per_token: int = 23_040
    state_bytes: int = 9_535_488
    rule: str = "gated_delta"
    trained: bool = True
    parameters: int = 134_515_008


class PageEngine(SmallEngine):
    """Questions with "weather" are not grounded, those with "everything" have a long answer, "hostile" a nasty one."""

    def __init__(
        self, *, group: int = 1021, pause: float = 0.0, word_pause: float = 0.01, name: str = "tiny-test-model",
        fingerprint: str = "page",
    ) -> None:  # fmt: skip
        super().__init__(fingerprint, group=group, pause=pause)
        self.info = PageInfo(name)
        self.word_pause = word_pause
        self.words_said = 0

    def answer(
        self,
        state: SmallState,
        question: str,
        *,
        history: Sequence[tuple[str, str]] = (),
        options: AnswerOptions | None = None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[str | SmallAnswer]:
        self.talk_seen = list(history)
        if options is not None and options.temperature > 0:
            return self._say(OTHERWISE, True, should_stop)
        if not question.strip():
            raise EmptyQuestion("The question is empty. Type what you would like to know about the document.")
        text = LONG if "everything" in question else HOSTILE if "hostile" in question else ANSWER
        return self._say(text, "weather" not in question, should_stop)

    def summarize(
        self, state: SmallState, *, title: str, should_stop: Callable[[], bool] = lambda: False
    ) -> Iterator[str | SmallAnswer]:
        return self._say(f"{SUMMARY} ({title}, {state.n_tokens} tokens)", True, should_stop)

    def _say(self, text: str, grounded: bool, should_stop: Callable[[], bool]) -> Iterator[str | SmallAnswer]:
        said = ""
        for piece in text.split(" "):
            if should_stop():
                break
            time.sleep(self.word_pause)
            self.words_said += 1
            said += piece + " "
            yield piece + " "
        yield SmallAnswer(said.strip(), 2.3 if grounded else -0.1, grounded, 0.2, 0.1, stopped=said.strip() != text)
