"""Models from the hub: fetched once, with progress, into the hub library's own cache."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from huggingface_hub import snapshot_download
from tqdm import tqdm

PARTS = ("*.json", "*.safetensors", "*.model", "*.txt", "*.jinja")
MEGABYTE, STEPS = 10**6, 20
Progress = Callable[[str], None]


def fetch_model(
    name: str,
    on_progress: Progress = lambda text: None,
    endpoint: str | None = None,
    cache_dir: Path | None = None,
) -> Path:
    """The folder of the model that the hub calls `name`; its own name is the commit. Files that lie in the cache are not fetched
    again, and without a connection what lies there is taken. `endpoint` is another hub, `cache_dir` another cache.
    Raises OSError and ValueError, as the hub's library does."""
    return Path(
        snapshot_download(
            name,
            allow_patterns=list(PARTS),
            tqdm_class=_telling(name, on_progress),
            endpoint=endpoint,
            cache_dir=cache_dir,
        )
    )


def _telling(name: str, on_progress: Progress) -> type[tqdm]:
    class Telling(tqdm):
        """A bar that draws nothing and says how many bytes have come, at every twentieth of them."""

        def __init__(self, *given: Any, **named: Any) -> None:
            named.pop("name", None)
            self.counts_bytes = named.get("unit") == "B" and "Reconstructing" in (named.get("desc") or "")
            self.said = (-1, -1)
            super().__init__(*given, **named | {"disable": False, "leave": False})

        def display(self, *given: Any, **named: Any) -> None:
            """Draw nothing."""

        def update(self, n: float | None = 1) -> None:
            """So many bytes more."""
            super().update(n)
            # the whole is not known before the last file has begun
            stand = (int(STEPS * self.n / self.total), self.total) if self.total else self.said
            if self.counts_bytes and stand != self.said:
                self.said = stand
                size, whole = (f"{amount / MEGABYTE:,.0f}" for amount in (self.n, self.total))
                on_progress(f"Fetching {name}: {size} of {whole} MB ...")

    return Telling
