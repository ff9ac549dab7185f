"""The feature maps: their formulas by hand, their lengths, and no trouble at zero."""

import pytest
import torch

from engine.ops.features import FEATURE_MAPS, feature_map


def test_elu_plus_one_by_hand() -> None:
    x = torch.tensor([-1.0, 0.0, 2.0])
    torch.testing.assert_close(feature_map("elu", x), torch.tensor([0.36787944, 1.0, 3.0]))


def test_silu_has_length_one_and_keeps_direction() -> None:
    x = torch.tensor([3.0, -1.0])
    raw = torch.tensor([3.0 / (1 + torch.e**-3), -1.0 / (1 + torch.e)])
    torch.testing.assert_close(feature_map("silu", x), raw / raw.norm())


def test_dpfp_by_hand() -> None:
    # relu(x, -x) = (2, 0, 0, 1); rolled by one (1, 2, 0, 0): the product is (2, 0, 0, 0)
    assert feature_map("dpfp", torch.tensor([2.0, -1.0])).tolist() == [1.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(("name", "width"), [("elu", 6), ("silu", 6), ("dpfp", 12)])
def test_width_and_precision(name: str, width: int) -> None:
    x = torch.randn(2, 3, 5, 6, generator=torch.Generator().manual_seed(0)).bfloat16()
    out = feature_map(name, x)
    assert out.shape == (2, 3, 5, width) and out.dtype == torch.float32
    if name != "elu":
        torch.testing.assert_close(out.norm(dim=-1), torch.ones(2, 3, 5))


@pytest.mark.parametrize("name", FEATURE_MAPS)
def test_zero_gives_finite_values_and_gradients(name: str) -> None:
    x = torch.zeros(4, 6, requires_grad=True)
    out = feature_map(name, x)
    out.sum().backward()
    assert out.isfinite().all() and x.grad.isfinite().all()


def test_an_unknown_name_is_named() -> None:
    with pytest.raises(ValueError, match=r"'relu'.*elu, silu, dpfp"):
        feature_map("relu", torch.zeros(2))
