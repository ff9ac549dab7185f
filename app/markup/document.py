"""The open document: what it is, how far it has been read, and what to know about it."""

from __future__ import annotations

from html import escape

from app.markup import figures
from app.markup.read import asking
from app.markup.shelf import progress, tags
from app.views import JobView, ShelfItem
from app.words import Words

FORMATS = ("pdf", "epub", "docx", "odt", "rtf", "fb2", "html", "mht", "eml", "markdown", "text")


def welcome(words: Words) -> str:
    """Return what is shown where no document is open."""
    steps = (
        (words("welcome.drop"), words("welcome.drop_what")),
        (words("welcome.watch"), words("welcome.watch_what")),
        (words("welcome.ask"), words("welcome.ask_what")),
    )
    lines = "".join(f"<li><b>{what}</b> {how}</li>" for what, how in steps)
    return (
        f'<div class="welcome"><h2>{words("welcome.heading")}</h2><p>{words("welcome.text")}</p><ol>{lines}</ol></div>'
    )


def about(words: Words, item: ShelfItem | None) -> str:
    """Return the heading of the open document: title, author, facts, notes; or the welcome when none is open."""
    if item is None:
        return welcome(words)
    kind = words(f"document.format.{item.format}") if item.format in FORMATS else item.format
    byline = " · ".join([*(escape(part) for part in (item.author, kind) if part), asking(words)])
    return (
        f'<header class="about" data-document="{escape(item.id, quote=True)}">'
        f'<h2>{escape(item.title)}</h2><p class="byline">{byline}</p>'
        f"{tags(item.tags)}<dl>{_facts(words, item)}</dl>{_notes(words, item)}</header>"
    )


def reading(words: Words, item: ShelfItem | None, job: JobView | None, ahead: int = 0) -> str:
    """Return how the reading of the open document stands: a progress card, a reason why it can't answer, or nothing; `ahead` is
    how many others are read before it."""
    if item is None or item.status == "read":
        return ""
    if item.status in ("queued", "reading"):
        return _progress_card(words, item, job, ahead)
    fault = f'<p class="fault">{escape(words.told(item.error))}</p>' if item.status == "failed" and item.error else ""
    return f'<div class="reading-card idle"><p>{words(f"document.not_ready.{item.status}")}</p>{fault}</div>'


def answers_from(words: Words, item: ShelfItem, page: int | None = None) -> str:
    """Return a line saying which part of the document it answers from: what was read so far, or what comes up to `page`,
    where one was chosen; nothing where it is the whole.
    """
    words = words.about(item.unit, item.page_labels)
    if page is not None:
        said = words("document.answers_from", pages=words.pages_of(1, page, item.pages))
        return f'<p class="part">{said}</p>'
    if item.whole or not item.can_ask:
        return ""
    if item.read_pages == 0:
        return f'<p class="part">{words("document.read_beginning", pages=words.page(1))}</p>'
    if item.read_pages == 1:
        return f'<p class="part">{words("document.read_one", pages=words.page(1))}</p>'
    read = words.pages_of(1, item.read_pages, item.pages)
    return f'<p class="part">{words("document.read_some", pages=read)}</p>'


def read_label(words: Words, status: str) -> str:
    """Return what the button that starts a reading says for a document in that state."""
    return words(f"document.read.{status}")


def _facts(words: Words, item: ShelfItem) -> str:
    facts = [(words(f"document.{item.unit}s"), words.number(item.pages))]
    if item.tokens:
        facts.append((words("document.tokens"), words.number(item.tokens)))
    if item.can_ask:
        facts.append((words("document.memory"), words.size(item.state_bytes)))
    if item.unit != "section":
        facts.append((words("document.sections"), words.number(len(item.sections))))
    if item.last_asked_at:
        facts.append((words("document.last_asked"), words.day(item.last_asked_at)))
    return "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in facts)


def _notes(words: Words, item: ShelfItem) -> str:
    if not item.notes:
        return ""
    lines = "".join(f"<li>{escape(words.note(key, values))}</li>" for key, values in item.notes)
    return f'<ul class="notes" tabindex="0" aria-label="{words("document.notes")}">{lines}</ul>'


def _progress_card(words: Words, item: ShelfItem, job: JobView | None, ahead: int) -> str:
    resumes = f'<p class="hint">{words("reading.resumes")}</p>'
    if job is not None and job.looking:
        said = words("reading.pictures", done=job.pictures, all=words.count("count.pages", job.of_pictures or 0))
        bar = progress(job.pictures, job.of_pictures, words("reading.progress"))
        return f'<div class="reading-card"><p class="stage">{said}</p>{bar}{resumes}</div>'
    if item.status == "queued" or job is None or not job.total_tokens:
        said = words.count("reading.behind", ahead) if ahead else words("reading.waits")
        return (
            f'<div class="reading-card"><p class="stage">{said}</p>'
            f"{progress(item.read_tokens or 0, item.tokens, words('reading.progress'))}{resumes}</div>"
        )
    page = figures.page_reached(job.n_tokens, job.total_tokens, item.pages)
    said = [
        f"{figures.percent(job.n_tokens, job.total_tokens)}%",
        words("reading.figures", done=job.n_tokens, all=words.count("count.tokens", job.total_tokens)),
        words.rate(job.tokens_per_second),
        words.time_left(job.eta_seconds),
    ]
    shown = "".join(f"<span>{figure}</span>" for figure in said if figure)
    return (
        f'<div class="reading-card"><p class="stage">{words(f"reading.{item.unit}", page=page, all=item.pages)}</p>'
        f'{progress(job.n_tokens, job.total_tokens, words("reading.progress"))}<p class="figures">{shown}</p>{resumes}</div>'
    )
