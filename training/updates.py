"""Low-rank updates that act only where a question or an answer is processed: what is the same for all of them.

What is in view, and what a memory holds, was processed by the base as it is. So no gradient flows through it: it is computed once for
several questions, and a better adapter never makes a stored memory stale.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from engine.answer import SENTENCE, content_words
from engine.model import Decoder, Update, Updates
from training.corpora import Passage, Question, by_source

PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj")


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


def pools(
    squad: Sequence[Passage], stories: Sequence[Sequence[Passage]]
) -> tuple[list[list[Passage]], list[list[Passage]]]:
    """The passages of each article, and of each story, that has enough of them."""
    return [many for many in by_source(squad).values() if len(many) >= 5], [list(s) for s in stories if len(s) >= 4]


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
