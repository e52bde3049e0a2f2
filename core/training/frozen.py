"""What lies below the learning stages, computed once per picture instead of once per picture and epoch.

That gives the same only where the pictures come back unchanged and the frozen half says the same each time.
"""

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from core.features import PixelCache, Sayings
from core.inference import pictures_at_once
from core.models import Network, digest, set_trainable, stages
from core.models.halves import Halves, Upper, compute_below, cut, is_random
from core.recipes import Recipe
from core.settings import Settings
from core.training.plan import thawed_stages

SPARE_BYTES = 2**30
"""So much of the disk stays free."""

Watch = Callable[[int], None]


class Below:
    """What a frozen half says of a training's pictures, and the network above it."""

    def __init__(self, learns: tuple[Upper, Sayings], judged: tuple[Upper, Sayings]) -> None:
        self.model, self._learnt = learns
        self._shown, self._judged = judged

    def read(self, blobs: Sequence[str]) -> Tensor:
        """What `model` learns from (n, ...), on the CPU. Raises OSError where it cannot be kept."""
        return self._learnt.read(blobs)

    def logits(self, blobs: Sequence[str], device: torch.device, watch: Watch) -> Tensor:
        """Logits (N, K) float32 on the CPU of pictures to be judged by; `watch` is told how many are done."""
        parts = []
        self._shown.network.eval()
        size = pictures_at_once(device)
        for start in range(0, len(blobs), size):
            part = self._judged.read(blobs[start : start + size]).to(device)
            with torch.inference_mode():
                parts.append(self._shown(part).float().cpu())
            watch(start + len(part))
        return torch.cat(parts)


def keep_below(
    network: Network, shown: Network, recipe: Recipe, epoch: int, pixels: PixelCache, train: Sequence[str],
    validation: Sequence[str], together: int,
) -> Below | str:  # fmt: skip
    """What is kept from an epoch (from 1) on; or why nothing is, which is empty where no two epochs are alike.

    `network` learns, in training mode; `shown` is judged: itself, or its average. `together` processes share the work.
    """
    thawed = thawed_stages(recipe, epoch, len(stages(network)))
    if thawed is None or not _lasts(recipe, epoch, thawed, len(stages(network))):
        return ""
    if recipe.augmentation != "none" or recipe.erase or recipe.mixup or recipe.cutmix:
        return "the pictures are varied"
    if together > 1:
        return "several GPUs share the work"
    if shown is not network:
        shown.eval()  # an average follows the network's weights, but neither its modes nor what learns
        set_trainable(shown, thawed)
    halves, judged = cut(network, thawed), cut(shown, thawed)
    if halves is None or judged is None:
        return "this network cannot be cut there"
    if is_random(halves.below):
        return "its answers change by chance (dropout)"
    half = recipe.precision == "bfloat16"
    learnt, folder, each = _sayings(network, halves, pixels, half=half)
    looked, other, whole = _sayings(shown, judged, pixels, half=False)  # judged in 32 bits, as everywhere
    needed = each * len(learnt.missing(train)) + whole * len(looked.missing(validation))
    if not _room({folder, other}, needed, pixels.settings):
        return f"there is no room for {needed / 2**30:.1f} GB"
    return Below((halves.upper, learnt), (judged.upper, looked))


def _lasts(recipe: Recipe, epoch: int, thawed: int, count: int) -> bool:
    """Whether a later epoch finds the same stages frozen."""
    if recipe.tune != "gradual" and not recipe.tune.startswith("last:"):
        return False
    later = range(epoch + 1, recipe.epochs + 1)
    return thawed < count and any(thawed_stages(recipe, other, count) == thawed for other in later)


def _sayings(network: Network, halves: Halves, pixels: PixelCache, *, half: bool) -> tuple[Sayings, Path, int]:
    """What the lower half says, where it is kept, and the bytes of one picture."""
    device = network.head.weight.device

    def say(pictures: Tensor) -> Tensor:
        return compute_below(network, halves, pictures.to(device), half=half).cpu()

    like = say(torch.zeros(1, 3, pixels.size, pixels.size, dtype=torch.uint8))
    words = f"{network.backbone} {pixels.size} {pixels.framing} {like.dtype} {halves.below.code}"
    folder = pixels.settings.halves / digest(words, halves.below.state_dict())
    return Sayings(folder, like, pixels, say), folder, like.numel() * like.element_size()


def _room(folders: set[Path], needed: int, settings: Settings) -> bool:
    """Whether so many bytes more fit into `folders`, after what was not used for longest has gone."""
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
    taken = needed + sum(_bytes(folder) for folder in folders)
    if taken > settings.max_halves_bytes:
        return False
    others = [item for item in settings.halves.iterdir() if item not in folders]
    for other in sorted(others, key=lambda item: item.stat().st_mtime, reverse=True):
        taken += _bytes(other)
        if taken > settings.max_halves_bytes:
            shutil.rmtree(other, ignore_errors=True)
    return shutil.disk_usage(settings.halves).free > needed + SPARE_BYTES


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir())
