"""What an answer rests on: how sure it is in words, and its sentences with their pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from app.markup.notice import closing
from app.markup.sheet import opener
from app.views import Evidence
from app.words import Words
from app.words.words import degree

# as summaries are cut into sentences where each one's place is looked for
SENTENCE = re.compile(
    r"(?:[^.!?…\n]|\.(?=\w)|(?:(?<=\bMr)|(?<=\bMrs)|(?<=\bMs)|(?<=\bDr)|(?<=\bSt)|(?<=\bNo)|(?<=\b[A-Z]))\.(?!\w))+"
    r"(?:[.!?…]+[\"'”’»)\]]*|\n|$)"
)


def confidence(words: Words, sure: float) -> str:
    """Return how sure an answer is, in words; in how many of a hundred such answers are right, for whoever points at them."""
    said, percent = words.confidence(sure), round(100 * sure)
    return (
        f'<span class="confidence {degree(sure)}" title="{words("confidence.percent", percent=percent)}">{said}</span>'
    )


def quote(words: Words, one: Evidence) -> str:
    """Return one sentence with the button that opens its page."""
    return f"<q>{escape(one.quote)}</q> {opener(words, one.page, f'“{one.quote}”')}"


def quotes(words: Words, found: Sequence[Evidence], lead: str) -> str:
    """Return the best sentence with its page, then buttons to the pages of the others; nothing where there are none."""
    if not found:
        return ""
    first, *others = found
    pages = {first.page}
    more = []
    for one in others:
        if one.page not in pages:
            pages.add(one.page)
            more.append(opener(words, one.page, f"“{one.quote}”"))
    also = f'<span class="also">{words("talk.also")} {"".join(more)}</span>' if more else ""
    said = f'<span class="lead">{lead}</span> ' if lead else ""
    return f'<p class="evidence">{said}{quote(words, first)}{also}</p>'


def with_pages(words: Words, text: str, found: Sequence[Evidence]) -> str:
    """Return a summary with a button behind each sentence that opens its page, or behind them all where sentences and places don't
    go together one by one."""
    buttons = [opener(words, one.page, f"“{one.quote}”") for one in found]
    ends = [match.end() for match in SENTENCE.finditer(text) if re.search(r"\w", match[0])]
    if len(ends) != len(found):
        first = {one.page: number for number, one in reversed(list(enumerate(found)))}
        return f"{escape(text)} {''.join(buttons[number] for number in sorted(first.values()))}"
    starts = [0, *ends[:-1]]
    shown = (f"{escape(text[a:b])} {button}" for a, b, button in zip(starts, ends, buttons, strict=True))
    return "".join([*shown, escape(text[ends[-1] :])]) if ends else ""


def found_again(words: Words, question: str, found: Sequence[Evidence]) -> str:
    """Return the panel with the sentences that the memory points to, for an answer that was kept without them."""
    listed = "".join(f"<li>{quote(words, one)}</li>" for one in found) or f"<li>{words('where.nothing')}</li>"
    return (
        f'<section class="origin where" aria-label="{words("talk.where")}"><header><h3>{words("talk.where")}</h3>'
        f'{closing(words)}</header><p class="asked">{escape(question)}</p><ol>{listed}</ol></section>'
    )


def looking(words: Words) -> str:
    """Return what is shown while the memory is asked where to look."""
    return f'<div class="origin busy"><p class="waiting">{words("talk.looking")}<i></i><i></i><i></i></p></div>'
