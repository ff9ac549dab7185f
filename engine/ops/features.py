"""Feature maps: from raw keys and queries to what the memory is addressed with. All compute in float32."""

import torch
import torch.nn.functional as F
from torch import Tensor

FEATURE_MAPS = ("elu", "silu", "dpfp")


def elu_plus_one(x: Tensor) -> Tensor:
    """σ(x) = ELU(x) + 1, element by element; shape kept (arXiv 2404.07143v2, Section 2.2.1)."""
    return F.elu(x.float()) + 1.0


def silu_unit(x: Tensor) -> Tensor:
    """SiLU, then scaled to length 1 along the last axis; shape kept."""
    return F.normalize(F.silu(x.float()), dim=-1)


def dpfp_unit(x: Tensor, nu: int = 1) -> Tensor:
    """Deterministic parameter-free projection (arXiv 2102.11174, Eq. 37-38), scaled to length 1: [..., D] -> [..., 2*D*nu]."""
    r = torch.cat([F.relu(x.float()), F.relu(-x.float())], dim=-1)
    rolled = [r * r.roll(shifts=j, dims=-1) for j in range(1, nu + 1)]
    return F.normalize(torch.cat(rolled, dim=-1), dim=-1)


def feature_map(name: str, x: Tensor) -> Tensor:
    """Apply the map called `name` ("elu", "silu" or "dpfp") to `x [..., D]`."""
    if name == "elu":
        return elu_plus_one(x)
    if name == "silu":
        return silu_unit(x)
    if name == "dpfp":
        return dpfp_unit(x)
    raise ValueError(f"feature_map is {name!r}; it must be one of {', '.join(FEATURE_MAPS)}")
