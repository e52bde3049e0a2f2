"""Continuing from a model whose classes differ: what has the same name is kept, the rest is new or left out."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from sqlalchemy import update
from typer.testing import CliRunner

from app.cli import build
from core.catalogue import ModelCard
from core.errors import BadInput, Cancelled
from core.graft import Graft
from core.labels import match_classes
from core.models import Network, load_model, old_head, save_model
from core.models.parts import merged_state
from core.recipes import PRESETS
from core.settings import Settings
from core.store import predictions
from core.store.db import writing
from core.store.tables import RunRow
from core.tasks import train as train_module
from core.tasks.train import ANEW, Training
from core.training import HeadFit, Trainer, fit_head
from core.types import ProjectId, RunState, Task
from tests.at_once import complete, serve
from tests.integration.colours import import_painted, paint
from tests.integration.test_fine_tuning import import_colours
from tests.integration.test_training import TINY, trained

__all__ = ["import_colours"]


def test_classes_are_matched_by_name_however_they_are_capitalised() -> None:
    match = match_classes(["Rust", "healthy", "mildew"], ["healthy", "RUST ", "blight"])
    assert match.positions == (1, 0, None)
    assert (match.kept, match.new, match.left_out) == (("healthy", "RUST "), ("blight",), ("mildew",))
    assert match_classes(["a", "A"], ["A", "a"]).positions == (0, 0)


def by_hand(
    settings: Settings, task: Task, classes: tuple[str, ...], *, mean: float = 0.0, std: float = 1.0
) -> Network:
    """The model of run 7: row k of its head is all k + 1, its bias 10 (k + 1)."""
    torch.manual_seed(0)
    network = Network("mobilenet_v3_small", max(1, len(classes)), image_size=32)
    with torch.no_grad():
        for row in range(max(1, len(classes))):
            network.head.weight[row], network.head.bias[row] = row + 1, 10 * (row + 1)
    card = ModelCard(
        task=task, classes=classes, class_ids=tuple(range(len(classes))), backbone="mobilenet_v3_small", image_size=32,
        framing="squash", mean=network.mean, std=network.std, number_mean=mean, number_std=std,
    )  # fmt: skip
    save_model(settings.models / "7", network, card)
    return network


def test_rows_of_the_same_name_are_kept_and_new_ones_are_zero(settings: Settings) -> None:
    network = by_hand(settings, Task.SINGLE, ("Rust", "healthy", "mildew"))
    old = old_head(network, "run:7", settings, Task.SINGLE, ("healthy", "rust", "blight"), (0.0, 1.0))
    assert old is not None
    assert old.weight[:, 0].tolist() == [2, 1, 0] and bool((old.weight == old.weight[:, :1]).all())
    assert old.bias.tolist() == [20, 10, 0]
    assert old.match.left_out == ("mildew",)


@pytest.mark.parametrize(
    ("weights", "task", "classes"),
    [
        ("run:7", Task.SINGLE, ("apple", "pear")),
        ("run:7", Task.MULTI, ("rust", "healthy")),
        ("run:8", Task.SINGLE, ("rust", "healthy")),
        ("bundled", Task.SINGLE, ("rust", "healthy")),
    ],
    ids=["no common class", "another task", "no such model", "no run"],
)
def test_nothing_is_kept_of_what_does_not_fit(
    settings: Settings, weights: str, task: Task, classes: tuple[str, ...]
) -> None:
    network = by_hand(settings, Task.SINGLE, ("rust", "healthy"))
    assert old_head(network, weights, settings, task, classes, (0.0, 1.0)) is None


def test_a_number_is_said_as_before_in_the_new_scale(settings: Settings) -> None:
    network = by_hand(settings, Task.REGRESSION, (), mean=100.0, std=20.0)
    old = old_head(network, "run:7", settings, Task.REGRESSION, (), (50.0, 5.0))
    assert old is not None
    features = torch.rand(4, network.head.in_features)
    before = (features @ network.head.weight.T + network.head.bias) * 20 + 100
    after = (features @ old.weight.T + old.bias) * 5 + 50
    assert torch.allclose(before, after, atol=1e-2)


def test_a_head_that_no_epoch_makes_better_stays_as_it_was() -> None:
    features = torch.tensor([[1.0, 0.0], [0.0, 1.0], [2.0, 0.0], [0.0, 2.0]])
    targets = torch.tensor([0, 1, 0, 1])
    weight, bias = 30 * torch.tensor([[1.0, -1.0], [-1.0, 1.0]]), torch.zeros(2)
    part, recipe = (features, targets), PRESETS["instant"].with_settings({"epochs": "2"})
    fit = fit_head(Task.SINGLE, part, part, 2, recipe, lambda epoch, values: None, start=(weight, bias))
    assert fit.best_epoch == 0 and fit.score == 1.0
    assert torch.equal(fit.weight, weight) and torch.equal(fit.bias, bias)
    anew = fit_head(Task.SINGLE, part, part, 2, recipe, lambda epoch, values: None)
    assert anew.best_epoch > 0


def test_a_head_that_is_far_too_sure_of_other_pictures_is_calmed_and_answers_the_same() -> None:
    features = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.9, 0.1], [0.1, 0.9], [1.0, 0.2]])
    targets = torch.tensor([0, 1, 0, 1, 1])  # the last one is not as it knows it
    weight, bias = 1000 * torch.tensor([[1.0, -1.0], [-1.0, 1.0]]), torch.zeros(2)
    part, recipe = (features, targets), PRESETS["instant"].with_settings({"epochs": "1", "learning_rate": "1e-8"})
    fit = fit_head(Task.SINGLE, part, part, 2, recipe, lambda epoch, values: None, start=(weight, bias))
    assert float(fit.weight.abs().max()) < 10
    assert (features @ fit.weight.T).argmax(1).tolist() == (features @ weight.T).argmax(1).tolist()


@pytest.fixture
def own(graft: Graft, tmp_path: Path) -> ProjectId:
    """Another clinic's colours: Green and RED as before, blue is new."""
    return import_painted(graft, "Own", paint(tmp_path / "own", ["Green", "RED", "blue"] * 10, seed=1))


def test_a_training_goes_on_from_a_model_of_another_project(
    graft: Graft, project: ProjectId, own: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    def poor_anew(*given: Any, start: Any = None) -> HeadFit:
        fit = fit_head(*given, start=start)
        return fit if start else dataclasses.replace(fit, score=-1.0)

    first = graft.training.start(project, TINY.with_settings({"weights": "bundled"}))
    complete(graft, first)
    assert [run.id for run in graft.training.earlier_models(own, "mobilenet_v3_small")] == [first]
    assert graft.training.earlier_models(own, "resnet18") == []
    assert graft.training.kept(own, TINY.with_settings({"weights": f"run:{first}"})) == (
        "Keeps its network and what it knows of Green, RED. New, from the start: blue."
    )
    monkeypatch.setattr(train_module, "fit_head", poor_anew)
    hardly = {"weights": f"run:{first}", "epochs": "1", "learning_rate": "1e-8"}
    second = graft.training.start(own, TINY.with_settings(hardly), "Own clinic")
    complete(graft, second)
    run = graft.training.read(second)
    assert run.parent_id == first
    assert (run.result or {})["head"] == {"kept": ["Green", "RED"], "new": ["blue"], "left_out": []}
    one, other = (load_model(graft.settings.models / str(run)).network for run in (first, second))
    bodies = one.body.state_dict(), other.body.state_dict()
    assert all(torch.equal(value, bodies[1][name]) for name, value in bodies[0].items()), "the head alone learnt"
    factor = other.head.weight[0, 0] / one.head.weight[0, 0]  # made less sure, alike for all classes
    assert torch.allclose(other.head.weight[:2], factor * one.head.weight, rtol=1e-2, atol=1e-4)
    assert float(other.head.weight[2].detach().abs().max()) < 1e-4
    steps = graft.reports.origin(second).lineage
    assert [(step.title, step.where) for step in steps] == [
        (f"Run {first} · Instant · mobilenet_v3_small", "Colours"),
        (f"Run {second} · Own clinic · mobilenet_v3_small", "Own"),
    ]
    assert steps[0].kept == "its network; classes kept: Green, RED; new: blue"


def test_a_head_that_begins_anew_is_taken_where_it_is_better_and_it_is_said(
    graft: Graft, project: ProjectId, own: ProjectId
) -> None:
    first = trained(graft, project)
    folder = graft.settings.models / str(first)
    loaded = load_model(folder)
    with torch.no_grad():  # an earlier model that mistakes each for the other, and is sure of it
        loaded.network.head.weight.copy_(1e4 * loaded.network.head.weight.flip(0))
        loaded.network.head.bias.copy_(1e4 * loaded.network.head.bias.flip(0))
    files = save_model(folder, loaded.network, loaded.card)
    with writing(graft.engine) as session:
        predictions.save_model(session, first, files=files, card=loaded.card.to_json())
    second = graft.training.start(own, TINY.with_settings({"weights": f"run:{first}", "epochs": "3"}))
    result = complete(graft, second).result or {}
    assert result["head"] is None and result["notes"] == [ANEW]
    assert graft.reports.origin(second).lineage[0].kept == "its network, with a new last layer"


def test_a_killed_training_still_says_that_its_head_began_anew(
    graft: Graft, project: ProjectId, own: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    def poor_start(*given: Any, start: Any = None) -> HeadFit:
        fit = fit_head(*given, start=start)
        return dataclasses.replace(fit, score=-1.0) if start else fit

    def dies_in_the_second(self: Trainer) -> None:
        if self.epoch == 2:
            raise MemoryError("killed")
        one_epoch(self)

    small = {"weights": f"run:{trained(graft, project)}", "epochs": "2", "image_size": "32", "patience": "0"}
    recipe = PRESETS["balanced"].with_settings({**small, "backbone": "mobilenet_v3_small"})
    monkeypatch.setattr(train_module, "fit_head", poor_start)
    run_id, one_epoch = graft.training.start(own, recipe), Trainer._one_epoch
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_one_epoch", dies_in_the_second)
        assert serve(graft) is RunState.FAILED
    assert graft.training.resume(run_id)
    result = complete(graft, run_id).result or {}
    notes = result["notes"]
    assert isinstance(notes, list) and notes[:2] == [ANEW, "Going on from the end of epoch 1."]
    assert result["head"] is None


@pytest.mark.parametrize(("poor", "kept"), [(0, True), (1, True), (2, False)])
def test_a_cross_validation_says_what_its_folds_kept_of_an_earlier_model_also_when_it_goes_on(
    graft: Graft, project: ProjectId, own: ProjectId, monkeypatch: pytest.MonkeyPatch, poor: int, kept: bool
) -> None:
    def chosen(self: Training, *given: Any) -> tuple[int, float]:
        """The head that began anew is better in the last so many of two folds."""
        monkeypatch.setattr(train_module, "fit_head", better_anew if fold(self) > 2 - poor else better_kept)
        return head(self, *given)

    def fold(training: Training) -> int:
        return int(training.context.folder.name.removeprefix("fold-"))

    def better_kept(*given: Any, start: Any = None) -> HeadFit:
        fit = fit_head(*given, start=start)
        return fit if start else dataclasses.replace(fit, score=-1.0)

    def better_anew(*given: Any, start: Any = None) -> HeadFit:
        fit = fit_head(*given, start=start)
        return dataclasses.replace(fit, score=-1.0) if start else fit

    def stopped(self: Training) -> object:
        if fold(self) == 2:
            raise Cancelled("The run was stopped.")
        return learn(self)

    first, head, learn = trained(graft, project), Training._head, Training.learn
    monkeypatch.setattr(Training, "_head", chosen)
    folded = graft.training.start(own, TINY.with_settings({"weights": f"run:{first}", "epochs": "2"}), folds=2)
    with monkeypatch.context() as patch:
        patch.setattr(Training, "learn", stopped)
        assert serve(graft) is RunState.CANCELLED
    assert graft.training.resume(folded)
    complete(graft, folded)
    said = "its network; classes kept: Green, RED; new: blue"
    some = " (in 1 of 2 folds; in the others a new last layer was better)" if poor else ""
    assert graft.reports.origin(folded).lineage[0].kept == (
        said + some if kept else "its network, with a new last layer"
    )


@pytest.mark.parametrize("tune", ["all", "lora:2"])
def test_the_last_good_weights_of_a_training_that_failed_can_be_gone_on_from(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch, tune: str
) -> None:
    recipe = PRESETS["balanced"].with_settings(
        {"image_size": "32", "weights": "bundled", "epochs": "3", "batch_size": "6", "tune": tune, "ema": "0"}
    )
    one_epoch = Trainer._one_epoch

    def breaks_in_the_second(self: Trainer) -> None:
        if self.epoch == 2:
            self.loss_of = lambda logits, targets: logits.sum() * float("nan")
        one_epoch(self)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_one_epoch", breaks_in_the_second)
        first = graft.training.start(project, recipe)
        assert serve(graft) is RunState.FAILED
    failed = graft.training.read(first)
    assert "The last good weights, of epoch 1, are kept." in failed.error
    assert failed.lasting and f"weights=run:{first}" in failed.hint
    assert [run.id for run in graft.training.earlier_models(project, "mobilenet_v3_small")] == [first]
    assert "it failed later" in graft.training.kept(project, recipe.with_settings({"weights": f"run:{first}"}))

    start = Network("mobilenet_v3_small", 2, image_size=32)
    with monkeypatch.context() as patch:  # it only begins
        patch.setattr(Trainer, "fit", lambda self: start.load_state_dict(self.network.state_dict(), strict=False))
        again = graft.training.start(project, recipe.with_settings({"weights": f"run:{first}", "tune": "all"}))
        serve(graft)
    assert graft.training.read(again).parent_id == first
    best = merged_state(torch.load(graft.settings.checkpoint(first), weights_only=True)["best_state"])
    assert set(best) == set(start.state_dict())
    for name, value in start.body.state_dict().items():
        assert torch.equal(value, best[f"body.{name}"]), name

    graft.settings.checkpoint(first).write_bytes(b"half of it")
    graft.training.start(project, recipe.with_settings({"weights": f"run:{first}"}))
    serve(graft)
    assert "is damaged" in graft.training.list(project)[0].error
    graft.settings.checkpoint(first).unlink()
    assert graft.training.earlier_models(project, "mobilenet_v3_small") == []
    with pytest.raises(BadInput, match="no model to start from"):
        graft.training.start(project, recipe.with_settings({"weights": f"run:{first}"}))


def test_what_is_kept_is_said_for_every_kind_of_meeting(graft: Graft, project: ProjectId) -> None:
    first = trained(graft, project)
    going_on = TINY.with_settings({"weights": f"run:{first}"})
    several = graft.projects.create_from_names("Several", Task.MULTI, ["red", "green"])
    strangers = graft.projects.create_from_names("Strangers", Task.SINGLE, ["apple", "pear"])
    fewer = graft.projects.create_from_names("Fewer", Task.SINGLE, ["red"])
    assert "another kind of question" in graft.training.kept(several, going_on)
    assert "no class of the model has the name" in graft.training.kept(strangers, going_on)
    assert graft.training.kept(fewer, going_on).endswith("what it knows of red. Left out: green.")
    assert graft.training.kept(fewer, TINY) == ""


def test_what_was_learnt_rank_by_rank_is_kept_for_the_same_grades_and_said_truly(
    graft: Graft, import_colours: Callable[..., ProjectId]
) -> None:
    project = import_colours(Task.ORDINAL, lambda index: str(index // 10), ["0", "1", "2"])
    fewer = graft.projects.create_from_names("Fewer", Task.ORDINAL, ["0", "1"])
    for loss in ("corn", "coral"):
        recipe = TINY.with_settings({"weights": "bundled", "loss": loss, "epochs": "20"})
        first = graft.training.start(project, recipe)
        complete(graft, first)
        hardly = recipe.with_settings({"weights": f"run:{first}", "epochs": "1", "learning_rate": "1e-8"})
        assert graft.training.kept(project, hardly) == "Keeps its network and what it knows of 0, 1, 2."
        assert "the grades here are not the same" in graft.training.kept(fewer, hardly)
        anew = hardly.with_settings({"loss": "coral" if loss == "corn" else "corn"})
        assert f"rank by rank ({loss.upper()}), here they are learnt otherwise" in graft.training.kept(project, anew)
        assert "learnt otherwise" in graft.training.kept(project, hardly.with_settings({"loss": "standard"}))
        second = graft.training.start(project, hardly)
        head = (complete(graft, second).result or {})["head"]
        assert head == {"kept": ["0", "1", "2"], "new": [], "left_out": []}
        models = (load_model(graft.settings.models / str(run)).network for run in (first, second))
        one, other = (model.head.weight.detach() for model in models)
        factor = other[0, 0] / one[0, 0]
        assert 0 < float(factor) <= 1.001, "at most made less sure"
        assert torch.allclose(other, factor * one, rtol=1e-2, atol=1e-4)
        third = graft.training.start(project, anew)
        assert (complete(graft, third).result or {})["head"] is None


def test_a_training_goes_on_from_the_best_fold_of_a_cross_validation(graft: Graft, project: ProjectId) -> None:
    folded = graft.training.start(project, TINY, folds=2)
    run = complete(graft, folded)
    with writing(graft.engine) as session:  # as if the second had done better
        folds = {**(run.result or {})["folds"], "scores": [0.6, 0.9]}  # type: ignore[dict-item]
        session.execute(update(RunRow).where(RunRow.id == folded).values(result={**(run.result or {}), "folds": folds}))
    assert [run.id for run in graft.training.earlier_models(project, "mobilenet_v3_small")] == [folded]
    recipe = TINY.with_settings({"weights": f"run:{folded}", "epochs": "1", "learning_rate": "1e-8"})
    command = ["train", "Colours", "--preset", "instant", "--backbone", "mobilenet_v3_small"]
    given = ["--set", f"weights=run:{folded}", "--set", "epochs=1", "--home", str(graft.settings.home)]
    kept = "Of its networks that of fold 2, which did best on pictures that it had not seen. Keeps its network and what"
    told = CliRunner().invoke(build(), [*command, *given])
    assert f"{kept} it knows of green, red.\n" in told.stdout
    assert json.loads(CliRunner().invoke(build(), [*command, *given, "--json"]).stdout)["kept"].startswith(kept)
    off = [f"weights=run:{folded}/fold-9" if item == f"weights=run:{folded}" else item for item in given]
    gone = CliRunner().invoke(build(), [*command, *off])
    assert gone.exit_code != 0 and "Keeps its network" not in gone.output, "what cannot start keeps nothing"
    assert graft.training.kept(project, recipe).startswith(kept)
    first = min(run.id for run in graft.training.list(project) if run.id != folded)
    assert complete(graft, first).parent_id == folded
    one, other = (load_model(graft.settings.models / name).network for name in (f"{folded}/fold-2", f"{first}"))
    bodies = one.body.state_dict(), other.body.state_dict()
    assert all(torch.equal(value, bodies[1][name]) for name, value in bodies[0].items()), "the head alone learnt"
    origin = graft.reports.origin(first)
    assert origin.lineage[0].kept.startswith("the network of its fold 2")
    assert f"--set weights=run:{folded}/fold-2" in origin.command
    assert graft.training.kept(project, recipe.with_settings({"weights": f"run:{folded}/fold-1"})).startswith(
        "Of its networks that of fold 1. Keeps"
    )


@pytest.mark.parametrize("weights", ["run:", "run:../7", "run:7/fold-", "run:7/../8", "run:99"])
def test_a_run_that_is_none_is_no_start(graft: Graft, project: ProjectId, weights: str) -> None:
    with pytest.raises(BadInput, match="has no model to start from"):
        graft.training.start(project, TINY.with_settings({"weights": weights}))
