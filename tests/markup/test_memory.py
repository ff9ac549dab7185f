"""The panel of a memory: its figures say in words what they draw."""

from __future__ import annotations

import re
from dataclasses import replace

from app.markup import memory
from app.views import GatesView, MemoryView
from app.words import Languages

EN = Languages.load().english
SEEN = MemoryView(
    title="<b>Tides</b>", pages=40, read_tokens=200_000, state_bytes=9_500_000, cache_bytes_per_token=23_040,
    written=(*((256 * (i + 1), 0.001 * (i % 7) + (0.3 if i == 500 else 0.0)) for i in range(781)), (200_000, 0.002)),
    gates=(GatesView(17, (0.5, 0.1), (0.0, 0.9)), GatesView(18, (0.2, 0.0), (0.3, 0.1))),
)  # fmt: skip


def test_size_is_told_beside_a_cache() -> None:
    said = memory.size_in_words(EN, SEEN)
    assert "9.5 MB" in said and "200,000 tokens" in said and "4.6 GB: 485 times" in said
    short = memory.size_in_words(EN, replace(SEEN, read_tokens=100))
    assert "less, for so short a text" in short and "From 412 tokens on" in short


def test_stretches_hold_all_that_was_read() -> None:
    found = memory.stretches(SEEN)
    assert len(found) <= memory.MOST_BARS and found[-1][0] == SEEN.pages
    assert [page for page, _ in found] == sorted(page for page, _ in found)
    page, most = max(found, key=lambda stretch: stretch[1])
    assert page == 27 and 0.3 / 10 < most < 0.3 / 10 + 0.007  # segment 500 of 782, one of ten in its stretch
    few = replace(SEEN, written=((256, 0.5), (300, 0.0)), read_tokens=300)
    assert memory.stretches(few) == [(35, 0.5), (40, 0.0)]
    assert "25.0% on the average" in memory.written_in_words(EN, few) and "50.0% where" in memory.written_in_words(
        EN, few
    )


def test_bars_stay_inside_the_picture() -> None:
    drawn = re.findall(
        r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"', memory.bars(EN, memory.stretches(SEEN))
    )
    assert len(drawn) == len(memory.stretches(SEEN))
    for x, y, width, height in (map(float, bar) for bar in drawn):
        assert x + width <= memory.WIDTH
        assert y >= 0
        assert y + height <= memory.HEIGHT + 0.1


def test_the_whole_panel() -> None:
    shown = memory.memory(EN, SEEN)
    assert "&lt;b&gt;Tides" in shown and shown.count("<figure>") == 3 and shown.count('role="img"') == 4
    assert "layer 18, head 2: 0.90" in shown and "Layer 18 listens most" in shown
    old = memory.memory(EN, replace(SEEN, written=()))
    assert "Read again, it shows that too" in old and 'class="bars"' not in old
    plain = memory.memory(EN, replace(SEEN, gates=tuple(replace(gate, exact=None) for gate in SEEN.gates)))
    assert "exact part" not in plain
