"""Rows as frozen values. Times are ISO 8601 in UTC, pages and sections count from 1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, TypeVar

Notes = tuple[tuple[str, dict[str, str | int]], ...]  # a key and its values each
PlaceRow = tuple[int, str, str, str]  # page, before, words, after
EvidenceRow = tuple[int, str, float, int, int]  # page, quote, score, first token, token behind the last
Row = TypeVar("Row")
KINDS: dict[str, tuple[tuple[type, ...], object]] = {
    "int": ((int,), 0),
    "bool": ((int,), 0),
    "float": ((float, int), 0.0),
    "str": ((str,), ""),
}
PLAIN = "plain"  # the key of a note that is a sentence itself, as notes were before they had keys


def notes_from(stored: Iterable[object]) -> Notes:
    """Notes out of JSON, where each is a list of key and values, or a mere sentence. Raises ValueError for anything else."""
    found = []
    for one in stored:
        key, values = (PLAIN, {"text": one}) if isinstance(one, str) else _pair(one)
        found.append((key, values))
    return tuple(found)


def _pair(one: object) -> tuple[str, dict[str, str | int]]:
    if not (isinstance(one, list | tuple) and len(one) == 2):
        raise ValueError("a note that is no key with values")
    key, values = one
    fits = isinstance(key, str) and isinstance(values, dict)
    if not fits or not all(isinstance(name, str) and isinstance(value, str | int) for name, value in values.items()):
        raise ValueError("a note that is no key with values")
    return key, dict(values)


def made(kind: type[Row], row: Mapping[str, Any]) -> Row:
    """A row as a value of that class. What is of a type that its column never has, since a byte changed on the disk, becomes nothing, so
    that whoever shows the row need not expect it; whether anything changed, its digest tells."""
    wrong = _wrong(kind, tuple(row), tuple(map(type, row.values())))
    return kind(**{**row, **wrong}) if wrong else kind(**row)


@cache
def _wrong(kind: type, names: tuple[str, ...], types: tuple[type, ...]) -> dict[str, object]:
    """What stands in the place of the values that have a wrong type."""
    found: dict[str, object] = {}
    declared = {field.name: str(field.type) for field in fields(kind)}
    for name, given in zip(names, types, strict=True):
        base, _, optional = declared[name].partition(" | ")
        allowed, nothing = KINDS.get(base, ((given,), None))
        if not issubclass(given, allowed) and not (optional and given is type(None)):
            found[name] = None if optional else nothing
    return found


@dataclass(frozen=True)
class SectionRow:
    """A section; `start` and `end` are character offsets into the document's text (its pages joined)."""

    number: int
    title: str
    level: int
    page: int
    last_page: int
    start: int
    end: int


@dataclass(frozen=True)
class DocumentRow:
    """A document without its text. `n_tokens` is None until it was tokenised. `page_labels` are the numbers printed on its pages, one a
    page, or none where they are 1, 2, 3. With `damaged` something of it is another than was stored."""

    id: str
    sha256: str
    title: str
    author: str | None
    format: str
    n_pages: int
    n_tokens: int | None
    missing_pages: tuple[int, ...]
    notes: Notes
    added_at: str
    last_asked_at: str | None
    tags: tuple[str, ...] = ()
    page_labels: tuple[str, ...] = ()
    damaged: bool = False


@dataclass(frozen=True)
class OriginalRow:
    """A document's file, without its lock; with `scan` next to no text is in it, so that it can't be read without its pictures."""

    name: str
    data: bytes
    scan: bool


@dataclass(frozen=True)
class NewSnapshot:
    """A memory to store. `page` is the last page read to its end, `page_starts` at which token each page begins (int32)."""

    document_id: str
    fingerprint: str
    n_tokens: int
    total_tokens: int
    page: int
    complete: bool
    group_tokens: int
    seconds: float
    blob: bytes
    page_starts: bytes = b""


@dataclass(frozen=True)
class SnapshotRow:
    """A stored memory without its bytes; `sha256` and `n_bytes` are of those. With `damaged` it was found to be another than was stored."""

    id: int
    document_id: str
    fingerprint: str
    n_tokens: int
    total_tokens: int
    page: int
    complete: bool
    group_tokens: int
    seconds: float
    created_at: str
    sha256: str
    n_bytes: int
    damaged: bool = False


@dataclass(frozen=True)
class Checkpoint:
    """What left a memory between the first `since` tokens, after which it was a checkpoint, and the first `n_tokens`. With `unknown`,
    which is from the beginning, that was let go."""

    since: int
    n_tokens: int
    departed: bytes

    @property
    def unknown(self) -> bool:
        """Whether nothing is known any more of what left."""
        return not self.departed


@dataclass(frozen=True)
class JobRow:
    """A reading that was asked for. The numbers are those of its last saved memory. `kind` "ocr" has the text of pages without any
    read off their pictures first, `pictures` of them, of `of_pictures`, so far. While it is being read, `owner` names the process that
    does, `beat` grows as long as that lives, and `wish` is how it is to end before it is through ('cancelled' or 'queued'). With
    `damaged` something of it is another than was stored: it has failed, and nothing else of it is shown.
    """

    id: int
    document_id: str
    status: str
    fingerprint: str | None
    group_tokens: int | None
    n_tokens: int
    total_tokens: int | None
    tokens_per_second: float | None
    eta_seconds: float | None
    error: str | None
    created_at: str
    updated_at: str
    kind: str = "read"
    pictures: int = 0
    of_pictures: int | None = None
    owner: str | None = None
    beat: int | None = None
    wish: str | None = None
    damaged: bool = False


@dataclass(frozen=True)
class ChatRow:
    """A conversation that holds something: its title, else its first question; `texts` is all that was said in it. With `damaged` something
    of it is another than was stored, or is lost."""

    id: int
    title: str
    n_turns: int
    asked_at: str
    current: bool
    texts: str
    damaged: bool = False


@dataclass(frozen=True)
class TurnRow:
    """A question and its answer. `places` (page, before, words, after) is None where the answer came from memory, and
    `page` is None where that memory was the newest, else the page as of which it was asked. `summary` marks a summary.
    `confidence` is from 0 to 1 and None where it was never measured. With `declined` the document did not seem to say, and `answer` is
    what was said all the same. `evidence` (page, quote, score, begin, end) are the sentences that it rests on, the best
    first, by page and tokens; None where they were never looked for. With `damaged` something of it is another than was stored.
    """

    question: str
    answer: str
    asked_at: str
    confidence: float | None = None
    declined: bool = False
    from_memory: str | None = None
    evidence: tuple[EvidenceRow, ...] | None = None
    places: tuple[PlaceRow, ...] | None = None
    page: int | None = None
    summary: bool = False
    damaged: bool = False
