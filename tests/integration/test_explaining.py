"""Heatmaps and predictions through their jobs, services and routes."""

import io
import json
import threading
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from app.guard import SameOrigin
from app.routes import base, explanations
from core.catalogue import ModelCard
from core.errors import BadInput, GraftError, NotFound
from core.explanation import heatmap_png, seen_box
from core.graft import Graft
from core.jobs import process
from core.jobs.payloads import ImportPayload
from core.labels import ClassSpec
from core.media import BlobStore
from core.models import Network, save_model
from core.services.explanations import Which
from core.store import predictions, runs
from core.store.db import reading, writing
from core.store.predictions import PredictionRecord
from core.tasks import explain, predict, warm
from core.types import ImageId, ImageState, Lane, ProjectId, RunId, RunState, Split, Task
from core.worker import serve_interactive
from tests.at_once import claim, complete, serve
from tests.made_models import model_of

NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def _cold() -> Iterator[None]:
    yield
    warm._load.cache_clear()


def picture(seed: int, width: int = 90, height: int = 60) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


def folder_of(path: Path, count: int, first: int = 0) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for index in range(first, first + count):
        picture(index).save(path / f"{index:02}.png")
    return path


@pytest.fixture
def project(graft: Graft, tmp_path: Path) -> ProjectId:
    made = graft.projects.create("Leaves", Task.SINGLE, [ClassSpec(name="healthy"), ClassSpec(name="rust")])
    complete(graft, graft.imports.start(made, ImportPayload(source=str(folder_of(tmp_path / "in", 3)))))
    return made


@pytest.fixture
def model(graft: Graft, project: ProjectId) -> RunId:
    return model_of(graft, project)


def explained(graft: Graft, model: RunId, **question: object) -> dict[str, object]:
    run = graft.explanations.request(model, **{"image": ImageId(1), **question})  # type: ignore[arg-type]
    complete(graft, run)
    view = graft.explanations.wait(run, 1)
    return {"view": view, "run": run, "bytes": view.path.read_bytes()}


def test_without_a_class_the_models_own_answer_is_explained(graft: Graft, model: RunId) -> None:
    view = explained(graft, model)["view"]
    assert view.target == view.said == int(np.argmax(view.probabilities))
    assert view.class_name == ("healthy", "rust", "mildew")[view.target]
    assert view.probability == pytest.approx(view.probabilities[view.target])
    assert sum(view.probabilities) == pytest.approx(1)
    assert view.path.is_file()


def test_every_class_has_its_own_heatmap(graft: Graft, model: RunId) -> None:
    heatmaps = {explained(graft, model, target=target, method="layercam")["bytes"] for target in range(3)}
    assert len(heatmaps) == 3


def test_a_heatmap_comes_from_the_cache_and_made_anew_is_the_same(
    graft: Graft, model: RunId, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = explained(graft, model, target=1)
    with monkeypatch.context() as patch:
        patch.setattr(explain, "warm_model", None)  # the network is not asked again
        assert explained(graft, model, target=1)["bytes"] == first["bytes"]
    for path in graft.settings.heatmaps.rglob("*.*"):
        path.unlink()
    warm._load.cache_clear()
    assert explained(graft, model, target=1)["bytes"] == first["bytes"]


def test_a_model_trained_again_is_not_answered_from_the_old_ones_cache(graft: Graft, model: RunId) -> None:
    first = explained(graft, model, target=1)["view"]
    folder = graft.settings.models / str(model)
    card = ModelCard.from_json(json.loads((folder / "card.json").read_text()))
    torch.manual_seed(1)
    files = save_model(folder, Network("mobilenet_v3_small", 3, image_size=64), card)
    with writing(graft.engine) as session:
        predictions.save_model(session, model, files=files, card=card.to_json())
    again = explained(graft, model, target=1)["view"]
    assert again.path != first.path and again.probabilities != first.probabilities


def test_what_cannot_be_explained_is_said_before_anything_is_queued(graft: Graft, model: RunId) -> None:
    request = graft.explanations.request
    for wrong, problem in (
        ({"target": 3}, BadInput), ({"method": "tea"}, BadInput), ({"method": "attention_rollout"}, BadInput),
        ({"image": ImageId(99)}, NotFound), ({"image": None}, NotFound), ({"image": None, "blob": "0" * 64}, NotFound),
    ):  # fmt: skip
        with pytest.raises(problem):
            request(model, **{"image": ImageId(1), **wrong})  # type: ignore[arg-type]
    with pytest.raises(NotFound, match="no model"):
        request(RunId(1), image=ImageId(1))
    assert serve_nothing(graft)


def serve_nothing(graft: Graft) -> bool:
    with reading(graft.engine) as session:
        return not runs.has_queued(session, [Lane.INTERACTIVE])


def test_an_explanation_that_failed_says_why(graft: Graft, model: RunId) -> None:
    run = graft.explanations.request(model, image=ImageId(1))
    (graft.settings.models / str(model) / "weights.safetensors").unlink()
    assert serve(graft, Lane.INTERACTIVE) is RunState.FAILED
    with pytest.raises(GraftError, match="is gone"):
        graft.explanations.wait(run, 1)


def test_a_number_is_explained_by_the_output_itself(graft: Graft, project: ProjectId) -> None:
    view = explained(graft, model_of(graft, project, task=Task.REGRESSION))["view"]
    assert (view.target, view.class_name, view.probability, view.probabilities) == (0, "", None, ())
    assert view.number is not None and view.path.is_file()


def test_with_several_classes_the_likeliest_is_explained(graft: Graft, project: ProjectId) -> None:
    view = explained(graft, model_of(graft, project, task=Task.MULTI))["view"]
    assert view.target == int(np.argmax(view.probabilities))


def test_a_cropped_picture_has_its_heat_where_the_network_saw_it(graft: Graft, project: ProjectId) -> None:
    view = explained(graft, model_of(graft, project, framing="crop"), target=0, method="occlusion")["view"]
    heat = np.asarray(Image.open(view.path))
    assert heat.shape == (60, 90, 4)  # the picture's own sides, though the network saw a square
    grey = (heat == (128, 128, 128, 150)).all(2)
    assert grey[:, :15].all() and grey[:, 75:].all() and not grey[:, 15:75].any()


def test_heat_lands_on_the_place_it_came_from() -> None:
    heat = np.zeros((64, 64), dtype=np.float32)
    heat[8:16, 48:56] = 1  # to the right, near the top
    for framing, left, width in (("squash", 0, 200), ("crop", 50, 100)):
        opacity = np.asarray(Image.open(io.BytesIO(heatmap_png(heat, 200, 100, framing))))[..., 3]
        assert seen_box(200, 100, framing) == (left, 0, left + width, 100)
        row, column = round(100 * 12 / 64), round(left + width * 52 / 64)
        assert opacity[row, column] == 255
        assert opacity[80, left + width // 4] == 0


def test_where_nothing_speaks_for_a_class_it_is_said(graft: Graft, model: RunId) -> None:
    views = [explained(graft, model, target=target)["view"] for target in range(3)]
    for view in views:
        assert view.empty == (not np.asarray(Image.open(view.path))[..., 3].any())
    assert {view.empty for view in views} == {True, False}


def test_a_large_pictures_heatmap_keeps_the_ratio_of_its_sides() -> None:
    made = Image.open(io.BytesIO(heatmap_png(np.ones((8, 8), dtype=np.float32), 4000, 3000, "squash")))
    assert made.size == (768, 576)


def test_the_blended_picture_has_the_pictures_full_size(graft: Graft, model: RunId) -> None:
    run = explained(graft, model, method="occlusion")["run"]
    plain = np.asarray(Image.open(io.BytesIO(graft.explanations.blended(run, opacity=0))))  # type: ignore[arg-type]
    assert np.array_equal(plain, np.asarray(picture(0)))
    over = Image.open(io.BytesIO(graft.explanations.blended(run)))  # type: ignore[arg-type]
    assert over.size == (90, 60) and not np.array_equal(np.asarray(over), plain)


def test_pictures_to_look_into_come_in_the_order_asked_for(graft: Graft, model: RunId) -> None:
    said = [
        PredictionRecord(
            image_id=ImageId(number), blob="a" * 64, split=Split.TEST, truth_index=truth, predicted_index=0,
            confidence=sure, probabilities=[sure, 1 - sure, 0],
        )
        for number, truth, sure in ((1, 0, 0.9), (2, 1, 0.6), (3, 2, 0.8))
    ]  # fmt: skip
    with writing(graft.engine) as session:
        predictions.replace_predictions(session, model, said)
    order = {which: [item.image for item in graft.explanations.pictures(model, which)] for which in Which}
    assert order == {Which.MISTAKES: [3, 2], Which.UNSURE: [2, 3, 1], Which.RIGHT: [1], Which.ALL: [1, 2, 3]}
    first = graft.explanations.pictures(model, Which.MISTAKES)[0]
    assert (first.truth, first.truth_set, first.said, first.name) == ("mildew", (2,), "healthy", "02.png")
    assert graft.explanations.picture(model, ImageId(2)).truth == "rust"


def test_a_worker_keeps_the_last_models_warm_and_no_more(graft: Graft, project: ProjectId) -> None:
    models = [model_of(graft, project, seed=seed) for seed in range(warm.MOST_MODELS + 1)]
    for model in (*models, models[-1]):
        explained(graft, model, target=0)
        explained(graft, model, target=1)
    info = warm._load.cache_info()
    assert info.currsize == warm.MOST_MODELS and info.misses == len(models)


def test_the_interactive_worker_answers_within_its_loop(graft: Graft, model: RunId) -> None:
    stop = threading.Event()
    worker = threading.Thread(target=serve_interactive, args=(graft.settings, graft.engine, stop))
    worker.start()
    try:
        run = graft.explanations.request(model, image=ImageId(1))
        assert graft.explanations.wait(run, 60).path.is_file()
    finally:
        stop.set()
        worker.join()


def test_a_slow_answer_is_not_taken_for_a_dead_one(graft: Graft, model: RunId, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = graft.explanations.request(model, image=ImageId(1))
    long_ago = datetime(2000, 1, 1, tzinfo=UTC)
    run = claim(graft, Lane.INTERACTIVE, long_ago)
    monkeypatch.setattr(process, "BEAT_S", 0.01)
    with process.beating(run, graft.engine):
        while graft.queue.read(run_id).heartbeat_at == long_ago:
            time.sleep(0.01)
    process.Sweeper(graft.engine).sweep()
    assert graft.queue.read(run_id).state is RunState.RUNNING


# --- predictions --------------------------------------------------------------------------------------------------


@pytest.fixture
def predicted(graft: Graft, model: RunId, tmp_path: Path) -> RunId:
    source = folder_of(tmp_path / "new", 40, first=1)  # 01 and 02 are the project's already
    (source / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing more")
    (source / "page.png").write_bytes(b"<html>")
    (source / "notes.txt").write_text("words")
    (source / "groups.csv").write_text("file,group\n01.png,north\n02.png,south\n03.png,\n")
    return complete(graft, graft.predictions.start(model, str(source))).id


def test_of_several_classes_those_are_the_answer_that_the_model_names_if_any(
    graft: Graft, project: ProjectId, predicted: RunId, tmp_path: Path
) -> None:
    several = model_of(graft, project, task=Task.MULTI)
    view = graft.predictions.read(complete(graft, graft.predictions.start(several, str(tmp_path / "new"))).id)
    assert all(item.said_set is not None for item in view.items)
    for item in view.items:
        named = tuple(name for name in view.classes if name in item.said.split(", "))
        assert tuple(view.classes[index] for index in item.said_set or ()) == named
    assert all(item.said_set is None for item in graft.predictions.read(predicted).items)


def test_every_picture_of_a_folder_gets_an_answer_and_bad_files_a_reason(graft: Graft, predicted: RunId) -> None:
    view = graft.predictions.read(predicted)
    assert [item.name for item in view.items] == [f"{index:02}.png" for index in range(1, 41)]
    for item in view.items:
        assert sum(item.probabilities) == pytest.approx(1, abs=1e-5)
        assert item.said == view.classes[int(np.argmax(item.probabilities))]
        assert item.confidence == max(item.probabilities)
    assert [item.group for item in view.items[:4]] == ["north", "south", "", ""], "as the table in the folder says"
    assert {item.name: item.error.split(" ")[0] for item in view.rejected} == {
        "notes.txt": "Not", "broken.jpg": "broken.jpg", "page.png": "page.png",
    }  # fmt: skip
    assert view.run.result == {"pictures": 40, "rejected": 3}


def test_a_picture_is_answered_alike_by_prediction_and_explanation(
    graft: Graft, model: RunId, predicted: RunId
) -> None:
    item = graft.predictions.read(predicted).items[7]
    view = explained(graft, model, image=None, blob=item.blob)["view"]
    assert view.probabilities == pytest.approx(item.probabilities, abs=1e-5)


def dies_in_batch(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A prediction is killed in its batch of that number, of eight pictures each."""
    monkeypatch.setattr(predict, "BATCH", 8)
    answered, calls = predict._answered, []

    def answer(*batch: object) -> object:
        calls.append(batch)
        if len(calls) == number:
            raise MemoryError("killed")
        return answered(*batch)  # type: ignore[arg-type]

    monkeypatch.setattr(predict, "_answered", answer)


def test_an_interrupted_prediction_goes_on_where_it_stopped(
    graft: Graft, model: RunId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = graft.predictions.start(model, str(folder_of(tmp_path / "many", 70)))
    dies_in_batch(3, monkeypatch)
    assert serve(graft, Lane.FILES) is RunState.FAILED
    assert len(graft.predictions.read(run).items) == 16
    graft.queue.resume(run)
    assert serve(graft, Lane.FILES) is RunState.DONE
    names = [item.name for item in graft.predictions.read(run).items]
    assert names == [f"{index:02}.png" for index in range(70)]


def test_an_interrupted_prediction_answers_files_of_the_same_name_in_two_zips(
    graft: Graft, model: RunId, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("first", "second"):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            for path in sorted(folder_of(tmp_path / name, 8).iterdir()):
                archive.write(path, path.name)
    run = graft.predictions.start(model, f"{tmp_path / 'first.zip'}\n{tmp_path / 'second.zip'}")
    dies_in_batch(2, monkeypatch)
    assert serve(graft, Lane.FILES) is RunState.FAILED
    graft.queue.resume(run)
    assert serve(graft, Lane.FILES) is RunState.DONE
    assert len(graft.predictions.read(run).items) == 16


def test_a_few_uploaded_pictures_are_answered_by_the_warm_worker(graft: Graft, model: RunId, tmp_path: Path) -> None:
    content = io.BytesIO()
    picture(5).save(content, "PNG")
    upload = graft.uploads.announce(ProjectId(1), "batch-1", "leaf.png", len(content.getvalue()))
    graft.uploads.append(upload.id, 0, content.getvalue())
    run = graft.predictions.start(model, "upload:batch-1")
    complete(graft, run)
    assert [item.name for item in graft.predictions.read(run).items] == ["leaf.png"]
    assert not (graft.settings.uploads / "batch-1").exists()
    with writing(graft.engine) as session:  # questions are forgotten after a while, predictions are not
        runs.delete_ended(session, Lane.INTERACTIVE, before=datetime(2100, 1, 1, tzinfo=UTC))
    assert len(graft.predictions.read(run).items) == 1


def test_a_prediction_without_model_or_source_is_refused(graft: Graft, model: RunId) -> None:
    with pytest.raises(NotFound, match="no model"):
        graft.predictions.start(RunId(1), "/")
    with pytest.raises(BadInput, match="no folder or file"):
        graft.predictions.start(model, "/nowhere/at/all")


def test_the_table_has_one_line_per_file(graft: Graft, predicted: RunId) -> None:
    lines = graft.predictions.csv(predicted).lstrip("\ufeff").splitlines()
    assert lines[0] == "file,prediction,confidence,answer,why no answer,p(healthy),p(rust),p(mildew),problem"
    assert len(lines) == 1 + 43
    good = next(line for line in lines if line.startswith("07.png")).split(",")
    assert good[1] in ("healthy", "rust", "mildew") and float(good[2]) == max(map(float, good[5:8]))
    assert any(line.startswith("page.png,,,,,,,,") for line in lines)


def test_doubtful_pictures_sent_to_labelling_twice_are_there_once(
    graft: Graft, project: ProjectId, predicted: RunId
) -> None:
    view = graft.predictions.read(predicted)
    doubtful = view.doubtful((), 1.01)
    assert [item.confidence for item in doubtful] == sorted(item.confidence for item in view.items)
    ids = [item.id for item in doubtful]
    assert graft.predictions.send_to_labelling(predicted, ids) == 38  # two were imported from the start
    assert graft.predictions.send_to_labelling(predicted, ids) == 0
    progress = graft.labelling.progress(project)
    assert progress.total == 41 and progress.by_state[ImageState.UNLABELLED] == 41
    sent = graft.labelling.upcoming(project, after=ImageId(3))[0]
    record = graft.gallery.image(sent.id)
    assert record.blob == next(item.blob for item in view.items if item.name == sent.name)
    assert (record.width, record.height) == (90, 60)
    # The same files imported later are known as well.
    source = Path(str(view.run.payload["source"]))
    run = graft.imports.start(project, ImportPayload(source=str(source)))
    serve(graft, Lane.FILES)
    assert (graft.imports.report(run).added, graft.imports.report(run).duplicates) == (0, 40)


def test_a_damaged_picture_is_not_sent_to_labelling(graft: Graft, project: ProjectId, predicted: RunId) -> None:
    item = graft.predictions.read(predicted).items[5]
    path = BlobStore(graft.settings).path(item.blob)
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(GraftError, match=f"The stored picture {item.name} is damaged"):
        graft.predictions.send_to_labelling(predicted, [item.id])
    path.unlink()
    with pytest.raises(GraftError, match="is gone"):
        graft.predictions.send_to_labelling(predicted, [item.id])
    assert graft.labelling.progress(project).total == 3


def test_numbers_are_predicted_in_their_own_unit(graft: Graft, project: ProjectId, tmp_path: Path) -> None:
    run = graft.predictions.start(
        model_of(graft, project, task=Task.REGRESSION), str(folder_of(tmp_path / "numbers", 2))
    )
    assert serve(graft, Lane.FILES) is RunState.DONE
    view = graft.predictions.read(run)
    assert all(item.number is not None and item.said == f"{item.number:.4g}" for item in view.items)
    assert view.doubtful((), 0.5) == []


# --- routes -------------------------------------------------------------------------------------------------------


@pytest.fixture
def client(graft: Graft, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    for module in (base, explanations):
        monkeypatch.setattr(module, "shared", lambda: graft)
    app = Starlette(routes=explanations.ROUTES, middleware=[Middleware(SameOrigin, host="127.0.0.1")])
    return TestClient(app, base_url="http://127.0.0.1")


def test_the_viewer_asks_and_gets_the_heatmaps_address(client: TestClient, graft: Graft, model: RunId) -> None:
    stop = threading.Event()
    worker = threading.Thread(target=serve_interactive, args=(graft.settings, graft.engine, stop))
    worker.start()
    try:
        answer = client.post("/api/explanations", json={"model": model, "image": 1, "target": 2, "method": "gradcam"})
    finally:
        stop.set()
        worker.join()
    value = answer.json()
    assert answer.status_code == 200 and value["class"] == "mildew" and len(value["probabilities"]) == 3
    png = client.get(value["url"])
    assert png.headers["content-type"] == "image/png" and "immutable" in png.headers["cache-control"]
    assert png.content == graft.explanations.read(RunId(value["run"])).path.read_bytes()


def test_the_routes_refuse_what_is_wrong_and_who_is_foreign(client: TestClient, model: RunId) -> None:
    assert client.post("/api/explanations", json={"model": "x"}).status_code == 400
    assert client.post("/api/explanations", json={"model": model, "image": 1, "method": "tea"}).status_code == 400
    assert client.post("/api/explanations", json={"model": 999, "image": 1}).status_code == 404
    assert client.post("/api/explanations", json={}, headers={"origin": "http://evil"}).status_code == 403
    assert client.get("/api/heatmap/1.png").status_code == 404
    assert client.get("/api/predictions/1.csv").status_code == 404


def test_predictions_leave_as_a_table(client: TestClient, predicted: RunId) -> None:
    answer = client.get(f"/api/predictions/{predicted}.csv")
    assert answer.status_code == 200 and "attachment" in answer.headers["content-disposition"]
    assert answer.text.count("\n") == 44
