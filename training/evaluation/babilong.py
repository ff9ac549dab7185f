"""BABILong (Kuratov et al. 2024): the sentences of a bAbI story strewn in a book, then the story's question."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.engine import Engine
from training.corpora import HELD_OUT, Passage, babi_stories, sentences
from training.evaluation.cases import Case, Question, run_cases
from training.evaluation.hidden import Haystack, read_filler
from training.evaluation.readers import Reader
from training.evaluation.scores import babilong_match, mean, mean_by

TASKS = (1, 2, 3, 4, 5)


def run_babilong(
    engine: Engine, *, tokens: int, tasks: tuple[int, ...], trials: int, stories: Path, filler: Path, seed: int = 0,
    rows: Path | None = None, limit: int | None = None, by: Reader | None = None, say: Callable[[str], None] = lambda line: None,
) -> dict:  # fmt: skip
    """`trials` stories of each of `tasks` (bAbI's 1 to 5) from the folder `stories`, in `tokens` tokens of `filler`.

    With 0 tokens the story stands alone. Only the last HELD_OUT stories of a file are used. An answer is right by the
    benchmark's own rule. Returns `average` and `by_task`. Raises FillerTooShort, CorpusError and RowsInvalid.
    """
    hay = Haystack(engine, read_filler(filler))
    labels = {task: tuple(sorted({p.qas[0][1] for p in babi_stories(stories, task)})) for task in tasks}
    made = cases(hay, {task: babi_stories(stories, task)[-HELD_OUT:] for task in tasks}, tokens, trials, seed)

    def judge(question: Question, answer: str) -> dict[str, float]:
        task = labels[question.about["task"]]
        return {"right": babilong_match(answer, question.accepted[0], task, question.text)}

    found = run_cases(engine, made, judge, rows=rows, limit=limit, by=by, say=say)
    by_task = mean_by(found, lambda row: row["task"], "right")
    return {
        "average": mean(list(by_task.values())), "by_task": by_task, "chance": {t: 1 / len(labels[t]) for t in by_task},
        "tokens": tokens, "trials": trials, "seed": seed, "filler": filler.name, "by": by.name if by else "memory",
        "weights": engine.info.weights_hash, "rows": found,
    }  # fmt: skip


def cases(hay: Haystack, stories: dict[int, list[Passage]], tokens: int, trials: int, seed: int) -> Iterator[Case]:
    """Story by story, the tasks in turn."""
    for trial in range(trials):
        for task, all_of_it in stories.items():
            rng = random.Random(f"babilong/{seed}/{tokens}/{task}/{trial}")
            story = rng.choice(all_of_it)
            told = [" " + sentence for sentence in sentences(story)]
            depths = sorted(rng.random() for _ in told)
            ids = hay.with_pieces(rng, told, depths, tokens)[0] if tokens else hay.tokens("".join(told))
            question = Question(story.qas[0][0], (story.qas[0][1],), {"task": task})
            yield Case(f"babilong/{seed}/{tokens}/{task}/{trial}", lambda ids=ids: ids, [question])


def table(result: dict) -> list[str]:
    """The result as a Markdown table."""
    tasks = result["by_task"]
    return [
        "| tokens | "
        + " | ".join(f"QA{task} (chance {result['chance'][task]:.2f})" for task in tasks)
        + " | average |",
        "|---|" + "---|" * (len(tasks) + 1),
        f"| {result['tokens']:,} | " + " | ".join(f"{s:.2f}" for s in tasks.values()) + f" | {result['average']:.3f} |",
    ]
