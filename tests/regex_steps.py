"""How much work a pattern is, in steps of a backtracking matcher, and what text makes it work hardest.

Seconds say little on a busy machine, so the steps are counted: the matcher here tries what `re` tries, in the same order, and counts
every try. `re`'s own shortcuts only save steps. The texts to try are made from the pattern itself: whatever it may repeat is repeated,
and what follows is spoiled.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from re import _constants as c  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

SPOILERS = ("\0", "\n", "")
MOST_PUMPS = 8
CATEGORIES = {
    c.CATEGORY_DIGIT: r"\d", c.CATEGORY_NOT_DIGIT: r"\D", c.CATEGORY_SPACE: r"\s", c.CATEGORY_NOT_SPACE: r"\S",
    c.CATEGORY_WORD: r"\w", c.CATEGORY_NOT_WORD: r"\W",
}  # fmt: skip
SAMPLES = "a1 \t\n_-.:;,<>()[]{}\"'#*=é中|/\\0&!?+~`$%^@A" + "".join(map(chr, range(33, 127)))


class TooManySteps(Exception):
    """The matcher took more steps than it was given."""


def steps(pattern: str, flags: int, text: str, most: int) -> int:
    """How many steps a search takes that looks for every place in `text`. Raises TooManySteps after `most`."""
    matcher = _Matcher(pattern, flags, most)
    for _ in matcher.ends(text):
        pass
    return matcher.taken


def matches(pattern: str, flags: int, text: str) -> list[int]:
    """Where the matches end, as the matcher here finds them."""
    return list(_Matcher(pattern, flags, 10**6).ends(text))


def hard_texts(pattern: str, flags: int, length: int) -> Iterator[tuple[str, str]]:
    """Pairs of texts, of about that length and of twice as much, that make the pattern work: what it repeats, repeated, and then something
    that does not fit."""
    for before, pump in dict.fromkeys(_pumps(_tree(pattern, flags))):
        rounds = -(-length // max(1, len(pump)))
        for spoiler in SPOILERS if pump else ():
            yield before + pump * rounds + spoiler, before + pump * 2 * rounds + spoiler


def _tree(pattern: str, flags: int) -> Any:
    """The pattern as `re` parses it. Of what only `regex` knows, kinds of letters count as letters of words, and a set without another as
    all of it; a bound that is wide counts as none, for a text shorter than the bound would show the same."""
    pattern = re.sub(r"\\([pP])\{\^?\w+\}", lambda kind: r"\w" if kind[1] == "p" else r"\W", pattern).replace(
        r"\X", "."
    )
    pattern = re.sub(r"\[(\[[^][]*\])--\[[^][]*\]\]", r"\1", pattern)
    pattern = re.sub(r"\[([^][]*)--[^][]*\]", r"[\1]", pattern)
    return parser.parse(re.sub(r"\{(\d*),\d{3,}\}", r"{\1,}", pattern), flags & ~re.DEBUG & 0x1FF)


def _pumps(nodes: Any) -> list[tuple[str, str]]:
    """What stands before something repeated, and one round of it; also all of it, as a search finds beginnings anywhere."""
    found, before = [("", example(nodes)), ("", example(nodes)[:-1])], ""
    for op, given in nodes:
        for inner in _inside(op, given):
            found += [(before + start, pump) for start, pump in _pumps(inner)]
        if op in (c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT) and given[1] > 1:
            found += [(before, one) for one in dict.fromkeys(_examples(given[2]))]
        before += example([(op, given)])
    return list(dict.fromkeys(found))[:MOST_PUMPS]


def largest_bound(pattern: str, flags: int) -> int:
    """The largest number of rounds that a pattern limits something to; 1 where it limits nothing."""

    def within(nodes: Any) -> int:
        bounds = [
            given[1]
            for op, given in nodes
            if op in (c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT) and given[1] != c.MAXREPEAT
        ]
        return max([1, *bounds, *(within(inner) for op, given in nodes for inner in _inside(op, given))])

    return within(_tree(pattern, flags))


def _inside(op: Any, given: Any) -> list[Any]:
    if op in (c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT):
        return [given[2]]
    if op is c.SUBPATTERN:
        return [given[3]]
    if op is c.BRANCH:
        return list(given[1])
    return [given] if op is c.ATOMIC_GROUP else []


def _examples(nodes: Any) -> list[str]:
    """Some texts that the nodes fit: one for each letter of a kind, or for each branch."""
    if len(nodes) == 1:
        op, given = nodes[0]
        if op is c.BRANCH:
            return [text for branch in given[1] for text in _examples(branch)][:8]
        if op is c.SUBPATTERN:
            return _examples(given[3])
        if op in (c.IN, c.ANY, c.NOT_LITERAL):
            fits = [letter for letter in dict.fromkeys(SAMPLES) if _fits(op, given, letter, 0)]
            kinds = dict.fromkeys((one.isalpha(), one.isdigit(), one.isspace()) for one in fits)
            return [next(o for o in fits if (o.isalpha(), o.isdigit(), o.isspace()) == kind) for kind in kinds]
    return [example(nodes)]


def example(nodes: Any) -> str:
    """A short text that the nodes fit, lookarounds aside."""
    text = ""
    for op, given in nodes:
        if op is c.LITERAL:
            text += chr(given)
        elif op in (c.NOT_LITERAL, c.ANY, c.IN):
            text += next((letter for letter in SAMPLES if _fits(op, given, letter, 0)), "") or _member(given)
        elif op is c.BRANCH:
            text += min((example(branch) for branch in given[1]), key=len)
        elif op is c.SUBPATTERN:
            text += example(given[3])
        elif op is c.ATOMIC_GROUP:
            text += example(given)
        elif op in (c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT):
            text += example(given[2]) * max(given[0], min(1, given[1]))
    return text


def _member(given: Any) -> str:
    """A letter of a set that has none of the usual ones."""
    for op, value in given:
        if op is c.LITERAL:
            return chr(value)
        if op is c.RANGE:
            return chr(value[0])
    raise ValueError(f"a set without a letter: {given}")


def _fits(op: Any, given: Any, letter: str, flags: int) -> bool:
    """Whether a letter is what one node of a pattern stands for."""
    if flags & re.IGNORECASE and letter.swapcase() != letter:
        plain = flags & ~re.IGNORECASE
        return _fits(op, given, letter, plain) or any(
            _fits(op, given, other, plain) for other in {letter.lower(), letter.upper()} if len(other) == 1
        )
    if op is c.LITERAL:
        return ord(letter) == given
    if op is c.NOT_LITERAL:
        return ord(letter) != given
    if op is c.ANY:
        return letter != "\n" or bool(flags & re.DOTALL)
    negated = given[0][0] is c.NEGATE
    return any(_in_set(one, value, letter) for one, value in given[negated:]) != negated


def _in_set(op: Any, value: Any, letter: str) -> bool:
    if op is c.LITERAL:
        return ord(letter) == value
    if op is c.RANGE:
        return value[0] <= ord(letter) <= value[1]
    return re.match(CATEGORIES[value], letter) is not None


class _Matcher:
    """A backtracking matcher for the syntax trees of `re`. Ends of matches come in the order in which `re` tries them."""

    def __init__(self, pattern: str, flags: int, most: int) -> None:
        tree = _tree(pattern, flags)
        self._nodes, self._flags = list(tree), tree.state.flags
        self._left, self._most = most, most
        self._groups: dict[int, str] = {}
        self._known: dict[tuple[Any, Any, str], bool] = {}  # what letters fit, by the node

    @property
    def taken(self) -> int:
        """How many steps were taken so far."""
        return self._most - self._left

    def ends(self, text: str) -> Iterator[int]:
        """Where each match ends, as `finditer` finds them."""
        sys.setrecursionlimit(100_000)
        at = last = 0
        while at <= len(text):
            end = next((end for end in self._all(self._nodes, 0, text, at) if end > at or at >= last), None)
            if end is not None:
                yield end
                last = end if end > at else at + 1
            at = at + 1 if end is None or end == at else end

    def _fits(self, op: Any, given: Any, letter: str) -> bool:
        key = (op, id(given) if isinstance(given, list) else given, letter)
        if key not in self._known:
            self._known[key] = _fits(op, given, letter, self._flags)
        return self._known[key]

    def _step(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise TooManySteps

    def _all(self, nodes: list[Any], number: int, text: str, at: int) -> Iterator[int]:
        """Every place where the nodes from `number` on can end that begin at `at`."""
        if number == len(nodes):
            yield at
            return
        op, given = nodes[number]
        if number == len(nodes) - 1:
            yield from self._one(op, given, text, at)
            return
        for end in self._one(op, given, text, at):
            yield from self._all(nodes, number + 1, text, end)

    def _one(self, op: Any, given: Any, text: str, at: int) -> Iterator[int]:
        self._step()
        if op in (c.LITERAL, c.NOT_LITERAL, c.ANY, c.IN):
            if at < len(text) and self._fits(op, given, text[at]):
                yield at + 1
        elif op is c.BRANCH:
            letter = text[at : at + 1]
            for branch in given[1]:
                if len(branch) and branch[0][0] is c.LITERAL and not (letter and self._fits(*branch[0], letter)):
                    self._step()  # as the first step within would be, and the last
                else:
                    yield from self._all(list(branch), 0, text, at)
        elif op is c.SUBPATTERN:
            for end in self._all(list(given[3]), 0, text, at):
                if given[0] is not None:
                    self._groups[given[0]] = text[at:end]
                yield end
        elif op is c.GROUPREF:
            said = self._groups.get(given)
            if said is not None and text.startswith(said, at):
                yield at + len(said)
        elif op is c.AT:
            if self._stands(given, text, at):
                yield at
        elif op in (c.ASSERT, c.ASSERT_NOT):
            if self._looks(given, text, at) == (op is c.ASSERT):
                yield at
        elif op is c.ATOMIC_GROUP:
            yield from [end for end in [next(self._all(list(given), 0, text, at), None)] if end is not None]
        elif op in (c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT):
            ends = self._repeated(op, given, text, at)
            yield from [end for end in [next(ends, None)] if end is not None] if op is c.POSSESSIVE_REPEAT else ends
        else:
            raise NotImplementedError(str(op))

    def _looks(self, given: Any, text: str, at: int) -> bool:
        direction, nodes = given
        if direction == 1:
            return next(self._all(list(nodes), 0, text, at), None) is not None
        low, high = nodes.getwidth()
        begins = (at - width for width in range(low, high + 1) if width <= at)
        return any(at in self._all(list(nodes), 0, text, begin) for begin in begins)

    def _repeated(self, op: Any, given: Any, text: str, at: int) -> Iterator[int]:
        least, most, nodes = given[0], given[1], list(given[2])
        if len(nodes) == 1 and nodes[0][0] in (c.LITERAL, c.NOT_LITERAL, c.ANY, c.IN):
            yield from self._letters(op, least, most, nodes[0], text, at)
            return
        lazy = op is c.MIN_REPEAT
        # Depth first without recursion: each round's ends are tried, the last round first.
        rounds: list[tuple[int, Iterator[int]]] = []
        here, count = at, 0
        if lazy and least == 0:
            yield at
        rounds.append((at, self._all(nodes, 0, text, at)))
        while rounds:
            here, ends = rounds[-1]
            end = next(ends, None) if len(rounds) <= most else None
            if end is None or (end == here and len(rounds) > least):
                rounds.pop()
                count = len(rounds)
                if not lazy and count >= least:
                    yield here
                continue
            count = len(rounds)
            if lazy and count >= least:
                yield end
            rounds.append((end, self._all(nodes, 0, text, end)))

    def _letters(self, op: Any, least: int, most: int, node: Any, text: str, at: int) -> Iterator[int]:
        """Ends of so many letters of one kind."""
        stop = min(len(text), at + most)
        if op is c.MIN_REPEAT:
            for end in range(at, stop + 1):
                if end - at >= least:
                    yield end
                self._step()
                if end == stop or not self._fits(*node, text[end]):
                    return
        end = at
        while end < stop and self._fits(*node, text[end]):
            self._step()
            end += 1
        while end - at >= least:
            yield end
            self._step()
            end -= 1

    def _stands(self, where: Any, text: str, at: int) -> bool:
        if where in (c.AT_BEGINNING, c.AT_BEGINNING_STRING):
            lines = where is c.AT_BEGINNING and self._flags & re.MULTILINE
            return at == 0 or bool(lines and text[at - 1] == "\n")
        if where in (c.AT_END, c.AT_END_STRING):
            if where is c.AT_END and self._flags & re.MULTILINE:
                return at == len(text) or text[at] == "\n"
            return at == len(text) or (where is c.AT_END and at == len(text) - 1 and text[at] == "\n")
        word = [bool(re.match(r"\w", text[i])) if 0 <= i < len(text) else False for i in (at - 1, at)]
        return (word[0] != word[1]) == (where is c.AT_BOUNDARY)
