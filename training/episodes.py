"""Training episodes: rows of text, and the sequences that ask about them afterwards."""

import random
from itertools import groupby
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils.data import Dataset

from engine.prompts import answer_ids, question_ids
from training.facts import Fact, retell
from training.kinds import reading_on
from training.recipe import Recipe
from training.rows import READING_ON, Asked, Row
from training.writer import Writer

MOST_WEIGHT = 16  # in tokens: a longer answer counts no more than one of so many, or it would drown the others


class Sequence(NamedTuple):
    """Token ids that follow a document, the labels among them (-100 elsewhere), the place in the document where each token of
    an answer stands (-1 elsewhere), the kind of its row, and what each label weighs in the loss."""

    ids: list[int]
    labels: list[int]
    places: list[int]
    kind: str

    def weights(self) -> list[float]:
        """One number a token: 1, or less in a stretch of more than MOST_WEIGHT labels."""
        weights: list[float] = []
        for _, stretch in groupby(self.labels, key=lambda label: label >= 0):
            length = len(list(stretch))
            weights += [min(1.0, MOST_WEIGHT / length)] * length
        return weights


class Episodes(Dataset):
    """The i-th training step's batch, made from the recipe's seed and i alone, so that a run can resume anywhere.

    A batch: `documents [B,G*S]`, `questions [B*Q,T]`, each row of which asks for several things, and `labels` of that
    shape (-100 where nothing is to be learned), `weights` of theirs, `places` (where in its document a label's token stands, or -1), `plan`
    (pool indices before, between and after the segments), the kinds, and whether all of it comes `after_rivals`.
    """

    def __init__(self, recipe: Recipe, writer: Writer):
        self.recipe, self.writer = recipe, writer

    def __len__(self) -> int:
        return self.recipe.steps

    def __getitem__(self, step: int) -> dict:
        recipe = self.recipe
        rng = random.Random(f"{recipe.seed}/{step}")
        progress = step / recipe.steps
        segments = rng.choice(recipe.segment_choices(progress))
        rows = recipe.row_count(progress) // segments
        weights = recipe.kinds(progress)
        kinds = rng.choices(list(weights), list(weights.values()), k=rows)
        made = [self._row(rng, kind, segments) for kind in kinds]
        asked = [
            self._sequence(rng, kind, row, progress)
            for kind, row in zip(kinds, made, strict=True)
            for _ in range(recipe.questions * segments)
        ]
        questions, labels, places = (
            _pad([getattr(sequence, name) for sequence in asked], by)
            for name, by in (("ids", 0), ("labels", -100), ("places", -1))
        )
        weights = _pad([sequence.weights() for sequence in asked], 0.0)
        return {
            "documents": torch.tensor([row.ids for row in made]),
            "questions": questions,
            "labels": labels,
            "weights": weights,
            "places": places,
            "plan": self._plan(rng, segments, progress),
            "kinds": [sequence.kind for sequence in asked],
            "progress": progress,
            "after_rivals": rng.random() < recipe.rivals_share(progress),
        }

    def _row(self, rng: random.Random, kind: str, segments: int) -> Row:
        if kind == READING_ON:
            ids, behind = reading_on(self.writer, rng, segments * self.recipe.memory["segment_len"])
            return Row(ids, [], behind)
        while True:
            row = self.writer.row(
                rng, kind, segments * self.recipe.memory["segment_len"], self.recipe.facts * max(2, segments)
            )
            if row.asked:
                return row

    def _sequence(self, rng: random.Random, kind: str, row: Row, progress: float) -> Sequence:
        """A conversation about the row or, for a share of the sequences, its facts told again in other words; the words
        behind a row that is only read on."""
        if row.behind:
            return Sequence(row.behind, row.behind, [-1] * len(row.behind), kind)
        facts = list(dict.fromkeys(asked.fact for asked in row.asked if asked.fact))
        if rng.random() < self.recipe.retold_share(progress):
            ids, labels, places = self._retold(rng, facts, row.ids)
            if ids:
                return Sequence(ids, labels, places, f"{kind}_retold")
        return Sequence(*self._conversation(rng, row.asked, row.ids), kind)

    def _conversation(self, rng: random.Random, rows: list[Asked], text: list[int]) -> tuple[list[int], ...]:
        """Questions with their answers through the chat template, none of which was answered before in it; ids, labels, places."""
        tokenizer, history, said = self.writer.tokenizer, [], ""
        ids: list[int] = []
        labels: list[int] = []
        places: list[int] = []
        for asked in rng.sample(rows, len(rows)):
            if asked.answer.lower() in said:
                continue
            prompt = question_ids(tokenizer, asked.question, history, self.writer.running)
            answer = answer_ids(tokenizer, asked.answer, self.writer.running)
            if ids and (prompt[: len(ids)] != ids or len(prompt + answer) > self.recipe.asked_tokens):
                break
            labels += [-100] * (len(prompt) - len(ids)) + answer
            places += [-1] * (len(prompt) - len(ids)) + self.writer.stands(text, asked, answer)
            ids = prompt + answer
            history.append((asked.question, asked.answer))
            said += f"{asked.question} {asked.answer} ".lower()
        return ids, labels, places

    def _retold(self, rng: random.Random, facts: list[Fact], text: list[int]) -> tuple[list[int], ...]:
        """The facts' sentences in other words; only their answers are to be learned. Empty where none can be retold."""
        ids: list[int] = []
        labels: list[int] = []
        places: list[int] = []
        said = ""
        for fact in rng.sample(facts, len(facts)):
            parts = None if fact.answer.lower() in said else retell(rng, fact)
            if parts is None:
                continue
            before, answer, after = (self.writer.ids(part) for part in parts)
            if ids and len(ids + before + answer + after) > self.recipe.asked_tokens:
                break
            labels += [-100] * len(before) + answer + [-100] * len(after)
            found = self.writer.places(text, fact.answer, answer)
            places += [-1] * len(before) + found + [-1] * len(after)
            ids = ids + before + answer + after
            said += "".join(parts).lower()
        return ids, labels, places

    def _plan(self, rng: random.Random, segments: int, progress: float) -> list[Tensor]:
        limit = self.recipe.filler_limit(progress)
        counts = [rng.randint(0, limit) if rng.random() < 0.5 else 0] + [0] * segments
        for i in range(1, segments):
            counts[i] = rng.randint(0, limit) if rng.random() < 0.2 else 0
        counts[segments] = rng.randint(0, limit)
        plan = []
        for count in counts:
            start = rng.randrange(self.recipe.pool_segments - count + 1)
            plan.append(torch.arange(start, start + count))
        return plan


def _pad(rows: list[list[float]], by: float) -> Tensor:
    longest = max(map(len, rows))
    return torch.tensor([row + [by] * (longest - len(row)) for row in rows])
