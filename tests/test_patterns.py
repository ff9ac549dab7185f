"""No pattern in the repository takes more than linear work, whatever it is shown: each is shown what makes it work hardest."""

from __future__ import annotations

import ast
import functools
import importlib
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest
import regex

from app.answering import text_search
from app.api import router
from app.library import Library
from app.markup.passage import marked
from app.markup.read import what_was_read
from app.rows import pieces
from app.views import ShelfItem, StretchRead
from app.words import Languages
from documents.pdf_outline import Bookmark, place_bookmarks
from storage import SectionRow
from tests.regex_steps import TooManySteps, hard_texts, largest_bound, matches, steps

ROOT = Path(__file__).parents[1]
CACHED = type(functools.cache(len))
PACKAGES = ("app", "bench", "documents", "engine", "evaluation", "storage", "training")
AT_START = {"match", "fullmatch"}
ENGLISH = Languages.load().words("en")
LOOKS = {"search", "findall", "finditer", "sub", "subn", "split", "compile"} | AT_START
SHORT = 60  # letters; twice as many may take about twice as many steps
MOST = 2.6  # times the steps for twice the letters
MOST_STEPS = 150_000


class Found(NamedTuple):
    """A pattern where it stands in the source, with the ways in which it is used."""

    module: str
    line: int
    pattern: str
    flags: int
    uses: frozenset[str]


# Patterns that are put together while the program runs, in a function that is run here.
def recognised(question: str, text: str) -> None:
    wanted = text_search.recognise(question)
    assert wanted is not None, question
    sections = [
        SectionRow(1, "Chapter 1", 1, 1, 1, 0, 70),
        SectionRow(2, "Chapter 2. The Lamp", 1, 1, 1, 70, len(text)),
    ]
    for listed in ([], sections):
        text_search.answer(ENGLISH, wanted, [text], listed, "Tides")


def looked_up() -> None:
    text = "# Chapter 1\n\nThe *keeper* of the \uff4camp &amp; the lamp-\nhouse, cafe\u0301.\n\n# Chapter 2: The Lamp\n\nA lamp.\n"
    for question in ('How often does "the lamp" occur?', "How often does the letter e occur?"):
        recognised(question, text)
    recognised('How often does "lamp" occur in chapter 2?', text)
    recognised('How often does "lamp" occur in the chapter "The Lamp"?', text)


def shown() -> None:
    section = SectionRow(1, "The lamp", 1, 1, 1, 0, 20)
    read = pieces("The lamp\n\nIt burns.", 0, [section])
    item = ShelfItem("a", "A", None, "text", 1, None, 0, 0, "new", 0, (), (), (), "", None, None)
    what_was_read(ENGLISH, StretchRead(item, None, 1, (read,)))
    pieces("Before it.\n  The lamp  \nIt burns.", 0, [section])
    marked("The lamp burns.", "Why does the lamp burn?")


def bookmarked() -> None:
    place_bookmarks([Bookmark("1. The lamp", 1, 0)], ["Chapter\n1. The lamp\n\nIt burns."])


def routed() -> None:
    router(cast(Library, None))  # which is not asked for anything before a request comes


RUNS = (looked_up, shown, bookmarked, routed)
LITERAL = {"engine.prompts": "one of some literal words"}  # needs no more: no choice of letters is repeated


def modules() -> Iterator[tuple[str, ast.Module]]:
    files = [ROOT / "launch.py", *(path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))]
    for path in files:
        yield ".".join(path.relative_to(ROOT).with_suffix("").parts), ast.parse(path.read_text(encoding="utf-8"))


def constants(module: str, tree: ast.Module) -> dict[str, Any]:
    """A module's own constants, worked out without running it; texts and patterns of a reader that take more, out of the module."""
    known: dict[str, Any] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            try:
                known[name] = value(node.value, known)
            except LookupError:
                made = getattr(importlib.import_module(module), name) if module.startswith("documents.") else None
                if isinstance(made, str):
                    known[name] = made
    return known


def value(node: ast.AST, known: dict[str, Any]) -> Any:
    """A constant expression's value. Raises LookupError where it is none."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return known[node.id]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.BitOr):
        left, right = value(node.left, known), value(node.right, known)
        return left + right if isinstance(node.op, ast.Add) else left | right
    if isinstance(node, ast.JoinedStr):
        parts = [part.value if isinstance(part, ast.FormattedValue) else part for part in node.values]
        return "".join(str(value(part, known)) for part in parts)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("re", "regex"):
        return int(getattr(re, node.attr, 0))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("join", "split"):
        given = [value(one, known) for one in node.args]
        return getattr(value(node.func.value, known), node.func.attr)(*given)
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return [value(one, known) for one in node.elts]
    raise LookupError(ast.dump(node)[:60])


def looks(tree: ast.Module) -> Iterator[tuple[ast.Call, str]]:
    """Every call that is given a pattern, and its name."""
    for node in ast.walk(tree):
        called = node.func if isinstance(node, ast.Call) else None
        named = isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id
        if named in ("re", "regex") and called.attr in LOOKS:
            yield node, called.attr


def found() -> tuple[list[Found], list[tuple[str, int, str]]]:
    """The patterns that stand in the source, and where others are made while the program runs."""
    trees, uses = dict(modules()), defaultdict(set)
    for tree in trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in LOOKS:
                uses[node.value.id].add(node.attr)
    patterns, made = [], []
    for module, tree in trees.items():
        known, names = constants(module, tree), {}
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                names[id(node.value)] = node.targets[0].id
        for node, used in looks(tree):
            try:
                pattern = value(node.args[0], known)
                position = {"compile": 1, "sub": 4, "subn": 4, "split": 3}.get(used, 2)
                flags = value(node.args[position], known) if len(node.args) > position else 0
                flags |= next((value(one.value, known) for one in node.keywords if one.arg == "flags"), 0)
            except LookupError:
                made.append((module, node.lineno, used))
                continue
            if isinstance(pattern, bytes):
                pattern = pattern.decode("latin-1")
            ways = {used} if used != "compile" else uses[names.get(id(node), "")] or {"search"}
            patterns.append(Found(module, node.lineno, pattern, flags, frozenset(ways)))
    return patterns, made


PATTERNS, MADE = found()


def worst_growth(pattern: str, flags: int, *, at_start: bool) -> float:
    """How many times the steps it takes for texts twice as long, at the most."""
    if at_start:
        pattern = rf"\A(?:{pattern})"
    worst, length = 0.0, max(SHORT, 2 * largest_bound(pattern, flags))
    for shorter, longer in hard_texts(pattern, flags, length):
        try:
            growth = steps(pattern, flags, longer, MOST_STEPS) / steps(pattern, flags, shorter, MOST_STEPS)
            worst = max(worst, growth)
        except TooManySteps:
            return float("inf")
    return worst


@pytest.mark.parametrize("one", PATTERNS, ids=lambda one: f"{one.module}:{one.line}")
def test_twice_as_long_a_text_takes_about_twice_the_steps(one: Found) -> None:
    assert worst_growth(one.pattern, one.flags, at_start=one.uses <= AT_START) < MOST, one.pattern


def made_while_running(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, int], set[tuple[str, int]]]:
    """The patterns that RUNS make, by module and first line of the call that makes them."""
    seen: dict[tuple[str, int], set[tuple[str, int]]] = defaultdict(set)

    def watched(make: Callable[..., Any]) -> Callable[..., Any]:
        def compile_(pattern: Any, flags: Any, *more: Any) -> Any:
            frame = sys._getframe(1)
            while frame is not None and frame.f_globals.get("__name__", "").split(".")[0] not in PACKAGES:
                frame = frame.f_back
            if frame is not None and isinstance(pattern, str):
                seen[frame.f_globals["__name__"], frame.f_lineno].add((pattern, int(flags)))
            return make(pattern, flags, *more)

        return compile_

    monkeypatch.setattr(re, "_compile", watched(re._compile))
    monkeypatch.setattr(regex._main, "_compile", watched(regex._main._compile))
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in PACKAGES:  # what was made before is made again
            for kept in vars(module).values():
                if isinstance(kept, CACHED):
                    kept.cache_clear()
    for run in RUNS:
        run()
    return seen


def test_patterns_made_while_running_take_linear_steps_too(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = made_while_running(monkeypatch)
    monkeypatch.undo()
    for module, line, used in MADE:
        if module not in LITERAL:
            assert seen[module, line], f"{module}:{line} makes a pattern that nothing here runs"
        for pattern, flags in seen[module, line]:
            assert worst_growth(pattern, flags & 0x1FF, at_start=used in AT_START) < MOST, (module, line, pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "a+b",
        r"\s+$",
        r"(a|aa)+$",
        r"(?:x[^<>]*)*>",
        r"(?:<!--.*?-->\s*)*<x",
        r"(?>a+)b",
        r"^[ \t]*[ \t]*x",
        r"(\w+\s?)*$",
    ],
)
def test_what_takes_more_is_found(pattern: str) -> None:
    assert worst_growth(pattern, 0, at_start=False) > MOST


@pytest.mark.parametrize("pattern", ["[a-z]+", r"\s{1,9}x", r"<[^<>]*>", r"(?<!a)a+b", r"^\s+x", r"(?:a|b)*c"])
def test_what_is_linear_is_let_through(pattern: str) -> None:
    assert worst_growth(pattern, 0, at_start=True) < MOST


def test_the_matcher_finds_what_re_finds() -> None:
    for pattern in (r"a+?b|c", r"(\w)\1", r"x*+y", r"(?<=a)b{2,3}?", r"\bte?st\b", r"^(?:a|ab)*$"):
        for text in ("aab c", "xxyy", "abbbb", "a tst test", "ababa", "", "aa\nbb"):
            ends = [match.end() for match in re.finditer(pattern, text)]
            assert matches(pattern, 0, text) == ends, (pattern, text)
