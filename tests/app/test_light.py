"""Blocks that leave alone what an event leaves as it is send just what Gradio's own send."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import gradio as gr
import pytest
from gradio.state_holder import SessionState, StateHolder

from app.handlers.screen import KEEP
from app.library import Library
from app.pages import build_page, launch_options
from app.pages.light import LightBlocks
from app.password import Gate
from storage import Store


def told(kind: type[gr.Blocks], values: list[Any]) -> tuple[list[Any], list[bool], Any]:
    return asyncio.run(sent(kind, values))


async def sent(kind: type[gr.Blocks], values: list[Any]) -> tuple[list[Any], list[bool], Any]:
    """What goes to the browser, which components were made anew, and what its state holds."""
    with kind() as page:
        held, text, button, box = gr.State("old"), gr.HTML("a"), gr.Button("b"), gr.Textbox("c")
        event = page.load(lambda: values, None, [held, text, button, box])
    state = SessionState(page)
    data = await page.postprocess_data(page.fns[event["id"]], values, state)
    for value in data:
        if isinstance(value, dict) and value.get("props") == KEEP:
            del value["props"]  # what Gradio makes of a kept HTML, a part of which it takes for a property
    return data, [state[part._id] is not part for part in (text, button, box)], state[held._id]


@pytest.mark.parametrize(
    ("values", "anew"),
    [
        ([KEEP, KEEP, KEEP, KEEP], [False, False, False]),
        ([KEEP, "new", KEEP, KEEP], [False, False, False]),
        (["new", KEEP, gr.Button("n", visible=False), KEEP], [False, True, False]),
        (["new", "new", gr.Button(interactive=False), gr.Textbox(value="new")], [False, True, True]),
    ],
    ids=["nothing", "one", "some", "all"],
)
def test_the_browser_gets_the_same_and_the_rest_is_not_made_anew(
    values: list[Any], anew: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
    # in a thread of its own: a browser test before this one may have left its event loop running
    with ThreadPoolExecutor(1) as thread:
        usual, light = (thread.submit(told, kind, list(values)).result() for kind in (gr.Blocks, LightBlocks))
    assert light[0] == usual[0] and light[2] == usual[2] == ("new" if values[0] == "new" else "old")
    assert light[1] == anew


async def opened_and_closed(library: Library) -> StateHolder:
    """What is kept after many pages were opened, while one of them is used all the time."""
    page, kept = build_page(library, Gate()), StateHolder()
    page.state_session_capacity = launch_options(library.languages, Gate())["state_session_capacity"]
    kept.set_blocks(page)
    for number in range(page.state_session_capacity + 40):
        assert kept[f"page {number}"] is not None
        assert kept["the one in use"] is not None
    return kept


def test_what_is_kept_of_pages_that_were_closed_has_an_end(store: Store) -> None:
    library = Library(store)
    with ThreadPoolExecutor(1) as apart:
        kept = apart.submit(lambda: asyncio.run(opened_and_closed(library))).result()
    assert len(kept.session_data) <= kept.capacity <= 500 and "the one in use" in kept
    assert len(kept.time_last_used) <= kept.capacity
