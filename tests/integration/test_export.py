"""Exports: a project that comes back as it was, a model that says elsewhere what it said here."""

import json
import re
import runpy
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import ExifTags, Image
from starlette.testclient import TestClient
from torch import Tensor, nn

from core.catalogue import ModelCard
from core.catalogue.card import in_words
from core.errors import BadInput, NotFound
from core.exchange.predict_example import EXAMPLE
from core.graft import Graft, open_graft
from core.inference import answers, open_pixels
from core.inference.onnx import Answering, write_onnx
from core.jobs.payloads import ImportPayload
from core.labels import ClassSpec
from core.media import BlobStore, prepare
from core.recipes import PRESETS
from core.services.circles import Circle
from core.services.labelling import LabelEvent, LabelValue
from core.settings import Settings
from core.store import exports, predictions
from core.store.db import reading
from core.store.exports import ExportImage
from core.tasks.export_model import _too_large
from core.types import ImageId, ImageState, LabelKind, Lane, ProjectId, RunId, RunKind, RunState, Task
from tests.at_once import complete, serve


def bring_in(graft: Graft, project: ProjectId, source: Path, labels: str = "") -> None:
    complete(graft, graft.imports.start(project, ImportPayload(source=str(source), labels_csv=labels)))


def picture(path: Path, seed: int, colour: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 80, (40, 48, 3), dtype=np.uint8)
    pixels[..., colour] += 120
    Image.fromarray(pixels).save(path)


def packed(graft: Graft, run_id: RunId) -> Path:
    return graft.exports.path(complete(graft, run_id).id)


def known(graft: Graft, project: ProjectId) -> dict[str, tuple[object, ...]]:
    """All that is known of a project's pictures, by their content."""
    names = {item.id: item.name for item in graft.projects.read(project).classes}

    def facts(image: ExportImage) -> tuple[object, ...]:
        classes = sorted(names[item] for item in image.classes)
        return (
            image.state, classes, image.number, image.case_name, image.group_name, image.captured_at,
            image.split, image.extra,
        )  # fmt: skip

    with reading(graft.engine) as session:
        return {image.blob: facts(image) for image in exports.each_image(session, project)}


def known_images(graft: Graft, project: ProjectId) -> list[ExportImage]:
    with reading(graft.engine) as session:
        return list(exports.each_image(session, project))


ELSEWHERE = "Page Classes puts them in another order."
TABLES = {
    Task.SINGLE: "file,label,case,group,date,wind\n0.png,a|b,p1,north,2026-05-01,strong\n"
    "1.png,=sum,p2,south,2026-05-02T10:00:00+02:00,\n2.jpg,,,,,'calm\n".replace("a|b", "a\\|b"),
    Task.MULTI: "file,label,case,split\n0.png,a|b,,train\n1.png,|,p2,validation\n2.jpg,,p3,test\n",
    Task.ORDINAL: "file,label\n0.png,0\n1.png,-1\n2.jpg,\n",
    Task.REGRESSION: "file,label\n0.png,-3.25\n1.png,1e-07\n2.jpg,\n",
}


@pytest.mark.parametrize("task", list(Task))
def test_a_dataset_that_was_exported_comes_back_without_loss(graft: Graft, tmp_path: Path, task: Task) -> None:
    for number, name in enumerate(["in/0.png", "in/1.png", "in/2.jpg"]):
        picture(tmp_path / name, number)
    (tmp_path / "in" / "labels.csv").write_text(TABLES[task])
    first = graft.projects.create("First", task)
    bring_in(graft, first, tmp_path / "in")
    before = known(graft, first)
    assert sum(facts[0] is ImageState.LABELLED for facts in before.values()) == 2

    packed_zip = packed(graft, graft.exports.dataset(first))
    second = graft.projects.create("Second", task)
    bring_in(graft, second, packed_zip)
    assert known(graft, second) == before
    told = [item.reason for item in graft.imports.report(graft.imports.list(second)[0].id).items]
    assert told == []


def test_grades_come_back_in_their_order_and_classes_without_a_picture_too(graft: Graft, tmp_path: Path) -> None:
    for number, name in enumerate(["low", "very low", "high"]):
        picture(tmp_path / "in" / name / f"{number}.png", number)
    grades = ["healthy", "very low", "low", "high"]
    first = graft.projects.create("First", Task.ORDINAL, [ClassSpec(name=name) for name in grades])
    bring_in(graft, first, tmp_path / "in")
    packed_zip = packed(graft, graft.exports.dataset(first))

    def back(task: Task, there: list[str]) -> tuple[list[str], list[str]]:
        second = graft.projects.create(f"{task} {there}", task, [ClassSpec(name=name) for name in there])
        bring_in(graft, second, packed_zip)
        told = [item.reason for item in graft.imports.report(graft.imports.list(second)[0].id).items]
        return [item.name for item in graft.projects.read(second).classes], told

    assert back(Task.ORDINAL, []) == (grades, [])
    assert back(Task.SINGLE, []) == (grades, [])
    names, (told,) = back(Task.ORDINAL, ["high"])
    assert names == ["high", "healthy", "very low", "low"]
    assert told == "New grades came last. From low to high the grades are now: " + ", ".join(names) + f". {ELSEWHERE}"


def test_pictures_lie_in_the_folders_of_their_classes(graft: Graft, tmp_path: Path) -> None:
    picture(tmp_path / "in" / "rust" / "a.png", 1)
    picture(tmp_path / "in" / "rust" / "wet" / "a.png", 2)
    picture(tmp_path / "in" / "healthy" / "b.png", 3)
    project = graft.projects.create("Leaves", Task.SINGLE)
    bring_in(graft, project, tmp_path / "in")
    image = next(
        item for item in graft.labelling.upcoming(project, states=list(ImageState)) if item.name == "healthy/b.png"
    )
    event = LabelEvent(event_id="clear-it", image_id=image.id, kind=LabelKind.CLEAR, value=LabelValue())
    graft.labelling.record(project, [event])
    with zipfile.ZipFile(packed(graft, graft.exports.dataset(project))) as archive:
        assert set(archive.namelist()) == {"rust/a.png", "wet/a.png", "unlabelled/b.png", "labels.csv", "classes.json"}


def test_what_an_expert_circled_goes_along_and_comes_back(graft: Graft, tmp_path: Path) -> None:
    picture(tmp_path / "in" / "rust" / "a.png", 1)
    picture(tmp_path / "in" / "healthy" / "b.png", 2)
    first = graft.projects.create("First", Task.SINGLE)
    bring_in(graft, first, tmp_path / "in")
    drawn = [Circle(0.5, 0.25, 0.1, 0.2), Circle(1.0, 1.0, 0.3, 0.3)]
    graft.circles.save(named(graft, first, "rust/a.png"), drawn, "expert")
    packed_zip = packed(graft, graft.exports.dataset(first))
    second = graft.projects.create("Second", Task.SINGLE)
    bring_in(graft, second, packed_zip)
    assert graft.imports.report(graft.imports.list(second)[0].id).rejected == 0
    back = named(graft, second, "rust/a.png")
    assert graft.circles.of(second, [back, named(graft, second, "healthy/b.png")]) == {back: drawn}
    mine = [Circle(0.1, 0.1, 0.1, 0.1)]
    graft.circles.save(back, mine, "me")
    bring_in(graft, second, packed_zip)
    assert graft.circles.of(second, [back]) == {back: mine}, "what stands there is not drawn over"


def named(graft: Graft, project: ProjectId, name: str) -> ImageId:
    found = graft.labelling.upcoming(project, states=list(ImageState))
    return next(item.id for item in found if item.name == name)


def slightly_changed(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-10] ^= 4
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [Path.unlink, slightly_changed])
def test_a_damaged_picture_is_named_and_not_handed_out(
    graft: Graft, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    project = graft.projects.create("Leaves", Task.SINGLE)
    for index in range(3):
        picture(tmp_path / "in" / f"{index}.png", index)
    bring_in(graft, project, tmp_path / "in")
    blob = next(item.blob for item in known_images(graft, project) if item.original_name == "1.png")
    damage(BlobStore(graft.settings).path(blob))
    run_id = graft.exports.dataset(project)
    assert serve(graft, Lane.FILES) is RunState.FAILED
    run = graft.queue.read(run_id)
    what = "is gone from Graft's home" if damage is Path.unlink else "is damaged"
    assert run.error == f"The stored picture 1.png {what}." and "delete the picture" in run.hint
    assert list((graft.settings.exports / str(run_id)).iterdir()) == []


def test_a_project_without_pictures_has_nothing_to_export(graft: Graft) -> None:
    project = graft.projects.create("Empty", Task.SINGLE)
    with pytest.raises(BadInput, match="no pictures"):
        graft.exports.dataset(project)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Graft, RunId, Path]:
    """A home with a small trained model, and the export of it, unpacked."""
    folder = tmp_path_factory.mktemp("trained")
    graft = open_graft(Settings(home=folder / "home", device="cpu"))
    for number in range(30):
        picture(folder / "in" / ("red" if number % 2 else "green") / f"{number}.png", number, 0 if number % 2 else 1)
    project = graft.projects.create("Colours *bold*", Task.SINGLE, guideline="Look at the middle.")
    bring_in(graft, project, folder / "in")
    recipe = PRESETS["instant"].with_settings({"image_size": "64", "weights": "none", "framing": "crop"})
    run_id = complete(graft, graft.training.start(project, recipe, "first try")).id
    with zipfile.ZipFile(packed(graft, graft.exports.model(run_id))) as archive:
        archive.extractall(folder / "model")
    return graft, run_id, folder / "model"


def test_the_exported_model_needs_no_graft(trained: tuple[Graft, RunId, Path]) -> None:
    graft, run_id, folder = trained
    project = graft.training.read(run_id).project_id
    assert project is not None
    image = graft.labelling.upcoming(project, states=[ImageState.LABELLED])[0]
    blob = graft.gallery.store.path(image.blob)
    done = subprocess.run(
        [sys.executable, "predict.py", str(blob)], cwd=folder, capture_output=True, text=True, check=True
    )
    with reading(graft.engine) as session:
        said = predictions.read_predictions(session, run_id)
    record = next(item for item in said if item.image_id == image.id)
    assert record.probabilities is not None
    card = json.loads((folder / "card.json").read_text("utf-8"))
    words = ", ".join(f"{name} {share:.1%}" for name, share in zip(card["classes"], record.probabilities, strict=True))
    assert record.predicted_index is not None
    assert done.stdout.strip() == f"{blob}: {card['classes'][record.predicted_index]} ({words})"


def test_the_exported_model_sees_a_picture_of_any_kind_as_graft_does(
    trained: tuple[Graft, RunId, Path], tmp_path: Path
) -> None:
    graft, run_id, folder = trained
    rng = np.random.default_rng(4)
    clear = Image.fromarray(rng.integers(0, 256, (70, 90, 4), dtype=np.uint8), "RGBA")
    kinds = {
        "deep.png": Image.fromarray(rng.integers(0, 4096, (70, 90)).astype(np.uint16)),
        "float.tif": Image.fromarray(rng.random((70, 90), dtype=np.float32)),
        "clear.png": clear,
        "palette.png": clear.convert("RGB").convert("P"),
    }
    for name, image in kinds.items():
        image.save(tmp_path / name)
    (tmp_path / "cut.png").write_bytes((tmp_path / "deep.png").read_bytes()[:300])
    files = [str(tmp_path / name) for name in kinds]
    command = [sys.executable, str(folder / "predict.py"), str(tmp_path / "cut.png"), *files]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.splitlines()
    view = graft.predictions.read(complete(graft, graft.predictions.start(run_id, "\n".join(files))).id, 0.9)
    told = {Path(item.name).name: item.probabilities for item in view.items}
    assert "cut.png cannot be read" in said[0] and len(said) == len(files) + 1
    for file, line in zip(files, said[1:], strict=True):
        shares = [float(share) for share in re.findall(r"([\d.]+)%", line.removeprefix(file).partition("(")[2])]
        np.testing.assert_allclose(np.array(told[Path(file).name]) * 100, shares, atol=0.06)


def test_the_exported_program_reads_photos_to_the_pixel_as_graft_does(
    trained: tuple[Graft, RunId, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    coarse = np.random.default_rng(5).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    photo = Image.fromarray(coarse).resize((700, 500))
    turned = Image.Exif()
    turned[ExifTags.Base.Orientation] = 6
    photo.save(tmp_path / "large.jpg")
    photo.convert("L").save(tmp_path / "grey.jpg")
    photo.save(tmp_path / "turned.jpg", exif=turned)
    photo.convert("CMYK").save(tmp_path / "print.jpg")
    photo.save(tmp_path / "web.webp")
    photo.save(tmp_path / "plain.png")
    monkeypatch.setattr(sys, "argv", ["predict.py"])
    seen = runpy.run_path(str(trained[2] / "predict.py"))["seen"]
    for file in sorted(tmp_path.iterdir()):
        kept = prepare(file.read_bytes(), file.name).content
        assert np.array_equal(np.asarray(seen(file)), open_pixels(kept, file.name, min_side=64)), file.name


def test_of_a_file_with_several_pages_it_is_told_that_the_first_was_looked_at(
    trained: tuple[Graft, RunId, Path], tmp_path: Path
) -> None:
    graft, run_id, _ = trained
    pages = [Image.new("RGB", (70, 90), (shade, 90, 40)) for shade in (10, 200)]
    pages[0].save(tmp_path / "stack.tif", save_all=True, append_images=pages[1:])
    said = complete(graft, graft.predictions.start(run_id, str(tmp_path / "stack.tif"))).id
    told = "It holds 2 pictures; only the first one was taken."
    assert [item.note for item in graft.predictions.read(said, 0.9).items] == [told]
    assert graft.predictions.csv(said, 0.9).rstrip().endswith(told)


def test_the_model_card_says_what_it_is_how_good_and_what_it_cannot(trained: tuple[Graft, RunId, Path]) -> None:
    text = (trained[2] / "README.md").read_text("utf-8")
    assert "# Colours \\*bold\\*: model of run" in text
    assert "Look at the middle." in text
    assert (
        "18 train, 6 validation, 6 test pictures" in text and "Labelled by: people unknown, before the import." in text
    )
    assert "Fewer than 30 test pictures stand behind the scores of: green, red." in text
    assert "Tested elsewhere: not at all." in text and "looked at apart" in text


def test_the_model_card_has_the_sections_of_mitchell_2019_in_order_and_every_table_is_whole(
    trained: tuple[Graft, RunId, Path],
) -> None:
    text = (trained[2] / "README.md").read_text("utf-8")
    headings = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    assert headings == [
        "Model details", "Intended use", "Factors", "Metrics", "Evaluation data", "Training data",
        "Quantitative analyses", "Ethical considerations", "Caveats and recommendations", "How it was trained",
    ]  # fmt: skip
    for block in text.split("\n\n"):
        if block.startswith("|"):
            columns = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
            assert len(columns) == 1 and block.splitlines()[1].startswith("| ---"), block


def test_the_figures_of_the_model_card_are_those_of_the_results_with_their_intervals(
    trained: tuple[Graft, RunId, Path],
) -> None:
    graft, run_id, folder = trained
    text, results = (folder / "README.md").read_text("utf-8"), graft.results.to_json(run_id)
    low, high = results["intervals"]["test"]["accuracy"]
    accuracy = results["metrics"]["test"]["accuracy"]
    assert f"| Accuracy | {accuracy:.0%} | {low:.0%} to {high:.0%} |" in text
    (green, *_) = results["per_class"]["test"]
    low, high = green["intervals"]["recall"]
    assert f"| green | 3 | {green['recall']:.2f} ({low:.2f} to {high:.2f}) |" in text
    found, *_ = results["decision"]["classes"]
    value, low, high = found["found"]
    assert f"| {value:.0f} ({low:.0f} to {high:.0f}) |" in text
    assert f"one temperature ({results['calibration']['temperature']:.3g};" in text


class Tiny(nn.Module):
    """Stands for a network: pixels to three logits."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3, stride=4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.head = nn.Linear(4, 3)

    def forward(self, pictures: Tensor) -> Tensor:
        logits: Tensor = self.head(self.body(pictures.float() / 32))
        return logits


def test_a_network_too_large_for_an_onnx_file_is_told_so_before_it_is_written() -> None:
    with torch.device("meta"):
        large, small = nn.Linear(30_000, 20_000), nn.Linear(3, 2)
    assert _too_large(large) == "its weights are 2.4 GB, and one such file holds 2." and not _too_large(small)


@pytest.mark.parametrize("task", [Task.SINGLE, Task.MULTI, Task.REGRESSION])
def test_onnx_says_what_torch_says_of_any_number_of_pictures(tmp_path: Path, task: Task) -> None:
    torch.manual_seed(0)
    card = ModelCard(
        task=task, classes=("a", "b", "c"), class_ids=(1, 2, 3), backbone="tiny", image_size=32, framing="squash",
        mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2), temperature=0.7, number_mean=10.0, number_std=4.0,
    )  # fmt: skip
    network = Tiny()
    write_onnx(tmp_path / "m.onnx", network, card)  # type: ignore[arg-type]
    session = onnxruntime.InferenceSession(tmp_path / "m.onnx")
    for many in (1, 5):
        pictures = np.random.default_rng(1).integers(0, 256, (many, 3, 32, 32), dtype=np.uint8)
        given = session.run(None, {"pictures": pictures})[0]
        with torch.inference_mode():
            wanted = Answering(network, card)(torch.from_numpy(pictures)).numpy()  # type: ignore[arg-type]
            logits = network(torch.from_numpy(pictures)).numpy()
        assert given.shape == (many, 3)
        assert np.abs(given - wanted).max() < 1e-4
        if task is Task.SINGLE:
            powers = np.exp(logits / 0.7)
            assert np.abs(given - powers / powers.sum(1, keepdims=True)).max() < 1e-4
        elif task is Task.MULTI:
            assert np.abs(given - 1 / (1 + np.exp(-logits / 0.7))).max() < 1e-4
        else:
            assert np.abs(given - (logits * 4 + 10)).max() < 1e-4


@pytest.mark.parametrize("task", list(Task))
def test_the_program_beside_the_file_answers_as_graft_does(tmp_path: Path, task: Task) -> None:
    torch.manual_seed(0)
    numbers = task is Task.REGRESSION
    card = ModelCard(
        task=task, classes=() if numbers else ("a", "b", "c"), class_ids=() if numbers else (1, 2, 3), backbone="tiny",
        image_size=32, framing="squash", mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2), number_mean=10.0, number_std=4.0,
        thresholds=(0.3, 0.5, 0.7) if task is Task.MULTI else (),
    )  # fmt: skip
    network = Tiny()
    write_onnx(tmp_path / "model.onnx", network, card)  # type: ignore[arg-type]
    (tmp_path / "card.json").write_text(json.dumps(card.to_json()))
    (tmp_path / "predict.py").write_text(EXAMPLE)
    pictures = np.random.default_rng(1).integers(0, 256, (6, 32, 32, 3), dtype=np.uint8)
    for index, picture in enumerate(pictures):
        Image.fromarray(picture).save(tmp_path / f"{index}.png")
    with torch.inference_mode():
        logits = network(torch.from_numpy(pictures).permute(0, 3, 1, 2))
    wanted = [in_words(card, item.index, item.classes, item.number) for item in answers(card, logits)]
    files = [f"{index}.png" for index in range(len(pictures))]
    told = subprocess.run(
        [sys.executable, "predict.py", *files], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout.splitlines()  # fmt: skip
    assert [line.partition(": ")[2].partition(" (")[0].strip() for line in told] == wanted


def test_only_a_training_that_is_done_has_a_model_to_export(trained: tuple[Graft, RunId, Path]) -> None:
    graft, run_id, _ = trained
    project = graft.training.read(run_id).project_id
    assert project is not None
    waiting = graft.training.start(project, PRESETS["instant"].with_settings({"weights": "none"}))
    with pytest.raises(BadInput, match="no model: it is queued"):
        graft.exports.model(waiting)
    with pytest.raises(BadInput, match="is no training"):
        graft.exports.model(graft.imports.list(project)[0].id)
    graft.queue.cancel(waiting)


def test_the_file_streams_to_the_browser_and_says_when_it_was_deleted(
    trained: tuple[Graft, RunId, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from starlette.applications import Starlette

    from app.routes import exports as routes

    graft, run_id, _ = trained
    monkeypatch.setattr(routes, "shared", lambda: graft)
    project = graft.training.read(run_id).project_id
    assert project is not None
    export = graft.exports.list(project)[0]
    with TestClient(Starlette(routes=routes.ROUTES)) as client:
        reply = client.get(f"/api/exports/{export.id}/file")
        assert reply.status_code == 200 and reply.content[:2] == b"PK"
        assert f'filename="{graft.exports.path(export.id).name}"' in reply.headers["content-disposition"]
        assert client.get(f"/api/exports/{run_id}/file").status_code == 404
        graft.exports.path(export.id).unlink()
        gone = client.get(f"/api/exports/{export.id}/file")
        assert gone.status_code == 404 and "was deleted" in gone.json()["error"]
    with pytest.raises(NotFound):
        graft.exports.path(export.id)
    assert export.kind is RunKind.EXPORT


def test_the_files_of_the_newest_exports_are_kept(
    trained: tuple[Graft, RunId, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.tasks.export.KEPT", 2)
    graft, run_id, _ = trained
    project = graft.training.read(run_id).project_id
    assert project is not None
    made = [graft.exports.dataset(project) for _ in range(3)]
    for export in made:
        packed(graft, export)
    with pytest.raises(NotFound, match="was deleted"):
        graft.exports.path(made[0])
    assert all(graft.exports.path(export).is_file() for export in made[1:])
