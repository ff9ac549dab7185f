"""The feature maps: their formulas by hand, their lengths, and no trouble at zero."""

import pytest
import torch

from engine.ops.features import FEATURE_MAPS, dpfp_unit, elu_plus_one, pairs_unit, silu_unit

MAPS = {"elu": elu_plus_one, "silu": silu_unit, "dpfp": dpfp_unit, "pairs": lambda x: pairs_unit(x, 12)}


def test_elu_plus_one_by_hand() -> None:
    x = torch.tensor([-1.0, 0.0, 2.0])
    torch.testing.assert_close(elu_plus_one(x), torch.tensor([0.36787944, 1.0, 3.0]))


def test_silu_has_length_one_and_keeps_direction() -> None:
    x = torch.tensor([3.0, -1.0])
    raw = torch.tensor([3.0 / (1 + torch.e**-3), -1.0 / (1 + torch.e)])
    torch.testing.assert_close(silu_unit(x), raw / raw.norm())


def test_pairs_by_hand() -> None:
    raw = torch.tensor([1 * 2, 2 * 3, 3 * 4, 4 * -5, -5 * 1, 1 * 3, 2 * 4, 3 * -5, 4 * 1, -5 * 2.0])
    torch.testing.assert_close(pairs_unit(torch.tensor([1.0, 2.0, 3.0, 4.0, -5.0]), 10), raw / raw.norm())


def test_pairs_square_how_like_two_keys_are() -> None:
    chance = torch.Generator().manual_seed(3)
    x, noise = torch.randn(2, 400, 63, generator=chance).unbind()
    cosine = torch.nn.functional.cosine_similarity(x, x + noise, dim=-1)
    found = (pairs_unit(x, 63 * 31) * pairs_unit(x + noise, 63 * 31)).sum(-1)
    assert abs(cosine.mean() - 0.707) < 0.02 and abs(found.mean() - 0.5) < 0.03
    assert (pairs_unit(x, 63 * 31) * pairs_unit(noise, 63 * 31)).sum(-1).abs().mean() < 0.03


def test_dpfp_by_hand() -> None:
    # relu(x, -x) = (2, 0, 0, 1); rolled by one (1, 2, 0, 0): the product is (2, 0, 0, 0)
    assert dpfp_unit(torch.tensor([2.0, -1.0])).tolist() == [1.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(("name", "width"), [("elu", 6), ("silu", 6), ("dpfp", 12), ("pairs", 12)])
def test_width_and_precision(name: str, width: int) -> None:
    x = torch.randn(2, 3, 5, 6, generator=torch.Generator().manual_seed(0)).bfloat16()
    out = MAPS[name](x)
    assert out.shape == (2, 3, 5, width) and out.dtype == torch.float32
    if name != "elu":
        torch.testing.assert_close(out.norm(dim=-1), torch.ones(2, 3, 5))


@pytest.mark.parametrize("name", MAPS)
def test_zero_gives_finite_values_and_gradients(name: str) -> None:
    x = torch.zeros(2, 3, 4, 6, requires_grad=True)
    out = MAPS[name](x)
    out.sum().backward()
    assert out.isfinite().all() and x.grad.isfinite().all()


def test_every_map_is_tested_here() -> None:
    assert set(MAPS) == set(FEATURE_MAPS)
