"""The doctor: finds whatever changed, says what to do, mends what it can prove, and touches nothing that is in use."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

import launch
from app.doctor import look_through, mend
from app.library import Library
from app.reading import SavePolicy
from storage import DatabaseBusy, DatabaseUnopened, NotADatabase, Store, digests
from storage.checkup import one_bit
from storage.migrations import migrations
from tests.app.conftest import SOURCE
from tests.app.small_engine import SmallEngine, said, shelf
from tests.documents.makers import pdf
from tests.storage.meant import change, sql

LINES = ["The tide has 5 ropes.", "The lamp has a keeper."]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A library with a text and a PDF, both read and asked."""
    path = tmp_path_factory.mktemp("made") / "library.db"
    with Store.open(path) as store:
        library = shelf(SmallEngine(), store, SavePolicy(groups=2, first_checkpoint=20))
        for data, name in ((SOURCE, "tides.md"), (pdf(LINES), "a.pdf")):
            item = library.add(data, name)
            library.queue.read_now(item.id)
            said(library.answering.ask(item.id, "Who?"))
            library.describe(item.id, title=name)
    return path.read_bytes()


@pytest.fixture
def path(made: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "library.db"
    path.write_bytes(made)
    return path


def held(path: Path) -> list[object]:
    """All that is kept."""
    tables = (*digests.COLUMNS, *digests.MEMORY, "originals", "digests")
    return [sql(path, f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables]


def doctor(path: Path, *words: str) -> int:
    return launch.main(["doctor", "--db", str(path), *words])


def test_a_sound_library_is_left_as_it_is(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = path.read_bytes()
    assert doctor(path) == doctor(path, "--repair") == 0
    assert capsys.readouterr().out == "Nothing is wrong with the library.\n" * 2
    assert doctor(path, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"findings": [], "healthy": True, "copy": None}
    assert path.read_bytes() == before and [one.name for one in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("table", "column", "kind"),
    [
        ("documents", "n_pages", "entry"),
        ("pages", "text", "page"),
        ("sections", "start", "section"),
        ("messages", "confidence", "chat"),
        ("chats", "title", "chat"),
        ("pages", "digest", "page"),
        ("jobs", "fingerprint", "job"),
        ("jobs", "n_tokens", "job"),
    ],
)
def test_a_changed_bit_is_found_and_put_right(
    path: Path, table: str, column: str, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = held(path)
    rowid, value = sql(path, f"SELECT rowid, {column} FROM {table} WHERE {column} IS NOT NULL")[-1]
    if isinstance(value, str):
        value = value[:-1] + chr(ord(value[-1]) ^ 2)
    elif isinstance(value, bytes):
        value = value[:3] + bytes([value[3] ^ 16]) + value[4:]
    else:
        value = value + 4 if isinstance(value, int) else value * 2
    sql(path, f"UPDATE {table} SET {column} = ? WHERE rowid = ?", value, rowid)
    assert doctor(path) == 1 and "launch.py doctor --repair" in capsys.readouterr().out
    assert doctor(path, "--repair", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (
        told["healthy"]
        and all(one["mended"] for one in told["findings"])
        and kind in {one["kind"] for one in told["findings"]}
    )
    assert held(path) == before


def test_a_text_is_read_again_from_the_file_that_was_kept(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = held(path)
    sql(path, "UPDATE pages SET text = 'Something else.' WHERE text LIKE '%ropes%'")
    sql(path, "DELETE FROM sections WHERE document_id IN (SELECT document_id FROM originals)")
    assert doctor(path, "--repair") == 0
    assert "All of it is mended." in capsys.readouterr().out and held(path) == before


def test_what_can_not_be_proven_is_left_and_said(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sql(path, "UPDATE pages SET text = 'Something else.' WHERE text LIKE '%tide comes%'")
    sql(path, "UPDATE snapshots SET page = page + 1")
    sql(path, "UPDATE originals SET data = x'00'")
    assert doctor(path, "--repair") == 1
    printed = capsys.readouterr().out
    assert "Add the file again" in printed and printed.count("Read the text again") == 2
    assert sql(path, "SELECT text FROM pages WHERE number = 1 AND text LIKE 'Some%'") != []
    with Store.open(path) as store:
        library = shelf(SmallEngine(), store)
        assert {item.status for item in library.shelf()} == {"damaged"}, "both are offered to be read again"
        for data, name in ((SOURCE, "tides.md"), (pdf(LINES), "a.pdf")):
            library.reader.read(library.add(data, name).id)
    assert doctor(path) == 0, "the files and reading again have mended it"


def test_indexes_are_built_anew_and_a_copy_is_kept(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = held(path)
    with closing(sqlite3.connect(path)) as bare, bare:
        (root,) = bare.execute("SELECT rootpage FROM sqlite_master WHERE name = 'messages_chat'").fetchone()
        (size,) = bare.execute("PRAGMA page_size").fetchone()
    data = bytearray(path.read_bytes())
    data[root * size - 1] ^= 1  # the last entry of the index names another row
    path.write_bytes(data)
    assert "structure" in {one.kind for one in look_through(path)}
    assert doctor(path, "--repair") == 0
    (aside,) = path.parent.glob("library-damaged-*.db")
    assert str(aside) in capsys.readouterr().out and aside.read_bytes()[root * size - 1] == data[root * size - 1]
    assert held(path) == before


def test_a_library_in_use_is_looked_through_and_not_mended(path: Path) -> None:
    with Store.open(path) as store:
        assert look_through(path) == []
        sql(path, "UPDATE notes SET value = 'x'")
        sql(path, "UPDATE pages SET text = 'x' WHERE number = 1")
        assert {one.kind for one in look_through(path)} >= {"page"}
        with pytest.raises(DatabaseBusy):
            mend(path)
        assert store.documents.all()


def test_a_memory_that_is_none_is_found(path: Path) -> None:
    digest = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"  # of "a"
    change(path, "UPDATE snapshots SET blob = CAST('a' AS BLOB), sha256 = ? WHERE id = 1", digest)
    assert [one.kind for one in look_through(path)] == ["memory"]


def test_what_is_no_library_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DatabaseUnopened):
        look_through(tmp_path / "none.db")
    assert not (tmp_path / "none.db").exists() and doctor(tmp_path / "none.db") == 1
    (tmp_path / "a.db").write_text("Dear diary, " * 100)
    with pytest.raises(NotADatabase):
        look_through(tmp_path / "a.db")
    assert "is not a library" in (doctor(tmp_path / "a.db") and capsys.readouterr().err)


def test_an_older_library_is_brought_up_to_date_and_looked_through(tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    with closing(sqlite3.connect(old)) as bare:
        migrations().apply(Database(bare), stop_before="m021_digests")
    assert look_through(old) == []
    assert sql(old, "SELECT count(*) FROM digests") == [(0,)]


def test_only_one_bit_is_ever_put_right() -> None:
    row = ["text", b"The tide", "integer", 7, "real", 0.5, "null", None]
    digest = digests.digest(*row)
    for at, value in ((1, b"The tidd"), (3, 23), (3, 6), (5, -0.5)):
        assert one_bit([*row[:at], value, *row[at + 1 :]], digest) == (at // 2, row[at], row[at - 1])
    assert one_bit(["blob", *row[1:]], digest) == (0, b"The tide", "text")
    assert one_bit(["text", b"Thd tidd", *row[2:]], digest) is None
    assert one_bit(["text", b"Thd tide", "integer", 6, *row[4:]], digest) is None


def test_the_library_stays_usable_while_it_is_looked_through(library: Library, store: Store, tides: str) -> None:
    library.reader.read(tides)
    assert look_through(store.path) == [] and said(library.answering.ask(tides, "Who?"))


def test_a_copy_of_a_damaged_library_says_so(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sql(path, "UPDATE pages SET text = 'x' WHERE number = 1")
    assert launch.main(["library", "backup", str(tmp_path / "copy.db"), "--json", "--db", str(path)]) == 0
    told = capsys.readouterr()
    assert not json.loads(told.out)["healthy"] and "Keep older copies" in told.err


def test_the_shelf_names_a_damaged_entry(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sql(path, "UPDATE documents SET title = 'b.pdf' WHERE title = 'a.pdf'")
    assert launch.main(["shelf", "--db", str(path)]) == 0
    assert capsys.readouterr().err.startswith("b.pdf: What is kept about this document was damaged on the disk")
