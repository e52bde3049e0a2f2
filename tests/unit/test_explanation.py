"""Heatmaps against values computed by hand, against captum and against pytorch-grad-cam."""

from collections import OrderedDict

import captum.attr
import numpy as np
import pytest
import pytorch_grad_cam
import torch
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn

from core.catalogue import EXPLANATIONS
from core.errors import BadInput
from core.explanation import METHODS, explain
from core.explanation.hooks import frozen, leaf_at
from core.explanation.integrated_gradients import attributions
from core.explanation.layers import as_map, target_layer
from core.explanation.record import record
from core.models import Network

CAMS = ("gradcam", "gradcam++", "hirescam", "layercam", "eigencam")
PEERS = {
    "gradcam": pytorch_grad_cam.GradCAM,
    "gradcam++": pytorch_grad_cam.GradCAMPlusPlus,
    "hirescam": pytorch_grad_cam.HiResCAM,
    "layercam": pytorch_grad_cam.LayerCAM,
}


def small_cnn(outputs: int = 3) -> Network:
    body = nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(3, 6, 3, stride=2, padding=1),
            relu1=nn.ReLU(),
            conv2=nn.Conv2d(6, 8, 3, stride=2, padding=1),
            relu2=nn.ReLU(),
            pool=nn.AdaptiveAvgPool2d(1),
            flatten=nn.Flatten(),
        )
    )
    return with_body(body, 8, outputs)


def with_body(body: nn.Module, features: int, outputs: int) -> Network:
    network = Network("mobilenet_v3_small", outputs, image_size=32)
    network.body, network.head = body, nn.Linear(features, outputs)
    return network.eval()


def resnet18() -> Network:
    return Network("resnet18", 4, image_size=64).eval()


@pytest.fixture(autouse=True)
def _same_random_numbers() -> None:
    torch.manual_seed(0)


def pictures(count: int = 2, side: int = 32) -> Tensor:
    return torch.randint(0, 256, (count, 3, side, side), dtype=torch.uint8)


def stretched(maps: Tensor) -> Tensor:
    low, high = maps.amin((1, 2), keepdim=True), maps.amax((1, 2), keepdim=True)
    return (maps - low) / (high - low)


class Identity(nn.Module):
    """A body whose target layer's output is the picture itself, so that everything can be computed by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Identity()

    def forward(self, pictures: Tensor) -> Tensor:
        return self.layer(pictures).flatten(1)


def test_gradcam_of_a_tiny_network_is_what_the_hand_computes() -> None:
    network = with_body(Identity(), 12, 1)
    network.forward_features = lambda pictures: network.body(pictures.float())  # type: ignore[method-assign]
    with torch.no_grad():
        network.head.weight.copy_(torch.tensor([[1.0, 2, 3, 2, -1, -1, -1, -1, 0, 0, 0, 0]]))
    picture = torch.tensor([[[[1.0, 2], [3, 4]], [[1, 1], [5, 1]], [[9, 9], [9, 9]]]])
    # Weights: means of the gradients over the places, 8/4 = 2, -1 and 0.
    # Map: 2 * [[1, 2], [3, 4]] - [[1, 1], [5, 1]] = [[1, 3], [1, 7]].
    assert METHODS["gradcam"](network, picture, torch.tensor([0])).tolist() == [[[1, 3], [1, 7]]]
    # Without averaging: [[1, 4], [9, 8]] - [[1, 1], [5, 1]] = [[0, 3], [4, 7]].
    assert METHODS["hirescam"](network, picture, torch.tensor([0])).tolist() == [[[0, 3], [4, 7]]]
    # Positive gradients alone: [[1, 4], [9, 8]].
    assert METHODS["layercam"](network, picture, torch.tensor([0])).tolist() == [[[1, 4], [9, 8]]]


@pytest.mark.parametrize("make", [small_cnn, resnet18])
@pytest.mark.parametrize("method", PEERS)
def test_maps_agree_with_pytorch_grad_cam(make: object, method: str) -> None:
    network, batch, targets = make(), pictures(side=64), torch.tensor([1, 2])  # type: ignore[operator]
    layer = target_layer(network, 64)
    cam = PEERS[method](network, [layer])
    theirs = cam(batch.float(), [ClassifierOutputTarget(int(target)) for target in targets])
    ours = METHODS[method](network, batch, targets)
    side = ours.shape[-1]
    # Theirs is stretched from the least to the greatest value, grown to the picture's size, and stretched again.
    grown = nn.functional.interpolate(stretched(ours)[:, None], size=(64, 64), mode="bilinear")[:, 0]
    assert side > 1 and float(ours.max()) > 0
    assert np.allclose(stretched(grown).numpy(), theirs, atol=1e-4)


@pytest.mark.parametrize("make", [small_cnn, resnet18])
def test_gradcam_agrees_with_captum(make: object) -> None:
    network, batch, targets = make(), pictures(side=64), torch.tensor([0, 2])  # type: ignore[operator]
    cam = captum.attr.LayerGradCam(network, target_layer(network, 64))
    theirs = cam.attribute(batch.float(), targets, relu_attributions=True)[:, 0]
    assert torch.allclose(METHODS["gradcam"](network, batch, targets), theirs, atol=1e-4)


def test_integrated_gradients_agree_with_captum_and_add_up() -> None:
    network, batch, targets = small_cnn(), pictures(), torch.tensor([0, 2])
    ground = (torch.tensor(network.mean).view(1, 3, 1, 1) * 255).expand(2, 3, 32, 32)
    peer = captum.attr.IntegratedGradients(network)
    theirs = peer.attribute(batch.float(), ground, targets, n_steps=64, method="riemann_middle")
    ours = attributions(network, batch, targets, steps=64)
    assert torch.allclose(ours, theirs.float(), atol=1e-4)
    rise = (network(batch) - network(ground)).gather(1, targets[:, None])[:, 0]
    assert torch.allclose(ours.sum((1, 2, 3)), rise, atol=1e-3)


def test_occlusion_agrees_with_captum_where_covering_lowers_the_score() -> None:
    network, batch, targets = small_cnn(), pictures(count=1, side=36), torch.tensor([1])
    ground = batch.float().mean((2, 3), keepdim=True).expand(1, 3, 36, 36)
    peer = captum.attr.Occlusion(network)
    theirs = peer.attribute(batch.float(), (3, 6, 6), (3, 3, 3), baselines=ground, target=targets)[:, 0]
    assert torch.allclose(METHODS["occlusion"](network, batch, targets), theirs.float().relu(), atol=1e-4)


def test_eigencam_agrees_with_pytorch_grad_cam_up_to_the_sign_it_leaves_open() -> None:
    network, batch = small_cnn(), pictures()
    activations = record(network, batch, torch.tensor([0, 0])).activations
    theirs = pytorch_grad_cam.utils.svd_on_activations.get_2d_projection(activations.numpy())
    ours = METHODS["eigencam"](network, batch, torch.tensor([0, 0])).numpy()
    for one, other in zip(ours, theirs, strict=True):
        assert np.allclose(one, other.clip(0), atol=1e-4) or np.allclose(one, (-other).clip(0), atol=1e-4)


def test_scorecam_finds_the_place_whose_showing_raises_the_score() -> None:
    body = nn.Sequential(nn.AvgPool2d(4), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    network = with_body(body, 3, 2)
    with torch.no_grad():
        network.head.weight.copy_(torch.tensor([[20.0, 0, 0], [0, 20, 0]]))
        network.head.bias.zero_()
    batch = torch.full((1, 3, 32, 32), 100, dtype=torch.uint8)
    batch[0, 0, :8, :8], batch[0, 1, 24:, 24:] = 250, 250  # class 0 is red, class 1 is green
    for target, corner in ((0, (0, 0)), (1, (7, 7))):
        heat = METHODS["scorecam"](network, batch, torch.tensor([target]))[0]
        assert divmod(int(heat.argmax()), heat.shape[1]) == pytest.approx(corner, abs=1)


@pytest.mark.parametrize("method", [name for name, info in EXPLANATIONS.items() if not info.transformers])
def test_every_method_gives_one_map_per_picture_between_0_and_1_and_the_same_each_time(method: str) -> None:
    network, batch, targets = small_cnn(), pictures(), torch.tensor([0, 2])
    first, second = explain(network, batch, targets, method), explain(network, batch, targets, method)
    assert first.shape == (2, 32, 32) and first.dtype == torch.float32
    assert float(first.min()) >= 0 and float(first.max()) == 1
    assert torch.equal(first, second)
    alone = explain(network, batch[1:], targets[1:], method)
    assert torch.allclose(first[1:], alone, atol=1e-4)  # a picture's map does not depend on its neighbours


@pytest.mark.parametrize("method", [name for name, info in EXPLANATIONS.items() if not info.transformers])
def test_the_network_is_left_as_it_was(method: str) -> None:
    network, batch = small_cnn(), pictures()
    before = network(batch)
    explain(network, batch, torch.tensor([0, 1]), method)
    assert all(parameter.requires_grad and parameter.grad is None for parameter in network.parameters())
    assert not any(layer._forward_hooks or layer._forward_pre_hooks for layer in network.modules())
    assert torch.equal(network(batch), before)


def test_hooks_are_removed_and_parameters_learn_again_after_an_error() -> None:
    network = small_cnn()
    with pytest.raises(RuntimeError, match="boom"), frozen(network), leaf_at(network.body[3]):
        network(pictures())
        raise RuntimeError("boom")
    with pytest.raises(RuntimeError, match="out of bounds"):
        METHODS["gradcam"](network, pictures(), torch.tensor([0, 7]))
    assert all(parameter.requires_grad for parameter in network.parameters())
    assert not any(layer._forward_hooks for layer in network.modules())


def test_the_logit_is_followed_and_not_a_probability() -> None:
    network, batch = small_cnn(), pictures()
    with torch.no_grad():
        network.head.bias += torch.tensor([1000.0, 0, 0])  # certain: a probability's gradient would vanish
    gradients = record(network, batch, torch.tensor([0, 0])).gradients
    # After the average over 8 x 8 places each one's gradient is the head's weight over 64.
    assert torch.allclose(gradients[0, :, 3, 3], network.head.weight[0].detach() / 64)


def test_only_the_part_behind_the_target_layer_is_followed_back() -> None:
    network, batch = small_cnn(), pictures()
    calls: list[str] = []
    target_layer(network, 32)  # found by a pass of its own
    for name in ("conv1", "pool"):
        layer = network.body.get_submodule(name)
        layer.register_full_backward_hook(lambda *_, name=name: calls.append(name))
    record(network, batch, torch.tensor([0, 0]))
    assert calls == ["pool"]


def test_a_class_nothing_speaks_for_has_an_empty_map() -> None:
    network = small_cnn(2)
    with torch.no_grad():
        network.head.weight.copy_(torch.stack([torch.ones(8), -torch.ones(8)]))
    maps = explain(network, pictures(), torch.tensor([0, 1]))
    assert float(maps[0].max()) == 1 and float(maps[1].max()) == 0


def test_maps_are_found_in_every_layout() -> None:
    plain = torch.arange(2 * 5 * 3 * 3.0).view(2, 5, 3, 3)
    channels_last = plain.permute(0, 2, 3, 1)
    tokens = plain.flatten(2).transpose(1, 2)
    with_class_and_distillation = torch.cat([torch.zeros(2, 2, 5), tokens], 1)
    for layout in (plain, channels_last, tokens, with_class_and_distillation):
        assert torch.equal(as_map(layout), plain)
    with pytest.raises(ValueError, match="no places"):
        as_map(torch.zeros(2, 5))


class Attention(nn.Module):
    """As timm's: the matrix goes through `attn_drop` unless a fused kernel hides it."""

    def __init__(self, matrix: list[list[float]]) -> None:
        super().__init__()
        self.attn_drop, self.fused_attn, self.matrix = nn.Dropout(0.0), True, torch.tensor([[matrix]])

    def forward(self, tokens: Tensor) -> Tensor:
        return tokens if self.fused_attn else self.attn_drop(self.matrix.expand(len(tokens), -1, -1, -1)) @ tokens


def test_attention_rollout_multiplies_the_blocks_as_the_hand_does() -> None:
    # A class token and 2 x 2 places. The first block moves place 4 to place 1, the second lets the class see place 1.
    first = torch.eye(5)
    first[1] = torch.tensor([0.0, 0, 0, 0, 1])
    second = torch.eye(5)
    second[0] = torch.tensor([0.0, 1, 0, 0, 0])

    class Body(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.blocks = nn.ModuleList([Attention(first.tolist()), Attention(second.tolist())])

        def forward(self, pictures: Tensor) -> Tensor:
            tokens = torch.ones(len(pictures), 1, 5, 1)
            return [tokens := block(tokens) for block in self.blocks][-1].flatten(1)

    network = with_body(Body(), 5, 2)
    heat = METHODS["attention_rollout"](network, pictures(), torch.tensor([0, 1]))
    # (I + A2) / 2 @ (I + A1) / 2, row of the class: place 1 gets 1/2 * 1/2, place 4 gets 1/2 * 1/2.
    assert torch.allclose(heat, torch.tensor([[[0.25, 0], [0, 0.25]]]).expand(2, 2, 2))
    assert all(block.fused_attn for block in network.body.blocks)


def test_attention_rollout_refuses_a_network_without_attention() -> None:
    with pytest.raises(BadInput, match="needs a vision transformer"):
        explain(small_cnn(), pictures(), torch.tensor([0, 0]), "attention_rollout")


@pytest.mark.parametrize("method", ["attention_rollout", "weighted_attention"])
def test_attention_in_windows_is_refused_for_its_map_would_be_of_the_first_window(method: str) -> None:
    class Windows(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.block = Attention(torch.eye(4).tolist())

        def forward(self, pictures: Tensor) -> Tensor:
            return self.block(torch.ones(4 * len(pictures), 1, 4, 1)).view(len(pictures), 16)

    with pytest.raises(BadInput, match="whose blocks see the whole picture"):
        explain(with_body(Windows(), 16, 2), pictures(), torch.tensor([0, 0]), method)


def test_attention_that_changes_its_size_on_the_way_is_refused_for_a_part_would_stand_for_all() -> None:
    class Pyramid(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fine, self.coarse = Attention(torch.eye(16).tolist()), Attention(torch.eye(4).tolist())

        def forward(self, pictures: Tensor) -> Tensor:
            return self.coarse(self.fine(torch.ones(len(pictures), 1, 16, 1))[:, :, ::4]).view(len(pictures), 4)

    with pytest.raises(BadInput, match="whose blocks see the whole picture"):
        explain(with_body(Pyramid(), 4, 2), pictures(), torch.tensor([0, 0]), "attention_rollout")


def test_an_unknown_method_names_the_known_ones() -> None:
    with pytest.raises(BadInput, match="gradcam, gradcam"):
        explain(small_cnn(), pictures(), torch.tensor([0, 0]), "tea leaves")


def test_every_method_is_described_to_people() -> None:
    assert list(METHODS) == list(EXPLANATIONS)


# --- many at once -------------------------------------------------------------------------------------------------


def test_a_batch_costs_one_pass_forth_and_one_back_to_the_last_block() -> None:
    network, batch = small_cnn(), pictures(count=16)
    passes: list[str] = []
    target_layer(network, 32)  # found by a pass of its own
    network.body.conv1.register_forward_hook(lambda *_: passes.append("forth"))
    network.body.pool.register_full_backward_hook(lambda *_: passes.append("back"))
    network.body.conv1.register_full_backward_hook(lambda *_: passes.append("too far back"))
    explain(network, batch, torch.zeros(16, dtype=torch.long))
    assert passes == ["forth", "back"]


def test_maps_in_bfloat16_stay_the_same_to_the_eye() -> None:
    network, batch, targets = resnet18(), pictures(side=64), torch.tensor([1, 2])
    exact = explain(network, batch, targets)
    quick = explain(network, batch, targets, precision="bfloat16")
    assert quick.dtype == torch.float32
    assert 0 < float((quick - exact).abs().max()) < 0.1  # not the same, or it was no bfloat16
