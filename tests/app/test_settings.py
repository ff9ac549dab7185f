"""What is chosen on the settings page: kept for the next start, and another model taken in while the page is open."""

from __future__ import annotations

import threading
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

import launch
from app.errors import (
    ChangeUnderWay,
    ModelMissing,
    ModelNotReady,
    PasswordFixed,
    PasswordMissing,
    PasswordShort,
    PasswordWrong,
)
from app.handlers import SettingsHandlers
from app.library import Library
from app.models import Models
from app.password import Gate, fits, hashed
from app.settings import Choices, Settings, settings_from
from engine.errors import BaseNotAvailable, ModelNotFound
from storage import DiskFull, Store
from tests.app.small_engine import SmallEngine, said


def test_choices_come_back_as_they_were_kept(store: Store) -> None:
    library = Library(store)
    assert library.choices() == Choices()
    kept = Choices("somewhere/small", "cpu", "float32", "large", "salt$hash")
    library.keep_choices(kept)
    assert library.choices() == kept
    assert Choices.from_note('{"model": "m", "of another version": 1}') == Choices(model="m")
    assert Choices.from_note('{"model": "default", "rule": "linear"}') == Choices()


def test_the_command_line_wins_over_what_was_chosen() -> None:
    chosen = Choices(model="a/b", device="cuda", dtype="float16")
    plain = settings_from(Namespace(), {}).chosen(chosen)
    assert (plain.model, plain.device, plain.dtype) == ("a/b", "cuda", "float16")
    named = settings_from(Namespace(device="cpu"), {"PALIMPSEST_MODEL": "default"}).chosen(chosen)
    assert (named.model, named.device, named.dtype) == ("standard", "cpu", "float16")


def test_a_kept_password_guards_like_one_that_is_given() -> None:
    kept = hashed("mellön and friends")
    assert "mell" not in kept and hashed("mellön and friends") != kept
    assert fits("mellön and friends", kept) and not fits("mellon and friends", kept) and not fits("", kept)
    everywhere = Settings(Path("home"), Path("library.db"), host="0.0.0.0")
    with pytest.raises(PasswordMissing):
        everywhere.check()
    everywhere.check(kept)
    assert not Gate().asks and Gate(kept=kept).asks
    assert Gate(kept=kept).log_in("here", "mellön and friends")
    given = Gate("friends and mellon", kept)
    assert given.log_in("here", "friends and mellon")
    with pytest.raises(PasswordWrong):
        given.log_in("here", "mellön and friends")
    for short in ("", "mellon", " " * 12, "ninechars"):
        for use in (hashed, Gate):
            with pytest.raises(PasswordShort, match="10 letters"):
                use(short)


def test_what_is_said_of_the_password_is_so(store: Store) -> None:
    request = SimpleNamespace(headers={}, session_hash="tab")

    def said(gate: Gate, *events: str) -> str:
        handlers = SettingsHandlers(Library(store), gate)
        shown = handlers.open(request)
        for words in events:
            shown = handlers.lock(words, request) if words else handlers.unlock(request)
        return f"{shown.notice if isinstance(shown.notice, str) else ''} {shown.locked}"

    assert "Nobody is asked for a password." in said(Gate())
    gate = Gate()
    set_now = said(gate, "mellon and friends")
    assert "Everybody is asked for the password." in set_now and "Nobody" not in set_now and "/logout" in set_now
    assert gate.asks and gate.log_in("here", "mellon and friends")
    assert "Everybody" in said(gate) and "Everybody" in said(Gate(kept=Library(store).choices().password))
    assert "Nobody is asked for a password." in said(gate, "") and not gate.asks
    short = said(gate, "mellon")
    assert "10 letters" in short and "Nobody is asked" in short and not gate.asks
    given = Gate("friends and mellon")
    for event in ("", "mellon and friends"):
        fixed = said(given, event)
        assert "when the app was started" in fixed and "Nobody" not in fixed
    with pytest.raises(PasswordFixed):
        given.check_change()
    shared = Gate(kept=hashed("mellon and friends"), needed_on="0.0.0.0")
    assert "needs a password" in said(shared, "") and shared.asks
    assert "Everybody" in said(shared, "mellon and other friends") and shared.asks


@pytest.fixture
def running(store: Store):
    """A library whose models are loaded by `load`, which a test may set; its queue runs."""
    loads = Loads()
    library = Library(store, Models(loads, Choices("standard", "auto", "auto"), keep=loads.kept.append))
    library.queue.start()
    yield library, loads
    assert library.queue.stop()


class Loads:
    """Loads small engines: that of a model called "old" or "standard", "new" for others; `before` runs first."""

    def __init__(self) -> None:
        self.kept: list[Choices] = []
        self.before: Callable[[Choices], None] = lambda choices: None

    def __call__(self, choices: Choices, say) -> SmallEngine:
        say("Fetching Base: 3 of 988 MB ...")
        self.before(choices)
        return SmallEngine("old" if choices.model in ("old", "standard") else "new")


def read_in(library: Library, text: bytes, name: str) -> str:
    document_id = library.add(text, name).id
    library.queue.enqueue(document_id)
    assert library.queue.wait(document_id, 20).status == "done"
    return document_id


def test_everything_but_reading_and_asking_goes_on_while_the_model_is_fetched(running) -> None:
    library, loads = running
    go = threading.Event()
    loads.before = lambda choices: go.wait(20) or pytest.fail("never let go")
    assert not library.models.ready and library.models.serves and library.models.info is None
    loading = library.models.start()
    document_id = library.add(b"The lamp is lit at six.", "lamp.txt").id
    library.queue.enqueue(document_id)
    assert library.get(document_id).status == "queued"
    assert [
        place.page for place in list(library.answering.ask(document_id, "How often is lamp named?"))[-1].places
    ] == [1]
    for use in (
        lambda: library.answering.ask(document_id, "When?"),
        lambda: library.summaries.summarize(document_id),
        lambda: library.reader.look(document_id),
        lambda: library.reader.read(document_id),
    ):
        with pytest.raises(ModelNotReady, match=r"^The model is still being fetched: 3 of 988 MB\.$"):
            use()
    go.set()
    loading.join(20)
    assert library.queue.wait(document_id, 20).status == "done" and library.models.change().state == "idle"
    assert said(library.answering.ask(document_id, "When?"))


def test_the_small_model_comes_where_the_standard_one_cannot_be_had(running) -> None:
    library, loads = running

    def offline(choices: Choices) -> None:
        if choices.model == "standard":
            raise BaseNotAvailable("The base model could not be fetched. Connect this machine, then start again.")

    loads.before = offline
    library.models.start().join(20)
    assert library.models.fingerprint == "new" and library.models.in_use.model == "small"
    change = library.models.change()
    assert (change.state, change.said) == (
        "instead",
        "The small model answers for now. The base model could not be fetched. Connect this machine, then start again.",
    )
    assert loads.kept == [], "the next start tries the standard one again"


def test_a_first_model_that_cannot_be_had_is_named_and_another_may_be_chosen(running) -> None:
    library, loads = running

    def nowhere(choices: Choices) -> None:
        if choices.model != "new":
            raise ModelNotFound("There is no such model.")

    loads.before = nowhere
    library.models.start().join(20)
    document_id = library.add(b"The lamp is lit at six.", "lamp.txt").id
    library.queue.enqueue(document_id)
    with pytest.raises(ModelMissing, match="There is no such model"):
        library.answering.ask(document_id, "When?")
    library.models.use(Choices("new", "auto", "auto")).join(20)
    assert library.queue.wait(document_id, 20).status == "done"


def test_another_model_takes_over_and_says_what_to_read_again(running, store: Store) -> None:
    library, loads = running
    library.models.load()
    document_id = read_in(library, b"The lamp is lit at six.", "lamp.txt")
    before = said(library.answering.ask(document_id, "When?", keep=False))
    seen: list[str] = []
    loads.before = lambda choices: seen.append(library.models.change().said)
    library.models.use(Choices("other/model", "cpu", "float32", "large")).join(20)
    assert seen == ["Fetching Base: 3 of 988 MB ..."]
    assert (library.models.change().state, library.models.change().tokens_per_second) == ("done", 1000.0)
    assert [library.models.in_use] == loads.kept == [Choices("other/model", "cpu", "float32", "large")]
    assert library.get(document_id).status == "stale"
    library.queue.enqueue(document_id)
    assert library.queue.wait(document_id, 20).status == "done"
    assert library.get(document_id).status == "read"
    library.models.use(Choices("old", "auto", "auto")).join(20)
    assert library.get(document_id).status == "read"
    assert said(library.answering.ask(document_id, "When?", keep=False)) == before


def test_a_reading_under_way_goes_on_with_the_new_model(store: Store) -> None:
    engines = {"old": SmallEngine("old", group=3, pause=0.02), "other": SmallEngine("new")}
    library = Library(store, Models(lambda choices, say: engines[choices.model], Choices("old")))
    library.models.load()
    library.queue.start()
    try:
        document_id = library.add(b"lamp " * 100, "long.txt").id
        library.queue.enqueue(document_id)
        library.models.use(Choices("other")).join(20)
        assert library.queue.wait(document_id, 20).status == "done"
        assert library.get(document_id).status == "read"
        assert store.snapshots.get(document_id, "new").complete
        left = store.snapshots.get(document_id, "old")
        assert left is None or not left.complete
    finally:
        library.queue.stop()


def test_a_model_that_cannot_be_loaded_leaves_everything_as_it_was(running) -> None:
    library, loads = running
    library.models.load()
    document_id = read_in(library, b"The lamp is lit at six.", "lamp.txt")

    def nowhere(choices: Choices) -> None:
        raise ModelNotFound("There is no such model.")

    loads.before = nowhere
    library.models.use(Choices("nowhere")).join(20)
    assert (library.models.change().state, library.models.change().said) == ("failed", "There is no such model.")
    assert library.models.in_use.model == "standard" and loads.kept == []
    assert library.get(document_id).status == "read"
    other = read_in(library, b"The moon is called Oru.", "moon.txt")
    assert library.get(other).status == "read"


def test_a_choice_that_cannot_be_kept_leaves_the_model_that_runs_and_the_queue_alive(running) -> None:
    library, loads = running
    library.models.load()

    def full(choices: Choices) -> None:
        raise DiskFull(Path("library.db"), 1_000_000)

    library.models._keep = full
    library.models.use(Choices("new")).join(20)
    assert library.models.change().state == "failed" and "disk is full" in library.models.change().said
    assert (library.models.in_use.model, library.models.fingerprint) == ("standard", "old")
    read_in(library, b"The moon is called Oru.", "moon.txt")
    library.models._keep = loads.kept.append
    library.models.use(Choices("new")).join(20)
    assert (library.models.in_use.model, library.models.fingerprint) == ("new", "new")
    read_in(library, b"The lamp is lit at six.", "lamp.txt")


@pytest.mark.parametrize("begun", [False, True])
def test_a_summary_of_a_section_is_finished_by_the_model_that_began_it(running, begun: bool) -> None:
    library, _ = running
    library.models.load()
    text = b"# One\n\nThe lamp is lit at six. The bell rings.\n\n# Two\n\nThe moon is called Oru. It has no ring.\n"
    document_id = read_in(library, text, "two.md")
    expected = said(library.summaries.summarize(document_id, section=2, keep=False))
    stream = library.summaries.summarize(document_id, section=2)
    pieces = [next(stream)] if begun else []
    library.models.use(Choices("new")).join(20)
    assert library.models.fingerprint == "new"
    assert said(iter([*pieces, *stream])) == expected
    assert library.conversations.history(document_id)[-1].answer == expected


def test_one_change_at_a_time(running) -> None:
    library, loads = running
    library.models.load()
    go = threading.Event()
    loads.before = lambda choices: go.wait(20) or pytest.fail("never let go")
    first = library.models.use(Choices("a"))
    with pytest.raises(ChangeUnderWay):
        library.models.use(Choices("b"))
    go.set()
    first.join(20)
    assert library.models.in_use.model == "a"
    library.models.use(Choices("b")).join(20)
    assert library.models.in_use.model == "b"


def test_model_and_password_are_kept_beside_each_other(store: Store) -> None:
    library = Library(store)
    library.set_password("mellon and friends")
    with pytest.raises(PasswordShort):
        library.set_password("  ")
    launch.keep_model(library, Choices("m", "cpu", "float32", "small", "another"))
    kept = library.choices()
    assert (kept.model, kept.memory_size) == ("m", "small") and fits("mellon and friends", kept.password)
    library.set_password(None)
    assert library.choices() == Choices("m", "cpu", "float32", "small")
