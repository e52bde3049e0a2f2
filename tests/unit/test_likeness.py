"""How far a picture is from those that a model learnt from."""

from pathlib import Path

import numpy as np
import pytest
import torch

from core.inference import picture_colours, picture_traits
from core.models import Likeness, some


def squares(colour: tuple[int, int, int], count: int = 8, seed: int = 0) -> torch.Tensor:
    """Noisy squares (N, 3, 16, 16) of about one colour."""
    random = np.random.default_rng(seed)
    pixels = np.array(colour)[None, :, None, None] + random.integers(-20, 20, (count, 3, 16, 16))
    return torch.from_numpy(pixels.clip(0, 255).astype(np.uint8))


def features(around: list[float], count: int = 8, seed: int = 0) -> torch.Tensor:
    return torch.tensor(around) + 0.05 * torch.from_numpy(np.random.default_rng(seed).normal(size=(count, 3))).float()


@pytest.fixture
def learnt() -> Likeness:
    return Likeness.of(features([1, 0, 0], 20), picture_colours(squares((40, 160, 40), 20)))


def test_what_looks_or_is_coloured_otherwise_is_farther_than_what_it_learnt(learnt: Likeness) -> None:
    alike = learnt.distances(features([1, 0, 0], seed=1), picture_colours(squares((40, 160, 40), seed=1)))
    other = learnt.distances(features([0, 1, 0], seed=1), picture_colours(squares((40, 160, 40), seed=1)))
    grey = learnt.distances(features([1, 0, 0], seed=1), picture_colours(squares((120, 120, 120), seed=1)))
    assert 1 < np.mean(alike) < 4
    assert min(other) > 2 * max(alike) and min(grey) > 2 * max(alike)


def test_only_the_direction_of_features_counts(learnt: Likeness) -> None:
    colours, seen = picture_colours(squares((40, 160, 40))), features([1, 0, 0])
    assert learnt.distances(10 * seen, colours) == pytest.approx(learnt.distances(seen, colours), rel=1e-3)


def test_it_is_kept_beside_the_model(learnt: Likeness, tmp_path: Path) -> None:
    learnt.save(tmp_path)
    again, colours, seen = Likeness.load(tmp_path), picture_colours(squares((90, 90, 90))), features([0, 0, 1])
    assert again is not None and again.distances(seen, colours) == learnt.distances(seen, colours)
    assert Likeness.load(tmp_path / "nowhere") is None


def test_the_colours_by_hand() -> None:
    half = torch.zeros(1, 3, 2, 2, dtype=torch.uint8)
    half[0, :, 0] = 255
    (row,) = picture_colours(half)
    assert row[0] == row[63] == pytest.approx(np.sqrt(0.5)) and int((row > 0).sum()) == 2


def test_traits_tell_light_and_sharpness_and_the_distance_where_it_is_known(learnt: Likeness) -> None:
    flat = torch.full((1, 3, 16, 16), 100, dtype=torch.uint8)
    assert picture_traits(flat) == [{"sharp": 0.0, "light": pytest.approx(100.0)}]
    (traits,) = picture_traits(flat, features([1, 0, 0], 1), learnt)
    assert set(traits) == {"sharp", "light", "far"}
    (noisy,) = picture_traits(squares((100, 100, 100), 1))
    assert float(str(noisy["sharp"])) > 0.1


def test_a_few_training_pictures_and_a_few_thousand_both_do() -> None:
    one = Likeness.of(features([1, 0, 0], 2), picture_colours(squares((40, 160, 40), 2)))
    assert len(one.distances(features([1, 0, 0], 3), picture_colours(squares((40, 160, 40), 3)))) == 3
    assert some([4, 2]) == [4, 2] and len(some(list(range(5000)))) == 4000
