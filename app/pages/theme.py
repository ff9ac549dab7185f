"""How the page looks: paper and ink by day, lamp light by night, one red as in old manuscripts."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
from gradio.themes.utils import colors
from gradio.themes.utils.fonts import LocalFont

# Nothing is ever fetched from elsewhere: not by the page, nor by what a document or an answer might contain.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
    "frame-src 'none'; object-src 'none'; form-action 'self'"
)
PAPER, PAPER_DARK = "#f6f2ea", "#161411"
SHEET, SHEET_DARK = "#fffdf9", "#1f1c18"
INK, INK_DARK = "#221e19", "#ede6d9"
FADED, FADED_DARK = "#696156", "#aaa090"
LINE, LINE_DARK = "#e4dccd", "#383229"
RUBRIC, RUBRIC_DARK = "#96391f", "#e59272"


def css() -> str:
    """Return the style sheet that goes to `launch(css=...)`."""
    return Path(__file__).with_name("style.css").read_text(encoding="utf-8")


def head() -> str:
    """Return what goes into the page's head: a policy that forbids every request to another host."""
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    return policy + '<meta name="color-scheme" content="light dark">'


def theme() -> gr.themes.Base:
    """Return the Gradio theme; its fonts lie in the gradio package, none is fetched."""
    base = gr.themes.Base(
        primary_hue=colors.orange,
        neutral_hue=colors.stone,
        radius_size=gr.themes.sizes.radius_md,
        # Regular and bold only: the other weights that ship with Gradio lack most letters.
        font=(LocalFont("IBM Plex Sans", weights=(400, 700)), "system-ui", "sans-serif"),
        font_mono=(LocalFont("IBM Plex Mono", weights=(400, 700)), "monospace"),
    )
    return base.set(**_surfaces(), **_buttons(), **_inputs())


def _surfaces() -> dict[str, str]:
    return {
        "body_background_fill": PAPER,
        "body_background_fill_dark": PAPER_DARK,
        "body_text_color": INK,
        "body_text_color_dark": INK_DARK,
        "body_text_color_subdued": FADED,
        "body_text_color_subdued_dark": FADED_DARK,
        "background_fill_primary": SHEET,
        "background_fill_primary_dark": SHEET_DARK,
        "background_fill_secondary": "#f1ebdf",
        "background_fill_secondary_dark": "#27231d",
        "block_background_fill": SHEET,
        "block_background_fill_dark": SHEET_DARK,
        "block_border_color": LINE,
        "block_border_color_dark": LINE_DARK,
        "block_label_text_color": FADED,
        "block_label_text_color_dark": FADED_DARK,
        "block_shadow": "none",
        "block_shadow_dark": "none",
        "border_color_primary": LINE,
        "border_color_primary_dark": LINE_DARK,
        "border_color_accent": RUBRIC,
        "border_color_accent_dark": RUBRIC_DARK,
        "color_accent": RUBRIC,
        "color_accent_soft": "#f5e6de",
        "color_accent_soft_dark": "#3a261d",
        "link_text_color": RUBRIC,
        "link_text_color_dark": RUBRIC_DARK,
    }


def _buttons() -> dict[str, str]:
    return {
        "button_border_width": "1px",
        "button_primary_background_fill": RUBRIC,
        "button_primary_background_fill_dark": RUBRIC_DARK,
        "button_primary_background_fill_hover": "#7d2e18",
        "button_primary_background_fill_hover_dark": "#f0a88c",
        "button_primary_text_color": "#ffffff",
        "button_primary_text_color_dark": "#1f130d",
        "button_primary_border_color": "transparent",
        "button_primary_border_color_dark": "transparent",
        "button_primary_border_color_hover": "transparent",
        "button_primary_border_color_hover_dark": "transparent",
        "button_secondary_background_fill": SHEET,
        "button_secondary_background_fill_dark": "#27231d",
        "button_secondary_background_fill_hover": "#f1ebdf",
        "button_secondary_background_fill_hover_dark": "#332d25",
        "button_secondary_text_color": INK,
        "button_secondary_text_color_dark": INK_DARK,
        "button_secondary_border_color": "#d3c8b4",
        "button_secondary_border_color_dark": "#4a4236",
        "button_cancel_background_fill": SHEET,
        "button_cancel_background_fill_dark": "#27231d",
        "button_cancel_background_fill_hover": "#f5e6de",
        "button_cancel_background_fill_hover_dark": "#3a261d",
        "button_cancel_text_color": RUBRIC,
        "button_cancel_text_color_dark": RUBRIC_DARK,
        "button_cancel_border_color": RUBRIC,
        "button_cancel_border_color_dark": RUBRIC_DARK,
    }


def _inputs() -> dict[str, str]:
    return {
        "input_border_width": "1px",
        "input_background_fill": SHEET,
        "input_background_fill_dark": "#191613",
        "input_border_color": "#d3c8b4",
        "input_border_color_dark": "#4a4236",
        "input_border_color_focus": RUBRIC,
        "input_border_color_focus_dark": RUBRIC_DARK,
        "input_placeholder_color": "#7a7164",
        "input_placeholder_color_dark": "#958b7c",
        "input_shadow": "none",
        "input_shadow_dark": "none",
        "input_shadow_focus": "none",
        "input_shadow_focus_dark": "none",
    }
