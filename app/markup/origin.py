"""Where an answer was learned: a curve over the document, the stretch that taught it, and what that stretch says when read again."""

from __future__ import annotations

import math
import re
from html import escape

from app.curve import steepest
from app.markup.words import percent
from app.views import Origin, ReadProgress

WIDTH, HEIGHT, EDGE = 640, 96, 8
SHORTEST_WORD = 4
CLEAR = 0.5  # nats a token, as for the grounding of an answer


def looking(progress: ReadProgress | None) -> str:
    """Return the HTML shown while the memories are being asked and a stretch is read again."""
    said = "Asking the memories that were kept on the way"
    if progress is not None:
        said = f"Reading page {progress.page:,} again, {percent(progress.n_tokens, progress.total_tokens)}%"
    return f'<div class="origin busy"><p class="waiting">{said}<i></i><i></i><i></i></p></div>'


def origin(found: Origin, question: str, answer: str) -> str:
    """Return the HTML of the curve with its sentence, both answers side by side, and the passage."""
    return (
        f'<section class="origin" aria-label="Where this was learned"><header><h3>Where did it learn this?</h3>'
        f'<button type="button" data-close aria-label="Close">×</button></header>'
        f'<p class="asked">{escape(question)}</p>{curve(found)}<p class="verdict">{verdict(found)}</p>'
        f'<div class="answers"><div><h4>From memory</h4><p>{escape(answer)}</p></div>'
        f"<div><h4>Read again just now</h4><p>{escape(found.again) or '–'}</p></div></div>"
        f'<details class="passage" open><summary>The passage, {pages(found)}</summary>'
        f'<blockquote tabindex="0">{marked(found.passage, f"{answer} {found.again}")}</blockquote></details></section>'
    )


def pages(found: Origin) -> str:
    """Return "page 3" or "pages 3 to 5"."""
    first, last = found.first_page, found.last_page
    return f"page {first:,}" if first == last else f"pages {first:,} to {last:,}"


def verdict(found: Origin) -> str:
    """Return in one sentence where the answer's likelihood rose most, and by how much."""
    if found.rise <= 0:
        return "No stretch of the document made this answer likelier: it doesn’t come from there."
    where = f"on {pages(found)}" + (f", in “{escape(found.section)}”" if found.section else "")
    if found.rise < CLEAR:
        return f"No stretch stands out. The likeliest place is {where}, but it made little difference."
    times = math.exp(min(found.rise, math.log(1000)))
    shown = "more than 1,000" if times >= 999 else f"{times:,.0f}" if times >= 10 else f"{times:.1f}"
    return f"It was learned {where}: reading that made each word of the answer {shown} times likelier."


def curve(found: Origin) -> str:
    """Return an SVG of the answer's likelihood against how much had been read, with the steepest stretch shaded."""
    points = found.points
    total = max(points[-1].n_tokens, 1)
    low, high = min(p.log_prob for p in points), max(p.log_prob for p in points)
    across = lambda n: EDGE + (WIDTH - 2 * EDGE) * n / total  # noqa: E731
    up = lambda value: HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * (value - low) / max(high - low, 1e-6)  # noqa: E731
    line = " ".join(f"{across(p.n_tokens):.1f},{up(p.log_prob):.1f}" for p in points)
    begin, end = steepest(points)
    left, right = across(begin.n_tokens), max(across(end.n_tokens), across(begin.n_tokens) + 2)
    dots = "".join(f'<circle cx="{across(p.n_tokens):.1f}" cy="{up(p.log_prob):.1f}" r="2.4"/>' for p in points)
    said = f"How likely the answer was after each part of the document. {verdict(found)}"
    return (
        f'<svg class="curve" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(said, quote=True)}">'
        f'<rect class="steep" x="{left:.1f}" y="0" width="{right - left:.1f}" height="{HEIGHT}"/>'
        f'<line class="floor" x1="0" y1="{HEIGHT - 1}" x2="{WIDTH}" y2="{HEIGHT - 1}"/><polyline points="{line}"/>{dots}</svg>'
        f'<div class="ends"><span>beginning</span><span>likelihood of this answer as the book was read</span>'
        f"<span>page {points[-1].page:,}</span></div>"
    )


def marked(passage: str, answers: str) -> str:
    """Return the passage as HTML with the answers' longer words and their numbers marked in it."""
    words = {w for w in re.findall(r"\w+", answers.lower()) if len(w) >= SHORTEST_WORD or w.isdigit()}
    if not words:
        return escape(passage)
    found = re.compile(
        rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(words, key=len, reverse=True)))})(?!\w)", re.IGNORECASE
    )
    out, last = [], 0
    for hit in found.finditer(passage):
        out += [escape(passage[last : hit.start()]), f"<mark>{escape(hit[0])}</mark>"]
        last = hit.end()
    return "".join([*out, escape(passage[last:])])
