"""Graft's own small networks."""

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from core.catalogue import ModelCard
from core.errors import BadInput
from core.inference.onnx import write_onnx
from core.models import Network, set_trainable, stages
from core.models.small import OWN, branch_logits
from core.recipes import PRESETS
from core.training.plan import branches_apart, scheduled, thawed_stages
from core.types import Task


def test_the_tiny_network_with_ten_classes_has_fewer_than_twenty_thousand_parameters() -> None:
    network = Network("graft:tiny_cnn", 10, image_size=96)
    assert sum(item.numel() for item in network.parameters()) == 15_146


def test_its_second_branch_sees_a_changed_copy_only_while_learning() -> None:
    network = Network("graft:tiny_cnn", 2, image_size=32)
    views = network.body.get_submodule("views")
    pictures = torch.rand(3, 3, 8, 8)
    torch.manual_seed(0)
    learning = views.train()(pictures)
    assert torch.equal(learning[:, :3], pictures) and not torch.allclose(learning[:, 3:], pictures)
    assert torch.equal(views.eval()(pictures), torch.cat([pictures, pictures], 1))


def test_its_branches_do_not_mix_before_the_head() -> None:
    body = Network("graft:tiny_cnn", 2, image_size=32).body.eval()
    two = torch.rand(1, 6, 32, 32)
    other = two.clone()
    other[:, 3:] = 0
    rest = torch.nn.Sequential(*list(body.children())[1:], torch.nn.Flatten()).eval()
    one, changed = rest(two), rest(other)
    assert torch.equal(one[:, :64], changed[:, :64]) and not torch.allclose(one[:, 64:], changed[:, 64:])


@pytest.mark.parametrize("backbone", OWN)
def test_they_thaw_from_the_top_and_are_written_as_onnx(backbone: str, tmp_path: Path) -> None:
    network = Network(backbone, 3, image_size=32).eval()
    assert len(stages(network)) == 4
    set_trainable(network, 1)
    assert [any(item.requires_grad for unit in stage for item in unit.parameters()) for stage in stages(network)] == [
        False, False, False, True,
    ]  # fmt: skip
    card = ModelCard(
        task=Task.SINGLE, classes=("a", "b", "c"), class_ids=(1, 2, 3), backbone=backbone, image_size=32,
        framing="squash", mean=network.mean, std=network.std,
    )  # fmt: skip
    write_onnx(tmp_path / "model.onnx", network, card)
    picture = torch.randint(0, 256, (1, 3, 32, 32), dtype=torch.uint8)
    (said,) = onnxruntime.InferenceSession(tmp_path / "model.onnx").run(None, {"pictures": picture.numpy()})
    with torch.inference_mode():
        assert np.allclose(said, torch.softmax(network(picture), 1), atol=1e-4)


def test_apart_each_branch_speaks_for_itself_and_together_they_say_their_mean() -> None:
    torch.manual_seed(0)
    network = Network("graft:tiny_cnn", 3, image_size=32).eval()
    pictures = torch.randint(0, 256, (4, 3, 32, 32), dtype=torch.uint8)
    first, second = branch_logits(network, pictures)
    assert torch.allclose((first + second) / 2, network(pictures), atol=1e-5)
    first.sum().backward()
    stem = network.body.get_submodule("stem.0").weight.grad
    head = network.head.weight.grad
    assert isinstance(stem, torch.Tensor) and head is not None
    assert stem[:16].any() and not stem[16:].any()  # the second branch has learnt nothing from the first one's loss
    assert head[:, :64].any() and not head[:, 64:].any()


def test_two_steps_learn_apart_then_the_head_and_then_from_the_top() -> None:
    recipe = PRESETS["balanced"].with_settings(
        {"backbone": "graft:tiny_cnn", "weights": "none", "tune": "two_step", "epochs": "20"}
    )
    assert [epoch for epoch in range(1, 21) if branches_apart(recipe, epoch)] == list(range(1, 11))
    thawed = [thawed_stages(recipe, epoch, 4) for epoch in range(1, 21)]
    assert thawed == [None] * 10 + [0, 0, 1, 1, 2, 2, 3, 3, None, None]
    rates = [scheduled(recipe, step, 10) for step in range(200)]
    assert rates[:100] == rates[100:] and rates[9] == 1 and rates[99] < 0.01  # each step warms up and decays by itself
    with pytest.raises(BadInput, match="needs a network of two branches, not resnet18"):
        recipe.with_settings({"backbone": "resnet18"})
