"""Where an answer was learned: a curve over the document, the stretch that taught it, and what that stretch says when read again."""

from __future__ import annotations

import math
from html import escape

from app.curve import steepest
from app.markup.figures import percent
from app.markup.notice import closing
from app.markup.passage import marked
from app.markup.sheet import opener
from app.views import Origin, ReadProgress
from app.words import Words

WIDTH, HEIGHT, EDGE = 640, 96, 8
MOST_OPENERS = 12
CLEAR = 0.5  # nats a token, as for the grounding of an answer


def looking(words: Words, progress: ReadProgress | None) -> str:
    """Return the HTML shown while the memories are being asked and a stretch is read again."""
    said = words("origin.asking")
    if progress is not None:
        part = percent(progress.n_tokens, progress.total_tokens)
        said = words("origin.reading", page=progress.page, part=part)
    return f'<div class="origin busy"><p class="waiting">{said}<i></i><i></i><i></i></p></div>'


def origin(words: Words, found: Origin, question: str, answer: str) -> str:
    """Return the HTML of the curve with its sentence, both answers side by side, and the passage."""
    return (
        f'<section class="origin" aria-label="{words("origin.label")}"><header><h3>{words("talk.where")}</h3>'
        f"{closing(words)}</header>"
        f'<p class="asked">{escape(question)}</p>{curve(words, found)}<p class="verdict">{verdict(words, found)}</p>'
        f'<div class="answers"><div><h4>{words("origin.from_memory")}</h4><p>{escape(answer)}</p></div>'
        f"<div><h4>{words('origin.read_again')}</h4><p>{escape(found.again) or '–'}</p></div></div>"
        f'<details class="passage" open><summary>{words("origin.passage", pages=pages(words, found))}</summary>'
        f'<p class="openers">{openers(words, found, f"{answer} {found.again}")}</p>'
        f'<blockquote tabindex="0">{marked(found.passage, f"{answer} {found.again}")}</blockquote></details></section>'
    )


def pages(words: Words, found: Origin) -> str:
    """Return "page 3" or "pages 3 to 5"."""
    return words.pages(found.first_page, found.last_page)


def openers(words: Words, found: Origin, wanted: str) -> str:
    """Return a button for each page of the stretch, the first few of a long one."""
    numbers = range(found.first_page, min(found.last_page, found.first_page + MOST_OPENERS - 1) + 1)
    return "".join(opener(words, number, wanted) for number in numbers)


def verdict(words: Words, found: Origin) -> str:
    """Return in one sentence where the answer's likelihood rose most, and by how much."""
    if found.rise <= 0:
        return words("origin.nowhere")
    where = words("origin.on", pages=pages(words, found))
    if found.section:
        where = words("origin.on_in", pages=pages(words, found), section=escape(found.section))
    if found.rise < CLEAR:
        return words("origin.unclear", where=where)
    times = math.exp(min(found.rise, math.log(1000)))
    if times >= 999:
        return words("origin.learned_well", where=where)
    return words("origin.learned", where=where, times=words.number(times, 0 if times >= 10 else 1))


def curve(words: Words, found: Origin) -> str:
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
    said = words("origin.curve", verdict=verdict(words, found))
    return (
        f'<svg class="curve" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(said, quote=True)}">'
        f'<rect class="steep" x="{left:.1f}" y="0" width="{right - left:.1f}" height="{HEIGHT}"/>'
        f'<line class="floor" x1="0" y1="{HEIGHT - 1}" x2="{WIDTH}" y2="{HEIGHT - 1}"/><polyline points="{line}"/>{dots}</svg>'
        f'<div class="ends"><span>{words("origin.beginning")}</span><span>{words("origin.axis")}</span>'
        f"<span>{words('stretch.page.one', page=points[-1].page)}</span></div>"
    )
