"""Summaries that are written: from the pages that the memory kept most of, spread over the text, each sentence with its place."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import torch

from engine.answer import SENTENCE, Answer, Answerer, Evidence, TextOf, best_sentence, content_words
from engine.generate import AnswerOptions, Spoken, generate
from engine.point import PAGE
from engine.prompts import SUMMARY
from engine.state import State

PAGES = 9  # of PAGE tokens: what a small machine reads in some four seconds
SENTENCES = 24  # sentences of a summary that are looked for in the text


def summarize(
    answerer: Answerer, state: State, title: str, text: TextOf, span: tuple[int, int], words: int, options: AnswerOptions,
    should_stop: Callable[[], bool],
) -> Iterator[str | Answer]:  # fmt: skip
    """Pieces of a summary of about `words` words, then an Answer whose evidence has a place for each sentence, in order."""
    begun, first = time.monotonic(), 0.0
    pages = best_pages(state, span)
    passages = [text(begin, end).strip() for begin, end in pages]
    asked = (
        f'Summarise "{title}" in about {words} words: what it is about, who is in it, and what it says or what happens.'
    )
    view, question = answerer.chat.split_ids(SUMMARY, "\n[…]\n".join(passages), asked)
    cache, starts = answerer.in_view([view])
    options = replace(options, max_new_tokens=max(2 * words, 60), no_repeat=options.no_repeat or 5)
    steps = generate(
        answerer.decoder, answerer.tokenizer, [question], cache, options, start=starts, should_stop=should_stop
    )
    written = Spoken(answerer.tokenizer, steps)
    for piece in written:
        first = first or time.monotonic() - begun
        yield piece
    whole = written.text if written.said[0].ended else whole_sentences(written.text)
    evidence = tuple(places(whole, pages, passages))
    yield Answer(whole, None, whole, 1.0, not whole, evidence, time.monotonic() - begun, first, should_stop())


def best_pages(state: State, span: tuple[int, int]) -> list[tuple[int, int]]:
    """The pages of `span` that most was kept of, one in each of PAGES equal stretches; all of a short span."""
    begin, end = span[0], min(span[1], state.n_tokens)
    if end - begin <= PAGES * PAGE:
        return [(at, min(at + PAGE, end)) for at in range(begin, end, PAGE)]
    positions = torch.cat([kept.position.flatten() for kept in state.slots]).long()
    inside = positions[(positions >= begin) & (positions < end)] - begin
    n = (end - begin) // PAGE
    counts = torch.bincount((inside // PAGE).clamp(max=n - 1), minlength=n).tolist()
    chosen = []
    for part in range(PAGES):
        low, high = part * n // PAGES, (part + 1) * n // PAGES
        chosen.append(max(range(low, max(high, low + 1)), key=lambda page: counts[page]))
    if begin == 0:
        chosen[0] = 0  # how a text begins says what it is
    return [(begin + page * PAGE, min(begin + (page + 1) * PAGE, end)) for page in sorted(set(chosen))]


def places(summary: str, pages: list[tuple[int, int]], passages: list[str]) -> Iterator[Evidence]:
    """For each sentence of a summary the page, and the sentence on it, that it is most like."""
    for match in list(SENTENCE.finditer(summary))[:SENTENCES]:
        sentence = match[0].strip()
        if not content_words(sentence):
            continue
        best = max(
            (
                (*best_sentence(passage, sentence, sentence), page)
                for page, passage in zip(pages, passages, strict=True)
            ),
            key=lambda found: found[1],
        )
        quote, score, (begin, end) = best
        yield Evidence(begin, end, quote, score)


def whole_sentences(text: str) -> str:
    """`text` up to its last full stop, where it has one."""
    end = max(text.rfind(mark) for mark in ".!?")
    return text[: end + 1] if end > 0 else text
