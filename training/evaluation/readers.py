"""Ways to answer questions on a text: from the memory of it, from passages that were looked up, from what fits the prompt."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import AutoModel, AutoTokenizer

from engine.engine import Answer, AnswerOptions, Engine

Asker = Callable[[str, AnswerOptions], Answer]
PASSAGE, OVERLAP, BEST, BATCH = 128, 32, 5, 32
IN_VIEW, ROOM = 7168, 512


class EmbedderMissing(Exception):
    """There is no embedding model to look passages up with."""


class Reader(NamedTuple):
    """A way to answer, by its name. `answers` takes texts' token ids and, for each text, questions on it; it is given
    `side_by_side` texts at a time, and works on them together if it can."""

    name: str
    answers: Callable[[list[Sequence[int]], list[list[str]], AnswerOptions], list[list[Answer]]]
    side_by_side: int = 1


def reader(engine: Engine, name: str, embedder: Path | None = None, side_by_side: int = 1) -> Reader:
    """`memory`, `rag` (needs `embedder`, a sentence-transformers folder) or `truncated`. Raises EmbedderMissing."""
    if name == "memory":
        return Reader(name, lambda *given: from_memories(engine, *given), side_by_side)
    if name == "truncated":
        most = in_view(engine)
        return Reader(name, one_by_one(lambda ids: from_prompt(engine, lambda question: [ids[-most:]])))
    if embedder is None or not (embedder / "config.json").is_file():
        raise EmbedderMissing(
            f"{embedder or 'No folder'} holds no embedding model. Name the folder of one, such as all-MiniLM-L6-v2, with --embedder."
        )
    embed = Embedder(embedder)
    return Reader(name, one_by_one(lambda ids: from_prompt(engine, Passages(engine, embed, ids).best)))


def in_view(engine: Engine) -> int:
    """How many tokens of a text `truncated` has in plain view."""
    return min(IN_VIEW, engine.model.config.text_config.max_position_embeddings - ROOM)


def one_by_one(open_text: Callable[[Sequence[int]], Asker]):
    """What answers on several texts by `open_text`, which takes a text's ids and returns what answers questions on it."""

    def answers(texts: list[Sequence[int]], questions: list[list[str]], options: AnswerOptions) -> list[list[Answer]]:
        return [
            [answer(question, options) for question in asked]
            for answer, asked in zip(map(open_text, texts), questions, strict=True)
        ]

    return answers


def read_all(engine: Engine, ids: Sequence[int]):
    """The state after reading `ids` from empty."""
    state = engine.empty_state()
    for step in engine.read(ids, state, group_tokens=engine.group_tokens()):
        state = step.state
    return state


def ask(engine: Engine, state, question: str, options: AnswerOptions) -> Answer:
    """The greedy answer from `state`."""
    *_, last = engine.answer(state, question, options=options)
    assert isinstance(last, Answer)
    return last


def from_memories(
    engine: Engine, texts: list[Sequence[int]], questions: list[list[str]], options: AnswerOptions
) -> list[list[Answer]]:
    """Read each text once, then answer from its memory alone. Texts of one length are read side by side, and a question that
    is asked of all of them is answered in one batch."""
    alike = len(set(map(len, texts))) == len(set(map(len, questions))) == 1
    if len(texts) < 2 or not alike:
        return one_by_one(lambda ids: from_memory(engine, ids))(texts, questions, options)
    states = engine.read_side_by_side(texts)
    columns = []
    for asked in zip(*questions, strict=True):
        if len(set(asked)) == 1:
            columns.append(engine.answer_each(states, asked[0], options=options))
        else:
            columns.append([ask(engine, state, q, options) for state, q in zip(states, asked, strict=True)])
    return [list(answers) for answers in zip(*columns, strict=True)]


def from_memory(engine: Engine, ids: Sequence[int]) -> Asker:
    """Read once, then answer from the memory alone."""
    state = read_all(engine, ids)
    return lambda question, options: ask(engine, state, question, options)


def from_prompt(engine: Engine, choose: Callable[[str], list[Sequence[int]]]) -> Asker:
    """Answer with an empty memory from the texts that `choose` picks for a question, in plain view before it."""

    def answer(question: str, options: AnswerOptions) -> Answer:
        texts = [engine.tokenizer.decode(ids).strip() for ids in choose(question)]
        return ask(engine, engine.empty_state(), "\n\n".join([*texts, question]), options)

    return answer


class Embedder:
    """Sentence embeddings of length 1, as sentence-transformers makes them: the mean over a text's tokens."""

    def __init__(self, folder: Path):
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.model = AutoModel.from_pretrained(folder).eval()

    @torch.inference_mode()
    def __call__(self, texts: list[str]) -> Tensor:
        """`[len(texts), width]`."""
        parts = []
        for start in range(0, len(texts), BATCH):
            given = self.tokenizer(
                texts[start : start + BATCH], padding=True, truncation=True, max_length=256, return_tensors="pt"
            )
            hidden, mask = self.model(**given).last_hidden_state, given["attention_mask"][..., None]
            parts.append(F.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1))
        return torch.cat(parts)


class Passages:
    """A text in passages of PASSAGE tokens, OVERLAP of them in common with the one before, to be looked up by likeness."""

    def __init__(self, engine: Engine, embed: Embedder, ids: Sequence[int]):
        starts = range(0, max(len(ids) - OVERLAP, 1), PASSAGE - OVERLAP)
        self.passages = [ids[start : start + PASSAGE] for start in starts]
        self.embed = embed
        self.vectors = embed([engine.tokenizer.decode(passage) for passage in self.passages])

    def best(self, question: str) -> list[Sequence[int]]:
        """The BEST passages nearest to `question`, in the text's order."""
        likeness = self.vectors @ self.embed([question])[0]
        chosen = likeness.topk(min(BEST, len(self.passages))).indices.tolist()
        return [self.passages[i] for i in sorted(chosen)]
