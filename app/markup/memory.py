"""What a memory looks like: its size beside what it replaces, and where in the document the tokens stand that it keeps."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from app.markup.notice import closing
from app.views import MemoryView, Stretch
from app.words import Words

WIDTH, HEIGHT, EDGE = 640, 120, 6


def memory(words: Words, seen: MemoryView) -> str:
    """Return the HTML of the whole panel; `words` are about the document."""
    parts = [
        (words("memory.size"), growth(words, seen), size_in_words(words, seen)),
        (words("memory.kept"), bars(words, seen.stretches), kept_in_words(words, seen)),
    ]
    figures = "".join(
        f"<figure><h4>{title}</h4>{drawing}<figcaption>{said}</figcaption></figure>" for title, drawing, said in parts
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


def bars(words: Words, found: Sequence[Stretch]) -> str:
    """Return an SVG with one bar a stretch of the document, as high as the share of its tokens that is kept."""
    shares = [stretch.kept / stretch.tokens for stretch in found]
    top = max(shares, default=0.0) or 1.0
    step = (WIDTH - 2 * EDGE) / max(len(found), 1)
    drawn = "".join(
        f'<rect x="{EDGE + i * step:.1f}" y="{HEIGHT - (HEIGHT - EDGE) * share / top:.1f}" width="{max(step - 1.5, 1):.1f}" '
        f'height="{(HEIGHT - EDGE) * share / top:.1f}"><title>'
        f"{words('memory.bar', page=words.page(stretch.page), part=words.number(100 * share, 1))}</title></rect>"
        for i, (stretch, share) in enumerate(zip(found, shares, strict=True))
    )
    return (
        f'<svg class="bars" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{words("memory.bars")}">{drawn}</svg>'
        f'<p class="ends"><span>{words("memory.beginning")}</span><span>{words("memory.axis")}</span>'
        f"<span>{words.page(found[-1].page if found else 1)}</span></p>"
    )


def kept_in_words(words: Words, seen: MemoryView) -> str:
    """Return in plain words how much of what was read is kept, and where most."""
    kept = sum(stretch.kept for stretch in seen.stretches)
    if kept >= seen.read_tokens:
        return words("memory.everything")
    most = max(seen.stretches, key=lambda stretch: stretch.kept / stretch.tokens)
    return words(
        "memory.sparingly",
        kept=kept,
        all=words.count("count.tokens", seen.read_tokens),
        mean=words.number(100 * kept / seen.read_tokens, 1),
        most=words.number(100 * most.kept / most.tokens, 1),
        page=words.page(most.page),
    )
