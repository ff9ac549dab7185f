"""The model as the trainer sees it: an episode in, a loss and what was recalled out."""

from collections import defaultdict
from itertools import groupby

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import Tensor

from engine.model import InfiniForCausalLM
from engine.state import MemoryState
from training.kinds import NEXT
from training.pointing import PointedRecall
from training.recipe import Recipe
from training.rows import ALONE, READING_ON
from training.tape import FillerPool, Rivals, TrainFold
from training.teacher import apart, foretold

FACT_PRICE = 0.3  # most of a segment with facts is other text, and only this price reaches the low-rank updates


class RecallTask(nn.Module):
    """Reads the documents of an episode, then answers its questions from the memory alone.

    Loss: cross-entropy of the answers' tokens plus the recipe's penalty on the mean write strength on filler. Of `world`
    processes, each takes its share of an episode's documents, so that their mean gradient is that of one process.
    """

    def __init__(self, model: InfiniForCausalLM, recipe: Recipe, rank: int = 0, world: int = 1):
        super().__init__()
        self.model, self.recipe = model, recipe
        self.rank, self.world = rank, world
        self.pool: FillerPool | None = None
        self.rivals: Rivals | None = None
        self.active = 1.0
        self.gates: list[list[float]] = []
        self.tally: dict[str, list[float]] = defaultdict(list)

    def forward(
        self,
        documents: Tensor,
        questions: Tensor,
        labels: Tensor,
        weights: Tensor,
        places: Tensor,
        plan: list,
        kinds: list,
        progress: float,
        after_rivals: bool = False,
    ) -> dict:
        """`documents [B,G*S]`, `questions`, `labels`, `weights` and `places [B*Q,T]`; the plan is cut where it would write too much.
        With `after_rivals` the documents come after the long text that was read last."""
        asked = {"questions": questions, "labels": labels, "weights": weights, "places": places}
        all_kinds = kinds
        documents, asked, kinds, share = self._share(documents, asked, kinds)
        questions, labels, weights, places = asked.values()
        batch = documents.shape[0]
        taught = self._teacher(documents, questions, kinds, progress)
        rows = documents.view(-1, self.model.config.segment_len)
        fold = TrainFold(
            self._empty(batch, documents.device), len(rows) // batch, self.pool, self._afford(plan, progress),
            self.rivals if after_rivals else None,
        )  # fmt: skip
        self.model.write(rows, fold)
        state = fold.state().repeat(len(questions) // batch)
        state = state._replace(n_tokens=max(state.n_tokens, 1))  # read, if only filler
        recall = PointedRecall(
            state, fold.documents(), places.roll(-1, dims=1), _beside(kinds[:: len(questions) // batch], documents)
        )
        hidden = self.model.hidden(questions, recall)
        answer_loss, right = self._answer_loss(hidden, labels, weights, share)
        from_teacher = (
            self._from_teacher(hidden, kinds, taught)
            * len(all_kinds)
            / max(all_kinds.count(READING_ON), 1)
            / len(kinds)
        )
        written = torch.stack(fold.filler_strength).mean() if fold.filler_strength else torch.zeros(())
        on_facts = torch.stack(fold.fact_strength).mean()
        missed = torch.stack(recall.misses).mean() if recall.misses else torch.zeros(())
        kinds = [f"{kind}_far" for kind in kinds] if after_rivals else kinds
        losses = {"answer_loss": answer_loss, "write_on_filler": written, "write_on_facts": on_facts, "missed": missed}
        losses |= {"from_teacher": from_teacher} if taught is not None else {}
        amounts = {name: loss.item() for name, loss in losses.items()}
        amounts["filler_segments"] = float(sum(map(len, fold.plan)))
        amounts["tokens"] = float(fold.tokens * len(questions) + questions[:, 1:].numel())
        if fold.filler_active:
            amounts["filler_active"] = sum(fold.filler_active) / len(fold.filler_active)
        self._count(right, labels[:, 1:], kinds, amounts)
        penalty = self.recipe.penalty(progress) * (written + FACT_PRICE * on_facts)
        pointing = self.recipe.pointing_weight(progress) * missed
        return {"loss": answer_loss + penalty + pointing + self.recipe.teacher_weight(progress) * from_teacher}

    def _teacher(self, documents: Tensor, questions: Tensor, kinds: list[str], progress: float) -> Tensor | None:
        """What the teacher foretells of the rows that are only read on, `[R,T-1,vocabulary]`; None where it isn't asked."""
        if not (self.recipe.teacher_weight(progress) and READING_ON in kinds):
            return None
        rows = _read_on(kinds)
        return foretold(self.model, documents[rows // (len(kinds) // len(documents))], questions[rows][:, :NEXT])

    def _from_teacher(self, hidden: Tensor, kinds: list[str], taught: Tensor | None) -> Tensor:
        """How far questions' hidden states `[R,T,hidden]` are from the teacher, summed over its rows."""
        if taught is None:
            return torch.zeros((), device=hidden.device)
        logits = self.model.base.lm_head(hidden[_read_on(kinds), : taught.shape[1]])
        return apart(logits, taught).sum()

    def _share(self, documents: Tensor, asked: dict[str, Tensor], kinds: list) -> tuple:
        """This process's documents with their questions, and what their labels weigh; all of them where they can't be shared out."""
        batch = documents.shape[0]
        if self.world == 1 or batch % self.world:
            return documents, asked, kinds, 1.0
        size, each = batch // self.world, len(kinds) // self.world
        of = lambda rows, n: rows[self.rank * n : (self.rank + 1) * n]  # noqa: E731
        mine = {name: of(rows, each) for name, rows in asked.items()}
        share = self.world * _weight(mine) / _weight(asked)
        return of(documents, size), mine, of(kinds, each), share

    def _empty(self, batch: int, device: torch.device) -> MemoryState:
        return MemoryState.empty(self.model.config, batch, device)

    def _afford(self, plan: list[Tensor], progress: float) -> list[Tensor]:
        left = int(self.recipe.filler_budget(progress) / (self.model.config.segment_len * max(self.active, 1e-4)))
        cut = []
        for picks in reversed(plan):
            cut.append(picks[: max(left, 1)])
            left -= len(cut[-1])
        return cut[::-1]

    def _answer_loss(self, hidden: Tensor, labels: Tensor, weights: Tensor, share: float) -> tuple[Tensor, Tensor]:
        """Of questions' hidden states `[R,T,hidden]`: the loss, and which labels `[R,T-1]` but the first are foreseen."""
        target = labels[:, 1:]
        learned = target >= 0
        logits = self.model.base.lm_head(hidden[:, :-1][learned]).float()
        of_each = F.cross_entropy(logits, target[learned], reduction="none") * weights[:, 1:][learned]
        right = torch.zeros_like(learned)
        right[learned] = logits.detach().argmax(-1) == target[learned]
        return of_each.sum() / weights[:, 1:][learned].sum() * share, right

    def _count(self, right: Tensor, target: Tensor, kinds: list[str], amounts: dict[str, float]) -> None:
        """Keep which answers of each kind were `right [R,T-1]`, and other amounts of this step."""
        learned = target >= 0
        for kind, hits, asked in zip(kinds, right.tolist(), learned.tolist(), strict=True):
            self.tally[f"exact_{kind}"] += _answers(hits, asked)
        self.tally["tokens_right"].append((right.sum() / learned.sum()).item())
        for name, amount in amounts.items():
            self.tally[name].append(amount)

    def take_tally(self) -> dict[str, float]:
        """Means since the last call, and forget them."""
        means = {name: round(sum(values) / len(values), 5) for name, values in sorted(self.tally.items()) if values}
        self.tally.clear()
        return means


def _read_on(kinds: list[str]) -> Tensor:
    """Which rows are only read on."""
    return torch.tensor([row for row, kind in enumerate(kinds) if kind == READING_ON])


def _weight(asked: dict[str, Tensor]) -> float:
    """What all labels of some questions weigh."""
    return float(asked["weights"][:, 1:][asked["labels"][:, 1:] >= 0].sum())


def _beside(kinds: list[str], documents: Tensor) -> Tensor:
    """Which documents `[B,B]` hold no answer to the questions on which: all others, but of two with pass keys each holds one."""
    alone = torch.tensor([kind.startswith(ALONE) for kind in kinds], device=documents.device)
    return ~torch.eye(len(kinds), dtype=torch.bool, device=documents.device) & ~(alone[:, None] & alone)


def _answers(hits: list[bool], asked: list[bool]) -> list[float]:
    """1 for every stretch of asked tokens that are all right, else 0."""
    stretches = groupby(zip(asked, hits, strict=True), key=lambda pair: pair[0])
    return [float(all(hit for _, hit in stretch)) for of_an_answer, stretch in stretches if of_an_answer]
