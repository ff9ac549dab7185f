"""What outlives the process, in one SQLite file. All SQL lives here; it sees bytes and rows, never tensors."""

from storage.connection import now
from storage.errors import (
    DatabaseBusy,
    DatabaseDamaged,
    DatabaseFailed,
    DatabaseReadOnly,
    DatabaseUnopened,
    DiskFull,
    DocumentGone,
    NewerSchema,
    NotADatabase,
    SnapshotDamaged,
    StorageError,
)
from storage.rows import (
    ChatRow,
    Checkpoint,
    DocumentRow,
    EvidenceRow,
    JobRow,
    NewSnapshot,
    Notes,
    OriginalRow,
    SectionRow,
    SnapshotRow,
    TurnRow,
    notes_from,
)
from storage.store import Store

__all__ = [
    "ChatRow",
    "Checkpoint",
    "DatabaseBusy",
    "DatabaseDamaged",
    "DatabaseFailed",
    "DatabaseReadOnly",
    "DatabaseUnopened",
    "DiskFull",
    "DocumentGone",
    "DocumentRow",
    "EvidenceRow",
    "JobRow",
    "NewSnapshot",
    "NewerSchema",
    "NotADatabase",
    "Notes",
    "OriginalRow",
    "SectionRow",
    "SnapshotDamaged",
    "SnapshotRow",
    "StorageError",
    "Store",
    "TurnRow",
    "notes_from",
    "now",
]
