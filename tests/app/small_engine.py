"""A small engine for the tests of the library: its memory is a running hash of what was read, and its answers tell it.

It stands in for the real one where a test needs many tokens in a millisecond. A group's hash depends on where the group
begins and ends, as floating-point sums do, so only a resume at the very same boundaries gives the same bytes.
"""

from __future__ import annotations

import hashlib
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import NamedTuple

from engine.errors import EmptyQuestion, EngineError, FingerprintMismatch, StateCorrupt

MAGIC = b"small-state"


class SmallState(NamedTuple):
    digest: str
    n_tokens: int

    def to_bytes(self, fingerprint: str) -> bytes:
        return MAGIC + f" {fingerprint} {self.digest} {self.n_tokens:012d}".encode()

    @staticmethod
    def from_bytes(data: bytes, fingerprint: str) -> SmallState:
        if not data.startswith(MAGIC):
            raise StateCorrupt("The stored memory is damaged. Read the document again.")
        _, stored, digest, n_tokens = data.decode().split(" ")
        if stored != fingerprint:
            raise FingerprintMismatch("This memory was made by another model.")
        return SmallState(digest, int(n_tokens))


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
    strengths: tuple[float, ...]
    worths: tuple[bytes, ...]


@dataclass(frozen=True)
class SmallAnswer:
    text: str
    grounding: float
    grounded: bool
    seconds: float
    first_token_seconds: float
    stopped: bool


class SmallEngine:
    """One token a character. `pause` seconds a group make it slow; `fails_at` tokens make it fail."""

    info = SimpleNamespace(
        model="small", device="cpu", dtype="float32", segment_len=5, cache_bytes_per_token=20, state_bytes=97,
        rule="hash", trained=True, parameters=1_000_000,
    )  # fmt: skip

    def __init__(
        self,
        fingerprint: str = "f1",
        *,
        group: int = 7,
        pause: float = 0.0,
        fails_at: int | None = None,
        judges: bool = False,
    ) -> None:
        self.fingerprint = fingerprint
        self.group = group
        self.pause = pause
        self.fails_at = fails_at
        self.judges = judges  # whether it says what a token is worth: a digit much, all else nothing
        self.tokens_read = 0
        self.group_sizes: set[int] = set()
        self.known: dict[str, str] = {"0" * 64: ""}
        self.before_group: Callable[[], None] = lambda: None

    def group_tokens(self) -> int:
        return self.group

    def tokenize(self, pages: Sequence[str]) -> SmallTokens:
        ids, starts = array("i"), []
        for page in pages:
            starts.append(len(ids))
            ids.extend(map(ord, page))
        return SmallTokens(ids, tuple(starts))

    def empty_state(self) -> SmallState:
        return SmallState("0" * 64, 0)

    def state_from_bytes(self, data: bytes) -> SmallState:
        return SmallState.from_bytes(data, self.fingerprint)

    def state_to_bytes(self, state: SmallState) -> bytes:
        return state.to_bytes(self.fingerprint)

    def read(self, ids: array[int], state: SmallState, *, group_tokens: int) -> Iterator[SmallStep]:
        total = state.n_tokens + len(ids)
        self.group_sizes.add(group_tokens)
        for start in range(0, len(ids), group_tokens):
            self.before_group()
            time.sleep(self.pause)
            group = ids[start : start + group_tokens]
            digest = hashlib.sha256(state.digest.encode() + group.tobytes()).hexdigest()
            self.known[digest] = self.known.get(state.digest, "") + "".join(map(chr, group))
            state = SmallState(digest, state.n_tokens + len(group))
            if self.fails_at is not None and state.n_tokens > self.fails_at:
                raise EngineError("The device has no memory left. Close other programs.")
            self.tokens_read += len(group)
            part = self.info.segment_len
            strengths = tuple(len(set(group[i : i + part])) / 100 for i in range(0, len(group), part))
            parts = ["".join(map(chr, group[i : i + part])) for i in range(0, len(group), part)]
            worths = tuple(bytes(200 * c.isdigit() for c in some) if self.judges else b"" for some in parts)
            left = (total - state.n_tokens) / 1000.0
            yield SmallStep(state, state.n_tokens, total, 1000.0, left, strengths, worths)

    def reading_speed(self) -> float:
        return 1000.0

    def token_starts(self, page: str) -> list[int]:
        return list(range(len(page)))

    def worth(self, tokens: bytes) -> float:
        return float(sum(tokens))

    def gates(self) -> list[tuple[int, tuple[float, ...], tuple[float, ...]]]:
        return [(2, (0.5, 0.1), (0.0, 0.9)), (3, (0.25, 0.0), (0.3, 0.1))]

    def text(self, ids: array[int]) -> str:
        return "".join(map(chr, ids))

    def likelihoods(
        self, states: Sequence[SmallState], question: str, said: str, *, history: Sequence[tuple[str, str]] = ()
    ) -> list[float]:
        """What was read makes an answer likelier by 3 nats where it stands there, and by a little for every lamp."""
        self.talk_seen = list(history)
        texts = [self.known[state.digest] for state in states]
        return [-4.0 + 3.0 * (said in text) + 0.01 * text.count("lamp") for text in texts]

    def answer_from_text(self, passage: str, question: str) -> str:
        return f"{question} {len(passage)}"

    def answer(
        self,
        state: SmallState,
        question: str,
        *,
        history: Sequence[tuple[str, str]] = (),
        options: object = None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[str | SmallAnswer]:
        if not question.strip():
            raise EmptyQuestion("Please type a question.")
        said = ""
        for piece in (question, " ", f"{len(history)} ", state.digest):
            if should_stop():
                break
            said += piece
            yield piece
        yield SmallAnswer(said, 1.5, not question.startswith("Strange"), 0.2, 0.1, stopped=said[-64:] != state.digest)

    def answer_each(
        self, states: Sequence[SmallState], question: str, *, should_stop: Callable[[], bool] = lambda: False
    ) -> list[SmallAnswer]:
        """The last word of the sentence that holds the question's last word; the sooner it stands there, the better grounded."""
        if not question.strip():
            raise EmptyQuestion("Please type a question.")
        word, answers = question.rstrip("?").split()[-1], []
        for text in (self.known[state.digest] for state in states):
            at = text.find(word)
            said = text[at:].split(".")[0].split()[-1] if at >= 0 else "nothing"
            grounding = 3.0 - at / 1000 if at >= 0 else 0.1
            answers.append(SmallAnswer(said, grounding, at >= 0, 0.2, 0.1, stopped=False))
        return answers

    def summarize(
        self,
        state: SmallState,
        *,
        title: str,
        options: object = None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[str | SmallAnswer]:
        return self.answer(state, title, should_stop=should_stop)


def said(pieces: Iterator[str | SmallAnswer]) -> str:
    """The text of an answer, which its pieces add up to."""
    *texts, answer = pieces
    assert "".join(texts) == answer.text
    return answer.text


def state_of(text: str, group: int) -> str:
    """The hash that the small engine ends with."""
    *_, last = SmallEngine(group=group).read(
        SmallEngine().tokenize([text]).ids, SmallEngine().empty_state(), group_tokens=group
    )
    return last.state.digest
