"""A GPU on a machine that has none: torch works out shapes, types and devices there, but computes nothing.

What mixes devices fails as it would there, and each place is noted at which the processor would have to wait until a
GPU has done all that it was given: a number that is read, a copy that blocks, a tensor made of a list. So is each
number of 64 bits with a point, which an Apple GPU does not have.
"""

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.overrides import TorchFunctionMode

GPU = torch.device("cuda", 0)
READING: dict[str, Callable[[Tensor], Any]] = {
    "item": lambda there: 2 if not there.is_floating_point() else 2.0, "__bool__": lambda _: True,
    "__float__": lambda _: 2.0, "__int__": lambda _: 2, "__index__": lambda _: 2,
    "tolist": lambda there: torch.zeros(there.shape, dtype=there.dtype).tolist(),
}  # fmt: skip
"""How a number is asked for, and what is answered: nothing was computed."""
WAITING = {"nonzero", "new_tensor", "numpy"}
MAKING = {"tensor", "as_tensor"}


class PretendedGpu(TorchFunctionMode):
    """While it is entered, tensors are made and copied there.

    `waits` has the lines that made the processor wait, `doubles` those that made float64 there.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        self.waits: list[str] = []
        self.doubles: list[str] = []
        self.fake = FakeTensorMode(allow_non_fake_inputs=True)
        self._pinned: list[Tensor] = []
        monkeypatch.setattr("torch.cuda._lazy_init", lambda: None)
        monkeypatch.setattr("torch.cuda.Event", _Event)

    def zeros(self, *shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
        """There, channels last where they are pictures."""
        with self.fake:
            made = torch.zeros(*shape, dtype=dtype, device=GPU)
            return made.contiguous(memory_format=torch.channels_last) if len(shape) == 4 else made

    @contextmanager
    def building(self) -> Iterator[None]:
        """Networks that are built within lie there."""
        with self.fake, GPU:
            yield

    def moved(self, network: nn.Module) -> nn.Module:
        """The network with its numbers there."""
        swap = torch.__future__.get_overwrite_module_params_on_conversion()
        torch.__future__.set_overwrite_module_params_on_conversion(True)
        try:
            with self.fake:
                return network._apply(lambda numbers: self.fake.from_tensor(numbers).to(GPU))
        finally:
            torch.__future__.set_overwrite_module_params_on_conversion(swap)

    def backward(self, network: nn.Module) -> Callable[..., None]:
        """Gradients of zeros instead of `torch.autograd.backward`, whose engine wants a GPU."""

        def backward(*_: object) -> None:
            with self.fake:
                for parameter in network.parameters():
                    parameter.grad = torch.zeros_like(parameter) if parameter.requires_grad else None

        return backward

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        made = self._made(func, args, kwargs)
        if isinstance(made, Tensor) and made.device.type == GPU.type and made.dtype is torch.float64:
            self.doubles.append(_where(getattr(func, "__name__", "")))
        return made

    def _made(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any] | None) -> Any:
        kwargs, name, first = kwargs or {}, getattr(func, "__name__", ""), args[0] if args else None
        there = isinstance(first, Tensor) and first.device.type == GPU.type
        if name == "to" and len(args) > 1 and isinstance(args[1], Tensor):
            args = (first, args[1].device, args[1].dtype)
        to_gpu = any(isinstance(item, torch.device) and item.type == GPU.type for item in (*args, *kwargs.values()))
        if name == "pin_memory":
            self._pinned.append(first)
            return first
        if name == "cpu" or (name == "to" and there and not to_gpu and "cpu" in (*args, *kwargs.values())):
            if there and not kwargs.get("non_blocking"):
                self._waits(name)
            return torch.zeros(first.shape, dtype=first.dtype) if there else first  # nothing was computed
        if there and name in READING:
            self._waits(name)
            return READING[name](first)
        if (there and name in WAITING) or (not there and to_gpu and name in MAKING):
            self._waits(name)
        elif name == "to" and isinstance(first, Tensor) and not there and to_gpu:
            if not kwargs.get("non_blocking") or all(item is not first for item in self._pinned):
                self._waits(name)
            with self.fake:
                return self.fake.from_tensor(first).to(*args[1:], **kwargs)
        if to_gpu or (there and (name.startswith("new_") or name.endswith("_like") or name == "where")):
            with self.fake:
                return func(*args, **kwargs)
        return func(*args, **kwargs)

    def _waits(self, name: str) -> None:
        self.waits.append(_where(name))


def _where(name: str) -> str:
    ours = [item for item in traceback.extract_stack() if "/core/" in item.filename]
    return f"{name} in {ours[-1].filename}:{ours[-1].lineno}: {ours[-1].line}" if ours else name


class _Event:
    """What tells that a copy has arrived: here at once."""

    def record(self) -> None:
        """Nothing."""

    def synchronize(self) -> None:
        """Nothing."""
