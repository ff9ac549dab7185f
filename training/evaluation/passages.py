"""SQuAD in a book: held-out paragraphs hidden in book text, and one question on each by how far back it stands."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.engine import Engine
from training.corpora import Passage, squad_passages
from training.evaluation.cases import Case, Question, run_cases
from training.evaluation.hidden import Haystack, read_filler, spread
from training.evaluation.readers import Reader
from training.evaluation.scores import exact_match, f1, mean, mean_by


def run_passages(
    engine: Engine, *, tokens: int, passages: int, trials: int, squad: Path, filler: Path, seed: int = 0,
    rows: Path | None = None, limit: int | None = None, by: Reader | None = None, say: Callable[[str], None] = lambda line: None,
) -> dict:  # fmt: skip
    """`trials` texts of `tokens` tokens of `filler` with `passages` paragraphs each, of articles that training leaves out.

    Returns the means `exact` and `f1`, and both `by_distance` (tokens between a paragraph's end and the text's, to the
    power of two above). Raises FillerTooShort, CorpusError and RowsInvalid.
    """
    hay, held_out = Haystack(engine, read_filler(filler)), squad_passages(squad)[1]
    made = cases(hay, held_out, tokens, passages, trials, seed)
    found = run_cases(engine, made, judge, rows=rows, limit=limit, by=by, say=say)
    near = sorted(found, key=lambda row: row["distance"])
    return {
        "exact": mean([row["exact"] for row in found]), "f1": mean([row["f1"] for row in found]),
        "by_distance": {
            "exact": mean_by(near, lambda row: row["distance"], "exact"),
            "f1": mean_by(near, lambda row: row["distance"], "f1"),
        },
        "tokens": tokens, "questions": len(found), "seed": seed, "filler": filler.name, "by": by.name if by else "memory",
        "weights": engine.info.weights_hash, "rows": found,
    }  # fmt: skip


def cases(hay: Haystack, held_out: list[Passage], tokens: int, passages: int, trials: int, seed: int) -> Iterator[Case]:
    """The texts, each with its own paragraphs."""
    for trial in range(trials):
        rng = random.Random(f"squad/{seed}/{tokens}/{passages}/{trial}")
        chosen = rng.sample(held_out, passages)
        texts = ["\n\n" + " ".join(passage.text.split()) + "\n\n" for passage in chosen]
        ids, behind = hay.with_pieces(rng, texts, spread(rng, passages), tokens)
        asked = [
            Question(question, (answer,), {"distance": 1 << max(left, 1).bit_length()})
            for (question, answer), left in zip((rng.choice(p.qas) for p in chosen), behind, strict=True)
        ]
        yield Case(f"squad/{seed}/{tokens}/{passages}/{trial}", lambda ids=ids: ids, asked)


def judge(question: Question, answer: str) -> dict[str, float]:
    """SQuAD's own scores."""
    return {"exact": exact_match(answer, question.accepted), "f1": f1(answer, question.accepted)}


def table(result: dict) -> list[str]:
    """The result as a Markdown table."""
    by = result["by_distance"]
    lines = ["| tokens since | EM | F1 |", "|---|---|---|"]
    lines += [f"| under {d:,} | {by['exact'][d]:.2f} | {by['f1'][d]:.2f} |" for d in by["f1"]]
    return [*lines, f"| all {result['questions']} questions | {result['exact']:.3f} | {result['f1']:.3f} |"]
