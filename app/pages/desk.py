"""The whole page: its sections put together, and their events wired to the handlers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from app.handlers import Endpoints, Handlers, Screen, SettingsHandlers, SettingsScreen
from app.library import Library
from app.pages import ask, behaviour, door, language, nearby, reading, settings, shelf, theme, uploading, visitors
from app.pages.light import LightBlocks
from app.password import Gate
from app.words import Languages

TITLE = "Palimpsest"
POLL_SECONDS = 1.0
MODEL = "model"
MAX_FILE_SIZE = "512mb"
# Uploads are parsed and deleted at once; this sweeps those that nobody asked to be read (every hour, older than a day).
SWEEP_SECONDS = (3600, 86400)
# What the server keeps of a page that was opened, a quarter of a megabyte: of so many, those that were used last.
MOST_PAGES = 256
LIGHT: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
HEAVY: dict[str, Any] = {
    "concurrency_id": MODEL,
    "concurrency_limit": 1,
    "show_progress": "hidden",
    "api_visibility": "private",
}


def build_page(library: Library, gate: Gate) -> gr.Blocks:
    """Return the page, ready to `launch(**launch_options(languages), server_name=..., server_port=...)`.

    The library's queue is started and stopped by the caller; the page only looks at it and adds to it. `gate` is what asks for a
    password, which can be set on the page.
    """
    handlers, say = Handlers(library), language.translations(library.languages)
    with LightBlocks(title=TITLE, fill_width=True, delete_cache=SWEEP_SECONDS) as page:
        document_id, mark, asked, turn = gr.State(""), gr.State(""), gr.State(None), gr.State(-1)
        edited = gr.State(None)
        banner = gr.HTML("", apply_default_css=False, js_on_load=behaviour.BANNER, elem_id="banner")
        notice = gr.HTML("", apply_default_css=False, js_on_load=behaviour.NOTICE, elem_id="notice")
        model = gr.HTML("", apply_default_css=False, js_on_load=behaviour.MODEL, elem_id="model")
        with gr.Row(elem_id="house"):
            with gr.Column(scale=0, min_width=300, elem_id="side"):
                left = shelf.render(say)
            with gr.Column(scale=1, min_width=300, elem_id="desk"):
                chosen = settings.render(say)
                head = reading.render(say)
                with gr.Column(visible=False, elem_id="work") as work:
                    talk = ask.render(say)
        timer = gr.Timer(POLL_SECONDS)

        found = {"document_id": document_id, "mark": mark, "notice": notice, "model": model, "work": work}
        for section in (left, head, talk):
            found |= section._asdict()
        screen = [found[name] for name in Screen._fields]
        page.load(handlers.frame, None, [banner, left.tools, talk.length], **LIGHT)
        _wire_shelf(page, handlers, left, head, timer, document_id, mark, screen)
        notice.click(handlers.undo, None, screen, **LIGHT)
        model.click(handlers.read_again, document_id, screen, **LIGHT)
        _wire_talk(handlers, talk, document_id, asked, turn, edited, screen)
        around = {"banner": banner, "notice": notice, "timer": gr.Timer(POLL_SECONDS, active=False)}
        closed = _wire_settings(SettingsHandlers(library, gate), chosen, around)
        closed.then(handlers.reopen, document_id, screen, **LIGHT)
        _name_endpoints(Endpoints(library))
    return page


def launch_options(
    languages: Languages, gate: Gate, routes: Sequence[Any] = (), host: str = "127.0.0.1"
) -> dict[str, Any]:
    """Return the keyword arguments of `launch()` for the page's look, language and safety; address and port are the caller's, and
    so are other `routes` of the same server. `gate` asks for the password, `host` is what it listens on."""
    return {
        "theme": theme.theme(),
        "css": theme.css(),
        "head": theme.head(),
        "js": behaviour.ON_OPEN,
        "favicon_path": Path(__file__).with_name("mark.svg"),
        "max_file_size": MAX_FILE_SIZE,
        "state_session_capacity": MOST_PAGES,
        "footer_links": [],
        "show_error": False,
        "share": False,
        "ssr_mode": False,
        "i18n": language.translations(languages),
        "app_kwargs": {
            "routes": list(routes),
            "middleware": [
                door.middleware(languages, host, gate),
                visitors.middleware(),
                language.middleware(languages),
                nearby.middleware(),
                uploading.middleware(languages),
            ],
        },
    }


def _wire_shelf(
    page: gr.Blocks,
    handlers: Handlers,
    left: shelf.ShelfSection,
    head: reading.ReadingSection,
    timer: gr.Timer,
    document_id: gr.State,
    mark: gr.State,
    screen: list[Any],
) -> None:
    page.load(handlers.load, None, screen, **LIGHT)
    page.unload(handlers.leave)
    timer.tick(handlers.tick, [document_id, mark], screen, trigger_mode="once", **LIGHT)
    left.shelf.click(handlers.select, document_id, screen, **LIGHT)
    left.drop.upload(
        handlers.add,
        [left.drop, left.password, document_id],
        screen,
        concurrency_limit=None,
        show_progress="hidden",
        api_visibility="private",
    )
    head.read.click(handlers.read, document_id, screen, **LIGHT)
    head.first.click(handlers.first, document_id, screen, **LIGHT)
    head.pictures.click(handlers.pictures, document_id, screen, **LIGHT)
    head.cancel.click(handlers.cancel, document_id, screen, **LIGHT)
    head.remove.click(handlers.remove, document_id, screen, **LIGHT)
    head.edit.click(lambda: gr.Column(visible=True), None, head.details, **LIGHT)
    head.look.click(handlers.look, document_id, screen, **LIGHT)
    head.about.click(handlers.sheets.read, document_id, screen, **LIGHT)
    head.leave.click(handlers.reopen, document_id, screen, **LIGHT)
    head.save.click(handlers.describe, [document_id, head.title, head.author, head.tags], screen, **LIGHT)


def _wire_settings(
    handlers: SettingsHandlers, chosen: settings.SettingsSection, around: dict[str, gr.components.Component]
) -> Any:
    """Returns the event of their being closed."""
    found = around | chosen._asdict()
    shown = [found[name] for name in SettingsScreen._fields]
    wanted = [chosen.which, chosen.name, chosen.device, chosen.dtype, chosen.memory_size]
    events = [
        (around["banner"].click, handlers.open, None),
        (chosen.which.input, handlers.kind, chosen.which),
        (chosen.load.click, handlers.load, wanted),
        (chosen.name.submit, handlers.load, wanted),
        (around["timer"].tick, handlers.tick, None),
        (chosen.running.click, handlers.read_again, None),
        (chosen.lock.click, handlers.lock, chosen.words),
        (chosen.words.submit, handlers.lock, chosen.words),
        (chosen.unlock.click, handlers.unlock, None),
    ]
    for event, handler, given in events:
        event(handler, given, shown, **LIGHT)
    return chosen.head.click(handlers.close, None, shown, **LIGHT)


def _name_endpoints(endpoints: Endpoints) -> None:
    gr.api(endpoints.list_documents, queue=False)
    for endpoint in (endpoints.ask_document, endpoints.summarize_document):
        gr.api(endpoint, concurrency_id=MODEL, concurrency_limit=1)


def _wire_talk(
    handlers: Handlers,
    talk: ask.AskSection,
    document_id: gr.State,
    asked: gr.State,
    turn: gr.State,
    edited: gr.State,
    screen: list[Any],
) -> None:
    sent = gr.on(
        [talk.ask.click, talk.question.submit],
        handlers.begin_answer,
        [document_id, talk.question, talk.editing, edited],
        [asked, *screen],
        **LIGHT,
    )
    sent.then(handlers.answer, [document_id, asked, talk.page], screen, **HEAVY)
    wanted = talk.summarise.click(handlers.begin_summary, [document_id, talk.section], screen, **LIGHT)
    wanted.then(handlers.summarise, [document_id, talk.section, talk.length, talk.page], screen, **HEAVY)
    sought = talk.talk.click(handlers.where.begin, document_id, [turn, *screen], **LIGHT)
    sought.then(handlers.where.find, [document_id, turn], screen, **HEAVY)
    last = talk.talk.click(handlers.talk.last, document_id, [asked, edited, *screen], **LIGHT)
    last.then(handlers.answer, [document_id, asked, talk.page], screen, **HEAVY)
    talk.chats.click(handlers.talk.choose, document_id, screen, **LIGHT)
    talk.origin.click(handlers.talk.open, document_id, screen, **LIGHT)
    talk.sheet.click(handlers.sheets.open, document_id, screen, **LIGHT)
    called = talk.everywhere.click(handlers.several.begin, [document_id, talk.question], [asked, *screen], **LIGHT)
    called.then(handlers.several.find, [document_id, asked], screen, **HEAVY)
    talk.page.change(handlers.as_of, [document_id, talk.page], screen, trigger_mode="always_last", **LIGHT)
    talk.stop.click(handlers.stop, None, screen, **LIGHT)
    talk.fresh.click(handlers.talk.fresh, document_id, screen, **LIGHT)
