"""A memory file that was made to do harm: what is taken in is sound and can be shown, all else is refused by name and writes nothing."""

from __future__ import annotations

import hashlib
import json
import random
import sqlite3
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from safetensors.torch import load, save

from app.errors import LibraryError, NotASnapshotFile, SnapshotFileDamaged, named_errors
from app.handlers import Handlers
from app.handlers.screen import KEEP
from app.library import Library
from app.models import Models
from app.reading import SavePolicy
from storage import Store
from tests.engine.tiny import PROSE, make_engine, make_tokenizer

BOOK = "".join(f"# Chapter {n}\n\n{PROSE}\n\n" for n in range(1, 5)).encode()
MUTATIONS, SEEDS = 300, 3
NESTED = json.loads("[" * 60 + "]" * 60)
VALUES = (
    None, True, False, -1, 0, 1, 7, 2**31, 2**63, 10**30, 1.5, 1e308, float("nan"), float("inf"), "", " ", "x", "x" * 9000, "\x00\x1b[2J",
    "<script>alert(1)</script>", "../../etc/passwd", [], {}, [[]], ["\u202e"], [1, 2], [-1], [["key", {"self": 1}]], [["imported", {}]],
    [["pages_missing", {}]], [["encoding_guessed", {"key": 2}]], [["k", {"n": 10**40}]], NESTED, {"a": NESTED},
)  # fmt: skip
Parts = dict[str, bytes]


@pytest.fixture(scope="module")
def engine():
    return make_engine(make_tokenizer(), bits=4)


def over(engine, path: Path) -> Library:
    return Library(Store.open(path), Models(engine=engine), policy=SavePolicy(groups=2, first_checkpoint=100))


@pytest.fixture(scope="module")
def exported(engine, tmp_path_factory: pytest.TempPathFactory) -> tuple[Parts, Parts]:
    """The parts of a memory file of a whole book, and of one that was read in half; both made by the engine itself."""
    folder = tmp_path_factory.mktemp("exported")
    found = []
    for name, groups in (("whole", 10_000), ("half", 20)):
        library, shown = over(engine, folder / f"{name}.db"), []
        book = library.add(BOOK, "book.md").id
        library.reader.read(book, on_progress=shown.append, should_stop=lambda: len(shown) == groups)  # noqa: B023
        library.export_snapshot(book, folder / name)
        library._store.close()
        with zipfile.ZipFile(folder / name) as archive:
            found.append({part: archive.read(part) for part in archive.namelist()})
    whole, half = found
    assert any(part.startswith("checkpoints/") for part in whole)
    return whole, half


@pytest.fixture
def library(engine, tmp_path: Path) -> Iterator[Library]:
    library = over(engine, tmp_path / "shelf.db")
    yield library
    library._store.close()


def put(path: Path, parts: Parts, *, deflated: bool = False) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def with_digests(parts: Parts) -> Parts:
    """The same with digests of what the parts are now, as whoever forges them would give."""
    manifest = json.loads(parts["manifest.json"])
    if isinstance(manifest, dict) and isinstance(manifest.get("sha256"), dict):
        manifest["sha256"] = {
            name: hashlib.sha256(data).hexdigest() for name, data in parts.items() if name != "manifest.json"
        }
    return parts | {"manifest.json": json.dumps(manifest).encode()}


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where in a JSON value something stands."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inside:
        yield (*at, key)
        yield from places(one, (*at, key))


def changed_json(chance: random.Random, data: bytes) -> bytes:
    value = json.loads(data)
    *way, last = chance.choice(list(places(value)))
    around = value
    for key in way:
        around = around[key]
    match chance.randrange(4):
        case 0:
            del around[last]
        case 1 if isinstance(around, dict):
            around[f"{last}2"] = around[last]
        case 1:
            around.append(around[last])
        case 2 if type(around[last]) is int:
            around[last] += chance.choice((-1, 1, 1000, -(2**40)))
        case _:
            around[last] = chance.choice(VALUES)
    return json.dumps(value).encode()


def changed_tensors(chance: random.Random, data: bytes) -> bytes:
    size = int.from_bytes(data[:8], "little")
    said, t = json.loads(data[8 : 8 + size]).get("__metadata__"), load(data)
    name = chance.choice(sorted(t))
    one = t[name].clone()
    match chance.randrange(8):
        case 0:
            del t[name]
        case 1:
            t[name] = one.double() if one.is_floating_point() else one.float()
        case 2:
            t[name] = one[..., :-1] if one.dim() else one
        case 3:
            t[name] = one[None]
        case 4:
            t[name] = torch.full_like(one, float("nan") if one.is_floating_point() else 127)
        case 5:
            t[name] = -one if one.dtype != torch.uint8 else one.flip(-1)
        case 6:
            t["more"] = one
        case _ if said:
            said = {key: value.replace("0", str(chance.randrange(10))) for key, value in said.items()}
        case _:
            t[name] = torch.cat((one, one))
    return save({key: tensor.contiguous() for key, tensor in t.items()}, metadata=said)


def changed_bytes(chance: random.Random, data: bytes) -> bytes:
    at, length = chance.randrange(len(data)), chance.choice((1, 4, 40))
    match chance.randrange(4):
        case 0:
            return data[:at]
        case 1:
            return data[:at] + chance.randbytes(length) + data[at + length :]
        case 2:
            return data[:at] + data[at + length :]
        case _:  # in the list of the archive's parts, at its end
            at = len(data) - 1 - chance.randrange(min(len(data), 900))
            return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]


def mutated(chance: random.Random, parts: Parts, path: Path) -> Path:
    """A file that differs from a true one in one or two things."""
    kind = chance.randrange(5)
    if kind == 4:
        put(path, parts, deflated=chance.random() < 0.3)
        path.write_bytes(changed_bytes(chance, path.read_bytes()))
        return path
    for _ in range(chance.choice((1, 1, 2))):
        tensors = [name for name in parts if name.endswith(".safetensors")]
        part = ("manifest.json", "text.json", chance.choice(tensors), chance.choice(sorted(parts)))[kind]
        change = changed_tensors if part in tensors and kind == 2 else changed_json if part.endswith(".json") else None
        parts = parts | {part: (change or changed_bytes)(chance, parts[part] or b"?")}
        if part != "manifest.json" or kind == 0:
            parts = with_digests(parts)
    return put(path, parts)


def contents(library: Library) -> str:
    with closing(sqlite3.connect(library._store.path)) as connection:
        return "\n".join(connection.iterdump())


def shown(library: Library, document_id: str) -> str:
    """What the page shows with the document open, in both languages; and the memory is used."""
    screens = ""
    for language in ("en", "nl"):
        request = SimpleNamespace(
            headers={"accept-language": language}, query_params={"document": document_id}, session_hash="tab"
        )
        screen = Handlers(library).load(request)
        assert screen.document_id == document_id and screen.notice in (KEEP, ""), screen.notice
        screens += screen.about + screen.shelf
    item = library.get(document_id)
    library.stretch_read(document_id)
    if item.status != "stale":  # made by the model that runs
        library.reader.look(document_id)
        if item.whole and item.pages > 1:
            library.reader.memory(library._row(document_id), 1)
        elif not item.whole:
            library.reader.read(document_id)
    return screens


@pytest.mark.parametrize("seed", range(SEEDS))
def test_hundreds_of_changed_files_are_sound_or_refused_by_name(
    exported: tuple[Parts, Parts], library: Library, tmp_path: Path, seed: int
) -> None:
    chance, refused, taken = random.Random(seed), set(), 0
    before = contents(library)
    for number in range(MUTATIONS // SEEDS):
        file = mutated(chance, chance.choice(exported), tmp_path / "changed.memory")
        try:
            item = library.import_snapshot(file)
        except named_errors() as error:
            assert isinstance(error, LibraryError), error
            assert file.name in str(error) and str(error).endswith(".") and len(str(error)) < 500
            refused.add(type(error))
            assert contents(library) == before, f"{number}: something was written"
            continue
        taken += 1
        assert "<script" not in shown(library, item.id)
        library.remove(item.id)
        library.sweep(days=-1)
    assert refused >= {NotASnapshotFile, SnapshotFileDamaged} and taken


def test_the_files_as_they_were_are_taken_in(exported: tuple[Parts, Parts], library: Library, tmp_path: Path) -> None:
    for parts in reversed(exported):
        item = library.import_snapshot(put(tmp_path / "true.memory", parts))
    assert item.whole and shown(library, item.id)


def lie(where: str, name: str, value: object) -> Callable[[Parts], Parts]:
    def change(parts: Parts) -> Parts:
        manifest = json.loads(parts["manifest.json"])
        manifest[where][name] = value
        return parts | {"manifest.json": json.dumps(manifest).encode()}

    return change


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lie("document", "title", ""), "document.title"),
        (lie("document", "title", "x" * 5000), "document.title"),
        (lie("document", "sha256", "F" * 64), "document.sha256"),
        (lie("document", "missing_pages", [99]), "document.missing_pages"),
        (lie("document", "notes", [["key", {"n": 10**20}]]), "document.notes"),
        (lie("document", "format", "PDF<b>"), "document.format"),
        (lie("snapshot", "group_tokens", 10**8), "snapshot.group_tokens"),
        (lie("snapshot", "seconds", float("nan")), "snapshot.seconds"),
        (lie("snapshot", "seconds", -1.0), "snapshot.seconds"),
        (lie("snapshot", "fingerprint", "a b"), "snapshot.fingerprint"),
        (lie("snapshot", "n_tokens", 10**300), "snapshot.n_tokens"),
        (lie("snapshot", "page", 0), "snapshot.page"),
    ],
)
def test_the_refusal_names_the_field(exported, library: Library, tmp_path: Path, change, named: str) -> None:
    with pytest.raises(NotASnapshotFile, match=named):
        library.import_snapshot(put(tmp_path / "lie.memory", change(exported[0])))


def test_a_memory_of_another_text_is_refused_by_the_model_that_made_it(exported, library: Library, tmp_path) -> None:
    parts = dict(exported[0])
    text = json.loads(parts["text.json"])
    text["pages"][0] += " and one more sentence that was never read."
    parts["text.json"] = json.dumps(text).encode()
    with pytest.raises(NotASnapshotFile, match="another text"):
        library.import_snapshot(put(tmp_path / "other.memory", with_digests(parts)))


BOMB = 200 * 2**20


def bombs(parts: Parts, folder: Path) -> Iterator[Path]:
    """Small files that would be large, or take much, if they were believed."""
    zeros = bytes(2**20)
    for name in ("manifest.json", "text.json", "state.safetensors", "worths.bin"):
        with zipfile.ZipFile(folder / f"deflated {name}", "w", zipfile.ZIP_DEFLATED) as archive:
            for part, data in parts.items():
                if part != name:
                    archive.writestr(part, data)
            packed = zipfile.ZipInfo(name)
            packed.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(packed, "w") as into:
                for _ in range(BOMB // len(zeros)):
                    into.write(zeros)
    for name, filled in (
        ("lists", b'{"pages":[' + b"[]," * 2**23 + b'""]}'),
        ("empty texts", b'{"pages":[' + b'"",' * 2**23 + b'""]}'),
        ("objects", b'{"sections":[' + b"{}," * 2**23 + b"{}]}"),
        ("depth", b'{"pages":' + b"[" * 2**22),
        ("numbers", b'{"page_labels":[' + b"1," * 2**23 + b"1]}"),
        ("a text without an end", b'{"pages":["' + b'\\"' * 2**23),
    ):
        put(folder / name, with_digests(parts | {"text.json": filled}), deflated=True)
    put(folder / "a long list of parts", parts | {f"more/{n}": b"" for n in range(20_000)})
    data = bytearray(put(folder / "a size that lies", parts).read_bytes())
    struct.pack_into("<L", data, data.index(b"PK\x01\x02") + 24, 2**31)  # how large a part says that it will be
    (folder / "a size that lies").write_bytes(data)
    large = put(folder / "a second list", parts).read_bytes()
    (folder / "a second list").write_bytes(large[:-22] + b"PK\x06\x07" + bytes(16) + large[-22:])
    with zipfile.ZipFile(folder / "packed otherwise", "w", zipfile.ZIP_LZMA) as archive:
        for name, packed in parts.items():
            archive.writestr(name, packed)
    # parts that lie in one another: each entry says that it reaches to the end of the last one
    nested = bytearray(put(folder / "nested", parts).read_bytes())
    at, entry = nested.index(b"PK\x01\x02"), 0
    while (entry := nested.find(b"PK\x01\x02", entry + 1)) >= 0:
        header = struct.unpack_from("<L", nested, entry + 42)[0]
        struct.pack_into("<2L", nested, entry + 20, at - header - 90, at - header - 90)
    (folder / "nested").write_bytes(nested)
    return folder.iterdir()


def test_bombs_are_refused_within_little_memory(exported: tuple[Parts, Parts], tmp_path: Path) -> None:
    lines = """
import resource, sys
from pathlib import Path
from app import portable
from app.errors import LibraryError
most = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
before = most()
for path in map(Path, sys.argv[1:]):
    try:
        portable.read(path)
        print("taken in", path.name, sep=";")
    except LibraryError as error:
        print(type(error).__name__, path.name, most() - before, sep=";")
"""
    files = sorted(bombs(exported[0], tmp_path))
    assert len(files) == 15 and all(path.stat().st_size < 3 * 2**20 for path in files)
    ended = subprocess.run(
        [sys.executable, "-c", lines, *map(str, files)], capture_output=True, text=True, check=True, timeout=100
    )
    told = [line.split(";") for line in ended.stdout.splitlines()]
    assert len(told) == len(files)
    for error, name, megabytes in told:
        assert error in ("SnapshotFileDamaged", "NotASnapshotFile"), name
        assert int(megabytes) < 400, f"{name}: {megabytes} MB"
