"""Generated handbooks: a text with headings about one invented place, in which facts stand among plain sentences.

Pure, seeded.
"""

import random

from training.facts import Fact, draw_facts, look_alike, same_subject
from training.fillers import HEADINGS, SENTENCES, TITLES
from training.names import town as draw_town
from training.patterns import articles, expand, sentences
from training.relations import themes

_LOOK_ALIKES = 0.3
_SAME_SUBJECT = 0.2


def distractor(rng: random.Random, *, town: str | None = None) -> str:
    """A plain sentence that holds no asked fact; with `town`, mostly about it."""
    return sentences(articles(expand(rng, rng.choice(SENTENCES), town=town)))


def document(rng: random.Random, n_facts: int, n_words: int) -> tuple[str, list[Fact]]:
    """A handbook of about n_words words (more where the facts need more) and its n_facts facts in the text's order.

    Near a third of the facts are look-alikes of another one in the text and a fifth tell something else of the same
    subject, so that a question needs the right one.
    """
    town = draw_town(rng)
    facts = _facts(rng, n_facts, town)
    style = rng.choice(("{n}. {text}", "{upper}", "## {text}", "{text}", "Chapter {n}: {text}", "{n} {text}"))
    title = expand(rng, rng.choice(TITLES).replace("<town>", town))
    parts = [f"# {title}" if style.startswith("#") else title]
    words = len(title.split()) + sum(len(fact.statement.split()) for fact in facts)
    filler = _filler(rng, n_words - words, town)
    ordered: list[Fact] = []
    for number, (theme, members) in enumerate(_sections(rng, facts), start=1):
        text = expand(rng, rng.choice(HEADINGS[theme]).replace("<town>", town))
        parts.append(style.format(n=number, text=text, upper=text.upper()))
        ordered += members
        share = len(filler) * len(members) // len(facts) if len(ordered) < len(facts) else len(filler)
        parts += _paragraphs(rng, [fact.statement for fact in members], filler[:share])
        filler = filler[share:]
    parts += _paragraphs(rng, [], filler)
    return "\n\n".join(parts) + "\n", ordered


def _facts(rng: random.Random, n: int, town: str) -> list[Fact]:
    """n facts with distinct keys: about a third look-alikes of the others, some about the same subject as another."""
    facts = draw_facts(rng, n - int(n * (_LOOK_ALIKES + _SAME_SUBJECT)), town=town)
    originals = list(facts)
    keys = {fact.key for fact in facts}
    while len(facts) < n:
        near = rng.random() < _LOOK_ALIKES / (_LOOK_ALIKES + _SAME_SUBJECT)
        original = rng.choice(originals)
        other = look_alike(rng, original) if near else same_subject(rng, original)
        if other is not None and other.key not in keys:
            keys.add(other.key)
            facts.append(other)
    return facts


def _filler(rng: random.Random, n_words: int, town: str) -> list[str]:
    """Plain sentences of n_words words or a little more; no pattern comes again before all have been used."""
    filler: list[str] = []
    patterns: list[str] = []
    while n_words > 0:
        patterns = patterns or rng.sample(SENTENCES, len(SENTENCES))
        filler.append(sentences(articles(expand(rng, patterns.pop(), town=town))))
        n_words -= len(filler[-1].split())
    return filler


def _sections(rng: random.Random, facts: list[Fact]) -> list[tuple[str, list[Fact]]]:
    """The facts by theme, themes and facts within them in random order."""
    by_kind = {kind: theme for theme, kinds in themes().items() for kind in kinds}
    groups: dict[str, list[Fact]] = {}
    for fact in rng.sample(facts, len(facts)):
        groups.setdefault(by_kind[fact.key.split("|", 1)[0]], []).append(fact)
    return list(groups.items())


def _paragraphs(rng: random.Random, statements: list[str], filler: list[str]) -> list[str]:
    """The statements strewn among the filler in paragraphs of two to six entries, their order kept."""
    slots = sorted(rng.sample(range(len(statements) + len(filler)), len(statements)))
    rest, told = iter(filler), iter(statements)
    entries = [next(told) if i in slots else next(rest) for i in range(len(statements) + len(filler))]
    paragraphs = []
    while entries:
        n = rng.randint(2, 6)
        paragraphs.append(" ".join(entries[:n]))
        entries = entries[n:]
    return paragraphs
