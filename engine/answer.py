"""Answering: at once from memory, and a moment later from the pages that the memory points to.

While the question is read over the slots, a few heads point (`engine.point`). Of the pages that they point at, those come first that
have rare words of the question. The memory's answer is given from the slots of these pages: the more slots are in view, the less a small
model makes of them. Then each of the best pages is read again in plain view, alone, and the model answers from it, so that an answer
has one page that it rests on. What an answer looks like gives a confidence
(`engine.confidence`); the answer with the highest is given, and below a threshold it is declined. A state is read and never changed.
"""

from __future__ import annotations

import math
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from engine.confidence import Signals
from engine.errors import EmptyQuestion, QuestionTooLong
from engine.generate import AnswerOptions, Said, Spoken, generate, log_probs_of, text_of
from engine.memory import Memory, recollect, remembered
from engine.model import Decoder, KeyValueCache, each_row
from engine.point import PAGE, Gaze, Page
from engine.prompts import FROM_MEMORY, IF_NOT_SAID, NOT_SAID, Chat, Turn, in_its_language, passages_prompt
from engine.state import State

Source = Literal["both", "memory", "page"]
TextOf = Callable[[int, int], str]  # the document's text for tokens begin to end (exclusive)
POINTED = 32  # pages whose words are compared with those of the question
WORD_WEIGHT = 0.5  # what they count for beside what the heads say
PAGES = 3  # how many of them are read again
MARGIN = 64  # tokens read on either side of a page
SENTENCE = re.compile(
    r"(?:[^.!?…\n]|\.(?=\w)|(?:(?<=\bMr)|(?<=\bMrs)|(?<=\bMs)|(?<=\bDr)|(?<=\bSt)|(?<=\bNo)|(?<=\b[A-Z]))\.(?!\w))+"
    r"(?:[.!?…]+[\"'”’»)\]]*|\n|$)"
)
WORD = re.compile(r"[^\W_]+")
LETTERS = 6  # of a word, by which it is known
REFUSAL = re.compile(
    r"(?i)\b(?:text|passages?|document)s? (?:does|do) not (?:say|mention|hold|state|specify|provide|contain)"
    r"|zegt de tekst niet|de tekst zegt"
)
LITTLE = frozenset(
    (
        "a an and are as at be been but by did do does for from had has have he her his how i in is it its of on or she that the their "
        "them they this to was were what when where which who whom whose why will with you your "
        "de het een en van is in op te dat die wie wat waar hoe waarom wanneer welke zijn was er"
    ).split()
)


@dataclass(frozen=True)
class Evidence:
    """What an answer rests on: a page, by its tokens `begin` to `end` (exclusive), a sentence of it, and how well that sentence fits the
    answer and the question, 0 to 1."""

    begin: int
    end: int
    quote: str
    score: float


@dataclass(frozen=True)
class Candidate:
    """What the model answers from one page (None: from memory alone), and how sure that is. `cut`: it would have said more."""

    page: Page | None
    text: str
    signals: Signals
    confidence: float
    cut: bool = False


@dataclass(frozen=True)
class Recalled:
    """The memory's answer, complete, before the page's answer begins."""

    text: str
    seconds: float
    first_token_seconds: float


@dataclass(frozen=True)
class Answer:
    """A finished answer. `text` is that of the best candidate: a page's where pages were read again, else the memory's. `confidence` is
    the calibrated probability that it is right; `declined` says that the document does not seem to say it. `evidence` begins with the
    best candidate's page. Times are in seconds from the question on."""

    text: str
    from_memory: str | None
    from_page: str | None
    confidence: float
    declined: bool
    evidence: tuple[Evidence, ...]
    seconds: float
    first_token_seconds: float
    stopped: bool
    candidates: tuple[Candidate, ...] = ()  # the best first
    cut: bool = False  # `text` has as many tokens as it may have, and no end
    summary: bool = False  # it was written sentence by sentence on several pages


@dataclass(frozen=True)
class Ask:
    """One question to one document. Without `text` no page can be read again."""

    state: State
    question: str
    text: TextOf | None = None
    history: Sequence[Turn] = ()


@dataclass(frozen=True)
class _Looked:
    """Pages that a question points at, the best first; those of them to read again, and the text of each with what is around it."""

    pointed: list[Page]
    pages: list[Page]
    passages: list[str]


@dataclass(frozen=True)
class _Verdict:
    """What the judging updates make of an answer: the log-probability that they would say that the text does not say, in nats, and the
    mean log-probability that they give the answer, nats a token."""

    refusal: float
    log_prob: float


@dataclass(frozen=True)
class _Read:
    """What was said from one passage in plain view, and what is thought of it."""

    said: Said
    verdict: _Verdict


class Answerer:
    """Answers with one decoder and one memory."""

    def __init__(self, decoder: Decoder, tokenizer: PreTrainedTokenizerBase, memory: Memory) -> None:
        self.decoder, self.tokenizer, self.memory, self.chat = decoder, tokenizer, memory, Chat(tokenizer)

    def ask(
        self, ask: Ask, source: Source, options: AnswerOptions, should_stop: Callable[[], bool]
    ) -> Iterator[str | Recalled | Answer]:
        """Pieces of the memory's answer, a Recalled, pieces of the page's answer, and the Answer; see `Engine.ask`."""
        begun, first, options = time.monotonic(), 0.0, self._fitting(options)
        alone = source == "memory" or ask.text is None
        for step in self.recall([ask], options, should_stop, speak=source != "page", verify=alone):
            if isinstance(step, str):
                first = first or time.monotonic() - begun
                yield step
            else:
                (recalled,), (looked,), (verdict,) = step
        if source == "both" and ask.text is not None:
            yield Recalled(text_of(self.tokenizer, recalled.tokens), time.monotonic() - begun, first)
        if alone or should_stop():
            candidates = [self._from_memory(ask, recalled, looked, verdict)]
        else:
            (candidates,) = self.read_pages([ask], [recalled], [looked], options, should_stop)
        answer = self.judge(ask, recalled, looked, candidates, time.monotonic() - begun, first, should_stop())
        if answer.from_page:
            answer = replace(answer, first_token_seconds=first or answer.seconds)
            yield answer.from_page
        yield answer

    def ask_each(
        self, asks: Sequence[Ask], source: Source, options: AnswerOptions, should_stop: Callable[[], bool]
    ) -> list[Answer]:
        """The same for many questions at once, each on its own document or on the same one; times are of them all."""
        if not asks:
            return []
        begun, options = time.monotonic(), self._fitting(options)
        alone = source == "memory" or any(ask.text is None for ask in asks)
        *_, (recalled, looked, verdicts) = self.recall(asks, options, should_stop, speak=source != "page", verify=alone)
        first = time.monotonic() - begun
        if alone or should_stop():
            rows = zip(asks, recalled, looked, verdicts, strict=True)
            candidates = [[self._from_memory(*row)] for row in rows]
        else:
            candidates = self.read_pages(asks, recalled, looked, options, should_stop)
        spent, stopped = time.monotonic() - begun, should_stop()
        rows = zip(asks, recalled, looked, candidates, strict=True)
        return [self.judge(*one, spent, first, stopped) for one in rows]

    def recall(
        self, asks: Sequence[Ask], options: AnswerOptions, should_stop: Callable[[], bool], *, speak: bool, verify: bool
    ):
        """Pieces of the first row's answer from memory, then what every row said, the pages that it points at, and, where there will be no
        other answer, what is to be thought of it. Without `speak` it only points."""
        prompts = [
            self._checked(
                ask.question,
                self.chat.ids(self._from_memory_prompt(ask), ask.question.strip(), ask.history),
                options,
            )
            for ask in asks
        ]
        looked = [self._look(*one) for one in zip(asks, self._point(asks, prompts), strict=True)]
        said = [Said([], [], ended=True) for _ in asks]
        verdicts = [_Verdict(0.0, 0.0)] * len(asks)
        if speak:
            cache, questions, starts = self._recollected(asks, looked, options)
            view = cache.copy()
            spoken = Spoken(self.tokenizer, generate(
                self.decoder, self.tokenizer, questions, cache, options, start=starts, updates=self.memory.recall,
                refusal=self._refusal, should_stop=should_stop,
            ))  # fmt: skip
            yield from spoken
            said = spoken.said
            verdicts = self._verify(questions, said, view, starts) if verify else verdicts
        yield said, looked, verdicts

    @torch.inference_mode()
    def _point(self, asks: Sequence[Ask], prompts: Sequence[list[int]]) -> list[list[Page]]:
        """The pages that each question points at, the best first; only as many layers are run as have heads that point."""
        cache, gazes = self._memories(asks), self._gazes(asks, prompts)

        def observe(layer: int, queries: Tensor, keys: Tensor) -> None:
            for rows, gaze in gazes:
                gaze(layer, queries[rows], keys[rows])

        ids, present, positions = each_row(prompts, self.tokenizer.pad_token_id or 0, self.decoder.device)
        padded = None if len(prompts) == 1 and cache.mask is None else present
        self.decoder.forward(ids, cache, positions, present=padded, observe=observe, layers=self.memory.pointing.layers)
        return [page for _, gaze in gazes for page in gaze.best(POINTED)]

    def _recollected(
        self, asks: Sequence[Ask], looked: Sequence[_Looked], options: AnswerOptions
    ) -> tuple[KeyValueCache, list[list[int]], list[int]]:
        """Of every question a cache with the slots of its pages, where passages would stand in a prompt; the tokens that follow, and at
        which position."""
        systems = [in_its_language(passages_prompt(options.brief), self._beginning(ask), ask.question) for ask in asks]
        parts = [
            self.chat.around_ids(system, ask.question.strip(), ask.history)
            for system, ask in zip(systems, asks, strict=True)
        ]
        ranks = []
        for ask, one in zip(asks, looked, strict=True):
            rank = torch.zeros(ask.state.n_tokens, device=self.decoder.device)
            for place, page in enumerate(one.pointed):
                rank[page.begin : page.end] = POINTED - place
            rank[: self.memory.config.sinks] = POINTED + 1
            ranks.append(rank)
        cache, starts = self.in_view([before for before, _ in parts])
        states = [ask.state for ask in asks]
        return cache, [asked for _, asked in parts], recollect(self.decoder, self.memory, states, ranks, cache, starts)

    def read_pages(
        self,
        asks: Sequence[Ask],
        recalled: Sequence[Said],
        looked: Sequence[_Looked],
        options: AnswerOptions,
        should_stop: Callable[[], bool],
    ) -> list[list[Candidate]]:
        """Candidates for each question, one from each page that it points to."""
        rows = [
            (i, page, passage)
            for i, one in enumerate(looked)
            for page, passage in zip(one.pages, one.passages, strict=True)
        ]
        read = self._read([(asks[i], passage) for i, _, passage in rows], options, should_stop)
        found: list[list[Candidate]] = [[] for _ in asks]
        for (i, page, passage), one in zip(rows, read, strict=True):
            found[i].append(self._candidate(asks[i], recalled[i], page, passage, one))
        return found

    def _read(
        self, rows: Sequence[tuple[Ask, str]], options: AnswerOptions, should_stop: Callable[[], bool]
    ) -> list[_Read]:
        """What the model says to each question with one passage in plain view, all in one batch."""
        prompts = [in_its_language(passages_prompt(options.brief), text, ask.question) for ask, text in rows]
        parts = [
            self.chat.split_ids(prompt, text, ask.question.strip(), ask.history)
            for prompt, (ask, text) in zip(prompts, rows, strict=True)
        ]
        cache, starts = self.in_view([view for view, _ in parts])
        view, questions = cache.copy(), [asked for _, asked in parts]
        *_, said = generate(
            self.decoder, self.tokenizer, questions, cache, options, start=starts, refusal=self._refusal, should_stop=should_stop
        )  # fmt: skip
        doubted = [
            self.chat.split_ids(prompt, text, f"{ask.question.strip()}\n{IF_NOT_SAID}", ask.history)[1]
            for prompt, (ask, text) in zip(prompts, rows, strict=True)
        ]
        return list(map(_Read, said, self._verify(doubted, said, view, starts)))

    def _verify(
        self, prompts: Sequence[list[int]], said: Sequence[Said], cache: KeyValueCache, starts: Sequence[int] | None
    ) -> list[_Verdict]:
        """The updates read the question again, and what they think of the answer and of a refusal is taken down."""
        refusal = self._refusal
        answers = [one.tokens or refusal for one in said]
        log_probs = [
            log_probs_of(self.decoder, prompts, chosen, cache, start=starts, updates=self.memory.judge)
            for chosen in ([refusal] * len(said), answers)
        ]
        return [_Verdict(sum(no), sum(yes) / len(yes)) for no, yes in zip(*log_probs, strict=True)]

    def judge(
        self, ask: Ask, recalled: Said, looked: _Looked, candidates: Sequence[Candidate], seconds: float, first: float, stopped: bool
    ) -> Answer:  # fmt: skip
        """The best of what was said, with its evidence and how sure it is."""
        from_memory = text_of(self.tokenizer, recalled.tokens) if recalled.log_probs else None
        candidates = sorted(candidates, key=lambda one: -one.confidence)
        best = candidates[0]
        evidence = self._evidence(ask, looked, best)
        declined = best.confidence < self.memory.confidence.decline_below
        from_page = best.text if best.page is not None else None
        return Answer(
            best.text, from_memory, from_page, best.confidence, declined, evidence, seconds, first, stopped, tuple(candidates),
            best.cut and not stopped,
        )  # fmt: skip

    def _from_memory(self, ask: Ask, recalled: Said, looked: _Looked, verdict: _Verdict) -> Candidate:
        return self._candidate(ask, recalled, None, "\n".join(looked.passages), _Read(recalled, verdict))

    def _candidate(self, ask: Ask, recalled: Said, page: Page | None, passage: str, read: _Read) -> Candidate:
        """An answer that was given with `passage` in view (of `page`, or of none: from memory alone)."""
        text, shown = text_of(self.tokenizer, read.said.tokens), Counter(content_words(passage))
        signals = Signals(
            memory_log_prob=recalled.mean_log_prob,
            page_log_prob=read.said.mean_log_prob,
            page_least=min(read.said.log_probs, default=0.0),
            verified=read.verdict.log_prob,
            agreement=overlap(text_of(self.tokenizer, recalled.tokens), text) if page is not None else 0.5,
            attention=page.score if page is not None else 0.0,
            support=_share(content_words(text), shown),
            asked=_share(content_words(ask.question), shown),
            refused=0.0 if REFUSAL.search(text) else read.verdict.refusal,
        )
        confidence = self.memory.confidence(signals)
        if content_words(text) and not signals.support and not signals.asked:
            # neither question nor answer has a word in common with the page: whatever the model knows, it is not from the document
            confidence = min(confidence, self.memory.confidence.decline_below / 2)
        return Candidate(page, text, signals, confidence, cut=not read.said.ended)

    def _evidence(self, ask: Ask, looked: _Looked, best: Candidate) -> tuple[Evidence, ...]:
        """The best candidate's page and its sentence, then the other pages, best sentence first."""
        if ask.text is None:
            return ()
        found = []
        for page in looked.pages:
            quote, score = best_sentence(ask.text(page.begin, page.end), best.text, ask.question)
            found.append((page is best.page, Evidence(page.begin, page.end, quote, score)))
        return tuple(one for _, one in sorted(found, key=lambda pair: (not pair[0], -pair[1].score)))

    def _look(self, ask: Ask, pointed: list[Page]) -> _Looked:
        """The pages to read again, of those that the question points at. Every word of the question that is on a page adds to the page's
        score, the more the fewer of these pages have it (inverse document frequency)."""
        if ask.text is None:
            return _Looked(pointed, pointed[:PAGES], [])
        before = [question for question, _ in ask.history[-1:]]
        asked = {word for question in (ask.question, *before) for word in content_words(question)}
        words = [asked.intersection(content_words(ask.text(page.begin, page.end))) for page in pointed]
        having = Counter(word for some in words for word in some)
        rarity = {word: math.log((len(pointed) + 1) / (count + 0.5)) for word, count in having.items()}
        scores = [
            page.score + WORD_WEIGHT * sum(rarity[word] for word in some)
            for page, some in zip(pointed, words, strict=True)
        ]
        found = [replace(page, score=score) for page, score in zip(pointed, scores, strict=True)]
        found = sorted(found, key=lambda page: -page.score)
        best = found[:PAGES]
        around = [(max(p.begin - MARGIN, 0), min(p.end + MARGIN, ask.state.n_tokens)) for p in best]
        return _Looked(found, best, [ask.text(begin, end).strip() for begin, end in around])

    @property
    def _room(self) -> int:
        """How many tokens a conversation and its answer may have: a page that is read again needs room as well."""
        return self.decoder.config.max_position_embeddings - 3 * (PAGE + 2 * MARGIN)

    def _fitting(self, options: AnswerOptions) -> AnswerOptions:
        """The options with an answer that leaves the question half of the room at least."""
        return replace(options, max_new_tokens=max(1, min(options.max_new_tokens, self._room // 2)))

    def _checked(self, question: str, prompt: list[int], options: AnswerOptions) -> list[int]:
        if not question.strip():
            raise EmptyQuestion("The question is empty. Type what you would like to know about the document.")
        most = self._room - options.max_new_tokens
        if len(prompt) > most:
            raise QuestionTooLong(
                f"The question and the conversation before it are {len(prompt):,} tokens long; this model takes at most {most:,}. "
                "Ask a shorter question, or start a new conversation."
            )
        return prompt

    def _gazes(self, asks: Sequence[Ask], prompts: Sequence[list[int]]) -> list[tuple[slice, Gaze]]:
        """One gaze for each run of questions on the same state."""
        found, start = [], 0
        while start < len(asks):
            end = start
            while end < len(asks) and asks[end].state is asks[start].state:
                end += 1
            asked = [self._asked(asks[i], prompts[i]) for i in range(start, end)]
            gaze = Gaze(self.decoder, self.memory.pointing, self.memory.keys, asks[start].state, asked)
            found.append((slice(start, end), gaze))
            start = end
        return found

    def _from_memory_prompt(self, ask: Ask) -> str:
        return in_its_language(FROM_MEMORY, self._beginning(ask), ask.question)

    def _beginning(self, ask: Ask) -> str:
        return ask.text(0, min(PAGE, ask.state.n_tokens)) if ask.text is not None else ""

    def _asked(self, ask: Ask, prompt: list[int]) -> tuple[int, int]:
        """How many tokens before its prompt's end the question begins, and how many there are in all. A question that follows another one
        is looked for together with that and its answer: "and who was she?" alone points nowhere."""
        back = len(self.chat.plain(ask.question.strip())) + self.chat.after_question
        if ask.history:
            alone = len(self.chat.ids(FROM_MEMORY, ask.question.strip()))
            back += len(self.chat.ids(FROM_MEMORY, ask.question.strip(), ask.history[-1:])) - alone
        return back, len(prompt)

    @property
    def _refusal(self) -> list[int]:
        return self.chat.plain(NOT_SAID)

    def _memories(self, asks: Sequence[Ask]) -> KeyValueCache:
        """What every row's document left in memory as the beginning of a cache, in the layers that are run to point."""
        same = all(ask.state is asks[0].state for ask in asks)
        states = [asks[0].state] if same else [ask.state for ask in asks]
        cache = remembered(self.decoder, self.memory, states, self.memory.pointing.layers)
        return cache.repeat(len(asks)) if same else cache

    @torch.inference_mode()
    def in_view(self, views: Sequence[list[int]]) -> tuple[KeyValueCache, list[int]]:
        """A cache of texts in plain view, as the base sees them, and at which position each goes on."""
        d = self.decoder
        cache = d.empty_cache(len(views))
        ids, present, positions = each_row(views, self.tokenizer.pad_token_id or 0, d.device)
        d.forward(ids, cache, positions, present=None if len(views) == 1 else present)
        return cache, [len(view) for view in views]


def content_words(text: str) -> list[str]:
    """The words of `text` that say something, in lower case and without their endings, so that "coffin" and "coffins" are one."""
    return [w[:LETTERS] for w in WORD.findall(text.lower()) if w not in LITTLE]


def overlap(a: str, b: str) -> float:
    """F1 of the content words of two texts; 0.5 where one has none."""
    x, y = Counter(content_words(a)), Counter(content_words(b))
    if not x or not y:
        return 0.5
    return 2 * sum((x & y).values()) / (x.total() + y.total())


def best_sentence(text: str, answer: str, question: str) -> tuple[str, float]:
    """The sentence of `text` that fits an answer and its question best, and how well, 0 to 1."""
    said, asked = set(content_words(answer)), set(content_words(question))
    best, most = "", -1.0
    for match in SENTENCE.finditer(text):
        sentence = " ".join(match[0].split())
        words = set(content_words(sentence))
        if not words:
            continue
        score = (2 * len(words & said) / max(len(said), 1) + len(words & asked) / max(len(asked), 1)) / 3
        if score > most:
            best, most = sentence, score
    return best, max(most, 0.0)


def _share(words: Sequence[str], held: Counter) -> float:
    return sum(w in held for w in words) / len(words) if words else 0.0
