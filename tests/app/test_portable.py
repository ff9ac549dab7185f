"""Snapshot files: what is carried arrives whole, and nothing else is believed."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app import portable
from app.errors import (
    FileNotWritten,
    FileUnreadable,
    NotASnapshotFile,
    NotReadYet,
    SnapshotFileDamaged,
    SnapshotFileTooNew,
    TextDiffers,
)
from app.library import Library
from app.portable import IMPORTED
from app.reading import SavePolicy
from app.views import ReadProgress
from storage import Store
from tests.app.conftest import SOURCE
from tests.app.small_engine import SmallEngine, shelf
from tests.storage.meant import change


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "tides.snapshot"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Library]:
    with Store.open(tmp_path / "elsewhere.db") as store:
        yield shelf(SmallEngine(), store, SavePolicy(groups=2))


def half(library: Library, document_id: str, groups: int) -> None:
    shown: list[ReadProgress] = []
    library.reader.read(document_id, on_progress=shown.append, should_stop=lambda: len(shown) == groups)


def rewrite(file: Path, change: Callable[[dict[str, bytes]], None]) -> None:
    """Changes the parts of a snapshot file, keeping the archive itself sound."""
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    change(parts)
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


def edit(parts: dict[str, bytes], change: Callable[[dict], None]) -> None:
    manifest = json.loads(parts["manifest.json"])
    change(manifest)
    parts["manifest.json"] = json.dumps(manifest).encode()


def test_a_memory_answers_the_same_on_another_machine(library: Library, tides: str, file: Path, elsewhere: Library):
    report = library.reader.read(tides)
    library.export_snapshot(tides, file)
    arrived = elsewhere.import_snapshot(file)
    here = library.get(tides)
    assert (arrived.title, arrived.sections, arrived.notes, arrived.status) == (
        here.title,
        here.sections,
        (*here.notes, IMPORTED),
        "read",
    )
    assert elsewhere.reader.read(tides).state_sha256 == report.state_sha256
    assert list(elsewhere.answering.ask(tides, "Who?")) == list(library.answering.ask(tides, "Who?"))
    assert list(elsewhere.summaries.summarize(tides, section=2)) == list(library.summaries.summarize(tides, section=2))


def test_what_left_at_checkpoints_goes_along(store: Store, file: Path, tmp_path: Path):
    policy = SavePolicy(groups=2, first_checkpoint=30)
    here = shelf(SmallEngine(slots=40), store, policy)
    tides = here.add(SOURCE, "tides.md").id
    here.reader.read(tides)
    here.export_snapshot(tides, file)
    with Store.open(tmp_path / "there.db") as other:
        there = shelf(SmallEngine(slots=40), other)
        there.import_snapshot(file)
        for page in (1, 2):
            states = [lib.reader.memory(lib._store.documents.get(tides), page).state for lib in (here, there)]
            assert states[0] == states[1] and states[0].slots
        assert there.summaries.key_passages(tides).text == here.summaries.key_passages(tides).text
        assert other.checkpoints.after(tides, "f1", 0) == store.checkpoints.after(tides, "f1", 0) != ()


def test_a_file_of_the_first_version_is_taken_in(library: Library, tides: str, file: Path, elsewhere: Library):
    library.reader.read(tides)
    library.export_snapshot(tides, file)

    def older(parts: dict[str, bytes]) -> None:
        del parts["worths.bin"]
        edit(parts, lambda manifest: manifest.update(version=1))
        edit(parts, lambda manifest: manifest.pop("checkpoints"))
        edit(parts, lambda manifest: manifest["snapshot"].update(section=0, blob=None))

    rewrite(file, older)
    assert elsewhere.import_snapshot(file).status == "read"


def test_the_same_document_gives_the_same_file(library: Library, tides: str, file: Path, tmp_path: Path):
    library.reader.read(tides)
    library.export_snapshot(tides, file)
    library.export_snapshot(tides, tmp_path / "again")
    assert file.read_bytes() == (tmp_path / "again").read_bytes()


def test_half_a_reading_goes_on_elsewhere(library: Library, tides: str, file: Path, elsewhere: Library):
    half(library, tides, 6)
    library.export_snapshot(tides, file)
    assert elsewhere.import_snapshot(file).read_tokens == 42
    assert elsewhere.reader.read(tides).state_sha256 == library.reader.read(tides).state_sha256


def test_what_is_exported_while_it_is_read_is_of_one_moment(store: Store, file: Path, tmp_path: Path):
    here = shelf(SmallEngine(group=3, slots=40, pause=0.002), store, SavePolicy(groups=1, first_checkpoint=20))
    tides = here.add(SOURCE * 6, "tides.md").id
    reading = threading.Thread(target=here.reader.read, args=(tides,))
    reading.start()
    n_tokens, elsewhere = set(), tmp_path / "elsewhere.db"
    while reading.is_alive():
        try:
            here.export_snapshot(tides, file)
        except NotReadYet:
            continue
        bundle = portable.read(file)
        n_tokens.add(bundle.snapshot.n_tokens)
        assert len(bundle.worths) == bundle.snapshot.n_tokens
        assert all(one.n_tokens <= bundle.snapshot.n_tokens for one in bundle.checkpoints)
    reading.join()
    assert len(n_tokens) > 5
    with Store.open(elsewhere) as other:
        assert shelf(SmallEngine(slots=40), other).import_snapshot(file).read_tokens == max(n_tokens)


def test_a_memory_that_goes_further_is_kept(library: Library, tides: str, file: Path, elsewhere: Library):
    half(library, tides, 6)
    library.export_snapshot(tides, file)
    elsewhere.add(SOURCE, "tides.md")
    half(elsewhere, tides, 9)
    assert elsewhere.import_snapshot(file).read_tokens == 63
    library.reader.read(tides)
    library.export_snapshot(tides, file)
    assert elsewhere.import_snapshot(file).status == "read"


def test_another_models_memory_arrives_as_stale(library: Library, tides: str, file: Path, tmp_path: Path):
    library.reader.read(tides)
    library.export_snapshot(tides, file)
    with Store.open(tmp_path / "other.db") as store:
        assert shelf(SmallEngine("f2"), store).import_snapshot(file).status == "stale"
        assert Library(store).get(tides).status == "read"


def test_without_a_memory_there_is_nothing_to_export(library: Library, tides: str, file: Path):
    with pytest.raises(NotReadYet):
        library.export_snapshot(tides, file)
    assert not file.exists()


def test_a_place_that_can_not_be_written_is_named(library: Library, tides: str, tmp_path: Path):
    library.reader.read(tides)
    with pytest.raises(FileNotWritten, match="Choose another place"):
        library.export_snapshot(tides, tmp_path / "absent" / "file")
    (tmp_path / "folder").mkdir()
    with pytest.raises(FileNotWritten):
        library.export_snapshot(tides, tmp_path / "folder")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_disk_that_fills_up_leaves_no_part_of_a_file(library: Library, tides: str, file: Path, tmp_path: Path):
    library.reader.read(tides)
    library.export_snapshot(tides, file)
    line = """
import resource, signal, sys
from pathlib import Path
from app import portable
from app.errors import FileNotWritten
bundle, folder = portable.read(Path(sys.argv[1])), Path(sys.argv[2])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
for most in (0, 100, 3000):
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
    for write in (lambda: portable.write(folder / "a", bundle), lambda: portable.write_text(folder / "b", "x" * 9000)):
        try:
            write()
        except FileNotWritten as error:
            print(error)
"""
    folder = tmp_path / "full"
    folder.mkdir()
    (folder / "b").write_text("what was there")
    ended = subprocess.run(
        [sys.executable, "-c", line, str(file), str(folder)], capture_output=True, text=True, check=True
    )
    assert ended.stdout.count("could not be written") == 6
    assert [path.name for path in folder.iterdir()] == ["b"] and (folder / "b").read_text() == "what was there"


def test_a_memory_of_another_text_is_refused(library: Library, tides: str, file: Path, elsewhere: Library):
    half(library, tides, 6)
    library.export_snapshot(tides, file)
    elsewhere.add(SOURCE, "tides.md")
    # as if an earlier version had read the file a little otherwise
    change(elsewhere._store.path, "UPDATE pages SET text = replace(text, 'Oru', 'Uro')")
    with pytest.raises(TextDiffers, match="Remove it from the shelf"):
        elsewhere.import_snapshot(file)


def forged(file: Path) -> None:
    """Another text, and all digests of it, under the hash of the same book."""

    def forge(parts: dict[str, bytes]) -> None:
        parts["text.json"] = parts["text.json"].replace(b"Oru", b"Uro")
        digest = hashlib.sha256(parts["text.json"]).hexdigest()
        edit(parts, lambda manifest: manifest["sha256"].update({"text.json": digest}))

    rewrite(file, forge)


def test_a_forged_text_under_the_hash_of_a_book_that_is_there_is_refused(
    library: Library, tides: str, file: Path, elsewhere: Library
):
    library.reader.read(tides)
    library.export_snapshot(tides, file)
    forged(file)
    elsewhere.add(SOURCE, "tides.md")
    with pytest.raises(TextDiffers):
        elsewhere.import_snapshot(file)
    elsewhere.remove(tides)
    with pytest.raises(TextDiffers):
        elsewhere.import_snapshot(file)
    assert elsewhere.shelf() == [], "a refused file brings nothing back"
    assert "Oru" in elsewhere.restore(tides).title + "".join(elsewhere._store.documents.pages(tides))


def test_a_books_own_file_takes_the_place_of_a_forged_text(
    library: Library, tides: str, file: Path, elsewhere: Library, tmp_path: Path
):
    library.reader.read(tides)
    library.export_snapshot(tides, file)
    forged(file)
    assert IMPORTED in elsewhere.import_snapshot(file).notes
    elsewhere.export_snapshot(tides, tmp_path / "again")
    true = elsewhere.add(SOURCE, "tides.md")
    assert (true.status, true.notes) == ("new", ()), "the memory of the forged text is forgotten"
    assert elsewhere._store.documents.pages(tides) == library._store.documents.pages(tides)
    with pytest.raises(TextDiffers):
        elsewhere.import_snapshot(tmp_path / "again")


def test_a_books_own_file_keeps_the_memory_of_a_true_text(library: Library, tides: str, file: Path, elsewhere: Library):
    library.reader.read(tides)
    library.describe(tides, title="Low Water")
    library.export_snapshot(tides, file)
    assert IMPORTED in elsewhere.import_snapshot(file).notes
    true = elsewhere.add(SOURCE, "tides.md")
    assert (true.status, true.notes, true.title) == ("read", (), "Low Water")


def test_files_of_another_kind_are_named(library: Library, tmp_path: Path, file: Path):
    with pytest.raises(FileUnreadable):
        library.import_snapshot(file)
    file.write_bytes(b"not an archive at all")
    with pytest.raises(NotASnapshotFile, match="another kind"):
        library.import_snapshot(file)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("word/document.xml", "<xml/>")
    with pytest.raises(NotASnapshotFile, match="another kind"):
        library.import_snapshot(file)


def test_a_cut_file_is_refused(library: Library, tides: str, file: Path, elsewhere: Library):
    library.reader.read(tides)
    library.export_snapshot(tides, file)
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(NotASnapshotFile, match="incomplete"):
        elsewhere.import_snapshot(file)


def test_a_flipped_bit_is_found_wherever_it_is(library: Library, tides: str, file: Path, elsewhere: Library):
    library.reader.read(tides)
    library.export_snapshot(tides, file)
    whole = file.read_bytes()
    with zipfile.ZipFile(file) as archive:
        offsets = [info.header_offset + 30 + len(info.filename) + 20 for info in archive.infolist()]
    for offset in offsets:
        file.write_bytes(whole[:offset] + bytes([whole[offset] ^ 1]) + whole[offset + 1 :])
        with pytest.raises(SnapshotFileDamaged):
            elsewhere.import_snapshot(file)
    assert elsewhere.shelf() == []


def _lie(field: str, name: str, value: object) -> Callable[[dict[str, bytes]], None]:
    return lambda parts: edit(parts, lambda manifest: manifest[field].update({name: value}))


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda parts: edit(parts, lambda manifest: manifest.update(version=3)), SnapshotFileTooNew),
        (lambda parts: edit(parts, lambda manifest: manifest.update(format="other")), NotASnapshotFile),
        (lambda parts: edit(parts, lambda manifest: manifest.pop("document")), NotASnapshotFile),
        (lambda parts: parts.update({"state.safetensors": b"another memory"}), SnapshotFileDamaged),
        (lambda parts: parts.update({"text.json": b"{}"}), SnapshotFileDamaged),
        (lambda parts: parts.pop("state.safetensors"), SnapshotFileDamaged),
        (lambda parts: parts.update({"manifest.json": b"{"}), SnapshotFileDamaged),
        (_lie("document", "id", "../../etc/passwd"), NotASnapshotFile),
        (_lie("document", "title", 7), NotASnapshotFile),
        (_lie("document", "n_pages", 4), NotASnapshotFile),
        (_lie("document", "surprise", 1), NotASnapshotFile),
        (lambda parts: edit(parts, lambda manifest: manifest.update(checkpoints=[["../x", 3]])), NotASnapshotFile),
        (lambda parts: edit(parts, lambda manifest: manifest.update(checkpoints=[[5, 9]])), SnapshotFileDamaged),
        (lambda parts: parts.pop("worths.bin"), SnapshotFileDamaged),
        (_lie("snapshot", "n_tokens", -1), NotASnapshotFile),
        (_lie("snapshot", "complete", 1), NotASnapshotFile),
        (_lie("snapshot", "group_tokens", 0), NotASnapshotFile),
    ],
)
def test_what_contradicts_itself_is_refused(
    library: Library, tides: str, file: Path, elsewhere: Library, change, error: type[Exception]
):
    library.reader.read(tides)
    library.export_snapshot(tides, file)
    rewrite(file, change)
    with pytest.raises(error, match=file.name):
        elsewhere.import_snapshot(file)
    assert elsewhere.shelf() == []


def test_tags_travel_and_older_files_have_none(library: Library, tides: str, file: Path, elsewhere: Library):
    library.reader.read(tides)
    library.describe(tides, title="Low Water", tags=["sea"])
    library.export_snapshot(tides, file)
    elsewhere.import_snapshot(file)
    assert elsewhere.get(tides).tags == ("sea",) and elsewhere.get(tides).title == "Low Water"
    elsewhere.remove(tides)
    assert elsewhere.import_snapshot(file).id == tides  # taken in again, it is back
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(parts["manifest.json"])
    del manifest["document"]["tags"]
    parts["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    library.remove(tides)
    library.sweep(days=0)
    assert library.import_snapshot(file).tags == ()


def test_a_file_from_before_notes_had_keys_is_taken_in(library: Library, tides: str, file: Path, elsewhere: Library):
    library.reader.read(tides)
    library.export_snapshot(tides, file)

    def before(manifest: dict) -> None:
        del manifest["document"]["notes"]
        manifest["document"]["warnings"] = ["Page 2 gave no text."]

    rewrite(file, lambda parts: edit(parts, before))
    assert elsewhere.import_snapshot(file).notes == (
        ("plain", {"text": "Page 2 gave no text."}),
        IMPORTED,
    )
    rewrite(
        file, lambda parts: edit(parts, lambda manifest: manifest["document"].update(warnings=[], notes=[["key", 3]]))
    )
    with pytest.raises(NotASnapshotFile):
        elsewhere.import_snapshot(file)
