"""Summaries that are written: a sentence or two on each of the pages that the memory kept most of, spread over the text.

A small model that writes one long summary repeats itself and drifts away from the text. So it writes about one page at a time, all in one
batch, in the language of the page. What has a name or a number that is not on its page is not said: the page's own sentence that is most
like it is quoted.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain

import torch

from engine.answer import SENTENCE, WORD, Answer, Answerer, Evidence, TextOf, best_sentence, content_words
from engine.generate import AnswerOptions, generate, text_of
from engine.language import LITTLE_WORDS
from engine.point import PAGE
from engine.prompts import BEGINNING, OF_A_PAGE, OF_THE_WHOLE, SUMMARY, in_its_language
from engine.state import State

WORDS_A_PAGE = 18  # that are written on one page, about
FEWEST, MOST = 3, 24  # pages
MARGIN = 32  # tokens read on either side of a page
TOKENS = 56  # that are written on one page at most
SUPPORTED = 0.5  # of the words of what is written, at least, are on the page
# or a number; the first word of a sentence may be any word
NAME = re.compile(r"(?<![.!?“\"] )(?<!^)\b[^\W\d_a-z]\w+|\d[\d.,]*\d|\d")
ABOUT_THE_PASSAGE = re.compile(
    r"(?:the|this) (?:passage|text|section) (?:also )?(?:is about|(?!is\b|was\b|has\b)[a-z]+s(?: that| us that)?)\s+",
    re.IGNORECASE,
)


def summarize(
    answerer: Answerer, state: State, title: str, text: TextOf, span: tuple[int, int], words: int, options: AnswerOptions,
    should_stop: Callable[[], bool],
) -> Iterator[str | Answer]:  # fmt: skip
    """Pieces of a summary of about `words` words, then an Answer whose evidence has a place for each sentence, in order. Its confidence is
    how likely the model found what it wrote, a token (the geometric mean)."""
    begun = time.monotonic()
    chosen = best_pages(state, span, min(max(round(words / WORDS_A_PAGE), FEWEST), MOST))
    pages = [(max(begin - MARGIN, span[0]), min(end + MARGIN, span[1])) for begin, end in chosen]
    passages = [text(begin, end).strip() for begin, end in pages]
    asked = [(BEGINNING, OF_THE_WHOLE) if begin == 0 else (SUMMARY, OF_A_PAGE) for begin, _ in pages]
    parts = [
        answerer.chat.split_ids(in_its_language(how, shown), shown, in_its_language(what, shown))
        for shown, (how, what) in zip(passages, asked, strict=True)
    ]
    cache, starts = answerer.in_view([view for view, _ in parts])
    prompts, options = [question for _, question in parts], replace(options, max_new_tokens=TOKENS)
    summary, evidence, rows, done, first = "", [], [], 0, 0.0
    steps = generate(
        answerer.decoder, answerer.tokenizer, prompts, cache, options, start=starts, should_stop=should_stop
    )
    # a page is told as soon as it and those before it are written, and at the end the others
    for said in chain(steps, [None]):
        rows = said or rows
        while done < len(rows) and (rows[done].ended or said is None):
            written = text_of(answerer.tokenizer, rows[done].tokens)
            written = written if rows[done].ended else whole_sentences(written)
            # how a document begins seldom says in its own words what it is
            told = on_page(written, passages[done], title, SUPPORTED if pages[done][0] else 0.0)
            if told and told not in summary:
                first = first or time.monotonic() - begun
                yield (piece := f" {told}" if summary else told)
                summary += piece
                evidence += places(told, passages[done], *pages[done])
            done += 1
    sure = math.exp(sum(one.mean_log_prob for one in rows) / len(rows))
    spent, stopped = time.monotonic() - begun, should_stop()
    yield Answer(summary, None, summary, sure, not summary, tuple(evidence), spent, first, stopped, summary=True)


def on_page(written: str, passage: str, title: str, supported: float = SUPPORTED) -> str:
    """What was written about a passage, or, where that is not borne out by it, the passage's sentence that is most like it. It is borne
    out when the passage or the title has its names and numbers, and so large a share of its other words."""
    written = " ".join(written.split())
    said_of_it = ABOUT_THE_PASSAGE.match(written)
    if said_of_it:
        written = written[said_of_it.end() :]
        written = written[:1].upper() + written[1:]
    held = set(content_words(f"{passage} {title}"))
    said = content_words(written)
    shared = sum(word in held for word in said)
    borne_out = shared and shared >= supported * len(said)
    if borne_out and all(map(held.__contains__, _first_words(written))) and _names(written, f"{passage} {title}"):
        return written
    whole = " ".join(s for s in map(str.strip, SENTENCE.findall(passage)) if s[:1].isupper() and s[-1:] in '.!?”"’»')
    quote, _ = best_sentence(whole, written, "")
    return f"“{quote.strip('“”')}”" if quote else ""


def _first_words(written: str) -> Iterator[str]:
    """The words that sentences begin with, but for little ones: they may be names."""
    for match in SENTENCE.finditer(written):
        first = WORD.search(match[0])
        if first and first[0].lower() not in LITTLE_WORDS["English"]:
            yield from content_words(first[0])


def _names(written: str, text: str) -> bool:
    """Whether all names and numbers stand in `text`, in the singular or the plural. Endings count for them: "shakes" is not Shakespeare."""
    there = {word.lower() for word in WORD.findall(text)}
    words = [word.lower() for name in NAME.findall(written) for word in WORD.findall(name)]
    return all(word in there or word.removesuffix("s") in there or f"{word}s" in there for word in words)


def best_pages(state: State, span: tuple[int, int], pages: int) -> list[tuple[int, int]]:
    """The pages of `span` that most was kept of, one in each of `pages` equal stretches; all of a short span."""
    begin, end = span[0], min(span[1], state.n_tokens)
    if end - begin <= pages * PAGE:
        return [(at, min(at + PAGE, end)) for at in range(begin, end, PAGE)]
    positions = torch.cat([kept.position.flatten() for kept in state.slots]).long()
    inside = positions[(positions >= begin) & (positions < end)] - begin
    n = (end - begin) // PAGE
    counts = torch.bincount((inside // PAGE).clamp(max=n - 1), minlength=n).tolist()
    chosen = []
    for part in range(pages):
        low, high = part * n // pages, (part + 1) * n // pages
        chosen.append(max(range(low, max(high, low + 1)), key=lambda page: counts[page]))
    if begin == 0:
        chosen[0] = 0  # how a text begins says what it is
    return [(begin + page * PAGE, min(begin + (page + 1) * PAGE, end)) for page in sorted(set(chosen))]


def places(told: str, passage: str, begin: int, end: int) -> Iterator[Evidence]:
    """For each sentence that was told of a page the page, and the sentence on it that it is most like."""
    for match in SENTENCE.finditer(told):
        if re.search(r"\w", match[0]):
            quote, score = best_sentence(passage, match[0], match[0])
            yield Evidence(begin, end, quote, score)


def whole_sentences(text: str) -> str:
    """`text` up to its last full stop, where it has one."""
    end = max(text.rfind(mark) for mark in ".!?")
    return text[: end + 1] if end > 0 else text
