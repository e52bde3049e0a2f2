"""A forecast from the click to its sentences."""

import pytest
from PIL import Image
from typer.testing import CliRunner

from app.cli import build
from core.errors import BadInput
from core.graft import Graft
from core.services.forecasts import ForecastView, forecast_json
from core.store import checks, runs, versions
from core.store.db import writing
from core.store.versions import VersionItem
from core.types import ProjectId, RunId, Split, Task
from tests.at_once import complete
from tests.integration.test_checking import NOW, add, classes_of
from tests.made_models import model_of
from tests.unit.test_checks import scene

COLOURS = ["#d02020", "#20a020", "#2040d0"]


@pytest.fixture
def leaves(graft: Graft) -> ProjectId:
    return graft.projects.create_from_names("Leaves", Task.SINGLE, ["healthy", "rust", "mildew"])


def trained(graft: Graft, project: ProjectId, counts: list[int], test: int = 0) -> RunId:
    """A training on so many pictures of each class, and some for testing."""
    kinds = [k for k, count in enumerate(counts) for _ in range(count)] + [0] * test
    pictures = [
        Image.blend(scene(n, (48, 48)), Image.new("RGB", (48, 48), COLOURS[k]), 0.6) for n, k in enumerate(kinds)
    ]
    found = add(graft, project, pictures)
    model = model_of(graft, project)
    with writing(graft.engine) as session:
        blobs = dict(checks.list_blobs(session, project))
        items = [
            VersionItem(image_id=image, blob=blobs[image], split=Split.TRAIN if n < len(kinds) - test else Split.TEST,
                        targets=(k,), number=None, case_name=None, group_name=None)
            for n, (image, k) in enumerate(zip(found, kinds, strict=True))
        ]  # fmt: skip
        session.get_one(runs.RunRow, model).version_id = versions.create_version(
            session, project, task=Task.SINGLE, split_rule="", items=items, now=NOW,
            classes=[{"id": item, "name": name} for item, name in zip(classes_of(graft, project),
                                                                     ("healthy", "rust", "mildew"), strict=True)],
        )  # fmt: skip
    return model


def view_of(graft: Graft, model: RunId) -> ForecastView:
    last = graft.forecasts.latest(model)
    assert last is not None
    view = graft.forecasts.view(last)
    assert view is not None
    return view


def test_each_class_with_enough_pictures_has_a_forecast_and_the_others_are_named(
    graft: Graft, leaves: ProjectId
) -> None:
    model = trained(graft, leaves, [24, 24, 8], test=5)
    run_id = graft.forecasts.start(model)
    assert graft.forecasts.start(model) == run_id
    result = complete(graft, run_id).result or {}
    assert result["pictures"] == 56, "the test pictures are not looked at"
    view = view_of(graft, model)
    assert [curve.name for curve in view.curves] == ["healthy", "rust"] and view.few == ("mildew",)
    assert view.least == (20, 10) and view.most == 48
    first, second = view.expectations(20)
    assert first.gain.value >= second.gain.value and first.pictures == 24
    assert first.then.value == pytest.approx(first.now.value + first.gain.value, abs=1e-3)
    assert view.expectations(100) == [], "three times as many is the farthest"
    assert view.too_far(20) == [] and view.too_far(100) == ["healthy", "rust"]
    assert forecast_json(view, 100)["too_far"] == ["healthy", "rust"]
    told = CliRunner().invoke(
        build(), ["forecast", str(model), "--more", "100", "--home", str(graft.settings.home)]
    )  # fmt: skip
    assert "healthy, rust: 100 more would be over three times as many as there are: nobody can tell." in told.stdout


def test_too_few_pictures_are_said_to_be_too_few_with_how_many_it_takes(graft: Graft, leaves: ProjectId) -> None:
    model = trained(graft, leaves, [19, 5, 0])
    complete(graft, graft.forecasts.start(model))
    view = view_of(graft, model)
    assert view.curves == () and view.few == ("healthy", "rust", "mildew")
    assert view.least == (20, 10) and view.largest == (19, 19)


def test_only_a_training_can_be_asked(graft: Graft, leaves: ProjectId) -> None:
    with pytest.raises(BadInput, match="no training"):
        graft.forecasts.start(model_of(graft, leaves))
