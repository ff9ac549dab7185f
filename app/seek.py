"""What to look for in a text when some words are to be shown in it."""

from __future__ import annotations

import re

SHORTEST_WORD = 4
PHRASE = re.compile(r"[“\"](.+)[”\"]", re.DOTALL)


def longer_words(words: str) -> list[str]:
    """What stands between quotation marks as it is, else the longer words and the numbers, each once."""
    phrase = PHRASE.fullmatch(words.strip())
    if phrase:
        return [" ".join(phrase[1].split())]
    return list(dict.fromkeys(w for w in re.findall(r"\w+", words.lower()) if len(w) >= SHORTEST_WORD or w.isdigit()))
