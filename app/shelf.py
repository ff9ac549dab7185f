"""What can be done with the documents on the shelf without a model: add, show, forget, carry."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import astuple, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from app import mentions, portable, rows
from app.choices import NOTE, Choices
from app.errors import (
    AmbiguousDocument,
    NothingToRestore,
    NotReadYet,
    TextDiffers,
    TitleMissing,
    UnknownChat,
    UnknownDocument,
    UnknownPage,
)
from app.exact import Exact
from app.pictures import OnPicture, Pictures, ReadPicture
from app.sheets import page_view
from app.tags import tidy
from app.views import ChatView, JobView, Note, PageView, Preview, SectionText, ShelfItem, TextAnswer, Turn
from app.words import Languages
from storage import DocumentRow, OriginalRow, SnapshotRow, Store

KEPT_DAYS = 1.0
HOW_TO_READ_PICTURES: Note = ("how_to_read_pictures", {})


def preview(path: Path, password: str | None = None) -> Preview:
    """What would be read of a file, without putting it on any shelf. Raises FileUnreadable besides DocumentError."""
    import documents  # here, because the format readers take a while to import

    document = documents.read(_bytes_of(path), path.name, password=password)
    starts = [section.start for section in document.sections]
    sections = tuple(
        SectionText(section.title, section.level, section.page, document.text[section.start : end])
        for section, end in zip(document.sections, [*starts[1:], len(document.text)], strict=True)
    )
    return Preview(document.title, document.author, document.format, document.unit, sections, rows.notes(document))


def _bytes_of(path: Path) -> bytes:
    import documents

    return portable.bytes_of(path, documents.MAX_BYTES + 1)


class Shelf:
    """The documents in one library file. `Library` is a shelf with a model that reads and answers.

    Safe to call from several threads. Besides its own errors (`app.errors.LibraryError`) every method lets those of
    documents and storage through: see `app.library.named_errors`.
    """

    def __init__(self, store: Store, fingerprint: str | None = None, read_picture: ReadPicture | None = None) -> None:
        """fingerprint: the running model's; None shows each document's newest memory, whichever model made it. `read_picture` reads
        pages without text (OCR); None where the packages for it are not there."""
        self._store = store
        self._fingerprint = fingerprint
        self._read_picture = read_picture
        self._pictures = Pictures(store, read_picture)
        self.jobs = store.jobs

    @cached_property
    def languages(self) -> Languages:
        """The words of every language, loaded when they are first asked for: most commands of the terminal never do."""
        return Languages.load()

    def add(self, data: bytes, name: str, password: str | None = None) -> ShelfItem:
        """Puts a file on the shelf, unread; the same bytes again give the document there is, or was until lately, with its
        memory and all. A PDF's file is kept, to show its pages and to read those without text. Raises DocumentError."""
        import documents  # here, because the format readers take a while to import

        name, scan = documents.readable_name(name), False
        try:
            document = documents.read(data, name, password=password)
        except documents.NoText:
            if self._read_picture is None:
                raise
            document, scan = documents.read(data, name, password=password, scans=True), True
        row, sections = rows.of_document(document)
        self._store.documents.add(row, document.pages, sections)
        if row.format == "pdf":
            original = OriginalRow(name, documents.unlocked(data, password), scan)
            self._store.pictures.keep(row.id, original, self._row(row.id).missing_pages)
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
                    self._fingerprint,
                    pictures.get(row.id, (0, False)),
                )
            )
            for row in self._store.documents.all()
        ]

    def get(self, document_id: str) -> ShelfItem:
        """One document. Raises UnknownDocument."""
        row = self._row(document_id)
        sections, job = self._store.documents.sections(row.id), self._store.jobs.latest(row.id)
        kept, pictures = (
            self._store.snapshots.of_document(row.id),
            self._store.pictures.counts().get(row.id, (0, False)),
        )
        return self._hinted(rows.item(row, sections, job, kept, self._fingerprint, pictures))

    @property
    def reads_pictures(self) -> bool:
        """Whether pages without text can be read off their pictures (OCR)."""
        return self._read_picture is not None

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

    def restore(self, document_id: str) -> ShelfItem:
        """Puts a removed document back just as it was; a reading that was under way can be gone on with. Raises NothingToRestore."""
        if not self._store.documents.restore(document_id):
            raise NothingToRestore(document_id)
        return self.get(document_id)

    def sweep(self, *, days: float = KEPT_DAYS) -> int:
        """Forgets for good what was removed more than `days` ago; returns how many documents."""
        before = datetime.now(UTC) - timedelta(days=days)
        return self._store.documents.sweep(before.isoformat(timespec="milliseconds"))

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

    def choices(self) -> Choices:
        """What was chosen on the settings page."""
        return Choices.from_note(self._store.note(NOTE))

    def keep_choices(self, choices: Choices) -> None:
        """Keeps it for the next start."""
        self._store.set_note(NOTE, choices.to_note())

    def history(self, document_id: str) -> tuple[Turn, ...]:
        """The document's current chat, oldest turn first."""
        return tuple(rows.turn(row) for row in self._store.chats.turns(document_id))

    def new_chat(self, document_id: str) -> None:
        """Starts an empty chat; the old one stays stored. Raises UnknownDocument."""
        self._store.chats.start(self._row(document_id).id)

    def chats(self, document_id: str) -> tuple[ChatView, ...]:
        """The document's conversations in which something was asked, the last asked first. Raises UnknownDocument."""
        return tuple(rows.chat(row) for row in self._store.chats.all(self._row(document_id).id))

    def open_chat(self, document_id: str, chat_id: int) -> None:
        """Goes on with one of the document's conversations. Raises UnknownDocument, UnknownChat."""
        row = self._row(document_id)
        if not self._store.chats.open(row.id, chat_id):
            raise UnknownChat(row.title, chat_id)

    def rename_chat(self, document_id: str, chat_id: int, title: str) -> None:
        """Gives a conversation another title. Raises UnknownDocument, UnknownChat, TitleMissing."""
        row, named = self._row(document_id), " ".join(title.split())
        if not named:
            raise TitleMissing
        if not self._store.chats.rename(row.id, chat_id, named):
            raise UnknownChat(row.title, chat_id)

    def look_up(
        self,
        document_id: str,
        question: str,
        wanted: Exact,
        *,
        page: int | None = None,
        keep: bool = True,
        instead: bool = False,
    ) -> TextAnswer:
        """Answers from the stored text what no memory can: how often, where, in which words; in the language of the question. `keep`
        stores the turn, `instead` in the place of the chat's last one.

        With `page` only from the text up to the end of that page. Raises UnknownDocument, UnknownPage.
        """
        begun, row = time.monotonic(), self._row(document_id)
        if page is not None and not 1 <= page <= row.n_pages:
            raise UnknownPage(page, row.title, row.n_pages)
        words = self.languages.words(wanted.language)
        found = mentions.answer(words, wanted, self._store.documents.pages(row.id)[:page])
        if keep:
            places = [astuple(place) for place in found.places]
            self._store.chats.add_turn(row.id, question, found.text, places=places, page=page, instead=instead)
            self._store.documents.touch(row.id)
        return TextAnswer(found.text, found.total, found.places, time.monotonic() - begun)

    def export_snapshot(self, document_id: str, path: Path) -> None:
        """Writes one file with the document's text and memory: the running model's, else the newest.

        Raises UnknownDocument, NotReadYet, SnapshotDamaged, FileNotWritten.
        """
        row = self._row(document_id)
        all_kept = self._store.snapshots.of_document(row.id)
        ours = [kept for kept in all_kept if kept.fingerprint == self._fingerprint]
        if not all_kept:
            raise NotReadYet(row.title)
        kept, blob = self._store.snapshots.load((ours or all_kept)[0])
        pages, sections = self._store.documents.pages(row.id), self._store.documents.sections(row.id)
        portable.write(path, portable.Bundle(row, tuple(pages), sections, rows.to_new(kept, blob)))

    def import_snapshot(self, path: Path) -> ShelfItem:
        """Takes such a file in; a memory that goes further than the file's is kept.

        Raises FileUnreadable, NotASnapshotFile, SnapshotFileDamaged, SnapshotFileTooNew, TextDiffers.
        """
        bundle = portable.read(path)
        row, new = bundle.document, bundle.snapshot
        added = self._store.documents.add(row, bundle.pages, bundle.sections)
        # Going on needs the very same tokens; another version of the reader may have cut the text otherwise.
        if not (added or new.complete or tuple(self._store.documents.pages(row.id)) == bundle.pages):
            raise TextDiffers(row.title)
        kept = self._store.snapshots.get(row.id, new.fingerprint)
        if kept is None or (new.complete, new.n_tokens) > (kept.complete, kept.n_tokens):
            self._store.snapshots.put(new)
        return self.get(row.id)

    def read_pictures(
        self,
        document_id: str,
        *,
        job_id: int | None = None,
        on_picture: OnPicture = lambda done, total: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Reads the text off the pages that have none (OCR) and puts it into the document's, which is then to be read again.

        Pages don't call this: they use ReadingQueue.read_pictures. See `Pictures.read` for what it returns. Raises UnknownDocument,
        OcrMissing, OcrUnusable, DocumentGone.
        """
        return self._pictures.read(self._row(document_id), job_id, on_picture, should_stop)

    def page(self, document_id: str, number: int, words: str = "") -> PageView:
        """A page as it was printed, where the file is kept and draws, and its text; with where `words` stand on it (see `app.sheets`).

        Raises UnknownDocument, UnknownPage.
        """
        return page_view(self._store, self._row(document_id), number, words)

    def _hinted(self, item: ShelfItem) -> ShelfItem:
        """The same with a note on how its pictures could be read, where a library can't."""
        if not item.pictures or self.reads_pictures or self._fingerprint is None:
            return item
        return replace(item, notes=(*item.notes, HOW_TO_READ_PICTURES))

    def _row(self, document_id: str) -> DocumentRow:
        row = self._store.documents.get(document_id)
        if row is None:
            raise UnknownDocument(document_id)
        return row
