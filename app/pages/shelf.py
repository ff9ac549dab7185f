"""The left side: where files are dropped, and the shelf."""

from __future__ import annotations

from typing import NamedTuple

import gradio as gr

from app.markup.shelf import TOOLS
from app.pages import behaviour

FILE_TYPES = [".pdf", ".epub", ".docx", ".html", ".htm", ".xhtml", ".md", ".markdown", ".txt", ".text"]


class ShelfSection(NamedTuple):
    """The components of the left side."""

    drop: gr.File
    password: gr.Textbox
    shelf: gr.HTML


def render() -> ShelfSection:
    """Render the drop zone and the shelf into the current layout and return their components."""
    drop = gr.File(
        label="Add documents: PDF, EPUB, Word, web page, Markdown, text",
        file_count="multiple",
        show_label=False,
        height=132,
        elem_id="drop",
    )
    with gr.Accordion("A file needs a password?", open=False, elem_id="password-fold"):
        password = gr.Textbox(
            label="Password",
            info="Type it here, then drop the file. It is used once and not kept.",
            type="password",
            elem_id="password",
        )
    gr.HTML('<h2 class="side-title">On the shelf</h2>', apply_default_css=False)
    gr.HTML(TOOLS, apply_default_css=False, elem_id="shelf-tools")
    shelf = gr.HTML("", apply_default_css=False, js_on_load=behaviour.SHELF, elem_id="shelf")
    return ShelfSection(drop, password, shelf)
