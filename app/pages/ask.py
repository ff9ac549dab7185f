"""Questions, answers and summaries of the open document."""

from __future__ import annotations

from typing import NamedTuple

import gradio as gr

from app.handlers.summaries import KEY_PASSAGES, LONG, MEDIUM, SHORT, WHOLE_DOCUMENT
from app.pages import behaviour


class AskSection(NamedTuple):
    """The components of the conversation."""

    part: gr.HTML
    talk: gr.HTML
    live: gr.HTML
    origin: gr.HTML
    sheet: gr.HTML
    editing: gr.HTML
    page: gr.Slider
    question: gr.Textbox
    ask: gr.Button
    stop: gr.Button
    everywhere: gr.Button
    section: gr.Dropdown
    length: gr.Dropdown
    summarise: gr.Button
    chats: gr.Button
    fresh: gr.Button
    keep: gr.HTML


def render(say: gr.I18n) -> AskSection:
    """Render the conversation, the question box and the summary line where we are; return their components."""
    with gr.Column(elem_classes="talk-pane", elem_id="talk-pane"):
        talk = gr.HTML("", apply_default_css=False, js_on_load=behaviour.TALK, elem_id="talk")
        live = gr.HTML("", apply_default_css=False, js_on_load=behaviour.LIVE, elem_id="live")
        origin = gr.HTML("", apply_default_css=False, js_on_load=behaviour.ORIGIN, elem_id="origin")
        sheet = gr.HTML("", apply_default_css=False, js_on_load=behaviour.SHEET, elem_id="sheet")
    part = gr.HTML("", apply_default_css=False, elem_id="part")
    page = gr.Slider(
        minimum=1, maximum=2, value=2, step=1, precision=0, label=say("page.as_of_page"), visible=False, elem_id="page", buttons=[]
    )  # fmt: skip
    editing = gr.HTML("", apply_default_css=False, js_on_load=behaviour.EDITING, elem_id="editing")
    with gr.Row(elem_classes="composer", elem_id="composer"):
        question = gr.Textbox(
            label=say("page.question"),
            show_label=False,
            container=False,
            lines=1,
            max_lines=6,
            scale=1,
            elem_id="question",
        )
        ask = gr.Button(say("page.ask"), variant="primary", scale=0, min_width=92, elem_id="ask")
        stop = gr.Button(say("page.stop"), variant="stop", scale=0, min_width=92, visible=False, elem_id="stop")
    with gr.Row(elem_classes="summary-line", elem_id="summary-line"):
        section, length = _of_what(say)
        everywhere = gr.Button(
            say("page.everywhere"),
            size="sm",
            scale=0,
            min_width=138,
            visible=False,
            elem_classes="quiet",
            elem_id="everywhere",
        )
        summarise = gr.Button(say("page.summarise"), size="sm", scale=0, min_width=100, elem_id="summarise")
        chats = gr.Button(
            say("page.chats"), size="sm", scale=0, min_width=116, visible=False, elem_classes="quiet", elem_id="chats"
        )
        fresh = gr.Button(
            say("page.fresh"), size="sm", scale=0, min_width=132, visible=False, elem_classes="quiet", elem_id="fresh"
        )
    keep = gr.HTML("", apply_default_css=False, elem_id="keep")
    return AskSection(
        part=part, talk=talk, live=live, origin=origin, sheet=sheet, editing=editing, page=page, question=question, ask=ask, stop=stop,
        everywhere=everywhere, section=section, length=length, summarise=summarise, chats=chats, fresh=fresh, keep=keep,
    )  # fmt: skip


def _of_what(say: gr.I18n) -> tuple[gr.Dropdown, gr.Dropdown]:
    """What is to be summarised, and in how many words."""
    bare = {"show_label": False, "container": False}
    # the choices come with the page's first event, in the visitor's language
    section = gr.Dropdown(
        [("", WHOLE_DOCUMENT)],
        value=WHOLE_DOCUMENT,
        label=say("page.summary_of"),
        scale=1,
        min_width=150,
        elem_id="section",
        **bare,
    )
    length = gr.Dropdown(
        [(str(number), number) for number in (SHORT, MEDIUM, LONG, KEY_PASSAGES)],
        value=MEDIUM,
        label=say("page.length"),
        scale=0,
        min_width=124,
        elem_id="length",
        **bare,
    )
    return section, length
