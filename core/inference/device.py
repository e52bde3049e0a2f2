"""Which device does the work."""

import torch

from core.errors import NoDevice


def choose_device(wanted: str) -> torch.device:
    """The device called `wanted`: auto (a GPU if there is one), cpu, cuda, cuda:N or mps. Raises NoDevice."""
    if wanted == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "mps" if _has_mps() else "cpu")
    try:
        device = torch.device(wanted)
    except RuntimeError as error:
        raise NoDevice(f"GRAFT_DEVICE is {wanted!r}.", hint="Use auto, cpu, cuda, cuda:N or mps.") from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise NoDevice(f"There is no GPU {wanted!r} on this machine.", hint="Set GRAFT_DEVICE to auto.")
    if device.type == "mps" and not _has_mps():
        raise NoDevice("This machine has no Apple GPU.", hint="Set GRAFT_DEVICE to auto.")
    return device


def device_words(device: torch.device) -> str:
    """The device as a person knows it."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type.upper()


def has_bfloat16(device: torch.device) -> bool:
    """Whether trying bfloat16 there can pay. A processor of AVX2 or older imitates it, in ten times float32's time."""
    return device.type != "cpu" or torch.backends.cpu.get_cpu_capability() not in ("AVX2", "NO AVX")


def _has_mps() -> bool:
    return torch.backends.mps.is_available()
