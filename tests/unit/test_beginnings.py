"""Networks as they are listed, and as they begin to learn."""

import pytest
import torch
import torchvision
from torch import nn

from core.catalogue import BACKBONES, all_backbones, backbone_info, search_backbones
from core.errors import BadInput
from core.models import Network, begin_residuals, hasten_batch_norm


def test_the_short_list_is_in_the_whole_list_and_found_by_words() -> None:
    assert set(BACKBONES) <= set(all_backbones())
    assert [item.name for item in search_backbones("phone")][:2] == ["graft:tiny_cnn", "mobilenet_v3_large"]
    assert [item.name for item in search_backbones("")] == list(BACKBONES)
    assert backbone_info("timm:resnext101_32x8d.fb_wsl_ig1b_ft_in1k").name == "timm:resnext101_32x8d"
    for asked, offered in (
        ("resnet19", "resnet18, "), ("graft:tinycnn", "graft:tiny_cnn"), ("nothing like it", "mobilenet_v3_small, "),
    ):  # fmt: skip
        with pytest.raises(BadInput, match=f"no backbone '{asked}'\\. Choose one such as {offered}"):
            backbone_info(asked)
    with pytest.raises(BadInput) as told:
        backbone_info("timm:vit_bas_patch16_224")
    assert told.value.hint.count("timm:") == 5 and "timm:vit_base_patch16_224," in told.value.hint, "a few"
    assert {name for name, info in BACKBONES.items() if not info.pretrained} == {"graft:tiny_cnn", "graft:light_cnn"}


@pytest.mark.parametrize("name", [name for name in BACKBONES if ":" not in name])
def test_the_short_list_tells_what_torchvision_publishes(name: str) -> None:
    published = torchvision.models.get_model_weights(name)["IMAGENET1K_V1"]
    info = backbone_info(name)
    assert info.parameters_m == round(published.meta["num_params"] / 1e6, 1)
    assert [info.image_size] == published.transforms().crop_size


def test_zero_gamma_makes_every_residual_block_pass_its_input_on() -> None:
    network = Network("resnet18", 2, image_size=32).eval()
    begin_residuals(network.body, silent=True)
    block = network.body.get_submodule("layer1.1")
    values = torch.rand(1, 64, 8, 8)
    assert torch.equal(block(values), values)


@pytest.mark.parametrize(
    ("backbone", "branches"),
    [("resnet18", 8), ("timm:resnet50", 16), ("timm:regnety_002", 13), ("regnet_y_400mf", 16), ("mobilenet_v2", 10),
     ("timm:rexnet_100", 11), ("timm:halonet26t", 8), ("timm:efficientnet_b0", 9), ("densenet121", 0)],
)  # fmt: skip
def test_zero_gamma_is_on_or_off_whatever_the_library_begins_with(backbone: str, branches: int) -> None:
    body = Network(backbone, 2, image_size=64).body
    norms = [item for item in body.modules() if isinstance(item, nn.BatchNorm2d)]
    for silent in (True, False):
        begin_residuals(body, silent=silent)
        zeroed = sum(not bool(item.weight.any()) for item in norms)
        assert zeroed == (branches if silent else 0)
    assert ("gamma" in backbone_info(backbone).lacks) is (branches == 0)


def test_what_inception_and_googlenet_learnt_from_lies_in_minus_one_to_one() -> None:
    picture = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    for name in ("inception_v3", "googlenet"):
        network = Network(name, 2, image_size=96)
        mean, std = (torch.tensor(item).view(1, 3, 1, 1) for item in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
        theirs = torchvision.models.get_model(name, init_weights=False, transform_input=True)
        assert torch.allclose(
            network.normalise(255 * picture), theirs._transform_input((picture - mean) / std), atol=1e-5
        )


def test_batch_norm_follows_quickly_in_a_training_from_scratch() -> None:
    network = Network("mobilenet_v3_small", 2, image_size=32)
    norms = [item for item in network.modules() if isinstance(item, nn.BatchNorm2d)]
    assert {item.momentum for item in norms} == {0.01}
    hasten_batch_norm(network)
    assert {item.momentum for item in norms} == {0.1}
