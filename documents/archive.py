"""Zip files opened with a guard: EPUB and DOCX are zips, and a zip can unfold into anything."""

from __future__ import annotations

import io
import posixpath
import zipfile
import zlib
from dataclasses import dataclass

from documents.errors import DamagedFile, LockedFile, UnpacksTooLarge

_FAULTS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
    ValueError,
    RuntimeError,
    LookupError,
)


@dataclass(frozen=True)
class Limits:
    """What a document may unpack into."""

    entries: int = 20_000
    unpacked_bytes: int = 2**30  # all entries together, as the zip declares them
    parsed_bytes: int = 128 * 2**20  # what is really unpacked and parsed as text


class Archive:
    """A zip that has been checked against `limits`; parts are read one by one. Close it after use."""

    def __init__(self, data: bytes, name: str, kind: str, limits: Limits = Limits()) -> None:
        self._name, self._kind, self._limits = name, kind, limits
        self._left = limits.parsed_bytes
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except _FAULTS as error:
            raise DamagedFile(name, kind, "its list of contents cannot be read") from error
        self._infos = {info.filename: info for info in self._zip.infolist()}
        self._check()

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *exc: object) -> None:
        self._zip.close()

    def names(self) -> tuple[str, ...]:
        """The names of all entries."""
        return tuple(self._infos)

    def find(self, path: str) -> str | None:
        """The entry meant by `path`: exactly that, or the same but for case and ``..`` parts; None if there is none."""
        plain = posixpath.normpath(path).lstrip("/")
        if plain in self._infos:
            return plain
        folded = plain.casefold()
        return next((entry for entry in self._infos if entry.casefold() == folded), None)

    def read(self, entry: str) -> bytes:
        """One entry's bytes. Raises DamagedFile when it is absent or broken, UnpacksTooLarge past the limit."""
        info = self._infos.get(entry)
        if info is None:
            raise DamagedFile(self._name, self._kind, f"the part {entry} is absent")
        self._left -= info.file_size
        if self._left < 0:
            raise UnpacksTooLarge(self._name, f"more than {self._limits.parsed_bytes // 2**20} MiB of text")
        try:
            return self._zip.read(info)
        except _FAULTS as error:
            raise DamagedFile(self._name, self._kind, f"the part {entry} cannot be unpacked") from error

    def _check(self) -> None:
        infos = self._zip.infolist()
        if len(infos) > self._limits.entries:
            raise UnpacksTooLarge(self._name, f"{len(infos):,} parts")
        total = sum(info.file_size for info in infos)
        if total > self._limits.unpacked_bytes:
            raise UnpacksTooLarge(self._name, f"{total // 2**20:,} MiB")
        if any(info.flag_bits & 1 for info in infos):
            raise LockedFile(
                self._name, "with a zip password", "Unpack it, or save it without a password, and try again."
            )
