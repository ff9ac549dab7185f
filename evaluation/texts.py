"""Long texts with something hidden in them: stretches of books with sentences put in behind sentence ends at chosen depths."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from engine.engine import Engine
from evaluation.errors import InputInvalid


class Books:
    """Plain-text books in a folder (or one file), tokenised when they are first needed. Raises InputInvalid where there is none."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine = engine
        self.paths = [folder] if folder.is_file() else sorted(folder.glob("*.txt"))
        if not self.paths:
            raise InputInvalid(
                f"There are no books (*.txt) in {folder}. Name the folder that the books were unpacked into."
            )
        self._ids: dict[Path, Sequence[int]] = {}
        vocabulary = engine.tokenizer.get_vocab()
        self._stops = {i for token, i in vocabulary.items() if token.endswith((".", "!", "?", ".Ċ", ".ĊĊ"))}

    def tokens(self, path: Path) -> Sequence[int]:
        """A book's token ids."""
        if path not in self._ids:
            self._ids[path] = self._engine.tokenize([path.read_text(encoding="utf-8", errors="replace")]).ids
        return self._ids[path]

    def stretch(self, chance: random.Random, length: int) -> list[int]:
        """`length` tokens from a random place of a random book, with others behind it where it is too short. Raises InputInvalid
        where all books together are too short."""
        paths = chance.sample(self.paths, len(self.paths))
        first = self.tokens(paths[0])
        start = chance.randrange(len(first) // 2 + 1)
        found = list(first[start : start + length])
        for path in paths[1:]:
            if len(found) >= length:
                break
            found += self.tokens(path)[: length - len(found)]
        if len(found) < length:
            raise InputInvalid(f"A text of {length:,} tokens was asked for, and the books have {len(found):,}.")
        return found

    def hide(
        self, chance: random.Random, pieces: Sequence[Sequence[int]], depths: Sequence[float], length: int
    ) -> tuple[list[int], list[tuple[int, int]]]:
        """`length` tokens of books with each of `pieces` behind the sentence end nearest to its depth (0 to 1, ascending); and where
        each piece begins and ends. With a length of 0 the pieces alone. Raises InputInvalid where the pieces take more room."""
        room = length - sum(map(len, pieces)) if length else 0
        if room < 0:
            raise InputInvalid(f"What is to be hidden has {length - room:,} tokens, more than the text's {length:,}.")
        filler = self.stretch(chance, room) if room else []
        ends = [0, *(i + 1 for i, token in enumerate(filler) if token in self._stops), room]
        ids: list[int] = []
        spans, last = [], 0
        for piece, depth in zip(pieces, depths, strict=True):
            # at the very beginning and end it stands there, whatever is around it
            place = max(last, min(ends, key=lambda end, d=depth: abs(end - d * room)))
            ids += filler[last:place]
            spans.append((len(ids), len(ids) + len(piece)))
            ids += piece
            last = place
        return ids + filler[last:], spans


def spread(chance: random.Random, n: int) -> list[float]:
    """`n` depths, one in each n-th of the text, in order."""
    return [(i + chance.random()) / n for i in range(n)]


def pointed(pages: Sequence[Sequence[int]], span: Sequence[int]) -> float:
    """1 where one of the pages that were read again has a token of `span`, else 0."""
    return float(any(begin < span[1] and span[0] < end for begin, end in pages))
