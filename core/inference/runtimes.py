"""What computes a frozen body's features: torch or OpenVINO, in 32 or 16 bits, whichever this machine does faster.

Measured on two cores of an AVX512-BF16 processor, MobileNetV3-Small: OpenVINO in 16 bits made 2.5 times as many
features a second as torch in 16 bits. ONNX Runtime lay between them, and making its file takes ten seconds and more:
it is not used.
"""

import contextlib
import importlib.util
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from core.errors import BadInput
from core.inference.conversion import converted, load_openvino
from core.inference.device import has_bfloat16
from core.inference.trial import Try, remembered
from core.models import Network, channels_last
from core.recipes import Recipe
from core.settings import Settings

if TYPE_CHECKING:
    import openvino

Forward = Callable[[Tensor], Tensor]
"""Pictures (N, 3, S, S) uint8 on the network's device -> features (N, F) float32 on the CPU; of a network's lower part
alone, normalised pictures -> what it says of them."""

PLAIN = "torch"
TRYING, CONVERTING, HEAVY = 300, 1500, 1e12
"""From so many pictures on it pays to try torch in 16 bits; and OpenVINO, which has to convert the network first, from
so many, or so many operations, on."""
STREAMS, PIECE, READY = 4, 8, 2
"""OpenVINO computes at most so many parts of a batch at once, of so many pictures: what a layer says of them stays near
the core that needs it next. Two cores, AVX2: MobileNetV3-Small 3.0 ms of a core per picture instead of 4.5 with all
threads on 32 pictures; ResNet-18 48 ms, and torch 79. So many parts per stream are handed over, so that none waits for
Python to hand over the next: a twelfth of a MobileNet's time."""


def by_torch(network: Network, *, half: bool = False) -> Forward:
    """In 32 bits, or in 16 where a layer may."""
    channels_last(network.eval())
    kind = network.head.weight.device.type

    def forward(pictures: Tensor) -> Tensor:
        with torch.inference_mode(), torch.autocast(kind, torch.bfloat16, enabled=half):
            return network.forward_features(pictures).float().cpu()

    return forward


def by_openvino(model: "openvino.Model", *, half: bool = False) -> Forward:
    """A converted network, or a part of one that is given what it was converted for, on all cores."""
    vino, threads = load_openvino(), torch.get_num_threads()
    streams = min(threads, STREAMS)
    options = {
        "INFERENCE_PRECISION_HINT": "bf16" if half else "f32",
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": streams,
    }
    # A shape that is fixed is computed a seventh faster than one that may change.
    model.reshape([PIECE, *list(model.input(0).get_partial_shape())[1:]])
    queue: Any = vino.AsyncInferQueue(vino.Core().compile_model(model, "CPU", options), READY * streams)
    said: dict[int, NDArray[np.float32]] = {}
    queue.set_callback(lambda request, start: said.update({start: request.get_output_tensor(0).data.copy()}))

    def forward(pictures: Tensor) -> Tensor:
        rows = pictures.permute(0, 2, 3, 1).contiguous().numpy()  # no copy of what lies channels last already
        starts = range(0, len(rows), PIECE)
        for start in starts:
            queue.start_async([_filled(rows[start : start + PIECE])], start)
        queue.wait_all()
        return torch.from_numpy(np.concatenate([said.pop(start) for start in starts])[: len(rows)])

    return forward


def _filled(rows: NDArray[np.generic]) -> NDArray[np.generic]:
    """A piece's rows, what is missing to a whole piece filled up with zeros."""
    short = PIECE - len(rows)
    return np.concatenate([rows, np.zeros((short, *rows.shape[1:]), rows.dtype)]) if short else rows


RUNTIMES: dict[str, Callable[[Network, Settings], Forward]] = {
    PLAIN: lambda network, _: by_torch(network),
    "torch-bf16": lambda network, _: by_torch(network, half=True),
    "openvino": lambda network, settings: by_openvino(converted(network, settings)),
    "openvino-bf16": lambda network, settings: by_openvino(converted(network, settings), half=True),
}
"""Name -> how to make it of a network."""


def choose_runtime(network: Network, pictures: int, recipe: Recipe, settings: Settings) -> str:
    """The name of the recipe's runtime, or of the fastest one for so many pictures.

    That depends on nothing but network, number of pictures and machine: the same run is computed alike again. Raises
    BadInput if the recipe wants one that is not installed.
    """
    if recipe.runtime != "auto":
        if recipe.runtime.startswith("openvino") and not importlib.util.find_spec("openvino"):
            raise BadInput("OpenVINO is not installed here.", hint="Leave runtime at auto.")
        return recipe.runtime
    device = network.head.weight.device
    if pictures < TRYING or recipe.precision == "float32":
        return PLAIN
    names = [PLAIN, "torch-bf16"] if has_bfloat16(device) else [PLAIN]
    if worth_converting(network, pictures):
        names += ["openvino", "openvino-bf16"]
    if names == [PLAIN]:
        return PLAIN
    what = f"features of {network.backbone} at {network.image_size} by {', '.join(names)}"
    return remembered(settings, what, device, lambda: _tries(network, names, settings))


def worth_converting(network: Network, pictures: int) -> bool:
    """Whether OpenVINO is there for this network, and enough is to be computed that converting it may pay."""
    if network.head.weight.device.type != "cpu" or not importlib.util.find_spec("openvino"):
        return False
    return pictures >= CONVERTING or pictures * operations(network) >= HEAVY


def operations(network: Network) -> int:
    """Multiplications and additions for the features of a picture."""
    picture = torch.zeros(1, 3, network.image_size, network.image_size, device=network.head.weight.device)
    training = network.training
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        network.eval().forward_features(picture)
    network.train(training)
    return int(counter.get_total_flops())


def _tries(network: Network, names: list[str], settings: Settings) -> Mapping[str, Try]:
    size = network.image_size
    pictures = torch.randint(0, 256, (16, size, size, 3), dtype=torch.uint8).permute(0, 3, 1, 2)
    pictures = pictures.to(network.head.weight.device)
    found: dict[str, Try] = {}
    for name in names:
        if name == "openvino-bf16" and not _has_16_bits():
            continue
        with contextlib.suppress(RuntimeError, NotImplementedError):  # a network that it cannot convert
            found[name] = _bound(RUNTIMES[name](network, settings), pictures)
    return found


def _has_16_bits() -> bool:
    """Whether OpenVINO has them on this processor; where it has not, it computes in 32 without a word."""
    capable: list[str] = load_openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return "BF16" in capable


def _bound(forward: Forward, pictures: Tensor) -> Try:
    return lambda: cast(object, forward(pictures))
