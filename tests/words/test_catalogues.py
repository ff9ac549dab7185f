"""The two catalogues say the same things, all of it is used, and nothing that the page says stands anywhere else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from app.words import LANGUAGES, Languages
from app.words.languages import catalogue

ROOT = Path(__file__).parents[2]
TEXTS = {language: catalogue(language) for language in LANGUAGES}
ENGLISH, DUTCH = TEXTS["en"], TEXTS["nl"]
SOURCES = sorted((ROOT / "app").rglob("*.py"))
SPEAKERS = [path for path in SOURCES if path.parent.name in ("markup", "pages", "handlers")]
# Found by the name of an error's class or by the English sentence, not by a key in the source.
BY_SENTENCE = ("errors.", "said.")
# What documents say of a file, with the values that stand in the blanks; the last three come from storage and the shelf.
NOTES = {"plain": {"text"}, "how_to_read_pictures": set[str](), "imported": set[str](), "entry_damaged": set[str]()}
WORDS = re.compile(r"[A-Za-z’']{2,}[,.:;…]? [A-Za-z’']{2,}")
IN_HTML = re.compile(r">(?!Palimpsest<)[A-Z][a-z]+|(?:aria-label|title|placeholder)=\"?[A-Za-z]")
MARKUP = re.compile(r"<[^>]*>|&\w+;|\{[^}]*\}|\w+=\"?[^\"]*\"?")


def blanks(text: str) -> list[str]:
    return sorted(name for _, name, *_ in Formatter().parse(text) if name is not None)


def called(path: Path) -> Iterator[tuple[str, str]]:
    """Every key that a call in the file gives: its literal beginning, and "whole", "count" or "start" for how it goes on."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and node.args):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        speaks = name in ("words", "say", "other", "english", "self")
        if not speaks and name != "count":
            continue
        key = node.args[0]
        if isinstance(key, ast.JoinedStr) and isinstance(key.values[0], ast.Constant):
            yield key.values[0].value, "start"
        elif isinstance(key, ast.Constant) and isinstance(key.value, str) and "." in key.value:
            yield key.value, "whole" if speaks else "count"


def notes_of_documents() -> Iterator[tuple[str, set[str]]]:
    """The key and the names of the values of every note that a reader of files makes."""
    for path in sorted((ROOT / "documents").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "note":
                key = node.args[0]
                assert isinstance(key, ast.Constant), f"{path.name}: a note's key stands in the call itself"
                yield key.value, {str(keyword.arg) for keyword in node.keywords}


CALLS = {(key, kind) for path in SOURCES for key, kind in called(path)}


def test_both_have_the_same_keys() -> None:
    assert sorted(ENGLISH) == sorted(DUTCH)


@pytest.mark.parametrize("key", sorted(ENGLISH))
def test_both_have_the_same_blanks(key: str) -> None:
    assert blanks(ENGLISH[key]) == blanks(DUTCH[key])


def test_every_key_in_the_source_is_there() -> None:
    assert len(CALLS) > 200
    for key, kind in CALLS:
        if kind == "start":
            assert any(name.startswith(key) for name in ENGLISH), key
        for name in {"whole": [key], "count": [f"{key}.one", f"{key}.other"]}.get(kind, []):
            assert name in ENGLISH, key


def test_every_key_is_used() -> None:
    starts = (*(key for key, kind in CALLS if kind == "start"), *BY_SENTENCE, "note.")
    used = {key for key, kind in CALLS if kind == "whole"}
    used |= {f"{key}.{form}" for key, kind in CALLS if kind == "count" for form in ("one", "other")}
    assert [key for key in ENGLISH if key not in used and not key.startswith(starts)] == []


@pytest.mark.parametrize(("key", "values"), sorted([*notes_of_documents(), *NOTES.items()], key=str))
def test_every_note_has_its_sentences(key: str, values: set[str]) -> None:
    forms = [f"note.{key}.one", f"note.{key}.other"] if f"note.{key}" not in ENGLISH else [f"note.{key}"]
    assert ("n" in values) == (len(forms) == 2)
    for form in forms:
        assert set(blanks(ENGLISH[form])) <= values


def test_every_sentence_of_a_note_is_said() -> None:
    said = {key for key, _ in notes_of_documents()} | set(NOTES)
    kept = {
        key.removeprefix("note.").removesuffix(".one").removesuffix(".other")
        for key in ENGLISH
        if key.startswith("note.")
    }
    assert kept - said == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_need_no_escaping_in_html(language: str) -> None:
    spoken = {key: text for key, text in TEXTS[language].items() if not key.startswith((*BY_SENTENCE, "note."))}
    assert [key for key, text in spoken.items() if re.search(r'[<>&"]', text)] == []
    assert [key for key, text in spoken.items() if key.startswith("page.") and re.search(r"[{}']", text)] == []


def test_nothing_was_left_in_english() -> None:
    """What is the same in both languages is a name, a number's form, or one of these few words."""
    same = {
        "language",
        "numbers",
        "pages",
        "stretch",
        "sheet",
        "document",
        "lookup",
        "talk",
        "page",
        "dates",
        "summary",
        "count",
        "errors",
        "said",
        "settings",
    }
    alike = [key for key in ENGLISH if ENGLISH[key] == DUTCH[key] and key != "note.plain"]
    assert {key.split(".")[0] for key in alike} <= same
    assert [key for key in alike if WORDS.search(MARKUP.sub("", DUTCH[key]))] == []


def sentences(path: Path) -> list[str]:
    """The literals of a file in which two words stand beside each other, or one in HTML where people read it; docstrings, tags and what
    goes to the log left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inner = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    bare |= {id(node.args[0]) for node in ast.walk(tree) if _logs(node)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner | bare:
            text = node.value
        else:
            continue
        if WORDS.search(MARKUP.sub("", text)) or IN_HTML.search(text):
            found.append(text)
    return found


def _logs(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="log")), args=[_, *_]):
            return True
    return False


# Styles, scripts and settings of other systems are no sentences.
NOT_SAID = {"theme.py", "behaviour.py", "language.py"}


@pytest.mark.parametrize("path", SPEAKERS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_sentence_stands_in_the_source(path: Path) -> None:
    assert path.name in NOT_SAID or sentences(path) == []


def test_a_sentence_in_the_source_is_found(tmp_path: Path) -> None:
    source = tmp_path / "part.py"
    source.write_text(
        '"""Not this one."""\nA = f\'<p class="lead old">{1} Nor this: yes this</p>\'\nB = "Read it now"\nC = "<h3>Close</h3>"\n'
    )
    assert len(sentences(source)) == 3


def test_scripts_say_nothing_themselves() -> None:
    """What a script puts on the page comes from the page."""
    script = (ROOT / "app" / "pages" / "behaviour.py").read_text(encoding="utf-8")
    assert re.findall(r"(?:textContent|innerText|innerHTML|placeholder|title) (?:\?\?|\|\|)?= [\"'`]", script) == []
    assert re.findall(r"setAttribute\(\"aria-label\", [\"'`]", script) == []


def test_months_are_twelve() -> None:
    for words in Languages.load().known.values():
        assert len(words("dates.months").split(" ")) == 12
