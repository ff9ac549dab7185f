"""What a memory looks like: its size while a document was read, where it was written, and which heads listen to it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise

from app.markup import words
from app.views import GatesView, MemoryView

WIDTH, HEIGHT, EDGE = 640, 120, 6
MOST_BARS = 80
CELL, GAP = 20, 3


def memory(seen: MemoryView) -> str:
    """Return the HTML of the whole panel."""
    parts = [
        ("Its size", growth(seen), size_in_words(seen)),
        ("Where it was written", bars(stretches(seen)), written_in_words(seen)),
        ("Who listens to it", gates(seen.gates), gates_in_words(seen.gates)),
    ]
    figures = "".join(
        f"<figure><h4>{title}</h4>{drawing}<figcaption>{said}</figcaption></figure>"
        for title, drawing, said in parts
        if said
    )
    return (
        '<section class="origin memory" aria-label="What this memory looks like"><header><h3>What this memory looks like</h3>'
        '<button type="button" data-close aria-label="Close">×</button></header>'
        f'<p class="asked">{escape(seen.title)}</p>{figures}</section>'
    )


def size_in_words(seen: MemoryView) -> str:
    """Return in plain words how large the memory is beside a key/value cache of the same text."""
    cache = seen.cache_bytes_per_token * seen.read_tokens
    same = words.count(seen.state_bytes // max(seen.cache_bytes_per_token, 1), "token")
    said = (
        f"This memory takes {words.size(seen.state_bytes)}, however long the text. To keep every one of its "
        f"{words.count(seen.read_tokens, 'token')} in view, as a model without a memory does, would take {words.size(cache)}"
    )
    if cache <= seen.state_bytes:
        return f"{said}: less, for so short a text. From {same} on, this memory is the smaller one."
    return f"{said}: {cache / seen.state_bytes:,.0f} times as much."


def growth(seen: MemoryView) -> str:
    """Return an SVG of two lines over what was read: the cache that grows, and the memory that does not."""
    cache = seen.cache_bytes_per_token * seen.read_tokens
    top = max(cache, seen.state_bytes)
    up = lambda size: HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * size / top  # noqa: E731
    flat = f"{EDGE},{up(seen.state_bytes):.1f} {WIDTH - EDGE},{up(seen.state_bytes):.1f}"
    rising = f"{EDGE},{up(0):.1f} {WIDTH - EDGE},{up(cache):.1f}"
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Size while the document was read: '
        f'the memory stays the same, a key/value cache grows to {words.size(cache)}">'
        f'<polyline class="cache" points="{rising}"/><polyline class="own" points="{flat}"/></svg>'
        f'<p class="legend"><span class="own">this memory, {words.size(seen.state_bytes)}</span>'
        f'<span class="cache">every word kept in view, {words.size(cache)}</span></p>'
    )


def stretches(seen: MemoryView) -> list[tuple[int, float]]:
    """Return at most MOST_BARS stretches of the same length, each with the page about which it ends and its mean strength."""
    if not seen.written:
        return []
    starts = [0, *(end for end, _ in seen.written)]
    lengths = [after - before for before, after in pairwise(starts)]
    per_bar = -(-len(lengths) // MOST_BARS)
    found = []
    for i in range(0, len(lengths), per_bar):
        part, weights = seen.written[i : i + per_bar], lengths[i : i + per_bar]
        mean = sum(strength * weight for (_, strength), weight in zip(part, weights, strict=True)) / sum(weights)
        found.append((words.page_reached(part[-1][0], seen.read_tokens, seen.pages), mean))
    return found


def bars(found: Sequence[tuple[int, float]]) -> str:
    """Return an SVG with one bar a stretch of the document, as high as it was written strongly."""
    if not found:
        return ""
    top = max(strength for _, strength in found) or 1.0
    step = (WIDTH - 2 * EDGE) / len(found)
    drawn = "".join(
        f'<rect x="{EDGE + i * step:.1f}" y="{HEIGHT - (HEIGHT - EDGE) * strength / top:.1f}" width="{max(step - 1.5, 1):.1f}" '
        f'height="{(HEIGHT - EDGE) * strength / top:.1f}"><title>to about page {page:,}: {100 * strength:.1f}%</title></rect>'
        for i, (page, strength) in enumerate(found)
    )
    return (
        f'<svg class="bars" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="How strongly each stretch of the document was '
        f'written, from its beginning to its end">{drawn}</svg>'
        f'<p class="ends"><span>beginning</span><span>how much of each stretch was written</span><span>page {found[-1][0]:,}</span></p>'
    )


def written_in_words(seen: MemoryView) -> str:
    """Return in plain words how much was written, and where most."""
    found = stretches(seen)
    if not found:
        return "This document was read before it was noted where the memory was written. Read again, it shows that too."
    mean = sum(strength for _, strength in found) / len(found)
    page, most = max(found, key=lambda stretch: stretch[1])
    return (
        f"A memory that keeps everything soon keeps nothing, so it is written sparingly: of what was read, {100 * mean:.1f}% on the "
        f"average, and {100 * most:.1f}% where it found most worth keeping, up to about page {page:,}."
    )


def gates(layers: Sequence[GatesView]) -> str:
    """Return an SVG with a square for each head of each layer, the stronger its colour the more it listens."""
    blocks = [("overwritten part", [gate.compressive for gate in layers])]
    if layers and layers[0].exact is not None:
        blocks.append(("exact part", [gate.exact or () for gate in layers]))
    return '<div class="gates">' + "".join(_grid(name, rows, layers) for name, rows in blocks) + "</div>"


def _grid(name: str, rows: Sequence[Sequence[float]], layers: Sequence[GatesView]) -> str:
    top = max((value for row in rows for value in row), default=0.0) or 1.0
    left, heads = 30, max(map(len, rows), default=0)
    cells = "".join(
        f'<rect x="{left + j * (CELL + GAP)}" y="{i * (CELL + GAP)}" width="{CELL}" height="{CELL}" rx="3" '
        f'style="fill-opacity:{0.06 + 0.94 * value / top:.2f}"><title>layer {layers[i].layer + 1}, head {j + 1}: {value:.2f}</title></rect>'
        for i, row in enumerate(rows)
        for j, value in enumerate(row)
    )
    labels = "".join(
        f'<text x="0" y="{i * (CELL + GAP) + 15}">{gate.layer + 1}</text>' for i, gate in enumerate(layers)
    )
    width, height = left + heads * (CELL + GAP), len(rows) * (CELL + GAP)
    return (
        f'<div><svg viewBox="0 0 {width} {height}" style="width:{width}px" role="img" aria-label="How far each head listens to the {name}, '
        f'by layer">{labels}{cells}</svg><p>{name}</p></div>'
    )


def gates_in_words(layers: Sequence[GatesView]) -> str:
    """Return in plain words what the squares show."""
    if not layers:
        return ""
    strength = {gate.layer: sum(gate.compressive) + sum(gate.exact or ()) for gate in layers}
    most = max(strength, key=lambda layer: strength[layer])
    exact = (
        " The exact part holds the words most worth keeping just as they were; the other is written over and over."
        if layers[0].exact
        else ""
    )
    return (
        "A row is a layer of the model, counted from the bottom, and a square one of its heads: the stronger its colour, the more of "
        f"what it recalls goes on into the answer. Layer {most + 1} listens most. These squares belong to the model and are the same "
        f"for every book.{exact}"
    )
