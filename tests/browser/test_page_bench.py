"""How quickly the page answers, measured on the real app with a tiny model: every figure is there. How large it is, is not asserted."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.browser import ROOT, AppNotOpen, chromium_path, running
from bench.page import CLICKS, by_kind, varied
from tests.engine.tiny import make_base, make_tokenizer


def test_every_click_is_answered_and_measured(tmp_path: Path) -> None:
    if chromium_path() is None:
        pytest.skip("browser tests need Chromium; on Debian: apt-get install chromium")
    pytest.importorskip("playwright.sync_api", reason="browser tests need: pip install playwright")
    model = tmp_path / "model"
    make_base("smollm2").save_pretrained(model)
    make_tokenizer().save_pretrained(model)
    given = ["--rounds", "1", "--words", "60000", "--model", str(model), "--dtype", "float32", "--home", str(tmp_path)]
    # in a process of its own: one process has one browser driver
    done = subprocess.run(
        [sys.executable, "-m", "bench.page", *given], cwd=ROOT, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stderr
    *table, last = done.stdout.splitlines()
    result = json.loads(last)
    for start in (result["start"]["first"], result["start"]["again"]):
        assert 0 < start["shown_seconds"] < start["answered_seconds"]
    kinds = {click.name for click in CLICKS} | {"page slider", "all"}
    for figures in (result["idle"], result["reading"]):
        assert set(figures) == kinds
        assert all(0 < one["median"] <= one["p95"] <= one["max"] for one in figures.values())
    assert result["clicks"] == [len(CLICKS) + 1] * 2
    assert result["ratio"] == pytest.approx(result["reading"]["all"]["median"] / result["idle"]["all"]["median"])
    assert all(any(line.startswith(kind) for line in table) for kind in kinds)


def test_figures_of_clicks() -> None:
    found = [("a", float(ms)) for ms in range(20, 0, -1)] + [("b", 300.0)]
    assert by_kind(found) == {
        "a": {"median": 10.5, "p95": 19.0, "max": 20.0},
        "b": {"median": 300.0, "p95": 300.0, "max": 300.0},
        "all": {"median": 11.0, "p95": 20.0, "max": 300.0},
    }


def test_the_long_text_does_not_repeat_itself() -> None:
    text = varied("# Head\n\nOne came in 1890. Two left. Three stayed, all 3 of them.", 200)
    parts = text.split("## Part ")[1:]
    assert 200 <= len(text.split()) < 300 and len(set(parts)) == len(parts)
    assert "Head" not in text and "Two left." in text
    assert text == varied("# Head\n\nOne came in 1890. Two left. Three stayed, all 3 of them.", 200)


def test_an_app_that_does_not_open_is_said(tmp_path: Path) -> None:
    with pytest.raises(AppNotOpen, match="did not open"), running(tmp_path / "library.db", ["--share-on-lan"]):
        pass  # it asks for a password first
