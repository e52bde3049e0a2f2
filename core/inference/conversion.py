"""Networks in OpenVINO's form, kept on disk: converting one takes seconds, reading it back a fraction of one."""

import hashlib
import logging
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, fx, nn

from core.models import Network, digest
from core.settings import Settings

if TYPE_CHECKING:
    import openvino

LOG = logging.getLogger("graft.cache")
MOST = 8
"""Networks that are kept: those used last."""
_FORM, _NUMBERS, _SUM = "network.xml", "network.bin", "sha256"


class _ChannelsLast(nn.Module):
    """What is given pictures (N, S, S, 3), as they lie in memory: copying them into planes took a fifth of the time.

    They are normalised as they lie, too: OpenVINO then turns nothing round, which took a twelfth of a MobileNet's time.
    """

    def __init__(self, network: Network, below: nn.Module | None) -> None:
        super().__init__()
        self.network, self.below = network, below

    def forward(self, pictures: Tensor) -> Tensor:
        if self.below is not None:
            return cast(Tensor, self.below(pictures.permute(0, 3, 1, 2)))
        return cast(Tensor, self.network.body(self.network.normalise(pictures, channels=3).permute(0, 3, 1, 2)))


def load_openvino() -> ModuleType:
    """OpenVINO, loaded only where it is used, for that takes a while.

    By itself it tells Google Analytics of each import and conversion, from a process of its own, and waits for that.
    Without its package for it there is a stand-in that tells nobody (`openvino.tools.ovc.telemetry_stub`).
    """
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # Python's way to say that there is none
    import openvino

    return cast(ModuleType, openvino)


def converted(network: Network, settings: Settings, below: fx.GraphModule | None = None) -> "openvino.Model":
    """What makes features (N, F) of pictures (N, S, S, 3) uint8; of the part `below`, what it says of normalised ones.

    Raises RuntimeError for what it cannot convert. What cannot be kept, for want of room, is still returned; what was
    damaged is converted again.
    """
    vino = load_openvino()
    part = "" if below is None else f" {below.code}"
    words = f"{network.backbone} {network.image_size} all channels last {vino.__version__} {torch.__version__}{part}"
    folder = settings.converted / digest(words, network.body.state_dict())
    try:
        if _sum(folder) == (folder / _SUM).read_text("ascii"):
            os.utime(folder)
            return cast("openvino.Model", vino.Core().read_model(folder / _FORM))
        LOG.warning("A damaged network of the cache %s is converted again.", folder)
    except FileNotFoundError:
        pass
    model = convert(network, below)
    try:
        _keep(folder, lambda path: vino.save_model(model, path, compress_to_fp16=False))
    except (OSError, RuntimeError) as error:  # a full disk is no reason not to go on
        LOG.warning("The converted network could not be kept: %s", error)
    return model


def convert(network: Network, below: fx.GraphModule | None = None) -> "openvino.Model":
    """As `converted`, from nothing."""
    size = network.image_size
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of torch's tracer, about shapes that do not change here
        model: openvino.Model = load_openvino().convert_model(
            _ChannelsLast(network, below).eval(),
            example_input=torch.zeros(2, size, size, 3, dtype=torch.uint8 if below is None else torch.float32),
            input=[-1, size, size, 3],
        )
        return model


def _keep(folder: Path, save: Callable[[Path], None]) -> None:
    """Written beside and renamed, so that it is whole or absent; what was not used for longest goes."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=folder.parent))
    try:
        save(made / _FORM)
        (made / _SUM).write_text(_sum(made), "ascii")
        shutil.rmtree(folder, ignore_errors=True)
        made.replace(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    kept = sorted(folder.parent.iterdir(), key=lambda item: item.stat().st_mtime, reverse=True)
    for old in kept[MOST:]:
        shutil.rmtree(old, ignore_errors=True)


def _sum(folder: Path) -> str:
    found = hashlib.sha256()
    for name in (_FORM, _NUMBERS):
        found.update((folder / name).read_bytes())
    return found.hexdigest()
