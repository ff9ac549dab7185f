"""Facts: seeded, askable, well formed, and every template of every kind fills."""

import random
import re
import string

import pytest

from training import facts
from training.handbook import distractor, document
from training.patterns import articles, expand, fill, sentences
from training.relations import all_relations, themes

RELATIONS = all_relations()
PLACEHOLDER = re.compile(r"[{}<>|]")
A_BEFORE_VOWEL = r"\b[Aa] (?=[aeio]|8|11\b|18\b)(?!one\b|once\b|eu)"
AN_BEFORE_CONSONANT = r"\b[Aa]n (?=[bcdfgjklmnpqrstvwxyz1-7])(?!11\b|18\b)"
WRONG_ARTICLE = re.compile(f"{A_BEFORE_VOWEL}|{AN_BEFORE_CONSONANT}")


def slots_of(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_there_are_enough_kinds_and_forms():
    assert len(RELATIONS) >= 60
    assert len({relation.kind for relation in RELATIONS}) == len(RELATIONS)
    assert [kind for kinds in themes().values() for kind in kinds] == list(facts.kinds())
    for relation in RELATIONS:
        assert len(set(relation.statements)) >= 4, relation.kind
        assert len(set(relation.questions)) >= 3, relation.kind


@pytest.mark.parametrize("relation", RELATIONS, ids=lambda relation: relation.kind)
def test_templates_name_their_subject_and_fill(relation):
    subject = set(relation.slots) - {"a"}
    rng = random.Random(3)
    for template in relation.statements:
        assert slots_of(template) == subject | {"a"}, template
    for template in relation.changes:
        assert slots_of(template) - {"old"} == subject | {"a"}, template
    for template in relation.questions:
        assert slots_of(template) == subject, template
        assert template.endswith(("?", ".")), template
    for template in relation.statements + relation.questions + relation.changes:
        draws = [{name: articles(expand(rng, p)) for name, p in relation.slots.items()} for _ in range(23)]
        texts = [fill(template, values | {"old": "something"}) for values in draws]
        assert not any(PLACEHOLDER.search(text) for text in texts), texts
        if template not in relation.questions:
            # A template that always spoils its answer (a capital at the start) would never be used.
            assert any(values["a"] in text for values, text in zip(draws, texts, strict=True)), template


def test_facts_are_sound():
    drawn = facts.draw_facts(random.Random(11), 1700)
    assert len(drawn) == len({fact.key for fact in drawn}) == 1700
    assert {fact.key.split("|")[0] for fact in drawn} == set(facts.kinds())
    for fact in drawn:
        assert fact.answer in fact.statement
        assert 1 <= len(fact.questions) <= 3
        assert fact.statement == fact.statement.strip() and "\n" not in fact.statement and "  " not in fact.statement
        assert fact.statement[-1] in ".?!" and (fact.statement[0].isupper() or not fact.statement[0].isalpha())
        for text in (fact.statement, *fact.questions):
            assert not PLACEHOLDER.search(text), text
            assert not WRONG_ARTICLE.search(text), text
        for question in fact.questions:
            assert not re.search(rf"(?<!\w){re.escape(fact.answer.lower())}(?!\w)", question.lower()), fact


def test_facts_are_told_again_with_the_answer_at_its_place():
    rng = random.Random(4)
    drawn = facts.draw_facts(rng, 400)
    told = [(fact, facts.retell(rng, fact)) for fact in drawn]
    again = [(fact, parts) for fact, parts in told if parts is not None]
    assert len(again) > 0.9 * len(drawn)
    for fact, (before, answer, after) in again:
        assert answer == " " + fact.answer and len(before.split()) >= 3
        assert before.startswith(" ") and not before.endswith(" ") and not PLACEHOLDER.search(before + after)
    same = sum(fact.statement == "".join(parts).strip() for fact, parts in again)
    assert same < len(again) / 2


def test_the_seed_decides():
    one, two = (facts.draw_facts(random.Random(7), 41) for _ in range(2))
    assert one == two
    assert one != facts.draw_facts(random.Random(8), 41)
    assert document(random.Random(5), 9, 300) == document(random.Random(5), 9, 300)


def test_answers_of_one_text_differ_where_they_can():
    for seed in range(17):
        answers = [fact.answer for fact in facts.draw_facts(random.Random(seed), 12)]
        assert len(set(answers)) == 12


def test_kinds_can_be_chosen():
    drawn = facts.draw_facts(random.Random(2), 13, kinds=("keeper", "owned_code"))
    assert {fact.key.split("|")[0] for fact in drawn} == {"keeper", "owned_code"}
    with pytest.raises(ValueError, match="unknown"):
        facts.draw_facts(random.Random(2), 3, kinds=("no such kind",))
    with pytest.raises(ValueError, match="fewer"):
        facts.draw_facts(random.Random(2), 100, kinds=("pass_key",))


def test_codes_have_two_to_seven_digits():
    drawn = facts.draw_facts(random.Random(4), 400, kinds=("owned_code",))
    assert {len(fact.answer) for fact in drawn} == {2, 3, 4, 5, 6, 7}
    assert all(fact.answer.isdigit() for fact in drawn)


def test_overwrite_changes_the_answer_and_keeps_the_subject():
    rng = random.Random(6)
    for fact in facts.draw_facts(rng, 430):
        later = facts.overwrite(rng, fact)
        assert later.key == fact.key
        assert later.answer in later.statement
        assert later.answer.lower() != fact.answer.lower()
        assert not PLACEHOLDER.search(later.statement), later


def test_a_look_alike_is_about_something_else():
    rng = random.Random(9)
    for fact in facts.draw_facts(rng, 430):
        other = facts.look_alike(rng, fact)
        assert other.key != fact.key
        assert other.key.split("|")[0] == fact.key.split("|")[0]
        assert other.answer != fact.answer
        assert not set(other.questions) & set(fact.questions)


def test_another_fact_about_the_same_subject():
    rng = random.Random(10)
    found = 0
    for fact in facts.draw_facts(rng, 214):
        other = facts.same_subject(rng, fact)
        if other is not None:
            found += 1
            assert other.key.split("|")[0] != fact.key.split("|")[0]
            shared = {pair.split("=", 1)[1] for pair in fact.key.split("|")[1:]}
            assert shared & {pair.split("=", 1)[1] for pair in other.key.split("|")[1:]}
    assert found > 80


def test_a_document_holds_its_facts_in_order():
    text, told = document(random.Random(12), 19, 900)
    assert len(told) == len({fact.key for fact in told}) == 19
    places = [text.index(fact.statement) for fact in told]
    assert places == sorted(places)
    assert 900 <= len(text.split()) < 1000
    assert not PLACEHOLDER.search(text)
    kinds = [fact.key.split("|")[0] for fact in told]
    assert len(set(kinds)) < len(kinds)


def test_a_document_can_be_all_facts_or_none():
    text, told = document(random.Random(13), 5, 0)
    assert len(told) == 5 and all(fact.statement in text for fact in told)
    text, told = document(random.Random(13), 0, 120)
    assert told == [] and len(text.split()) >= 120


def test_distractors_are_plain_sentences():
    rng = random.Random(14)
    drawn = [distractor(rng) for _ in range(500)]
    assert len(set(drawn)) > 150
    for text in drawn:
        assert text.endswith(".") and not PLACEHOLDER.search(text) and not WRONG_ARTICLE.search(text), text


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("a apple and an pear", "an apple and a pear"),
        ("a hour, a union, a one-legged owl", "an hour, a union, a one-legged owl"),
        ("a 8 and a 11 and an 12", "an 8 and an 11 and a 12"),
        ("grade A eggs", "grade A eggs"),
    ],
)
def test_articles(text, right):
    assert articles(text) == right


def test_sentences_get_capitals():
    assert sentences("the end. it was 'late'. who? nobody.") == "The end. It was 'late'. Who? Nobody."
    assert sentences("'the Fox' was read") == "'The Fox' was read"
    assert sentences("12 boats came") == "12 boats came"


def test_an_unknown_part_is_an_error():
    with pytest.raises(KeyError):
        expand(random.Random(1), "<no_such_list>")
