"""Questions about the text itself: how often something is named, where, and in which words.

A compressed memory can't count, so these are recognised by their wording and answered from the stored text. Everything
else goes to the model. Pure: text in, what is wanted out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["count", "list", "quote"]


@dataclass(frozen=True)
class Exact:
    """What is wanted of the text: how many times a phrase stands in it, where, or the sentences that hold it."""

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

_PATTERNS: tuple[tuple[Kind, str], ...] = (
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
_COMPILED = tuple((kind, re.compile(pattern + r"\W*", re.IGNORECASE)) for kind, pattern in _PATTERNS)

_POLITE = re.compile(r"(?:please |could you |can you |would you |tell me,? |and )+", re.IGNORECASE)
_WHOLE_BOOK = re.compile(
    r" (?:in|throughout|within) (?:the|this|that) (?:whole |entire )?(?:book|document|text|novel|story|file|pdf|paper|report)$",
    re.IGNORECASE,
)
_LABEL = re.compile(r"^(?:the )?(?:word|words|name|phrase|term|expression)s? ", re.IGNORECASE)
_ARTICLE = re.compile(r"^(?:the|a|an) ", re.IGNORECASE)
_QUOTES = "\"'“”‘’«»„`"
# Who is meant by these, only the model may know.
_NOT_WORDS = re.compile(
    r"(?:it|he|she|they|him|her|them|this|that|these|those|who|what|i|you|we|someone|something)", re.IGNORECASE
)


def recognise(question: str) -> Exact | None:
    """What the question wants of the text, or None when it is one for the memory."""
    asked = " ".join(question.split())
    asked = asked[polite.end() :] if (polite := _POLITE.match(asked)) else asked
    for kind, pattern in _COMPILED:
        found = pattern.fullmatch(asked)
        if found:
            phrase = _phrase(found["what"])
            return Exact(kind, phrase) if phrase and not _NOT_WORDS.fullmatch(phrase) else None
    return None


def _phrase(what: str) -> str:
    """The words to look for. What stands between quotation marks is taken as it is, else a leading article is left out."""
    what = _LABEL.sub("", _WHOLE_BOOK.sub("", what.strip().rstrip("?!. ")))
    bare = what.strip(_QUOTES + " ")
    return bare if what[:1] in _QUOTES else _ARTICLE.sub("", bare)
