"""Low-rank updates that act only where a question or an answer is processed, trained on answers from passages in plain view and from
slots.

What is in view, and what a memory holds, was processed by the base as it is. So no gradient flows through it: it is computed once for
several questions, and a better adapter never makes a stored memory stale. The answers: words of the text, the sentence that holds them,
people's own answers, and "The text does not say." where the passages are of the same source and do not hold it.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.answer import SENTENCE, content_words
from engine.model import Decoder, KeyValueCache, Update, Updates, each_row
from engine.prompts import BRIEFLY, FROM_MEMORY, FROM_PASSAGES, NOT_SAID, Chat
from training.corpora import Passage, Question, by_source
from training.observe import in_slots, in_view, read_everything

PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj")
BETWEEN = "\n[…]\n"


@dataclass(frozen=True)
class Settings:
    """rank and scale of the updates, which layers get them (from `first_layer` on), learning rate, how long, and the mixture."""

    rank: int = 16
    scale: float = 2.0
    first_layer: int = 0
    rate: float = 7e-4
    minutes: float = 45.0
    rows: int = 6  # questions a step, on the same passages
    passages: int = 3
    stories: float = 0.35  # of the examples; the others are from SQuAD
    unanswerable: float = 0.22
    brief: float = 0.3  # of SQuAD's: answered with a few words of the text
    from_memory: float = 0.3  # of the examples: answered from slots
    careless: float = 0.35  # of the questions: typed as people type
    follow_up: float = 0.1  # of the questions: after another one with its answer
    seed: int = 0


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


def pools(
    squad: Sequence[Passage], stories: Sequence[Sequence[Passage]]
) -> tuple[list[list[Passage]], list[list[Passage]]]:
    """The passages of each article, and of each story, that has enough of them."""
    return [many for many in by_source(squad).values() if len(many) >= 5], [list(s) for s in stories if len(s) >= 4]


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
    system = FROM_MEMORY if in_slots else BRIEFLY if brief else FROM_PASSAGES
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


def carelessly(question: str, chance: random.Random) -> str:
    """A question as people type it: small letters, no mark at its end, now and then a letter lost or swapped."""
    text = question.rstrip("?. ") if chance.random() < 0.7 else question
    text = text.lower() if chance.random() < 0.6 else text
    if chance.random() < 0.3 and len(text) > 12:
        at = chance.randrange(4, len(text) - 2)
        text = (
            text[:at] + text[at + 1 :]
            if chance.random() < 0.5
            else text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        )
    return text


def spoken(passage: Passage, question: Question) -> str:
    """An answer in a sentence: the text's own sentence where it is short and holds the answer, else the answer as people gave it."""
    answer = " ".join(question.answers[0].split())
    if question.span is not None:
        for match in SENTENCE.finditer(passage.text):
            if match.start() <= question.span[0] < match.end():
                sentence = " ".join(match[0].split())
                about = set(content_words(question.text)) & set(content_words(sentence))
                if len(sentence.split()) <= 32 and len(about) >= 2:
                    return sentence
    return answer[:1].upper() + answer[1:] + ("" if answer.endswith((".", "!", "?")) else ".")


def fresh(decoder: Decoder, settings: Settings) -> dict[tuple[int, str], Update]:
    """Updates that change nothing yet."""
    torch.manual_seed(settings.seed)
    found = {}
    for layer in range(settings.first_layer, decoder.L):
        for name in PROJECTIONS:
            module = getattr(decoder.layers[layer].self_attn, name)
            down = torch.randn(settings.rank, module.in_features, device=decoder.device) / module.in_features**0.5
            up = torch.zeros(module.out_features, settings.rank, device=decoder.device)
            found[layer, name] = Update(down.requires_grad_(), up.requires_grad_(), settings.scale)
    return found


def going_on(updates: Updates) -> dict[tuple[int, str], Update]:
    """The same updates, to be trained further."""
    return {
        at: Update(u.down.float().clone().requires_grad_(), u.up.float().clone().requires_grad_(), u.scale)
        for at, u in updates.items()
    }


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


def train(
    updates: Updates,
    losses: Callable[[Updates], Tensor],
    settings: Settings,
    out: Path,
    say: Callable[[str], None],
) -> dict[tuple[int, str], Update]:
    """Updates after `minutes` of training on what `losses` gives for each step, the learning rate by the clock: up for a twentieth, then
    down to nothing. Losses go to `out`/loss.jsonl, the updates to `out`/updates.pt every five minutes."""
    out.mkdir(parents=True, exist_ok=True)
    weights = [t for update in updates.values() for t in (update.down, update.up)]
    best = torch.optim.AdamW(weights, lr=settings.rate, weight_decay=0.0, betas=(0.9, 0.98))
    begun, saved, step, smooth = time.monotonic(), 0.0, 0, None
    with (out / "loss.jsonl").open("w", encoding="utf-8") as log, torch.enable_grad():
        while (spent := (time.monotonic() - begun) / 60) < settings.minutes:
            share = spent / settings.minutes
            for group in best.param_groups:
                group["lr"] = settings.rate * min(share / 0.05 + 0.02, (1 - share) / 0.95, 1.0)
            loss = losses(updates)
            best.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            best.step()
            step += 1
            now = float(loss.detach())
            smooth = now if smooth is None else 0.97 * smooth + 0.03 * now
            log.write(json.dumps({"step": step, "minutes": round(spent, 2), "loss": round(now, 4)}) + "\n")
            if step % 20 == 0:
                log.flush()
                say(f"step {step}, {spent:.1f} of {settings.minutes:g} minutes, loss {smooth:.3f}")
            if spent - saved >= 5:
                saved = spent
                torch.save(
                    {f"{layer}.{name}": (u.down.detach(), u.up.detach()) for (layer, name), u in updates.items()},
                    out / "updates.pt",
                )
    return {at: Update(u.down.detach(), u.up.detach(), u.scale) for at, u in updates.items()}
