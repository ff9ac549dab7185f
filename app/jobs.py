"""Reading in the background: one worker, job rows in the database, nothing lost when the tab or the process goes."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

from app import rows
from app.library import DocumentGone, JobRow, Library, StorageError, named_errors
from app.views import JobView, ReadProgress

RETRY_SECONDS = 5.0  # how long the worker waits after the database failed under it
LOOK_SECONDS = 2.0


class ReadingQueue:
    """Reads documents one after another in a thread of its own. Every method may be called from any thread."""

    def __init__(self, library: Library, *, retry_seconds: float = RETRY_SECONDS) -> None:
        self._library = library
        self._jobs = library.jobs
        self._retry_seconds = retry_seconds
        self._changed = threading.Condition()
        self._wakes = 0
        self._stopping = threading.Event()
        self._cancelled: set[int] = set()
        self._stepping_aside: set[int] = set()
        self._live: dict[int, ReadProgress] = {}
        self._worker: threading.Thread | None = None

    def start(self) -> None:
        """Starts the worker. Jobs that a dead process left half done are queued again and go on where they stood."""
        self._jobs.requeue_abandoned()
        self._stopping.clear()
        self._spawn()

    def stop(self, timeout: float = 60.0) -> bool:
        """Stops after the group at hand, with its memory saved; the job goes on at the next start.

        False when the worker was still busy after `timeout` seconds.
        """
        self._stopping.set()
        self._notify()
        worker = self._worker
        if worker is None or worker is threading.current_thread():
            return True
        worker.join(timeout)
        return not worker.is_alive()

    def enqueue(self, document_id: str) -> int:
        """Queues a reading and returns its job id; a document that waits or is being read keeps its job.

        One that can't be read without its pictures has them read first. Raises UnknownDocument.
        """
        job_id = self._jobs.enqueue(document_id, "ocr" if self._library.get(document_id).scan else "read")
        self._notify()
        return job_id

    def read_pictures(self, document_id: str) -> int:
        """Queues a reading that begins with the document's pictures (OCR) and returns its job id; one that waits or is going on
        becomes such a reading. Raises UnknownDocument."""
        self._library.get(document_id)
        before = self._jobs.latest(document_id)
        job_id = self._jobs.enqueue(document_id, "ocr")
        if before and before.status == "reading" and before.kind != "ocr":
            self._stepping_aside.add(before.id)  # its text is about to change
        self._notify()
        return job_id

    def cancel(self, document_id: str) -> bool:
        """Ends the document's reading after the group at hand; what was read stays. False when there is none."""
        cancelled = self._jobs.cancel_queued(document_id)
        job = self._jobs.latest(document_id)
        if not cancelled and job and job.status == "reading":
            self._cancelled.add(job.id)
            cancelled = True
        self._notify()
        return cancelled

    def first(self, document_id: str) -> bool:
        """Reads that document before all others: one that is being read steps aside after the group at hand, and goes on from
        there in its turn. False when it does not wait."""
        if not self._jobs.first(document_id):
            return False
        self._stepping_aside |= {job.id for job in self._jobs.active() if job.status == "reading"}
        self._notify()
        return True

    def progress(self, document_id: str) -> JobView | None:
        """The document's newest job, live, or None when it never had one."""
        job = self._jobs.latest(document_id)
        return self._view(job) if job else None

    def active(self) -> list[JobView]:
        """Jobs that are being read or wait, in the order in which they are read."""
        return [self._view(job) for job in self._jobs.active()]

    def wait(self, document_id: str, timeout: float) -> JobView | None:
        """Waits until the document's job has ended, at most `timeout` seconds, and returns it as it is then."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                job = self.progress(document_id)
                left = deadline - time.monotonic()
                if job is None or not job.active or left <= 0:
                    return job
                self._changed.wait(min(left, 0.5))

    def _view(self, job: JobRow) -> JobView:
        view, live = rows.job_view(job), self._live.get(job.id)
        if live is None or job.status != "reading":
            return view
        return replace(
            view,
            n_tokens=live.n_tokens,
            total_tokens=live.total_tokens,
            tokens_per_second=live.tokens_per_second,
            eta_seconds=live.eta_seconds,
        )

    def _notify(self) -> None:
        with self._changed:
            self._wakes += 1
            self._changed.notify_all()

    def _spawn(self) -> None:
        self._worker = threading.Thread(target=self._work, name="reading", daemon=True)
        self._worker.start()

    def _work(self) -> None:
        failed = False
        while not self._stopping.is_set():
            wakes = self._wakes
            try:
                if failed:
                    self._jobs.requeue_abandoned()
                    failed = False
                job = self._jobs.claim()
                if job:
                    self._read(job)
            except StorageError:
                # Not even the job's end could be written: the disk is full or the file locked. Either may pass.
                failed = True
                self._stopping.wait(self._retry_seconds)
                continue
            except BaseException:
                # A mistake of ours in one document must be seen, and must not keep the others from being read.
                if not self._stopping.is_set():
                    self._spawn()
                raise
            if job is None:
                # Now and then it looks by itself, for jobs that another process queued.
                with self._changed:
                    self._changed.wait_for(lambda seen=wakes: self._wakes != seen, LOOK_SECONDS)

    def _read(self, job: JobRow) -> None:
        def should_stop() -> bool:
            return self._stopping.is_set() or job.id in self._cancelled | self._stepping_aside

        try:
            through = job.kind != "ocr" or self._library.read_pictures(
                job.document_id, job_id=job.id, on_picture=lambda done, total: self._notify(), should_stop=should_stop
            )
            through = (
                through
                and self._library.read(
                    job.document_id,
                    job_id=job.id,
                    on_progress=lambda progress: self._show(job.id, progress),
                    should_stop=should_stop,
                ).complete
            )
            if not through:
                self._jobs.finish(job.id, "cancelled" if job.id in self._cancelled else "queued")
        except DocumentGone:
            pass  # removed while it was read: its job is gone with it
        except named_errors() as error:
            self._jobs.finish(job.id, "failed", str(error))
        except BaseException as error:
            self._jobs.finish(job.id, "failed", f"Reading ended unexpectedly: {error!r}. Please report this.")
            raise
        finally:
            self._live.pop(job.id, None)
            self._cancelled.discard(job.id)
            self._stepping_aside.discard(job.id)
            self._notify()

    def _show(self, job_id: int, progress: ReadProgress) -> None:
        self._live[job_id] = progress
        self._notify()
