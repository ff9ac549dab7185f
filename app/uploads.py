"""Where dropped files lie until they are read: a folder for each running app, which goes when that ends.

An app that was killed can't clear up after itself, so the next one does. A lock on a file tells whose folders are still in use: the
system lets go of it when its process dies, however that happened, and never while the process lives.
"""

from __future__ import annotations

import logging
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from app.errors import FileNotWritten
from app.log import LOGGER

LOCK, STARTING = ".in-use", ".starting"
UNLOCKED_SECONDS = (
    86400.0  # after which a folder or a file without a lock, as earlier versions left them, is nobody's any more
)


log = logging.getLogger(f"{LOGGER}.uploads")


@contextmanager
def own_folder(uploads: Path) -> Iterator[Path]:
    """A folder of this process inside `uploads`, with what dead ones have left there swept first. Raises FileNotWritten."""
    folder = uploads / secrets.token_hex(8)
    lock = FileLock(folder / LOCK)
    try:
        uploads.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(uploads / STARTING):  # or another that starts just now would take this for a dead one's
            log.info("uploads swept", extra={"gone": sweep(uploads)})
            folder.mkdir(mode=0o700)
            lock.acquire()
    except OSError as error:
        raise FileNotWritten(str(uploads), error.strerror or str(error)) from error
    try:
        yield folder
    finally:
        _clear(folder)
        lock.release()
        shutil.rmtree(folder, ignore_errors=True)


def sweep(uploads: Path) -> int:
    """Deletes what processes have left that are not running any more; returns how many folders and files."""
    gone = 0
    for found in uploads.iterdir():
        if found.name == STARTING:
            continue
        if found.is_symlink() or not (found / LOCK).is_file():
            if time.time() - found.lstat().st_mtime > UNLOCKED_SECONDS:
                _delete(found)
                gone += 1
            continue
        try:
            with FileLock(found / LOCK, timeout=0):
                _clear(found)
        except (Timeout, OSError):
            continue  # another app's
        shutil.rmtree(found, ignore_errors=True)
        gone += 1
    return gone


def _clear(folder: Path) -> None:
    """Deletes all of a folder but its lock, which is held."""
    for found in folder.iterdir():
        if found.name != LOCK:
            _delete(found)


def _delete(found: Path) -> None:
    if found.is_dir() and not found.is_symlink():
        shutil.rmtree(found, ignore_errors=True)
    else:
        found.unlink(missing_ok=True)
