"""The use cases, with real files in a real database; only the engine is the small one."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest

from app import reading
from app.errors import (
    AmbiguousDocument,
    FileUnreadable,
    NothingToRead,
    NothingToRestore,
    NotReadYet,
    StaleSnapshot,
    TitleMissing,
    UnknownChat,
    UnknownDocument,
)
from app.library import Library
from app.reading import SavePolicy
from app.views import ReadProgress
from documents.errors import DocumentError
from engine.errors import EmptyQuestion, EngineError
from storage import SnapshotDamaged, Store
from tests.app.conftest import SOURCE, TEXT
from tests.app.small_engine import SmallEngine, said, shelf, state_of
from tests.storage.meant import change

TOTAL = len(TEXT)


# Adding and showing


def test_an_added_file_is_on_the_shelf_with_its_sections(library: Library, tides: str):
    (item,) = library.shelf()
    assert item == library.get(tides)
    assert (item.title, item.format, item.pages, item.tokens, item.status) == ("Tides", "markdown", 3, None, "new")
    assert item.id == hashlib.sha256(SOURCE).hexdigest()[:16]
    shown = [
        (section.number, section.title, section.level, section.page, section.last_page) for section in item.sections
    ]
    assert shown == [(1, "Tides", 1, 1, 1), (2, "Moons", 1, 2, 3), (3, "Rings", 2, 3, 3)]
    assert not item.can_ask


def test_the_same_bytes_again_are_the_same_document(library: Library, tides: str):
    library.reader.read(tides)
    again = library.add(SOURCE, "another name.md")
    assert (again.id, again.status) == (tides, "read")
    assert len(library.shelf()) == 1


def test_a_bad_file_leaves_the_shelf_as_it_was(library: Library, tmp_path: Path):
    with pytest.raises(DocumentError):
        library.add(b"", "empty.pdf")
    with pytest.raises(FileUnreadable, match=r"absent\.txt"):
        library.add_file(tmp_path / "absent.txt")
    assert library.shelf() == []


def test_ids_may_be_shortened_while_they_fit_one_document(library: Library, tides: str):
    ids = [library.add(f"# Text {number}".encode(), f"{number}.md").id for number in range(20)]
    both = next(first[:1] for first in ids for second in ids if first != second and first[0] == second[0])
    with pytest.raises(AmbiguousDocument):
        library.resolve(both)
    assert library.resolve(tides) == tides
    for wrong in ("", "zz", tides + "0"):
        with pytest.raises(UnknownDocument):
            library.resolve(wrong)


def test_a_removed_document_is_unknown(library: Library, tides: str):
    library.reader.read(tides)
    library.remove(tides)
    assert library.shelf() == []
    for use in (
        library.get,
        library.remove,
        library.reader.read,
        library.conversations.new,
        lambda id: library.answering.ask(id, "Who?"),
    ):
        with pytest.raises(UnknownDocument, match=tides):
            use(tides)


def test_something_is_done_the_first_time_only(library: Library, store: Store):
    assert library.first_time("sample")
    assert not Library(store).first_time("sample")
    assert library.first_time("other")


# Reading


def test_reading_to_the_end(library: Library, tides: str, engine: SmallEngine):
    shown: list[ReadProgress] = []
    report = library.reader.read(tides, on_progress=shown.append)
    assert (report.tokens, report.read_tokens, report.complete) == (TOTAL, TOTAL, True)
    assert report.seconds > 0
    assert report.tokens_per_second == pytest.approx(TOTAL / report.seconds)
    *_, last = engine.read(engine.tokenize([TEXT]).ids, engine.empty_state(), group_tokens=99)
    blob = engine.state_to_bytes(engine.finished(last.state))
    assert report.state_bytes == engine.info.state_bytes, "always as many bytes"
    assert (report.state_sha256, report.state_bytes) == (hashlib.sha256(blob).hexdigest(), len(blob))
    assert [progress.n_tokens for progress in shown] == [*range(7, TOTAL, 7), TOTAL]
    assert [progress.saved for progress in shown[:6]] == [False, False, True] * 2
    assert shown[-1].saved
    assert [progress.page for progress in shown] == sorted(progress.page for progress in shown)
    assert {progress.page for progress in shown} == {0, 1, 2, 3}
    item = library.get(tides)
    assert (item.status, item.read_tokens, item.read_pages, item.whole) == ("read", TOTAL, 3, True)


def test_what_is_read_is_not_read_again(library: Library, tides: str, engine: SmallEngine):
    first = library.reader.read(tides)
    assert library.reader.read(tides) == first
    assert engine.tokens_read == TOTAL


@pytest.mark.parametrize("groups", [1, 2, 5, 14])
def test_a_stopped_reading_goes_on_and_ends_in_the_same_memory(
    library: Library, tides: str, engine: SmallEngine, groups: int
):
    shown: list[ReadProgress] = []
    stopped = library.reader.read(tides, on_progress=shown.append, should_stop=lambda: len(shown) == groups)
    assert (stopped.complete, stopped.read_tokens, stopped.tokens) == (False, 7 * groups, TOTAL)
    item = library.get(tides)
    assert (item.status, item.read_tokens, item.whole, item.can_ask) == ("cancelled", 7 * groups, False, True)
    engine.group = 5  # the machine has less memory free by now; the reading keeps to its group size all the same
    finished = library.reader.read(tides)
    assert engine.tokens_read == TOTAL
    assert engine.group_sizes == {7}
    assert state_of(TEXT) in said(library.answering.ask(tides, "Who?"))
    assert finished.seconds > stopped.seconds


def test_a_reading_stopped_before_it_began_leaves_nothing(library: Library, tides: str):
    report = library.reader.read(tides, should_stop=lambda: True)
    assert (report.complete, report.read_tokens, report.state_bytes, report.state_sha256) == (False, 0, 0, "")
    assert library.get(tides).status == "new"


def test_time_decides_when_to_save_too(store: Store, tides: str, monkeypatch: pytest.MonkeyPatch):
    shown: list[ReadProgress] = []
    monkeypatch.setattr(reading, "time", SimpleNamespace(monotonic=count().__next__))  # a group takes a second
    library = shelf(SmallEngine(), store, SavePolicy(seconds=3.0, groups=10_000))
    library.reader.read(tides, on_progress=shown.append)
    saved = [number for number, progress in enumerate(shown, 1) if progress.saved]
    assert saved == sorted({*range(3, len(shown), 3), len(shown)})


def test_an_error_of_the_engine_keeps_what_was_saved(library: Library, store: Store, tides: str, engine: SmallEngine):
    engine.fails_at = 50  # 21 and 42 tokens are saved by then
    with pytest.raises(EngineError, match="Close other programs"):
        library.reader.read(tides)
    assert library.get(tides).read_tokens == 42
    engine.fails_at = None
    library.reader.read(tides)
    assert state_of(TEXT) in said(library.answering.ask(tides, "Who?"))


def test_a_damaged_memory_is_refused_and_reading_again_mends_it(library: Library, store: Store, tides: str):
    library.reader.read(tides)
    connection = sqlite3.connect(store.path)
    with connection:
        connection.execute("UPDATE snapshots SET blob = x'00'")
    connection.close()
    with pytest.raises(SnapshotDamaged, match="Read the document again"):
        library.answering.ask(tides, "Who?")
    assert library.reader.read(tides).complete
    assert state_of(TEXT) in said(library.answering.ask(tides, "Who?"))


def test_a_text_without_words_is_named(library: Library, store: Store, tides: str):
    change(store.path, "UPDATE pages SET text = ' '")
    with pytest.raises(NothingToRead, match="Tides"):
        library.reader.read(tides)


# Asking


def test_a_document_must_be_read_before_it_is_asked(library: Library, tides: str):
    for use in (lambda: library.answering.ask(tides, "Who?"), lambda: library.summaries.summarize(tides)):
        with pytest.raises(NotReadYet, match="Tides"):
            use()


def test_a_new_answer_takes_the_place_of_the_last_one_only_when_it_is_there(library: Library, tides: str):
    library.reader.read(tides)
    list(library.answering.ask(tides, "Who?"))

    def last_asked() -> str:
        return library.conversations.history(tides)[-1].asked_at

    stream = library.answering.ask(tides, "Who else?", instead_of=last_asked())
    next(stream)
    stream.close()
    assert [turn.question for turn in library.conversations.history(tides)] == ["Who?"]
    list(library.answering.ask(tides, "Who else?", instead_of=last_asked()))
    list(library.answering.ask(tides, "How many times is tide named?"))
    assert [turn.question for turn in library.conversations.history(tides)] == [
        "Who else?",
        "How many times is tide named?",
    ]
    list(library.answering.ask(tides, "How many times is moon named?", instead_of=last_asked()))
    assert [turn.question for turn in library.conversations.history(tides)] == [
        "Who else?",
        "How many times is moon named?",
    ]


def test_conversations_are_listed_named_and_gone_on_with(library: Library, tides: str):
    library.reader.read(tides)
    assert library.conversations.all(tides) == ()
    list(library.answering.ask(tides, "Who?"))
    library.conversations.new(tides)
    list(library.summaries.summarize(tides))
    assert library.conversations.history(tides)[0].summary
    (earlier,) = [chat for chat in library.conversations.all(tides) if not chat.current]
    library.conversations.rename(tides, earlier.id, "  People \n here ")
    library.conversations.open(tides, earlier.id)
    assert {(chat.title, chat.current) for chat in library.conversations.all(tides)} == {
        ("People here", True), ("Summarise “Tides”.", False),
    }  # fmt: skip
    assert library.conversations.history(tides)[0].question == "Who?"
    for use in (library.conversations.open, lambda id, chat: library.conversations.rename(id, chat, "x")):
        with pytest.raises(UnknownChat, match="no conversation 99"):
            use(tides, 99)
        with pytest.raises(UnknownDocument):
            use("zz", earlier.id)
    with pytest.raises(TitleMissing):
        library.conversations.rename(tides, earlier.id, "  ")


def test_answers_come_from_the_memory_and_are_kept(library: Library, tides: str):
    library.reader.read(tides)
    *pieces, answer = library.answering.ask(tides, "Who? ", history=[("a", "b"), ("c", "d")])
    assert pieces[:4] == ["Who? ", " ", "2 ", state_of(TEXT)]
    (turn,) = library.conversations.history(tides)
    assert (turn.question, turn.answer, turn.confidence, turn.declined) == ("Who?", answer.text, 0.5, False)
    assert library.get(tides).last_asked_at is not None
    list(library.answering.ask(tides, "Unkept?", keep=False))
    assert len(library.conversations.history(tides)) == 1
    library.conversations.new(tides)
    assert library.conversations.history(tides) == ()


def test_asking_changes_no_memory(library: Library, tides: str):
    report = library.reader.read(tides)
    first = said(library.answering.ask(tides, "Who?"))
    list(library.summaries.summarize(tides))
    assert said(library.answering.ask(tides, "Who?")) == first
    assert library.reader.read(tides) == report


def test_an_answer_can_be_stopped(library: Library, tides: str):
    library.reader.read(tides)
    goes_on = iter([False, False])  # the engine asks before each piece
    heard: list[object] = list(library.answering.ask(tides, "Who?", should_stop=lambda: next(goes_on, True)))
    assert heard[:-1] == ["Who?", " "]
    assert heard[-1].stopped  # type: ignore[attr-defined]
    assert library.conversations.history(tides)[0].answer == "Who? "


def test_an_empty_question_is_named_and_does_not_hold_the_engine(library: Library, tides: str):
    library.reader.read(tides)
    with pytest.raises(EmptyQuestion):
        list(library.answering.ask(tides, "  "))
    assert said(library.answering.ask(tides, "Who?"))


def test_an_abandoned_answer_does_not_hold_the_engine(library: Library, tides: str):
    library.reader.read(tides)
    abandoned = library.answering.ask(tides, "Who?")
    next(abandoned)
    abandoned.close()  # type: ignore[attr-defined]
    assert said(library.answering.ask(tides, "Who?"))


def test_another_model_refuses_the_memory_and_says_what_to_do(library: Library, store: Store, tides: str):
    library.reader.read(tides)
    other = shelf(SmallEngine("f2"), store)
    assert (other.get(tides).status, other.get(tides).can_ask) == ("stale", False)
    for use in (lambda: other.answering.ask(tides, "Who?"), lambda: other.summaries.summarize(tides)):
        with pytest.raises(StaleSnapshot, match="Read it again, or start with the model"):
            use()
    other.reader.read(tides)
    assert said(other.answering.ask(tides, "Who?"))
    assert (other.get(tides).status, library.get(tides).status) == ("read", "read")
    assert Library(store).get(tides).status == "read"


def test_half_a_book_answers_from_the_half(library: Library, tides: str):
    shown: list[ReadProgress] = []
    library.reader.read(tides, on_progress=shown.append, should_stop=lambda: len(shown) == 8)
    assert state_of(TEXT[:56]) in said(library.answering.ask(tides, "Who?"))
    assert library.get(tides).read_pages == 1


def test_a_question_is_answered_between_two_groups(library: Library, tides: str, engine: SmallEngine):
    """A question that comes while a book is being read waits for one group, not for the book."""
    library.reader.read(tides)
    other = library.add(b"word " * 200, "long.md").id
    tokens_at_answer: list[int] = []
    answer = engine.ask

    def counted(*given, **named):
        tokens_at_answer.append(engine.tokens_read)
        return answer(*given, **named)

    engine.ask = counted  # type: ignore[method-assign]
    asked = threading.Thread(target=lambda: list(library.answering.ask(tides, "Who?")))

    def in_the_third_group() -> None:
        if engine.tokens_read == TOTAL + 14:
            asked.start()
            while not library.models.turns.waiting:
                pass

    engine.before_group = in_the_third_group
    report = library.reader.read(other)
    asked.join()
    assert report.complete
    assert TOTAL + 21 <= tokens_at_answer[0] <= TOTAL + 28


# Order on the shelf


def test_titles_authors_and_tags_can_be_changed(library: Library, tides: str):
    before = library.get(tides)
    item = library.describe(tides, title="  The  Tides ", author="Ada", tags=["blue", " Blue", "", "on  loan"])
    assert (item.title, item.author, item.tags) == ("The Tides", "Ada", ("blue", "on loan"))
    assert library.describe(tides, tags=[]).title == "The Tides"
    assert library.describe(tides, author="").author is None
    assert library.shelf()[0].id == tides and library.get(tides).sections == before.sections
    with pytest.raises(TitleMissing, match="needs a title"):
        library.describe(tides, title=" ")
    with pytest.raises(UnknownDocument):
        library.describe("nowhere", title="x")


def test_removing_can_be_undone(library: Library, tides: str):
    library.reader.read(tides)
    list(library.answering.ask(tides, "Who?"))
    before, talk = library.get(tides), library.conversations.history(tides)
    library.remove(tides)
    with pytest.raises(UnknownDocument):
        library.resolve(tides)
    assert library.restore(tides) == before and library.conversations.history(tides) == talk
    with pytest.raises(NothingToRestore, match="Add its file again"):
        library.restore(tides)


def test_the_same_file_again_brings_a_removed_document_back(library: Library):
    item = library.add(b"# Dam\n\nThe dam is old.\n", "dam.md")
    library.reader.read(item.id)
    library.remove(item.id)
    assert library.add(b"# Dam\n\nThe dam is old.\n", "dam.md").status == "read"


def test_what_was_removed_long_ago_is_forgotten(library: Library, tides: str):
    library.reader.read(tides)
    library.remove(tides)
    assert library.sweep() == 0
    assert library.sweep(days=0) == 1
    with pytest.raises(NothingToRestore):
        library.restore(tides)
