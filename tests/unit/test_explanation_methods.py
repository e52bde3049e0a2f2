"""RISE, gradient SHAP, relevance propagation and attention against hand-computed values and captum."""

import itertools

import captum.attr
import pytest
import torch
from captum.attr._utils.lrp_rules import EpsilonRule, GammaRule
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from core.catalogue import EXPLANATIONS
from core.errors import BadInput
from core.explanation import METHODS, explain
from core.explanation.attentions import attentions
from core.explanation.gradient_shap import PLACES, backgrounds, shares
from core.explanation.relevance import propagated
from core.explanation.rise import draw_masks, weighed
from core.models import Network
from tests.unit.test_explanation import pictures, small_cnn, with_body


@pytest.fixture(autouse=True)
def _same_random_numbers() -> None:
    torch.manual_seed(0)


class Flat(nn.Module):
    def forward(self, pictures: Tensor) -> Tensor:
        return pictures.flatten(1)


def test_rise_over_all_masks_finds_each_pixels_weight() -> None:
    network = with_body(Flat(), 12, 1)
    network.normalise = lambda pictures: pictures.float()  # type: ignore[method-assign]
    with torch.no_grad():
        network.head.weight.copy_(torch.tensor([[1.0, 2, -1, 0] + [0.0] * 8]))
    picture = torch.tensor([[[4.0, 8], [0, 12]], [[0, 0], [0, 0]], [[0, 0], [0, 0]]])
    masks = torch.tensor(list(itertools.product([0.0, 1], repeat=4))).view(16, 2, 2)
    # The first colour's mean is 6. Showing a pixel changes the logit by weight * (pixel - mean), and masks of all kinds
    # vary each pixel by 1/4 independently: [1 * -2, 2 * 2, -1 * -6, 0 * 6] / 4.
    heat = weighed(network, picture, torch.tensor(0), masks)
    assert torch.allclose(heat, torch.tensor([[-0.5, 1.0], [1.5, 0.0]]), atol=1e-5)


def test_rise_shows_each_pixel_in_about_half_of_the_masks() -> None:
    masks = draw_masks(40, count=400)
    assert masks.shape == (400, 40, 40) and float(masks.min()) >= 0 and float(masks.max()) <= 1 + 1e-5
    assert bool(((masks.mean(0) - 0.5).abs() < 0.1).all())


def test_gradient_shap_is_the_mean_of_captums_integrated_gradients_over_the_backgrounds() -> None:
    network, batch, targets = small_cnn(), pictures(), torch.tensor([0, 2])
    grounds = backgrounds(network, batch)
    peer = captum.attr.IntegratedGradients(network)
    theirs = torch.stack(
        [
            peer.attribute(batch.float(), ground, targets, n_steps=len(PLACES), method="riemann_middle")
            for ground in grounds
        ]
    ).mean(0)
    assert torch.allclose(shares(network, batch, targets, grounds), theirs.float(), atol=1e-4)


class Plain(nn.Module):
    """A network whose layers captum can propagate through, too."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 3, padding=1)
        self.relu1 = nn.ReLU(inplace=True)
        self.pool = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(6, 8, 3, padding=1)
        self.relu2 = nn.ReLU()

    def forward(self, pictures: Tensor) -> Tensor:
        return self.relu2(self.conv2(self.pool(self.relu1(self.conv1(pictures))))).flatten(1)


def test_relevance_agrees_with_captum_where_captum_can_propagate() -> None:
    network, batch, targets = with_body(Plain(), 8 * 8 * 8, 3), pictures(side=16), torch.tensor([0, 2])
    # Captum's gamma is for inputs that are not negative, and leaves biases as they are.
    network.normalise = lambda pictures: pictures.float() / 255  # type: ignore[method-assign]
    with torch.no_grad():
        network.body.conv1.bias.zero_(), network.body.conv2.bias.zero_()
    ours = propagated(network, batch, targets)

    class Peer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.head = network.body, network.head

        def forward(self, normalised: Tensor) -> Tensor:
            return self.head(self.body(normalised))

    peer = Peer()
    peer.body.relu1.inplace = False
    for layer in (peer.body.conv1, peer.body.conv2):
        layer.rule = GammaRule(gamma=0.25)
    peer.head.rule = EpsilonRule(epsilon=0)
    theirs = captum.attr.LRP(peer).attribute(network.normalise(batch).requires_grad_(), target=targets)
    assert float(ours.abs().max()) > 0
    assert torch.allclose(ours, theirs.detach(), atol=1e-4)


def test_relevance_is_neither_added_nor_lost_in_a_residual_network() -> None:
    network = Network("resnet18", 4, image_size=64).eval()
    with torch.no_grad():
        network.head.bias.zero_()  # its batch norms' shifts are zero, too, before any training
    batch, targets = pictures(side=64), torch.tensor([1, 2])
    before = network(batch)
    for gamma in (0.0, 0.25):
        total = propagated(network, batch, targets, gamma).sum((1, 2, 3))
        assert torch.allclose(total, before.gather(1, targets[:, None])[:, 0], rtol=1e-3, atol=1e-4)
    assert torch.equal(network(batch), before)  # rules are gone, and activations work in place again
    assert any(getattr(layer, "inplace", False) for layer in network.modules())


def test_a_batch_norm_is_one_layer_with_the_convolution_before_it() -> None:
    class Normed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.norm, self.relu = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()

        def forward(self, pictures: Tensor) -> Tensor:
            return self.relu(self.norm(self.conv(pictures))).flatten(1)

    network, batch = with_body(Normed(), 4 * 6 * 6, 2), pictures(side=8)
    norm = network.body.norm
    norm.running_mean.uniform_(-1, 1), norm.running_var.uniform_(0.5, 2)
    with torch.no_grad():
        norm.weight.uniform_(0.5, 2), norm.bias.uniform_(-1, 1)
    apart = propagated(network, batch, torch.tensor([0, 1]))
    network.body.conv = fuse_conv_bn_eval(network.body.conv, norm)
    network.body.norm = nn.Identity()
    assert torch.allclose(apart, propagated(network, batch, torch.tensor([0, 1])), atol=1e-4)


def test_relevance_through_a_sum_is_shared_in_proportion() -> None:
    class Sum(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.left, self.right = nn.Conv2d(3, 1, 1, bias=False), nn.Conv2d(3, 1, 1, bias=False)

        def forward(self, pictures: Tensor) -> Tensor:
            return (self.left(pictures) + self.right(pictures)).flatten(1)

    network = with_body(Sum(), 1, 1)
    network.normalise = lambda pictures: pictures.float()  # type: ignore[method-assign]
    with torch.no_grad():
        network.body.left.weight.copy_(torch.tensor([2.0, 0, 0]).view(1, 3, 1, 1))
        network.body.right.weight.copy_(torch.tensor([1.0, 1, -1]).view(1, 3, 1, 1))
        network.head.weight.fill_(1), network.head.bias.zero_()
    # Pixel (1, 2, 1): left gives 2, right 1 + 2 - 1 = 2; red gets 2 + 1, green 2, blue -1. With gamma 1 the right
    # one's positive parts double: 2 + 4 - 1 = 5 stand for 2: red 2 / 5 * 2, green 4 / 5 * 2, blue -1 / 5 * 2.
    picture = torch.tensor([1.0, 2, 1]).view(1, 3, 1, 1)
    plain = propagated(network, picture, torch.tensor([0]), gamma=0.0).flatten()
    favouring = propagated(network, picture, torch.tensor([0]), gamma=1.0).flatten()
    assert torch.allclose(plain, torch.tensor([3.0, 2, -1]))
    assert torch.allclose(favouring, torch.tensor([2 + 0.8, 1.6, -0.4]))


@pytest.mark.parametrize(
    ("backbone", "side"), [("mobilenet_v3_small", 64), ("efficientnet_b0", 64), ("densenet121", 64)]
)
def test_relevance_explains_networks_with_gates_and_other_activations(backbone: str, side: int) -> None:
    network = Network(backbone, 3, image_size=side).eval()
    heat = explain(network, pictures(side=side), torch.tensor([0, 1]), "relevance")
    assert heat.shape == (2, side, side) and float(heat.max()) == 1


def test_relevance_refuses_a_transformer() -> None:
    network = Network("timm:vit_tiny_patch16_224", 3, image_size=32).eval()
    with pytest.raises(BadInput, match="LayerNorm"):
        explain(network, pictures(), torch.tensor([0, 1]), "relevance")


class Attention(nn.Module):
    """As timm's: the matrix goes through `attn_drop` unless a fused kernel hides it."""

    def __init__(self, matrix: Tensor) -> None:
        super().__init__()
        self.attn_drop, self.fused_attn, self.matrix = nn.Dropout(0.0), True, matrix

    def forward(self, tokens: Tensor) -> Tensor:
        matrix = self.matrix.expand(len(tokens), 1, -1, -1) + 0 * tokens.mean()
        return tokens if self.fused_attn else self.attn_drop(matrix) @ tokens


def test_gradient_weighted_attention_is_what_the_hand_computes() -> None:
    class Body(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = Attention(torch.tensor([[[[0.1, 0.2, 0.3, 0.4, 0.0]] + [[0.2] * 5] * 4]]))

        def forward(self, pictures: Tensor) -> Tensor:
            values = torch.tensor([1.0, 1, -1, 2, 1]).view(1, 1, 5, 1)
            return self.first(values + 0 * pictures.mean((1, 2, 3)).view(-1, 1, 1, 1)).flatten(1)

    network = with_body(Body(), 5, 1)
    with torch.no_grad():
        network.head.weight.copy_(torch.tensor([[3.0, 0, 0, 0, 0]]))
    # The logit is 3 * (row of the class @ values): its gradient by the row is 3 * values. Attention times gradient,
    # positive parts: [.1, .2, -.3, .8, 0] * 3 -> places [.6, 0, 2.4, 0].
    heat = METHODS["weighted_attention"](network, pictures(), torch.tensor([0, 0]))
    assert torch.allclose(heat, torch.tensor([[[0.6, 0.0], [2.4, 0.0]]]).expand(2, 2, 2), atol=1e-5)


@pytest.mark.parametrize(("backbone", "side", "blocks"), [("vit_b_32", 64, 12), ("timm:vit_tiny_patch16_224", 64, 12)])
def test_attention_is_looked_at_without_changing_the_answer(backbone: str, side: int, blocks: int) -> None:
    network = Network(backbone, 3, image_size=side).eval()
    batch, targets = pictures(side=side), torch.tensor([0, 1])
    before = network(batch)
    with attentions(network) as seen:
        looked = network(batch)
    assert torch.allclose(looked, before, atol=1e-4)
    assert len(seen) == blocks
    assert all(torch.allclose(item.sum(-1), torch.ones(()), atol=1e-5) for item in seen)
    one, other = (explain(network, batch, target.expand(2), "weighted_attention") for target in targets)
    assert one.shape == (2, side, side) and not torch.allclose(one, other)  # unlike rollout, it is of a class
    assert not any(layer._forward_hooks for layer in network.modules())


def test_gradient_weighted_attention_refuses_a_network_without_attention() -> None:
    with pytest.raises(BadInput, match="needs a vision transformer"):
        explain(small_cnn(), pictures(), torch.tensor([0, 0]), "weighted_attention")


def test_relevance_propagation_refuses_attention_even_where_every_layer_has_a_rule() -> None:
    class Attending(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.num_heads, self.query = 1, nn.Linear(3, 3)

        def forward(self, pictures: Tensor) -> Tensor:
            tokens = pictures.flatten(2).transpose(1, 2)
            return ((self.query(tokens) @ tokens.transpose(1, 2)).softmax(-1) @ tokens).mean(1)

    with pytest.raises(BadInput, match="no rules"):
        explain(with_body(Attending(), 3, 1), pictures(), torch.tensor([0, 0]), "relevance")


@pytest.mark.parametrize(
    ("backbone", "sees_all"),
    [
        ("vit_b_16", True),
        ("timm:vit_tiny_patch16_224", True),
        ("timm:deit3_small_patch16_224", True),
        ("timm:flexivit_small", True),
        ("timm:beitv2_base_patch16_224", True),
        ("timm:eva02_tiny_patch14_224", True),
        ("timm:repvit_m1", False),  # convolutional
        ("timm:maxvit_pico_rw_256", False),  # windows
        ("timm:mobilevit_xxs", False),
        ("timm:levit_128s", False),
        ("swin_t", False),
    ],
)
def test_attention_is_offered_where_every_block_sees_the_whole_picture(backbone: str, sees_all: bool) -> None:
    assert EXPLANATIONS["attention_rollout"].fits(backbone) is sees_all
    assert EXPLANATIONS["relevance"].fits(backbone) is not sees_all
    assert EXPLANATIONS["gradcam"].fits(backbone)
