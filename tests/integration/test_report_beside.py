"""What a report sets beside a training: another on the same pictures, pictures like its mistakes, a map."""

import dataclasses
import math
import re
import sqlite3
from collections.abc import Sequence
from contextlib import nullcontext

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from typer.testing import CliRunner

from app.cli import build
from app.routes.reports import ROUTES
from core.errors import BadInput
from core.evaluation import Scores
from core.exchange.report.drawing import Dots, Line, chart, cloud
from core.exchange.report.whole import SECTIONS
from core.graft import Graft
from core.jobs.payloads import MapPayload
from core.media.layouts import write_layouts
from core.services.neighbours import Neighbours, NeighboursView, NeighbourView
from core.services.serving import Serving
from core.store.db import writing
from core.store.predictions import PredictionRecord
from core.store.scoring import score
from core.store.snapshot import LAYOUTS_HASH, sealed
from core.store.tables import RunRow
from core.store.versions import VersionRecord
from core.types import ImageId, RunId, RunKind
from tests.finished import keep, make_job
from tests.integration.test_judging import Field, steps
from tests.integration.test_reports import Outline, draw_thumbs, facts_of
from tests.integration.test_results import Leaves


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Serving, "answering", lambda self: nullcontext())


@pytest.fixture
def field(graft: Graft) -> Field:
    draw_thumbs(graft, 80)
    return Field(graft)


def section(graft: Graft, run: RunId, key: str, against: RunId | None = None) -> str:
    text = graft.reports.html(run, against=against)
    assert Outline(text).fetched == []
    return text.partition(f"<section id={key}>")[2].partition("</section>")[0]


def failing(graft: Graft, run: RunId) -> set[str]:
    return {item.name for item in graft.results.verify(run).findings if not item.ok}


def test_a_training_is_held_against_the_one_before_it_on_the_same_pictures(graft: Graft, field: Field) -> None:
    before = keep(graft, field.run(steps(80), wrong=range(60, 66)))
    run = keep(graft, field.run(steps(80)))
    text = section(graft, run, "comparison")
    assert f"Run {run}, which this report is about, against Run {before} (the training before it)" in text
    assert "on the same 40 test pictures." in text
    # Six of 40 are right now and were wrong: 15 points; McNemar's exact test of 6 to 0: 2 / 2^6 = 0.03125.
    assert re.search(
        rf"Accuracy: Run {run} is better by 15\.0 points \([\d.]+ to [\d.]+\)\. McNemar.*?p = 0\.031", text
    )
    assert "<td class=n>85%<br>" in text and "<td class=n>100%<br>" in text
    assert "Choosing the best of many trainings" in text and "by the same recipe" in text


def test_a_report_computes_the_figures_of_each_run_once(
    graft: Graft, field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    scored: list[Sequence[PredictionRecord]] = []

    def counted(version: VersionRecord, records: Sequence[PredictionRecord]) -> Scores:
        scored.append(records)
        return score(version, records)

    for place in ("core.store.computed.score", "core.services.comparing.score"):
        monkeypatch.setattr(place, counted)
    keep(graft, field.run(steps(80), wrong=range(60, 66)))
    run = keep(graft, field.run(steps(80)))
    scored.clear()
    text = graft.reports.html(run)
    assert len(scored) == 4, "validation and test pictures of both"
    assert "compared with: Figures" in text and text.count("recomputed: all agree") > 1, "and they are checked by it"


def test_nothing_is_claimed_where_both_err_equally_often(graft: Graft, field: Field) -> None:
    field.run(steps(80), wrong=[60, 61])
    text = section(graft, field.run(steps(80), wrong=[62, 63]), "comparison")
    assert "Accuracy: No difference can be told" in text and "p = 1." in text


def test_too_few_pictures_to_tell_two_trainings_apart_are_said(graft: Graft) -> None:
    leaves = Leaves(graft)
    draw_thumbs(graft, 6)
    leaves.run([0] * 6)
    text = section(graft, leaves.run([0, 0, 0, 1, 1, 1]), "comparison")
    assert "Not enough to tell them apart: it takes at least 10 pictures." in text
    assert "Where the interval holds 0" not in text


def test_the_parent_comes_before_the_one_before_and_what_is_asked_before_both(graft: Graft, field: Field) -> None:
    parent, other = field.run(steps(80)), field.run(steps(80), wrong=[60])
    run = field.run(steps(80))
    with writing(graft.engine) as session:
        session.get_one(RunRow, run).parent_id = parent
    assert f"against Run {parent} (from whose weights it started)" in section(graft, run, "comparison")
    assert f"against Run {other} (as asked)" in section(graft, run, "comparison", against=other)


def test_every_other_training_on_the_same_version_can_be_chosen_to_compare_with(graft: Graft, field: Field) -> None:
    first, second, third = (field.run(steps(80)) for _ in range(3))
    peers = graft.reports.peers(second)
    assert ([item.id for item in peers.choices], peers.usual) == ([third, first], first)
    assert graft.reports.peers(first).usual is None
    assert graft.reports.peers(Leaves(graft).run([0] * 6)).choices == ()


def test_the_address_of_a_report_names_the_other_training(
    graft: Graft, field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.routes.reports.shared", lambda: graft)
    client = TestClient(Starlette(routes=ROUTES))
    first, _, run = field.run(steps(80)), field.run(steps(80)), field.run(steps(80))
    told = client.get(f"/api/runs/{run}/report.html", params={"against": first})
    assert f"against Run {first} (as asked)" in told.text
    assert client.get(f"/api/runs/{run}/report.html", params={"against": "x"}).status_code == 400


def test_the_first_training_says_how_to_have_a_comparison(graft: Graft, field: Field) -> None:
    run = field.run(steps(80))
    text = section(graft, run, "comparison")
    assert "no earlier training on the same dataset version" in text
    assert f"graft report {run} <span class=option>--against</span> RUN" in text, "no line ends inside an option"
    with pytest.raises(BadInput, match="compared with itself"):
        section(graft, run, "comparison", against=run)
    elsewhere = Leaves(graft).run([0] * 6)
    with pytest.raises(BadInput, match="belong to different projects"):
        section(graft, run, "comparison", against=elsewhere)


def test_the_command_names_the_other_training(graft: Graft, field: Field, tmp_path) -> None:  # type: ignore[no-untyped-def]
    first, _, run = field.run(steps(80)), field.run(steps(80)), field.run(steps(80))
    file = tmp_path / "report.html"
    told = CliRunner().invoke(
        build(), ["report", str(run), "--against", str(first), "-o", str(file), "--home", str(graft.settings.home)]
    )
    assert told.exit_code == 0, told.output
    assert f"against Run {first} (as asked)" in file.read_text()


def test_a_change_of_what_the_other_training_said_is_noticed(graft: Graft, field: Field) -> None:
    before = keep(graft, field.run(steps(80), wrong=range(60, 66)))
    run = keep(graft, field.run(steps(80)))
    assert failing(graft, run) == set()
    with sqlite3.connect(graft.settings.home / "graft.db") as database:
        database.execute(f"UPDATE prediction SET predicted_index = truth_index WHERE run_id = {before}")
    name = f"Run {before}, compared with"
    assert failing(graft, run) == {f"{name}: Predictions", f"{name}: Figures"}


def answer(monkeypatch: pytest.MonkeyPatch, graft: Graft, labels: list[str], said: str) -> list[ImageId]:
    """Every question is answered by these labels, the nearest first; what was asked."""
    asked: list[ImageId] = []

    def request(self: object, model: RunId, *images: ImageId, alone: bool = False) -> RunId:
        assert alone, "nobody serves the home"
        asked.extend(images)
        return model

    near = tuple(
        NeighbourView(image=ImageId(n + 1), blob=f"{n:064d}", name=f"{n}.png", label=label, distance=0.11 * (n + 1))
        for n, label in enumerate(labels)
    )
    monkeypatch.setattr(Neighbours, "request", request)
    view = NeighboursView(said=said, nearest=near, others=())
    monkeypatch.setattr(Neighbours, "views", lambda self, run: [view] * len(asked))
    return asked


def test_the_worst_mistakes_stand_before_the_training_pictures_they_resemble(
    graft: Graft, field: Field, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answer(monkeypatch, graft, ["rust", "rust", "healthy", "rust"], "rust")
    text = section(graft, field.run(steps(80), wrong=[40, 42, 44, 46, 48, 78]), "resembling")
    assert len(asked) == 4 and asked[0] == field.items[78].image_id, "the surest mistake first"
    assert "78.png: of the 4 nearest training pictures, 3 are labelled rust, as the model says, and 1 healthy" in text
    assert text.count("<img") == 4 * (1 + 3) and text.count("learnt from as rust; distance 0.11") == 4 * 2
    assert "these distances are not kept with the training" in text


def test_without_a_mistake_or_a_model_it_says_so(graft: Graft, field: Field) -> None:
    assert "no test picture was named wrongly" in section(graft, field.run(steps(80)), "resembling")
    run = field.run(steps(80), wrong=[60])
    assert f"could not be found: Run {run} has no model." in section(graft, run, "resembling")


def draw_map(graft: Graft, field: Field, model: RunId | None) -> RunId:
    """A map on which the pictures lie on a circle in their order; a test picture more is not of the version."""
    from hashlib import sha256

    angles = 2 * math.pi * np.arange(80) / 80
    places = np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
    run = make_job(graft, field.project, RunKind.MAP, MapPayload(model=model), {}, model)
    path = graft.settings.map_file(run)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_layouts(path, [item.image_id for item in field.items], {"umap": places})
    result = sealed({"pictures": 81, "shown": 80, "features": "what was asked", "share": 0.5,
                     LAYOUTS_HASH: sha256(path.read_bytes()).hexdigest()})  # fmt: skip
    with writing(graft.engine) as session:
        session.get_one(RunRow, run).result = result
    return run


def dots(text: str) -> list[dict[str, list[str]]]:
    """Of each drawing: colour -> its points."""
    drawings = re.findall(r"<svg class=drawing .*?</svg>", text)
    return [
        {
            colour: re.findall(r"M([\d.]+ [\d.]+)h0", path)
            for path, colour in re.findall(r'd="([^"]*)" stroke="(.*?)"', svg)
        }
        for svg in drawings
    ]


def test_the_map_shows_the_pictures_of_the_version_by_label_and_by_right_or_wrong(graft: Graft, field: Field) -> None:
    run = keep(graft, field.run(steps(80), wrong=[60, 61]))
    assert "Page Map draws it, as this training sees the pictures." in section(graft, run, "map")
    drawn = draw_map(graft, field, run)
    text = section(graft, run, "map")
    by_label, by_verdict = dots(text)
    assert sorted(map(len, by_label.values())) == [40, 40]
    assert sorted(map(len, by_verdict.values())) == [2, 78]
    # Picture 60 of 80 lies at three quarters of the circle: x = 0, y = -1, of 360 with a margin of 1.05 to 1.
    wrong = next(points for points in by_verdict.values() if len(points) == 2)
    assert wrong[0] == f"{180.0:.1f} {360 * 2.05 / 2.1:.1f}"
    assert "80 pictures of the dataset version" in text and "and not this model" not in text
    assert failing(graft, run) == set()
    graft.settings.map_file(drawn).write_bytes(b"other places")
    assert failing(graft, run) == {"Map of the pictures"}


def test_what_is_empty_above_and_below_a_map_is_cut_off() -> None:
    # Of 360, with a margin of 1.05 to 1, y = 0.1 lies at 162.9 and -0.1 at 197.1; 8 are left on each side.
    assert 'viewBox="0 154.9 360 50.3"' in cloud([Dots("rust", "#123456", [-1.0, 1.0], [0.1, -0.1])], label="Map")


def test_a_line_that_leaves_the_axes_is_cut_off_and_does_not_run_along_them() -> None:
    drawn = chart([Line("on all", [0, 100], [100, -900])], x=(0, 100), y=(-100, 100), across="", up="", label="Curve")
    # 204 high for 200: -900 lies 1,020 below the top, which is at 12; the frame ends with the axis, at 216.
    assert 'points="52.0,12.0 508.0,1032.0"' in drawn and 'y="10" width="456" height="206"' in drawn


def test_a_map_by_another_network_is_said_to_be_that(graft: Graft, field: Field) -> None:
    run = field.run(steps(80))
    draw_map(graft, field, None)
    assert "and not this model, of which no map was drawn" in section(graft, run, "map")
    draw_map(graft, field, run)
    draw_map(graft, field, None)
    assert "and not this model" not in section(graft, run, "map"), "the model's own comes first, although it is older"


def test_the_map_s_numbers_come_from_the_sealed_result(graft: Graft, field: Field) -> None:
    facts = facts_of(graft, field.run(steps(80)))
    assert facts.picture_map is not None
    other = dataclasses.replace(facts.picture_map, result={**facts.picture_map.result, "share": 0.99})
    assert "show 36% of" in SECTIONS["map"](facts)
    assert "show 99% of" in SECTIONS["map"](dataclasses.replace(facts, picture_map=other))
