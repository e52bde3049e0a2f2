"""A network cut in two says the same as the whole."""

import pytest
import torch

from core.models import Network, frozen_to_eval, set_trainable, stages
from core.models.halves import compute_below, cut, is_random

PICTURES = torch.randint(0, 256, (2, 3, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def network(backbone: str) -> Network:
    torch.manual_seed(0)
    return Network(backbone, 3, image_size=64).eval()


@pytest.mark.parametrize("thawed", [0, 1, 2, 4])
@pytest.mark.parametrize(
    "backbone", ["mobilenet_v3_small", "resnet18", "densenet121", "vit_b_16", "timm:vit_tiny_patch16_224"]
)
def test_the_two_halves_together_are_the_network(backbone: str, thawed: int) -> None:
    whole = network(backbone)
    set_trainable(whole, thawed)
    halves = cut(whole, thawed)
    assert halves is not None
    said = compute_below(whole, halves, PICTURES, half=False)
    assert not said.requires_grad
    assert torch.allclose(halves.upper(said), whole(PICTURES), atol=1e-5)
    learning = {id(item) for item in whole.body.parameters() if item.requires_grad}
    assert learning == {id(item) for item in halves.upper.parameters() if item.requires_grad}


def test_a_half_that_learns_is_not_kept() -> None:
    whole = network("mobilenet_v3_small")
    set_trainable(whole, None)
    assert cut(whole, 2) is None


def test_a_network_that_looks_past_the_border_is_not_cut() -> None:
    whole = network("resnet18")
    set_trainable(whole, 1)
    first, last = whole.body.layer1, whole.body.layer4

    class Bridged(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv1, self.layer1, self.layer4 = torch.nn.Conv2d(3, 64, 1), first, last

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            low = self.layer1(self.conv1(x))
            return self.layer4(low.repeat(1, 4, 1, 1)).mean((2, 3)) + low.mean()

    whole.body = Bridged()
    assert len(stages(whole)) == 3 and cut(whole, 1) is None


def test_dropout_counts_as_chance_only_while_it_learns() -> None:
    whole = network("efficientnet_b0")
    set_trainable(whole, 1)
    halves = cut(whole, 1)
    assert halves is not None and not is_random(halves.below)
    whole.train()
    frozen_to_eval(whole)
    assert is_random(halves.below)  # stochastic depth
