"""Holds the source to its rules: who may import whom, which library lives where, no hidden state."""

from pathlib import Path

import pytest

from tests.source_rules import PACKAGES, problems

ROOT = Path(__file__).parent.parent


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def modules() -> list[Path]:
    files = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return [*files, *ROOT.glob("*.py")]


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_module_keeps_to_the_rules(path: Path) -> None:
    assert problems(dotted(path), path.read_text(encoding="utf-8")) == []


def test_every_top_level_package_is_known() -> None:
    folders = {path.parent.name for path in ROOT.glob("*/*.py")} - {"tests"}
    assert folders <= set(PACKAGES)


GOOD = '"""A module."""\n'


@pytest.mark.parametrize(
    ("module", "line", "word"),
    [
        ("engine.answer", "from storage import Store", "may not import storage"),
        ("engine.answer", "import app.library", "may not import app"),
        ("storage.store", "from documents import read", "may not import documents"),
        ("documents.pdf", "def f():\n    from engine import Engine", "may not import engine"),
        ("documents.pdf", "import torch", "may not import torch"),
        ("app.library", "import transformers.utils", "may not import transformers"),
        ("app.library", "from app.handlers import Screen", "may not import app.handlers"),
        ("app.reading", "from .pages import build_page", "may not import app.pages"),
        ("app.reading", "from app.answering.ask import Answering", "may not import app.answering"),
        ("app.models", "from app.reading import Reader", "may not import app.reading"),
        ("app.handlers.events", "from app.pages import desk", "may not import app.pages"),
        ("app.handlers.events", "from engine import Engine", "goes through app.library"),
        ("app.cli", "import storage", "goes through app.library"),
        ("app.portable", "import storage, engine", "knows engine and storage"),
        ("app.library", "import gradio as gr", "may not import gradio"),
        ("app.library", "import training", "may not import training"),
        ("training.run", "import app", "may not import app"),
        ("engine.state", "import launch", "may not import launch"),
        ("engine.state", "import pickle", "can run code"),
        ("app.library", "import sqlite3", "may not import sqlite3"),
        ("app.library", 'QUERY = "select id from documents"', "holds SQL"),
        ("engine.weights", 'import os\ndef f():\n    return os.environ["HOME"]', "reads the environment"),
        ("engine.weights", "from os import getenv", "reads the environment"),
        ("engine.weights", "def f(m):\n    return m.load(trust_remote_code=True)", "trusts remote code"),
        (
            "app.reading",
            "def f():\n    try:\n        g()\n    except Exception:\n        pass",
            "catches every exception",
        ),
        (
            "app.reading",
            "def f():\n    try:\n        g()\n    except (ValueError, BaseException):\n        pass",
            "catches every",
        ),
        ("app.reading", "def f():\n    try:\n        g()\n    except:\n        pass", "catches every exception"),
        ("engine.state", "cache = {}", "variable of the module"),
        ("engine.state", "CACHE = {}\ndef f(x):\n    CACHE[x] = 1", "changes CACHE"),
        ("engine.state", "SEEN = list()\ndef f(x):\n    SEEN.append(x)", "changes SEEN"),
        ("engine.state", "N = 1\ndef f():\n    global N\n    N = 2", "changes a module's variable"),
        ("engine.state", "print(1)", "at import"),
        ("engine.state", "for i in (1, 2):\n    pass", "at import"),
    ],
)
def test_a_broken_rule_is_found(module: str, line: str, word: str) -> None:
    found = problems(module, GOOD + line)
    assert len(found) >= 1 and any(word in problem for problem in found)


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("launch", "import os, gradio, engine, storage, app.pages\nHOME = os.environ"),
        ("app.library", "from engine import Engine\nfrom storage import Store\nfrom documents import read"),
        ("app.pictures", "from storage import Store"),
        ("app.pages.desk", "import gradio\nfrom app.handlers import Handlers\nfrom app.library import Library"),
        ("engine.answer", "import torch\nfrom . import state\nfrom .ops import fast"),
        ("storage.store", 'import sqlite_utils\nQUERY = "select id from documents"'),
        ("training.run", "import torch\nfrom engine import Engine\nfrom documents import read"),
        ("app.reading", "def f():\n    try:\n        g()\n    except Exception:\n        h()\n        raise"),
        ("app.views", 'WORDS = {"new": "New"}\nHELP = "Select a file from the shelf"'),
    ],
)
def test_what_is_allowed_passes(module: str, line: str) -> None:
    assert problems(module, GOOD + line) == []


def test_a_module_without_a_docstring_is_found() -> None:
    assert problems("engine.state", "X = 1") == ["engine.state: has no docstring"]
