"""What is shipped of a memory: any change of its two files is noticed before it is used."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from engine.errors import MemoryInvalid
from engine.load import SHIPPED
from engine.memory import MANIFEST, WEIGHTS, load_memory, read_manifest, save_memory
from tests.engine.tiny import make_decoder

FOLDERS = sorted(path.parent for path in SHIPPED.glob(f"*/{MANIFEST}"))


def numbers(found: object, path: tuple = ()) -> list[tuple]:
    """Where numbers stand in a manifest."""
    if isinstance(found, dict):
        return [one for name, value in found.items() for one in numbers(value, (*path, name))]
    if isinstance(found, list):
        return [one for at, value in enumerate(found) for one in numbers(value, (*path, at))]
    return [path] if isinstance(found, int | float) and not isinstance(found, bool) else []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_changed_number_in_a_shipped_manifest_is_noticed(folder: Path, tmp_path: Path) -> None:
    whole = json.loads((folder / MANIFEST).read_text())
    places = numbers(whole)
    assert ("judge", "scale") in places and len(places) > 50
    for place in [*random.Random(1).sample(places, 40), ("judge", "scale")]:
        changed = json.loads(json.dumps(whole))
        at = changed
        for name in place[:-1]:
            at = at[name]
        at[place[-1]] += 1
        (tmp_path / MANIFEST).write_text(json.dumps(changed))
        with pytest.raises(MemoryInvalid, match="changed"):
            read_manifest(tmp_path)


def test_a_flipped_bit_of_the_weights_is_noticed(tmp_path: Path) -> None:
    folder = tmp_path / "memory"
    shutil.copytree(FOLDERS[0], folder)
    base = read_manifest(folder)["base_sha256"]
    data = bytearray((folder / WEIGHTS).read_bytes())
    data[len(data) // 2] ^= 4
    (folder / WEIGHTS).write_bytes(data)
    with pytest.raises(MemoryInvalid, match=f"not the file that {MANIFEST} describes"):
        load_memory(folder, make_decoder(), base)


def test_a_manifest_is_read_as_it_was_written(tmp_path: Path) -> None:
    manifest = {"base_sha256": "b", "config": {}, "pointing": {"weight": [0.1, 1e-9]}, "confidence": {}}
    digest = save_memory(tmp_path, manifest, {})
    assert read_manifest(tmp_path) == {**manifest, "weights_sha256": digest}
    (tmp_path / MANIFEST).write_text("[]")
    with pytest.raises(MemoryInvalid, match="no usable"):
        read_manifest(tmp_path)
