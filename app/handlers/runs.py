"""What is being made for each browser tab, one thing at a time, and how to stop it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import gradio as gr


@dataclass(frozen=True)
class Run:
    """One answer, summary or search being made for one browser tab."""

    document_id: str
    stop: threading.Event = field(default_factory=threading.Event)


class Runs:
    """The runs under way by tab. A tab that begins another, opens another document or is closed ends its own."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}

    def begin(self, document_id: str, request: gr.Request) -> None:
        """End what the tab has under way and begin anew."""
        self.end(request)
        self._runs[str(request.session_hash)] = Run(document_id)

    def of(self, request: gr.Request) -> Run | None:
        """The tab's run, or None."""
        return self._runs.get(str(request.session_hash))

    def end(self, request: gr.Request) -> None:
        """Stop the tab's run, if it has one, and forget it."""
        run = self._runs.pop(str(request.session_hash), None)
        if run is not None:
            run.stop.set()

    def finish(self, run: Run, request: gr.Request) -> bool:
        """Forget a run that has come to its end; False when the tab had moved on to another already."""
        if self.of(request) is not run:
            return False
        del self._runs[str(request.session_hash)]
        return True
