"""What the library shows: frozen values that pages and the terminal read, never rows and never tensors."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import Any, Literal

from app.words import Words

SHORTEST_WORD = 4
PHRASE = re.compile(r"[“\"](.+)[”\"]", re.DOTALL)
Unit = Literal["page", "section", "part"]
Note = tuple[str, dict[str, str | int]]  # the key of a sentence in the catalogue, and what stands in its blanks
Status = Literal["new", "queued", "reading", "read", "stale", "failed", "cancelled", "damaged"]
JobStatus = Literal["queued", "reading", "done", "cancelled", "failed"]


def unit_of(format: str) -> Unit:
    """What the pages of a document of that format are."""
    return {"pdf": "page", "text": "part"}.get(format, "section")  # type: ignore[return-value]


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
    """What would be read of a file. The texts of its sections, one after another, are the whole text. `page_labels` as on the shelf."""

    title: str
    author: str | None
    format: str
    unit: str
    sections: tuple[SectionText, ...]
    notes: tuple[Note, ...]
    page_labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class ShelfItem:
    """One document as the shelf shows it.

    `status`: "new" never read; "queued", "reading"; "read" to its end by the running model; "cancelled" stopped part
    way (reading goes on from there); "failed" with `error`; "stale" read by another model only; "damaged" when its memory
    was found to be so.
    `tokens` is None until the document was tokenised once. `read_tokens` and `read_pages` (pages read to their end)
    belong to the newest memory that the running model can use, and `state_bytes` is that memory's size; all 0 when
    there is none. Times are ISO 8601 in UTC. `pictures` is how many pages have no text that could be read off them (OCR), and
    with `scan` there is next to no text without that. `page_labels` are the numbers printed on the pages ("iv", "A-3"), one a page;
    none where they are 1, 2, 3.
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
    page_labels: tuple[str, ...] = ()
    pictures: int = 0
    scan: bool = False

    @property
    def unit(self) -> Unit:
        """What its pages are: only a PDF has pages that somebody can turn to."""
        return unit_of(self.format)

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
    """How far a reading is, after one group of windows. Seconds and tokens per second are of this reading."""

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
class Evidence:
    """A sentence of a document that an answer rests on: its page, and how strongly it does, 0 to 1. It stands at the tokens from `begin`
    up to `end`, which is not among them."""

    page: int
    quote: str
    score: float
    begin: int
    end: int


@dataclass(frozen=True)
class DiskUse:
    """Bytes that the library takes on disk, how many of them hold nothing any more, and how many are kept for questions as of an earlier
    page."""

    total: int
    free: int
    checkpoints: int

    @property
    def much_free(self) -> bool:
        """Whether it is worth the while to give those back."""
        return self.free > max(2**20, self.total // 10)


@dataclass(frozen=True)
class ModelAnswer:
    """An answer by the model: from its memory of the document and from the pages that this points to.

    `from_memory` and `from_page` are the two by themselves, None where one was not asked for. `confidence` is how often such an answer is
    right, 0 to 1. With `declined` the document does not seem to say; `text` is what the model would have said. `evidence` has
    the best sentence first; of a summary, one a sentence in its order. With `summary` the answer is one, and `confidence` only says how
    likely the model found its words.
    """

    text: str
    from_memory: str | None
    from_page: str | None
    confidence: float
    declined: bool
    evidence: tuple[Evidence, ...]
    seconds: float
    first_token_seconds: float
    stopped: bool
    cut: bool = False
    summary: bool = False


@dataclass(frozen=True)
class Recalled:
    """The memory's answer is whole; what comes after it is read off the page."""

    text: str


@dataclass(frozen=True)
class TextAnswer:
    """An answer that was looked up in the stored text, word for word, and not recalled: what the text says, in how many
    places (`total`), and those places, the first thousand of them.
    """

    text: str
    total: int
    places: tuple[Place, ...]
    seconds: float


@dataclass(frozen=True)
class FromBook:
    """What one document says to a question asked of several. `confidence` is None for an answer that was looked up in the text, in
    `total` places."""

    document_id: str
    title: str
    answer: str
    confidence: float | None
    declined: bool
    evidence: tuple[Evidence, ...] = ()
    total: int | None = None
    summary: bool = False


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
    """One question and its answer out of a document's chat. `confidence` is from 0 to 1, None where it was never measured; with
    `declined` the document did not seem to say, and `answer` is what the model said all the same. `evidence` are the sentences
    that it rests on, None where they were never looked for. `places` is None for an answer by the model, else it was
    looked up in the text, in these places. `page` is the page as of which it was asked, None for the newest memory.
    `summary` marks a summary. With `damaged` something of it was changed on the disk: the words may be others than were said.
    """

    question: str
    answer: str
    asked_at: str
    confidence: float | None = None
    declined: bool = False
    from_memory: str | None = None
    evidence: tuple[Evidence, ...] | None = None
    places: tuple[Place, ...] | None = None
    page: int | None = None
    summary: bool = False
    damaged: bool = False


@dataclass(frozen=True)
class ChatView:
    """One conversation about a document: its title, or its first question where it was given none; how many questions, when the
    last one was asked (ISO 8601, UTC), whether it is the one that goes on, and all that was said in it, to search in. With `damaged`
    something of it was changed on the disk.
    """

    id: int
    title: str
    turns: int
    asked_at: str
    current: bool
    texts: str
    damaged: bool = False


@dataclass(frozen=True)
class Stretch:
    """A stretch of a document of so many tokens, up to about `page`, and how many of them its memory keeps."""

    page: int
    tokens: int
    kept: int


@dataclass(frozen=True)
class MemoryView:
    """What a document's memory looks like: its size beside that of a cache of everything, and where in the document the tokens stand
    that it keeps. Sizes are in bytes."""

    title: str
    pages: int
    read_tokens: int
    state_bytes: int
    cache_bytes_per_token: int
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True)
class ModelChange:
    """How the loading of a model stands, and what to say of it. "instead": the small one came in place of the standard one.
    `tokens_per_second` is how fast the new one read here, `fetched_megabytes` how many are here and of how many."""

    state: Literal["idle", "loading", "done", "instead", "failed"]
    said: str
    tokens_per_second: float | None = None
    fetched_megabytes: tuple[int, int] | None = None


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


@dataclass(frozen=True)
class Piece:
    """Some text of a page as it was read: what follows a heading, whose `title` and `level` (1 is a chapter) it has, or the page's
    beginning, with neither (level 0). `heading` is the title as the text has it, empty where it doesn't, as with bookmarks.
    """

    text: str
    title: str = ""
    level: int = 0
    heading: str = ""


@dataclass(frozen=True)
class StretchRead:
    """What was read of a document from page `first` on, some pages of it: for each page the pieces of its text, in order; none for a
    page that gave no text. `before` is the page from which as much is shown that comes before, None at the beginning."""

    item: ShelfItem
    before: int | None
    first: int
    pages: tuple[tuple[Piece, ...], ...]

    @property
    def last(self) -> int:
        """The last of its pages."""
        return self.first + len(self.pages) - 1


def answer_object(answer: ModelAnswer | TextAnswer, words: Words) -> dict[str, Any]:
    """An answer for programs, in words that are about its document. Each page comes with its number in the document, from 1, and with
    the number printed on it."""

    def where(page: int) -> dict[str, Any]:
        return {"page": page, "label": words.label(page)}

    if isinstance(answer, TextAnswer):
        pages = [
            where(place.page) | {"quote": f"{place.before}{place.words}{place.after}", "score": 1.0}
            for place in answer.places
        ]
        found = {"from_memory": None, "from_page": None, "confidence": 1.0, "declined": False, "pages": pages}
        times = {"seconds": answer.seconds, "first_token_seconds": answer.seconds}
        return (
            {"answer": answer.text}
            | found
            | times
            | {"total": answer.total, "places": [asdict(place) | where(place.page) for place in answer.places]}
        )
    return {
        "answer": words("talk.declined") if answer.declined else answer.text,
        "from_memory": answer.from_memory,
        "from_page": answer.from_page,
        "confidence": answer.confidence,
        "declined": answer.declined,
        "pages": [where(one.page) | {"quote": one.quote, "score": one.score} for one in answer.evidence],
        "seconds": answer.seconds,
        "first_token_seconds": answer.first_token_seconds,
    }


def longer_words(words: str) -> list[str]:
    """What to look for on a page where `words` are to be shown: what stands between quotation marks as it is, else the longer words and
    the numbers, each once."""
    phrase = PHRASE.fullmatch(words.strip())
    if phrase:
        return [" ".join(phrase[1].split())]
    return list(dict.fromkeys(w for w in re.findall(r"\w+", words.lower()) if len(w) >= SHORTEST_WORD or w.isdigit()))
