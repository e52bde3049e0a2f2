"""The pretraining job, and what its weights are good for."""

import dataclasses
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from sqlalchemy import delete, update
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from app.cli import build
from core.catalogue import BUNDLED, PRETRAININGS, bundled_weights
from core.errors import BadInput, NotEnoughImages, NotFound, WeightsUnavailable
from core.graft import Graft
from core.jobs import execute
from core.jobs.payloads import ImportPayload, PretrainPayload
from core.models import Network, load_weights
from core.models.bundle import MOST_BYTES, bundle
from core.models.weights import ways_out
from core.pretraining import METHODS
from core.recipes import PRESETS
from core.services.pretraining import Verdict, judge
from core.store import versions
from core.store.db import reading, writing
from core.store.tables import ImageClassRow, ProjectRow
from core.tasks import pretrain
from core.training import Fit, Trainer
from core.types import Lane, ProjectId, RunId, RunState, Task
from tests.at_once import claim, complete, serve

TINY = PretrainPayload(
    backbone="timm:test_resnet", method="", steps=3, image_size=32, batch_size=8, fractals=4, weights=""
)


def pretrained(graft: Graft, project: ProjectId | None = None, payload: PretrainPayload = TINY) -> RunId:
    return complete(graft, graft.pretraining.start(project, payload)).id


@pytest.fixture
def project(graft: Graft, tmp_path: Path) -> ProjectId:
    random = np.random.default_rng(0)
    for index in range(30):
        pixels = random.integers(0, 60, (32, 32, 3), dtype=np.uint8)
        pixels[..., index % 2] += 150
        path = tmp_path / "in" / ("green" if index % 2 else "red") / f"{index}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    made = graft.projects.create("Colours", Task.SINGLE)
    complete(graft, graft.imports.start(made, ImportPayload(source=str(tmp_path / "in"))))
    return made


def test_methods_have_words_and_words_have_methods() -> None:
    assert set(PRETRAININGS) == set(METHODS)


def test_weights_of_drawn_pictures_start_a_training_of_any_project(graft: Graft, project: ProjectId) -> None:
    run_id = pretrained(graft)
    result = graft.queue.read(run_id).result
    assert result is not None and isinstance(result["card"], dict)
    assert result["card"]["method"] == "supervised" and result["card"]["steps"] == 3
    assert "spread" in graft.training.curves(run_id)
    recipe = PRESETS["instant"].with_settings(
        {"backbone": "timm:test_resnet", "image_size": "64", "weights": f"run:{run_id}"}
    )
    trained = graft.training.start(project, recipe)
    assert graft.training.read(trained).parent_id == run_id
    assert serve(graft) is RunState.DONE
    # Drawn pictures, and from nothing: all of it learns. A model that has been trained is changed gently.
    assert graft.training.starting_from(PRESETS["balanced"], f"run:{run_id}").tune == "all"
    assert graft.training.starting_from(PRESETS["balanced"], f"run:{trained}").tune == "gradual"
    with pytest.raises(BadInput, match="is a timm:test_resnet, not a resnet18"):
        graft.training.start(project, dataclasses.replace(recipe, backbone="resnet18"))


def test_a_project_s_own_pictures_teach_too_and_its_labels_are_only_looked_at(graft: Graft, project: ProjectId) -> None:
    run_id = pretrained(graft, project)
    result = graft.queue.read(run_id).result
    assert result is not None and isinstance(result["card"], dict)
    assert result["card"]["method"] == "vicreg" and result["pictures"] == 30
    assert "neighbours" in graft.training.curves(run_id)
    assert [run.id for run in graft.pretraining.ready(project, "timm:test_resnet")] == [run_id]


def test_the_signs_of_a_pretraining_begin_before_its_first_step(graft: Graft, project: ProjectId) -> None:
    signs = graft.pretraining.signs(pretrained(graft, project))
    assert [step for step, _ in signs.neighbours] == [0, 3] and [step for step, _ in signs.loss] == [3]
    assert signs.labelled == 30 and signs.verdict is Verdict.EARLY, "three steps show nothing"
    assert 0 <= signs.neighbours[-1][1] <= 1 and signs.rank[-1][1] >= 1


@pytest.mark.parametrize(
    ("neighbours", "spread", "rank", "loss", "verdict"),
    [
        ([0.3], [0.5], [9], [], Verdict.EARLY),
        ([0.3, 0.9], [0.5, 0.6], [9, 9], [5], Verdict.EARLY),  # two looks are no rise
        ([0.3, 0.35, 0.37, 0.38, 0.4], [0.5, 0.6], [9, 9], [5], Verdict.LEARNS),
        ([0.3, 0.4, 0.3, 0.35, 0.4], [0.5, 0.6], [9, 9], [5], Verdict.FLAT),  # up and down as much
        ([0.3, 0.305, 0.31, 0.31, 0.32], [0.5, 0.6], [9, 9], [5, 1], Verdict.FLAT),
        ([0.3, 0.4], [0.5, 0.01], [9, 9], [5, 1], Verdict.COLLAPSED),
        ([], [0.5, 0.6], [9, 1.5], [5, 1], Verdict.COLLAPSED),
        ([], [0.5, 0.6], [9, 9], [5, 4], Verdict.EARLY),
        ([], [0.5, 0.6], [9, 9], [5, 4.5, 4.2, 4.1, 4], Verdict.LEARNS),
        ([], [0.5, 0.6], [9, 9], [5, 5, 4.9, 5, 4.9], Verdict.FLAT),
    ],
)
def test_the_signs_are_judged_together(
    neighbours: list[float], spread: list[float], rank: list[float], loss: list[float], verdict: Verdict
) -> None:
    assert judge(*(list(enumerate(values)) for values in (neighbours, spread, rank, loss))) is verdict


@pytest.mark.parametrize(("labelled", "verdict"), [(400, Verdict.LEARNS), (30, Verdict.FLAT)])
def test_a_rise_that_a_few_labelled_pictures_make_by_chance_is_no_learning(labelled: int, verdict: Verdict) -> None:
    # 10 points of 400 pictures are 1.96 * sqrt((0.21 + 0.24) / 400) = 6.6 points of chance; of 30, 24.
    rose = list(enumerate([0.3, 0.35, 0.37, 0.38, 0.4]))
    assert judge(rose, rose, [(0, 9.0), (1, 9.0)], [], labelled) is verdict


def status_of(run: int) -> None:
    """The script of a page: runs on its own, so that it imports what it needs."""
    from app.parts.pretraining_status import pretraining_status
    from core.types import RunId

    pretraining_status(RunId(run))


def test_the_page_speaks_of_classes_only_where_there_are_some(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAFT_HOME", str(graft.settings.home))
    monkeypatch.setattr("app.parts.pretraining_status.page_link", lambda *given, **params: None)  # needs the whole app

    def told(run: RunId) -> str:
        page = AppTest.from_function(status_of, default_timeout=60, kwargs={"run": run}).run()
        assert not page.exception
        return "\n".join([*(item.label for item in page.metric), *(item.value for item in page.caption)])

    own, drawn = told(pretrained(graft, project)), told(pretrained(graft))
    assert "Alike and of one class" in own and "Of 100 labelled pictures, " in own
    assert "Alike and of one kind" in drawn and "Of 100 drawn pictures, " in drawn and "class" not in drawn
    with writing(graft.engine) as session:  # as if the same pictures had numbers
        session.execute(update(ProjectRow).where(ProjectRow.id == project).values(task=Task.REGRESSION))
        session.execute(delete(ImageClassRow))
    assert "Labels that are numbers name no classes to look for." in told(pretrained(graft, project))


def test_pictures_of_the_test_split_are_left_out(graft: Graft, project: ProjectId) -> None:
    graft.training.start(project, PRESETS["instant"])  # freezing gives every picture its split
    graft.queue.cancel(graft.training.list(project)[0].id)
    result = graft.queue.read(pretrained(graft, project)).result
    assert result is not None and result["pictures"] == 24
    assert graft.pretraining.pictures(project) == 24, "the page promises what the job will learn from"


def test_a_pretraining_stops_when_asked(graft: Graft) -> None:
    run_id = graft.pretraining.start(None, dataclasses.replace(TINY, steps=100_000))
    run = claim(graft, Lane.TRAINING)
    graft.queue.cancel(run_id)
    assert execute(pretrain.run, run, engine=graft.engine, settings=graft.settings) is RunState.CANCELLED


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"method": "magic"}, "no method 'magic'"),
        ({"backbone": "resnet19"}, "no backbone"),
        ({"minutes": 0.0}, "minutes must lie between"),
        ({"steps": -1}, "steps must lie between 0 and"),
        ({"seed": 2**31}, "seed must lie between 0 and"),
        ({"weights": "resnet.pht"}, "weights cannot be 'resnet.pht'"),
        ({"weights": "bundled"}, "brings no weights for timm:test_resnet"),
        ({"weights": "run:9"}, "Run 9 has no model"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_queued(
    graft: Graft, changes: dict[str, object], words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        graft.pretraining.start(None, dataclasses.replace(TINY, **changes))  # type: ignore[arg-type]
    assert graft.pretraining.list() == []


def test_formulas_cannot_be_named_on_photographs(graft: Graft, project: ProjectId) -> None:
    with pytest.raises(BadInput, match="needs pictures by formula"):
        graft.pretraining.start(project, dataclasses.replace(TINY, method="supervised"))


def test_too_few_pictures_are_said_before_anything_is_queued_by_the_page_s_words(graft: Graft) -> None:
    empty = graft.projects.create("Empty", Task.SINGLE)
    words = "to learn from: there is none, and it takes at least 16; pictures kept for testing do not count"
    assert words in graft.pretraining.lacking(empty)
    with pytest.raises(NotEnoughImages, match=words):
        graft.pretraining.start(empty, TINY)
    asked = CliRunner().invoke(build(), ["pretrain", "Empty", "--home", str(graft.settings.home)])
    assert asked.exit_code == 1 and asked.stderr.strip() == graft.pretraining.lacking(empty)
    assert graft.pretraining.list() == []


def test_pictures_that_are_deleted_while_a_pretraining_waits_are_missed_by_the_same_words(
    graft: Graft, project: ProjectId
) -> None:
    run_id = graft.pretraining.start(project, TINY)
    with reading(graft.engine) as session:
        found = [item.id for item in versions.list_labelled(session, project)]
    graft.gallery.delete(project, found[:15])
    assert serve(graft) is RunState.FAILED
    assert "there are 15, and it takes at least 16" in graft.queue.read(run_id).error


def test_weights_are_listed_taken_away_and_installed_elsewhere(graft: Graft, tmp_path: Path) -> None:
    run_id = pretrained(graft)
    assert f"run:{run_id}" in [item.weights for item in graft.pretraining.weights()]
    taken = graft.pretraining.export(f"run:{run_id}", tmp_path / "mine.safetensors")
    assert json.loads((tmp_path / "mine.json").read_text())["backbone"] == "timm:test_resnet"
    entry = graft.pretraining.install(taken)
    network = Network("timm:test_resnet", 2, image_size=32)
    load_weights(network, entry.weights, graft.settings)
    with pytest.raises(NotFound, match="no weights 'run:99'"):
        graft.pretraining.export("run:99", tmp_path)


def test_a_file_of_weights_that_was_cut_short_is_not_installed(graft: Graft, tmp_path: Path) -> None:
    whole = (BUNDLED / f"{next(iter(bundled_weights()))}.safetensors").read_bytes()
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(whole[:-1])
    with pytest.raises(BadInput, match="is damaged"):
        graft.pretraining.install(cut)
    assert not (graft.settings.weights / cut.name).exists()


def test_a_damaged_download_is_not_installed(graft: Graft, tmp_path: Path) -> None:
    content = b"weights"
    good = tmp_path / f"net-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    good.write_bytes(content)
    assert graft.pretraining.install(good).path.read_bytes() == content
    bad = tmp_path / "net-00000000.pth"
    bad.write_bytes(content)
    with pytest.raises(BadInput, match="damaged"):
        graft.pretraining.install(bad)
    notes = tmp_path / "notes.txt"
    with pytest.raises(BadInput, match="There is no file"):
        graft.pretraining.install(notes)
    notes.write_text("net")
    with pytest.raises(BadInput, match="no file of weights"):
        graft.pretraining.install(notes)


@pytest.mark.parametrize("backbone", list(bundled_weights()))
def test_bundled_weights_are_small_whole_and_load(graft: Graft, backbone: str) -> None:
    card, path = bundled_weights()[backbone], BUNDLED / f"{backbone}.safetensors"
    assert path.stat().st_size <= MOST_BYTES
    assert hashlib.sha256(path.read_bytes()).hexdigest() == card.sha256
    assert card.words and card.machine and card.steps > 0
    torch.manual_seed(0)
    network = Network(backbone, 2, image_size=224)
    before = next(network.body.parameters()).detach().clone()
    load_weights(network, "bundled", graft.settings)
    assert not torch.equal(before, next(network.body.parameters()))
    assert network.forward_features(torch.rand(2, 3, 224, 224) * 255).isfinite().all()
    assert "bundled" in ways_out(backbone) and "bundled" not in ways_out("resnet18")


def test_a_pretraining_can_be_put_into_the_package(graft: Graft, tmp_path: Path) -> None:
    run_id = pretrained(graft)
    weights = graft.settings.models / str(run_id) / "weights.safetensors"
    card = bundle(weights, "A trial.", tmp_path)
    path = tmp_path / "timm:test_resnet.safetensors"
    assert card.words == "A trial." and hashlib.sha256(path.read_bytes()).hexdigest() == card.sha256
    assert path.stat().st_size < weights.stat().st_size * 0.6


def test_damaged_bundled_weights_are_not_used(graft: Graft, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle(graft.settings.models / str(pretrained(graft)) / "weights.safetensors", "A trial.", tmp_path)
    monkeypatch.setattr("core.catalogue.pretraining.BUNDLED", tmp_path)
    monkeypatch.setattr("core.models.weights.BUNDLED", tmp_path)
    network = Network("timm:test_resnet", 2, image_size=32)
    load_weights(network, "bundled", graft.settings)
    (tmp_path / "timm:test_resnet.safetensors").write_bytes(b"broken")
    with pytest.raises(WeightsUnavailable, match="damaged"):
        load_weights(network, "bundled", graft.settings)


def test_batch_norm_follows_a_person_s_pictures_at_once_when_it_knows_drawn_ones_only(
    graft: Graft, project: ProjectId, monkeypatch: pytest.MonkeyPatch
) -> None:
    momenta, really = list[float](), Trainer.fit

    def fit(trainer: Trainer) -> Fit:
        layers = [item for item in trainer.network.modules() if isinstance(item, torch.nn.BatchNorm2d)]
        momenta.extend(item.momentum or 0 for item in layers)
        return really(trainer)

    monkeypatch.setattr("core.training.Trainer.fit", fit)
    recipe = PRESETS["balanced"].with_settings({"weights": "bundled", "image_size": "32", "epochs": "1"})
    graft.training.start(project, recipe)
    assert serve(graft) is RunState.DONE
    assert momenta and min(momenta) >= 0.1
