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
    first: gr.Button
    pictures: gr.Button
    cancel: gr.Button
    look: gr.Button
    edit: gr.Button
    remove: gr.Button
    details: gr.Column
    title: gr.Textbox
    author: gr.Textbox
    tags: gr.Textbox
    save: gr.Button
    leave: gr.Button


def render(say: gr.I18n) -> ReadingSection:
    """Render the heading, the progress card and the buttons into the current layout and return their components."""
    about = gr.HTML("", apply_default_css=False, js_on_load=behaviour.ABOUT, elem_id="about")
    reading = gr.HTML("", apply_default_css=False, elem_id="reading")
    with gr.Row(elem_classes="actions", elem_id="actions"):
        read = gr.Button(say("page.read"), variant="primary", size="sm", visible=False, elem_id="read")
        first = gr.Button(say("page.first"), size="sm", visible=False, elem_id="first")
        pictures = gr.Button("", size="sm", visible=False, elem_id="pictures")
        cancel = gr.Button(say("page.cancel"), size="sm", visible=False, elem_id="cancel")
        look = gr.Button(say("page.look"), size="sm", visible=False, elem_classes="quiet", elem_id="look")
        edit = gr.Button(say("page.edit"), size="sm", visible=False, elem_classes="quiet", elem_id="edit")
        remove = gr.Button(say("page.remove"), size="sm", visible=False, elem_classes="quiet", elem_id="remove")
    with gr.Column(visible=False, elem_classes="details", elem_id="details") as details:
        with gr.Row(elem_classes="detail-row"):
            title = gr.Textbox(label=say("page.title"), max_lines=1, scale=3, min_width=160, elem_id="detail-title")
            author = gr.Textbox(label=say("page.author"), max_lines=1, scale=2, min_width=140, elem_id="detail-author")
        tags = gr.Textbox(
            label=say("page.tags"),
            placeholder=say("page.tags_like"),
            info=say("page.tags_hint"),
            max_lines=1,
            elem_id="detail-tags",
        )
        with gr.Row(elem_classes="actions"):
            save = gr.Button(say("page.save"), variant="primary", size="sm", elem_id="save")
            leave = gr.Button(say("page.leave"), size="sm", elem_id="leave")
    return ReadingSection(
        about=about, reading=reading, read=read, first=first, pictures=pictures, cancel=cancel, look=look, edit=edit,
        remove=remove, details=details, title=title, author=author, tags=tags, save=save, leave=leave,
    )  # fmt: skip
