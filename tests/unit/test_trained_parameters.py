"""Which parameters learn, how fast, and with how much decay."""

import math

import pytest
import torch
from torch import nn

from core.catalogue import BACKBONES, backbone_info
from core.errors import BadInput
from core.models import Network, channels_last, units
from core.models.parts import add_lora, check_kind, lacking_kinds, merge_lora, merged_state, set_trainable_kind
from core.recipes import PRESETS
from core.training.head import fit_head
from core.training.plan import build_optimizer
from core.types import Task

BALANCED = PRESETS["balanced"]


@pytest.mark.parametrize(("backbone", "size"), [("mobilenet_v3_small", 32), ("timm:vit_tiny_patch16_224", 32)])
def test_each_lower_block_learns_more_slowly_with_layer_decay(backbone: str, size: int) -> None:
    network = Network(backbone, 2, image_size=size)
    recipe = BALANCED.with_settings({"layer_decay": "0.5", "learning_rate": "1", "backbone_factor": "1"})
    optimizer = build_optimizer(network, recipe)
    rates = {id(item): group["lr"] for group in optimizer.param_groups for item in group["params"]}
    assert (
        len(rates) == len(list(network.parameters())) == sum(len(group["params"]) for group in optimizer.param_groups)
    )
    for above, block in enumerate(reversed(units(network))):
        assert {rates[id(item)] for item in block.parameters()} == {0.5**above}
    if backbone.startswith("timm:vit"):
        assert len(units(network)) == 14, "the last norm, twelve blocks, and what cuts the picture into patches"


@pytest.mark.parametrize("spared", [True, False])
def test_biases_and_norms_are_spared_from_weight_decay_unless_told_otherwise(spared: bool) -> None:
    network = Network("mobilenet_v3_small", 2, image_size=32)
    recipe = BALANCED.with_settings({"weight_decay": "0.3", "no_bias_decay": str(spared)})
    groups = build_optimizer(network, recipe).param_groups
    decays = {id(item): group["weight_decay"] for group in groups for item in group["params"]}
    for name, item in network.named_parameters():
        assert decays[id(item)] == (0 if spared and item.ndim == 1 else 0.3), name


def test_the_last_layer_s_bias_is_spared_unless_told_otherwise() -> None:
    x, rare = torch.randn(40, 3, generator=torch.Generator().manual_seed(0)), torch.tensor([0] * 36 + [1] * 4)
    recipe = PRESETS["instant"].with_settings({"weight_decay": "1", "learning_rate": "0.1", "imbalance": "ignore"})

    def bias(spared: bool) -> float:
        chosen = recipe.with_settings({"no_bias_decay": str(spared), "patience": "0"})
        fit = fit_head(Task.SINGLE, (x, rare), (x, rare), 2, chosen, lambda epoch, values: None)
        return float(fit.bias[0] - fit.bias[1])

    assert bias(True) == pytest.approx(math.log(9), abs=0.3), "of nine pictures to one"
    assert bias(False) < math.log(9) - 0.5


@pytest.mark.parametrize("kind", ["norm", "bias"])
def test_only_the_chosen_kind_of_parameters_learns(kind: str) -> None:
    network = Network("mobilenet_v3_small", 2, image_size=32)
    set_trainable_kind(network, kind)
    learning = {name for name, item in network.body.named_parameters() if item.requires_grad}
    assert learning and all(name.endswith("bias") or kind == "norm" for name in learning)
    with pytest.raises(BadInput, match="mobilenet_v3_small has no attention that could learn alone"):
        set_trainable_kind(network, "attention")


def test_parts_that_a_network_has_none_of_are_told_before_it_learns() -> None:
    plain = Network("resnet18", 2, image_size=32)
    for tune in ("head", "gradual", "last:2", "all", "norm", "bias"):
        check_kind(plain, tune)
    for tune in ("lora:4", "attention"):
        with pytest.raises(BadInput, match=r"What learns.*tune"):
            check_kind(plain, tune)


@pytest.mark.parametrize(
    "backbone", [*BACKBONES, "squeezenet1_0", "timm:test_nfnet", "timm:test_vit", "timm:test_resnet"]
)
def test_the_catalogue_knows_by_name_which_parts_a_network_has_none_of(backbone: str) -> None:
    info = backbone_info(backbone)
    network = Network(backbone, 2, image_size=info.image_size)
    assert lacking_kinds(network.body) == info.lacks
    for tune in ("norm", "bias", "attention", "lora:4"):
        if why := info.why_not(tune):
            with pytest.raises(BadInput, match=f"{backbone} {why}"):
                check_kind(network, tune)
        else:
            check_kind(network, tune)


def test_lora_begins_as_the_network_it_was_and_merges_into_an_ordinary_one() -> None:
    network = Network("timm:test_vit", 2, image_size=160).eval()
    pictures = torch.randint(0, 256, (2, 3, 160, 160), dtype=torch.uint8)
    names, before = set(network.state_dict()), network(pictures)
    add_lora(network, 4)
    assert torch.allclose(network(pictures), before, atol=1e-5)
    set_trainable_kind(network, "lora")
    for name, item in network.body.named_parameters():
        assert item.requires_grad == name.endswith((".a", ".b"))
        if item.requires_grad:
            nn.init.normal_(item, std=0.1)
    changed, state = network(pictures), merged_state(network.state_dict())
    merge_lora(network)
    assert set(network.state_dict()) == names == set(state)
    assert all(torch.allclose(value, state[name]) for name, value in network.state_dict().items())
    assert torch.allclose(network(pictures), changed, atol=1e-5) and not torch.allclose(changed, before, atol=1e-3)


def test_lora_is_beside_queries_keys_and_values_of_torchs_own_attention_too() -> None:
    network = Network("vit_b_16", 2, image_size=32).eval()
    pictures = torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8)
    names, before = set(network.state_dict()), network(pictures)
    add_lora(network, 2)
    set_trainable_kind(network, "lora")
    learning = [name for name, item in network.named_parameters() if item.requires_grad and name.startswith("body")]
    assert len([name for name in learning if "in_proj_weight" in name]) == 2 * 12, "A and B of each of twelve blocks"
    assert len(learning) == 2 * 12 * 4, "and of what follows: the way out and two layers"
    network.train()(pictures).sum().backward()
    assert all(item.grad is not None for name, item in network.named_parameters() if name in learning)
    network.eval()
    assert torch.allclose(network(pictures), before, atol=1e-4)
    merged = merged_state(network.state_dict())
    assert set(merged) == names
    merge_lora(network)
    assert set(network.state_dict()) == names and torch.allclose(network(pictures), before, atol=1e-4)


@pytest.mark.parametrize("backbone", ["timm:convnext_atto_rms", "timm:resnetv2_50d_evos", "timm:resnetv2_50d_frn"])
def test_norm_layers_of_every_kind_can_learn_alone(backbone: str) -> None:
    network = Network(backbone, 2, image_size=64)
    set_trainable_kind(network, "norm")
    learning = [item for item in network.body.parameters() if item.requires_grad]
    assert len(learning) > 10 and all(item.ndim == 1 for item in learning)


def test_only_weights_of_four_dimensions_are_laid_out_as_pictures_are() -> None:
    """The third dimension is that of the position weights of timm's lambda layers, which `Module.to` refuses."""
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv3d(1, 4, (3, 3, 1)), nn.BatchNorm2d(4))
    assert channels_last(network) is network
    assert network[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert network[1].weight.is_contiguous()
    apart = channels_last(nn.Conv2d(4, 4, 3, groups=4)).weight
    assert apart.stride() == nn.Conv2d(4, 4, 3, groups=4).to(memory_format=torch.channels_last).weight.stride()
    pictures = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    plain = nn.Conv2d(3, 4, 3)
    plain.load_state_dict(network[0].state_dict())
    assert torch.allclose(network[0](pictures), plain(pictures), atol=1e-5)
