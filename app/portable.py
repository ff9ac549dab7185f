"""A document's text and memory in one file to carry about: a zip of JSON and safetensors, every part hashed.

What left the memory at its checkpoints goes along, so that it can be asked as of an earlier page elsewhere too.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, FailFast, Field, ValidationError, field_validator

from app.errors import (
    FileNotWritten,
    FileUnreadable,
    NoRoom,
    NotASnapshotFile,
    SnapshotFileDamaged,
    SnapshotFileTooNew,
    no_room,
)
from storage import Checkpoint, DocumentRow, NewSnapshot, SectionRow, free_bytes, notes_from, now

FORMAT = "palimpsest-snapshot"
VERSION = 2
OLDEST = 1  # has neither checkpoints nor worths
MANIFEST, TEXT, STATE, WORTHS = "manifest.json", "text.json", "state.safetensors", "worths.bin"
CHECKPOINT = "checkpoints/{:012d}.safetensors"
# Larger than any real book or memory; a file that claims more is not unpacked.
LIMITS = {MANIFEST: 2**20, TEXT: 2**27}
LARGEST, MOST_CHECKPOINTS = 2**30, 1000
MOST_PARTS, LONGEST_ENTRY = MOST_CHECKPOINTS + 8, 256
MOST_PAGES, MOST_SECTIONS = 10**6, 10**5
MOST_VALUES = 2 * MOST_PAGES + 7 * MOST_SECTIONS  # of a text's part, its pages, their labels and its sections
MOST_TOKENS, MOST_TOKENS_A_LETTER, MOST_AT_ONCE = 10**9, 8, 2**17
MOST_NOTES, LONGEST_NOTE, MOST_TAGS = 200, 20_000, 100
IMPORTED = ("imported", {})  # the note of a text that nobody has compared with the file it is of
Whole = Annotated[int, Field(ge=0, le=MOST_TOKENS)]
Count = Annotated[int, Field(ge=1, le=MOST_TOKENS)]
Line = Annotated[str, Field(max_length=4000)]
Label = Annotated[str, Field(max_length=200)]
WORDS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)  # JSON's texts; one without an end is the last
END, END_MARK = struct.Struct("<4s4H2LH"), b"PK\5\6"  # what a zip archive ends with
LARGE_END, LARGE_MARK = 20, b"PK\6\7"  # and what stands before that in one of more than 4 GB
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same document gives the same file, whenever it is written


class _Described(BaseModel):
    """A part of a file's description: nothing in it but what is named here, of just that type."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class _Section(_Described):
    number: Count
    title: Line
    level: Annotated[int, Field(ge=1, le=64)]
    page: Count
    last_page: Count
    start: Whole
    end: Whole


class _Text(_Described):
    pages: Annotated[list[str], Field(min_length=1, max_length=MOST_PAGES), FailFast()]
    sections: Annotated[list[_Section], Field(max_length=MOST_SECTIONS), FailFast()]
    page_labels: Annotated[list[Label], FailFast()] = []

    def rows(self) -> list[SectionRow]:
        """Its sections as rows."""
        return [SectionRow(**section.model_dump()) for section in self.sections]


class _Document(_Described):
    id: Annotated[str, Field(pattern="^[0-9a-f]{16}$")]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    title: Annotated[Line, Field(min_length=1)]
    author: Line | None
    format: Annotated[str, Field(pattern="^[a-z0-9]{1,16}$")]
    n_pages: Count
    n_tokens: Count | None
    missing_pages: Annotated[list[Count], Field(max_length=MOST_PAGES), FailFast()]
    notes: Annotated[list[Any], Field(max_length=MOST_NOTES)] = []
    # before there were notes there were sentences in English, and before there were tags none
    warnings: Annotated[list[Any], Field(max_length=MOST_NOTES)] | None = None
    tags: Annotated[list[Label], Field(max_length=MOST_TAGS)] = []
    added_at: str | None = None
    last_asked_at: str | None = None

    @field_validator("notes", "warnings")
    @classmethod
    def of_notes(cls, notes: list[Any]) -> list[Any]:
        """Notes are keys with short values."""
        for key, values in notes_from(notes or ()):
            named = [key, *values, *(value for value in values.values() if isinstance(value, str))]
            if len(values) > MOST_NOTES or any(len(text) > LONGEST_NOTE for text in named):
                raise ValueError("a note that is too long")
            if any(isinstance(value, int) and abs(value) > MOST_TOKENS for value in values.values()):
                raise ValueError("a note with too large a number")
        return notes

    def row(self, text: _Text) -> DocumentRow:
        """The document's row. It says that nobody has compared its text with the file it is of."""
        notes = tuple(note for note in notes_from(self.warnings or self.notes) if note != IMPORTED)
        kept = self.model_dump(exclude={"warnings", "notes", "missing_pages", "tags", "added_at", "last_asked_at"})
        return DocumentRow(
            **kept,
            missing_pages=tuple(self.missing_pages),
            notes=(*notes, IMPORTED),
            added_at=now(),
            last_asked_at=None,
            tags=tuple(self.tags),
            page_labels=tuple(text.page_labels),
        )


class _Snapshot(_Described):
    document_id: str
    fingerprint: Annotated[str, Field(pattern="^[0-9A-Za-z._-]{1,128}$")]
    n_tokens: Count
    total_tokens: Count
    page: Whole
    complete: bool
    group_tokens: Annotated[int, Field(ge=1, le=MOST_AT_ONCE)]
    seconds: Annotated[float, Field(ge=0, le=MOST_TOKENS)]
    # in files of the first version
    section: Literal[0] = 0
    blob: None = None

    def new(self, blob: bytes) -> NewSnapshot:
        """The memory as one to store."""
        return NewSnapshot(**self.model_dump(exclude={"section", "blob"}), blob=blob)


class _Manifest(_Described):
    format: str
    version: int
    document: _Document
    snapshot: _Snapshot
    sha256: dict[str, str]
    checkpoints: Annotated[list[tuple[Whole, Count]], Field(max_length=MOST_CHECKPOINTS)] = []

    @field_validator("checkpoints", mode="before")
    @classmethod
    def of_pairs(cls, found: Any) -> Any:
        """JSON has no tuples."""
        return (
            [tuple(one) for one in found]
            if isinstance(found, list) and all(isinstance(one, list) for one in found)
            else found
        )

    @field_validator("checkpoints")
    @classmethod
    def of_stretches(cls, found: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """A checkpoint stands before the tokens that came after it."""
        if any(since >= n_tokens for since, n_tokens in found):
            raise ValueError("a checkpoint behind its own end")
        return found


@dataclass(frozen=True)
class Bundle:
    """What such a file carries."""

    document: DocumentRow
    pages: tuple[str, ...]
    sections: tuple[SectionRow, ...]
    snapshot: NewSnapshot
    checkpoints: tuple[Checkpoint, ...] = ()
    worths: bytes = b""


def bytes_of(path: Path, most: int) -> bytes:
    """A file's contents, no more than `most` bytes of them, for some files have no end. Raises FileUnreadable."""
    try:
        with path.open("rb") as file:
            return file.read(most)
    except (OSError, ValueError) as error:
        raise FileUnreadable(str(path), getattr(error, "strerror", None) or str(error)) from error


def write(path: Path, bundle: Bundle) -> None:
    """Writes the file whole or not at all; one that is there is replaced. Raises FileNotWritten, NoRoom."""

    parts = _parts(bundle)

    def fill(file: IO[bytes]) -> None:
        with zipfile.ZipFile(file, "w") as archive:
            for name, data in parts.items():
                packing = zipfile.ZIP_DEFLATED if name in (MANIFEST, TEXT) else zipfile.ZIP_STORED
                archive.writestr(zipfile.ZipInfo(name, EPOCH), data, packing)

    _write_whole(path, fill, sum(len(data) + 2 * LONGEST_ENTRY for data in parts.values()))


def write_text(path: Path, text: str) -> None:
    """The same for a text, in UTF-8. Raises FileNotWritten, NoRoom."""
    data = text.encode("utf-8")
    _write_whole(path, lambda file: file.write(data), len(data))


def _write_whole(path: Path, fill: Callable[[IO[bytes]], object], n_bytes: int) -> None:
    """`n_bytes` are about how many that is, no fewer."""
    made: Path | None = None
    try:
        try:
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
                made = Path(file.name)
                fill(file)
            # closing writes what is left, which can fail as well
            made.replace(path)
        finally:
            if made is not None:
                made.unlink(missing_ok=True)
    except OSError as error:  # once the part is gone, so that its room counts as free
        if no_room(error):
            raise NoRoom(n_bytes, free_bytes(path)) from error
        raise FileNotWritten(str(path), error.strerror or str(error)) from error


def read(path: Path) -> Bundle:
    """Reads and checks the file before anything is believed: how large its parts are before they are unpacked, that they are what was
    written, and every value by itself and beside the others; but not the memory, which only an engine knows. Takes memory for the file's
    own size and some times LIMITS[TEXT], no more.

    Raises FileUnreadable, NotASnapshotFile, SnapshotFileDamaged, SnapshotFileTooNew.
    """
    name = path.name
    try:
        with path.open("rb") as file:
            size = _check_directory(file, name)
            with zipfile.ZipFile(file) as archive:
                _check_sizes(archive, size, name)
                manifest = _manifest(archive, name)
                parts = {part: _part(archive, part, manifest, name) for part in _names(manifest)}
    except OSError as error:
        raise FileUnreadable(str(path), error.strerror or str(error)) from error
    except zipfile.BadZipFile as error:
        raise NotASnapshotFile(name, "it is of another kind, or incomplete") from error
    except (zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, struct.error) as error:
        raise SnapshotFileDamaged(name, "a part of it can't be unpacked") from error
    return _bundle(manifest, parts, name)


def _check_directory(file: IO[bytes], name: str) -> int:
    """That the list of the archive's parts, which is read whole, is short: it stands at the file's end, with nothing behind it, and no
    second list takes its place. Returns the file's size in bytes. Raises NotASnapshotFile, SnapshotFileDamaged.
    """
    size = file.seek(0, os.SEEK_END)
    if size > LARGEST:
        raise SnapshotFileDamaged(name, "it is far too large")
    file.seek(max(0, size - END.size - LARGE_END))
    before, end = file.read(max(0, min(LARGE_END, size - END.size))), file.read(END.size)
    if not end.startswith(END_MARK) or len(end) < END.size:
        raise NotASnapshotFile(name, "it is of another kind, or incomplete")
    *_, length, begin, comment = END.unpack(end)
    if (
        before.startswith(LARGE_MARK)
        or comment
        or length > MOST_PARTS * LONGEST_ENTRY
        or begin + length + END.size > size
    ):
        raise NotASnapshotFile(name, "it is an archive of another kind")
    file.seek(0)
    return size


def _check_sizes(archive: zipfile.ZipFile, size: int, name: str) -> None:
    """That no part unpacks to more than it may. Raises SnapshotFileDamaged."""
    parts = archive.infolist()
    if len(parts) > MOST_PARTS or len({part.filename for part in parts}) < len(parts):
        raise SnapshotFileDamaged(name, "it has a part twice, or far too many")
    for part in parts:
        # what is not described here is stored as it is, so that it can't be larger than the file
        packed = part.compress_type != zipfile.ZIP_STORED
        if packed and part.compress_type != zipfile.ZIP_DEFLATED:
            raise SnapshotFileDamaged(name, f"{part.filename[:60]} is packed in an unknown way")
        most = LIMITS.get(part.filename, 0 if packed else part.compress_size)
        if part.file_size > most:
            raise SnapshotFileDamaged(name, f"{part.filename[:60]} is far too large")
    if sum(part.compress_size for part in parts) > size:
        raise SnapshotFileDamaged(name, "its parts lie in one another")


def _parts(bundle: Bundle) -> dict[str, bytes]:
    """The file's parts; the manifest comes first and has the digests of the others."""
    parts = {
        TEXT: _json(
            {
                "pages": bundle.pages,
                "sections": [asdict(section) for section in bundle.sections],
                "page_labels": bundle.document.page_labels,
            }
        ),
        STATE: bundle.snapshot.blob,
        WORTHS: bundle.worths,
        **{CHECKPOINT.format(one.since): one.departed for one in bundle.checkpoints},
    }
    elsewhere = ("added_at", "last_asked_at", "page_labels", "damaged")
    document = {name: value for name, value in asdict(bundle.document).items() if name not in elsewhere}
    document["notes"] = [note for note in bundle.document.notes if note != IMPORTED]
    # which token each page begins at is found anew, from the same text
    snapshot = {name: value for name, value in asdict(bundle.snapshot).items() if name not in ("blob", "page_starts")}
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "document": document,
        "snapshot": snapshot,
        "checkpoints": [[one.since, one.n_tokens] for one in bundle.checkpoints],
        "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in parts.items()},
    }
    return {MANIFEST: _json(manifest), **parts}


def _names(manifest: _Manifest) -> list[str]:
    """The parts that a file with this manifest has besides it."""
    if manifest.version == OLDEST:
        return [TEXT, STATE]
    return [TEXT, STATE, WORTHS, *(CHECKPOINT.format(since) for since, _ in manifest.checkpoints)]


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode()


def _manifest(archive: zipfile.ZipFile, name: str) -> _Manifest:
    try:
        manifest = json.loads(_unpack(archive, MANIFEST, name))
    except KeyError as error:
        raise NotASnapshotFile(name, "it is an archive of another kind") from error
    except (ValueError, RecursionError) as error:
        raise SnapshotFileDamaged(name, "its description can't be read") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise NotASnapshotFile(name, "it is an archive of another kind")
    version = manifest.get("version")
    if type(version) is not int or not OLDEST <= version <= VERSION:
        raise SnapshotFileTooNew(name, str(version)[:20])
    return _valid(_Manifest, manifest, name)


def _part(archive: zipfile.ZipFile, part: str, manifest: _Manifest, name: str) -> bytes:
    try:
        data = _unpack(archive, part, name)
    except KeyError as error:
        raise SnapshotFileDamaged(name, f"{part} is missing") from error
    if hashlib.sha256(data).hexdigest() != manifest.sha256.get(part):
        raise SnapshotFileDamaged(name, f"{part} is not what was written")
    return data


def _unpack(archive: zipfile.ZipFile, part: str, name: str) -> bytes:
    # the size that an archive claims was checked; what unpacks to more or less is refused by its checksum
    try:
        return archive.read(part)
    except zipfile.BadZipFile as error:
        raise SnapshotFileDamaged(name, f"{part} is not what was written") from error


def _valid(kind: type[_Described], values: object, name: str) -> Any:
    """The values, checked. Raises NotASnapshotFile, which names the first that is not what belongs there."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        where = ".".join(map(str, error.errors(include_url=False, include_input=False)[0]["loc"]))[:80]
        raise NotASnapshotFile(name, f"its description doesn't fit its contents: {where or 'a value'}") from error


def _text(data: bytes, name: str) -> _Text:
    """The text's part. It is not parsed before it is known how many values there are. Raises NotASnapshotFile, SnapshotFileDamaged."""
    around = WORDS.sub(b"", data)
    if around.count(b",") > MOST_VALUES or around.count(b"{") + around.count(b"[") > MOST_SECTIONS + 4:
        raise SnapshotFileDamaged(name, f"{TEXT} is far too large")
    try:
        return _valid(_Text, json.loads(data), name)
    except (ValueError, RecursionError) as error:
        raise SnapshotFileDamaged(name, "its text can't be read") from error


def _bundle(manifest: _Manifest, parts: dict[str, bytes], name: str) -> Bundle:
    """Builds the rows. Raises NotASnapshotFile where values contradict each other, SnapshotFileDamaged."""
    text, document, memory, worths = (
        _text(parts[TEXT], name),
        manifest.document,
        manifest.snapshot,
        parts.get(WORTHS, b""),
    )
    length, pages = sum(map(len, text.pages)), len(text.pages)
    contradictions = {
        "document.id": not document.sha256.startswith(document.id) or memory.document_id != document.id,
        "document.n_pages": document.n_pages != pages,
        "document.missing_pages": any(page > pages for page in document.missing_pages),
        "page_labels": len(text.page_labels) not in (0, pages),
        "snapshot.n_tokens": memory.n_tokens > memory.total_tokens,
        "snapshot.total_tokens": memory.total_tokens > MOST_TOKENS_A_LETTER * length + pages,
        "snapshot.complete": memory.complete != (memory.n_tokens == memory.total_tokens),
        "snapshot.page": memory.page > pages or (memory.complete and memory.page != pages),
        "sections": not _in_order(text.sections, length, pages),
        "checkpoints": any(n_tokens > memory.n_tokens for _, n_tokens in manifest.checkpoints)
        or any(a >= b for (a, _), (b, _) in pairwise(manifest.checkpoints))
        # of what was let go, from the beginning, nothing is known
        or any((since == 0) == bool(parts[CHECKPOINT.format(since)]) for since, _ in manifest.checkpoints),
        "worths": len(worths) not in (0, memory.n_tokens),
    }
    for what, wrong in contradictions.items():
        if wrong:
            raise NotASnapshotFile(name, f"its description doesn't fit its contents: {what}")
    checkpoints = tuple(
        Checkpoint(since, n_tokens, parts[CHECKPOINT.format(since)]) for since, n_tokens in manifest.checkpoints
    )
    return Bundle(
        document.row(text), tuple(text.pages), tuple(text.rows()), memory.new(parts[STATE]), checkpoints, worths
    )


def _in_order(sections: Sequence[_Section], length: int, pages: int) -> bool:
    """Whether sections are numbered from 1, and lie in the text, on its pages and after one another."""
    return (
        [section.number for section in sections] == list(range(1, len(sections) + 1))
        and all(section.start <= section.end <= length for section in sections)
        and all(section.page <= section.last_page <= pages for section in sections)
        and all(a.start <= b.start for a, b in pairwise(sections))
    )
