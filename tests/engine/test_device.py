"""Choosing a device and a precision."""

import pytest
import torch

from engine.device import choose_device, choose_dtype, cpu_has_bf16, free_bytes
from engine.errors import DeviceUnavailable


def test_auto_takes_the_best_there_is() -> None:
    best = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    assert choose_device().type == best
    assert choose_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize("name", ["gpu", "", "cuda" if not torch.cuda.is_available() else "mps"])
def test_a_device_that_is_not_there_is_named_with_those_that_are(name: str) -> None:
    with pytest.raises(DeviceUnavailable, match=rf"'{name}' is not on this machine.*auto, .*cpu"):
        choose_device(name)


def test_precision() -> None:
    cpu = torch.device("cpu")
    assert choose_dtype(cpu, "float32") == torch.float32
    assert choose_dtype(cpu, "bfloat16") == torch.bfloat16
    assert choose_dtype(cpu) == (torch.bfloat16 if cpu_has_bf16() else torch.float32)
    assert choose_dtype(torch.device("mps")) == torch.float32
    with pytest.raises(DeviceUnavailable, match=r"'int8' is unknown.*bfloat16"):
        choose_dtype(cpu, "int8")


def test_free_memory_is_in_bytes() -> None:
    assert 2**20 < free_bytes(torch.device("cpu")) < 2**50
