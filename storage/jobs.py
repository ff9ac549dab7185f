"""Jobs: readings that were asked for, kept so that a killed process can go on."""

from __future__ import annotations

from typing import Any

from storage.connection import Connection, now
from storage.rows import JobRow

COLUMNS = (
    "id, document_id, status, fingerprint, group_tokens, n_tokens, total_tokens, tokens_per_second, eta_seconds,"
    " error, created_at, updated_at, kind, pictures, of_pictures"
)


class JobTable:
    """Jobs by id. A document has at most one that is queued or being read."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def enqueue(self, document_id: str, kind: str = "read") -> int:
        """The id of the document's waiting or running job; a new one when it has none. Of kind "ocr" it reads pictures first, and a
        job that waits or runs becomes one."""
        time = now()
        with self._connection.transaction() as db:
            db.execute(
                "INSERT INTO jobs (document_id, status, created_at, updated_at)"
                " SELECT :document_id, 'queued', :time, :time WHERE NOT EXISTS"
                " (SELECT 1 FROM jobs WHERE document_id = :document_id AND status IN ('queued', 'reading'))",
                {"document_id": document_id, "time": time},
            )
            if kind != "read":
                sql = "UPDATE jobs SET kind = ? WHERE document_id = ? AND status IN ('queued', 'reading')"
                db.execute(sql, [kind, document_id])
            sql = "SELECT id FROM jobs WHERE document_id = ? AND status IN ('queued', 'reading')"
            return int(db.execute(sql, [document_id]).fetchone()[0])

    def claim(self) -> JobRow | None:
        """Takes the job whose turn it is, now 'reading'; None when nothing waits."""
        if not self._connection.row("SELECT id FROM jobs WHERE status = 'queued' LIMIT 1"):
            return None  # asked every few seconds: nothing is written as long as nothing waits
        time = now()
        with self._connection.transaction() as db:
            claimed = db.execute(
                "UPDATE jobs SET status = 'reading', error = NULL, updated_at = ? WHERE id ="
                f" (SELECT id FROM jobs WHERE status = 'queued' ORDER BY rank DESC, id LIMIT 1) RETURNING {COLUMNS}",
                [time],
            ).fetchall()
        names = [name.strip() for name in COLUMNS.split(",")]
        return JobRow(**dict(zip(names, claimed[0], strict=True))) if claimed else None

    def begin(self, job_id: int, *, fingerprint: str, group_tokens: int, n_tokens: int, total_tokens: int) -> None:
        """Keeps what the reading runs with: the same `group_tokens` again gives the same memory bit for bit."""
        self._update(
            job_id, fingerprint=fingerprint, group_tokens=group_tokens, n_tokens=n_tokens, total_tokens=total_tokens
        )

    def looked(self, job_id: int, pictures: int, of_pictures: int) -> None:
        """Keeps how many pictures have been read, and of how many."""
        self._update(job_id, pictures=pictures, of_pictures=of_pictures)

    def finish(self, job_id: int, status: str, error: str | None = None) -> None:
        """Ends the job as 'done', 'cancelled' or 'failed', or puts it back as 'queued'."""
        self._update(job_id, status=status, error=error)

    def requeue_abandoned(self) -> int:
        """Puts jobs that a dead process left as 'reading' back in the queue; returns how many."""
        with self._connection.transaction() as db:
            sql = "UPDATE jobs SET status = 'queued', updated_at = ? WHERE status = 'reading'"
            return db.execute(sql, [now()]).rowcount

    def cancel_queued(self, document_id: str) -> bool:
        """Cancels the document's job if it still waits. False when none waits."""
        with self._connection.transaction() as db:
            sql = "UPDATE jobs SET status = 'cancelled', updated_at = ? WHERE document_id = ? AND status = 'queued'"
            return db.execute(sql, [now(), document_id]).rowcount > 0

    def first(self, document_id: str) -> bool:
        """Puts the document's waiting job before all that wait. False when none of its jobs waits."""
        with self._connection.transaction() as db:
            sql = "UPDATE jobs SET rank = (SELECT max(rank) + 1 FROM jobs) WHERE document_id = ? AND status = 'queued'"
            return db.execute(sql, [document_id]).rowcount > 0

    def get(self, job_id: int) -> JobRow | None:
        """One job, or None."""
        return _job(self._connection.row(f"SELECT {COLUMNS} FROM jobs WHERE id = ?", [job_id]))

    def latest(self, document_id: str) -> JobRow | None:
        """The document's newest job, or None."""
        sql = f"SELECT {COLUMNS} FROM jobs WHERE document_id = ? ORDER BY id DESC LIMIT 1"
        return _job(self._connection.row(sql, [document_id]))

    def latest_of_all(self) -> dict[str, JobRow]:
        """The newest job of every document that has one, by document id."""
        sql = f"SELECT {COLUMNS} FROM jobs WHERE id IN (SELECT max(id) FROM jobs GROUP BY document_id)"
        return {row["document_id"]: JobRow(**row) for row in self._connection.rows(sql)}

    def active(self) -> list[JobRow]:
        """Jobs that are being read or wait, in the order in which they are read."""
        sql = f"SELECT {COLUMNS} FROM jobs WHERE status IN ('queued', 'reading') ORDER BY status = 'queued', rank DESC, id"
        return [JobRow(**row) for row in self._connection.rows(sql)]

    def _update(self, job_id: int, **values: Any) -> None:
        changes = ", ".join(f"{name} = :{name}" for name in (*values, "updated_at"))
        with self._connection.transaction() as db:
            sql = f"UPDATE jobs SET {changes} WHERE id = :id"
            db.execute(sql, {**values, "updated_at": now(), "id": job_id})


def _job(row: dict[str, Any] | None) -> JobRow | None:
    return JobRow(**row) if row else None
