"""The shelf: one row a document, with its state and, while it is being read, its progress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from app.markup.figures import percent
from app.views import JobView, ShelfItem
from app.words import Words

IN_PROGRESS = frozenset({"queued", "reading"})

ORDERS = ("added", "asked", "title", "author")


def tools(words: Words) -> str:
    """Return the box to find and the choice of an order, hidden until there is something to look for."""
    orders = "".join(f'<option value="{order}">{words(f"shelf.order_{order}")}</option>' for order in ORDERS)
    return (
        f'<div class="tools" hidden><input type="search" aria-label="{words("shelf.find")}" '
        f'placeholder="{words("shelf.find_by")}"><select aria-label="{words("shelf.order")}">{orders}</select>'
        f'<p role="status" hidden>{words("shelf.nothing")}</p></div>'
    )


def shelf(words: Words, items: Sequence[ShelfItem], jobs: Mapping[str, JobView], selected: str) -> str:
    """Return the HTML of the whole shelf; `selected` is the id of the open document, or an empty string."""
    if not items:
        lead, hint = words("shelf.empty"), words("shelf.empty_hint")
        return f'<div class="shelf-empty"><p class="lead">{lead}</p><p>{hint}</p></div>'
    rows = "".join(_row(words, item, jobs.get(item.id), item.id == selected) for item in items)
    return f'<ul class="shelf" aria-label="{words("shelf.label")}">{rows}</ul>'


def progress(done: int, total: int | None, label: str) -> str:
    """Return an accessible progress bar for `done` of `total` tokens or pictures."""
    part = percent(done, total)
    return (
        f'<span class="progress" role="progressbar" aria-label="{escape(label, quote=True)}" aria-valuemin="0" '
        f'aria-valuemax="100" aria-valuenow="{part}"><span style="width:{part}%"></span></span>'
    )


def _row(words: Words, item: ShelfItem, job: JobView | None, selected: bool) -> str:
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
        f'<span class="facts">{_facts(words, item)}</span>{tags(item.tags)}{_state(words, item, job)}</button></li>'
    )


def tags(words_on_it: Sequence[str]) -> str:
    """Return the HTML of a document's tags, or nothing where it has none."""
    if not words_on_it:
        return ""
    return f'<span class="tags">{"".join(f"<span>{escape(tag)}</span>" for tag in words_on_it)}</span>'


def _facts(words: Words, item: ShelfItem) -> str:
    parts = [words.count(f"count.{item.unit}s", item.pages)]
    if item.tokens:
        parts.append(words.count("count.tokens", item.tokens))
    if item.whole:
        parts.append(words("shelf.memory", size=words.size(item.state_bytes)))
    return " · ".join(parts)


def _state(words: Words, item: ShelfItem, job: JobView | None) -> str:
    said = words(f"shelf.status.{item.status}")
    noted = f'<span class="noted">{words.count("count.notes", len(item.notes))}</span>' if item.notes else ""
    if job is not None and (job.looking or (item.status == "reading" and job.total_tokens)):
        done, total = (job.pictures, job.of_pictures) if job.looking else (job.n_tokens, job.total_tokens)
        part, bar = percent(done, total), progress(done, total, words("shelf.reading", title=item.title))
        return f'<span class="status"><i></i>{said}, {part}%{noted}</span>{bar}'
    return f'<span class="status"><i></i>{said}{noted}</span>'
