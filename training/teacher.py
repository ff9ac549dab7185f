"""The full-context teacher: the base model itself, with all that a memory has to carry in plain view.

Its foresight of a text's next tokens is what the model with a memory is drawn towards (knowledge distillation, arXiv 1503.02531; for
compressive memories see Artificial Hippocampus Networks, arXiv 2510.07318).
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.nn.functional as F
from peft.tuners.tuners_utils import BaseTunerLayer
from torch import Tensor

from engine.model import InfiniForCausalLM


@torch.no_grad()
def foretold(model: InfiniForCausalLM, before: Tensor, following: Tensor) -> Tensor:
    """What the plain base foretells: log-probabilities `[R,T-1,vocabulary]`, float32, of the tokens of `following [R,T]` but the
    first, behind `before [R,L]` in plain view, of which as much is seen as the base has positions for."""
    most, asked = model.config.text_config.max_position_embeddings, following.shape[1]
    ids = torch.cat([before, following], dim=1)[:, -most:]
    with plain(model):
        hidden = model.hidden(ids)[:, -asked:-1]
        return model.base.lm_head(hidden).float().log_softmax(-1)


def apart(said: Tensor, taught: Tensor) -> Tensor:
    """How far the logits `said [R,T,vocabulary]` are from log-probabilities `taught` of that shape: the mean KL divergence of each row
    `[R]` from the teacher's words, in nats a token."""
    own = said.float().log_softmax(-1)
    return F.kl_div(own, taught, reduction="none", log_target=True).sum(-1).mean(-1)


@contextmanager
def plain(model: InfiniForCausalLM) -> Iterator[None]:
    """Leave out the low-rank updates meanwhile; without a memory pass the memories take no part anyhow."""
    updates = [module for module in model.modules() if isinstance(module, BaseTunerLayer)]
    for module in updates:
        module.enable_adapters(False)
    try:
        yield
    finally:
        for module in updates:
            module.enable_adapters(True)
