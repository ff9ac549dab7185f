"""Calibrated keys share no direction, and calibration changes nothing but centre and mix."""

import torch

from engine.passes import Fold, Projected
from engine.state import MemoryState
from tests.engine.tiny import SEGMENT, make_model, tokens
from training.calibrate import calibrate


class Seen(Fold):
    """Keeps what the layers looked up and wrote."""

    def attend(self, slot, memory, x: Projected, local):
        self.keys = [*getattr(self, "keys", []), memory.keys(x.k).transpose(0, 1).flatten(1, 2)]
        return super().attend(slot, memory, x, local)


def likeness(model, ids) -> float:
    """Mean cosine of different tokens' keys, over heads and layers."""
    seen = Seen(MemoryState.empty(model.config), len(ids))
    with torch.no_grad():
        model.hidden(ids, seen)
    means = []
    for keys in seen.keys:
        cosines = keys @ keys.transpose(-1, -2)
        count = cosines.shape[-1]
        means.append(((cosines.sum((-1, -2)) - count) / (count * count - count)).mean().item())
    return sum(means) / len(means)


def test_calibrated_keys_share_no_direction():
    model = make_model()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("key_map.bias"):
                parameter.add_(1.0)
    ids = tokens(30, SEGMENT)
    before = {name: p.clone() for name, p in model.named_parameters()}
    alike = likeness(model, ids)
    calibrate(model, ids.flatten(), group=7)
    assert alike > 0.3
    assert abs(likeness(model, ids)) < 0.05
    changed = {name for name, p in model.named_parameters() if not torch.equal(p, before[name])}
    assert changed and all(name.endswith(("centre", "mix")) for name in changed)
    assert all(torch.isfinite(p).all() for p in model.parameters())
