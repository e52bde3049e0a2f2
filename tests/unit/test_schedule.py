"""When and how much is learnt: rates, thawing, batches."""

import math

import pytest

from core.recipes import PRESETS
from core.training.plan import choose_batch_size, rate_factor, scheduled, settled_epoch, thawed_stages

BALANCED = PRESETS["balanced"]


def test_the_learning_rate_climbs_and_then_falls_along_a_cosine() -> None:
    factors = [rate_factor(step, 10, 0.2) for step in range(10)]
    assert factors[:3] == [0.5, 1.0, 1.0]
    assert factors[6] == pytest.approx(0.5)
    assert factors[-1] == pytest.approx(0.5 * (1 + math.cos(math.pi * 7 / 8)))
    assert [rate_factor(step, 4, 1.0) for step in range(4)] == [0.25, 0.5, 0.75, 1.0], "it may climb to the end"


def test_a_constant_schedule_climbs_and_stays() -> None:
    recipe = BALANCED.with_settings({"epochs": "2", "warmup": "0.2", "schedule": "constant"})
    assert [scheduled(recipe, step, 5) for step in range(10)] == [0.5, *[1.0] * 9]


def test_gradual_training_thaws_from_the_top_until_everything_learns() -> None:
    recipe = BALANCED.with_settings({"epochs": "10"})
    assert [thawed_stages(recipe, epoch, 3) for epoch in range(1, 11)] == [1, 1, 2, 2, *([None] * 6)]
    assert thawed_stages(PRESETS["thorough"], 1, 3) is None


def test_what_still_thaws_has_not_settled() -> None:
    recipe = BALANCED.with_settings({"epochs": "10"})
    assert settled_epoch(recipe, 3) == 5
    assert settled_epoch(recipe.with_settings({"epochs": "1"}), 3) == 1
    assert settled_epoch(PRESETS["thorough"], 3) == 1
    assert settled_epoch(recipe.with_settings({"tune": "last:2"}), 3) == 1


@pytest.mark.parametrize(("pictures", "size"), [(12, 4), (200, 20), (5000, 32)])
def test_the_batch_grows_with_the_data(pictures: int, size: int) -> None:
    assert choose_batch_size(BALANCED, pictures) == size
