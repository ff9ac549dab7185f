"""Low-rank updates for answering from slots: the base, with the passages in plain view, teaches itself with a part of their tokens in
slots.

A frozen base makes little of slots, though what it would need is in them. The updates act where the question and the answer are
processed and leave reading as it is, so a better adapter never makes a stored memory stale. The loss is the KL divergence to the base
that sees the passages (Cartridges, arXiv 2506.06266, found it better than next-token loss), and some cross-entropy of the answer.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.memory import Memory, recollect
from engine.model import Decoder, Updates, each_row
from engine.prompts import Chat, passages_prompt
from engine.read import FIRST
from engine.state import Kept, State
from training.corpora import Passage
from training.observe import Reading, in_view, read_everything
from training.updates import Settings, carelessly, pools, spoken

SETTINGS = Settings(rate=5e-4, rows=10)
KEPT = (0.12, 0.25, 0.5)  # shares of the tokens that the slots hold
LONGEST = 700  # tokens of the passages of an example
ANSWER = 0.4  # weight of the answer's cross-entropy beside the KL divergence


@dataclass(frozen=True)
class Example:
    """Passages, the share of their tokens that is kept, whether answers are a few words of theirs, and questions with their answers."""

    passages: str
    kept: float
    brief: bool
    asked: tuple[tuple[str, str], ...]


def examples(
    chat: Chat, squad: Sequence[Passage], stories: Sequence[Sequence[Passage]], settings: Settings
) -> Iterator[Example]:
    """Endless examples, the same for the same seed."""
    chance, sources = random.Random(settings.seed), pools(squad, stories)
    while True:
        pool = chance.choice(sources[chance.random() < settings.stories])
        shown = sorted(chance.sample(range(len(pool)), min(settings.passages, len(pool))))
        passages = "\n".join(pool[i].text.strip() for i in shown)
        share, brief = chance.choice(KEPT), chance.random() < settings.brief
        asked = [(pool[i], question) for i in shown for question in pool[i].questions]
        chance.shuffle(asked)
        rows = tuple(
            (
                carelessly(question.text, chance) if chance.random() < settings.careless else question.text,
                " ".join(question.answers[0].split()) if brief else spoken(passage, question),
            )
            for passage, question in asked[: settings.rows]
        )
        if rows and len(chat.plain(passages)) <= LONGEST:
            yield Example(passages, share, brief, rows)


def loss_of(decoder: Decoder, memory: Memory, chat: Chat, example: Example, updates: Updates) -> Tensor:
    """Mean over the answers' tokens, each answer with its end."""
    prompt = passages_prompt(example.brief)
    asked = [chat.split_ids(prompt, example.passages, question) for question, _ in example.asked]
    answers = [[*chat.plain(answer), chat.tokenizer.eos_token_id] for _, answer in example.asked]
    ids, present, positions = each_row(
        [after + answer for (_, after), answer in zip(asked, answers, strict=True)], 0, decoder.device
    )
    with torch.no_grad():
        view = asked[0][0]
        plain = in_view(decoder, view).repeat(len(ids))
        taught = decoder.forward(ids, plain, positions + len(view), present=present)
        before, _ = chat.around_ids(prompt, example.asked[0][0])
        cache = in_view(decoder, before)
        state = kept(memory, read_everything(decoder, chat.plain(example.passages), memory.config.window), example.kept)
        (start,) = recollect(decoder, memory, [state], [torch.zeros(state.n_tokens)], cache, [len(before)])
    said = decoder.forward(ids, cache.repeat(len(ids)), positions + start, updates=updates, present=present)
    losses, count = [], 0
    for row, answer in enumerate(answers):
        there = slice(-len(answer) - 1, -1)
        with torch.no_grad():
            wanted = decoder.logits(taught[row, there]).log_softmax(-1)
        found = decoder.logits(said[row, there]).log_softmax(-1)
        losses.append(F.kl_div(found, wanted, log_target=True, reduction="sum"))
        losses.append(ANSWER * F.nll_loss(found, ids[row, -len(answer) :], reduction="sum"))
        count += len(answer)
    return torch.stack(losses).sum() / count


def kept(memory: Memory, reading: Reading, share: float) -> State:
    """The memory of a text of which each head keeps that share of the tokens, those with the highest scores."""
    tokens = len(reading.ids)
    where = torch.arange(tokens, dtype=torch.int32, device=reading.keys.device)
    slots = []
    for layer in range(len(reading.keys)):
        k, v = reading.keys[layer][None], reading.values[layer][None]
        score = memory.scorer(layer, reading.inputs[layer][None], k)
        score[:, :, : memory.config.sinks] = FIRST
        (codes_k, scale_k), (codes_v, scale_v) = memory.keys.encode(layer, k), memory.values.encode(layer, v)
        all_ = Kept(codes_k, scale_k, codes_v, scale_v, score, where.expand(score.shape))
        slots.append(all_.best(max(int(share * tokens), 1))[0])
    return State(tuple(slots), (), (), None, tokens)
