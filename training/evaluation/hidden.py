"""Texts made for evaluation: stretches of book text with sentences put in at chosen depths."""

import random
from collections.abc import Sequence
from pathlib import Path

from engine.engine import Engine


class FillerTooShort(Exception):
    """The filler file holds too little text to hide a number in."""


class Haystack:
    """Book text to hide things in. Raises FillerTooShort where it is shorter than what is wanted of it."""

    def __init__(self, engine: Engine, text: str):
        self.engine = engine
        self.ids = engine.tokenize([text]).ids
        self.ends = sentence_ends(engine, self.ids)

    def tokens(self, text: str) -> list[int]:
        """Token ids of `text`."""
        return list(self.engine.tokenize([text]).ids)

    def with_pieces(
        self, rng: random.Random, pieces: Sequence[str], depths: Sequence[float], length: int
    ) -> tuple[list[int], list[int]]:
        """`length` tokens from a random place with each piece behind the sentence end nearest to its depth (0..1), in
        their order; and how many tokens follow each piece."""
        inserts = [self.tokens(piece) for piece in pieces]
        room = length - sum(map(len, inserts))
        if not 0 <= room <= len(self.ids):
            raise FillerTooShort(
                f"A text of {length:,} tokens was asked for; the filler has {len(self.ids):,} and what is to be hidden {length - room:,}."
            )
        start = rng.randrange(len(self.ids) - room + 1)
        inside = [end - start for end in self.ends if start <= end <= start + room] or [0, room]
        places = sorted(min(inside, key=lambda end, d=depth: abs(end - d * room)) for depth in depths)
        out: list[int] = []
        behind, last = [], 0
        for place, insert in zip(places, inserts, strict=True):
            out += [*self.ids[start + last : start + place], *insert]
            behind.append(len(out))
            last = place
        out += self.ids[start + last : start + room]
        return out, [length - end for end in behind]


def read_filler(path: Path) -> str:
    """The text of a file, or of all .txt files of a folder. Raises FillerTooShort if there is none."""
    files = sorted(path.rglob("*.txt")) if path.is_dir() else [path]
    if not files or not files[0].is_file():
        raise FillerTooShort(f"{path} is no text file and no folder with .txt files in it.")
    return "\n\n".join(file.read_text(encoding="utf-8", errors="replace") for file in files)


def sentence_ends(engine: Engine, ids) -> list[int]:
    """Positions in `ids` just behind a full stop."""
    stops = {i for token, i in engine.tokenizer.get_vocab().items() if token.endswith(".")}
    return [i + 1 for i, token in enumerate(ids) if token in stops]


def spread(rng: random.Random, n: int) -> list[float]:
    """n depths, one in each n-th of the text, in order."""
    return [(i + rng.random()) / n for i in range(n)]
