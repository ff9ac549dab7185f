"""The shelf: one row a document, with its state and, while it is being read, its progress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from app.markup import words
from app.views import JobView, ShelfItem

STATUS_WORDS = {
    "new": "Not read yet",
    "queued": "Waiting its turn",
    "reading": "Being read",
    "read": "Ready to answer",
    "stale": "Needs reading again",
    "failed": "Reading failed",
    "cancelled": "Reading stopped",
}
IN_PROGRESS = frozenset({"queued", "reading"})

TOOLS = (
    '<div class="tools" hidden><input type="search" aria-label="Find on the shelf" placeholder="Find by title, author or tag">'
    '<select aria-label="Order of the shelf"><option value="added">Newest first</option><option value="asked">Last asked first</option>'
    '<option value="title">By title</option><option value="author">By author</option></select>'
    '<p role="status" hidden>Nothing on the shelf fits that.</p></div>'
)

EMPTY = (
    '<div class="shelf-empty"><p class="lead">Your shelf is empty.</p>'
    "<p>Drop a book, a report or a manual above. It is read once, and then it answers from memory.</p></div>"
)


def shelf(items: Sequence[ShelfItem], jobs: Mapping[str, JobView], selected: str) -> str:
    """Return the HTML of the whole shelf; `selected` is the id of the open document, or an empty string."""
    if not items:
        return EMPTY
    rows = "".join(_row(item, jobs.get(item.id), item.id == selected) for item in items)
    return f'<ul class="shelf" aria-label="Documents on the shelf">{rows}</ul>'


def progress(done: int, total: int | None, label: str) -> str:
    """Return an accessible progress bar for `done` of `total` tokens."""
    part = words.percent(done, total)
    return (
        f'<span class="progress" role="progressbar" aria-label="{escape(label, quote=True)}" aria-valuemin="0" '
        f'aria-valuemax="100" aria-valuenow="{part}"><span style="width:{part}%"></span></span>'
    )


def _row(item: ShelfItem, job: JobView | None, selected: bool) -> str:
    current = ' aria-current="true"' if selected else ""
    author = f'<span class="author">{escape(item.author)}</span>' if item.author else ""
    keys = {"title": item.title, "author": item.author, "tags": " ".join(item.tags), "added": item.added_at}
    data = "".join(
        f' data-{name}="{escape(value or "", quote=True)}"'
        for name, value in (keys | {"asked": item.last_asked_at}).items()
    )
    return (
        f'<li class="{item.status}{" selected" if selected else ""}"{data}>'
        f'<button type="button" data-open="{escape(item.id, quote=True)}"{current}>'
        f'<span class="title">{escape(item.title)}</span>{author}'
        f'<span class="facts">{_facts(item)}</span>{tags(item.tags)}{_state(item, job)}</button></li>'
    )


def tags(words_on_it: Sequence[str]) -> str:
    """Return the HTML of a document's tags, or nothing where it has none."""
    if not words_on_it:
        return ""
    return f'<span class="tags">{"".join(f"<span>{escape(tag)}</span>" for tag in words_on_it)}</span>'


def _facts(item: ShelfItem) -> str:
    parts = [words.count(item.pages, "page")]
    if item.tokens:
        parts.append(words.count(item.tokens, "token"))
    if item.whole:
        parts.append(f"memory {words.size(item.state_bytes)}")
    return " · ".join(parts)


def _state(item: ShelfItem, job: JobView | None) -> str:
    said = STATUS_WORDS[item.status]
    warned = f'<span class="warned">{words.count(len(item.warnings), "warning")}</span>' if item.warnings else ""
    if item.status == "reading" and job is not None and job.total_tokens:
        part = words.percent(job.n_tokens, job.total_tokens)
        bar = progress(job.n_tokens, job.total_tokens, f"Reading {item.title}")
        return f'<span class="status"><i></i>{said}, {part}%{warned}</span>{bar}'
    return f'<span class="status"><i></i>{said}{warned}</span>'
