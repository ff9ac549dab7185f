"""Texts with questions on them, made of tokens alone."""

import torch

from tests.engine.tiny import tokens
from training.calibrate import Lookup


def asked(texts: torch.Tensor, seed: int) -> list[Lookup]:
    """Of each text, its token at one place is asked for by a question that ends with a token of its own for it."""
    chance = torch.Generator().manual_seed(seed)
    places = torch.randint(0, texts.shape[1], (len(texts),), generator=chance).tolist()
    made = tokens(len(texts), 3, seed=seed).tolist()
    return [Lookup(i, [*made[i], 150 + int(texts[i, place])], [3], [place]) for i, place in enumerate(places)]
