"""The library: documents on a shelf, added, shown, forgotten and carried about; and, room by room, what else can be done with them.

Reading is in `app.reading`, answering in `app.answering`; here they are put together over one library file and one model, which may not
be there yet, or never be, as for commands that need none.
"""

from __future__ import annotations

import logging
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import astuple, replace
from datetime import timedelta
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from app import portable, rows
from app.answering.ask import Answering
from app.answering.conversations import Conversations
from app.answering.summary import Summaries
from app.answering.worker import AnswerWorker
from app.errors import (
    AmbiguousDocument,
    NotASnapshotFile,
    NothingToRestore,
    NotReadYet,
    TextDiffers,
    TitleMissing,
    UnknownDocument,
    UnknownPage,
)
from app.log import LOGGER
from app.models import Models
from app.password import hashed
from app.pictures import Pictures, ReadPicture
from app.reading import LeasePolicy, Reader, ReadingQueue, SavePolicy, own_name
from app.settings import NOTE, Choices
from app.views import (
    DiskUse,
    JobView,
    Note,
    PageView,
    Preview,
    SectionText,
    ShelfItem,
    StretchRead,
    longer_words,
    unit_of,
)
from app.words import Languages, Words
from storage import DocumentRow, FileDamaged, OriginalRow, SectionRow, SnapshotRow, Store, TextDamaged, vacuum

if TYPE_CHECKING:
    from documents import Sandbox

KEPT_DAYS = 1.0
STRETCH = 20_000  # letters of a document's text that are shown at a time
TAG_LENGTH, MOST_TAGS = 40, 24
HOW_TO_READ_PICTURES: Note = ("how_to_read_pictures", {})
log = logging.getLogger(f"{LOGGER}.library")


def preview(path: Path, password: str | None = None) -> Preview:
    """What would be read of a file, without putting it on any shelf. Raises FileUnreadable besides DocumentError."""
    from documents import Sandbox  # here, because the format readers take a while to import

    document = Sandbox().open_file(_bytes_of(path), path.name, password).document
    starts = [section.start for section in document.sections]
    sections = tuple(
        SectionText(section.title, section.level, section.page, document.text[section.start : end])
        for section, end in zip(document.sections, [*starts[1:], len(document.text)], strict=True)
    )
    return Preview(
        document.title,
        document.author,
        document.format,
        unit_of(document.format),
        sections,
        rows.notes(document),
        document.page_labels,
    )


def _bytes_of(path: Path) -> bytes:
    import documents

    return portable.bytes_of(path, documents.MAX_BYTES + 1)


class Library:
    """The documents in one library file, and everything that a person can do with them.

    Safe to call from several threads. Besides its own errors (`app.errors.LibraryError`) every method lets those of documents,
    engine and storage through: see `app.errors.named_errors`.
    """

    def __init__(
        self,
        store: Store,
        models: Models | None = None,
        *,
        policy: SavePolicy | None = None,
        lease: LeasePolicy | None = None,
        read_picture: ReadPicture | None = None,
    ) -> None:
        """Without `models` each document's newest memory is shown, whichever model made it. `policy` says how often a reading is saved,
        `lease` when it is taken over from a process that seems to be dead. `read_picture` reads pages without text (OCR); None where the
        packages for it are not there."""
        self._store = store
        self.models = models or Models()
        self.jobs = store.jobs
        self.pictures = Pictures(store, read_picture, lambda: self._sandbox)
        self.conversations = Conversations(store)
        self.reader = Reader(store, self.models, policy or SavePolicy())
        self.queue = ReadingQueue(store, self.models, self.reader, self.pictures, own_name(), lease or LeasePolicy())
        worker = AnswerWorker()
        self.answering = Answering(store, self.models, self.reader, self.conversations, self.words, worker)
        self.summaries = Summaries(store, self.models, self.reader, self.conversations, self.words, worker)

    @cached_property
    def _sandbox(self) -> Sandbox:
        """Where files are opened and pages drawn, made when it is first needed: the format readers take a while to import."""
        from documents import Sandbox

        return Sandbox()

    @cached_property
    def languages(self) -> Languages:
        """The words of every language, loaded when they are first asked for: most commands of the terminal never do."""
        return Languages.load()

    def words(self, language: str) -> Words:
        """The words of one language."""
        return self.languages.words(language)

    def add(self, data: bytes, name: str, password: str | None = None) -> ShelfItem:
        """Puts a file on the shelf, unread; the same bytes again give the document there is, or was until lately, with its
        memory and all. Where that came in a memory file, the text in the file itself takes the place of one that differs, and memories of
        that are forgotten; where its text was damaged on the disk, the file mends it. A PDF's file is kept, to show its pages and to read
        those without text. Raises DocumentError."""
        try:
            opened = self._sandbox.open_file(data, name, password, scans=self.pictures.available)
        except Exception:
            log.warning("a file was refused", extra={"bytes": len(data)}, exc_info=True)
            raise
        row, sections = rows.of_document(opened.document)
        with self._store.transaction(sum(map(len, opened.document.pages)) + len(opened.original or b"")):
            if not self._store.documents.add(row, opened.document.pages, sections):
                self._compare(row, opened.document.pages, sections)
                self._mend(row, opened.document.pages, sections)
            if opened.original is not None:
                original = OriginalRow(opened.name, opened.original, opened.scan)
                self._store.pictures.keep(row.id, original, self._row(row.id).missing_pages)
        log.info("added", extra={"document": row.id, "format": row.format, "pages": row.n_pages, "bytes": len(data)})
        return self.get(row.id)

    def add_file(self, path: Path, password: str | None = None) -> ShelfItem:
        """The same from a path. Raises FileUnreadable besides DocumentError."""
        return self.add(_bytes_of(path), path.name, password)

    def shelf(self) -> list[ShelfItem]:
        """All documents, the last added first."""
        sections, jobs = self._store.documents.all_sections(), self._store.jobs.latest_of_all()
        kept: dict[str, list[SnapshotRow]] = {}
        for snapshot in self._store.snapshots.of_documents():
            kept.setdefault(snapshot.document_id, []).append(snapshot)
        pictures = self._store.pictures.counts()
        return [
            self._hinted(
                rows.item(
                    row,
                    sections.get(row.id, ()),
                    jobs.get(row.id),
                    kept.get(row.id, ()),
                    self.models.fingerprint,
                    pictures.get(row.id, (0, False)),
                )
            )
            for row in self._store.documents.all()
        ]

    def get(self, document_id: str) -> ShelfItem:
        """One document. Raises UnknownDocument."""
        row = self._row(document_id)
        sections, job = self._store.documents.listed_sections(row.id), self._store.jobs.latest(row.id)
        kept = self._store.snapshots.of_document(row.id)
        pictures = self._store.pictures.counts().get(row.id, (0, False))
        return self._hinted(rows.item(row, sections, job, kept, self.models.fingerprint, pictures))

    def resolve(self, beginning: str) -> str:
        """The one id that starts with `beginning`. Raises UnknownDocument, AmbiguousDocument."""
        ids = self._store.documents.ids_starting(beginning) if beginning else []
        if len(ids) > 1:
            raise AmbiguousDocument(beginning, ids)
        if not ids:
            raise UnknownDocument(beginning)
        return ids[0]

    def describe(
        self,
        document_id: str,
        *,
        title: str | None = None,
        author: str | None = None,
        tags: Sequence[str] | None = None,
    ) -> ShelfItem:
        """Gives a document another title, author or tags; None leaves one as it is, and an author may be empty.

        Raises UnknownDocument, TitleMissing.
        """
        row = self._row(document_id)
        named = row.title if title is None else " ".join(title.split())
        if not named:
            raise TitleMissing
        by = row.author if author is None else " ".join(author.split()) or None
        self._store.documents.describe(row.id, named, by, row.tags if tags is None else tidy(tags))
        return self.get(row.id)

    def remove(self, document_id: str) -> None:
        """Takes a document off the shelf; until `sweep` it can be restored, with text, memories and chats. Raises UnknownDocument."""
        if not self._store.documents.remove(document_id):
            raise UnknownDocument(document_id)
        log.info("removed", extra={"document": document_id})

    def restore(self, document_id: str) -> ShelfItem:
        """Puts a removed document back just as it was; a reading that was under way can be gone on with. Raises NothingToRestore."""
        if not self._store.documents.restore(document_id):
            raise NothingToRestore(document_id)
        log.info("restored", extra={"document": document_id})
        return self.get(document_id)

    def sweep(self, *, days: float = KEPT_DAYS) -> int:
        """Forgets for good what was removed more than `days` ago; returns how many documents."""
        forgotten = self._store.documents.sweep(timedelta(days=days).total_seconds())
        log.info("library swept", extra={"forgotten": forgotten})
        return forgotten

    def disk_use(self) -> DiskUse:
        """What the library takes on disk."""
        return DiskUse(*self._store.disk_use(), sum(self._store.checkpoints.of_documents().values()))

    def checkpoints(self) -> list[tuple[ShelfItem, int]]:
        """The documents that something is kept of for questions as of an earlier page, and how many bytes; the most first."""
        n_bytes = self._store.checkpoints.of_documents()
        kept = [(item, n_bytes[item.id]) for item in self.shelf() if item.id in n_bytes]
        return sorted(kept, key=lambda one: -one[1])

    def remove_checkpoints(self, document_id: str) -> None:
        """Lets go of that. The document can still be asked as a whole; as of an earlier page only once it was read again. Raises
        UnknownDocument."""
        self._store.checkpoints.remove(self._row(document_id).id)
        log.info("checkpoints removed", extra={"document": document_id})

    def job(self, document_id: str) -> JobView | None:
        """The document's newest job as it was last saved, or None. ReadingQueue.progress has it live."""
        row = self._store.jobs.latest(document_id)
        return rows.job_view(row) if row else None

    def first_time(self, name: str) -> bool:
        """True once in the life of the library file, and never again for the same name."""
        if self._store.note(name) is not None:
            return False
        self._store.set_note(name, "done")
        return True

    def export_snapshot(self, document_id: str, path: Path) -> None:
        """Writes one file with the document's text and memory: the running model's, else the newest.

        Raises UnknownDocument, NotReadYet, SnapshotDamaged, FileNotWritten, NoRoom.
        """
        row = self._row(document_id)
        all_kept = self._store.snapshots.of_document(row.id)
        ours = [kept for kept in all_kept if kept.fingerprint == self.models.fingerprint]
        if not all_kept:
            raise NotReadYet(row.title)
        kept, blob, left, worths = self._store.memory((ours or all_kept)[0])
        bundle = portable.Bundle(
            document=row,
            pages=tuple(self._store.documents.pages(row.id)),
            sections=self._store.documents.sections(row.id),
            snapshot=rows.to_new(kept, blob),
            checkpoints=left,
            worths=worths,
        )
        portable.write(path, bundle)

    def import_snapshot(self, path: Path) -> ShelfItem:
        """Takes such a file in, document and memory at once; a memory that goes further than the file's is kept.

        Its text can't be compared with the file that it claims to be of, so the document says so until that file is added. Raises
        FileUnreadable, NotASnapshotFile, SnapshotFileDamaged, SnapshotFileTooNew, TextDiffers.
        """
        bundle = portable.read(path)
        row, new = bundle.document, bundle.snapshot
        self._check_memory(bundle, path.name)
        left = sum(len(checkpoint.departed) for checkpoint in bundle.checkpoints)
        with self._store.transaction(sum(map(len, bundle.pages)) + len(new.blob) + len(bundle.worths) + left):
            # A memory names places in the very same text; another version of the reader may have cut it otherwise.
            there = tuple(self._store.documents.pages(row.id))
            if there and there != bundle.pages:
                raise TextDiffers(row.title)
            self._store.documents.add(row, bundle.pages, bundle.sections)
            kept = self._store.snapshots.get(row.id, new.fingerprint)
            if kept is None or kept.damaged or (new.complete, new.n_tokens) > (kept.complete, kept.n_tokens):
                self._store.put_memory(new, bundle.checkpoints, bundle.worths)
        log.info("memory taken in", extra={"document": row.id, "tokens": new.n_tokens})
        return self.get(row.id)

    def page(self, document_id: str, number: int, words: str = "") -> PageView:
        """A page as it was printed, where the file is kept and draws, and its text; with where the longer ones of `words` stand on it.

        Raises UnknownDocument, UnknownPage.
        """
        from documents import PictureUnreadable  # here, because the format readers take a while to import

        row = self._row(document_id)
        if not 1 <= number <= row.n_pages:
            raise UnknownPage(number, row.title, row.n_pages, unit_of(row.format))
        sheet = None
        try:
            original = self._store.pictures.original(row.id)
            if original is not None:
                sheet = self._sandbox.page_sheet(original.data, number, longer_words(words))
        except (PictureUnreadable, FileDamaged):
            sheet = None  # its text is there
        return PageView(
            title=row.title,
            number=number,
            pages=row.n_pages,
            text=self._store.documents.page(row.id, number),
            words=words,
            png=sheet.png if sheet else None,
            marks=tuple(astuple(mark) for mark in sheet.marks) if sheet else (),
        )

    def stretch_read(self, document_id: str, first: int = 1) -> StretchRead:
        """What was read, from page `first` on: whole pages, as many as STRETCH letters hold and one at least.

        Raises UnknownDocument, UnknownPage.
        """
        row = self._row(document_id)
        if not 1 <= first <= row.n_pages:
            raise UnknownPage(first, row.title, row.n_pages, unit_of(row.format))
        texts = self._store.documents.pages(row.id)
        starts = list(accumulate(map(len, texts), initial=0))
        begin = starts[first - 1]
        last = max(first, bisect_right(starts, begin + STRETCH) - 1)
        before = min(first - 1, bisect_left(starts, begin - STRETCH) + 1) if first > 1 else None
        sections = self._store.documents.sections(row.id)
        pages = tuple(rows.pieces(texts[at], starts[at], sections) for at in range(first - 1, last))
        return StretchRead(self.get(row.id), before, first, pages)

    def choices(self) -> Choices:
        """What was chosen on the settings page."""
        return Choices.from_note(self._store.note(NOTE))

    def keep_choices(self, choices: Choices) -> None:
        """Keeps it for the next start."""
        self._store.set_note(NOTE, choices.to_note())

    def set_password(self, words: str | None) -> str | None:
        """Keeps the hash of these words, which is returned, or that there is no password. Raises PasswordShort."""
        kept = None if words is None else hashed(words)
        self.keep_choices(replace(self.choices(), password=kept))
        return kept

    def _check_memory(self, bundle: portable.Bundle, name: str) -> None:
        """That the memory is one, and, where the model that made it runs, just what that leaves of the text. Raises NotASnapshotFile."""
        from engine.container import check
        from engine.errors import EngineError

        new, left = bundle.snapshot, [one.departed for one in bundle.checkpoints if not one.unknown]
        try:
            if self.models.fingerprint != new.fingerprint:
                for blob in (new.blob, *left):
                    check(blob)
                return  # that model checks the rest whenever it loads it
            engine = self.models.engine
            with self.models.turns.take():
                engine.check_memory(new.blob, left, new.n_tokens, complete=new.complete)
                fits = len(engine.tokenize(bundle.pages).ids) == new.total_tokens
        except EngineError as error:
            raise NotASnapshotFile(name, "what it says is a memory is none") from error
        if not fits:
            raise NotASnapshotFile(name, "its memory is of another text")

    def _compare(self, row: DocumentRow, pages: Sequence[str], sections: Sequence[SectionRow]) -> None:
        """The text of a file and the one that a memory file brought under its name: the file's own is the true one."""
        there = self._row(row.id)
        if portable.IMPORTED not in there.notes:
            return  # another version of the reader may have read the same file otherwise
        try:
            same = tuple(self._store.documents.pages(row.id)) == tuple(pages)
        except TextDamaged:
            same = False
        if not same:
            self._store.documents.describe(row.id, row.title, row.author, there.tags)
        self._store.pictures.settle(row.id, pages, sections, row.missing_pages, row.notes)

    def _mend(self, row: DocumentRow, pages: Sequence[str], sections: Sequence[SectionRow]) -> None:
        """Mends a text that was damaged on the disk; memories stay, unless the reader of files has another text now."""
        try:
            self._store.documents.pages(row.id)
            self._store.documents.sections(row.id)
        except TextDamaged:
            if not self._store.documents.mend_text(row.id, pages, sections):
                self._store.pictures.settle(row.id, pages, sections, row.missing_pages, row.notes)

    def _hinted(self, item: ShelfItem) -> ShelfItem:
        """The same with a note on how its pictures could be read, where a library can't."""
        if not item.pictures or self.pictures.available or not self.models.serves:
            return item
        return replace(item, notes=(*item.notes, HOW_TO_READ_PICTURES))

    def _row(self, document_id: str) -> DocumentRow:
        return rows.known(self._store, document_id)


def tidy(tags: Iterable[str]) -> tuple[str, ...]:
    """The tags without white space around them, empty ones and those that are there already in other letters."""
    found: dict[str, str] = {}
    for tag in tags:
        words = " ".join(tag.split())[:TAG_LENGTH].strip()
        if words:
            found.setdefault(words.casefold(), words)
    return tuple(found.values())[:MOST_TAGS]


def shrink(database: Path) -> tuple[int, int]:
    """Removes for good what was removed more than a day ago from a library that no program has open, and gives the disk back what holds
    nothing any more. Returns the bytes that the library took on disk, and takes now. Raises DatabaseBusy, StorageError."""
    with Store.open(database) as store:
        documents = Library(store)
        documents.sweep()
        before = documents.disk_use().total
    vacuum(database)
    with Store.open(database) as store:
        return before, Library(store).disk_use().total
