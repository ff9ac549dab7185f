"""The settings: the model, memories on the way, the password, light and dark."""

from __future__ import annotations

from typing import NamedTuple

import gradio as gr

from app.markup import settings
from app.pages import behaviour

EMBEDDED = "default"
MODELS = [("The embedded one, SmolLM2 135M with our memory", EMBEDDED), ("Another one", "other")]
DEVICES = [
    ("The best there is", "auto"),
    ("Processor", "cpu"),
    ("Graphics card (CUDA)", "cuda"),
    ("Apple’s (MPS)", "mps"),
]
PRECISIONS = [
    ("As the machine likes it", "auto"),
    ("float32", "float32"),
    ("bfloat16", "bfloat16"),
    ("float16", "float16"),
]
RULES = [("Gated delta", "gated_delta"), ("Linear, as in the paper", "linear"), ("Delta, as in the paper", "delta")]
WAYPOINTS = [("Few", 8), ("As many as usual", 32), ("Many", 128)]


class SettingsSection(NamedTuple):
    """The components of the settings."""

    panel: gr.Column
    head: gr.HTML
    running: gr.HTML
    which: gr.Radio
    name: gr.Textbox
    device: gr.Dropdown
    dtype: gr.Dropdown
    rule: gr.Dropdown
    load: gr.Button
    change: gr.HTML
    waypoints: gr.Radio
    cost: gr.HTML
    words: gr.Textbox
    lock: gr.Button
    unlock: gr.Button
    locked: gr.HTML


def render() -> SettingsSection:
    """Render the settings where we are, out of sight until they are asked for; return their components."""
    with gr.Column(visible=False, elem_classes="settings", elem_id="settings") as panel:
        head = _html(settings.HEAD, "settings-head", behaviour.SETTINGS_HEAD)
        running = _html("", "running", behaviour.READ_AGAIN)
        which = gr.Radio(MODELS, value=EMBEDDED, label="Model", elem_id="which-model")
        name = gr.Textbox(
            label="Folder or hub id",
            info="A folder on this machine, or a name on the hub such as HuggingFaceTB/SmolLM2-1.7B-Instruct: a model of the Llama family "
            "(Llama, SmolLM, Mistral, Qwen 2 and 3). A model from the hub is fetched once.",
            max_lines=1,
            visible=False,
            elem_id="model-name",
        )
        with gr.Row(elem_classes="detail-row"):
            device = gr.Dropdown(DEVICES, value="auto", label="Computes on", min_width=150, elem_id="device")
            dtype = gr.Dropdown(PRECISIONS, value="auto", label="Precision", min_width=150, elem_id="dtype")
            rule = gr.Dropdown(
                RULES,
                value="gated_delta",
                label="Memory rule, where none was trained",
                min_width=190,
                visible=False,
                elem_id="rule",
            )
        with gr.Row(elem_classes="actions"):
            load = gr.Button("Use this model", variant="primary", size="sm", elem_id="load-model")
        change = _html("", "change")
        _html(settings.WAYPOINTS, "waypoints-why")
        waypoints = gr.Radio(WAYPOINTS, value=32, show_label=False, label="Memories on the way", elem_id="waypoints")
        cost = _html("", "waypoints-cost")
        _html(settings.PASSWORD, "password-why")
        words = gr.Textbox(label="New password", type="password", max_lines=1, elem_id="new-password")
        with gr.Row(elem_classes="actions"):
            lock = gr.Button("Ask for this password", size="sm", elem_id="lock")
            unlock = gr.Button("Ask nobody", size="sm", elem_id="unlock")
        locked = _html("", "locked")
        _html(settings.SHADE, "shade", behaviour.SHADES)
    return SettingsSection(
        panel=panel, head=head, running=running, which=which, name=name, device=device, dtype=dtype, rule=rule, load=load,
        change=change, waypoints=waypoints, cost=cost, words=words, lock=lock, unlock=unlock, locked=locked,
    )  # fmt: skip


def _html(value: str, elem_id: str, on_load: str | None = None) -> gr.HTML:
    return gr.HTML(value, apply_default_css=False, js_on_load=on_load, elem_id=elem_id, elem_classes="bare")
