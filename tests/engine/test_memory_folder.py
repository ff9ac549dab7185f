"""The folder of a memory: what is not what was written there is refused."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from engine.errors import MemoryInvalid
from engine.load import SHIPPED
from engine.memory import DIGEST, MANIFEST, read_manifest, save_memory

FLIPS = 500


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (shipped,) = sorted(SHIPPED.glob(f"*/{MANIFEST}"))[:1]
    (tmp_path / MANIFEST).write_bytes(shipped.read_bytes())
    return tmp_path


def test_no_flipped_bit_of_a_manifest_goes_unnoticed(folder: Path):
    path, written = folder / MANIFEST, read_manifest(folder)
    data, chance, refused = path.read_bytes(), random.Random(7), 0
    for _ in range(FLIPS):
        at, bit = chance.randrange(len(data)), chance.randrange(8)
        path.write_bytes(data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :])
        try:
            found = read_manifest(folder)
        except MemoryInvalid:
            refused += 1
        else:
            # white space, or the name of the digest itself
            assert {name: found[name] for name in written} == written
    assert refused > FLIPS / 2


def test_a_changed_scale_is_refused(folder: Path):
    path = folder / MANIFEST
    manifest = json.loads(path.read_text())
    manifest["updates"]["scale"] *= 2
    path.write_text(json.dumps(manifest))
    with pytest.raises(MemoryInvalid, match="not what was written"):
        read_manifest(folder)


def test_what_is_saved_is_read_and_a_folder_of_before_as_well(folder: Path):
    written = read_manifest(folder)
    save_memory(folder, written, {})
    again = read_manifest(folder)
    assert {**again, "weights_sha256": ""} == {**written, "weights_sha256": ""}
    manifest = json.loads((folder / MANIFEST).read_text())
    del manifest[DIGEST]
    (folder / MANIFEST).write_text(json.dumps(manifest))
    assert read_manifest(folder) == again
