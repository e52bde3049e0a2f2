"""Pretraining: every method learns, none collapses, and an interruption changes nothing."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from core.errors import BadInput, Cancelled, GraftError
from core.formula import FormulaPictures
from core.models import Network
from core.pretraining import METHODS, Plan, Pretrainer, Probe
from core.pretraining.noise_as_targets import NoiseAsTargets
from core.pretraining.signs import effective_rank, neighbours, spread
from core.pretraining.simclr import nt_xent
from core.pretraining.vicreg import covariance, variance
from core.training.checkpoint import NAME

PICTURES = FormulaPictures(size=32, fractals=4, palettes=4, textures=4, each=16)
FRACTAL = torch.arange(4).repeat_interleave(8)
PROBE = Probe(PICTURES.read(FRACTAL * 16 + torch.arange(32) % 8), FRACTAL)


class Kept:
    """Pictures drawn once, so that the tests do not wait for them."""

    count, formulas = PICTURES.count, PICTURES.formulas
    drawn = PICTURES.read(torch.arange(PICTURES.count))

    def labels(self, positions: Tensor) -> Tensor:
        return PICTURES.labels(positions)

    def read(self, positions: Tensor) -> Tensor:
        return self.drawn[positions]


class Follower:
    def __init__(self, stop_after: int = 0) -> None:
        self.stop_after = stop_after
        self.looks: list[dict[str, float]] = []
        self.notes: list[str] = []

    def step(self, step: int, fraction: float, seconds_left: float | None) -> None:
        if step == self.stop_after:
            raise Cancelled("stopped")

    def look(self, step: int, values: dict[str, float]) -> None:
        self.looks.append(values)

    def kept(self) -> None:
        pass

    def note(self, text: str) -> None:
        self.notes.append(text)


def pretrain(folder: Path, plan: Plan, follower: Follower) -> Network:
    torch.manual_seed(0)
    network = Network("timm:test_resnet", 1, image_size=32)
    Pretrainer(network, Kept(), plan, PROBE, folder, follower).fit()
    return network


@pytest.mark.parametrize("method", METHODS)
def test_a_method_lowers_its_loss_and_does_not_collapse(tmp_path: Path, method: str) -> None:
    follower = Follower()
    pretrain(tmp_path, Plan(method=method, steps=24, batch_size=32, look_every=8), follower)
    first, last = follower.looks[1], follower.looks[-1]  # the very first is from before any step
    assert last["train/loss"] < first["train/loss"]
    assert last["spread"] > 0.1 and last["rank"] > 4
    assert follower.notes == []


def test_a_pretraining_that_was_interrupted_ends_with_the_same_weights(tmp_path: Path) -> None:
    plan = Plan(method="nat", steps=9, batch_size=16, look_every=3)
    for name in ("whole", "broken"):
        (tmp_path / name).mkdir()
    whole = pretrain(tmp_path / "whole", plan, Follower())
    with pytest.raises(Cancelled):
        pretrain(tmp_path / "broken", plan, Follower(stop_after=5))
    follower = Follower()
    broken = pretrain(tmp_path / "broken", plan, follower)
    assert follower.notes == ["Going on from step 3."]
    for name, value in whole.state_dict().items():
        assert torch.equal(value, broken.state_dict()[name]), name


def test_a_pretraining_that_was_killed_at_its_very_end_has_the_same_signs(tmp_path: Path) -> None:
    plan = Plan(method="nat", steps=5, batch_size=16, look_every=3)
    torch.manual_seed(0)
    network = Network("timm:test_resnet", 1, image_size=32)
    whole = Pretrainer(network, Kept(), plan, PROBE, tmp_path, Follower()).fit()
    again = Pretrainer(network, Kept(), plan, PROBE, tmp_path, Follower()).fit()  # nothing is left to do
    assert again == whole and "train/loss" in whole


def test_how_busy_the_machine_is_does_not_change_what_a_number_of_steps_gives(tmp_path: Path) -> None:
    plan = Plan(method="nat", steps=7, batch_size=16, look_every=3)

    def begun(folder: Path, follower: Follower, seconds: float) -> Pretrainer:
        torch.manual_seed(0)
        network = Network("timm:test_resnet", 1, image_size=32)
        return Pretrainer(network, Kept(), plan, PROBE, folder, follower, clock=lambda: seconds * trainer.step)

    found = []
    for seconds, saved in ((0.0, 3), (100.0, 4)):  # a step of the busy machine takes longer than it goes without saving
        folder, follower = tmp_path / str(saved), Follower(stop_after=5)
        folder.mkdir()
        trainer = begun(folder, follower, seconds)
        with pytest.raises(Cancelled):
            trainer.fit()
        follower.stop_after = 0
        trainer = begun(folder, follower, seconds)
        found.append((trainer.fit(), follower.looks))
        assert follower.notes == [f"Going on from step {saved}."]
    assert found[0] == found[1]


def test_it_lasts_as_long_as_it_is_given(tmp_path: Path) -> None:
    ticks = iter(range(10_000))
    torch.manual_seed(0)
    network = Network("timm:test_resnet", 1, image_size=32)
    plan = Plan(method="simclr", minutes=0.5, batch_size=8, look_every=1000)
    trainer = Pretrainer(network, Kept(), plan, PROBE, tmp_path, Follower(), clock=lambda: 5.0 * next(ticks))
    trainer.fit()
    assert trainer.step == 6  # thirty seconds by a clock that moves five with every step
    assert (tmp_path / NAME).exists()


def test_a_body_that_says_the_same_of_every_picture_is_told_of(tmp_path: Path) -> None:
    follower = Follower()
    torch.manual_seed(0)
    network = Network("timm:test_resnet", 1, image_size=32)
    trainer = Pretrainer(network, Kept(), Plan(steps=4, batch_size=8, look_every=2), PROBE, tmp_path, follower)
    for body in (network, trainer.result):
        body.forward_features = lambda views: torch.ones(len(views), network.head.in_features).requires_grad_()  # type: ignore[method-assign]
    trainer.fit()
    assert any("collapsed" in note for note in follower.notes)


class Unnamed(Kept):
    formulas = ()  # type: ignore[assignment]


@pytest.mark.parametrize(("scores", "kept"), [([0.9, 0.5, 0.4], 0), ([0.5, 0.9, 0.4], 2), ([0.4, 0.5, 0.9], 4)])
def test_what_tells_a_person_s_classes_apart_best_is_kept_the_start_included(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scores: list[float], kept: int
) -> None:
    seen: list[Tensor] = []

    def judged(network: Network, probe: Probe) -> dict[str, float]:
        seen.append(next(network.body.parameters()).detach().clone())
        return {"spread": 1.0, "rank": 9.0, "neighbours": scores[len(seen) - 1]}

    monkeypatch.setattr("core.pretraining.engine.signs", judged)
    follower = Follower()
    network = Network("timm:test_resnet", 1, image_size=32)
    plan = Plan(method="simclr", steps=4, batch_size=8, look_every=2)
    trainer = Pretrainer(network, Unnamed(), plan, PROBE, tmp_path, follower)
    trainer.fit()
    assert len({float(item.sum()) for item in seen}) == 3
    assert torch.equal(next(trainer.result.body.parameters()), seen[kept // 2])
    assert any("its start, which is kept" in note for note in follower.notes) is (kept == 0)


def test_views_grow_to_the_pictures_own_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sides: list[int] = []
    whole = Network.forward_features

    def watched(network: Network, pictures: Tensor) -> Tensor:
        if network.training:
            sides.append(pictures.shape[-1])
        return whole(network, pictures)

    monkeypatch.setattr(Network, "forward_features", watched)
    pretrain(tmp_path, Plan(method="simclr", steps=5, batch_size=8, first_size=16), Follower())
    assert sides == [16, 16, 24, 24, 32]


def test_pictures_without_formulas_cannot_be_named() -> None:
    with pytest.raises(BadInput, match="no formulas"):
        METHODS["supervised"](8, Unnamed())


def test_a_loss_that_is_no_number_ends_it_in_words(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = Network("timm:test_resnet", 1, image_size=32)
    plan = Plan(method="simclr", steps=2, batch_size=8)
    trainer = Pretrainer(network, Kept(), plan, PROBE, tmp_path, Follower())
    with torch.no_grad():
        next(trainer.objective.parameters()).fill_(float("nan"))
    with pytest.raises(GraftError, match="loss stopped being a number"):
        trainer.fit()


def test_weights_that_are_no_numbers_end_it_in_words(tmp_path: Path) -> None:
    network = Network("timm:test_resnet", 1, image_size=32)
    with torch.no_grad():
        next(network.body.parameters()).fill_(float("nan"))
    with pytest.raises(GraftError, match="are no numbers"):
        Pretrainer(network, Kept(), Plan(method="simclr", steps=2, batch_size=8), PROBE, tmp_path, Follower()).fit()


def test_another_plan_does_not_go_on_from_this_checkpoint(tmp_path: Path) -> None:
    plan = Plan(method="simclr", steps=2, batch_size=8)
    pretrain(tmp_path, plan, Follower())
    follower = Follower()
    pretrain(tmp_path, replace(plan, steps=3), follower)
    assert follower.notes == []


def test_simclr_s_loss_on_pairs_that_are_apart_is_as_computed_by_hand() -> None:
    rows = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    # Each row: partner at likeness 1, two others at 0: -log(e / (e + 2)) at temperature 1.
    assert float(nt_xent(rows, 1.0)) == pytest.approx(0.5514447, abs=1e-6)


def test_vicreg_s_terms_are_as_computed_by_hand() -> None:
    values = torch.tensor([[1.0, 2.0], [-1.0, -2.0]])
    # Variances 2 and 8 (n - 1 below), both above 1; covariance 4, twice, squared, over two features.
    assert float(variance(values)) == 0
    assert float(covariance(values)) == pytest.approx(16)
    assert float(variance(torch.zeros(4, 3))) == pytest.approx(0.99)


def test_targets_are_handed_round_but_never_lost() -> None:
    torch.manual_seed(0)
    objective = NoiseAsTargets(8, PICTURES)
    objective.loss(torch.randn(32, 8), torch.arange(16) + 3)
    assert objective.owned.tolist() != list(range(PICTURES.count))
    assert sorted(objective.owned.tolist()) == list(range(PICTURES.count))
    assert objective.owned[:3].tolist() == [0, 1, 2]


def test_the_signs_of_known_features() -> None:
    same = torch.ones(10, 4)
    assert spread(same) == pytest.approx(0, abs=1e-6)
    corners = torch.eye(4).repeat(5, 1)
    assert spread(corners) == pytest.approx(0.75**0.5)
    assert effective_rank(corners) == pytest.approx(3, abs=0.01)
    assert neighbours(corners, torch.arange(4).repeat(5)) == 1.0
