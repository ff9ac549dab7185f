"""The comparison of readers: its figures, its table, its cases."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from evaluation.readers import cases, compare, rows, table
from tests.documents.makers import pdf

TEXT = "The keeper lit the lamp at nine and slept until a boat came"


def test_the_same_text_has_full_marks_however_it_is_set() -> None:
    assert compare(TEXT.upper().replace(" ", "\n"), TEXT)[2:] == (1.0, 1.0, 1.0, 1.0)


def test_lost_words_added_words_and_another_order_each_show_in_their_figure() -> None:
    half = " ".join(TEXT.split()[:6])
    assert compare(half, TEXT).found == pytest.approx(6 / 13) and compare(half, TEXT).shared == 1.0
    assert compare(f"{TEXT} for bread", TEXT).shared == pytest.approx(13 / 15)
    turned = compare("four five six one two three", "one two three four five six")
    assert (turned.found, turned.pairs, turned.order) == (1.0, 4 / 5, 0.5)


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler's pdftotext isn't installed")
def test_a_folder_becomes_a_table(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf([TEXT]))
    (tmp_path / "b.txt").write_text("not compared")
    assert table(list(rows([tmp_path]))).split("\n")[2:] == ["| a.pdf | 13 | 13 | 1.000 | 1.000 | 1.000 | 1.000 |"]


def test_cases_show_what_is_right_and_what_comes_out(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(pdf([TEXT]))
    (tmp_path / "b.pdf").write_bytes(b"%PDF-1.4 nothing")
    listed = [{"id": name, "situation": "s", "file": f"{name}.pdf", "right": "the lamp"} for name in "abc"]
    (tmp_path / "cases.jsonl").write_text("\n".join(map(json.dumps, listed)))
    said = list(cases(tmp_path / "cases.jsonl", ["pdf"]))
    assert len(said) == 2 and "right: the lamp" in said[0] and TEXT in said[0] and "DamagedFile" in said[1]
