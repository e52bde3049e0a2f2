"""Pictures as they are varied, hidden in parts and blended."""

import pytest
import torch
from torch import nn

from core.training.augment import STRENGTHS, augment, mix
from core.training.policies import POLICIES


@pytest.mark.parametrize("name", [*STRENGTHS, *POLICIES])
def test_variation_stays_a_picture_and_follows_its_seed(name: str) -> None:
    pictures = torch.randint(0, 256, (6, 3, 32, 32), dtype=torch.uint8)
    first, second = (augment(pictures, name, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, second)
    assert first.shape == pictures.shape and float(first.min()) >= 0 and float(first.max()) <= 255
    assert not torch.equal(first, augment(pictures, name, torch.Generator().manual_seed(4)))


@pytest.mark.parametrize("name", ["none", *STRENGTHS, *POLICIES])
def test_a_square_of_the_asked_share_of_pictures_is_hidden_however_they_are_varied(name: str) -> None:
    pictures = torch.full((64, 3, 40, 40), 255, dtype=torch.uint8)
    shown = {share: augment(pictures, name, torch.Generator().manual_seed(3), share) for share in (0.0, 0.25, 1.0)}
    hidden = {share: (found == 127.5).all(1) for share, found in shown.items()}
    counts = {share: int(found.flatten(1).any(1).sum()) for share, found in hidden.items()}
    assert counts[0.0] == 0 and 8 <= counts[0.25] <= 24 and counts[1.0] == 64
    sides = hidden[1.0].any(2).sum(1)
    assert int(sides.min()) >= 4 and int(sides.max()) <= 16, "from a tenth to two fifths of the side"
    assert torch.equal(hidden[1.0].flatten(1).sum(1), sides * hidden[1.0].any(1).sum(1)), "in one piece"
    assert int(pictures.min()) == 255, "what is given stays as it was"


def test_light_variation_never_mirrors() -> None:
    half = torch.zeros(32, 3, 32, 32, dtype=torch.uint8)
    half[..., 16:] = 200
    light = augment(half, "light", torch.Generator().manual_seed(0))
    standard = augment(half, "standard", torch.Generator().manual_seed(0))
    mirrored = [float(item[..., :8].mean()) > float(item[..., 24:].mean()) for item in standard]
    assert all(float(item[..., :8].mean()) < float(item[..., 24:].mean()) for item in light)
    assert 5 < sum(mirrored) < 27


def test_mixup_keeps_the_sum_of_the_targets() -> None:
    targets = nn.functional.one_hot(torch.tensor([0, 1, 2, 1]), 3).float()
    pictures = torch.rand(4, 3, 8, 8)
    for alphas in ({"mixup": 0.4}, {"cutmix": 0.4}, {"mixup": 0.4, "cutmix": 0.4}):
        mixed, shares = mix(pictures, targets, torch.Generator().manual_seed(2), **alphas)
        assert shares.sum(1).tolist() == pytest.approx([1.0] * 4)
        assert not torch.equal(mixed, pictures)


@pytest.mark.parametrize("kind", ["mixup", "cutmix"])
def test_a_target_has_the_share_that_its_picture_has_of_the_pixels(kind: str) -> None:
    pictures = torch.stack([torch.zeros(3, 16, 16), torch.ones(3, 16, 16)])
    targets = torch.eye(2)
    for seed in range(10):
        mixed, shares = mix(pictures, targets, torch.Generator().manual_seed(seed), **{kind: 1.0})
        assert mixed.mean((1, 2, 3)).tolist() == pytest.approx(shares[:, 1].tolist(), abs=1e-6)
        blended = int(((mixed > 0) & (mixed < 1)).sum())
        assert kind == "mixup" or blended == 0, "a rectangle is put in as it is"
