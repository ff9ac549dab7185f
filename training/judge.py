"""Updates that judge answers: how likely they find the answer that was given, and how likely a refusal.

They are trained to answer, with passages in plain view or in slots: with words of the text, the sentence that holds them, people's own
answers, and "The text does not say." where the passages are of the same source and do not hold it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.model import Decoder, KeyValueCache, Updates, each_row
from engine.prompts import BRIEFLY, FROM_MEMORY, FROM_PASSAGES, IF_NOT_SAID, NOT_SAID, Chat
from training.corpora import Passage
from training.observe import in_slots, in_view, read_everything
from training.updates import Settings, carelessly, pools, spoken

BETWEEN = "\n[…]\n"


@dataclass(frozen=True)
class Asked:
    """A question as it is put: system prompt, question, answer, and the talk before it."""

    system: str
    question: str
    answer: str
    history: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Example:
    """Passages, in plain view or (`in_slots`) read into slots, and questions on them."""

    passages: str
    in_slots: bool
    asked: tuple[Asked, ...]


def examples(squad: Sequence[Passage], stories: Sequence[Sequence[Passage]], settings: Settings) -> Iterator[Example]:
    """Endless examples, the same for the same seed."""
    chance, sources = random.Random(settings.seed), pools(squad, stories)
    while True:
        pool = chance.choice(sources[chance.random() < settings.stories])
        shown = sorted(chance.sample(range(len(pool)), min(settings.passages, len(pool) - 1)))
        in_slots = chance.random() < settings.from_memory
        asked = [one for _ in range(settings.rows) if (one := _asked(pool, shown, in_slots, settings, chance))]
        if asked:
            yield Example(BETWEEN.join(pool[i].text.strip() for i in shown), in_slots, tuple(asked))


def _asked(
    pool: Sequence[Passage], shown: Sequence[int], in_slots: bool, settings: Settings, chance: random.Random
) -> Asked | None:
    """One question on `shown` passages of a pool, or on one that is not shown and whose answer they do not hold."""
    unanswerable = chance.random() < settings.unanswerable
    passage = pool[chance.choice([i for i in range(len(pool)) if i not in shown] if unanswerable else shown)]
    if not passage.questions:
        return None
    question = chance.choice(passage.questions)
    brief = not in_slots and question.span is not None and chance.random() < settings.brief
    system = FROM_MEMORY if in_slots else f"{BRIEFLY} {IF_NOT_SAID}" if brief else FROM_PASSAGES
    history: tuple[tuple[str, str], ...] = ()
    if len(passage.questions) > 1 and chance.random() < settings.follow_up:
        before = chance.choice([q for q in passage.questions if q is not question])
        history = ((before.text, spoken(passage, before)),)
    text = carelessly(question.text, chance) if chance.random() < settings.careless else question.text
    if not unanswerable:
        return Asked(system, text, question.answers[0] if brief else spoken(passage, question), history)
    held = " ".join(pool[i].text for i in shown).lower()
    if any(answer.lower() in held for answer in question.answers):
        return None
    return Asked(system, text, NOT_SAID)


def loss_of(decoder: Decoder, chat: Chat, example: Example, updates: Updates, window: int) -> Tensor:
    """Mean cross-entropy of the answers' tokens, each answer with its end."""
    groups: dict[tuple[int, ...], list[tuple[list[int], list[int]]]] = {}
    for one in example.asked:
        answer = [*chat.plain(one.answer), chat.tokenizer.eos_token_id]
        if example.in_slots:
            view, asked = [], chat.ids(one.system, one.question, one.history)
        else:
            view, asked = chat.split_ids(one.system, example.passages, one.question, one.history)
        groups.setdefault(tuple(view), []).append((asked, answer))
    losses, count = [], 0
    for view, rows in groups.items():
        cache = _context(decoder, chat, example, view, window)
        ids, present, positions = each_row([asked + answer for asked, answer in rows], 0, decoder.device)
        hidden = decoder.forward(ids, cache.repeat(len(rows)), positions + len(view), updates=updates, present=present)
        for row, (_, answer) in enumerate(rows):
            logits = decoder.logits(hidden[row, -len(answer) - 1 : -1])
            losses.append(F.cross_entropy(logits, ids[row, -len(answer) :], reduction="sum"))
            count += len(answer)
    return torch.stack(losses).sum() / count


@torch.no_grad()
def _context(decoder: Decoder, chat: Chat, example: Example, view: Sequence[int], window: int) -> KeyValueCache:
    if example.in_slots:
        return in_slots(decoder, read_everything(decoder, chat.plain(example.passages), window))
    return in_view(decoder, view)
