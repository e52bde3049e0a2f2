"""The search job on tiny pictures: honest, in time, resumable, and a recipe under a name in the end."""

import dataclasses
import json
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from app.cli import build
from app.parts.search_view import best_words
from core.errors import BadInput, Cancelled, DiskFull, GraftError, NameTaken, NotEnoughImages, NotFound
from core.graft import Graft
from core.jobs import LaneWorker
from core.recipes import PRESETS, Recipe
from core.services.searching import SearchView, TrialView, _trial
from core.store import runs
from core.store.db import writing
from core.tasks import search
from core.tasks.search import JOURNAL
from core.tasks.train import Training
from core.tasks.trial import TrialContext
from core.types import JsonObject, Lane, ProjectId, RunId, RunState, Split
from tests.at_once import complete, serve

pytestmark = pytest.mark.processes

START: Recipe = PRESETS["instant"].with_settings(
    {"image_size": "32", "weights": "bundled", "epochs": "8", "learning_rate": "0.001"}
)
FIELDS = ["learning_rate", "weight_decay"]


def start(graft: Graft, project: ProjectId, trials: int = 6) -> RunId:
    return graft.searches.start(project, START, minutes=5, fields=FIELDS, trials=trials)


@pytest.fixture(autouse=True)
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chance decides from the first trial on, and every trial may be ended early."""
    monkeypatch.setattr(search, "FREE", 1)


def test_the_start_is_tried_first_and_the_best_on_validation_wins(graft: Graft, project: ProjectId) -> None:
    run_id = start(graft, project)
    complete(graft, run_id)
    view = graft.searches.read(run_id)
    assert [item.number for item in view.trials] == [1, 2, 3, 4, 5, 6]
    assert view.trials[0].values["learning_rate"] == START.learning_rate
    done = [item for item in view.trials if item.state == "done"]
    assert view.best is not None and view.best.score == max(item.score or 0 for item in done)
    assert view.recipe is not None and view.recipe.learning_rate == view.best.values["learning_rate"]
    assert view.start == view.trials[0].score
    assert {item.state for item in view.trials} <= {"done", "ended early"}


def test_a_search_never_sees_the_test_pictures(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Training] = []
    learn = Training.learn

    def watched(self: Training) -> object:
        seen.append(self)
        return learn(self)

    monkeypatch.setattr(Training, "learn", watched)
    start(graft, project, trials=2)
    assert serve(graft) is RunState.DONE
    assert len(seen) == 2
    for training in seen:
        assert {item.split for item in training.version.items} == {Split.TRAIN, Split.VALIDATION}


def test_a_trial_that_is_not_among_the_better_half_is_ended_early(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = iter([0.9, 0.1])

    def learn(self: Training) -> tuple[None, int, float]:
        value = next(scores)
        for epoch in range(1, self.recipe.epochs + 1):
            self.context.metrics(epoch, {"validation/score": value})
        return None, 1, value

    monkeypatch.setattr(Training, "learn", learn)
    run_id = start(graft, project, trials=2)
    assert serve(graft) is RunState.DONE
    first, second = graft.searches.read(run_id).trials
    assert (first.state, second.state) == ("done", "ended early")
    assert second.epoch == 2 and second.epochs == 8 and second.score == 0.1
    assert [point for point, _ in graft.training.curves(run_id)["search/score"]] == [1]


def test_a_killed_search_goes_on_with_the_trial_it_was_in_and_ends_alike(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm = start(graft, project, trials=4)
    assert serve(graft) is RunState.DONE
    run_id = start(graft, project, trials=4)
    folders: list[str] = []
    learn = Training.learn

    def interrupted(self: Training) -> object:
        folders.append(self.context.folder.name)
        if folders == ["trial-1", "trial-2"]:
            raise KeyboardInterrupt
        return learn(self)

    monkeypatch.setattr(Training, "learn", interrupted)
    with pytest.raises(KeyboardInterrupt):
        serve(graft)
    journal = graft.settings.models / str(run_id) / JOURNAL
    with journal.open("ab") as file:
        file.write(b'{"op_code":5,"half a li')  # what a power cut leaves
    journal.with_name(f"{JOURNAL}.lock").symlink_to(journal)
    with writing(graft.engine) as session:
        assert runs.release_run(session, run_id, 1, retries=1)
    complete(graft, run_id)
    assert folders == ["trial-1", "trial-2", "trial-2", "trial-3", "trial-4"]
    expected = [(item.values, item.score) for item in graft.searches.read(calm).trials]
    assert [(item.values, item.score) for item in graft.searches.read(run_id).trials] == expected


def test_the_time_ends_it_and_the_trial_it_was_in_but_never_the_first(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn = Training.learn

    def slow(self: Training) -> object:
        monkeypatch.setattr(search._Search, "seconds", 1e6)  # from now on the time is over
        return learn(self)

    monkeypatch.setattr(Training, "learn", slow)
    run_id = start(graft, project)
    assert serve(graft) is RunState.DONE
    view = graft.searches.read(run_id)
    assert [item.state for item in view.trials] == ["done"] and view.recipe is not None


def test_a_search_stops_when_asked_and_goes_on_later(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.jobs.context.CANCEL_CHECK_EVERY_S", 0)
    run_id = start(graft, project, trials=2)
    learn = Training.learn

    def asked(self: Training) -> object:
        graft.queue.cancel(run_id)
        return learn(self)

    with monkeypatch.context() as patch:
        patch.setattr(Training, "learn", asked)
        assert serve(graft) is RunState.CANCELLED
    assert graft.training.resume(run_id)
    assert serve(graft) is RunState.DONE


def test_the_time_that_a_killed_search_has_spent_is_spent(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id, clock, deaths = start(graft, project, trials=1), [0.0], [MemoryError("killed")]
    metrics = TrialContext.metrics

    def slow(self: TrialContext, step: int, values: Mapping[str, float]) -> None:
        clock[0] += 10
        metrics(self, step, values)
        if step == 5 and deaths:
            raise deaths.pop()

    monkeypatch.setattr(TrialContext, "metrics", slow)
    monkeypatch.setattr(search, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    assert serve(graft) is RunState.FAILED
    clock[0] = 1000.0  # another process has another clock
    assert graft.training.resume(run_id)
    result = complete(graft, run_id).result or {}
    assert result["seconds"] == 50 + 80
    assert graft.searches.read(run_id).trials[0].seconds == 50 + 80


def test_a_trial_of_a_search_that_is_over_does_not_run() -> None:
    row: JsonObject = {"trial": 3, "state": "running"}
    assert (_trial(row, over=False).state, _trial(row, over=True).state) == ("running", "stopped")
    assert _trial({**row, "state": "done"}, over=True).state == "done"


@pytest.mark.parametrize("trouble", [Cancelled("The run was stopped."), DiskFull()])
def test_a_search_that_is_stopped_or_has_no_room_goes_on_with_the_trial_it_was_in(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    run_id, troubles, folders = start(graft, project, trials=2), [trouble], list[str]()
    learn = Training.learn

    def troubled(self: Training) -> object:
        folders.append(self.context.folder.name)
        if folders[-1] == "trial-2" and troubles:
            raise troubles.pop()
        return learn(self)

    monkeypatch.setattr(Training, "learn", troubled)
    assert serve(graft) is (RunState.CANCELLED if isinstance(trouble, Cancelled) else RunState.FAILED)
    assert graft.training.resume(run_id)
    assert serve(graft) is RunState.DONE
    assert folders == ["trial-1", "trial-2", "trial-2"]
    assert [item.note for item in graft.searches.read(run_id).trials] == ["", ""]


def test_a_recipe_that_fails_is_told_of_and_the_search_goes_on_but_not_if_the_start_fails(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    learn, fails = Training.learn, ["trial-2"]

    def sometimes(self: Training) -> object:
        if self.context.folder.name in fails:
            raise GraftError("The loss stopped being a number.")
        return learn(self)

    monkeypatch.setattr(Training, "learn", sometimes)
    run_id = start(graft, project, trials=3)
    assert serve(graft) is RunState.DONE
    states = {item.number: (item.state, item.note) for item in graft.searches.read(run_id).trials}
    assert states[2] == ("failed", "The loss stopped being a number.") and states[1][0] == "done"
    fails[:] = ["trial-1"]
    run_id = start(graft, project, trials=3)
    assert serve(graft) is RunState.FAILED
    assert graft.training.read(run_id).error == "The loss stopped being a number."


def test_what_cannot_be_searched_is_said_before_anything_is_queued(graft: Graft, project: ProjectId) -> None:
    for minutes, words in ((0, "minutes must lie"), (float("nan"), "minutes must lie")):
        with pytest.raises(BadInput, match=words):
            graft.searches.start(project, START, minutes=minutes)
    with pytest.raises(BadInput, match="no backbone 'resnet19'"):
        graft.searches.start(project, PRESETS["instant"], minutes=1, backbones=["resnet18", "resnet19"])
    focal = START.with_settings({"loss": "focal"})
    attending = START.with_settings({"tune": "attention"})
    with pytest.raises(BadInput, match="mobilenet_v3_small has no attention"):
        graft.searches.start(project, attending, minutes=5)
    with pytest.raises(BadInput, match="Trials cannot differ by label_smoothing here: the loss 'focal' has no place"):
        graft.searches.start(project, focal, minutes=1, fields=["learning_rate", "label_smoothing"])
    assert graft.searches.list(project) == []


def test_the_best_recipe_is_saved_under_a_name_and_trained_by_it(graft: Graft, project: ProjectId) -> None:
    run_id = start(graft, project, trials=2)
    home = ["--home", str(Path(graft.settings.home))]
    with pytest.raises(NotFound, match="has no recipe"):
        graft.recipes.save_run("Too early", run_id)
    assert serve(graft) is RunState.DONE
    saved = CliRunner().invoke(build(), ["recipe", "save", str(run_id), " Leaves,  best", *home])
    assert saved.exit_code == 1 and "cannot be called" in saved.stderr
    saved = CliRunner().invoke(build(), ["recipe", "save", str(run_id), " Leaves  best", *home])
    assert saved.exit_code == 0, saved.output
    found = graft.recipes.read("Leaves best")
    assert found.preset == "Leaves best" and found.learning_rate == graft.searches.read(run_id).recipe.learning_rate  # type: ignore[union-attr]
    done = CliRunner().invoke(
        build(), ["train", "Colours", "--recipe", "Leaves best", "--set", "epochs=3", "--json", *home]
    )
    assert done.exit_code == 0, done.output
    recipe = graft.training.read(RunId(json.loads(done.stdout)["run"])).recipe
    assert recipe is not None and (recipe["preset"], recipe["epochs"]) == ("Leaves best", 3)
    for name in ("instant", "leaves BEST"):
        with pytest.raises(NameTaken):
            graft.recipes.save(name, found)
    for name in ("../up", "", "a/b", ".hidden", "x" * 61, "a\nb\0"):
        with pytest.raises(BadInput):
            graft.recipes.save(name, found)
    graft.recipes.delete("Leaves best")
    unknown = CliRunner().invoke(build(), ["train", "Colours", "--recipe", "Leaves best", *home])
    assert unknown.exit_code == 1 and "no recipe 'Leaves best'" in unknown.stderr


@pytest.mark.parametrize("trouble", [Cancelled("The run was stopped."), MemoryError("killed")], ids=["stop", "failure"])
def test_the_best_recipe_of_a_search_that_was_stopped_or_failed_is_saved_from_command_and_page(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    calm = start(graft, project, trials=2)
    assert serve(graft) is RunState.DONE
    run_id = start(graft, project, trials=9)
    learn = Training.learn

    def troubled(self: Training) -> object:
        if self.context.folder.name == "trial-3":
            raise trouble
        return learn(self)

    monkeypatch.setattr(Training, "learn", troubled)
    assert serve(graft) in (RunState.CANCELLED, RunState.FAILED)
    view, expected = graft.searches.read(run_id), graft.searches.read(calm)
    assert (view.recipe, view.validation) == (expected.recipe, expected.validation) and view.recipe is not None
    home = ["--home", str(graft.settings.home)]
    saved = CliRunner().invoke(build(), ["recipe", "save", str(run_id), "From the command", *home])
    assert saved.exit_code == 0, saved.output
    monkeypatch.setenv("GRAFT_HOME", str(graft.settings.home))
    page = AppTest.from_function(shown, default_timeout=60, kwargs={"run": run_id}).run()
    assert not page.exception and "so far" in page.markdown[0].value
    page.text_input[0].set_value("From the page")
    (button,) = [item for item in page.button if item.label == "Save"]
    page = button.click().run()
    assert not page.exception and page.success[0].value.startswith("Saved.")
    found = graft.recipes.list()
    assert found["From the command"] == dataclasses.replace(view.recipe, preset="From the command")
    assert found["From the page"] == dataclasses.replace(view.recipe, preset="From the page")


def test_a_figure_s_sign_and_a_minus_are_written_as_people_write_them(graft: Graft, project: ProjectId) -> None:
    run = graft.queue.read(start(graft, project, trials=2))
    trials = [
        TrialView(
            number=number, state="done", score=score, epoch=1, epochs=1, seconds=1.0, note="", values={"tune": "all"}
        )
        for number, score in ((1, -0.0014), (2, 0.1))
    ]  # fmt: skip
    numbers = SearchView(
        run=run, score_name="R²", minutes=1, trials=tuple(trials), best=trials[1], start=-0.0014, recipe=None,
        validation=9,
    )  # fmt: skip
    assert best_words(numbers) == "Trial 2 is best so far: R² 0.100 on validation, \N{MINUS SIGN}0.001 at the start."
    classes = dataclasses.replace(numbers, score_name="Balanced accuracy", best=trials[0])
    assert best_words(classes).endswith("it began from: balanced accuracy \N{MINUS SIGN}0.001 on validation.")


def shown(run: int) -> None:
    """The script of a page: runs on its own, so that it imports what it needs."""
    from app.parts.search_view import search_status
    from core.types import RunId

    search_status(RunId(run))


def test_the_command_searches_and_says_what_it_found(graft: Graft, project: ProjectId) -> None:
    done = CliRunner().invoke(
        build(),
        ["search", "Colours", "--minutes", "2", "--fields", "mixup,learning_rate", "--backbones", "resnet18,resnet34",
         "--set", "weights=none", "--json", "--home", str(graft.settings.home)],
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    run = graft.training.read(RunId(json.loads(done.stdout)["run"]))
    assert run.payload == {
        "minutes": 2.0, "fields": ["mixup", "learning_rate"], "backbones": ["resnet18", "resnet34"], "trials": 200,
        "held": ["weights"],
    }  # fmt: skip


def test_what_is_set_on_the_command_line_does_not_vary_and_holds_for_all_trials(
    graft: Graft, project: ProjectId
) -> None:
    asked = ["search", "Colours", "--trials", "1", "--set", "weights=bundled", "--json", "--home"]
    asked.append(str(graft.settings.home))
    done = CliRunner().invoke(build(), [*asked, "--set", "tune=head", "--set", "epochs=2"])
    assert done.exit_code == 0, done.output
    payload = graft.training.read(RunId(json.loads(done.stdout)["run"])).payload
    assert payload["fields"] == ["learning_rate", "weight_decay"], "no picture is varied for a head alone"
    assert payload["held"] == ["weights", "tune", "epochs"]
    alike = CliRunner().invoke(build(), [*asked, "--set", "tune=head", "--fields", "mixup"])
    assert alike.exit_code == 1 and "Trials cannot differ by mixup here: only the last layer learns" in alike.stderr
    refused = CliRunner().invoke(build(), [*asked, "--set", "tune=head", "--fields", "tune"])
    assert refused.exit_code == 1 and "tune is set, which holds for all trials" in refused.stderr


def test_a_search_is_no_training_and_is_not_told_to_get_scores(graft: Graft, project: ProjectId) -> None:
    run_id = start(graft, project, trials=1)
    complete(graft, run_id)
    home = ["--home", str(graft.settings.home)]
    for asked in (["results", str(run_id)], ["results", str(run_id), "--check"], ["forecast", str(run_id)]):
        told = CliRunner().invoke(build(), [*asked, *home])
        assert told.exit_code == 1 and f"Run {run_id} is no training" in told.stderr, told.output
    with pytest.raises(NotEnoughImages, match="is no training: it has no scores"):
        graft.results.read(run_id)
    with pytest.raises(BadInput, match=r"has no model to start from\. Choose a training or a pretraining"):
        graft.training.start(project, dataclasses.replace(START, weights=f"run:{run_id}"))


def test_a_search_whose_process_is_killed_goes_on_by_itself_and_one_that_is_stopped_stops_soon(
    graft: Graft, project: ProjectId
) -> None:
    worker = LaneWorker(engine=graft.engine, settings=graft.settings, lanes=[Lane.TRAINING])
    run_id = graft.searches.start(project, START, minutes=20, fields=FIELDS, trials=1000)

    def until(reached: Callable[[], bool], within_s: float = 120) -> float:
        begun = time.monotonic()
        while not reached():
            worker.step()
            time.sleep(0.05)
            assert time.monotonic() - begun < within_s
        return time.monotonic() - begun

    def ended() -> int:
        return sum(item.state != "running" for item in graft.searches.read(run_id).trials)

    try:
        until(lambda: ended() >= 1)
        before = graft.searches.read(run_id).trials[:1]
        child = worker._children[Lane.TRAINING]
        assert child is not None
        os.killpg(child.process.pid, signal.SIGKILL)
        until(lambda: graft.training.read(run_id).attempts == 2 and ended() >= 2)
        assert graft.searches.read(run_id).trials[:1] == before
        graft.queue.cancel(run_id)
        assert until(lambda: graft.training.read(run_id).state.ended) < 10
        assert graft.training.read(run_id).state is RunState.CANCELLED
    finally:
        worker.close()
