"""The command on the results page makes the same run again, with the same numbers."""

import json
import shlex
from importlib import metadata

import pytest
import torch
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from app.cli import build
from core.graft import Graft
from core.recipes import AUTOMATIC, PRESETS, Recipe
from core.services.labelling import LabelEvent, LabelValue
from core.store.db import reading
from core.store.predictions import read_predictions
from core.store.runs import RunRecord
from core.store.snapshot import FILE
from core.tasks.train import Training
from core.types import JsonObject, LabelKind, ProjectId, RunId, RunState
from tests.at_once import complete, serve

SMALL = {"image_size": "32", "weights": "none", "epochs": "2", "batch_size": "8"}
RECIPES = {
    **{name: recipe.with_settings(SMALL | {"seed": "3"}) for name, recipe in PRESETS.items()},
    AUTOMATIC: PRESETS["balanced"].with_settings(SMALL | {"preset": AUTOMATIC, "imbalance": "ignore", "mixup": "0.1"}),
    "bundled": PRESETS["balanced"].with_settings({"image_size": "32", "weights": "bundled", "epochs": "1"}),
}


def repeated(graft: Graft, command: str) -> RunId:
    """The run that the command makes."""
    words = shlex.split(command)
    assert words[0] == "graft"
    done = CliRunner().invoke(build(), [*words[1:], "--json", "--home", str(graft.settings.home)])
    assert done.exit_code == 0, done.output
    return complete(graft, RunId(json.loads(done.stdout)["run"])).id


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_the_repeated_command_gives_the_same_numbers(graft: Graft, project: ProjectId, recipe: Recipe) -> None:
    first = graft.training.start(project, recipe, "First")
    complete(graft, first)
    moved_on(graft, project)
    second = repeated(graft, graft.reports.origin(first).command)
    one, other = graft.training.read(first), graft.training.read(second)
    assert (one.version_id, one.code_version, engine(one)) == (other.version_id, other.code_version, engine(other))
    assert other.recipe == recipe.decided(engine(one)).to_json()
    kept = [json.loads((graft.settings.models / str(run) / FILE).read_text()) for run in (first, second)]
    assert kept[0] == kept[1]
    assert graft.training.curves(first) == graft.training.curves(second)
    with reading(graft.engine) as session:
        assert read_predictions(session, first) == read_predictions(session, second)


def engine(run: RunRecord) -> JsonObject:
    """What the run found fastest."""
    return dict((run.result or {})["engine"])  # type: ignore[call-overload]


@pytest.mark.parametrize("folds", [0, 2])
def test_a_repeat_computes_as_the_run_did_though_the_machine_would_choose_otherwise_now(
    graft: Graft, project: ProjectId, folds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.inference.runtimes.TRYING", 1)
    monkeypatch.setattr("core.training.precision.TRYING", 1)
    for module in ("core.inference.runtimes", "core.training.precision"):
        monkeypatch.setattr(f"{module}.has_bfloat16", lambda device: True)
    recipe = PRESETS["balanced"].with_settings({"image_size": "32", "weights": "bundled", "epochs": "1"})
    found: list[RunRecord] = []
    for runtime, precision in (("torch-bf16", "bfloat16"), ("torch", "float32")):
        monkeypatch.setattr("core.inference.runtimes.remembered", lambda *_, to=runtime: to)
        monkeypatch.setattr("core.training.precision.remembered", lambda *_, to=precision: to)
        if found:
            made = repeated(graft, graft.reports.origin(found[0].id).command)
        else:
            made = graft.training.start(project, recipe, folds=folds)
            complete(graft, made)
        found.append(graft.training.read(made))
    decided = [recipe.decided(engine(run)) for run in found]
    assert decided[0] == decided[1]
    assert (decided[0].runtime, decided[0].precision) == ("torch-bf16", "bfloat16")
    assert graft.training.curves(found[0].id) == graft.training.curves(found[1].id)
    with reading(graft.engine) as session:
        one, other = (read_predictions(session, run.id) for run in found)
    assert one == other


def test_the_command_names_the_weights_which_another_day_might_be_out_of_reach(
    graft: Graft, project: ProjectId
) -> None:
    first = graft.training.start(project, PRESETS["instant"])
    assert "--set weights=imagenet" in graft.reports.origin(first).command


def moved_on(graft: Graft, project: ProjectId) -> None:
    """A label is changed: the command must take the dataset version of old."""
    (item, *_) = graft.labelling.upcoming(project, states=list(graft.labelling.progress(project).by_state))
    other = next(kind.id for kind in graft.projects.read(project).classes if kind.id not in item.classes)
    event = LabelEvent(event_id="moved", image_id=item.id, kind=LabelKind.SET, value=LabelValue(classes=(other,)))
    assert graft.labelling.record(project, [event]).saved == ("moved",)


def test_folds_and_odd_names_are_in_the_command(graft: Graft, project: ProjectId) -> None:
    graft.projects.edit(project, name='Leaves "from" Bob\'s $HOME', guideline="")
    recipe = PRESETS["instant"].with_settings({"image_size": "32", "weights": "none"})
    first = graft.training.start(project, recipe, folds=3, repeats=2)
    complete(graft, first)
    origin = graft.reports.origin(first)
    assert origin.command.endswith("--folds 3 --repeats 2")
    second = repeated(graft, origin.command)
    assert graft.training.read(second).payload == graft.training.read(first).payload
    assert graft.training.read(second).result is not None
    folds = [(graft.training.read(run).result or {})["folds"] for run in (first, second)]
    assert folds[0] == folds[1]


def test_random_splits_are_in_the_command(graft: Graft, project: ProjectId) -> None:
    first = graft.training.start(project, PRESETS["instant"], folds=4, shuffle=True)
    assert graft.reports.origin(first).command.endswith("--folds 4 --shuffle")


def test_a_run_says_with_what_it_was_made(graft: Graft, project: ProjectId) -> None:
    first = graft.training.start(project, RECIPES["instant"])
    complete(graft, first)
    origin = graft.reports.origin(first)
    assert torch.__version__.startswith(str(origin.libraries["torch"]))
    assert origin.code_version.startswith("graft ") and origin.device and origin.version == 1
    assert len(origin.lineage) == 1


def shown(run: int, home: str) -> None:
    """The script of a page: runs on its own, so that it imports what it needs."""
    import os

    os.environ["GRAFT_HOME"] = home
    from app.parts.run_status import run_status
    from core.types import RunId

    run_status(RunId(run))


def test_a_training_that_failed_says_with_what_it_was_made_too(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = graft.training.start(project, RECIPES["instant"], reasons=["Only the last layer learns: so few."])
    assert graft.reports.origin(first).libraries == {}, "it only waits"
    monkeypatch.setenv("GRAFT_HOME", str(graft.settings.home))
    page = AppTest.from_function(shown, default_timeout=60, kwargs={"run": first, "home": str(graft.settings.home)})
    page.run()
    assert [item.label for item in page.expander] == ["Where it comes from"]
    assert "written down when it starts" in page.expander[0].markdown[0].value
    assert page.expander[0].markdown[1].value == r"- Only the last layer learns\: so few\."

    def fails(*_: object) -> None:
        raise RuntimeError("who knows")

    with monkeypatch.context() as patch:
        patch.setattr(Training, "learn", fails)
        assert serve(graft) is RunState.FAILED
    origin = graft.reports.origin(first)
    assert origin.libraries["openvino"] == metadata.version("openvino")
    assert origin.libraries["torch"] == metadata.version("torch") and origin.code_version.startswith("graft ")
    page.run()
    told = page.expander[0]
    for words in (origin.dataset_hash, f"openvino {origin.libraries['openvino']}", origin.code_version, "Started"):
        assert words in told.markdown[0].value.replace("\\", "")
    assert told.code[0].value == origin.command and len(told.dataframe[0].value) == len(origin.recipe)


def test_a_project_whose_name_looks_like_an_option_is_repeated_too(graft: Graft, project: ProjectId) -> None:
    graft.projects.edit(project, name="--help ä", guideline="")
    first = graft.training.start(project, PRESETS["instant"].with_settings(SMALL))
    complete(graft, first)
    command = graft.reports.origin(first).command
    words = shlex.split(command)
    again = CliRunner().invoke(build(), ["--home", str(graft.settings.home), "--json", *words[1:]])
    assert again.exit_code == 0, again.output
    complete(graft, RunId(json.loads(again.stdout)["run"]))
