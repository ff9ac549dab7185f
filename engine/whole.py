"""Questions about a document as a whole, in English and Dutch: "What is this book about?" No page holds the answer to such a question; a
short summary does."""

from __future__ import annotations

import re

LONGEST = 120  # letters of such a question
WORDS = 70  # of the summary that answers it

_THING = (
    "(?:book|booklet|text|document|file|pdf|manual|handbook|guide|poem|story|novel|tale|play|paper|article|essay|report|thesis|letter|"
    "contract|boek|boekje|tekst|bestand|handleiding|gids|gedicht|verhaal|roman|stuk|artikel|verslag|brief|rapport)"
)
_THIS = rf"(?:(?:this|the|these|dit|deze|het|de) (?:\w+ )?{_THING}s?|this|it|dit|het)"
_BRIEFLY = (
    "(?:please|in short|briefly|roughly|in (?:a|one|one or two|two|a few) (?:sentences?|words?)|alsjeblieft|kort|in het kort|"
    "in (?:een|één) zin)"
)
_ASKED = re.compile(
    rf"(?:{_BRIEFLY}[,:]? |(?:can|could) you |tell me |kun je |vertel (?:me )?)*"
    "(?:"
    rf"what(?:'s|’s|s| is| was| are) {_THIS}(?: all)? (?:about|for)"
    rf"|what {_THIS} is(?: all)? about"
    rf"|what(?:'s|’s|s| is) (?:this|the) {_THING}"
    rf"|what does {_THIS} (?:cover|deal with|describe|contain|tell|say)"
    rf"|what happens in {_THIS}"
    rf"|(?:summari[sz]e|sum up|describe) {_THIS}"
    rf"|(?:(?:give|write) (?:me )?)?(?:an? |the )?(?:short |brief |quick )?(?:summary|overview|gist|outline)(?: of {_THIS})?"
    "|tl;?dr"
    rf"|waar gaat {_THIS} over|waar {_THIS} over gaat"
    rf"|wat is (?:dit|het) (?:voor )?(?:een )?{_THING}"
    rf"|vat {_THIS} samen"
    rf"|(?:geef (?:me )?)?(?:een )?(?:korte )?samenvatting(?: van {_THIS})?"
    ")"
    rf"(?:,? {_BRIEFLY})*",
    re.IGNORECASE,
)


def about_the_whole(question: str) -> bool:
    """Whether a question asks what a document is about, or for a summary of it."""
    asked = " ".join(question[: 2 * LONGEST].split()).rstrip(" ?!.")
    return len(asked) <= LONGEST and _ASKED.fullmatch(asked) is not None
