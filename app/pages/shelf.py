"""The left side: where files are dropped, and the shelf."""

from __future__ import annotations

from typing import NamedTuple

import gradio as gr

from app.pages import behaviour

FILE_TYPES = (
    ".pdf .epub .docx .docm .dotx .dotm .odt .ott .fodt .rtf .fb2 .html .htm .xhtml .xht .mht .mhtml .eml .md .markdown .mdown .mkd .txt "
    ".text"
).split()


class ShelfSection(NamedTuple):
    """The components of the left side."""

    drop: gr.File
    password: gr.Textbox
    tools: gr.HTML
    shelf: gr.HTML


def render(say: gr.I18n) -> ShelfSection:
    """Render the drop zone and the shelf into the current layout and return their components."""
    drop = gr.File(
        label=say("page.drop"),
        file_count="multiple",
        show_label=False,
        height=132,
        elem_id="drop",
    )
    with gr.Accordion(say("page.password_fold"), open=False, elem_id="password-fold"):
        password = gr.Textbox(
            label=say("page.password"),
            info=say("page.password_hint"),
            type="password",
            elem_id="password",
        )
    gr.HTML(f'<h2 class="side-title">{say("page.on_the_shelf")}</h2>', apply_default_css=False)
    tools = gr.HTML("", apply_default_css=False, elem_id="shelf-tools")
    shelf = gr.HTML("", apply_default_css=False, js_on_load=behaviour.SHELF, elem_id="shelf")
    return ShelfSection(drop, password, tools, shelf)
