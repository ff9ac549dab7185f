"""The open document: its heading, how far it has been read, and what can be done with it."""

from __future__ import annotations

from typing import NamedTuple

import gradio as gr

from app.pages import behaviour


class ReadingSection(NamedTuple):
    """The components of the document's heading and reading."""

    about: gr.HTML
    reading: gr.HTML
    read: gr.Button
    cancel: gr.Button
    remove: gr.Button
    confirm: gr.Row
    remove_yes: gr.Button
    remove_no: gr.Button


def render() -> ReadingSection:
    """Render the heading, the progress card and the buttons into the current layout and return their components."""
    about = gr.HTML("", apply_default_css=False, js_on_load=behaviour.ABOUT, elem_id="about")
    reading = gr.HTML("", apply_default_css=False, elem_id="reading")
    with gr.Row(elem_classes="actions", elem_id="actions"):
        read = gr.Button("Read it now", variant="primary", size="sm", visible=False, elem_id="read")
        cancel = gr.Button("Stop reading", size="sm", visible=False, elem_id="cancel")
        remove = gr.Button("Remove from shelf", size="sm", visible=False, elem_classes="quiet", elem_id="remove")
    with gr.Row(visible=False, elem_classes="confirm", elem_id="confirm") as confirm:
        gr.HTML("<p>Remove this document, its memory and its conversations?</p>", apply_default_css=False)
        remove_yes = gr.Button("Remove", variant="stop", size="sm", elem_id="remove-yes")
        remove_no = gr.Button("Keep it", size="sm", elem_id="remove-no")
    return ReadingSection(about, reading, read, cancel, remove, confirm, remove_yes, remove_no)
