"""How a reply is compared with what is right: each benchmark's own rule. Pure functions."""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

ARTICLES = frozenset(("a", "an", "the"))
ARTICLE = re.compile(r"\b(a|an|the)\b")
COMMA_IN_NUMBER = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
WORD = re.compile(r"\d+(?:\.\d+)+|[^\W_]+")
UNANSWERABLE = "unanswerable"


def plain_words(text: str) -> list[str]:
    """The words of `text` without case, accents, punctuation and articles; 1,333 is 1333, and 0.66 is one word."""
    apart = unicodedata.normalize("NFKD", text)
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter)).lower()
    return [word for word in WORD.findall(COMMA_IN_NUMBER.sub("", bare)) if word not in ARTICLES]


def stands_in(answer: str, reply: str) -> bool:
    """Whether the words of `answer` stand in `reply`, one behind the other. No words stand nowhere."""
    wanted, said = plain_words(answer), plain_words(reply)
    n = len(wanted)
    return n > 0 and any(said[at : at + n] == wanted for at in range(len(said) - n + 1))


def any_stands_in(accepted: Sequence[str], reply: str) -> bool:
    """Whether one of the accepted answers stands in the reply."""
    return any(stands_in(answer, reply) for answer in accepted)


def people_correct(row: Mapping[str, Any], reply: str) -> bool:
    """Whether `reply` holds what a row of questions.jsonl asks for; nothing does where the document has no answer."""
    if row["kind"] == UNANSWERABLE:
        return False
    if row.get("all_of"):
        return sum(any_stands_in(group, reply) for group in row["all_of"]) >= row["need"]
    return any_stands_in(row["answers"], reply)


def people_right(row: Mapping[str, Any], reply: str, declined: bool) -> bool:
    """The rule for questions that people ask: with no answer in the document declining alone is right, else it is wrong."""
    return declined if row["kind"] == UNANSWERABLE else not declined and people_correct(row, reply)


def exact_match(reply: str, accepted: Sequence[str]) -> float:
    """1 where the reply is one of those accepted, but for case, punctuation and articles (SQuAD 1.1's rule)."""
    return float(any(_squad(reply) == _squad(answer) for answer in accepted))


def f1(reply: str, accepted: Sequence[str]) -> float:
    """Harmonic mean of precision and recall of the reply's words, the best over those accepted (SQuAD 1.1's rule)."""
    return max((_f1(_squad(reply).split(), _squad(answer).split()) for answer in accepted), default=0.0)


def babilong_match(reply: str, target: str, labels: Sequence[str], question: str) -> float:
    """BABILong's rule: the reply's first sentence has the target and no other label of the task, labels apart that the question
    names."""
    first = re.split(r"[.\n]", reply.lower(), maxsplit=1)[0]
    named = {label.lower() for label in labels if label.lower() in first and label.lower() not in question.lower()}
    return float(target.lower() in first and named <= {target.lower()})


def number_match(reply: str, number: str) -> float:
    """1 where the digits of the reply are those of the number, and no others."""
    return float("".join(re.findall(r"\d", reply)) == number)


def rouge(reply: str, references: Sequence[str]) -> dict[str, float]:
    """ROUGE-1, -2 and -L F-measures with stemming, each at its best over the references (Lin 2004)."""
    from rouge_score.rouge_scorer import RougeScorer  # brings nltk along, which only summaries need

    scores = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True).score_multi(list(references), reply)
    return {name: score.fmeasure for name, score in scores.items()}


def _squad(text: str) -> str:
    unmarked = "".join(c for c in text.lower() if c not in string.punctuation)
    return " ".join(ARTICLE.sub(" ", unmarked).split())


def _f1(said: list[str], wanted: list[str]) -> float:
    if not said or not wanted:
        return float(said == wanted)
    same = (Counter(said) & Counter(wanted)).total()
    return 2 * same / (len(said) + len(wanted))
