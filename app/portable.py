"""A document's text and memory in one file to carry about: a zip of JSON and safetensors, every part hashed.

What left the memory at its checkpoints goes along, so that it can be asked as of an earlier page elsewhere too.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, get_type_hints

from app.errors import FileNotWritten, FileUnreadable, NotASnapshotFile, SnapshotFileDamaged, SnapshotFileTooNew
from storage import Checkpoint, DocumentRow, NewSnapshot, SectionRow, notes_from, now

FORMAT = "palimpsest-snapshot"
VERSION = 2
OLDEST = 1  # has neither checkpoints nor worths
MANIFEST, TEXT, STATE, WORTHS = "manifest.json", "text.json", "state.safetensors", "worths.bin"
CHECKPOINT = "checkpoints/{:012d}.safetensors"
# Larger than any real book or memory; a file that claims more is not unpacked.
LIMITS = {MANIFEST: 2**20, TEXT: 2**30}
LARGEST, MOST_CHECKPOINTS = 2**32, 1000
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same document gives the same file, whenever it is written


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
    """Writes the file whole or not at all; one that is there is replaced. Raises FileNotWritten."""

    def fill(file: IO[bytes]) -> None:
        with zipfile.ZipFile(file, "w") as archive:
            for name, data in _parts(bundle).items():
                packing = zipfile.ZIP_DEFLATED if name in (MANIFEST, TEXT) else zipfile.ZIP_STORED
                archive.writestr(zipfile.ZipInfo(name, EPOCH), data, packing)

    _write_whole(path, fill)


def write_text(path: Path, text: str) -> None:
    """The same for a text, in UTF-8. Raises FileNotWritten."""
    _write_whole(path, lambda file: file.write(text.encode("utf-8")))


def _write_whole(path: Path, fill: Callable[[IO[bytes]], object]) -> None:
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            try:
                fill(file)
                file.close()
                Path(file.name).replace(path)
            except BaseException:
                file.close()
                Path(file.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise FileNotWritten(str(path), error.strerror or str(error)) from error


def read(path: Path) -> Bundle:
    """Reads and checks the file before anything is believed.

    Raises FileUnreadable, NotASnapshotFile, SnapshotFileDamaged, SnapshotFileTooNew.
    """
    name = path.name
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _manifest(archive, name)
            parts = {part: _part(archive, part, manifest, name) for part in _names(manifest)}
    except OSError as error:
        raise FileUnreadable(str(path), error.strerror or str(error)) from error
    except zipfile.BadZipFile as error:
        raise NotASnapshotFile(name, "it is of another kind, or incomplete") from error
    except (zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise SnapshotFileDamaged(name, "a part of it can't be unpacked") from error
    try:
        return _bundle(manifest, parts)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise NotASnapshotFile(name, "its description doesn't fit its contents") from error


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
    elsewhere = ("added_at", "last_asked_at", "page_labels")
    document = {name: value for name, value in asdict(bundle.document).items() if name not in elsewhere}
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


def _names(manifest: dict[str, Any]) -> list[str]:
    """The parts that a file with this manifest has besides it."""
    if manifest["version"] == OLDEST:
        return [TEXT, STATE]
    return [TEXT, STATE, WORTHS, *(CHECKPOINT.format(since) for since, _ in manifest["checkpoints"])]


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode("utf-8", "surrogatepass")


def _manifest(archive: zipfile.ZipFile, name: str) -> dict[str, Any]:
    try:
        manifest = json.loads(_unpack(archive, MANIFEST, name))
    except KeyError as error:
        raise NotASnapshotFile(name, "it is an archive of another kind") from error
    except (ValueError, RecursionError) as error:
        raise SnapshotFileDamaged(name, "its description can't be read") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise NotASnapshotFile(name, "it is an archive of another kind")
    if manifest.get("version") not in range(OLDEST, VERSION + 1):
        raise SnapshotFileTooNew(name, manifest.get("version"))
    found = manifest.setdefault("checkpoints", [])
    pairs = isinstance(found, list) and all(isinstance(one, list) and len(one) == 2 for one in found)
    if not pairs or len(found) > MOST_CHECKPOINTS or not all(type(n) is int and n >= 0 for one in found for n in one):
        raise NotASnapshotFile(name, "its description doesn't fit its contents")
    return manifest


def _part(archive: zipfile.ZipFile, part: str, manifest: dict[str, Any], name: str) -> bytes:
    digests = manifest.get("sha256")
    try:
        data = _unpack(archive, part, name)
    except KeyError as error:
        raise SnapshotFileDamaged(name, f"{part} is missing") from error
    if not isinstance(digests, dict) or hashlib.sha256(data).hexdigest() != digests.get(part):
        raise SnapshotFileDamaged(name, f"{part} is not what was written")
    return data


def _unpack(archive: zipfile.ZipFile, part: str, name: str) -> bytes:
    # Read with a limit of our own: the size that an archive claims may be a lie.
    try:
        with archive.open(part) as file:
            data = file.read(LIMITS.get(part, LARGEST) + 1)
    except zipfile.BadZipFile as error:
        raise SnapshotFileDamaged(name, f"{part} is not what was written") from error
    if len(data) > LIMITS.get(part, LARGEST):
        raise SnapshotFileDamaged(name, f"{part} is far too large")
    return data


def _bundle(manifest: dict[str, Any], parts: dict[str, bytes]) -> Bundle:
    """Builds the rows; ValueError, KeyError or TypeError when a value is missing or of another kind."""
    text = json.loads(parts[TEXT])
    snapshot = {name: value for name, value in manifest["snapshot"].items() if name not in ("section", "blob")}
    # files from before there were tags have none
    document = {"tags": [], **manifest["document"], "added_at": now(), "last_asked_at": None}
    document["page_labels"] = text.get("page_labels", [])
    for name in ("missing_pages", "tags", "page_labels"):
        document[name] = tuple(document[name])
    # and they have warnings, sentences in English, where there are notes now
    document["notes"] = notes_from(document.pop("warnings", None) or document.get("notes", ()))
    bundle = Bundle(
        document=_checked(DocumentRow, document),
        pages=tuple(text["pages"]),
        sections=tuple(_checked(SectionRow, section) for section in text["sections"]),
        snapshot=_checked(NewSnapshot, {**snapshot, "blob": parts[STATE]}),
        checkpoints=tuple(
            _checked(Checkpoint, {"since": since, "n_tokens": n_tokens, "departed": parts[CHECKPOINT.format(since)]})
            for since, n_tokens in manifest["checkpoints"]
        ),
        worths=parts.get(WORTHS, b""),
    )
    row, new, length = bundle.document, bundle.snapshot, sum(map(len, bundle.pages))
    sound = (
        row.sha256.startswith(row.id)
        and len(row.id) == 16
        and new.document_id == row.id
        and row.n_pages == len(bundle.pages) >= 1
        and 0 < new.n_tokens <= new.total_tokens
        and new.complete == (new.n_tokens == new.total_tokens)
        and new.group_tokens > 0
        and 0 <= new.page <= row.n_pages
        and [section.number for section in bundle.sections] == list(range(1, len(bundle.sections) + 1))
        and all(0 <= section.start <= section.end <= length for section in bundle.sections)
        and all(isinstance(page, str) for page in bundle.pages)
        and len(row.page_labels) in (0, row.n_pages)
        and all(isinstance(label, str) for label in row.page_labels)
        and all(0 < one.since < one.n_tokens <= new.n_tokens for one in bundle.checkpoints)
        and len(bundle.worths) in (0, new.n_tokens)
    )
    if not sound:
        raise ValueError("values that contradict each other")
    return bundle


def _checked(kind: type[Any], values: dict[str, Any]) -> Any:
    """A row of `kind`, with the type of every value checked."""
    hints = get_type_hints(kind)
    for name, value in values.items():
        wanted = hints[name]
        plain = getattr(wanted, "__origin__", wanted)
        fits = isinstance(value, plain) and (plain is bool or not isinstance(value, bool))
        if not (fits or (plain is float and type(value) is int)):
            raise TypeError(f"{name} is {type(value).__name__}")
    return kind(**values)
