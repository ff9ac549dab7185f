"""Files made to harm: every one is read, or refused by name, within the limits that it was given, and the next one opens."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from documents import Allowance, DocumentError, Sandbox
from tests.documents import hostile, makers
from tests.documents.test_any_bytes import PIECES
from tests.documents.test_reader import FILES, check
from tests.reliability.outcome import Outcome

LIMITS = Allowance(memory=256 * 2**20, seconds=8.0, seconds_per_mebibyte=0.0)
SPARE = 12.0  # seconds beyond the limits, for a busy machine to start a process and end it
HARMLESS = (b"# Tides\n\nThe tide comes at six.", "tides.md")


def opened(tries: int, seed: int, folder: Path) -> Outcome:
    """That many files, of every kind in turn."""
    apart, broken, refused = Sandbox(a_file=LIMITS), [], 0
    for number, (what, data, name) in zip(range(tries), made(seed), strict=False):
        begun = time.monotonic()
        try:
            check(apart.open_file(data, name).document)
        except DocumentError as error:
            refused += 1
            if not str(error).strip():
                broken.append(f"file {number}, seed {seed} ({what}): {type(error).__name__} says nothing")
        except AssertionError as error:
            broken.append(f"file {number}, seed {seed} ({what}): a document breaks a promise: {error}")
        spent = time.monotonic() - begun
        if spent > LIMITS.seconds + SPARE:
            broken.append(f"file {number}, seed {seed} ({what}): took {spent:.0f} seconds")
        if number % 25 == 0 and apart.open_file(*HARMLESS).document.title != "Tides":
            broken.append(f"after file {number} a harmless one is read wrongly")
    return Outcome(tries, tuple(broken), f"{refused} refused by name")


def made(seed: int) -> Iterator[tuple[str, bytes, str]]:
    """What each is, its bytes and its name, without end; the same for the same seed."""
    chance = random.Random(seed)
    whole = [(name, make()) for name, make in FILES.items()]
    whole += [("a.pdf", makers.scanned_pdf(2)), ("b.epub", makers.epub())]
    while True:
        for kind in (*_GROWN, *_CHANGED):
            if kind in _GROWN:
                data, name = _GROWN[kind](chance)
            else:
                name, data = chance.choice(whole)
                data = _CHANGED[kind](data, chance)
            yield kind, data, name


def _flipped(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 20)):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _spliced(data: bytes, chance: random.Random) -> bytes:
    a, b = sorted(chance.randrange(len(data)) for _ in range(2))
    return data[:a] + data[b:] + data[a:b] * chance.randint(0, 3)


def _stuffed(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + chance.choice(PIECES) * chance.randint(1, 2000) + data[at:]


_CHANGED: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "cut short": lambda data, chance: data[: chance.randrange(len(data))],
    "bits flipped": _flipped,
    "parts swapped and repeated": _spliced,
    "stuffed": _stuffed,
    "a beginning with another's end": lambda data, chance: data[: len(data) // 2] + chance.randbytes(200),
}


def _pieces(chance: random.Random) -> tuple[bytes, str]:
    name = chance.choice(["a.md", "a.html", "a.rtf", "a.eml", "a.fb2", "a.txt", "a.mht"])
    return b"".join(chance.choice(PIECES) * chance.randint(1, 300) for _ in range(chance.randint(1, 40))), name


def _nested(chance: random.Random) -> tuple[bytes, str]:
    depth = chance.choice([200, 5_000, 50_000])
    tag = chance.choice(["div", "table><tr><td", "ul><li", "blockquote", "b", "a"])
    return b"<html><body>" + f"<{tag}>".encode() * depth + b"lamp", "a.html"


def _deep_package(chance: random.Random) -> tuple[bytes, str]:
    depth = chance.choice([100, 3_000])
    nested = "<w:sdt><w:sdtContent>" * depth + "<w:p><w:r><w:t>lamp</w:t></w:r></w:p>"
    return hostile.docx(nested + "</w:sdtContent></w:sdt>" * depth), "a.docx"


def _long_line(chance: random.Random) -> tuple[bytes, str]:
    letters = chance.choice(["Title: ", "# ", " ", "`", "<!-- ", "CHAPTER ", "[^", "*", "| a ", "— "])
    return (letters * chance.choice([1_000, 60_000])).encode(), chance.choice(["a.md", "a.txt", "a.html"])


def _headings(chance: random.Random) -> tuple[bytes, str]:
    return b"".join(b"# Part %d\n\n" % number for number in range(chance.choice([1_000, 40_000]))), "a.md"


_GROWN: dict[str, Callable[[random.Random], tuple[bytes, str]]] = {
    "a form in itself": lambda chance: (hostile.form_in_itself(), "a.pdf"),
    "a swelling package": lambda chance: (hostile.swelling_docx(chance.choice([4, 24])), "a.docx"),
    "pieces of formats": _pieces,
    "boxes in boxes": _nested,
    "parts in parts": _deep_package,
    "one long line": _long_line,
    "very many headings": _headings,
}
