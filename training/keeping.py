"""What is worth keeping: a direct lesson for the write gates of exact caches.

A cache keeps the tokens with the highest scores, and nothing in the loss of answers says how high is high enough: what was
not kept gets no gradient, and all high scores look alike to attention. So a gate learns from hidden states alone to put tokens that
are asked about above the best of a book.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from engine.exact import ExactCache

STEPS, RATE = 400, 1e-3
WANTED, READ, HARDEST = (
    512,
    8192,
    82,
)  # a step compares some wanted tokens with the hardest hundredth of some book tokens
MARGIN, ANCHOR = 1.0, 0.1


def rank(cache: ExactCache, wanted: Tensor, book: Tensor, seed: int) -> float:
    """Let the write gate of `cache` score the hidden states `wanted [P,hidden]` above the best of `book [T,hidden]`. Returns the
    share of pairs of a wanted token and one of the hardest book tokens that stood the right way round over the last steps."""
    generator = torch.Generator().manual_seed(seed)
    some = lambda rows, count: rows[torch.randint(len(rows), (count,), generator=generator).to(rows.device)]  # noqa: E731
    learner = torch.optim.Adam([p for name, p in cache.named_parameters() if name.startswith("write_gate")], lr=RATE)
    right = []
    for step in range(STEPS):
        learner.param_groups[0]["lr"] = RATE * (1 - step / STEPS)
        kept, read = (cache.scores(rows[None])[0] for rows in (some(wanted, WANTED), some(book, READ)))
        apart = kept[:, :, None] - read.topk(HARDEST, dim=-1).values[:, None]
        # attention lowers a token by how far its score is below 0, so the scale counts and not the order alone
        anchor = F.softplus(read).mean() + F.softplus(-kept).mean()
        loss = F.softplus(MARGIN - apart).mean() + ANCHOR * anchor
        learner.zero_grad()
        loss.backward()
        learner.step()
        right.append(float((apart > 0).float().mean()))
    return sum(right[-20:]) / len(right[-20:])
