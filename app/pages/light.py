"""Blocks that don't touch what an event leaves as it is."""

from __future__ import annotations

from copy import copy
from typing import Any

import gradio as gr
from gradio.blocks import BlockFunction
from gradio.state_holder import SessionState


class LightBlocks(gr.Blocks):
    """Gradio makes each of an event's components anew, those too that `gr.skip()` leaves as they are: a millisecond for each of the
    thirty parts of a screen, every second and with every word of an answer. Here they cost nothing, and the browser gets the same.
    """

    async def postprocess_data(
        self, block_fn: BlockFunction, predictions: list | dict, state: SessionState | None
    ) -> list[Any]:
        """As Gradio's, of the components that change alone."""
        kept = gr.skip()
        if isinstance(predictions, dict) or len(block_fn.outputs) < 2 or len(predictions) != len(block_fn.outputs):
            return await super().postprocess_data(block_fn, predictions, state)
        changed = [
            number for number, value in enumerate(predictions) if not (isinstance(value, dict) and value == kept)
        ]
        shown: list[Any] = [None if block.stateful else dict(kept) for block in block_fn.outputs]
        if changed:
            part = copy(block_fn)
            part.outputs = [block_fn.outputs[number] for number in changed]
            values = [predictions[number] for number in changed]
            said = await super().postprocess_data(part, values if len(values) > 1 else values[0], state)
            for number, value in zip(changed, said, strict=True):
                shown[number] = value
        return shown
