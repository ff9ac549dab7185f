"""Rows of training text: a few segments with things hidden in them, and what may be asked about each."""

import random
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from transformers import PreTrainedTokenizerBase

from engine.prompts import answer_ids, question_ids, running_ids
from training.calibrate import Lookup
from training.corpora import HELD_OUT, Passage, babi_stories, books, fairytale_passages, read_book, squad_passages
from training.facts import Fact, draw_facts, look_alike, overwrite
from training.handbook import document
from training.kinds import BABI_TASKS, babi, stories, summary, unanswerable
from training.rows import Asked, Row

REPEATED = "The grass is green. The sky is blue. The sun is yellow. Here we go. There and back again. "
LONGEST_ANSWER, LONGEST_SUMMARY = 24, 112
LONGEST_QUESTION = 56
AT_THE_START = 0.3
PASSAGE_EVERY, ONE_BREATH = 1024, 64  # tokens
CODES, MOST_CODES = ("pass_key", "place_code"), 4


class Corpora(NamedTuple):
    """The texts that episodes are made of."""

    books: list[Path]
    passages: dict[str, list[Passage]]


def load_corpora(data: Path, library: Path, kinds: Collection[str] = ()) -> Corpora:
    """The books in `library`, and what lies unpacked in `data`: squad/, fairytaleqa/ and, where the `kinds` of rows need it,
    babi/, of which the last HELD_OUT stories a task stay unseen. Raises CorpusError."""
    passages = {
        "squad": squad_passages(data / "squad")[0],
        "fairytale": fairytale_passages(data / "fairytaleqa", "train"),
    }
    if "babi" in kinds:
        told = [babi_stories(data / "babi", task)[:-HELD_OUT] for task in BABI_TASKS]
        passages["babi"] = [story for task in told for story in task]
    return Corpora(books(library), passages)


class Writer:
    """Makes rows of exactly `length` tokens."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase, corpora: Corpora, running: bool = True):
        """`running` says whether answers have the tokens that they have within a text: see `engine.prompts`."""
        self.tokenizer, self.corpora, self.running = tokenizer, corpora, running
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
        tell = {"babi": babi, "stories": stories, "summary": summary, "unanswerable": unanswerable}.get(kind)
        if make:
            ids, asked = make(rng, length, questions)
        else:
            ids, asked = tell(self, rng, length) if tell else self._passages(rng, kind, length)
        asked = [
            a for a in asked
            if len(self.ids(a.answer)) < (LONGEST_SUMMARY if a.holds else LONGEST_ANSWER) and len(self.ids(a.question)) < LONGEST_QUESTION
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
        said = answer_ids(self.tokenizer, asked.answer, self.running)[:-1]
        places = self.places(ids, asked.answer, said)
        steps = [j for j, place in enumerate(places) if place >= 0]
        if not steps:
            return None
        prompt = question_ids(self.tokenizer, asked.question, (), self.running)
        return Lookup(row, prompt + said, [len(prompt) - 1 + j for j in steps], [places[j] for j in steps])

    def places(self, text: list[int], answer: str, said: list[int]) -> list[int]:
        """Where in `text` each token of `said`, which tells `answer`, stands; the end of `said` stands at what follows the answer
        there. -1 for all if the answer does not stand there or again far off; told twice in one breath, the first time counts. A token
        that the text does not hold there has no place."""
        told = running_ids(self.tokenizer, answer)
        found = [i for i in range(len(text) - len(told) + 1) if text[i : i + len(told)] == told]
        if not found or found[-1] - found[0] > ONE_BREATH:
            return [-1] * len(said)
        stands = range(found[0], min(found[0] + len(told) + 1, len(text)))
        holds = lambda j, token: j < len(stands) and (j == len(told) or text[stands[j]] == token)  # noqa: E731
        return [stands[j] if holds(j, token) else -1 for j, token in enumerate(said)]

    def stands(self, text: list[int], asked: Asked, said: list[int]) -> list[int]:
        """As `places` for an answer `asked` for; of one that holds words of the text, for these words."""
        if not asked.holds:
            return self.places(text, asked.answer, said)
        found, begin = [-1] * len(said), 0
        for words in asked.holds:
            told = running_ids(self.tokenizer, words)
            here = next((i for i in range(begin, len(said) - len(told) + 1) if said[i : i + len(told)] == told), None)
            if here is None:
                continue
            begin = here + len(told)
            found[here:begin] = self.places(text, words, told)
        return found

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

    def handbook(self, rng: random.Random, length: int, facts: int) -> tuple[str, list[int], list[Fact]]:
        """A generated handbook of about two thirds of `length` tokens and never more: its text, its ids, and those of its facts that
        the ids still tell."""
        text, drawn = document(rng, facts, int(length * 0.62))
        ids = self.ids(text)[:length]
        kept = self.tokenizer.decode(ids)
        return text, ids, [f for f in drawn if f.answer in kept and f.statement[:40] in kept]

    def _handbook(self, rng: random.Random, length: int, questions: int) -> tuple[list[int], list[Asked]]:
        _, ids, told = self.handbook(rng, length, rng.randint(questions // 2, questions))
        asked = [Asked(rng.choice(f.questions), f.answer, f) for f in told]
        return ids + self.filler(rng, length - len(ids)), asked

    def _passages(self, rng: random.Random, kind: str, length: int) -> tuple[list[int], list[Asked]]:
        count = max(1, length // PASSAGE_EVERY)
        told = [self._passage(rng, kind, length // count) for _ in range(count)]
        pieces = ["\n\n" + " ".join(passage.text.split()) + "\n\n" for passage in told]
        return self.weave(rng, pieces, length), [Asked(*qa) for passage in told for qa in passage.qas]

    def _passage(self, rng: random.Random, kind: str, length: int) -> Passage:
        for _ in range(50):
            passage = rng.choice(self.corpora.passages[kind])
            if len(self.ids(passage.text)) < length:
                break
        return passage
