"""`doctor`: a library looked through from end to end, what is wrong with it in plain words, and what mends it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from app import rows
from storage import Damage, StorageError, Store, examine, repair

OF_TEXT = frozenset({"page", "section", "lost"})
REPAIR = "launch.py doctor --repair"
BACKUP = "Put a backup in its place: launch.py library restore FILE."
TRY = f"{REPAIR} looks for the changed bit and puts it right"
# of each kind of damage what is wrong, and what to do
SAID: dict[str, tuple[str, str]] = {
    "unreadable": ("Part of the file can't be read (SQLite says: {where}).", BACKUP),
    "structure": (
        "The structure of the file is damaged (SQLite says: {where}).",
        f"{REPAIR} puts a copy of it aside and builds its indexes anew. Where that is not enough: {BACKUP}",
    ),
    "schema": ("The description of the table or index “{where}” in the file has changed.", BACKUP),
    "hanging": ("Something in the table “{where}” belongs to nothing.", f"{TRY}; otherwise: {BACKUP}"),
    "entry": (
        "What is kept about {title} (its title, author, tags or dates) has changed.",
        f"{TRY}; otherwise take it off the shelf and add its file again.",
    ),
    "page": (
        "The text of page {where} of {title} has changed.",
        f"{TRY}; otherwise add the file again, which mends it.",
    ),
    "section": ("Section {where} of {title} has changed.", f"{TRY}; otherwise add the file again, which mends it."),
    "lost": ("Some {where} of {title} are lost, or there are too many.", "Add the file again, which mends it."),
    "chat": (
        "A conversation about {title} has changed.",
        f"{TRY}; otherwise the page marks what may be wrong, and the rest can still be read.",
    ),
    "picture": ("What was read off the picture of page {where} of {title} has changed.", "Read its pictures again."),
    "note": ("What the library keeps under the name “{where}” has changed.", f"{TRY}; otherwise: {BACKUP}"),
    "job": (
        "What is kept about a reading of {title} has changed.",
        f"{TRY}; otherwise read the text again (launch.py read FILE), which goes on where it stood.",
    ),
    "memory": (
        "The memory of {title} has changed.",
        f"Read the text again, on the page or by launch.py read --all; {REPAIR} marks it for that.",
    ),
    "file": ("The file that was kept of {title} has changed.", "Add the file again, which mends it."),
}


@dataclass(frozen=True)
class Finding:
    """Something that is wrong with a library, or was until it was mended just now: what, and what to do, each in plain words."""

    kind: str
    document_id: str | None
    said: str
    advice: str
    mended: bool = False


def look_through(database: Path) -> list[Finding]:
    """Everything that is wrong with a library, which may be in use. Writes only where an earlier version wrote it, to bring it up to date.
    Raises DatabaseUnopened, NotADatabase, NewerSchema, DatabaseBusy."""
    found = examine(database)
    if not found:
        with Store.open(database) as store:  # after which one of an earlier version has digests
            found = examine(database) or list(_unloadable(store))
    return list(map(_finding, found))


def mend(database: Path) -> tuple[list[Finding], Path | None]:
    """Mends what can be mended and says what was wrong, and what still is; and where a copy of the library as it was is, where one was
    needed. Raises DatabaseBusy while another program has it open, and what `look_through` raises."""
    before = look_through(database)
    if not before:
        return [], None
    aside = repair(database)
    _read_again(database, {one.document_id for one in before if one.kind in OF_TEXT and one.document_id})
    left = look_through(database)
    known = {(one.kind, one.said) for one in left}
    return [*(replace(one, mended=True) for one in before if (one.kind, one.said) not in known), *left], aside


def _unloadable(store: Store) -> Iterator[Damage]:
    """Memories that are as they were stored and yet no memories."""
    from engine.container import check
    from engine.errors import StateCorrupt

    for kept in store.snapshots.of_documents():
        kept, blob, left, _ = store.memory(kept)
        try:
            for data in (blob, *(one.departed for one in left if not one.unknown)):
                check(data)
        except StateCorrupt:
            yield Damage("memory", kept.document_id, kept.fingerprint, rows.known(store, kept.document_id).title)


def _read_again(database: Path, wanted: Collection[str]) -> None:
    """Reads damaged texts again from the files that were kept of them; what can't be is found once more afterwards."""
    from documents import DocumentError, Sandbox  # here, because the format readers take a while to import

    with suppress(StorageError), Store.open(database) as store:
        for document_id in wanted:
            with suppress(StorageError, DocumentError):
                original = store.pictures.original(document_id)
                if original is not None:
                    document = Sandbox().open_file(original.data, original.name, scans=True).document
                    store.documents.mend_text(document_id, document.pages, rows.of_document(document)[1])


def _finding(damage: Damage) -> Finding:
    said, advice = SAID[damage.kind]
    title = f"“{damage.title}”" if damage.title else f"document {damage.document_id}"
    return Finding(damage.kind, damage.document_id, said.format(where=damage.where, title=title), advice)
