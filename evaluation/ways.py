"""The ways to answer a question on a text: ours, and what people use instead, on the same base with the same questions and prompt.

Ours reads the text once and answers from its memory ("memory") and then from the pages that the memory points to ("page"); `alone`
reads no page again, which is much faster where settings of the memory are compared. The
peers use the base alone: `closed` sees nothing of the text; `full` all of it in plain view, `truncated` its beginning and its end;
`rag` and `bm25` the five passages most like the question; a press of kvpress reads all of it and keeps as many tokens a head as our
memory has slots.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import takewhile
from typing import Any

import torch

from engine.answer import REFUSAL, Answer, Ask
from engine.engine import Engine
from engine.generate import AnswerOptions, generate, text_of
from engine.memory import digest_of
from engine.model import KeyValueCache
from engine.prompts import BRIEFLY, FROM_MEMORY, FROM_PASSAGES, IF_NOT_SAID, Turn, in_its_language, passages_prompt
from evaluation.loading import Measured, Memories
from evaluation.passages import LOOKS, Lookup
from evaluation.presses import PRESSES, pressed

BATCH = 8  # questions that are answered together
VIEW = 8192  # tokens of a text in plain view at most
ROOM = 512  # positions that are left for the prompt and the answer
CLOSED_BRIEFLY = "Answer the question with a few words, and nothing else."
PROMPTS = (FROM_MEMORY, FROM_PASSAGES, BRIEFLY, CLOSED_BRIEFLY)  # what was answered to another prompt is another answer
TOGETHER = 16384  # tokens of caches that are held for questions answered together
WAYS = ("memory", "alone", "closed", "truncated", "full", *LOOKS, *PRESSES)


@dataclass(frozen=True)
class Question:
    """What is asked, the answers that are accepted, and what else a row should say."""

    text: str
    accepted: tuple[str, ...]
    about: dict[str, Any] = field(default_factory=dict)
    history: tuple[Turn, ...] = ()


@dataclass(frozen=True)
class Reply:
    """An answer from one source. `declined`: it was said that the text does not say; `about` goes into the row."""

    text: str
    declined: bool
    about: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Way:
    """A way to answer. `open` takes a text's tokens and gives what answers questions on it, a reply a source each; `mark` names
    everything that the answers depend on; `most` is the longest text in tokens that it can take."""

    name: str
    sources: tuple[str, ...]
    mark: str
    open: Callable[[Sequence[int]], Callable[[Sequence[Question], AnswerOptions], list[list[Reply]]]]
    most: int | None = None


def ways(
    names: Sequence[str], measured: Measured, memories: Memories, view: int = VIEW, peers_decline: bool = False
) -> list[Way]:
    """The ways of those names. With `peers_decline` peers are told what to say where the text has no answer.

    Raises PartMissing where a package is not there, and KeyError for another name.
    """
    engine, found = measured.engine, []
    plain = PlainView(engine, peers_decline)
    view = min(view, engine.decoder.config.max_position_embeddings - ROOM)
    for name in names:
        base = {"base": measured.base, "dtype": engine.info.dtype, "way": name, "prompts": PROMPTS}
        base |= {"peers_decline": True} if peers_decline and name not in ("memory", "alone") else {}
        if name in ("memory", "alone"):
            found.append(_memory(engine, memories, base, alone=name == "alone"))
        elif name == "closed":
            found.append(Way(name, (name,), mark(base), lambda ids: plain.nothing))
        elif name in ("truncated", "full"):
            limit = view if name == "full" else None
            found.append(Way(name, (name,), mark(base | {"view": view}), _in_view(plain, view), limit))
        elif name in LOOKS:
            found.append(Way(name, (name,), mark(base), _looked_up(plain, LOOKS[name]())))
        elif name in PRESSES:
            kept = engine.memory.config.slots
            found.append(Way(name, (name,), mark(base | {"kept": kept}), _pressed(plain, name, kept), view))
        else:
            raise KeyError(f"{name!r} is no way to answer; there are {', '.join(WAYS)}.")
    return found


def mark(parts: dict[str, Any]) -> str:
    """A short name for everything that an answer depends on."""
    return digest_of(parts)[:16]


def memory_parts(engine: Engine) -> dict[str, Any]:
    """What answers from a memory depend on beside the base."""
    memory = engine.memory
    return {
        "state": engine.fingerprint, "weights": memory.weights_sha256, "confidence": memory.confidence.to_dict(),
        "pointing": memory.pointing.to_dict(), "updates": bool(memory.recall),
    }  # fmt: skip


def declines(reply: str) -> bool:
    """Whether a reply says that the text does not say."""
    return bool(REFUSAL.search(reply))


class PlainView:
    """Answers by the base alone, from what stands in plain view before the question. With `may_decline` it is told behind every
    question what to say where the text has no answer."""

    def __init__(self, engine: Engine, may_decline: bool = False) -> None:
        self._behind = f"\n{IF_NOT_SAID}" if may_decline else ""
        self.engine, self.decoder, self.tokenizer = engine, engine.decoder, engine.tokenizer
        self.chat = engine.answerer.chat

    def nothing(self, questions: Sequence[Question], options: AnswerOptions) -> list[list[Reply]]:
        """Replies with nothing in view."""
        system = CLOSED_BRIEFLY if options.brief else FROM_MEMORY
        prompts = [self.chat.ids(system, q.text + self._behind, q.history) for q in questions]
        cache = self.decoder.empty_cache(len(prompts))
        return _replies(self._say(prompts, cache, [0] * len(prompts), options))

    def each(self, views: Sequence[str], questions: Sequence[Question], options: AnswerOptions) -> list[list[Reply]]:
        """Replies to each question with its own passages in view."""
        system = passages_prompt(options.brief)
        parts = [
            self.chat.split_ids(in_its_language(system, v, q.text), v, q.text + self._behind, q.history)
            for v, q in zip(views, questions, strict=True)
        ]
        cache, starts = self.engine.answerer.in_view([view for view, _ in parts])
        return _replies(self._say([asked for _, asked in parts], cache, starts, options))

    def same(
        self, text: str, questions: Sequence[Question], options: AnswerOptions,
        view: Callable[[list[int]], KeyValueCache], known: dict[tuple[int, ...], KeyValueCache],
    ) -> list[list[Reply]]:  # fmt: skip
        """Replies to questions with one text in view. `view` makes the cache of a prompt's tokens up to the question, and `known`
        holds those that were made; a conversation before the question stands before the text and makes another."""
        found: list[str] = []
        system = passages_prompt(options.brief)
        parts = [
            self.chat.split_ids(in_its_language(system, text, q.text), text, q.text + self._behind, q.history)
            for q in questions
        ]
        while len(found) < len(parts):
            tokens = parts[len(found)][0]
            if tuple(tokens) not in known:
                known.clear()  # one at a time: a long one takes a gigabyte
                known[tuple(tokens)] = view(tokens)
            alike = takewhile(lambda part, tokens=tokens: part[0] == tokens, parts[len(found) :])
            asked = [one for _, one in alike][: max(1, TOGETHER // len(tokens))]
            cache = known[tuple(tokens)].repeat(len(asked))
            found += self._say(asked, cache, [len(tokens)] * len(asked), options)
        return _replies(found)

    def _say(self, prompts, cache: KeyValueCache, starts: list[int], options: AnswerOptions) -> list[str]:
        *_, said = generate(self.decoder, self.tokenizer, prompts, cache, options, start=starts)
        return [text_of(self.tokenizer, one.tokens) for one in said]


def _replies(texts: Sequence[str]) -> list[list[Reply]]:
    return [[Reply(text, declines(text))] for text in texts]


def _memory(engine: Engine, memories: Memories, base: dict[str, str], *, alone: bool) -> Way:
    def read(ids: Sequence[int]):
        state = memories.of(ids)

        def answer(questions: Sequence[Question], options: AnswerOptions) -> list[list[Reply]]:
            asks = [Ask(state, q.text, lambda a, b: engine.text(ids[a:b]), q.history) for q in questions]
            found = engine.ask_many(asks, source="memory" if alone else "both", options=options)
            return [_alone(one) if alone else _both(one, len(asks)) for one in found]

        return answer

    name, sources = ("alone", ("alone",)) if alone else ("memory", ("memory", "page"))
    return Way(name, sources, mark(base | memory_parts(engine)), read)


def _alone(answer: Answer) -> list[Reply]:
    return [Reply(answer.text, declines(answer.text), {"pages": _pages(answer)})]


def _pages(answer: Answer) -> list[list[int]]:
    return [[one.begin, one.end] for one in answer.evidence]


def _both(answer: Answer, together: int) -> list[Reply]:
    pages = _pages(answer)
    about = {
        "confidence": round(answer.confidence, 4),
        "pages": pages,
        "quote": answer.evidence[0].quote if pages else "",
    }
    about["seconds"] = round(answer.seconds / together, 2)
    about["candidates"] = [asdict(one) for one in answer.candidates]
    recalled, read = answer.from_memory or "", answer.from_page or ""
    return [Reply(recalled, declines(recalled)), Reply(read, answer.declined or declines(read), about)]


def _in_view(plain: PlainView, view: int):
    engine = plain.engine

    def look(ids: Sequence[int]):
        known: dict[tuple[int, ...], KeyValueCache] = {}
        text = (
            engine.text(ids)
            if len(ids) <= view
            else engine.text(ids[: view // 2]) + "\n[…]\n" + engine.text(ids[-view // 2 :])
        )

        def make(tokens: list[int]) -> KeyValueCache:
            return engine.answerer.in_view([tokens])[0]

        return lambda questions, options: plain.same(text, questions, options, make, known)

    return look


def _pressed(plain: PlainView, name: str, kept: int):
    engine = plain.engine

    def press(ids: Sequence[int]):
        known: dict[tuple[int, ...], KeyValueCache] = {}

        def make(tokens: list[int]) -> KeyValueCache:
            return pressed(engine.decoder, torch.tensor([tokens], device=engine.decoder.device), name, kept)

        return lambda questions, options: plain.same(engine.text(ids), questions, options, make, known)

    return press


def _looked_up(plain: PlainView, lookup: Lookup):
    def index(ids: Sequence[int]):
        best = lookup(plain.engine.text, ids)

        def answer(questions: Sequence[Question], options: AnswerOptions) -> list[list[Reply]]:
            return plain.each(best([q.text for q in questions]), questions, options)

        return answer

    return index


def batches(questions: Sequence[Question], size: int) -> Iterator[Sequence[Question]]:
    """`size` questions at a time."""
    for start in range(0, len(questions), size):
        yield questions[start : start + size]
