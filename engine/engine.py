"""The engine: one loaded model that reads documents to states and answers from them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch

from engine import read, whole
from engine.answer import Answer, Answerer, Ask, Recalled, Source, TextOf
from engine.config import SIZES
from engine.device import choose_device, choose_dtype
from engine.errors import NO_MEMORY, EmptyText, StateCorrupt
from engine.generate import AnswerOptions
from engine.load import Loaded, fingerprint, load_model
from engine.point import PAGE
from engine.prompts import Turn
from engine.read import ReadStep, TokenizedDocument
from engine.state import Departed, Layout, State, as_of, departed, empty_departed, merged
from engine.summarize import summarize

ANSWER = AnswerOptions()
MemorySize = Literal["small", "standard", "large"]


@dataclass(frozen=True)
class EngineSettings:
    """Which model to load, where to keep downloads, and on what to compute ("auto": the best there is). `memory_dir` is the folder of
    a trained memory, where it is not the shipped one; `memory_size` says how much is kept of a document."""

    cache_dir: Path
    model: str = "standard"
    memory_dir: Path | None = None
    device: str = "auto"
    dtype: str = "auto"
    threads: int | None = None
    memory_size: MemorySize = "standard"


@dataclass(frozen=True)
class EngineInfo:
    """What is running, for people to see. `state_bytes` is what one document's memory takes, whatever its length;
    `cache_bytes_per_token` what a key/value cache would take for a token; `trained`: whether the memory's parts were."""

    model: str
    device: str
    dtype: str
    window: int
    slots: int
    rule: str
    state_bytes: int
    weights_hash: str
    trained: bool
    cache_bytes_per_token: int
    parameters: int = 0


class Engine:
    """A model with memory, and everything that the application asks of it. Holds no document: states go in and come out."""

    def __init__(self, loaded: Loaded, name: str) -> None:
        self.decoder, self.tokenizer, self.memory = loaded.decoder, loaded.tokenizer, loaded.memory
        self.fingerprint = fingerprint(loaded.parts)
        d, memory = self.decoder, self.memory
        self.reader = read.Reader(
            d, memory.config, memory.scorer, memory.keys, memory.values, memory.pointing.key_heads, memory.gate
        )
        self.answerer = Answerer(d, self.tokenizer, memory)
        empty, config = self.empty_state(), memory.config
        self._layout = Layout.of(self.state_to_bytes(empty), config.bits, config.window)
        self._nothing_left = empty_departed(empty, config.bits)
        self.info = EngineInfo(
            name, str(d.device), loaded.parts["dtype"], memory.config.window, memory.config.slots, memory.config.rule,
            len(self.state_to_bytes(self.finished(empty))), memory.weights_sha256, memory.trained,
            2 * 2 * d.L * d.N * d.D, sum(weights.numel() for weights in d.base.parameters()),
        )  # fmt: skip

    @staticmethod
    def load(settings: EngineSettings, on_progress: Callable[[str], None] = lambda text: None) -> Engine:
        """Load the model, fetching the base first if it is missing. Raises EngineError's subclasses."""
        if settings.threads is not None:
            torch.set_num_threads(settings.threads)
        device = choose_device(settings.device)
        dtype = choose_dtype(device, settings.dtype)
        size = SIZES[settings.memory_size]
        loaded = load_model(settings.model, settings.cache_dir, settings.memory_dir, device, dtype, size, on_progress)
        return Engine(loaded, loaded.name)

    def tokenize(self, pages: Sequence[str]) -> TokenizedDocument:
        """Token ids of a document's pages. Raises EmptyText where no token comes out."""
        document = read.tokenize(self.tokenizer, pages)
        if not len(document):
            raise EmptyText("The document holds no text to read.")
        return document

    def token_starts(self, page: str) -> list[int]:
        """At which character of a page each of its tokens starts; see `engine.read.token_starts`."""
        return read.token_starts(self.tokenizer, page)

    def text(self, ids: Sequence[int]) -> str:
        """The text of token ids, without letters that are cut through at either end."""
        return self.tokenizer.decode(list(ids)).strip("\N{REPLACEMENT CHARACTER}").strip()

    def worth(self, tokens: bytes) -> float:
        """What a passage was worth keeping, from what its tokens were; see `engine.read.worth`."""
        return read.worth(tokens)

    def empty_state(self) -> State:
        """The memory of nothing."""
        return self.reader.empty()

    def finished(self, state: State) -> State:
        """The same without what only reading on needs."""
        return state.finished()

    def state_to_bytes(self, state: State) -> bytes:
        """The bytes to store a state as."""
        config = self.memory.config
        return state.to_bytes(self.fingerprint, config.slots, config.pointing_slots, config.bits)

    def state_from_bytes(self, data: bytes) -> State:
        """A stored state, on the model's device. Raises StateCorrupt and FingerprintMismatch."""
        return State.from_bytes(data, self.fingerprint, self._layout).to(self.decoder.device)

    def check_memory(self, data: bytes, left: Sequence[bytes], n_tokens: int, *, complete: bool) -> None:
        """That a stored state, and what left it at checkpoints, are what reading the first `n_tokens` tokens leaves; with `complete` it was
        read to the end. Raises StateCorrupt and FingerprintMismatch."""
        state = State.from_bytes(data, self.fingerprint, self._layout)
        if (state.n_tokens, state.tail is None) != (n_tokens, complete):
            raise StateCorrupt(NO_MEMORY)
        for one in left:
            self._departed(one, n_tokens)

    def departed(self, before: State, after: State) -> bytes:
        """What left the slots between two checkpoints, for `as_of`."""
        return departed(before, after).to_bytes(self.memory.config.bits)

    def merged(self, first: bytes, second: bytes, since: int, n_tokens: int) -> bytes:
        """What left between the first of three checkpoints, after `since` tokens, and the last, after `n_tokens`, from what left between
        the first two and the last two. Raises StateCorrupt."""
        parts = (self._departed(data, n_tokens) for data in (first, second))
        return merged(*parts, since).to_bytes(self.memory.config.bits)

    def as_of(self, state: State, left: Sequence[bytes], n_tokens: int) -> State:
        """The memory of the first `n_tokens` tokens, from a later one and what left since; see `engine.state.as_of`. Raises
        StateCorrupt."""
        config = self.memory.config
        parts = [self._departed(data, state.n_tokens) for data in left]
        return as_of(state, parts, n_tokens, config.slots, config.pointing_slots).to(self.decoder.device)

    def _departed(self, data: bytes, n_tokens: int) -> Departed:
        return Departed.from_bytes(data, self._nothing_left, n_tokens, self.memory.config.bits)

    def slot_positions(self, state: State) -> list[int]:
        """Positions of the tokens that any head keeps, in order."""
        kept = [one.position.flatten() for one in state.slots]
        return torch.cat(kept).unique().tolist()

    def group_tokens(self) -> int:
        """How many tokens to read together on this machine now."""
        return self.reader.group_tokens()

    def reading_speed(self) -> float:
        """Tokens a second that this machine reads now, measured on one window after one that warms up."""
        some = [i % self.decoder.config.vocab_size for i in range(self.info.window)]
        for _ in range(2):
            *_, last = self.read(some, self.empty_state(), group_tokens=len(some))
        return last.tokens_per_second

    def read(self, ids: Sequence[int], state: State, *, group_tokens: int) -> Iterator[ReadStep]:
        """Read `ids` after what `state` holds; see `engine.read.Reader.read`."""
        return self.reader.read(ids, state, group_tokens)

    def read_side_by_side(self, texts: Sequence[Sequence[int]]) -> list[State]:
        """The finished states of several texts of one length."""
        return self.reader.side_by_side(texts, self.group_tokens())

    def ask(
        self, state: State, question: str, *, text: TextOf | None = None, source: Source = "both",
        history: Sequence[Turn] = (), options: AnswerOptions = ANSWER, should_stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[str | Recalled | Answer]:  # fmt: skip
        """Pieces of the memory's answer, then a Recalled; pieces of the page's answer, then the Answer.

        `text` gives the document's text for a range of tokens; without it there is the memory's answer alone, as with `source`
        "memory"; with "page" there is only the page's. What the whole is about is answered by a short summary in the place of the page's
        answer. Raises EmptyQuestion and QuestionTooLong at the first piece.
        """
        ask = Ask(state, question, text, tuple(history))
        if source != "memory" and _of_the_whole(ask):
            return self._told_in_short(ask, source, options, should_stop)
        return self.answerer.ask(ask, source, options, should_stop)

    def ask_each(
        self, states: Sequence[State], question: str, *, texts: Sequence[TextOf], source: Source = "both",
        options: AnswerOptions = ANSWER, should_stop: Callable[[], bool] = lambda: False,
    ) -> list[Answer]:  # fmt: skip
        """One question to many documents, in one batch. Raises EmptyQuestion and QuestionTooLong."""
        asks = [Ask(state, question, text) for state, text in zip(states, texts, strict=True)]
        return self._ask_each(asks, source, options, should_stop)

    def ask_many(
        self, asks: Sequence[Ask], *, source: Source = "both", options: AnswerOptions = ANSWER
    ) -> list[Answer]:
        """Many questions at once, each on its own document or on the same one."""
        return self._ask_each(asks, source, options, lambda: False)

    def summarize(
        self, state: State, *, title: str, text: TextOf, span: tuple[int, int] | None = None, words: int = 120,
        options: AnswerOptions = ANSWER, should_stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[str | Answer]:  # fmt: skip
        """A summary of what `state` holds, or of the tokens in `span`; see `engine.summarize.summarize`."""
        return summarize(self.answerer, state, title, text, span or (0, state.n_tokens), words, options, should_stop)

    def _ask_each(
        self, asks: Sequence[Ask], source: Source, options: AnswerOptions, should_stop: Callable[[], bool]
    ) -> list[Answer]:
        in_short = [source != "memory" and _of_the_whole(ask) for ask in asks]
        others = [ask for ask, short in zip(asks, in_short, strict=True) if not short]
        answers, found = iter(self.answerer.ask_each(others, source, options, should_stop)), []
        for ask, short in zip(asks, in_short, strict=True):
            if short:
                *_, answer = self._told_in_short(ask, source, options, should_stop)
            else:
                answer = next(answers)
            found.append(answer)
        return found

    def _told_in_short(
        self, ask: Ask, source: Source, options: AnswerOptions, should_stop: Callable[[], bool]
    ) -> Iterator[str | Recalled | Answer]:
        """What `ask` gives, with a short summary as the page's answer."""
        begun, recalled = time.monotonic(), None
        if source == "both":
            for piece in self.answerer.ask(replace(ask, text=None), "memory", options, should_stop):
                if isinstance(piece, Answer):
                    recalled = Recalled(piece.text, piece.seconds, piece.first_token_seconds)
                yield recalled or piece
        for piece in self.summarize(
            ask.state, title="", text=ask.text, words=whole.WORDS, options=options, should_stop=should_stop
        ):
            if isinstance(piece, Answer):
                first = recalled.first_token_seconds if recalled else piece.first_token_seconds
                piece = replace(
                    piece,
                    from_memory=recalled.text if recalled else None,
                    seconds=time.monotonic() - begun,
                    first_token_seconds=first,
                )
            yield piece


def _of_the_whole(ask: Ask) -> bool:
    return ask.text is not None and whole.about_the_whole(ask.question)


__all__ = ["PAGE", "Answer", "AnswerOptions", "Ask", "Engine", "EngineInfo", "EngineSettings", "Recalled", "Source"]
