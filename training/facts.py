"""Made-up facts in plain English with the questions a person would ask for them.

Pure, seeded by the caller's random.Random.
"""

import random
import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

from training.patterns import articles, expand, fill
from training.relations import Relation, all_relations
from training.wrappers import ASKING, CORRECTIONS, OPENINGS, QUESTION_WORDS, TAILS

_TRIES = 200
_WORDS_BEFORE = 3


class Fact(NamedTuple):
    """A statement to hide in a text, questions for it, the short answer as it stands in the statement, and what
    it is about.
    """

    statement: str
    questions: tuple[str, ...]
    answer: str
    key: str


def kinds() -> tuple[str, ...]:
    """The names of every kind of fact, in a fixed order."""
    return tuple(relation.kind for relation in all_relations())


def draw_facts(
    rng: random.Random, n: int, *, kinds: Collection[str] | None = None, town: str | None = None
) -> list[Fact]:
    """n facts with distinct keys, answers distinct too while there are others; kinds spread evenly, in random order.

    With `town`, most of them are about that town. Raises ValueError on an unknown kind or when the subjects run out.
    """
    table = _table(kinds)
    facts: list[Fact] = []
    keys: set[str] = set()
    answers: set[str] = set()
    while len(facts) < n:
        if not table:
            raise ValueError(f"these kinds have only {len(facts)} subjects, fewer than the {n} asked for")
        for relation in rng.sample(table, min(len(table), n - len(facts))):
            fact = _fresh(rng, relation, keys, answers, town)
            if fact is None:
                table.remove(relation)
                continue
            keys.add(fact.key)
            answers.add(fact.answer.lower())
            facts.append(fact)
    rng.shuffle(facts)
    return facts


def overwrite(rng: random.Random, fact: Fact) -> Fact:
    """A later change (or correction) of the same thing: same key, another answer."""
    relation, subject = _parse(fact.key)
    for _ in range(_TRIES):
        values = _draw(rng, relation, subject) | {"old": fact.answer}
        if _clash(values["a"], fact.answer) or not _askable(relation, values):
            continue
        if relation.changes:
            statement = _statement(rng, relation.changes, values)
        else:
            statement = rng.choice(CORRECTIONS) + _statement(rng, relation.statements, values)
        if values["a"] in statement:
            return _fact(rng, relation, values, statement)
    raise ValueError(f"no other answer found for {fact.key}")


def look_alike(rng: random.Random, fact: Fact) -> Fact:
    """A fact of the same relation about another subject, with another answer."""
    relation, subject = _parse(fact.key)
    names = list(subject)
    for attempt in range(_TRIES):
        # Nearest look-alikes first: the same subject but for one part of it.
        changed = {rng.choice(names)} if attempt < _TRIES // 2 else set(names)
        kept = {name: value for name, value in subject.items() if name not in changed}
        other = _make(rng, relation, kept)
        if other is not None and other.key != fact.key and not _clash(other.answer, fact.answer):
            return other
    raise ValueError(f"no other subject found for {fact.key}")


def same_subject(rng: random.Random, fact: Fact) -> Fact | None:
    """A fact of another kind about the same person, place or thing; None where no other kind has such a subject."""
    relation, subject = _parse(fact.key)
    patterns = {relation.slots[name]: value for name, value in subject.items()}
    table = [other for other in all_relations() if other.kind != relation.kind]
    for other in rng.sample(table, len(table)):
        shared = {name: patterns[p] for name, p in other.slots.items() if name != "a" and p in patterns}
        found = _make(rng, other, shared) if shared else None
        if found is not None and not _clash(found.answer, fact.answer):
            return found
    return None


def retell(rng: random.Random, fact: Fact) -> tuple[str, str, str] | None:
    """The fact in a sentence of other or the same words: what stands before the answer, " " and the answer, the rest.

    Both begin with a space. None where no sentence of its kind has enough words before the answer to know what it is about.
    """
    relation, subject = _parse(fact.key)
    for template in rng.sample(relation.statements, len(relation.statements)):
        before, answer, after = fill(template, subject | {"a": fact.answer}).partition(fact.answer)
        if answer and before.endswith(" ") and len(before.split()) >= _WORDS_BEFORE:
            return " " + before.rstrip(), " " + answer, after
    return None


def _table(kinds: Collection[str] | None) -> list[Relation]:
    relations = list(all_relations())
    if kinds is None:
        return relations
    unknown = set(kinds) - {relation.kind for relation in relations}
    if unknown or not kinds:
        raise ValueError(f"unknown kinds of facts: {sorted(unknown)}")
    return [relation for relation in relations if relation.kind in kinds]


def _fresh(rng: random.Random, relation: Relation, keys: set[str], answers: set[str], town: str | None) -> Fact | None:
    """A fact with a new key, with a new answer too where there is one left; None when the subjects are used up."""
    spare = None
    for _ in range(_TRIES):
        fact = _make(rng, relation, {}, town)
        if fact is None or fact.key in keys:
            continue
        if fact.answer.lower() not in answers:
            return fact
        spare = fact
    return spare


def _make(rng: random.Random, relation: Relation, subject: Mapping[str, str], town: str | None = None) -> Fact | None:
    """One fact, or None when this draw has its answer in a question."""
    values = _draw(rng, relation, subject, town)
    if not _askable(relation, values):
        return None
    statement = _statement(rng, relation.statements, values)
    if rng.random() < 0.25:
        statement = _opened(rng, statement, values)
    elif rng.random() < 0.15:
        statement = f"{statement} {rng.choice(TAILS)}"
    return _fact(rng, relation, values, statement)


def _draw(
    rng: random.Random, relation: Relation, subject: Mapping[str, str], town: str | None = None
) -> dict[str, str]:
    """A value for every slot, those of the subject as given; a/an already right, so that the answer stays as it is."""
    values = {
        name: articles(expand(rng, pattern, town=None if name == "a" else town))
        for name, pattern in relation.slots.items()
    }
    return values | dict(subject)


def _fact(rng: random.Random, relation: Relation, values: Mapping[str, str], statement: str) -> Fact:
    forms = rng.sample(relation.questions, min(rng.randint(1, 3), len(relation.questions)))
    questions = tuple(_asked(rng, fill(form, values)) for form in forms)
    return Fact(statement, questions, values["a"], _key(relation, values))


def _statement(rng: random.Random, templates: tuple[str, ...], values: Mapping[str, str]) -> str:
    """A filled template in which the answer stands exactly as it is asked for."""
    for template in rng.sample(templates, len(templates)):
        text = fill(template, values)
        if values["a"] in text:
            return text
    raise ValueError(f"no template keeps the answer {values['a']!r} as it is")


def _opened(rng: random.Random, statement: str, values: Mapping[str, str]) -> str:
    """The statement after an opening such as 'As every visitor learns, ', where it is one plain sentence starting
    with its subject.
    """
    first = statement.split(" ", 1)[0]
    if re.search(r"[.!?:;] ", statement):
        return statement
    if first in ("The", "A", "An"):
        return rng.choice(OPENINGS) + statement[0].lower() + statement[1:]
    named = any(value.split(" ", 1)[0] == first for value in values.values())
    return rng.choice(OPENINGS) + statement if named else statement


def _asked(rng: random.Random, question: str) -> str:
    """The question, now and then as people type it: 'According to the book, ...', or without capital."""
    first = question.split(" ", 1)[0]
    if first not in QUESTION_WORDS or rng.random() < 0.8:
        return question
    small = question[0].lower() + question[1:]
    return rng.choice((small.rstrip("?"), small, *(opening + small for opening in ASKING)))


def _key(relation: Relation, values: Mapping[str, str]) -> str:
    names = [name for name in relation.slots if name != "a"]
    return "|".join([relation.kind, *(f"{name}={values[name]}" for name in names)])


def _parse(key: str) -> tuple[Relation, dict[str, str]]:
    kind, *pairs = key.split("|")
    (relation,) = _table((kind,))
    return relation, dict(pair.split("=", 1) for pair in pairs)


def _clash(a: str, b: str) -> bool:
    """Whether one answer is part of the other."""
    a, b = a.lower(), b.lower()
    return a in b or b in a


def _askable(relation: Relation, values: Mapping[str, str]) -> bool:
    """Whether no question gives the answer away and the parts of the subject differ from each other."""
    parts = [value for name, value in values.items() if name not in ("a", "old")]
    if len(set(parts)) < len(parts):
        return False
    answer = re.compile(rf"(?<!\w){re.escape(values['a'].lower())}(?!\w)")
    return not any(answer.search(fill(form, values).lower()) for form in relation.questions)
