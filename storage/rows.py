"""Rows as frozen values. Times are ISO 8601 in UTC, pages and sections count from 1."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

Notes = tuple[tuple[str, dict[str, str | int]], ...]  # a key and its values each
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
    """A document without its text. `n_tokens` is None until it was tokenised."""

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


@dataclass(frozen=True)
class OriginalRow:
    """A document's file, without its lock; with `scan` next to no text is in it, so that it can't be read without its pictures."""

    name: str
    data: bytes
    scan: bool


@dataclass(frozen=True)
class NewSnapshot:
    """A memory to store. `section` 0 is the whole document, `page` the last page read to its end."""

    document_id: str
    fingerprint: str
    section: int
    n_tokens: int
    total_tokens: int
    page: int
    complete: bool
    group_tokens: int
    seconds: float
    blob: bytes


@dataclass(frozen=True)
class SnapshotRow:
    """A stored memory without its bytes; `sha256` and `n_bytes` are of those."""

    id: int
    document_id: str
    fingerprint: str
    section: int
    n_tokens: int
    total_tokens: int
    page: int
    complete: bool
    group_tokens: int
    seconds: float
    created_at: str
    sha256: str
    n_bytes: int


@dataclass(frozen=True)
class WaypointRow:
    """A memory as it was after the first `n_tokens` tokens, read `group_tokens` at a time."""

    n_tokens: int
    group_tokens: int
    blob: bytes


@dataclass(frozen=True)
class JobRow:
    """A reading that was asked for. The numbers are those of its last saved memory. `kind` "ocr" has the text of pages without any
    read off their pictures first, `pictures` of them, of `of_pictures`, so far.
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


@dataclass(frozen=True)
class ChatRow:
    """A conversation that holds something: its title, else its first question; `texts` is all that was said in it."""

    id: int
    title: str
    n_turns: int
    asked_at: str
    current: bool
    texts: str


@dataclass(frozen=True)
class TurnRow:
    """A question and its answer. `places` (page, before, words, after) is None where the answer came from memory, and
    `page` is None where that memory was the newest, else the page as of which it was asked. `summary` marks a summary.
    """

    question: str
    answer: str
    grounding: float | None
    grounded: bool | None
    asked_at: str
    places: tuple[tuple[int, str, str, str], ...] | None = None
    page: int | None = None
    summary: bool = False
