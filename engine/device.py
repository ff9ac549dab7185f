"""Which device and which precision to compute on."""

import psutil
import torch

from engine.errors import DeviceUnavailable

DTYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16, "float32": torch.float32}


def choose_device(name: str = "auto") -> torch.device:
    """ "auto" takes CUDA, then Apple's MPS, then the CPU; otherwise the device of that name. Raises DeviceUnavailable."""
    available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if name == "auto":
        return torch.device(next(kind for kind, there in available.items() if there))
    if not available.get(name.split(":")[0], False):
        there = ", ".join(kind for kind, yes in available.items() if yes)
        raise DeviceUnavailable(f"The device {name!r} is not on this machine. Choose one of: auto, {there}.")
    return torch.device(name)


def choose_dtype(device: torch.device, name: str = "auto") -> torch.dtype:
    """bfloat16 where the processor computes it fast, float32 elsewhere; or the one named. Raises DeviceUnavailable."""
    if name != "auto":
        if name not in DTYPES:
            raise DeviceUnavailable(f"The precision {name!r} is unknown. Choose one of: auto, {', '.join(DTYPES)}.")
        return DTYPES[name]
    fast = torch.cuda.is_bf16_supported() if device.type == "cuda" else device.type == "cpu" and cpu_has_bf16()
    return torch.bfloat16 if fast else torch.float32


def cpu_has_bf16() -> bool:
    """Whether this CPU multiplies bfloat16 matrices in hardware (AVX-512 BF16 or AMX)."""
    capabilities = torch.backends.cpu.get_cpu_capability()
    return capabilities.startswith("AVX512") and torch.cpu._is_avx512_bf16_supported()


def free_bytes(device: torch.device) -> int:
    """Memory that is free on the device, in bytes."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return psutil.virtual_memory().available
