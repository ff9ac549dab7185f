"""What is chosen on the settings page: kept for the next start, and another model taken in while the page is open."""

from __future__ import annotations

import threading
from argparse import Namespace
from pathlib import Path

import pytest

from app.choices import Choices
from app.errors import ChangeUnderWay, McpUnguarded, PasswordEmpty, PasswordMissing
from app.jobs import ReadingQueue
from app.library import Library
from app.models import Models
from app.password import fits, hashed, lock
from app.reading import SavePolicy
from app.settings import Settings, settings_from
from app.waypoints import Spacing
from engine.errors import ModelNotFound
from storage import Store
from tests.app.small_engine import SmallEngine, said


def test_choices_come_back_as_they_were_kept(store: Store) -> None:
    library = Library(SmallEngine(), store)
    assert library.choices() == Choices()
    kept = Choices("somewhere/small", "cpu", "float32", "linear", 8, "salt$hash")
    library.keep_choices(kept)
    assert library.choices() == kept
    assert Choices.from_note('{"model": "m", "of a later version": 1}') == Choices(model="m")


def test_the_command_line_wins_over_what_was_chosen() -> None:
    chosen = Choices(model="a/b", device="cuda", dtype="float16")
    plain = settings_from(Namespace(), {}).chosen(chosen)
    assert (plain.model, plain.device, plain.dtype) == ("a/b", "cuda", "float16")
    named = settings_from(Namespace(device="cpu"), {"PALIMPSEST_MODEL": "default"}).chosen(chosen)
    assert (named.model, named.device, named.dtype) == ("default", "cpu", "float16")


def test_a_kept_password_guards_like_one_that_is_given() -> None:
    kept = hashed("mellön")
    assert "mell" not in kept and hashed("mellön") != kept
    assert fits("mellön", kept) and not fits("mellon", kept) and not fits("", kept)
    everywhere = Settings(Path("home"), Path("library.db"), host="0.0.0.0")
    with pytest.raises(PasswordMissing):
        everywhere.check()
    everywhere.check(kept)
    with pytest.raises(McpUnguarded):
        Settings(Path("home"), Path("library.db"), mcp=True).check(kept)
    assert lock(None, None) is None
    assert lock(None, kept)("mellön") and not lock(None, kept)("friend")
    given = lock("friend", kept)
    assert given("friend") and not given("mellön")


@pytest.fixture
def shelf(store: Store):
    library = Library(SmallEngine("old"), store)
    queue = ReadingQueue(library)
    queue.start()
    yield library, queue
    queue.stop()


def read_in(library: Library, queue: ReadingQueue, text: bytes, name: str) -> str:
    document_id = library.add(text, name).id
    queue.enqueue(document_id)
    assert queue.wait(document_id, 20).status == "done"
    return document_id


def test_another_model_takes_over_and_says_what_to_read_again(shelf, store: Store) -> None:
    library, queue = shelf
    document_id = read_in(library, queue, b"The lamp is lit at six.", "lamp.txt")
    before = said(library.ask(document_id, "When?", keep=False))
    seen: list[str] = []

    def load(choices: Choices, say) -> SmallEngine:
        say("Fetching ...")
        seen.append(models.change().said)
        return SmallEngine("new" if choices.model == "other/model" else "old")

    models = Models(library, queue, load, Choices(model="default", device="auto", dtype="auto"))
    assert models.change().state == "idle"
    models.use(Choices("other/model", "cpu", "float32", "linear")).join(20)
    assert seen == ["Fetching ..."]
    assert (models.change().state, models.change().tokens_per_second) == ("done", 1000.0)
    assert models.in_use == library.choices() == Choices("other/model", "cpu", "float32", "linear")
    assert library.get(document_id).status == "stale"
    assert models.read_again() == 1
    assert queue.wait(document_id, 20).status == "done"
    assert library.get(document_id).status == "read"
    models.use(Choices("default", "auto", "auto")).join(20)
    assert library.get(document_id).status == "read"
    assert said(library.ask(document_id, "When?", keep=False)) == before
    assert models.read_again() == 0


def test_a_reading_under_way_goes_on_with_the_new_model(store: Store) -> None:
    library = Library(SmallEngine("old", group=3, pause=0.02), store)
    queue = ReadingQueue(library)
    queue.start()
    try:
        document_id = library.add(b"lamp " * 100, "long.txt").id
        queue.enqueue(document_id)
        models = Models(library, queue, lambda choices, say: SmallEngine("new"), Choices("default"))
        models.use(Choices("other")).join(20)
        assert queue.wait(document_id, 20).status == "done"
        assert library.get(document_id).status == "read"
        assert store.snapshots.get(document_id, "new").complete
        left = store.snapshots.get(document_id, "old")
        assert left is None or not left.complete
    finally:
        queue.stop()


def test_a_model_that_cannot_be_loaded_leaves_everything_as_it_was(shelf) -> None:
    library, queue = shelf
    document_id = read_in(library, queue, b"The lamp is lit at six.", "lamp.txt")

    def load(choices: Choices, say) -> SmallEngine:
        raise ModelNotFound("There is no such model.")

    models = Models(library, queue, load, Choices("default"))
    models.use(Choices("nowhere")).join(20)
    assert (models.change().state, models.change().said) == ("failed", "There is no such model.")
    assert models.in_use.model == "default" and library.choices().model is None
    assert library.get(document_id).status == "read"
    other = read_in(library, queue, b"The moon is called Oru.", "moon.txt")
    assert library.get(other).status == "read"


def test_one_change_at_a_time(shelf) -> None:
    library, queue = shelf
    go = threading.Event()

    def load(choices: Choices, say) -> SmallEngine:
        assert go.wait(20)
        return SmallEngine("new")

    models = Models(library, queue, load, Choices())
    first = models.use(Choices("a"))
    with pytest.raises(ChangeUnderWay):
        models.use(Choices("b"))
    go.set()
    first.join(20)
    assert models.in_use.model == "a"
    models.use(Choices("b")).join(20)
    assert models.in_use.model == "b"


def test_waypoints_and_password_are_kept_beside_the_model(shelf) -> None:
    library, queue = shelf
    models = Models(library, queue, lambda choices, say: SmallEngine("new"), Choices())
    models.keep_waypoints(8)
    models.set_password("mellon")
    with pytest.raises(PasswordEmpty):
        models.set_password("  ")
    models.use(Choices("m")).join(20)
    kept = library.choices()
    assert (kept.model, kept.waypoints) == ("m", 8) and fits("mellon", kept.password)
    assert kept.spacing() == Spacing(most=8)
    models.set_password(None)
    assert library.choices() == Choices(model="m", waypoints=8)


def test_fewer_memories_on_the_way_are_kept_where_fewer_were_chosen(store: Store) -> None:
    text = b"lamp " * 40_000
    kept = {}
    for most in (None, 8):
        library = Library(SmallEngine(f"f{most}", group=8192), store, SavePolicy(groups=1))
        library.keep_choices(Choices(waypoints=most))
        document_id = library.add(text, "long.txt").id
        library.read(document_id)
        kept[most] = len(store.waypoints.tokens(document_id, f"f{most}"))
    assert kept[8] <= 8 < kept[None] <= 32
