"""TrivialAugment and RandAugment on whole batches do what torchvision does picture by picture."""

import math

import pytest
import torch
from torch import Tensor
from torchvision.transforms import v2

from core.training import policies
from core.training.policies import BINS, CHANGES, POLICIES, by_policy, change, furthest

SIDE = 32
NAMES = {
    "identity": "Identity", "shear_x": "ShearX", "shear_y": "ShearY", "shift_x": "TranslateX", "shift_y": "TranslateY",
    "turn": "Rotate", "brightness": "Brightness", "colour": "Color", "contrast": "Contrast", "sharpness": "Sharpness",
    "posterize": "Posterize", "solarize": "Solarize", "autocontrast": "AutoContrast", "equalize": "Equalize",
}  # fmt: skip
"""What a change is called in torchvision."""
ROUNDED = {"identity": 0, "posterize": 0, "solarize": 0, "equalize": 0, "colour": 2}
"""How many levels a change may be off where sums are rounded another way; 1 for all others."""
THEIRS = {"trivial": v2.TrivialAugmentWide(), "rand": v2.RandAugment()}


@pytest.fixture
def pictures() -> Tensor:
    """Four smooth ones of noise, each brighter than the one before."""
    noise = torch.rand(4, 3, 5, 5, generator=torch.Generator().manual_seed(0)) * torch.linspace(60, 255, 4).view(
        -1, 1, 1, 1
    )
    smooth = torch.nn.functional.interpolate(noise, size=(SIDE, SIDE), mode="bilinear")
    return smooth.to(torch.uint8).contiguous(memory_format=torch.channels_last)


def magnitudes(name: str, policy: str) -> Tensor:
    """torchvision's own for a change, from weakest to strongest; zeros where it has none."""
    found = THEIRS[policy]._AUGMENTATION_SPACE[NAMES[name]][0](BINS, SIDE, SIDE)
    return torch.zeros(BINS) if found is None else found.float()


def in_our_units(name: str, theirs: float) -> float:
    """Their magnitude as `change` takes it."""
    if name.startswith("shift"):
        return 2 * int(theirs) / SIDE
    return {"turn": math.radians(theirs), "posterize": 8 - theirs, "solarize": 255 * (1 - theirs)}.get(name, theirs)


@pytest.mark.parametrize("way", ["_by_bytes", "_by_planes"])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("name", CHANGES)
def test_every_change_of_a_whole_batch_is_torchvisions_of_each_picture(
    pictures: Tensor, name: str, sign: int, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policies, "_by_bytes", getattr(policies, way))  # a GPU's way is torch's, here on the processor
    theirs = magnitudes(name, "trivial")[[0, 7, 18, 30]]
    if name not in ("posterize", "solarize"):
        theirs = theirs * sign
    much = torch.tensor([in_our_units(name, float(far)) for far in theirs])
    found = change(pictures, torch.full((4,), CHANGES.index(name)), much)
    bilinear = v2.InterpolationMode.BILINEAR
    for ours, picture, far in zip(found, pictures, theirs, strict=True):
        wanted = THEIRS["trivial"]._apply_image_or_video_transform(
            picture, NAMES[name], float(far), interpolation=bilinear, fill={torch.Tensor: None}
        )
        gap = (ours.int() - wanted.int()).abs()
        assert int(gap.max()) <= ROUNDED.get(name, 1), f"at {float(far):.3g}"


@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_goes_as_far_as_torchvisions(policy: str) -> None:
    farthest = furthest(POLICIES[policy], SIDE)
    for name, ours in zip(CHANGES, farthest.tolist(), strict=True):
        if name.startswith("shift"):
            assert ours * SIDE / 2 == pytest.approx(float(magnitudes(name, policy)[-1]))
        else:
            assert ours == pytest.approx(in_our_units(name, float(magnitudes(name, policy)[-1]))), name


def test_every_change_comes_as_often_and_both_ways(pictures: Tensor, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[tuple[Tensor, Tensor]] = []
    monkeypatch.setattr(
        "core.training.policies.change", lambda given, kinds, much: drawn.append((kinds, much)) or given
    )
    by_policy(pictures[:1].expand(4200, -1, -1, -1), "trivial", torch.Generator().manual_seed(0))
    ((kinds, much),) = drawn
    counts = torch.bincount(kinds, minlength=len(CHANGES))
    assert int(counts.min()) > 230 and int(counts.max()) < 370, "300 of each"
    turns = much[kinds == CHANGES.index("turn")]
    assert 0.4 < float((turns > 0).float().mean()) < 0.6
    assert float(turns.abs().max()) == pytest.approx(math.radians(135)), "from none to the strongest"
    by_policy(pictures, "rand", torch.Generator().manual_seed(0))
    assert len(drawn) == 3, "two changes, one after the other"
