"""The licences of what the app needs, as the packages themselves say: `python -m tests.licences` writes docs/licences.md anew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import metadata
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "licences.md"
REQUIREMENTS = ("requirements.txt", "requirements-mcp.txt")
PINNED = re.compile(r"([\w.-]+)==([\w.]+)")
COPYLEFT = re.compile(
    r"(?<!L)GPL|Affero|(?<!Lesser )General Public", re.IGNORECASE
)  # of the whole program; of a library, as LGPL, not
HEAD = """# Licences

What `python launch.py` needs and what that brings along, with the licence that each package states for itself.
`python -m tests.licences` writes this page; a test fails where a package has no licence, or one that would hold for the whole
program (GPL, AGPL). For known holes in these versions ask the network: `pip install pip-audit`, then
`pip-audit -r requirements.txt --no-deps`.

| package | version | licence |
|---|---|---|
"""


class Package(NamedTuple):
    """One that is installed. `licence` is empty where it states none."""

    name: str
    version: str
    licence: str


def needed() -> Iterator[Package]:
    """Those of REQUIREMENTS, in their order. Raises PackageNotFoundError for one that is not installed."""
    for file in REQUIREMENTS:
        for name, version in PINNED.findall((ROOT / file).read_text(encoding="utf-8")):
            yield Package(name, version, licence(metadata(name)))


def licence(said) -> str:
    """The expression that the metadata give, else their classifiers, else the first line of their free text; without what would end a
    cell of a table."""
    classifiers = [one.split(" :: ")[-1] for one in said.get_all("Classifier", []) if one.startswith("License :: ")]
    lines = (said.get("License") or "").strip().splitlines()
    found = said.get("License-Expression") or ", ".join(classifiers) or (lines or [""])[0]
    return " ".join(found.replace("|", " ").split())


def page() -> str:
    """docs/licences.md as it has to be."""
    return HEAD + "".join(f"| {name} | {version} | {found} |\n" for name, version, found in needed())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
