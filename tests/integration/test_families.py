"""Every family of backbones that published systems stand on: a small member builds, learns, explains and exports.

So do, but for the export, all members of less than LIGHT million parameters, at their own size. To write one as ONNX
takes up to a minute, so that only some kinds are exported here, each block once. Squeeze and excitation is exported
whole, with a program that reads it, in `test_export.py`. GRAFT_BACKBONES=families exports the smallest member of all as
it is; GRAFT_BACKBONES=members takes every member at its own size, smallest first, and leaves out those that the free
memory does not hold: hours, by day and night; with GRAFT_BACKBONES=members,families each is exported, too.
"""

import os
from pathlib import Path

import numpy as np
import onnxruntime
import psutil
import pytest
import torch
from torch import nn
from torch.nn import functional

from core.catalogue import FAMILIES, ModelCard, backbone_info
from core.explanation import explain
from core.inference.onnx import write_onnx
from core.models import Network, channels_last
from core.models.parts import lacking_kinds
from core.recipes import PRESETS
from core.training.plan import build_optimizer
from core.types import Task

WANTED = os.environ.get("GRAFT_BACKBONES", "").split(",")
SMALLEST = [(family.smallest, family.side) for family in FAMILIES]
ALL = {item.name: item for family in FAMILIES for item in family.members}
MEMBERS = [(item.name, item.image_size) for item in sorted(ALL.values(), key=lambda item: item.parameters_m)]
LIGHT = 7.0
CASES = (
    MEMBERS if "members" in WANTED else [*SMALLEST, *(item for item in MEMBERS if ALL[item[0]].parameters_m < LIGHT)]
)
COPIES = 6
"""Of the weights in memory: the network, as it was before, gradients, two averages of AdamW, and what a layer needs."""
# A convolution, split attention, local attention, a class and a distilled token, no batch norm.
EXPORTED = {
    "resnet18", "timm:resnest14d", "timm:halonet26t", "timm:deit_tiny_distilled_patch16_224", "timm:convnext_atto",
}  # fmt: skip


def leave_out_repetitions(network: Network) -> None:
    """Of blocks in a row whose weights have the same shapes keep the first: an exporter knows kinds, not depths."""
    for module in network.modules():
        if type(module) is nn.Sequential:
            shapes = [[item.shape for item in block.parameters()] for block in module]
            for index in reversed(range(1, len(shapes))):
                if shapes[index] and shapes[index] == shapes[index - 1]:
                    del module[index]


@pytest.mark.parametrize(("backbone", "side"), CASES)
def test_it_builds_learns_explains_and_exports(backbone: str, side: int, tmp_path: Path) -> None:
    needed = COPIES * 4e6 * ALL[backbone].parameters_m
    if needed > psutil.virtual_memory().available:
        pytest.skip(f"needs {needed / 1e9:.0f} GB of memory")
    torch.manual_seed(0)
    network = channels_last(Network(backbone, 3, image_size=side)).train()
    assert lacking_kinds(network.body) == backbone_info(backbone).lacks
    pictures = torch.randint(0, 256, (2, 3, side, side), dtype=torch.uint8)
    before = {name: item.detach().clone() for name, item in network.named_parameters()}
    optimizer = build_optimizer(network, PRESETS["thorough"])
    functional.cross_entropy(network(pictures), torch.tensor([0, 2])).backward()
    optimizer.step()
    changed = {name for name, item in network.named_parameters() if not torch.equal(item, before[name])}
    # Branches that begin silent (zero-gamma) let no gradient through in the first step.
    assert {"head.weight", "head.bias"} < changed and len(changed) > len(before) / 3

    network.eval()
    heat = explain(network, pictures[:1], torch.tensor([0]))
    assert heat.shape[-2:] == (side, side) and bool(torch.isfinite(heat).all())

    if "families" not in WANTED and (backbone not in EXPORTED or (backbone, side) not in SMALLEST):
        return
    if "families" not in WANTED:
        leave_out_repetitions(network)
    card = ModelCard(
        task=Task.SINGLE, classes=("a", "b", "c"), class_ids=(1, 2, 3), backbone=backbone, image_size=side,
        framing="squash", mean=network.mean, std=network.std,
    )  # fmt: skip
    write_onnx(tmp_path / "model.onnx", network, card)
    (said,) = onnxruntime.InferenceSession(tmp_path / "model.onnx").run(None, {"pictures": pictures.numpy()})
    with torch.inference_mode():
        assert np.allclose(said, torch.softmax(network(pictures), 1), atol=1e-3)


def test_no_family_is_empty_and_each_has_the_member_that_is_tested() -> None:
    for family in FAMILIES:
        assert family.smallest in [item.name for item in family.members], family.title
