"""The panel of a memory: its figures say in words what they draw."""

from __future__ import annotations

import re
from dataclasses import replace

from app.markup import memory
from app.views import MemoryView, Stretch
from app.words import Languages

EN = Languages.load().english
SEEN = MemoryView(
    title="<b>Tides</b>", pages=40, read_tokens=200_000, state_bytes=9_500_000, cache_bytes_per_token=23_040,
    stretches=tuple(Stretch(1 + number // 2, 2_500, 1_250 if number == 50 else 100) for number in range(80)),
)  # fmt: skip


def test_size_is_told_beside_a_cache() -> None:
    said = memory.size_in_words(EN, SEEN)
    assert "9.5 MB" in said and "200,000 tokens" in said and "4.6 GB: 485 times" in said
    short = memory.size_in_words(EN, replace(SEEN, read_tokens=100))
    assert "less, for so short a text" in short and "From 412 tokens on" in short


def test_what_is_kept_is_told_with_where_most_of_it_stands() -> None:
    said = memory.kept_in_words(EN, SEEN)
    assert "Of 200,000 tokens it keeps 9,150" in said and "4.6%" in said and "50.0%, up to about page 26" in said
    whole = replace(SEEN, read_tokens=9, stretches=(Stretch(1, 5, 5), Stretch(2, 4, 4)))
    assert memory.kept_in_words(EN, whole) == "So short a text is kept whole."


def test_bars_stay_inside_the_picture() -> None:
    drawn = re.findall(
        r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', memory.bars(EN, SEEN.stretches)
    )
    assert len(drawn) == len(SEEN.stretches)
    heights = []
    for x, y, width, height in (map(float, bar) for bar in drawn):
        assert x + width <= memory.WIDTH
        assert y >= 0
        assert y + height <= memory.HEIGHT + 0.1
        heights.append(height)
    assert heights.index(max(heights)) == 50


def test_the_whole_panel() -> None:
    shown = memory.memory(EN, SEEN)
    assert "&lt;b&gt;Tides" in shown and shown.count("<figure>") == 2 and shown.count('role="img"') == 2
    assert "to about page 26: 50.0% kept" in shown
