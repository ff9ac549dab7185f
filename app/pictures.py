"""Pages without text: what is read off their pictures (OCR), page by page, and then put into the document's text."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from app import rows
from app.errors import OcrMissing
from storage import JobRow, Store

if TYPE_CHECKING:
    from documents import Sandbox

ReadPicture = Callable[[Any], str]  # the picture of a page, grey levels [height, width], to its text
OnPicture = Callable[[int, int], None]  # how many are done, and of how many


class Pictures:
    """Reads the pictures that one store keeps, one after another, with what was passed in for that."""

    def __init__(self, store: Store, read_picture: ReadPicture | None, sandbox: Callable[[], Sandbox]) -> None:
        """`sandbox` gives where pages are drawn and files opened."""
        self._store, self._read_picture, self._sandbox = store, read_picture, sandbox

    @property
    def available(self) -> bool:
        """Whether pages without text can be read off their pictures."""
        return self._read_picture is not None

    def read(
        self,
        document_id: str,
        *,
        job: JobRow | None = None,
        on_picture: OnPicture = lambda done, total: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Reads every picture of the document that is not read yet, each kept at once, then puts their text into the document's, which is
        then to be read again. Pages don't call this: they use ReadingQueue.read_pictures.

        Tells `on_picture` how many are done and of how many. False when stopped on the way, asked between pictures. A picture that
        can't be read is passed over and stays missing. Raises UnknownDocument, OcrMissing, OcrUnusable, DocumentGone, JobTaken.
        """
        from documents import PictureUnreadable  # here, because the format readers take a while to import

        row = rows.known(self._store, document_id)
        original = self._store.pictures.original(row.id)
        if original is None:
            return True
        unread = self._store.pictures.unread(row.id)
        if unread and self._read_picture is None:
            raise OcrMissing(row.title)
        before = len(self._store.pictures.texts(row.id))
        total = before + len(unread)
        for done, number in enumerate(unread, before):
            self._tell(job, done, total, on_picture)
            if should_stop():
                return False
            try:
                text = self._read_picture(self._sandbox().page_picture(original.data, number))  # type: ignore[misc]  # asked above
            except PictureUnreadable:
                continue  # it stays missing, and the document says so
            with self._store.jobs.held(job):
                self._store.pictures.put(row.id, number, text)
        # the whole file is cut into pages and sections again: headers, words across pages and headings come out right
        texts = self._store.pictures.texts(row.id)
        document = self._sandbox().open_file(original.data, original.name, scans=True, pictures=texts).document
        _, sections = rows.of_document(document)
        with self._store.jobs.held(job):
            self._store.pictures.settle(row.id, document.pages, sections, document.missing_pages, rows.notes(document))
        self._tell(job, total, total, on_picture)
        return True

    def _tell(self, job: JobRow | None, done: int, total: int, on_picture: OnPicture) -> None:
        if job is not None:
            self._store.jobs.looked(job, done, total)
        on_picture(done, total)
