"""A step and an explanation on a GPU, on a machine that need not have one: all is there; no step makes it wait."""

from pathlib import Path
from typing import cast

import pytest
import torch
from torch import Tensor

from benchmarks.trainings import Silent
from core.explanation.explain import METHODS, explain
from core.features import PixelCache
from core.models import Network
from core.recipes import PRESETS
from core.training import Part, Trainer
from core.training.augment import STRENGTHS, augment
from core.training.policies import CHANGES, POLICIES, change
from core.training.reading import Losses
from core.types import Task
from tests.pretended_gpu import GPU, PretendedGpu

PICTURES, SIDE = 16, 32
TARGETS = {Task.MULTI: torch.eye(4)[:, :3].repeat(4, 1), Task.REGRESSION: torch.linspace(-1, 1, PICTURES)}
WHOLE = {"ema": "0.99", "erase": "0.25", "mixup": "0.2", "cutmix": "1"}

pytestmark = pytest.mark.filterwarnings("ignore:CUDA is not available", "ignore:Accessing the data pointer")


def test_what_makes_a_gpu_wait_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = PretendedGpu(monkeypatch)
    with gpu:
        there = gpu.zeros(2, 3)
        for wait in (
            lambda: there.new_tensor([1.0]), lambda: torch.tensor([1.0], device=GPU), lambda: torch.zeros(3).to(GPU),
            lambda: torch.zeros(3).to(GPU, non_blocking=True), lambda: there.to("cpu"),
        ):  # fmt: skip
            gpu.waits.clear()
            wait()
            assert len(gpu.waits) == 1
        gpu.waits.clear()
        torch.zeros(3).pin_memory().to(GPU, non_blocking=True) + there
        assert gpu.waits == gpu.doubles == []
        assert gpu.doubles == []
        there.double()
        assert len(gpu.doubles) == 1
        with pytest.raises(RuntimeError, match="device"):
            there + torch.zeros(2, 3)


@pytest.mark.parametrize(
    ("task", "settings"),
    [
        (Task.SINGLE, {"imbalance": "weights", **WHOLE}),
        (Task.SINGLE, {"imbalance": "effective", "loss": "focal"}),
        (Task.SINGLE, {"imbalance": "logits", "label_smoothing": "0.1"}),
        (Task.SINGLE, {"imbalance": "sampling"}),
        (Task.ORDINAL, {"loss": "corn"}),
        (Task.ORDINAL, {"loss": "coral", "imbalance": "weights"}),
        (Task.MULTI, {"imbalance": "weights", **WHOLE}),
        (Task.MULTI, {"imbalance": "effective", "loss": "focal"}),
        (Task.MULTI, {"imbalance": "logits"}),
        (Task.MULTI, {"loss": "asymmetric"}),
        (Task.REGRESSION, {}),
        (Task.REGRESSION, {"loss": "squared"}),
    ],
)
def test_a_step_asks_a_gpu_for_nothing(
    task: Task, settings: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpu = PretendedGpu(monkeypatch)
    recipe = PRESETS["thorough"].with_settings({"weights": "none", "ema": "0", "erase": "0", **settings})
    targets = TARGETS.get(task, torch.arange(PICTURES) % 3)
    with gpu.building():
        outputs = 1 if task is Task.REGRESSION else 3
        network = Network("mobilenet_v3_small", outputs, image_size=SIDE, ranked=recipe.ranked, shared=recipe.shared)
    monkeypatch.setattr("torch.autograd.backward", gpu.backward(network))
    monkeypatch.setattr("core.training.fit.keep_on", lambda *_: None)
    part = Part([str(number) for number in range(PICTURES)], targets)
    with gpu:
        trainer = Trainer(network, cast(PixelCache, None), task, recipe, part, part, tmp_path, Silent())
        trainer._to_learning(1)
        losses, pictures = Losses(), gpu.zeros(PICTURES, 3, SIDE, SIDE, dtype=torch.uint8)
        for step in range(3):
            gpu.waits.clear()  # class weights are put there in the first one
            chosen = trainer._order(torch.Generator().manual_seed(step))
            loss = trainer._step(chosen, pictures, torch.Generator().manual_seed(step))
            losses.add(loss, PICTURES, RuntimeError("no number"))  # type: ignore[arg-type]
    assert gpu.waits == gpu.doubles == []
    assert loss.device == GPU


@pytest.mark.parametrize("name", [*STRENGTHS, *POLICIES, "none"])
def test_varied_pictures_stay_on_a_gpu_as_networks_want_them(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = PretendedGpu(monkeypatch)
    with gpu:
        pictures = gpu.zeros(PICTURES, 3, SIDE, SIDE, dtype=torch.uint8)
        varied = augment(pictures, name, torch.Generator().manual_seed(0), 0.25)
    assert gpu.waits == gpu.doubles == []
    assert (varied.device, varied.dtype, varied.shape) == (GPU, torch.float32, pictures.shape)
    assert varied.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("name", CHANGES)
def test_no_single_change_makes_a_gpu_wait(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = PretendedGpu(monkeypatch)
    with gpu:
        pictures = gpu.zeros(4, 3, SIDE, SIDE, dtype=torch.uint8)
        changed = change(pictures, torch.full((4,), CHANGES.index(name)), torch.full((4,), 0.5))
    assert gpu.waits == gpu.doubles == [] and changed.device == GPU


@pytest.mark.parametrize("method", METHODS)
def test_every_way_to_explain_keeps_to_one_device_and_to_numbers_that_an_apple_gpu_has(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    attention = "attention" in method
    gpu, side = PretendedGpu(monkeypatch), 64 if attention else SIDE
    network = Network("timm:vit_tiny_patch16_224" if attention else "mobilenet_v3_small", 3, image_size=side).eval()
    gpu.moved(network)
    monkeypatch.setattr("torch.autograd.grad", gradients_of_nothing)
    with gpu:
        targets = gpu.zeros(2, dtype=torch.int64)
        maps = explain(network, gpu.zeros(2, 3, side, side, dtype=torch.uint8), targets, method)
    assert maps.shape == (2, side, side) and maps.device.type == "cpu"
    assert gpu.doubles == []


def gradients_of_nothing(_: Tensor, inputs: Tensor | list[Tensor], **__: object) -> tuple[Tensor, ...]:
    """Zeros instead of `torch.autograd.grad`, whose engine wants a GPU."""
    return tuple(torch.zeros_like(item) for item in ([inputs] if isinstance(inputs, Tensor) else inputs))
