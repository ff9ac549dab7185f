"""The documents keep their promises: links lead somewhere, files and commands exist, public code says what it does."""

import ast
import re
from pathlib import Path

import pytest

import launch
from tests.browser.pictures import NAMES, SHADES
from tests.source_rules import PACKAGES

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").glob("*.md"))]
TEXTS = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in PAGES}
COMMAND = re.compile(r"python launch\.py((?: (?:[a-z]+))*)")
PATH = re.compile(r"`([\w.-]+(?:/[\w.-]+)*(?:/|\.(?:py|md|toml|txt|json|safetensors)))`")


def anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in titles}


def verbs() -> set[str]:
    found = (match.strip().split() for text in TEXTS.values() for match in COMMAND.findall(text))
    return {words[0] for words in found if words}


@pytest.mark.parametrize("page", TEXTS)
def test_links_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", TEXTS[page]):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file.read_text(encoding="utf-8")), target


# What was is told in the changelog and the log, and may be gone since.
@pytest.mark.parametrize("page", sorted(TEXTS.keys() - {"CHANGELOG.md", "docs/log.md"}))
def test_files_that_are_named_exist(page: str) -> None:
    missing = [name for name in PATH.findall(TEXTS[page]) if not (ROOT / name).exists()]
    assert missing == []


def test_every_promise_names_a_test_that_is_there() -> None:
    text = TEXTS["docs/reliability.md"]
    for file, name in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text):
        assert re.search(rf"^(?:async )?def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), name
    rows = [line for line in text.splitlines() if line.startswith("|") and not re.match(r"\|[-|]+$", line)]
    promises = [row for row in rows if not row.endswith("| test |")]
    assert len(promises) > 20 and all("`tests/" in row for row in promises)


def test_every_promise_names_tests_that_exist() -> None:
    named = set(re.findall(r"`(test_\w+)`", TEXTS["SECURITY.md"]))
    there = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    assert len(named) > 15 and [name for name in sorted(named) if f"def {name}(" not in there] == []


@pytest.mark.parametrize("page", TEXTS)
def test_make_targets_that_are_named_exist(page: str) -> None:
    rules = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE))
    named = set(re.findall(r"(?:^ {4}|`)make ([a-z]+)", TEXTS[page], flags=re.MULTILINE))
    assert named <= rules


def test_the_readme_gives_both_commands() -> None:
    assert {"make run", "make test"} <= set(re.findall(r"^ {4}(make [a-z]+)", TEXTS["README.md"], flags=re.MULTILINE))
    assert {"read", "ask", "summarize", "shelf", "snapshot", "eval", "train"} <= verbs()


@pytest.mark.parametrize("verb", sorted(verbs()))
def test_every_command_that_is_named_has_a_help_page(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        launch.main([verb, "--help"])
    assert ended.value.code == 0
    assert verb in capsys.readouterr().out


def test_requirements_are_pinned_and_torch_is_the_agreed_one() -> None:
    for name in (
        "requirements.txt",
        *(f"requirements-{extra}.txt" for extra in ("test", "eval", "kvpress", "mcp", "ocr", "window")),
    ):
        lines = [line for line in (ROOT / name).read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
        assert lines and all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in lines)
    assert "torch==2.13.0" in (ROOT / "requirements.txt").read_text(encoding="utf-8").split()


def public(path: Path) -> list[str]:
    """Public classes and functions of a module that have no docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    named = [node for node in tree.body if isinstance(node, kinds) and not node.name.startswith("_")]
    return [f"{path.relative_to(ROOT)}: {node.name}" for node in named if not ast.get_docstring(node)]


@pytest.mark.parametrize("package", PACKAGES)
def test_public_code_says_what_it_does(package: str) -> None:
    assert [name for path in sorted((ROOT / package).rglob("*.py")) for name in public(path)] == []


def test_every_picture_is_there_in_light_and_dark() -> None:
    taken = {path.name for path in (ROOT / "docs" / "pictures").glob("*.png")}
    assert taken == {f"{name}-{shade}.png" for name in NAMES for shade in SHADES}
