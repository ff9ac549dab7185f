"""How an answer is compared with what is right: each benchmark's own rule. Pure; all return a number from 0 to 1."""

import re
import string
from collections import Counter
from collections.abc import Callable, Sequence

ARTICLES = re.compile(r"\b(a|an|the)\b")
CUTS = (".", "\n", "<context>", "<example>", "question:")


def exact_match(answer: str, accepted: Sequence[str]) -> float:
    """Whether the answer is one of those accepted, but for case, punctuation and articles (SQuAD 1.1's rule)."""
    return float(any(_plain(answer) == _plain(each) for each in accepted))


def f1(answer: str, accepted: Sequence[str]) -> float:
    """Harmonic mean of precision and recall of the answer's words, at best over those accepted (SQuAD 1.1's rule)."""
    return max(_f1(_plain(answer).split(), _plain(each).split()) for each in accepted)


def babilong_match(answer: str, target: str, labels: Sequence[str], question: str) -> float:
    """BABILong's rule: in the answer's first sentence stands the target and no other label of the task, labels that the
    question names itself apart."""
    said = answer.lower()
    for cut in CUTS:
        said = said.partition(cut)[0]
    found = {label for label in labels if label.lower() in said and label.lower() not in question.lower()}
    return float(target.lower() in said and len(found | {target}) == 1)


def rouge(answer: str, references: Sequence[str]) -> dict[str, float]:
    """ROUGE-1, -2 and -L F-measures with stemming, each at its best over the references (Lin 2004)."""
    from rouge_score.rouge_scorer import RougeScorer  # brings nltk along, which only summaries need

    scores = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True).score_multi(list(references), answer)
    return {name: score.fmeasure for name, score in scores.items()}


def mean(values: Sequence[float]) -> float:
    """The mean; 0 of nothing."""
    return sum(values) / len(values) if values else 0.0


def mean_by(rows: Sequence[dict], key: Callable[[dict], object], value: str) -> dict:
    """Means of `value` over the rows with the same `key`, in the order in which the keys first come."""
    groups: dict = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row[value])
    return {group: mean(values) for group, values in groups.items()}


def _plain(text: str) -> str:
    unmarked = "".join(c for c in text.lower() if c not in string.punctuation)
    return " ".join(ARTICLES.sub(" ", unmarked).split())


def _f1(said: list[str], wanted: list[str]) -> float:
    same = sum((Counter(said) & Counter(wanted)).values())
    if not same:
        return float(said == wanted)
    precision, recall = same / len(said), same / len(wanted)
    return 2 * precision * recall / (precision + recall)
