"""Training episodes: a few segments of text with facts in them, and the questions that are asked afterwards."""

import random
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils.data import Dataset
from transformers import PreTrainedTokenizerBase

from engine.prompts import answer_ids, question_ids
from training.calibrate import Lookup
from training.corpora import Passage, books, fairytale_passages, read_book, squad_passages
from training.facts import Fact, draw_facts, look_alike, overwrite, retell
from training.handbook import document
from training.recipe import Recipe

REPEATED = "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again. "
LONGEST_ANSWER = 24
LONGEST_QUESTION = 56
AT_THE_START = 0.3
CODES, MOST_CODES = ("pass_key", "place_code"), 4


class Corpora(NamedTuple):
    """The texts that episodes are made of."""

    books: list[Path]
    passages: dict[str, list[Passage]]


class Asked(NamedTuple):
    """A question with its answer, and the fact that it asks for where there is just one."""

    question: str
    answer: str
    fact: Fact | None = None


class Row(NamedTuple):
    """One document of an episode, and what is asked about it."""

    ids: list[int]
    asked: list[Asked]


def load_corpora(data: Path, library: Path) -> Corpora:
    """The books in `library`, and what lies unpacked in `data`: squad/ and fairytaleqa/. Raises CorpusError."""
    passages = {
        "squad": squad_passages(data / "squad")[0],
        "fairytale": fairytale_passages(data / "fairytaleqa", "train"),
    }
    return Corpora(books(library), passages)


class Writer:
    """Makes rows of exactly `length` tokens."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, corpora: Corpora):
        self.tokenizer, self.corpora = tokenizer, corpora
        self.texts: dict[Path, str] = {}
        self.stops = {i for token, i in tokenizer.get_vocab().items() if token.rstrip('"”’').endswith((".", "!", "?"))}

    def ids(self, text: str) -> list[int]:
        """Token ids of `text`."""
        return self.tokenizer(text, add_special_tokens=False)["input_ids"]

    def filler(self, rng: random.Random, length: int, repeated: bool = False) -> list[int]:
        """`length` tokens of a book from somewhere in it, or of one repeated text."""
        if repeated:
            return self.ids(REPEATED * (length // 20 + 1))[:length]
        while True:
            path = rng.choice(self.corpora.books)
            text = self.texts.setdefault(path, read_book(path))
            start = rng.randrange(max(len(text) - length * 8, 1))
            ids = self.ids(text[start : start + length * 8])
            if len(ids) >= length:
                return ids[:length]

    def factual(self, rng: random.Random, length: int) -> list[int]:
        """`length` tokens full of facts: generated handbooks and passages from an encyclopedia."""
        ids: list[int] = []
        while len(ids) < length:
            passage = rng.choice(self.corpora.passages["squad"]).text
            text = document(rng, rng.randint(8, 16), 400)[0] if rng.random() < 0.6 else passage
            # a second pass key would make the first one's question unanswerable
            ids += [] if "pass key" in text else self.ids("\n\n" + text)
        return ids[:length]

    def weave(self, rng: random.Random, pieces: list[str], length: int, repeated: bool = False) -> list[int]:
        """Book text of `length` tokens with `pieces` put in, in their order, behind ends of sentences; now and then the
        first one is what the text begins with, where hidden states are unlike all others."""
        at_start = rng.random() < AT_THE_START
        inserts = [self.ids(" " + piece) for piece in pieces]
        if at_start and rng.random() < 0.5:
            inserts[0] = self.ids(pieces[0])
        text = self.filler(rng, max(length - sum(map(len, inserts)), 0), repeated)
        ends = [i + 1 for i, token in enumerate(text) if token in self.stops] or list(range(len(text) + 1))
        places = sorted(rng.choice(ends) for _ in inserts)
        if at_start:
            places[0] = 0
        out, last = [], 0
        for place, insert in zip(places, inserts, strict=True):
            out += text[last:place] + insert
            last = place
        return (out + text[last:])[:length]

    def row(self, rng: random.Random, kind: str, length: int, questions: int) -> Row:
        """A row of the kind called `kind`, with at most `questions` questions."""
        make = {"facts": self._facts, "passkey": self._passkey, "handbook": self._handbook}.get(kind)
        ids, asked = make(rng, length, questions) if make else self._passages(rng, kind, length)
        asked = [
            a for a in asked
            if len(self.ids(a.answer)) < LONGEST_ANSWER and len(self.ids(a.question)) < LONGEST_QUESTION
        ]  # fmt: skip
        return Row(ids, rng.sample(asked, min(questions, len(asked))))

    def lookups(
        self, rng: random.Random, kinds: dict[str, float], rows: int, length: int
    ) -> tuple[list[list[int]], list[Lookup]]:
        """`rows` one-segment texts of `length` tokens, and where in them the answers to their questions stand."""
        made = [self.row(rng, kind, length, 8) for kind in rng.choices(list(kinds), list(kinds.values()), k=rows)]
        found = [self._lookup(i, row.ids, asked) for i, row in enumerate(made) for asked in row.asked]
        return [row.ids for row in made], [look for look in found if look is not None]

    def _lookup(self, row: int, ids: list[int], asked: Asked) -> Lookup | None:
        """None where the answer stands in the text more than once, or not at all."""
        told, said = self.ids(" " + asked.answer), answer_ids(self.tokenizer, asked.answer)[:-1]
        places = [i for i in range(len(ids) - len(told) + 1) if ids[i : i + len(told)] == told]
        if len(places) != 1:
            return None
        prompt = question_ids(self.tokenizer, asked.question)
        steps = range(min(len(told), len(said)))
        return Lookup(row, prompt + said, [len(prompt) - 1 + j for j in steps], [places[0] + j for j in steps])

    def _facts(self, rng: random.Random, length: int, questions: int) -> tuple[list[int], list[Asked]]:
        facts = draw_facts(rng, rng.randint(2, questions + 2))
        asked = [Asked(rng.choice(f.questions), f.answer, f) for f in facts]
        pieces = [f.statement for f in facts]
        if rng.random() < 0.3:
            pieces.insert(rng.randrange(len(pieces) + 1), look_alike(rng, rng.choice(facts)).statement)
        if rng.random() < 0.1:
            i = rng.randrange(len(facts))
            new = overwrite(rng, facts[i])
            pieces.append(new.statement)
            asked[i] = Asked(asked[i].question, new.answer, new)
        return self.weave(rng, pieces, length, repeated=rng.random() < 0.05), asked

    def _passkey(self, rng: random.Random, length: int, questions: int) -> tuple[list[int], list[Asked]]:
        facts = draw_facts(rng, rng.randint(1, MOST_CODES), kinds=CODES)
        asked = [Asked(q, fact.answer, fact) for fact in facts for q in fact.questions]
        return self.weave(rng, [fact.statement for fact in facts], length, repeated=rng.random() < 0.2), asked

    def _handbook(self, rng: random.Random, length: int, questions: int) -> tuple[list[int], list[Asked]]:
        text, facts = document(rng, rng.randint(questions // 2, questions), int(length * 0.62))
        ids = self.ids(text)[:length]
        kept = self.tokenizer.decode(ids)
        told = [f for f in facts if f.answer in kept and f.statement[:40] in kept]
        asked = [Asked(rng.choice(f.questions), f.answer, f) for f in told]
        return ids + self.filler(rng, length - len(ids)), asked

    def _passages(self, rng: random.Random, kind: str, length: int) -> tuple[list[int], list[Asked]]:
        for _ in range(50):
            passage = rng.choice(self.corpora.passages[kind])
            if len(self.ids(passage.text)) < length:
                break
        text = " ".join(passage.text.split())
        return self.weave(rng, ["\n\n" + text + "\n\n"], length), [Asked(*qa) for qa in passage.qas]


class Sequence(NamedTuple):
    """Token ids that follow a document, the labels among them (-100 elsewhere), and the kind of its row."""

    ids: list[int]
    labels: list[int]
    kind: str


class Episodes(Dataset):
    """The i-th training step's batch, made from the recipe's seed and i alone, so that a run can resume anywhere.

    A batch: `documents [B,G*S]`, `questions [B*Q,T]`, each row of which asks for several things, and `labels` of that
    shape (-100 where nothing is to be learned), `plan` (pool indices before, between and after the segments) and the kinds.
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
        questions, labels = _pad(asked)
        return {
            "documents": torch.tensor([row.ids for row in made]),
            "questions": questions,
            "labels": labels,
            "plan": self._plan(rng, segments, progress),
            "kinds": [sequence.kind for sequence in asked],
            "progress": progress,
        }

    def _row(self, rng: random.Random, kind: str, segments: int) -> Row:
        while True:
            row = self.writer.row(
                rng, kind, segments * self.recipe.memory["segment_len"], self.recipe.facts * max(2, segments)
            )
            if row.asked:
                return row

    def _sequence(self, rng: random.Random, kind: str, row: Row, progress: float) -> Sequence:
        """A conversation about the row or, for a share of the sequences, its facts told again in other words."""
        facts = list(dict.fromkeys(asked.fact for asked in row.asked if asked.fact))
        if rng.random() < self.recipe.retold_share(progress):
            ids, labels = self._retold(rng, facts)
            if ids:
                return Sequence(ids, labels, f"{kind}_retold")
        return Sequence(*self._conversation(rng, row.asked), kind)

    def _conversation(self, rng: random.Random, rows: list[Asked]) -> tuple[list[int], list[int]]:
        """Questions with their answers through the chat template, none of which was answered before in it."""
        tokenizer, history, said = self.writer.tokenizer, [], ""
        ids: list[int] = []
        labels: list[int] = []
        for asked in rng.sample(rows, len(rows)):
            if asked.answer.lower() in said:
                continue
            prompt, answer = question_ids(tokenizer, asked.question, history), answer_ids(tokenizer, asked.answer)
            if ids and (prompt[: len(ids)] != ids or len(prompt + answer) > self.recipe.asked_tokens):
                break
            labels += [-100] * (len(prompt) - len(ids)) + answer
            ids = prompt + answer
            history.append((asked.question, asked.answer))
            said += f"{asked.question} {asked.answer} ".lower()
        return ids, labels

    def _retold(self, rng: random.Random, facts: list[Fact]) -> tuple[list[int], list[int]]:
        """The facts' sentences in other words; only their answers are to be learned. Empty where none can be retold."""
        ids: list[int] = []
        labels: list[int] = []
        said = ""
        for fact in rng.sample(facts, len(facts)):
            parts = None if fact.answer.lower() in said else retell(rng, fact)
            if parts is None:
                continue
            before, answer, after = (self.writer.ids(part) for part in parts)
            if ids and len(ids + before + answer + after) > self.recipe.asked_tokens:
                break
            labels += [-100] * len(before) + answer + [-100] * len(after)
            ids = ids + before + answer + after
            said += "".join(parts).lower()
        return ids, labels

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


def _pad(sequences: list[Sequence]) -> tuple[Tensor, Tensor]:
    longest = max(len(sequence.ids) for sequence in sequences)
    ids = torch.tensor([s.ids + [0] * (longest - len(s.ids)) for s in sequences])
    return ids, torch.tensor([s.labels + [-100] * (longest - len(s.labels)) for s in sequences])
