"""The learning-rate range test: what it suggests, and as a job from the page's button to the rate."""

import json
import math

import numpy as np
import pytest
from typer.testing import CliRunner

from app.cli import build
from core.errors import GraftError
from core.graft import Graft
from core.recipes import PRESETS, Recipe
from core.services.serving import Serving
from core.training import Trainer
from core.training.rates import climbing_rates, smoothed, suggested_rate, sweep
from core.types import ProjectId, RunId, RunState
from tests.at_once import complete, finish, serve

BASE = {"image_size": "32", "weights": "bundled"}
HEAD: Recipe = PRESETS["instant"].with_settings(BASE)
WHOLE: Recipe = PRESETS["thorough"].with_settings({**BASE, "batch_size": "8"})
RATES = climbing_rates(1e-6, 1.0, 61)
FINE = climbing_rates(1e-6, 1.0, 100)


def test_rates_climb_by_a_constant_factor() -> None:
    assert climbing_rates(1e-3, 1e-1, 3) == pytest.approx([1e-3, 1e-2, 1e-1])


def test_the_running_average_is_not_pulled_to_zero_at_its_start() -> None:
    assert smoothed([2.0, 2.0, 2.0]).tolist() == pytest.approx([2, 2, 2])
    assert smoothed([1.0, 3.0])[1] == pytest.approx((0.9 * 0.1 * 1 + 0.1 * 3) / 0.19)


def test_the_suggestion_lies_where_the_loss_falls_most_steeply() -> None:
    # A fall around 1e-3, an end around 0.3. The average drags a little behind: by less than three steps' factor.
    losses = [2 - 1 / (1 + math.exp(-3 * (math.log10(rate) + 3))) + (rate / 0.3) ** 4 for rate in RATES]
    found = suggested_rate(RATES, losses)
    assert found is not None and 1e-3 <= found <= 1e-3 * 10**0.7


def test_where_the_loss_hardly_falls_it_is_a_tenth_of_the_rate_of_the_least() -> None:
    losses = [1 - 2e-4 * index for index in range(40)] + [1.0 + index for index in range(21)]
    least = RATES[int(smoothed(losses).argmin())]
    assert suggested_rate(RATES, losses) == pytest.approx(least / 10)


def test_an_uneven_start_is_no_slope() -> None:
    losses = [2 - 1 / (1 + math.exp(-3 * (math.log10(rate) + 3))) + (rate / 0.3) ** 4 for rate in RATES]
    found = suggested_rate(RATES, [3.0, 1.0, 2.5, 1.5, *losses[4:]])
    assert found is not None and 1e-3 <= found <= 1e-3 * 10**0.7


@pytest.mark.parametrize("seed", range(5))
def test_what_differs_between_small_batches_is_no_slope(seed: int) -> None:
    chance = np.random.default_rng(seed)
    losses = [2 - 1 / (1 + math.exp(-3 * (math.log10(rate) + 3))) + (rate / 0.3) ** 4 for rate in FINE]
    found = suggested_rate(FINE, [loss + chance.normal(0, 0.15) for loss in losses])
    assert found is not None and 1e-3 * 10**-0.7 <= found <= 1e-3 * 10**0.7


@pytest.mark.parametrize(
    "losses", [[3.0, 2.0, 1.0, 5.0, 9.0], [3.0, 2.0, 2.0, 2.0, 1.0], [9.0, 2.0, 1.0, 9.0, 9.0, 9.0]]
)
def test_a_fall_of_a_few_steps_is_one(losses: list[float]) -> None:
    assert suggested_rate(RATES, losses) in RATES[: len(losses)]


def test_a_loss_that_only_chance_moves_suggests_nothing() -> None:
    chance, found = np.random.default_rng(0), 0
    for _ in range(100):
        losses = [*(0.42 + chance.normal(0, 0.15, 70)), *np.linspace(0.5, 3, 15)]
        found += suggested_rate(FINE, losses) is not None
    assert found <= 12, "about five of a hundred, by chance"


def test_a_loss_that_only_climbs_suggests_nothing() -> None:
    assert suggested_rate(RATES, [1.0 + index for index in range(61)]) is None
    assert suggested_rate(RATES, [1.0, 0.5]) is None
    assert suggested_rate(RATES, []) is None


def test_a_sweep_ends_where_the_loss_breaks_out_or_is_no_number() -> None:
    assert len(sweep(lambda rate: 1.0, RATES, lambda done: None)) == 61
    assert len(sweep(lambda rate: float("nan") if rate > 1e-3 else 1.0, RATES, lambda done: None)) == 31
    broken = sweep(lambda rate: 1.0 if rate < 1e-2 else 100.0, RATES, lambda done: None)
    assert 41 <= len(broken) <= 44

    def raising(rate: float) -> float:
        raise GraftError("The loss stopped being a number.")

    assert sweep(raising, RATES, lambda done: None) == []


@pytest.mark.parametrize("recipe", [HEAD, WHOLE], ids=["head", "all"])
def test_a_test_finds_a_rate_and_leaves_no_model(graft: Graft, project: ProjectId, recipe: Recipe) -> None:
    run_id = graft.rates.start(project, recipe)
    complete(graft, run_id)
    view = graft.rates.read(run_id)
    assert 20 < len(view.rates) == len(view.losses) == len(view.smoothed) <= 100
    assert np.isfinite(view.losses).all()
    assert view.suggested is not None and view.rates[0] < view.suggested < view.rates[-1]
    assert graft.training.list(project) == [] and not (graft.settings.models / str(run_id) / "card.json").exists()


def test_a_step_at_a_rate_moves_head_and_network_in_their_proportion(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[float]] = []

    def watched(self: Trainer, *_: object) -> float:
        seen.append(sorted({group["lr"] for group in self.optimizer.param_groups}))
        raise GraftError("The loss stopped being a number.")

    monkeypatch.setattr(Trainer, "_step", watched)
    graft.rates.start(project, WHOLE)
    assert serve(graft) is RunState.DONE
    assert seen[0] == pytest.approx([1e-6 * WHOLE.backbone_factor, 1e-6])


def test_the_command_says_the_rate(graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Serving, "finish", finish)
    settings = [item for name, value in BASE.items() for item in ("--set", f"{name}={value}")]
    asked = ["find-rate", "Colours", "--preset", "instant", *settings, "--json", "--home", str(graft.settings.home)]
    done = CliRunner().invoke(build(), asked)
    assert done.exit_code == 0, done.output
    value = json.loads(done.stdout)
    assert value["state"] == "done" and value["suggested"] == graft.rates.read(RunId(value["run"])).suggested
