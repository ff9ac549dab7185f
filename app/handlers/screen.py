"""What the page shows, as one value: a field for each component that a handler may change."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import gradio as gr

from app.errors import named_errors
from app.handlers.summaries import WHOLE_DOCUMENT, section_choices
from app.library import Library
from app.log import LOGGER
from app.markup import conversation, document, keep, shelf
from app.markup.model import model
from app.markup.notice import notice
from app.views import JobView, ShelfItem
from app.visitors import owner_of
from app.words import Words

KEEP: dict[str, Any] = gr.skip()
log = logging.getLogger(f"{LOGGER}.page")
CAN_START = frozenset({"new", "stale", "cancelled", "failed", "damaged"})


class Screen(NamedTuple):
    """Updates for the page's components, in the order in which desk.py names them; KEEP leaves one as it is."""

    document_id: Any = KEEP
    mark: Any = KEEP
    notice: Any = KEEP
    model: Any = KEEP
    drop: Any = KEEP
    password: Any = KEEP
    shelf: Any = KEEP
    about: Any = KEEP
    reading: Any = KEEP
    work: Any = KEEP
    read: Any = KEEP
    first: Any = KEEP
    pictures: Any = KEEP
    cancel: Any = KEEP
    look: Any = KEEP
    edit: Any = KEEP
    remove: Any = KEEP
    details: Any = KEEP
    title: Any = KEEP
    author: Any = KEEP
    tags: Any = KEEP
    part: Any = KEEP
    talk: Any = KEEP
    live: Any = KEEP
    origin: Any = KEEP
    sheet: Any = KEEP
    editing: Any = KEEP
    page: Any = KEEP
    question: Any = KEEP
    ask: Any = KEEP
    stop: Any = KEEP
    everywhere: Any = KEEP
    section: Any = KEEP
    summarise: Any = KEEP
    chats: Any = KEEP
    fresh: Any = KEEP
    keep: Any = KEEP


class Visitor(NamedTuple):
    """Whoever sent a request: the words in their language, and whose conversations they see."""

    words: Words
    owner: str


class Standing(NamedTuple):
    """How everything stands at one moment: the documents on the shelf, the readings that wait or go on, and which model runs."""

    items: list[ShelfItem]
    jobs: dict[str, JobView]
    fingerprint: str | None

    def find(self, document_id: str) -> ShelfItem | None:
        """Return the document with that id, or None."""
        return next((item for item in self.items if item.id == document_id), None)

    def newest(self) -> ShelfItem | None:
        """Return the document that was asked or added last, or None when the shelf is empty."""
        return max(self.items, key=lambda item: item.last_asked_at or item.added_at, default=None)


def opened(visitor: Visitor, item: ShelfItem | None, library: Library, now: Standing) -> Screen:
    """Return the whole screen with `item` open, its conversation read from the library; None opens the welcome."""
    words = visitor.words
    if item is None:
        return Screen(
            document_id="",
            mark=mark_of(None, now),
            model=model_card(words, library, now.items),
            shelf=shelf.shelf(words, now.items, now.jobs, ""),
            about=document.about(words, None),
            reading="",
            work=gr.Column(visible=False),
            read=gr.Button(visible=False),
            first=gr.Button(visible=False),
            pictures=gr.Button(visible=False),
            cancel=gr.Button(visible=False),
            look=gr.Button(visible=False),
            edit=gr.Button(visible=False),
            remove=gr.Button(visible=False),
            details=gr.Column(visible=False),
        )
    return progressed(visitor, item, library, now)._replace(
        document_id=item.id,
        origin="",
        sheet="",
        editing="",
        work=gr.Column(visible=True),
        edit=gr.Button(visible=True),
        remove=gr.Button(visible=True),
        details=gr.Column(visible=False),
        title=item.title,
        author=item.author or "",
        tags=", ".join(item.tags),
        section=gr.Dropdown(choices=section_choices(words, item), value=WHOLE_DOCUMENT),
        **settled(visitor, item, library, now.items),
    )


def progressed(visitor: Visitor, item: ShelfItem, library: Library, now: Standing) -> Screen:
    """Return what changes while `item` is being read: the shelf, its progress, and what can be done with it now."""
    words, turns = visitor.words, library.conversations.history(item.id, owner=visitor.owner)
    reading = item.status in shelf.IN_PROGRESS
    before, job = ahead(item, now.jobs), now.jobs.get(item.id)
    # a scan has its pictures read whenever it is read
    offered = item.pictures > 0 and not item.scan and library.pictures.available and not (job and job.ocr)
    return Screen(
        mark=mark_of(item, now),
        model=model_card(words, library, now.items),
        shelf=shelf.shelf(words, now.items, now.jobs, item.id),
        about=document.about(words, item),
        reading=document.reading(words, item, job, before),
        first=gr.Button(visible=before > 0),
        read=gr.Button(document.read_label(words, item.status), visible=item.status in CAN_START),
        pictures=gr.Button(words.count("document.pictures", item.pictures), visible=offered),
        cancel=gr.Button(visible=reading),
        look=gr.Button(visible=item.can_ask),
        part=document.answers_from(words, item),
        page=page_slider(words, item),
        talk=conversation.conversation(about(words, item), turns, item.can_ask),
        question=gr.Textbox(interactive=item.can_ask, placeholder=placeholder(words, item)),
        ask=gr.Button(interactive=item.can_ask),
        summarise=gr.Button(interactive=item.can_ask),
    )


def model_card(words: Words, library: Library, items: list[ShelfItem]) -> str:
    """Return how the model stands, and whether books wait to be read again by it."""
    stale = sum(item.status == "stale" for item in items)
    return model(words, library.models.info, library.models.change(), stale)


def advanced(words: Words, item: ShelfItem, now: Standing) -> Screen:
    """Return only the moving figures of a reading, so that nothing that has the keyboard's focus is touched."""
    return Screen(
        shelf=shelf.shelf(words, now.items, now.jobs, item.id),
        reading=document.reading(words, item, now.jobs.get(item.id), ahead(item, now.jobs)),
        # of a document read to its end the part is what the reader chose
        part=KEEP if item.whole else document.answers_from(words, item),
    )


def visitor_of(library: Library, request: gr.Request) -> Visitor:
    """Return who sent the request."""
    headers = {name: str(value) for name, value in dict(request.headers).items()}
    return Visitor(library.languages.of(headers), owner_of(headers, request.session_hash))


def words_of(library: Library, request: gr.Request) -> Words:
    """Return the words in the language of whoever sent the request."""
    return visitor_of(library, request).words


def about(words: Words, item: ShelfItem) -> Words:
    """Return the words for what is said about one document."""
    return words.about(item.unit, item.page_labels)


def safely(library: Library, request: gr.Request, action: Callable[[Visitor], Screen]) -> Screen:
    """Return what `action` shows in the language of the request, or a notice with what went wrong; the next tick then looks at the shelf
    again, for what can be done may have changed with it."""
    visitor = visitor_of(library, request)
    try:
        return action(visitor)
    except named_errors() as error:
        return Screen(notice=notice(visitor.words, [visitor.words.error(error)]), mark="")
    except Exception:
        log.exception("an event of the page failed")
        raise


def askable(items: Sequence[ShelfItem]) -> int:
    """How many of the documents can be asked."""
    return sum(item.can_ask for item in items)


def busy(words: Words) -> Screen:
    """Return the screen while something is being made that can be stopped: nothing else can be begun."""
    return Screen(
        notice="",
        live="",
        origin="",
        sheet="",
        editing="",
        ask=gr.Button(visible=False),
        chats=gr.Button(visible=False),
        fresh=gr.Button(visible=False),
        everywhere=gr.Button(interactive=False),
        summarise=gr.Button(interactive=False),
        stop=gr.Button(words("talk.stop"), visible=True, interactive=True),
    )


def settled_again(visitor: Visitor, document_id: str, library: Library) -> dict[str, Any]:
    """As `settled`, for a document that may have been taken off the shelf meanwhile, in another tab."""
    items = library.shelf()
    item = next((item for item in items if item.id == document_id), None)
    return settled(visitor, item, library, items) if item else {"stop": gr.Button(visible=False)}


def settled(visitor: Visitor, item: ShelfItem, library: Library, items: Sequence[ShelfItem]) -> dict[str, Any]:
    """Return the fields of a conversation in which nothing is being answered; `items` is the whole shelf."""
    talk, owner, words = library.conversations, visitor.owner, about(visitor.words, item)
    turns = talk.history(item.id, owner=owner)
    return {
        "talk": conversation.conversation(words, turns, item.can_ask),
        "live": "",
        "ask": gr.Button(visible=True, interactive=item.can_ask),
        "stop": gr.Button(visible=False),
        "everywhere": gr.Button(visible=askable(items) > 1, interactive=True),
        "summarise": gr.Button(visible=True, interactive=item.can_ask),
        "chats": gr.Button(visible=bool(turns or talk.all(item.id, owner=owner))),
        "fresh": gr.Button(visible=bool(turns)),
        "keep": keep.links(words, item.id, item.title, turns),
    }


def ahead(item: ShelfItem, jobs: dict[str, JobView]) -> int:
    """Return how many readings come before that of `item`, 0 unless it waits; `jobs` are in the order in which they are read."""
    return list(jobs).index(item.id) if item.status == "queued" and item.id in jobs else 0


def mark_of(item: ShelfItem | None, now: Standing) -> str:
    """Return a short word that changes when more than the figures of a reading has changed."""
    shown = "" if item is None else f"{item.id} {item.status} {item.can_ask} {len(item.missing_pages)}"
    return f"{shown}{mark_ending(now.fingerprint)}{','.join(now.jobs)}"


def mark_ending(fingerprint: str | None) -> str:
    """Return how a mark ends where nothing is being read by that model."""
    return f"|{fingerprint or ''}|"


def page_slider(words: Words, item: ShelfItem) -> gr.Slider:
    """Return the choice of the page as of which to answer, at its end; only a document read to its end has one."""
    label = words(f"page.as_of_{item.unit}")
    return gr.Slider(label=label, maximum=max(2, item.pages), value=item.pages, visible=item.whole and item.pages > 1)


def as_of(item: ShelfItem, page: float | None) -> int | None:
    """Return the page that the slider stands at, or None where that leaves nothing out."""
    return int(page) if item.whole and page and 1 <= page < item.pages else None


def placeholder(words: Words, item: ShelfItem) -> str:
    """Return the hint in the empty question box."""
    return words("talk.ask_hint") if item.can_ask else words("talk.wait_hint")
