"""A whole split explained as a job: its files, its mean maps, its routes, and the bound of the cache."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient
from typer.testing import CliRunner

from app.cli import build
from app.routes import base, explanations
from core.errors import BadInput, NotFound
from core.explanation import Way
from core.graft import Graft
from core.media import forget_oldest
from core.services.explanations import Which
from core.services.serving import Serving
from core.store import predictions
from core.store.db import writing
from core.store.predictions import PredictionRecord
from core.tasks import heatmaps
from core.types import ImageId, Lane, RunId, RunState, Split
from tests.at_once import complete, finish, serve
from tests.integration.test_explaining import _cold, model, project  # noqa: F401 - fixtures


def opened(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


@pytest.fixture
def said(graft: Graft, model: RunId) -> RunId:  # noqa: F811
    """Two pictures called healthy, the second wrongly and more surely, and one rightly called rust."""
    records = [
        PredictionRecord(
            image_id=ImageId(number), blob=graft.gallery.image(ImageId(number)).blob, split=Split.TEST,
            truth_index=truth, predicted_index=index, confidence=sure, probabilities=[sure, 1 - sure, 0.0],
        )
        for number, truth, index, sure in ((1, 0, 0, 0.6), (2, 1, 0, 0.9), (3, 1, 1, 0.7))
    ]  # fmt: skip
    with writing(graft.engine) as session:
        predictions.replace_predictions(session, model, records)
    return model


@pytest.fixture
def gallery(graft: Graft, said: RunId) -> RunId:
    return complete(graft, graft.heatmaps.start(said, method="layercam")).id


def test_every_picture_of_the_split_has_a_heatmap_and_mistakes_come_first(graft: Graft, gallery: RunId) -> None:
    view = graft.heatmaps.view(graft.queue.read(gallery))
    assert view is not None
    assert [(item.image, item.wrong, item.truth, item.said) for item in view.items] == [
        (2, True, "rust", "healthy"), (3, False, "rust", "rust"), (1, False, "healthy", "healthy"),
    ]  # fmt: skip
    for item in view.items:
        assert item.kept and opened(graft.heatmaps.file(gallery, item.image)).shape == (60, 90, 4)


def test_a_killed_gallery_goes_on_in_the_way_that_it_began_in(
    graft: Graft, said: RunId, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = graft.heatmaps.start(said, method="layercam")
    monkeypatch.setattr(heatmaps, "choose_way", lambda network, *_, **__: Way("bfloat16", 0.5, 0.01, network))
    add = heatmaps._add

    def dies(*_: object) -> None:
        raise MemoryError("killed")

    monkeypatch.setattr(heatmaps, "_add", dies)
    assert serve(graft, Lane.ANALYSIS) is RunState.FAILED
    monkeypatch.setattr(heatmaps, "_add", add)
    monkeypatch.setattr(heatmaps, "choose_way", lambda network, *_, **__: Way("float32", 1.0, 0.0, network))
    assert graft.queue.resume(run_id)
    view = graft.heatmaps.view(complete(graft, run_id))
    assert view is not None and (view.precision, view.apart) == ("bfloat16", 0.01)


def test_numbers_are_not_called_mistakes_and_the_farthest_off_come_first(graft: Graft, gallery: RunId) -> None:
    records = [
        PredictionRecord(
            image_id=ImageId(number), blob="a" * 64, split=Split.TEST, truth_number=truth, predicted_number=5.0
        )
        for number, truth in ((1, 4.5), (2, 5.0), (3, 9.0))
    ]
    with writing(graft.engine) as session:
        predictions.replace_predictions(session, RunId(2), records)
    view = graft.heatmaps.view(graft.queue.read(gallery))
    assert view is not None
    assert [(item.image, item.wrong, item.off) for item in view.items] == [
        (3, False, 4),
        (1, False, 0.5),
        (2, False, 0),
    ]
    found = graft.explanations.pictures(RunId(2), Which.MISTAKES)
    assert [(item.image, item.wrong) for item in found] == [(3, False), (1, False), (2, False)]


def test_a_heatmap_of_the_job_is_the_one_that_a_single_question_gets(graft: Graft, gallery: RunId) -> None:
    asked = graft.explanations.request(RunId(2), image=ImageId(3), target=1, method="layercam")
    assert serve(graft, Lane.INTERACTIVE) is RunState.DONE
    alone = opened(graft.explanations.read(asked).path).astype(int)
    # The job's batch came out of the pixel cache and may have been computed in bfloat16.
    assert np.abs(alone - opened(graft.heatmaps.file(gallery, ImageId(3)))).mean() < 4


def test_the_mean_of_a_class_is_over_the_pictures_of_which_it_was_said(graft: Graft, gallery: RunId) -> None:
    view = graft.heatmaps.view(graft.queue.read(gallery))
    assert view is not None
    assert [(item.target, item.name, item.pictures) for item in view.classes] == [(0, "healthy", 2), (1, "rust", 1)]
    assert all(0 <= item.border <= 1 for item in view.classes)
    assert view.classes[0].border_area == pytest.approx(1 - (52 / 64) ** 2)
    assert opened(graft.heatmaps.mean(gallery, 0)).shape == (64, 64, 3)
    with pytest.raises(NotFound, match="class 2"):
        graft.heatmaps.mean(gallery, 2)


def test_the_mean_map_and_its_border_are_what_the_hand_computes(tmp_path: Path) -> None:
    class Context:
        folder = tmp_path

    classes: dict[int, heatmaps._Class] = {}
    inner, edge = np.zeros((10, 10), np.float32), np.zeros((10, 10), np.float32)
    inner[5, 5], edge[0, 0] = 1, 1
    heatmaps._add(classes, [7, 7], np.stack([inner, edge]), np.full((2, 10, 10, 3), 100, np.uint8))
    found = heatmaps._mean(Context(), 7, classes[7])  # type: ignore[arg-type]
    assert (found["pictures"], found["border"]) == (2, 0.5)
    assert found["border_area"] == pytest.approx(0.36)
    drawn = opened(tmp_path / "mean-7.png")
    assert drawn[3, 3].tolist() == [100, 100, 100]  # no heat: the mean picture itself
    assert drawn[5, 5].tolist() == drawn[0, 0].tolist() != [100, 100, 100]


def test_a_gallery_that_cannot_be_drawn_says_so(graft: Graft, said: RunId) -> None:
    with pytest.raises(BadInput, match="tea"):
        graft.heatmaps.start(said, method="tea")
    with pytest.raises(NotFound):
        graft.heatmaps.start(RunId(1))
    run = graft.heatmaps.start(said, split=Split.VALIDATION)
    assert graft.heatmaps.start(said, split=Split.VALIDATION) == run  # asked twice is asked once
    assert serve(graft, Lane.ANALYSIS) is RunState.FAILED
    assert "no validation pictures" in graft.queue.read(run).error


def test_a_gallerys_pictures_are_served(graft: Graft, gallery: RunId, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (base, explanations):
        monkeypatch.setattr(module, "shared", lambda: graft)
    client = TestClient(Starlette(routes=explanations.ROUTES))
    assert client.get(f"/api/heatmaps/{gallery}/3.png").headers["content-type"] == "image/png"
    assert client.get(f"/api/heatmaps/{gallery}/mean/0.png").content[:4] == b"\x89PNG"
    assert client.get(f"/api/heatmaps/{gallery}/99.png").status_code == 404
    assert client.get("/api/heatmaps/1/3.png").status_code == 404
    graft.heatmaps.file(gallery, ImageId(3)).unlink()
    assert client.get(f"/api/heatmaps/{gallery}/3.png").status_code == 404


def test_the_cache_forgets_what_was_not_used_for_longest_and_only_above_its_bound(tmp_path: Path) -> None:
    for age, name in enumerate(("new", "used", "old", "oldest")):
        path = tmp_path / name / "file.png"
        path.parent.mkdir()
        path.write_bytes(bytes(100))
        os.utime(path, (1_000_000 - age,) * 2)
    assert forget_oldest(tmp_path, 400) == 0
    assert forget_oldest(tmp_path, 300) == 2  # down to nine tenths: 270 bytes hold two
    assert sorted(path.parent.name for path in tmp_path.rglob("*.png")) == ["new", "used"]


def test_a_heatmap_whose_picture_was_forgotten_is_drawn_again(graft: Graft, model: RunId) -> None:  # noqa: F811
    run = graft.explanations.request(model, image=ImageId(1))
    assert serve(graft, Lane.INTERACTIVE) is RunState.DONE
    path = graft.explanations.read(run).path
    before = path.read_bytes()
    path.unlink()  # its JSON stays
    run = graft.explanations.request(model, image=ImageId(1))
    assert serve(graft, Lane.INTERACTIVE) is RunState.DONE
    assert graft.explanations.read(run).path.read_bytes() == before


def test_the_command_draws_a_split_and_copies_it(
    graft: Graft, said: RunId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Serving, "finish", finish)
    out = tmp_path / "maps"
    home = ["--home", str(graft.settings.home)]
    result = CliRunner().invoke(build(), ["heatmaps", str(said), "-o", str(out), "--json", *home])
    assert result.exit_code == 0, result.output
    value = json.loads(result.output)
    assert [item["image"] for item in value["pictures"]] == [2, 3, 1]
    assert [item["class"] for item in value["classes"]] == ["healthy", "rust"]
    assert sorted(path.name for path in out.iterdir()) == ["1.png", "2.png", "3.png", "mean-0.png", "mean-1.png"]
