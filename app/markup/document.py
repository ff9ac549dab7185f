"""The open document: what it is, how far it has been read, and what to know about it."""

from __future__ import annotations

from html import escape

from app.markup import words
from app.markup.shelf import progress, tags
from app.views import JobView, ShelfItem

FORMATS = {
    "pdf": "PDF",
    "epub": "EPUB",
    "docx": "Word",
    "html": "Web page",
    "markdown": "Markdown",
    "text": "Plain text",
}

WELCOME = (
    '<div class="welcome"><h2>A book read once, remembered whole</h2>'
    "<p>Drop a document into the box. It is read from the first page to the last and folded into one small memory, "
    "always the same size. From then on every answer comes out of that memory: nothing is searched, "
    "nothing is read again.</p>"
    "<ol><li><b>Drop</b> one file or several: PDF, EPUB, Word, web page, Markdown, text.</li>"
    "<li><b>Watch</b> it being read. You may close the tab; reading goes on.</li>"
    "<li><b>Ask.</b> Each answer says how far it comes from the document.</li></ol></div>"
)

WHY_NOT_READY = {
    "new": "This document hasn’t been read yet.",
    "stale": "This memory was made by another model or another setting, so it can’t be used with the model that is "
    "running. Read the document again, or start with the model that made it.",
    "cancelled": "Reading was stopped. What was read so far is kept, and reading can go on from there.",
    "failed": "Reading stopped because of a fault. What was read so far is kept.",
}


def about(item: ShelfItem | None) -> str:
    """Return the heading of the open document: title, author, facts, warnings; or the welcome when none is open."""
    if item is None:
        return WELCOME
    byline = " · ".join(escape(part) for part in (item.author, FORMATS.get(item.format, item.format)) if part)
    return (
        f'<header class="about" data-document="{escape(item.id, quote=True)}">'
        f'<h2>{escape(item.title)}</h2><p class="byline">{byline}</p>'
        f"{tags(item.tags)}<dl>{_facts(item)}</dl>{_warnings(item)}</header>"
    )


def reading(item: ShelfItem | None, job: JobView | None, ahead: int = 0) -> str:
    """Return how the reading of the open document stands: a progress card, a reason why it can't answer, or nothing; `ahead` is
    how many others are read before it."""
    if item is None or item.status == "read":
        return ""
    if item.status in ("queued", "reading"):
        return _progress_card(item, job, ahead)
    fault = f'<p class="fault">{escape(item.error)}</p>' if item.status == "failed" and item.error else ""
    return f'<div class="reading-card idle"><p>{WHY_NOT_READY[item.status]}</p>{fault}</div>'


def answers_from(item: ShelfItem, page: int | None = None) -> str:
    """Return a line saying which part of the document it answers from: what was read so far, or what comes up to `page`,
    where one was chosen; nothing where it is the whole.
    """
    if page is not None:
        upto = "page 1" if page == 1 else f"pages 1 to {page:,}"
        return f'<p class="part">It answers from {upto} of {item.pages:,} and knows nothing of what follows.</p>'
    if item.whole or not item.can_ask:
        return ""
    if item.read_pages == 0:
        return '<p class="part">It answers from the first part of page 1, all that has been read so far.</p>'
    upto = "page 1" if item.read_pages == 1 else f"pages 1 to {item.read_pages:,} of {item.pages:,}"
    return f'<p class="part">It answers from {upto}, all that has been read so far.</p>'


def read_label(status: str) -> str:
    """Return what the button that starts a reading says for a document in that state."""
    return {"stale": "Read it again", "cancelled": "Go on reading", "failed": "Try again"}.get(status, "Read it now")


def _facts(item: ShelfItem) -> str:
    facts = [("Pages", f"{item.pages:,}")]
    if item.tokens:
        facts.append(("Tokens", f"{item.tokens:,}"))
    if item.can_ask:
        facts.append(("Memory", words.size(item.state_bytes)))
    facts.append(("Sections", f"{len(item.sections):,}"))
    if item.last_asked_at:
        facts.append(("Last asked", words.day(item.last_asked_at)))
    return "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)


def _warnings(item: ShelfItem) -> str:
    if not item.warnings:
        return ""
    lines = "".join(f"<li>{escape(warning)}</li>" for warning in item.warnings)
    return f'<ul class="warnings" tabindex="0" aria-label="Warnings">{lines}</ul>'


def _progress_card(item: ShelfItem, job: JobView | None, ahead: int) -> str:
    if item.status == "queued" or job is None or not job.total_tokens:
        turn = f"{words.count(ahead, 'other')} before it" if ahead else "it starts as soon as the model is free"
        said = f"Waiting its turn: {turn}."
        return (
            f'<div class="reading-card"><p class="stage">{said}</p>'
            f"{progress(item.read_tokens or 0, item.tokens, 'Reading progress')}{_RESUMES}</div>"
        )
    page = words.page_reached(job.n_tokens, job.total_tokens, item.pages)
    figures = [
        f"{words.percent(job.n_tokens, job.total_tokens)}%",
        f"{job.n_tokens:,} of {words.count(job.total_tokens, 'token')}",
        words.rate(job.tokens_per_second),
        words.time_left(job.eta_seconds),
    ]
    shown = "".join(f"<span>{figure}</span>" for figure in figures if figure)
    return (
        f'<div class="reading-card"><p class="stage">Reading page {page:,} of {item.pages:,}</p>'
        f'{progress(job.n_tokens, job.total_tokens, "Reading progress")}<p class="figures">{shown}</p>{_RESUMES}</div>'
    )


_RESUMES = '<p class="hint">You may close this tab. Reading goes on, and nothing is lost.</p>'
