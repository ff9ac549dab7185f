"""The tables: what goes in comes out, what belongs together is written together, what is deleted is gone."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from storage import (
    Checkpoint,
    DocumentGone,
    DocumentRow,
    JobTaken,
    NewSnapshot,
    SectionRow,
    SnapshotDamaged,
    Store,
    notes_from,
    now,
)
from tests.storage.meant import change

DOCUMENT = DocumentRow(
    id="ab" * 8,
    sha256="ab" * 32,
    title="Of Tides — and Moons",
    author=None,
    format="pdf",
    n_pages=3,
    n_tokens=None,
    missing_pages=(2,),
    notes=(("pages_empty", {"n": 1, "pages": "2"}),),
    added_at="2031-02-03T04:05:06.007+00:00",
    last_asked_at=None,
)
EVIDENCE = ((1, "The tide — ünï.", 0.75, 3, 9), (3, "", 0.5, 20, 20))
PAGES = ("The tide comes.\n", "", "The moon goes. \x00 ünï")
SECTIONS = (SectionRow(1, "Tides", 1, 1, 2, 0, 16), SectionRow(2, "Moons", 2, 3, 3, 16, 37))
SNAPSHOT = NewSnapshot(
    document_id=DOCUMENT.id,
    fingerprint="model-a",
    n_tokens=40,
    total_tokens=90,
    page=1,
    complete=False,
    group_tokens=20,
    seconds=1.5,
    blob=b"\x00memory\xff",
)


@pytest.fixture
def store(tmp_path: Path):
    with Store.open(tmp_path / "deep" / "library.db") as store:
        yield store


@pytest.fixture
def shelved(store: Store) -> Store:
    assert store.documents.add(DOCUMENT, PAGES, SECTIONS)
    return store


def _sql(store: Store, statement: str, *values: object) -> list[tuple]:
    connection = sqlite3.connect(store.path)
    try:
        with connection:
            return connection.execute(statement, values).fetchall()
    finally:
        connection.close()


def test_a_document_comes_back_as_it_was(shelved: Store):
    assert shelved.documents.get(DOCUMENT.id) == DOCUMENT
    assert tuple(shelved.documents.pages(DOCUMENT.id)) == PAGES
    assert shelved.documents.sections(DOCUMENT.id) == SECTIONS
    assert shelved.documents.all_sections() == {DOCUMENT.id: SECTIONS}


def test_the_same_document_is_kept_once(shelved: Store):
    assert not shelved.documents.add(replace(DOCUMENT, title="Other"), ("x",), ())
    assert shelved.documents.all() == [DOCUMENT]
    assert tuple(shelved.documents.pages(DOCUMENT.id)) == PAGES


def test_a_document_that_fails_half_way_leaves_nothing(store: Store):
    with pytest.raises(sqlite3.IntegrityError):
        store.documents.add(DOCUMENT, PAGES, (SECTIONS[0], SECTIONS[0]))
    assert store.documents.all() == []
    assert store.documents.pages(DOCUMENT.id) == []


def test_documents_are_listed_last_added_first_and_found_by_beginning(shelved: Store):
    later = replace(DOCUMENT, id="abc_" + "0" * 12, sha256="0" * 64, added_at="2031-02-04T00:00:00.000+00:00")
    shelved.documents.add(later, ("a",), ())
    assert [row.id for row in shelved.documents.all()] == [later.id, DOCUMENT.id]
    assert shelved.documents.ids_starting("ab") == [DOCUMENT.id, later.id]
    assert shelved.documents.ids_starting("abc_") == [later.id]
    assert shelved.documents.ids_starting("%") == []


def test_tokens_and_the_last_question_are_kept(shelved: Store):
    before = now()
    shelved.documents.set_tokens(DOCUMENT.id, 90)
    shelved.documents.touch(DOCUMENT.id)
    row = shelved.documents.get(DOCUMENT.id)
    assert row is not None and row.last_asked_at is not None
    assert row.n_tokens == 90
    assert before <= row.last_asked_at <= now()


def test_a_snapshot_comes_back_with_its_digest(shelved: Store):
    digest = shelved.snapshots.put(SNAPSHOT)
    kept = shelved.snapshots.get(DOCUMENT.id, "model-a")
    assert kept is not None
    row, blob = shelved.snapshots.load(kept)
    assert row == kept
    assert (blob, row.sha256, row.n_bytes, row.complete, row.seconds) == (SNAPSHOT.blob, digest, 8, False, 1.5)
    assert shelved.snapshots.get(DOCUMENT.id, "model-b") is None


def test_a_newer_snapshot_takes_the_place_of_the_older(shelved: Store):
    shelved.snapshots.put(SNAPSHOT)
    shelved.snapshots.put(replace(SNAPSHOT, n_tokens=90, complete=True, page=3, blob=b"later"))
    shelved.snapshots.put(replace(SNAPSHOT, fingerprint="model-b", blob=b"other"))
    kept = shelved.snapshots.of_document(DOCUMENT.id)
    assert [(row.fingerprint, row.n_tokens) for row in kept] == [("model-b", 40), ("model-a", 90)]
    assert shelved.snapshots.of_documents() == kept
    assert _sql(shelved, "SELECT count(*) FROM snapshots") == [(2,)]


def test_a_damaged_snapshot_is_refused(shelved: Store):
    shelved.snapshots.put(SNAPSHOT)
    kept = shelved.snapshots.get(DOCUMENT.id, "model-a")
    assert kept is not None
    _sql(shelved, "UPDATE snapshots SET blob = ?", b"\x00memory\xfe")
    with pytest.raises(SnapshotDamaged, match="Read the document again"):
        shelved.snapshots.load(kept)


def test_progress_and_memory_are_written_together_or_not_at_all(shelved: Store):
    job_id = shelved.jobs.enqueue(DOCUMENT.id)
    claimed = shelved.jobs.claim("one")
    shelved.record_progress(SNAPSHOT, job=claimed, tokens_per_second=26.0, eta_seconds=2.0)
    job, kept = shelved.jobs.get(job_id), shelved.snapshots.get(DOCUMENT.id, "model-a")
    assert job is not None and kept is not None
    assert (job.status, job.n_tokens, job.total_tokens, job.tokens_per_second) == ("reading", 40, 90, 26.0)

    _sql(shelved, "CREATE TRIGGER broken BEFORE UPDATE ON jobs BEGIN SELECT RAISE(ABORT, 'no'); END")
    with pytest.raises(sqlite3.IntegrityError):
        shelved.record_progress(replace(SNAPSHOT, n_tokens=60, blob=b"60"), job=claimed)
    assert shelved.snapshots.get(DOCUMENT.id, "model-a") == kept

    _sql(shelved, "DROP TRIGGER broken")
    shelved.record_progress(replace(SNAPSHOT, n_tokens=90, complete=True, blob=b"90"), job=claimed)
    job = shelved.jobs.get(job_id)
    assert job is not None and (job.status, job.n_tokens) == ("done", 90)


def test_nothing_is_kept_of_a_removed_document(shelved: Store):
    shelved.record_progress(SNAPSHOT, worths=bytes(40), left=[Checkpoint(0, 40, b"left")])
    shelved.jobs.enqueue(DOCUMENT.id)
    shelved.chats.add_turn(DOCUMENT.id, "When?", "At noon.", confidence=0.9, evidence=EVIDENCE)
    assert shelved.documents.remove(DOCUMENT.id)
    assert shelved.documents.sweep(0.0) == 1
    for table in ("documents", "pages", "sections", "snapshots", "jobs", "chats", "messages", "checkpoints", "worths"):
        assert _sql(shelved, f"SELECT count(*) FROM {table}") == [(0,)], table
    assert not shelved.documents.remove(DOCUMENT.id)


def test_places_of_an_answer_come_back_as_they_were(shelved: Store):
    places = ((1, "the ", "tide", " “ünï”"), (3, "", "Tide", ""))
    shelved.chats.add_turn(DOCUMENT.id, "How often?", "Twice.", places=places)
    shelved.chats.add_turn(DOCUMENT.id, "And Zorro?", "Nowhere.", places=())
    shelved.chats.add_turn(DOCUMENT.id, "When?", "At noon.", confidence=0.9, evidence=EVIDENCE)
    assert [turn.places for turn in shelved.chats.turns(DOCUMENT.id)] == [places, (), None]


def test_checkpoints_are_found_by_where_something_left(shelved: Store):
    left = [Checkpoint(0, 20, b"a"), Checkpoint(20, 40, b"b"), Checkpoint(40, 60, b"c")]
    for number, one in enumerate(left, 1):
        shelved.record_progress(replace(SNAPSHOT, n_tokens=20 * number), left=[one])
    table = shelved.checkpoints
    assert table.after(DOCUMENT.id, "model-a", 0) == tuple(left)
    assert table.after(DOCUMENT.id, "model-a", 20) == tuple(left[1:]) and table.after(DOCUMENT.id, "model-a", 60) == ()
    assert table.last(DOCUMENT.id, "model-a") == 40 and table.last(DOCUMENT.id, "model-b") == 0
    further = Checkpoint(40, 70, b"cc")
    shelved.record_progress(replace(SNAPSHOT, n_tokens=70), left=[further])
    assert table.after(DOCUMENT.id, "model-a", 20) == (left[1], further), "the same checkpoint, read on"
    again = Checkpoint(0, 10, b"new")
    shelved.record_progress(replace(SNAPSHOT, n_tokens=10), left=[again])
    assert table.after(DOCUMENT.id, "model-a", 0) == (again,), "a reading that began anew"
    _sql(shelved, "UPDATE checkpoints SET departed = x'00'")
    with pytest.raises(SnapshotDamaged):
        table.after(DOCUMENT.id, "model-a", 0)


def test_a_checkpoint_is_there_with_its_progress_or_not_at_all(shelved: Store):
    _sql(shelved, "CREATE TRIGGER broken BEFORE INSERT ON checkpoints BEGIN SELECT RAISE(ABORT, 'broken'); END")
    with pytest.raises(sqlite3.IntegrityError):
        shelved.record_progress(SNAPSHOT, left=[Checkpoint(0, 40, b"left")])
    assert shelved.snapshots.get(DOCUMENT.id, "model-a") is None


def test_where_pages_begin_is_kept_beside_a_memory(shelved: Store):
    shelved.snapshots.put(replace(SNAPSHOT, page_starts=b"\x00\x01"))
    kept = shelved.snapshots.get(DOCUMENT.id, "model-a")
    assert shelved.snapshots.page_starts(kept) == b"\x00\x01"
    shelved.snapshots.set_page_starts(kept, b"\x02")
    assert shelved.snapshots.page_starts(kept) == b"\x02" and shelved.snapshots.load(kept)[1] == SNAPSHOT.blob


def test_saving_for_a_removed_document_says_so(shelved: Store):
    shelved.snapshots.put(SNAPSHOT)
    (kept,) = shelved.snapshots.of_documents()
    shelved.documents.remove(DOCUMENT.id)
    with pytest.raises(DocumentGone, match="removed from the shelf"):
        shelved.record_progress(SNAPSHOT)
    shelved.documents.sweep(0.0)
    with pytest.raises(DocumentGone):
        shelved.snapshots.load(kept)
    with pytest.raises(DocumentGone, match="removed from the shelf"):
        shelved.record_progress(SNAPSHOT)
    with pytest.raises(DocumentGone):
        shelved.chats.add_turn(DOCUMENT.id, "When?", "Now.")


def test_a_document_has_many_chats_of_which_one_goes_on(shelved: Store):
    other = replace(DOCUMENT, id="cd" * 8, sha256="cd" * 32)
    shelved.documents.add(other, ("a",), ())
    chats = shelved.chats
    chats.add_turn(DOCUMENT.id, "Who?", "Ada.")
    chats.start(DOCUMENT.id)
    assert [(chat.title, chat.current) for chat in chats.all(DOCUMENT.id)] == [("Who?", False)], (
        "an empty one isn't listed"
    )
    chats.add_turn(DOCUMENT.id, "Where?", "There.")
    chats.add_turn(DOCUMENT.id, "Summarise it.", "All is well.", summary=True)
    chats.add_turn(other.id, "Which?", "This.")
    second, first = chats.all(DOCUMENT.id)
    assert (second.title, second.n_turns, second.current, second.texts) == (
        "Where?", 2, True, "Where?\nThere.\nSummarise it.\nAll is well.",
    )  # fmt: skip
    assert [turn.summary for turn in chats.turns(DOCUMENT.id)] == [False, True]
    assert chats.open(DOCUMENT.id, first.id) and not chats.open(other.id, first.id) and not chats.open(DOCUMENT.id, 99)
    assert [turn.question for turn in chats.turns(DOCUMENT.id)] == ["Who?"]
    chats.add_turn(DOCUMENT.id, "Who else?", "Ben.", instead_of=chats.turns(DOCUMENT.id)[-1].asked_at)
    assert [turn.question for turn in chats.turns(DOCUMENT.id)] == ["Who else?"]
    assert chats.rename(DOCUMENT.id, first.id, "People") and not chats.rename(other.id, first.id, "Mine")
    assert {(chat.title, chat.n_turns, chat.current) for chat in chats.all(DOCUMENT.id)} == {
        ("People", 1, True), ("Where?", 2, False),
    }  # fmt: skip
    assert [chat.title for chat in chats.all(other.id)] == ["Which?"] and len(chats.turns(other.id)) == 1
    chats.start(DOCUMENT.id)
    assert chats.turns(DOCUMENT.id) == ()


def test_turns_belong_to_the_newest_chat_of_their_document(shelved: Store):
    other = replace(DOCUMENT, id="cd" * 8, sha256="cd" * 32)
    shelved.documents.add(other, ("a",), ())
    shelved.chats.add_turn(DOCUMENT.id, "Who?", "Ada.", confidence=0.9, from_memory="Eda.", evidence=EVIDENCE)
    shelved.chats.add_turn(other.id, "Which?", "This.")
    shelved.chats.add_turn(DOCUMENT.id, "Where?", "There.", confidence=0.1, declined=True, evidence=())
    turns = shelved.chats.turns(DOCUMENT.id)
    assert [(turn.question, turn.answer, turn.confidence, turn.declined, turn.from_memory) for turn in turns] == [
        ("Who?", "Ada.", 0.9, False, "Eda."),
        ("Where?", "There.", 0.1, True, None),
    ]
    assert [turn.evidence for turn in turns] == [EVIDENCE, ()]
    shelved.chats.start(DOCUMENT.id)
    assert shelved.chats.turns(DOCUMENT.id) == ()
    (bare,) = shelved.chats.turns(other.id)
    assert (bare.confidence, bare.declined, bare.evidence) == (None, False, None)
    assert _sql(shelved, "SELECT count(*) FROM messages") == [(6,)]


def test_a_document_has_one_job_at_a_time(shelved: Store):
    job_id = shelved.jobs.enqueue(DOCUMENT.id)
    assert shelved.jobs.enqueue(DOCUMENT.id) == job_id
    claimed = shelved.jobs.claim("one")
    assert claimed is not None and (claimed.id, claimed.status) == (job_id, "reading")
    assert shelved.jobs.enqueue(DOCUMENT.id) == job_id
    assert shelved.jobs.claim("two") is None
    shelved.jobs.finish(claimed, "failed", "The disk is full.")
    again = shelved.jobs.enqueue(DOCUMENT.id)
    assert again > job_id
    latest = shelved.jobs.latest(DOCUMENT.id)
    assert latest is not None and (latest.id, latest.error) == (again, None)
    assert shelved.jobs.latest_of_all() == {DOCUMENT.id: latest}


def _shelve(store: Store, digits: str) -> list[str]:
    for digit in digits:
        store.documents.add(replace(DOCUMENT, id=digit * 16, sha256=digit * 64), ("a",), ())
    return [digit * 16 for digit in digits]


def test_jobs_are_taken_in_order_each_by_one_owner(shelved: Store):
    ids = [DOCUMENT.id, *_shelve(shelved, "12")]
    jobs = [shelved.jobs.enqueue(document_id) for document_id in ids]
    first, second = shelved.jobs.claim("one"), shelved.jobs.claim("two", ids[2])
    assert first is not None and (first.id, first.owner) == (jobs[0], "one")
    assert second is not None and (second.id, second.owner) == (jobs[2], "two")
    assert shelved.jobs.claim("two", ids[0]) is None, "another reads it"
    assert shelved.jobs.cancel(ids[1]) and not shelved.jobs.cancel(ids[1])
    assert [job.id for job in shelved.jobs.active()] == [jobs[0], jobs[2]]


def test_only_the_owner_of_a_job_writes_what_belongs_to_its_reading(shelved: Store):
    shelved.jobs.enqueue(DOCUMENT.id)
    before = shelved.jobs.claim("one")
    assert before is not None
    shelved.jobs.begin(before, fingerprint="model-a", group_tokens=20, n_tokens=0, total_tokens=90)
    shelved.record_progress(SNAPSHOT, job=before, worths=bytes(40))
    assert shelved.jobs.beat(before)
    assert not shelved.jobs.release(before), "its beat was raised meanwhile"
    silent = shelved.jobs.get(before.id)
    assert silent is not None and silent.beat == 1
    assert shelved.jobs.release(silent) and not shelved.jobs.release(silent)
    after = shelved.jobs.claim("two")
    assert after is not None and (after.id, after.owner, after.group_tokens, after.total_tokens) == (
        before.id, "two", 20, 90,
    )  # fmt: skip
    stands = _sql(shelved, "SELECT * FROM jobs, snapshots, worths")
    assert not shelved.jobs.beat(before)
    late = replace(SNAPSHOT, n_tokens=60, blob=b"60")
    for write in (
        lambda: shelved.jobs.begin(before, fingerprint="x", group_tokens=1, n_tokens=0, total_tokens=1),
        lambda: shelved.jobs.looked(before, 1, 2),
        lambda: shelved.jobs.finish(before, "failed", "no"),
        lambda: shelved.jobs.wish(before),
        lambda: shelved.record_progress(late, job=before, worths=bytes(20), left=[Checkpoint(20, 60, b"x")]),
    ):
        with pytest.raises(JobTaken, match="reads the document now"):
            write()
    with pytest.raises(JobTaken), shelved.jobs.held(before):
        shelved.documents.set_tokens(DOCUMENT.id, 7)
    assert _sql(shelved, "SELECT * FROM jobs, snapshots, worths") == stands
    assert _sql(shelved, "SELECT count(*) FROM checkpoints WHERE departed = x'78'") == [(0,)]
    shelved.record_progress(replace(late, n_tokens=90, complete=True), job=after)
    assert shelved.jobs.latest(DOCUMENT.id).status == "done"


def test_a_job_whose_end_could_not_be_kept_is_its_owners_again(shelved: Store):
    (other,) = _shelve(shelved, "1")
    shelved.jobs.enqueue(DOCUMENT.id)
    left = shelved.jobs.claim("one")
    shelved.jobs.enqueue(other)
    assert shelved.jobs.first(other)
    again = shelved.jobs.claim("one")
    assert left is not None and again is not None and again.id == left.id


def test_what_is_wished_for_a_reading_is_told_to_whoever_reads(shelved: Store):
    others = _shelve(shelved, "12")
    for document_id in (DOCUMENT.id, *others):
        shelved.jobs.enqueue(document_id)
    one, two = shelved.jobs.claim("one"), shelved.jobs.claim("two")
    assert one is not None and two is not None and shelved.jobs.wish(one) is None
    assert shelved.jobs.first(others[1]) and not shelved.jobs.first(DOCUMENT.id)
    assert shelved.jobs.wish(one) == shelved.jobs.wish(two) == "queued"
    assert shelved.jobs.cancel(DOCUMENT.id)
    assert (shelved.jobs.wish(one), shelved.jobs.wish(two)) == ("cancelled", "queued")
    shelved.jobs.finish(two, "queued")
    assert shelved.jobs.get(two.id).wish is None
    now = shelved.jobs.get(one.id)
    assert now is not None and shelved.jobs.release(now), "its owner died before it could do so"
    assert shelved.jobs.get(one.id).status == "cancelled"


def test_a_reading_is_put_back_when_its_pictures_are_wanted_first(shelved: Store):
    shelved.jobs.enqueue(DOCUMENT.id)
    job = shelved.jobs.claim("one")
    assert job is not None and shelved.jobs.enqueue(DOCUMENT.id, "ocr") == job.id
    assert shelved.jobs.wish(job) == "queued"
    shelved.jobs.finish(job, "queued")
    again = shelved.jobs.claim("one")
    assert again is not None and again.kind == "ocr" and shelved.jobs.enqueue(DOCUMENT.id, "ocr") == job.id
    assert shelved.jobs.wish(again) is None, "it reads them already"


def test_notes_are_kept_and_replaced(store: Store):
    assert store.note("sample") is None
    store.set_note("sample", "one")
    store.set_note("sample", "two")
    assert store.note("sample") == "two"


def test_threads_share_a_store(shelved: Store):
    def ask(number: int) -> None:
        for turn in range(10):
            shelved.chats.add_turn(DOCUMENT.id, f"{number} {turn}", "yes")
            assert len(shelved.documents.pages(DOCUMENT.id)) == 3

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(ask, range(4)))
    assert len({turn.question for turn in shelved.chats.turns(DOCUMENT.id)}) == 40


def test_a_removed_document_comes_back_as_it_was(shelved: Store):
    shelved.record_progress(SNAPSHOT, left=[Checkpoint(0, 40, b"left")])
    shelved.chats.add_turn(DOCUMENT.id, "When?", "At noon.", confidence=0.9, evidence=EVIDENCE)
    shelved.documents.describe(DOCUMENT.id, "Other", None, ["blue", "ünï"])
    job = shelved.jobs.enqueue(DOCUMENT.id)
    before = shelved.documents.get(DOCUMENT.id)
    assert before is not None and (before.title, before.author, before.tags) == ("Other", None, ("blue", "ünï"))
    assert shelved.documents.remove(DOCUMENT.id)
    gone = shelved.documents.get(DOCUMENT.id), shelved.documents.all(), shelved.documents.ids_starting(DOCUMENT.id[:3])
    assert gone == (None, [], [])
    assert shelved.jobs.get(job).status == "cancelled"
    assert not shelved.documents.remove(DOCUMENT.id)
    assert shelved.documents.sweep(60.0) == 0
    assert shelved.documents.restore(DOCUMENT.id) and not shelved.documents.restore(DOCUMENT.id)
    assert shelved.documents.get(DOCUMENT.id) == before
    assert len(shelved.chats.turns(DOCUMENT.id)) == 1 and shelved.checkpoints.after(DOCUMENT.id, "model-a", 0)
    assert shelved.documents.sweep(0.0) == 0


def test_worths_are_kept_with_the_progress_they_belong_to(shelved: Store):
    shelved.record_progress(replace(SNAPSHOT, n_tokens=20), worths=bytes(range(20)))
    shelved.record_progress(replace(SNAPSHOT, n_tokens=30), worths=bytes(10))
    assert shelved.worths.of(DOCUMENT.id, "model-a") == bytes(range(20)) + bytes(10)
    assert shelved.worths.of(DOCUMENT.id, "model-b") == b""
    _sql(shelved, "CREATE TRIGGER broken BEFORE INSERT ON worths BEGIN SELECT RAISE(ABORT, 'broken'); END")
    with pytest.raises(sqlite3.IntegrityError):
        shelved.record_progress(replace(SNAPSHOT, n_tokens=40, blob=b"40"), worths=bytes(10))
    assert shelved.snapshots.get(DOCUMENT.id, "model-a").n_tokens == 30
    _sql(shelved, "DROP TRIGGER broken")
    shelved.record_progress(replace(SNAPSHOT, n_tokens=7), worths=b"1234567")
    assert shelved.worths.of(DOCUMENT.id, "model-a") == b"1234567", "a reading that began anew"


def test_worths_end_where_they_were_not_kept(shelved: Store):
    shelved.record_progress(replace(SNAPSHOT, n_tokens=10), worths=bytes(10))
    shelved.record_progress(replace(SNAPSHOT, n_tokens=30), worths=bytes(10))
    assert shelved.worths.of(DOCUMENT.id, "model-a") == bytes(10)


def test_what_an_older_version_said_of_a_file_is_kept_as_it_said_it(shelved: Store):
    change(shelved.path, "UPDATE documents SET warnings = ?", '["Page 2 gave no text."]')
    kept = shelved.documents.get(DOCUMENT.id)
    assert kept is not None and kept.notes == (("plain", {"text": "Page 2 gave no text."}),)


@pytest.mark.parametrize("stored", [[3], [["key"]], [[1, {}]], [["key", {"a": [1]}]], [["key", "values"]], [None]])
def test_what_is_no_note_is_refused(stored: list):
    with pytest.raises(ValueError, match="note"):
        notes_from(stored)
