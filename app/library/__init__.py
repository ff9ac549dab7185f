"""The library: documents, memories and answers. The only place that knows engine and storage."""

from __future__ import annotations

from app.library.desk import Library, named_errors
from storage import DocumentGone, JobRow, StorageError

__all__ = ["DocumentGone", "JobRow", "Library", "StorageError", "named_errors"]
