"""Questions about the text itself: how often something is named, where, and in which words.

A compressed memory can't count, so these are recognised by their wording and answered from the stored text. Everything
else goes to the model. English and Dutch questions are known. Pure: text in, what is wanted out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, NamedTuple

Kind = Literal["count", "list", "quote"]


@dataclass(frozen=True)
class Exact:
    """What is wanted of the text: how many times a phrase stands in it, where, or the sentences that hold it; and in which language
    that was asked."""

    kind: Kind
    phrase: str
    language: str = "en"


_BE, _DO = r"(?:is|are|was|were|has|have)", r"(?:does|do|did)"
_NAMED = r"(?:(?:been )?(?:named|mentioned|referred to|spoken of))"
_APPEARS = r"(?:appears?|occurs?|comes? up|gets? (?:named|mentioned)|shows? up|stands?|stand written)"
_MENTIONS = r"(?:mentions?|occurrences?|appearances?)"
_IN = r"(?: (?:in|on|throughout|within) .+)?"
_WHAT = r"(?P<what>.+?)"
_FIND = r"(?:find|list|show|give)(?: me)? (?:every|each|all|all the|the)(?: \w+)?"
_PAGES = r"(?:on )?(?:which|what) pages?"

_ENGLISH: tuple[tuple[Kind, str], ...] = (
    ("count", rf"how (?:many times|often) {_BE} {_WHAT} {_NAMED}{_IN}"),
    ("count", rf"how (?:many times|often) {_DO} {_WHAT} {_APPEARS}{_IN}"),
    ("count", rf"how (?:many times|often) {_DO} (?:the|this|it|they|he|she|\w+) (?:\w+ )?(?:name|mention) {_WHAT}"),
    ("count", rf"how many {_MENTIONS} of {_WHAT} {_BE} there{_IN}"),
    ("count", rf"how many {_MENTIONS} {_BE} there of {_WHAT}"),
    ("count", rf"count (?:(?:the|all|every|all the) )?{_MENTIONS} of {_WHAT}"),
    ("count", rf"count (?:how (?:many times|often) )?(?:the )?(?:word|name|phrase)s? {_WHAT}"),
    ("list", rf"{_FIND} {_MENTIONS} of {_WHAT}"),
    ("list", rf"{_FIND} (?:places?|pages?) (?:where|that|on which) {_WHAT} {_BE} {_NAMED}"),
    ("list", rf"{_FIND} (?:places?|pages?) that (?:names?|mentions?) {_WHAT}"),
    ("list", rf"where {_BE} {_WHAT} {_NAMED}{_IN}"),
    ("list", rf"{_PAGES} {_BE} {_WHAT} {_NAMED}"),
    ("list", rf"{_PAGES} {_DO} {_WHAT} {_APPEARS}"),
    ("list", rf"{_PAGES} (?:names?|mentions?) {_WHAT}"),
    (
        "quote",
        r"(?:quote|cite)(?: me)? (?:the|every|each|all|all the) (?:exact )?(?:sentence|line|passage)s? "
        rf"(?:about|on|with|that (?:names?|mentions?|has|have|contains?)|containing|naming|mentioning) {_WHAT}",
    ),
)  # fmt: skip

_OFTEN = r"(?:hoe vaak|hoeveel (?:keer|maal))"
_WORDT = r"(?:wordt|worden|werd|werden|is|zijn)"
_GENOEMD = r"(?:genoemd|vermeld|aangehaald)"
_KOMT, _STAAT = r"(?:komt|komen|kwam|kwamen)", r"(?:staat|staan|stond|stonden)"
_DAAR = r"(?: (?:in|op|door) .+)?"
_VERMELDING = r"(?:vermelding(?:en)?|keer dat)"
_ZOEK = r"(?:zoek|vind|geef|toon|noem)(?: me| mij)? (?:elke|iedere|alle|de)(?: \w+)?"
_PLAATS = r"(?:plaats(?:en)?|plek(?:ken)?|pagina(?:['’]?s)?)"
_WAAR = rf"(?:{_WHAT} (?:{_GENOEMD} {_WORDT}|{_WORDT} {_GENOEMD}|voorkom(?:t|en)|{_STAAT}))"
_OP_PAGINA = r"op welke pagina(?:['’]?s)?"

_DUTCH: tuple[tuple[Kind, str], ...] = (
    ("count", rf"{_OFTEN} {_WORDT} {_WHAT} {_GENOEMD}{_DAAR}"),
    ("count", rf"{_OFTEN} {_WORDT} {_WHAT} (?:in|op) .+ {_GENOEMD}"),
    ("count", rf"{_OFTEN} {_KOMT} {_WHAT}(?: (?:in|op) .+)? voor{_DAAR}"),
    ("count", rf"{_OFTEN} {_STAAT} {_WHAT}(?: er)? (?:in|op) .+"),
    ("count", rf"{_OFTEN} (?:noemt|vermeldt) (?:(?:de|het|dit) )?\w+ {_WHAT}"),
    ("count", rf"hoeveel {_VERMELDING} van {_WHAT} (?:zijn|staan) er{_DAAR}"),
    ("count", rf"hoeveel {_VERMELDING} (?:zijn|staan) er van {_WHAT}"),
    ("count", rf"tel (?:(?:de|alle|elke|iedere) )?{_VERMELDING} van {_WHAT}"),
    ("count", rf"tel {_OFTEN} {_WAAR}"),
    ("count", rf"tel (?:het woord|de woorden|de naam|de term) {_WHAT}"),
    ("list", rf"{_ZOEK} {_VERMELDING} van {_WHAT}"),
    ("list", rf"{_ZOEK} {_PLAATS} waar {_WAAR}"),
    ("list", rf"{_ZOEK} {_PLAATS} die {_WHAT} (?:noemen|noemt|vermelden|vermeldt)"),
    ("list", rf"waar {_WORDT} {_WHAT} {_GENOEMD}{_DAAR}"),
    ("list", rf"{_OP_PAGINA} {_WORDT} {_WHAT} {_GENOEMD}"),
    ("list", rf"{_OP_PAGINA} {_KOMT} {_WHAT} voor"),
    ("list", rf"{_OP_PAGINA} {_STAAT} {_WHAT}"),
    ("list", rf"welke pagina['’]?s (?:noemen|vermelden) {_WHAT}"),
    (
        "quote",
        r"citeer(?: me| mij)? (?:de|het|elke|iedere|alle) (?:exacte |letterlijke )?"
        rf"(?:zin(?:nen)?|regels?|passages?) (?:over|met|waarin|die|van) {_WHAT}"
        rf"(?: (?:noemt|noemen|bevat|bevatten|voorkomt|{_GENOEMD} {_WORDT}|{_WORDT} {_GENOEMD}))?",
    ),
)  # fmt: skip


class _Grammar(NamedTuple):
    """One language's questions, and what of them does not belong to the phrase."""

    language: str
    patterns: tuple[tuple[Kind, str], ...]
    polite: str
    whole_book: str
    label: str
    article: str
    # Who is meant by these, only the model may know.
    not_words: str


_GRAMMARS = (
    _Grammar(
        "en",
        _ENGLISH,
        r"(?:please |could you |can you |would you |tell me,? |and )+",
        r" (?:in|throughout|within) (?:the|this|that) (?:whole |entire )?"
        r"(?:book|document|text|novel|story|file|pdf|paper|report)$",
        r"^(?:the )?(?:word|words|name|phrase|term|expression)s? ",
        r"^(?:the|a|an) ",
        r"(?:it|he|she|they|him|her|them|this|that|these|those|who|what|i|you|we|someone|something)",
    ),
    _Grammar(
        "nl",
        _DUTCH,
        r"(?:alsjeblieft |(?:kun|kan|wil|zou) je(?: me| mij)? |vertel(?: me| mij)?,? |en )+",
        r" in (?:het|dit|dat|de|deze|die) (?:hele )?"
        r"(?:boek|document|tekst|roman|verhaal|bestand|pdf|artikel|rapport)$",
        r"^(?:het |de )?(?:woord|woorden|naam|namen|term|uitdrukking) ",
        r"^(?:de|het|een) ",
        r"(?:hij|zij|ze|het|hem|haar|hen|hun|dit|dat|deze|die|er|wie|wat|ik|je|jij|u|we|wij|iemand|iets)",
    ),
)
_QUOTES = "\"'“”‘’«»„`"


def recognise(question: str) -> Exact | None:
    """What the question wants of the text, or None when it is one for the memory."""
    asked = " ".join(question.split())
    return next((wanted for grammar in _GRAMMARS if (wanted := _recognise(grammar, asked))), None)


def _recognise(grammar: _Grammar, question: str) -> Exact | None:
    polite = re.match(grammar.polite, question, re.IGNORECASE)
    asked = question[polite.end() :] if polite else question
    for kind, pattern in grammar.patterns:
        found = re.fullmatch(pattern + r"\W*", asked, re.IGNORECASE)
        if found:
            phrase = _phrase(grammar, found["what"])
            named = phrase and not re.fullmatch(grammar.not_words, phrase, re.IGNORECASE)
            return Exact(kind, phrase, grammar.language) if named else None
    return None


def _phrase(grammar: _Grammar, what: str) -> str:
    """The words to look for. What stands between quotation marks is taken as it is, else a leading article is left out."""
    without = re.sub(grammar.whole_book, "", what.strip().rstrip("?!. "), flags=re.IGNORECASE)
    without = re.sub(grammar.label, "", without, flags=re.IGNORECASE)
    bare = without.strip(_QUOTES + " ")
    return bare if without[:1] in _QUOTES else re.sub(grammar.article, "", bare, flags=re.IGNORECASE)
