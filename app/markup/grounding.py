"""How far an answer comes from the document, in words and as a small bar."""

from __future__ import annotations

import math
from html import escape

# Share of the answer's likelihood that the memory brought, from which the words change.
STRONG = 0.75
FAIR = 0.40


def share(grounding: float) -> float:
    """Return 0..1: how much of each token's likelihood is owed to the memory.

    Grounding is in nats per token, log p(with memory) - log p(empty memory), so exp(-grounding) is the part of the
    likelihood that the model had without the document.
    """
    return 1.0 - math.exp(-max(0.0, grounding))


def words(grounding: float, grounded: bool) -> str:
    """Return one short sentence on where the answer comes from."""
    if not grounded:
        return "The document doesn’t seem to say this"
    part = share(grounding)
    if part >= STRONG:
        return "From the document’s memory"
    if part >= FAIR:
        return "Mostly from the document’s memory"
    return "Partly from the document, partly general knowledge"


def explanation(grounding: float) -> str:
    """Return the figure behind the bar as a sentence, for the tooltip and for screen readers."""
    if grounding <= 0.005:
        return "Having read the document made this answer no likelier."
    factor = math.exp(min(grounding, math.log(1000.0)))
    times = "1,000 times or more" if factor >= 999 else f"{factor:.1f} times"
    return f"Having read the document made each word of this answer {times} likelier on average."


def meter(grounding: float, grounded: bool) -> str:
    """Return the HTML of the bar with its words."""
    part = round(100 * share(grounding))
    kind = "weak" if not grounded else "strong" if part >= 100 * STRONG else "fair"
    detail = escape(explanation(grounding), quote=True)
    return (
        f'<div class="grounding {kind}" title="{detail}">'
        f'<span class="track" role="meter" aria-label="From the document" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{part}" aria-valuetext="{part} per cent. {detail}"><span style="width:{part}%"></span></span>'
        f'<span class="said">{escape(words(grounding, grounded))}</span></div>'
    )
