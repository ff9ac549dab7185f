"""How our readers compare with those of others: poppler's pdftotext for PDF, pandoc for the other formats.

`python -m evaluation.readers FOLDER...` prints one table over the files in the folders. The two other programs are only asked where
they are installed. `python -m evaluation.readers --cases cases.jsonl` prints, case by case, what is right and what came out here.

Words are compared without capitals, in Unicode's form NFKC. *Found* is the share of the other's words that are in our text, *shared*
the share of our words that are in the other's, each word as often as it stands there. *Pairs* is the share of the other's pairs of
neighbouring words that are neighbours in our text too. *Order* looks only at words that stand once in both texts: the longest row of
them that comes in the same order in both, as a share of all of them.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from unicodedata import normalize

import documents

_SECONDS = 120  # that another program may take for a file
_PANDOC = {
    ".docx": "docx", ".epub": "epub", ".html": "html", ".htm": "html", ".xhtml": "html",
    ".md": "markdown", ".odt": "odt", ".rtf": "rtf", ".fb2": "fb2",
}  # fmt: skip
_SHOWN = 600  # characters of a case's text


class Measure(NamedTuple):
    """Shares from 0 to 1, and how many words either text has."""

    ours: int
    theirs: int
    found: float
    shared: float
    pairs: float
    order: float


def words(text: str) -> list[str]:
    """The words of a text, alike however they are set."""
    return re.findall(r"\w+", normalize("NFKC", text).casefold().replace("\u00ad", ""))


def compare(ours: str, theirs: str) -> Measure:
    """How much of either text is in the other, and whether it comes in the same order."""
    mine, others = words(ours), words(theirs)
    mine_counted, others_counted = Counter(mine), Counter(others)
    common = sum((mine_counted & others_counted).values())
    my_pairs, other_pairs = Counter(pairwise(mine)), Counter(pairwise(others))
    once = {word for word, count in mine_counted.items() if count == 1 and others_counted[word] == 1}
    place = {word: index for index, word in enumerate(mine) if word in once}
    return Measure(
        len(mine),
        len(others),
        _share(common, len(others)),
        _share(common, len(mine)),
        _share(sum((my_pairs & other_pairs).values()), sum(other_pairs.values())),
        _share(_longest_rising([place[word] for word in others if word in once]), len(once)),
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def _longest_rising(places: Sequence[int]) -> int:
    """The length of the longest rising row of numbers, not necessarily neighbours."""
    ends: list[int] = []
    for place in places:
        at = bisect_left(ends, place)
        ends[at : at + 1] = [place]
    return len(ends)


def other_text(path: Path) -> str | None:
    """A file's text by pdftotext or pandoc; None where that program isn't installed, knows no such file or fails."""
    kind = path.suffix.lower()
    if kind == ".pdf":
        command = ["pdftotext", "-enc", "UTF-8", str(path), "-"]
    elif kind in _PANDOC:
        command = ["pandoc", "-f", _PANDOC[kind], "-t", "plain", "--wrap=none", str(path)]
    else:
        return None
    if shutil.which(command[0]) is None:
        return None
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None


def rows(folders: Sequence[Path]) -> Iterator[tuple[str, Measure | str]]:
    """Each file that another program reads, by name, and its measure or the name of the error that we end with."""
    for path in sorted({path for folder in folders for path in ([folder] if folder.is_file() else folder.rglob("*"))}):
        theirs = other_text(path) if path.is_file() else None
        if theirs is None:
            continue
        try:
            ours = documents.read(path.read_bytes(), path.name).text
        except documents.DocumentError as error:
            yield path.name, type(error).__name__
            continue
        yield path.name, compare(ours, theirs)


def table(measured: Sequence[tuple[str, Measure | str]]) -> str:
    """The rows as a Markdown table."""
    lines = ["| file | words | theirs | found | shared | pairs | order |", "|---|---:|---:|---:|---:|---:|---:|"]
    for name, row in measured:
        if isinstance(row, str):
            lines.append(f"| {name} | {row} | | | | | |")
        else:
            shares = " | ".join(f"{share:.3f}" for share in row[2:])
            lines.append(f"| {name} | {row.ours:,} | {row.theirs:,} | {shares} |")
    return "\n".join(lines)


def cases(path: Path, kinds: Sequence[str]) -> Iterator[str]:
    """Each case: what it is, what is right, and the text, title and notes that come out."""
    for line in path.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        file = path.parent / str(case.get("file", ""))
        if not file.is_file() or (kinds and file.suffix.lower().lstrip(".") not in kinds):
            continue
        yield f"## {case['id']}: {case['situation']} ({file.name})\nright: {case['right']}\n{_outcome(file)}\n"


def _outcome(file: Path) -> str:
    try:
        document = documents.read(file.read_bytes(), file.name)
    except documents.DocumentError as error:
        return f"{type(error).__name__}: {error}"
    notes = "; ".join(
        " ".join([note.key, *(f"{name}={value}" for name, value in note.values)]) for note in document.notes
    )
    sections = ", ".join(f"{section.title} (p. {section.page})" for section in document.sections[:12])
    return f"title: {document.title}\nnotes: {notes or 'none'}\nsections: {sections}\n---\n{document.text[:_SHOWN]}"


def main() -> None:
    """Prints what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m evaluation.readers", description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, help="folders or files")
    parser.add_argument("--cases", type=Path, help="a file of cases, one JSON object a line, beside their files")
    parser.add_argument("--kinds", nargs="*", default=[], help="with --cases: only files with these endings")
    options = parser.parse_args()
    if options.cases is not None:
        for said in cases(options.cases, options.kinds):
            print(said)
    if options.folders:
        print(table(list(rows(options.folders))))


if __name__ == "__main__":
    main()
