"""Graft's own small networks: one for a microcontroller, and the plain one that studies call a "vanilla" CNN.

`TinyCnn` follows "Building Efficient Lightweight CNN Models" (Isong 2025, https://arxiv.org/abs/2501.15547): two small
branches, one fed with the picture as it is and one with a changed copy, are joined into one model of fewer than
20,000 parameters, which is then unfrozen stage by stage. The study's two steps are `tune=two_step`: first each branch
learns with an output of its own (`branch_logits`), then both are joined, the joint head learns, and the branches thaw
from the top. Where it differs: the branches stand side by side in one network from the start, which is the same, since
they have no weight in common but the K biases; the joint head begins as the mean of the two outputs, not anew; and
convolutions are separable (https://arxiv.org/abs/1704.04861), so that pictures larger than the study's 28 or 32 pixels
fit into the same number of parameters.
"""

import itertools
from typing import Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

BRANCHES = 2
TINY_WIDTHS = (16, 32, 48, 64)
PLAIN_WIDTHS = (32, 64, 128, 128)
LIGHT, NOISE = 0.2, 0.05


class TwoViews(nn.Module):
    """(N, 3, H, W) -> (N, 6, H, W): the picture, and beside it a changed copy while learning, itself otherwise."""

    def forward(self, pictures: Tensor) -> Tensor:
        """The copy is mirrored by chance, lit differently and noisy."""
        if not self.training:
            return torch.cat([pictures, pictures], 1)
        count, device = len(pictures), pictures.device
        mirrored = (torch.rand(count, 1, 1, 1, device=device) < 0.5).to(pictures.dtype)
        light = 1 + LIGHT * (2 * torch.rand(count, 1, 1, 1, device=device) - 1)
        copy = (mirrored * pictures.flip(3) + (1 - mirrored) * pictures) * light
        return torch.cat([pictures, copy + NOISE * torch.randn_like(copy)], 1)


def _separable(inner: int, outer: int) -> nn.Sequential:
    """A stage of both branches, side by side and unmixed: half as many places, `outer` channels in each branch."""
    return nn.Sequential(
        nn.Conv2d(BRANCHES * inner, BRANCHES * inner, 3, stride=2, padding=1, groups=BRANCHES * inner, bias=False),
        nn.BatchNorm2d(BRANCHES * inner),
        nn.Conv2d(BRANCHES * inner, BRANCHES * outer, 1, groups=BRANCHES, bias=False),
        nn.BatchNorm2d(BRANCHES * outer),
        nn.ReLU(inplace=True),
    )


class TinyCnn(nn.Module):
    """Pictures (N, 3, H, W) -> features (N, 128): 64 of the picture, 64 of its changed copy."""

    features_out = BRANCHES * TINY_WIDTHS[-1]

    def __init__(self) -> None:
        super().__init__()
        first = TINY_WIDTHS[0]
        self.views = TwoViews()
        self.stem = nn.Sequential(
            nn.Conv2d(BRANCHES * 3, BRANCHES * first, 3, stride=2, padding=1, groups=BRANCHES, bias=False),
            nn.BatchNorm2d(BRANCHES * first),
            nn.ReLU(inplace=True),
        )
        self.blocks = nn.Sequential(*(_separable(inner, outer) for inner, outer in itertools.pairwise(TINY_WIDTHS)))
        self.pool = nn.AdaptiveAvgPool2d(1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Both branches at once."""
        return self.pool(self.blocks(self.stem(self.views(pictures)))).flatten(1)  # type: ignore[no-any-return]


class TwoBranches(Protocol):
    """A network whose body is a TinyCnn."""

    head: nn.Linear

    def forward_features(self, pictures: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, F)."""

    def link(self, said: Tensor) -> Tensor:
        """What the head says -> logits (N, K)."""


class LightCnn(nn.Module):
    """Pictures (N, 3, H, W) -> features (N, 128): four times convolution, norm, ReLU and pooling, nothing more.

    The norm (https://arxiv.org/abs/1502.03167) is the only thing that the plain networks of the studies often lack;
    without it they need many more epochs.
    """

    features_out = PLAIN_WIDTHS[-1]

    def __init__(self) -> None:
        super().__init__()
        widths = (3, *PLAIN_WIDTHS)
        self.blocks = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Conv2d(inner, outer, 3, padding=1, bias=False),
                    nn.BatchNorm2d(outer),
                    nn.ReLU(inplace=True),
                    nn.MaxPool2d(2),
                )
                for inner, outer in itertools.pairwise(widths)
            )
        )
        self.pool = nn.AdaptiveAvgPool2d(1)

    def forward(self, pictures: Tensor) -> Tensor:
        """One stage after the other."""
        return self.pool(self.blocks(pictures)).flatten(1)  # type: ignore[no-any-return]


def branch_logits(network: "TwoBranches", pictures: Tensor) -> list[Tensor]:
    """What each branch of a TinyCnn says by itself, (N, K) of the picture and of its changed copy.

    Each speaks through its own half of the head; the mean of both is what the whole network says.
    """
    halves = network.forward_features(pictures).chunk(BRANCHES, 1)
    weights = (BRANCHES * network.head.weight).chunk(BRANCHES, 1)
    return [
        network.link(functional.linear(half, weight, network.head.bias))
        for half, weight in zip(halves, weights, strict=True)
    ]


OWN: dict[str, type[TinyCnn] | type[LightCnn]] = {"graft:tiny_cnn": TinyCnn, "graft:light_cnn": LightCnn}
"""Catalogue name -> network."""
