"""Zip files opened with a guard: EPUB, DOCX and ODT are zips, and a zip can unfold into anything."""

from __future__ import annotations

import io
import posixpath
import struct
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from urllib.parse import unquote

from documents.errors import DamagedFile, LockedFile, UnpacksTooLarge

# What zipfile raises on malformed archives.
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    OSError,
    ValueError,
    RuntimeError,
    LookupError,
    struct.error,
    MemoryError,
)
_LOCAL_HEADER = struct.Struct("<26xHH")  # of a part: lengths of its name and of what else comes before its bytes
_JUNK = "__MACOSX/"


@dataclass(frozen=True)
class Limits:
    """What a document may unpack into."""

    entries: int = 20_000
    unpacked_bytes: int = 2**30  # all entries together, as the zip declares them
    parsed_bytes: int = 128 * 2**20  # what is really unpacked and parsed as text


class Archive:
    """A zip that has been checked against `limits`; parts are read one by one. Close it after use."""

    def __init__(self, data: bytes, name: str, kind: str, limits: Limits = Limits()) -> None:
        self._data, self._name, self._kind, self._limits = data, name, kind, limits
        self._left = limits.parsed_bytes
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(data))
        except UNREADABLE as error:
            raise DamagedFile(name, kind, "its list of contents cannot be read") from error
        self._infos = {
            info.filename.replace("\\", "/"): info
            for info in self._zip.infolist()
            if not info.filename.startswith(_JUNK)
        }
        self._folded: dict[str, str] = {}
        for entry in self._infos:
            for form in (entry, unquote(entry)):
                self._folded.setdefault(_fold(form), entry)
        self._check()

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *exc: object) -> None:
        self._zip.close()

    def names(self) -> tuple[str, ...]:
        """The names of all entries, but for what macOS adds of its own."""
        return tuple(self._infos)

    def find(self, path: str) -> str | None:
        """The entry meant by `path`: exactly that, or the same but for case, accents' spelling, percent signs, backslashes and
        ``..`` parts; None if there is none."""
        plain = posixpath.normpath(path.replace("\\", "/")).lstrip("/")
        while plain.startswith("../"):
            plain = plain[3:]
        if plain in self._infos:
            return plain
        return self._folded.get(_fold(plain)) or self._folded.get(_fold(unquote(plain)))

    def read(self, entry: str) -> bytes:
        """One entry's bytes. Raises DamagedFile when it is absent or broken, UnpacksTooLarge past the limit."""
        info = self._counted(entry)
        try:
            return self._zip.read(info)
        except UNREADABLE as error:
            raise DamagedFile(self._name, self._kind, f"the part {entry} cannot be unpacked") from error

    def salvage(self, entry: str) -> bytes:
        """What can be unpacked of an entry whose bytes are not those that were packed; empty when that is nothing.

        Raises DamagedFile when it is absent, UnpacksTooLarge past the limit.
        """
        info = self._counted(entry)
        header = self._data[info.header_offset : info.header_offset + _LOCAL_HEADER.size]
        if len(header) < _LOCAL_HEADER.size:
            return b""
        start = info.header_offset + _LOCAL_HEADER.size + sum(_LOCAL_HEADER.unpack(header))
        packed = self._data[start : start + info.compress_size]
        if info.compress_type == zipfile.ZIP_STORED:
            return packed
        unpacked = bytearray()
        inflate = zlib.decompressobj(-15)
        try:
            for place in range(0, len(packed), 4096):
                unpacked += inflate.decompress(packed[place : place + 4096])
                if len(unpacked) > self._left:
                    break
        except zlib.error:
            pass  # what came before is all that there is
        self._left -= len(unpacked)
        return bytes(unpacked)

    def _counted(self, entry: str) -> zipfile.ZipInfo:
        info = self._infos.get(entry)
        if info is None:
            raise DamagedFile(self._name, self._kind, f"the part {entry} is absent")
        self._left -= info.file_size
        if self._left < 0:
            raise UnpacksTooLarge(self._name, f"more than {self._limits.parsed_bytes // 2**20} MiB of text")
        return info

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


def _fold(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()
