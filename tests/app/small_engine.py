"""A small engine for the tests of the application: it remembers what it read, letter by letter, and answers by looking words up.

It stands in for the real one where a test needs many tokens in a millisecond, and keeps to the same promises. A memory has a fixed
number of slots; of all that was read those letters stay that are worth most (digits are, all else is worth nothing), ties
to the earlier. What is read in groups of any size gives the same memory, and a finished one always takes as many bytes.
"""

from __future__ import annotations

import hashlib
import json
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
from safetensors.numpy import load, save

from app.library import Library
from app.models import Models
from app.reading import SavePolicy
from engine.container import check
from engine.errors import EmptyQuestion, EngineError, FingerprintMismatch, StateCorrupt
from engine.whole import about_the_whole
from storage import Store

FORMAT = "small-state-3"
DIGIT = 200


class SmallState(NamedTuple):
    """The letters that are kept, by their position, in order; `tail` only while reading goes on."""

    slots: tuple[tuple[int, str], ...] = ()
    n_tokens: int = 0
    tail: bool = True

    @property
    def text(self) -> str:
        return "".join(letter for _, letter in self.slots)

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps(self.slots).encode()).hexdigest()


@dataclass(frozen=True)
class SmallTokens:
    ids: array[int]
    page_starts: tuple[int, ...]


@dataclass(frozen=True)
class SmallStep:
    state: SmallState
    n_tokens: int
    total: int
    tokens_per_second: float
    eta_seconds: float
    worths: bytes


@dataclass(frozen=True)
class SmallEvidence:
    begin: int
    end: int
    quote: str
    score: float


@dataclass(frozen=True)
class SmallRecalled:
    text: str
    seconds: float
    first_token_seconds: float


@dataclass(frozen=True)
class SmallAnswer:
    text: str
    from_memory: str | None
    from_page: str | None
    confidence: float
    declined: bool
    evidence: tuple[SmallEvidence, ...]
    seconds: float
    first_token_seconds: float
    stopped: bool
    cut: bool = False
    summary: bool = False


class SmallEngine:
    """One token a letter. `pause` seconds a group make it slow; `fails_at` tokens make it fail; `slots` is how much it keeps."""

    def __init__(
        self,
        fingerprint: str = "f1",
        *,
        group: int = 7,
        pause: float = 0.0,
        fails_at: int | None = None,
        slots: int = 2000,
    ) -> None:
        self.fingerprint = fingerprint
        self.group = group
        self.pause = pause
        self.fails_at = fails_at
        self.slots = slots
        self.tokens_read = 0
        self.group_sizes: set[int] = set()
        self.talk_seen: list[tuple[str, str]] = []
        self.options_seen: object = None
        self.before_group: Callable[[], None] = lambda: None
        self.info = SimpleNamespace(
            model="small", device="cpu", dtype="float32", window=5, slots=slots, cache_bytes_per_token=20,
            state_bytes=len(self.state_to_bytes(SmallState(tail=False))), rule="none", trained=True, parameters=1_000_000,
        )  # fmt: skip

    def group_tokens(self) -> int:
        return self.group

    def reading_speed(self) -> float:
        return 1000.0

    # The text

    def tokenize(self, pages: Sequence[str]) -> SmallTokens:
        ids, starts = array("i"), []
        for page in pages:
            starts.append(len(ids))
            ids.extend(map(ord, page))
        return SmallTokens(ids, tuple(starts))

    def token_starts(self, page: str) -> list[int]:
        return list(range(len(page)))

    def text(self, ids: Sequence[int]) -> str:
        return "".join(map(chr, ids))

    def worth(self, tokens: bytes) -> float:
        return float(sum(tokens))

    # The memory

    def empty_state(self) -> SmallState:
        return SmallState()

    def finished(self, state: SmallState) -> SmallState:
        return state._replace(tail=False)

    def state_to_bytes(self, state: SmallState) -> bytes:
        tensors = {"slots": _tensor(state.slots, self.slots)} | ({"tail": np.ones(1, np.uint8)} if state.tail else {})
        said = f"{FORMAT} {self.fingerprint} {state.n_tokens:012d} {len(state.slots):07d}"
        return save(tensors, metadata={"small": said})

    def state_from_bytes(self, data: bytes) -> SmallState:
        tensors, said = _unpacked(data)
        try:
            form, stored, n_tokens, count = said.split(" ")
            state = SmallState(_slots(tensors["slots"][: int(count)]), int(n_tokens), "tail" in tensors)
        except (ValueError, KeyError, OverflowError) as error:
            raise StateCorrupt("The stored memory is damaged. Read the document again.") from error
        if form != FORMAT:
            raise StateCorrupt("The stored memory has another format. Read the document again.")
        if stored != self.fingerprint:
            raise FingerprintMismatch("This memory was made by another model.")
        if len(data) != len(self.state_to_bytes(state)) or not all(0 <= at < state.n_tokens for at, _ in state.slots):
            raise StateCorrupt("The stored memory is of another size. Read the document again.")
        return state

    def check_memory(self, data: bytes, left: Sequence[bytes], n_tokens: int, *, complete: bool) -> None:
        state = self.state_from_bytes(data)
        if (state.n_tokens, not state.tail) != (n_tokens, complete):
            raise StateCorrupt("The memory holds another number of tokens than it should.")
        for one in left:
            self.as_of(state, [one], n_tokens)

    def read(self, ids: Sequence[int], state: SmallState, *, group_tokens: int) -> Iterator[SmallStep]:
        assert state.tail, "a finished state is not read on from"
        total = state.n_tokens + len(ids)
        self.group_sizes.add(group_tokens)
        for start in range(0, len(ids), group_tokens):
            self.before_group()
            time.sleep(self.pause)
            letters = [chr(code) for code in ids[start : start + group_tokens]]
            new = tuple(enumerate(letters, state.n_tokens))
            state = SmallState(self._best((*state.slots, *new)), state.n_tokens + len(letters))
            if self.fails_at is not None and state.n_tokens > self.fails_at:
                raise EngineError("The device has no memory left. Close other programs.")
            self.tokens_read += len(letters)
            worths = bytes(DIGIT * letter.isdigit() for letter in letters)
            yield SmallStep(state, state.n_tokens, total, 1000.0, (total - state.n_tokens) / 1000.0, worths)

    def departed(self, before: SmallState, after: SmallState) -> bytes:
        left = sorted(set(before.slots) - set(after.slots))
        return save({"left": _tensor(left, len(left))})

    def merged(self, first: bytes, second: bytes, since: int, n_tokens: int) -> bytes:
        one, other = (_slots(_unpacked(blob)[0]["left"]) for blob in (first, second))
        left = sorted({*one, *(slot for slot in other if slot[0] < since)})
        return save({"left": _tensor(left, len(left))})

    def as_of(self, state: SmallState, departed: Sequence[bytes], n_tokens: int) -> SmallState:
        try:
            left = [one for blob in departed for one in _slots(_unpacked(blob)[0]["left"])]
        except (ValueError, KeyError, OverflowError) as error:
            raise StateCorrupt("What was kept for earlier pages is damaged.") from error
        known = sorted({(position, letter) for position, letter in (*state.slots, *left) if position < n_tokens})
        return SmallState(self._best(tuple(known)), n_tokens, tail=False)

    def slot_positions(self, state: SmallState) -> list[int]:
        return [position for position, _ in state.slots]

    def _best(self, held: tuple[tuple[int, str], ...]) -> tuple[tuple[int, str], ...]:
        if len(held) <= self.slots:
            return held
        return tuple(sorted(sorted(held, key=lambda one: not one[1].isdigit())[: self.slots]))

    # Answers

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
        """From memory the question, how long the talk was, and the digest of what is held. From the page the last word of the sentence
        that holds the question's last word; the memory's answer again where none does. To a strange question it declines. What the whole is
        about is answered by a summary."""
        if not question.strip():
            raise EmptyQuestion("Please type a question.")
        self.talk_seen, self.options_seen = list(history), options
        if about_the_whole(question):
            yield from self.summarize(state, title="", text=text, span=None, words=20)
            return
        recalled = ""
        pieces = (question, " ", f"{len(history)} ", state.digest)
        for piece in pieces if source != "page" else ():
            if should_stop():
                break
            recalled += piece
            yield piece
        from_memory = None if source == "page" else recalled
        stopped = from_memory is not None and recalled != "".join(pieces)
        evidence, found = self._point(state, question, text)
        from_page, cut = None, False
        if source != "memory" and not stopped:
            if source == "both":
                yield SmallRecalled(recalled, 0.1, 0.05)
            from_page = _last_word(evidence.quote) if found else recalled or "nothing"
            whole, most = from_page, getattr(options, "max_new_tokens", len(from_page))
            from_page, cut = whole[:most], len(whole) > most
            yield from_page
        said = recalled if from_page is None else from_page
        strange = question.startswith("Strange")
        confidence = 0.1 if strange else 0.9 if found else 0.5
        yield SmallAnswer(said, from_memory, from_page, confidence, strange, (evidence,), 0.2, 0.1, stopped, cut)

    def ask_each(
        self,
        states: Sequence[SmallState],
        question: str,
        *,
        texts: Sequence[Callable[[int, int], str]],
        options: object = None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> list[SmallAnswer]:
        """As from the page; the sooner the word stands there, the surer."""
        if not question.strip():
            raise EmptyQuestion("Please type a question.")
        answers = []
        for state, text in zip(states, texts, strict=True):
            evidence, found = self._point(state, question, text)
            said = _last_word(evidence.quote) if found else "nothing"
            confidence = 0.9 - evidence.begin / 10_000 if found else 0.1
            answers.append(SmallAnswer(said, None, said, confidence, not found, (evidence,), 0.2, 0.1, stopped=False))
        return answers

    def summarize(
        self,
        state: SmallState,
        *,
        title: str,
        text: Callable[[int, int], str],
        span: tuple[int, int] | None,
        words: int,
        options: object = None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[str | SmallAnswer]:
        """The first sentences, a line each, as many as fit in so many words, one at least."""
        begin, end = span or (0, state.n_tokens)
        said, evidence = "", []
        for first, last in _sentences(text(begin, end)):
            sentence = " ".join(text(begin + first, begin + last).split())
            if evidence and (len(f"{said} {sentence}".split()) > words or should_stop()):
                break
            line = f"\n{sentence}" if said else sentence
            yield line
            said += line
            evidence.append(SmallEvidence(begin + first, begin + last, sentence, 1.0))
        yield SmallAnswer(said, said, None, 0.8, False, tuple(evidence), 0.2, 0.1, stopped=should_stop(), summary=True)

    def _point(
        self, state: SmallState, question: str, text: Callable[[int, int], str] | None
    ) -> tuple[SmallEvidence, bool]:
        """The sentence with the question's last word, or the first one, and whether the word stands there."""
        word = question.rstrip("?").split()[-1]
        at = state.text.find(word)
        token = state.slots[at][0] if at >= 0 else 0
        near = text(0, token + 500) if text else state.text
        spans = list(_sentences(near)) or [(0, len(near))]
        begin, end = next((span for span in spans if span[0] <= token < span[1]), spans[0])
        return SmallEvidence(begin, end, " ".join(near[begin:end].split()), 0.9 if at >= 0 else 0.1), at >= 0


def _tensor(slots: Sequence[tuple[int, str]], rows: int) -> np.ndarray:
    """Positions and letters, filled up with zeros."""
    filled = np.zeros((rows, 2), np.int32)
    filled[: len(slots)] = np.array([(at, ord(letter)) for at, letter in slots], np.int32).reshape(-1, 2)
    return filled


def _slots(tensor: np.ndarray) -> tuple[tuple[int, str], ...]:
    return tuple((at, chr(letter)) for at, letter in tensor.tolist())


def _unpacked(data: bytes) -> tuple[dict[str, np.ndarray], str]:
    check(data)
    size = int.from_bytes(data[:8], "little")
    return load(data), json.loads(data[8 : 8 + size]).get("__metadata__", {}).get("small", "")


def _sentences(text: str) -> Iterator[tuple[int, int]]:
    begin = 0
    for at, letter in enumerate(text):
        if letter == "." or text[at : at + 2] == "\n\n":
            begin += len(text[begin : at + 1]) - len(text[begin : at + 1].lstrip())
            if text[begin : at + 1].strip("#. \n"):
                yield begin, at + 1
            begin = at + 1


def _last_word(sentence: str) -> str:
    return sentence.rstrip(".").split()[-1]


def shelf(engine: SmallEngine, store: Store, policy: SavePolicy | None = None, **more) -> Library:
    """A library with that engine."""
    return Library(store, Models(engine=engine), policy=policy, **more)


def said(pieces: Iterator) -> str:
    """The text of an answer, which its last pieces add up to."""
    *before, answer = pieces
    last = ""
    for piece in before:
        last = last + piece if isinstance(piece, str) else ""
    assert last == answer.text
    return answer.text


def state_of(text: str, slots: int = 2000) -> str:
    """The digest of what the small engine holds of a text."""
    engine = SmallEngine(slots=slots)
    *_, last = engine.read(engine.tokenize([text]).ids, engine.empty_state(), group_tokens=7)
    return last.state.digest
