"""Pages without text on the page: offered, watched, stopped, and part of the document in the end."""

from __future__ import annotations

import threading

import pytest

from tests.app.test_pictures import MIXED, SCAN, Reads

# Gradio's own use of pandas; nothing that the page could change.
pytestmark = pytest.mark.filterwarnings("ignore::pandas.errors.Pandas4Warning")


@pytest.fixture
def scans(desk):
    """The desk, with something that reads pictures."""
    desk.stop()
    desk.read_picture = Reads()
    desk.start()
    return desk


def test_the_pictures_of_some_pages_are_read_when_asked_for(scans, tmp_path) -> None:
    (tmp_path / "mixed.pdf").write_bytes(MIXED)
    page = scans.open()
    scans.drop(page, tmp_path / "mixed.pdf")
    page.wait_for_selector("#shelf li.read")
    assert "No text came out of 2 of 5 pages" in page.inner_text("#about .notes")
    assert page.inner_text("#pictures") == "Read the pictures of 2 pages"
    page.click("#pictures")
    page.locator("#about .notes", has_text="was read off pictures").wait_for()
    page.wait_for_selector("#shelf li.read")
    page.wait_for_selector("#pictures", state="hidden")
    item = scans.library.shelf()[0]
    assert item.whole and item.missing_pages == ()


def test_a_scan_is_read_off_by_itself_and_can_be_stopped(scans, tmp_path) -> None:
    (tmp_path / "scan.pdf").write_bytes(SCAN)
    go_on = threading.Event()
    scans.read_picture.before = lambda: go_on.wait(60) if len(scans.read_picture.seen) == 2 else None
    page = scans.open()
    scans.drop(page, tmp_path / "scan.pdf")
    page.locator("#reading", has_text="Reading the pictures: 2 of 4 pages done").wait_for()
    assert page.locator("#reading [role=progressbar]").get_attribute("aria-valuenow") == "50"
    page.click("#cancel")
    go_on.set()
    page.wait_for_selector("#shelf li:not(.reading)")
    assert len(scans.read_picture.seen) == 3
    page.click("#read")
    page.wait_for_selector("#shelf li.read")
    assert len(scans.read_picture.seen) == 4 and scans.library.shelf()[0].whole
