"""Jobs: readings that were asked for, kept so that a killed process can go on.

Several processes may work on one library. Each has a name of its own, and a job that is being read carries the name of its owner and a
beat, a number that the owner raises as long as it lives. Only the owner writes what belongs to the reading; another process may put a job
back in the queue when its beat has stood still for long enough, or its owner is known to have ended. From then on the owner of before
writes nothing more.

A job of which something was changed by the disk is nobody's: its reading ends, and it stands there as failed until the document is to be
read again, which goes on from the memory that was saved last.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlite_utils import Database

from storage import digests
from storage.connection import Connection, now
from storage.errors import JobDamaged, JobTaken
from storage.rows import JobRow, NewSnapshot, made

COLUMNS = (
    "id, document_id, status, fingerprint, group_tokens, n_tokens, total_tokens, tokens_per_second, eta_seconds,"
    " error, created_at, updated_at, kind, pictures, of_pictures, owner, beat, wish"
)
SOUND = digests.sound("jobs")
SELECT = f"SELECT {COLUMNS}, {SOUND} AS sound FROM jobs"
ACTIVE = f"status IN ('queued', 'reading') AND {SOUND}"
# of a job by its id and owner; a removed document's job is nobody's any more
HELD = f"id = :id AND owner = :owner AND status = 'reading' AND {SOUND}"


class JobTable:
    """Jobs by id. A document has at most one that is queued or being read."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def enqueue(self, document_id: str, kind: str = "read") -> int:
        """The id of the document's waiting or running job; a new one when it has none. Of kind "ocr" it reads pictures first, and a
        job that waits or runs becomes one: one that runs is put back for that, as its text is about to change. It takes the place of
        damaged ones."""
        values = {"document_id": document_id, "kind": kind, "time": now()}
        with self._connection.transaction() as db:
            db.execute(f"DELETE FROM jobs WHERE document_id = :document_id AND NOT {SOUND}", values)
            db.execute(
                "INSERT INTO jobs (document_id, status, created_at, updated_at)"
                " SELECT :document_id, 'queued', :time, :time WHERE NOT EXISTS"
                " (SELECT 1 FROM jobs WHERE document_id = :document_id AND status IN ('queued', 'reading'))",
                values,
            )
            if kind != "read":
                db.execute(
                    "UPDATE jobs SET kind = :kind, wish = coalesce(wish, CASE WHEN status = 'reading' THEN 'queued' END)"
                    " WHERE document_id = :document_id AND status IN ('queued', 'reading') AND kind <> :kind",
                    values,
                )
            its = "document_id = :document_id AND status IN ('queued', 'reading')"
            digests.seal(db, "jobs", its, values)
            return int(db.execute(f"SELECT id FROM jobs WHERE {its}", values).fetchone()[0])

    def claim(self, owner: str, document_id: str | None = None) -> JobRow | None:
        """Takes for `owner` the job whose turn it is, now 'reading', or that of one document; None when none waits.

        One that bears the owner's name already comes first: it could not even say how that reading ended.
        """
        ready = (
            f"(status = 'queued' OR owner = :owner) AND document_id = coalesce(:document_id, document_id) AND {ACTIVE}"
        )
        ready = f"SELECT id FROM jobs WHERE {ready} ORDER BY status = 'queued', rank DESC, id LIMIT 1"
        values = {"owner": owner, "document_id": document_id, "time": now()}
        if not self._connection.row(ready, values):
            return None  # asked every few seconds: nothing is written as long as nothing waits
        with self._connection.transaction() as db:
            found = self._connection.row(ready, values)
            if found is None:
                return None
            changes = "status = 'reading', owner = :owner, beat = 0, error = NULL, updated_at = :time"
            _change(db, changes, "id = :id", values | found)
            return self.get(found["id"])

    @contextmanager
    def held(self, job: JobRow | None) -> Iterator[None]:
        """A transaction that belongs to the reading of a claimed job: nothing of it is kept where another process has that by now, or its
        document was removed. Without a job it is just a transaction. Raises JobTaken."""
        with self._connection.transaction() as db:
            if job is not None and not db.execute(f"SELECT 1 FROM jobs WHERE {HELD}", _name(job)).fetchone():
                raise JobTaken
            yield

    def begin(self, job: JobRow, *, fingerprint: str, group_tokens: int, n_tokens: int, total_tokens: int) -> None:
        """Keeps what the reading runs with: the same `group_tokens` again gives the same memory bit for bit. Raises JobTaken."""
        self._update(
            job, fingerprint=fingerprint, group_tokens=group_tokens, n_tokens=n_tokens, total_tokens=total_tokens
        )

    def looked(self, job: JobRow, pictures: int, of_pictures: int) -> None:
        """Keeps how many pictures have been read, and of how many. Raises JobTaken."""
        self._update(job, pictures=pictures, of_pictures=of_pictures)

    def progress(self, job: JobRow, saved: NewSnapshot, rate: float | None, eta_seconds: float | None) -> None:
        """Keeps how far the reading is and its `rate` in tokens a second; with a complete memory it is done. Raises JobTaken."""
        figures = {"n_tokens": saved.n_tokens, "total_tokens": saved.total_tokens}
        done = {"status": "done"} if saved.complete else {}
        self._update(job, **figures, **done, tokens_per_second=rate, eta_seconds=eta_seconds)

    def finish(self, job: JobRow, status: str, error: str | None = None) -> None:
        """Ends a claimed job as 'done', 'cancelled' or 'failed', or puts it back as 'queued'. Raises JobTaken."""
        self._update(job, status=status, error=error, wish=None)

    def beat(self, job: JobRow) -> bool:
        """Shows that the owner of a claimed job lives. False where another process has it by now."""
        with self._connection.transaction() as db:
            return _change(db, "beat = beat + 1", HELD, _name(job)) > 0

    def wish(self, job: JobRow) -> str | None:
        """How a claimed job is to end before its reading is through, 'cancelled' or 'queued'; None while it goes on. Raises JobTaken."""
        row = self._connection.row(f"SELECT wish FROM jobs WHERE {HELD}", _name(job))
        if row is None:
            raise JobTaken
        return row["wish"]

    def release(self, job: JobRow) -> bool:
        """Puts a job back whose owner seems to be dead, as it was wished for or in the queue. False, and nothing changed, where it does not
        stand as in `job` any more: then its owner lives, or another process was here first."""
        with self._connection.transaction() as db:
            changes = "status = coalesce(wish, 'queued'), owner = NULL, wish = NULL, updated_at = :time"
            as_before = "id = :id AND status = 'reading' AND owner IS :owner AND beat IS :beat"
            return _change(db, changes, as_before, {**_name(job), "beat": job.beat, "time": now()}) > 0

    def cancel(self, document_id: str) -> bool:
        """Cancels the document's job, at once if it still waits; one that is being read is wished to end. False when there is none."""
        with self._connection.transaction() as db:
            changes = (
                "wish = CASE status WHEN 'reading' THEN 'cancelled' END,"
                " status = CASE status WHEN 'queued' THEN 'cancelled' ELSE status END, updated_at = :time"
            )
            its = f"document_id = :document_id AND {ACTIVE}"
            return _change(db, changes, its, {"document_id": document_id, "time": now()}) > 0

    def first(self, document_id: str) -> bool:
        """Puts the document's waiting job before all that wait; those that are being read are wished to step aside. False when none of its
        jobs waits."""
        with self._connection.transaction() as db:
            highest = f"SELECT max(rank) + 1 FROM jobs WHERE {SOUND}"
            if not _change(db, f"rank = ({highest})", "document_id = ? AND status = 'queued'", [document_id]):
                return False
            _change(db, "wish = coalesce(wish, 'queued')", "status = 'reading'", [])
        return True

    def get(self, job_id: int) -> JobRow | None:
        """One job, or None."""
        return _job(self._connection.row(f"{SELECT} WHERE id = ?", [job_id]))

    def latest(self, document_id: str) -> JobRow | None:
        """The document's newest job, or None."""
        sql = f"{SELECT} WHERE document_id = ? ORDER BY id DESC LIMIT 1"
        return _job(self._connection.row(sql, [document_id]))

    def latest_of_all(self) -> dict[str, JobRow]:
        """The newest job of every document that has one, by document id."""
        sql = f"{SELECT} WHERE id IN (SELECT max(id) FROM jobs GROUP BY document_id)"
        return {row["document_id"]: _made(row) for row in self._connection.rows(sql)}

    def active(self) -> list[JobRow]:
        """Jobs that are being read or wait, in the order in which they are read."""
        sql = f"{SELECT} WHERE {ACTIVE} ORDER BY status = 'queued', rank DESC, id"
        return [_made(row) for row in self._connection.rows(sql)]

    def _update(self, job: JobRow, **values: Any) -> None:
        changes = ", ".join(f"{name} = :{name}" for name in (*values, "updated_at"))
        with self._connection.transaction() as db:
            if not _change(db, changes, HELD, {**values, "updated_at": now(), **_name(job)}):
                raise JobTaken


def _change(db: Database, changes: str, where: str, values: digests.Parameters) -> int:
    """Changes those of the jobs that are as they were stored, inside the caller's transaction; returns how many."""
    with digests.changing(db, "jobs", where, values):
        return db.execute(f"UPDATE jobs SET {changes} WHERE {where} AND {SOUND}", values).rowcount


def _name(job: JobRow) -> dict[str, Any]:
    return {"id": job.id, "owner": job.owner}


def _job(row: dict[str, Any] | None) -> JobRow | None:
    return _made(row) if row else None


def _made(row: dict[str, Any]) -> JobRow:
    if row.pop("sound"):
        return JobRow(**row)
    found = made(JobRow, row)
    nothing = dict.fromkeys(("fingerprint", "group_tokens", "total_tokens", "tokens_per_second", "eta_seconds"))
    return JobRow(
        found.id,
        found.document_id,
        "failed",
        n_tokens=0,
        error=str(JobDamaged(found.document_id)),
        created_at=found.created_at,
        updated_at=found.updated_at,
        damaged=True,
        **nothing,
    )
