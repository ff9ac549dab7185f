"""Between rows and what the shelf shows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING

from app.errors import UnknownDocument
from app.views import ChatView, Evidence, JobView, Note, Piece, Place, ReadReport, SectionView, ShelfItem, Status, Turn
from storage import (
    ChatRow,
    DocumentDamaged,
    DocumentRow,
    JobRow,
    NewSnapshot,
    Notes,
    SectionRow,
    SnapshotRow,
    Store,
    TurnRow,
    now,
)

if TYPE_CHECKING:
    from documents import Document


ENTRY_DAMAGED: Note = ("entry_damaged", {})


def item(
    row: DocumentRow,
    sections: Sequence[SectionRow],
    job: JobRow | None,
    snapshots: Sequence[SnapshotRow],
    fingerprint: str | None,
    pictures: tuple[int, bool] = (0, False),
) -> ShelfItem:
    """One document as shown. `snapshots` are its memories, newest first; `pictures` how many of its pages are still to be read off
    pictures, and whether it can't be read without them.

    Without a fingerprint (no model loaded) the newest memory counts, whichever model made it.
    """
    usable = next((kept for kept in snapshots if fingerprint in (None, kept.fingerprint)), None)
    status = _status(job, usable, stale=bool(snapshots) and usable is None, fingerprint=fingerprint)
    return ShelfItem(
        id=row.id,
        title=row.title,
        author=row.author,
        format=row.format,
        pages=row.n_pages,
        tokens=row.n_tokens,
        read_tokens=usable.n_tokens if usable else 0,
        read_pages=usable.page if usable else 0,
        status=status,
        state_bytes=usable.n_bytes if usable else 0,
        notes=(*row.notes, ENTRY_DAMAGED) if row.damaged else row.notes,
        missing_pages=row.missing_pages,
        sections=tuple(section_view(section) for section in sections),
        added_at=row.added_at,
        last_asked_at=row.last_asked_at,
        error=job.error if job and status == "failed" else None,
        tags=row.tags,
        page_labels=row.page_labels,
        pictures=pictures[0],
        scan=pictures[1],
    )


def _status(job: JobRow | None, usable: SnapshotRow | None, *, stale: bool, fingerprint: str | None) -> Status:
    if job and job.status == "queued":
        return "queued"
    if job and job.status == "reading":
        return "reading"
    if usable and usable.damaged:
        return "damaged"
    if usable and usable.complete:
        return "read"
    # What happened to a reading by another model says nothing about this one.
    if job and job.status == "failed" and (fingerprint is None or job.fingerprint in (None, fingerprint)):
        return "failed"
    if usable:
        return "cancelled"
    return "stale" if stale else "new"


def section_view(section: SectionRow) -> SectionView:
    """A section as shown."""
    return SectionView(
        number=section.number,
        title=section.title,
        level=section.level,
        page=section.page,
        last_page=section.last_page,
        characters=section.end - section.start,
    )


def pieces(text: str, begin: int, sections: Sequence[SectionRow]) -> tuple[Piece, ...]:
    """The text of a page, which begins at that character of the document, cut where sections begin; nothing for a page without text."""
    end = begin + len(text)
    heads = [section for section in sections if begin <= section.start < end]
    cuts = [begin, *(section.start for section in heads), end]
    found = [Piece(text[: cuts[1] - begin])]
    for section, stop in zip(heads, cuts[2:], strict=True):
        found += _headed(text[section.start - begin : stop - begin], section)
    return tuple(piece for piece in found if piece.text.strip() or piece.title)


def _headed(text: str, section: SectionRow) -> list[Piece]:
    """The text of a section, from its title on; what comes before that, as before a document's first heading, is by itself."""
    spelled = r"\s+".join(map(re.escape, section.title.split()))
    found = re.match(rf"\s*{spelled}", text)
    found = found or re.search(rf"^[ \t]*{spelled}[ \t]*$", text, re.MULTILINE)
    if not section.title or found is None:
        return [Piece(text, section.title, section.level)]
    return [Piece(text[: found.start()]), Piece(text[found.end() :], section.title, section.level, found[0])]


def report(row: DocumentRow, kept: SnapshotRow | None, total_tokens: int) -> ReadReport:
    """What a reading ended with; `kept` None when it was stopped before anything was read."""
    seconds = kept.seconds if kept else 0.0
    return ReadReport(
        id=row.id,
        title=row.title,
        tokens=total_tokens,
        read_tokens=kept.n_tokens if kept else 0,
        seconds=seconds,
        tokens_per_second=kept.n_tokens / seconds if kept and seconds > 0 else 0.0,
        state_bytes=kept.n_bytes if kept else 0,
        state_sha256=kept.sha256 if kept else "",
        complete=bool(kept and kept.complete),
    )


def job_view(job: JobRow) -> JobView:
    """A job as shown, with the numbers of its last saved memory."""
    return JobView(
        id=job.id,
        document_id=job.document_id,
        status=job.status,  # type: ignore[arg-type]  # the schema allows no other
        n_tokens=job.n_tokens,
        total_tokens=job.total_tokens,
        tokens_per_second=job.tokens_per_second,
        eta_seconds=job.eta_seconds,
        error=job.error,
        ocr=job.kind == "ocr",
        pictures=job.pictures,
        of_pictures=job.of_pictures,
    )


def turn(row: TurnRow) -> Turn:
    """A question and its answer as shown."""
    return Turn(
        question=row.question,
        answer=row.answer,
        asked_at=row.asked_at,
        confidence=row.confidence,
        declined=row.declined,
        from_memory=row.from_memory,
        evidence=None if row.evidence is None else tuple(Evidence(*one) for one in row.evidence),
        places=None if row.places is None else tuple(Place(*place) for place in row.places),
        page=row.page,
        summary=row.summary,
        damaged=row.damaged,
    )


def chat(row: ChatRow) -> ChatView:
    """A conversation as shown."""
    return ChatView(row.id, row.title, row.n_turns, row.asked_at, row.current, row.texts, row.damaged)


def of_document(document: Document) -> tuple[DocumentRow, list[SectionRow]]:
    """A parsed file as rows. Its id is the beginning of its SHA-256."""
    row = DocumentRow(
        id=document.sha256[:16],
        sha256=document.sha256,
        title=document.title,
        author=document.author,
        format=document.format,
        n_pages=len(document.pages),
        n_tokens=None,
        missing_pages=document.missing_pages,
        notes=notes(document),
        added_at=now(),
        last_asked_at=None,
        page_labels=document.page_labels,
    )
    sections = [
        SectionRow(
            number=number,
            title=section.title,
            level=section.level,
            page=section.page,
            last_page=max(section.page, document.page_at(section.end - 1)),
            start=section.start,
            end=section.end,
        )
        for number, section in enumerate(document.sections, 1)
    ]
    return row, sections


def notes(document: Document) -> Notes:
    """A parsed file's notes as they are stored."""
    return tuple((note.key, dict(note.values)) for note in document.notes)


def to_new(kept: SnapshotRow, blob: bytes) -> NewSnapshot:
    """A stored memory as one to store elsewhere."""
    names = [field.name for field in fields(NewSnapshot) if field.name not in ("blob", "page_starts")]
    return NewSnapshot(**{name: getattr(kept, name) for name in names}, blob=blob)


def known(store: Store, document_id: str) -> DocumentRow:
    """The document on the shelf with that id. Raises UnknownDocument, DocumentDamaged."""
    row = store.documents.get(document_id)
    if row is None:
        raise UnknownDocument(document_id)
    if row.damaged:
        raise DocumentDamaged(document_id)
    return row
