"""A file for which the disk has no room: the page says so, and how much it needs."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from app.pages import uploading

pytestmark = pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")


def test_the_page_says_how_much_room_a_file_needs(desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploading, "disk_usage", lambda path: SimpleNamespace(free=5_000_000))
    book = tmp_path / "rain.md"
    book.write_text("# Rain\n\n" + "It rained on the hill. " * 50_000)
    page = desk.open()
    desk.drop(page, book)
    page.get_by_text("MB, and 5.0 MB are free. Nothing of it was kept").first.wait_for()
    assert desk.library.shelf() == [] and not list((tmp_path / "uploads").rglob("rain.md"))
