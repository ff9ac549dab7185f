"""How far an answer comes from the document, in words and as a small bar."""

from __future__ import annotations

import math
from html import escape

from app.words import Words

# Share of the answer's likelihood that the memory brought, from which the words change.
STRONG = 0.75
FAIR = 0.40


def share(grounding: float) -> float:
    """Return 0..1: how much of each token's likelihood is owed to the memory.

    Grounding is in nats per token, log p(with memory) - log p(empty memory), so exp(-grounding) is the part of the
    likelihood that the model had without the document.
    """
    return 1.0 - math.exp(-max(0.0, grounding))


def in_words(words: Words, grounding: float, grounded: bool) -> str:
    """Return one short sentence on where the answer comes from."""
    if not grounded:
        return words("grounding.none")
    part = share(grounding)
    if part >= STRONG:
        return words("grounding.strong")
    return words("grounding.fair") if part >= FAIR else words("grounding.weak")


def explanation(words: Words, grounding: float) -> str:
    """Return the figure behind the bar as a sentence, for the tooltip and for screen readers."""
    if grounding <= 0.005:
        return words("grounding.no_likelier")
    factor = math.exp(min(grounding, math.log(1000.0)))
    if factor >= 999:
        return words("grounding.much_likelier")
    return words("grounding.likelier", times=words.number(factor, 1))


def meter(words: Words, grounding: float, grounded: bool) -> str:
    """Return the HTML of the bar with its words."""
    part = round(100 * share(grounding))
    kind = "weak" if not grounded else "strong" if part >= 100 * STRONG else "fair"
    detail = explanation(words, grounding)
    said = escape(words("grounding.per_cent", part=part, detail=detail), quote=True)
    return (
        f'<div class="grounding {kind}" title="{escape(detail, quote=True)}">'
        f'<span class="track" role="meter" aria-label="{words("grounding.label")}" aria-valuemin="0" aria-valuemax="100" '
        f'aria-valuenow="{part}" aria-valuetext="{said}"><span style="width:{part}%"></span></span>'
        f'<span class="said">{escape(in_words(words, grounding, grounded))}</span></div>'
    )
