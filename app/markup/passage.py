"""Some text of the document with words marked in it."""

from __future__ import annotations

import re
from html import escape

from app.views import longer_words


def marked(passage: str, answers: str) -> str:
    """Return the passage as HTML with the answers' longer words and their numbers marked in it."""
    longer = longer_words(answers)
    if not longer:
        return escape(passage)
    # a phrase may run over the end of a line
    wanted = [r"\s+".join(map(re.escape, words.split())) for words in sorted(longer, key=len, reverse=True)]
    found = re.compile(rf"(?<!\w)(?:{'|'.join(wanted)})(?!\w)", re.IGNORECASE)
    out, last = [], 0
    for hit in found.finditer(passage):
        out += [escape(passage[last : hit.start()]), f"<mark>{escape(hit[0])}</mark>"]
        last = hit.end()
    return "".join([*out, escape(passage[last:])])
