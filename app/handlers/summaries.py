"""What a summary is called in the conversation, and what is said while it is looked for."""

from __future__ import annotations

from app.views import ShelfItem
from app.words import Words

WHOLE_DOCUMENT = 0
SHORT, MEDIUM, LONG = 60, 150, 400  # words
KEY_PASSAGES = 0


def summary_title(words: Words, item: ShelfItem | None, section: int) -> str:
    """Return the question that a summary answers; of the whole document for section 0."""
    if item is None:
        return words("summary.asked")
    if section == WHOLE_DOCUMENT:
        return words("summary.of_document", title=item.title)
    return words("summary.of_section", number=section, title=item.sections[section - 1].title)


def summary_wait(words: Words, section: int) -> str:
    """Return what is said until the summary is there."""
    return words("summary.waits") if section == WHOLE_DOCUMENT else words("summary.section_waits")


def section_choices(words: Words, item: ShelfItem) -> list[tuple[str, int]]:
    """Return the choices for a summary: the whole document, then its sections by number, indented by level."""
    words = words.about(item.unit, item.page_labels)
    choices = [(words("summary.whole"), WHOLE_DOCUMENT)]
    for section in item.sections:
        indent = "\u2003" * max(0, section.level - 1)
        title = section.title or words("summary.section", number=section.number)
        choices.append(
            (indent + words("summary.section_at", title=title, page=words.page_short(section.page)), section.number)
        )
    return choices


def lengths(words: Words) -> list[tuple[str, int]]:
    """Return the choices for a summary's length, with the number of words that each means, and its key passages in its place."""
    written = (words("summary.short"), SHORT), (words("summary.medium"), MEDIUM), (words("summary.long"), LONG)
    return [*written, (words("summary.passages"), KEY_PASSAGES)]
