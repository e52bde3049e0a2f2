"""Cross-validation on tiny pictures: honest, resumable, and a model in the end."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from sqlalchemy import update
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from app.cli import build
from app.parts.recipe_form import LEFT_OUT_WORDS
from core.errors import BadInput, Cancelled, NotEnoughImages
from core.evaluation import folds_sentence, mean_words
from core.exchange.report import STYLES
from core.explanation import explain
from core.features import PixelCache
from core.graft import Graft, open_graft
from core.inference import answers, compute_features, compute_logits, picture_colours
from core.jobs.context import JobContext
from core.jobs.payloads import ImportPayload
from core.models import Ensemble, load_model
from core.settings import Settings
from core.splits import class_strata, make_folds, shuffle_splits
from core.store import predictions, runs, versions
from core.store.db import reading, writing
from core.store.tables import ImageRow, RunRow
from core.tasks.cross_validate import SAID
from core.tasks.train import Training
from core.training import score
from core.types import KEPT_TOGETHER, ProjectId, RunId, RunState, Split, Task
from tests.at_once import complete, serve
from tests.integration.colours import import_painted, paint
from tests.integration.test_fine_tuning import CASES, import_colours
from tests.integration.test_training import TINY

__all__ = ["import_colours"]
RECIPE = TINY.with_settings({"epochs": "20", "image_size": "32", "backbone": "graft:tiny_cnn"})


class Validated(NamedTuple):
    """A home with a finished cross-validation, for all who only look at it."""

    graft: Graft
    project: ProjectId
    run: RunId


@pytest.fixture(scope="module")
def validated(tmp_path_factory: pytest.TempPathFactory) -> Validated:
    folder = tmp_path_factory.mktemp("validated")
    graft = open_graft(Settings(home=folder / "home", device="cpu"))
    made = import_painted(graft, "Colours", paint(folder / "in", ["green", "red"] * 15))
    run_id = graft.training.start(made, RECIPE, folds=2, repeats=2)
    complete(graft, run_id)
    return Validated(graft, made, run_id)


def test_every_picture_but_the_test_pictures_is_judged_by_folds_that_had_not_seen_it(validated: Validated) -> None:
    graft, _, done = validated
    run = graft.training.read(done)
    assert run.version_id is not None and run.result is not None
    with reading(graft.engine) as session:
        version = versions.read_version(session, run.version_id)
        said = predictions.read_predictions(session, done)
    test = {item.image_id for item in version.part(Split.TEST)}
    assert {item.image_id for item in said if item.split is Split.TEST} == test
    assert {item.image_id for item in said if item.split is Split.VALIDATION} == {
        item.image_id for item in version.items
    } - test
    folds = run.result["folds"]
    assert isinstance(folds, dict) and isinstance(folds["scores"], list)
    assert len(folds["scores"]) == 4 and folds["mean"] == pytest.approx(sum(folds["scores"]) / 4)  # type: ignore[arg-type]
    assert [step for step, _ in graft.training.curves(done)["fold/score"]] == [1, 2, 3, 4]
    assert graft.results.read(done, Split.VALIDATION).scores.count == len(said) - len(test)


def test_what_was_said_out_of_fold_is_counted_in_the_matrix_that_is_asked_for(validated: Validated) -> None:
    graft, _, done = validated
    cells = graft.results.read(done, Split.VALIDATION).scores.cells
    command = ["results", str(done), "--home", str(graft.settings.home)]

    def told(*words: str) -> str:
        return CliRunner().invoke(build(), [*command, *words]).stdout

    apart = json.loads(told("--split", "validation", "--json"))["confusion"]
    assert apart == {"split": "validation", "labels": ["green", "red"], "matrix": [list(row) for row in cells]}
    assert json.loads(told("--json"))["confusion"]["split"] == "test", "where nothing is asked"
    words = told("--split", "validation")
    assert words.startswith(f"Run {done}, done, dataset version 1, out of fold\n") and "truth \\ said" in words
    lines = words[words.index("truth \\ said") :].splitlines()[1:3]
    assert [line.split()[1:] for line in lines] == [[str(cell) for cell in row] for row in cells]
    assert "see --split validation" in told("--split", "train")


def test_mean_spread_and_interval_of_the_folds_are_told_wherever_the_run_is(validated: Validated) -> None:
    graft, _, done = validated
    folds = graft.results.to_json(done)["folds"]
    assert isinstance(folds, dict) and set(folds) == {
        "count", "repeats", "keep_together", "shuffle", "scores", "mean", "spread", "interval",
    }  # fmt: skip
    home = ["--home", str(graft.settings.home)]
    told = folds_sentence(folds)
    assert told in CliRunner().invoke(build(), ["results", str(done), *home]).stdout
    listed = CliRunner().invoke(build(), ["runs", "Colours", *home]).stdout.splitlines()
    assert "mean of folds" in listed[0] and mean_words(folds) in listed[-1]
    for style in STYLES:
        report = graft.reports.html(done, style)
        assert told in report
        assert "learnt in 4 folds (2 rounds of 2) from 24 pictures of “Colours”; all of these networks" in report
        assert "divided into a test set (6) and the rest (24)" in report and "on the validation set" not in report


def by_folds(run: int, folded: bool) -> None:
    """The script of a page: runs on its own, so that it imports what it needs."""
    from app.parts.results_tabs import TABS, choose_tab
    from core.types import RunId, Task

    assert ("Fold by fold" in TABS) and choose_tab(Task.SINGLE, folded=folded) is TABS["Confusions"]
    TABS["Fold by fold"].draw(None, None, RunId(run))  # type: ignore[arg-type]


def test_the_page_of_results_draws_the_folds_of_a_cross_validation_alone(
    validated: Validated, monkeypatch: pytest.MonkeyPatch
) -> None:
    graft, _, done = validated
    monkeypatch.setenv("GRAFT_HOME", str(graft.settings.home))
    for folded in (True, False):
        page = AppTest.from_function(by_folds, default_timeout=60, kwargs={"run": done, "folded": folded}).run()
        assert not page.exception
        assert ("Fold by fold" in page.button_group[0].options) is folded
    folds = graft.results.to_json(done)["folds"]
    assert isinstance(folds, dict) and f"**{folds_sentence(folds)}**" in [item.value for item in page.markdown]


def test_scores_of_folds_that_were_changed_are_noticed(validated: Validated) -> None:
    graft, _, done = validated
    found = {item.name: item for item in graft.results.verify(done).findings}
    assert found["Scores of the folds"].ok and "as they were when the run ended" in found["Scores of the folds"].words
    with writing(graft.engine) as session:
        row = session.get_one(RunRow, done)
        kept = row.result or {}
        row.result = {**kept, "folds": {**kept["folds"], "mean": 0.99}}  # type: ignore[dict-item]
    try:
        (wrong,) = [item for item in graft.results.verify(done).findings if not item.ok]
        assert wrong.words == "the scores of the folds were changed since the run ended"
    finally:
        with writing(graft.engine) as session:
            session.get_one(RunRow, done).result = kept


def test_how_strange_a_picture_is_is_told_by_folds_that_had_not_seen_it(validated: Validated) -> None:
    graft, _, done = validated
    with reading(graft.engine) as session:
        run = runs.read_run(session, done)
        assert run.version_id is not None
        items = [item for item in versions.read_version(session, run.version_id).items if item.split is not Split.TEST]
        said = predictions.read_predictions(session, done)
    assert all(item.traits is not None and "far" in item.traits for item in said)
    kept = next(item.traits for item in said if item.image_id == items[0].image_id)
    folds = make_folds(class_strata([item.targets for item in items]), [item.unit for item in items], 2, 2, RECIPE.seed)
    pixels, blob, apart = PixelCache(graft.settings, 32, RECIPE.framing), [items[0].blob], []
    pixels.fill(blob)
    for number, fold in enumerate(folds):
        if 0 in fold.judge.tolist():
            model = load_model(graft.settings.models / str(done) / f"fold-{number + 1}")
            assert model.likeness is not None
            seen = compute_features(model.network, pixels.batches(blob, 1))
            apart += model.likeness.distances(seen, picture_colours(pixels.read(blob)))
    assert len(apart) == 2 and kept is not None
    assert kept["far"] == pytest.approx(sum(apart) / 2, rel=1e-2)
    assert not any("strange" in note for note in graft.judging.abstaining(done).notes)


def test_the_ensemble_answers_with_the_mean_of_its_members(validated: Validated) -> None:
    graft, _, done = validated
    folder = graft.settings.models / str(done)
    model = load_model(folder)
    assert isinstance(model.network, Ensemble)
    pictures = torch.randint(0, 256, (2, 3, 32, 32), dtype=torch.uint8)
    with torch.inference_mode():
        found = torch.softmax(model.network(pictures) / model.card.temperature, 1)
        members = [load_model(folder / f"fold-{number}") for number in range(1, 5)]
        shares = [torch.softmax(item.network(pictures) / item.card.temperature, 1) for item in members]
    assert torch.allclose(found, torch.stack(shares).mean(0), atol=1e-5)
    heat = explain(model.network, pictures, torch.tensor([0, 1]))
    assert heat.shape == (2, 32, 32) and float(heat.max()) == 1.0


def test_a_killed_cross_validation_goes_on_with_the_fold_it_was_in(
    validated: Validated, monkeypatch: pytest.MonkeyPatch
) -> None:
    graft, project, done = validated
    calm = graft.training.read(done).result
    run_id = graft.training.start(project, RECIPE, folds=2, repeats=2)
    started: list[str] = []
    learn = Training.learn

    def interrupted(self: Training) -> object:
        started.append(self.context.folder.name)
        if started == ["fold-1", "fold-2"]:
            raise KeyboardInterrupt
        self.notes.append("Memory was short.")
        self.spent.seconds["waiting"] = 2.0
        return learn(self)

    monkeypatch.setattr(Training, "learn", interrupted)
    with pytest.raises(KeyboardInterrupt):
        serve(graft)
    with writing(graft.engine) as session:
        assert runs.release_run(session, run_id, 1, retries=1)
    assert serve(graft) is RunState.DONE
    assert started == ["fold-1", "fold-2", "fold-2", "fold-3", "fold-4"]
    found = graft.training.read(run_id).result
    assert calm is not None and found is not None and found["folds"] == calm["folds"]
    assert found["notes"] == ["Every fold: Memory was short."]
    assert isinstance(found["timings_s"], dict) and found["timings_s"]["waiting"] == 8.0


def test_progress_says_which_fold_it_is_in(graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[str, object, object]] = []

    def note(*_: object) -> None:
        progress = graft.training.read(run_id).progress
        said.append((str(progress.get("message")), progress.get("fold"), progress.get("fraction")))

    run_id = graft.training.start(project, RECIPE, folds=2)
    monkeypatch.setattr(JobContext, "metrics", note)
    monkeypatch.setattr("core.jobs.context.PROGRESS_EVERY_S", 0)
    assert serve(graft) is RunState.DONE
    assert any(text.startswith("Fold 2 of 2: ") and fold == 2 for text, fold, _ in said)
    for _, fold, fraction in said:
        if fraction is not None:
            assert (int(str(fold)) - 1) / 3 - 1e-9 <= float(str(fraction)) <= int(str(fold)) / 3 + 1e-9


@pytest.mark.parametrize("damaged", [SAID, "weights.safetensors"])
def test_a_fold_whose_files_were_damaged_is_trained_anew(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch, damaged: str
) -> None:
    calm = graft.training.start(project, RECIPE, folds=2)
    complete(graft, calm)
    run_id = graft.training.start(project, RECIPE, folds=2)
    learn = Training.learn

    def interrupted(self: Training) -> object:
        if self.context.folder.name == "fold-2":
            raise Cancelled("The run was stopped.")
        return learn(self)

    with monkeypatch.context() as patch:
        patch.setattr(Training, "learn", interrupted)
        assert serve(graft) is RunState.CANCELLED
    path = graft.settings.models / str(run_id) / "fold-1" / damaged
    content = bytearray(path.read_bytes())
    content[-1 if damaged != SAID else 0] ^= 1
    path.write_bytes(content)
    assert graft.training.resume(run_id)
    expected, found = graft.training.read(calm).result, complete(graft, run_id).result
    assert expected is not None and found is not None and found["folds"] == expected["folds"]
    with reading(graft.engine) as session:
        assert predictions.model_files(session, run_id) == predictions.model_files(session, calm)


def test_a_cross_validation_stops_when_asked_and_goes_on_later(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.jobs.context.CANCEL_CHECK_EVERY_S", 0)
    run_id = graft.training.start(project, RECIPE, folds=2)
    learn = Training.learn

    def asked(self: Training) -> object:
        graft.queue.cancel(run_id)
        return learn(self)

    with monkeypatch.context() as patch:
        patch.setattr(Training, "learn", asked)
        assert serve(graft) is RunState.CANCELLED
    assert graft.training.resume(run_id)
    assert serve(graft) is RunState.DONE


def test_what_cannot_be_folded_is_said_before_anything_is_queued(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadInput, match="2 to 20 folds"):
        graft.training.start(project, RECIPE, folds=1)
    with pytest.raises(BadInput, match="1 to 10 repeats"):
        graft.training.start(project, RECIPE, folds=2, repeats=0)
    monkeypatch.setattr("core.services.training.MOST_FOLDS", 30)
    with pytest.raises(NotEnoughImages, match="24 folds need more than 24 pictures; there are 24"):
        graft.training.start(project, RECIPE, folds=24)
    assert graft.training.list(project) == []


def test_what_goes_on_from_a_cross_validation_goes_on_from_its_best_fold(validated: Validated) -> None:
    graft, project, done = validated
    folds = (graft.training.read(done).result or {})["folds"]
    assert isinstance(folds, dict) and isinstance(folds["scores"], list)
    best = folds["scores"].index(max(folds["scores"])) + 1  # type: ignore[type-var]
    asked = RECIPE.with_settings({"weights": f"run:{done}", "epochs": "1"})
    for start in (graft.training.start, graft.rates.start, lambda *given: graft.searches.start(*given, minutes=1)):
        recipe = graft.queue.read(start(project, asked)).recipe
        assert recipe is not None and recipe["weights"] == f"run:{done}/fold-{best}"
    with pytest.raises(BadInput, match=f"Run {done} has no fold 5"):
        graft.training.start(project, asked.with_settings({"weights": f"run:{done}/fold-5"}))


def test_packing_an_ensemble_takes_every_member_along(validated: Validated) -> None:
    graft, _, done = validated
    with reading(graft.engine) as session:
        files = predictions.model_files(session, done)
    assert files is not None
    assert set(files) == {"card.json"} | {
        f"fold-{number}/{name}" for number in range(1, 5) for name in ("card.json", "weights.safetensors")
    }


@pytest.mark.parametrize(("task", "label", "classes", "outputs"), CASES, ids=[case[0].value for case in CASES])
def test_every_task_is_validated_and_its_ensemble_says_what_the_run_kept(
    graft: Graft, import_colours: Callable[..., ProjectId], task: Task, label: Callable[[int], str],
    classes: list[str], outputs: int,
) -> None:  # fmt: skip
    made = import_colours(task, label, classes)
    run_id = graft.training.start(made, RECIPE, folds=2)
    complete(graft, run_id)
    model = load_model(graft.settings.models / str(run_id))
    kept = graft.results.points(run_id, Split.TEST)[0]
    pixels = PixelCache(graft.settings, 32, "squash")
    pixels.fill([kept.blob])
    said = answers(model.card, compute_logits(model.network, [pixels.read([kept.blob])]))[0]
    if task is Task.REGRESSION:
        assert said.number == pytest.approx(kept.said_number, rel=1e-4)
    else:
        assert said.probabilities == pytest.approx(kept.probabilities, abs=1e-4) and len(kept.probabilities) == outputs


def test_folds_that_judge_no_picture_of_a_class_say_so(graft: Graft, tmp_path: Path) -> None:
    seldom = import_painted(graft, "Seldom", paint(tmp_path / "seldom", ["red"] * 5 + ["green"] * 15))
    told = []
    for folds in (6, 2):
        run_id = graft.training.start(seldom, RECIPE.with_settings({"epochs": "1"}), folds=folds)
        complete(graft, run_id)
        notes = (graft.training.read(run_id).result or {})["notes"]
        assert isinstance(notes, list)
        told.append([note for note in notes if "had no picture" in str(note)])
    assert told[1] == [], "each of two has some"
    assert told[0] == [
        "In 2 of 6 folds a class had no picture to be judged by. The score of each is of the classes that it had, so "
        "that their mean says less of all classes than what was said out of fold. What helps: fewer folds, or more "
        "pictures of red, which has 4 without those for testing."
    ]


def test_random_splits_say_what_the_pictures_are_that_they_judged(graft: Graft, project: ProjectId) -> None:
    run_id = graft.training.start(project, RECIPE, folds=2, shuffle=True)
    complete(graft, run_id)
    run = graft.training.read(run_id)
    assert run.version_id is not None and run.result is not None
    with reading(graft.engine) as session:
        version = versions.read_version(session, run.version_id)
        said = predictions.read_predictions(session, run_id, Split.VALIDATION)
    pool = [item for item in version.items if item.split is not Split.TEST]
    strata = class_strata([item.targets for item in pool])
    splits = shuffle_splits(strata, [item.unit for item in pool], 2, RECIPE.seed)
    judged = {int(index) for item in splits for index in item.judge}
    assert 5 <= len(judged) < len(pool)
    assert {item.image_id for item in said} == {pool[index].image_id for index in judged}
    shares = np.zeros((len(pool), 2))
    for number, item in enumerate(splits, 1):
        kept = load_file(graft.settings.models / str(run_id) / f"fold-{number}" / "said.safetensors")
        shares[item.judge] += kept["shares"].numpy()
    times = np.bincount(np.concatenate([item.judge for item in splits]), minlength=len(pool))
    for record in said:
        index = next(number for number, item in enumerate(pool) if item.image_id == record.image_id)
        assert record.probabilities == pytest.approx((shares[index] / times[index]).tolist(), abs=1e-4)
    folds = run.result["folds"]
    assert isinstance(folds, dict) and folds["shuffle"] is True
    with pytest.raises(BadInput, match="no repeats"):
        graft.training.start(project, RECIPE, folds=3, repeats=2, shuffle=True)


def test_whole_groups_are_left_out_where_pictures_name_cases_too(graft: Graft, project: ProjectId) -> None:
    with pytest.raises(BadInput, match="No picture names its group"):
        graft.training.start(project, RECIPE, folds=2, keep_together="group")
    assert not graft.training.names_both(project)
    with writing(graft.engine) as session:
        found = versions.list_labelled(session, project)
        for index, image in enumerate(found):
            named = {"case_name": f"plant {index // 2}", "group_name": f"field {index // 6}"}
            session.execute(update(ImageRow).where(ImageRow.id == image.id).values(named))
    assert graft.training.names_both(project)
    with pytest.raises(NotEnoughImages, match="5 folds need more than 5 groups; there are 5"):
        graft.training.start(project, RECIPE, folds=5, keep_together="group")
    run_id = graft.training.start(project, RECIPE, folds=4, keep_together="group")
    run = complete(graft, run_id)
    assert run.title.endswith("4 folds of whole groups") and run.version_id is not None and run.result is not None
    assert isinstance(run.result["folds"], dict) and run.result["folds"]["keep_together"] == "group"
    with reading(graft.engine) as session:
        version = versions.read_version_of(session, run)
    fields = [item.group_name for item in version.pool]
    folds = make_folds(class_strata([item.targets for item in version.pool]), version.pool_units, 4, 1, RECIPE.seed)
    for number, fold in enumerate(folds, 1):
        learnt, judged = ({fields[index] for index in part} for part in (fold.learn, fold.judge))
        assert judged and not learnt & judged
        kept = load_file(graft.settings.models / str(run_id) / f"fold-{number}" / SAID)
        assert len(kept["shares"]) == len(fold.judge), "the run's folds are these"
    apart, test = (graft.results.read(run_id, split) for split in (Split.VALIDATION, Split.TEST))
    assert (apart.together, apart.scores.units) == ("groups", 5)
    assert test.together == "cases" and test.scores.units == len({item.unit for item in version.part(Split.TEST)})
    by_case = graft.training.start(project, RECIPE, folds=4)
    complete(graft, by_case)
    for pair in ((by_case, run_id), (run_id, by_case)):
        assert graft.results.compare(*pair, Split.VALIDATION).together == "groups"
    assert graft.results.verify(run_id).ok
    assert graft.reports.origin(run_id).command.endswith("--folds 4 --keep-together group")


def test_grades_of_a_fold_are_scored_as_they_are_said(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A temperature moves the middle of the probabilities, and with it the grade."""
    monkeypatch.setattr("core.tasks.train.fit_temperature", lambda *_: 50.0)
    grades = graft.projects.create_from_names("Grades", Task.ORDINAL, ["red", "green", "blue"])
    folder = paint(tmp_path / "grades", ["red", "green", "blue"] * 8)
    complete(graft, graft.imports.start(grades, ImportPayload(source=str(folder))))
    run_id = graft.training.start(grades, RECIPE, folds=2)
    run = complete(graft, run_id)
    assert run.version_id is not None and run.result is not None and isinstance(run.result["folds"], dict)
    with reading(graft.engine) as session:
        items = [item for item in versions.read_version(session, run.version_id).items if item.split is not Split.TEST]
    folds = make_folds(class_strata([item.targets for item in items]), [item.unit for item in items], 2, 1, RECIPE.seed)
    for number, (fold, told) in enumerate(zip(folds, run.result["folds"]["scores"], strict=True), 1):  # type: ignore[arg-type]
        shares = load_file(graft.settings.models / str(run_id) / f"fold-{number}" / SAID)["shares"]
        truth = [items[index].targets[0] for index in fold.judge.tolist()]
        assert told == pytest.approx(score(Task.ORDINAL, shares.log(), torch.tensor(truth)))
        assert told < 0.9, "so flat, the middle grade is said of all"


def test_what_folds_keep_together_is_asked_of_folds_only(graft: Graft, project: ProjectId) -> None:
    with pytest.raises(BadInput, match="by folds only"):
        graft.training.start(project, RECIPE, keep_together="group")
    with pytest.raises(BadInput, match="case or group together, not 'clinic'"):
        graft.training.start(project, RECIPE, folds=2, keep_together="clinic")
    command = ["train", "Colours", "--home", str(graft.settings.home), "--keep-together"]
    for words, said in ((["group"], "give --folds, too"), (["clinic", "--folds", "3"], "Choose one of case, group")):
        wrong = CliRunner().invoke(build(), [*command, *words])
        assert wrong.exit_code == 2 and said in " ".join(wrong.stderr.split())
    assert tuple(LEFT_OUT_WORDS) == KEPT_TOGETHER, "page, command and service know the same"
