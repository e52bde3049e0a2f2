"""Groups of trainings: several networks, several depths, one table."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import build
from app.commands.comparing import comparison_words
from app.parts.study_view import network_words
from core.errors import BadInput, NotFound
from core.graft import Graft
from core.jobs import LaneWorker
from core.recipes import DEPTHS, PRESETS
from core.services.benchmarks import group_json, row_of
from core.services.training import RunRecord
from core.types import Lane, ProjectId, RunState
from tests.at_once import serve
from tests.integration.test_training import TINY

pytestmark = pytest.mark.processes

RECIPE = TINY.with_settings({"image_size": "32", "epochs": "3"})


def test_networks_are_compared_on_the_same_pictures_with_what_they_cost(graft: Graft, project: ProjectId) -> None:
    group = graft.benchmarks.start(project, RECIPE, ["graft:tiny_cnn", "graft:light_cnn"], name="Small ones")
    waiting = graft.benchmarks.read(project, group)
    assert [row.score for row in waiting.rows] == [None, None]
    assert "None" not in comparison_words(group_json(waiting))
    assert serve(graft) is RunState.DONE and serve(graft) is RunState.DONE
    view = graft.benchmarks.read(project, group)
    assert view.ended and view.figure == "balanced_accuracy"
    assert [row.backbone for row in view.rows] == ["graft:tiny_cnn", "graft:light_cnn"]
    for row in view.rows:
        assert row.score is not None and row.score.low <= row.score.value <= row.score.high
        assert row.seconds is not None and row.latency_ms is not None and row.latency_ms > 0
        accuracy = graft.results.read(row.run).scores.figures["balanced_accuracy"]
        assert accuracy == row.score
    assert view.rows[0].parameters == 13_856 + 2 * 129
    assert view.rows[1].size_bytes is not None and view.rows[1].size_bytes > 4 * 241_000
    assert list(graft.benchmarks.list(project)) == [group]
    assert json.loads(json.dumps(group_json(view)))["rows"][0]["interval"] == [
        view.rows[0].score.low, view.rows[0].score.high,  # type: ignore[union-attr]
    ]  # fmt: skip
    told = comparison_words(group_json(view)).splitlines()
    assert told[2].split("  ")[-1] == "ms a picture" and "95% interval" in told[2] and "file MB" in told[2]
    for row, line in zip(view.rows, told[3:], strict=True):
        assert row.score is not None and row.size_bytes is not None
        assert f"{row.score.value:.3f}" in line and f"{row.score.low:.3f} to {row.score.high:.3f}" in line
        assert f"{row.size_bytes / 1e6:.2f}" in line.split()


def test_a_network_that_also_starts_from_nothing_counts_once_and_is_told_apart(
    graft: Graft, project: ProjectId
) -> None:
    names = ["mobilenet_v3_small", "graft:light_cnn"]
    group = graft.benchmarks.start(project, RECIPE.with_settings({"weights": "bundled"}), names, scratch=True)
    assert graft.benchmarks.list(project)[group].startswith("2 networks · ")
    rows = graft.benchmarks.read(project, group).rows
    assert [network_words(row) for row in rows] == [
        "mobilenet_v3_small", "mobilenet_v3_small, from nothing", "graft:light_cnn, from nothing",
    ]  # fmt: skip


@pytest.mark.parametrize(("tune", "best", "unmoved"), [("last:2", 0, True), ("last:2", 3, False), ("head", 0, False)])
def test_a_depth_at_which_nothing_was_better_than_the_beginning_is_told(tune: str, best: int, unmoved: bool) -> None:
    known = dict.fromkeys(RunRecord.__dataclass_fields__)
    given = {"id": 7, "state": RunState.DONE, "recipe": {"tune": tune}, "result": {"best_epoch": best}}
    row = row_of(RunRecord(**{**known, **given}), None)  # type: ignore[arg-type]
    assert row.unmoved is unmoved


def test_a_network_is_trained_at_every_depth_in_one_group_that_can_be_stopped(graft: Graft, project: ProjectId) -> None:
    group = graft.benchmarks.start_depths(project, RECIPE.with_settings({"backbone": "graft:tiny_cnn"}))
    view = graft.benchmarks.read(project, group)
    assert tuple(row.tune for row in view.rows) == DEPTHS and view.study == "depth"
    assert graft.benchmarks.cancel(project, group) == len(DEPTHS)
    assert graft.benchmarks.read(project, group).ended


def test_stopping_all_ends_the_one_that_learns_and_those_that_wait_within_ten_seconds(
    graft: Graft, project: ProjectId
) -> None:
    long = RECIPE.with_settings({"epochs": "9999", "patience": "0"})
    group = graft.benchmarks.start(project, long, ["graft:tiny_cnn", "graft:light_cnn"])
    first = graft.benchmarks.read(project, group).rows[0].run
    worker = LaneWorker(engine=graft.engine, settings=graft.settings, lanes=[Lane.TRAINING])

    def until(reached: Callable[[], bool], within_s: float) -> None:
        begun = time.monotonic()
        while not reached():
            worker.step()
            time.sleep(0.05)
            assert time.monotonic() - begun < within_s

    try:
        until(lambda: bool(graft.training.curves(first)), 120)
        assert graft.benchmarks.cancel(project, group) == 2
        until(lambda: graft.benchmarks.read(project, group).ended, 10)
        assert set(graft.benchmarks.states(project, group).values()) == {RunState.CANCELLED}
    finally:
        worker.close()


def test_what_cannot_be_compared_is_said_before_anything_is_queued(graft: Graft, project: ProjectId) -> None:
    with pytest.raises(BadInput, match="no network"):
        graft.benchmarks.start(project, RECIPE, [])
    with pytest.raises(BadInput, match="no backbone 'resnet19'"):
        graft.benchmarks.start(project, PRESETS["instant"], ["resnet18", "resnet19"])
    with pytest.raises(BadInput, match="resnet18 has no linear layers that LoRA could add to"):
        lora = PRESETS["balanced"].with_settings({"tune": "lora:8"})
        graft.benchmarks.start(project, lora, ["timm:vit_small_patch16_224", "resnet18"])
    with pytest.raises(NotFound, match="no comparison"):
        graft.benchmarks.read(project, "nothing")
    assert graft.training.list(project) == []


def test_what_cannot_be_downloaded_is_said_before_anything_is_queued_and_queued_only_when_asked(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAFT_WEIGHTS_URL", "http://127.0.0.1:9")
    graft.settings.weights.mkdir(parents=True, exist_ok=True)
    (graft.settings.weights / "vgg16-397923af.pth").touch()

    def told(*words: str, status: int = 1) -> str:
        done = CliRunner().invoke(build(), [words[0], "Colours", *words[1:], "--home", str(graft.settings.home)])
        assert done.exit_code == status, done.output
        return done.stderr

    there = "cannot be downloaded from here now, and without them the training fails."
    missing = told("benchmark", "--published", "paddy")
    assert f"The weights of timm:mobilenetv1_100, timm:legacy_xception, resnet34 {there}" in missing
    assert "To queue it anyway: --set weights=imagenet." in missing
    assert f"resnet18 {there}" in told("train", "--backbone", "resnet18")
    graft.recipes.save("Mine", PRESETS["balanced"])
    assert f"resnet18 {there}" in told("search", "--recipe", "Mine", "--backbones", "resnet18,vgg16")
    assert graft.training.list(project) == graft.searches.list(project) == []
    told("benchmark", "--published", "location", status=0)  # at hand, or from nothing
    told("train", "--backbone", "resnet18", "--set", "weights=imagenet", status=0)
    assert [run.recipe["backbone"] for run in graft.training.list(project) if run.recipe] == [
        "resnet18", "vgg16", "graft:light_cnn",
    ]  # fmt: skip


def test_the_command_queues_a_published_comparison(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.services.weights._answers", lambda url: True)
    home = ["--home", str(Path(graft.settings.home))]
    done = CliRunner().invoke(build(), ["benchmark", "Colours", "--published", "location", "--json", *home])
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)["rows"]
    assert [(row["backbone"], row["weights"], row["state"]) for row in rows] == [
        ("graft:light_cnn", "none", "queued"), ("vgg16", "imagenet", "queued"),
    ]  # fmt: skip
    mixed = ["benchmark", "Colours", "--backbones", "graft:light_cnn,mobilenet_v3_small", "--json", *home]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.services.training.usual_weights", lambda settings, backbone: "bundled")
        rows = json.loads(CliRunner().invoke(build(), mixed).stdout)["rows"]
    assert [(row["backbone"], row["weights"]) for row in rows] == [
        ("graft:light_cnn", "none"), ("mobilenet_v3_small", "bundled"),
    ]  # fmt: skip
    unknown = CliRunner().invoke(build(), ["benchmark", "Colours", "--backbones", "resnet18,resnet19", *home])
    assert unknown.exit_code == 1 and unknown.stderr.startswith("There is no backbone 'resnet19'")
    wrong = CliRunner().invoke(build(), ["benchmark", "Colours", "--depths", "--backbones", "a,b", *home])
    assert wrong.exit_code == 2


@pytest.mark.parametrize(
    ("asked", "word"),
    [(["--depths", "--set", "tune=all"], "tune"), (["--depths", "--scratch"], "--scratch"),
     (["--set", "backbone=resnet34"], "--backbones")],
)  # fmt: skip
def test_what_a_comparison_varies_itself_cannot_be_set(asked: list[str], word: str) -> None:
    refused = CliRunner().invoke(build(), ["benchmark", "Colours", "--backbones", "resnet18", *asked])
    assert refused.exit_code == 2 and word in refused.stderr
