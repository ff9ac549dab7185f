"""The settings: the model, the password, light and dark."""

from __future__ import annotations

from typing import NamedTuple

import gradio as gr

from app.pages import behaviour


class SettingsSection(NamedTuple):
    """The components of the settings."""

    panel: gr.Column
    head: gr.HTML
    running: gr.HTML
    which: gr.Radio
    name: gr.Textbox
    device: gr.Dropdown
    dtype: gr.Dropdown
    memory_size: gr.Dropdown
    load: gr.Button
    change: gr.HTML
    why_password: gr.HTML
    words: gr.Textbox
    lock: gr.Button
    unlock: gr.Button
    locked: gr.HTML
    shade: gr.HTML


def render(say: gr.I18n) -> SettingsSection:
    """Render the settings where we are, out of sight until they are asked for, which brings their choices in the visitor's language;
    return their components."""
    with gr.Column(visible=False, elem_classes="settings", elem_id="settings") as panel:
        head = _html("settings-head", behaviour.SETTINGS_HEAD)
        running = _html("running", behaviour.READ_AGAIN)
        which = gr.Radio([], label=say("page.model"), elem_id="which-model")
        name = gr.Textbox(
            label=say("page.model_name"), info=say("page.model_hint"), max_lines=1, visible=False, elem_id="model-name"
        )
        with gr.Row(elem_classes="detail-row"):
            device = gr.Dropdown([], label=say("page.device"), min_width=150, elem_id="device")
            dtype = gr.Dropdown([], label=say("page.dtype"), min_width=150, elem_id="dtype")
            memory_size = gr.Dropdown([], label=say("page.memory_size"), min_width=190, elem_id="memory-size")
        with gr.Row(elem_classes="actions"):
            load = gr.Button(say("page.load"), variant="primary", size="sm", elem_id="load-model")
        change = _html("change")
        why_password = _html("why-password")
        words = gr.Textbox(label=say("page.new_password"), type="password", max_lines=1, elem_id="new-password")
        with gr.Row(elem_classes="actions"):
            lock = gr.Button(say("page.lock"), size="sm", elem_id="lock")
            unlock = gr.Button(say("page.unlock"), size="sm", elem_id="unlock")
        locked = _html("locked")
        shade = _html("shade", behaviour.SHADES)
    return SettingsSection(
        panel=panel, head=head, running=running, which=which, name=name, device=device, dtype=dtype,
        memory_size=memory_size, load=load, change=change, why_password=why_password, words=words, lock=lock,
        unlock=unlock, locked=locked, shade=shade,
    )  # fmt: skip


def _html(elem_id: str, on_load: str | None = None) -> gr.HTML:
    return gr.HTML("", apply_default_css=False, js_on_load=on_load, elem_id=elem_id, elem_classes="bare")
