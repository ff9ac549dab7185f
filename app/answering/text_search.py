"""Questions about the text itself: how often words stand in it, where, and in which sentences.

A compressed memory can't count, so these are recognised by their wording, in English and in Dutch, and answered from the stored
text. Everything else goes to the model. A question is cut into tokens. What limits it to a page or a chapter is taken out of
it. The rest must be a known beginning, the words that are looked for, and a known end; both are looked up in tables, so the time
grows with the length of the question and no faster. The text is folded before it is searched: what a reader takes for the same
letters is made the same letters, and every place found leads back to the text as it is stored.
"""

from __future__ import annotations

import html
import itertools
import time
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

import regex

from app.views import Place, TextAnswer
from app.words import Words

if TYPE_CHECKING:
    from storage import SectionRow

Kind = Literal["count", "list", "chapters", "quote", "first", "last", "size", "help"]

LONGEST_QUESTION = 1000
AROUND = 60
LONGEST_END = 12
MOST_PLACES = 1000
MOST_QUOTES = 5
LONGEST_SENTENCE = 1500
SENTENCE_END = regex.compile(r"[.!?…][\"'”’»)\]]*(?=\s)|[。！？।][」』”’）]*|\n\s*\n")
ABBREVIATED = regex.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|St|Prof|No|vs|Capt|Col|Gen|Lt|Sr|Jr|Rev|Hon|Mme|Mlle|[A-Z]))\.$")


@dataclass(frozen=True)
class Scope:
    """A part of the document that a question keeps to. `said` is how the question put it.

    Pages and sections go from number `first` to `last`, both included; None is the beginning or the end, "-1" the last one.
    `word` is the kind of section ("chapter"), `title` its heading or the words of a part that only the document can know. A share
    ("the first half") goes from number `first` to `last` of `word` equal stretches of the part `of`, or of the whole text. What is
    only "vague" ("at the beginning") can't be honoured.
    """

    said: str
    unit: Literal["text", "page", "section", "named", "share", "vague"]
    first: str | None = None
    last: str | None = None
    word: str = ""
    title: str = ""
    of: Scope | None = None


@dataclass(frozen=True)
class TextQuestion:
    """What is wanted of the text, and in which language that was asked.

    `kind`: "count" how often each of `phrases` stands in it, "list" where, "chapters" in which sections, "quote" the sentences that
    hold it, "first" and "last" the place, "size" how many words, pages or chapters there are (`phrases` says which), "help" how such
    a question must be put to be understood. Only `scopes` are searched. `together` is how several phrases stood beside each other,
    since "salt and pepper" may have been meant as one; `verbatim` says that they stood between quotation marks; with `letters`
    they are looked for inside words as well. `ignored` are the parts of the question that can't be honoured. `things` says that it may
    have been asked how many different things there are, which nobody can count.
    """

    kind: Kind
    phrases: tuple[str, ...] = ()
    language: str = "en"
    scopes: tuple[Scope, ...] = ()
    together: str = ""
    verbatim: bool = False
    letters: bool = False
    ignored: tuple[str, ...] = ()
    things: bool = False


# The question as tokens


class Token(NamedTuple):
    """A word of the question, in small letters; or all that stands between two quotation marks, then `quoted` is that."""

    low: str
    start: int
    end: int
    quoted: str | None = None


_CLOSING = {
    '"': '"”“', "“": '”"“', "„": "“”\"", "”": "”\"", "«": "»", "»": "«", "‹": "›", "‘": "’'", "'": "'’", "‚": "‘’",
    "`": "`´'", "「": "」", "『": "』", "《": "》", "〈": "〉", "〝": "〞", "＂": "＂", "*": "*", "_": "_",
}  # fmt: skip
_STRAY = '"“”„«»‹›「」『』`'
_MARKS = ",;:?!…"
_GLUED_PAGE = regex.compile(r"(p|pp|pg|pag|blz|ch|hfst)\.?(\d+)")


def _tokens(question: str) -> list[Token]:
    """The tokens of a question; "," and "?" stand for marks between its parts and at the ends of its sentences."""
    tokens: list[Token] = []
    at, end = 0, len(question)
    while at < end:
        if question[at].isspace():
            at += 1
            continue
        closed = _closed(question, at)
        if closed:
            tokens.append(Token("", at, closed, question[at + 1 : closed - 1].strip()))
            # “lamp”s and “lamp”'s are about the word between the marks
            at = closed + len(regex.match(r"(?:['’]?s(?!\w))?", question[closed:])[0])
            continue
        stop = at + len(regex.match(r"\S[^\s\"“”„«»「」『』]*", question[at:])[0])
        tokens += _chunk(question, at, stop)
        at = stop
    return tokens


def _closed(question: str, at: int) -> int:
    """The offset behind the quotation that begins at `at`, 0 where none does."""
    closing = _CLOSING.get(question[at])
    if not closing:
        return 0
    for stop in range(at + 2, len(question)):
        if question[stop] in closing and not question[stop - 1].isspace():
            # an apostrophe ends a quotation only at the end of a word
            letters = question[stop] in "'’´*_" and question[stop + 1 : stop + 2].isalnum()
            if not letters and question[at + 1 : stop].strip():
                return stop + 1
    return 0


def _chunk(question: str, start: int, stop: int) -> Iterator[Token]:
    while start < stop and (
        question[start] in _STRAY or (question[start] in "([" and not _balanced(question[start:stop]))
    ):
        start += 1
    ends = stop
    while ends > start and (
        question[ends - 1] in _MARKS + _STRAY or (question[ends - 1] in ")]" and not _balanced(question[start:ends]))
    ):
        ends -= 1
    said = question[start:ends]
    glued = _GLUED_PAGE.fullmatch(said.lower())
    if glued:
        yield Token(glued[1], start, start + len(glued[1]))
        yield Token(glued[2], ends - len(glued[2]), ends)
    elif said:
        yield Token(unicodedata.normalize("NFC", said).lower().replace("’", "'"), start, ends)
    marks = question[ends:stop]
    if any(mark in marks for mark in "?!"):
        yield Token("?", ends, stop)
    elif any(mark in marks for mark in ",;:"):
        yield Token(",", ends, stop)


def _balanced(said: str) -> bool:
    return said.count("(") == said.count(")") and said.count("[") == said.count("]")


def _trimmed(tokens: Sequence[Token]) -> list[Token]:
    """Without marks at both ends and without two in a row."""
    kept = [token for i, token in enumerate(tokens) if token.low not in (",", "?") or (i and tokens[i - 1].low != ",")]
    while kept and kept[0].low in (",", "?"):
        kept = kept[1:]
    while kept and kept[-1].low in (",", "?"):
        kept = kept[:-1]
    return kept


# What the two languages say

# What shows that a word is meant and not the thing. "quote": it stands between quotation marks or after "the word"; "name": it is a
# name; "bare": a single word without an article; "sort": such a word that names a sort of things, as "people" does; "scope": the
# question keeps to a part of the text; "recurring": a name of what comes again and again, such as a feast.
_ALWAYS = frozenset({"always"})
_SHOWN = frozenset({"quote", "name", "bare", "scope"})
_USED = frozenset({"quote", "bare"})
_NAMED = frozenset({"quote", "name"})
_QUOTED = frozenset({"quote"})
_WITHIN = frozenset({"quote", "bare in scope"})
_WRITTEN = frozenset({"quote", "bare in scope", "in scope"})
_PLACED = frozenset({"quote", "name", "scope"})
_READ = frozenset({"quote", "bare in scope", "name in scope"})
_STANDING = frozenset({"quote", "name", "bare in scope"})
_OCCURRING = frozenset({"quote", "lasting name", "scope"})
_THINGS = frozenset({"word"})


@dataclass(frozen=True)
class Rule:
    """One way to ask: how the question begins and ends, in templates, and what must show that it is about words.

    A template has words, and alternatives in brackets: "how (often|many times) (is|are)"; "(ever|)" may be absent. Between the
    beginning and the end stand the words looked for. With `middle` somebody stands before it who says or writes them.
    `both`: there are words to look for on either side of the middle. `things`: it may be asked how many different things there are.
    """

    kind: Kind
    before: str
    after: str = ""
    needs: frozenset[str] = _ALWAYS
    middle: str = ""
    both: bool = False
    things: bool = False


@dataclass(frozen=True)
class Language:
    """One language's questions, and the words that they are made of. All in small letters."""

    code: str
    rules: tuple[Rule, ...]
    polite: str
    courtesy: str
    starters: str
    labels: str
    name_of: str
    articles: str
    whole: str
    determiners: str
    document: str
    authors: str
    pages: str
    sections: Mapping[str, str]
    titled: str
    numbers: tuple[str, ...]
    ordinals: tuple[str, ...]
    first: str
    last: str
    shares: Mapping[str, int]
    few: str
    edges: str
    prepositions: Mapping[str, str]
    each: str
    excluding: str
    to: str
    onwards: str
    of: str
    loose: str
    named: str
    both: str
    joiners: str
    pronouns: str
    indefinite: str
    sorts: str
    recurring: str
    clauses: str
    counting: str
    marker: str

    def has(self, words: str, low: str) -> bool:
        """Whether `low` is one of the words of a list."""
        return low in _listed(words)


@cache
def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Alternatives, each a sequence of words and of further alternatives.
Alternatives = tuple[tuple["str | Alternatives", ...], ...]


@cache
def template(said: str) -> Alternatives:
    """A template that can be compared with tokens. Raises ValueError for brackets without a partner."""
    found, rest = _alternatives(regex.findall(r"[()|]|[^()|\s]+", said), inside=False)
    if rest:
        raise ValueError(f"{said!r} has a bracket too many.")
    return found


def _alternatives(parts: list[str], *, inside: bool) -> tuple[Alternatives, list[str]]:
    done: list[tuple[str | Alternatives, ...]] = []
    so_far: list[str | Alternatives] = []
    while parts and parts[0] != ")":
        part, parts = parts[0], parts[1:]
        if part == "|":
            done, so_far = [*done, tuple(so_far)], []
        elif part == "(":
            within, parts = _alternatives(parts, inside=True)
            so_far.append(within)
        else:
            so_far.append(part)
    if inside and not parts:
        raise ValueError("A bracket is never closed.")
    return (*done, tuple(so_far)), parts[1:] if inside else parts


def _stops(form: Alternatives, tokens: Sequence[Token], at: int) -> set[int]:
    """Every offset at which the tokens from `at` on may have said what a template says."""
    stops: set[int] = set()
    for sequence in form:
        here = {at}
        for part in sequence:
            if isinstance(part, str):
                here = {stop + 1 for stop in here if stop < len(tokens) and tokens[stop].low == part}
            else:
                here = set().union(*(_stops(part, tokens, stop) for stop in here))
            if not here:
                break
        stops |= here
    return stops


def _begins(tokens: Sequence[Token], said: str, at: int = 0) -> int:
    """How many tokens from `at` on are the longest form of a template; 0 where none fits."""
    return max(_stops(template(said), tokens, at), default=at) - at


def _starts(tokens: Sequence[Token], said: str, after: int = 0) -> list[int]:
    """Every offset from `after` on from which the tokens are a template to their end, the longest first."""
    form, end = template(said), len(tokens)
    return [at for at in range(max(after, end - LONGEST_END), end + 1) if end in _stops(form, tokens, at)]


_UNIT = "(words|chapters|pages|sections)"
_OFTEN = "((count|tally|) how (many times|often|frequently))"
_BE = "(is|are|was|were)"
_DO = "(do|does|did|can|will|would)"
_MENTIONED = (
    "(ever|also|actually|explicitly|) (named|mentioned|referred to|spoken of|cited|referenced) (by name|explicitly|)"
)
_IS_MENTIONED = f"(is|are|was|were|gets|get|got|has been|have been|had been) {_MENTIONED}"
_APPEAR = "(appear|come up|show up|turn up|feature|crop up|stand|get mentioned|get named)"
_APPEARS = "(appears|appear|appeared|comes up|come up|shows up|show up|turns up|stands|stand written|gets mentioned)"
_OCCUR = "(occur|happen to be used)"
_OCCURS = "(occurs|occur|occurred)"
_SPELLED = "(used|written|repeated|printed|uttered|said|found|present|seen|there|spelled|spelt|in there|in it|in here)"
_MENTION = "(mention|mentions|occurrence|occurrences)"
_INSTANCE = (
    "(instance|instances|reference|references|appearance|appearances|use|uses|usage|usages|hit|hits|match|matches)"
)
_WHAT_IS = "(count|what is|what's|whats|what was|what are|give me|tell me|show me|find|i want|i need|)"
_SAY = "(mention|refer to|speak of|bring up|talk about|mentioned|referred to|mentioning)"
_WRITE = "(use|say|write|contain|include|repeat|utter|have|used|said|written|contained|employ|shout|cry)"
_BOOK = "(book|text|document|novel|story|file|pdf|paper|report|article|author|writer|narrator|letter)"
_SUBJECT = f"((the|this) {_BOOK}|it)"
_FIND = "(find|list|show|give|get|locate|search for|look for|look up|search|name|point out|highlight) (me|)"
_ALL = "(every|each|all|all the|all of the|the|any|) (single|)"
_PLACE = "(place|places|page|pages|passage|passages|part|parts|spot|spots|time|times)"
_ON_PAGE = "((on|at|) (which|what) (page|pages))"
_IN_CHAPTER = "((in|) (which|what) (chapter|chapters|section|sections|part|parts))"
_FIRST, _LAST = "(first|for the first time|initially)", "(last|for the last time)"
_EACH = "(the|every|each|all|all the|all of the|a|any) (exact|literal|full|)"
_AMOUNT = f"{_WHAT_IS} (the|a|) (total|exact|overall|)"
_SENTENCE = "(sentence|sentences|line|lines|passage|passages|paragraph|paragraphs)"
_ABOUT = (
    "(about|with|on|containing|naming|mentioning|(that|which) (name|names|mention|mentions|has|have|contain|contains|"
    "say|says|use|uses)|(in which|where))"
)


def _once(when: str, ordinal: str, kind: Kind) -> tuple[Rule, ...]:
    """How one asks for the first or the last place."""
    named = f"({when} {_MENTIONED}|{_MENTIONED} {when})"
    appear = f"({when} ({_APPEAR}|{_OCCUR})|({_APPEAR}|{_OCCUR}) {when})"
    appears = f"({when} ({_APPEARS}|{_OCCURS}|{_IS_MENTIONED})|({_APPEARS}|{_OCCURS}|{_IS_MENTIONED}) {when})"
    return (
        Rule(kind, f"(where|when|{_ON_PAGE}|{_IN_CHAPTER}) {_BE}", named),
        Rule(kind, f"(where|when|{_ON_PAGE}|{_IN_CHAPTER})", f"({_BE} {named}|{when} {_IS_MENTIONED})"),
        Rule(kind, f"(where|when|{_ON_PAGE}) (is|was) the {ordinal} time (that|)", f"({_IS_MENTIONED}|{_APPEARS})"),
        Rule(kind, "(which|what) (page|chapter|section) mentions", when),
        Rule(kind, f"{_ON_PAGE} {_DO}", appear),
        Rule(kind, f"{_ON_PAGE}", appears),
        Rule(kind, f"(where|{_IN_CHAPTER}) {_DO}", appear, _PLACED),
        Rule(kind, f"when {_DO}", appear, frozenset({"scope"})),
        Rule(kind, f"({_WHAT_IS}|where is|where's|{_ON_PAGE} is|quote|when is) (the|) {ordinal} (mention|occurrence) of"),
        Rule(kind, f"({_WHAT_IS}|where is|{_ON_PAGE} is|quote) (the|) {ordinal} (appearance|instance) of", "", _NAMED),
        Rule(kind, f"(quote|cite|{_FIND}) (me|) the {ordinal} ({_SENTENCE}|{_PLACE}) {_ABOUT}", f"({_IS_MENTIONED}|{_APPEARS}|)"),
    )  # fmt: skip


_ENGLISH_RULES: tuple[Rule, ...] = (
    # how often
    Rule("count", f"{_OFTEN} {_BE}", _MENTIONED),
    Rule("count", f"{_OFTEN} (has|have|had)", f"(ever|) been {_MENTIONED}"),
    Rule("count", _OFTEN, _IS_MENTIONED),
    Rule("count", f"{_OFTEN} {_DO}", "(get|be) (named|mentioned|referred to)"),
    Rule("count", f"{_OFTEN} (does|did)", _APPEAR, _SHOWN),
    Rule("count", f"{_OFTEN} {_DO}", _APPEAR, _PLACED),
    Rule("count", _OFTEN, f"({_APPEARS}|{_OCCURS})", _SHOWN),
    Rule("count", f"{_OFTEN} {_DO}", _OCCUR, _OCCURRING),
    Rule("count", f"{_OFTEN} (is|was)", "(ever|) used", _USED),
    Rule("count", f"{_OFTEN} (has|have|had)", "(ever|) been used", _USED),
    Rule("count", _OFTEN, f"{_BE} used", _USED),
    Rule("count", f"{_OFTEN} {_BE} there", "", _QUOTED),
    Rule("count", "how (frequent|common) is", "", _QUOTED),
    Rule("count", f"{_OFTEN} {_BE}", f"(ever|) {_SPELLED}", _QUOTED),
    Rule("count", _OFTEN, f"{_BE} {_SPELLED}", _QUOTED),
    Rule("count", f"{_OFTEN} {_BE}", "", _WITHIN),
    Rule("count", f"{_OFTEN} (can|could|do|did|will) (you|i|we|one) (find|see|read|encounter|hear|meet|come across)", "", _READ),
    Rule("count", f"{_OFTEN} is (reference|mention) made (of|to)"),
    Rule("count", _OFTEN, "", _WITHIN),
    Rule("count", f"{_OFTEN} (do|does|did|has|have|had)", middle=_SAY),
    Rule("count", f"{_OFTEN} (do|does|did|has|have|had)", middle=_WRITE, needs=_QUOTED),
    Rule("count", f"{_OFTEN} (do|does|did) {_SUBJECT} (name|cite)"),
    Rule("count", f"{_OFTEN} (do|does|did) {_SUBJECT} (use|contain|have|include)", "", _USED),
    Rule("count", f"{_OFTEN} {_SUBJECT} (mentions|names|refers to)"),
    Rule("count", f"{_OFTEN} {_SUBJECT} (uses|says|contains|writes|has)", "", _QUOTED),
    # number of mentions
    Rule("count", f"how many (times|) {_MENTION} (of|for|to)", f"({_BE} there|{_DO} (you|we) (find|see)|exist|can (you|i) find|)"),
    Rule("count", f"how many {_MENTION} {_BE} there (of|for|to)"),
    Rule("count", f"how many {_MENTION} (do|does|did|has|have)", "(have|get|receive|got|)"),
    Rule("count", f"how many {_INSTANCE} (of|to)", f"({_BE} there|exist|can (you|i|we) find|)", _STANDING),
    Rule("count", f"how many {_INSTANCE} {_BE} there (of|to)", "", _STANDING),
    Rule("count", "how many (hits|matches) (for|on)", f"({_BE} there|)", _STANDING | _USED),
    Rule("count", f"how many ({_MENTION}|references) {_BE} made (of|to)"),
    Rule("count", "how many appearances (do|does|did)", "make", frozenset({"quote", "name in scope"})),
    Rule(
        "count", "how many", "(is|are|was|were|get|got|has been|have been) (ever|also|) (mentioned|referred to|spoken of)", _THINGS,
        things=True,
    ),
    Rule("count", "how many", f"(does|did|do) {_SUBJECT} (mention|refer to|speak of)", _THINGS, things=True),
    Rule("count", f"{_AMOUNT} number of", "((that|which) (is|are)|) mentioned", _THINGS, things=True),
    Rule("count", "how many", f"({_BE} there|)", frozenset({"all quoted"})),
    Rule("count", "how many (different|) (pages|sentences|lines|paragraphs) (mention|mentions|name|contain)", "", _ALWAYS),
    Rule("count", f"(on|in|) how many (different|) (pages|sentences) {_BE}", _MENTIONED),
    Rule("count", f"(on|in|) how many (different|) (pages|sentences) {_DO}", f"({_APPEAR}|{_OCCUR})"),
    Rule("count", f"{_AMOUNT} (number|count|amount|total|tally) of (the|all|) {_MENTION} (of|for|to)", "(is|)"),
    Rule("count", f"{_AMOUNT} (number|count) of {_INSTANCE} (of|to)", "", _STANDING),
    Rule("count", f"{_AMOUNT} (number of|amount of|) times (that|) {_SUBJECT} (mentions|names|refers to)"),
    Rule("count", f"{_AMOUNT} number of times (that|)", _IS_MENTIONED),
    Rule("count", f"{_AMOUNT} number of times (that|)", f"({_APPEARS}|{_OCCURS})", _SHOWN),
    Rule("count", f"{_AMOUNT} number of times (that|)", "(is|was|are) used", _USED),
    Rule("count", f"{_AMOUNT} number of times (that|)", f"{_BE} {_SPELLED}", _QUOTED),
    Rule("count", f"{_AMOUNT} number of times", "", _USED),
    Rule("count", f"{_WHAT_IS} (the|) (word|) (frequency|count|tally) (of|for)", "", _STANDING),
    Rule("count", f"{_WHAT_IS} (the|) word (frequency|count) (of|for)", "", frozenset({"quote", "bare"})),
    Rule("count", f"(count|tally) {_OFTEN}", f"({_APPEARS}|{_OCCURS})"),
    Rule("count", f"count (up|) (for me|) {_ALL} ({_MENTION}|{_INSTANCE}) (of|to)"),
    Rule("count", "(count|tally) (up|) (all|every|each|the|) (times|)", f"({_IS_MENTIONED}|{_APPEARS}|)", _WITHIN),
    Rule("count", "count (up|) (all|) (the|) times (that|)", f"({_IS_MENTIONED}|{_APPEARS}|{_OCCURS})"),
    # whether at all, and which more often
    Rule("count", _BE, "(ever|) (mentioned|referred to) (by name|)", _NAMED),
    Rule("count", _BE, "(ever|) (used|found|present|written|in there|in it)", _QUOTED),
    Rule("count", "(do|does|did)", f"(ever|) ({_APPEAR}|{_OCCUR})", _QUOTED),
    Rule("count", f"(do|does|did) {_SUBJECT} (ever|) (mention|refer to)", "", _NAMED),
    Rule("count", f"(do|does|did) {_SUBJECT} (ever|) (use|say|contain|include|have)", "", _QUOTED),
    Rule("count", f"{_BE} there (a|any|) {_MENTION} of", "", _NAMED),
    Rule("count", _BE, f"{_MENTIONED} (more|most|less) (often|frequently|)"),
    Rule("count", f"(who|which|what) (of them|one|word|name|) (is|are|gets) {_MENTIONED} (more|most|less) (often|frequently|)"),
    Rule("count", _BE, middle=f"{_MENTIONED} (more|less) (often|frequently|times|) than", both=True),
    Rule(
        "help",
        "(what|which) (is|are|was) (the|) "
        "(most (common|frequent|used|frequently used|often used)|commonest) (word|words|phrase|name)",
    ),
    Rule(
        "help",
        "(what|which) (word|words|phrase|phrases) (is|are|was|occurs|appears|comes) (up|) "
        "(used|mentioned|repeated|) (the|) (most|most often|most frequently)",
    ),
    Rule("help", "(who|which (name|word|person|character)) (is|gets) (mentioned|named) (the|) (most|most often|most frequently|least)"),
    # where
    Rule("list", f"{_FIND} {_ALL} ({_MENTION}|appearances|appearance) of"),
    Rule("list", f"{_FIND} (every|each|all|all the|all of the) {_INSTANCE} (of|to)", "", _SHOWN),
    Rule("list", f"{_ALL} {_MENTION} of"),
    Rule("list", f"{_FIND} {_ALL} {_PLACE} (where|that|in which|on which|)", f"({_IS_MENTIONED}|is used)"),
    Rule("list", f"{_FIND} {_ALL} {_PLACE} (where|that|in which|on which)", f"({_APPEARS}|{_OCCURS})", _SHOWN),
    Rule(
        "list",
        f"{_FIND} (every|each|all|all the|the) (places|place|pages|page|parts) "
        f"(that|which) (name|names|mention|mentions|refer to)",
    ),
    Rule("list", "(find|show me|tell me|list) where", _IS_MENTIONED),
    Rule("list", "(find|show me|tell me|list) where", f"({_APPEARS}|{_OCCURS}|is (used|found|written))", _PLACED),
    Rule("list", "(find|search|search for|look up|look for|locate|list) (all|every|)", "", _QUOTED),
    Rule("list", f"search (the|this) {_BOOK} for"),
    Rule("list", f"where (exactly|all|else|) {_BE}", _MENTIONED),
    Rule("list", "where (has|have)", f"been {_MENTIONED}"),
    Rule("list", f"where (exactly|all|else|) {_BE}", f"{_SPELLED}", _QUOTED),
    Rule("list", f"where {_DO}", _APPEAR, _PLACED),
    Rule("list", f"where {_DO}", _OCCUR, frozenset({"quote", "scope"})),
    Rule("list", f"where (do|does|did) {_SUBJECT} (mention|name|refer to|speak of)"),
    Rule("list", f"where (do|does|did) {_SUBJECT} (use|say|contain|have)", "", _QUOTED),
    Rule("list", "where (can|could|do) (i|we|you|one) (find|see|read)", "", _QUOTED),
    Rule("list", f"{_ON_PAGE} {_BE}", _MENTIONED),
    Rule("list", f"(which|what) (page|pages) {_BE}", f"{_MENTIONED} on"),
    Rule("list", f"{_ON_PAGE}", f"({_IS_MENTIONED}|{_APPEARS}|{_OCCURS})"),
    Rule("list", f"{_ON_PAGE} {_DO}", f"({_APPEAR}|{_OCCUR})"),
    Rule("list", f"{_ON_PAGE} {_BE}", f"({_SPELLED}|)", _QUOTED),
    Rule("list", f"{_ON_PAGE} (do|does|can) (i|we|you|one) (find|see|read)", "", _QUOTED),
    Rule("list", "(which|what) (page|pages) (mention|mentions|name|names|refer to|refers to)"),
    Rule("list", "(which|what) (page|pages) (contain|contains|have|has|use|uses)", "", _QUOTED),
    Rule("list", f"{_ON_PAGE} (do|does|did) {_SUBJECT} (mention|name|refer to)"),
    Rule("chapters", f"({_IN_CHAPTER}|(in|) how many chapters) {_BE}", _MENTIONED),
    Rule("chapters", f"{_IN_CHAPTER} {_DO}", f"({_APPEAR}|{_OCCUR})", _PLACED),
    Rule("chapters", f"({_IN_CHAPTER}|how many chapters) (mention|mentions|name|names|refer to|refers to)"),
    Rule("chapters", f"{_IN_CHAPTER} (contain|contains|have|has|use|uses)", "", _QUOTED),
    *_once(_FIRST, "(first|very first|earliest)", "first"),
    *_once(_LAST, "(last|very last|latest)", "last"),
    # in which words
    Rule("quote", f"(quote|cite) (me|) {_EACH} {_SENTENCE} {_ABOUT}", f"({_IS_MENTIONED}|{_APPEARS}|{_OCCURS}|)"),
    Rule("quote", f"(find|show|give|list|print|get) (me|) {_EACH} {_SENTENCE} {_ABOUT}", f"({_IS_MENTIONED}|{_APPEARS}|{_OCCURS}|)"),
    Rule("quote", "(which|what) (sentence|sentences|lines|line|passages) (mention|mentions|name|names|contain|contains)"),
    Rule("quote", f"(in) (which|what) (sentence|sentences|lines|line|passages) {_BE}", _MENTIONED),
    Rule("quote", f"(in) (which|what) (sentence|sentences|lines|line|passages) {_DO}", f"({_APPEAR}|{_OCCUR})"),
    # how long
    Rule(
        "size",
        f"how many {_UNIT} "
        f"({_BE} there|{_BE} in|long is|does|do|has|have|are|) (in|)", "(have|contain|has|contains|there|in total|count|run to|)",
    ),
    Rule("size", f"{_WHAT_IS} (the|) (total|) (word count|number of {_UNIT}|length in words) (of|for|in|)"),
    Rule("size", f"count (all|) (the|) {_UNIT} (of|in|)"),
)  # fmt: skip

_UNITS = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth"
)
_KINDS = {
    "chapter": "chapter", "chapters": "chapter", "ch": "chapter", "ch.": "chapter", "chap": "chapter", "chap.": "chapter",
    "section": "section", "sections": "section", "sec": "section", "sec.": "section", "§": "section",
    "part": "part", "parts": "part", "book": "book", "books": "book", "volume": "volume", "volumes": "volume", "vol.": "volume",
    "act": "act", "acts": "act", "scene": "scene", "scenes": "scene", "canto": "canto", "stave": "stave", "letter": "letter",
    "letters": "letter", "article": "article", "articles": "article", "appendix": "appendix", "annex": "appendix",
}  # fmt: skip

ENGLISH = Language(
    code="en",
    rules=_ENGLISH_RULES,
    polite=(
        "(please|kindly|hi|hello|hey|ok|okay|so|and|also|now|well|exactly|precisely|roughly|approximately|about|"
        "(can|could|will|would) (you|u) (please|) (tell me|say|check|find out|work out|look up|look up for me|)|tell me|let me know|"
        "i (would like|want|need) to know|i'd like to know|i'd like you to|i want you to|i wonder|i am wondering|i'm wondering|do you know|"
        "please tell me|for me|calculate|determine|find out|work out|check|say|in total|in all|altogether|overall|"
        "just|then|but|thanks)"
    ),
    courtesy=(
        "(including (the|) (plural|plurals)|"
        "please|thanks|thank you|for me|exactly|precisely|in total|in all|altogether|total|overall|do you think|roughly|"
        "approximately|at all|anywhere|somewhere|(and|or) where|and (on|in) (which|what) (page|pages|chapter|chapters)|"
        "and when|word for word|literally|verbatim|so far|or not|if at all|if you can|as a word|now|then)"
    ),
    starters=(
        "how what which where when who count find list show quote cite "
        "search on in please thanks thank tell give is are does do number"
    ),
    labels="word words name names phrase phrases term terms expression expressions string strings noun verb adjective surname",
    name_of="(the|) ((name|names) (of|for)|(word|words|phrase|term) (like|called))",
    articles="the a an",
    determiners="the this that these those its our my your",
    whole="whole entire full complete total",
    document=(
        "book text document novel story file pdf paper report article tale narrative work manuscript essay poem play "
        "thesis contract manual epub"
    ),
    authors="author writer narrator novelist poet book text document story novel it paper report article",
    pages="page pages p p. pp pp. pg pg.",
    sections=_KINDS,
    titled="prologue epilogue preface introduction foreword afterword conclusion abstract summary appendix acknowledgements index",
    numbers=tuple(_UNITS.split()),
    ordinals=tuple(_ORDINALS.split()),
    first="opening",
    last="last final closing latter",
    shares={"half": 2, "third": 3, "quarter": 4, "fifth": 5, "tenth": 10},
    few="few couple several",
    edges="beginning start middle end ending close outset",
    prepositions={
        "(in|on|at|within|throughout|inside|across|over|anywhere in|everywhere in|only in|just in|only on|by|during)": "in",
        "(near|towards|toward|around)": "near",
        "(up to|up to and including|until|till|through|as far as|to the end of|up until)": "to",
        "(from|starting (from|at|with)|beginning with)": "from",
        "(before)": "before",
        "(after|since)": "after",
        "(between)": "between",
    },
    each="(per|(in|for) (each|every)|by)",
    excluding="(outside (of|)|except (for|)|excluding|excepting|but not|not|apart from|other than|besides|without)",
    to="(to|-|–|—|through|until|till|up to)",
    onwards="(onwards|onward|on|and later|and beyond|to the end)",
    of="of in",
    loose="in on at by within throughout inside during from under with without including excluding except to among as",
    named="mentioned named to of cited referenced name appear appears occur occurs used",
    both="both either together",
    joiners="and or & and/or nor versus vs",
    pronouns="it he she they him her them this that these those who what i you we us me one his hers its their my your our there here",
    sorts=(
        "people persons characters names words terms things objects places locations countries nations cities towns villages animals "
        "birds plants species languages books authors works dates years numbers events kinds types sorts examples reasons ways steps "
        "times days weeks months hours topics subjects chapters pages"
    ),
    recurring=(
        "january february march april may june july august september october november december monday tuesday wednesday thursday friday "
        "saturday sunday christmas easter lent pentecost ramadan eid passover hanukkah halloween thanksgiving diwali el la"
    ),
    indefinite="someone somebody something anyone anybody anything everyone everybody everything nobody nothing people things",
    clauses="that why how when where who whom whose what which whether if because",
    counting=f"({_OFTEN}|how many (mentions|occurrences|words)|number of (times|mentions|occurrences)|count|tally|word count|frequency of)",
    marker="mention mentions mentioned mentioning occurrence occurrences",
)

_AANTAL = "(wat is|geef|geef me|noem|hoe groot is|) (het|) (totale|totaal|exacte|) aantal"
_VAAK = "(hoe (vaak|dikwijls|veel keer)|hoeveel (keer|maal|keren|malen))"
_WORDT = "(wordt|worden|werd|werden|is|zijn|was|waren)"
_GENOEMD = "(ooit|ook|expliciet|) (bij naam|) (genoemd|vermeld|aangehaald|geciteerd)"
_WORDT_GENOEMD = f"({_GENOEMD} ({_WORDT}|(wordt|worden|is|zijn) geworden)|{_WORDT} {_GENOEMD})"
_KOMT, _STAAT = "(komt|komen|kwam|kwamen)", "(staat|staan|stond|stonden)"
_VOORKOMT = "(voorkomt|voorkomen|voorkwam|voorkwamen|voor komt|voor komen)"
_VERMELDING = "(vermelding|vermeldingen)"
_KEREN = "(keer|keren|maal|malen)"
_NOEMT = "(noemt|noemen|noemde|noemden|vermeldt|vermelden|vermeldde)"
_ZEGT = "(gebruikt|gebruiken|gebruikte|zegt|zeggen|zei|schrijft|schreef|bevat|bevatten|roept)"
_BOEK = "(boek|tekst|document|roman|verhaal|bestand|pdf|artikel|rapport|auteur|schrijver|schrijfster|verteller|brief)"
_ONDERWERP = f"((de|het|dit|deze) {_BOEK}|men)"
_ZOEK = "(zoek|vind|geef|toon|noem|laat|lijst) (me|mij|) (zien|)"
_ELKE = "(elke|iedere|ieder|elk|alle|al de|de|het|) (afzonderlijke|)"
_PLAATS = "(plaats|plaatsen|plek|plekken|pagina|pagina's|bladzijde|bladzijden|passage|passages|keer|keren)"
_PAGINA = "(pagina|pagina's|bladzijde|bladzijden|bladzijdes)"
_OP_PAGINA = f"(op|) welke {_PAGINA}"
_IN_HOOFDSTUK = "(in|) welk (hoofdstuk|deel)"
_IN_HOOFDSTUKKEN = "(in|) (welke|hoeveel) (hoofdstukken|delen|secties)"
_ZIN = "(zin|zinnen|regel|regels|passage|passages|alinea|alinea's)"
_OVER = "(over|met|waarin|waar|die|van|welke)"
_AF = f"({_WORDT_GENOEMD}|{_VOORKOMT}|{_STAAT}|(noemt|noemen|vermeldt|vermelden|bevat|bevatten)|)"
_WAT_IS = "(wat is|wat zijn|geef|geef me|noem|hoe groot is|)"


def _keer(when: str, ordinal: str, kind: Kind) -> tuple[Rule, ...]:
    """The same of first and last in Dutch."""
    where = f"(waar|wanneer|{_OP_PAGINA}|{_IN_HOOFDSTUK})"
    return (
        Rule(kind, f"{where} {_WORDT}", f"{when} {_GENOEMD}"),
        Rule(kind, f"{where} {_WORDT} {when}", _GENOEMD),
        Rule(kind, where, f"{when} {_WORDT_GENOEMD}"),
        Rule(kind, f"{_OP_PAGINA} {_KOMT}", f"(({when} voor)|(voor {when}))"),
        Rule(kind, f"{where} {_KOMT}", f"(({when} voor)|(voor {when}))", _PLACED),
        Rule(kind, f"{_OP_PAGINA} {_STAAT}", when),
        Rule(kind, f"{where} {_STAAT}", when, _PLACED),
        Rule(kind, f"{where} {_NOEMT} {_ONDERWERP}", when),
        Rule(
            kind,
            f"({_WAT_IS}|waar is|waar staat|{_OP_PAGINA} (is|staat)|citeer|zoek|vind|toon) "
            f"(de|) {ordinal} (vermelding|vindplaats) van",
        ),
        Rule(kind, f"(citeer|zoek|vind|toon|geef) (me|mij|) (de|het|) {ordinal} ({_ZIN}|{_PLAATS}) {_OVER}", _AF),
    )  # fmt: skip


_DUTCH_RULES: tuple[Rule, ...] = (
    Rule("count", f"{_VAAK} {_WORDT} (er|)", _GENOEMD),
    Rule("count", _VAAK, _WORDT_GENOEMD),
    Rule("count", f"{_VAAK} {_WORDT} (er|) (over|van)", "gesproken"),
    Rule("count", f"{_VAAK} {_WORDT}", "(er|) (over|van) gesproken"),
    Rule("count", f"{_VAAK} (komt|kwam)", "voor", _SHOWN),
    Rule("count", f"{_VAAK} (komen|kwamen)", "voor", _PLACED),
    Rule("count", _VAAK, _VOORKOMT, _SHOWN),
    Rule("count", f"{_VAAK} (kom|{_KOMT}) (ik|je|u|we|men)", "tegen", _READ),
    Rule("count", f"{_VAAK} (wordt|werd|is)", "(ooit|) gebruikt", _USED),
    Rule("count", f"{_VAAK} {_WORDT}", "(ooit|) gebruikt", _QUOTED),
    Rule("count", _VAAK, "(gebruikt (wordt|is)|wordt gebruikt)", _USED),
    Rule("count", f"{_VAAK} {_WORDT}", "(gezegd|geschreven|herhaald|gevonden|te vinden|te lezen|aanwezig|er)", _QUOTED),
    Rule("count", f"{_VAAK} {_STAAT}", "(er|erin|geschreven|vermeld|genoemd|er geschreven|)", _WRITTEN),
    Rule("count", f"{_VAAK} {_STAAT} er", "", _WRITTEN),
    Rule("count", _VAAK, f"(er|) {_STAAT}", _WRITTEN),
    Rule("count", f"{_VAAK} (valt|viel|vallen)", "", _QUOTED),
    Rule(
        "count",
        f"{_VAAK} ((lees|zie|vind|tref) (ik|je)|(leest|ziet|vindt|treft) (u|men)|(lezen|vinden|zien|treffen) we) (er|)", "(aan|)", _READ,
    ),
    Rule("count", f"{_VAAK} (lees (ik|je)|leest (u|men)|lezen we) (iets|) over", "", _STANDING),
    Rule("count", f"{_VAAK} (verschijnt|verscheen|duikt|dook)", "(op|)", _SHOWN),
    Rule("count", f"{_VAAK} (is|was) er sprake van", "", _NAMED),
    Rule("count", f"{_VAAK} {_WORDT} (er|) naar", "verwezen"),
    Rule("count", f"{_VAAK} {_WORDT}", "", _WITHIN),
    Rule("count", _VAAK, "", _WITHIN),
    Rule("count", f"{_VAAK} {_NOEMT} {_ONDERWERP}"),
    Rule("count", f"{_VAAK} {_ZEGT} {_ONDERWERP}", "", _QUOTED),
    Rule("count", f"{_VAAK} {_NOEMT}", middle="SUBJECT"),
    Rule("count", f"{_VAAK} {_ZEGT}", middle="SUBJECT", needs=_QUOTED),
    Rule("count", f"{_VAAK} {_ONDERWERP}", _NOEMT),
    Rule("count", f"{_VAAK} {_ONDERWERP}", _ZEGT, _QUOTED),
    Rule("count", f"{_VAAK} (heeft|hebben|had)", middle="het over"),
    Rule("count", f"hoeveel {_VERMELDING} van", "((zijn|staan|vind je|vinden we|heeft|bevat) (er|)|)"),
    Rule("count", f"hoeveel {_VERMELDING} (zijn|staan) er van"),
    Rule("count", f"hoeveel {_VERMELDING} (heeft|krijgt|hebben|krijgen)"),
    Rule("count", "hoeveel", "(is|wordt|worden|werden|zijn) (er|) (genoemd|vermeld)", _THINGS, things=True),
    Rule("count", "hoeveel", f"(noemt|noemen|noemde|vermeldt|vermelden) {_ONDERWERP}", _THINGS, things=True),
    Rule("count", _AANTAL, f"(dat|die) {_WORDT_GENOEMD}", _THINGS, things=True),
    Rule("count", f"{_AANTAL} (genoemde|vermelde)", "", _THINGS, things=True),
    Rule(
        "count", "hoeveel (verwijzingen naar|treffers (voor|van)|(voorkomens|gevallen) van)",
        "((zijn|staan|vind je|vinden we) (er|)|)", _STANDING,
    ),
    Rule("count", f"hoeveel {_KEREN} dat", f"({_WORDT_GENOEMD}|{_VOORKOMT})"),
    Rule("count", "hoeveel", "((zijn|staan) er|)", frozenset({"all quoted"})),
    Rule("count", f"(op|in|) hoeveel (verschillende|) ({_PAGINA}|zinnen) {_WORDT}", _GENOEMD),
    Rule("count", f"(op|in|) hoeveel (verschillende|) ({_PAGINA}|zinnen) {_KOMT}", "voor"),
    Rule("count", f"(op|in|) hoeveel (verschillende|) ({_PAGINA}|zinnen) {_STAAT}"),
    Rule("count", f"hoeveel ({_PAGINA}|zinnen) (noemen|vermelden|bevatten)"),
    Rule("count", f"{_AANTAL} {_VERMELDING} van"),
    Rule("count", f"{_AANTAL} {_KEREN} dat", f"({_WORDT_GENOEMD})"),
    Rule("count", f"{_AANTAL} {_KEREN} dat", f"({_VOORKOMT})", _SHOWN),
    Rule("count", f"{_AANTAL} {_KEREN} dat", "(gebruikt wordt|wordt gebruikt)", _USED),
    Rule("count", f"{_AANTAL} {_KEREN} dat", f"({_STAAT} (er|)|er {_STAAT}|)", _QUOTED),
    Rule("count", f"{_AANTAL} {_KEREN}", "", _USED),
    Rule("count", f"{_WAT_IS} de (frequentie|telling) van", "", _QUOTED),
    Rule("count", f"tel {_ELKE} ({_VERMELDING}|keer dat|keren dat) (van|)", f"({_WORDT_GENOEMD}|{_VOORKOMT}|)"),
    Rule("count", f"tel {_VAAK}", f"({_WORDT_GENOEMD}|{_VOORKOMT}|(er|) {_STAAT})"),
    Rule("count", "tel (alle|elke|de|het|) (keren|)", "", _WITHIN),
    Rule("count", "(alle|de|)", "(voor (me|mij|ons)|) (even|eens|) tellen", _QUOTED),
    Rule("count", f"{_ELKE} {_VERMELDING} van", "tellen"),
    Rule("count", _WORDT, f"(ergens|) {_GENOEMD}", _NAMED),
    Rule("count", _WORDT, "(ergens|) (gebruikt|gevonden|te vinden)", _QUOTED),
    Rule("count", _KOMT, "(ergens|) voor", _NAMED),
    Rule("count", _STAAT, "(er|ergens|erin|)", _QUOTED),
    Rule("count", f"{_NOEMT} {_ONDERWERP}", "", _NAMED),
    Rule("count", f"{_ZEGT} {_ONDERWERP}", "", _QUOTED),
    Rule("count", f"(is|zijn|staat) er (een|) {_VERMELDING} van", "", _NAMED),
    Rule("count", _WORDT, f"(vaker|meer|minder vaak|het vaakst|het meest) {_GENOEMD}"),
    Rule("count", f"(wie|wat|welke (naam|van de twee)|welk woord) {_WORDT} (er|) (het vaakst|vaker|het meest|meer) {_GENOEMD}"),
    Rule("count", _WORDT, middle=f"(vaker|minder vaak|meer) {_GENOEMD} dan", both=True),
    Rule(
        "help",
        "wat (is|zijn) (het|de) (meest (voorkomende|gebruikte|genoemde)|vaakst (voorkomende|gebruikte|genoemde)) "
        "(woord|woorden|naam|namen)",
    ),
    Rule("help", f"welk woord {_KOMT} het (vaakst|meest) voor"),
    Rule("help", "(welk woord|wie|welke naam) wordt het (vaakst|meest) (gebruikt|genoemd|vermeld)"),
    Rule("list", f"{_ZOEK} {_ELKE} ({_VERMELDING}|vindplaatsen|keer dat|keren dat) (van|)", f"({_WORDT_GENOEMD}|{_VOORKOMT}|(op|zien|)|)"),
    Rule("list", f"{_ELKE} {_VERMELDING} van", "(geven|tonen|zoeken|laten zien|opzoeken|vinden|noemen|)"),
    Rule("list", f"{_ZOEK} {_ELKE} {_PLAATS} (waar|waarop|waarin|op waar)", f"({_WORDT_GENOEMD}|{_VOORKOMT}|{_STAAT})"),
    Rule("list", f"laat (me|mij|) {_ELKE} {_PLAATS} zien (waar|waarop|waarin)", f"({_WORDT_GENOEMD}|{_VOORKOMT}|{_STAAT})"),
    Rule("list", f"{_ZOEK} {_ELKE} {_PLAATS} die", "(noemen|noemt|vermelden|vermeldt)"),
    Rule("list", f"{_ZOEK} (op|uit|) waar", _WORDT_GENOEMD),
    Rule("list", f"{_ZOEK} (op|uit|) waar", f"({_VOORKOMT}|{_STAAT}|gebruikt wordt)", _PLACED),
    Rule("list", "(zoek|zoek naar|zoek op|vind|waar vind ik|waar vind je|waar lees ik)", "(op|)", _QUOTED),
    Rule("list", f"doorzoek (de|het|dit|deze) {_BOEK} (naar|op)"),
    Rule("list", f"waar {_WORDT} (er|)", _GENOEMD),
    Rule("list", f"waar {_WORDT} (er|) (over|van)", "gesproken"),
    Rule("list", "waar", _WORDT_GENOEMD),
    Rule("list", f"waar {_KOMT}", "voor", _PLACED),
    Rule("list", f"waar {_STAAT}", "(er|)", _QUOTED),
    Rule("list", f"waar {_NOEMT} {_ONDERWERP}"),
    Rule("list", f"{_OP_PAGINA} {_WORDT}", _GENOEMD),
    Rule("list", f"{_OP_PAGINA}", f"({_WORDT_GENOEMD}|{_VOORKOMT})"),
    Rule("list", f"{_OP_PAGINA} {_WORDT}", "(gebruikt|te vinden)", _QUOTED),
    Rule("list", f"{_OP_PAGINA} {_KOMT}", "voor"),
    Rule("list", f"{_OP_PAGINA} {_STAAT}", "(er|)"),
    Rule("list", f"welke {_PAGINA} (noemen|noemt|vermelden|vermeldt)"),
    Rule("list", f"welke {_PAGINA} (bevatten|bevat)", "", _QUOTED),
    Rule("list", f"{_OP_PAGINA} {_NOEMT} {_ONDERWERP}"),
    Rule("chapters", f"({_IN_HOOFDSTUKKEN}|{_IN_HOOFDSTUK}) {_WORDT}", _GENOEMD),
    Rule("chapters", f"({_IN_HOOFDSTUKKEN}|{_IN_HOOFDSTUK}) {_KOMT}", "voor", _PLACED),
    Rule("chapters", f"({_IN_HOOFDSTUKKEN}|{_IN_HOOFDSTUK}) {_STAAT}", "", _QUOTED),
    Rule("chapters", f"({_IN_HOOFDSTUKKEN}|{_IN_HOOFDSTUK}) (noemen|noemt|vermelden|vermeldt)"),
    *_keer("(voor het eerst|voor de eerste keer|het eerst|als eerste)", "(eerste|allereerste)", "first"),
    *_keer("(voor het laatst|voor de laatste keer|het laatst|als laatste)", "(laatste|allerlaatste)", "last"),
    Rule("quote", f"citeer (me|mij|) (de|het|elke|iedere|alle|een|al de) (exacte|letterlijke|volledige|) {_ZIN} {_OVER}", _AF),
    Rule(
        "quote",
        f"(geef|toon|zoek|vind) (me|mij|) (de|elke|iedere|alle|een) "
        f"(exacte|letterlijke|volledige|) {_ZIN} (met|waarin|over|die)", _AF,
    ),
    Rule("quote", f"welke {_ZIN} (noemen|noemt|vermelden|vermeldt|bevatten|bevat)"),
    Rule("quote", f"in welke {_ZIN} {_WORDT}", _GENOEMD),
    Rule("quote", f"in welke {_ZIN} {_KOMT}", "voor"),
    Rule("quote", f"in welke {_ZIN} {_STAAT}"),
    Rule(
        "size",
        f"hoeveel (woorden|hoofdstukken|{_PAGINA}|secties) "
        f"(telt|heeft|bevat|tellen|hebben|zijn|staan|zitten|lang is|) (er|) (in|)", "(lang|)",
    ),
    Rule("size", f"{_WAT_IS} (het|) (totale|totaal|) (aantal (woorden|hoofdstukken|{_PAGINA}|secties)|woordental) (van|in|)"),
    Rule("size", "tel (alle|de) (woorden|hoofdstukken|secties) (van|in|)"),
)  # fmt: skip

_TELWOORDEN = "een twee drie vier vijf zes zeven acht negen tien elf twaalf dertien veertien vijftien zestien zeventien achttien negentien"
_RANGTELWOORDEN = (
    "eerste tweede derde vierde vijfde zesde zevende achtste negende tiende elfde twaalfde dertiende veertiende vijftiende "
    "zestiende zeventiende achttiende negentiende"
)
_SOORTEN = {
    "hoofdstuk": "chapter", "hoofdstukken": "chapter", "hfst": "chapter", "hfst.": "chapter", "sectie": "section",
    "secties": "section", "paragraaf": "section", "paragrafen": "section", "§": "section", "deel": "part", "delen": "part",
    "boek": "book", "boeken": "book", "band": "volume", "bedrijf": "act", "akte": "act", "scène": "scene", "scene": "scene",
    "zang": "canto", "brief": "letter", "brieven": "letter", "artikel": "article", "artikelen": "article", "bijlage": "appendix",
}  # fmt: skip

DUTCH = Language(
    code="nl",
    rules=_DUTCH_RULES,
    polite=(
        "(alsjeblieft|alstublieft|hoi|hallo|dag|en|ook|dus|nou|goed|precies|exact|ongeveer|(kun|kan|wil|zou|kunt|zou) (je|u|jij) "
        "(alsjeblieft|) (me|mij|) (even|eens|) (vertellen|zeggen|opzoeken|nagaan|tellen|)|vertel (me|mij|) (eens|)|zeg (me|) (eens|)|"
        "ik (wil|zou) (graag|) weten|ik wil weten|ik vraag me af|weet (je|u)|graag|even|in totaal|bereken|bepaal|ga na)"
    ),
    courtesy=(
        "(inclusief (het|) (meervoud|meervouden)|"
        "alsjeblieft|alstublieft|dank je|dank u|bedankt|graag|precies|exact|in totaal|totaal|alles bij elkaar|voor me|voor mij|"
        "eigenlijk|ergens|en waar|en op welke (pagina|pagina's|bladzijde|bladzijden)|letterlijk|woordelijk|tot nu toe|of niet|"
        "ongeveer|dan|eens|even)"
    ),
    starters=(
        "hoe hoeveel wat welke welk waar wanneer wie tel zoek vind "
        "geef toon citeer op in graag bedankt dank alsjeblieft wordt komt aantal"
    ),
    labels="woord woorden naam namen term termen uitdrukking uitdrukkingen frase frasen zinsnede begrip achternaam voornaam",
    name_of="(de|het|) ((naam|namen) (van|voor)|(woord|woorden|term) als)",
    articles="de het een 't",
    determiners="de het dit dat deze die mijn ons onze jouw",
    whole="hele gehele volledige complete totale",
    document=(
        "boek tekst document roman verhaal bestand pdf artikel rapport "
        "werk manuscript essay gedicht toneelstuk contract handleiding stuk epub"
    ),
    authors="auteur schrijver schrijfster verteller boek tekst document verhaal roman het men rapport artikel",
    pages="pagina pagina's bladzijde bladzijden bladzijdes blz blz. p p. pp. pag pag.",
    sections=_SOORTEN,
    titled="proloog epiloog voorwoord inleiding nawoord slot slotwoord conclusie samenvatting bijlage dankwoord register",
    numbers=tuple(_TELWOORDEN.split()),
    ordinals=tuple(_RANGTELWOORDEN.split()),
    first="",
    last="laatste",
    shares={"helft": 2, "derde": 3, "kwart": 4, "vijfde": 5, "tiende": 10},
    few="paar enkele",
    edges="begin midden einde eind slot aanvang",
    prepositions={
        "(in|op|binnen|alleen in|enkel in|alleen op|overal in|over|door|tijdens)": "in",
        "(aan|bij|tegen|rond|omstreeks)": "near",
        "(tot en met|t/m|tot aan|tot aan het einde van|tot|tot het eind van|tot het einde van)": "to",
        "(vanaf|van|beginnend (bij|met))": "from",
        "(vóór|voor)": "before",
        "(na|sinds)": "after",
        "(tussen)": "between",
    },
    each="(per|in (elk|ieder))",
    excluding="(buiten|behalve|uitgezonderd|exclusief|maar niet|niet|afgezien van|anders dan|zonder)",
    to="(tot en met|t/m|tot|-|–|—)",
    onwards="(en verder|en later|verder)",
    of="van in uit",
    loose="in op door binnen tijdens uit bij onder met zonder inclusief exclusief behalve als aan tegen",
    named="genoemd vermeld aangehaald geciteerd voor voorkomt gesproken gebruikt",
    both="zowel beide samen",
    joiners="en of & en/of als noch versus",
    pronouns="hij zij ze het hem haar hen hun dit dat deze die er wie wat ik je jij u we wij ons mij me men daar hier mijn zijn",
    sorts=(
        "mensen personen personages namen woorden termen dingen voorwerpen plaatsen plekken landen steden dorpen dieren vogels planten "
        "soorten talen boeken schrijvers auteurs werken data jaren getallen gebeurtenissen voorbeelden redenen manieren stappen keren "
        "keer dagen weken maanden uren onderwerpen hoofdstukken pagina's"
    ),
    recurring="",
    indefinite="iemand iets iedereen alles niemand niets mensen dingen",
    clauses="dat waarom hoe wanneer waar wie wat welk welke of omdat hoeveel",
    counting=f"({_VAAK}|hoeveel (vermeldingen|woorden)|aantal (keer|keren|maal|malen|vermeldingen)|tel|frequentie van)",
    marker="genoemd vermeld vermelding vermeldingen noemt noemen",
)
LANGUAGES = (ENGLISH, DUTCH)


# From a question to what is wanted


def recognise(question: str) -> TextQuestion | None:
    """What the question wants of the text, or None when it is one for the model."""
    if len(question) > LONGEST_QUESTION:
        ends = _tokens(f"{question[:200]} {question[-100:]}")
        spoken = next((language for language in LANGUAGES if _counts_words(language, ends)), None)
        return TextQuestion("help", language=spoken.code) if spoken else None
    tokens = _tokens(question.rstrip(" .\n\t"))
    found = (_in_language(language, question, tokens) for language in LANGUAGES)
    return next((wanted for wanted in found if wanted), None)


def _in_language(language: Language, question: str, tokens: Sequence[Token]) -> TextQuestion | None:
    sentences = list(_sentences(language, tokens))
    found = [_Asked(language, question, sentence).wanted() for sentence in sentences]
    best = next((one for one in found if one and one.kind != "help"), None) or next(filter(None, found), None)
    if best is None or best.kind == "help":
        return best
    rest = [
        _said(question, sentence)
        for sentence, one in zip(sentences, found, strict=True)
        if one is not best and "?" in question[sentence[-1].start : sentence[-1].end]
    ]
    return replace(best, ignored=(*best.ignored, *rest))


def _sentences(language: Language, tokens: Sequence[Token]) -> Iterator[list[Token]]:
    sentence: list[Token] = []
    for token, following in itertools.zip_longest(tokens, tokens[1:]):
        stops = token.low.endswith(".") and following and language.has(language.starters, following.low)
        sentence.append(token._replace(low=token.low[:-1], end=token.end - 1) if stops else token)
        if stops or token.low == "?":
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def _said(question: str, tokens: Sequence[Token]) -> str:
    """The tokens as they stand in the question."""
    return " ".join(question[tokens[0].start : tokens[-1].end].split()).strip() if tokens else ""


def _counts_words(language: Language, tokens: Sequence[Token]) -> bool:
    """Whether it is about how often words stand in a text, in whatever way that is asked."""
    lead = next((at + long for at in range(min(len(tokens), 6)) if (long := _begins(tokens, language.counting, at))), 0)
    if not lead:
        return False
    marked = any(language.has(language.marker, token.low) for token in tokens)
    return marked or any(_label(language, tokens, at) for at in range(lead, len(tokens)))


def _label(language: Language, tokens: Sequence[Token], at: int) -> int:
    """How many tokens from `at` on only say that a word follows: "the word", "the name of"."""
    long = _begins(tokens, language.name_of, at)
    if not long:
        article = at < len(tokens) and language.has(language.articles, tokens[at].low)
        long = (
            article + 1 if at + article < len(tokens) and language.has(language.labels, tokens[at + article].low) else 0
        )
    follows = at + long < len(tokens) and not language.has(language.of, tokens[at + long].low)
    return long if long and follows else 0


class _What(NamedTuple):
    """The words looked for, as they were read, and what shows that words are meant."""

    phrases: tuple[str, ...]
    together: str
    verbatim: bool
    letters: bool
    shown: frozenset[str]
    scopes: tuple[Scope, ...]


class _Asked:
    """One sentence of a question in one language."""

    def __init__(self, language: Language, question: str, sentence: Sequence[Token]) -> None:
        self.language, self.question = language, question
        self.first = sentence[0].start
        self.by_chapter = False
        self.excluded: tuple[str, ...] = ()  # parts that were to be left out, which can't be honoured
        self.tokens, self.scopes = self._without_scopes(self._bare(_trimmed(sentence)))
        self.tokens = self._bare(self.tokens)

    def wanted(self) -> TextQuestion | None:
        """What the sentence wants of the text, or None."""
        found = self._by_rules(self.tokens)
        at = len(self.tokens) - 1
        while found is None and at > 1:
            if self._has("named", self.tokens[at - 1]):
                found = self._with_rest(self.tokens[:at], _trimmed(self.tokens[at:]))
            at -= 1
        found = found or self._by_marks()
        return (
            replace(found, kind="chapters") if found and self.by_chapter and found.kind in ("count", "list") else found
        )

    def _with_rest(self, tokens: list[Token], rest: list[Token]) -> TextQuestion | None:
        """A question with something behind it: a part of which only the document can know whether it has it ("mentioned in the second
        log"), or what can't be honoured ("and by whom")."""
        loose = len(rest) > 1 and self._has("loose", rest[0])
        joined = len(rest) > 1 and self._has("joiners", rest[0])
        again = any(_begins(rest, self.language.counting, at) for at in range(len(rest)))
        found = self._by_rules(tokens, marked=True) if (loose or joined) and not again else None
        if found is None or found.kind == "help":
            return None
        if loose:
            return replace(found, scopes=(*found.scopes, self._named(rest)))
        return replace(found, ignored=(*found.ignored, _said(self.question, rest)))

    def _has(self, words: str, token: Token) -> bool:
        return self.language.has(getattr(self.language, words), token.low)

    def _bare(self, tokens: list[Token]) -> list[Token]:
        """Without what is only polite, at both ends."""
        while tokens:
            begins = _begins(tokens, self.language.polite)
            ends = len(tokens) - min(_starts(tokens, self.language.courtesy), default=len(tokens))
            if begins and begins < len(tokens):
                tokens = _trimmed(tokens[begins:])
            elif ends and ends < len(tokens):
                tokens = _trimmed(tokens[:-ends])
            else:
                break
        return tokens

    # Parts of the document

    def _without_scopes(self, tokens: list[Token]) -> tuple[list[Token], tuple[Scope, ...]]:
        left: list[Token] = []
        scopes: list[Scope] = []
        at = start = behind = 0
        while at < len(tokens):
            each = _begins(tokens, self.language.each, at)
            found, stop = self._scope(tokens, at)
            if past := self._exclusion(tokens, at):
                self.excluded, at = (*self.excluded, _said(self.question, tokens[at:past])), past
            elif each and at + each < len(tokens) and tokens[at + each].low in self.language.sections:
                self.by_chapter, at = True, at + each + 1
            elif found:
                if scopes and len(left) == behind + 1 and self._has("joiners", left[-1]):
                    # "in chapter 2 and in chapter 3" is one part, as "in chapters 2 and 3" is
                    left.pop()
                    one, said = scopes[-1].said, _said(self.question, tokens[start:stop])
                    scopes = [replace(scope, said=said) if scope.said == one else scope for scope in scopes]
                    scopes += [replace(scope, said=said) for scope in found]
                else:
                    scopes, start = [*scopes, *found], at
                at, behind = stop, len(left)
            else:
                left.append(tokens[at])
                at += 1
        return _trimmed(left), tuple(scopes)

    def _exclusion(self, tokens: list[Token], at: int) -> int:
        """Where a part that is to be left out ends ("except in chapter 1"), if one begins at `at`; else 0."""
        long = _begins(tokens, self.language.excluding, at)
        if not long:
            return 0
        found, stop = self._scope(tokens, at + long)
        if not found:
            found, stop = self._part(tokens, at + long, "in")
        return stop if any(scope.unit in ("page", "section") for scope in found) else 0

    def _scope(self, tokens: list[Token], at: int) -> tuple[list[Scope], int]:
        """The parts of the document that are named from `at` on, a preposition before them, and where they end."""
        ways = [(long, way) for said, way in self.language.prepositions.items() if (long := _begins(tokens, said, at))]
        for long, way in sorted(ways, reverse=True):
            found, stop = self._part(tokens, at + long, way, tokens[at].low)
            if found:
                said = _said(self.question, tokens[at:stop])
                return [replace(scope, said=said) for scope in found], stop
        return [], at

    def _part(self, tokens: list[Token], at: int, way: str, preposition: str = "") -> tuple[list[Scope], int]:
        """The same behind the preposition; `way` is what it means: "in", "to", "from", "before", "after", "between"."""
        determined = at < len(tokens) and self._has("determiners", tokens[at])
        at += determined
        if at < len(tokens) and self._has("whole", tokens[at]):
            determined, at = True, at + 1
        if at >= len(tokens):
            return [], at
        token = tokens[at]
        by = preposition in ("by", "door")
        if (token.quoted or self._has("titled", token)) and way == "in" and not by:
            return [Scope("", "named", title=token.quoted or token.low)], at + 1
        share = self._share(tokens, at, way)
        if share:
            return share
        unit = self._unit(token)
        if unit and at + 1 < len(tokens) and tokens[at + 1].quoted and unit[0] == "section":
            return [Scope("", "section", word=unit[1], title=tokens[at + 1].quoted or "")], at + 2
        ranges, stop = self._numbers(tokens, at + 1, way) if unit else self._ordinal(tokens, at)
        unit = unit or self._unit(tokens[stop - 1])
        if ranges and unit:
            another = self._scope(tokens, stop)[0]  # the "on" of "on page 2" is not the one of "from chapter 2 on"
            long = 0 if another else _begins(tokens, self.language.onwards, stop)
            pairs = _pointed(ranges, "from" if long and way == "in" else way)
            kind, word = unit
            scopes = [Scope("", kind, first, last, word) for first, last in pairs]
            return scopes, self._of_book(tokens, stop + long)
        book = self._has("authors" if by else "document", token)
        if book and way == "in" and (determined or token.low in ("text", "tekst")):
            return [Scope("", "text")], at + 1
        return [], at

    def _share(self, tokens: list[Token], at: int, way: str) -> tuple[list[Scope], int] | None:
        """ "First half", "last quarter of chapter 2"; "beginning" and "first few pages", which nobody can measure."""
        place = self._place(tokens[at].low)
        stretches = self._stretches(tokens, at + 1, place) if place and way == "in" else None
        if stretches:
            first, last, many, stop = stretches
            within, stop = self._of_part(tokens, stop)
            return ([Scope("", "share", first, last, many, of=within)], stop) if stop else None
        at += tokens[at].low in ("very", "hele", "allereerste")
        if at < len(tokens) and self._has("edges", tokens[at]) and way in ("in", "near", "from", "to"):
            _, stop = self._of_part(tokens, at + 1)
            return ([Scope("", "vague")], stop) if stop else None
        few = bool(place and at + 2 < len(tokens) and self._has("few", tokens[at + 1]))
        stop = at + 2 + (few and tokens[at + 2].low == "of")
        if few and stop < len(tokens) and self._unit(tokens[stop]):
            _, stop = self._of_part(tokens, stop + 1)
            return ([Scope("", "vague")], stop) if stop else None
        return ([], at) if way == "near" else None

    def _stretches(self, tokens: list[Token], at: int, place: str) -> tuple[str, str, str, int] | None:
        """ "Half", "two thirds", "10%" behind "first" or "last": the numbers of the first and the last stretch, how many stretches there
        are, and where that ends."""
        if at >= len(tokens):
            return None
        shares = self.language.shares
        if many := shares.get(tokens[at].low):
            return place, place, str(many), at + 1
        percent = regex.fullmatch(r"(\d{1,2})(%?)", tokens[at].low)
        behind = tokens[at + 1].low if at + 1 < len(tokens) else ""
        number = self._number(tokens[at].low)
        if percent and (percent[2] or behind in ("percent", "procent", "%")):
            number, many, stop = percent[1], 100, at + (1 if percent[2] else 2)
        else:
            many, stop = shares.get(behind.removesuffix("s"), 0), at + 2
        if not (number and number.isdigit() and many and 0 < int(number) <= many and place in ("1", "-1")):
            return None
        return ("1", number, str(many), stop) if place == "1" else (f"-{number}", "-1", str(many), stop)

    def _of_part(self, tokens: list[Token], at: int) -> tuple[Scope | None, int]:
        """The part of the document that "of" at `at` leads to, None for all of it; and where that ends, 0 where it is no part of it."""
        if at >= len(tokens) or tokens[at].low not in ("of", "van"):
            return None, at
        found, stop = self._part(tokens, at + 1, "in")
        if len(found) != 1:
            return None, 0
        return (None if found[0].unit == "text" else found[0]), stop

    def _unit(self, token: Token) -> tuple[Literal["page", "section"], str] | None:
        if self._has("pages", token):
            return "page", ""
        kind = self.language.sections.get(token.low)
        return ("section", kind) if kind else None

    def _sized(self, token: Token) -> str:
        """What is asked for the number of, with a word for it."""
        if token.low.startswith(("word", "woord", "length")):
            return "word"
        name, kind = self._unit(token) or ("", "")
        return kind or name

    def _numbers(self, tokens: list[Token], at: int, way: str) -> tuple[list[tuple[str, str]], int]:
        """Numbers of pages or sections from `at` on, as ranges."""
        ranges: list[tuple[str, str]] = []
        while at < len(tokens):
            pair = regex.fullmatch(r"(\d+)[-–—](\d+)", tokens[at].low)
            number = self._number(tokens[at].low)
            if pair:
                ranges.append((pair[1], pair[2]))
            elif number:
                ranges.append((number, number))
            else:
                break
            at += 1
            long = _begins(tokens, self.language.to, at)
            to = self._number(tokens[at + long].low) if long and at + long < len(tokens) else None
            if to:
                ranges[-1], at = (ranges[-1][0], to), at + long + 1
            more = at + 1 < len(tokens) and (tokens[at].low == "," or self._has("joiners", tokens[at]))
            if not (more and self._number(tokens[at + 1].low)):
                break
            at += 1
        if way == "between" and len(ranges) == 2:
            ranges = [(ranges[0][0], ranges[1][1])]
        return ranges, at

    def _ordinal(self, tokens: list[Token], at: int) -> tuple[list[tuple[str, str]], int]:
        """ "Second chapter", "last page", "first ten pages": the numbers, and where that ends."""
        place = self._place(tokens[at].low)
        if not place or at + 1 >= len(tokens):
            return [], at
        if self._unit(tokens[at + 1]):
            return [(place, place)], at + 2
        many = self._number(tokens[at + 1].low)
        if many and many.isdigit() and place in ("1", "-1") and at + 2 < len(tokens) and self._unit(tokens[at + 2]):
            return [("1", many) if place == "1" else (f"-{many}", "-1")], at + 3
        return [], at

    def _number(self, low: str) -> str | None:
        return _numeral(low) or (str(self.language.numbers.index(low) + 1) if low in self.language.numbers else None)

    def _place(self, low: str) -> str | None:
        if low in self.language.ordinals:
            return str(self.language.ordinals.index(low) + 1)
        if self.language.has(self.language.first, low):
            return "1"
        counted = regex.fullmatch(r"(\d{1,4})(?:st|nd|rd|th|e|de|ste)", low)
        return counted[1] if counted else "-1" if self.language.has(self.language.last, low) else None

    def _of_book(self, tokens: list[Token], at: int) -> int:
        """Past "of the book", which says nothing more."""
        of = at + 2 < len(tokens) and self._has("of", tokens[at]) and self._has("determiners", tokens[at + 1])
        return at + 3 if of and self._has("document", tokens[at + 2]) else at

    def _named(self, tokens: Sequence[Token]) -> Scope:
        """What may be the heading of a section, behind a preposition."""
        rest = tokens[1:]
        title = rest[0].quoted if len(rest) == 1 and rest[0].quoted else _said(self.question, rest)
        return Scope(_said(self.question, tokens), "named", title=title or "")

    # What is looked for

    def _by_rules(self, tokens: list[Token], *, marked: bool = False) -> TextQuestion | None:
        """What the first rule makes of the tokens that fits, the longest beginning first. With `marked` only quotation marks show that
        a word is meant."""
        fits: list[tuple[int, int, int, Rule]] = []
        for number, rule in enumerate(self.language.rules):
            for at in _stops(template(rule.before), tokens, 0):
                fits += [(-at, stop, number, rule) for stop in _starts(tokens, rule.after, at)]
        for at, stop, _, rule in sorted(fits, key=lambda fit: fit[:3]):
            found = self._read(rule, tokens[-at:stop], marked)
            if found:
                return found
        return None

    def _read(self, rule: Rule, tokens: list[Token], marked: bool) -> TextQuestion | None:
        ignored = self.excluded
        if rule.kind == "help":
            return None if tokens else self._question("help")
        if rule.kind == "size":
            whole, stop = self._part(tokens, 0, "in") if tokens else ([], 0)
            if stop < len(tokens):
                return None
            said = tuple(replace(scope, said=_said(self.question, tokens)) for scope in whole)
            unit = next(unit for token in self.tokens if (unit := self._sized(token)))
            return replace(self._question("size"), phrases=(unit,), scopes=(*self.scopes, *said))
        if rule.middle and not rule.both:
            subject, tokens = self._said_by(rule, tokens)
            if not tokens:
                return None
            known = all(self._has("authors", token) or self._has("determiners", token) for token in subject)
            ignored = ignored if known else (*ignored, _said(self.question, subject))
        what = self._compared(rule, tokens) if rule.both else self._what(tokens)
        if what is None:
            unclear = "always" in rule.needs and not rule.both and (rule.kind == "count" or self._only_pronoun(tokens))
            return self._question("help") if unclear else None
        shown = what.shown & {"always", "quote", "all quoted"} if marked else what.shown
        if not rule.needs & shown:
            return None
        found = self._question(rule.kind)
        return replace(
            found,
            phrases=what.phrases,
            together=what.together,
            verbatim=what.verbatim,
            letters=what.letters,
            scopes=(*self.scopes, *what.scopes),
            ignored=ignored,
            things=rule.things and not what.verbatim,
        )

    def _question(self, kind: Kind) -> TextQuestion:
        if kind == "help":
            return TextQuestion(kind, language=self.language.code)
        return TextQuestion(kind, language=self.language.code, scopes=self.scopes, ignored=self.excluded)

    def _said_by(self, rule: Rule, tokens: list[Token]) -> tuple[list[Token], list[Token]]:
        """Who says or writes it, and what is looked for."""
        if rule.middle != "SUBJECT":
            for at in range(1, len(tokens)):
                long = _begins(tokens, rule.middle, at)
                if long:
                    return tokens[:at], tokens[at + long :]
            return [], []
        # Dutch has no word between the two: the subject ends where an article, a label or a quotation begins, or after its noun
        least = 1 + (bool(tokens) and self._has("determiners", tokens[0]))
        for at in range(least, len(tokens)):
            if tokens[at].quoted or self._has("articles", tokens[at]) or _label(self.language, tokens, at):
                return tokens[:at], tokens[at:]
        return tokens[:least], tokens[least:]

    def _only_pronoun(self, tokens: list[Token]) -> bool:
        if len(tokens) != 1:
            return False
        said = _said(self.question, tokens)
        return self._has("pronouns", tokens[0]) and not (said.isupper() and len(said) > 1)

    def _compared(self, rule: Rule, tokens: list[Token]) -> _What | None:
        """The words on both sides of "is mentioned more often than"."""
        before, after = self._said_by(rule, tokens)
        sides = [self._what(side) for side in (before, after)]
        if sides[0] is None or sides[1] is None:
            return None
        shown = sides[0].shown & sides[1].shown
        return sides[0]._replace(phrases=sides[0].phrases + sides[1].phrases, together="", shown=shown)

    def _what(self, tokens: Sequence[Token]) -> _What | None:
        """The words looked for, or None where that can't be told."""
        tokens = _trimmed(tokens)
        letters = self._letter(tokens)
        if letters:
            return _What((letters,), "", True, True, frozenset({"always", "quote"}), ())
        label = _label(self.language, tokens, 0)
        rest = tokens[label:]
        items = [rest] if len(rest) == 1 else self._items(rest)
        read = [self._item(item, labelled=label > 0) for item in items]
        if not read or None in read:
            return None
        parts = [part for part in read if part]
        phrases = tuple(dict.fromkeys(part.phrases[0] for part in parts))
        shown = frozenset.intersection(*(part.shown for part in parts)) | ({"quote"} if label else set())
        if any("quote" in part.shown for part in parts):
            shown |= {"quote"}
        if self.scopes:
            shown |= {"scope", "in scope", *(f"{one} in scope" for one in ("bare", "name") if one in shown)}
        if "name" in shown and not any(self._has("recurring", token) for token in tokens):
            shown |= {"lasting name"}
        if "quote" in shown or ("bare" in shown and not any(self._has("sorts", token) for token in tokens)):
            shown |= {"word"}
        whole = [token for item in items for token in item]
        together = _said(self.question, whole) if len(phrases) > 1 and not any(part.verbatim for part in parts) else ""
        scopes = tuple(scope for part in parts for scope in part.scopes)
        return _What(phrases, together, bool(label) or parts[-1].verbatim, False, shown | {"always"}, scopes)

    def _letter(self, tokens: list[Token]) -> str:
        """A single letter that is looked for inside words: "the letter e"."""
        tokens = tokens[1:] if tokens and self._has("articles", tokens[0]) else tokens
        if len(tokens) != 2 or tokens[0].low not in ("letter", "character", "teken"):
            return ""
        said = tokens[1].quoted or _said(self.question, tokens[1:])
        return said if len(regex.findall(r"\X", said)) == 1 else ""

    def _items(self, tokens: list[Token]) -> list[list[Token]]:
        items: list[list[Token]] = [[]]
        for token in tokens:
            if token.low == "," or self._has("joiners", token):
                items.append([])
            elif not (self._has("both", token) and not items[-1]):
                items[-1].append(token)
        return [item for item in items if item]

    def _item(self, item: list[Token], *, labelled: bool) -> _What | None:
        """One of several things looked for."""
        label = 0 if labelled else _label(self.language, item, 0)
        labelled = labelled or label > 0
        item = item[label:]
        article = len(item) > 1 and not labelled and self._has("articles", item[0]) and not self._part_of_name(item)
        article = article or (len(item) > 1 and item[1].quoted is not None and self._has("articles", item[0]))
        item = item[article:]
        quoted = [token.quoted is not None for token in item]
        if quoted[0]:
            behind = item[1:]
            if (
                behind
                and not self._has("loose", behind[0])
                and not (len(behind) == 1 and self._has("labels", behind[0]))
            ):
                return None
            scopes = (self._named(behind),) if behind and self._has("loose", behind[0]) else ()
            shown = frozenset({"quote", "all quoted"} if not scopes else {"quote"})
            phrase = " ".join((item[0].quoted or "").split())
            return _What((phrase,), "", True, False, shown, scopes)
        if any(quoted):
            return None
        if not labelled and (self._has("clauses", item[0]) or self._only_pronoun(item)):
            return None
        said = _said(self.question, self._owner(item))
        shown = {"quote"} if labelled else set()
        own = [
            token
            for token in self._owner(item)
            if not self._has("articles", token) and token.low not in ("of", "van", "der", "de", "la", "von")
        ]
        if own and all(self.question[token.start].isupper() and token.start > self.first for token in own):
            shown.add("name")
        if (
            len(item) == 1
            and not article
            and said.isalpha()
            and not any(self._has(words, item[0]) for words in ("pronouns", "indefinite"))
        ):
            shown.add("bare")
        return _What((said,), "", labelled, False, frozenset(shown), ())

    def _part_of_name(self, item: list[Token]) -> bool:
        """Whether the article is a name's own: "De Gaulle"."""
        capital = [self.question[token.start].isupper() for token in item[:2]]
        return all(capital) and item[0].start > self.first

    def _owner(self, item: list[Token]) -> list[Token]:
        """Without "'s name": whose name it is."""
        if len(item) > 1 and item[-1].low in ("name", "names", "naam", "namen") and item[-2].low.endswith("'s"):
            return [*item[:-2], item[-2]._replace(end=item[-2].end - 2)]
        return item

    def _by_marks(self) -> TextQuestion | None:
        """What is about how often words stand in the text but is put in no known way: what stands between quotation marks is
        counted; without such marks it is said how to ask."""
        if not _counts_words(self.language, self.tokens):
            return None
        quoted = [at for at, token in enumerate(self.tokens) if token.quoted]
        if len(quoted) != 1:
            return self._question("help")
        at = quoted[0]
        rest = _said(self.question, self.tokens[at + 1 :])
        phrase = " ".join((self.tokens[at].quoted or "").split())
        return replace(
            self._question("count"),
            phrases=(phrase,),
            verbatim=True,
            ignored=(*self.excluded, *([rest] if rest else [])),
        )


def _pointed(ranges: list[tuple[str, str]], way: str) -> list[tuple[str | None, str | None]]:
    """Where a preposition points to from these numbers."""
    first, last = ranges[0][0], ranges[-1][1]
    if way == "to":
        return [(None, last)]
    if way == "from":
        return [(first, last if last != first else None)]
    if way == "before":
        return [(None, str(int(first) - 1) if first.isdigit() else first)]
    if way == "after":
        return [(str(int(last) + 1) if last.isdigit() else last, None)]
    return list(ranges)


def _numeral(low: str) -> str | None:
    """A number in digits, also "2.3", or in Roman numerals, as digits."""
    if regex.fullmatch(r"\d{1,6}(?:\.\d{1,4})*\.?", low):
        return ".".join(part.lstrip("0") or "0" for part in low.rstrip(".").split("."))
    low = low.rstrip(".")
    if not low or not regex.fullmatch(r"c{0,3}(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})", low):
        return None
    values = [{"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}[letter] for letter in low]
    return str(sum(-a if a < b else a for a, b in itertools.zip_longest(values, values[1:], fillvalue=0)))


# The text as it is searched

# Where these scripts are written, no space stands between two words.
_NO_SPACES = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}\p{Bopomofo}"
# Of those, the ones whose lines may end within a word. A list of words in Katakana is parted by its lines' ends alone.
_RUN_ON = r"\p{Han}\p{Hiragana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}\p{Bopomofo}"
_WORD = rf"[[\p{{L}}\p{{M}}\p{{N}}_]--[{_NO_SPACES}]]"
_LETTERS = r"\p{L}\p{M}\p{N}"
# Vowels that Thai and Lao write behind their consonant, and so part of its word.
_LEANING = r"\p{M}\u0e30\u0e32\u0e33\u0e45\u0eb0\u0eb2\u0eb3"
# Particles that Korean writes behind a noun without a space.
_PARTICLES = (
    "은|는|이|가|을|를|의|에|에서|에게|에게서|께|께서|한테|와|과|하고|도|만|로|으로|부터|까지|보다|처럼|마다|조차|마저|이나|나|이라|라|이며|"
    "며|이고|들|들은|들이|들을|들의"
)
# Invisible letters, and the marks for vowels that Arabic and Hebrew may write or leave out. A joiner between two pictures makes one
# picture of them, so it stays.
_FORMS = r"\ufb00-\ufb1c\ufb50-\ufdfb\ufe70-\ufefc\uff01-\uffdc\u0130\u1e9e"
_UNSEEN = (
    r"\u00ad\u034f\u061c\u0640\u064b-\u065f\u0670\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u180e\u200b\u200c\u200e\u200f"
    r"\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe0e\ufe0f\ufeff"
)
# What may have to be changed, and the letters without which there is none of it in a text, so that nobody has to look for it.
_ODD: tuple[tuple[str, str], ...] = (
    (rf"[{_UNSEEN}]", rf"(?P<unseen>[{_UNSEEN}]+)"),
    (r"\u200d", r"(?P<joiner>\u200d+)"),
    # ligatures, wide and narrow forms, forms of Arabic letters by their place; capitals that have no single small letter
    (rf"[{_FORMS}]", rf"(?P<form>[{_FORMS}]+)"),
    # a letter that HTML and Markdown write by its name
    ("&", r"(?P<entity>&(?:[A-Za-z]{2,12}\d{0,2}|\#\d{2,7}|\#[xX][0-9A-Fa-f]{2,6});)"),
    (r"[_*]", r"(?P<emphasis>[_*]+)"),
    (r"[-\u2010\u2011]", r"(?P<broken>[-\u2010\u2011]\r?\n[^\S\n]*)"),
    (rf"[{_RUN_ON}]", rf"(?P<turn>(?<=[{_RUN_ON}])\r?\n(?=[{_RUN_ON}]))"),
)
_BROKEN = r"(?<=\p{L})[-\u2010\u2011]\r?\n[^\S\n]*(?=\p{L})"
_NOT_COMPOSED = r"(?P<composed>(?:\P{{M}}\p{{M}}|[{single}])\p{{M}}*|[\u1100-\u11ff]+)"
# The end of a line, with the mark of a quotation before the next one.
_GAP = r"[^\S\n]*(?:\n[^\S\n]*(?:>[^\S\n]*)*)+|[^\S\n]+"
_NOTE = r"(?:\[\d{1,3}\]|\d{1,2}|[\u00b9\u00b2\u00b3\u2070\u2074-\u2079†‡]+)"
_SAME = (
    ("\u2019", "'"),
    ("\u2018", "'"),
    ("\u02bc", "'"),
    ("\u00b4", "'"),
    ("\u2010", "-"),
    ("\u2011", "-"),
    ("ς", "σ"),
)


class _Span(NamedTuple):
    """Where something stands in the text: offsets of its first character and behind its last one."""

    start: int
    end: int


class _Folded:
    """A text in the form in which it is searched, and the way back: small letters, composed, with nothing unseen, no marks of emphasis.

    With `joined` a word that a hyphen breaks at the end of a line is one word; else the hyphen stays and only the line's end goes.
    """

    def __init__(self, text: str, *, joined: bool = False) -> None:
        pieces: list[str] = []
        self._here, self._there = (
            [0],
            [0],
        )  # offsets in the folded text and in the text, at both ends of whatever was changed
        last = here = 0
        for odd in self._pattern(text).finditer(text):
            start, end = odd.span()
            said = self._plain(odd, text, joined)
            here += start - last
            self._here += (here, here + len(said))
            self._there += (start, end)
            pieces += (text[last:start], said)
            last, here = end, here + len(said)
        folded = "".join([*pieces, text[last:]]).lower()
        for one, other in _SAME:
            folded = folded.replace(one, other)
        self.text = folded

    @staticmethod
    def _pattern(text: str) -> regex.Pattern[str]:
        alphabet = "".join(set(text))
        forms = [form for letters, form in _ODD if _compiled(letters).search(alphabet)]
        if not unicodedata.is_normalized("NFC", text):
            letters = (letter for letter in alphabet if not unicodedata.combining(letter))
            single = "".join(letter for letter in letters if not unicodedata.is_normalized("NFC", letter))
            forms = [_NOT_COMPOSED.format(single=regex.escape(single) or r"\u1100"), *forms]
        return regex.compile("|".join(forms) or "(?!)", regex.V1)

    @staticmethod
    def _plain(odd: regex.Match[str], text: str, joined: bool) -> str:
        said, (start, end) = odd[0], odd.span()
        before, after = text[start - 1 : start], text[end : end + 1]
        match odd.lastgroup:
            case "unseen" | "turn":
                return ""
            case "composed":
                return unicodedata.normalize("NFC", _compiled(rf"[{_UNSEEN}]+").sub("", said)).replace("\u0130", "i")
            case "entity":
                return html.unescape(said)
            case "form":
                return unicodedata.normalize("NFKC", said.replace("\u0130", "i").replace("\u1e9e", "ß"))
            case "joiner":
                # between two pictures it makes one picture of them
                return said if _compiled(r"[\p{So}\ufe0f\U0001f3fb-\U0001f3ff]").match(before) else ""
            case "broken":
                whole = _is_letter(before) and _is_letter(after)
                return said if not whole else "" if joined else "-"
        # emphasis stands at the ends of words; within one only where it can be nothing else
        begins, ends = _is_letter(before), _is_letter(after)
        return "" if begins != ends or (begins and ends and len(said) > 1 and "_" not in said) else said

    def back(self, start: int, end: int) -> _Span:
        """Where in the text a stretch of the folded one stands."""
        first = bisect_right(self._here, start) - 1
        begin = self._there[first] + (0 if first % 2 else start - self._here[first])
        final = bisect_right(self._here, end - 1) - 1
        stop = self._there[final + 1] if final % 2 else self._there[final] + end - self._here[final]
        return _Span(begin, stop)


def _is_letter(letter: str) -> bool:
    return letter.isalnum() or (letter != "" and unicodedata.category(letter)[0] == "M")


@cache
def _compiled(pattern: str) -> regex.Pattern[str]:
    return regex.compile(pattern, regex.V1)


def _matcher(phrase: str, *, letters: bool = False) -> regex.Pattern[str]:
    """Finds a folded phrase in a folded text: whole words by the rules of their script, whatever space stands between them."""
    between = rf"{_NOTE}?(?:{_GAP})"
    words = between.join(regex.escape(word, special_only=True) for word in phrase.split())
    return regex.compile(words if letters else f"{_left(phrase)}{words}{_right(phrase)}", regex.V1)


def _left(phrase: str) -> str:
    edge = phrase[0]
    if _compiled(r"[\p{Katakana}ー]").match(edge):
        return r"(?<![\p{Katakana}ー])"
    if _compiled(rf"[{_NO_SPACES}]").match(edge):
        return ""
    if not _compiled(rf"[{_LETTERS}_]").match(edge):
        return r"(?<!\u200d)"
    number = r"(?<!\d[.,])" if edge.isdigit() else ""
    # the end of "it's" and "we'll" is no word
    ending = r"(?<!\p{L}')" if phrase in ("s", "t", "d", "m", "ll", "re", "ve") else ""
    return f"(?<!{_WORD}){number}{ending}"


def _right(phrase: str) -> str:
    edge = phrase[-1]
    if _compiled(r"[\p{Katakana}ー]").match(edge):
        return r"(?![\p{Katakana}ー])"
    if _compiled(r"\p{Hangul}").match(edge):
        return rf"(?!(?!(?:{_PARTICLES})(?!\p{{Hangul}}))\p{{Hangul}})"
    if _compiled(rf"[{_NO_SPACES}]").match(edge):
        return rf"(?![{_LEANING}])"
    if not _compiled(rf"[{_LETTERS}_]").match(edge):
        return r"(?![\u200d\U0001f3fb-\U0001f3ff\p{M}])"
    number = r"(?![.,]\d)" if edge.isdigit() else ""
    more = r"(?!\+\+|\#)" if phrase.isalpha() and len(phrase) == 1 else ""
    # a figure right behind a word of some length is the mark of a footnote
    note = r"(?:\d{1,3})?" if len(phrase) > 2 and phrase[-3:].isalpha() else ""
    # "can" is not in "can't"
    return rf"{number}{more}(?!'t(?!{_WORD}))(?={note}(?!{_WORD}))"


# Where in the document

_CHAPTER_WORDS: Mapping[str, str] = {
    **_KINDS, **_SOORTEN, "kapitel": "chapter", "chapitre": "chapter", "capítulo": "chapter", "capitulo": "chapter",
    "capitolo": "chapter", "rozdział": "chapter", "глава": "chapter", "teil": "part", "partie": "part", "parte": "part",
    "buch": "book", "livre": "book", "libro": "book", "abschnitt": "section",
}  # fmt: skip
_HEADING = r"(?m)^[^\S\n]*(?:[#*_=]+[^\S\n]*)?({kinds})[^\S\n]+([^\s.:,;—–*_]+)[^\n]{{0,100}}$"


class _Heading(NamedTuple):
    """A heading of the document: its words, the kind and the number that it gives itself, and the stretch of text below it."""

    title: str
    kind: str
    number: str
    start: int
    end: int
    level: int


def _headed(title: str, start: int, end: int, level: int) -> _Heading:
    """A section with what its title says of its kind and number: "Chapter II. The Lamp", "2.3 Tides"."""
    words = [word.strip(".:,;—–*_#") for word in title.lower().split()[:3]]
    words = [word for word in words if word]
    kind = _CHAPTER_WORDS.get(words[0], "") if words else ""
    place = _spoken(words[0]) if words and not kind else None
    if kind and len(words) > 1:
        return _Heading(title, kind, _spoken(words[1]) or "", start, end, level)
    if place and len(words) > 1 and words[1] in _CHAPTER_WORDS:  # "second chapter"
        return _Heading(title, _CHAPTER_WORDS[words[1]], place, start, end, level)
    return _Heading(title, kind, _numeral(words[0]) or "" if words else "", start, end, level)


def _spoken(word: str) -> str | None:
    """A number in digits, in Roman numerals or in words, as digits."""
    for language in LANGUAGES:
        for names in (language.numbers, language.ordinals):
            if word in names:
                return str(names.index(word) + 1)
    return _numeral(word)


@dataclass(frozen=True)
class _Part:
    """What a scope comes to: stretches of the text, and how to say it: its pages, the titles of its sections, or as it was `said`."""

    spans: tuple[_Span, ...]
    titles: tuple[str, ...] = ()
    pages: tuple[int, int] | None = None
    said: str = ""


class _Document:
    """A document's text with its pages and headings."""

    def __init__(
        self, pages: Sequence[str], sections: Sequence[SectionRow], title: str, page_labels: Sequence[str] = ()
    ) -> None:
        self.text, self.title = "".join(pages), title
        self.labels = [label.casefold() for label in page_labels[: len(pages)]]
        self.starts = list(itertools.accumulate(map(len, pages), initial=0))[:-1] or [0]
        length = len(self.text)
        self.headings = [
            _headed(section.title, section.start, min(section.end, length), section.level)
            for section in sections
            if section.start < length
        ]

    @property
    def n_pages(self) -> int:
        """How many pages there are."""
        return len(self.starts)

    def page(self, offset: int) -> int:
        """The page on which an offset lies, from 1."""
        return max(1, bisect_right(self.starts, offset))

    def part(self, scope: Scope) -> _Part | None:
        """What a scope comes to in this document; None where it has no such part."""
        if scope.unit == "text":
            return _Part((_Span(0, len(self.text)),))
        if scope.unit == "page":
            return self._pages(scope)
        if scope.unit == "share":
            return self._share(scope)
        if scope.unit == "vague":
            return None
        if scope.title:
            return self._titled(scope.title)
        return (
            self._numbered(scope, self.headings) or self._numbered(scope, self._written(scope.word)) or self._nth(scope)
        )

    def _share(self, scope: Scope) -> _Part | None:
        whole = self.part(scope.of) if scope.of else _Part((_Span(0, len(self.text)),))
        many = int(scope.word or 1)
        first, last = (self._counted(number, many) for number in (scope.first or "1", scope.last or "-1"))
        if whole is None or first is None or last is None or last > many:
            return None
        length = sum(span.end - span.start for span in whole.spans)
        begin, stop = length * (first - 1) // many, length * last // many
        spans: list[_Span] = []
        passed = 0  # characters of the whole before a span of it
        for start, end in whole.spans:
            spans.append(_Span(max(start, start + begin - passed), min(end, start + stop - passed)))
            passed += end - start
        said = scope.said[:1].lower() + scope.said[1:]
        return _Part(tuple(span for span in spans if span.start < span.end), said=said)

    def _pages(self, scope: Scope) -> _Part | None:
        first, last = self._numbered_pages(scope)
        if (
            first is None
            or last is None
            or not 1 <= first <= last
            or first > self.n_pages
            or (scope.last and last > self.n_pages)
        ):
            return None
        end = self.starts[last] if last < self.n_pages else len(self.text)
        return _Part((_Span(self.starts[first - 1], end),), pages=(first, last))

    def _numbered_pages(self, scope: Scope) -> tuple[int | None, int | None]:
        """The first and the last page, from 1. A number that the question has as a numeral ("page iv", "pages 3 to 5") is the one printed
        on the page; what is counted in words or from an end ("the first ten pages") counts from the document's own first page."""
        first, last = (self._counted(number, self.n_pages) for number in (scope.first or "1", scope.last or "-1"))
        if not self.labels:
            return first, last
        spelled = {_numeral(word) or word: word for word in regex.findall(r"[\w-]+", scope.said.casefold())}
        places = {number: self.labels.index(word) + 1 for number, word in spelled.items() if word in self.labels}
        # "before page 3" is kept as up to page 2, and "after page 3" as from page 4 on
        step = {(True, False): 1, (False, True): -1}.get((scope.first is None, scope.last is None), 0)
        ends: list[int | None] = []
        for number, counted in ((scope.first, first), (scope.last, last)):
            beside = str(int(number) + step) if number and number.isdigit() else ""
            if number is None:
                ends.append(counted)
            elif number in spelled:
                ends.append(places.get(number))
            elif step and beside in spelled:
                ends.append(places[beside] - step if beside in places else None)
            else:
                return first, last
        return ends[0], ends[1]

    def _counted(self, number: str, many: int) -> int | None:
        """A number, from the end where it is below 0."""
        if not number.lstrip("-").isdigit():
            return None
        return int(number) if int(number) > 0 else max(1, many + 1 + int(number))

    def _titled(self, title: str) -> _Part | None:
        wanted = _same_title(title)
        if wanted and wanted == _same_title(self.title):
            return _Part((_Span(0, len(self.text)),))
        found = [
            heading
            for heading in self.headings
            if wanted in (_same_title(heading.title), _same_title(_bare_title(heading.title)))
        ]
        return self._of(found) if wanted else None

    def _numbered(self, scope: Scope, headings: Sequence[_Heading]) -> _Part | None:
        """The sections with those numbers among headings that number themselves."""
        own = [heading for heading in headings if heading.kind == scope.word and heading.number]
        own = own or [
            heading
            for heading in headings
            if not heading.kind and heading.number and scope.word in ("chapter", "section")
        ]
        if not own:
            return None
        last = max((int(h.number) for h in own if h.number.isdigit()), default=0)
        first_of, last_of = scope.first or own[0].number, scope.last or own[-1].number
        first_of, last_of = (str(last + 1 + int(n)) if n.startswith("-") else n for n in (first_of, last_of))
        if first_of == last_of:
            return self._of([heading for heading in own if heading.number == first_of])
        begin = next((at for at, heading in enumerate(own) if heading.number == first_of), None)
        stop = next(
            (at for at, heading in enumerate(own) if heading.number == last_of and (begin is None or at >= begin)), None
        )
        return None if begin is None or stop is None else self._of(own[begin : stop + 1])

    def _written(self, kind: str) -> list[_Heading]:
        """Headings that stand in the text itself, for a document whose sections are none."""
        kinds = "|".join(regex.escape(word) for word, one in _CHAPTER_WORDS.items() if one == kind)
        found = list(regex.finditer(_HEADING.format(kinds=kinds), self.text, regex.IGNORECASE))
        ends = [match.start() for match in found[1:]] + [len(self.text)][: len(found)]
        headed = [
            _headed(" ".join(match[0].split()), match.start(), end, 1) for match, end in zip(found, ends, strict=True)
        ]
        return [heading for heading in headed if heading.number]

    def _nth(self, scope: Scope) -> _Part | None:
        """The section at that place, where sections don't number themselves or are asked for by their number on the page."""
        chapters = [heading for heading in self.headings if heading.level == 1]
        if any(heading.kind == scope.word and heading.number for heading in self.headings):
            return None
        if scope.word not in ("chapter", "section"):
            return None
        among = self.headings if scope.word == "section" else chapters
        first, last = (self._counted(number, len(among)) for number in (scope.first or "1", scope.last or "-1"))
        return None if first is None or last is None or last > len(among) else self._of(among[first - 1 : last])

    def _of(self, headings: Sequence[_Heading]) -> _Part | None:
        if not headings:
            return None
        return _Part(tuple(_Span(h.start, h.end) for h in headings), tuple(" ".join(h.title.split()) for h in headings))

    def chapters(self, kind: str = "chapter") -> list[_Heading]:
        """The sections that call themselves chapters (or what `kind` says), else those of the first level."""
        named = [heading for heading in self.headings if heading.kind == kind]
        return named or [heading for heading in self.headings if heading.level == 1]


def _same_title(title: str) -> str:
    folded = _Folded(" ".join(title.split())).text.strip(" .:!?\"'“”‘’«»")
    return regex.sub(r"^(?:the|an?|de|het|een) ", "", folded)


def _bare_title(title: str) -> str:
    """A title without its number: "The Lamp" of "Chapter 2. The Lamp"."""
    kinds = "|".join(map(regex.escape, _CHAPTER_WORDS))
    return regex.sub(
        rf"(?i)^(?:(?:{kinds})\s+)?(?:\d+(?:\.\d+)*|[ivxlc]+|{'|'.join(ENGLISH.numbers + DUTCH.numbers)})[.:)\s—–-]+",
        "",
        title,
    )


# The answer


def answer(
    words: Words, wanted: TextQuestion, pages: Sequence[str], sections: Sequence[SectionRow] = (), title: str = ""
) -> TextAnswer:
    """What `wanted` asks of the text, in these words, which are about the document.

    Pages count from 1; what runs over the end of a page counts where it begins. `sections` are the document's, with offsets into
    its joined pages; those beyond the given pages are left out. What the document doesn't have is said and not looked for.
    """
    begun = time.monotonic()
    if wanted.kind == "help":
        return TextAnswer(words("lookup.help"), 0, (), time.monotonic() - begun)
    found = _Answer(words, wanted, _Document(pages, sections, title, words.page_labels))
    if wanted.kind == "size":
        said, number = found.size()
        return TextAnswer(said, number, (), time.monotonic() - begun)
    said, spans = found.said()
    places = tuple(_place(found.document, span) for span in spans[:MOST_PLACES])
    return TextAnswer(said, len(spans), places, time.monotonic() - begun)


class _Answer:
    """An answer in the making: the parts of the document that are searched, and what was found there."""

    def __init__(self, words: Words, wanted: TextQuestion, document: _Document) -> None:
        self.words, self.document = words, document
        self.wanted, titled = self._titled(wanted)
        self.notes: list[str] = [words("lookup.ignored", part=part) for part in wanted.ignored]
        self.parts: list[_Part] = []
        for scope in (*self.wanted.scopes, *titled):
            part = document.part(scope)
            if part:
                self.parts.append(part)
            elif scope.unit == "vague" or (scope.unit == "named" and not regex.search(r"[\"“«‘'„]", scope.said)):
                self.notes.append(words("lookup.ignored", part=scope.said))
            else:
                self.notes.append(words("lookup.no_part", part=scope.said))
        self.notes = list(dict.fromkeys(self.notes))
        # numbers in one list ("chapters 2 and 3") are added up; "in chapter 2" and "on page 5" both have to hold
        self.groups: list[list[_Part]] = []
        said: list[str] = []
        kept = [scope for scope in (*self.wanted.scopes, *titled) if document.part(scope)]
        for scope, part in zip(kept, self.parts, strict=True):
            if said and said[-1] == scope.said:
                self.groups[-1].append(part)
            elif part.titles or part.pages or part.said:
                self.groups.append([part])
                said.append(scope.said)

    def _titled(self, wanted: TextQuestion) -> tuple[TextQuestion, tuple[Scope, ...]]:
        """Words that end in the heading of a section, "the lamp in The Second Visit", are looked for in that section."""
        if wanted.verbatim or len(wanted.phrases) != 1:
            return wanted, ()
        said = wanted.phrases[0].split()
        for at in range(1, len(said) - 1):
            if said[at].lower() in ("in", "op", "of", "van", "throughout"):
                scope = Scope(" ".join(said[at:]), "named", title=" ".join(said[at + 1 :]))
                if self.document.part(scope):
                    return replace(wanted, phrases=(" ".join(said[:at]),)), (scope,)
        return wanted, ()

    @cached_property
    def folded(self) -> tuple[_Folded, ...]:
        """The text to search; twice where lines break words, once with such words joined."""
        text = self.document.text
        broken = _compiled(_BROKEN).search(text)
        return (_Folded(text), _Folded(text, joined=True)) if broken else (_Folded(text),)

    def within(self, span: _Span) -> bool:
        """Whether a place lies in the parts that are searched."""
        return all(any(s.start <= span.start < s.end for part in group for s in part.spans) for group in self.groups)

    def find(self, phrase: str) -> list[_Span]:
        """Where a phrase stands in the parts that are searched."""
        sought = _Folded(" ".join(phrase.split())).text.strip()
        if not sought:
            return []
        marks = _marks(phrase)
        matcher = _matcher(sought, letters=self.wanted.letters)
        spans = {folded.back(*match.span()) for folded in self.folded for match in matcher.finditer(folded.text)}
        text = self.document.text
        kept = (span for span in spans if self.within(span) and (not any(marks) or _has_marks(text, span, marks)))
        return sorted(span for span in kept if not self._half(span))

    def _half(self, span: _Span) -> bool:
        """Whether it is a piece of a word that a line breaks, and that stands elsewhere in the text in one piece."""
        if len(self.folded) == 1:
            return False
        text = self.document.text
        before = _compiled(r"(?<!\p{L})\p{L}+[-\u2010\u2011]\r?\n[^\S\n]*$").search(
            text, max(0, span.start - 100), span.start
        )
        after = _compiled(r"[-\u2010\u2011]\r?\n[^\S\n]*\p{L}+").match(text, span.end)
        if not before and not after:
            return False
        whole = text[before.start() if before else span.start : after.end() if after else span.end]
        return _Folded(whole, joined=True).text in self._unbroken and _Folded(whole).text not in self._unbroken

    @cached_property
    def _unbroken(self) -> frozenset[str]:
        text = _compiled(_BROKEN).sub("\n", self.document.text)
        return frozenset(_compiled(r"[\p{L}\p{M}]+(?:-[\p{L}\p{M}]+)*").findall(_Folded(text).text))

    def said(self) -> tuple[str, list[_Span]]:
        """The answer in words, and the places that it rests on."""
        found = {phrase: self.find(phrase) for phrase in self.wanted.phrases}
        spans = _union(found.values())
        kind = self.wanted.kind if spans else "count"
        if kind in ("first", "last"):
            return self._once(found)
        if kind == "quote":
            lines = [self._quoted(spans)]
        elif kind == "chapters":
            lines = [self._by_chapter(phrase, places) for phrase, places in found.items()]
        else:
            lines = [self._counted(phrase, places) for phrase, places in found.items()]
            lines += self._together(found, spans)
            lines += [self.words("lookup.things")] if self.wanted.things else []
        return "\n\n".join([*lines, *self.notes]) if kind == "quote" else "\n".join([*lines, *self.notes]), spans

    def _together(self, found: Mapping[str, list[_Span]], spans: list[_Span]) -> list[str]:
        lines = [self.words("lookup.together", times=self._times(len(spans)))] if len(found) > 1 else []
        whole = self.find(self.wanted.together) if self.wanted.together else []
        if whole:
            lines.append(self.words("lookup.as_one", phrase=self.wanted.together, times=self._times(len(whole))))
        return lines

    def _times(self, number: int) -> str:
        often = {1: self.words("lookup.once"), 2: self.words("lookup.twice")}
        return often.get(number) or self.words("lookup.times", n=number)

    def _where(self) -> str:
        """ "in the text", "on page 5", "in “Chapter 2”": the parts that are searched."""
        said = [self._part_said(part) for group in self.groups for part in group]
        return self.words("lookup.join").join(said) or self.words("lookup.in_text")

    def _part_said(self, part: _Part) -> str:
        if part.said:
            return part.said
        if part.pages:
            return self.words.at(*part.pages)
        titles = list(dict.fromkeys(part.titles))
        if len(titles) == 1:
            return self.words("lookup.in_part", title=titles[0])
        return self.words("lookup.in_parts", first=titles[0], last=titles[-1])

    def _counted(self, phrase: str, spans: list[_Span]) -> str:
        """How often a phrase was found, on which pages, and what of it and beside it may or may not have been meant."""
        words, where = self.words, self._where()
        if not spans:
            said = words("lookup.nowhere", phrase=phrase, where=where)
        else:
            numbers = sorted({self.document.page(span.start) for span in spans})
            times = self._times(len(spans))
            one_page = len(self.groups) == 1 and len(self.groups[0]) == 1 and self.groups[0][0].pages
            if one_page and one_page[0] == one_page[1]:
                said = words("lookup.there", phrase=phrase, times=times, where=where)
            elif len(numbers) == 1:
                said = words("lookup.on_page", phrase=phrase, times=times, where=where, at=words.at(numbers[0]))
            else:
                of = (
                    len({page for page in range(1, self.document.n_pages + 1) if self._searched(page)})
                    if self.groups
                    else self.document.n_pages
                )
                spread = words(f"lookup.spread.{words.unit}", named=len(numbers), all=of)
                said = words("lookup.on_pages", phrase=phrase, times=times, where=where, spread=spread)
        return " ".join([said, *self._remarks(phrase, spans)])

    def _searched(self, page: int) -> bool:
        begin = self.document.starts[page - 1]
        end = self.document.starts[page] if page < self.document.n_pages else len(self.document.text)
        return all(any(s.start < end and s.end > begin for part in group for s in part.spans) for group in self.groups)

    def _remarks(self, phrase: str, spans: list[_Span]) -> Iterator[str]:
        words, text = self.words, self.document.text
        if self.wanted.letters:
            return
        owned, noted = _compiled(r"['’]s(?!\w)"), _compiled(r"\d{1,3}(?!\d)")
        owners = [text[span.start : span.end + 2] for span in spans if owned.match(text, span.end)]
        if owners:
            yield words.count("lookup.owner", len(owners), form=_line(owners[0]))
        notes = [text[span.start : span.end] + figure[0] for span in spans if (figure := noted.match(text, span.end))]
        if notes and not phrase[-1].isdigit():
            yield words.count("lookup.note", len(notes), form=_line(notes[0]))
        capitals = sum(text[span.start : span.end].isupper() for span in spans)
        if phrase.isupper() and len(phrase) > 1 and 0 <= capitals < len(spans):
            yield words("lookup.capitals", n=capitals)
        language = self.wanted.language
        told, times = self._with_forms(plurals(phrase, language), spans)
        if told:
            yield words("lookup.plural", forms=told, times=times)
        told, times = self._with_forms(singulars(phrase, language), spans)
        if told:
            yield words("lookup.singular", forms=told, times=times)
        if _compiled(rf"[{_NO_SPACES}--\p{{Katakana}}]").search(phrase) and spans:
            yield words("lookup.unspaced")

    def _with_forms(self, forms: Iterable[str], spans: list[_Span]) -> tuple[str, str]:
        """Those of the forms that stand in the text beside what was asked for, and how often they do together with it.

        "Anna's" may be Anna's own or, in Dutch, her plural; where it was counted as hers it isn't counted again.
        """
        counted = {span.start for span in spans}
        found = {
            form: places for form in forms if (places := [one for one in self.find(form) if one.start not in counted])
        }
        told = self.words("lookup.comma").join(self.words("lookup.form", form=form) for form in found)
        return told, self._times(len(spans) + sum(map(len, found.values())))

    def _by_chapter(self, phrase: str, spans: list[_Span]) -> str:
        """In which sections a phrase stands, and how often."""
        level = self.document.chapters()[0].level if self.document.headings else 1
        chapters = [heading for heading in self.document.headings if heading.level == level]
        lines = []
        for chapter in chapters:
            inside = sum(chapter.start <= span.start < chapter.end for span in spans)
            if inside:
                lines.append(
                    self.words("lookup.in_chapter", title=" ".join(chapter.title.split()), times=self._times(inside))
                )
        named = len(lines)
        head = self._counted(phrase, spans)
        return (
            "\n".join([head, self.words("lookup.chapters", named=named, all=len(chapters)), *lines]) if lines else head
        )

    def _once(self, found: Mapping[str, list[_Span]]) -> tuple[str, list[_Span]]:
        """The first or the last place of each phrase, with its sentence."""
        lines, spans, text = [], [], self.document.text
        for phrase, places in found.items():
            if not places:
                lines.append(self._counted(phrase, places))
                continue
            span = places[0] if self.wanted.kind == "first" else places[-1]
            [(start, end)] = _sentences_around(text, [span])
            said = {
                "phrase": phrase,
                "where": self._where(),
                "at": self._page_said(span),
                "text": _line(text[start:end]).strip(),
            }
            first = self.wanted.kind == "first"
            lines.append(self.words("lookup.first", **said) if first else self.words("lookup.final", **said))
            spans.append(span)
        return "\n".join([*lines, *self.notes]), sorted(spans)

    def _page_said(self, span: _Span) -> str:
        at = self.words.at(self.document.page(span.start))
        inside = [heading for heading in self.document.headings if heading.start <= span.start < heading.end]
        if not inside:
            return at
        closest = max(inside, key=lambda heading: (heading.level, heading.start))
        return self.words("lookup.at_in", at=at, title=" ".join(closest.title.split()))

    def _quoted(self, spans: list[_Span]) -> str:
        text = self.document.text
        sentences: dict[tuple[int, int], int] = {}  # each with the page on which it first holds the words
        for span, around in zip(spans, _sentences_around(text, spans), strict=True):
            sentences.setdefault(around, self.document.page(span.start))
        shown = list(sentences.items())[:MOST_QUOTES]
        page_said = self.words.page
        quoted = [
            self.words("lookup.quote", text=_line(text[a:b]).strip(), page=page_said(page)) for (a, b), page in shown
        ]
        left = len(sentences) - len(shown)
        phrase = self.words("lookup.comma").join(self.wanted.phrases)
        return "\n\n".join([*quoted, *([self.words("lookup.more", n=left, phrase=phrase)] if left else [])])

    def size(self) -> tuple[str, int]:
        """How many words, pages or chapters there are, in words and as a number."""
        words, unit = self.words, self.wanted.phrases[0]
        if unit == "word":
            spoken = [m.span() for m in _compiled(rf"{_WORD}+(?:[-'’.]{_WORD}+)*").finditer(self.document.text)]
            number = sum(self.within(_Span(*span)) for span in spoken) if self.groups else len(spoken)
            said = words("lookup.words", n=number, where=self._where())
            if _compiled(rf"[{_NO_SPACES}]").search(self.document.text):
                said = f"{said} {words('lookup.words_unspaced')}"
        elif unit == "page":
            number = sum(self._searched(page) for page in range(1, self.document.n_pages + 1))
            said = words(f"lookup.pages.{words.unit}", n=number, where=self._where())
        else:
            chapters = self.document.chapters(unit)
            number = sum(self.within(_Span(chapter.start, chapter.end)) for chapter in chapters)
            said = words("lookup.sections", n=number, where=self._where())
        return "\n".join([said, *self.notes]), number


def _union(found: Iterable[list[_Span]]) -> list[_Span]:
    """All places, those left out that lie within another."""
    kept: list[_Span] = []
    for span in sorted(set(itertools.chain.from_iterable(found)), key=lambda span: (span.start, -span.end)):
        if not kept or span.end > kept[-1].end:
            kept.append(span)
    return kept


def _marks(phrase: str) -> tuple[str, str]:
    """Marks at the ends of a phrase that folding takes for emphasis and that were asked for: the star of "A*"."""
    before = phrase[: len(phrase) - len(phrase.lstrip("_*"))]
    after = phrase[len(phrase.rstrip("_*")) :]
    return ("", "") if before == after[::-1] else (before, after)


def _has_marks(text: str, span: _Span, marks: tuple[str, str]) -> bool:
    return text.startswith(marks[1], span.end) and text.endswith(marks[0], 0, span.start)


def _sentences_around(text: str, spans: Sequence[_Span]) -> list[tuple[int, int]]:
    """Where the sentences around places begin and end; a blank line ends one too, "Mr." doesn't."""
    ends = [
        m.end()
        for m in SENTENCE_END.finditer(text)
        if m[0][:1] != "." or not ABBREVIATED.search(text, max(0, m.end() - 8), m.end())
    ]
    around = []
    for span in spans:
        at = bisect_right(ends, span.start)
        begin = ends[at - 1] if at else 0
        after = bisect_right(ends, span.end - 1)
        end = ends[after] if after < len(ends) else len(text)
        around.append((max(begin, span.start - LONGEST_SENTENCE), min(end, span.end + LONGEST_SENTENCE)))
    return around


def _place(document: _Document, span: _Span) -> Place:
    text, (begin, end) = document.text, span
    before, after = text[max(0, begin - AROUND) : begin], text[end : end + AROUND]
    # whole words only, unless the text itself begins or ends there
    before = before if begin <= AROUND else before.partition(" ")[2] or before
    after = after if end + AROUND >= len(text) else after.rpartition(" ")[0] or after
    return Place(document.page(begin), _line(before), _line(text[begin:end]), _line(after))


def _line(text: str) -> str:
    return regex.sub(r"\s+", " ", text)


# Plurals

_IRREGULAR: Mapping[str, str] = {
    "man": "men", "woman": "women", "child": "children", "foot": "feet", "tooth": "teeth", "goose": "geese", "mouse": "mice",
    "person": "people", "ox": "oxen", "penny": "pence", "louse": "lice",
}  # fmt: skip
_ONREGELMATIG: Mapping[str, str] = {
    "schip": "schepen", "stad": "steden", "lid": "leden", "kind": "kinderen", "ei": "eieren", "lied": "liederen", "blad": "bladeren",
    "dag": "dagen", "weg": "wegen", "dak": "daken", "glas": "glazen", "spel": "spelen", "god": "goden", "hof": "hoven", "gat": "gaten",
    "bad": "baden", "slot": "sloten", "oorlog": "oorlogen", "koe": "koeien", "vat": "vaten", "slag": "slagen", "graf": "graven",
}  # fmt: skip
# A letter more makes another word of these.
_NO_PLURAL = (
    "the and her our your their his its this that was has does new mean thank for but not all "
    "hen zij hun wij die dat van ben hij met het een"
)


def plurals(phrase: str, language: str) -> list[str]:
    """Forms that may be the plural of a phrase's last word, by the rules of English or Dutch."""
    before, last = phrase[: phrase.rfind(" ") + 1], phrase[phrase.rfind(" ") + 1 :]
    low = last.lower()
    if len(low) < 3 or not low.isalpha() or low in _listed(_NO_PLURAL):
        return []
    forms = _dutch_plurals(low) if language == "nl" else _english_plurals(low)
    kept = last if last[0].isupper() else low
    return [before + (kept[0] + form[1:] if kept[0].isupper() else form) for form in dict.fromkeys(forms)]


def _english_plurals(low: str) -> list[str]:
    if low in _IRREGULAR:
        return [_IRREGULAR[low]]
    if low.endswith("man") and len(low) > 4:
        return [f"{low[:-2]}en", f"{low}s"]
    if regex.search(r"[^aeiou]y$", low):
        return [f"{low[:-1]}ies", f"{low}s"]
    if regex.search(r"(?:s|x|z|ch|sh)$", low):
        return [f"{low}es"]
    if regex.search(r"[^f]fe?$", low):
        return [f"{regex.sub('fe?$', '', low)}ves", f"{low}s"]
    return [f"{low}s", f"{low}es"] if low.endswith("o") else [f"{low}s"]


def _dutch_plurals(low: str) -> list[str]:
    if low in _ONREGELMATIG:
        return [_ONREGELMATIG[low]]
    forms = [f"{low}s", f"{low}'s"]
    stem = low
    if low.endswith("heid"):
        return [f"{low[:-4]}heden"]
    if low.endswith(("ie", "ee")):
        return [*forms, f"{low}ën", f"{low[:-1]}ën"]
    if low.endswith("e"):
        return [*forms, f"{low}n"]
    if regex.search(r"(aa|ee|oo|uu)[^aeiouy]$", low):
        stem = low[:-2] + low[-1]
    elif regex.search(r"(?<![aeiouy])[aeiou][^aeiouwxy]$", low) and not regex.search(r"(?:e[lrnm]|aar|ing)$", low[2:]):
        stem = low + low[-1]
    soft = {"f": "v", "s": "z"}.get(stem[-1]) if stem[-2:] not in ("ff", "ss") else None
    softened = [f"{stem[:-1]}{soft}en"] if soft else []
    return [f"{stem}en", *softened, *forms]


def singulars(phrase: str, language: str) -> list[str]:
    """Forms of which the phrase's last word may be the plural."""
    before, last = phrase[: phrase.rfind(" ") + 1], phrase[phrase.rfind(" ") + 1 :]
    low = last.lower()
    irregular = _ONREGELMATIG if language == "nl" else _IRREGULAR
    guesses = [one for one, many in irregular.items() if many == low]
    guesses += [f"{low[:-5]}heid"] if low.endswith("heden") else []
    endings = ("en", "s", "n", "'s") if language == "nl" else ("s", "es", "ies", "ves", "men")
    for ending in endings:
        stem = low.removesuffix(ending)
        if stem != low:
            guesses += [
                stem,
                f"{stem}y",
                f"{stem}f",
                f"{stem}fe",
                f"{stem}man",
                stem[:-1],
                f"{stem[:-1]}{stem[-2:]}",
                f"{stem[:-1]}f",
                f"{stem[:-1]}s",
            ]
    fits = [
        guess
        for guess in dict.fromkeys(guesses)
        if len(guess) > 2 and low in (form.lower() for form in plurals(guess, language))
    ]
    return [before + (one.capitalize() if last[:1].isupper() else one) for one in fits]
