"""The tour of the page in four steps, and what a memory cannot do."""

from __future__ import annotations

from html import escape
from typing import NamedTuple


class Step(NamedTuple):
    """One step: what it is called and says, and the part of the page that it is about, as a CSS selector."""

    title: str
    text: str
    at: str


STEPS = (
    Step(
        "Drop a document",
        "A PDF, an EPUB, a Word file, a web page or plain text; many at once if you like. Nothing leaves this machine.",
        "#drop",
    ),
    Step(
        "Let it read",
        "Each document is read once, in the background, into one small memory. Close the tab, switch off: it goes on where it "
        "stood. You may ask about what it has read so far.",
        "#shelf",
    ),
    Step(
        "Ask",
        "In plain words, today or in a month. The bar beside an answer says how much of it came out of the document and how "
        "much out of the model's general knowledge.",
        "#composer",
    ),
    Step(
        "Check what matters",
        "“Where did it learn this?” under an answer names the pages, reads them again and shows both answers side by side.",
        "#talk-pane",
    ),
)
CANNOT = (
    "It keeps what is stated, and may mix up two things that look alike. The more a document holds, the more it loses.",
    "It cannot count or quote from memory. “How many times …”, “find every mention of …” and “quote the sentence …” are answered "
    "from the stored text, and say so.",
    "The default model is small: it writes plainly and draws few conclusions.",
    "Pictures and scans are not read; text has to be in the file.",
)


def tour() -> str:
    """Return the tour, closed; the page's script opens it, at its first step."""
    steps = "".join(
        f"<section hidden><h2>{escape(step.title)}</h2><p>{escape(step.text)}</p>"
        f"{_cannot() if step is STEPS[-1] else ''}</section>"
        for step in STEPS
    )
    # the frame hangs on the page's body, since the parts themselves are drawn anew whenever they like
    frames = ", ".join(f'[data-tour-step="{number}"] {step.at}' for number, step in enumerate(STEPS))
    return (
        f"<style>{frames} {{ outline: 2px solid var(--rubric); outline-offset: 5px; border-radius: 8px; }}</style>"
        f'<dialog class="tour" aria-label="A tour of the page">{steps}'
        '<footer><span role="status"></span><button type="button" data-back>Back</button>'
        '<button type="button" data-next>Next</button></footer>'
        '<button type="button" class="cross" data-leave aria-label="Close the tour">×</button></dialog>'
    )


def _cannot() -> str:
    lines = "".join(f"<li>{escape(line)}</li>" for line in CANNOT)
    return f'<details><summary>What a memory cannot do</summary><ul tabindex="0">{lines}</ul></details>'
