"""The tour of the page in four steps, and what a memory cannot do."""

from __future__ import annotations

from html import escape

from app.words import Words

# Each step, and the part of the page that it is about, as a CSS selector.
STEPS = (("drop", "#drop"), ("read", "#shelf"), ("ask", "#composer"), ("check", "#talk-pane"))
CANNOT = ("keeps", "counts", "reasons", "sees")


def tour(words: Words) -> str:
    """Return the tour, closed; the page's script opens it, at its first step."""
    steps = "".join(
        f'<section hidden data-at="{words("tour.at", at=number, all=len(STEPS))}">'
        f"<h2>{escape(words(f'tour.{name}.title'))}</h2><p>{escape(words(f'tour.{name}.text'))}</p>"
        f"{_cannot(words) if name == STEPS[-1][0] else ''}</section>"
        for number, (name, _) in enumerate(STEPS, start=1)
    )
    # the frame hangs on the page's body, since the parts themselves are drawn anew whenever they like
    frames = ", ".join(f'[data-tour-step="{number}"] {at}' for number, (_, at) in enumerate(STEPS))
    return (
        f"<style>{frames} {{ outline: 2px solid var(--rubric); outline-offset: 5px; border-radius: 8px; }}</style>"
        f'<dialog class="tour" aria-label="{words("tour.label")}">{steps}'
        f'<footer><span role="status"></span><button type="button" data-back>{words("tour.back")}</button>'
        f'<button type="button" data-next data-done="{words("tour.done")}">{words("tour.next")}</button></footer>'
        f'<button type="button" class="cross" data-leave aria-label="{words("tour.close")}">×</button></dialog>'
    )


def _cannot(words: Words) -> str:
    lines = "".join(f"<li>{escape(words(f'tour.cannot.{name}'))}</li>" for name in CANNOT)
    return f'<details><summary>{words("tour.cannot.heading")}</summary><ul tabindex="0">{lines}</ul></details>'
