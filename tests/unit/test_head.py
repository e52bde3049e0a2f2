"""A last layer learnt alone, and the temperature of its answers."""

import math

import pytest
import torch
from scipy.optimize import minimize_scalar
from sklearn.metrics import log_loss
from torch import nn

from core.errors import Diverged
from core.recipes import PRESETS
from core.training.head import fit_head, fit_temperature
from core.types import Task


def test_a_last_layer_whose_loss_is_no_number_stops_with_a_sentence() -> None:
    x, y = torch.randn(40, 3, generator=torch.Generator().manual_seed(0)), torch.tensor([0, 1] * 20)
    recipe = PRESETS["instant"].with_settings({"weight_decay": "1", "learning_rate": "10", "patience": "0"})
    told: list[dict[str, float]] = []

    def fit(features: torch.Tensor) -> None:
        fit_head(Task.SINGLE, (features, y), (features, y), 2, recipe, lambda epoch, values: told.append(values))

    with pytest.raises(Diverged, match=r"in epoch \d+ of the last layer, at a learning rate of 10\. .* ten times"):
        fit(x)
    assert told and all(math.isfinite(value) for values in told for value in values.values())
    with pytest.raises(Diverged, match=r"features are no numbers\. Start again from other weights"):
        fit(torch.cat([x[:, :2], x[:, 2:] / x.new_zeros(())], 1))


def test_a_head_that_goes_on_says_at_first_what_it_said_before() -> None:
    random = torch.Generator().manual_seed(0)
    x = 3 + 2 * torch.randn(60, 3, generator=random)
    weight, bias = torch.randn(3, 3, generator=random), torch.tensor([0.3, -0.2, 0.1])
    said = x @ weight.T + bias
    y, wrong = said.argmax(1), (said.argmax(1) + 1) % 3
    recipe = PRESETS["instant"].with_settings({"learning_rate": "1e-8", "epochs": "1", "imbalance": "ignore"})
    for targets, wanted in ((y, said), (wrong, 0 * said)):  # it is made less sure only where it was wrong
        told: list[dict[str, float]] = []
        part = (x, targets)
        fit_head(Task.SINGLE, part, part, 3, recipe, lambda epoch, values: told.append(values), start=(weight, bias))  # noqa: B023
        assert told[0]["train/loss"] == pytest.approx(float(nn.functional.cross_entropy(wanted, targets)), abs=1e-2)
        assert told[0]["validation/loss"] == pytest.approx(told[0]["train/loss"], abs=1e-4)


@pytest.mark.parametrize("task", [Task.SINGLE, Task.ORDINAL, Task.MULTI])
def test_the_temperature_is_where_the_pictures_are_likeliest(task: Task) -> None:
    random = torch.Generator().manual_seed(0)
    logits = torch.randn(300, 3, generator=random)
    if task is Task.MULTI:
        targets = torch.bernoulli(logits.sigmoid(), generator=random)
    else:
        targets = torch.multinomial(logits.softmax(1), 1, generator=random)[:, 0]
    shown = 5 * logits  # five times as sure as it should be

    def surprise(power: float) -> float:
        shares = shown.double() / math.exp(power)
        unlikely = power**2 / 2 / 300  # a standard normal prior
        if task is Task.MULTI:
            return float(log_loss(targets.flatten(), shares.sigmoid().flatten())) + unlikely
        return float(log_loss(targets, shares.softmax(1))) + unlikely

    best = math.exp(minimize_scalar(surprise, bounds=(math.log(0.01), math.log(100)), method="bounded").x)
    assert fit_temperature(task, shown, targets) == pytest.approx(best, rel=0.02) and 4 < best < 6.5
    assert fit_temperature(task, shown[:0], targets[:0]) == fit_temperature(Task.REGRESSION, shown, targets) == 1


@pytest.mark.parametrize("right", [True, False])
def test_a_handful_of_pictures_makes_no_model_as_sure_or_unsure_as_can_be(right: bool) -> None:
    targets = torch.tensor([0, 1])
    shown = torch.eye(2) * (2 if right else -2)
    temperature = fit_temperature(Task.SINGLE, shown, targets)
    assert (0.4 < temperature < 1) if right else (1 < temperature < 3)
    many = fit_temperature(Task.SINGLE, shown.repeat(500, 1), targets.repeat(500))
    assert many < 0.3 if right else many > 20
