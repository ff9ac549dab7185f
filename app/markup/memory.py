"""What a memory looks like: its size while a document was read, where it was written, and which heads listen to it."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise

from app.markup.figures import page_reached
from app.markup.notice import closing
from app.views import GatesView, MemoryView
from app.words import Words

WIDTH, HEIGHT, EDGE = 640, 120, 6
MOST_BARS = 80
CELL, GAP = 20, 3


def memory(words: Words, seen: MemoryView) -> str:
    """Return the HTML of the whole panel."""
    parts = [
        (words("memory.size"), growth(words, seen), size_in_words(words, seen)),
        (words("memory.written"), bars(words, stretches(seen)), written_in_words(words, seen)),
        (words("memory.gates"), gates(words, seen.gates), gates_in_words(words, seen.gates)),
    ]
    figures = "".join(
        f"<figure><h4>{title}</h4>{drawing}<figcaption>{said}</figcaption></figure>"
        for title, drawing, said in parts
        if said
    )
    return (
        f'<section class="origin memory" aria-label="{words("memory.label")}"><header><h3>{words("memory.label")}</h3>'
        f"{closing(words)}</header>"
        f'<p class="asked">{escape(seen.title)}</p>{figures}</section>'
    )


def size_in_words(words: Words, seen: MemoryView) -> str:
    """Return in plain words how large the memory is beside a key/value cache of the same text."""
    cache = seen.cache_bytes_per_token * seen.read_tokens
    same = words.count("count.tokens", seen.state_bytes // max(seen.cache_bytes_per_token, 1))
    tokens = words.count("count.tokens", seen.read_tokens)
    takes = words("memory.takes", size=words.size(seen.state_bytes), tokens=tokens, cache=words.size(cache))
    if cache <= seen.state_bytes:
        return words("memory.takes_less", takes=takes, same=same)
    return words("memory.takes_more", takes=takes, times=words.number(cache / seen.state_bytes))


def growth(words: Words, seen: MemoryView) -> str:
    """Return an SVG of two lines over what was read: the cache that grows, and the memory that does not."""
    cache = seen.cache_bytes_per_token * seen.read_tokens
    top = max(cache, seen.state_bytes)
    up = lambda size: HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * size / top  # noqa: E731
    flat = f"{EDGE},{up(seen.state_bytes):.1f} {WIDTH - EDGE},{up(seen.state_bytes):.1f}"
    rising = f"{EDGE},{up(0):.1f} {WIDTH - EDGE},{up(cache):.1f}"
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{words("memory.growth", cache=words.size(cache))}">'
        f'<polyline class="cache" points="{rising}"/><polyline class="own" points="{flat}"/></svg>'
        f'<p class="legend"><span class="own">{words("memory.own", size=words.size(seen.state_bytes))}</span>'
        f'<span class="cache">{words("memory.cache", cache=words.size(cache))}</span></p>'
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
        found.append((page_reached(part[-1][0], seen.read_tokens, seen.pages), mean))
    return found


def bars(words: Words, found: Sequence[tuple[int, float]]) -> str:
    """Return an SVG with one bar a stretch of the document, as high as it was written strongly."""
    if not found:
        return ""
    top = max(strength for _, strength in found) or 1.0
    step = (WIDTH - 2 * EDGE) / len(found)
    drawn = "".join(
        f'<rect x="{EDGE + i * step:.1f}" y="{HEIGHT - (HEIGHT - EDGE) * strength / top:.1f}" width="{max(step - 1.5, 1):.1f}" '
        f'height="{(HEIGHT - EDGE) * strength / top:.1f}"><title>'
        f"{words('memory.bar', page=page, part=words.number(100 * strength, 1))}</title></rect>"
        for i, (page, strength) in enumerate(found)
    )
    return (
        f'<svg class="bars" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{words("memory.bars")}">{drawn}</svg>'
        f'<p class="ends"><span>{words("origin.beginning")}</span><span>{words("memory.axis")}</span>'
        f"<span>{words('stretch.page.one', page=found[-1][0])}</span></p>"
    )


def written_in_words(words: Words, seen: MemoryView) -> str:
    """Return in plain words how much was written, and where most."""
    found = stretches(seen)
    if not found:
        return words("memory.unknown")
    mean = sum(strength for _, strength in found) / len(found)
    page, most = max(found, key=lambda stretch: stretch[1])
    return words("memory.sparingly", mean=words.number(100 * mean, 1), most=words.number(100 * most, 1), page=page)


def gates(words: Words, layers: Sequence[GatesView]) -> str:
    """Return an SVG with a square for each head of each layer, the stronger its colour the more it listens."""
    blocks = [(words("memory.overwritten"), [gate.compressive for gate in layers])]
    if layers and layers[0].exact is not None:
        blocks.append((words("memory.exact"), [gate.exact or () for gate in layers]))
    return '<div class="gates">' + "".join(_grid(words, name, rows, layers) for name, rows in blocks) + "</div>"


def _grid(words: Words, name: str, rows: Sequence[Sequence[float]], layers: Sequence[GatesView]) -> str:
    top = max((value for row in rows for value in row), default=0.0) or 1.0
    left, heads = 30, max(map(len, rows), default=0)
    cells = "".join(
        f'<rect x="{left + j * (CELL + GAP)}" y="{i * (CELL + GAP)}" width="{CELL}" height="{CELL}" rx="3" '
        f'style="fill-opacity:{0.06 + 0.94 * value / top:.2f}"><title>'
        f"{words('memory.head', layer=layers[i].layer + 1, head=j + 1, value=words.number(value, 2))}</title></rect>"
        for i, row in enumerate(rows)
        for j, value in enumerate(row)
    )
    labels = "".join(
        f'<text x="0" y="{i * (CELL + GAP) + 15}">{gate.layer + 1}</text>' for i, gate in enumerate(layers)
    )
    width, height = left + heads * (CELL + GAP), len(rows) * (CELL + GAP)
    return (
        f'<div><svg viewBox="0 0 {width} {height}" style="width:{width}px" role="img" aria-label="'
        f'{words("memory.grid", part=name)}">{labels}{cells}</svg><p>{name}</p></div>'
    )


def gates_in_words(words: Words, layers: Sequence[GatesView]) -> str:
    """Return in plain words what the squares show."""
    if not layers:
        return ""
    strength = {gate.layer: sum(gate.compressive) + sum(gate.exact or ()) for gate in layers}
    most = max(strength, key=lambda layer: strength[layer])
    said = words("memory.squares", layer=most + 1)
    return f"{said} {words('memory.squares_exact')}" if layers[0].exact else said
