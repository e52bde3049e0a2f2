"""Every family of networks has a layer to look at, found without being told."""

import pytest
import torch

from core.catalogue import BACKBONES
from core.explanation import explain
from core.explanation.record import record
from core.models import Network

# One small member per family, at the smallest size it takes.
TORCHVISION = {
    "alexnet": 96, "convnext_tiny": 64, "densenet121": 64, "efficientnet_b0": 64, "efficientnet_v2_s": 64,
    "googlenet": 64, "inception_v3": 128, "maxvit_t": 224, "mnasnet0_5": 64, "mobilenet_v2": 64,
    "mobilenet_v3_large": 64, "regnet_x_400mf": 64, "regnet_y_400mf": 64, "resnet50": 64, "resnext50_32x4d": 64,
    "shufflenet_v2_x0_5": 64, "squeezenet1_1": 64, "swin_t": 64, "swin_v2_t": 64, "vgg11": 64, "vit_b_32": 128,
    "wide_resnet50_2": 64,
}  # fmt: skip
TIMM = {
    "caformer_s18": 64, "cait_xxs24_224": 224, "coat_tiny": 224, "convit_tiny": 224, "convnext_atto": 64,
    "crossvit_9_240": 240, "cspresnet50": 64, "davit_tiny": 64, "deit_tiny_distilled_patch16_224": 64, "dla34": 64,
    "dpn68": 64, "edgenext_xx_small": 64, "efficientformer_l1": 224, "efficientvit_b0": 64,
    "eva02_tiny_patch14_224": 56,
    "focalnet_tiny_srf": 64, "gcvit_xxtiny": 224, "ghostnet_050": 64, "gmlp_ti16_224": 224, "halonet26t": 256,
    "hgnet_tiny": 64, "hiera_tiny_224": 224, "hrnet_w18_small": 64, "inception_next_atto": 64,
    "inception_resnet_v2": 128, "legacy_xception": 96, "levit_128s": 224, "mambaout_femto": 64, "mobilevit_xxs": 64,
    "mvitv2_tiny": 224, "nasnetalarge": 128, "nest_tiny": 224, "nf_resnet50": 64, "pit_ti_224": 224, "pvt_v2_b0": 64,
    "regnetx_002": 64, "regnetz_005": 64, "repvgg_a0": 64, "repvit_m0_9": 64, "res2net50_14w_8s": 64,
    "resnest14d": 64, "resnet18": 64, "resnetv2_50x1_bit": 64, "rexnet_100": 64, "selecsls42": 96, "seresnet18": 64,
    "sequencer2d_s": 224, "skresnet18": 64, "swin_tiny_patch4_window7_224": 224, "swinv2_tiny_window8_256": 256,
    "tiny_vit_5m_224": 224, "tnt_s_legacy_patch16_224": 224, "tresnet_m": 64, "twins_svt_small": 64,
    "visformer_tiny": 224, "vit_relpos_small_patch16_224": 224, "vit_tiny_patch16_224": 64,
    "vit_small_patch14_reg4_dinov2": 70, "vit_tiny_r_s16_p8_224": 64, "ese_vovnet19b_slim": 64,
    "xcit_nano_12_p8_224": 64,
}  # fmt: skip
CASES = {
    **{name: 224 if "vit" in name else 64 for name in BACKBONES},
    **TORCHVISION,
    **{f"timm:{name}": side for name, side in TIMM.items()},
}


@pytest.mark.parametrize(("backbone", "side"), CASES.items())
def test_every_family_has_a_heatmap_with_places(backbone: str, side: int) -> None:
    torch.manual_seed(0)
    network = Network(backbone, 4, image_size=side).eval()
    picture = torch.randint(0, 256, (1, 3, side, side), dtype=torch.uint8)
    seen = record(network, picture, torch.tensor([0]))
    assert seen.activations.dim() == 4 and seen.activations.shape[-1] > 1
    assert seen.activations.shape == seen.gradients.shape
    assert int(seen.gradients.abs().sum(1).count_nonzero()) > 1
    maps = explain(network, picture.expand(4, -1, -1, -1), torch.arange(4))
    assert float(maps.min()) >= 0 and float(maps.max()) == 1


def test_a_class_token_is_not_a_place_and_its_last_block_is_passed_over() -> None:
    network = Network("timm:vit_tiny_patch16_224", 3, image_size=64).eval()
    picture = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8)
    seen = record(network, picture, torch.tensor([0, 1]))
    assert seen.activations.shape == (2, 192, 4, 4)
    assert bool((seen.gradients.abs().sum(1) > 0).all())  # behind the last attention only the class token has any
