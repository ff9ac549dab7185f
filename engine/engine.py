"""The engine: one loaded model that reads documents to states and answers from them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from engine import reader
from engine.answer import Answer, AnswerOptions, answer, likelihoods
from engine.answer_each import answer_each
from engine.device import choose_device, choose_dtype
from engine.errors import EmptyText
from engine.fetch import DEFAULT_BASE
from engine.gates import LayerGates, layer_gates
from engine.prompts import Turn, summary_request
from engine.reader import ReadStep, TokenizedDocument
from engine.state import MemoryState
from engine.weights import DEFAULT_MODEL, Loaded, fingerprint, load_model
from engine.worth import worth

ANSWER = AnswerOptions()
SUMMARY = AnswerOptions(max_new_tokens=200, no_repeat=4)


@dataclass(frozen=True)
class EngineSettings:
    """Which model to load, where to keep downloads, and on what to compute ("auto": the best there is). `rule` is the memory rule of a
    model whose memory was never trained; a trained one keeps its own."""

    cache_dir: Path
    model: str = DEFAULT_MODEL
    adapter_dir: Path | None = None
    device: str = "auto"
    dtype: str = "auto"
    threads: int | None = None
    rule: str | None = None


@dataclass(frozen=True)
class EngineInfo:
    """What is running, for people to see. `state_bytes` is what one document's memory takes, whatever its length;
    `cache_bytes_per_token` what a key/value cache would take for a token."""

    model: str
    device: str
    dtype: str
    rule: str
    segment_len: int
    state_bytes: int
    weights_hash: str
    trained: bool
    cache_bytes_per_token: int
    parameters: int = 0


class Engine:
    """A model with memory, and everything that the application asks of it. Holds no document: states go in and come out."""

    def __init__(self, loaded: Loaded, name: str):
        self.model, self.tokenizer = loaded.model, loaded.tokenizer
        self.fingerprint_parts = dict(loaded.parts)
        self.fingerprint = fingerprint(loaded.parts)
        config = self.model.config
        self.info = EngineInfo(
            name, str(self.model.device), loaded.parts["dtype"], config.rule, config.segment_len, config.state_bytes,
            loaded.parts["adapter"] if loaded.parts["adapter"] != "none" else loaded.parts["base"], loaded.trained,
            config.cache_bytes_per_token, sum(weights.numel() for weights in self.model.parameters()),
        )  # fmt: skip

    @staticmethod
    def load(settings: EngineSettings, on_progress: Callable[[str], None] = lambda text: None) -> "Engine":
        """Load the model, fetching the default base first if it is missing. Raises EngineError's subclasses."""
        if settings.threads is not None:
            torch.set_num_threads(settings.threads)
        device = choose_device(settings.device)
        dtype = choose_dtype(device, settings.dtype)
        shown = DEFAULT_BASE.name if settings.model == DEFAULT_MODEL else settings.model
        return Engine(
            load_model(
                settings.model, settings.cache_dir, settings.adapter_dir, device, dtype, on_progress, settings.rule
            ),
            shown,
        )

    def tokenize(self, pages: Sequence[str]) -> TokenizedDocument:
        """Token ids of a document's pages. Raises EmptyText where no token comes out."""
        document = reader.tokenize(self.tokenizer, pages)
        if not len(document):
            raise EmptyText("The document holds no text to read.")
        return document

    def token_starts(self, page: str) -> list[int]:
        """At which character of a page each of its tokens starts; see `engine.reader.token_starts`."""
        return reader.token_starts(self.tokenizer, page)

    def worth(self, tokens: bytes) -> float:
        """What a passage was worth keeping, from what its tokens were; see `engine.worth.worth`."""
        return worth(tokens)

    def empty_state(self) -> MemoryState:
        """The memory of nothing."""
        return MemoryState.empty(self.model.config, device=self.model.device)

    def state_from_bytes(self, data: bytes) -> MemoryState:
        """A stored state, on the model's device. Raises StateCorrupt and FingerprintMismatch."""
        return MemoryState.from_bytes(data, self.fingerprint).to(self.model.device)

    def state_to_bytes(self, state: MemoryState) -> bytes:
        """The bytes to store a state as."""
        return state.to_bytes(self.fingerprint)

    def group_tokens(self) -> int:
        """How many tokens to read together on this machine now."""
        return reader.group_tokens(self.model)

    def reading_speed(self) -> float:
        """Tokens a second that this machine reads now, measured on one segment after one that warms up."""
        some = torch.arange(self.info.segment_len) % self.model.config.text_config.vocab_size
        for _ in range(2):
            *_, last = self.read(some.tolist(), self.empty_state(), group_tokens=len(some))
        return last.tokens_per_second

    def read(self, ids: Sequence[int], state: MemoryState, *, group_tokens: int) -> Iterator[ReadStep]:
        """Read `ids` after what `state` holds; see `engine.reader.read`."""
        return reader.read(self.model, ids, state, group_tokens)

    def read_side_by_side(self, texts: Sequence[Sequence[int]]) -> list[MemoryState]:
        """The states of several texts of one length; see `engine.reader.read_side_by_side`."""
        segment_len = self.info.segment_len
        group = max(self.group_tokens() // len(texts) // segment_len, 1) * segment_len
        return reader.read_side_by_side(self.model, texts, group)

    def answer(
        self, state: MemoryState, question: str, *, history: Sequence[Turn] = (), options: AnswerOptions = ANSWER,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[str | Answer]:  # fmt: skip
        """Answer from `state`: pieces of text, then one Answer; see `engine.answer.answer`."""
        return answer(
            self.model, self.tokenizer, state, question, history=history, options=options, should_stop=should_stop
        )

    def answer_each(
        self, states: Sequence[MemoryState], question: str, *, options: AnswerOptions = ANSWER,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> list[Answer]:  # fmt: skip
        """Answer from each of `states` in one batch; see `engine.answer_each.answer_each`."""
        return answer_each(self.model, self.tokenizer, states, question, options=options, should_stop=should_stop)

    def gates(self) -> list[LayerGates]:
        """How far each head listens to what was read, by layer with a memory."""
        return layer_gates(self.model)

    def text(self, ids: Sequence[int]) -> str:
        """The text of token ids, without letters that are cut through at either end."""
        return self.tokenizer.decode(list(ids)).strip("\N{REPLACEMENT CHARACTER}").strip()

    def answer_from_text(self, passage: str, question: str, *, options: AnswerOptions = ANSWER) -> str:
        """The answer from a memory of `passage` alone, read just now: what was trained answers from memories, not from what it has
        in view. Raises EmptyText, EmptyQuestion and QuestionTooLong."""
        *_, step = self.read(self.tokenize([passage]).ids, self.empty_state(), group_tokens=self.group_tokens())
        *_, last = self.answer(step.state, question, options=options)
        return last.text

    def likelihoods(
        self, states: Sequence[MemoryState], question: str, said: str, *, history: Sequence[Turn] = ()
    ) -> list[float]:
        """How likely the answer `said` is from each of `states`; see `engine.answer.likelihoods`."""
        return likelihoods(self.model, self.tokenizer, states, question, said, history)

    def summarize(
        self, state: MemoryState, *, title: str, options: AnswerOptions = SUMMARY,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> Iterator[str | Answer]:  # fmt: skip
        """Summarise what `state` holds of the document or section called `title`."""
        options = replace(options, no_repeat=options.no_repeat or SUMMARY.no_repeat)
        return self.answer(state, summary_request(title), options=options, should_stop=should_stop)
