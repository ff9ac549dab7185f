"""What comes from the hub: whole models, and single files that are known by their hash.

The hub's own library fetches, goes on with what broke off, and keeps models in its cache; here it is told what to fetch, and its
bars become progress that a page can show.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx2
from huggingface_hub import HfApi, hf_hub_download, snapshot_download
from tqdm import tqdm

PARTS = ("*.json", "*.safetensors", "*.model", "*.txt", "*.jinja")
MEGABYTE = 10**6
STEPS = 50


@dataclass(frozen=True)
class FetchProgress:
    """How far a model is on its way here; `str` of it is a sentence. The bytes are 0 of 0 where they are not known or not the point."""

    stage: Literal["waiting", "fetching", "converting", "ready"]
    name: str
    done_bytes: int = 0
    total_bytes: int = 0

    def __str__(self) -> str:
        match self.stage:
            case "waiting":
                return f"Another window is fetching {self.name}; waiting for it ..."
            case "fetching":
                done, total = (f"{amount / MEGABYTE:,.0f}" for amount in (self.done_bytes, self.total_bytes))
                return f"Fetching {self.name}: {done} of {total} MB ..."
            case "converting":
                return f"Converting {self.name} (once, about a minute) ..."
            case "ready":
                return f"The model {self.name} is ready."


OnProgress = Callable[[FetchProgress], None]


class ByteCounter:
    """Says how many bytes of a model are here, at every fiftieth of them and not at every block."""

    def __init__(self, name: str, on_progress: OnProgress) -> None:
        self._name = name
        self._on_progress = on_progress
        self._said = (-1, -1)

    def __call__(self, done: int, total: int) -> None:
        """So many bytes of `total` are here."""
        stand = (STEPS * done // total, total)
        if stand != self._said:
            self._said = stand
            self._on_progress(FetchProgress("fetching", self._name, done, total))


def fetch_model(
    name: str,
    on_progress: OnProgress = lambda progress: None,
    endpoint: str | None = None,
    cache_dir: Path | None = None,
) -> Path:
    """The folder of the model that the hub calls `name`; its own name is the commit. Files that lie in the cache are not fetched
    again, and without a connection what lies there is taken. `endpoint` is another hub, `cache_dir` another cache.
    Raises OSError where the hub or the model is not to be had, and ValueError for a name that no model can have."""
    try:
        return Path(
            snapshot_download(
                name,
                allow_patterns=list(PARTS),
                tqdm_class=_counting(ByteCounter(name, on_progress)),
                endpoint=endpoint,
                cache_dir=cache_dir,
            )
        )
    except httpx2.HTTPError as error:
        raise ConnectionError(str(error)) from error


def fetch_file(
    model: str,
    sha256: str,
    folder: Path,
    count: Callable[[int, int], None],
    endpoint: str | None = None,
    answers_within_s: float = 3.0,
) -> Path | None:
    """The file of the hub's model whose SHA-256 the hub says to be `sha256`, fetched into `folder`; a fetch that broke off is gone on
    with. `count` gets the bytes that are here and all of them. None where the hub does not answer soon, has no such file or
    fails on the way: whoever asks has another way. The bytes are not checked here.
    """
    try:
        found = HfApi(endpoint=endpoint).model_info(model, files_metadata=True, timeout=answers_within_s)
        names = [file.rfilename for file in found.siblings or () if file.lfs and file.lfs.sha256 == sha256]
        if not names:
            return None
        return Path(
            hf_hub_download(
                model,
                names[0],
                revision=found.sha,
                local_dir=folder,
                endpoint=endpoint,
                tqdm_class=_counting(count),
            )
        )
    except (OSError, ValueError, httpx2.HTTPError):
        return None


def _counting(count: Callable[[int, int], None]) -> type[tqdm]:
    class Counting(tqdm):
        """A bar that draws nothing and hands on how many bytes are here."""

        def __init__(self, *given: Any, **named: Any) -> None:
            named.pop("name", None)
            # A second bar counts what goes over the line, which may be less than what is put together out of it.
            self.counts_bytes = named.get("unit") == "B" and "ownloading bytes" not in (named.get("desc") or "")
            super().__init__(*given, **named | {"disable": False, "leave": False})

        def display(self, *given: Any, **named: Any) -> None:
            """Draw nothing."""

        def update(self, n: float | None = 1) -> None:
            """So many bytes more."""
            super().update(n)
            # the whole is not known before the last file has begun
            if self.counts_bytes and self.total:
                count(int(self.n), int(self.total))

    return Counting
