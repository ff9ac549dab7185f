"""Feature maps: from raw keys and queries to what the memory is addressed with. All compute in float32."""

import torch
import torch.nn.functional as F
from torch import Tensor

TINY = 1e-12
FEATURE_MAPS = ("elu", "silu", "dpfp", "pairs")


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


def pairs_unit(x: Tensor, width: int) -> Tensor:
    """Products of each entry of x with its next R = width/D neighbours in a ring, scaled to length 1: [..., D] -> [..., width].

    Part of the degree-2 polynomial kernel: how like two keys are is squared, so what is half alike is a quarter alike, and
    K grows without weights of its own. Squares are left out, since they share a direction, being positive. Entry r*D + i
    is x_i x_(i+r+1); R is at most (D-1)/2, beyond which pairs come again.
    """
    d = x.shape[-1]
    x = F.normalize(x.float(), dim=-1)
    # the length of all products, from squares and the ring's neighbours, before the products themselves are made
    neighbours = sum(torch.eye(d, device=x.device).roll(j, dims=0) for j in range(1, width // d + 1))
    square = x * x
    length = ((square @ neighbours) * square).sum(-1, keepdim=True)
    x = x / (length + TINY).sqrt().sqrt()
    ring = torch.cat([x, x[..., : width // d]], dim=-1).unfold(-1, d, 1)[..., 1:, :]
    return (ring * x[..., None, :]).flatten(-2)
