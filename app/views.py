"""What the library shows: frozen values that pages and the terminal read, never rows and never tensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Note = tuple[str, dict[str, str | int]]  # the key of a sentence in the catalogue, and what stands in its blanks
Status = Literal["new", "queued", "reading", "read", "stale", "failed", "cancelled"]
JobStatus = Literal["queued", "reading", "done", "cancelled", "failed"]


@dataclass(frozen=True)
class SectionView:
    """One section of a document. `number` and pages count from 1; `level` 1 is a chapter."""

    number: int
    title: str
    level: int
    page: int
    last_page: int
    characters: int


@dataclass(frozen=True)
class SectionText:
    """A section with its own text: that of the sections inside it is theirs."""

    title: str
    level: int
    page: int
    text: str


@dataclass(frozen=True)
class Preview:
    """What would be read of a file. The texts of its sections, one after another, are the whole text."""

    title: str
    author: str | None
    format: str
    unit: str
    sections: tuple[SectionText, ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True)
class ShelfItem:
    """One document as the shelf shows it.

    `status`: "new" never read; "queued", "reading"; "read" to its end by the running model; "cancelled" stopped part
    way (reading goes on from there); "failed" with `error`; "stale" read by another model only.
    `tokens` is None until the document was tokenised once. `read_tokens` and `read_pages` (pages read to their end)
    belong to the newest memory that the running model can use, and `state_bytes` is that memory's size; all 0 when
    there is none. Times are ISO 8601 in UTC. `pictures` is how many pages have no text that could be read off them (OCR), and
    with `scan` there is next to no text without that.
    """

    id: str
    title: str
    author: str | None
    format: str
    pages: int
    tokens: int | None
    read_tokens: int
    read_pages: int
    status: Status
    state_bytes: int
    notes: tuple[Note, ...]
    missing_pages: tuple[int, ...]
    sections: tuple[SectionView, ...]
    added_at: str
    last_asked_at: str | None
    error: str | None
    tags: tuple[str, ...] = ()
    pictures: int = 0
    scan: bool = False

    @property
    def unit(self) -> Literal["page", "section", "part"]:
        """What its pages are: only a PDF has pages that somebody can turn to."""
        return {"pdf": "page", "text": "part"}.get(self.format, "section")  # type: ignore[return-value]

    @property
    def can_ask(self) -> bool:
        """True when there is a memory to answer from, of the whole document or of its first `read_pages` pages."""
        return self.state_bytes > 0

    @property
    def whole(self) -> bool:
        """True when the memory is of the whole document."""
        return self.status == "read"


@dataclass(frozen=True)
class ReadProgress:
    """How far a reading is, after one group of segments. Seconds and tokens per second are of this reading."""

    document_id: str
    n_tokens: int
    total_tokens: int
    tokens_per_second: float
    eta_seconds: float
    page: int
    pages: int
    saved: bool


@dataclass(frozen=True)
class ReadReport:
    """What a reading ended with.

    `tokens` is the whole document, `read_tokens` how much of it is in the memory, `seconds` the time spent reading
    them (over all sittings, waiting not counted), `state_sha256` the hex digest of the stored memory. `complete` is
    False after a cancel.
    """

    id: str
    title: str
    tokens: int
    read_tokens: int
    seconds: float
    tokens_per_second: float
    state_bytes: int
    state_sha256: str
    complete: bool


@dataclass(frozen=True)
class JobView:
    """A reading in the queue. The numbers are live while it is being read, else those of its last saved memory. One that reads
    pictures first (`ocr`) has read `pictures` of `of_pictures` so far.
    """

    id: int
    document_id: str
    status: JobStatus
    n_tokens: int
    total_tokens: int | None
    tokens_per_second: float | None
    eta_seconds: float | None
    error: str | None
    ocr: bool = False
    pictures: int = 0
    of_pictures: int | None = None

    @property
    def looking(self) -> bool:
        """True while it reads pictures."""
        return self.status == "reading" and self.of_pictures is not None and self.pictures < self.of_pictures

    @property
    def active(self) -> bool:
        """True while it waits or is being read."""
        return self.status in ("queued", "reading")

    @property
    def fraction(self) -> float:
        """How much is read, 0 to 1."""
        return self.n_tokens / self.total_tokens if self.total_tokens else 0.0


@dataclass(frozen=True)
class Place:
    """Where something stands in a document's text: its page, and the words with some of the text around them."""

    page: int
    before: str
    words: str
    after: str


@dataclass(frozen=True)
class TextAnswer:
    """An answer that was looked up in the stored text, word for word, and not recalled: what the text says, in how many
    places (`total`), and those places, the first thousand of them.
    """

    text: str
    total: int
    places: tuple[Place, ...]
    seconds: float

    @property
    def grounding(self) -> None:
        """No comparison was made."""
        return None

    @property
    def grounded(self) -> bool:
        """Whether the text says it anywhere."""
        return self.total > 0


@dataclass(frozen=True)
class FromBook:
    """What one document says to a question asked of several. `grounding` is in nats a token; None for an answer that was
    looked up in the text, in `total` places.
    """

    document_id: str
    title: str
    answer: str
    grounding: float | None
    grounded: bool
    total: int | None = None


@dataclass(frozen=True)
class SeveralAnswers:
    """One question to several documents: the best answer first, one text that names its books, and the titles of those that
    could not be asked, since they have not been read by the running model.
    """

    text: str
    told: tuple[FromBook, ...]
    left_out: tuple[str, ...]
    seconds: float
    stopped: bool


@dataclass(frozen=True)
class Turn:
    """One question and its answer out of a document's chat. `grounding` is in nats per token, None if not measured.
    `places` is None for an answer from memory, else the answer was looked up in the text, in these places. `page` is the
    page as of which it was asked, None for the newest memory. `summary` marks a summary.
    """

    question: str
    answer: str
    grounding: float | None
    grounded: bool | None
    asked_at: str
    places: tuple[Place, ...] | None = None
    page: int | None = None
    summary: bool = False


@dataclass(frozen=True)
class ChatView:
    """One conversation about a document: its title, or its first question where it was given none; how many questions, when the
    last one was asked (ISO 8601, UTC), whether it is the one that goes on, and all that was said in it, to search in.
    """

    id: int
    title: str
    turns: int
    asked_at: str
    current: bool
    texts: str


@dataclass(frozen=True)
class MemoryPoint:
    """How likely an answer is from the memory after `n_tokens` tokens, up to `page`: mean log-probability, nats a token."""

    n_tokens: int
    page: int
    log_prob: float


@dataclass(frozen=True)
class Origin:
    """Where an answer was learned: the curve over the document's kept memories, and the stretch of its steepest rise.

    `rise` is in nats a token; at 0 or below nothing that was read made the answer likelier. `passage` is the text of that
    stretch, and `again` what the model answers with that passage before its eyes and no memory.
    """

    points: tuple[MemoryPoint, ...]
    rise: float
    first_page: int
    last_page: int
    section: str | None
    passage: str
    again: str


@dataclass(frozen=True)
class GatesView:
    """How far the heads of one layer listen to the memory, 0 to 1 each; `exact` is None where there is no exact cache."""

    layer: int
    compressive: tuple[float, ...]
    exact: tuple[float, ...] | None


@dataclass(frozen=True)
class MemoryView:
    """What a document's memory looks like. `written` is how strongly each stretch of it was written (mean over its tokens, 0 to
    1), by the token that it ends before; empty for a memory from before that was kept. Sizes are in bytes.
    """

    title: str
    pages: int
    read_tokens: int
    state_bytes: int
    cache_bytes_per_token: int
    written: tuple[tuple[int, float], ...]
    gates: tuple[GatesView, ...]


@dataclass(frozen=True)
class ModelChange:
    """How the change to another model stands, and what to say of it; `tokens_per_second` is how fast the new one read here."""

    state: Literal["idle", "loading", "done", "failed"]
    said: str
    tokens_per_second: float | None = None


@dataclass(frozen=True)
class PageView:
    """A page of a document: `number` of `pages`, its text, and what to look for in it. `png` is its picture, None for what was never
    printed; `marks` are left, top, width and height of the words on it, as shares of its width and height.
    """

    title: str
    number: int
    pages: int
    text: str
    words: str
    png: bytes | None
    marks: tuple[tuple[float, float, float, float], ...]
